/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lend - interfaces of the host that are lent to a namespace
 *
 * An interface that is moved loses its addresses and routes, and is down. So it is inside as it came, raised by us; and comes
 * back down: who had it up before knows best what else it needs.
 *
 * Inside it may be renamed. It is told by a second name that it gets before it goes, and by its own where somebody has taken
 * that away. None of them says for sure that it is the same interface: who may make interfaces inside can send another back
 * in its place, straight into what the host does with one of that name. Inside the host's namespaces that is root alone; into a
 * namespace that belongs to a user nothing is lent.
 *
 * With its namespace an interface that is no hardware is lost. So it comes back under another name where its own is taken.
 */
#include "lend.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>

#include "attributes.h"
#include "log.h"
#include "netns.h"
#include "route.h"
#include "userns.h"

define_cleanup(struct nl_msg *, nlmsg_free);

#define SECOND_NAME "nsnetd-lent-"
/* Where its own name is taken: "nsback0" and so on. */
#define OTHER_NAME     "nsback"
#define OTHER_NAME_MAX 10000U

/* What a message about a link says. */
struct facts {
	int index, master,
		other; /* other: the index of its other end, or what it is made of; 0: none */
	unsigned flags;
	uint32_t group;
	char name[INTERFACE_SIZE];
};

static struct nl_msg *build(int type, int flags, struct ifinfomsg header)
{
	return netlink_message(type, flags, &header, sizeof(header));
}

/* attribute: IFLA_IFNAME, IFLA_ALT_IFNAME. -ENODEV: there is none. */
static int look(struct netlink *netlink, int attribute, const char *name, struct facts *ret)
{
	cleanup(nlmsg_free) struct nl_msg *m = build(RTM_GETLINK, 0, (struct ifinfomsg){ 0 });
	autofree struct nlmsghdr *header = NULL;
	struct nlattr *a[IFLA_MAX + 1];
	const struct ifinfomsg *info;
	int r;

	if (!m || nla_put_string(m, attribute, name) < 0 ||
		nla_put_u32(m, IFLA_EXT_MASK, RTEXT_FILTER_SKIP_STATS) < 0)
		return -ENOMEM;
	r = netlink_get(netlink, take(m), &header);
	if (r < 0)
		return r;
	info = nlmsg_data(header);
	if (header->nlmsg_type != RTM_NEWLINK || attributes_of_link(header, a) < 0 ||
		!a[IFLA_IFNAME])
		return -EBADMSG;
	*ret = (struct facts){
		.index = info->ifi_index,
		.master = a[IFLA_MASTER] ? (int)nla_get_u32(a[IFLA_MASTER]) : 0,
		.other = a[IFLA_LINK] ? (int)nla_get_u32(a[IFLA_LINK]) : 0,
		.flags = info->ifi_flags,
		.group = a[IFLA_GROUP] ? nla_get_u32(a[IFLA_GROUP]) : 0,
	};
	(void)nla_strlcpy(ret->name, a[IFLA_IFNAME], sizeof(ret->name));
	return 0;
}

/* An interface of the host that may go. */
static int find(struct kernel *kernel, const char *interface, struct facts *ret)
{
	int r = look(&kernel->host, IFLA_IFNAME, interface, ret);

	if (r < 0)
		return r;
	/* The kernel takes a second name as well: it has to go by the one that it has. */
	if (!streq(ret->name, interface))
		return -ENODEV;
	return (ret->flags & IFF_LOOPBACK) != 0 || snapshot_is_ours(ret->group) || ret->master
		       ? -EBUSY
		       : 0;
}

struct addresses {
	struct arena *arena;
	struct string_list list;
	int interface;
};

static int on_address(const struct prefix *address, int interface, void *userdata)
{
	struct addresses *addresses = userdata;
	struct string_list *list = &addresses->list;
	char text[PREFIX_TEXT_MAX];

	/* The kernel makes link-local ones by itself, here and there. */
	if (interface != addresses->interface ||
		(address->address.family == AF_INET6 && address->address.bytes[0] == 0xfe &&
			(address->address.bytes[1] & 0xc0) == 0x80))
		return 0;
	list->items = arena_grow(addresses->arena, list->items, list->n, sizeof(*list->items));
	list->items[list->n++] = arena_strdup(addresses->arena, prefix_format(address, text));
	return 0;
}

int kernel_find_link(struct kernel *kernel, const char *interface, struct arena *arena,
	struct string_list *ret_addresses)
{
	struct addresses addresses = { .arena = arena, .list.items = arena_alloc(arena, 0) };
	struct facts facts = { 0 };
	int r = interface_name_is_valid(interface) ? find(kernel, interface, &facts) : -ENODEV;

	if (r < 0)
		return r;
	addresses.interface = facts.index;
	for (size_t i = 0; r == 0 && i < FAMILIES; i++)
		if (family_of(i) == AF_INET || kernel->has_ipv6)
			r = route_list_addresses(
				&kernel->host, family_of(i), on_address, &addresses);
	if (r == 0)
		*ret_addresses = addresses.list;
	return r;
}

/* type: RTM_NEWLINKPROP, RTM_DELLINKPROP */
static int change_second_name(struct netlink *netlink, int type, int index, const char *name)
{
	int flags = type == RTM_NEWLINKPROP ? NLM_F_CREATE | NLM_F_EXCL : 0;
	cleanup(nlmsg_free) struct nl_msg *m =
		build(type, flags, (struct ifinfomsg){ .ifi_index = index });
	struct nlattr *list = m ? nla_nest_start(m, IFLA_PROP_LIST | NLA_F_NESTED) : NULL;

	if (!list || nla_put_string(m, IFLA_ALT_IFNAME, name) < 0)
		return -ENOMEM;
	(void)nla_nest_end(m, list);
	return netlink_send(netlink, take(m));
}

/* Into the namespace of that descriptor; new_name NULL: as it is. */
static int move(struct netlink *from, int index, int fd, const char *new_name)
{
	cleanup(nlmsg_free) struct nl_msg *m =
		build(RTM_SETLINK, 0, (struct ifinfomsg){ .ifi_index = index });

	if (!m || nla_put_u32(m, IFLA_NET_NS_FD, (uint32_t)fd) < 0 ||
		(new_name && nla_put_string(m, IFLA_IFNAME, new_name) < 0))
		return -ENOMEM;
	return netlink_send(from, take(m));
}

/* What is inside of that name, or of the second one. -ENODEV: nothing that we have lent. */
static int find_inside(
	const struct netns *netns, struct netlink *inside, const char *interface, struct facts *ret)
{
	char second[sizeof(SECOND_NAME) + INTERFACE_SIZE];
	int r;

	(void)snprintf(second, sizeof(second), SECOND_NAME "%s", interface);
	r = look(inside, IFLA_ALT_IFNAME, second, ret);
	if (r != -ENODEV)
		return r;
	r = look(inside, IFLA_IFNAME, interface, ret);
	if (r < 0)
		return r;
	for (size_t i = 0; i < netns->ends.n; i++)
		if (ret->other == netns->ends.items[i])
			return -ENODEV;
	return (ret->flags & IFF_LOOPBACK) != 0 ? -ENODEV : 0;
}

/* The name that it gets on the host: its own, where nobody else has that. */
static int choose_name(const struct kernel *kernel, const char *interface, char ret[INTERFACE_SIZE])
{
	(void)snprintf(ret, INTERFACE_SIZE, "%s", interface);
	for (unsigned i = 0; i < OTHER_NAME_MAX; i++) {
		int r = netlink_index(&kernel->host, ret);

		if (r < 0)
			return r == -ENODEV ? 0 : r;
		(void)snprintf(ret, INTERFACE_SIZE, OTHER_NAME "%u", i);
	}
	return -EEXIST;
}

static int bring_back(
	struct kernel *kernel, struct netlink *inside, const char *interface, struct facts *facts)
{
	char second[sizeof(SECOND_NAME) + INTERFACE_SIZE], name[INTERFACE_SIZE] = "";
	int r = choose_name(kernel, interface, name);

	if (r == 0) {
		r = move(inside, facts->index, kernel->home, name);
		memcpy(kernel->host.words, inside->words, sizeof(inside->words));
	}
	if (r < 0)
		return r;
	if (!streq(name, interface))
		log_line(LOG_WARNING, "%s came back as %s: another has its name now", interface,
			name);
	(void)snprintf(second, sizeof(second), SECOND_NAME "%s", interface);
	r = look(&kernel->host, IFLA_IFNAME, name, facts);
	if (r == 0)
		r = change_second_name(&kernel->host, RTM_DELLINKPROP, facts->index, second);
	/* Back it is; without its second name it came where somebody had taken that away. */
	if (r < 0 && r != -ENOENT)
		log_line(LOG_WARNING, "%s keeps the name %s: %s", name, second, strerror(-r));
	kernel->host.words[0] = 0;
	return 0;
}

int lend_give(struct kernel *kernel, const struct step *step)
{
	const char *interface = step->link.interface;
	struct netns *netns = netns_find(kernel, step->netns);
	struct netlink *inside = NULL;
	struct facts facts = { 0 };
	int r = netns ? netns_inside(kernel, netns, &inside) : -ENODEV;

	if (r == 0)
		r = find_inside(netns, inside, interface, &facts);
	if (r == -ENODEV) {
		log_about(LOG_NOTICE,
			&(struct log_fields){ .namespace_name = step->netns, .uid = LOG_UID_NONE },
			"%s is not inside %s any more", interface, step->netns);
		return 0;
	}
	return r < 0 ? r : bring_back(kernel, inside, interface, &facts);
}

/* It is there, and up. */
static int raise_inside(const struct netns *netns, struct netlink *inside, const char *interface,
	struct facts *ret_facts)
{
	int r = find_inside(netns, inside, interface, ret_facts);

	return r < 0 ? r
		     : netlink_send(inside, build(RTM_SETLINK, 0,
						    (struct ifinfomsg){
							    .ifi_index = ret_facts->index,
							    .ifi_flags = IFF_UP,
							    .ifi_change = IFF_UP,
						    }));
}

static int may_lend_to(const struct netns *netns)
{
	uid_t uid;
	int r = userns_owner(netns->fd, &uid);

	return r == -ENOTTY ? 0 : r < 0 ? r : -EPERM;
}

/* The second name is there already where a crash came between it and the move. */
static int give_second_name(struct kernel *kernel, int index, const char *second)
{
	struct facts facts = { 0 };
	int r = change_second_name(&kernel->host, RTM_NEWLINKPROP, index, second);

	if (r == -EEXIST && look(&kernel->host, IFLA_ALT_IFNAME, second, &facts) == 0 &&
		facts.index == index)
		return 0;
	return r;
}

int lend_take(struct kernel *kernel, const struct step *step)
{
	const char *interface = step->link.interface;
	struct netns *netns = netns_find(kernel, step->netns);
	char second[sizeof(SECOND_NAME) + INTERFACE_SIZE], words[NETLINK_WORDS_SIZE];
	struct netlink *inside = NULL;
	struct facts facts = { 0 };
	int r = netns ? may_lend_to(netns) : -ENOENT;

	if (r == 0)
		r = netns_inside(kernel, netns, &inside);
	if (r == 0)
		r = find(kernel, interface, &facts);
	(void)snprintf(second, sizeof(second), SECOND_NAME "%s", interface);
	if (r == 0)
		r = give_second_name(kernel, facts.index, second);
	if (r < 0)
		return r;
	r = move(&kernel->host, facts.index, netns->fd, NULL);
	if (r < 0) {
		memcpy(words, kernel->host.words, sizeof(words));
		(void)change_second_name(&kernel->host, RTM_DELLINKPROP, facts.index, second);
		memcpy(kernel->host.words, words, sizeof(words));
		return r;
	}
	r = raise_inside(netns, inside, interface, &facts);
	if (r < 0) {
		int back;

		memcpy(words, inside->words, sizeof(words));
		back = lend_give(kernel, step);
		if (back < 0)
			log_line(LOG_ERR, "cannot bring %s back: %s", interface, strerror(-back));
		memcpy(kernel->host.words, words, sizeof(words));
	}
	return r;
}
