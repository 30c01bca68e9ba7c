/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * firewall - what passes between networks, the uplinks and the host: fences and published ports, in table inet nsnetd
 *
 * The rules are in nft_rules.c; here are the elements that they look up.
 */
#include "firewall.h"

/* Before the kernel's. */
#include <netinet/in.h>

#include <arpa/inet.h>

#include "nft.h"

static void change_member(struct netlink_batch *batch, const char *set, bool is_member,
	const char *first, const char *second)
{
	struct nft_key key = { .n = 0 };

	nft_key_add_name(&key, first);
	if (second)
		nft_key_add_name(&key, second);
	nft_change(batch, is_member ? NFT_SET : NFT_CLEAR, (struct nft_set){ NFT_INET, set }, &key,
		NULL);
}

static void change_gateway(
	struct netlink_batch *batch, enum nft_change change, const struct address *gateway)
{
	const char *set = gateway->family == AF_INET ? "private4" : "private6";
	struct nft_key key = { .n = 0 };

	nft_key_add_address(&key, gateway);
	nft_change(batch, change, (struct nft_set){ NFT_INET, set }, &key, NULL);
}

/* Its gateways that the host's neighbours have no business with. */
static const struct address *private_gateway(const struct fence *fence, size_t family)
{
	static const struct address none = { .family = AF_UNSPEC };

	return fence->is_set && fence->reach != NSNET_REACH_ROUTE ? &fence->gateways[family]
								  : &none;
}

static void add_group(struct nft_key *key, uint32_t group)
{
	/* In the host's order. */
	nft_key_add(key, &group, sizeof(group));
}

/* What is known of a network whose namespaces are no ports of its bridge: it must be such a one. is_there false: it was. */
static void change_ends(
	struct netlink_batch *batch, const struct fence *fence, bool is_there, bool is_isolated)
{
	static const char *const names[] = { "end_names4", "end_names6" };
	static const char *const publics[] = { "public4", "public6" };
	static const char *const gateways[] = { "end_gateway4", "end_gateway6" };
	enum nft_change change = is_there ? NFT_SET : NFT_CLEAR;
	struct nft_key pair = { .n = 0 }, group = { .n = 0 };

	add_group(&pair, fence->group);
	add_group(&pair, fence->group);
	add_group(&group, fence->group);
	nft_change(batch, change, (struct nft_set){ NFT_INET, "end_own" }, &pair, NULL);
	nft_change(batch, is_there && !is_isolated ? NFT_SET : NFT_CLEAR,
		(struct nft_set){ NFT_INET, "end_pairs" }, &pair, NULL);
	for (size_t i = 0; i < FAMILIES; i++) {
		struct nft_key name = group, gateway = { .n = 0 };

		if (!address_is_set(&fence->gateways[i]))
			continue;
		nft_key_add_address(&name, &fence->gateways[i]);
		nft_key_add_address(&gateway, &fence->gateways[i]);
		nft_change(batch, change, (struct nft_set){ NFT_INET, names[i] }, &name, NULL);
		nft_change(batch, change, (struct nft_set){ NFT_INET, publics[i] }, &gateway, NULL);
		nft_change(
			batch, change, (struct nft_set){ NFT_INET, gateways[i] }, &group, &gateway);
	}
}

int firewall_set_fence(struct kernel *kernel, const struct step *step)
{
	cleanup(netlink_batch_done) struct netlink_batch batch = { .n = 0 };
	const struct fence *before = &step->fence.before, *after = &step->fence.after;
	const char *bridge = step->fence.bridge;
	bool is_natted = after->is_set && after->reach == NSNET_REACH_NAT;
	bool is_routed = after->is_set && after->reach == NSNET_REACH_ROUTE;

	change_member(&batch, "networks", after->is_set, bridge, NULL);
	change_member(&batch, "reaching", is_natted || is_routed, bridge, NULL);
	change_member(&batch, "routed", is_routed, bridge, NULL);
	change_member(&batch, "natted", is_natted, bridge, NULL);
	change_member(&batch, "own", after->is_set, bridge, bridge);
	change_member(&batch, "pairs", after->is_set && !after->is_isolated, bridge, bridge);
	for (size_t i = 0; i < FAMILIES; i++) {
		const struct address *old = private_gateway(before, i);
		const struct address *new = private_gateway(after, i);

		if (address_is_set(old) && !address_is_equal(old, new))
			change_gateway(&batch, NFT_CLEAR, old);
		if (address_is_set(new))
			change_gateway(&batch, NFT_SET, new);
	}
	/* Gateways are others only where nothing is attached. */
	if (before->group)
		change_ends(&batch, before, false, true);
	if (after->group)
		change_ends(&batch, after, true, after->is_isolated);
	return after->is_set ? nft_commit(kernel, &batch) : nft_withdraw(kernel, &batch);
}

static void change_uplink(struct netlink_batch *batch, const struct step *step, bool is_there)
{
	for (size_t i = 0; i < FAMILIES; i++)
		change_member(batch, family_of(i) == AF_INET ? "uplinks4" : "uplinks6",
			is_there && step->uplink.is_closed[i], step->uplink.interface, NULL);
}

int firewall_add_uplink(struct kernel *kernel, const struct step *step)
{
	cleanup(netlink_batch_done) struct netlink_batch batch = { .n = 0 };

	change_uplink(&batch, step, true);
	return nft_commit(kernel, &batch);
}

int firewall_delete_uplink(struct kernel *kernel, const struct step *step)
{
	cleanup(netlink_batch_done) struct netlink_batch batch = { .n = 0 };

	change_uplink(&batch, step, false);
	return nft_withdraw(kernel, &batch);
}

/* Ports of one family; those at one address of the host alone come first. */
static const struct map {
	const char *name;
	int family;
	bool is_at;
} maps[] = {
	{ "ports4", AF_INET, false },
	{ "ports4_at", AF_INET, true },
	{ "ports6", AF_INET6, false },
	{ "ports6_at", AF_INET6, true },
};

static int number_of(enum nsnet_protocol protocol)
{
	switch (protocol) {
	case NSNET_PROTOCOL_TCP:
		return IPPROTO_TCP;
	case NSNET_PROTOCOL_UDP:
		return IPPROTO_UDP;
	case NSNET_PROTOCOL_UNSET:
		break;
	}
	return -EINVAL;
}

/* The element of a port. -EINVAL: there is no such port. */
static int make_port(const struct step *step, struct nft_set *ret_set, struct nft_key *ret_key,
	struct nft_key *ret_value)
{
	const struct address any = { .family = step->port.target.family };
	const struct address *host = &step->port.host;
	bool is_at = address_is_set(host) && !address_is_equal(host, &any);
	int protocol = number_of(step->port.protocol);
	const uint8_t protocol_byte = (uint8_t)protocol;

	if (protocol < 0 || (any.family != AF_INET && any.family != AF_INET6) ||
		(address_is_set(host) && host->family != any.family) || !step->port.host_port ||
		!step->port.namespace_port)
		return -EINVAL;
	*ret_key = *ret_value = (struct nft_key){ .n = 0 };
	if (is_at)
		nft_key_add_address(ret_key, host);
	nft_key_add(ret_key, &protocol_byte, sizeof(protocol_byte));
	nft_key_add_port(ret_key, step->port.host_port);
	nft_key_add_address(ret_value, &step->port.target);
	nft_key_add_port(ret_value, step->port.namespace_port);
	for (size_t i = 0; i < lengthof(maps); i++)
		if (maps[i].family == any.family && maps[i].is_at == is_at)
			*ret_set = (struct nft_set){ NFT_INET, maps[i].name };
	return 0;
}

int firewall_add_port(struct kernel *kernel, const struct step *step)
{
	cleanup(netlink_batch_done) struct netlink_batch add = { .n = 0 }, replace = { .n = 0 };
	struct nft_set set;
	struct nft_key key, value;
	int r = make_port(step, &set, &key, &value);

	if (r < 0)
		return r;
	nft_change(&add, NFT_SET, set, &key, &value);
	r = nft_commit(kernel, &add);
	if (r != -EBUSY && r != -EEXIST)
		return r;
	/* It leads elsewhere. */
	nft_delete(&replace, set, &key);
	nft_change(&replace, NFT_SET, set, &key, &value);
	return nft_commit(kernel, &replace);
}

int firewall_delete_port(struct kernel *kernel, const struct step *step)
{
	cleanup(netlink_batch_done) struct netlink_batch batch = { .n = 0 };
	struct nft_set set;
	struct nft_key key, value;
	int r = make_port(step, &set, &key, &value);

	if (r < 0)
		return r;
	/* Not there: done. */
	nft_delete(&batch, set, &key);
	return nft_withdraw(kernel, &batch);
}

int firewall_reset(struct kernel *kernel, const struct step *step)
{
	(void)step;
	return nft_reset(kernel);
}

struct ports {
	struct arena *arena;
	const struct map *map;
	struct snapshot_port *items;
	size_t n;
};

static uint16_t port_at(const struct nft_key *key, size_t at)
{
	return (uint16_t)(key->bytes[at] << 8 | key->bytes[at + 1]);
}

static int on_port(const struct nft_key *key, const struct nft_key *value, void *userdata)
{
	struct ports *ports = userdata;
	struct address address = { .family = ports->map->family };
	size_t length = address_bits(&address) / 8, at = ports->map->is_at ? length : 0;
	struct snapshot_port *to;

	if (key->n < at + 8 - 2 || value->n < length + 2)
		return -EBADMSG;
	ports->items = arena_grow(ports->arena, ports->items, ports->n, sizeof(*ports->items));
	to = &ports->items[ports->n++];
	*to = (struct snapshot_port){
		.protocol = key->bytes[at],
		.host = address,
		.target = address,
		.host_port = port_at(key, at + 4),
		.namespace_port = port_at(value, length),
	};
	memcpy(to->host.bytes, key->bytes, at);
	memcpy(to->target.bytes, value->bytes, length);
	return 0;
}

int firewall_list_ports(
	struct kernel *kernel, struct arena *arena, struct snapshot_port **ret, size_t *ret_n)
{
	struct ports ports = { .arena = arena };

	for (size_t i = 0; i < lengthof(maps); i++) {
		int r;

		ports.map = &maps[i];
		r = nft_list(kernel, (struct nft_set){ NFT_INET, maps[i].name }, on_port, &ports);
		if (r < 0)
			return r;
	}
	*ret = ports.items;
	*ret_n = ports.n;
	return 0;
}
