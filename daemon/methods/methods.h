/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * methods - what the handlers of alt.nsnet work on
 *
 * A handler decides: it asks the policy, lets the model make the object and the plan, lets the kernel floor carry it out, and
 * answers. It holds no state, and speaks neither JSON nor netlink.
 */
#pragma once

#include "kernel.h"
#include "nsnet_handlers.h"
#include "policy.h"
#include "registry.h"

struct nsnet_context {
	struct registry *registry;
	struct kernel *kernel;
	const struct kernel_paths *paths;
	const char *version;
	gid_t administrators; /* their group; (gid_t)-1: there is none */
	/* Where prefixes come from. */
	const struct prefix *pool;
	size_t n_pool;
	uint8_t unique_local[6];
	/* Called after a deletion, so that kernel_reap() runs a moment later. */
	void (*on_deleted)(void *userdata);
	void *userdata;
};

struct policy_caller methods_caller(const struct nsnet_context *context, const struct call *call);
struct nsnet_timestamp methods_now(void);

/* What a new network needs to know of the host; memory from the arena. */
int methods_network_host(
	struct nsnet_context *context, struct arena *arena, struct network_host *ret);

/* Writes down what comes with the first network; to be called before it is in the registry. */
int methods_plan_first_network(struct nsnet_context *context, struct plan *plan);
/* Writes down what goes with the last network, where removed are all there are. */
int methods_plan_last_network(struct nsnet_context *context, size_t removed, struct plan *plan);

/* Answers with the error that says it. */
int methods_fail_fault(struct call *call, const struct fault *fault);
int methods_fail_kernel(struct call *call, const struct kernel_error *error);
