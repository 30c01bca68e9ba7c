/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan_print - steps as the commands that do the same
 */
#include <inttypes.h>

#include "plan.h"

/* "ip" or "ip -n ns1" */
static const char *ip(const struct step *step, struct arena *arena)
{
	return step->netns ? arena_printf(arena, "ip -n %s", step->netns) : "ip";
}

static const char *print_address(const struct step *step, const char *verb, struct arena *arena)
{
	char prefix[PREFIX_TEXT_MAX];

	return arena_printf(arena, "%s address %s %s dev %s", ip(step, arena), verb,
		prefix_format(&step->address.address, prefix), step->address.interface);
}

static const char *print_route(const struct step *step, const char *verb, struct arena *arena)
{
	char destination[PREFIX_TEXT_MAX], gateway[ADDRESS_TEXT_MAX];
	bool has_gateway = address_is_set(&step->route.gateway);

	return arena_printf(arena, "%s %sroute %s %s%s%s%s dev %s%s%s", ip(step, arena),
		step->route.destination.address.family == AF_INET6 ? "-6 " : "", verb,
		step->route.is_local ? "local " : "",
		step->route.destination.length == 0
			? "default"
			: prefix_format(&step->route.destination, destination),
		has_gateway ? " via " : "",
		has_gateway ? address_format(&step->route.gateway, gateway) : "",
		step->route.interface, step->route.is_local ? " table local" : "",
		step->route.metric ? arena_printf(arena, " metric %u", step->route.metric) : "");
}

static const char *print_bridge(const struct step *step, const char *verb, struct arena *arena)
{
	char mac[MAC_TEXT_MAX];

	(void)verb;
	return arena_printf(arena, "ip link add %s address %s mtu %u type bridge",
		step->bridge.name, mac_format(&step->bridge.mac, mac), step->bridge.mtu);
}

static const char *print_veth(const struct step *step, const char *verb, struct arena *arena)
{
	char mac[MAC_TEXT_MAX];

	(void)verb;
	return arena_printf(arena,
		"ip link add %s master %s mtu %u type veth peer name %s netns %s address %s",
		step->veth.name, step->veth.bridge, step->veth.mtu, step->veth.peer, step->netns,
		mac_format(&step->veth.mac, mac));
}

/* The host's routes to what is there. */
static const char *print_ways(const struct step *step, const char *text, struct arena *arena)
{
	for (size_t i = 0; i < FAMILIES; i++) {
		const struct address *address = &step->point.addresses[i];
		const struct address *gateway = &step->point.gateways[i];
		char to[ADDRESS_TEXT_MAX], from[ADDRESS_TEXT_MAX];

		if (address_is_set(address))
			text = arena_printf(arena, "%s%sip %sroute replace %s/%u dev %s src %s",
				text, *text ? "; " : "", i == 0 ? "" : "-6 ",
				address_format(address, to), address_bits(address),
				step->point.name, address_format(gateway, from));
	}
	return text;
}

static const char *print_point(const struct step *step, const char *verb, struct arena *arena)
{
	char mac[MAC_TEXT_MAX];

	(void)verb;
	return print_ways(step,
		arena_printf(arena,
			"ip link add %s address %s mtu %u type veth peer name %s netns %s "
			"address %s",
			step->point.name, mac_format(&step->point.mac, mac), step->point.mtu,
			step->point.peer, step->netns, mac),
		arena);
}

static const char *print_point_mend(const struct step *step, const char *verb, struct arena *arena)
{
	return print_ways(
		step, arena_printf(arena, "%s%s nomaster up", verb, step->point.name), arena);
}

static const char *print_point_delete(
	const struct step *step, const char *verb, struct arena *arena)
{
	return arena_printf(arena, "%s%s", verb, step->point.name);
}

static const char *print_point_move(const struct step *step, const char *verb, struct arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < FAMILIES; i++) {
		const struct address *address = &step->point.before[i];
		char to[ADDRESS_TEXT_MAX];

		if (address_is_set(address) &&
			!address_is_equal(address, &step->point.addresses[i]))
			text = arena_printf(arena, "%s%sip %sroute %s%s/%u dev %s", text,
				*text ? "; " : "", i == 0 ? "" : "-6 ", verb,
				address_format(address, to), address_bits(address),
				step->point.name);
	}
	return print_ways(step, text, arena);
}

static const char *print_mend(const struct step *step, const char *verb, struct arena *arena)
{
	if (step->type == STEP_BRIDGE_MEND)
		return arena_printf(arena, "%s %s up", verb, step->bridge.name);
	return arena_printf(arena, "%s %s master %s up", verb, step->veth.name, step->veth.bridge);
}

static const char *print_cut(const struct step *step, const char *verb, struct arena *arena)
{
	return arena_printf(arena, "%s%s nomaster down", verb, step->cut.port);
}

static const char *print_guard(const struct step *step, const char *verb, struct arena *arena)
{
	char mac[MAC_TEXT_MAX];

	return arena_printf(arena, "nft %s element bridge nsnetd mac '{ \"%s\" . %s }'", verb,
		step->guard.port, mac_format(&step->guard.mac, mac));
}

static const char *record_folder(enum record_kind kind)
{
	static const char *const folders[RECORD_KINDS] = { "namespaces", "networks",
		"namespace-changes", "network-changes" };

	return folders[kind];
}

static const char *print_record(const struct step *step, const char *verb, struct arena *arena)
{
	return arena_printf(
		arena, "%s%s/%s.json", verb, record_folder(step->record.kind), step->record.name);
}

static const char *print_name(const struct step *step, const char *verb, struct arena *arena)
{
	return arena_printf(
		arena, "%s %s in hosts/%s", verb, step->hosts.name, step->hosts.network);
}

static const char *print_fence(const struct step *step, const char *verb, struct arena *arena)
{
	const struct fence *fence = &step->fence.after;

	(void)verb;
	return arena_printf(arena, "nft %s element inet nsnetd networks '{ %s }'  # %s%s",
		fence->is_set ? "add" : "delete", step->fence.bridge,
		fence->is_set ? codec_enum_name(&nsnet_reach_enum, (int)fence->reach) : "gone",
		fence->is_isolated ? ", isolated" : "");
}

static const char *print_uplink(const struct step *step, const char *verb, struct arena *arena)
{
	const char *text = "nft '";

	for (size_t i = 0; i < FAMILIES; i++)
		text = arena_printf(arena, "%s%s element inet nsnetd uplinks%s { %s }%s", text,
			step->uplink.is_closed[i] ? verb : "delete", i == 0 ? "4" : "6",
			step->uplink.interface, i == 0 ? "; " : "'");
	return text;
}

static const char *print_port(const struct step *step, const char *verb, struct arena *arena)
{
	char host[ADDRESS_TEXT_MAX], target[ADDRESS_TEXT_MAX];

	return arena_printf(arena,
		"nft %s element inet nsnetd ports%s '{ %s . %s . %u : %s . %u }'", verb,
		step->port.target.family == AF_INET ? "4" : "6",
		address_format(&step->port.host, host),
		codec_enum_name(&nsnet_protocol_enum, (int)step->port.protocol),
		step->port.host_port, address_format(&step->port.target, target),
		step->port.namespace_port);
}

static const char *print_flows(const struct step *step, const char *verb, struct arena *arena)
{
	char target[ADDRESS_TEXT_MAX];

	(void)verb;
	return arena_printf(arena, "conntrack -D -p %s --orig-port-dst %u --reply-src %s",
		codec_enum_name(&nsnet_protocol_enum, (int)step->port.protocol),
		step->port.host_port, address_format(&step->port.target, target));
}

/* What is not there is not printed. */
static const char *print_shape(const struct step *step, const char *verb, struct arena *arena)
{
	const struct shape *shape = &step->shape.after;
	const char *text = arena_printf(arena,
		"tc qdisc replace dev %s root %s; tc -n %s qdisc replace dev %s root",
		step->shape.port,
		shape->receive_rate > 0
			? arena_printf(arena, "tbf rate %" PRIu64 "bit", shape->receive_rate)
			: "noqueue",
		step->netns, step->shape.peer);

	(void)verb;
	if (shape->send_rate > 0)
		text = arena_printf(arena, "%s tbf rate %" PRIu64 "bit", text, shape->send_rate);
	if (shape_needs_netem(shape))
		return arena_printf(arena, "%s netem delay %uus %uus loss %g%%", text, shape->delay,
			shape->jitter, shape->loss / 10000.0);
	return shape->send_rate > 0 ? text : arena_printf(arena, "%s noqueue", text);
}

/* The verb, and what it is about. */
static const char *print_netns(const struct step *step, const char *verb, struct arena *arena)
{
	return arena_printf(arena, "%s%s", verb, step->netns);
}

static const char *print_spare(const struct step *step, const char *verb, struct arena *arena)
{
	bool is_taken = step->type == STEP_NETNS_TAKE;

	return arena_printf(arena, "%s%s to %s", verb, is_taken ? step->spare.name : step->netns,
		is_taken ? step->netns : step->spare.name);
}

static const char *print_label(const struct step *step, const char *verb, struct arena *arena)
{
	return arena_printf(arena, "%s%s alias %s", verb, step->veth.name, step->veth.alias);
}

static const char *print_pin(const struct step *step, const char *verb, struct arena *arena)
{
	return arena_printf(arena, "%s%s $$", verb, step->netns);
}

static const char *print_link(const struct step *step, const char *verb, struct arena *arena)
{
	bool is_bridge = step->type == STEP_BRIDGE_DELETE;

	return arena_printf(arena, "%s%s", verb, is_bridge ? step->bridge.name : step->veth.name);
}

static const char *print_settle(const struct step *step, const char *verb, struct arena *arena)
{
	return arena_printf(arena, "%s%s up", verb, step->veth.name);
}

static const char *print_sysctl(const struct step *step, const char *verb, struct arena *arena)
{
	if (step->type == STEP_SYSCTL_RESTORE)
		return arena_printf(arena, "%s%s=...  # as it was before", verb, step->sysctl.key);
	return arena_printf(arena, "%s%s=%d", verb, step->sysctl.key, step->sysctl.value);
}

static const char *print_hosts(const struct step *step, const char *verb, struct arena *arena)
{
	return arena_printf(arena, "%s%s", verb, step->hosts.network);
}

static const char *print_reset(const struct step *step, const char *verb, struct arena *arena)
{
	(void)step;
	return arena_strdup(arena, verb);
}

static const char *print_mtu(const struct step *step, const char *verb, struct arena *arena)
{
	return arena_printf(arena, "%s link %s %s mtu %u", ip(step, arena), verb,
		step->mtu.interface, step->mtu.after);
}

static const char *print_isolated(const struct step *step, const char *verb, struct arena *arena)
{
	return arena_printf(arena, "%s%s isolated %s", verb, step->isolated.port,
		step->isolated.after ? "on" : "off");
}

static const char *print_setting(const struct step *step, const char *verb, struct arena *arena)
{
	if (step->type == STEP_SETTING_READ)
		return arena_printf(
			arena, "%s%s sysctl -n %s", verb, step->netns, step->setting.key);
	return arena_printf(arena, "%s%s sysctl -w %s=%s", verb, step->netns, step->setting.key,
		step->setting.value);
}

static const char *print_lent(const struct step *step, const char *verb, struct arena *arena)
{
	bool is_taken = step->type == STEP_LINK_TAKE;

	return arena_printf(arena, "ip %s%s%slink set %s netns %s", is_taken ? "" : verb,
		is_taken ? "" : step->netns, is_taken ? "" : " ", step->link.interface,
		is_taken ? step->netns : "1");
}

static const char *print_dns(const struct step *step, const char *verb, struct arena *arena)
{
	return arena_printf(arena, "%s%s.conf", verb, step->dns.network);
}

static const struct {
	const char *(*print)(const struct step *step, const char *verb, struct arena *arena);
	const char *verb;
} printers[STEP_TYPES] = {
	[STEP_NETNS_ADD] = { print_netns, "unshare --net ip link set lo up  # " },
	[STEP_NETNS_DROP] = { print_netns, "exit  # the last one in " },
	[STEP_NETNS_PIN] = { print_pin, "ip netns attach " },
	[STEP_NETNS_UNPIN] = { print_netns, "ip netns delete " },
	[STEP_NETNS_TAKE] = { print_spare, "# rename " },
	[STEP_NETNS_GIVE] = { print_spare, "# rename " },
	[STEP_BRIDGE_ADD] = { print_bridge, "add" },
	[STEP_BRIDGE_DELETE] = { print_link, "ip link delete " },
	[STEP_VETH_ADD] = { print_veth, "add" },
	[STEP_VETH_DELETE] = { print_link, "ip link delete " },
	[STEP_POINT_ADD] = { print_point, "add" },
	[STEP_POINT_DELETE] = { print_point_delete, "ip link delete " },
	[STEP_POINT_MEND] = { print_point_mend, "ip link set " },
	[STEP_POINT_MOVE] = { print_point_move, "delete " },
	[STEP_LINK_LABEL] = { print_label, "ip link set " },
	[STEP_VETH_CUT] = { print_cut, "ip link set " },
	[STEP_VETH_SETTLE] = { print_settle, "ip link show " },
	[STEP_BRIDGE_MEND] = { print_mend, "ip link set" },
	[STEP_VETH_MEND] = { print_mend, "ip link set" },
	[STEP_ADDRESS_ADD] = { print_address, "add" },
	[STEP_ADDRESS_DELETE] = { print_address, "delete" },
	[STEP_ROUTE_ADD] = { print_route, "add" },
	[STEP_ROUTE_DELETE] = { print_route, "delete" },
	[STEP_SYSCTL_SET] = { print_sysctl, "sysctl -w " },
	[STEP_SYSCTL_RESTORE] = { print_sysctl, "sysctl -w " },
	[STEP_HOSTS_ADD] = { print_hosts, "touch hosts/" },
	[STEP_HOSTS_DELETE] = { print_hosts, "rm hosts/" },
	[STEP_HOSTS_SET] = { print_name, "# write" },
	[STEP_HOSTS_CLEAR] = { print_name, "# clear" },
	[STEP_ETC_ADD] = { print_netns, "mkdir etc/" },
	[STEP_ETC_DELETE] = { print_netns, "rm -r etc/" },
	[STEP_GUARD_ADD] = { print_guard, "add" },
	[STEP_GUARD_SHUT] = { print_guard, "delete" },
	[STEP_GUARD_DELETE] = { print_guard, "delete" },
	[STEP_FENCE_SET] = { print_fence, "set" },
	[STEP_UPLINK_ADD] = { print_uplink, "add" },
	[STEP_UPLINK_DELETE] = { print_uplink, "delete" },
	[STEP_PORT_ADD] = { print_port, "add" },
	[STEP_PORT_DELETE] = { print_port, "delete" },
	[STEP_FLOWS_DELETE] = { print_flows, "delete" },
	[STEP_FIREWALL_RESET] = { print_reset,
		"nft 'delete table bridge nsnetd; delete table inet nsnetd'" },
	[STEP_MTU_SET] = { print_mtu, "set" },
	[STEP_ISOLATED_SET] = { print_isolated, "bridge link set dev " },
	[STEP_SHAPE_SET] = { print_shape, "set" },
	[STEP_SETTING_READ] = { print_setting, "ip netns exec " },
	[STEP_SETTING_SET] = { print_setting, "ip netns exec " },
	[STEP_LINK_TAKE] = { print_lent, "" },
	[STEP_LINK_GIVE] = { print_lent, "-n " },
	[STEP_DNS_ADD] = { print_dns, "touch dns/" },
	[STEP_DNS_DELETE] = { print_dns, "rm dns/" },
	[STEP_RECORD_WRITE] = { print_record, "touch state/" },
	[STEP_RECORD_DELETE] = { print_record, "rm state/" },
	[STEP_WISH_WRITE] = { print_record, "touch /var/lib/nsnetd/" },
	[STEP_WISH_DELETE] = { print_record, "rm /var/lib/nsnetd/" },
};

const char *step_print(const struct step *step, struct arena *arena)
{
	return printers[step->type].print(step, printers[step->type].verb, arena);
}
