/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * methods - what the handlers of alt.nsnet work on
 *
 * A handler decides: it asks the policy, lets the model make the object and the plan, lets the kernel floor carry it out, and
 * answers. It holds no state, and speaks neither JSON nor netlink.
 */
#pragma once

#include "kernel.h"
#include "left.h"
#include "nsnet_handlers.h"
#include "policy.h"
#include "pool.h"
#include "program.h"
#include "registry.h"

/* The one that is made at first use, for all. */
#define METHODS_DEFAULT_NETWORK NAMESPACE_DEFAULT_NETWORK

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
	bool raises_neighbours;            /* neighbours.c may */
	bool may_members_reach[4];         /* by enum nsnet_reach */
	unsigned members_lowest_port;      /* of the host, that they may publish */
	uint16_t first_port, last_port;    /* ports of the host are chosen from these */
	bool has_names;                    /* networks can have name servers */
	bool is_owned_allowed;             /* members' namespaces are theirs */
	bool may_programs_gain_privileges; /* those that run in namespaces which are lent */
	/* What holds for a caller who is no administrator. */
	void (*limits_of)(void *userdata, const struct peer *peer, struct quota_limits *ret);
	unsigned (*connections_of)(void *userdata, uid_t uid);
	/* The group that goes with what a caller owns. */
	gid_t (*group_of)(void *userdata, const struct peer *peer);
	uint8_t unique_local[6];
	struct list monitors;   /* of struct subscription: who wants to hear of what happens */
	struct list applies;    /* of struct apply: those that go on */
	struct list deletions;  /* of struct deletion: those that go on, or wait */
	struct list diagnoses;  /* of struct diagnose: those that go on */
	struct list executions; /* of struct execution: programs whose end somebody waits for */
	struct pool spares;     /* namespaces made ahead */
	struct left left;       /* what start-up left aside */
	/* Called where turns_work() is to be called in the next turn of the loop. */
	void (*on_work)(void *userdata);
	/* Called when a network's name server is to come, to go by other files than before, or to go. */
	void (*on_names)(void *userdata, const char *network, bool is_there);
	/* Called when a namespace is gone, however that came. May be NULL. */
	void (*on_gone)(void *userdata, const char *name);
	/* Called when an object is let alone by repair.c, so that repair_all() runs after that time. */
	void (*on_let_alone)(void *userdata, uint64_t usec);
	/* Called when refill_work() is to be called as soon as nobody asks for anything. */
	void (*on_pool)(void *userdata);
	/* Called when somebody waits for what goes, so that deletions_expire() runs after that time. */
	void (*on_waiting)(void *userdata, uint64_t usec);
	struct program_runner programs; /* who runs those that are asked for */
	void *userdata;
};

/* What is done for somebody: by his call, or in the course of one that takes longer (apply.h). */
struct deed {
	struct nsnet_context *context;
	const struct peer *peer;
	struct policy_caller caller;
	struct arena *arena; /* of plans, faults and all that is told in an answer */
	/* Nothing is carried out, written down, logged or told; what plans there would be are printed into it. NULL: for
	 * good. */
	struct string_list *rehearsal;
	/* A change that changes nothing leaves the object as it is, its revision as well. */
	bool skips_equal;
	/* Another one of its kind is likely to be asked for next: what that takes longest for may be begun. */
	bool is_followed;
	/* What is given is the whole context: fields that are not there are unset. */
	bool replaces;
};

struct deed methods_deed(struct nsnet_context *context, struct call *call);

/* Has a plan carried out. 0; 1: it was taken back, *reterr (FAULT_KERNEL, or what the kernel's error means); -errno. *ret_error,
 * if not NULL, is what the kernel floor said. */
int methods_carry_out(const struct deed *deed, const struct plan *plan, struct fault *reterr,
	struct kernel_error *ret_error);
/* Tells who monitors, unless it is a rehearsal. */
struct monitor_event;
void methods_tell(const struct deed *deed, const struct monitor_event *event);

/* Charges the caller for an object of his to be. 0; or 1: he is over a limit, *reterr. */
int methods_charge(const struct deed *deed, const unsigned amounts[QUOTA_RESOURCES],
	struct quota_charge *ret, struct fault *reterr);
/* The limits that hold for a caller: none for administrators. */
void methods_limits(const struct nsnet_context *context, const struct policy_caller *caller,
	const struct peer *peer, struct quota_limits *ret);

/* policy_may() of a namespace, with whom it is lent to. */
bool methods_may(const struct nsnet_context *context, const struct policy_caller *caller,
	enum policy_verb verb, const struct ns *ns);
struct policy_caller methods_caller(const struct nsnet_context *context, const struct call *call);
struct policy_caller methods_caller_of(
	const struct nsnet_context *context, const struct peer *peer);
struct nsnet_timestamp methods_now(void);

/* The objects of that name, if there are any that the caller may know of. */
struct ns *methods_find_namespace(
	const struct nsnet_context *context, const struct policy_caller *caller, const char *name);
struct network *methods_find_network(
	const struct nsnet_context *context, const struct policy_caller *caller, const char *name);
/* All namespaces that the caller may know of, by name; of a member only his own and those that are lent are looked at, however many
 * others there are. */
struct ns **methods_namespaces(const struct nsnet_context *context,
	const struct policy_caller *caller, struct arena *arena, size_t *ret_n);
int methods_fail_no_namespace(struct call *call, const char *name);
int methods_fail_no_network(struct call *call, const char *name);

/* Answers with the error that says it. */
int methods_fail_fault(struct call *call, const struct fault *fault);
/* What a deed comes to where it is not done: r > 0: answers with the fault; else r itself. */
int methods_fail_deed(struct call *call, int r, const struct fault *fault);
