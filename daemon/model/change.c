/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * change - writes down the steps from an object that is there to another one of its name
 *
 * What both have is left alone: whoever talks by it does not notice. What goes is taken away piece by piece, so that each
 * piece can come back should a later step fail; only tracked connections cannot, and so they end last of all.
 */
#include "difference.h"
#include "steps.h"

/* The attachment that takes the place of one of before, or NULL. */
static const struct attachment *successor_of(const struct ns *ns, const struct attachment *former)
{
	for (size_t i = 0; i < ns->n_attachments; i++)
		if (ns->attachments[i].former == former)
			return &ns->attachments[i];
	return NULL;
}

/* Whether an interface of the new one is not as it was: routes by it, of that family, go and come again. With the last address
 * of a family the kernel takes the routes away by itself. */
static bool is_touched(
	const struct ns *former, const struct ns *ns, const char *interface, size_t family)
{
	for (size_t i = 0; i < ns->n_attachments; i++) {
		const struct attachment *attachment = &ns->attachments[i];

		if (streq(attachment->interface, interface))
			return !attachment->former ||
			       !address_is_equal(&attachment->addresses[family],
				       &attachment->former->addresses[family]);
	}
	return !string_list_has(&former->links, interface) ||
	       !string_list_has(&ns->links, interface);
}

static void change_routes(
	enum step_type type, const struct ns *former, const struct ns *ns, struct plan *plan)
{
	const struct ns *from = type == STEP_ROUTE_ADD ? ns : former;
	const struct ns *other = type == STEP_ROUTE_ADD ? former : ns;

	/* A route comes behind the one that its gateway is reached by, and goes before that. */
	for (size_t i = 0; i < from->n_routes; i++) {
		const struct route *route =
			&from->routes[type == STEP_ROUTE_ADD ? i : from->n_routes - 1 - i];
		size_t family = family_index(route->destination.address.family);

		if (!namespace_has_route(other, route) ||
			is_touched(former, ns, route->interface, family))
			steps_add(plan, steps_route(type, from, route));
	}
}

static void change_ports(
	enum step_type type, const struct ns *former, const struct ns *ns, struct plan *plan)
{
	if (type == STEP_PORT_ADD) {
		for (size_t i = 0; i < ns->n_ports; i++)
			if (!ns->ports[i].former)
				steps_add_port(type, &ns->ports[i], plan);
		return;
	}
	for (size_t i = 0; i < former->n_ports; i++) {
		bool is_kept = false;

		for (size_t j = 0; j < ns->n_ports; j++)
			is_kept = is_kept || ns->ports[j].former == &former->ports[i];
		if (!is_kept)
			steps_add_port(type, &former->ports[i], plan);
	}
}

static void change_links(
	enum step_type type, const struct ns *former, const struct ns *ns, struct plan *plan)
{
	const struct string_list *from = type == STEP_LINK_TAKE ? &ns->links : &former->links;
	const struct string_list *other = type == STEP_LINK_TAKE ? &former->links : &ns->links;

	for (size_t i = 0; i < from->n; i++)
		if (!string_list_has(other, from->items[i]))
			steps_add(plan, (struct step){ .type = type,
						.netns = ns->name,
						.link = { from->items[i] } });
}

static void detach(const struct attachment *attachment, struct plan *plan)
{
	static const struct shape unshaped;

	for (size_t i = 0; i < FAMILIES; i++)
		if (address_is_set(&attachment->addresses[i]))
			steps_add(plan, steps_address(STEP_ADDRESS_DELETE, attachment, i));
	if (!shape_is_equal(&attachment->shape, &unshaped))
		steps_add(
			plan, (struct step){
				      .type = STEP_SHAPE_SET,
				      .netns = attachment->ns->name,
				      .shape = { attachment->host_interface, attachment->interface,
					      attachment->shape, unshaped },
			      });
	steps_add(plan, steps_hosts(STEP_HOSTS_CLEAR, attachment));
	steps_add(plan, attachment->is_routed ? steps_point(STEP_POINT_DELETE, attachment, NULL)
					      : steps_veth(STEP_VETH_DELETE, attachment));
	if (attachment->is_guarded)
		steps_add(plan, steps_guard(STEP_GUARD_DELETE, attachment));
}

static void attach(const struct attachment *attachment, struct plan *plan)
{
	steps_add_attachment(attachment, plan);
	steps_add(plan, steps_hosts(STEP_HOSTS_SET, attachment));
	steps_add(plan, steps_veth(STEP_VETH_SETTLE, attachment));
}

/* The guard of those addresses that one has and the other has not. */
static void change_guard(enum step_type type, const struct attachment *from,
	const struct attachment *other, struct plan *plan)
{
	struct step step = steps_guard(type, from);
	bool is_any = false;

	step.guard.is_extra = true;
	for (size_t i = 0; i < FAMILIES; i++) {
		if (address_is_equal(&from->addresses[i], &other->addresses[i]))
			step.guard.addresses[i] = (struct address){ 0 };
		is_any = is_any || address_is_set(&step.guard.addresses[i]);
	}
	if (is_any && from->is_guarded)
		plan_add(plan, &step);
}

static void change_attachment(const struct attachment *attachment, struct plan *plan)
{
	const struct attachment *former = attachment->former;
	bool is_moved = false;

	if (!address_is_equal(&attachment->addresses[0], &former->addresses[0]) ||
		!address_is_equal(&attachment->addresses[1], &former->addresses[1]))
		steps_add_cuts(attachment, plan);
	change_guard(STEP_GUARD_ADD, attachment, former, plan);
	for (size_t i = 0; i < FAMILIES; i++) {
		if (address_is_equal(&attachment->addresses[i], &former->addresses[i]))
			continue;
		is_moved = true;
		/* The first address of a prefix takes the others with it: the new one comes after. */
		if (address_is_set(&former->addresses[i]))
			steps_add(plan, steps_address(STEP_ADDRESS_DELETE, former, i));
		if (address_is_set(&attachment->addresses[i]))
			steps_add(plan, steps_address(STEP_ADDRESS_ADD, attachment, i));
	}
	change_guard(STEP_GUARD_DELETE, former, attachment, plan);
	if (is_moved && attachment->is_routed)
		steps_add(plan, steps_point(STEP_POINT_MOVE, attachment, former));
	if (is_moved) {
		struct step step = steps_hosts(STEP_HOSTS_SET, attachment);

		step.hosts.before = former->addresses;
		plan_add(plan, &step);
	}
	if (!shape_is_equal(&attachment->shape, &former->shape))
		steps_add_shape(attachment, &former->shape, plan);
}

static void change_attachments(const struct ns *former, const struct ns *ns, struct plan *plan)
{
	for (size_t i = 0; i < former->n_attachments; i++)
		if (!successor_of(ns, &former->attachments[i]))
			detach(&former->attachments[i], plan);
	for (size_t i = 0; i < ns->n_attachments; i++)
		if (ns->attachments[i].former)
			change_attachment(&ns->attachments[i], plan);
	for (size_t i = 0; i < ns->n_attachments; i++)
		if (!ns->attachments[i].former)
			attach(&ns->attachments[i], plan);
}

/* Whether an interface that a setting is about was there before, and is there now. */
static bool has_interface(const struct ns *ns, const char *interface, bool is_as_before)
{
	for (size_t i = 0; i < ns->n_attachments; i++)
		if (streq(ns->attachments[i].interface, interface))
			return !is_as_before || ns->attachments[i].former;
	return string_list_has(&ns->links, interface);
}

/* What becomes of the interface whose setting that is; any other setting stays. */
enum fate { FATE_STAYS, FATE_COMES, FATE_GOES };

static enum fate fate_of(
	const struct ns *former, const struct ns *ns, const char *key, struct arena *arena)
{
	const char *name = strstr(key, "/conf/");
	bool was, is;

	if (!name)
		return FATE_STAYS;
	name += strlen("/conf/");
	name = arena_strndup(arena, name, strcspn(name, "/"));
	was = has_interface(former, name, false);
	is = has_interface(ns, name, false);
	if (is && (!was || !has_interface(ns, name, true)))
		return FATE_COMES;
	return was && !is ? FATE_GOES : FATE_STAYS;
}

/* Those that are declared no more get back what they were. With an interface go what its settings are and were; what is
 * declared of it holds again as it comes again. What one was is read first of all, so that it stands in the record of the
 * change: a change that is carried out again would find what it has set. */
static void change_settings(struct ns *former, struct ns *ns, struct plan *reads, struct plan *plan)
{
	for (size_t i = 0; i < former->n_settings; i++) {
		const struct setting *setting = &former->settings[i];

		if (!setting_find(ns->settings, ns->n_settings, setting->key) && *setting->before &&
			fate_of(former, ns, setting->key, plan->arena) == FATE_STAYS)
			steps_add(
				plan, (struct step){
					      .type = STEP_SETTING_SET,
					      .netns = ns->name,
					      .setting = { setting->key, setting->before,
						      arena_alloc(plan->arena, SETTING_TEXT_SIZE) },
				      });
	}
	for (size_t i = 0; i < ns->n_settings; i++) {
		struct setting *setting = &ns->settings[i];
		const struct setting *same =
			setting_find(former->settings, former->n_settings, setting->key);
		enum fate fate = fate_of(former, ns, setting->key, plan->arena);
		bool is_known = fate == FATE_STAYS && *setting->before;

		if (!same && fate == FATE_STAYS && !is_known)
			steps_add(reads, (struct step){
						 .type = STEP_SETTING_READ,
						 .netns = ns->name,
						 .setting = { setting->key, NULL, setting->before },
					 });
		if (!same || !streq(same->value, setting->value) || fate == FATE_COMES)
			steps_add(plan, (struct step){
						.type = STEP_SETTING_SET,
						.netns = ns->name,
						.setting = { setting->key, setting->value,
							is_known ? arena_alloc(plan->arena,
									   SETTING_TEXT_SIZE)
								 : setting->before },
					});
		else if (fate == FATE_GOES)
			*setting->before = 0;
	}
}

static void change_etc(const struct ns *former, const struct ns *ns, struct plan *plan)
{
	struct step step = steps_etc(ns, plan->arena);
	struct etc *before = arena_alloc(plan->arena, sizeof(*before));

	*before = steps_etc(former, plan->arena).etc.is;
	step.etc.before = before;
	if (!steps_is_equal_etc(&step.etc.is, before))
		plan_add(plan, &step);
}

/* The wish of what is persistent, from that of before. */
static void change_wish(struct step before, bool was_persistent, struct step after,
	bool is_persistent, struct plan *plan)
{
	if (was_persistent)
		after.record.before = before.record.data;
	if (!is_persistent)
		after.type = STEP_WISH_DELETE;
	if (is_persistent || was_persistent)
		plan_add(plan, &after);
}

/* What it is to be stands written down for as long as its record says what it was; where nothing is done but to write, the record
 * alone says it. */
static void add_change(const struct step *record, enum record_kind kind, const struct plan *wishes,
	const struct plan *steps, struct plan *plan)
{
	struct step change = *record;

	change.record.kind = kind;
	change.record.before = NULL;
	if (steps->n > 0)
		plan_add(plan, &change);
	else
		plan_add(plan, record);
	plan_add_all(plan, wishes);
	if (steps->n == 0)
		return;
	plan_add_all(plan, steps);
	plan_add(plan, record);
	change.type = STEP_RECORD_DELETE;
	plan_add(plan, &change);
}

void difference_change_namespace(struct ns *former, struct ns *ns, struct plan *plan)
{
	struct plan wishes = PLAN_INIT(plan->arena), steps = PLAN_INIT(plan->arena);
	struct step record = steps_namespace_record(STEP_RECORD_WRITE, ns);

	record.record.before = &former->told;
	change_wish(steps_namespace_wish(STEP_WISH_WRITE, former, plan->arena),
		former->told.context.persistent.value,
		steps_namespace_wish(STEP_WISH_WRITE, ns, plan->arena),
		ns->told.context.persistent.value, &wishes);
	change_ports(STEP_PORT_DELETE, former, ns, &steps);
	change_routes(STEP_ROUTE_DELETE, former, ns, &steps);
	change_links(STEP_LINK_GIVE, former, ns, &steps);
	change_attachments(former, ns, &steps);
	change_links(STEP_LINK_TAKE, former, ns, &steps);
	change_routes(STEP_ROUTE_ADD, former, ns, &steps);
	change_settings(former, ns, plan, &steps);
	change_ports(STEP_PORT_ADD, former, ns, &steps);
	change_etc(former, ns, &steps);
	change_ports(STEP_FLOWS_DELETE, former, ns, &steps);
	add_change(&record, RECORD_NAMESPACE_CHANGE, &wishes, &steps, plan);
}

static void add_mtu(const char *netns, const char *interface, unsigned before, unsigned after,
	struct plan *plan)
{
	steps_add(plan, (struct step){
				.type = STEP_MTU_SET,
				.netns = netns,
				.mtu = { interface, before, after },
			});
}

void difference_set_mtu(const struct network *network, unsigned mtu, struct plan *plan)
{
	static const struct shape unshaped;

	if (mtu == network->mtu)
		return;
	add_mtu(NULL, network->bridge, network->mtu, mtu, plan);
	add_mtu(NULL, network->anchor, network->mtu, mtu, plan);
	list_foreach (&network->attachments, struct attachment, link, attachment) {
		add_mtu(NULL, attachment->host_interface, network->mtu, mtu, plan);
		add_mtu(attachment->ns->name, attachment->interface, network->mtu, mtu, plan);
		/* A shaped link lets no packet through that is larger than what it was shaped for. */
		if (!shape_is_equal(&attachment->shape, &unshaped))
			steps_add_shape(attachment, &attachment->shape, plan);
	}
}

static void change_fence(
	const struct network *former, const struct network *network, struct plan *plan)
{
	struct fence before = network_fence(former), after = network_fence(network);
	bool is_equal = before.is_set == after.is_set && before.reach == after.reach &&
			before.is_isolated == after.is_isolated && before.group == after.group;

	for (size_t i = 0; i < FAMILIES; i++)
		is_equal = is_equal && address_is_equal(&before.gateways[i], &after.gateways[i]);
	if (!is_equal)
		steps_add(plan, (struct step){ .type = STEP_FENCE_SET,
					.fence = { network->bridge, before, after } });
}

static void change_forwarding(
	const struct network *former, const struct network *network, struct plan *plan)
{
	bool comes[FAMILIES], goes[FAMILIES];

	for (size_t i = 0; i < FAMILIES; i++) {
		comes[i] = network->is_forwarding[i] && !former->is_forwarding[i];
		goes[i] = !network->is_forwarding[i] && former->is_forwarding[i];
	}
	steps_add_forwarding(STEP_SYSCTL_SET, comes, network->bridge, plan);
	steps_add_forwarding(STEP_SYSCTL_RESTORE, goes, network->bridge, plan);
}

static void change_gateways(
	const struct network *former, const struct network *network, struct plan *plan)
{
	for (size_t i = 0; i < FAMILIES; i++) {
		if (address_is_equal(&former->gateways[i], &network->gateways[i]) &&
			prefix_is_equal(&former->subnets[i].prefix, &network->subnets[i].prefix))
			continue;
		steps_add_gateway(false, former, i, plan);
		steps_add_gateway(true, network, i, plan);
	}
}

static bool is_equal_list(const struct string_list *a, const struct string_list *b)
{
	bool is_equal = a->n == b->n;

	if (!a->items || !b->items)
		return !a->items && !b->items;
	for (size_t i = 0; is_equal && i < a->n; i++)
		is_equal = streq(a->items[i], b->items[i]);
	return is_equal;
}

static bool is_equal_dns(const struct dns *a, const struct dns *b)
{
	bool is_equal = streq_null(a->domain, b->domain) &&
			is_equal_list(&a->servers, &b->servers) && a->is_routed == b->is_routed;

	for (size_t i = 0; is_equal && i < FAMILIES; i++)
		is_equal = address_is_equal(&a->gateways[i], &b->gateways[i]);
	return is_equal;
}

static void change_dns(
	const struct network *former, const struct network *network, struct plan *plan)
{
	const struct dns *before = former->dns.domain ? &former->dns : NULL;

	if ((!before && !network->dns.domain) || (before && is_equal_dns(before, &network->dns)))
		return;
	if (network->dns.domain)
		steps_add(plan, (struct step){ .type = STEP_DNS_ADD,
					.dns = { network->name, before, &network->dns } });
	else
		steps_add(plan, (struct step){ .type = STEP_DNS_DELETE,
					.dns = { network->name, NULL, before } });
}

void difference_change_network(struct network *former, struct network *network, struct plan *plan)
{
	struct plan wishes = PLAN_INIT(plan->arena), steps = PLAN_INIT(plan->arena);
	struct step record = steps_network_record(STEP_RECORD_WRITE, network);

	record.record.before = &former->told;
	change_wish(steps_network_wish(STEP_WISH_WRITE, former, plan->arena),
		former->told.context.persistent.value,
		steps_network_wish(STEP_WISH_WRITE, network, plan->arena),
		network->told.context.persistent.value, &wishes);
	change_fence(former, network, &steps);
	change_gateways(former, network, &steps);
	change_forwarding(former, network, &steps);
	difference_set_mtu(former, network->mtu, &steps);
	if (former->is_isolated != network->is_isolated)
		list_foreach (&former->attachments, struct attachment, link, attachment)
			if (!attachment->is_routed)
				steps_add(&steps,
					(struct step){
						.type = STEP_ISOLATED_SET,
						.isolated = { attachment->host_interface,
							former->is_isolated, network->is_isolated },
					});
	change_dns(former, network, &steps);
	add_change(&record, RECORD_NETWORK_CHANGE, &wishes, &steps, plan);
}
