/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * arena - memory that lives as long as one call, given back all at once
 *
 * Small requests are cut from chunks of a few KiB; a large one gets a chunk of its own, put behind the current one so that
 * the rest of that is not lost. What is to be called at the end is a chunk list of its own kind, inside the arena.
 */
#include "arena.h"

#include <stdarg.h>
#include <stdio.h>

#define CHUNK_SIZE 4032U
#define ALIGNMENT  _Alignof(max_align_t)

/* So many places an array has that grows. */
#define ARRAY_FIRST 8U

struct arena_chunk {
	struct arena_chunk *next;
	size_t used, size;
	struct arena_deferred *deferred; /* of the first chunk only */
	_Alignas(max_align_t) char data[];
};

struct arena_deferred {
	struct arena_deferred *next;
	void (*function)(void *data);
	void *data;
};

static struct arena_chunk *chunk_new(size_t size)
{
	struct arena_chunk *chunk = calloc(1, sizeof(*chunk) + size);

	if (!chunk)
		abort();
	chunk->size = size;
	return chunk;
}

void arena_done(struct arena *arena)
{
	struct arena_chunk *chunk = arena->chunks;

	if (chunk)
		for (struct arena_deferred *d = chunk->deferred; d; d = d->next)
			d->function(d->data);
	arena->chunks = NULL;
	while (chunk) {
		struct arena_chunk *next = chunk->next;

		free(chunk);
		chunk = next;
	}
}

void *arena_alloc(struct arena *arena, size_t n)
{
	struct arena_chunk *chunk = arena->chunks;
	void *memory;

	if (n > SIZE_MAX / 2)
		abort();
	n = (n + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	if (n == 0)
		n = ALIGNMENT;
	if (!chunk || chunk->size - chunk->used < n) {
		chunk = chunk_new(n > CHUNK_SIZE ? n : CHUNK_SIZE);
		if (n > CHUNK_SIZE && arena->chunks) {
			chunk->next = arena->chunks->next;
			arena->chunks->next = chunk;
		} else {
			chunk->next = arena->chunks;
			if (chunk->next)
				chunk->deferred = chunk->next->deferred;
			arena->chunks = chunk;
		}
	}
	memory = chunk->data + chunk->used;
	chunk->used += n;
	return memory;
}

void *arena_array(struct arena *arena, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		abort();
	return arena_alloc(arena, total);
}

void *arena_grow(struct arena *arena, void *items, size_t n, size_t size)
{
	bool is_full = n == 0 || (n >= ARRAY_FIRST && (n & (n - 1)) == 0);
	void *grown;

	if (!is_full)
		return items;
	if (n > SIZE_MAX / 2)
		abort();
	grown = arena_array(arena, n ? 2 * n : ARRAY_FIRST, size);
	if (n > 0)
		memcpy(grown, items, n * size);
	return grown;
}

char *arena_strndup(struct arena *arena, const char *text, size_t n)
{
	char *copy = arena_alloc(arena, n + 1);

	memcpy(copy, text, n);
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	return arena_strndup(arena, text, strlen(text));
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	va_list arguments;
	char *text;
	int n;

	va_start(arguments, format);
	n = vsnprintf(NULL, 0, format, arguments);
	va_end(arguments);
	if (n < 0)
		abort();
	text = arena_alloc(arena, (size_t)n + 1);
	va_start(arguments, format);
	(void)vsnprintf(text, (size_t)n + 1, format, arguments);
	va_end(arguments);
	return text;
}

void arena_defer(struct arena *arena, void (*function)(void *data), void *data)
{
	struct arena_deferred *deferred = arena_alloc(arena, sizeof(*deferred));

	deferred->function = function;
	deferred->data = data;
	deferred->next = arena->chunks->deferred;
	arena->chunks->deferred = deferred;
}
