/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * look - the host's addresses and routes, as somebody may have left them
 */
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "attributes.h"
#include "kernel.h"
#include "route.h"
#include "state.h"

struct gathering {
	struct arena *arena;
	struct snapshot_routes routes;
};

static void gather(struct gathering *gathering, const struct snapshot_route *route)
{
	struct snapshot_routes *routes = &gathering->routes;

	routes->items =
		arena_grow(gathering->arena, routes->items, routes->n, sizeof(*routes->items));
	routes->items[routes->n++] = *route;
}

static int on_route(const struct route_facts *route, void *userdata)
{
	/* Those there are one of for each namespace are asked for one by one. */
	if (route->protocol != ROUTE_PROTOCOL_POINT &&
		(route->table == RT_TABLE_MAIN || route->table == RT_TABLE_LOCAL))
		gather(userdata,
			&(struct snapshot_route){ route->interface, route->destination, false });
	return 0;
}

static int on_address(const struct prefix *address, int interface, void *userdata)
{
	gather(userdata, &(struct snapshot_route){ interface, *address, true });
	return 0;
}

int kernel_look_routes(struct kernel *kernel, struct arena *arena, struct snapshot_routes *ret)
{
	struct gathering gathering = { .arena = arena };
	int r = 0;

	for (size_t i = 0; r == 0 && i < FAMILIES; i++) {
		r = route_list_addresses(&kernel->host, family_of(i), on_address, &gathering);
		if (r == 0)
			r = route_list(&kernel->host, family_of(i), 0, on_route, &gathering);
	}
	*ret = gathering.routes;
	return r;
}

int kernel_look_way(struct kernel *kernel, const struct address *address, int *ret_interface)
{
	const struct rtmsg header = { .rtm_family = (uint8_t)address->family,
		.rtm_dst_len = (uint8_t)address_bits(address) };
	struct nl_msg *m = netlink_message(RTM_GETROUTE, 0, &header, sizeof(header));
	autofree struct nlmsghdr *answer = NULL;
	struct nlattr *a[RTA_MAX + 1];
	const struct rtmsg *route;
	int r;

	if (m && nla_put(m, RTA_DST, (int)address_bits(address) / 8, address->bytes) < 0) {
		nlmsg_free(m);
		m = NULL;
	}
	r = netlink_get(&kernel->host, m, &answer);
	if (r == -ENETUNREACH || r == -EHOSTUNREACH || r == -EACCES || r == -EINVAL) {
		*ret_interface = 0;
		return 0;
	}
	if (r < 0)
		return r;
	route = nlmsg_data(answer);
	if (answer->nlmsg_type != RTM_NEWROUTE || nlmsg_datalen(answer) < (int)sizeof(*route) ||
		attributes_of_route(answer, a) < 0)
		return -EBADMSG;
	*ret_interface =
		route->rtm_type == RTN_UNICAST && a[RTA_OIF] ? (int)nla_get_u32(a[RTA_OIF]) : 0;
	return 0;
}
