/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_diagnose - what the fake kernel floor tells those who look for what is wrong
 */
#include <netinet/in.h>
#include <inttypes.h>
#include <stdio.h>

#include "fake_state.h"

static bool has(struct kernel *kernel, const char *what, const char *name)
{
	return fake_has(kernel, arena_printf(&kernel->arena, "%s %s", what, name));
}

static void append(struct arena *arena, struct string_list *list, const char *text)
{
	const char **items = arena_array(arena, list->n + 1, sizeof(*items));

	if (list->n > 0)
		memcpy(items, list->items, list->n * sizeof(*items));
	items[list->n++] = text;
	list->items = items;
}

/* The first word behind the beginning of each thing. */
static void gather(struct kernel *kernel, struct arena *arena, const char *beginning,
	const char *end, struct string_list *ret)
{
	for (size_t i = 0; i < kernel->n_things; i++) {
		const char *rest = after(kernel->things[i], beginning);

		if (rest)
			append(arena, ret, arena_strndup(arena, rest, strcspn(rest, end)));
	}
}

/* "port tcp 0.0.0.0 20000 10.203.0.2 80" */
static bool read_port(const char *thing, struct snapshot_port *ret)
{
	char protocol[4], host[64], target[64];
	unsigned host_port, namespace_port;

	if (sscanf(thing, "port %3s %63s %u %63s %u", protocol, host, &host_port, target,
		    &namespace_port) != 5)
		return false;
	*ret = (struct snapshot_port){
		.protocol = streq(protocol, "tcp") ? IPPROTO_TCP : IPPROTO_UDP,
		.host_port = (uint16_t)host_port,
		.namespace_port = (uint16_t)namespace_port,
	};
	return address_parse(host, &ret->host) && address_parse(target, &ret->target);
}

static void look_firewall(
	struct kernel *kernel, struct arena *arena, struct diagnosis_firewall *ret)
{
	gather(kernel, arena, "fence ", " ", &ret->networks);
	gather(kernel, arena, "guard ", " ", &ret->guarded);
	ret->ports = arena_array(arena, kernel->n_things, sizeof(*ret->ports));
	for (size_t i = 0; i < kernel->n_things; i++)
		ret->n_ports += read_port(kernel->things[i], &ret->ports[ret->n_ports]);
}

static void look_tables(struct kernel *kernel, struct arena *arena, struct diagnosis *ret)
{
	ret->tables = arena_array(arena, kernel->n_things, sizeof(*ret->tables));
	for (size_t i = 0; i < kernel->n_things; i++) {
		struct diagnosis_table *table = &ret->tables[ret->n_tables];
		char name[32];

		if (sscanf(kernel->things[i], "table %31s %" SCNd64 " %" SCNd64, name, &table->n,
			    &table->limit) != 3)
			continue;
		table->name = arena_strdup(arena, name);
		table->setting = arena_printf(arena, "net.%s", name);
		ret->n_tables++;
	}
}

static void look_others(struct kernel *kernel, struct arena *arena, struct ruleset *ret)
{
	static const char *const hooks[RULESET_HOOKS] = { "prerouting", "input", "forward",
		"output", "postrouting" };

	for (int i = 0; i < RULESET_HOOKS; i++) {
		struct ruleset_chain *chain;

		if (!has(kernel, "drops", hooks[i]))
			continue;
		chain = arena_alloc(arena, sizeof(*chain));
		*chain = (struct ruleset_chain){ .next = ret->chains,
			.family = RULESET_INET,
			.table = "theirs",
			.name = "theirs",
			.hook = i,
			.drops = true };
		ret->chains = chain;
		ret->n_chains++;
	}
}

int kernel_diagnose(struct kernel *kernel, struct arena *arena, struct diagnosis *ret)
{
	*ret = (struct diagnosis){ .ways = arena_array(arena, FAMILIES, sizeof(*ret->ways)) };
	for (size_t i = 0; i < FAMILIES; i++) {
		struct diagnosis_way *way = &ret->ways[ret->n_ways];

		if (!kernel->uplink.name || has(kernel, "lacks", i == 0 ? "way4" : "way6"))
			continue;
		way->family = family_of(i);
		way->mtu = kernel->uplink.mtu;
		way->interface = fake_index_of(kernel->uplink.name);
		(void)snprintf(way->name, sizeof(way->name), "%s", kernel->uplink.name);
		ret->n_ways++;
	}
	look_firewall(kernel, arena, &ret->firewall);
	look_tables(kernel, arena, ret);
	look_others(kernel, arena, &ret->others);
	gather(kernel, arena, "legacy ", "", &ret->legacy);
	gather(kernel, arena, "resolver ", "", &ret->resolvers);
	return 0;
}

int kernel_look_setting(struct kernel *kernel, const char *key, int *ret)
{
	*ret = !has(kernel, "off", key);
	return 0;
}

int kernel_is_listening_inside(struct kernel *kernel, const char *netns,
	enum nsnet_protocol protocol, const struct address *address, uint16_t port)
{
	(void)protocol;
	(void)address;
	return has(kernel, "listens", arena_printf(&kernel->arena, "%s %u", netns, port));
}

/* The interface of that name, made where there is none as yet. */
static struct nsnet_interface *find_interface(struct kernel *kernel, const char *netns,
	struct arena *arena, struct nsnet_interface_list *list, const char *name)
{
	const char *whole = arena_printf(arena, "%s %s", netns, name);

	for (size_t i = 0; i < list->n; i++)
		if (streq(list->items[i].name, name))
			return &list->items[i];
	list->items[list->n] = (struct nsnet_interface){
		.name = name,
		.operational_state = has(kernel, "down", whole) ? "down" : "up",
	};
	return &list->items[list->n++];
}

static void inspect_address(struct kernel *kernel, const char *netns, const char *rest,
	struct arena *arena, struct nsnet_interface_list *list)
{
	size_t n = strcspn(rest, " ");
	struct nsnet_interface *interface =
		find_interface(kernel, netns, arena, list, arena_strndup(arena, rest, n));

	append(arena, &interface->addresses, arena_strdup(arena, rest + n + (rest[n] == ' ')));
}

static void inspect_route(struct kernel *kernel, const char *thing, const char *destination,
	struct arena *arena, struct nsnet_route_list *list)
{
	const char *gateway = fake_read(kernel, thing);
	bool is_default =
		streq(destination, "0.0.0.0/0") || (gateway && streq(destination, "::/0"));

	list->items[list->n++] = (struct nsnet_route){
		.destination = is_default ? "default" : arena_strdup(arena, destination),
		.gateway = gateway,
	};
}

int kernel_inspect(struct kernel *kernel, const char *netns, struct arena *arena,
	struct nsnet_interface_list *ret_interfaces, struct nsnet_route_list *ret_routes)
{
	const char *address = arena_printf(arena, "address %s ", netns);
	const char *route = arena_printf(arena, "route %s ", netns);
	const char *lent = arena_printf(arena, "lent %s ", netns);

	*ret_interfaces = (struct nsnet_interface_list){
		arena_array(arena, kernel->n_things, sizeof(struct nsnet_interface)), 0
	};
	*ret_routes = (struct nsnet_route_list){
		arena_array(arena, kernel->n_things, sizeof(struct nsnet_route)), 0
	};
	for (size_t i = 0; i < kernel->n_things; i++) {
		const char *thing = kernel->things[i];

		if (after(thing, address))
			inspect_address(
				kernel, netns, after(thing, address), arena, ret_interfaces);
		if (after(thing, route))
			inspect_route(kernel, thing, after(thing, route), arena, ret_routes);
		if (after(thing, lent))
			(void)find_interface(kernel, netns, arena, ret_interfaces,
				arena_strdup(arena, after(thing, lent)));
	}
	return 0;
}
