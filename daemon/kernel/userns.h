/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * userns - network namespaces that belong to a user: owned by user namespaces of his
 *
 * Each user has two, both owned by his uid: A maps him to himself, B is A's child and maps him to 0. His network namespaces
 * belong to B. So he enters A alone, with all powers over B's, and is still himself; by B he is uid 0 inside. Neither is
 * written down anywhere: the kernel tells B of any of his network namespaces (NS_GET_USERNS), and A of B (NS_GET_PARENT).
 */
#pragma once

#include <sys/types.h>

#include "base.h"

/* A network namespace that belongs to that user; sibling is a descriptor of another one of his, or negative: then A and B are
 * made. A new descriptor, or -errno. */
int userns_make_network(uid_t uid, gid_t gid, int sibling);

/* Whether two network namespaces belong to one user namespace. Where that cannot be told: no. */
bool userns_is_same(int netns, int other);

/* Whom a network namespace belongs to: its B is owned by ret. 0; -ENOTTY: to the host. */
int userns_owner(int netns, uid_t *ret);

/* New descriptors of A and B of a user's network namespace. 0, or -errno. */
int userns_open(int netns, int *ret_a, int *ret_b);

/* Whether the system lets its users make user namespaces at all; ours are a way to the same kernel code. 0, or -errno where that
 * could not be told. */
int userns_is_allowed(bool *ret);
