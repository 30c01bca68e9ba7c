/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nft_rules - the rules of our tables
 *
 * They are always the same: a port, a network, an uplink adds elements to their sets. One command a line, since naming
 * a table as a block would ask for its flags to change.
 *
 * Table bridge: a source is let through by port, hardware address and address together, also where ARP and neighbour
 * discovery speak of it in their bodies. What is none of ARP, IPv4, IPv6 goes nowhere, which takes in what spanning
 * trees and tagged frames are. A few group addresses (802.1D's reserved ones) never reach the bridge's rules: the host
 * takes such frames as its own, by the port. Nothing of ours speaks IP by a port, so the host's stack drops what does.
 *
 * Each address that an interface takes is told to all multicast routers, several times, by the group that it is looked
 * for by, and without snooping our bridges would pass that on to every port: with N namespaces each new one would be
 * several times N packets. No router has any use for those groups, which are of one link alone; so reports of nothing
 * else go no further. Reports of any other group do.
 *
 * Table inet: what passes between our networks, the host and the rest. A bridge of ours that no set knows, as an
 * earlier version made them, gets no further than to its like. What neither comes from ours nor goes there is none of
 * our business, but for what comes in by an interface that forwards for us alone: the host must not become a router by
 * that.
 *
 * Namespaces that are no ports of their network's bridge come in by links of their own, whose group says which network that
 * is. What they send is believed where the host's own route to its source leads back by that very link: so no set has to know
 * each of them.
 *
 * What a fence forbids is asked before the state of the connection is, so that a narrowed reach holds at once.
 */
#include "link.h"
#include "nft.h"

/* SNAPSHOT_LINK_GROUP, for people who list the rules */
#define GROUP "28275"
static_assert(SNAPSHOT_LINK_GROUP == 28275, "it stands in the rules");

/* Ends of networks without ports (see point.h): all groups of that kind. And links on their way out. */
#define POINT   "& 0xff000000 == 0x6e000000"
#define NOPOINT "& 0xff000000 != 0x6e000000"
#define DYING   "28276"
static_assert(SNAPSHOT_POINT_GROUP == 0x6e000000 && SNAPSHOT_POINT_MASK == 0xff000000,
	"they stand in the rules");
static_assert(LINK_GROUP_DYING == 28276, "it stands in the rules");

#define BRIDGE "bridge " NFT_TABLE " "
#define INET   "inet " NFT_TABLE " "

#define SET(table, name, what)   "add set " table name " { " what " }\n"
#define MAP(table, name, what)   "add map " table name " { " what " }\n"
#define CHAIN(table, name)       "add chain " table name "\n"
#define HOOK(table, name, what)  "add chain " table name " { " what " policy accept; }\n"
#define RULE(table, chain, what) "add rule " table chain " " what "\n"

/* In a report (RFC 3810, 5.2) behind the header for routers: how many groups it is about, and the first and the second. */
#define REPORTS   "@nh,432,16"
#define FIRST     "@nh,480,104"
#define SECOND    "@nh,640,104"
#define SOLICITED "0xff0200000000000000000001ff"

#define REJECT         "reject with icmpx admin-prohibited"
#define TARGET(family) "inet_proto . inet_service : " family "_addr . inet_service"

/* clang-format off */
const char nft_rules[] =
	/* What is there stays but for the rules: no packet finds them half made, no guard is lost. The usual packet
	 * meets two sets. One without an address as yet may ask for one, and look whether its own is free. */
	"flush table " BRIDGE "\n"
	SET(BRIDGE, "guarded", "type ifname;")
	SET(BRIDGE, "mac", "typeof iifname . ether saddr;")
	SET(BRIDGE, "mac_ip4", "typeof iifname . ether saddr . ip saddr;")
	SET(BRIDGE, "mac_arp", "typeof iifname . ether saddr . arp saddr ip;")
	SET(BRIDGE, "mac_ip6", "typeof iifname . ether saddr . ip6 saddr;")
	/* The target of a neighbour advertisement, and of the question whether anybody has an address. */
	SET(BRIDGE, "mac_nd", "typeof iifname . ether saddr . @th,64,128;")
	CHAIN(BRIDGE, "guest_ip4_none")
	RULE(BRIDGE, "guest_ip4_none", "iifname . ether saddr != @mac drop")
	RULE(BRIDGE, "guest_ip4_none", "ip saddr 0.0.0.0 ip daddr 255.255.255.255 udp dport 67 accept")
	RULE(BRIDGE, "guest_ip4_none", "drop")
	CHAIN(BRIDGE, "guest_ip4")
	RULE(BRIDGE, "guest_ip4", "iifname . ether saddr . ip saddr != @mac_ip4 goto guest_ip4_none")
	RULE(BRIDGE, "guest_ip4", "meta l4proto tcp accept")
	RULE(BRIDGE, "guest_ip4", "udp sport 67 drop")
	RULE(BRIDGE, "guest_ip4", "udp dport 68 drop")
	RULE(BRIDGE, "guest_ip4", "icmp type redirect drop")
	RULE(BRIDGE, "guest_ip4", "accept")
	CHAIN(BRIDGE, "guest_ip6_none")
	RULE(BRIDGE, "guest_ip6_none", "iifname . ether saddr != @mac drop")
	RULE(BRIDGE, "guest_ip6_none", "ip6 saddr != :: drop")
	RULE(BRIDGE, "guest_ip6_none", "icmpv6 type nd-neighbor-solicit iifname . ether saddr . @th,64,128 @mac_nd accept")
	RULE(BRIDGE, "guest_ip6_none", "icmpv6 type { mld-listener-report, mld2-listener-report } accept")
	RULE(BRIDGE, "guest_ip6_none", "drop")
	CHAIN(BRIDGE, "guest_ip6")
	RULE(BRIDGE, "guest_ip6", "iifname . ether saddr . ip6 saddr != @mac_ip6 goto guest_ip6_none")
	RULE(BRIDGE, "guest_ip6", "meta l4proto tcp accept")
	RULE(BRIDGE, "guest_ip6", "udp sport 547 drop")
	RULE(BRIDGE, "guest_ip6", "udp dport 546 drop")
	RULE(BRIDGE, "guest_ip6", "icmpv6 type { nd-router-advert, nd-redirect } drop")
	RULE(BRIDGE, "guest_ip6", "icmpv6 type nd-neighbor-advert iifname . ether saddr . @th,64,128 != @mac_nd drop")
	RULE(BRIDGE, "guest_ip6", "accept")
	CHAIN(BRIDGE, "guest")
	RULE(BRIDGE, "guest", "ether type ip goto guest_ip4")
	RULE(BRIDGE, "guest", "ether type ip6 goto guest_ip6")
	RULE(BRIDGE, "guest", "ether type arp iifname . ether saddr . arp saddr ip @mac_arp accept")
	RULE(BRIDGE, "guest", "drop")
	CHAIN(BRIDGE, "report")
	RULE(BRIDGE, "report", REPORTS " 1 " FIRST " " SOLICITED " drop")
	RULE(BRIDGE, "report", REPORTS " 2 " FIRST " " SOLICITED " " SECOND " " SOLICITED " drop")
	HOOK(BRIDGE, "prerouting", "type filter hook prerouting priority -300;")
	RULE(BRIDGE, "prerouting", "ip6 daddr ff02::16 iifgroup " GROUP " jump report")
	RULE(BRIDGE, "prerouting", "iifname @guarded jump guest")

	"flush table " INET "\n"
	/* All networks; those that get out; those that others get into; those that borrow an address of the host's. */
	SET(INET, "networks", "type ifname;")
	SET(INET, "reaching", "type ifname;")
	SET(INET, "routed", "type ifname;")
	SET(INET, "natted", "type ifname;")
	/* A network and itself: all, and those that are not isolated. */
	SET(INET, "own", "type ifname . ifname;")
	SET(INET, "pairs", "type ifname . ifname;")
	/* Gateways that only our networks may speak to. */
	SET(INET, "private4", "type ipv4_addr;")
	SET(INET, "private6", "type ipv6_addr;")
	/* The same of networks that have ends instead of ports, by group; what the host is to an end of a group, and to all; where
	 * such an end's questions about names go. */
	SET(INET, "end_own", "type devgroup . devgroup;")
	SET(INET, "end_pairs", "type devgroup . devgroup;")
	MAP(INET, "end_gateway4", "type devgroup : ipv4_addr;")
	MAP(INET, "end_gateway6", "type devgroup : ipv6_addr;")
	SET(INET, "public4", "type ipv4_addr;")
	SET(INET, "public6", "type ipv6_addr;")
	SET(INET, "end_names4", "type devgroup . ipv4_addr;")
	SET(INET, "end_names6", "type devgroup . ipv6_addr;")
	/* Those that forward in that family for us alone. */
	SET(INET, "uplinks4", "type ifname;")
	SET(INET, "uplinks6", "type ifname;")
	MAP(INET, "ports4", "type " TARGET("ipv4") ";")
	MAP(INET, "ports6", "type " TARGET("ipv6") ";")
	MAP(INET, "ports4_at", "type ipv4_addr . " TARGET("ipv4") ";")
	MAP(INET, "ports6_at", "type ipv6_addr . " TARGET("ipv6") ";")

	/* What the host's loopback speaks by a bridge of ours comes back with the bridge's address. */
	HOOK(INET, "prerouting", "type filter hook prerouting priority -450;")
	RULE(INET, "prerouting", "iifgroup " GROUP " meta iifkind \"veth\" drop")
	CHAIN(INET, "no_loopback")
	RULE(INET, "no_loopback", "ip saddr 127.0.0.0/8 drop")
	RULE(INET, "no_loopback", "ip daddr 127.0.0.0/8 drop")
	RULE(INET, "no_loopback", "ip6 saddr ::1 drop")
	RULE(INET, "no_loopback", "ip6 daddr ::1 drop")
	/* Nobody asks such a link for an address, or is to be led elsewhere by it. */
	CHAIN(INET, "from_end")
	RULE(INET, "from_end", "ip saddr 0.0.0.0/8 drop")
	RULE(INET, "from_end", "ip6 saddr :: drop")
	RULE(INET, "from_end", "fib saddr . iif oif missing drop")
	RULE(INET, "from_end", "meta l4proto tcp goto no_loopback")
	RULE(INET, "from_end", "udp sport { 67, 547 } drop")
	RULE(INET, "from_end", "udp dport { 68, 546 } drop")
	RULE(INET, "from_end", "icmp type redirect drop")
	RULE(INET, "from_end", "icmpv6 type { nd-router-advert, nd-redirect } drop")
	RULE(INET, "from_end", "goto no_loopback")
	RULE(INET, "prerouting", "iifgroup " POINT " goto from_end")
	RULE(INET, "prerouting", "iifgroup " DYING " drop")
	RULE(INET, "prerouting", "iifgroup " GROUP " goto no_loopback")
	RULE(INET, "prerouting", "iifname @networks goto no_loopback")

	CHAIN(INET, "published")
	RULE(INET, "published", "dnat ip to ip daddr . meta l4proto . th dport map @ports4_at")
	RULE(INET, "published", "dnat ip to meta l4proto . th dport map @ports4")
	RULE(INET, "published", "dnat ip6 to ip6 daddr . meta l4proto . th dport map @ports6_at")
	RULE(INET, "published", "dnat ip6 to meta l4proto . th dport map @ports6")
	HOOK(INET, "prerouting_nat", "type nat hook prerouting priority -100;")
	RULE(INET, "prerouting_nat", "meta l4proto { tcp, udp } fib daddr type local goto published")
	HOOK(INET, "output_nat", "type nat hook output priority -100;")
	RULE(INET, "output_nat", "meta l4proto { tcp, udp } fib daddr type local goto published")

	/* Filled by the limits. */
	CHAIN(INET, "sources")
	CHAIN(INET, "from_ours")
	CHAIN(INET, "from_reaching")
	RULE(INET, "from_ours", "iifname != @reaching iifname . oifname != @own " REJECT)
	RULE(INET, "from_ours", "goto from_reaching")
	RULE(INET, "from_reaching", "oifname @networks oifname != @reaching iifname . oifname != @own " REJECT)
	/* Ports of an internal network are for the host alone, be it a router or not. */
	RULE(INET, "from_reaching", "oifname @networks oifname != @reaching ct status dnat " REJECT)
	RULE(INET, "from_reaching", "ct state invalid drop")
	RULE(INET, "from_reaching", "jump sources")
	RULE(INET, "from_reaching", "ct state { established, related } accept")
	RULE(INET, "from_reaching", "iifname . oifname @pairs accept")
	RULE(INET, "from_reaching", "iifgroup . oifgroup @end_pairs accept")
	/* Into a network of ours, its own included: by a published port alone. */
	RULE(INET, "from_reaching", "oifname @networks ct status dnat accept")
	RULE(INET, "from_reaching", "oifgroup " POINT " ct status dnat accept")
	RULE(INET, "from_reaching", "oifname @networks " REJECT)
	RULE(INET, "from_reaching", "oifgroup " POINT " " REJECT)
	RULE(INET, "from_reaching", "oifgroup " GROUP " " REJECT)
	RULE(INET, "from_reaching", "accept")

	CHAIN(INET, "to_ours")
	RULE(INET, "to_ours", "oifname != @reaching drop")
	RULE(INET, "to_ours", "ct state invalid drop")
	RULE(INET, "to_ours", "ct state { established, related } accept")
	RULE(INET, "to_ours", "ct status dnat accept")
	RULE(INET, "to_ours", "oifname @routed accept")
	RULE(INET, "to_ours", "drop")

	/* All others get in. */
	CHAIN(INET, "to_end")
	RULE(INET, "to_end", "ct state invalid drop")
	RULE(INET, "to_end", "accept")

	CHAIN(INET, "unfenced")
	RULE(INET, "unfenced", "jump sources")
	RULE(INET, "unfenced", "oifname @networks " REJECT)
	RULE(INET, "unfenced", "oifgroup " GROUP " accept")
	RULE(INET, "unfenced", REJECT)

	/* Answers to what others begin are theirs. */
	CHAIN(INET, "closed")
	RULE(INET, "closed", "ct state { established, related } accept")
	RULE(INET, "closed", "drop")

	HOOK(INET, "forward", "type filter hook forward priority 0;")
	RULE(INET, "forward", "iifname @networks goto from_ours")
	RULE(INET, "forward", "iifgroup " POINT " goto from_reaching")
	RULE(INET, "forward", "iifgroup " GROUP " goto unfenced")
	RULE(INET, "forward", "oifname @networks goto to_ours")
	RULE(INET, "forward", "oifgroup " POINT " goto to_end")
	RULE(INET, "forward", "oifgroup " GROUP " drop")
	RULE(INET, "forward", "meta nfproto ipv4 iifname @uplinks4 goto closed")
	RULE(INET, "forward", "meta nfproto ipv6 iifname @uplinks6 goto closed")

	HOOK(INET, "input", "type filter hook input priority 0;")
	RULE(INET, "input", "iifgroup " GROUP " jump sources")
	RULE(INET, "input", "iifgroup " POINT " jump sources")
	/* The name server of a network without ports is at its gateways, and takes what comes there: see dnsmasq.c. */
	CHAIN(INET, "names")
	RULE(INET, "names", "iifgroup . ip daddr @end_names4 return")
	RULE(INET, "names", "iifgroup . ip6 daddr @end_names6 return")
	RULE(INET, "names", "drop")
	CHAIN(INET, "public")
	RULE(INET, "public", "meta l4proto { tcp, udp } th dport 53 goto names")
	RULE(INET, "input", "iifname != lo ip daddr @public4 jump public")
	RULE(INET, "input", "iifname != lo ip6 daddr @public6 jump public")
	CHAIN(INET, "stranger")
	RULE(INET, "stranger", "iifname @networks return")
	RULE(INET, "stranger", "iifgroup " POINT " return")
	RULE(INET, "stranger", "ct state { established, related } return")
	RULE(INET, "stranger", "drop")
	RULE(INET, "input", "iifname != lo ip daddr @private4 goto stranger")
	RULE(INET, "input", "iifname != lo ip6 daddr @private6 goto stranger")

	HOOK(INET, "postrouting", "type nat hook postrouting priority 100;")
	/* With an address of its own network's, which lasts as long as the end. */
	CHAIN(INET, "by_gateway")
	RULE(INET, "by_gateway", "snat ip to oifgroup map @end_gateway4")
	RULE(INET, "by_gateway", "snat ip6 to oifgroup map @end_gateway6")
	CHAIN(INET, "nat_to_end")
	RULE(INET, "nat_to_end", "ip saddr 127.0.0.0/8 goto by_gateway")
	/* Its own source nobody takes an answer from. */
	RULE(INET, "nat_to_end", "iifgroup . oifgroup @end_own ct status dnat goto by_gateway")
	RULE(INET, "nat_to_end", "accept")
	RULE(INET, "postrouting", "oifgroup " POINT " goto nat_to_end")
	RULE(INET, "postrouting", "oifname @networks ip saddr 127.0.0.0/8 masquerade")
	RULE(INET, "postrouting", "oifname @networks ip6 saddr ::1 masquerade")
	/* Whoever answers must answer by the host: one on the same network, and one that knows no way but to it. */
	RULE(INET, "postrouting", "iifname . oifname @own ct status dnat masquerade")
	RULE(INET, "postrouting", "oifname @networks oifname != @reaching ct status dnat masquerade")
	RULE(INET, "postrouting", "iifname @natted oifname != @networks masquerade");

const char nft_rules_limits[] =
	SET(INET, "sources4", "type ipv4_addr; size 65535; flags dynamic;")
	SET(INET, "sources6", "type ipv6_addr; size 65535; flags dynamic;")
	RULE(INET, "sources", "ct state new add @sources4 { ip saddr ct count over 500 } drop")
	RULE(INET, "sources", "ct state new add @sources6 { ip6 saddr ct count over 500 } drop");
/* clang-format on */
