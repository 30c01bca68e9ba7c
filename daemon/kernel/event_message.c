/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * event_message - what one message of the kernel's says about the host's default routes, uplinks, forwarding, and our links
 *
 * The kernel tells of every link, and each namespace that is made is some of them: what is not about an uplink, and not about a
 * link of ours, ends at a look at the message's head. Which interfaces are uplinks kernel_uplinks() has found. Links of ours
 * bear our group, and say in their alias whose they are.
 *
 * The kernel does not tell of IPv4 routes that go because their interface is down or has lost its last address. So these two
 * count as well.
 */
#include "event_message.h"

#include <linux/if_link.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>

#include "attributes.h"
#include "link.h"
#include "state.h"
#include "sysctl.h"

static const struct uplink *find_uplink(const struct kernel *kernel, int index)
{
	for (size_t i = 0; i < kernel->n_uplinks; i++)
		if (kernel->uplinks[i].index == index)
			return &kernel->uplinks[i];
	return NULL;
}

static bool is_about_uplink(const struct kernel *kernel, struct nlmsghdr *header)
{
	const struct ifinfomsg *info = nlmsg_data(header);
	const struct uplink *uplink;
	struct nlattr *a[IFLA_MAX + 1];

	if (nlmsg_datalen(header) < (int)sizeof(*info))
		return false;
	uplink = find_uplink(kernel, info->ifi_index);
	/* Bridges tell of their ports, too. */
	if (!uplink || info->ifi_family != AF_UNSPEC)
		return false;
	if (header->nlmsg_type == RTM_DELLINK || (info->ifi_flags & IFF_UP) == 0)
		return true;
	if (attributes_of_link(header, a) < 0)
		return true;
	return (a[IFLA_MTU] && nla_get_u32(a[IFLA_MTU]) != uplink->mtu) ||
	       (a[IFLA_IFNAME] && !streq(nla_get_string(a[IFLA_IFNAME]), uplink->name));
}

/* As kernel_uplinks() looks at them. */
static bool is_about_default_route(struct nlmsghdr *header)
{
	const struct rtmsg *route = nlmsg_data(header);

	return nlmsg_datalen(header) >= (int)sizeof(*route) && route->rtm_dst_len == 0 &&
	       route->rtm_table == RT_TABLE_MAIN && route->rtm_type == RTN_UNICAST &&
	       (route->rtm_flags & RTM_F_CLONED) == 0;
}

static bool is_about_address(const struct kernel *kernel, struct nlmsghdr *header)
{
	const struct ifaddrmsg *address = nlmsg_data(header);

	return nlmsg_datalen(header) >= (int)sizeof(*address) &&
	       find_uplink(kernel, (int)address->ifa_index);
}

/* One interface's forwarding is another now. Ours is on; where we have not set it, it is the host's own wish. */
static unsigned forwarding_of(const struct kernel *kernel, int family, int index)
{
	char key[80], name[INTERFACE_SIZE];
	int value = 0;

	if (netlink_name(&kernel->host, index, name) < 0)
		return 0;
	(void)snprintf(key, sizeof(key),
		family == AF_INET ? "net/ipv4/conf/%s/forwarding"
				  : "net/ipv6/conf/%s/force_forwarding",
		name);
	if (!sysctl_is_kept(kernel, key))
		return find_uplink(kernel, index) ? KERNEL_EVENT_HOST : 0;
	/* Gone with its interface, it needs nothing. */
	if (sysctl_current(kernel, key, &value) < 0 || value != 0)
		return 0;
	return KERNEL_EVENT_HOST | KERNEL_EVENT_SETTING;
}

/* IPv6's switch for all is off now, and with it force_forwarding of each interface, of which the kernel tells nothing more. Some may
 * be on again by now, by what was told a moment before: so what they are says nothing. */
static unsigned forwarding_of_all(struct kernel *kernel)
{
	autoarena struct arena arena = ARENA_INIT;
	struct string_list kept;
	bool is_ours = false;

	if (!kernel->has_force_forwarding || kernel_kept(kernel, &arena, &kept) < 0)
		return KERNEL_EVENT_HOST;
	for (size_t i = 0; i < kept.n && !is_ours; i++)
		is_ours = strstr(kept.items[i], "/force_forwarding");
	return KERNEL_EVENT_HOST | (is_ours ? KERNEL_EVENT_SETTING : 0);
}

static unsigned forwarding(struct kernel *kernel, struct nlmsghdr *header)
{
	const struct netconfmsg *message = nlmsg_data(header);
	struct nlattr *a[NETCONFA_MAX + 1];
	bool is_forced = true;
	int index;

	if (nlmsg_parse(header, sizeof(*message), a, NETCONFA_MAX, NULL) < 0 ||
		!a[NETCONFA_IFINDEX] || nla_len(a[NETCONFA_IFINDEX]) < (int)sizeof(int))
		return 0;
	/* All at once: an interface is new. */
	if (a[NETCONFA_FORWARDING] && a[NETCONFA_PROXY_NEIGH])
		return 0;
	/* Of force_forwarding (IPv6, since Linux 6.17) the kernel tells, but by no attribute that it has a name for. */
	for (int i = NETCONFA_FORWARDING; i <= NETCONFA_MAX; i++)
		is_forced = is_forced && !a[i];
	if (is_forced ? message->ncm_family != AF_INET6 : !a[NETCONFA_FORWARDING])
		return 0;
	index = (int)nla_get_u32(a[NETCONFA_IFINDEX]);
	if (index == NETCONFA_IFINDEX_ALL && message->ncm_family == AF_INET6 && !is_forced &&
		nla_len(a[NETCONFA_FORWARDING]) >= (int)sizeof(int) &&
		nla_get_u32(a[NETCONFA_FORWARDING]) == 0)
		return forwarding_of_all(kernel);
	if (index == NETCONFA_IFINDEX_ALL || index == NETCONFA_IFINDEX_DEFAULT)
		return KERNEL_EVENT_HOST;
	/* In IPv6 "forwarding" means something else on an interface. */
	return is_forced || message->ncm_family == AF_INET
		       ? forwarding_of(kernel, message->ncm_family, index)
		       : 0;
}

/* Objects. */

static void touch(struct kernel_changes *changes, bool is_network, const char *name, size_t n)
{
	struct kernel_touched touched = { .is_network = is_network };

	if (n == 0 || n >= NAME_SIZE)
		return;
	memcpy(touched.name, name, n);
	/* One object has several messages about it, mostly one behind the other. */
	for (size_t i = changes->n; i-- > 0 && i + 8 > changes->n;)
		if (changes->objects[i].is_network == is_network &&
			streq(changes->objects[i].name, touched.name))
			return;
	if (changes->n == lengthof(changes->objects))
		changes->events |= KERNEL_EVENT_LOST;
	else
		changes->objects[changes->n++] = touched;
}

void event_message_touch(struct kernel_changes *changes, const char *name)
{
	if (name_is_valid(name))
		touch(changes, false, name, strlen(name));
}

/* "nsnetd:ns1/eth0", "nsnetd:@net", "nsnetd:@net/anchor". */
static void touch_alias(struct kernel_changes *changes, const char *alias)
{
	const char *name = after(alias, "nsnetd:");
	bool is_network = name && *name == '@';

	if (name)
		touch(changes, is_network, name + is_network, strcspn(name + is_network, "/"));
}

/* A bridge that is up, as it was, and has its name: it tells so when a port has come or gone. What it loses besides, addresses and
 * routes, is told of by itself. */
static bool is_bridge_in_order(const struct nlmsghdr *header, struct nlattr *const *a)
{
	const struct ifinfomsg *info = nlmsg_data(header);
	const char *owner = after(nla_get_string(a[IFLA_IFALIAS]), "nsnetd:@");
	const char *number = a[IFLA_IFNAME] ? after(nla_get_string(a[IFLA_IFNAME]), "nsnet") : NULL;

	return header->nlmsg_type == RTM_NEWLINK && owner && !strchr(owner, '/') &&
	       (info->ifi_flags & IFF_UP) != 0 && info->ifi_change == 0 && !a[IFLA_MASTER] &&
	       number && strspn(number, "0123456789") == strlen(number);
}

static void read_link(struct nlmsghdr *header, struct kernel_changes *changes)
{
	const struct ifinfomsg *info = nlmsg_data(header);
	struct nlattr *a[IFLA_MAX + 1];
	char alias[LINK_ALIAS_SIZE] = "";

	/* Bridges tell of their ports, too: that one came or went, which the link itself tells as well. */
	if (nlmsg_datalen(header) < (int)sizeof(*info) || info->ifi_family != AF_UNSPEC ||
		attributes_of_link(header, a) < 0)
		return;
	if (!a[IFLA_GROUP] || !snapshot_is_ours(nla_get_u32(a[IFLA_GROUP])) || !a[IFLA_IFALIAS])
		return;
	if (is_bridge_in_order(header, a))
		return;
	(void)nla_strlcpy(alias, a[IFLA_IFALIAS], sizeof(alias));
	touch_alias(changes, alias);
}

/* An address or a route by an interface went: of a bridge of ours? */
static void touch_bridge(struct kernel *kernel, int index, struct kernel_changes *changes)
{
	char alias[LINK_ALIAS_SIZE] = "";

	if (link_alias(kernel, index, alias) == 0)
		touch_alias(changes, alias);
}

static void read_route(
	struct kernel *kernel, struct nlmsghdr *header, struct kernel_changes *changes)
{
	const struct rtmsg *route = nlmsg_data(header);
	struct nlattr *a[RTA_MAX + 1];

	/* Each link that goes takes routes to groups with it. */
	if (header->nlmsg_type != RTM_DELROUTE || nlmsg_datalen(header) < (int)sizeof(*route) ||
		(route->rtm_type != RTN_UNICAST && route->rtm_type != RTN_LOCAL) ||
		(route->rtm_flags & RTM_F_CLONED) != 0 || route->rtm_protocol == RTPROT_RA ||
		attributes_of_route(header, a) < 0 || !a[RTA_OIF])
		return;
	touch_bridge(kernel, (int)nla_get_u32(a[RTA_OIF]), changes);
}

void event_message_read(
	struct kernel *kernel, struct nlmsghdr *header, struct kernel_changes *changes)
{
	switch (header->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		if (is_about_uplink(kernel, header))
			changes->events |= KERNEL_EVENT_HOST;
		read_link(header, changes);
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		if (is_about_default_route(header))
			changes->events |= KERNEL_EVENT_HOST;
		read_route(kernel, header, changes);
		break;
	case RTM_DELADDR:
		if (is_about_address(kernel, header))
			changes->events |= KERNEL_EVENT_HOST;
		if (nlmsg_datalen(header) >= (int)sizeof(struct ifaddrmsg))
			touch_bridge(kernel,
				(int)((const struct ifaddrmsg *)nlmsg_data(header))->ifa_index,
				changes);
		break;
	case RTM_NEWNETCONF:
		changes->events |= forwarding(kernel, header);
		break;
	default:
		break;
	}
}
