/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * identity - which network namespace a descriptor leads to
 */
#pragma once

#include "state.h"

/* -EINVAL, -ENOTTY: it is no network namespace. */
int identity_check(int fd);
/* The cookie of the namespace that a socket is in; 0 where the kernel has none. */
int identity_cookie(const struct kernel *kernel, const struct netlink *inside, int64_t *ret_cookie);
/* As identity_check(). guess: what the cookie is thought to be, 0: nothing. */
int identity_facts(const struct kernel *kernel, int fd, int64_t guess, int64_t *ret_inode,
	int64_t *ret_cookie);
