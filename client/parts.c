/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * parts - values of options that have parts: HEAD:KEY=VALUE,KEY=VALUE
 */
#include "parts.h"

struct parts parts_split(struct arena *arena, const char *value)
{
	struct parts parts = { .head = arena_strdup(arena, value) };
	char *equals = strchr(parts.head, '=');
	char *end = NULL;

	for (char *c = parts.head; equals && c < equals; c++) {
		if (*c == ':' || *c == ',')
			end = c;
	}
	if (end) {
		*end = '\0';
		parts.rest = end + 1;
	}
	return parts;
}

bool parts_next(struct parts *parts, const char **ret_key, char **ret_value)
{
	char *part = parts->rest, *comma, *equals;

	if (!part)
		return false;
	comma = strchr(part, ',');
	if (comma)
		*comma = '\0';
	parts->rest = comma ? comma + 1 : NULL;
	equals = strchr(part, '=');
	if (equals)
		*equals = '\0';
	*ret_key = part;
	*ret_value = equals ? equals + 1 : NULL;
	return true;
}

int parts_unknown(struct problem *problem, const char *option, const char *key, const char *value,
	const char *known)
{
	if (!value)
		return problem_usage(
			problem, "--%s: \"%s\" lacks its value; %s", option, key, known);
	return problem_usage(problem, "--%s knows no \"%s=\"; %s", option, key, known);
}
