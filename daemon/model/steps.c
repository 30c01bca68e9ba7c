/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * steps - how the steps about one object are written
 */
#include "steps.h"

#include "departure.h"

/* Behind lo's own: for what the host itself sends to ::1 that one holds. No two of ours have the same: they are for different
 * interfaces, and the kernel would take them for one. */
#define LOOPBACK_METRIC 4096U
/* The kernel's own for the route to an address's prefix (IP6_RT_PRIO_ADDRCONF of net/ip6_route.h). */
#define KERNEL_METRIC6 256U

struct step steps_veth(enum step_type type, const struct attachment *attachment)
{
	return (struct step){
		.type = type,
		.netns = attachment->ns->name,
		.veth = {
			.name = attachment->host_interface,
			.bridge = attachment->network->bridge,
			.alias = attachment->alias,
			.peer = attachment->interface,
			.mac = attachment->mac,
			.mtu = attachment->network->mtu,
			.is_guarded = attachment->is_guarded,
			.is_isolated = attachment->network->is_isolated,
		},
	};
}

struct step steps_point(
	enum step_type type, const struct attachment *attachment, const struct attachment *before)
{
	const struct network *network = attachment->network;
	struct step step = {
		.type = type,
		.netns = attachment->ns->name,
		.point = {
			.name = attachment->host_interface,
			.alias = attachment->alias,
			.peer = attachment->interface,
			.mac = attachment->mac,
			.mtu = network->mtu,
			.group = network_fence(network).group,
		},
	};

	memcpy(step.point.is_forwarding, network->is_forwarding, sizeof(network->is_forwarding));
	memcpy(step.point.addresses, attachment->addresses, sizeof(attachment->addresses));
	memcpy(step.point.gateways, network->gateways, sizeof(network->gateways));
	if (before)
		memcpy(step.point.before, before->addresses, sizeof(before->addresses));
	return step;
}

struct step steps_guard(enum step_type type, const struct attachment *attachment)
{
	struct step step = {
		.type = type,
		.netns = attachment->ns->name,
		.guard = { .port = attachment->host_interface, .mac = attachment->mac },
	};

	memcpy(step.guard.addresses, attachment->addresses, sizeof(attachment->addresses));
	return step;
}

struct step steps_guard_of(enum step_type type, const struct departed *departed)
{
	struct step step = {
		.type = type,
		.guard = { .port = departed->port, .mac = departed->mac },
	};

	memcpy(step.guard.addresses, departed->addresses, sizeof(departed->addresses));
	return step;
}

struct step steps_hosts(enum step_type type, const struct attachment *attachment)
{
	struct step step = {
		.type = type,
		.netns = attachment->ns->name,
		.hosts = {
			.network = attachment->network->name,
			.slot = attachment->port,
			.name = attachment->ns->name,
			.domain = attachment->network->dns.domain,
		},
	};

	memcpy(step.hosts.addresses, attachment->addresses, sizeof(attachment->addresses));
	return step;
}

struct step steps_address(enum step_type type, const struct attachment *attachment, size_t family)
{
	const struct address *address = &attachment->addresses[family];

	return (struct step){
		.type = type,
		.netns = attachment->ns->name,
		.address = { attachment->interface,
			{ *address,
				attachment->is_routed
					? address_bits(address)
					: attachment->network->subnets[family].prefix.length } },
	};
}

struct step steps_route(enum step_type type, const struct ns *ns, const struct route *route)
{
	return (struct step){
		.type = type,
		.netns = ns->name,
		.route = { .interface = route->interface,
			.destination = route->destination,
			.gateway = route->gateway,
			.metric = route->metric },
	};
}

struct step steps_namespace_record(enum step_type type, const struct ns *ns)
{
	return (struct step){
		.type = type,
		.netns = ns->name,
		.record = { RECORD_NAMESPACE, ns->name, &nsnet_list_namespaces_out_type, &ns->told,
			NULL },
	};
}

struct step steps_network_record(enum step_type type, const struct network *network)
{
	return (struct step){
		.type = type,
		.record = { RECORD_NETWORK, network->name, &nsnet_list_networks_out_type,
			&network->told, NULL },
	};
}

/* Numbers that the kernel gave, and a clock that starts with it, mean nothing to the next one. */
struct step steps_namespace_wish(enum step_type type, const struct ns *ns, struct arena *arena)
{
	struct step step = steps_namespace_record(type, ns);
	struct nsnet_list_namespaces_out *wish = arena_alloc(arena, sizeof(*wish));

	*wish = ns->told;
	wish->runtime.inode = wish->runtime.cookie = 0;
	wish->runtime.sysctls_before = (struct string_map){ 0 };
	wish->runtime.host_interfaces = (struct string_list){ 0 };
	wish->runtime.created.monotonic = (struct maybe_int){ 0 };
	step.record.data = wish;
	return step;
}

struct step steps_network_wish(
	enum step_type type, const struct network *network, struct arena *arena)
{
	struct step step = steps_network_record(type, network);
	struct nsnet_list_networks_out *wish = arena_alloc(arena, sizeof(*wish));

	*wish = network->told;
	wish->runtime.bridge_index = wish->runtime.attachments = 0;
	wish->runtime.maximum_transmission_unit = 0; /* as the uplink has it then */
	wish->runtime.created.monotonic = (struct maybe_int){ 0 };
	step.record.data = wish;
	return step;
}

struct step steps_etc(const struct ns *ns, struct arena *arena)
{
	const char **networks = arena_array(arena, ns->n_attachments, sizeof(*networks));
	size_t n = 0;

	for (size_t i = 0; i < ns->n_attachments; i++) {
		const char *name = ns->attachments[i].network->name;

		if (!string_list_has(&(struct string_list){ networks, n }, name))
			networks[n++] = name;
	}
	return (struct step){
		.type = STEP_ETC_ADD,
		.netns = ns->name,
		.etc.is = { networks, n, ns->resolv_conf },
	};
}

bool steps_is_equal_etc(const struct etc *a, const struct etc *b)
{
	bool is_equal =
		a->n_networks == b->n_networks && streq_null(a->resolv_conf, b->resolv_conf);

	for (size_t i = 0; is_equal && i < a->n_networks; i++)
		is_equal = streq(a->networks[i], b->networks[i]);
	return is_equal;
}

void steps_add_port(enum step_type type, const struct published *port, struct plan *plan)
{
	for (size_t family = 0; family < FAMILIES; family++)
		if (address_is_set(&port->targets[family]))
			plan_add(plan, &(struct step){
					       .type = type,
					       .port = { port->protocol, port->host[family],
						       port->targets[family], port->host_port,
						       port->namespace_port },
				       });
}

void steps_add_shape(
	const struct attachment *attachment, const struct shape *before, struct plan *plan)
{
	plan_add(plan, &(struct step){
			       .type = STEP_SHAPE_SET,
			       .netns = attachment->ns->name,
			       .shape = { attachment->host_interface, attachment->interface,
				       *before, attachment->shape },
		       });
}

static void add_cut(struct departed *departed, void *userdata)
{
	plan_add(userdata, &(struct step){ .type = STEP_VETH_CUT,
				   .cut = { departed->port, &departed->is_cut } });
}

void steps_add_cuts(const struct attachment *attachment, struct plan *plan)
{
	departure_each_rival(attachment, add_cut, plan);
}

void steps_add_attachment(const struct attachment *attachment, struct plan *plan)
{
	static const struct shape unshaped;
	struct step step = steps_guard(STEP_GUARD_ADD, attachment);

	steps_add_cuts(attachment, plan);
	if (attachment->is_guarded)
		plan_add(plan, &step);
	step = attachment->is_routed ? steps_point(STEP_POINT_ADD, attachment, NULL)
				     : steps_veth(STEP_VETH_ADD, attachment);
	plan_add(plan, &step);
	for (size_t i = 0; i < FAMILIES; i++) {
		step = steps_address(STEP_ADDRESS_ADD, attachment, i);
		if (address_is_set(&attachment->addresses[i]))
			plan_add(plan, &step);
	}
	if (!shape_is_equal(&attachment->shape, &unshaped))
		steps_add_shape(attachment, &unshaped, plan);
}

static void add_sysctl(enum step_type type, const char *family, const char *interface,
	const char *name, struct plan *plan)
{
	plan_add(plan, &(struct step){
			       .type = type,
			       .sysctl = { arena_printf(plan->arena, "net/%s/conf/%s/%s", family,
						   interface, name),
				       1 },
		       });
}

/* IPv6 has had forwarding by interface since Linux 6.17 (net.ipv6.conf.IF.force_forwarding). */
void steps_add_forwarding(enum step_type type, const bool is_forwarding[FAMILIES],
	const char *interface, struct plan *plan)
{
	if (is_forwarding[0])
		add_sysctl(type, "ipv4", interface, "forwarding", plan);
	if (is_forwarding[1])
		add_sysctl(type, "ipv6", interface, "force_forwarding", plan);
}

struct step steps_gateway_address(enum step_type type, const struct network *network, size_t family)
{
	return (struct step){
		.type = type,
		.address = { network->bridge,
			{ network->gateways[family], network->subnets[family].prefix.length } },
	};
}

struct step steps_prefix_route(enum step_type type, const struct network *network, size_t family)
{
	return (struct step){
		.type = type,
		.route = { .interface = network->bridge,
			.destination = network->subnets[family].prefix,
			.metric = family_of(family) == AF_INET6 ? KERNEL_METRIC6 : 0 },
	};
}

/* Who connects to a published port by the host's own loopback has a loopback address until he is on his way: the kernel is to
 * let answers to that come in by the bridge. For IPv4 that is a setting; for IPv6 there is none, but a second local route to
 * ::1 does it (strict routing asks that the interface be the route's, rt6_need_strict). What namespaces themselves send from
 * or to such addresses the firewall drops before anybody looks. */
struct step steps_loopback_route(enum step_type type, const struct network *network)
{
	struct prefix loopback;

	if (!prefix_parse("::1/128", &loopback))
		abort();
	return (struct step){
		.type = type,
		.route = { .interface = network->bridge,
			.destination = loopback,
			.metric = LOOPBACK_METRIC + network->number,
			.is_local = true },
	};
}

void steps_add_loopback_setting(
	enum step_type type, const struct network *network, struct plan *plan)
{
	add_sysctl(type, "ipv4", network->bridge, "route_localnet", plan);
}

void steps_add_gateway(bool is_add, const struct network *network, size_t family, struct plan *plan)
{
	if (!address_is_set(&network->gateways[family]))
		return;
	steps_add(plan, steps_gateway_address(
				is_add ? STEP_ADDRESS_ADD : STEP_ADDRESS_DELETE, network, family));
	if (family_of(family) == AF_INET)
		steps_add_loopback_setting(
			is_add ? STEP_SYSCTL_SET : STEP_SYSCTL_RESTORE, network, plan);
	else
		steps_add(plan,
			steps_loopback_route(is_add ? STEP_ROUTE_ADD : STEP_ROUTE_DELETE, network));
}
