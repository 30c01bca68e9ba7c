/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * edits - lists of what is wished, as options give them: values that replace all, are added, or are taken away
 *
 * All lists are { T *items; size_t n; } (codec.h), so that one table of sizes and comparisons does for them.
 */
#include "edits.h"

#include "check.h"

#define NOWHERE SIZE_MAX
#define OF_NAMESPACE(member) \
	(offsetof(struct edits_contexts, of_namespace) + \
		offsetof(struct nsnet_namespace_context, member))
#define OF_NETWORK(member) \
	(offsetof(struct edits_contexts, of_network) + \
		offsetof(struct nsnet_network_context, member))

struct items {
	void *items;
	size_t n;
};

static bool is_text(const void *a, const void *b)
{
	return streq(*(const char *const *)a, *(const char *const *)b);
}

static bool is_address(const void *a, const void *b)
{
	return check_is_same_address(*(const char *const *)a, *(const char *const *)b);
}

static bool is_prefix(const void *a, const void *b)
{
	return check_is_same_prefix(*(const char *const *)a, *(const char *const *)b);
}

static bool is_entry(const void *a, const void *b)
{
	return streq(((const struct string_map_entry *)a)->key,
		((const struct string_map_entry *)b)->key);
}

static bool is_sysctl(const void *a, const void *b)
{
	return check_is_same_sysctl(((const struct string_map_entry *)a)->key,
		((const struct string_map_entry *)b)->key);
}

static bool is_number(struct maybe_int a, struct maybe_int b)
{
	return a.is_set == b.is_set && (!a.is_set || a.value == b.value);
}

static bool is_place(const char *a, const char *b)
{
	return a && b ? check_is_same_address(a, b) : a == b;
}

/* A port of the host that the daemon is to choose is another one each time. */
static bool is_port(const void *a, const void *b)
{
	const struct nsnet_port *x = a, *y = b;

	return x->protocol == y->protocol && is_place(x->host_address, y->host_address) &&
	       x->host_port.is_set && is_number(x->host_port, y->host_port) &&
	       x->namespace_port == y->namespace_port;
}

/* Of a pattern the port of one side may be left out. */
static bool takes_port(const void *item, const void *pattern)
{
	const struct nsnet_port *x = item, *y = pattern;

	return x->protocol == y->protocol && is_place(x->host_address, y->host_address) &&
	       (!y->host_port.is_set || is_number(x->host_port, y->host_port)) &&
	       (y->namespace_port == 0 || x->namespace_port == y->namespace_port);
}

static bool is_destination(const char *a, const char *b)
{
	return streq(a, b) || check_is_same_prefix(a, b);
}

static bool is_route(const void *a, const void *b)
{
	const struct nsnet_route *x = a, *y = b;

	return is_destination(x->destination, y->destination) && is_place(x->gateway, y->gateway) &&
	       is_number(x->metric, y->metric);
}

static bool takes_route(const void *item, const void *pattern)
{
	const struct nsnet_route *x = item, *y = pattern;

	return is_destination(x->destination, y->destination) &&
	       (!y->gateway || is_place(x->gateway, y->gateway)) &&
	       (!y->metric.is_set || is_number(x->metric, y->metric));
}

static bool takes_attachment(const void *item, const void *pattern)
{
	const struct nsnet_attachment *x = item, *y = pattern;

	return streq(x->network, y->network) &&
	       (!y->interface_name || streq_null(x->interface_name, y->interface_name));
}

static const struct row {
	const char *option;
	size_t of_namespace, of_network;               /* where the list is among contexts */
	size_t size;                                   /* of an item */
	bool (*is_same)(const void *a, const void *b); /* NULL: each is another one */
	bool (*takes)(const void *item, const void *pattern);
} rows[EDITS_LISTS] = {
	[EDITS_ATTACHMENTS] = { "network", OF_NAMESPACE(attachments), NOWHERE,
		sizeof(struct nsnet_attachment), NULL, takes_attachment },
	[EDITS_LINKS] = { "link", OF_NAMESPACE(links), NOWHERE, sizeof(char *), is_text, is_text },
	[EDITS_ALLOWED] = { "allow", OF_NAMESPACE(allow), NOWHERE, sizeof(char *), is_text,
		is_text },
	[EDITS_PORTS] = { "publish", OF_NAMESPACE(ports), NOWHERE, sizeof(struct nsnet_port),
		is_port, takes_port },
	[EDITS_ROUTES] = { "route", OF_NAMESPACE(routes), NOWHERE, sizeof(struct nsnet_route),
		is_route, takes_route },
	[EDITS_SERVERS] = { "dns", OF_NAMESPACE(name_servers), OF_NETWORK(name_servers),
		sizeof(char *), is_address, is_address },
	[EDITS_SYSCTLS] = { "sysctl", OF_NAMESPACE(sysctls), NOWHERE,
		sizeof(struct string_map_entry), is_sysctl, is_sysctl },
	[EDITS_LABELS] = { "label", OF_NAMESPACE(labels), OF_NETWORK(labels),
		sizeof(struct string_map_entry), is_entry, is_entry },
	[EDITS_PREFIXES] = { "subnet", NOWHERE, OF_NETWORK(prefixes), sizeof(char *), is_prefix,
		is_prefix },
	[EDITS_GATEWAYS] = { "gateway", NOWHERE, OF_NETWORK(gateways), sizeof(char *), is_address,
		is_address },
};

static struct items get(const void *contexts, size_t offset)
{
	struct items items;

	memcpy(&items, (const char *)contexts + offset, sizeof(items));
	return items;
}

static void put(void *contexts, size_t offset, struct items items)
{
	memcpy((char *)contexts + offset, &items, sizeof(items));
}

/* With one more at the end. Lists are as long as a command line, so copying costs nothing. */
static struct items append(struct arena *arena, struct items items, const void *item, size_t size)
{
	char *more = arena_array(arena, items.n + 1, size);

	if (items.n > 0)
		memcpy(more, items.items, items.n * size);
	memcpy(more + items.n * size, item, size);
	return (struct items){ more, items.n + 1 };
}

int edits_begin(struct edits *edits, enum edits_list list, const char **value,
	enum edits_way *ret_way, struct problem *problem)
{
	const char *option = rows[list].option;
	enum edits_how how = **value == '+' || **value == '-' ? EDITS_CHANGE : EDITS_REPLACE;
	enum edits_way way = **value == '+' ? EDITS_ADD : **value == '-' ? EDITS_TAKE : EDITS_SET;

	if (edits->lists[list].how != EDITS_NOT && edits->lists[list].how != how)
		return problem_usage(problem,
			"--%s: values with + or - change the list, those without replace it; not both at once",
			option);
	if (edits->lists[list].is_empty ||
		(streq(*value, "none") && edits->lists[list].how != EDITS_NOT))
		return problem_usage(problem, "--%s none beside another --%s", option, option);
	edits->lists[list].how = how;
	if (streq(*value, "none")) {
		way = EDITS_EMPTY;
		edits->lists[list].is_empty = true;
	}
	*value += how == EDITS_CHANGE;
	*ret_way = way;
	return 0;
}

void edits_put(struct edits *edits, enum edits_list list, enum edits_way way, const void *item,
	const char *value, struct arena *arena)
{
	const struct row *row = &rows[list];
	struct edits_contexts *to = way == EDITS_TAKE ? &edits->taken : &edits->given;
	struct string_list *took = &edits->lists[list].took;
	size_t offset = row->of_namespace != NOWHERE ? row->of_namespace : row->of_network;
	struct items items = append(arena, get(to, offset), item, row->size);

	if (row->of_namespace != NOWHERE)
		put(to, row->of_namespace, items);
	if (row->of_network != NOWHERE)
		put(to, row->of_network, items);
	if (way == EDITS_TAKE) {
		items = append(
			arena, (struct items){ took->items, took->n }, &value, sizeof(value));
		*took = (struct string_list){ items.items, items.n };
	}
}

/* Its place, or items.n. */
static size_t find(struct items items, const struct row *row, const void *item)
{
	size_t i = 0;

	while (i < items.n &&
		!(row->is_same && row->is_same((char *)items.items + i * row->size, item)))
		i++;
	return i;
}

bool edits_has(const struct edits *edits, enum edits_list list, const void *item)
{
	const struct row *row = &rows[list];
	size_t offset = row->of_namespace != NOWHERE ? row->of_namespace : row->of_network;
	struct items items = get(&edits->given, offset);

	return find(items, row, item) < items.n;
}

static bool is_of(const struct row *row, bool is_network)
{
	return (is_network ? row->of_network : row->of_namespace) != NOWHERE;
}

bool edits_are_there(const struct edits *edits, bool is_network)
{
	for (size_t i = 0; i < EDITS_LISTS; i++) {
		if (is_of(&rows[i], is_network) && edits->lists[i].how != EDITS_NOT)
			return true;
	}
	return false;
}

bool edits_need_former(const struct edits *edits, bool is_network)
{
	for (size_t i = 0; i < EDITS_LISTS; i++) {
		if (is_of(&rows[i], is_network) && edits->lists[i].how == EDITS_CHANGE)
			return true;
	}
	return false;
}

static int nothing_to_take(struct problem *problem, const struct edits_noun *noun,
	const struct row *row, const char *typed)
{
	const char *word = noun->is_network ? "network" : "namespace";

	if (!noun->name)
		return problem_usage(problem, "--%s -%s: a new %s has none to take away",
			row->option, typed, word);
	return problem_set(problem, PROBLEM_NO_OBJECT,
		arena_printf(problem->arena, "nsnetctl %sshow %s",
			noun->is_network ? "network " : "", noun->name),
		"%s \"%s\" has no --%s %s to take away", word, noun->name, row->option, typed);
}

/* Takes away what a pattern takes; whether there was anything. */
static bool take_away(struct items *items, const struct row *row, const void *pattern)
{
	char *to = items->items;
	size_t n = 0;

	for (size_t i = 0; i < items->n; i++) {
		char *item = (char *)items->items + i * row->size;

		if (row->takes(item, pattern))
			continue;
		memmove(to + n * row->size, item, row->size);
		n++;
	}
	if (n == items->n)
		return false;
	items->n = n;
	return true;
}

static int change(const struct edits *edits, const struct edits_noun *noun, enum edits_list list,
	struct items *items, struct problem *problem)
{
	const struct row *row = &rows[list];
	size_t offset = noun->is_network ? row->of_network : row->of_namespace;
	struct items given = get(&edits->given, offset), taken = get(&edits->taken, offset);
	char *copy = arena_array(problem->arena, items->n, row->size);

	if (items->n > 0)
		memcpy(copy, items->items, items->n * row->size);
	items->items = copy;
	for (size_t i = 0; i < taken.n; i++) {
		if (!take_away(items, row, (char *)taken.items + i * row->size))
			return nothing_to_take(
				problem, noun, row, edits->lists[list].took.items[i]);
	}
	for (size_t i = 0; i < given.n; i++) {
		const char *item = (char *)given.items + i * row->size;
		size_t at = find(*items, row, item);

		if (at < items->n)
			memcpy((char *)items->items + at * row->size, item, row->size);
		else
			*items = append(problem->arena, *items, item, row->size);
	}
	return 0;
}

int edits_apply(const struct edits *edits, const struct edits_noun *noun, void *context,
	struct problem *problem)
{
	size_t start = noun->is_network ? offsetof(struct edits_contexts, of_network)
					: offsetof(struct edits_contexts, of_namespace);

	for (size_t i = 0; i < EDITS_LISTS; i++) {
		size_t offset = noun->is_network ? rows[i].of_network : rows[i].of_namespace;
		struct items items;
		int r;

		if (edits->lists[i].how == EDITS_NOT || !is_of(&rows[i], noun->is_network))
			continue;
		items = get(&edits->given, offset);
		if (edits->lists[i].how == EDITS_CHANGE) {
			items = noun->former ? get(noun->former, offset - start)
					     : (struct items){ NULL, 0 };
			r = change(edits, noun, (enum edits_list)i, &items, problem);
			if (r != 0)
				return r;
		}
		/* Empty is not absent. */
		if (!items.items)
			items.items = arena_alloc(problem->arena, 0);
		put(context, offset - start, items);
	}
	return 0;
}
