/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * namespace - one namespace as it is wished: what it is attached to, its addresses, its routes
 */
#include "namespace.h"

#include <limits.h>
#include <stdio.h>

#include "text_value.h"

struct maker {
	struct ns *ns;
	const struct namespace_host *host;
	struct arena *arena;
	struct fault *fault;
};

static int fault_parameter(const struct maker *maker, const char *field)
{
	return fault_set(maker->fault, &(struct fault){ .type = FAULT_PARAMETER, .field = field });
}

static const char *element(const struct maker *maker, const char *list, size_t i, const char *field)
{
	return arena_printf(
		maker->arena, "context.%s[%zu]%s%s", list, i, field ? "." : "", field ? field : "");
}

static bool has_interface(const struct ns *ns, const char *name, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (streq(ns->attachments[i].interface, name))
			return true;
	return false;
}

/* The wished name, or the first of eth0, eth1, … that no attachment has or wishes. */
static int name_interface(
	const struct maker *maker, const struct nsnet_attachment_list *wishes, size_t i)
{
	struct attachment *attachment = &maker->ns->attachments[i];
	const char *wish = wishes->items[i].interface_name;
	bool is_taken = true;

	if (wish) {
		if (!interface_name_is_valid(wish) || has_interface(maker->ns, wish, i))
			return fault_parameter(
				maker, element(maker, "attachments", i, "interfaceName"));
		(void)snprintf(attachment->interface, sizeof(attachment->interface), "%s", wish);
		return 0;
	}
	for (unsigned number = 0; is_taken; number++) {
		(void)snprintf(attachment->interface, sizeof(attachment->interface), "eth%u",
			number % 1000000U);
		is_taken = has_interface(maker->ns, attachment->interface, i);
		for (size_t j = i + 1; j < wishes->n; j++)
			is_taken = is_taken || streq_null(wishes->items[j].interface_name,
						       attachment->interface);
	}
	return 0;
}

static int fault_address(const struct maker *maker, const struct network *network, const char *text)
{
	return fault_set(maker->fault,
		&(struct fault){ .type = FAULT_ADDRESS, .name = network->name, .text = text });
}

/* Those that are asked for, then one of each family that is not. */
static int take_addresses(const struct maker *maker, struct attachment *attachment,
	const struct string_list *wishes, size_t i)
{
	struct network *network = attachment->network;
	uint64_t wish = 0;

	for (size_t j = 0; j < wishes->n; j++) {
		struct address address;
		size_t family;

		if (!address_parse(wishes->items[j], &address))
			return fault_parameter(
				maker, arena_printf(maker->arena,
					       "context.attachments[%zu].addresses[%zu]", i, j));
		family = family_index(address.family);
		if (address_is_set(&attachment->addresses[family]))
			return fault_parameter(
				maker, arena_printf(maker->arena,
					       "context.attachments[%zu].addresses[%zu]", i, j));
		if (!subnet_take(&network->subnets[family], &address))
			return fault_address(maker, network, wishes->items[j]);
		attachment->addresses[family] = address;
	}
	if (wishes->items && wishes->n == 0)
		return 0;
	for (size_t family = 0; family < FAMILIES; family++) {
		struct subnet *subnet = &network->subnets[family];
		struct address *address = &attachment->addresses[family];

		if (subnet_is_set(subnet) && !address_is_set(address) &&
			!subnet_pick(subnet, wish, address))
			return fault_address(maker, network, NULL);
		/* 10.0.0.7 goes with fd00::7, if it can. */
		if (address_is_set(address))
			wish = prefix_index(&subnet->prefix, address);
	}
	return 0;
}

static int make_mac(
	const struct maker *maker, struct attachment *attachment, const char *wish, size_t i)
{
	if (wish) {
		if (!mac_parse(wish, &attachment->mac))
			return fault_parameter(
				maker, element(maker, "attachments", i, "hardwareAddress"));
		return 0;
	}
	for (size_t family = 0; family < FAMILIES; family++)
		if (address_is_set(&attachment->addresses[family])) {
			attachment->mac = mac_of_address(&attachment->addresses[family]);
			return 0;
		}
	attachment->mac = (struct mac){ { 0x02, 0x6e, (uint8_t)(attachment->network->number >> 8),
		(uint8_t)attachment->network->number, (uint8_t)(attachment->port >> 8),
		(uint8_t)attachment->port } };
	return 0;
}

static bool needs_guard(const struct ns *ns, const struct network *network)
{
	bool has_gateway = false;

	for (size_t i = 0; i < FAMILIES; i++)
		has_gateway = has_gateway || address_is_set(&network->gateways[i]);
	return ns->uid != 0 && (has_gateway || network->uid != ns->uid);
}

/* From here on namespace_free() gives back what the attachment has taken. */
static int attach(const struct maker *maker, const struct nsnet_attachment_list *wishes, size_t i)
{
	const struct nsnet_attachment *wish = &wishes->items[i];
	struct attachment *attachment = &maker->ns->attachments[i];
	struct network *network = NULL;
	unsigned port;
	int r;

	if (name_is_valid(wish->network))
		network = maker->host->find_network(maker->host->userdata, wish->network);
	if (!network)
		return fault_set(maker->fault,
			&(struct fault){ .type = FAULT_NO_NETWORK, .name = wish->network });
	port = network_take_port(network);
	if (port == UINT_MAX)
		return fault_set(maker->fault, &(struct fault){ .type = FAULT_NETWORK_FULL,
						       .name = network->name,
						       .number = NETWORK_PORTS });
	attachment->network = network;
	attachment->ns = maker->ns;
	attachment->port = port;
	attachment->is_guarded = needs_guard(maker->ns, network);
	list_append(&network->attachments, &attachment->link);
	network->n_attachments++;
	maker->ns->n_attachments++;
	r = name_interface(maker, wishes, i);
	if (r == 0)
		r = take_addresses(maker, attachment, &wish->addresses, i);
	if (r == 0)
		r = make_mac(maker, attachment, wish->hardware_address, i);
	if (r != 0)
		return r;
	attachment->alias = arena_printf(
		&maker->ns->arena, "nsnetd:%s/%s", maker->ns->name, attachment->interface);
	maker->host->name_link(
		maker->host->userdata, attachment->alias, attachment->host_interface);
	return 0;
}

static int make_attachments(const struct maker *maker, const struct nsnet_attachment_list *wishes)
{
	struct ns *ns = maker->ns;

	if (wishes->n > NAMESPACE_ATTACHMENTS_MAX)
		return fault_parameter(maker, "context.attachments");
	ns->attachments = arena_array(&ns->arena, wishes->n, sizeof(*ns->attachments));
	for (size_t i = 0; i < wishes->n; i++) {
		int r = attach(maker, wishes, i);

		if (r != 0)
			return r;
	}
	return 0;
}

static bool is_link_local(const struct address *address)
{
	return address->family == AF_INET6 && address->bytes[0] == 0xfe &&
	       (address->bytes[1] & 0xc0) == 0x80;
}

/* The interface a gateway is reached by; without a gateway, or with one of the link, the first. */
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
	return NULL;
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
	route->interface = route_interface(maker->ns, &route->gateway);
	if (!route->interface)
		return fault_parameter(maker,
			element(maker, "routes", i, wish->gateway ? "gateway" : "destination"));
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
			.gateway = *gateway,
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
	ns->routes = arena_array(&ns->arena, wishes->n + FAMILIES, sizeof(*ns->routes));
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

static int make_resolv_conf(const struct maker *maker, const struct string_list *servers)
{
	const char *text = servers->items ? "" : NULL;

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

static int check_texts(const struct maker *maker, const struct nsnet_namespace_context *context)
{
	const char *wrong = text_value_check(maker->arena, context->description, &context->labels);

	return wrong ? fault_parameter(maker, wrong) : 0;
}

/* The context with all that was chosen in it: given again, it makes the same. */
static void complete(struct ns *ns)
{
	struct nsnet_attachment_list *list = &ns->told.context.attachments;

	for (size_t i = 0; i < list->n; i++) {
		struct nsnet_attachment *told = &list->items[i];
		const struct attachment *attachment = &ns->attachments[i];
		char text[ADDRESS_TEXT_MAX];

		told->network = attachment->network->name;
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
	ns->uid = owner->uid;
	ns->gid = owner->gid;
	r = check_texts(&maker, context);
	if (r == 0)
		r = make_attachments(&maker, &context->attachments);
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

void namespace_free(struct ns *ns)
{
	if (!ns)
		return;
	for (size_t i = 0; i < ns->n_attachments; i++) {
		struct attachment *attachment = &ns->attachments[i];

		for (size_t family = 0; family < FAMILIES; family++)
			if (address_is_set(&attachment->addresses[family]))
				subnet_give(&attachment->network->subnets[family],
					&attachment->addresses[family]);
		network_give_port(attachment->network, attachment->port);
		attachment->network->n_attachments--;
		list_remove(&attachment->link);
	}
	list_remove(&ns->user_link);
	quota_give_back(&ns->charge);
	arena_done(&ns->arena);
	free(ns);
}
