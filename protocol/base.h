/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * base - the few words every floor speaks: scope cleanup, taking, errno, lengths
 *
 * Ownership is told by the type of a variable: what is declared with cleanup() is given back when its scope ends, unless
 * take() or take_fd() has moved it out. A destructor takes NULL (or a negative descriptor) and returns nothing to free.
 */
#pragma once

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define lengthof(array)        (sizeof(array) / sizeof((array)[0]))
#define container_of(p, t, m)  ((t *)(void *)&((char *)(p))[-(ptrdiff_t)offsetof(t, m)])
#define attribute_printf(f, a) __attribute__((format(printf, f, a)))
#define attribute_nonstring    __attribute__((nonstring))
#define unused                 __attribute__((unused))

/* cleanup(plan_free) struct plan *p = NULL; calls plan_free(p) at the end of the scope. */
#define cleanup(function) __attribute__((__cleanup__(function##_p)))

/* Defines what cleanup(function) needs, for a destructor that takes a pointer. */
#define define_cleanup(type, function) \
	static inline unused void function##_p(type *p) \
	{ \
		if (*p) \
			function(*p); \
	}

static inline void free_p(void *p)
{
	free(*(void **)p);
}

/* Closes a descriptor that may be none (negative), keeps errno, and returns none. */
static inline int close_fd(int fd)
{
	if (fd >= 0) {
		int saved = errno;

		(void)close(fd);
		errno = saved;
	}
	return -EBADF;
}

static inline void close_fd_p(const int *fd)
{
	(void)close_fd(*fd);
}

#define autofree  __attribute__((__cleanup__(free_p)))
#define autoclose __attribute__((__cleanup__(close_fd_p)))

/* The value of a variable that gives it away and keeps NULL. */
#define take(pointer) \
	({ \
		__typeof__(pointer) *from_ = &(pointer); \
		__typeof__(pointer) taken_ = *from_; \
		*from_ = NULL; \
		taken_; \
	})

/* The descriptor of a variable that gives it away and keeps none. */
static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = -EBADF;
	return taken;
}

/* -errno of a call that has just failed; never 0, whatever the call left in errno. */
static inline int neg(void)
{
	/* Not -errno: clang's analyzer does not know its sign. */
	int r = 0 - errno;

	return r < 0 ? r : -EIO;
}

static inline bool streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

/* Both absent, or both the same text. */
static inline bool streq_null(const char *a, const char *b)
{
	return a == b || (a && b && streq(a, b));
}

/* What follows a prefix, or NULL where the text does not begin with it. */
static inline const char *after(const char *text, const char *prefix)
{
	size_t n = strlen(prefix);

	return strncmp(text, prefix, n) == 0 ? text + n : NULL;
}
