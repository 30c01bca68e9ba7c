/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inspect - a namespace as it is seen from inside
 */
#include "inspect.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "attributes.h"
#include "netns.h"
#include "route.h"
#include "state.h"

struct inspection {
	struct arena *arena;
	struct nsnet_interface_list interfaces;
	struct nsnet_route_list routes;
};

static const char *operational_state(const struct nlattr *attribute)
{
	/* RFC 2863, in the kernel's order. */
	static const char *const states[] = { "unknown", "notPresent", "down", "lowerLayerDown",
		"testing", "dormant", "up" };
	size_t state = attribute ? nla_get_u8(attribute) : 0;

	return states[state < lengthof(states) ? state : 0];
}

static const char *hardware_address(const struct nlattr *attribute, struct arena *arena)
{
	char text[MAC_TEXT_MAX];
	struct mac mac;

	if (!attribute || nla_len(attribute) != sizeof(mac))
		return NULL;
	memcpy(&mac, nla_data(attribute), sizeof(mac));
	return arena_strdup(arena, mac_format(&mac, text));
}

static struct nsnet_statistics *statistics(const struct nlattr *attribute, struct arena *arena)
{
	struct nsnet_statistics *ret;
	struct rtnl_link_stats64 from = { 0 };

	if (!attribute)
		return NULL;
	(void)nla_memcpy(&from, attribute, sizeof(from));
	ret = arena_alloc(arena, sizeof(*ret));
	*ret = (struct nsnet_statistics){
		.received_bytes = (int64_t)from.rx_bytes,
		.received_packets = (int64_t)from.rx_packets,
		.received_errors = (int64_t)from.rx_errors,
		.received_dropped = (int64_t)from.rx_dropped,
		.sent_bytes = (int64_t)from.tx_bytes,
		.sent_packets = (int64_t)from.tx_packets,
		.sent_errors = (int64_t)from.tx_errors,
		.sent_dropped = (int64_t)from.tx_dropped,
	};
	return ret;
}

static int on_link(struct nlmsghdr *header, void *userdata)
{
	struct inspection *inspection = userdata;
	struct nsnet_interface_list *list = &inspection->interfaces;
	struct arena *arena = inspection->arena;
	struct nlattr *a[IFLA_MAX + 1];
	const struct ifinfomsg *info = nlmsg_data(header);

	if (header->nlmsg_type != RTM_NEWLINK || attributes_of_link(header, a) < 0 ||
		!a[IFLA_IFNAME])
		return -EBADMSG;
	if (info->ifi_flags & IFF_LOOPBACK)
		return 0;
	list->items = arena_grow(arena, list->items, list->n, sizeof(*list->items));
	list->items[list->n++] = (struct nsnet_interface){
		.name = arena_strdup(arena, nla_get_string(a[IFLA_IFNAME])),
		.index = info->ifi_index,
		.hardware_address = hardware_address(a[IFLA_ADDRESS], arena),
		.addresses = { .items = arena_alloc(arena, 0) },
		.maximum_transmission_unit = a[IFLA_MTU] ? nla_get_u32(a[IFLA_MTU]) : 0,
		.operational_state = operational_state(a[IFLA_OPERSTATE]),
		.statistics = statistics(a[IFLA_STATS64], arena),
	};
	return 0;
}

static int on_address(const struct prefix *address, int index, void *userdata)
{
	struct inspection *inspection = userdata;
	char text[PREFIX_TEXT_MAX];

	for (size_t i = 0; i < inspection->interfaces.n; i++) {
		struct string_list *list = &inspection->interfaces.items[i].addresses;

		if (inspection->interfaces.items[i].index != index)
			continue;
		list->items =
			arena_grow(inspection->arena, list->items, list->n, sizeof(*list->items));
		list->items[list->n++] =
			arena_strdup(inspection->arena, prefix_format(address, text));
		break;
	}
	return 0;
}

static int on_route(const struct route_facts *route, void *userdata)
{
	struct inspection *inspection = userdata;
	struct nsnet_route_list *list = &inspection->routes;
	struct arena *arena = inspection->arena;
	char destination[PREFIX_TEXT_MAX], gateway[ADDRESS_TEXT_MAX];
	bool has_gateway = address_is_set(&route->gateway);
	/* "default" is that of the gateway's family, or of IPv4. */
	bool is_default = route->destination.length == 0 &&
			  route->destination.address.family ==
				  (has_gateway ? route->gateway.family : AF_INET);

	if (route->type != RTN_UNICAST || route->protocol == RTPROT_KERNEL)
		return 0;
	list->items = arena_grow(arena, list->items, list->n, sizeof(*list->items));
	list->items[list->n++] = (struct nsnet_route){
		.destination = is_default ? "default"
					  : arena_strdup(arena, prefix_format(&route->destination,
									destination)),
		.gateway = has_gateway
				   ? arena_strdup(arena, address_format(&route->gateway, gateway))
				   : NULL,
		.metric = route->metric ? SOME_INT(route->metric) : (struct maybe_int){ 0 },
	};
	return 0;
}

int inspect_read(const struct kernel *kernel, struct netlink *inside, struct arena *arena,
	struct nsnet_interface_list *ret_interfaces, struct nsnet_route_list *ret_routes)
{
	struct inspection inspection = { .arena = arena };
	const struct ifinfomsg all = { 0 };
	int r;

	inspection.interfaces.items = arena_alloc(arena, 0);
	inspection.routes.items = arena_alloc(arena, 0);
	r = netlink_dump(inside, netlink_message(RTM_GETLINK, NLM_F_DUMP, &all, sizeof(all)),
		on_link, &inspection);
	for (size_t i = 0; r == 0 && i < FAMILIES; i++) {
		if (family_of(i) == AF_INET6 && !kernel->has_ipv6)
			continue;
		r = route_list_addresses(inside, family_of(i), on_address, &inspection);
		if (r == 0)
			r = route_list(inside, family_of(i), RT_TABLE_MAIN, on_route, &inspection);
	}
	if (r < 0)
		return r;
	*ret_interfaces = inspection.interfaces;
	*ret_routes = inspection.routes;
	return 0;
}

int kernel_inspect(struct kernel *kernel, const char *name, struct arena *arena,
	struct nsnet_interface_list *ret_interfaces, struct nsnet_route_list *ret_routes)
{
	struct netns *netns = netns_find(kernel, name);
	struct netlink *inside;
	int r;

	if (!netns)
		return -ENOENT;
	r = netns_inside(kernel, netns, &inside);
	if (r == 0)
		r = inspect_read(kernel, inside, arena, ret_interfaces, ret_routes);
	netns_leave_all(kernel);
	return r;
}
