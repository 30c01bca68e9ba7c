/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * explain - the daemon's errors, and the lack of a daemon, in words and with the command that mends them
 */
#pragma once

#include "problem.h"

struct settings;

/* What the user typed, for words that fit it (problem->context). */
struct explain_context {
	const char *verb;                /* "network create"; NULL: none */
	const char *typed;               /* the whole command, quoted for a shell */
	const struct settings *settings; /* NULL: none */
	bool is_root;
};

/* An error reply of alt.nsnet or org.varlink.service; returns its exit status. */
int explain_error(struct problem *problem, const char *error, const struct codec_value *parameters);

/* The errno (negative) of connecting to the socket. */
int explain_connect(struct problem *problem, const char *path, int error);

/* No such namespace: the nearest in /run/netns, or how to list them. */
int explain_no_namespace(struct problem *problem, const char *name);

/* The name of a process, or NULL where it is gone or hidden. */
const char *explain_process(struct arena *arena, int64_t pid);

/* A command as a shell would have to read it. */
const char *explain_quote(struct arena *arena, const char *const *words, size_t n);
