/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * difference - writes down the steps from what is to what is wished: objects that come, that are mended, that go
 *
 * Those from one object to another one of its name are in change.c.
 */
#include "difference.h"

#include "steps.h"

static enum link_presence link_presence(const struct namespace_presence *presence, size_t i)
{
	if (presence->spare)
		return LINK_WHOLE;
	return presence->is_held && presence->links ? presence->links[i] : LINK_MISSING;
}

bool difference_fits_spare(const struct ns *spare, const struct ns *ns)
{
	if (ns->n_attachments != spare->n_attachments)
		return false;
	for (size_t i = 0; i < ns->n_attachments; i++) {
		const struct attachment *attachment = &ns->attachments[i];
		const struct attachment *former = &spare->attachments[i];

		if (attachment->former != former || attachment->is_guarded != former->is_guarded ||
			!streq(attachment->interface, former->interface) ||
			memcmp(&attachment->mac, &former->mac, sizeof(former->mac)) != 0)
			return false;
		for (size_t family = 0; family < FAMILIES; family++)
			if (!address_is_equal(
				    &attachment->addresses[family], &former->addresses[family]))
				return false;
	}
	for (size_t i = 0; i < spare->n_routes; i++)
		if (!namespace_has_route(ns, &spare->routes[i]))
			return false;
	return true;
}

/* What it has beside the spare's. */
static void add_to_spare(const struct ns *spare, const struct ns *ns, struct plan *plan)
{
	for (size_t i = 0; i < ns->n_attachments; i++)
		if (!shape_is_equal(&ns->attachments[i].shape, &spare->attachments[i].shape))
			steps_add_shape(&ns->attachments[i], &spare->attachments[i].shape, plan);
	for (size_t i = 0; i < ns->n_routes; i++)
		if (!namespace_has_route(spare, &ns->routes[i]) &&
			!string_list_has(&ns->links, ns->routes[i].interface))
			steps_add(plan, steps_route(STEP_ROUTE_ADD, ns, &ns->routes[i]));
}

/* The routes that went, or never came, with the links that are not there. */
static void add_routes(
	const struct ns *ns, const struct namespace_presence *presence, struct plan *plan)
{
	for (size_t r = 0; r < ns->n_routes; r++)
		for (size_t i = 0; i < ns->n_attachments; i++)
			if (link_presence(presence, i) == LINK_MISSING &&
				streq(ns->attachments[i].interface, ns->routes[r].interface))
				steps_add(plan, steps_route(STEP_ROUTE_ADD, ns, &ns->routes[r]));
}

static void add_settings(struct ns *ns, struct plan *plan)
{
	for (size_t i = 0; i < ns->n_settings; i++)
		steps_add(plan, (struct step){
					.type = STEP_SETTING_SET,
					.netns = ns->name,
					.setting = { ns->settings[i].key, ns->settings[i].value,
						ns->settings[i].before },
				});
}

static void add_names(
	const struct ns *ns, const struct namespace_presence *presence, struct plan *plan)
{
	struct step etc;

	for (size_t i = 0; i < ns->n_attachments; i++)
		steps_add(plan, steps_hosts(STEP_HOSTS_SET, &ns->attachments[i]));
	etc = steps_etc(ns, plan->arena);
	if (presence->spare) {
		struct etc ahead = steps_etc(presence->spare, plan->arena).etc.is;

		etc.etc.spare = presence->spare->name;
		etc.etc.is_spare_equal = steps_is_equal_etc(&etc.etc.is, &ahead);
	}
	plan_add(plan, &etc);
	/* Of a spare all was known when it was recorded, but what settings were. */
	if (!presence->spare || ns->n_settings > 0)
		steps_add(plan, steps_namespace_record(STEP_RECORD_WRITE, ns));
}

void difference_record_namespace(const struct ns *ns, struct plan *plan)
{
	steps_add(plan, steps_namespace_record(STEP_RECORD_WRITE, ns));
	if (ns->told.context.persistent.value)
		steps_add(plan, steps_namespace_wish(STEP_WISH_WRITE, ns, plan->arena));
}

static void give_up(struct step wish, struct plan *plan)
{
	wish.record.before = wish.record.data;
	plan_add(plan, &wish);
}

void difference_give_up_namespace(const struct ns *ns, struct plan *plan)
{
	if (ns->told.context.persistent.value)
		give_up(steps_namespace_wish(STEP_WISH_DELETE, ns, plan->arena), plan);
}

void difference_give_up_network(const struct network *network, struct plan *plan)
{
	if (network->told.context.persistent.value)
		give_up(steps_network_wish(STEP_WISH_DELETE, network, plan->arena), plan);
}

void difference_pin_namespace(const struct ns *ns, struct plan *plan)
{
	steps_add(plan, (struct step){ .type = STEP_NETNS_PIN, .netns = ns->name });
}

void difference_unpin_namespace(const struct ns *ns, struct plan *plan)
{
	steps_add(plan, (struct step){ .type = STEP_NETNS_UNPIN, .netns = ns->name });
}

void difference_take_link(const struct ns *ns, const char *interface, struct plan *plan)
{
	steps_add(plan,
		(struct step){ .type = STEP_LINK_TAKE, .netns = ns->name, .link = { interface } });
	for (size_t i = 0; i < ns->n_routes; i++)
		if (streq(ns->routes[i].interface, interface))
			steps_add(plan, steps_route(STEP_ROUTE_ADD, ns, &ns->routes[i]));
}

void difference_give_links(const struct ns *ns, struct plan *plan)
{
	for (size_t i = 0; i < ns->links.n; i++)
		steps_add(plan, (struct step){ .type = STEP_LINK_GIVE,
					.netns = ns->name,
					.link = { ns->links.items[i] } });
}

void difference_label_namespace(const struct ns *ns, struct plan *plan)
{
	for (size_t i = 0; i < ns->n_attachments; i++)
		steps_add(plan, steps_veth(STEP_LINK_LABEL, &ns->attachments[i]));
}

void difference_remove_spare(struct ns *ns, bool is_whole, struct plan *plan)
{
	plan->is_forward = true;
	for (size_t i = 0; is_whole && i < ns->n_attachments; i++)
		steps_add(plan, ns->attachments[i].is_routed
					? steps_point(STEP_POINT_DELETE, &ns->attachments[i], NULL)
					: steps_veth(STEP_VETH_DELETE, &ns->attachments[i]));
	for (size_t i = 0; !is_whole && i < ns->n_attachments; i++)
		for (size_t family = 0; family < FAMILIES; family++)
			if (address_is_set(&ns->attachments[i].addresses[family]))
				steps_add(plan, steps_address(STEP_ADDRESS_DELETE,
							&ns->attachments[i], family));
	steps_add(plan, (struct step){ .type = STEP_NETNS_DROP,
				.netns = ns->name,
				.facts.ret_departure = &ns->departure });
	for (size_t i = 0; i < ns->n_attachments; i++)
		if (ns->attachments[i].is_guarded)
			steps_add(plan, steps_guard(STEP_GUARD_SHUT, &ns->attachments[i]));
	steps_add(plan, (struct step){ .type = STEP_ETC_DELETE, .netns = ns->name });
}

void difference_make_namespace(
	struct ns *ns, const struct namespace_presence *presence, struct plan *plan)
{
	if (presence->spare)
		steps_add(plan, (struct step){ .type = STEP_NETNS_TAKE,
					.netns = ns->name,
					.spare = { presence->spare->name } });
	else if (!presence->is_held)
		steps_add(plan, (struct step){
					.type = STEP_NETNS_ADD,
					.netns = ns->name,
					.facts = { .ret_inode = &ns->told.runtime.inode,
						.ret_cookie = &ns->told.runtime.cookie,
						.is_owned = ns->told.runtime.ownership ==
							    NSNET_OWNERSHIP_USER,
						.is_followed = presence->is_followed,
						.uid = ns->uid,
						.gid = ns->gid,
						.sibling = ns->sibling },
				});
	for (size_t i = 0; i < ns->n_attachments; i++)
		switch (link_presence(presence, i)) {
		case LINK_MISSING:
			steps_add_attachment(&ns->attachments[i], plan);
			break;
		case LINK_ASTRAY:
			steps_add(plan,
				ns->attachments[i].is_routed
					? steps_point(STEP_POINT_MEND, &ns->attachments[i], NULL)
					: steps_veth(STEP_VETH_MEND, &ns->attachments[i]));
			break;
		case LINK_WHOLE:
			break;
		}
	if (presence->spare)
		add_to_spare(presence->spare, ns, plan);
	else
		add_routes(ns, presence, plan);
	if (!presence->is_held) {
		add_settings(ns, plan);
		for (size_t i = 0; i < ns->n_ports; i++)
			steps_add_port(STEP_PORT_ADD, &ns->ports[i], plan);
	}
	if (!presence->has_names)
		add_names(ns, presence, plan);
	else if (ns->is_spare)
		steps_add(plan, steps_etc(ns, plan->arena));
	for (size_t i = 0; i < ns->n_attachments; i++)
		if (link_presence(presence, i) != LINK_WHOLE)
			steps_add(plan, steps_veth(STEP_VETH_SETTLE, &ns->attachments[i]));
	if (!presence->is_pinned)
		difference_pin_namespace(ns, plan);
	/* An interface that is lent would be lost with a namespace without a name. */
	for (size_t i = 0; i < ns->links.n && !presence->is_held; i++)
		difference_take_link(ns, ns->links.items[i], plan);
}

void difference_protect_namespace(const struct ns *ns, struct plan *plan)
{
	for (size_t i = 0; i < ns->n_attachments; i++)
		if (ns->attachments[i].is_guarded)
			steps_add(plan, steps_guard(STEP_GUARD_ADD, &ns->attachments[i]));
	for (size_t i = 0; i < ns->n_ports; i++)
		steps_add_port(STEP_PORT_ADD, &ns->ports[i], plan);
}

void difference_remove_namespace(
	struct ns *ns, const struct namespace_presence *presence, struct plan *plan)
{
	plan->is_forward = true;
	for (size_t i = 0; i < ns->n_ports; i++)
		steps_add_port(STEP_PORT_DELETE, &ns->ports[i], plan);
	if (presence->is_pinned)
		difference_unpin_namespace(ns, plan);
	if (presence->is_held)
		steps_add(plan, (struct step){ .type = STEP_NETNS_DROP,
					.netns = ns->name,
					.facts.ret_departure = &ns->departure });
	for (size_t i = 0; i < ns->n_attachments; i++) {
		steps_add(plan, steps_hosts(STEP_HOSTS_CLEAR, &ns->attachments[i]));
		/* While it is there it must not become one that anything may come by. */
		if (ns->attachments[i].is_guarded)
			steps_add(plan,
				steps_guard(presence->is_held ? STEP_GUARD_SHUT : STEP_GUARD_DELETE,
					&ns->attachments[i]));
	}
	for (size_t i = 0; i < ns->n_ports; i++)
		steps_add_port(STEP_FLOWS_DELETE, &ns->ports[i], plan);
	steps_add(plan, (struct step){ .type = STEP_ETC_DELETE, .netns = ns->name });
	if (ns->told.context.persistent.value)
		steps_add(plan, steps_namespace_wish(STEP_WISH_DELETE, ns, plan->arena));
	steps_add(plan, steps_namespace_record(STEP_RECORD_DELETE, ns));
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

static void add_fence(const struct network *network, bool is_add, struct plan *plan)
{
	struct fence fence = network_fence(network);

	if (!fence.is_set)
		return;
	steps_add(plan, (struct step){
				.type = STEP_FENCE_SET,
				.fence = { .bridge = network->bridge,
					.before = is_add ? (struct fence){ 0 } : fence,
					.after = is_add ? fence : (struct fence){ 0 } },
			});
}

static void add_dns(enum step_type type, const struct network *network, struct plan *plan)
{
	if (network->dns.domain)
		steps_add(plan, (struct step){ .type = type,
					.dns = { network->name, NULL, &network->dns } });
}

/* Of a bridge that is there. */
static void mend_routes(
	const struct network *network, const struct network_presence *presence, struct plan *plan)
{
	for (size_t i = 0; i < FAMILIES; i++) {
		if (presence->lacks_address[i])
			steps_add(plan, steps_gateway_address(STEP_ADDRESS_ADD, network, i));
		else if (presence->lacks_route[i])
			steps_add(plan, steps_prefix_route(STEP_ROUTE_ADD, network, i));
	}
	if (presence->lacks_loopback)
		steps_add(plan, steps_loopback_route(STEP_ROUTE_ADD, network));
}

void difference_record_network(const struct network *network, struct plan *plan)
{
	steps_add(plan, steps_network_record(STEP_RECORD_WRITE, network));
	if (network->told.context.persistent.value)
		steps_add(plan, steps_network_wish(STEP_WISH_WRITE, network, plan->arena));
}

void difference_keep_network(const struct network *network,
	const struct nsnet_list_networks_out *before, struct plan *plan)
{
	struct step record = steps_network_record(STEP_RECORD_WRITE, network);

	record.record.before = before;
	plan_add(plan, &record);
	steps_add(plan, steps_network_wish(STEP_WISH_WRITE, network, plan->arena));
}

void difference_void_network(const struct network *network, struct plan *plan)
{
	struct step record = steps_network_record(STEP_RECORD_WRITE, network);
	struct nsnet_list_networks_out *told = arena_alloc(plan->arena, sizeof(*told));

	*told = network->told;
	told->runtime.bridge_index = 0;
	record.record.data = told;
	record.record.before = &network->told;
	plan_add(plan, &record);
}

static void add_forwarding(const struct network *network, struct plan *plan)
{
	steps_add_forwarding(STEP_SYSCTL_SET, network->is_forwarding, network->bridge, plan);
}

/* The fence stands before there is a way in. */
void difference_make_network(
	struct network *network, const struct network_presence *presence, struct plan *plan)
{
	if (!presence->is_fenced)
		add_fence(network, true, plan);
	if (presence->bridge == LINK_MISSING) {
		steps_add(plan, bridge_step(STEP_BRIDGE_ADD, network));
		for (size_t i = 0; i < FAMILIES; i++)
			steps_add_gateway(true, network, i, plan);
		add_forwarding(network, plan);
	}
	if (presence->bridge == LINK_ASTRAY)
		steps_add(plan, bridge_step(STEP_BRIDGE_MEND, network));
	mend_routes(network, presence, plan);
	if (!presence->has_names) {
		steps_add(plan,
			(struct step){ .type = STEP_HOSTS_ADD, .hosts.network = network->name });
		add_dns(STEP_DNS_ADD, network, plan);
		steps_add(plan, steps_network_record(STEP_RECORD_WRITE, network));
	}
}

void difference_forward_network(const struct network *network, struct plan *plan)
{
	add_forwarding(network, plan);
	if (address_is_set(&network->gateways[family_index(AF_INET)]))
		steps_add_loopback_setting(STEP_SYSCTL_SET, network, plan);
}

void difference_forward_points(const struct network *network, struct plan *plan)
{
	list_foreach (&network->attachments, struct attachment, link, attachment)
		if (attachment->is_routed)
			steps_add(plan, steps_point(STEP_POINT_MEND, attachment, NULL));
}

void difference_remove_network(struct network *network, struct plan *plan)
{
	plan->is_forward = true;
	steps_add_forwarding(STEP_SYSCTL_RESTORE, network->is_forwarding, network->bridge, plan);
	for (size_t i = 0; i < FAMILIES; i++)
		steps_add_gateway(false, network, i, plan);
	steps_add(plan, bridge_step(STEP_BRIDGE_DELETE, network));
	add_fence(network, false, plan);
	steps_add(plan, (struct step){ .type = STEP_HOSTS_DELETE, .hosts.network = network->name });
	add_dns(STEP_DNS_DELETE, network, plan);
	if (network->told.context.persistent.value)
		steps_add(plan, steps_network_wish(STEP_WISH_DELETE, network, plan->arena));
	steps_add(plan, steps_network_record(STEP_RECORD_DELETE, network));
}

static bool has_uplink(const struct snapshot_uplinks *uplinks, const char *name)
{
	for (size_t i = 0; i < uplinks->n; i++)
		if (streq(uplinks->items[i].name, name))
			return true;
	return false;
}

void difference_follow_uplinks(const struct snapshot_uplinks *before,
	const struct snapshot_uplinks *after, const bool is_forwarding[FAMILIES], struct plan *plan)
{
	/* Closed before it is opened, opened after it is closed again. */
	for (size_t i = 0; i < after->n; i++) {
		const struct snapshot_uplink *uplink = &after->items[i];
		struct step step = { .type = STEP_UPLINK_ADD, .uplink.interface = uplink->name };

		for (size_t family = 0; family < FAMILIES; family++)
			step.uplink.is_closed[family] =
				is_forwarding[family] && !uplink->is_router[family];
		plan_add(plan, &step);
		steps_add_forwarding(STEP_SYSCTL_SET, is_forwarding, uplink->name, plan);
	}
	for (size_t i = 0; i < before->n; i++) {
		const char *name = before->items[i].name;

		if (has_uplink(after, name))
			continue;
		steps_add_forwarding(STEP_SYSCTL_RESTORE, is_forwarding, name, plan);
		steps_add(plan,
			(struct step){ .type = STEP_UPLINK_DELETE, .uplink.interface = name });
	}
}

void difference_restore(const struct string_list *keys, struct plan *plan)
{
	for (size_t i = 0; i < keys->n; i++)
		steps_add(plan, (struct step){
					.type = STEP_SYSCTL_RESTORE,
					.sysctl = { .key = keys->items[i] },
				});
	steps_add(plan, (struct step){ .type = STEP_FIREWALL_RESET });
}
