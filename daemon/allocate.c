/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * allocate - memory, or the end: no library of the daemon's ever sees an allocation fail
 *
 * Libraries are not to be trusted with that: json-c 0.16 drops the field it has no memory for and reports success,
 * libnftables 1.0.6 goes through NULL. What comes of it would be a namespace that nobody asked for. The daemon is crash-only
 * instead: it aborts, systemd starts it again, and start-up takes back what was half made (see recover.c).
 *
 * The functions stand in the program, so that all its shared libraries, libc among them, call these (the dynamic linker looks
 * there first). They are a thin layer over the allocator of glibc itself, under the names that it exports for just that: the
 * heap is the same one, so free(3), malloc_usable_size(3) and all else that is not here fit to it.
 *
 * Not part of a build with sanitizers: they bring an allocator of their own, which ends the process by itself.
 */
#include <malloc.h>

#include "base.h"

extern void *__libc_malloc(size_t size);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *memory, size_t size);
extern void *__libc_memalign(size_t alignment, size_t size);

/* Nothing in here may need memory. */
_Noreturn static void give_up(void)
{
	static const char line[] =
		"nsnetd: out of memory: it ends here and is to be started again\n";

	/* There is nobody left to tell where that fails. */
	if (write(STDERR_FILENO, line, sizeof(line) - 1) < 0)
		abort();
	abort();
}

static void *or_end(void *memory)
{
	if (!memory)
		give_up();
	return memory;
}

void *malloc(size_t size)
{
	return or_end(__libc_malloc(size));
}

void *calloc(size_t n, size_t size)
{
	return or_end(__libc_calloc(n, size));
}

void *realloc(void *memory, size_t size)
{
	void *moved = __libc_realloc(memory, size);

	/* That is free(3) in glibc, and no failure. */
	return memory && size == 0 ? moved : or_end(moved);
}

void *reallocarray(void *memory, size_t n, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(n, size, &total))
		give_up();
	return realloc(memory, total);
}

void *memalign(size_t alignment, size_t size)
{
	return or_end(__libc_memalign(alignment, size));
}

void *aligned_alloc(size_t alignment, size_t size)
{
	return memalign(alignment, size);
}

int posix_memalign(void **ret, size_t alignment, size_t size)
{
	if (alignment % sizeof(void *) != 0 || alignment == 0 || (alignment & (alignment - 1)) != 0)
		return EINVAL;
	*ret = memalign(alignment, size);
	return 0;
}
