/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * link_build - messages that make and change links
 */
#include "link_build.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

struct nl_msg *link_message(int type, int flags, struct ifinfomsg header)
{
	return netlink_message(type, flags, &header, sizeof(header));
}

/* The message, or none where something did not fit. */
struct nl_msg *link_checked(struct nl_msg *message, int failures)
{
	if (message && failures < 0) {
		nlmsg_free(message);
		return NULL;
	}
	return message;
}

struct nl_msg *link_build_bridge(const struct step *step)
{
	struct nl_msg *m =
		link_message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, (struct ifinfomsg){ 0 });
	struct nlattr *info, *data;
	int r = 0;

	if (!m)
		return NULL;
	r |= nla_put_string(m, IFLA_IFNAME, step->bridge.name);
	r |= nla_put(m, IFLA_ADDRESS, sizeof(step->bridge.mac.bytes), step->bridge.mac.bytes);
	r |= nla_put_u32(m, IFLA_MTU, step->bridge.mtu);
	r |= nla_put_u32(m, IFLA_GROUP, SNAPSHOT_LINK_GROUP);
	info = nla_nest_start(m, IFLA_LINKINFO);
	r |= nla_put_string(m, IFLA_INFO_KIND, "bridge");
	data = nla_nest_start(m, IFLA_INFO_DATA);
	r |= nla_put_u32(m, IFLA_BR_STP_STATE, 0);
	r |= nla_put_u8(m, IFLA_BR_MCAST_SNOOPING, 0);
	/* Kernels without br_netfilter let these pass unread. */
	r |= nla_put_u8(m, IFLA_BR_NF_CALL_IPTABLES, 0);
	r |= nla_put_u8(m, IFLA_BR_NF_CALL_IP6TABLES, 0);
	r |= nla_put_u8(m, IFLA_BR_NF_CALL_ARPTABLES, 0);
	if (r < 0 || !info || !data)
		return link_checked(m, -ENOMEM);
	(void)nla_nest_end(m, data);
	(void)nla_nest_end(m, info);
	return m;
}

/* More queues than one cost a grace period each. */
static int put_end(struct nl_msg *m, const char *name, unsigned mtu, bool is_ours)
{
	int r = nla_put_string(m, IFLA_IFNAME, name);

	r |= nla_put_u32(m, IFLA_MTU, mtu);
	r |= nla_put_u32(m, IFLA_NUM_TX_QUEUES, 1);
	r |= nla_put_u32(m, IFLA_NUM_RX_QUEUES, 1);
	if (is_ours)
		r |= nla_put_u32(m, IFLA_GROUP, SNAPSHOT_LINK_GROUP);
	return r;
}

struct nl_msg *link_build_veth(const struct link_veth *veth)
{
	static const struct ifinfomsg any;
	struct nl_msg *m = link_message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, any);
	struct nlattr *info, *data, *peer;
	int r;

	if (!m)
		return NULL;
	r = put_end(m, veth->name, veth->mtu, true);
	info = nla_nest_start(m, IFLA_LINKINFO);
	r |= nla_put_string(m, IFLA_INFO_KIND, "veth");
	data = nla_nest_start(m, IFLA_INFO_DATA);
	peer = nla_nest_start(m, VETH_INFO_PEER);
	r |= nlmsg_append(m, (void *)&any, sizeof(any), NLMSG_ALIGNTO);
	r |= put_end(m, veth->peer, veth->mtu, veth->fd < 0);
	if (veth->peer_mac)
		r |= nla_put(m, IFLA_ADDRESS, sizeof(veth->peer_mac->bytes), veth->peer_mac->bytes);
	if (veth->fd >= 0)
		r |= nla_put_u32(m, IFLA_NET_NS_FD, (uint32_t)veth->fd);
	if (r < 0 || !info || !data || !peer)
		return link_checked(m, -ENOMEM);
	(void)nla_nest_end(m, peer);
	(void)nla_nest_end(m, data);
	(void)nla_nest_end(m, info);
	return m;
}

/* No address that the kernel makes by itself; to be sent before the link is up. */
struct nl_msg *link_build_without_addresses(int index, const char *alias)
{
	struct nl_msg *m = link_message(RTM_SETLINK, 0, (struct ifinfomsg){ .ifi_index = index });
	struct nlattr *families, *family;
	int r = 0;

	if (!m)
		return NULL;
	if (alias)
		r |= nla_put_string(m, IFLA_IFALIAS, alias);
	families = nla_nest_start(m, IFLA_AF_SPEC);
	family = nla_nest_start(m, AF_INET6);
	r |= nla_put_u8(m, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
	if (r < 0 || !families || !family)
		return link_checked(m, -ENOMEM);
	(void)nla_nest_end(m, family);
	(void)nla_nest_end(m, families);
	return m;
}

struct nl_msg *link_build_alias(int index, const char *alias)
{
	struct nl_msg *m = link_message(RTM_SETLINK, 0, (struct ifinfomsg){ .ifi_index = index });

	return link_checked(m, m && alias ? nla_put_string(m, IFLA_IFALIAS, alias) : 0);
}

/* Alias and addresses of a link that is not up yet. */
struct nl_msg *link_build_quiet(const struct kernel *kernel, int index, const char *alias)
{
	return kernel->has_ipv6 ? link_build_without_addresses(index, alias)
				: link_build_alias(index, alias);
}

struct nl_msg *link_join(struct nl_msg *message, unsigned flags, int master)
{
	struct ifinfomsg *header = message ? nlmsg_data(nlmsg_hdr(message)) : NULL;

	if (!header)
		return NULL;
	header->ifi_flags = header->ifi_change = flags;
	return link_checked(
		message, master ? nla_put_u32(message, IFLA_MASTER, (uint32_t)master) : 0);
}

struct nl_msg *link_build_flags(int index, unsigned flags, int master)
{
	return link_join(link_message(RTM_SETLINK, 0, (struct ifinfomsg){ .ifi_index = index }),
		flags, master);
}

struct nl_msg *link_build_up(int index, int master)
{
	return link_build_flags(index, IFF_UP, master);
}

struct nl_msg *link_build_cut(int index)
{
	struct nl_msg *m = link_message(
		RTM_SETLINK, 0, (struct ifinfomsg){ .ifi_index = index, .ifi_change = IFF_UP });

	return link_checked(m, m ? nla_put_u32(m, IFLA_MASTER, 0) : 0);
}

struct nl_msg *link_build_group(int index, uint32_t group)
{
	struct nl_msg *m = link_message(RTM_SETLINK, 0, (struct ifinfomsg){ .ifi_index = index });

	return link_checked(m, m ? nla_put_u32(m, IFLA_GROUP, group) : 0);
}
