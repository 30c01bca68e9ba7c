/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * point - links that lead from the host to one namespace alone
 */
#include "point.h"

#include <linux/if_link.h>
#include <linux/ip.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>

#include "file.h"
#include "link.h"
#include "link_build.h"
#include "log.h"
#include "netns.h"
#include "route.h"

/* One end, in a message that makes both. */
static int put_end(struct nl_msg *m, const struct step *step, const char *name)
{
	int r = nla_put_string(m, IFLA_IFNAME, name);

	r |= nla_put(m, IFLA_ADDRESS, sizeof(step->point.mac.bytes), step->point.mac.bytes);
	r |= nla_put_u32(m, IFLA_MTU, step->point.mtu);
	r |= nla_put_u32(m, IFLA_NUM_TX_QUEUES, 1);
	r |= nla_put_u32(m, IFLA_NUM_RX_QUEUES, 1);
	return r;
}

static struct nl_msg *build_pair(const struct step *step, int fd)
{
	struct nl_msg *m =
		link_message(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, (struct ifinfomsg){ 0 });
	static const struct ifinfomsg none;
	struct nlattr *info, *data, *peer;
	int r;

	if (!m)
		return NULL;
	r = put_end(m, step, step->point.name);
	r |= nla_put_u32(m, IFLA_GROUP, step->point.group);
	info = nla_nest_start(m, IFLA_LINKINFO);
	r |= nla_put_string(m, IFLA_INFO_KIND, "veth");
	data = nla_nest_start(m, IFLA_INFO_DATA);
	peer = nla_nest_start(m, VETH_INFO_PEER);
	r |= nlmsg_append(m, (void *)(uintptr_t)&none, sizeof(none), NLMSG_ALIGNTO);
	r |= put_end(m, step, step->point.peer);
	r |= nla_put_u32(m, IFLA_NET_NS_FD, (uint32_t)fd);
	if (r < 0 || !info || !data || !peer)
		return link_checked(m, -ENOMEM);
	(void)nla_nest_end(m, peer);
	(void)nla_nest_end(m, data);
	(void)nla_nest_end(m, info);
	return m;
}

/* IPv4 settings of the link: what comes in by it is forwarded; answers to the host's own loopback are let in, whoever else says
 * to be that meets the firewall before. */
static int put_settings(struct nl_msg *m, bool is_forwarding)
{
	struct nlattr *family = nla_nest_start(m, AF_INET);
	struct nlattr *settings = family ? nla_nest_start(m, IFLA_INET_CONF) : NULL;
	int r = 0;

	if (!settings)
		return -ENOMEM;
	r |= nla_put_u32(m, IPV4_DEVCONF_FORWARDING, is_forwarding);
	r |= nla_put_u32(m, IPV4_DEVCONF_ROUTE_LOCALNET, 1);
	(void)nla_nest_end(m, settings);
	(void)nla_nest_end(m, family);
	return r;
}

/* All that the host's end is but its being up: whose it is, in its network's group, no port of anything, without addresses that the
 * kernel makes by itself. */
static struct nl_msg *build_end(const struct kernel *kernel, const struct step *step, int index)
{
	struct nl_msg *m = link_message(RTM_SETLINK, 0, (struct ifinfomsg){ .ifi_index = index });
	struct nlattr *families, *family;
	int r = 0;

	if (!m)
		return NULL;
	r |= nla_put_string(m, IFLA_IFALIAS, step->point.alias);
	r |= nla_put_u32(m, IFLA_GROUP, step->point.group);
	r |= nla_put_u32(m, IFLA_MASTER, 0);
	families = nla_nest_start(m, IFLA_AF_SPEC);
	if (families && kernel->has_ipv6) {
		family = nla_nest_start(m, AF_INET6);
		r |= nla_put_u8(m, IFLA_INET6_ADDR_GEN_MODE, IN6_ADDR_GEN_MODE_NONE);
		if (family)
			(void)nla_nest_end(m, family);
		else
			r = -ENOMEM;
	}
	if (r < 0 || !families ||
		put_settings(m, step->point.is_forwarding[family_index(AF_INET)]) < 0)
		return link_checked(m, -ENOMEM);
	(void)nla_nest_end(m, families);
	return m;
}

/* It believes no router, whoever takes the firewall away; and forwards, which only a file says. */
static int write_settings(const struct kernel *kernel, const struct step *step)
{
	static const char *const names[] = { "accept_ra", "force_forwarding" };
	static const char *const values[] = { "0", "1" };
	size_t n = step->point.is_forwarding[family_index(AF_INET6)] ? 2 : 1;
	int r = 0;

	for (size_t i = 0; r == 0 && kernel->has_ipv6 && i < n; i++) {
		char key[80];

		(void)snprintf(
			key, sizeof(key), "sys/net/ipv6/conf/%s/%s", step->point.name, names[i]);
		r = file_write_once(kernel->proc, key, values[i]);
	}
	return r;
}

/* RTM_NEWROUTE in the place of what is there, or RTM_DELROUTE. gateway: what the host speaks from. */
static struct nl_msg *build_way(
	int type, int index, const struct address *address, const struct address *gateway)
{
	const struct rtmsg header = {
		.rtm_family = (uint8_t)address->family,
		.rtm_dst_len = (uint8_t)address_bits(address),
		.rtm_table = RT_TABLE_MAIN,
		.rtm_protocol = type == RTM_NEWROUTE ? ROUTE_PROTOCOL_POINT : RTPROT_UNSPEC,
		.rtm_scope = type == RTM_DELROUTE         ? RT_SCOPE_NOWHERE
			     : address->family == AF_INET ? RT_SCOPE_LINK
							  : RT_SCOPE_UNIVERSE,
		.rtm_type = type == RTM_NEWROUTE ? RTN_UNICAST : RTN_UNSPEC,
	};
	int flags = type == RTM_NEWROUTE ? NLM_F_CREATE | NLM_F_REPLACE : 0;
	struct nl_msg *m = netlink_message(type, flags, &header, sizeof(header));
	int length = (int)address_bits(address) / 8, r = 0;

	if (!m)
		return NULL;
	r |= nla_put(m, RTA_DST, length, address->bytes);
	r |= nla_put_u32(m, RTA_OIF, (uint32_t)index);
	if (type == RTM_NEWROUTE && address_is_set(gateway))
		r |= nla_put(m, RTA_PREFSRC, length, gateway->bytes);
	return link_checked(m, r);
}

/* The host's end, whatever it was: up, with its routes. All that it is it is before that. */
static int raise_end(struct kernel *kernel, int index, const struct step *step)
{
	cleanup(netlink_batch_done) struct netlink_batch batch = { .n = 0 };

	netlink_batch_add(&batch, build_end(kernel, step, index));
	netlink_batch_add(&batch, link_build_flags(index, IFF_UP | IFF_NOARP, 0));
	for (size_t i = 0; i < FAMILIES; i++)
		if (address_is_set(&step->point.addresses[i]))
			netlink_batch_add(
				&batch, build_way(RTM_NEWROUTE, index, &step->point.addresses[i],
						&step->point.gateways[i]));
	return netlink_batch_send(&kernel->host, &batch);
}

int point_add(struct kernel *kernel, const struct step *step)
{
	struct netns *netns = netns_find(kernel, step->netns);
	struct netlink *inside;
	int index, r;

	if (!netns)
		return -ENOENT;
	r = netns_inside(kernel, netns, &inside);
	if (r < 0)
		return r;
	index = link_create(kernel, build_pair(step, netns->fd), step->point.name);
	if (index < 0)
		return index;
	r = write_settings(kernel, step);
	/* The host's end first: with a carrier from the start, the kernel would go through all IPv6 routes once more. */
	if (r == 0)
		r = raise_end(kernel, index, step);
	if (r == 0) {
		r = link_raise_peer(kernel, inside, step->point.peer, &step->point.mac, IFF_NOARP);
		memcpy(kernel->host.words, inside->words, sizeof(inside->words));
	}
	if (r < 0)
		return link_take_back(kernel, &index, 1, r);
	netns_add_end(netns, index);
	return 0;
}

int point_delete(struct kernel *kernel, const struct step *step)
{
	const struct step link = {
		.type = STEP_VETH_DELETE, .netns = step->netns, .veth = { .name = step->point.name }
	};

	return link_delete_veth(kernel, &link);
}

int point_mend(struct kernel *kernel, const struct step *step)
{
	int index = link_find(kernel, step->point.name), r;

	if (index < 0)
		return index;
	r = write_settings(kernel, step);
	return r < 0 ? r : raise_end(kernel, index, step);
}

int point_move(struct kernel *kernel, const struct step *step)
{
	cleanup(netlink_batch_done) struct netlink_batch batch = { .n = 0 };
	int index = link_find(kernel, step->point.name);
	size_t n_old;

	if (index < 0)
		return index;
	for (size_t i = 0; i < FAMILIES; i++) {
		const struct address *before = &step->point.before[i];

		if (address_is_set(before) && !address_is_equal(before, &step->point.addresses[i]))
			netlink_batch_add(&batch, build_way(RTM_DELROUTE, index, before, NULL));
	}
	n_old = batch.n;
	for (size_t i = 0; i < FAMILIES; i++)
		if (address_is_set(&step->point.addresses[i]))
			netlink_batch_add(
				&batch, build_way(RTM_NEWROUTE, index, &step->point.addresses[i],
						&step->point.gateways[i]));
	if (batch.is_out_of_memory)
		return -ENOMEM;
	(void)netlink_batch_send(&kernel->host, &batch);
	/* A route that is gone is what was wished for. */
	for (size_t i = 0; i < batch.n; i++)
		if (batch.errors[i] < 0 && (i >= n_old || batch.errors[i] != -ESRCH))
			return batch.errors[i];
	return 0;
}

/* The kernel has a route to all groups by each link, and finds the place for the next one behind all others. Nobody has anything to
 * say to groups there. */
void point_settle(struct kernel *kernel, int index)
{
	const struct rtmsg header = {
		.rtm_family = AF_INET6,
		.rtm_dst_len = 8,
		.rtm_table = RT_TABLE_LOCAL,
		.rtm_scope = RT_SCOPE_NOWHERE,
	};
	static const uint8_t groups[16] = { 0xff };
	struct nl_msg *m;
	int r;

	if (!kernel->has_ipv6)
		return;
	m = netlink_message(RTM_DELROUTE, 0, &header, sizeof(header));
	r = m ? nla_put(m, RTA_DST, sizeof(groups), groups) |
			    nla_put_u32(m, RTA_OIF, (uint32_t)index)
	      : 0;
	r = netlink_send(&kernel->host, link_checked(m, r));
	/* Not there: IPv6 is off, or this is done a second time. It would do no harm. */
	if (r < 0 && r != -ESRCH)
		log_line(LOG_WARNING, "the link with index %d keeps a route to groups: %s", index,
			strerror(-r));
}
