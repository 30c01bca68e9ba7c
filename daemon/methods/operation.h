/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * operation - one part of what Apply does: one object made or changed, or some deleted, and how that is taken back
 */
#pragma once

#include "methods.h"

struct operation {
	enum nsnet_action action;
	bool is_network;
	const char *name; /* of the object; the first one's of those to be deleted */
	const void *
		wish; /* its context as it was given; for "update", the fields that are there replace */
	struct string_list names; /* to be deleted */
	bool kills;
	/* Once it is done: the contexts of before, by name or for the one; NULL where nothing differed. */
	const void **before;
	bool is_done, made_default;
};

/* Does it. What is to be remembered goes into memory; *ret tells of what was done: n 0 where nothing differed. 0; 1: nothing was
 * done, *reterr; -errno. */
int operation_run(struct operation *operation, const struct deed *deed, struct arena *memory,
	struct nsnet_change_list *ret, struct fault *reterr);

/* Takes one back that is done; after a rehearsal, what that left in the registry. What cannot be is logged. */
void operation_take_back(const struct operation *operation, const struct deed *deed);
