/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * left - what the last start left aside: records that it could make nothing of, and what was to come back and did not
 *
 * Nothing of them is touched, and the log says so; check says it to administrators for as long as the daemon runs.
 */
#pragma once

#include "arena.h"
#include "plan.h"

/* Names that are kept; of more than these it is known how many. */
#define LEFT_MAX 64

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
		const char *name, *why;
	} items[LEFT_MAX];
	size_t n, n_more;
};

void left_add(struct left *left, enum record_kind kind, enum left_what what, const char *name,
	const char *why);
void left_done(struct left *left);
