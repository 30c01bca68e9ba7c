/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * diagnose_rules - other people's rules that stop what a network sends or gets
 *
 * To let our bridge pass in their chain lets nothing pass that ours do not: a packet has to be let through by all chains of a
 * hook.
 */
#include "diagnose_rules.h"

#include <ctype.h>

/* Where a packet comes from and goes to. */
enum side { SIDE_NONE, SIDE_BRIDGE, SIDE_UPLINK };

static const struct row {
	enum ruleset_hook hook;
	enum side in, out;
	bool is_answer;
	bool reaches; /* only of a network that gets further than the host */
	bool is_host; /* only what the host itself is asked */
	const char *what;
} rows[] = {
	{ RULESET_FORWARD, SIDE_BRIDGE, SIDE_UPLINK, false, true, false, "what goes out" },
	{ RULESET_FORWARD, SIDE_UPLINK, SIDE_BRIDGE, true, true, false, "what comes back" },
	{ RULESET_FORWARD, SIDE_UPLINK, SIDE_BRIDGE, false, true, false, "what comes in" },
	{ RULESET_PREROUTING, SIDE_BRIDGE, SIDE_NONE, false, false, false, "what is sent" },
	{ RULESET_POSTROUTING, SIDE_BRIDGE, SIDE_UPLINK, false, true, false, "what goes out" },
	{ RULESET_PREROUTING, SIDE_UPLINK, SIDE_NONE, true, true, false, "what comes back" },
	{ RULESET_POSTROUTING, SIDE_UPLINK, SIDE_BRIDGE, true, true, false, "what comes back" },
	{ RULESET_INPUT, SIDE_BRIDGE, SIDE_NONE, false, false, true, "what the host is asked" },
	{ RULESET_OUTPUT, SIDE_NONE, SIDE_BRIDGE, true, false, true, "what the host answers" },
};

struct looking {
	struct diagnose *diagnose;
	/* By which the host reaches its namespaces: the bridge, or for a network without ports one of their ends. */
	const char *link; /* NULL: it has none */
	int index;
	const char *links; /* all such, as rules name them */
	const char *port;  /* of the bridge; NULL: it has none */
	bool has_ports;
};

/* What one chain stops first. */
struct stop {
	struct ruleset_end end;
	const struct row *row; /* NULL: between namespaces */
	bool is_of[FAMILIES];
	bool is_serious;
};

static const struct diagnosis_way *uplink_of(const struct diagnose *diagnose, int family)
{
	for (size_t i = 0; i < diagnose->host.n_ways; i++)
		if (diagnose->host.ways[i].family == family)
			return &diagnose->host.ways[i];
	return NULL;
}

static struct ruleset_way way_of(const struct looking *looking, const struct row *row, int family)
{
	const struct diagnosis_way *uplink = uplink_of(looking->diagnose, family);
	const char *const names[] = { NULL, looking->link, uplink ? uplink->name : NULL };
	const int indexes[] = { 0, looking->index, uplink ? uplink->interface : 0 };

	return (struct ruleset_way){
		.hook = row->hook,
		.family = family,
		.in = names[row->in],
		.in_index = indexes[row->in],
		.out = names[row->out],
		.out_index = indexes[row->out],
		.is_answer = row->is_answer,
	};
}

static bool applies(const struct looking *looking, const struct row *row)
{
	const struct network *network = looking->diagnose->network;

	if (row->reaches && network->reach == NSNET_REACH_INTERNAL)
		return false;
	if (row->hook == RULESET_FORWARD && row->in == SIDE_UPLINK && !row->is_answer)
		return looking->has_ports || network->reach == NSNET_REACH_ROUTE;
	return true;
}

/* Without neighbour discovery nothing speaks IPv6; without its name server a network knows no names. */
static bool is_serious(const struct network *network, const struct row *row, int family)
{
	return !row->is_host || family == AF_INET6 || network->dns.domain;
}

static bool find_stop(
	const struct looking *looking, const struct ruleset_chain *base, struct stop *ret)
{
	const struct diagnose *diagnose = looking->diagnose;
	const struct network *network = diagnose->network;
	bool is_stopped = false;

	for (size_t i = 0; i < lengthof(rows) && !is_stopped; i++)
		for (size_t j = 0; j < FAMILIES && applies(looking, &rows[i]); j++) {
			int family = family_of(j);
			const struct ruleset_way way = way_of(looking, &rows[i], family);

			if (!address_is_set(&network->gateways[j]) ||
				!ruleset_ends(&diagnose->host.others, base, &way, &ret->end))
				continue;
			ret->row = &rows[i];
			ret->is_of[j] = is_stopped = true;
			ret->is_serious |= is_serious(network, &rows[i], family);
		}
	return is_stopped;
}

/* Frames from port to port. */
static bool find_bridge_stop(
	const struct looking *looking, const struct ruleset_chain *base, struct stop *ret)
{
	static const enum ruleset_hook hooks[] = { RULESET_PREROUTING, RULESET_FORWARD,
		RULESET_INPUT };

	for (size_t i = 0; looking->port && i < lengthof(hooks); i++) {
		const struct ruleset_way way = {
			.hook = hooks[i], .family = AF_UNSPEC, .in = looking->port
		};

		ret->is_serious = true;
		if (ruleset_ends(&looking->diagnose->host.others, base, &way, &ret->end))
			return true;
	}
	return false;
}

/* What can stand in a command as it is. */
static bool is_plain(const char *name)
{
	for (; *name; name++)
		if (!isalnum((unsigned char)*name) && !strchr("_-./", *name))
			return false;
	return true;
}

static const char *remedy(const struct looking *looking, const struct stop *stop)
{
	struct diagnose *diagnose = looking->diagnose;
	const struct ruleset_chain *base = stop->end.base;
	const char *links = looking->links;
	const char *where = diagnose_text(diagnose, "insert rule %s %s %s",
		ruleset_family_name(base->family), base->table, base->name);

	if (!is_plain(base->table) || !is_plain(base->name))
		return NULL;
	if (base->family == RULESET_BRIDGE)
		return diagnose_text(diagnose, "nft '%s iifname \"nsv*\" accept'", where);
	switch ((enum ruleset_hook)base->hook) {
	case RULESET_INPUT:
		return diagnose_text(diagnose, "nft '%s iifname \"%s\" accept'", where, links);
	case RULESET_OUTPUT:
		return diagnose_text(diagnose, "nft '%s oifname \"%s\" accept'", where, links);
	case RULESET_FORWARD:
		return diagnose_text(diagnose,
			"nft '%s iifname \"%s\" accept; %s oifname \"%s\" accept'", where, links,
			where, links);
	case RULESET_PREROUTING:
	case RULESET_POSTROUTING:
	case RULESET_HOOKS:
		break;
	}
	/* At the two ends of the way only one of the interfaces is known. */
	if (base->hook == RULESET_POSTROUTING)
		return diagnose_text(diagnose,
			"nft '%s iifname \"%s\" accept; %s oifname \"%s\" accept'", where, links,
			where, links);
	if (stop->row && stop->row->in == SIDE_UPLINK)
		return diagnose_text(diagnose, "nft '%s ct state established accept'", where);
	return diagnose_text(diagnose, "nft '%s iifname \"%s\" accept'", where, links);
}

static void tell(const struct looking *looking, const struct stop *stop)
{
	struct diagnose *diagnose = looking->diagnose;
	const struct ruleset_end *end = &stop->end;
	const char *families = !stop->row                         ? ""
			       : stop->is_of[0] && stop->is_of[1] ? ""
			       : stop->is_of[0]                   ? " by IPv4"
								  : " by IPv6";
	const char *by = end->rule ? diagnose_text(diagnose, "rule %llu",
					     (unsigned long long)end->rule->handle)
				   : "the policy";

	diagnose_tell(diagnose,
		end->is_sure && stop->is_serious ? NSNET_SEVERITY_FAILURE : NSNET_SEVERITY_WARNING,
		diagnose_text(diagnose, "table %s %s", ruleset_family_name(end->base->family),
			end->base->table),
		remedy(looking, stop), "%s of chain %s %s %s%s%s", by, end->chain->name,
		end->rule && end->rule->verdict == RULESET_REJECT ? "rejects" : "drops",
		stop->row ? stop->row->what : "what its namespaces send", families,
		end->is_sure ? "" : ", if no rule before it accepts that");
}

bool diagnose_rules_look(struct diagnose *diagnose)
{
	const struct network *network = diagnose->network;
	struct looking looking = { .diagnose = diagnose };
	struct snapshot_link link;

	looking.links = network_is_routed(network) ? "nsv*" : network->bridge;
	looking.link = network_is_routed(network) ? NULL : network->bridge;
	list_foreach (&network->attachments, struct attachment, link, attachment) {
		looking.has_ports |= attachment->ns->n_ports > 0;
		if (attachment->is_routed)
			looking.link = attachment->host_interface;
		else
			looking.port = attachment->host_interface;
	}
	if (looking.link && kernel_look_link(diagnose->context->kernel, looking.link, &link) == 0)
		looking.index = link.index;
	for (const struct ruleset_chain *chain = diagnose->host.others.chains; chain;
		chain = chain->next) {
		struct stop stop = { .row = NULL };

		if (chain->hook >= 0 &&
			(chain->family == RULESET_BRIDGE ? find_bridge_stop(&looking, chain, &stop)
							 : find_stop(&looking, chain, &stop)))
			tell(&looking, &stop);
	}
	return true;
}
