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
	/* Where prefixes are chosen from, and where members may ask for some. */
	const struct prefix *pool, *member_pool;
	size_t n_pool, n_member_pool;
	bool may_members_make_networks;
	bool is_owned_allowed; /* members' namespaces are theirs */
	/* What holds for a caller who is no administrator. */
	void (*limits_of)(void *userdata, const struct peer *peer, struct quota_limits *ret);
	unsigned (*connections_of)(void *userdata, uid_t uid);
	uint8_t unique_local[6];
	/* Called after a deletion, so that kernel_reap() runs a moment later. */
	void (*on_deleted)(void *userdata);
	void *userdata;
};

/* Charges the caller for an object of his to be. 0; or 1: he is over a limit, *reterr. */
int methods_charge(struct nsnet_context *context, const struct call *call,
	const unsigned amounts[QUOTA_RESOURCES], struct quota_charge *ret, struct fault *reterr);
/* The limits that hold for a caller: none for administrators. */
void methods_limits(
	const struct nsnet_context *context, const struct call *call, struct quota_limits *ret);

struct policy_caller methods_caller(const struct nsnet_context *context, const struct call *call);
struct nsnet_timestamp methods_now(void);

/* What a new network needs to know of the host; memory from the arena. */
int methods_network_host(struct nsnet_context *context, const struct policy_caller *caller,
	struct arena *arena, struct network_host *ret);

/* Writes down what comes with the first network; to be called before it is in the registry. */
int methods_plan_first_network(struct nsnet_context *context, struct plan *plan);
/* Writes down what goes with the last network, where removed are all there are. */
int methods_plan_last_network(struct nsnet_context *context, size_t removed, struct plan *plan);

/* Answers with the error that says it. */
int methods_fail_fault(struct call *call, const struct fault *fault);
int methods_fail_kernel(struct call *call, const struct kernel_error *error);
