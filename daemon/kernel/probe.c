/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * probe - what a process that only looks tries out, away from the host
 */
#include "probe.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sched.h>

int probe_leave(void)
{
	return unshare(CLONE_NEWNET) < 0 ? neg() : 0;
}

/* The kernel names it. A veth's other end comes by itself. */
int probe_link(struct netlink *netlink, const char *kind)
{
	const struct ifinfomsg header = { 0 };
	struct nl_msg *m =
		netlink_message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &header, sizeof(header));
	struct nlattr *info = m ? nla_nest_start(m, IFLA_LINKINFO) : NULL;

	if (!info || nla_put_string(m, IFLA_INFO_KIND, kind) < 0) {
		nlmsg_free(m);
		return -ENOMEM;
	}
	(void)nla_nest_end(m, info);
	return netlink_send(netlink, m);
}
