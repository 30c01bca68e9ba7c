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

/* What its words are, for who completes them. */
enum verb_words {
	VERB_WORDS_NEW, /* nobody can know */
	VERB_WORDS_NAMESPACES,
	VERB_WORDS_NETWORKS,
	VERB_WORDS_FILES,
	VERB_WORDS_METHODS,
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
	enum verb_words words;
	bool is_hidden; /* from the help: no person types it */
};

/* The noun over all: nsnetctl itself, with the global options. */
extern const struct verb verbs_root;

/* A verb of a noun; a problem that suggests the nearest where there is none. */
int verbs_find(const struct verb *noun, const char *word, const struct verb **ret,
	struct problem *problem);

/* Prints the help of a verb or noun; path is how it is called: "nsnetctl network create". */
void verbs_help(const struct verb *verb, const char *path);
