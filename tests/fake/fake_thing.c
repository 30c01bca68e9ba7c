/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_thing - the line of what a step makes or takes away
 */
#include "fake_state.h"

const char *fake_thing_of(struct kernel *kernel, const struct step *step)
{
	char text[PREFIX_TEXT_MAX], other[ADDRESS_TEXT_MAX];
	struct arena *arena = &kernel->arena;

	static const char *const folders[RECORD_KINDS] = { "namespaces", "networks",
		"namespace-changes", "network-changes" };

	switch (step->type) {
	case STEP_NETNS_ADD:
	case STEP_NETNS_DROP:
		return arena_printf(arena, "netns %s", step->netns);
	case STEP_NETNS_PIN:
	case STEP_NETNS_UNPIN:
		return arena_printf(arena, "pin %s", step->netns);
	case STEP_NETNS_TAKE:
	case STEP_NETNS_GIVE:
		return arena_printf(arena, "netns %s", step->netns);
	case STEP_BRIDGE_ADD:
	case STEP_BRIDGE_DELETE:
		return arena_printf(arena, "link %s", step->bridge.name);
	case STEP_VETH_ADD:
	case STEP_VETH_DELETE:
	case STEP_LINK_LABEL:
		return arena_printf(arena, "link %s", step->veth.name);
	case STEP_POINT_ADD:
	case STEP_POINT_DELETE:
		return arena_printf(arena, "link %s", step->point.name);
	case STEP_POINT_MEND:
	case STEP_POINT_MOVE:
		return arena_printf(arena, "astray %s", step->point.name);
	case STEP_BRIDGE_MEND:
		return arena_printf(arena, "astray %s", step->bridge.name);
	case STEP_VETH_MEND:
		return arena_printf(arena, "astray %s", step->veth.name);
	case STEP_ADDRESS_ADD:
	case STEP_ADDRESS_DELETE:
		return arena_printf(arena, "address %s %s %s", step->netns ? step->netns : "-",
			step->address.interface, prefix_format(&step->address.address, text));
	case STEP_ROUTE_ADD:
	case STEP_ROUTE_DELETE:
		return arena_printf(arena, "route %s %s",
			step->netns ? step->netns : step->route.interface,
			prefix_format(&step->route.destination, text));
	case STEP_SYSCTL_SET:
	case STEP_SYSCTL_RESTORE:
		return arena_printf(arena, "kept %s", step->sysctl.key);
	case STEP_HOSTS_ADD:
	case STEP_HOSTS_DELETE:
		return arena_printf(arena, "hosts %s", step->hosts.network);
	case STEP_HOSTS_SET:
	case STEP_HOSTS_CLEAR:
		return arena_printf(arena, "hosts %s %u", step->hosts.network, step->hosts.slot);
	case STEP_ETC_ADD:
	case STEP_ETC_DELETE:
		return arena_printf(arena, "etc %s", step->netns);
	case STEP_GUARD_ADD:
	case STEP_GUARD_SHUT:
	case STEP_GUARD_DELETE:
		return arena_printf(arena, "guard %s", step->guard.port);
	case STEP_RECORD_WRITE:
	case STEP_RECORD_DELETE:
		return arena_printf(
			arena, "record %s/%s", folders[step->record.kind], step->record.name);
	case STEP_WISH_WRITE:
	case STEP_WISH_DELETE:
		return arena_printf(arena, "wish %s/%s",
			step->record.kind == RECORD_NAMESPACE ? "namespaces" : "networks",
			step->record.name);
	case STEP_FENCE_SET:
		return arena_printf(arena, "fence %s", step->fence.bridge);
	case STEP_UPLINK_ADD:
	case STEP_UPLINK_DELETE:
		return arena_printf(arena, "uplink %s", step->uplink.interface);
	case STEP_PORT_ADD:
	case STEP_PORT_DELETE:
		return arena_printf(arena, "port %s %s %u %s %u",
			codec_enum_name(&nsnet_protocol_enum, (int)step->port.protocol),
			address_format(&step->port.host, text), step->port.host_port,
			address_format(&step->port.target, other), step->port.namespace_port);
	case STEP_LINK_TAKE:
	case STEP_LINK_GIVE:
		return arena_printf(arena, "lent %s %s", step->netns, step->link.interface);
	case STEP_DNS_ADD:
	case STEP_DNS_DELETE:
		return arena_printf(arena, "dns %s", step->dns.network);
	case STEP_MTU_SET:
		return arena_printf(
			arena, "mtu %s %s", step->netns ? step->netns : "-", step->mtu.interface);
	case STEP_ISOLATED_SET:
		return arena_printf(arena, "isolated %s", step->isolated.port);
	case STEP_SHAPE_SET:
		return arena_printf(arena, "shape %s", step->shape.port);
	case STEP_SETTING_READ:
	case STEP_SETTING_SET:
		return arena_printf(arena, "setting %s %s", step->netns, step->setting.key);
	case STEP_VETH_CUT:
		return arena_printf(arena, "going %s", step->cut.port);
	case STEP_FLOWS_DELETE:
	case STEP_FIREWALL_RESET:
	case STEP_VETH_SETTLE:
	case STEP_TYPES:
		break;
	}
	return NULL;
}
