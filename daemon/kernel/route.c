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
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sched.h>
#include <time.h>

#include "log.h"

define_cleanup(struct nl_msg *, nlmsg_free);

/* How often it is looked whether an address is there; for the first few times without a pause. */
#define AWAIT_TRIES  2000
#define AWAIT_YIELDS 4

static int put_address(struct nl_msg *m, int type, const struct address *address)
{
	return nla_put(m, type, (int)address_bits(address) / 8, address->bytes);
}

/* The last address of an IPv4 prefix; links of one or two addresses have none. */
static bool broadcast_of(const struct prefix *prefix, struct address *ret)
{
	return prefix->address.family == AF_INET && prefix->length < 31 &&
	       prefix_nth(prefix, prefix_size(prefix) - 1, ret);
}

static struct nl_msg *build_address(const struct prefix *prefix, int index, bool is_add)
{
	const struct ifaddrmsg header = {
		.ifa_family = (uint8_t)prefix->address.family,
		.ifa_prefixlen = (uint8_t)prefix->length,
		.ifa_flags = is_add && prefix->address.family == AF_INET6 ? IFA_F_NODAD : 0,
		.ifa_scope = RT_SCOPE_UNIVERSE,
		.ifa_index = (unsigned)index,
	};
	cleanup(nlmsg_free) struct nl_msg *m = netlink_message(is_add ? RTM_NEWADDR : RTM_DELADDR,
		is_add ? NLM_F_CREATE | NLM_F_EXCL : 0, &header, sizeof(header));
	struct address last;

	if (!m || put_address(m, IFA_LOCAL, &prefix->address) < 0 ||
		put_address(m, IFA_ADDRESS, &prefix->address) < 0)
		return NULL;
	if (is_add && broadcast_of(prefix, &last) && put_address(m, IFA_BROADCAST, &last) < 0)
		return NULL;
	return take(m);
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
	const struct prefix *destination = &step->route.destination;
	const struct address *gateway = &step->route.gateway;
	const struct rtmsg header = {
		.rtm_family = (uint8_t)destination->address.family,
		.rtm_dst_len = (uint8_t)destination->length,
		.rtm_table = step->route.is_local ? RT_TABLE_LOCAL : RT_TABLE_MAIN,
		.rtm_protocol = is_add ? RTPROT_BOOT : RTPROT_UNSPEC,
		.rtm_scope = scope_of(step, is_add),
		.rtm_type = step->route.is_local ? RTN_LOCAL : RTN_UNICAST,
	};
	cleanup(nlmsg_free) struct nl_msg *m = netlink_message(is_add ? RTM_NEWROUTE : RTM_DELROUTE,
		is_add ? NLM_F_CREATE | NLM_F_EXCL : 0, &header, sizeof(header));

	if (!m || put_address(m, RTA_DST, &destination->address) < 0 ||
		nla_put_u32(m, RTA_OIF, (uint32_t)index) < 0)
		return NULL;
	if (address_is_set(gateway) && put_address(m, RTA_GATEWAY, gateway) < 0)
		return NULL;
	if (step->route.metric && nla_put_u32(m, RTA_PRIORITY, step->route.metric) < 0)
		return NULL;
	return take(m);
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

/* Whether what is sent to an address of that namespace's is taken: 1, or 0; or -errno. */
static int is_local(struct netlink *netlink, const struct address *address)
{
	const struct rtmsg header = {
		.rtm_family = (uint8_t)address->family,
		.rtm_dst_len = (uint8_t)address_bits(address),
	};
	cleanup(nlmsg_free) struct nl_msg *m =
		netlink_message(RTM_GETROUTE, 0, &header, sizeof(header));
	autofree struct nlmsghdr *answer = NULL;
	const struct rtmsg *route;
	int r;

	if (!m || put_address(m, RTA_DST, address) < 0)
		return -ENOMEM;
	r = netlink_get(netlink, take(m), &answer);
	if (r == -ENETUNREACH || r == -EHOSTUNREACH)
		return 0;
	if (r < 0)
		return r;
	route = nlmsg_data(answer);
	return answer->nlmsg_type == RTM_NEWROUTE && nlmsg_datalen(answer) >= (int)sizeof(*route) &&
	       route->rtm_type == RTN_LOCAL;
}

void route_await(struct netlink *netlink, const struct address *address)
{
	static const struct timespec pause = { .tv_nsec = 50 * 1000 };

	if (address->family != AF_INET6)
		return;
	for (int i = 0; is_local(netlink, address) == 0; i++) {
		char text[ADDRESS_TEXT_MAX];

		if (i == AWAIT_TRIES) {
			log_line(LOG_WARNING, "%s cannot be reached yet",
				address_format(address, text));
			return;
		}
		/* The kernel's worker is mostly on this very processor. */
		if (i < AWAIT_YIELDS)
			(void)sched_yield();
		else
			(void)nanosleep(&pause, NULL);
	}
}
