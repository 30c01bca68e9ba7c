/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * left - what the last start left aside
 */
#include "left.h"

void left_add(struct left *left, enum record_kind kind, enum left_what what, const char *name,
	const char *why)
{
	if (left->n == LEFT_MAX) {
		left->n_more++;
		return;
	}
	left->items[left->n++] = (struct left_item){ kind, what, arena_strdup(&left->arena, name),
		arena_strdup(&left->arena, why) };
}

void left_done(struct left *left)
{
	arena_done(&left->arena);
	left->n = left->n_more = 0;
}
