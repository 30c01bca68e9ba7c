/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guard - what may come from a port: tables of nf_tables in the host's network namespace
 *
 * The rules are always the same; a port adds elements to their sets. A source is let through by port, hardware address and
 * address together, also where ARP and neighbour discovery speak of it in their bodies. What is none of ARP, IPv4, IPv6 goes
 * nowhere, which takes in what spanning trees and tagged frames are.
 *
 * The rules are text, for libnftables, once in this process's life. Before it adds an element libnftables asks the kernel for
 * every set and chain of the host, which some have thousands of; so elements go by messages of our own.
 *
 * A few group addresses (802.1D's reserved ones) never reach the bridge's rules: the host takes such frames as its own, by the
 * port. Nothing of ours speaks IP by a port, so the host's stack drops what does.
 */
#include "guard.h"

#include "firewall.h"

/* Before the kernel's, which then leave out what the two have in common. */
#include <netinet/in.h>

#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <nftables/libnftables.h>
#include <stdio.h>

#include "log.h"
#include "route.h"

define_cleanup(struct nl_msg *, nlmsg_free);

#define TABLE "nsnetd"
/* SNAPSHOT_LINK_GROUP, for people who list the rules */
#define GROUP "28275"
static_assert(SNAPSHOT_LINK_GROUP == 28275, "it stands in the rules");

/* What is there stays but for the rules: no packet finds them half made, no guard is lost. The usual packet meets two sets. One
 * without an address as yet may ask for one, and look whether its own is free. */
static const char rules[] =
	"table bridge " TABLE "\n"
	"flush table bridge " TABLE "\n"
	"table bridge " TABLE " {\n"
	"	set guarded { type ifname; }\n"
	"	set mac { typeof iifname . ether saddr; }\n"
	"	set mac_ip4 { typeof iifname . ether saddr . ip saddr; }\n"
	"	set mac_arp { typeof iifname . ether saddr . arp saddr ip; }\n"
	"	set mac_ip6 { typeof iifname . ether saddr . ip6 saddr; }\n"
	/* The target of a neighbour advertisement, and of the question whether anybody has an address. */
	"	set mac_nd { typeof iifname . ether saddr . @th,64,128; }\n"
	"	chain guest {\n"
	"		ether type ip goto guest_ip4\n"
	"		ether type ip6 goto guest_ip6\n"
	"		ether type arp iifname . ether saddr . arp saddr ip @mac_arp accept\n"
	"		drop\n"
	"	}\n"
	"	chain guest_ip4 {\n"
	"		iifname . ether saddr . ip saddr != @mac_ip4 goto guest_ip4_none\n"
	"		meta l4proto tcp accept\n"
	"		udp sport 67 drop\n"
	"		udp dport 68 drop\n"
	"		icmp type redirect drop\n"
	"		accept\n"
	"	}\n"
	"	chain guest_ip4_none {\n"
	"		iifname . ether saddr != @mac drop\n"
	"		ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp dport 67 accept\n"
	"		drop\n"
	"	}\n"
	"	chain guest_ip6 {\n"
	"		iifname . ether saddr . ip6 saddr != @mac_ip6 goto guest_ip6_none\n"
	"		meta l4proto tcp accept\n"
	"		udp sport 547 drop\n"
	"		udp dport 546 drop\n"
	"		icmpv6 type { nd-router-advert, nd-redirect } drop\n"
	"		icmpv6 type nd-neighbor-advert iifname . ether saddr . @th,64,128 != @mac_nd drop\n"
	"		accept\n"
	"	}\n"
	"	chain guest_ip6_none {\n"
	"		iifname . ether saddr != @mac drop\n"
	"		ip6 saddr != :: drop\n"
	"		icmpv6 type nd-neighbor-solicit iifname . ether saddr . @th,64,128 @mac_nd accept\n"
	"		icmpv6 type { mld-listener-report, mld2-listener-report } accept\n"
	"		drop\n"
	"	}\n"
	"	chain prerouting {\n"
	"		type filter hook prerouting priority -300; policy accept;\n"
	"		iifname @guarded jump guest\n"
	"	}\n"
	"}\n"
	"table inet " TABLE "\n"
	"flush table inet " TABLE "\n"
	"table inet " TABLE " {\n"
	"	chain prerouting {\n"
	"		type filter hook prerouting priority -450; policy accept;\n"
	"		iifgroup " GROUP " meta iifkind \"veth\" drop\n"
	"	}\n"
	"}\n";

/* The host's table of connections is everyone's: of one source, so many at once and no more. */
static const char limits[] =
	"table inet " TABLE " {\n"
	"	set sources4 { type ipv4_addr; size 65535; flags dynamic; }\n"
	"	set sources6 { type ipv6_addr; size 65535; flags dynamic; }\n"
	"	chain sources {\n"
	"		ct state new add @sources4 { ip saddr ct count over 500 } drop\n"
	"		ct state new add @sources6 { ip6 saddr ct count over 500 } drop\n"
	"	}\n"
	"	chain input {\n"
	"		type filter hook input priority 0; policy accept;\n"
	"		iifgroup " GROUP " jump sources\n"
	"	}\n"
	"	chain forward {\n"
	"		type filter hook forward priority 0; policy accept;\n"
	"		iifgroup " GROUP " jump sources\n"
	"	}\n"
	"}\n";

define_cleanup(struct nft_ctx *, nft_ctx_free);

/* 0; or -EOPNOTSUPP, and words, NETLINK_WORDS_SIZE of them, say why. */
static int run_text(struct nft_ctx *context, const char *text, char *words)
{
	const char *error;

	if (nft_run_cmd_from_buffer(context, text) == 0)
		return 0;
	/* The rule itself stands in the lines behind. */
	error = nft_ctx_get_error_buffer(context);
	(void)snprintf(
		words, NETLINK_WORDS_SIZE, "nf_tables: %.*s", (int)strcspn(error, "\n"), error);
	return -EOPNOTSUPP;
}

static int make_tables(struct kernel *kernel)
{
	cleanup(nft_ctx_free) struct nft_ctx *context = nft_ctx_new(NFT_CTX_DEFAULT);
	char words[NETLINK_WORDS_SIZE];
	int r;

	if (!context || nft_ctx_buffer_error(context) != 0 || nft_ctx_buffer_output(context) != 0)
		return -ENOMEM;
	r = run_text(context, rules, kernel->host.words);
	if (r < 0)
		return r;
	if (run_text(context, limits, words) < 0)
		log_line(LOG_WARNING,
			"connections of a namespace through the host are not limited: %s", words);
	kernel->are_guards_ready = true;
	return 0;
}

static struct nl_msg *message_of(int type, int flags, uint8_t family)
{
	const struct nfgenmsg header = { .nfgen_family = family, .version = NFNETLINK_V0 };

	return netlink_message(NFNL_SUBSYS_NFTABLES << 8 | type, flags, &header, sizeof(header));
}

static struct nl_msg *build_table(int type, uint8_t family, const char *name)
{
	cleanup(nlmsg_free) struct nl_msg *m =
		message_of(type, type == NFT_MSG_NEWTABLE ? NLM_F_CREATE : 0, family);

	return m && nla_put_string(m, NFTA_TABLE_NAME, name) == 0 ? take(m) : NULL;
}

/* Makes tables of that name, where there are none, and takes them away. */
static int renounce(struct kernel *kernel, const char *name, const uint8_t *families, size_t n)
{
	cleanup(netlink_batch_done) struct netlink_batch batch = { .n = 0 };

	for (size_t i = 0; i < n; i++) {
		netlink_batch_add(&batch, build_table(NFT_MSG_NEWTABLE, families[i], name));
		netlink_batch_add(&batch, build_table(NFT_MSG_DELTABLE, families[i], name));
	}
	return netlink_transact(&kernel->netfilter, &batch);
}

void guard_open(struct kernel *kernel)
{
	static const uint8_t families[] = { NFPROTO_BRIDGE, NFPROTO_INET };
	int r = netlink_open_netfilter(&kernel->netfilter);

	/* Within a transaction: nobody sees it. */
	if (r == 0)
		r = renounce(kernel, TABLE "-probe", families, lengthof(families));
	kernel->has_guards = r == 0;
}

/* As nf_tables has it: each part begins at a multiple of four. */
struct key {
	uint8_t bytes[IFNAMSIZ + 8 + 16];
	size_t n;
};

static void add_part(struct key *key, const void *bytes, size_t n)
{
	assert(key->n + n <= sizeof(key->bytes));
	memcpy(key->bytes + key->n, bytes, n);
	key->n += NLA_ALIGN(n);
}

/* An element of a set: the port, with its hardware address and an address where they are not NULL. */
static struct nl_msg *build_element(int type, const char *set, const struct step *step,
	const struct mac *mac, const struct address *address)
{
	cleanup(nlmsg_free) struct nl_msg *m =
		message_of(type, type == NFT_MSG_NEWSETELEM ? NLM_F_CREATE : 0, NFPROTO_BRIDGE);
	struct key key = { .n = IFNAMSIZ };
	struct nlattr *list, *element, *value;
	int r = 0;

	if (!m)
		return NULL;
	memcpy(key.bytes, step->guard.port, strlen(step->guard.port));
	if (mac)
		add_part(&key, mac->bytes, sizeof(mac->bytes));
	if (address)
		add_part(&key, address->bytes, address_bits(address) / 8);
	r |= nla_put_string(m, NFTA_SET_ELEM_LIST_TABLE, TABLE);
	r |= nla_put_string(m, NFTA_SET_ELEM_LIST_SET, set);
	list = nla_nest_start(m, NFTA_SET_ELEM_LIST_ELEMENTS | NLA_F_NESTED);
	element = nla_nest_start(m, NFTA_LIST_ELEM | NLA_F_NESTED);
	value = nla_nest_start(m, NFTA_SET_ELEM_KEY | NLA_F_NESTED);
	r |= nla_put(m, NFTA_DATA_VALUE, (int)key.n, key.bytes);
	if (r < 0 || !list || !element || !value)
		return NULL;
	(void)nla_nest_end(m, value);
	(void)nla_nest_end(m, element);
	(void)nla_nest_end(m, list);
	return take(m);
}

/* All elements of a guard. The link-local address that a namespace is given is its own as well. */
static void add_elements(struct netlink_batch *batch, int type, const struct step *step)
{
	const struct mac *mac = &step->guard.mac;
	const struct address link_local = route_link_local(mac);
	const struct address *ip4 = &step->guard.addresses[family_index(AF_INET)];
	const struct address *ip6 = &step->guard.addresses[family_index(AF_INET6)];

	netlink_batch_add(batch, build_element(type, "guarded", step, NULL, NULL));
	netlink_batch_add(batch, build_element(type, "mac", step, mac, NULL));
	netlink_batch_add(batch, build_element(type, "mac_ip6", step, mac, &link_local));
	netlink_batch_add(batch, build_element(type, "mac_nd", step, mac, &link_local));
	if (address_is_set(ip4)) {
		netlink_batch_add(batch, build_element(type, "mac_ip4", step, mac, ip4));
		netlink_batch_add(batch, build_element(type, "mac_arp", step, mac, ip4));
	}
	if (address_is_set(ip6)) {
		netlink_batch_add(batch, build_element(type, "mac_ip6", step, mac, ip6));
		netlink_batch_add(batch, build_element(type, "mac_nd", step, mac, ip6));
	}
}

static int send_elements(struct kernel *kernel, const struct step *step, bool is_delete)
{
	cleanup(netlink_batch_done) struct netlink_batch batch = { .n = 0 };
	int r;

	/* What is not there cannot be deleted, so first it is. */
	add_elements(&batch, NFT_MSG_NEWSETELEM, step);
	if (is_delete)
		add_elements(&batch, NFT_MSG_DELSETELEM, step);
	r = netlink_transact(&kernel->netfilter, &batch);
	memcpy(kernel->host.words, kernel->netfilter.words, sizeof(kernel->host.words));
	return r;
}

int guard_add(struct kernel *kernel, const struct step *step)
{
	int r;

	if (!kernel->has_guards)
		return -EOPNOTSUPP;
	r = kernel->are_guards_ready ? send_elements(kernel, step, false) : -ENOENT;
	if (r != -ENOENT)
		return r;
	if (kernel->are_guards_ready)
		log_line(LOG_WARNING,
			"somebody took away the guards of all namespaces; they come back when nsnetd is restarted");
	r = make_tables(kernel);
	return r < 0 ? r : send_elements(kernel, step, false);
}

int guard_delete(struct kernel *kernel, const struct step *step)
{
	int r = kernel->has_guards ? send_elements(kernel, step, true) : 0;

	/* No table. */
	return r == -ENOENT ? 0 : r;
}

int firewall_reset(struct kernel *kernel)
{
	static const uint8_t families[] = { NFPROTO_BRIDGE, NFPROTO_INET };
	int r = kernel->has_guards ? renounce(kernel, TABLE, families, lengthof(families)) : 0;

	memcpy(kernel->host.words, kernel->netfilter.words, sizeof(kernel->host.words));
	if (r == 0)
		kernel->are_guards_ready = false;
	return r;
}
