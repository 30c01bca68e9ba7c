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

static int compare_users(const void *a, const void *b)
{
	const struct user *x = a, *y = b;

	return x->uid < y->uid ? -1 : x->uid > y->uid;
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
	list_init(&registry->lent);
}

/* Namespaces first: they hold on to networks. */
void registry_done(struct registry *registry)
{
	tdestroy(registry->namespaces, free_namespace);
	departure_end_all(&registry->departures);
	tdestroy(registry->networks, free_network);
	tdestroy(registry->users, free);
	publish_table_done(&registry->published);
	arena_done(&registry->uplinks.arena);
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

struct user *registry_user(struct registry *registry, uid_t uid)
{
	struct user *user = calloc(1, sizeof(*user));
	struct user **found;

	if (!user)
		abort();
	user->uid = uid;
	list_init(&user->namespaces);
	found = tsearch(user, &registry->users, compare_users);
	if (!found)
		abort();
	if (*found != user)
		free(user);
	return *found;
}

void registry_forget_user(struct registry *registry, uid_t uid)
{
	struct user key = { .uid = uid };
	struct user **found = tfind(&key, &registry->users, compare_users);
	struct user *user;

	if (!found)
		return;
	user = *found;
	for (int i = 0; i < QUOTA_RESOURCES; i++)
		if (user->used[i] > 0)
			return;
	if (!list_is_empty(&user->namespaces))
		return;
	(void)tdelete(user, &registry->users, compare_users);
	free(user);
}

void registry_add_namespace(struct registry *registry, struct ns *ns)
{
	struct ns **found = tsearch(ns, &registry->namespaces, compare_namespaces);

	if (!found || *found != ns)
		abort();
	list_append(&registry_user(registry, ns->uid)->namespaces, &ns->user_link);
	if (ns->n_lent > 0)
		list_append(&registry->lent, &ns->lent_link);
	registry->n_namespaces++;
	registry->n_attachments += ns->n_attachments;
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
	if (tdelete(ns, &registry->namespaces, compare_namespaces)) {
		registry->n_namespaces--;
		registry->n_attachments -= ns->n_attachments;
	}
	list_remove(&ns->user_link);
	list_remove(&ns->lent_link);
}

void registry_remove_network(struct registry *registry, struct network *network)
{
	if (tdelete(network, &registry->networks, compare_networks))
		registry->n_networks--;
	/* The host's settings are what they were. */
	if (registry->n_networks == 0)
		registry->neighbours_next = 0;
}

void registry_depart(struct registry *registry, const struct ns *ns)
{
	departure_add(&registry->departures, ns);
}

void registry_replace_namespace(struct registry *registry, struct ns *former, struct ns *ns)
{
	namespace_settle(ns);
	registry_remove_namespace(registry, former);
	namespace_free(former);
	registry_add_namespace(registry, ns);
}

void registry_replace_network(
	struct registry *registry, struct network *former, struct network *network)
{
	network_settle(network, former);
	registry_remove_network(registry, former);
	network_free(former);
	registry_add_network(registry, network);
}

void registry_set_uplinks(struct registry *registry, const struct snapshot_uplinks *uplinks)
{
	struct registry_uplinks copy = { .arena = ARENA_INIT };

	copy.are.items = arena_array(&copy.arena, uplinks->n, sizeof(*copy.are.items));
	for (size_t i = 0; i < uplinks->n; i++) {
		copy.are.items[i] = uplinks->items[i];
		copy.are.items[i].name = arena_strdup(&copy.arena, uplinks->items[i].name);
	}
	copy.are.n = uplinks->n;
	arena_done(&registry->uplinks.arena);
	registry->uplinks = copy;
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

static int compare_found(const void *a, const void *b)
{
	return compare_namespaces(*(void *const *)a, *(void *const *)b);
}

struct ns **registry_namespaces_of(
	const struct registry *registry, uid_t uid, struct arena *arena, size_t *ret_n)
{
	struct user key = { .uid = uid };
	struct user *const *user = tfind(&key, &registry->users, compare_users);
	struct ns **found;
	size_t n = 0;

	*ret_n = 0;
	if (!user)
		return NULL;
	list_foreach (&(*user)->namespaces, struct ns, user_link, ns)
		n++;
	found = arena_array(arena, n, sizeof(*found));
	list_foreach (&(*user)->namespaces, struct ns, user_link, ns)
		found[(*ret_n)++] = ns;
	if (n > 0)
		qsort(found, n, sizeof(*found), compare_found);
	return found;
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
