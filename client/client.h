/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * client - one run of nsnetctl: what was typed, and what every verb needs to do it
 */
#pragma once

#include "call.h"
#include "explain.h"
#include "options.h"
#include "settings.h"

struct child;
struct inside;

/* How a verb runs a command. */
struct command_options {
	bool has_own_pids; /* --pid */
	bool is_root;      /* --root */
	const char *directory;
	struct string_list environment; /* K=V */
};

/* How files are applied. */
struct apply_options {
	bool is_rehearsal, prunes, is_verbose; /* --dry-run, --prune, --verbose */
};

struct client {
	struct arena arena;
	struct problem problem;
	struct explain_context context;
	struct options options;
	struct settings settings;
	struct command_options command;
	bool kills, waits, wants_more, is_dot; /* --kill, --wait, --more, --dot */
	struct apply_options apply;
	const char *file;      /* of delete */
	int64_t watch;         /* --watch: microseconds between two looks; 0: once */
	struct inside *inside; /* of the table that is being filled */
	struct call call;
	const char **words; /* after the verb, NULL-ended */
	size_t n_words;
};

/* Whether all words can be names of a "namespace" or "network"; 0 or a problem. */
int client_check_names(struct client *client, const char *what);

/* Whether one of the words is a pattern of the name, or there are no words. */
bool client_wants(const struct client *client, const char *name);

/* The result of listing all, where the daemon's error for "none at all" is no problem. */
int client_allow_nothing(struct client *client, int result, const char *error);

/* What verbs do. 0, or the exit status of the problem they have told. */

int namespace_create(struct client *client);
int namespace_set(struct client *client);
int namespace_delete(struct client *client);
int namespace_list(struct client *client);
int namespace_show(struct client *client);
/* One as settings_make() has it; what was lost by it is told. */
int namespace_make(struct client *client, const char *name, struct nsnet_create_namespace_out *ret);
/* Networks and namespaces as files have them. */
int apply_files(struct client *client);
/* Those that a file names, away. */
int withdraw_file(struct client *client);
int network_create(struct client *client);
int network_set(struct client *client);
int network_delete(struct client *client);
int network_list(struct client *client);
int network_show(struct client *client);
/* Returns only where the command cannot be run. */
int exec_enter(struct client *client);
/* Enters a namespace and becomes the command, or with --pid its parent; self is this process where it is to end with its parent, or
 * NULL. Returns where it cannot. */
int exec_inside(
	struct client *client, const char *name, const char *const *command, struct child *self);
/* Returns the command's status with no problem told, or as the others do. */
int run_command(struct client *client);
/* For a row of options.h; the target is a struct string_list. */
int exec_parse_environment(void *target, const char *value, struct problem *problem);
int monitor_follow(struct client *client);
int describe_call(struct client *client);
int describe_introspect(struct client *client);
/* The end of nsnetctl inside a namespace that is lent (lent.h): the command's status. */
int lent_inside_follow(struct client *client);
int complete_words(struct client *client);
int graph_draw(struct client *client);
/* Returns PROBLEM_FAILED with no problem told where something failed. */
int diagnose_check(struct client *client);
