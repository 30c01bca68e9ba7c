/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * uplinks - where the host reaches the rest, and whether it forwards for others there
 */
#include <linux/rtnetlink.h>
#include <stdio.h>

#include "kernel.h"
#include "log.h"
#include "route.h"
#include "state.h"
#include "sysctl.h"

struct gathering {
	struct kernel *kernel;
	struct arena *arena;
	struct snapshot_uplinks *list;
};

static bool is_on(
	const struct kernel *kernel, const char *family, const char *interface, const char *setting)
{
	char key[80];
	int value = 0, r;

	(void)snprintf(key, sizeof(key), "net/%s/conf/%s/%s", family, interface, setting);
	r = sysctl_before(kernel, key, &value);
	/* This kernel has no such setting, or the interface has just gone. */
	if (r < 0 && r != -ENOENT)
		log_line(LOG_WARNING, "cannot read %s: %s", key, strerror(-r));
	return r == 0 && value != 0;
}

/* IPv6 forwards by all interfaces or by none, but for force_forwarding. */
static void find_routing(const struct kernel *kernel, const char *interface, bool ret[FAMILIES])
{
	ret[0] = is_on(kernel, "ipv4", "all", "forwarding") ||
		 is_on(kernel, "ipv4", interface, "forwarding");
	ret[1] = is_on(kernel, "ipv6", "all", "forwarding") ||
		 is_on(kernel, "ipv6", "all", "force_forwarding") ||
		 is_on(kernel, "ipv6", interface, "force_forwarding");
}

/* events.c waits for what becomes of them. */
static int note(struct kernel *kernel, const struct uplink *uplink)
{
	struct uplink *items = reallocarray(kernel->uplinks, kernel->n_uplinks + 1, sizeof(*items));

	if (!items)
		return -ENOMEM;
	items[kernel->n_uplinks++] = *uplink;
	kernel->uplinks = items;
	return 0;
}

static void add(const struct gathering *gathering, const struct uplink *uplink)
{
	struct snapshot_uplinks *list = gathering->list;
	struct snapshot_uplink *to;

	list->items = arena_grow(gathering->arena, list->items, list->n, sizeof(*list->items));
	to = &list->items[list->n++];
	*to = (struct snapshot_uplink){
		.name = arena_strdup(gathering->arena, uplink->name),
		.mtu = uplink->mtu,
	};
	find_routing(gathering->kernel, uplink->name, to->is_router);
}

static int on_default(const struct route_facts *route, void *userdata)
{
	const struct gathering *gathering = userdata;
	struct kernel *kernel = gathering->kernel;
	struct uplink uplink = { .index = route->interface };
	int mtu, r;

	if (route->destination.length > 0 || route->type != RTN_UNICAST || route->interface <= 0 ||
		netlink_name(&kernel->host, route->interface, uplink.name) < 0)
		return 0;
	for (size_t i = 0; i < kernel->n_uplinks; i++)
		if (kernel->uplinks[i].index == uplink.index)
			return 0;
	mtu = netlink_mtu(&kernel->host, uplink.name);
	/* It has gone since, as an event will tell. */
	if (mtu < 0)
		return 0;
	uplink.mtu = (unsigned)mtu;
	r = note(kernel, &uplink);
	if (r < 0)
		return r;
	if (interface_name_is_valid(uplink.name))
		add(gathering, &uplink);
	else
		log_line(LOG_WARNING, "a default route leads to %s, a name we do not speak of",
			uplink.name);
	return 0;
}

int kernel_uplinks(struct kernel *kernel, struct arena *arena, struct snapshot_uplinks *ret)
{
	struct snapshot_uplinks list = { 0 };
	struct gathering gathering = { kernel, arena, &list };

	kernel->n_uplinks = 0;
	for (size_t i = 0; i < FAMILIES; i++) {
		int r = family_of(i) == AF_INET6 && !kernel->has_ipv6
				? 0
				: route_list(&kernel->host, family_of(i), RT_TABLE_MAIN, on_default,
					  &gathering);

		if (r < 0)
			return r;
	}
	*ret = list;
	return 0;
}
