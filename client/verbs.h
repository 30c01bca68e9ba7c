/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * verbs - what nsnetctl can do, as tables: words, options, help
 */
#pragma once

#include "client.h"

enum verb_kind {
	VERB_PLAIN,
	VERB_NOUN,    /* has verbs of its own */
	VERB_COMMAND, /* its words from the one numbered "min_words" on are a command */
};

struct verb {
	const char *name;
	const char *arguments; /* as the help writes them */
	const char *help;
	enum verb_kind kind;
	size_t min_words, max_words;
	int (*run)(struct client *client); /* NULL for a noun */
	const struct option_group *const *groups;
	size_t n_groups;
	const struct verb *verbs; /* of a noun */
	size_t n_verbs;
};

/* The noun over all: nsnetctl itself, with the global options. */
extern const struct verb verbs_root;

/* A verb of a noun; a problem that suggests the nearest where there is none. */
int verbs_find(const struct verb *noun, const char *word, const struct verb **ret,
	struct problem *problem);

/* Prints the help of a verb or noun; path is how it is called: "nsnetctl network create". */
void verbs_help(const struct verb *verb, const char *path);
