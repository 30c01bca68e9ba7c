/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * prefixes - which addresses are in use on the host
 */
#include <linux/rtnetlink.h>

#include "file.h"
#include "kernel.h"
#include "log.h"
#include "route.h"
#include "state.h"

#define RESOLV_CONF_MAX (64U * 1024U)

struct gathering {
	const struct kernel *kernel;
	struct arena *arena;
	struct snapshot_prefix *items;
	size_t n;
};

static void gather(struct gathering *gathering, const struct prefix *prefix, const char *interface)
{
	gathering->items = arena_grow(
		gathering->arena, gathering->items, gathering->n, sizeof(*gathering->items));
	gathering->items[gathering->n++] =
		(struct snapshot_prefix){ .prefix = *prefix, .interface = interface };
}

static const char *interface_name(const struct gathering *gathering, int index)
{
	char name[INTERFACE_SIZE];

	if (index <= 0 || netlink_name(&gathering->kernel->host, index, name) < 0)
		return "";
	return arena_strdup(gathering->arena, name);
}

/* Loopback's, link-local and multicast: they mean something else on every link. */
static bool is_everywhere(const struct prefix *prefix)
{
	static const char *const everywhere[] = { "127.0.0.0/8", "224.0.0.0/4",
		"255.255.255.255/32", "::/128", "::1/128", "fe80::/10", "ff00::/8" };

	for (size_t i = 0; i < lengthof(everywhere); i++) {
		struct prefix other;

		if (!prefix_parse(everywhere[i], &other))
			abort();
		if (prefix->length >= other.length && prefix_contains(&other, &prefix->address))
			return true;
	}
	return false;
}

static int on_route(const struct route_facts *route, void *userdata)
{
	struct gathering *gathering = userdata;

	if (route->type == RTN_BROADCAST || route->type == RTN_MULTICAST ||
		route->type == RTN_ANYCAST)
		return 0;
	/* One for each namespace, within its network's prefix. */
	if (route->protocol == ROUTE_PROTOCOL_POINT)
		return 0;
	/* Halves of everything are a default route as well: VPN programs write it so, to win over the one that is there. */
	if (route->destination.length <= 1 || is_everywhere(&route->destination))
		return 0;
	gather(gathering, &route->destination, interface_name(gathering, route->interface));
	return 0;
}

static int on_address(const struct prefix *address, int interface, void *userdata)
{
	struct gathering *gathering = userdata;
	struct prefix alone = { address->address, address_bits(&address->address) };

	if (!is_everywhere(&alone))
		gather(gathering, &alone, interface_name(gathering, interface));
	return 0;
}

/* "nameserver 192.0.2.53" or "nameserver fe80::1%eth0" */
static void read_name_server(struct gathering *gathering, char *line)
{
	const char *word = after(line, "nameserver");
	char *end;
	struct prefix alone;

	if (!word || (*word != ' ' && *word != '\t'))
		return;
	word += strspn(word, " \t");
	end = line + (word - line) + strcspn(word, " \t\r%");
	*end = 0;
	if (!address_parse(word, &alone.address))
		return;
	alone.length = address_bits(&alone.address);
	if (!is_everywhere(&alone))
		gather(gathering, &alone, "");
}

static void read_name_servers(struct gathering *gathering, const char *path)
{
	char *text, *line;
	size_t n;
	/* It is a link more often than not. */
	int r = file_read_followed(path, RESOLV_CONF_MAX, gathering->arena, &text, &n);

	if (r < 0) {
		if (r != -ENOENT)
			log_line(LOG_WARNING, "cannot read %s: %s", path, strerror(-r));
		return;
	}
	while ((line = strsep(&text, "\n")))
		read_name_server(gathering, line);
}

int kernel_prefixes(struct kernel *kernel, struct arena *arena, struct snapshot_prefixes *ret)
{
	struct gathering gathering = { .kernel = kernel, .arena = arena };

	for (size_t i = 0; i < FAMILIES; i++) {
		int r;

		if (family_of(i) == AF_INET6 && !kernel->has_ipv6)
			continue;
		r = route_list(&kernel->host, family_of(i), 0, on_route, &gathering);
		if (r == 0)
			r = route_list_addresses(
				&kernel->host, family_of(i), on_address, &gathering);
		if (r < 0)
			return r;
	}
	read_name_servers(&gathering, "/etc/resolv.conf");
	read_name_servers(&gathering, "/run/systemd/resolve/resolv.conf");
	*ret = (struct snapshot_prefixes){ gathering.items, gathering.n };
	return 0;
}
