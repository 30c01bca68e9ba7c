/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * problem - what went wrong, for a person: what it is, and the command that mends it
 *
 * Functions that may fail in a way the user has to hear of take a problem, fill it, and return its exit status, which is
 * positive. main() prints it.
 */
#pragma once

#include "arena.h"

struct codec_value;
struct explain_context;

enum problem_exit {
	PROBLEM_NONE = 0,
	PROBLEM_FAILED = 1,
	PROBLEM_USAGE = 2,
	PROBLEM_TIMED_OUT = 3,
	PROBLEM_NOT_ALLOWED = 4,
	PROBLEM_IN_USE = 5,
	PROBLEM_NO_DAEMON = 8,
	PROBLEM_NO_OBJECT = 10,
	/* Of the verbs that run a command; every other status is the command's. */
	PROBLEM_INSIDE = 125,
	PROBLEM_CANNOT_RUN = 126,
	PROBLEM_NO_COMMAND = 127,
};

struct problem {
	struct arena *arena;                   /* where its texts live */
	const struct explain_context *context; /* what was typed (explain.h), or NULL */
	enum problem_exit exit;
	const char *what;
	const char *mend; /* NULL where nothing is known to mend it */
	/* What the daemon answered, where it was the daemon who said no. */
	const char *error;
	const struct codec_value *parameters;
};

/* Says what is wrong; returns exit. mend may be NULL. */
int problem_set(struct problem *problem, enum problem_exit exit, const char *mend,
	const char *format, ...) attribute_printf(4, 5);

/* A wrong word on the command line; main() adds the verb's help as what mends it. */
int problem_usage(struct problem *problem, const char *format, ...) attribute_printf(2, 3);

/* "WHAT: Permission denied", for an errno (negative) that no more is to be said of. */
int problem_errno(struct problem *problem, int error, const char *format, ...)
	attribute_printf(3, 4);

/* Nothing is wrong after all. */
void problem_clear(struct problem *problem);
