/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sequence_learn - what the daemon chose, held against the rules; and what must be in the kernel for it
 */
#include "sequence.h"

#include <inttypes.h>
#include <stdio.h>

static uint64_t sum_of(const struct codec_struct *type, const void *data)
{
	autoarena struct arena arena = ARENA_INIT;
	uint64_t sum = 14695981039346656037U;

	for (const char *p = codec_encode(type, data, &arena); *p; p++)
		sum = (sum ^ (uint8_t)*p) * 1099511628211U;
	return sum;
}

static const char *learn_prefixes(
	struct model *model, struct world *world, int index, const struct network *network)
{
	const struct nsnet_network_runtime *runtime = &network->told.runtime;
	struct model_network *to = &model->networks[index];
	struct prefix host;

	memset(to->prefixes, 0, sizeof(to->prefixes));
	memset(to->gateways, 0, sizeof(to->gateways));
	for (size_t i = 0; i < runtime->prefixes.n; i++) {
		struct prefix prefix;

		if (!prefix_parse(runtime->prefixes.items[i], &prefix) ||
			!prefix_parse("192.168.7.0/24", &host))
			return "a prefix is none";
		if (prefix_overlaps(&prefix, &host))
			return "a prefix is the host's";
		for (int j = 0; j < NETWORKS; j++)
			if (j != index && model->networks[j].is_there &&
				address_is_set(
					&model->networks[j]
						 .prefixes[family_index(prefix.address.family)]
						 .address) &&
				prefix_overlaps(&prefix, &model->networks[j].prefixes[family_index(
								 prefix.address.family)]))
				return arena_printf(&world->arena, "two networks have %s",
					runtime->prefixes.items[i]);
		to->prefixes[family_index(prefix.address.family)] = prefix;
	}
	for (size_t i = 0; i < runtime->gateways.n; i++) {
		struct address address;

		if (!address_parse(runtime->gateways.items[i], &address) ||
			!prefix_contains(&to->prefixes[family_index(address.family)], &address))
			return "a gateway is outside";
		to->gateways[family_index(address.family)] = address;
	}
	return NULL;
}

static const char *learn_network(
	struct model *model, struct world *world, int index, bool is_touched)
{
	struct network *network = registry_find_network(&world->registry, model_networks[index]);
	struct model_network *to = &model->networks[index];
	struct nsnet_list_networks_out told;
	uint64_t sum;

	if (!to->is_there != !network)
		return arena_printf(&world->arena, "network %s is %s", model_networks[index],
			network ? "there" : "gone");
	if (!network)
		return NULL;
	told = network->told;
	told.runtime.attachments = 0;
	sum = sum_of(&nsnet_list_networks_out_type, &told);
	if (sum != to->sum && !is_touched)
		return arena_printf(&world->arena, "network %s is another", model_networks[index]);
	to->sum = sum;
	if (network->uid != to->uid || network->n_attachments != model_attached(model, index))
		return arena_printf(&world->arena, "network %s: owner %u, %zu attachments",
			model_networks[index], network->uid, network->n_attachments);
	to->revision = told.runtime.revision;
	to->reach = told.runtime.reach;
	if (to->declared_reach != NSNET_REACH_UNSET && to->declared_reach != to->reach)
		return "a reach is another than declared";
	if (told.context.persistent.value != to->is_persistent)
		return arena_printf(
			&world->arena, "network %s: persistent or not", model_networks[index]);
	if (to->mtu != 0 && to->mtu != told.runtime.maximum_transmission_unit)
		return "an MTU is another than declared";
	return learn_prefixes(model, world, index, network);
}

static const char *learn_attachment(struct model *model, struct world *world, int index, size_t i,
	const struct nsnet_attachment *told)
{
	struct model_attachment *to = &model->namespaces[index].attachments[i];
	const struct model_network *network = &model->networks[to->network];

	if (!streq(told->network, model_networks[to->network]))
		return "an attachment is to another network";
	memset(to->addresses, 0, sizeof(to->addresses));
	for (size_t j = 0; j < told->addresses.n; j++) {
		struct address address;
		size_t family;

		if (!address_parse(told->addresses.items[j], &address))
			return "an address is none";
		family = family_index(address.family);
		if (!address_is_set(&network->prefixes[family].address) ||
			!prefix_contains(&network->prefixes[family], &address) ||
			prefix_index(&network->prefixes[family], &address) == 0)
			return arena_printf(
				&world->arena, "%s is outside", told->addresses.items[j]);
		for (size_t k = 0; k < i; k++)
			if (model->namespaces[index].attachments[k].network == to->network &&
				address_is_equal(
					&model->namespaces[index].attachments[k].addresses[family],
					&address))
				return "an address is there twice inside";
		if (model_is_address_taken(model, to->network, &address, index))
			return arena_printf(
				&world->arena, "%s is there twice", told->addresses.items[j]);
		to->addresses[family] = address;
	}
	return NULL;
}

static const char *learn_port(struct model *model, struct world *world, int index, size_t i,
	const struct nsnet_port *told)
{
	struct model_namespace *ns = &model->namespaces[index];
	struct model_port *to = &ns->ports[i];
	bool families[FAMILIES];

	if (told->protocol != to->protocol || told->namespace_port != to->inside ||
		!told->host_port.is_set)
		return "a port is another than declared";
	if (to->host == 0) {
		if (told->host_port.value < 20000 || told->host_port.value > 20009)
			return "a port was chosen out of its range";
		to->host = (uint16_t)told->host_port.value;
	}
	if (told->host_port.value != to->host)
		return "a port of the host is another";
	model_families(model, ns, families);
	if (model_is_port_taken(model, index, to, families))
		return arena_printf(&world->arena, "port %u is there twice", to->host);
	return NULL;
}

static const char *learn_namespace(
	struct model *model, struct world *world, int index, bool is_touched)
{
	struct ns *ns = registry_find_namespace(&world->registry, model_namespaces[index]);
	struct model_namespace *to = &model->namespaces[index];
	const struct nsnet_namespace_context *context;
	const char *wrong = NULL;
	uint64_t sum;

	if (!to->is_there != !ns)
		return arena_printf(&world->arena, "namespace %s is %s", model_namespaces[index],
			ns ? "there" : "gone");
	if (!ns)
		return NULL;
	sum = sum_of(&nsnet_list_namespaces_out_type, &ns->told);
	if (sum != to->sum && !is_touched)
		return arena_printf(
			&world->arena, "namespace %s is another", model_namespaces[index]);
	to->sum = sum;
	to->revision = ns->told.runtime.revision;
	context = &ns->told.context;
	if (ns->uid != to->uid || context->attachments.n != to->n_attachments ||
		context->ports.n != to->n_ports)
		return arena_printf(&world->arena,
			"namespace %s: owner %u, %zu attachments, %zu ports",
			model_namespaces[index], ns->uid, context->attachments.n, context->ports.n);
	if (context->persistent.value != to->is_persistent)
		return arena_printf(
			&world->arena, "namespace %s: persistent or not", model_namespaces[index]);
	for (size_t i = 0; !wrong && i < to->n_attachments; i++)
		wrong = learn_attachment(model, world, index, i, &context->attachments.items[i]);
	for (size_t i = 0; !wrong && i < to->n_ports; i++)
		wrong = learn_port(model, world, index, i, &context->ports.items[i]);
	return wrong;
}

static const char *compare_quota(const struct model *model, struct world *world, uid_t uid)
{
	struct user *user = registry_user(&world->registry, uid);
	unsigned used[4];
	bool is_equal = true;

	model_count(model, uid, used);
	for (size_t i = 0; i < lengthof(used); i++)
		is_equal = is_equal && user->used[i] == used[i];
	registry_forget_user(&world->registry, uid);
	return is_equal ? NULL
			: arena_printf(&world->arena, "user %u is charged for something else", uid);
}

const char *model_learn(struct model *model, struct world *world, struct touched touched)
{
	static const uid_t users[] = { 0, 1001, 1002 };
	const char *wrong = NULL;

	for (int i = 0; !wrong && i < NETWORKS; i++)
		wrong = learn_network(
			model, world, i, touched.network == i || touched.network == ALL);
	for (int i = 0; !wrong && i < NAMESPACES; i++)
		wrong = learn_namespace(model, world, i, touched.ns == i || touched.ns == ALL);
	for (size_t i = 0; !wrong && i < lengthof(users); i++)
		wrong = compare_quota(model, world, users[i]);
	return wrong;
}

/* What must be there. */

__attribute__((format(printf, 3, 4))) static void add(
	struct sequence_things *things, struct arena *arena, const char *format, ...)
{
	va_list arguments;
	char text[256];

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	assert_true(things->n < lengthof(things->items));
	things->items[things->n++] = arena_strdup(arena, text);
}

static void add_network(
	const struct model *model, struct world *world, int index, struct sequence_things *things)
{
	const struct model_network *model_network = &model->networks[index];
	const struct network *network =
		registry_find_network(&world->registry, model_networks[index]);
	struct arena *arena = &world->arena;
	char text[ADDRESS_TEXT_MAX];

	add(things, arena, "record networks/%s", model_networks[index]);
	if (model_network->is_persistent)
		add(things, arena, "wish networks/%s", model_networks[index]);
	add(things, arena, "hosts %s", model_networks[index]);
	add(things, arena, "link %s", network->bridge);
	for (size_t i = 0; i < FAMILIES; i++)
		if (address_is_set(&model_network->gateways[i]))
			add(things, arena, "address - %s %s/%u", network->bridge,
				address_format(&model_network->gateways[i], text),
				model_network->prefixes[i].length);
}

static void add_ports(
	const struct model *model, struct world *world, int index, struct sequence_things *things)
{
	static const char *const all[FAMILIES] = { "0.0.0.0", "::" };
	const struct model_namespace *ns = &model->namespaces[index];

	for (size_t i = 0; i < ns->n_ports; i++)
		for (size_t family = 0; family < FAMILIES; family++) {
			const struct address *target = NULL;
			char text[ADDRESS_TEXT_MAX];

			for (size_t j = 0; !target && j < ns->n_attachments; j++)
				if (address_is_set(&ns->attachments[j].addresses[family]) &&
					address_is_set(&model->networks[ns->attachments[j].network]
								.gateways[family]))
					target = &ns->attachments[j].addresses[family];
			if (target)
				add(things, &world->arena, "port %s %s %u %s %u",
					ns->ports[i].protocol == NSNET_PROTOCOL_UDP ? "udp" : "tcp",
					all[family], ns->ports[i].host,
					address_format(target, text), ns->ports[i].inside);
		}
}

static void add_namespace(
	const struct model *model, struct world *world, int index, struct sequence_things *things)
{
	const struct model_namespace *model_ns = &model->namespaces[index];
	const char *name = model_namespaces[index];
	const struct ns *ns = registry_find_namespace(&world->registry, name);
	struct arena *arena = &world->arena;

	add(things, arena, "netns %s", name);
	add(things, arena, "pin %s", name);
	add(things, arena, "etc %s", name);
	add(things, arena, "record namespaces/%s", name);
	if (model_ns->is_persistent)
		add(things, arena, "wish namespaces/%s", name);
	for (size_t i = 0; i < model_ns->n_attachments; i++) {
		const struct model_attachment *attachment = &model_ns->attachments[i];
		const struct model_network *network = &model->networks[attachment->network];
		char text[ADDRESS_TEXT_MAX];

		add(things, arena, "link %s", ns->attachments[i].host_interface);
		add(things, arena, "hosts %s %u", model_networks[attachment->network],
			ns->attachments[i].port);
		for (size_t family = 0; family < FAMILIES; family++)
			if (address_is_set(&attachment->addresses[family]))
				add(things, arena, "address %s %s %s/%u", name,
					ns->attachments[i].interface,
					address_format(&attachment->addresses[family], text),
					/* On a network without ports each is alone. */
					network->reach == NSNET_REACH_ROUTE
						? (family == 0 ? 32 : 128)
						: network->prefixes[family].length);
	}
	add_ports(model, world, index, things);
}

void model_things(const struct model *model, struct world *world, struct sequence_things *ret)
{
	ret->n = 0;
	for (int i = 0; i < NETWORKS; i++)
		if (model->networks[i].is_there)
			add_network(model, world, i, ret);
	for (int i = 0; i < NAMESPACES; i++)
		if (model->namespaces[i].is_there)
			add_namespace(model, world, i, ret);
}
