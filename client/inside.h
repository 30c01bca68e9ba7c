/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inside - how many programs run in network namespaces
 *
 * As far as the caller may look at them: for root that is all, for others it is their own.
 */
#pragma once

#include "arena.h"

struct inside {
	int64_t *inodes; /* of the namespace of each process, sorted */
	size_t n;
	bool is_known; /* there is a /proc that could be read */
};

/* One walk over /proc; lives in the arena. */
struct inside inside_look(struct arena *arena);
size_t inside_count(const struct inside *inside, int64_t inode);
/* For a column of a table; "?": nobody knows. */
const char *inside_text(const struct inside *inside, int64_t inode, struct arena *arena);
