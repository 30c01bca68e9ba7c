/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * registry - all objects there are, by name
 */
#include "registry.h"

#include <search.h>
#include <stdio.h>

#define LINK_NUMBERS 1000000000U

/* Each begins with an arena and its name behind it; what the trees compare is the name. */
static int compare_namespaces(const void *a, const void *b)
{
	return strcmp(((const struct ns *)a)->name, ((const struct ns *)b)->name);
}

static int compare_networks(const void *a, const void *b)
{
	return strcmp(((const struct network *)a)->name, ((const struct network *)b)->name);
}

static void free_namespace(void *ns)
{
	namespace_free(ns);
}

static void free_network(void *network)
{
	network_free(network);
}

void registry_init(struct registry *registry)
{
	*registry = (struct registry){ 0 };
}

/* Namespaces first: they hold on to networks. */
void registry_done(struct registry *registry)
{
	tdestroy(registry->namespaces, free_namespace);
	tdestroy(registry->networks, free_network);
	registry_init(registry);
}

struct ns *registry_find_namespace(const struct registry *registry, const char *name)
{
	struct ns key;
	struct ns **found;

	if (!name_is_valid(name))
		return NULL;
	(void)snprintf(key.name, sizeof(key.name), "%s", name);
	found = tfind(&key, &registry->namespaces, compare_namespaces);
	return found ? *found : NULL;
}

struct network *registry_find_network(const struct registry *registry, const char *name)
{
	struct network key;
	struct network **found;

	if (!name_is_valid(name))
		return NULL;
	(void)snprintf(key.name, sizeof(key.name), "%s", name);
	found = tfind(&key, &registry->networks, compare_networks);
	return found ? *found : NULL;
}

void registry_add_namespace(struct registry *registry, struct ns *ns)
{
	struct ns **found = tsearch(ns, &registry->namespaces, compare_namespaces);

	if (!found || *found != ns)
		abort();
	registry->n_namespaces++;
}

void registry_add_network(struct registry *registry, struct network *network)
{
	struct network **found = tsearch(network, &registry->networks, compare_networks);

	if (!found || *found != network)
		abort();
	registry->n_networks++;
}

void registry_remove_namespace(struct registry *registry, struct ns *ns)
{
	if (tdelete(ns, &registry->namespaces, compare_namespaces))
		registry->n_namespaces--;
}

void registry_remove_network(struct registry *registry, struct network *network)
{
	if (tdelete(network, &registry->networks, compare_networks))
		registry->n_networks--;
}

struct collector {
	void **items;
	size_t n;
};

static void collect(const void *node, VISIT visit, void *closure)
{
	struct collector *collector = closure;

	if (visit == postorder || visit == leaf)
		collector->items[collector->n++] = *(void *const *)node;
}

struct ns **registry_namespaces(const struct registry *registry, struct arena *arena)
{
	struct collector collector = {
		.items = arena_array(arena, registry->n_namespaces, sizeof(void *)),
	};

	twalk_r(registry->namespaces, collect, &collector);
	return (struct ns **)collector.items;
}

struct network **registry_networks(const struct registry *registry, struct arena *arena)
{
	struct collector collector = {
		.items = arena_array(arena, registry->n_networks, sizeof(void *)),
	};

	twalk_r(registry->networks, collect, &collector);
	return (struct network **)collector.items;
}

unsigned registry_free_number(const struct registry *registry, struct arena *arena)
{
	struct network **networks = registry_networks(registry, arena);
	bool *is_taken = arena_array(arena, registry->n_networks + 1, sizeof(bool));
	unsigned number = 0;

	for (size_t i = 0; i < registry->n_networks; i++)
		if (networks[i]->number < registry->n_networks)
			is_taken[networks[i]->number] = true;
	while (is_taken[number])
		number++;
	return number;
}

void registry_name_link(struct registry *registry, char ret[INTERFACE_SIZE])
{
	(void)snprintf(ret, INTERFACE_SIZE, "nsv%u", registry->next_link++ % LINK_NUMBERS);
}
