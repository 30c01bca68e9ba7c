/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sandbox - a network and a mount namespace of the test's own, and words to make and look at things in it
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>
#include <cmocka.h>

#include "kernel.h"

/* Leaves the machine's network and mounts for good. To be called first in main(); ends the program where that is not
 * permitted: a test that ran outside would change the machine. */
void sandbox_enter(void);

/* Runs a shell command in the sandbox; its output, in the arena. *ret_status, if not NULL, is its exit status; else it must
 * be 0. */
const char *sandbox_run(struct arena *arena, int *ret_status, const char *format, ...)
	attribute_printf(3, 4);
/* Whether the command succeeds. */
bool sandbox_does(const char *format, ...) attribute_printf(1, 2);
/* The command's output has, has not, that text in it. */
void sandbox_shows(const char *command, const char *text);
void sandbox_hides(const char *command, const char *text);

/* Counts lines of /proc/self/mountinfo that contain the text. */
size_t sandbox_mounts(const char *text);

/* Everything that is there, as text: links, addresses, mounts, names, files. To be compared before and after. */
const char *sandbox_picture(struct arena *arena);
void sandbox_is_as(const char *before);
/* Whether two of them are equal. Where they are not once it is past that time, the test fails, with the first lines that differ. */
bool sandbox_is_same(const char *wanted, const char *now, time_t limit, const char *what);

struct kernel *sandbox_kernel(void);

/* What an address says; it must be one. */
struct address sandbox_address(const char *text);

/* A bridge "nsnetN" with hosts file "netN", gateways 10.99.N.1/24 and fd99:N::1/64. */
void sandbox_plan_network(struct plan *plan, unsigned number);
void sandbox_plan_network_gone(struct plan *plan, unsigned number);
/* A namespace at network N with 10.99.N.H and fd99:N::H, default routes, host end "nsvL". */
struct sandbox_namespace {
	const char *name;
	unsigned network, host, link;
	int64_t inode, cookie;
};
void sandbox_plan_namespace(struct plan *plan, struct sandbox_namespace *ns);
void sandbox_plan_namespace_gone(struct plan *plan, const struct sandbox_namespace *ns);
/* The same behind a guard. The steps of a guard alone: ADD, DELETE. */
void sandbox_plan_guarded(struct plan *plan, struct sandbox_namespace *ns);
void sandbox_plan_guard(struct plan *plan, enum step_type type, const struct sandbox_namespace *ns);

/* Carries a plan out, which must succeed. */
void sandbox_apply(struct kernel *kernel, const struct plan *plan);
/* The same for one step alone. */
void sandbox_do(struct kernel *kernel, const struct step *step);
/* One step alone, which must fail: with which errno. */
int sandbox_fail(struct kernel *kernel, const struct step *step);

/* The usual: network 0 there, and gone. */
void sandbox_make_network(struct kernel *kernel, unsigned number);
void sandbox_delete_network(struct kernel *kernel, unsigned number);
void sandbox_make(struct kernel *kernel, struct sandbox_namespace *ns);
void sandbox_delete(struct kernel *kernel, const struct sandbox_namespace *ns);
/* Until all that was given up is gone. */
void sandbox_reap(struct kernel *kernel);
/* Until the host end is gone, whoever has taken it away. */
void sandbox_wait_gone(struct kernel *kernel, const struct sandbox_namespace *ns);

/* For cmocka's set-up and tear-down; *state is the kernel floor. It alone; with network 0; and with "ns1" at it, which has
 * 10.99.0.10, fd99::a and nsv1. */
int sandbox_set_up(void **state);
int sandbox_tear_down(void **state);
int sandbox_set_up_network(void **state);
int sandbox_tear_down_network(void **state);
int sandbox_set_up_namespace(void **state);
int sandbox_tear_down_namespace(void **state);
