/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ruleset - other people's rules of nf_tables, as far as they can be told, and what becomes of a packet among them
 */
#include "ruleset.h"

/* As deep as the kernel lets chains jump (NFT_JUMP_STACK_SIZE); and how many rules are met before that is enough. */
#define DEPTH_MAX 16U
#define STEPS_MAX 65536U

enum match { MATCH_NO, MATCH_PERHAPS, MATCH_YES };

struct walk {
	const struct ruleset *ruleset;
	const struct ruleset_way *way;
	unsigned steps;
	bool is_doubtful; /* an earlier rule may have let it pass */
	const struct ruleset_chain *chain;
	const struct ruleset_rule *rule;
};

const char *ruleset_family_name(enum ruleset_family family)
{
	static const char *const names[RULESET_FAMILIES] = { "ip", "ip6", "inet", "bridge" };

	return names[family];
}

static enum match match_interface(
	const struct ruleset_interface *wanted, const char *name, int index)
{
	char whole[INTERFACE_SIZE] = "";
	bool is_met;

	if (!wanted->is_set)
		return MATCH_YES;
	if (!name)
		return MATCH_PERHAPS;
	memcpy(whole, name, strnlen(name, sizeof(whole) - 1));
	is_met = wanted->index != 0 ? wanted->index == index
				    : memcmp(whole, wanted->name, wanted->n) == 0;
	return is_met != wanted->is_not ? MATCH_YES : MATCH_NO;
}

static enum match match(const struct ruleset_rule *rule, const struct ruleset_way *way)
{
	unsigned state = way->is_answer ? RULESET_STATE_ESTABLISHED : RULESET_STATE_NEW;
	enum match in = match_interface(&rule->in, way->in, way->in_index);
	enum match out = match_interface(&rule->out, way->out, way->out_index);

	if (in == MATCH_NO || out == MATCH_NO || (rule->states != 0 && !(rule->states & state)) ||
		(rule->family != 0 && way->family != AF_UNSPEC && rule->family != way->family))
		return MATCH_NO;
	return rule->is_conditional || in == MATCH_PERHAPS || out == MATCH_PERHAPS ? MATCH_PERHAPS
										   : MATCH_YES;
}

static const struct ruleset_chain *find_target(
	const struct ruleset *ruleset, const struct ruleset_chain *from, const char *name)
{
	for (const struct ruleset_chain *chain = ruleset->chains; chain; chain = chain->next)
		if (chain->family == from->family && streq(chain->table, from->table) &&
			streq(chain->name, name))
			return chain;
	return NULL;
}

static enum ruleset_verdict follow(
	struct walk *walk, const struct ruleset_chain *chain, unsigned depth);

/* What one rule that is met comes to: RULESET_NOTHING, ACCEPT, DROP, REJECT or RETURN. */
static enum ruleset_verdict obey(struct walk *walk, const struct ruleset_chain *chain,
	const struct ruleset_rule *rule, unsigned depth)
{
	const struct ruleset_chain *target;
	enum ruleset_verdict verdict;

	switch (rule->verdict) {
	case RULESET_NOTHING:
	case RULESET_ACCEPT:
	case RULESET_RETURN:
		return rule->verdict;
	case RULESET_DROP:
	case RULESET_REJECT:
		walk->chain = chain;
		walk->rule = rule;
		return rule->verdict;
	case RULESET_ANYTHING:
		walk->is_doubtful = true;
		return RULESET_NOTHING;
	case RULESET_JUMP:
	case RULESET_GOTO:
		break;
	}
	target = find_target(walk->ruleset, chain, rule->target);
	if (!target || depth == DEPTH_MAX) {
		walk->is_doubtful = true;
		return RULESET_NOTHING;
	}
	verdict = follow(walk, target, depth + 1);
	if (verdict != RULESET_NOTHING)
		return verdict;
	return rule->verdict == RULESET_GOTO ? RULESET_RETURN : RULESET_NOTHING;
}

/* RULESET_NOTHING: it comes back from the chain. */
static enum ruleset_verdict follow(
	struct walk *walk, const struct ruleset_chain *chain, unsigned depth)
{
	for (const struct ruleset_rule *rule = chain->first; rule; rule = rule->next) {
		enum match met = match(rule, walk->way);
		enum ruleset_verdict verdict = RULESET_NOTHING;

		if (++walk->steps > STEPS_MAX)
			return RULESET_ACCEPT;
		/* What it might drop is not told of; what it might let pass makes a later drop less sure. */
		if (met == MATCH_PERHAPS)
			walk->is_doubtful |= rule->verdict != RULESET_NOTHING &&
					     rule->verdict != RULESET_DROP &&
					     rule->verdict != RULESET_REJECT;
		if (met == MATCH_YES)
			verdict = obey(walk, chain, rule, depth);
		if (verdict == RULESET_RETURN)
			return RULESET_NOTHING;
		if (verdict != RULESET_NOTHING)
			return verdict;
	}
	return RULESET_NOTHING;
}

static bool concerns(const struct ruleset_chain *base, const struct ruleset_way *way)
{
	if (base->hook != (int)way->hook)
		return false;
	switch (base->family) {
	case RULESET_IP:
		return way->family == AF_INET;
	case RULESET_IP6:
		return way->family == AF_INET6;
	case RULESET_INET:
		return way->family != AF_UNSPEC;
	case RULESET_BRIDGE:
		return way->family == AF_UNSPEC;
	case RULESET_FAMILIES:
		break;
	}
	return false;
}

bool ruleset_ends(const struct ruleset *ruleset, const struct ruleset_chain *base,
	const struct ruleset_way *way, struct ruleset_end *ret)
{
	struct walk walk = { .ruleset = ruleset, .way = way, .chain = base };
	enum ruleset_verdict verdict;

	if (!concerns(base, way))
		return false;
	verdict = follow(&walk, base, 0);
	if (verdict == RULESET_ACCEPT || (verdict == RULESET_NOTHING && !base->drops))
		return false;
	*ret = (struct ruleset_end){ base, walk.chain, walk.rule,
		!walk.is_doubtful && !ruleset->is_cut };
	return true;
}
