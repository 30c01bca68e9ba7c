/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * port - messages about how a bridge treats one of its ports
 */
#include "port.h"

#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

define_cleanup(struct nl_msg *, nlmsg_free);

struct flag {
	int type;
	uint8_t value;
};

static struct nl_msg *build(int index, const struct flag *flags, size_t n)
{
	const struct ifinfomsg header = { .ifi_family = AF_BRIDGE, .ifi_index = index };
	cleanup(nlmsg_free) struct nl_msg *m =
		netlink_message(RTM_SETLINK, 0, &header, sizeof(header));
	struct nlattr *port = m ? nla_nest_start(m, IFLA_PROTINFO | NLA_F_NESTED) : NULL;
	int r = 0;

	if (!port)
		return NULL;
	for (size_t i = 0; i < n; i++)
		r |= nla_put_u8(m, flags[i].type, flags[i].value);
	if (r < 0)
		return NULL;
	(void)nla_nest_end(m, port);
	return take(m);
}

struct nl_msg *port_build_deaf(int index)
{
	static const struct flag flags[] = {
		{ IFLA_BRPORT_LEARNING, 0 },
		{ IFLA_BRPORT_UNICAST_FLOOD, 0 },
		{ IFLA_BRPORT_MCAST_FLOOD, 0 },
		{ IFLA_BRPORT_BCAST_FLOOD, 0 },
		{ IFLA_BRPORT_ISOLATED, 1 },
	};

	return build(index, flags, lengthof(flags));
}

struct nl_msg *port_build(int index, bool is_guarded, bool is_isolated)
{
	const struct flag flags[] = {
		{ IFLA_BRPORT_LEARNING, !is_guarded },
		{ IFLA_BRPORT_LOCKED, is_guarded },
		{ IFLA_BRPORT_UNICAST_FLOOD, !is_guarded },
		{ IFLA_BRPORT_ISOLATED, is_isolated },
	};

	return build(index, flags, lengthof(flags));
}

struct nl_msg *port_build_isolated(int index, bool is_isolated)
{
	const struct flag flag = { IFLA_BRPORT_ISOLATED, is_isolated };

	return build(index, &flag, 1);
}

struct nl_msg *port_build_entry(int index, const struct mac *mac)
{
	const struct ndmsg header = {
		.ndm_family = AF_BRIDGE,
		.ndm_ifindex = index,
		.ndm_state = NUD_NOARP,
		.ndm_flags = NTF_MASTER,
	};
	cleanup(nlmsg_free) struct nl_msg *m = netlink_message(
		RTM_NEWNEIGH, NLM_F_CREATE | NLM_F_REPLACE, &header, sizeof(header));

	if (!m || nla_put(m, NDA_LLADDR, sizeof(mac->bytes), mac->bytes) < 0)
		return NULL;
	return take(m);
}
