/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arena - memory that lives as long as one call, given back all at once
 *
 * Nothing here fails: where memory is out the process aborts (the daemon is crash-only: systemd starts it again and
 * nothing is lost).
 */
#pragma once

#include "base.h"

struct arena_chunk;

struct arena {
	struct arena_chunk *chunks;
};

#define ARENA_INIT \
	(struct arena) \
	{ \
		NULL \
	}

/* Gives everything back; the arena is empty and usable again. */
void arena_done(struct arena *arena);

/* Zeroed memory, aligned for any type. n == 0 gives a pointer that is not NULL. */
void *arena_alloc(struct arena *arena, size_t n);
/* n elements of size bytes each; aborts where the product overflows. */
void *arena_array(struct arena *arena, size_t n, size_t size);
/* An array of n elements with room for one more: itself, or a copy of twice the size. It has grown so from NULL, one by one. */
void *arena_grow(struct arena *arena, void *items, size_t n, size_t size);
char *arena_strdup(struct arena *arena, const char *text);
char *arena_strndup(struct arena *arena, const char *text, size_t n);
/* Calls function(data) when the arena is given back, latest first: for what a library allocated. */
void arena_defer(struct arena *arena, void (*function)(void *data), void *data);
char *arena_printf(struct arena *arena, const char *format, ...) attribute_printf(2, 3);

static inline void arena_done_p(struct arena *arena)
{
	arena_done(arena);
}

#define autoarena __attribute__((__cleanup__(arena_done_p)))
