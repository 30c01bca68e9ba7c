/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * edits - lists of what is wished, as options give them: values that replace all, are added, or are taken away
 *
 * "--dns A --dns B" replaces the list, "--dns +A --dns -B" changes it; the first character of a value decides, and the
 * values of one option are of one kind. "none" replaces it by an empty list. What is changed is what the daemon has, or
 * what is there by default where the object is new; takings come before additions.
 */
#pragma once

#include "nsnet.h"
#include "problem.h"

enum edits_list {
	EDITS_ATTACHMENTS,
	EDITS_LINKS,
	EDITS_ALLOWED,
	EDITS_PORTS,
	EDITS_ROUTES,
	EDITS_SERVERS,
	EDITS_SYSCTLS,
	EDITS_LABELS,
	EDITS_PREFIXES,
	EDITS_GATEWAYS,
	EDITS_LISTS,
};

enum edits_how {
	EDITS_NOT,
	EDITS_REPLACE,
	EDITS_CHANGE,
};

/* What one value is there for. */
enum edits_way {
	EDITS_EMPTY, /* "none": there is nothing to read */
	EDITS_SET,
	EDITS_ADD,
	EDITS_TAKE, /* the value is a pattern: what it does not name is whatever it is */
};

/* An option may be one of either noun. */
struct edits_contexts {
	struct nsnet_namespace_context of_namespace;
	struct nsnet_network_context of_network;
};

struct edits {
	struct edits_contexts given; /* what replaces or is added; fields that are no lists too */
	struct edits_contexts taken; /* patterns */
	struct {
		enum edits_how how;
		bool is_empty;           /* "none" */
		struct string_list took; /* the patterns as they were typed */
	} lists[EDITS_LISTS];
};

/* Passes the sign of a value; a problem where it does not go with the ones before. */
int edits_begin(struct edits *edits, enum edits_list list, const char **value,
	enum edits_way *ret_way, struct problem *problem);
/* Keeps an item of the list's type that the value makes. */
void edits_put(struct edits *edits, enum edits_list list, enum edits_way way, const void *item,
	const char *value, struct arena *arena);
/* Whether another item of what was given is the same as this one. */
bool edits_has(const struct edits *edits, enum edits_list list, const void *item);

/* Of the lists of one noun. */
struct edits_noun {
	bool is_network;
	const void *former; /* its context; NULL: it is new */
	const char *name;   /* NULL where it is new */
};

bool edits_are_there(const struct edits *edits, bool is_network);
bool edits_need_former(const struct edits *edits, bool is_network);
/* Fills the lists of a context that are named. */
int edits_apply(const struct edits *edits, const struct edits_noun *noun, void *context,
	struct problem *problem);
