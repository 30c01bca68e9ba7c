/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bypass - whether frames between ports of our bridges may be kept from the host's rules for IP
 */
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "attributes.h"
#include "kernel.h"
#include "state.h"
#include "sysctl.h"

static int on_link(struct nlmsghdr *header, void *userdata)
{
	bool *ret_has_foreign = userdata;
	struct nlattr *a[IFLA_MAX + 1];

	if (header->nlmsg_type != RTM_NEWLINK || attributes_of_link(header, a) < 0)
		return -EBADMSG;
	if (!a[IFLA_GROUP] || nla_get_u32(a[IFLA_GROUP]) != SNAPSHOT_LINK_GROUP)
		*ret_has_foreign = true;
	return 0;
}

/* The kernel tells of bridges alone. */
static int look_for_foreign(struct kernel *kernel, bool *ret)
{
	const struct ifinfomsg header = { 0 };
	struct nl_msg *m = netlink_message(RTM_GETLINK, NLM_F_DUMP, &header, sizeof(header));
	struct nlattr *info = m ? nla_nest_start(m, IFLA_LINKINFO) : NULL;

	if (!info || nla_put_string(m, IFLA_INFO_KIND, "bridge") < 0) {
		nlmsg_free(m);
		return -ENOMEM;
	}
	(void)nla_nest_end(m, info);
	if (nla_put_u32(m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS) < 0) {
		nlmsg_free(m);
		return -ENOMEM;
	}
	*ret = false;
	return netlink_dump(&kernel->host, m, on_link, ret);
}

int kernel_may_bypass(struct kernel *kernel)
{
	static const char *const keys[] = { "net/bridge/bridge-nf-call-iptables",
		"net/bridge/bridge-nf-call-ip6tables" };
	bool is_on = false, has_foreign = true;
	int r;

	for (size_t i = 0; i < lengthof(keys); i++) {
		int value = 0;

		r = sysctl_current(kernel, keys[i], &value);
		/* Without br_netfilter there are none. */
		if (r < 0)
			return r == -ENOENT ? 0 : r;
		is_on |= value != 0;
	}
	if (!is_on)
		return 0;
	r = look_for_foreign(kernel, &has_foreign);
	return r < 0 ? r : !has_foreign;
}
