/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * link - bridges and veths: made, joined, taken away
 *
 * Taking a link away costs 20-30 ms whether it is one or a hundred: the kernel waits for a grace period. So they are given a
 * group of their own and go by one request for that group.
 *
 * A veth has one queue (more cost a grace period each), its other end is made straight inside of its namespace. The host's
 * end has no IPv6 address, the other end one that was not asked for (no duplicate address detection): with N namespaces on
 * a bridge each multicast packet is N packets.
 */
#include "link.h"

#include <linux/if_bridge.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <time.h>

#include "attributes.h"
#include "file.h"
#include "link_build.h"
#include "log.h"
#include "netns.h"
#include "point.h"
#include "port.h"
#include "reap.h"
#include "route.h"

/* As in linux/if.h (IF_OPER_UP, IFF_LOWER_UP), which cannot be had together with net/if.h. */
#define OPERSTATE_UP  6
#define FLAG_LOWER_UP (1U << 16)

static int delete_by_index(struct kernel *kernel, int index)
{
	int r = netlink_send(&kernel->host,
		link_message(RTM_DELLINK, 0, (struct ifinfomsg){ .ifi_index = index }));

	return r == -ENODEV ? 0 : r;
}

int link_take_back(struct kernel *kernel, const int *indexes, size_t n, int error)
{
	struct netlink host = kernel->host;

	for (size_t i = 0; i < n; i++) {
		int r = delete_by_index(kernel, indexes[i]);

		if (r < 0)
			log_line(LOG_ERR, "cannot take back the link with index %d: %s", indexes[i],
				strerror(-r));
	}
	memcpy(kernel->host.words, host.words, sizeof(host.words));
	return error;
}

/* One whose index nobody could tell. */
static int delete_by_name(struct kernel *kernel, const char *name)
{
	struct nl_msg *m = link_message(RTM_DELLINK, 0, (struct ifinfomsg){ 0 });

	return netlink_send(
		&kernel->host, link_checked(m, m ? nla_put_string(m, IFLA_IFNAME, name) : 0));
}

int link_create(struct kernel *kernel, struct nl_msg *message, const char *name)
{
	int r = netlink_send(&kernel->host, message), index;

	if (r < 0)
		return r;
	index = netlink_index(&kernel->host, name);
	if (index >= 0)
		return index;
	r = delete_by_name(kernel, name);
	if (r < 0 && r != -ENODEV)
		log_line(LOG_ERR, "cannot take back the link %s: %s", name, strerror(-r));
	return index;
}

static int refuse_advertisements(const struct kernel *kernel, const char *bridge)
{
	char key[64];
	int r;

	(void)snprintf(key, sizeof(key), "sys/net/ipv6/conf/%s/accept_ra", bridge);
	r = kernel->has_ipv6 ? file_write_once(kernel->proc, key, "0") : 0;
	return r;
}

static int add_anchor(struct kernel *kernel, const struct step *step, int bridge, int *ret_anchor)
{
	cleanup(netlink_batch_done) struct netlink_batch batch = { .n = 0 };
	char peer[INTERFACE_SIZE + 1], alias[sizeof("nsnetd:/anchor") + NAME_SIZE];
	const char *owner = after(step->bridge.alias, "nsnetd:");
	int anchor, other;

	if (snprintf(peer, sizeof(peer), "%sp", step->bridge.anchor) >= INTERFACE_SIZE)
		return -ENAMETOOLONG;
	(void)snprintf(alias, sizeof(alias), "nsnetd:%s/anchor", owner ? owner : "");
	anchor = link_create(kernel,
		link_build_veth(&(struct link_veth){ .name = step->bridge.anchor,
			.peer = peer,
			.mtu = step->bridge.mtu,
			.fd = -EBADF }),
		step->bridge.anchor);
	if (anchor < 0)
		return anchor;
	*ret_anchor = anchor;
	other = netlink_index(&kernel->host, peer);
	if (other < 0)
		return other;
	netlink_batch_add(&batch, link_build_quiet(kernel, anchor, alias));
	netlink_batch_add(&batch, link_build_quiet(kernel, other, alias));
	netlink_batch_add(&batch, link_build_up(anchor, bridge));
	netlink_batch_add(&batch, port_build_deaf(anchor));
	netlink_batch_add(&batch, link_build_up(other, 0));
	return netlink_batch_send(&kernel->host, &batch);
}

/* Up, with its link-local address at once: while the kernel looks for another who has it, a router cannot ask for its
 * neighbours, and what comes in for them in the first seconds waits or is lost. */
static int raise_bridge(struct kernel *kernel, int index, const struct mac *mac)
{
	int r = netlink_send(&kernel->host, link_build_up(index, 0));

	if (r < 0 || !kernel->has_ipv6)
		return r;
	r = netlink_send(&kernel->host, route_build_link_local(index, mac));
	return r == -EACCES ? 0
			    : r; /* the administrator has switched IPv6 off for new interfaces */
}

int link_add_bridge(struct kernel *kernel, const struct step *step)
{
	int made[] = { -ENODEV, -ENODEV };
	int r;

	made[0] = link_create(kernel, link_build_bridge(step), step->bridge.name);
	if (made[0] < 0)
		return made[0];
	r = netlink_send(&kernel->host, link_build_quiet(kernel, made[0], step->bridge.alias));
	if (r == 0)
		r = refuse_advertisements(kernel, step->bridge.name);
	if (r == 0)
		r = add_anchor(kernel, step, made[0], &made[1]);
	if (r == 0)
		r = raise_bridge(kernel, made[0], &step->bridge.mac);
	if (r < 0)
		return link_take_back(kernel, made, made[1] < 0 ? 1 : 2, r);
	if (step->bridge.ret_index)
		*step->bridge.ret_index = made[0];
	return 0;
}

int link_delete_together(struct netlink *host, const int *indexes, size_t n)
{
	cleanup(netlink_batch_done) struct netlink_batch batch = { .n = 0 };
	struct nl_msg *last = link_message(RTM_DELLINK, 0, (struct ifinfomsg){ 0 });
	size_t deletion = n;
	int r;

	static_assert(LINK_TOGETHER_MAX < NETLINK_BATCH_MAX, "one more message goes with them");
	assert(n <= LINK_TOGETHER_MAX);
	for (size_t i = 0; i < n; i++)
		netlink_batch_add(&batch, link_build_group(indexes[i], LINK_GROUP_DYING));
	netlink_batch_add(&batch,
		link_checked(last, last ? nla_put_u32(last, IFLA_GROUP, LINK_GROUP_DYING) : 0));
	if (batch.is_out_of_memory)
		return -ENOMEM;
	/* One that went by itself is no error, nor are all of them. */
	(void)netlink_batch_send(host, &batch);
	for (size_t i = 0; i < n; i++)
		if (batch.errors[i] < 0 && batch.errors[i] != -ENODEV)
			return batch.errors[i];
	r = batch.errors[deletion];
	return r == -ENODEV ? 0 : r;
}

int link_sweep(struct kernel *kernel)
{
	return link_delete_together(&kernel->host, NULL, 0);
}

int link_delete_bridge(struct kernel *kernel, const struct step *step)
{
	const char *const names[] = { step->bridge.name, step->bridge.anchor };
	int indexes[lengthof(names)];
	size_t n = 0;

	for (size_t i = 0; i < lengthof(names); i++) {
		int index = link_find(kernel, names[i]);

		if (index >= 0)
			indexes[n++] = index;
		else if (index != -ENODEV)
			return index;
	}
	return n > 0 ? link_delete_together(&kernel->host, indexes, n) : 0;
}

/* The end on the host: named, quiet, a port of the bridge, up. The bridge believes a guarded one from the first frame on; what
 * is not for the bridge (some group addresses are not) must find no one who answers ARP there. */
static int raise_end(struct kernel *kernel, int index, int bridge, const struct step *step)
{
	cleanup(netlink_batch_done) struct netlink_batch batch = { .n = 0 };
	bool is_guarded = step->veth.is_guarded, is_isolated = step->veth.is_isolated;

	netlink_batch_add(&batch, link_join(link_build_quiet(kernel, index, step->veth.alias),
					  is_guarded ? IFF_NOARP : 0, bridge));
	if (is_guarded || is_isolated)
		netlink_batch_add(&batch, port_build(index, is_guarded, is_isolated));
	if (is_guarded)
		netlink_batch_add(&batch, port_build_entry(index, &step->veth.mac));
	netlink_batch_add(&batch, link_build_up(index, 0));
	return netlink_batch_send(&kernel->host, &batch);
}

int link_raise_peer(const struct kernel *kernel, struct netlink *inside, const char *name,
	const struct mac *mac, unsigned flags)
{
	cleanup(netlink_batch_done) struct netlink_batch batch = { .n = 0 };
	int index = netlink_index(inside, name), r;

	if (index < 0)
		return index;
	if (kernel->has_ipv6)
		netlink_batch_add(&batch, link_build_without_addresses(index, NULL));
	netlink_batch_add(&batch, link_build_flags(index, IFF_UP | flags, 0));
	if (kernel->has_ipv6)
		netlink_batch_add(&batch, route_build_link_local(index, mac));
	r = netlink_batch_send(inside, &batch);
	/* The administrator has switched IPv6 off for new interfaces. */
	if (r == -EACCES && batch.errors[batch.n - 1] == -EACCES && batch.errors[0] == 0 &&
		batch.errors[1] == 0)
		return 0;
	return r;
}

/* An index is never given twice: what was seen to be ours is so for as long as it bears that name. */
static int find_bridge(struct kernel *kernel, const char *name)
{
	int index = netlink_index(&kernel->host, name);

	if (index >= 0 && index == kernel->last_bridge)
		return index;
	index = link_find(kernel, name);
	if (index >= 0)
		kernel->last_bridge = index;
	return index;
}

int link_add_veth(struct kernel *kernel, const struct step *step)
{
	struct netns *netns = netns_find(kernel, step->netns);
	struct netlink *inside;
	int bridge, index, r;

	if (!netns)
		return -ENOENT;
	r = netns_inside(kernel, netns, &inside);
	if (r < 0)
		return r;
	bridge = find_bridge(kernel, step->veth.bridge);
	if (bridge < 0)
		return bridge;
	index = link_create(kernel,
		link_build_veth(&(struct link_veth){ .name = step->veth.name,
			.peer = step->veth.peer,
			.peer_mac = &step->veth.mac,
			.mtu = step->veth.mtu,
			.fd = netns->fd }),
		step->veth.name);
	if (index < 0)
		return index;
	r = raise_end(kernel, index, bridge, step);
	if (r == 0) {
		r = link_raise_peer(kernel, inside, step->veth.peer, &step->veth.mac, 0);
		memcpy(kernel->host.words, inside->words, sizeof(inside->words));
	}
	if (r < 0)
		return link_take_back(kernel, &index, 1, r);
	netns_add_end(netns, index);
	return 0;
}

int link_cut(struct kernel *kernel, const struct step *step)
{
	struct indexes end = { NULL, 0, 0 };
	int index = link_find(kernel, step->cut.port), r = index;

	if (index >= 0)
		r = netlink_send(&kernel->host, link_build_cut(index));
	/* It went by itself. */
	if (r < 0 && r != -ENODEV)
		return r;
	if (r == 0) {
		state_append(&end, index);
		(void)reaper_take(kernel->reaper, -EBADF, &end);
	}
	if (step->cut.ret_is_cut)
		*step->cut.ret_is_cut = true;
	return 0;
}

int link_delete_veth(struct kernel *kernel, const struct step *step)
{
	struct netns *netns = step->netns ? netns_find(kernel, step->netns) : NULL;
	int index = link_find(kernel, step->veth.name), r;

	if (index < 0)
		return index == -ENODEV ? 0 : index;
	r = delete_by_index(kernel, index);
	if (r == 0 && netns)
		netns_forget_end(netns, index);
	return r;
}

/* What a message about a link says. */
struct parsed {
	struct link_facts facts;
	uint32_t group;
	uint8_t operstate;
};

static int parse(struct nlmsghdr *header, struct parsed *ret)
{
	struct nlattr *a[IFLA_MAX + 1];
	const struct ifinfomsg *info = nlmsg_data(header);

	if (header->nlmsg_type != RTM_NEWLINK || attributes_of_link(header, a) < 0 ||
		!a[IFLA_IFNAME])
		return -EBADMSG;
	*ret = (struct parsed){
		.facts = {
			.index = info->ifi_index,
			.master = a[IFLA_MASTER] ? (int)nla_get_u32(a[IFLA_MASTER]) : 0,
			.name = nla_get_string(a[IFLA_IFNAME]),
			.alias = a[IFLA_IFALIAS] ? nla_get_string(a[IFLA_IFALIAS]) : "",
			.is_end = a[IFLA_LINK_NETNSID] != NULL,
			.is_up = (info->ifi_flags & IFF_UP) != 0,
			.has_carrier = (info->ifi_flags & FLAG_LOWER_UP) != 0,
			.is_forwarding = attributes_is_forwarding(a),
		},
		.group = a[IFLA_GROUP] ? nla_get_u32(a[IFLA_GROUP]) : 0,
		.operstate = a[IFLA_OPERSTATE] ? nla_get_u8(a[IFLA_OPERSTATE]) : 0,
	};
	return 0;
}

/* A message about one link, by name or index; to be freed. */
static int get(struct netlink *host, const char *name, int index, struct nlmsghdr **ret)
{
	struct nl_msg *m = link_message(RTM_GETLINK, 0, (struct ifinfomsg){ .ifi_index = index });
	int r = 0;

	if (m) {
		if (name)
			r |= nla_put_string(m, IFLA_IFNAME, name);
		r |= nla_put_u32(m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS);
	}
	return netlink_get(host, link_checked(m, r), ret);
}

/* Tells of a link that is ours: -ENODEV where there is none, or it is somebody else's. */
static int look_up(struct kernel *kernel, const char *name, int index, struct parsed *ret)
{
	autofree struct nlmsghdr *header = NULL;
	int r = get(&kernel->host, name, index, &header);

	if (r == 0)
		r = parse(header, ret);
	/* The texts go with the message. */
	ret->facts.name = ret->facts.alias = NULL;
	return r < 0 ? r : snapshot_is_ours(ret->group) ? 0 : -ENODEV;
}

int link_is_ours(struct netlink *host, int index)
{
	autofree struct nlmsghdr *header = NULL;
	struct parsed link = { 0 };
	int r = get(host, NULL, index, &header);

	if (r == 0)
		r = parse(header, &link);
	if (r < 0)
		return r;
	/* One that was to go before and did not is ours still. */
	if (!snapshot_is_ours(link.group) && link.group != LINK_GROUP_DYING)
		return -ENODEV;
	return after(link.facts.alias, "nsnetd:") ? 0 : -ENODEV;
}

int kernel_look_link(struct kernel *kernel, const char *name, struct snapshot_link *ret)
{
	struct parsed link = { 0 };
	int r = strlen(name) < INTERFACE_SIZE ? look_up(kernel, name, 0, &link) : -ENODEV;

	if (r < 0)
		return r;
	*ret = (struct snapshot_link){
		.index = link.facts.index,
		.master = link.facts.master,
		.group = link.group,
		.alias = "",
		.is_up = link.facts.is_up,
		.has_carrier = link.facts.has_carrier,
		.is_forwarding = link.facts.is_forwarding,
	};
	memcpy(ret->name, name, strlen(name) + 1);
	return 0;
}

int link_alias(struct kernel *kernel, int index, char ret[LINK_ALIAS_SIZE])
{
	autofree struct nlmsghdr *header = NULL;
	struct parsed link = { 0 };
	int r = get(&kernel->host, NULL, index, &header);

	if (r == 0)
		r = parse(header, &link);
	if (r < 0)
		return r;
	if (!snapshot_is_ours(link.group))
		return -ENODEV;
	(void)snprintf(ret, LINK_ALIAS_SIZE, "%s", link.facts.alias);
	return 0;
}

int link_find(struct kernel *kernel, const char *name)
{
	struct parsed link = { 0 };
	int r = look_up(kernel, name, 0, &link);

	return r < 0 ? r : link.facts.index;
}

/* An anchor that is not as it was made is made anew. */
static int mend_anchor(struct kernel *kernel, const struct step *step, int bridge)
{
	struct parsed link = { 0 };
	int r = look_up(kernel, step->bridge.anchor, 0, &link), anchor = -ENODEV;

	if (r < 0 && r != -ENODEV)
		return r;
	if (r == 0 && link.facts.is_up && link.facts.has_carrier && link.facts.master == bridge)
		return 0;
	if (r == 0)
		r = delete_by_index(kernel, link.facts.index);
	else
		r = 0;
	if (r == 0)
		r = add_anchor(kernel, step, bridge, &anchor);
	return r < 0 && anchor >= 0 ? link_take_back(kernel, &anchor, 1, r) : r;
}

int link_mend_bridge(struct kernel *kernel, const struct step *step)
{
	int bridge = link_find(kernel, step->bridge.name), r;

	if (bridge < 0)
		return bridge;
	/* Whoever made it may have come no further than to its name. */
	r = refuse_advertisements(kernel, step->bridge.name);
	if (r == 0)
		r = raise_bridge(kernel, bridge, &step->bridge.mac);
	/* It has its link-local address still. */
	if (r == -EEXIST)
		r = 0;
	return r < 0 ? r : mend_anchor(kernel, step, bridge);
}

int link_mend_veth(struct kernel *kernel, const struct step *step)
{
	int bridge = link_find(kernel, step->veth.bridge);
	int index = link_find(kernel, step->veth.name);

	if (bridge < 0 || index < 0)
		return bridge < 0 ? bridge : index;
	return raise_end(kernel, index, bridge, step);
}

/* Who holds the namespace knows by it which ends are its own, as well. */
int link_label(struct kernel *kernel, const struct step *step)
{
	struct netns *netns = netns_find(kernel, step->netns);
	int index = link_find(kernel, step->veth.name), r;

	if (index < 0)
		return index;
	r = netlink_send(&kernel->host, link_build_alias(index, step->veth.alias));
	if (r == 0 && netns)
		netns_add_end(netns, index);
	return r;
}

/* A new port forwards nothing until the kernel has worked on its carrier, some time later; asking for the link makes it do that
 * at once (older ones: it is waited for). Without this every fourth namespace loses its first packet, and a second with it. */
int link_settle(struct kernel *kernel, const struct step *step)
{
	static const struct timespec pause = { .tv_nsec = 2 * 1000 * 1000 };

	for (int i = 0; i < 100; i++) {
		struct parsed link = { 0 };

		if (look_up(kernel, step->veth.name, 0, &link) < 0)
			return 0;
		if (link.operstate == OPERSTATE_UP) {
			if (snapshot_is_point(link.group))
				point_settle(kernel, link.facts.index);
			return 0;
		}
		(void)nanosleep(&pause, NULL);
	}
	log_line(LOG_WARNING, "%s is still not up", step->veth.name);
	return 0;
}

struct listing {
	int (*on_link)(const struct link_facts *link, void *userdata);
	void *userdata;
};

static int on_message(struct nlmsghdr *header, void *userdata)
{
	const struct listing *listing = userdata;
	struct parsed link = { 0 };
	int r = parse(header, &link);

	if (r < 0 || !snapshot_is_ours(link.group))
		return r;
	return listing->on_link(&link.facts, listing->userdata);
}

int link_list(struct kernel *kernel, int (*on_link)(const struct link_facts *link, void *userdata),
	void *userdata)
{
	struct nl_msg *m = link_message(RTM_GETLINK, NLM_F_DUMP, (struct ifinfomsg){ 0 });
	struct listing listing = { on_link, userdata };

	m = link_checked(m, m ? nla_put_u32(m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS) : 0);
	return netlink_dump(&kernel->host, m, on_message, &listing);
}
