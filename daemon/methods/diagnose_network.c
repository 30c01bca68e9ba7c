/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * diagnose_network - what is looked at of one network: its bridge, the host's addresses there, what lets it through
 */
#include "diagnose.h"
#include "diagnose_rules.h"
#include "repair.h"

#define NAMES_PORT 53

static const char *family_name(size_t family)
{
	return family == 0 ? "IPv4" : "IPv6";
}

/* Of the bridge: */

static bool has_gateway(const struct diagnose *diagnose, int bridge, const struct prefix *address)
{
	for (size_t i = 0; i < diagnose->routes.n; i++) {
		const struct snapshot_route *route = &diagnose->routes.items[i];

		if (route->interface == bridge && route->is_address &&
			prefix_is_equal(&route->prefix, address))
			return true;
	}
	return false;
}

static bool look_bridge(struct diagnose *diagnose)
{
	const struct network *network = diagnose->network;
	struct snapshot_link bridge;
	int r = kernel_look_link(diagnose->context->kernel, network->bridge, &bridge);

	if (r < 0 && r != -ENODEV) {
		diagnose_fail(diagnose, network->bridge, r);
		return true;
	}
	if (r < 0) {
		diagnose_tell(diagnose, NSNET_SEVERITY_FAILURE, network->bridge,
			"systemctl restart nsnetd", "the bridge is gone");
		return true;
	}
	if (repair_lets_alone(&network->mending))
		diagnose_tell(diagnose, NSNET_SEVERITY_WARNING, network->bridge, NULL,
			"somebody keeps taking away what is put back: let alone for a while");
	if (!bridge.is_up) {
		diagnose_tell(diagnose, NSNET_SEVERITY_FAILURE, network->bridge,
			diagnose_text(diagnose, "ip link set %s up", network->bridge),
			"the bridge is set down");
		return true;
	}
	for (size_t i = 0; i < FAMILIES; i++) {
		const struct prefix address = { network->gateways[i],
			network->subnets[i].prefix.length };
		char text[PREFIX_TEXT_MAX];

		if (!address_is_set(&address.address) ||
			has_gateway(diagnose, bridge.index, &address))
			continue;
		(void)prefix_format(&address, text);
		diagnose_tell(diagnose, NSNET_SEVERITY_FAILURE, network->bridge,
			diagnose_text(diagnose, "ip address add %s dev %s", text, network->bridge),
			"the host's address %s is gone from the bridge", text);
	}
	return true;
}

/* Of what it lets pass: */

static bool is_on(struct diagnose *diagnose, const char *key)
{
	int value;

	return kernel_look_setting(diagnose->context->kernel, key, &value) == 0 && value != 0;
}

/* IPv6 forwards by all interfaces, or by one since Linux 6.17. */
void diagnose_forwarding(struct diagnose *diagnose, const char *interface, size_t family)
{
	const char *one =
		diagnose_text(diagnose, "net/%s/conf/%s/%s", family == 0 ? "ipv4" : "ipv6",
			interface, family == 0 ? "forwarding" : "force_forwarding");
	const char *all = family == 0 ? one : "net/ipv6/conf/all/forwarding";
	int value;

	if (is_on(diagnose, one) || is_on(diagnose, all))
		return;
	if (kernel_look_setting(diagnose->context->kernel, one, &value) < 0)
		one = all;
	diagnose_tell(diagnose, NSNET_SEVERITY_FAILURE, interface,
		diagnose_text(diagnose, "sysctl -w %s=1", one),
		"the host does not forward %s that comes in by it", family_name(family));
}

static bool look_forwarding(struct diagnose *diagnose)
{
	const struct network *network = diagnose->network;
	bool is_asked = false;

	if (network->reach == NSNET_REACH_INTERNAL)
		return false;
	for (size_t i = 0; i < FAMILIES; i++) {
		if (!network->is_forwarding[i] || !address_is_set(&network->gateways[i]))
			continue;
		is_asked = true;
		/* What has no ports forwards by each end: see diagnose_namespace.c. */
		if (!network_is_routed(network))
			diagnose_forwarding(diagnose, network->bridge, i);
		for (size_t j = 0; j < diagnose->host.n_ways; j++)
			if (diagnose->host.ways[j].family == family_of(i))
				diagnose_forwarding(diagnose, diagnose->host.ways[j].name, i);
	}
	return is_asked;
}

static bool look_fence(struct diagnose *diagnose)
{
	if (!kernel_has(diagnose->context->kernel, "nat"))
		return false;
	if (!string_list_has(&diagnose->host.firewall.networks, diagnose->network->bridge))
		diagnose_tell(diagnose, NSNET_SEVERITY_FAILURE, "table inet nsnetd",
			"systemctl restart nsnetd", "it does not know the network's bridge %s",
			diagnose->network->bridge);
	return true;
}

/* Of the way out: */

static bool look_uplink(struct diagnose *diagnose)
{
	const struct network *network = diagnose->network;
	bool is_there[FAMILIES] = { false };

	if (network->reach == NSNET_REACH_INTERNAL)
		return false;
	for (size_t i = 0; i < diagnose->host.n_ways; i++)
		is_there[family_index(diagnose->host.ways[i].family)] = true;
	/* IPv6 in a network is worth having where the host gets no further by it. */
	for (size_t i = 0; i < FAMILIES; i++)
		if (address_is_set(&network->gateways[i]) && !is_there[i])
			diagnose_tell(diagnose,
				i == 0 ? NSNET_SEVERITY_FAILURE : NSNET_SEVERITY_WARNING, "uplink",
				diagnose_text(diagnose, "ip%s route add default via ROUTER",
					i == 0 ? "" : " -6"),
				"the host has no default route for %s: nothing gets out by it",
				family_name(i));
	return address_is_set(&network->gateways[0]) || address_is_set(&network->gateways[1]);
}

static bool look_mtu(struct diagnose *diagnose)
{
	const struct network *network = diagnose->network;
	unsigned uplink = 0;

	for (size_t i = 0; i < diagnose->host.n_ways; i++)
		if (uplink == 0 || diagnose->host.ways[i].mtu < uplink)
			uplink = diagnose->host.ways[i].mtu;
	if (network->reach == NSNET_REACH_INTERNAL || uplink == 0)
		return false;
	if (network->mtu > uplink)
		diagnose_tell(diagnose, NSNET_SEVERITY_WARNING, "MTU",
			diagnose_text(diagnose, "nsnetctl network set %s --mtu 0", network->name),
			"%u, and the uplink takes no more than %u", network->mtu, uplink);
	return true;
}

static bool look_name_server(struct diagnose *diagnose)
{
	const struct network *network = diagnose->network;

	if (!network->dns.domain)
		return false;
	for (size_t i = 0; i < FAMILIES; i++) {
		char text[ADDRESS_TEXT_MAX];
		int r;

		if (!address_is_set(&network->gateways[i]))
			continue;
		r = kernel_is_listening(diagnose->context->kernel, NSNET_PROTOCOL_UDP,
			&network->gateways[i], NAMES_PORT);
		if (r < 0)
			diagnose_fail(diagnose, "name server", r);
		if (r != 0)
			continue;
		diagnose_tell(diagnose, NSNET_SEVERITY_FAILURE, "name server",
			diagnose_text(diagnose, "systemctl restart nsnet-dns@%s", network->name),
			"nobody listens on %s port %d", address_format(&network->gateways[i], text),
			NAMES_PORT);
	}
	return true;
}

void diagnose_network(struct diagnose *diagnose)
{
	static const struct diagnose_row rows[] = {
		{ "bridge", "there, up, with the host's addresses", look_bridge },
		{ "forwarding", "on, for the bridge and the uplinks", look_forwarding },
		{ "firewall", "knows its bridge", look_fence },
		{ "others' rules", "stop nothing", diagnose_rules_look },
		{ "uplink", "there", look_uplink },
		{ "MTU", "fits the uplink's", look_mtu },
		{ "name server", "listens", look_name_server },
	};

	diagnose_rows(diagnose, rows, lengthof(rows));
}
