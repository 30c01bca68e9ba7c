/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan - the steps between what is and what is wished, as data
 */
#include "plan.h"

#include <inttypes.h>

void plan_add(struct plan *plan, const struct step *step)
{
	if (plan->n == plan->allocated) {
		size_t allocated = plan->allocated ? 2 * plan->allocated : 16;
		struct step *steps = arena_array(plan->arena, allocated, sizeof(*steps));

		if (plan->n > 0)
			memcpy(steps, plan->steps, plan->n * sizeof(*steps));
		plan->steps = steps;
		plan->allocated = allocated;
	}
	plan->steps[plan->n++] = *step;
}

/* The type that takes a step of that type back; STEP_TYPES: none, or its own (see below). Most of what was taken away is not
 * made again: those who take away do so by a forward plan. */
static enum step_type inverse_type(enum step_type type)
{
	switch (type) {
	case STEP_NETNS_ADD:
		return STEP_NETNS_DROP;
	case STEP_NETNS_PIN:
		return STEP_NETNS_UNPIN;
	case STEP_BRIDGE_ADD:
		return STEP_BRIDGE_DELETE;
	case STEP_VETH_ADD:
		return STEP_VETH_DELETE;
	case STEP_ADDRESS_ADD:
		return STEP_ADDRESS_DELETE;
	case STEP_ADDRESS_DELETE:
		return STEP_ADDRESS_ADD;
	case STEP_ROUTE_ADD:
		return STEP_ROUTE_DELETE;
	case STEP_ROUTE_DELETE:
		return STEP_ROUTE_ADD;
	case STEP_SYSCTL_SET:
		return STEP_SYSCTL_RESTORE;
	case STEP_HOSTS_ADD:
		return STEP_HOSTS_DELETE;
	case STEP_HOSTS_SET:
		return STEP_HOSTS_CLEAR;
	case STEP_ETC_ADD:
		return STEP_ETC_DELETE;
	case STEP_GUARD_ADD:
		return STEP_GUARD_DELETE;
	case STEP_GUARD_DELETE:
		return STEP_GUARD_ADD;
	case STEP_UPLINK_ADD:
		return STEP_UPLINK_DELETE;
	case STEP_UPLINK_DELETE:
		return STEP_UPLINK_ADD;
	case STEP_PORT_ADD:
		return STEP_PORT_DELETE;
	case STEP_PORT_DELETE:
		return STEP_PORT_ADD;
	case STEP_LINK_TAKE:
		return STEP_LINK_GIVE;
	case STEP_LINK_GIVE:
		return STEP_LINK_TAKE;
	case STEP_DNS_ADD:
		return STEP_DNS_DELETE;
	case STEP_DNS_DELETE:
		return STEP_DNS_ADD;
	case STEP_SYSCTL_RESTORE:
		return STEP_SYSCTL_SET;
	case STEP_RECORD_WRITE:
		return STEP_RECORD_DELETE;
	case STEP_VETH_DELETE:
		return STEP_VETH_ADD;
	case STEP_HOSTS_CLEAR:
		return STEP_HOSTS_SET;
	case STEP_NETNS_DROP:
	case STEP_NETNS_UNPIN:
	case STEP_BRIDGE_DELETE:
	case STEP_VETH_SETTLE:
	case STEP_HOSTS_DELETE:
	case STEP_ETC_DELETE:
	case STEP_FLOWS_DELETE:
	case STEP_FIREWALL_RESET:
	case STEP_RECORD_DELETE:
	case STEP_FENCE_SET:
	case STEP_MTU_SET:
	case STEP_ISOLATED_SET:
	case STEP_SHAPE_SET:
	case STEP_SETTING_SET:
	case STEP_TYPES:
		break;
	}
	return STEP_TYPES;
}

#define swap(a, b) \
	do { \
		__typeof__(a) swapped = (a); \
		(a) = (b); \
		(b) = swapped; \
	} while (0)

#define swap(a, b) \
	do { \
		__typeof__(a) swapped = (a); \
		(a) = (b); \
		(b) = swapped; \
	} while (0)

/* What says what was there before as well as what is to be is taken back by its like. */
static bool turn_round(struct step *step)
{
	if (step->type == STEP_FENCE_SET)
		swap(step->fence.before, step->fence.after);
	else if (step->type == STEP_MTU_SET)
		swap(step->mtu.before, step->mtu.after);
	else if (step->type == STEP_ISOLATED_SET)
		swap(step->isolated.before, step->isolated.after);
	else if (step->type == STEP_SHAPE_SET)
		swap(step->shape.before, step->shape.after);
	else if (step->type == STEP_SETTING_SET && step->setting.ret_before)
		/* Its text is the value now: nothing is to be written there. */
		step->setting.value = take(step->setting.ret_before);
	else
		return false;
	return true;
}

/* What was put in the place of something is taken back by putting that there again. */
static bool put_before(struct step *step)
{
	if (step->type == STEP_HOSTS_SET && step->hosts.before)
		memcpy(step->hosts.addresses, step->hosts.before, sizeof(step->hosts.addresses));
	else if (step->type == STEP_ETC_ADD && step->etc.before)
		step->etc.is = *step->etc.before;
	else if (step->type == STEP_DNS_ADD && step->dns.before)
		step->dns.after = step->dns.before;
	else if (step->type == STEP_RECORD_WRITE && step->record.before)
		step->record.data = step->record.before;
	else
		return false;
	return true;
}

bool step_inverse(const struct step *step, struct step *ret)
{
	enum step_type type = inverse_type(step->type);
	struct step inverse = *step;

	if (turn_round(&inverse) || put_before(&inverse)) {
		*ret = inverse;
		return true;
	}
	if (type == STEP_TYPES)
		return false;
	*ret = *step;
	ret->type = type;
	return true;
}

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

static const char *print_bridge(const struct step *step, struct arena *arena)
{
	char mac[MAC_TEXT_MAX];

	return arena_printf(arena, "ip link add %s address %s mtu %u type bridge",
		step->bridge.name, mac_format(&step->bridge.mac, mac), step->bridge.mtu);
}

static const char *print_veth(const struct step *step, struct arena *arena)
{
	char mac[MAC_TEXT_MAX];

	return arena_printf(arena,
		"ip link add %s master %s mtu %u type veth peer name %s netns %s address %s",
		step->veth.name, step->veth.bridge, step->veth.mtu, step->veth.peer, step->netns,
		mac_format(&step->veth.mac, mac));
}

static const char *print_guard(const struct step *step, const char *verb, struct arena *arena)
{
	char mac[MAC_TEXT_MAX];

	return arena_printf(arena, "nft %s element bridge nsnetd mac '{ \"%s\" . %s }'", verb,
		step->guard.port, mac_format(&step->guard.mac, mac));
}

static const char *record_folder(enum record_kind kind)
{
	return kind == RECORD_NAMESPACE ? "namespaces" : "networks";
}

static const char *print_record(const struct step *step, const char *verb, struct arena *arena)
{
	return arena_printf(arena, "%s state/%s/%s.json", verb, record_folder(step->record.kind),
		step->record.name);
}

static const char *print_name(const struct step *step, const char *verb, struct arena *arena)
{
	return arena_printf(
		arena, "%s %s in hosts/%s", verb, step->hosts.name, step->hosts.network);
}

static const char *print_fence(const struct step *step, struct arena *arena)
{
	const struct fence *fence = &step->fence.after;

	return arena_printf(arena, "nft %s element inet nsnetd networks '{ %s }'  # %s%s",
		fence->is_set ? "add" : "delete", step->fence.bridge,
		fence->is_set ? codec_enum_name(&nsnet_reach_enum, (int)fence->reach) : "gone",
		fence->is_isolated ? ", isolated" : "");
}

static const char *print_uplink(const struct step *step, const char *verb, struct arena *arena)
{
	return arena_printf(
		arena, "nft %s element inet nsnetd uplinks '{ %s }'", verb, step->uplink.interface);
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

static const char *print_flows(const struct step *step, struct arena *arena)
{
	char target[ADDRESS_TEXT_MAX];

	return arena_printf(arena, "conntrack -D -p %s --orig-port-dst %u --reply-src %s",
		codec_enum_name(&nsnet_protocol_enum, (int)step->port.protocol),
		step->port.host_port, address_format(&step->port.target, target));
}

static const char *print_shape(const struct step *step, struct arena *arena)
{
	const struct shape *shape = &step->shape.after;

	return arena_printf(arena,
		"tc qdisc replace dev %s root tbf rate %" PRIu64
		"bit; tc -n %s qdisc replace dev %s root tbf rate %" PRIu64
		"bit netem delay %uus %uus loss %g%%",
		step->shape.port, shape->receive_rate, step->netns, step->shape.peer,
		shape->send_rate, shape->delay, shape->jitter, shape->loss / 10000.0);
}

const char *step_print(const struct step *step, struct arena *arena)
{
	switch (step->type) {
	case STEP_NETNS_ADD:
		return arena_printf(arena, "unshare --net ip link set lo up  # %s", step->netns);
	case STEP_NETNS_DROP:
		return arena_printf(arena, "exit  # the last one in %s", step->netns);
	case STEP_NETNS_PIN:
		return arena_printf(arena, "ip netns attach %s $$", step->netns);
	case STEP_NETNS_UNPIN:
		return arena_printf(arena, "ip netns delete %s", step->netns);
	case STEP_BRIDGE_ADD:
		return print_bridge(step, arena);
	case STEP_BRIDGE_DELETE:
		return arena_printf(arena, "ip link delete %s", step->bridge.name);
	case STEP_VETH_ADD:
		return print_veth(step, arena);
	case STEP_VETH_DELETE:
		return arena_printf(arena, "ip link delete %s", step->veth.name);
	case STEP_VETH_SETTLE:
		return arena_printf(arena, "ip link show %s up", step->veth.name);
	case STEP_ADDRESS_ADD:
		return print_address(step, "add", arena);
	case STEP_ADDRESS_DELETE:
		return print_address(step, "delete", arena);
	case STEP_ROUTE_ADD:
		return print_route(step, "add", arena);
	case STEP_ROUTE_DELETE:
		return print_route(step, "delete", arena);
	case STEP_SYSCTL_SET:
		return arena_printf(arena, "sysctl -w %s=%d", step->sysctl.key, step->sysctl.value);
	case STEP_SYSCTL_RESTORE:
		return arena_printf(
			arena, "sysctl -w %s=...  # as it was before", step->sysctl.key);
	case STEP_HOSTS_ADD:
		return arena_printf(arena, "touch hosts/%s", step->hosts.network);
	case STEP_HOSTS_DELETE:
		return arena_printf(arena, "rm hosts/%s", step->hosts.network);
	case STEP_HOSTS_SET:
		return print_name(step, "# write", arena);
	case STEP_HOSTS_CLEAR:
		return print_name(step, "# clear", arena);
	case STEP_ETC_ADD:
		return arena_printf(arena, "mkdir etc/%s", step->netns);
	case STEP_ETC_DELETE:
		return arena_printf(arena, "rm -r etc/%s", step->netns);
	case STEP_RECORD_WRITE:
		return print_record(step, "touch", arena);
	case STEP_RECORD_DELETE:
		return print_record(step, "rm", arena);
	case STEP_GUARD_ADD:
		return print_guard(step, "add", arena);
	case STEP_GUARD_DELETE:
		return print_guard(step, "delete", arena);
	case STEP_FENCE_SET:
		return print_fence(step, arena);
	case STEP_UPLINK_ADD:
		return print_uplink(step, "add", arena);
	case STEP_UPLINK_DELETE:
		return print_uplink(step, "delete", arena);
	case STEP_PORT_ADD:
		return print_port(step, "add", arena);
	case STEP_PORT_DELETE:
		return print_port(step, "delete", arena);
	case STEP_FLOWS_DELETE:
		return print_flows(step, arena);
	case STEP_FIREWALL_RESET:
		return "nft 'delete table bridge nsnetd; delete table inet nsnetd'";
	case STEP_MTU_SET:
		return arena_printf(arena, "%s link set %s mtu %u", ip(step, arena),
			step->mtu.interface, step->mtu.after);
	case STEP_ISOLATED_SET:
		return arena_printf(arena, "bridge link set dev %s isolated %s",
			step->isolated.port, step->isolated.after ? "on" : "off");
	case STEP_SHAPE_SET:
		return print_shape(step, arena);
	case STEP_SETTING_SET:
		return arena_printf(arena, "ip netns exec %s sysctl -w %s=%s", step->netns,
			step->setting.key, step->setting.value);
	case STEP_LINK_TAKE:
		return arena_printf(
			arena, "ip link set %s netns %s", step->link.interface, step->netns);
	case STEP_LINK_GIVE:
		return arena_printf(
			arena, "ip -n %s link set %s netns 1", step->netns, step->link.interface);
	case STEP_DNS_ADD:
		return arena_printf(arena, "touch dns/%s.conf", step->dns.network);
	case STEP_DNS_DELETE:
		return arena_printf(arena, "rm dns/%s.conf", step->dns.network);
	case STEP_TYPES:
		break;
	}
	abort();
}
