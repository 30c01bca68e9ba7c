/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ruleset - other people's rules of nf_tables, as far as they can be told, and what becomes of a packet among them
 *
 * Of a rule is kept by which interfaces, in which family and in which state of a connection it is met, and what it does then; all
 * else that it asks for is one bit: it may be met or not. So there are drops that are sure to happen, and drops that happen to
 * what no earlier rule has let pass, if one might have.
 */
#pragma once

#include "address.h"
#include "name.h"

/* As linux/netfilter.h and linux/netfilter_bridge.h have them. */
enum ruleset_hook {
	RULESET_PREROUTING,
	RULESET_INPUT,
	RULESET_FORWARD,
	RULESET_OUTPUT,
	RULESET_POSTROUTING,
	RULESET_HOOKS,
};

enum ruleset_family { RULESET_IP, RULESET_IP6, RULESET_INET, RULESET_BRIDGE, RULESET_FAMILIES };

enum ruleset_verdict {
	RULESET_NOTHING, /* goes on to the next rule */
	RULESET_ACCEPT,
	RULESET_DROP,
	RULESET_REJECT,
	RULESET_JUMP,
	RULESET_GOTO,
	RULESET_RETURN,
	RULESET_ANYTHING, /* nobody can tell: a map of verdicts, a queue */
};

/* The interface's name begins with so many bytes (its end included, where they are one more than it has), or does not. */
struct ruleset_interface {
	bool is_set, is_not;
	int index; /* or has this one; 0: by name */
	size_t n;
	char name[INTERFACE_SIZE];
};

struct ruleset_rule {
	struct ruleset_rule *next;
	uint64_t handle;
	struct ruleset_interface in, out;
	int family;      /* AF_INET, AF_INET6; 0: both */
	unsigned states; /* of the connection, a bit each: RULESET_STATE_…; 0: all */
	bool is_conditional;
	enum ruleset_verdict verdict;
	const char *target; /* of a jump */
};

#define RULESET_STATE_ESTABLISHED 2U
#define RULESET_STATE_NEW         8U

struct ruleset_chain {
	struct ruleset_chain *next;
	enum ruleset_family family;
	const char *table, *name;
	int hook;   /* enum ruleset_hook; negative: it is only jumped to */
	bool drops; /* its policy */
	struct ruleset_rule *first, **last;
};

struct ruleset {
	struct ruleset_chain *chains;
	size_t n_chains, n_rules;
	bool is_cut; /* there is more than is looked at */
};

/* A packet on its way through one hook. */
struct ruleset_way {
	enum ruleset_hook hook;
	int family; /* AF_INET, AF_INET6; AF_UNSPEC: what a bridge passes from port to port */
	const char *in, *out; /* NULL: none, or unknown */
	int in_index, out_index;
	bool is_answer; /* its connection is established */
};

/* Where it ends. */
struct ruleset_end {
	const struct ruleset_chain *base, *chain; /* the hook's, and the one that the rule is in */
	const struct ruleset_rule *rule;          /* NULL: the policy */
	bool is_sure;
};

/* Whether that chain of a hook lets it end: true, and *ret. One of another hook or family does not. */
bool ruleset_ends(const struct ruleset *ruleset, const struct ruleset_chain *base,
	const struct ruleset_way *way, struct ruleset_end *ret);

/* "ip", "inet", ... */
const char *ruleset_family_name(enum ruleset_family family);
