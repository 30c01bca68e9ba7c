/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * left - what the last start left aside: records that it could make nothing of, and what was to come back and did not
 *
 * Nothing of them is touched, and the log says so; check says it to administrators until an object of that name is made. Who makes
 * one writes over what is left: that is for administrators, and for whose it was where that is known.
 */
#pragma once

#include "arena.h"
#include "plan.h"
#include "policy.h"

#define LEFT_NOBODY ((uid_t)-1)

enum left_what {
	LEFT_RECORD, /* of what there is */
	LEFT_WISH,   /* of what is persistent */
	LEFT_UNMADE, /* what a wish says, which is whole */
};

struct left {
	struct arena arena;
	struct left_item {
		enum record_kind kind;
		enum left_what what;
		uid_t uid; /* whose it was; LEFT_NOBODY: that is not known */
		const char *name, *why;
	} * items;
	size_t n;
};

/* The texts are copied. */
void left_add(struct left *left, const struct left_item *item);
/* Whether something of that name is left that is not the caller's to write over. */
bool left_keeps(const struct left *left, enum record_kind kind, const char *name,
	const struct policy_caller *caller);
/* There is an object of that name again. */
void left_forget(struct left *left, enum record_kind kind, const char *name);
void left_done(struct left *left);
