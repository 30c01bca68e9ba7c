/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * route_list - routes and addresses as the kernel tells them
 */
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "attributes.h"
#include "route.h"

/* An address of a family out of an attribute; false: it does not have its length. */
static bool read_address(const struct nlattr *attribute, int family, struct address *ret)
{
	struct address address = { .family = family };
	size_t n = address_bits(&address) / 8;

	if (!attribute || nla_len(attribute) < (int)n)
		return false;
	memcpy(address.bytes, nla_data(attribute), n);
	*ret = address;
	return true;
}

/* An IPv4 route may have an IPv6 gateway: family, then address. */
static void read_via(const struct nlattr *attribute, struct address *ret)
{
	const struct rtvia *via = nla_data(attribute);
	struct address address = { 0 };
	size_t n;

	if (nla_len(attribute) < (int)sizeof(*via))
		return;
	address.family = via->rtvia_family;
	if (address.family != AF_INET && address.family != AF_INET6)
		return;
	n = address_bits(&address) / 8;
	if (nla_len(attribute) < (int)(sizeof(*via) + n))
		return;
	memcpy(address.bytes, via->rtvia_addr, n);
	*ret = address;
}

static void read_way(struct nlattr *const *attributes, int family, struct route_facts *ret)
{
	if (attributes[RTA_OIF])
		ret->interface = (int)nla_get_u32(attributes[RTA_OIF]);
	if (attributes[RTA_GATEWAY])
		(void)read_address(attributes[RTA_GATEWAY], family, &ret->gateway);
	else if (attributes[RTA_VIA])
		read_via(attributes[RTA_VIA], &ret->gateway);
}

/* The first of several ways. */
static void read_ways(const struct nlattr *ways, int family, struct route_facts *ret)
{
	const struct rtnexthop *way = nla_data(ways);
	struct nlattr *attributes[RTA_MAX + 1];
	int n = nla_len(ways);

	if (n < (int)sizeof(*way) || way->rtnh_len < sizeof(*way) || way->rtnh_len > n)
		return;
	ret->interface = way->rtnh_ifindex;
	if (attributes_of_way(way, attributes) == 0)
		read_way(attributes, family, ret);
	ret->interface = way->rtnh_ifindex;
}

static bool read_route(struct nlmsghdr *header, struct route_facts *ret)
{
	struct nlattr *attributes[RTA_MAX + 1];
	const struct rtmsg *message = nlmsg_data(header);
	int family;

	if (header->nlmsg_type != RTM_NEWROUTE || attributes_of_route(header, attributes) < 0)
		return false;
	family = message->rtm_family;
	/* Multicast routing is another thing under the same message. */
	if (family != AF_INET && family != AF_INET6)
		return false;
	*ret = (struct route_facts){
		.destination = { .address.family = family, .length = message->rtm_dst_len },
		.table = attributes[RTA_TABLE] ? nla_get_u32(attributes[RTA_TABLE])
					       : message->rtm_table,
		.metric = attributes[RTA_PRIORITY] ? nla_get_u32(attributes[RTA_PRIORITY]) : 0,
		.type = message->rtm_type,
		.protocol = message->rtm_protocol,
		.is_cached = (message->rtm_flags & RTM_F_CLONED) != 0,
	};
	if (ret->destination.length > address_bits(&ret->destination.address) ||
		(ret->destination.length > 0 &&
			!read_address(attributes[RTA_DST], family, &ret->destination.address)))
		return false;
	if (attributes[RTA_MULTIPATH])
		read_ways(attributes[RTA_MULTIPATH], family, ret);
	else
		read_way(attributes, family, ret);
	return true;
}

struct listing {
	uint32_t table;
	int (*on_route)(const struct route_facts *route, void *userdata);
	int (*on_address)(const struct prefix *address, int interface, void *userdata);
	void *userdata;
};

static int on_route_message(struct nlmsghdr *header, void *userdata)
{
	const struct listing *listing = userdata;
	struct route_facts route;

	if (!read_route(header, &route) || route.is_cached ||
		(listing->table && route.table != listing->table))
		return 0;
	return listing->on_route(&route, listing->userdata);
}

int route_list(struct netlink *netlink, int family, uint32_t table,
	int (*on_route)(const struct route_facts *route, void *userdata), void *userdata)
{
	const struct rtmsg header = { .rtm_family = (uint8_t)family };
	struct nl_msg *m = netlink_message(RTM_GETROUTE, NLM_F_DUMP, &header, sizeof(header));
	struct listing listing = { .table = table, .on_route = on_route, .userdata = userdata };
	int r;

	if (m && table && nla_put_u32(m, RTA_TABLE, table) < 0) {
		nlmsg_free(m);
		return -ENOMEM;
	}
	r = netlink_dump(netlink, m, on_route_message, &listing);
	/* A table that nothing was put into yet. */
	return table && r == -ENOENT ? 0 : r;
}

static int on_address_message(struct nlmsghdr *header, void *userdata)
{
	const struct listing *listing = userdata;
	struct nlattr *attributes[IFA_MAX + 1];
	const struct ifaddrmsg *message = nlmsg_data(header);
	struct prefix prefix = { .length = 0 };

	if (header->nlmsg_type != RTM_NEWADDR ||
		nlmsg_parse(header, sizeof(*message), attributes, IFA_MAX, NULL) < 0 ||
		(message->ifa_family != AF_INET && message->ifa_family != AF_INET6))
		return 0;
	/* On point-to-point links IFA_ADDRESS is the other's. */
	if (!read_address(attributes[IFA_LOCAL], message->ifa_family, &prefix.address) &&
		!read_address(attributes[IFA_ADDRESS], message->ifa_family, &prefix.address))
		return 0;
	prefix.length = message->ifa_prefixlen;
	return listing->on_address(&prefix, (int)message->ifa_index, listing->userdata);
}

int route_list_addresses(struct netlink *netlink, int family,
	int (*on_address)(const struct prefix *address, int interface, void *userdata),
	void *userdata)
{
	const struct ifaddrmsg header = { .ifa_family = (uint8_t)family };
	struct listing listing = { .on_address = on_address, .userdata = userdata };

	return netlink_dump(netlink,
		netlink_message(RTM_GETADDR, NLM_F_DUMP, &header, sizeof(header)),
		on_address_message, &listing);
}
