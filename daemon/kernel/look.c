/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * look - the host's addresses and routes, as somebody may have left them
 */
#include <linux/rtnetlink.h>

#include "kernel.h"
#include "route.h"
#include "state.h"

struct gathering {
	struct arena *arena;
	struct snapshot_routes routes;
	size_t allocated;
};

static void gather(struct gathering *gathering, const struct snapshot_route *route)
{
	struct snapshot_routes *routes = &gathering->routes;

	if (routes->n == gathering->allocated) {
		size_t allocated = gathering->allocated ? 2 * gathering->allocated : 64;
		struct snapshot_route *items =
			arena_array(gathering->arena, allocated, sizeof(*items));

		if (routes->n > 0)
			memcpy(items, routes->items, routes->n * sizeof(*items));
		routes->items = items;
		gathering->allocated = allocated;
	}
	routes->items[routes->n++] = *route;
}

static int on_route(const struct route_facts *route, void *userdata)
{
	if (route->table == RT_TABLE_MAIN || route->table == RT_TABLE_LOCAL)
		gather(userdata,
			&(struct snapshot_route){ route->interface, route->destination, false });
	return 0;
}

static int on_address(const struct prefix *address, int interface, void *userdata)
{
	gather(userdata, &(struct snapshot_route){ interface, *address, true });
	return 0;
}

int kernel_look_routes(struct kernel *kernel, struct arena *arena, struct snapshot_routes *ret)
{
	struct gathering gathering = { .arena = arena };
	int r = 0;

	for (size_t i = 0; r == 0 && i < FAMILIES; i++) {
		r = route_list_addresses(&kernel->host, family_of(i), on_address, &gathering);
		if (r == 0)
			r = route_list(&kernel->host, family_of(i), 0, on_route, &gathering);
	}
	*ret = gathering.routes;
	return r;
}
