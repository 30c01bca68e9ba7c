/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parts - values of options that have parts: HEAD:KEY=VALUE,KEY=VALUE
 *
 * A head may hold colons (an IPv6 prefix), a value too, but neither has a "=", so the head ends at the last ":" (or ",")
 * before the first "=".
 */
#pragma once

#include "problem.h"

struct parts {
	char *head;
	char *rest; /* "KEY=VALUE,…", walked by parts_next(); NULL where there is none */
};

struct parts parts_split(struct arena *arena, const char *value);

/* The next KEY=VALUE; false at the end. A part without "=" has the value NULL. */
bool parts_next(struct parts *parts, const char **ret_key, char **ret_value);

/* A part that the option does not know; known: "what there is: ip= and mac=". */
int parts_unknown(struct problem *problem, const char *option, const char *key, const char *value,
	const char *known);
