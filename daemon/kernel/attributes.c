/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attributes - what the kernel's messages about links and routes are made of, each as long as its readers count on
 */
#include "attributes.h"

#include <errno.h>
#include <linux/ip.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

static const struct nla_policy of_link[IFLA_MAX + 1] = {
	[IFLA_IFNAME] = { .type = NLA_STRING },
	[IFLA_IFALIAS] = { .type = NLA_STRING },
	[IFLA_GROUP] = { .type = NLA_U32 },
	[IFLA_LINK] = { .type = NLA_U32 },
	[IFLA_MASTER] = { .type = NLA_U32 },
	[IFLA_MTU] = { .type = NLA_U32 },
	[IFLA_OPERSTATE] = { .type = NLA_U8 },
};

static const struct nla_policy of_route[RTA_MAX + 1] = {
	[RTA_OIF] = { .type = NLA_U32 },
	[RTA_PRIORITY] = { .type = NLA_U32 },
	[RTA_TABLE] = { .type = NLA_U32 },
};

int attributes_of_link(struct nlmsghdr *header, struct nlattr *ret[IFLA_MAX + 1])
{
	return nlmsg_parse(header, sizeof(struct ifinfomsg), ret, IFLA_MAX, of_link) < 0 ? -EBADMSG
											 : 0;
}

bool attributes_is_forwarding(struct nlattr *const link[IFLA_MAX + 1])
{
	/* Within IFLA_INET_CONF the kernel tells the settings by their numbers, from 1, without attributes. */
	const struct nlattr *family = link[IFLA_AF_SPEC]
					      ? nla_find(nla_data(link[IFLA_AF_SPEC]),
							nla_len(link[IFLA_AF_SPEC]), AF_INET)
					      : NULL;
	const struct nlattr *settings =
		family ? nla_find(nla_data(family), nla_len(family), IFLA_INET_CONF) : NULL;
	uint32_t value;

	if (!settings || nla_len(settings) < (int)(IPV4_DEVCONF_FORWARDING * sizeof(value)))
		return false;
	memcpy(&value,
		(const uint8_t *)nla_data(settings) + (IPV4_DEVCONF_FORWARDING - 1) * sizeof(value),
		sizeof(value));
	return value != 0;
}

int attributes_of_route(struct nlmsghdr *header, struct nlattr *ret[RTA_MAX + 1])
{
	return nlmsg_parse(header, sizeof(struct rtmsg), ret, RTA_MAX, of_route) < 0 ? -EBADMSG : 0;
}

int attributes_of_way(const struct rtnexthop *way, struct nlattr *ret[RTA_MAX + 1])
{
	return nla_parse(ret, RTA_MAX, (void *)RTNH_DATA(way),
		       (int)(way->rtnh_len - RTNH_LENGTH(0)), of_route) < 0
		       ? -EBADMSG
		       : 0;
}
