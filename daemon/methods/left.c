/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * left - what the last start left aside
 */
#include "left.h"

static bool is_about(const struct left_item *item, enum record_kind kind, const char *name)
{
	return item->kind == kind && streq(item->name, name);
}

void left_add(struct left *left, const struct left_item *item)
{
	left->items = arena_grow(&left->arena, left->items, left->n, sizeof(*left->items));
	left->items[left->n] = *item;
	left->items[left->n].name = arena_strdup(&left->arena, item->name);
	left->items[left->n].why = arena_strdup(&left->arena, item->why);
	left->n++;
}

bool left_keeps(const struct left *left, enum record_kind kind, const char *name,
	const struct policy_caller *caller)
{
	if (caller->is_administrator)
		return false;
	for (size_t i = 0; i < left->n; i++)
		if (is_about(&left->items[i], kind, name) && left->items[i].uid != caller->uid)
			return true;
	return false;
}

void left_forget(struct left *left, enum record_kind kind, const char *name)
{
	size_t n = 0;

	for (size_t i = 0; i < left->n; i++)
		if (!is_about(&left->items[i], kind, name))
			left->items[n++] = left->items[i];
	left->n = n;
}

void left_done(struct left *left)
{
	arena_done(&left->arena);
	*left = (struct left){ .arena = ARENA_INIT };
}
