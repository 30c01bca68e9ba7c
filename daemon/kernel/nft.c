/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nft - our tables of nf_tables in the host's network namespace: making them, keeping them, and what stands in them
 *
 * The rules are text, for libnftables, once in this process's life. Before it adds an element libnftables asks the
 * kernel for every set and chain of the host, which some have thousands of; so elements go by messages of our own.
 *
 * Where the kernel knows persistent tables (6.9), ours are made as such and then belong to this process's netfilter
 * socket: nobody else can change them, and another program's "flush ruleset" passes them by. They outlive the socket,
 * without an owner, and the next process takes them over. libnftables has a socket of its own, which could not write to
 * what we own; so to have the rules made again we close ours, and open another one. A table of a version that made none
 * such stays what it is until it is taken away: whatever stands in it holds meanwhile.
 */
#include "nft.h"

/* Before the kernel's, which then leave out what the two have in common. */
#include <netinet/in.h>

#include <arpa/inet.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <nftables/libnftables.h>
#include <stdio.h>

#include "log.h"
#include "nft_known.h"

define_cleanup(struct nl_msg *, nlmsg_free);
define_cleanup(struct nft_ctx *, nft_ctx_free);

/* As linux/netfilter/nf_tables.h has them since 6.9. */
#define TABLE_OWNER   0x2U
#define TABLE_PERSIST 0x4U

static const struct {
	uint8_t number;
	const char *name;
} families[NFT_FAMILIES] = {
	[NFT_BRIDGE] = { NFPROTO_BRIDGE, "bridge" },
	[NFT_INET] = { NFPROTO_INET, "inet" },
};

static struct nl_msg *message_of(int type, int flags, enum nft_family family)
{
	const struct nfgenmsg header = {
		.nfgen_family = families[family].number,
		.version = NFNETLINK_V0,
	};

	return netlink_message(NFNL_SUBSYS_NFTABLES << 8 | type, flags, &header, sizeof(header));
}

/* flags: 0: none are named, so that those of a table that is there stay. */
static struct nl_msg *build_table(
	int type, enum nft_family family, const char *name, uint32_t flags)
{
	cleanup(nlmsg_free) struct nl_msg *m =
		message_of(type, type == NFT_MSG_NEWTABLE ? NLM_F_CREATE : 0, family);

	if (!m || nla_put_string(m, NFTA_TABLE_NAME, name) < 0)
		return NULL;
	if (flags && nla_put_u32(m, NFTA_TABLE_FLAGS, htonl(flags)) < 0)
		return NULL;
	return take(m);
}

static int send_table(struct kernel *kernel, int type, uint16_t flags, enum nft_family family,
	uint32_t table_flags)
{
	cleanup(netlink_batch_done) struct netlink_batch batch = { .n = 0 };
	struct nl_msg *m = build_table(type, family, NFT_TABLE, table_flags);

	if (m)
		nlmsg_hdr(m)->nlmsg_flags |= flags;
	netlink_batch_add(&batch, m);
	return netlink_transact(&kernel->netfilter, &batch);
}

/* Makes tables of that name, where there are none, and takes them away. */
static int renounce(struct kernel *kernel, const char *name, uint32_t flags)
{
	cleanup(netlink_batch_done) struct netlink_batch batch = { .n = 0 };

	for (enum nft_family i = 0; i < NFT_FAMILIES; i++) {
		netlink_batch_add(&batch, build_table(NFT_MSG_NEWTABLE, i, name, flags));
		netlink_batch_add(&batch, build_table(NFT_MSG_DELTABLE, i, name, 0));
	}
	return netlink_transact(&kernel->netfilter, &batch);
}

/* Whether an error says that the kernel has not what was asked for, and not that this was no moment to ask. */
static bool is_lacking(int error)
{
	return error == -EPROTONOSUPPORT || error == -EAFNOSUPPORT || error == -EOPNOTSUPP ||
	       error == -EINVAL || error == -ENOENT;
}

int nft_open(struct kernel *kernel)
{
	int r = netlink_open_netfilter(&kernel->netfilter);

	if (r < 0)
		return is_lacking(r) ? 0 : r;
	r = renounce(kernel, NFT_TABLE "-probe", TABLE_PERSIST);
	kernel->has_persist = r == 0;
	if (is_lacking(r))
		r = nft_probe(kernel);
	kernel->has_guards = r == 0;
	return is_lacking(r) ? 0 : r;
}

int nft_probe(struct kernel *kernel)
{
	/* Within a transaction: nobody sees it. */
	return renounce(kernel, NFT_TABLE "-probe", 0);
}

bool nft_is_persistent(const struct kernel *kernel)
{
	return kernel->has_persist &&
	       (!kernel->are_guards_ready || kernel->n_owned == NFT_FAMILIES);
}

/* Tables that we own become nobody's. */
static int release(struct kernel *kernel)
{
	struct netlink netfilter = NETLINK_INIT;
	int r = netlink_open_netfilter(&netfilter);

	if (r < 0)
		return r;
	netlink_close(&kernel->netfilter);
	kernel->netfilter = netfilter;
	kernel->n_owned = 0;
	return nft_watch_others(kernel);
}

/* The library says what the kernel said in words alone. */
static int error_of(const char *words, int otherwise)
{
	static const int errors[] = { EOPNOTSUPP, ENOENT, EPERM, ENOMEM, ENOBUFS, EMFILE, ENFILE,
		EINTR, EBUSY, EEXIST };

	for (size_t i = 0; i < lengthof(errors); i++)
		if (strstr(words, strerror(errors[i])))
			return -errors[i];
	return otherwise;
}

/* 0, or -errno, and words, NETLINK_WORDS_SIZE of them, say why. otherwise: where they name no errno, as when a set is there that is
 * another. */
static int run_text(struct nft_ctx *context, const char *text, char *words, int otherwise)
{
	const char *error;

	if (nft_run_cmd_from_buffer(context, text) == 0)
		return 0;
	/* The rule itself stands in the lines behind. */
	error = nft_ctx_get_error_buffer(context);
	(void)snprintf(
		words, NETLINK_WORDS_SIZE, "nf_tables: %.*s", (int)strcspn(error, "\n"), error);
	return error_of(words, otherwise);
}

/* A kernel without that part of nf_tables, which may be a module, knows no such thing: all else is an error. */
static int add_limits(struct kernel *kernel, struct nft_ctx *context)
{
	char words[NETLINK_WORDS_SIZE];
	int r = run_text(context, nft_rules_limits, words, -EIO);

	if (r == -EOPNOTSUPP || r == -ENOENT) {
		log_line(LOG_WARNING,
			"connections of a namespace through the host are not limited: %s", words);
		return 0;
	}
	if (r < 0)
		memcpy(kernel->netfilter.words, words, sizeof(words));
	return r;
}

/* Fills the tables, and makes those that cannot be persistent. */
static int fill(struct kernel *kernel, const bool *is_persistent)
{
	cleanup(nft_ctx_free) struct nft_ctx *context = nft_ctx_new(NFT_CTX_DEFAULT);
	autoarena struct arena arena = ARENA_INIT;
	const char *text = "";
	int r;

	if (!context || nft_ctx_buffer_error(context) != 0 || nft_ctx_buffer_output(context) != 0)
		return -ENOMEM;
	for (enum nft_family i = 0; i < NFT_FAMILIES; i++)
		if (!is_persistent[i])
			text = arena_printf(
				&arena, "%sadd table %s " NFT_TABLE "\n", text, families[i].name);
	/* An earlier life's uplinks are not ours to forward for. */
	text = arena_printf(&arena, "%s%s%s", text, nft_rules,
		kernel->has_made_tables ? ""
					: "flush set inet " NFT_TABLE " uplinks4\n"
					  "flush set inet " NFT_TABLE " uplinks6\n");
	r = run_text(context, text, kernel->netfilter.words, -EOPNOTSUPP);
	return r < 0 ? r : add_limits(kernel, context);
}

/* Whether there is one. To be told so by a transaction that fails costs a grace period of the kernel's, 5 to 15 ms. */
static bool has_table(struct kernel *kernel, enum nft_family family)
{
	autofree struct nlmsghdr *answer = NULL;

	return netlink_get(&kernel->netfilter, build_table(NFT_MSG_GETTABLE, family, NFT_TABLE, 0),
		       &answer) == 0;
}

/* Makes persistent tables, where there are none. */
static int make_persistent(struct kernel *kernel, bool *is_persistent, bool *is_new)
{
	int r = 0;

	for (enum nft_family i = 0; r == 0 && kernel->has_persist && i < NFT_FAMILIES; i++) {
		r = has_table(kernel, i)
			    ? -EEXIST
			    : send_table(kernel, NFT_MSG_NEWTABLE, NLM_F_EXCL, i, TABLE_PERSIST);
		is_new[i] = r == 0;
		if (r == -EEXIST)
			r = send_table(kernel, NFT_MSG_NEWTABLE, 0, i, TABLE_PERSIST);
		is_persistent[i] = r == 0;
		/* One of an earlier version. */
		r = r == -EOPNOTSUPP ? 0 : r;
	}
	return r;
}

static int make_tables(struct kernel *kernel)
{
	bool is_persistent[NFT_FAMILIES] = { false }, is_new[NFT_FAMILIES] = { false };
	int r = kernel->n_owned > 0 ? release(kernel) : 0;

	nft_known_done(kernel);
	if (r == 0)
		r = make_persistent(kernel, is_persistent, is_new);
	if (r == 0)
		r = fill(kernel, is_persistent);
	memcpy(kernel->host.words, kernel->netfilter.words, sizeof(kernel->host.words));
	for (enum nft_family i = 0; r < 0 && i < NFT_FAMILIES; i++)
		if (is_new[i])
			(void)send_table(kernel, NFT_MSG_DELTABLE, 0, i, 0);
	for (enum nft_family i = 0; r == 0 && i < NFT_FAMILIES; i++) {
		if (!is_persistent[i])
			continue;
		r = send_table(kernel, NFT_MSG_NEWTABLE, 0, i, TABLE_PERSIST | TABLE_OWNER);
		kernel->n_owned += r == 0;
	}
	if (r < 0)
		return r;
	kernel->are_guards_ready = kernel->has_made_tables = true;
	return 0;
}

void nft_key_add(struct nft_key *key, const void *bytes, size_t n)
{
	assert(key->n + NLA_ALIGN(n) <= sizeof(key->bytes));
	memcpy(key->bytes + key->n, bytes, n);
	key->n += NLA_ALIGN(n);
}

void nft_key_add_name(struct nft_key *key, const char *interface)
{
	char name[IFNAMSIZ] = "";

	assert(strlen(interface) < sizeof(name));
	(void)snprintf(name, sizeof(name), "%s", interface);
	nft_key_add(key, name, sizeof(name));
}

void nft_key_add_address(struct nft_key *key, const struct address *address)
{
	nft_key_add(key, address->bytes, address_bits(address) / 8);
}

void nft_key_add_port(struct nft_key *key, uint16_t port)
{
	const uint16_t in_network_order = htons(port);

	nft_key_add(key, &in_network_order, sizeof(in_network_order));
}

static int put_value(struct nl_msg *m, int type, const struct nft_key *value)
{
	struct nlattr *nest = nla_nest_start(m, type | NLA_F_NESTED);

	if (!nest || nla_put(m, NFTA_DATA_VALUE, (int)value->n, value->bytes) < 0)
		return -ENOMEM;
	(void)nla_nest_end(m, nest);
	return 0;
}

static struct nl_msg *build_element(
	int type, struct nft_set set, const struct nft_key *key, const struct nft_key *value)
{
	cleanup(nlmsg_free) struct nl_msg *m =
		message_of(type, type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0, set.family);
	struct nlattr *list, *element;
	int r = 0;

	if (!m)
		return NULL;
	r |= nla_put_string(m, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE);
	r |= nla_put_string(m, NFTA_SET_ELEM_LIST_SET, set.name);
	list = nla_nest_start(m, NFTA_SET_ELEM_LIST_ELEMENTS | NLA_F_NESTED);
	element = nla_nest_start(m, NFTA_LIST_ELEM | NLA_F_NESTED);
	r |= put_value(m, NFTA_SET_ELEM_KEY, key);
	if (value)
		r |= put_value(m, NFTA_SET_ELEM_DATA, value);
	if (r < 0 || !list || !element)
		return NULL;
	(void)nla_nest_end(m, element);
	(void)nla_nest_end(m, list);
	return take(m);
}

void nft_change(struct netlink_batch *batch, enum nft_change change, struct nft_set set,
	const struct nft_key *key, const struct nft_key *value)
{
	/* What is not there cannot be deleted, so first it is. */
	netlink_batch_add(batch, build_element(NFT_MSG_NEWSETELEM, set, key, value));
	if (change == NFT_CLEAR)
		nft_delete(batch, set, key);
}

void nft_delete(struct netlink_batch *batch, struct nft_set set, const struct nft_key *key)
{
	netlink_batch_add(batch, build_element(NFT_MSG_DELSETELEM, set, key, NULL));
}

static int transact(struct kernel *kernel, const struct netlink_batch *batch)
{
	int r = netlink_transact(&kernel->netfilter, batch);

	memcpy(kernel->host.words, kernel->netfilter.words, sizeof(kernel->host.words));
	return r;
}

int nft_commit(struct kernel *kernel, const struct netlink_batch *batch)
{
	int r;

	if (!kernel->has_guards)
		return -EOPNOTSUPP;
	r = kernel->are_guards_ready ? transact(kernel, batch) : -ENOENT;
	if (r != -ENOENT)
		return r;
	if (kernel->are_guards_ready)
		log_line(LOG_WARNING,
			"somebody took away the firewall of all namespaces: it is made again");
	r = make_tables(kernel);
	return r < 0 ? r : transact(kernel, batch);
}

int nft_withdraw(struct kernel *kernel, const struct netlink_batch *batch)
{
	int r = kernel->has_guards ? transact(kernel, batch) : 0;

	nft_known_done(kernel);
	/* No table. */
	return r == -ENOENT ? 0 : r;
}

int nft_reset(struct kernel *kernel)
{
	int r = kernel->has_guards ? renounce(kernel, NFT_TABLE, 0) : 0;

	nft_known_done(kernel);
	memcpy(kernel->host.words, kernel->netfilter.words, sizeof(kernel->host.words));
	if (r == 0) {
		kernel->are_guards_ready = false;
		kernel->n_owned = 0;
	}
	return r;
}

struct listing {
	int (*on_element)(const struct nft_key *key, const struct nft_key *value, void *userdata);
	void *userdata;
};

static bool read_value(struct nlattr *nest, struct nft_key *ret)
{
	struct nlattr *attributes[NFTA_DATA_MAX + 1], *value;

	if (!nest || nla_parse_nested(attributes, NFTA_DATA_MAX, nest, NULL) < 0)
		return false;
	value = attributes[NFTA_DATA_VALUE];
	if (!value || nla_len(value) > (int)sizeof(ret->bytes))
		return false;
	*ret = (struct nft_key){ .n = (size_t)nla_len(value) };
	memcpy(ret->bytes, nla_data(value), ret->n);
	return true;
}

static int on_elements(struct nlmsghdr *header, void *userdata)
{
	const struct listing *listing = userdata;
	struct nlattr *attributes[NFTA_SET_ELEM_LIST_MAX + 1], *element;
	int left, r = 0;

	if (header->nlmsg_type != (NFNL_SUBSYS_NFTABLES << 8 | NFT_MSG_NEWSETELEM) ||
		nlmsg_parse(header, sizeof(struct nfgenmsg), attributes, NFTA_SET_ELEM_LIST_MAX,
			NULL) < 0)
		return -EBADMSG;
	if (!attributes[NFTA_SET_ELEM_LIST_ELEMENTS])
		return 0;
	nla_for_each_nested(element, attributes[NFTA_SET_ELEM_LIST_ELEMENTS], left)
	{
		struct nlattr *parts[NFTA_SET_ELEM_MAX + 1];
		struct nft_key key, value = { .n = 0 };

		if (nla_parse_nested(parts, NFTA_SET_ELEM_MAX, element, NULL) < 0 ||
			!read_value(parts[NFTA_SET_ELEM_KEY], &key) ||
			(parts[NFTA_SET_ELEM_DATA] &&
				!read_value(parts[NFTA_SET_ELEM_DATA], &value)))
			return -EBADMSG;
		r = listing->on_element(&key, &value, listing->userdata);
		if (r < 0)
			break;
	}
	return r;
}

int nft_list(struct kernel *kernel, struct nft_set set,
	int (*on_element)(const struct nft_key *key, const struct nft_key *value, void *userdata),
	void *userdata)
{
	cleanup(nlmsg_free) struct nl_msg *m =
		message_of(NFT_MSG_GETSETELEM, NLM_F_DUMP, set.family);
	struct listing listing = { on_element, userdata };
	int r;

	if (!kernel->has_guards)
		return 0;
	if (!m || nla_put_string(m, NFTA_SET_ELEM_LIST_TABLE, NFT_TABLE) < 0 ||
		nla_put_string(m, NFTA_SET_ELEM_LIST_SET, set.name) < 0)
		return -ENOMEM;
	r = netlink_dump(&kernel->netfilter, take(m), on_elements, &listing);
	return r == -ENOENT ? 0 : r;
}
