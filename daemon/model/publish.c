/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * publish - ports of the host that lead into namespaces, and which of them are taken
 *
 * A tree of those that have the same protocol and port of the host, in a list each: as many as the host has addresses at most,
 * but mostly one. So a look-up costs the same whatever else is published.
 */
#include "publish.h"

#include <search.h>

struct node {
	enum nsnet_protocol protocol;
	uint16_t port;
	struct list all; /* of struct published */
};

static int compare(const void *x, const void *y)
{
	const struct node *a = x, *b = y;

	if (a->protocol != b->protocol)
		return a->protocol < b->protocol ? -1 : 1;
	return (a->port > b->port) - (a->port < b->port);
}

static struct node *find(const struct publish_table *table, const struct published *published)
{
	struct node key = { .protocol = published->protocol, .port = published->host_port };
	struct node **found = tfind(&key, &table->ports, compare);

	return found ? *found : NULL;
}

/* What is still in its list is in none then. */
static void free_node(void *data)
{
	struct node *node = data;

	list_foreach (&node->all, struct published, link, published)
		list_remove(&published->link);
	free(node);
}

void publish_table_done(struct publish_table *table)
{
	tdestroy(table->ports, free_node);
	table->ports = NULL;
}

static bool is_any(const struct address *address)
{
	static const struct address any;

	return memcmp(address->bytes, any.bytes, sizeof(any.bytes)) == 0;
}

static bool are_in_the_way(const struct published *a, const struct published *b)
{
	for (size_t f = 0; f < FAMILIES; f++) {
		if (!address_is_set(&a->targets[f]) || !address_is_set(&b->targets[f]))
			continue;
		if (is_any(&a->host[f]) || is_any(&b->host[f]) ||
			memcmp(a->host[f].bytes, b->host[f].bytes, sizeof(a->host[f].bytes)) == 0)
			return true;
	}
	return false;
}

static bool is_one_of(const struct published *published, const struct published *all, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (published == &all[i])
			return true;
	return false;
}

bool publish_is_taken(const struct publish_table *table, const struct published *published,
	const struct published *except, size_t n_except)
{
	struct node *node = find(table, published);

	if (!node)
		return false;
	list_foreach (&node->all, const struct published, link, other)
		if (other != published && are_in_the_way(other, published) &&
			!is_one_of(other, except, n_except))
			return true;
	return false;
}

bool publish_has(const struct publish_table *table, enum nsnet_protocol protocol,
	const struct address *host, uint16_t port, const struct address *target)
{
	struct node *node =
		find(table, &(struct published){ .protocol = protocol, .host_port = port });
	size_t family = family_index(target->family);

	if (!node)
		return false;
	list_foreach (&node->all, const struct published, link, other)
		if (address_is_equal(&other->targets[family], target) &&
			memcmp(other->host[family].bytes, host->bytes, sizeof(host->bytes)) == 0)
			return true;
	return false;
}

static struct node *make_node(struct publish_table *table, const struct published *published)
{
	struct node *node = calloc(1, sizeof(*node));

	if (!node)
		abort();
	*node = (struct node){ .protocol = published->protocol, .port = published->host_port };
	list_init(&node->all);
	if (!tsearch(node, &table->ports, compare))
		abort();
	return node;
}

void publish_take(struct publish_table *table, struct published *published)
{
	struct node *node = find(table, published);

	if (!node)
		node = make_node(table, published);
	list_append(&node->all, &published->link);
}

void publish_give(struct publish_table *table, struct published *published)
{
	struct node *node = find(table, published);

	if (!node || !published->link.next)
		return;
	list_remove(&published->link);
	if (!list_is_empty(&node->all))
		return;
	(void)tdelete(node, &table->ports, compare);
	free(node);
}

bool publish_is_equal(const struct published *a, const struct published *b)
{
	for (size_t f = 0; f < FAMILIES; f++)
		if (!address_is_equal(&a->targets[f], &b->targets[f]) ||
			(address_is_set(&a->targets[f]) &&
				!address_is_equal(&a->host[f], &b->host[f])))
			return false;
	return a->protocol == b->protocol && a->host_port == b->host_port &&
	       a->namespace_port == b->namespace_port;
}
