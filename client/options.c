/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options - options by tables of rows, in any order with the words
 */
#include "options.h"

#include <math.h>

#include "suggest.h"

const struct option_row *options_find_letter(
	const struct option_group *const *groups, size_t n_groups, char letter)
{
	for (size_t g = 0; g < n_groups; g++) {
		for (size_t i = 0; i < groups[g]->n; i++) {
			if (groups[g]->rows[i].letter == letter)
				return &groups[g]->rows[i];
		}
	}
	return NULL;
}

const struct option_row *options_find_name(
	const struct option_group *const *groups, size_t n_groups, const char *name, size_t length)
{
	for (size_t g = 0; g < n_groups; g++) {
		for (size_t i = 0; i < groups[g]->n; i++) {
			const struct option_row *row = &groups[g]->rows[i];

			if (strlen(row->name) == length && strncmp(row->name, name, length) == 0)
				return row;
		}
	}
	return NULL;
}

static int unknown_name(const struct options_walk *walk, const char *name)
{
	const char *names[64], *nearest;
	size_t n = 0;

	for (size_t g = 0; g < walk->n_groups; g++) {
		for (size_t i = 0; i < walk->groups[g]->n && n < lengthof(names); i++)
			names[n++] = walk->groups[g]->rows[i].name;
	}
	nearest = suggest_nearest(name, names, n);
	if (nearest)
		return problem_usage(
			walk->problem, "no option --%s here; is --%s meant?", name, nearest);
	return problem_usage(walk->problem, "no option --%s here", name);
}

bool options_may_lack_value(const struct option_row *row)
{
	return !row->argument || after(row->argument, "[=");
}

static int set(const struct options_walk *walk, const struct option_row *row, const char *value)
{
	void *target = (char *)walk->base + row->target;

	if (row->parse)
		return row->parse(target, value, walk->problem);
	*(bool *)target = true;
	return 0;
}

/* The value of an option that must have one and has it not in its own argument. */
static int next_value(struct options_walk *walk, const char *option, const char **ret)
{
	if (walk->at >= walk->n)
		return problem_usage(walk->problem, "%s lacks its value", option);
	*ret = walk->arguments[walk->at++];
	return 0;
}

static int pass_name(struct options_walk *walk, const char *argument)
{
	const char *name = argument + 2, *equals = strchr(name, '=');
	const char *value = equals ? equals + 1 : NULL;
	size_t length = equals ? (size_t)(equals - name) : strlen(name);
	const struct option_row *row =
		options_find_name(walk->groups, walk->n_groups, name, length);
	int r;

	if (!row)
		return unknown_name(walk, arena_strndup(walk->problem->arena, name, length));
	if (value && !row->argument)
		return problem_usage(walk->problem, "--%s takes no value", row->name);
	if (!value && !options_may_lack_value(row)) {
		r = next_value(walk, argument, &value);
		if (r != 0)
			return r;
	}
	return set(walk, row, value);
}

/* -jq, -p80, -p 80 */
static int pass_letters(struct options_walk *walk, const char *argument)
{
	for (const char *letter = argument + 1; *letter; letter++) {
		const struct option_row *row =
			options_find_letter(walk->groups, walk->n_groups, *letter);
		const char *value = NULL;
		int r;

		if (!row)
			return problem_usage(walk->problem, "no option -%c here", *letter);
		if (!options_may_lack_value(row)) {
			value = letter + 1;
			if (!*value) {
				r = next_value(walk, argument, &value);
				if (r != 0)
					return r;
			}
			return set(walk, row, value);
		}
		r = set(walk, row, NULL);
		if (r != 0)
			return r;
	}
	return 0;
}

int options_next(struct options_walk *walk, const char **ret_word)
{
	while (walk->at < walk->n) {
		const char *argument = walk->arguments[walk->at++];
		int r;

		if (walk->is_words_only || argument[0] != '-' || !argument[1]) {
			*ret_word = argument;
			return 0;
		}
		if (streq(argument, "--")) {
			walk->is_words_only = true;
			continue;
		}
		r = argument[1] == '-' ? pass_name(walk, argument) : pass_letters(walk, argument);
		if (r != 0)
			return r;
	}
	*ret_word = NULL;
	return 0;
}

int options_text(void *target, const char *value, struct problem *problem unused)
{
	*(const char **)target = value;
	return 0;
}

int options_seconds(void *target, const char *value, struct problem *problem)
{
	char *end;
	double seconds = strtod(value, &end);

	if (end == value || *end || !isfinite(seconds) || seconds < 0 || seconds > 1e9)
		return problem_usage(problem, "\"%s\" is no time in seconds", value);
	/* 0 means none, so the shortest that was asked for is not to become that. */
	*(int64_t *)target = seconds > 0 && seconds < 1e-6 ? 1 : (int64_t)(seconds * 1e6);
	return 0;
}

int options_parse_json(void *target, const char *value, struct problem *problem)
{
	enum options_json *json = target;

	if (!value)
		*json = OPTIONS_JSON_AUTO;
	else if (streq(value, "short"))
		*json = OPTIONS_JSON_SHORT;
	else if (streq(value, "pretty"))
		*json = OPTIONS_JSON_PRETTY;
	else
		return problem_usage(
			problem, "--json is \"short\" or \"pretty\", not \"%s\"", value);
	return 0;
}

int options_parse_color(void *target, const char *value, struct problem *problem)
{
	enum options_color *color = target;

	if (streq(value, "auto"))
		*color = OPTIONS_COLOR_AUTO;
	else if (streq(value, "always"))
		*color = OPTIONS_COLOR_ALWAYS;
	else if (streq(value, "never"))
		*color = OPTIONS_COLOR_NEVER;
	else
		return problem_usage(
			problem, "--color is \"auto\", \"always\" or \"never\", not \"%s\"", value);
	return 0;
}
