/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * field - the option that a field of what was sent comes from
 */
#include "field.h"

#include "ports.h"

/* The number in "context.routes[3].gateway" behind what stands before it; false where the field is another. */
static bool field_index(
	const char *field, const char *before, size_t *ret_index, const char **ret_rest)
{
	const char *digits = after(field, before);
	char *end;

	if (!digits || *digits < '0' || *digits > '9')
		return false;
	*ret_index = strtoul(digits, &end, 10);
	if (*end != ']')
		return false;
	*ret_rest = end + 1;
	return true;
}

static const char *text_at(const struct string_list *list, size_t i)
{
	return i < list->n ? list->items[i] : NULL;
}

static const char *shaping_option(const char *rest)
{
	if (after(rest, ".shaping.send") || after(rest, ".shaping.receive"))
		return "--rate";
	return after(rest, ".shaping.loss") ? "--loss" : "--delay";
}

static const char *attachment_option(
	const struct settings *settings, size_t i, const char *rest, const char **ret_value)
{
	const struct nsnet_attachment_list *list = &settings->of_namespace.attachments;
	size_t j;

	*ret_value = NULL;
	if (i >= list->n)
		return "--network";
	if (after(rest, ".shaping."))
		return shaping_option(rest);
	if (streq(rest, ".interfaceName")) {
		*ret_value = list->items[i].interface_name;
		return "--network ...:name=";
	}
	if (streq(rest, ".hardwareAddress")) {
		*ret_value = list->items[i].hardware_address;
		return "--network ...:mac=";
	}
	if (field_index(rest, ".addresses[", &j, &rest)) {
		*ret_value = text_at(&list->items[i].addresses, j);
		return "--network ...:ip=";
	}
	*ret_value = list->items[i].network;
	return "--network";
}

static const char *route_option(
	const struct settings *settings, size_t i, const char *rest, const char **ret_value)
{
	const struct nsnet_route_list *list = &settings->of_namespace.routes;

	*ret_value = NULL;
	if (i >= list->n)
		return "--route";
	if (streq(rest, ".gateway")) {
		*ret_value = list->items[i].gateway;
		return "--route ...:via=";
	}
	if (streq(rest, ".metric"))
		return "--route ...:metric=";
	*ret_value = list->items[i].destination;
	return "--route";
}

/* Of "context.sysctls.KEY" what was given: "KEY=VALUE". */
static const char *entry_text(
	const struct string_map *map, const char *field, const char *before, struct arena *arena)
{
	const char *key = after(field, before);

	for (size_t i = 0; key && i < map->n; i++) {
		if (streq(map->items[i].key, key))
			return arena_printf(arena, "%s=%s", key, map->items[i].value);
	}
	return NULL;
}

/* Of lists of texts, and of ports. */
static const char *item_text(
	const struct settings *settings, bool is_network, const char *field, struct arena *arena)
{
	const struct nsnet_namespace_context *namespace = &settings->of_namespace;
	const struct nsnet_network_context *network = &settings->of_network;
	const char *rest;
	size_t i;

	if (field_index(field, "context.ports[", &i, &rest))
		return i < namespace->ports.n ? ports_text(arena, &namespace->ports.items[i])
					      : NULL;
	if (field_index(field, "context.nameServers[", &i, &rest))
		return text_at(is_network ? &network->name_servers : &namespace->name_servers, i);
	if (field_index(field, "context.links[", &i, &rest))
		return text_at(&namespace->links, i);
	if (field_index(field, "context.allow[", &i, &rest))
		return text_at(&namespace->allow, i);
	if (field_index(field, "context.prefixes[", &i, &rest))
		return text_at(&network->prefixes, i);
	if (field_index(field, "context.gateways[", &i, &rest))
		return text_at(&network->gateways, i);
	if (streq(field, "context.domain"))
		return network->domain;
	return entry_text(&namespace->sysctls, field, "context.sysctls.", arena);
}

const char *field_option(const struct settings *settings, bool is_network, const char *field,
	struct arena *arena, const char **ret_value)
{
	static const struct {
		const char *field, *option;
	} plain[] = {
		{ "context.attachments", "--network" },
		{ "context.links", "--link" },
		{ "context.allow", "--allow" },
		{ "context.ports", "--publish" },
		{ "context.routes", "--route" },
		{ "context.nameServers", "--dns" },
		{ "context.sysctls", "--sysctl" },
		{ "context.labels", "--label" },
		{ "context.description", "--description" },
		{ "context.prefixes", "--subnet" },
		{ "context.gateways", "--gateway" },
		{ "context.reach", "--reach" },
		{ "context.isolated", "--isolated" },
		{ "context.persistent", "--persistent" },
		{ "context.maximumTransmissionUnit", "--mtu" },
		{ "context.domain", "--domain" },
	};
	const char *rest;
	size_t i;

	if (field_index(field, "context.attachments[", &i, &rest))
		return attachment_option(settings, i, rest, ret_value);
	if (field_index(field, "context.routes[", &i, &rest))
		return route_option(settings, i, rest, ret_value);
	*ret_value = item_text(settings, is_network, field, arena);
	for (i = 0; i < lengthof(plain); i++) {
		if (after(field, plain[i].field))
			return plain[i].option;
	}
	return NULL;
}
