/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * route - messages about addresses and routes
 *
 * They ask for what ip(8) would ask for, but for IPv6 addresses: those are usable at once, without looking for a duplicate
 * first, which takes a second or two and wakes all neighbours. We know whose address is whose.
 */
#include "route.h"

#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/addr.h>
#include <netlink/route/addr.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>

define_cleanup(struct nl_addr *, nl_addr_put);
define_cleanup(struct rtnl_addr *, rtnl_addr_put);
define_cleanup(struct rtnl_route *, rtnl_route_put);

static struct nl_addr *address_of(const struct address *address, unsigned length)
{
	struct nl_addr *a =
		nl_addr_build(address->family, address->bytes, address_bits(address) / 8);

	if (a)
		nl_addr_set_prefixlen(a, (int)length);
	return a;
}

/* The last address of an IPv4 prefix; links of one or two addresses have none. */
static bool broadcast_of(const struct prefix *prefix, struct address *ret)
{
	return prefix->address.family == AF_INET && prefix->length < 31 &&
	       prefix_nth(prefix, prefix_size(prefix) - 1, ret);
}

static struct nl_msg *build_address(const struct prefix *prefix, int index, bool is_add)
{
	cleanup(rtnl_addr_put) struct rtnl_addr *a = rtnl_addr_alloc();
	cleanup(nl_addr_put) struct nl_addr *local = address_of(&prefix->address, prefix->length);
	cleanup(nl_addr_put) struct nl_addr *broadcast = NULL;
	struct nl_msg *message = NULL;
	struct address last;

	if (!a || !local)
		return NULL;
	rtnl_addr_set_ifindex(a, index);
	if (rtnl_addr_set_local(a, local) < 0)
		return NULL;
	if (is_add && prefix->address.family == AF_INET6)
		rtnl_addr_set_flags(a, IFA_F_NODAD);
	if (is_add && broadcast_of(prefix, &last)) {
		broadcast = address_of(&last, 32);
		if (!broadcast || rtnl_addr_set_broadcast(a, broadcast) < 0)
			return NULL;
	}
	if ((is_add ? rtnl_addr_build_add_request(a, NLM_F_CREATE | NLM_F_EXCL, &message)
		    : rtnl_addr_build_delete_request(a, 0, &message)) < 0)
		return NULL;
	return message;
}

/* Where it leads; the route owns it. */
static int add_next_hop(struct rtnl_route *route, const struct step *step, int index)
{
	const struct address *gateway = &step->route.gateway;
	struct rtnl_nexthop *hop = rtnl_route_nh_alloc();

	if (!hop)
		return -ENOMEM;
	rtnl_route_nh_set_ifindex(hop, index);
	if (address_is_set(gateway)) {
		cleanup(nl_addr_put) struct nl_addr *via =
			address_of(gateway, address_bits(gateway));

		if (!via) {
			rtnl_route_nh_free(hop);
			return -ENOMEM;
		}
		rtnl_route_nh_set_gateway(hop, via);
	}
	rtnl_route_add_nexthop(route, hop);
	return 0;
}

/* An IPv4 route without a gateway is on the link; to take one away any will do. */
static uint8_t scope_of(const struct step *step, bool is_add)
{
	if (step->route.destination.address.family != AF_INET)
		return RT_SCOPE_UNIVERSE;
	if (!is_add)
		return RT_SCOPE_NOWHERE;
	if (step->route.is_local)
		return RT_SCOPE_HOST;
	return address_is_set(&step->route.gateway) ? RT_SCOPE_UNIVERSE : RT_SCOPE_LINK;
}

static struct nl_msg *build_route(const struct step *step, int index, bool is_add)
{
	cleanup(rtnl_route_put) struct rtnl_route *route = rtnl_route_alloc();
	cleanup(nl_addr_put) struct nl_addr *destination =
		address_of(&step->route.destination.address, step->route.destination.length);
	struct nl_msg *message = NULL;

	if (!route || !destination || rtnl_route_set_dst(route, destination) < 0 ||
		add_next_hop(route, step, index) < 0)
		return NULL;
	rtnl_route_set_table(route, step->route.is_local ? RT_TABLE_LOCAL : RT_TABLE_MAIN);
	rtnl_route_set_scope(route, scope_of(step, is_add));
	rtnl_route_set_type(route, step->route.is_local ? RTN_LOCAL : RTN_UNICAST);
	rtnl_route_set_protocol(route, is_add ? RTPROT_BOOT : RTPROT_UNSPEC);
	if (step->route.metric)
		rtnl_route_set_priority(route, step->route.metric);
	if ((is_add ? rtnl_route_build_add_request(route, NLM_F_CREATE | NLM_F_EXCL, &message)
		    : rtnl_route_build_del_request(route, 0, &message)) < 0)
		return NULL;
	return message;
}

struct nl_msg *route_build(const struct step *step, int index)
{
	bool is_add = step->type == STEP_ADDRESS_ADD || step->type == STEP_ROUTE_ADD;

	if (step->type == STEP_ADDRESS_ADD || step->type == STEP_ADDRESS_DELETE)
		return build_address(&step->address.address, index, is_add);
	return build_route(step, index, is_add);
}

bool route_is_gone(enum step_type type, int error)
{
	if (error == -ENODEV)
		return type == STEP_ADDRESS_DELETE || type == STEP_ROUTE_DELETE;
	return (type == STEP_ADDRESS_DELETE && error == -EADDRNOTAVAIL) ||
	       (type == STEP_ROUTE_DELETE && error == -ESRCH);
}

struct nl_msg *route_build_link_local(int index, const struct mac *mac)
{
	const struct prefix prefix = { .address = address_link_local(mac), .length = 64 };

	return build_address(&prefix, index, true);
}
