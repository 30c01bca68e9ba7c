/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * options - options by tables of rows, in any order with the words
 *
 * A row says where its value goes: "target" is the offset of a member of one struct that all rows fill. Options are
 * carried out as they are passed, words are handed to the caller one by one, so that he may change the tables in between
 * (after the verb) or stop (before a command).
 */
#pragma once

#include "problem.h"

struct option_row {
	const char *name;     /* without its dashes */
	char letter;          /* 0 where it has none */
	const char *argument; /* as the help calls it; NULL: has none; "[=...": may be left out */
	const char *help;
	size_t target;
	/* Puts a value (NULL where it was left out) into its target. NULL for a bool to be set. Values are not copied. */
	int (*parse)(void *target, const char *value, struct problem *problem);
};

struct option_group {
	const char *title; /* "Settings of a namespace" */
	const struct option_row *rows;
	size_t n;
};

struct options_walk {
	char **arguments;
	size_t n, at;
	void *base; /* of the targets */
	const struct option_group *const *groups;
	size_t n_groups;
	struct problem *problem;
	bool is_words_only; /* "--" was passed */
};

/* Carries out the options before the next word and passes it; *ret_word is NULL at the end. 0, or a problem. */
int options_next(struct options_walk *walk, const char **ret_word);

/* NULL: there is none of that letter, or that name of so many bytes. */
const struct option_row *options_find_letter(
	const struct option_group *const *groups, size_t n_groups, char letter);
const struct option_row *options_find_name(
	const struct option_group *const *groups, size_t n_groups, const char *name, size_t length);
/* Whether it stands without a value, too: it has none, or may. */
bool options_may_lack_value(const struct option_row *row);

/* Parsers for rows. */

int options_text(void *target, const char *value, struct problem *problem); /* const char * */
int options_seconds(
	void *target, const char *value, struct problem *problem); /* int64_t, microseconds */

/* The global ones. */

enum options_json { OPTIONS_JSON_OFF, OPTIONS_JSON_AUTO, OPTIONS_JSON_SHORT, OPTIONS_JSON_PRETTY };
enum options_color { OPTIONS_COLOR_AUTO, OPTIONS_COLOR_ALWAYS, OPTIONS_COLOR_NEVER };

struct options {
	enum options_json json;
	enum options_color color;
	bool is_quiet, has_no_legend, has_no_pager, wants_help, wants_version;
	bool is_terminal; /* stdout, before a pager stood in between */
	unsigned width;   /* of that terminal; 0: lines are as long as they are */
	int64_t timeout;  /* microseconds of one call; 0: none */
	const char *socket;
};

int options_parse_json(void *target, const char *value, struct problem *problem);
int options_parse_color(void *target, const char *value, struct problem *problem);
