/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * methods_world - the daemon's methods over the fake kernel, asked by frames
 */
#pragma once

#include "cmocka_all.h"

#include "dispatch.h"
#include "fake.h"
#include "methods.h"

#define WORLD_ADMINISTRATORS 77U

struct world {
	struct registry registry;
	struct kernel *kernel;
	struct nsnet_context context;
	struct prefix pool[1];
	struct dispatch dispatch;
	struct arena arena;
	unsigned waits, works, let_alone, pokes;
	const char *names;          /* "+net -net ": calls of on_names */
	struct quota_limits limits; /* of who is no administrator */
	struct prefix member_pool[2];
	struct peer watcher; /* who calls world_watch_as() */
	struct subscription subscription;
	struct wire_out heard; /* what he was told and not yet read */
};

/* For cmocka's set-up and tear-down: *state is a struct world. */
int world_open(void **state);
int world_close(void **state);

/* All replies to one request, one a line, without their NULs. */
const char *world_ask_as(struct world *world, uid_t uid, gid_t group, const char *frame);
/* The same with a subscription, and descriptors (taken over) beside: what comes at once. world_heard() has the rest. */
const char *world_keep_as(
	struct world *world, uid_t uid, const char *frame, const int *fds, size_t n);
/* A Monitor that stays open: its first replies. */
const char *world_watch_as(struct world *world, uid_t uid);
/* What it was told since, one a line. */
const char *world_heard(struct world *world);
const char *world_ask(struct world *world, const char *method, const char *parameters);

#define assert_has(text, part) \
	do { \
		const char *has_text_ = (text); \
		if (!strstr(has_text_, (part))) \
			fail_msg("\"%s\" has not \"%s\"", has_text_, (part)); \
	} while (0)
#define assert_has_not(text, part) \
	do { \
		const char *has_text_ = (text); \
		if (strstr(has_text_, (part))) \
			fail_msg("\"%s\" has \"%s\"", has_text_, (part)); \
	} while (0)
