/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * difference - writes down the steps from what is to what is wished
 */
#include "difference.h"

static struct step veth_step(enum step_type type, const struct attachment *attachment)
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

static struct step guard_step(enum step_type type, const struct attachment *attachment)
{
	struct step step = {
		.type = type,
		.netns = attachment->ns->name,
		.guard = { .port = attachment->host_interface, .mac = attachment->mac },
	};

	memcpy(step.guard.addresses, attachment->addresses, sizeof(attachment->addresses));
	return step;
}

static void add_attachment(const struct attachment *attachment, struct plan *plan)
{
	struct step step = guard_step(STEP_GUARD_ADD, attachment);

	if (attachment->is_guarded)
		plan_add(plan, &step);
	step = veth_step(STEP_VETH_ADD, attachment);
	plan_add(plan, &step);
	for (size_t i = 0; i < FAMILIES; i++) {
		if (!address_is_set(&attachment->addresses[i]))
			continue;
		plan_add(plan,
			&(struct step){
				.type = STEP_ADDRESS_ADD,
				.netns = attachment->ns->name,
				.address = { attachment->interface,
					{ attachment->addresses[i],
						attachment->network->subnets[i].prefix.length } },
			});
	}
}

static void add_route(const struct ns *ns, const struct route *route, struct plan *plan)
{
	plan_add(plan, &(struct step){
			       .type = STEP_ROUTE_ADD,
			       .netns = ns->name,
			       .route = { route->interface, route->destination, route->gateway,
				       route->metric },
		       });
}

static bool has_link(const struct namespace_presence *presence, size_t i)
{
	return presence->is_held && presence->has_links && presence->has_links[i];
}

/* The routes that went, or never came, with the links that are not there. */
static void add_routes(
	const struct ns *ns, const struct namespace_presence *presence, struct plan *plan)
{
	for (size_t r = 0; r < ns->n_routes; r++)
		for (size_t i = 0; i < ns->n_attachments; i++)
			if (!has_link(presence, i) &&
				streq(ns->attachments[i].interface, ns->routes[r].interface))
				add_route(ns, &ns->routes[r], plan);
}

static struct step hosts_step(enum step_type type, const struct attachment *attachment)
{
	struct step step = {
		.type = type,
		.netns = attachment->ns->name,
		.hosts = {
			.network = attachment->network->name,
			.slot = attachment->port,
			.name = attachment->ns->name,
		},
	};

	memcpy(step.hosts.addresses, attachment->addresses, sizeof(attachment->addresses));
	return step;
}

static struct step record_step(enum step_type type, const struct ns *ns)
{
	return (struct step){
		.type = type,
		.netns = ns->name,
		.record = { RECORD_NAMESPACE, ns->name, &nsnet_list_namespaces_out_type, &ns->told,
			NULL },
	};
}

static void add_names(const struct ns *ns, struct plan *plan)
{
	const char **networks = arena_array(plan->arena, ns->n_attachments, sizeof(*networks));
	size_t n = 0;
	struct step step;

	for (size_t i = 0; i < ns->n_attachments; i++) {
		bool is_known = false;

		step = hosts_step(STEP_HOSTS_SET, &ns->attachments[i]);
		plan_add(plan, &step);
		for (size_t j = 0; j < n; j++)
			is_known = is_known || networks[j] == ns->attachments[i].network->name;
		if (!is_known)
			networks[n++] = ns->attachments[i].network->name;
	}
	plan_add(plan, &(struct step){
			       .type = STEP_ETC_ADD,
			       .netns = ns->name,
			       .etc.is = { networks, n, ns->resolv_conf },
		       });
	step = record_step(STEP_RECORD_WRITE, ns);
	plan_add(plan, &step);
}

void difference_make_namespace(
	struct ns *ns, const struct namespace_presence *presence, struct plan *plan)
{
	if (!presence->is_held)
		plan_add(plan, &(struct step){
				       .type = STEP_NETNS_ADD,
				       .netns = ns->name,
				       .facts = { &ns->told.runtime.inode, &ns->told.runtime.cookie,
					       ns->told.runtime.ownership == NSNET_OWNERSHIP_USER,
					       ns->uid, ns->gid, ns->sibling },
			       });
	for (size_t i = 0; i < ns->n_attachments; i++)
		if (!has_link(presence, i))
			add_attachment(&ns->attachments[i], plan);
	add_routes(ns, presence, plan);
	if (!presence->has_names)
		add_names(ns, plan);
	for (size_t i = 0; i < ns->n_attachments; i++)
		if (!has_link(presence, i)) {
			struct step step = veth_step(STEP_VETH_SETTLE, &ns->attachments[i]);

			plan_add(plan, &step);
		}
	if (!presence->is_pinned)
		plan_add(plan, &(struct step){ .type = STEP_NETNS_PIN, .netns = ns->name });
}

void difference_protect_namespace(const struct ns *ns, struct plan *plan)
{
	for (size_t i = 0; i < ns->n_attachments; i++) {
		struct step step = guard_step(STEP_GUARD_ADD, &ns->attachments[i]);

		if (ns->attachments[i].is_guarded)
			plan_add(plan, &step);
	}
}

void difference_remove_namespace(
	const struct ns *ns, const struct namespace_presence *presence, struct plan *plan)
{
	struct step step;

	plan->is_forward = true;
	if (presence->is_pinned)
		plan_add(plan, &(struct step){ .type = STEP_NETNS_UNPIN, .netns = ns->name });
	if (presence->is_held)
		plan_add(plan, &(struct step){ .type = STEP_NETNS_DROP, .netns = ns->name });
	for (size_t i = 0; i < ns->n_attachments; i++) {
		step = hosts_step(STEP_HOSTS_CLEAR, &ns->attachments[i]);
		plan_add(plan, &step);
		step = guard_step(STEP_GUARD_DELETE, &ns->attachments[i]);
		if (ns->attachments[i].is_guarded)
			plan_add(plan, &step);
	}
	plan_add(plan, &(struct step){ .type = STEP_ETC_DELETE, .netns = ns->name });
	step = record_step(STEP_RECORD_DELETE, ns);
	plan_add(plan, &step);
}

static struct step bridge_step(enum step_type type, struct network *network)
{
	return (struct step){
		.type = type,
		.bridge = {
			.name = network->bridge,
			.anchor = network->anchor,
			.alias = network->alias,
			.mac = network->mac,
			.mtu = network->mtu,
			.ret_index = &network->told.runtime.bridge_index,
		},
	};
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
static void add_forwarding(enum step_type type, const bool is_forwarding[FAMILIES],
	const char *interface, struct plan *plan)
{
	if (is_forwarding[0])
		add_sysctl(type, "ipv4", interface, "forwarding", plan);
	if (is_forwarding[1])
		add_sysctl(type, "ipv6", interface, "force_forwarding", plan);
}

static struct step network_step(enum step_type type, const struct network *network)
{
	if (type == STEP_HOSTS_ADD || type == STEP_HOSTS_DELETE)
		return (struct step){ .type = type, .hosts = { .network = network->name } };
	return (struct step){
		.type = type,
		.record = { RECORD_NETWORK, network->name, &nsnet_list_networks_out_type,
			&network->told, NULL },
	};
}

void difference_make_network(
	struct network *network, const struct network_presence *presence, struct plan *plan)
{
	struct step step;

	if (!presence->has_bridge) {
		step = bridge_step(STEP_BRIDGE_ADD, network);
		plan_add(plan, &step);
		for (size_t i = 0; i < FAMILIES; i++)
			if (address_is_set(&network->gateways[i]))
				plan_add(plan, &(struct step){
						       .type = STEP_ADDRESS_ADD,
						       .address = { network->bridge,
							       { network->gateways[i],
								       network->subnets[i]
									       .prefix.length } },
					       });
		add_forwarding(STEP_SYSCTL_SET, network->is_forwarding, network->bridge, plan);
	}
	if (!presence->has_names) {
		step = network_step(STEP_HOSTS_ADD, network);
		plan_add(plan, &step);
		step = network_step(STEP_RECORD_WRITE, network);
		plan_add(plan, &step);
	}
}

void difference_remove_network(struct network *network, struct plan *plan)
{
	struct step step;

	plan->is_forward = true;
	add_forwarding(STEP_SYSCTL_RESTORE, network->is_forwarding, network->bridge, plan);
	step = bridge_step(STEP_BRIDGE_DELETE, network);
	plan_add(plan, &step);
	step = network_step(STEP_HOSTS_DELETE, network);
	plan_add(plan, &step);
	step = network_step(STEP_RECORD_DELETE, network);
	plan_add(plan, &step);
}

void difference_restore(const struct string_list *keys, struct plan *plan)
{
	plan_add(plan, &(struct step){ .type = STEP_FIREWALL_RESET });
	for (size_t i = 0; i < keys->n; i++)
		plan_add(plan, &(struct step){
				       .type = STEP_SYSCTL_RESTORE,
				       .sysctl = { .key = keys->items[i] },
			       });
}
