/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * foreign - reads the rules of nf_tables that are not ours
 *
 * By messages of our own, and not by libnftables: that reads all sets and their elements as well, of which some hosts have
 * hundreds of thousands. Here chains and rules go by one after the other, and what is over the limit is left out and told to be.
 */
#include "foreign.h"

/* Before the kernel's. */
#include <netinet/in.h>

#include <arpa/inet.h>
#include <endian.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nf_tables_compat.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netfilter/xt_conntrack.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "nft.h"

#define CHAINS_MAX 4096U
#define RULES_MAX  16384U

struct reading {
	struct arena *arena;
	struct ruleset *ruleset;
	struct ruleset_chain **last;
	struct ruleset_chain *at; /* of the latest rule: they come chain by chain */
};

/* A number in the network's order; otherwise where there is none. */
static uint32_t number_of(const struct nlattr *attribute, uint32_t otherwise)
{
	return attribute && nla_len(attribute) >= (int)sizeof(uint32_t)
		       ? ntohl(nla_get_u32(attribute))
		       : otherwise;
}

/* One that ends where its attribute does, or "". */
static const char *text_of(const struct nlattr *attribute)
{
	return attribute && nla_len(attribute) > 0 &&
			       memchr(nla_data(attribute), 0, (size_t)nla_len(attribute))
		       ? nla_get_string(attribute)
		       : "";
}

static enum ruleset_family family_of_header(struct nlmsghdr *header)
{
	switch (((const struct nfgenmsg *)nlmsg_data(header))->nfgen_family) {
	case NFPROTO_IPV4:
		return RULESET_IP;
	case NFPROTO_IPV6:
		return RULESET_IP6;
	case NFPROTO_INET:
		return RULESET_INET;
	case NFPROTO_BRIDGE:
		return RULESET_BRIDGE;
	default:
		return RULESET_FAMILIES;
	}
}

static bool is_ours(enum ruleset_family family, const char *table)
{
	return (family == RULESET_INET || family == RULESET_BRIDGE) && streq(table, NFT_TABLE);
}

/* The hook's number; negative: it has none that we know. */
static int read_hook(struct nlattr *nest)
{
	struct nlattr *a[NFTA_HOOK_MAX + 1];
	uint32_t number;

	if (!nest || nla_parse_nested(a, NFTA_HOOK_MAX, nest, NULL) < 0 || !a[NFTA_HOOK_HOOKNUM])
		return -1;
	number = number_of(a[NFTA_HOOK_HOOKNUM], UINT32_MAX);
	return number < RULESET_HOOKS ? (int)number : -1;
}

static int on_chain(struct nlmsghdr *header, void *userdata)
{
	struct reading *reading = userdata;
	struct nlattr *a[NFTA_CHAIN_MAX + 1];
	enum ruleset_family family;
	struct ruleset_chain *chain;
	const char *table;

	if (header->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWCHAIN) ||
		nlmsg_parse(header, sizeof(struct nfgenmsg), a, NFTA_CHAIN_MAX, NULL) < 0 ||
		!a[NFTA_CHAIN_TABLE] || !a[NFTA_CHAIN_NAME])
		return -EBADMSG;
	family = family_of_header(header);
	table = text_of(a[NFTA_CHAIN_TABLE]);
	if (family == RULESET_FAMILIES || is_ours(family, table))
		return 0;
	if (reading->ruleset->n_chains == CHAINS_MAX)
		return -E2BIG;
	chain = arena_alloc(reading->arena, sizeof(*chain));
	*chain = (struct ruleset_chain){
		.family = family,
		.table = arena_strdup(reading->arena, table),
		.name = arena_strdup(reading->arena, text_of(a[NFTA_CHAIN_NAME])),
		.hook = read_hook(a[NFTA_CHAIN_HOOK]),
		.drops = number_of(a[NFTA_CHAIN_POLICY], NF_ACCEPT) == NF_DROP,
	};
	chain->last = &chain->first;
	*reading->last = chain;
	reading->last = &chain->next;
	reading->ruleset->n_chains++;
	return 0;
}

/* Rules: */

/* What the latest expression has loaded, for the next one to look at. */
enum loaded {
	LOADED_OTHER,
	LOADED_IN_NAME,
	LOADED_OUT_NAME,
	LOADED_IN_INDEX,
	LOADED_OUT_INDEX,
	LOADED_FAMILY,
	LOADED_STATE,
	LOADED_STATE_MASKED,
};

struct rule_reading {
	struct arena *arena;
	struct ruleset_rule *rule;
	enum loaded loaded;
	uint32_t mask;
};

static void read_meta(struct rule_reading *reading, struct nlattr **a)
{
	uint32_t key = number_of(a[NFTA_META_KEY], UINT32_MAX);

	reading->loaded = LOADED_OTHER;
	if (!a[NFTA_META_DREG])
		return; /* it sets a mark */
	if (key == NFT_META_IIFNAME)
		reading->loaded = LOADED_IN_NAME;
	else if (key == NFT_META_OIFNAME)
		reading->loaded = LOADED_OUT_NAME;
	else if (key == NFT_META_IIF)
		reading->loaded = LOADED_IN_INDEX;
	else if (key == NFT_META_OIF)
		reading->loaded = LOADED_OUT_INDEX;
	else if (key == NFT_META_NFPROTO)
		reading->loaded = LOADED_FAMILY;
}

static void read_ct(struct rule_reading *reading, struct nlattr **a)
{
	reading->loaded = a[NFTA_CT_DREG] && number_of(a[NFTA_CT_KEY], UINT32_MAX) == NFT_CT_STATE
				  ? LOADED_STATE
				  : LOADED_OTHER;
}

/* The value in a nest, or NULL. */
static struct nlattr *read_value(struct nlattr *nest)
{
	struct nlattr *a[NFTA_DATA_MAX + 1];

	return nest && nla_parse_nested(a, NFTA_DATA_MAX, nest, NULL) == 0 ? a[NFTA_DATA_VALUE]
									   : NULL;
}

static void read_bitwise(struct rule_reading *reading, struct nlattr **a)
{
	struct nlattr *mask = read_value(a[NFTA_BITWISE_MASK]);

	/* The state of a connection stands in the host's order. */
	if (reading->loaded == LOADED_STATE && mask && nla_len(mask) == sizeof(uint32_t)) {
		reading->mask = nla_get_u32(mask);
		reading->loaded = LOADED_STATE_MASKED;
	} else {
		reading->loaded = LOADED_OTHER;
	}
}

static void read_interface(struct rule_reading *reading, struct ruleset_interface *interface,
	struct nlattr *value, bool is_not, bool is_index)
{
	size_t n = (size_t)nla_len(value);

	if (interface->is_set || n == 0 ||
		(is_index ? n != sizeof(uint32_t) : n > sizeof(interface->name))) {
		reading->rule->is_conditional = true;
		return;
	}
	*interface = (struct ruleset_interface){ .is_set = true, .is_not = is_not, .n = n };
	if (is_index)
		interface->index = (int)nla_get_u32(value);
	else
		memcpy(interface->name, nla_data(value), n);
}

static void read_cmp(struct rule_reading *reading, struct nlattr **a)
{
	struct nlattr *value = read_value(a[NFTA_CMP_DATA]);
	uint32_t op = number_of(a[NFTA_CMP_OP], UINT32_MAX);
	struct ruleset_rule *rule = reading->rule;
	bool is_not = op == NFT_CMP_NEQ;

	if (!value || (op != NFT_CMP_EQ && op != NFT_CMP_NEQ)) {
		rule->is_conditional = true;
		return;
	}
	switch (reading->loaded) {
	case LOADED_IN_NAME:
	case LOADED_IN_INDEX:
		read_interface(
			reading, &rule->in, value, is_not, reading->loaded == LOADED_IN_INDEX);
		return;
	case LOADED_OUT_NAME:
	case LOADED_OUT_INDEX:
		read_interface(
			reading, &rule->out, value, is_not, reading->loaded == LOADED_OUT_INDEX);
		return;
	case LOADED_FAMILY:
		if (!is_not && nla_len(value) >= 1)
			rule->family = nla_get_u8(value) == NFPROTO_IPV4 ? AF_INET : AF_INET6;
		else
			rule->is_conditional = true;
		return;
	case LOADED_STATE_MASKED:
		/* "!= 0" behind a mask: one of these. */
		if (is_not && rule->states == 0)
			rule->states = reading->mask;
		else
			rule->is_conditional = true;
		return;
	case LOADED_STATE:
	case LOADED_OTHER:
		rule->is_conditional = true;
	}
}

static void read_immediate(struct rule_reading *reading, struct nlattr **a)
{
	struct nlattr *data[NFTA_DATA_MAX + 1], *verdict[NFTA_VERDICT_MAX + 1];
	struct ruleset_rule *rule = reading->rule;

	if (!a[NFTA_IMMEDIATE_DATA] ||
		nla_parse_nested(data, NFTA_DATA_MAX, a[NFTA_IMMEDIATE_DATA], NULL) < 0 ||
		!data[NFTA_DATA_VERDICT] ||
		nla_parse_nested(verdict, NFTA_VERDICT_MAX, data[NFTA_DATA_VERDICT], NULL) < 0 ||
		!verdict[NFTA_VERDICT_CODE])
		return; /* a value for a later expression */
	switch ((int32_t)number_of(verdict[NFTA_VERDICT_CODE], NF_ACCEPT)) {
	case NF_ACCEPT:
		rule->verdict = RULESET_ACCEPT;
		return;
	case NF_DROP:
		rule->verdict = RULESET_DROP;
		return;
	case NFT_RETURN:
		rule->verdict = RULESET_RETURN;
		return;
	case NFT_JUMP:
	case NFT_GOTO:
		rule->verdict =
			(int32_t)number_of(verdict[NFTA_VERDICT_CODE], NF_ACCEPT) == NFT_JUMP
				? RULESET_JUMP
				: RULESET_GOTO;
		rule->target = arena_strdup(reading->arena, text_of(verdict[NFTA_VERDICT_CHAIN]));
		return;
	case NFT_CONTINUE:
		return;
	default:
		rule->verdict = RULESET_ANYTHING;
	}
}

static void read_lookup(struct rule_reading *reading, struct nlattr **a)
{
	reading->rule->is_conditional = true;
	/* Into the register of verdicts (NFT_REG_VERDICT, 0): a map of them. */
	if (number_of(a[NFTA_LOOKUP_DREG], UINT32_MAX) == NFT_REG_VERDICT)
		reading->rule->verdict = RULESET_ANYTHING;
}

/* iptables(8) over nf_tables has matches of x_tables: */
static void read_match(struct rule_reading *reading, struct nlattr **a)
{
	const char *name = text_of(a[NFTA_MATCH_NAME]);
	struct xt_conntrack_mtinfo3 info = { 0 };

	if (streq(name, "comment"))
		return;
	if (streq(name, "conntrack") && a[NFTA_MATCH_INFO] &&
		number_of(a[NFTA_MATCH_REV], 0) == 3 &&
		nla_len(a[NFTA_MATCH_INFO]) >= (int)sizeof(info)) {
		memcpy(&info, nla_data(a[NFTA_MATCH_INFO]), sizeof(info));
		if (info.match_flags == XT_CONNTRACK_STATE && info.invert_flags == 0 &&
			reading->rule->states == 0) {
			reading->rule->states = info.state_mask;
			return;
		}
	}
	reading->rule->is_conditional = true;
}

static void read_target(struct rule_reading *reading, struct nlattr **a)
{
	const char *name = text_of(a[NFTA_TARGET_NAME]);

	if (streq(name, "REJECT"))
		reading->rule->verdict = RULESET_REJECT;
	else if (streq(name, "DROP"))
		reading->rule->verdict = RULESET_DROP;
	else if (streq(name, "NFQUEUE") || streq(name, "QUEUE"))
		reading->rule->verdict = RULESET_ANYTHING;
}

static void read_reject(struct rule_reading *reading, struct nlattr **a)
{
	(void)a;
	reading->rule->verdict = RULESET_REJECT;
}

static void read_queue(struct rule_reading *reading, struct nlattr **a)
{
	(void)a;
	reading->rule->verdict = RULESET_ANYTHING;
}

static void read_nothing(struct rule_reading *reading, struct nlattr **a)
{
	(void)reading;
	(void)a;
}

#define ATTRIBUTES_MAX 16

static void read_expression(struct rule_reading *reading, const char *name, struct nlattr *data)
{
	static const struct {
		const char *name;
		void (*read)(struct rule_reading *reading, struct nlattr **a);
	} kinds[] = { { "meta", read_meta }, { "ct", read_ct }, { "bitwise", read_bitwise },
		{ "cmp", read_cmp }, { "immediate", read_immediate }, { "lookup", read_lookup },
		{ "match", read_match }, { "target", read_target }, { "reject", read_reject },
		{ "queue", read_queue }, { "counter", read_nothing }, { "log", read_nothing },
		{ "notrack", read_nothing } };
	struct nlattr *a[ATTRIBUTES_MAX + 1] = { NULL };

	if (data && nla_parse_nested(a, ATTRIBUTES_MAX, data, NULL) < 0)
		name = "";
	for (size_t i = 0; i < lengthof(kinds); i++)
		if (streq(kinds[i].name, name)) {
			kinds[i].read(reading, a);
			return;
		}
	reading->loaded = LOADED_OTHER;
	reading->rule->is_conditional = true;
}

static struct ruleset_chain *find_chain(
	struct reading *reading, enum ruleset_family family, const char *table, const char *name)
{
	struct ruleset_chain *chain = reading->at;

	if (chain && chain->family == family && streq(chain->table, table) &&
		streq(chain->name, name))
		return chain;
	for (chain = reading->ruleset->chains; chain; chain = chain->next)
		if (chain->family == family && streq(chain->table, table) &&
			streq(chain->name, name))
			return reading->at = chain;
	return NULL;
}

static int on_rule(struct nlmsghdr *header, void *userdata)
{
	struct reading *reading = userdata;
	struct nlattr *a[NFTA_RULE_MAX + 1], *element;
	struct ruleset_rule *rule = arena_alloc(reading->arena, sizeof(*rule));
	struct rule_reading one = { .arena = reading->arena, .rule = rule };
	struct ruleset_chain *chain;
	int left;

	if (header->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWRULE) ||
		nlmsg_parse(header, sizeof(struct nfgenmsg), a, NFTA_RULE_MAX, NULL) < 0 ||
		!a[NFTA_RULE_TABLE] || !a[NFTA_RULE_CHAIN])
		return -EBADMSG;
	chain = find_chain(reading, family_of_header(header), text_of(a[NFTA_RULE_TABLE]),
		text_of(a[NFTA_RULE_CHAIN]));
	if (!chain)
		return 0; /* ours, or made meanwhile */
	if (++reading->ruleset->n_rules > RULES_MAX)
		return -E2BIG;
	*rule = (struct ruleset_rule){ 0 };
	if (a[NFTA_RULE_HANDLE] && nla_len(a[NFTA_RULE_HANDLE]) >= (int)sizeof(uint64_t))
		rule->handle = be64toh(nla_get_u64(a[NFTA_RULE_HANDLE]));
	if (a[NFTA_RULE_EXPRESSIONS])
		nla_for_each_nested(element, a[NFTA_RULE_EXPRESSIONS], left)
		{
			struct nlattr *parts[NFTA_EXPR_MAX + 1];

			if (nla_parse_nested(parts, NFTA_EXPR_MAX, element, NULL) == 0 &&
				parts[NFTA_EXPR_NAME])
				read_expression(&one, text_of(parts[NFTA_EXPR_NAME]),
					parts[NFTA_EXPR_DATA]);
			else
				rule->is_conditional = true;
		}
	*chain->last = rule;
	chain->last = &rule->next;
	return 0;
}

static int dump(struct netlink *netlink, int type,
	int (*on_message)(struct nlmsghdr *header, void *userdata), struct reading *reading)
{
	const struct nfgenmsg all = { .nfgen_family = NFPROTO_UNSPEC, .version = NFNETLINK_V0 };

	return netlink_dump(netlink,
		netlink_message(NFNL_SUBSYS_NFTABLES << 8 | type, NLM_F_DUMP, &all, sizeof(all)),
		on_message, reading);
}

int foreign_read(struct kernel *kernel, struct arena *arena, struct ruleset *ret)
{
	/* What is left of a listing that was ended early goes with the socket. */
	struct netlink netlink = NETLINK_INIT;
	struct reading reading = { .arena = arena, .ruleset = ret, .last = &ret->chains };
	int r;

	*ret = (struct ruleset){ 0 };
	if (!kernel->has_guards)
		return 0;
	r = netlink_open_netfilter(&netlink);
	if (r == 0)
		r = dump(&netlink, NFT_MSG_GETCHAIN, on_chain, &reading);
	if (r == 0)
		r = dump(&netlink, NFT_MSG_GETRULE, on_rule, &reading);
	netlink_close(&netlink);
	if (r != -E2BIG)
		return r;
	ret->is_cut = true;
	return 0;
}
