/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * namespace - one namespace as it is wished: what it is attached to, its addresses, its routes
 */
#include "namespace.h"

#include <limits.h>
#include <stdio.h>

#include "maker.h"
#include "text_value.h"

static bool is_link_local(const struct address *address)
{
	return address->family == AF_INET6 && address->bytes[0] == 0xfe &&
	       (address->bytes[1] & 0xc0) == 0x80;
}

/* The interface a gateway is reached by; without a gateway, or with one of the link, the first there is. */
static const char *route_interface(const struct ns *ns, const struct address *gateway)
{
	for (size_t i = 0; i < ns->n_attachments; i++) {
		const struct attachment *attachment = &ns->attachments[i];
		size_t family = family_index(gateway->family);

		if (!address_is_set(gateway) || is_link_local(gateway))
			return attachment->interface;
		if (subnet_is_set(&attachment->network->subnets[family]) &&
			prefix_contains(&attachment->network->subnets[family].prefix, gateway))
			return attachment->interface;
	}
	/* Nothing is known of what is behind an interface of the host's. */
	return ns->links.n > 0 ? ns->links.items[0] : NULL;
}

static const struct attachment *find_interface(const struct ns *ns, const char *interface)
{
	for (size_t i = 0; i < ns->n_attachments; i++)
		if (streq(ns->attachments[i].interface, interface))
			return &ns->attachments[i];
	return NULL;
}

static bool has_destination(const struct ns *ns, const struct prefix *destination, unsigned metric)
{
	for (size_t i = 0; i < ns->n_routes; i++)
		if (prefix_is_equal(&ns->routes[i].destination, destination) &&
			ns->routes[i].metric == metric)
			return true;
	return false;
}

/* Where its end is alone on its link, the host is next on the way to all others of its network. In IPv4 that is an address of the
 * network's, which has to be on the link before anything can lead by it. */
static void add_own_routes(struct ns *ns, const struct attachment *attachment, size_t family)
{
	const struct network *network = attachment->network;
	struct route link = { .destination = { network->gateways[family], 32 },
		.interface = attachment->interface };
	struct route route = { .destination = network->subnets[family].prefix,
		.gateway = network_router(network, family),
		.interface = attachment->interface };

	if (!attachment->is_routed || !address_is_set(&attachment->addresses[family]) ||
		has_destination(ns, &route.destination, 0))
		return;
	if (family_of(family) == AF_INET)
		ns->routes[ns->n_routes++] = link;
	ns->routes[ns->n_routes++] = route;
}

/* What is beyond such an end only the host leads to. */
static int make_way(const struct maker *maker, struct route *route, size_t i)
{
	const struct attachment *attachment = find_interface(maker->ns, route->interface);
	size_t family = family_index(route->gateway.family);

	if (!attachment || !attachment->is_routed || !address_is_set(&route->gateway) ||
		is_link_local(&route->gateway))
		return 0;
	if (!address_is_equal(&route->gateway, &attachment->network->gateways[family]))
		return fault_parameter(maker, element(maker, "routes", i, "gateway"));
	route->gateway = network_router(attachment->network, family);
	return 0;
}

static int make_route(const struct maker *maker, const struct nsnet_route *wish, size_t i)
{
	struct route *route = &maker->ns->routes[maker->ns->n_routes];
	bool is_default = streq(wish->destination, "default");

	if (wish->gateway && !address_parse(wish->gateway, &route->gateway))
		return fault_parameter(maker, element(maker, "routes", i, "gateway"));
	if (is_default)
		route->destination.address.family = wish->gateway ? route->gateway.family : AF_INET;
	else if (!prefix_parse(wish->destination, &route->destination) ||
		 !prefix_is_network(&route->destination))
		return fault_parameter(maker, element(maker, "routes", i, "destination"));
	if (wish->gateway && route->gateway.family != route->destination.address.family)
		return fault_parameter(maker, element(maker, "routes", i, "gateway"));
	if (wish->metric.is_set) {
		if (wish->metric.value < 0 || wish->metric.value > UINT32_MAX)
			return fault_parameter(maker, element(maker, "routes", i, "metric"));
		route->metric = (unsigned)wish->metric.value;
	}
	/* What the kernel tells routes by. */
	if (has_destination(maker->ns, &route->destination, route->metric))
		return fault_parameter(maker, element(maker, "routes", i, "destination"));
	route->interface = route_interface(maker->ns, &route->gateway);
	if (!route->interface)
		return fault_parameter(maker,
			element(maker, "routes", i, wish->gateway ? "gateway" : "destination"));
	if (make_way(maker, route, i) != 0)
		return 1;
	maker->ns->n_routes++;
	return 0;
}

static bool has_default_route(const struct ns *ns, int family)
{
	for (size_t i = 0; i < ns->n_routes; i++)
		if (ns->routes[i].destination.length == 0 &&
			ns->routes[i].destination.address.family == family)
			return true;
	return false;
}

static void add_default_route(struct ns *ns, size_t family)
{
	for (size_t i = 0; i < ns->n_attachments; i++) {
		const struct attachment *attachment = &ns->attachments[i];
		const struct address *gateway = &attachment->network->gateways[family];

		if (!address_is_set(gateway) || !address_is_set(&attachment->addresses[family]))
			continue;
		ns->routes[ns->n_routes++] = (struct route){
			.destination.address.family = family_of(family),
			.gateway = network_router(attachment->network, family),
			.interface = attachment->interface,
		};
		return;
	}
}

static int make_routes(const struct maker *maker, const struct nsnet_route_list *wishes)
{
	struct ns *ns = maker->ns;

	if (wishes->n > NAMESPACE_ROUTES_MAX)
		return fault_parameter(maker, "context.routes");
	ns->routes = arena_array(
		&ns->arena, wishes->n + FAMILIES + 3 * ns->n_attachments, sizeof(*ns->routes));
	for (size_t i = 0; i < ns->n_attachments; i++)
		for (size_t family = 0; family < FAMILIES; family++)
			add_own_routes(ns, &ns->attachments[i], family);
	for (size_t i = 0; i < wishes->n; i++) {
		int r = make_route(maker, &wishes->items[i], i);

		if (r != 0)
			return r;
	}
	for (size_t family = 0; family < FAMILIES; family++)
		if (!has_default_route(ns, family_of(family)))
			add_default_route(ns, family);
	return 0;
}

static const char *print_servers(const struct dns *dns, struct arena *arena)
{
	const char *text = arena_printf(arena, "search %s\n", dns->domain);

	for (size_t family = 0; family < FAMILIES; family++) {
		char address[ADDRESS_TEXT_MAX];

		if (address_is_set(&dns->gateways[family]))
			text = arena_printf(arena, "%snameserver %s\n", text,
				address_format(&dns->gateways[family], address));
	}
	return text;
}

/* That of the first network that has a name server, where none is wished for. */
static const char *default_resolv_conf(struct ns *ns)
{
	for (size_t i = 0; i < ns->n_attachments; i++)
		if (ns->attachments[i].network->dns.domain)
			return print_servers(&ns->attachments[i].network->dns, &ns->arena);
	return NULL;
}

static int make_resolv_conf(const struct maker *maker, const struct string_list *servers)
{
	const char *text = servers->items ? "" : default_resolv_conf(maker->ns);

	if (servers->n > NAMESPACE_SERVERS_MAX)
		return fault_parameter(maker, "context.nameServers");
	for (size_t i = 0; servers->items && i < servers->n; i++) {
		struct address address;

		if (!address_parse(servers->items[i], &address))
			return fault_parameter(maker, element(maker, "nameServers", i, NULL));
		text = arena_printf(
			&maker->ns->arena, "%snameserver %s\n", text, servers->items[i]);
	}
	maker->ns->resolv_conf = text;
	return 0;
}

static int make_settings(const struct maker *maker, const struct string_map *wishes)
{
	const struct ns *before = maker->host->former;
	struct ns *ns = maker->ns;

	if (wishes->n > SETTINGS_MAX)
		return fault_parameter(maker, "context.sysctls");
	ns->settings = arena_array(&ns->arena, wishes->n, sizeof(*ns->settings));
	for (size_t i = 0; i < wishes->n; i++) {
		const struct string_map_entry *wish = &wishes->items[i];
		struct setting *setting = &ns->settings[ns->n_settings];
		const struct setting *former;

		if (setting_parse(&ns->arena, wish->key, wish->value, setting) ||
			setting_find(ns->settings, ns->n_settings, setting->key))
			return fault_parameter(
				maker, arena_printf(maker->arena, "context.sysctls.%s", wish->key));
		former = before ? setting_find(before->settings, before->n_settings, setting->key)
				: NULL;
		if (former)
			memcpy(setting->before, former->before, sizeof(setting->before));
		ns->n_settings++;
	}
	return 0;
}

static int make_links(
	const struct maker *maker, const struct string_list *wishes, enum nsnet_ownership ownership)
{
	struct ns *ns = maker->ns;

	if (wishes->n > NAMESPACE_LINKS_MAX || (wishes->n > 0 && ownership != NSNET_OWNERSHIP_HOST))
		return fault_parameter(maker, "context.links");
	ns->links.items = arena_array(&ns->arena, wishes->n, sizeof(const char *));
	for (size_t i = 0; i < wishes->n; i++) {
		const char *name = wishes->items[i];
		bool is_taken = !interface_name_is_valid(name) || string_list_has(&ns->links, name);

		for (size_t j = 0; j < ns->n_attachments; j++)
			is_taken = is_taken || streq(ns->attachments[j].interface, name);
		if (is_taken)
			return fault_parameter(maker, element(maker, "links", i, NULL));
		ns->links.items[ns->links.n++] = arena_strdup(&ns->arena, name);
	}
	return 0;
}

static int make_lent(
	const struct maker *maker, const struct string_list *wishes, enum nsnet_ownership ownership)
{
	struct ns *ns = maker->ns;

	if (wishes->n > LENDING_MAX || (wishes->n > 0 && ownership != NSNET_OWNERSHIP_HOST))
		return fault_parameter(maker, "context.allow");
	ns->lent = arena_array(&ns->arena, wishes->n, sizeof(*ns->lent));
	for (size_t i = 0; i < wishes->n; i++) {
		struct lending *lending = &ns->lent[ns->n_lent];

		if (!lending_parse(wishes->items[i], lending))
			return fault_parameter(maker, element(maker, "allow", i, NULL));
		lending->name = arena_strdup(&ns->arena, lending->name);
		for (size_t j = 0; j < i; j++)
			if (streq(wishes->items[j], wishes->items[i]))
				return fault_parameter(maker, element(maker, "allow", i, NULL));
		ns->n_lent++;
	}
	return 0;
}

static int check_texts(const struct maker *maker, const struct nsnet_namespace_context *context)
{
	const char *wrong = text_value_check(maker->arena, context->description, &context->labels);

	return wrong ? fault_parameter(maker, wrong) : 0;
}

/* All that it hangs on must come back as well. */
static int check_persistent(
	const struct maker *maker, const struct nsnet_namespace_context *context)
{
	if (!context->persistent.value)
		return 0;
	if (!maker->host->has_persistent)
		return fault_set(maker->fault,
			&(struct fault){ .type = FAULT_NOT_SUPPORTED, .name = "persistent" });
	for (size_t i = 0; i < maker->ns->n_attachments; i++) {
		const struct network *network = maker->ns->attachments[i].network;

		if (!network->told.context.persistent.value &&
			!streq(network->name, NAMESPACE_DEFAULT_NETWORK))
			return fault_set(maker->fault,
				&(struct fault){ .type = FAULT_NOT_PERSISTENT,
					.name = arena_strdup(maker->arena, network->name) });
	}
	return 0;
}

/* The context with all that was chosen in it: given again, it makes the same. */
static void complete(struct ns *ns)
{
	struct nsnet_attachment_list *list = &ns->told.context.attachments;

	for (size_t i = 0; i < list->n; i++) {
		struct nsnet_attachment *told = &list->items[i];
		const struct attachment *attachment = &ns->attachments[i];
		char text[ADDRESS_TEXT_MAX];

		told->interface_name = attachment->interface;
		told->hardware_address =
			arena_strdup(&ns->arena, mac_format(&attachment->mac, text));
		told->addresses.n = 0;
		told->addresses.items = arena_array(&ns->arena, FAMILIES, sizeof(const char *));
		for (size_t family = 0; family < FAMILIES; family++)
			if (address_is_set(&attachment->addresses[family]))
				told->addresses.items[told->addresses.n++] = arena_strdup(
					&ns->arena,
					address_format(&attachment->addresses[family], text));
	}
	ns->told.runtime.host_interfaces.items =
		arena_array(&ns->arena, ns->n_attachments, sizeof(const char *));
	for (size_t i = 0; i < ns->n_attachments; i++)
		ns->told.runtime.host_interfaces.items[ns->told.runtime.host_interfaces.n++] =
			ns->attachments[i].host_interface;
	for (size_t i = 0; i < ns->n_ports; i++)
		ns->told.context.ports.items[i].host_port = SOME_INT(ns->ports[i].host_port);
	if (ns->n_settings == 0)
		return;
	/* Their texts are filled in as the settings are set, before the record is written. */
	ns->told.runtime.sysctls_before = (struct string_map){
		.items = arena_array(&ns->arena, ns->n_settings, sizeof(struct string_map_entry)),
		.n = ns->n_settings,
	};
	for (size_t i = 0; i < ns->n_settings; i++)
		ns->told.runtime.sysctls_before.items[i] =
			(struct string_map_entry){ ns->told.context.sysctls.items[i].key,
				ns->settings[i].before };
}

int namespace_new(const char *name, const struct namespace_owner *owner,
	const struct nsnet_namespace_context *context, const struct namespace_host *host,
	struct arena *arena, struct ns **ret, struct fault *reterr)
{
	cleanup(namespace_free) struct ns *ns = calloc(1, sizeof(*ns));
	struct maker maker = { ns, host, arena, reterr };
	int r;

	if (!ns)
		abort();
	(void)snprintf(ns->name, sizeof(ns->name), "%s", name);
	list_init(&ns->user_link);
	list_init(&ns->lent_link);
	ns->uid = owner->uid;
	ns->gid = owner->gid;
	ns->former = host->former;
	ns->is_spare = host->is_spare;
	r = check_texts(&maker, context);
	if (r == 0)
		r = attachment_make_all(&maker, &context->attachments);
	if (r == 0)
		r = check_persistent(&maker, context);
	if (r == 0)
		r = make_links(&maker, &context->links, owner->ownership);
	if (r == 0)
		r = make_lent(&maker, &context->allow, owner->ownership);
	if (r == 0)
		r = publication_make_all(&maker, &context->ports);
	if (r == 0)
		r = make_settings(&maker, &context->sysctls);
	if (r == 0)
		r = make_routes(&maker, &context->routes);
	if (r == 0)
		r = make_resolv_conf(&maker, &context->name_servers);
	if (r != 0)
		return r;
	ns->told.name = ns->name;
	codec_copy(&nsnet_namespace_context_type, context, &ns->told.context, &ns->arena);
	complete(ns);
	ns->told.runtime.uid = ns->uid;
	ns->told.runtime.ownership = owner->ownership;
	ns->told.runtime.revision = 1;
	*ret = take(ns);
	return 0;
}

bool namespace_has_address(
	const struct ns *ns, const struct network *network, const struct address *address)
{
	for (size_t i = 0; ns && i < ns->n_attachments; i++)
		if (ns->attachments[i].network == network &&
			address_is_equal(
				&ns->attachments[i].addresses[family_index(address->family)],
				address))
			return true;
	return false;
}

bool namespace_has_route(const struct ns *ns, const struct route *route)
{
	for (size_t i = 0; i < ns->n_routes; i++) {
		const struct route *other = &ns->routes[i];

		if (prefix_is_equal(&other->destination, &route->destination) &&
			address_is_equal(&other->gateway, &route->gateway) &&
			other->metric == route->metric && streq(other->interface, route->interface))
			return true;
	}
	return false;
}

void namespace_settle(struct ns *ns)
{
	struct ns *former = ns->former;

	for (size_t i = 0; i < ns->n_attachments; i++) {
		struct attachment *attachment = ns->attachments[i].former;

		if (attachment)
			attachment->port = UINT_MAX;
		ns->attachments[i].former = NULL;
	}
	for (size_t i = 0; i < former->n_attachments; i++) {
		struct attachment *attachment = &former->attachments[i];

		for (size_t family = 0; family < FAMILIES; family++)
			if (namespace_has_address(
				    ns, attachment->network, &attachment->addresses[family]))
				attachment->addresses[family] = (struct address){ 0 };
	}
	for (size_t i = 0; i < ns->n_ports; i++)
		ns->ports[i].former = NULL;
	ns->charge = former->charge;
	former->charge = (struct quota_charge){ 0 };
	ns->former = NULL;
}

void namespace_free(struct ns *ns)
{
	if (!ns)
		return;
	for (size_t i = 0; i < ns->n_ports; i++)
		publish_give(ns->published, &ns->ports[i]);
	for (size_t i = 0; i < ns->n_attachments; i++) {
		struct attachment *attachment = &ns->attachments[i];

		for (size_t family = 0; family < FAMILIES; family++)
			if (address_is_set(&attachment->addresses[family]) &&
				!namespace_has_address(ns->former, attachment->network,
					&attachment->addresses[family]))
				subnet_give(&attachment->network->subnets[family],
					&attachment->addresses[family]);
		if (!attachment->former && attachment->port != UINT_MAX)
			network_give_port(attachment->network, attachment->port);
		if (!ns->is_spare)
			attachment->network->n_attachments--;
		list_remove(&attachment->link);
	}
	list_remove(&ns->user_link);
	list_remove(&ns->lent_link);
	quota_give_back(&ns->charge);
	arena_done(&ns->arena);
	free(ns);
}
