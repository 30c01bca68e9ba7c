/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fail_allocation - glibc's allocator, of which one call fails: to be preloaded into nsnetd
 *
 * It stands behind daemon/allocate.c, so that what is tried is what the daemon does when memory is out. The file that
 * $NSNET_ALLOCATIONS names is shared with the test: struct word below, so that counting can begin at a request. Memory that may
 * be had comes from __libc_memalign(), which nobody else here calls, so that nothing needs to be looked up by name.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

extern void *__libc_memalign(size_t alignment, size_t size);
extern void __libc_free(void *memory);

void *__libc_malloc(size_t size);
void *__libc_calloc(size_t n, size_t size);
void *__libc_realloc(void *memory, size_t size);

static struct word {
	uint64_t fail_at; /* which one is to fail, from 1; 0: none, and nobody counts */
	uint64_t counted;
	uint64_t failed; /* how many did */
} * word;

__attribute__((constructor)) static void begin(void)
{
	const char *path = getenv("NSNET_ALLOCATIONS");
	int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	void *memory;

	if (fd < 0)
		abort();
	memory = mmap(NULL, sizeof(*word), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (memory == MAP_FAILED)
		abort();
	(void)close(fd);
	word = memory;
}

static void *get(size_t size)
{
	if (word && word->fail_at != 0 && ++word->counted == word->fail_at) {
		word->failed++;
		errno = ENOMEM;
		return NULL;
	}
	return __libc_memalign(_Alignof(max_align_t), size);
}

void *__libc_malloc(size_t size)
{
	return get(size);
}

void *__libc_calloc(size_t n, size_t size)
{
	size_t total;
	void *memory;

	if (__builtin_mul_overflow(n, size, &total)) {
		errno = ENOMEM;
		return NULL;
	}
	memory = get(total);
	return memory ? memset(memory, 0, total) : NULL;
}

void *__libc_realloc(void *memory, size_t size)
{
	size_t had = memory ? malloc_usable_size(memory) : 0;
	void *other;

	if (memory && size == 0) {
		__libc_free(memory);
		return NULL;
	}
	other = get(size);
	if (!other)
		return NULL;
	if (memory)
		memcpy(other, memory, had < size ? had : size);
	__libc_free(memory);
	return other;
}
