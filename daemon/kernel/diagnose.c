/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * diagnose - what of the host is looked at only when somebody asks what is wrong
 *
 * What cannot be seen from here is left out, and no reason to say that it is wrong: some of it is told in the first network
 * namespace alone, and a container's host may be another one.
 */
#include "foreign.h"

/* Before the kernel's. */
#include <netinet/in.h>

#include <limits.h>
#include <linux/rtnetlink.h>
#include <stdio.h>

#include "file.h"
#include "firewall.h"
#include "netns.h"
#include "nft.h"
#include "route.h"

#define LINE_MAX_BYTES  4096U
#define RESOLV_CONF_MAX (64U * 1024U)

static const char *read_line(
	const struct kernel *kernel, const char *path, struct arena *arena, int *ret_error)
{
	char *text = NULL;
	size_t n;

	*ret_error = file_read(kernel->proc, path, LINE_MAX_BYTES, arena, &text, &n);
	return *ret_error < 0 ? NULL : text;
}

/* The number that a text begins with. */
static bool parse_number(const char *text, int base, int64_t *ret)
{
	char *end;

	errno = 0;
	*ret = strtoll(text, &end, base);
	return end != text && errno == 0;
}

static bool read_number(
	const struct kernel *kernel, const char *path, struct arena *arena, int64_t *ret)
{
	int error;
	const char *text = read_line(kernel, path, arena, &error);

	return text && parse_number(text, 10, ret);
}

int kernel_look_setting(struct kernel *kernel, const char *key, int *ret)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *text;
	int64_t value;
	int error;

	text = read_line(kernel, arena_printf(&arena, "sys/%s", key), &arena, &error);
	if (!text)
		return error;
	if (!parse_number(text, 10, &value) || value < INT_MIN || value > INT_MAX)
		return -EBADMSG;
	*ret = (int)value;
	return 0;
}

/* The kernel's tables: */

/* The first number of the line below the heads, for each processor the same: how many there are in all. */
static bool count_neighbours(
	const struct kernel *kernel, const char *path, struct arena *arena, int64_t *ret)
{
	int error;
	const char *text = read_line(kernel, path, arena, &error);
	const char *line = text ? strchr(text, '\n') : NULL;

	return line && parse_number(line, 16, ret);
}

static void look_tables(const struct kernel *kernel, struct arena *arena, struct diagnosis *ret)
{
	static const struct {
		const char *name, *count, *limit, *setting;
		bool is_neighbours;
	} tables[] = {
		{ "connections", "sys/net/netfilter/nf_conntrack_count",
			"sys/net/netfilter/nf_conntrack_max", "net.netfilter.nf_conntrack_max",
			false },
		{ "IPv4 neighbours", "net/stat/arp_cache", "sys/net/ipv4/neigh/default/gc_thresh3",
			"net.ipv4.neigh.default.gc_thresh3", true },
		{ "IPv6 neighbours", "net/stat/ndisc_cache",
			"sys/net/ipv6/neigh/default/gc_thresh3",
			"net.ipv6.neigh.default.gc_thresh3", true },
	};

	ret->tables = arena_array(arena, lengthof(tables), sizeof(*ret->tables));
	for (size_t i = 0; i < lengthof(tables); i++) {
		struct diagnosis_table table = { tables[i].name, tables[i].setting, 0, 0 };
		bool is_counted =
			tables[i].is_neighbours
				? count_neighbours(kernel, tables[i].count, arena, &table.n)
				: read_number(kernel, tables[i].count, arena, &table.n);

		if (is_counted && read_number(kernel, tables[i].limit, arena, &table.limit) &&
			table.limit > 0)
			ret->tables[ret->n_tables++] = table;
	}
}

static void add_text(struct arena *arena, struct string_list *list, const char *text)
{
	list->items = arena_grow(arena, list->items, list->n, sizeof(*list->items));
	list->items[list->n++] = text;
}

static void look_legacy(const struct kernel *kernel, struct arena *arena, struct diagnosis *ret)
{
	static const struct {
		const char *path, *family;
	} sources[] = { { "net/ip_tables_names", "ip" }, { "net/ip6_tables_names", "ip6" } };

	for (size_t i = 0; i < lengthof(sources); i++) {
		size_t n;
		char *text, *line;

		if (file_read(kernel->proc, sources[i].path, LINE_MAX_BYTES, arena, &text, &n) < 0)
			continue;
		while ((line = strsep(&text, "\n")))
			if (*line)
				add_text(arena, &ret->legacy,
					arena_printf(arena, "%s %s", sources[i].family, line));
	}
}

static void look_resolvers(struct arena *arena, struct diagnosis *ret)
{
	char *text, *line;
	size_t n;

	if (file_read_followed("/etc/resolv.conf", RESOLV_CONF_MAX, arena, &text, &n) < 0)
		return;
	while ((line = strsep(&text, "\n"))) {
		const char *rest = after(line, "nameserver");

		if (!rest || (*rest != ' ' && *rest != '\t'))
			continue;
		rest += strspn(rest, " \t");
		add_text(
			arena, &ret->resolvers, arena_strndup(arena, rest, strcspn(rest, " \t\r")));
	}
}

/* Our own tables: */

struct names {
	struct arena *arena;
	struct string_list *list;
};

static int on_name(const struct nft_key *key, const struct nft_key *value, void *userdata)
{
	const struct names *names = userdata;

	(void)value;
	add_text(names->arena, names->list,
		arena_strndup(names->arena, (const char *)key->bytes, key->n));
	return 0;
}

static int look_firewall(struct kernel *kernel, struct arena *arena, struct diagnosis_firewall *ret)
{
	struct names networks = { arena, &ret->networks }, guarded = { arena, &ret->guarded };
	int r = nft_list(kernel, (struct nft_set){ NFT_INET, "networks" }, on_name, &networks);

	if (r == 0)
		r = nft_list(kernel, (struct nft_set){ NFT_BRIDGE, "guarded" }, on_name, &guarded);
	return r < 0 ? r : firewall_list_ports(kernel, arena, &ret->ports, &ret->n_ports);
}

/* Routes: */

struct ways {
	struct kernel *kernel;
	struct arena *arena;
	struct diagnosis *diagnosis;
};

static int on_route(const struct route_facts *route, void *userdata)
{
	const struct ways *ways = userdata;
	struct diagnosis *diagnosis = ways->diagnosis;
	struct diagnosis_way way = { .family = route->destination.address.family,
		.interface = route->interface };
	int mtu;

	if (route->destination.length > 0 || route->type != RTN_UNICAST || route->interface <= 0 ||
		netlink_name(&ways->kernel->host, route->interface, way.name) < 0)
		return 0;
	mtu = netlink_mtu(&ways->kernel->host, way.name);
	if (mtu < 0)
		return 0; /* gone since */
	way.mtu = (unsigned)mtu;
	diagnosis->ways = arena_grow(
		ways->arena, diagnosis->ways, diagnosis->n_ways, sizeof(*diagnosis->ways));
	diagnosis->ways[diagnosis->n_ways++] = way;
	return 0;
}

int kernel_diagnose(struct kernel *kernel, struct arena *arena, struct diagnosis *ret)
{
	struct ways ways = { kernel, arena, ret };
	int r = 0;

	*ret = (struct diagnosis){ 0 };
	for (size_t i = 0; r == 0 && i < FAMILIES; i++)
		if (family_of(i) == AF_INET || kernel->has_ipv6)
			r = route_list(&kernel->host, family_of(i), RT_TABLE_MAIN, on_route, &ways);
	if (r == 0)
		r = look_firewall(kernel, arena, &ret->firewall);
	if (r == 0)
		r = foreign_read(kernel, arena, &ret->others);
	look_tables(kernel, arena, ret);
	look_legacy(kernel, arena, ret);
	look_resolvers(arena, ret);
	return r;
}

int kernel_is_listening_inside(struct kernel *kernel, const char *name,
	enum nsnet_protocol protocol, const struct address *address, uint16_t port)
{
	const struct netns *netns = netns_find(kernel, name);
	int proc, r;

	if (!netns)
		return -ENOENT;
	r = netns_enter(kernel, netns, &proc);
	if (r < 0)
		return r;
	r = kernel_is_listening(kernel, protocol, address, port);
	netns_leave(kernel);
	return r;
}
