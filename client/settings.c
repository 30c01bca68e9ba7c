/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * settings - what is wished of a namespace or a network, from the options of create, run and network create
 *
 * Values with parts look like HEAD:KEY=VALUE,KEY=VALUE. A head may hold colons (an IPv6 prefix), a value too, but neither
 * has a "=", so the head ends at the last ":" (or ",") before the first "=".
 */
#include "settings.h"

#include <sys/socket.h>

#include "check.h"

/* The items with one more, zeroed, at their end. Lists are as long as a command line, so copying costs nothing. */
static void *append(struct arena *arena, const void *items, size_t n, size_t size)
{
	char *more = arena_array(arena, n + 1, size);

	if (items)
		memcpy(more, items, n * size);
	return more;
}

static void append_text(struct arena *arena, struct string_list *list, const char *text)
{
	list->items = append(arena, list->items, list->n, sizeof(*list->items));
	list->items[list->n++] = text;
}

static void make_empty(struct arena *arena, struct string_list *list)
{
	list->items = arena_alloc(arena, 0);
	list->n = 0;
}

struct parts {
	char *head;
	char *rest; /* "KEY=VALUE,…", walked by next_part(); NULL where there is none */
};

static struct parts split(struct arena *arena, const char *value)
{
	struct parts parts = { .head = arena_strdup(arena, value) };
	char *equals = strchr(parts.head, '=');
	char *end = NULL;

	for (char *c = parts.head; equals && c < equals; c++) {
		if (*c == ':' || *c == ',')
			end = c;
	}
	if (end) {
		*end = '\0';
		parts.rest = end + 1;
	}
	return parts;
}

/* The next KEY=VALUE; false at the end. A part without "=" has the value NULL. */
static bool next_part(struct parts *parts, const char **ret_key, char **ret_value)
{
	char *part = parts->rest, *comma, *equals;

	if (!part)
		return false;
	comma = strchr(part, ',');
	if (comma)
		*comma = '\0';
	parts->rest = comma ? comma + 1 : NULL;
	equals = strchr(part, '=');
	if (equals)
		*equals = '\0';
	*ret_key = part;
	*ret_value = equals ? equals + 1 : NULL;
	return true;
}

static int unknown_part(struct problem *problem, const char *option, const char *key,
	const char *value, const char *known)
{
	if (!value)
		return problem_usage(
			problem, "--%s: \"%s\" lacks its value; %s", option, key, known);
	return problem_usage(problem, "--%s knows no \"%s=\"; %s", option, key, known);
}

static int attachment_part(struct settings *settings, struct nsnet_attachment *attachment,
	const char *key, char *value, struct problem *problem)
{
	if (value && streq(key, "ip")) {
		if (streq(value, "none")) {
			if (attachment->addresses.n > 0)
				return problem_usage(
					problem, "--network: ip=none beside another ip=");
			make_empty(problem->arena, &attachment->addresses);
			return 0;
		}
		if (attachment->addresses.items && attachment->addresses.n == 0)
			return problem_usage(problem, "--network: ip=none beside another ip=");
		if (check_address(value) == 0)
			return problem_usage(problem, "--network: \"%s\" is no IP address%s", value,
				strchr(value, '/') ? " (its length is the network's)" : "");
		settings->has_address = true;
		append_text(problem->arena, &attachment->addresses, value);
		return 0;
	}
	if (value && streq(key, "mac")) {
		if (!check_is_hardware_address(value))
			return problem_usage(
				problem, "--network: \"%s\" is no address of a card", value);
		settings->has_address = true;
		attachment->hardware_address = value;
		return 0;
	}
	if (value && streq(key, "name")) {
		if (!check_is_interface_name(value))
			return problem_usage(
				problem, "--network: \"%s\" cannot name an interface", value);
		attachment->interface_name = value;
		return 0;
	}
	return unknown_part(problem, "network", key, value, "what there is: ip=, mac= and name=");
}

int settings_network(void *target, const char *value, struct problem *problem)
{
	struct settings *settings = target;
	struct nsnet_attachment_list *list = &settings->of_namespace.attachments;
	struct nsnet_attachment *attachment;
	struct parts parts = split(problem->arena, value);
	const char *key;
	char *part;

	if (settings->is_unattached || (list->n > 0 && streq(value, "none")))
		return problem_usage(problem, "--network none beside another --network");
	if (streq(value, "none")) {
		settings->is_unattached = true;
		list->items = arena_alloc(problem->arena, 0);
		return 0;
	}
	if (!parts.rest && strchr(parts.head, ':')) {
		/* NET:10.0.0.1 */
		return problem_usage(problem, "--network: an address is NET:ip=ADDRESS");
	}
	if (!check_is_name(parts.head))
		return problem_usage(
			problem, "--network: \"%s\" cannot name a network", parts.head);
	list->items = append(problem->arena, list->items, list->n, sizeof(*list->items));
	attachment = &list->items[list->n++];
	attachment->network = parts.head;
	while (next_part(&parts, &key, &part)) {
		int r = attachment_part(settings, attachment, key, part, problem);

		if (r != 0)
			return r;
	}
	return 0;
}

/* "default", a prefix, or an address, which stands for the prefix of it alone. */
static int route_destination(
	struct problem *problem, const char *text, const char **ret, int *ret_family)
{
	char prefix[CHECK_PREFIX_TEXT_MAX];
	int family = check_address(text);

	if (streq(text, "default")) {
		*ret = text;
		*ret_family = 0;
		return 0;
	}
	if (family != 0)
		text = arena_printf(problem->arena, "%s/%d", text, family == AF_INET ? 32 : 128);
	switch (check_prefix(text, ret_family, prefix)) {
	case CHECK_PREFIX_OK:
		*ret = text;
		return 0;
	case CHECK_PREFIX_HAS_HOST:
		return problem_usage(problem,
			"--route: \"%s\" has bits set beyond its length; is %s meant?", text,
			prefix);
	case CHECK_PREFIX_NONE:
		break;
	}
	return problem_usage(problem, "--route: \"%s\" is neither a prefix nor \"default\"", text);
}

static int route_part(struct nsnet_route *route, int family, const char *key, const char *value,
	struct problem *problem)
{
	if (value && streq(key, "via")) {
		int gateway = check_address(value);

		if (gateway == 0)
			return problem_usage(problem, "--route: \"%s\" is no IP address", value);
		if (family != 0 && family != gateway)
			return problem_usage(problem, "--route: %s cannot lie behind %s",
				route->destination, value);
		route->gateway = value;
		return 0;
	}
	if (value && streq(key, "metric")) {
		char *end;
		unsigned long long metric = strtoull(value, &end, 10);

		if (*value < '0' || *value > '9' || *end || metric > UINT32_MAX)
			return problem_usage(problem, "--route: \"%s\" is no metric", value);
		route->metric = SOME_INT((int64_t)metric);
		return 0;
	}
	return unknown_part(problem, "route", key, value, "what there is: via= and metric=");
}

int settings_route(void *target, const char *value, struct problem *problem)
{
	struct nsnet_route_list *list = &((struct settings *)target)->of_namespace.routes;
	/* A destination has colons of its own: it is cut only where something with "=" follows. */
	struct parts parts = strchr(value, '=')
				     ? split(problem->arena, value)
				     : (struct parts){ arena_strdup(problem->arena, value), NULL };
	struct nsnet_route *route;
	const char *key;
	char *part;
	int family, r;

	list->items = append(problem->arena, list->items, list->n, sizeof(*list->items));
	route = &list->items[list->n++];
	r = route_destination(problem, parts.head, &route->destination, &family);
	while (r == 0 && next_part(&parts, &key, &part))
		r = route_part(route, family, key, part, problem);
	return r;
}

int settings_dns(void *target, const char *value, struct problem *problem)
{
	if (check_address(value) == 0)
		return problem_usage(problem, "--dns: \"%s\" is no IP address", value);
	append_text(problem->arena, &((struct settings *)target)->of_namespace.name_servers, value);
	return 0;
}

int settings_subnet(void *target, const char *value, struct problem *problem)
{
	struct settings *settings = target;
	struct string_list *list = &settings->of_network.prefixes;
	char prefix[CHECK_PREFIX_TEXT_MAX];
	int family, other;

	if (settings->has_no_prefix || (list->n > 0 && streq(value, "none")))
		return problem_usage(problem, "--subnet none beside another --subnet");
	if (streq(value, "none")) {
		settings->has_no_prefix = true;
		make_empty(problem->arena, list);
		return 0;
	}
	switch (check_prefix(value, &family, prefix)) {
	case CHECK_PREFIX_OK:
		break;
	case CHECK_PREFIX_HAS_HOST:
		return problem_usage(problem,
			"--subnet: \"%s\" has bits set beyond its length; is %s meant?", value,
			prefix);
	case CHECK_PREFIX_NONE:
		return problem_usage(problem,
			"--subnet: \"%s\" is no prefix, such as 10.10.0.0/16 or fd00:1::/64",
			value);
	}
	for (size_t i = 0; i < list->n; i++) {
		(void)check_prefix(list->items[i], &other, prefix);
		if (other == family)
			return problem_usage(problem,
				"--subnet: two %s prefixes, %s and %s; a network has one",
				family == AF_INET ? "IPv4" : "IPv6", list->items[i], value);
	}
	append_text(problem->arena, list, value);
	return 0;
}

int settings_gateway(void *target, const char *value, struct problem *problem)
{
	struct settings *settings = target;
	struct string_list *list = &settings->of_network.gateways;

	if (settings->has_no_gateway || (list->n > 0 && streq(value, "none")))
		return problem_usage(problem, "--gateway none beside another --gateway");
	if (streq(value, "none")) {
		settings->has_no_gateway = true;
		make_empty(problem->arena, list);
		return 0;
	}
	if (check_address(value) == 0)
		return problem_usage(
			problem, "--gateway: \"%s\" is neither an IP address nor \"none\"", value);
	append_text(problem->arena, list, value);
	return 0;
}

int settings_isolated(void *target, const char *value, struct problem *problem)
{
	bool is_yes = streq(value, "yes");

	if (!is_yes && !streq(value, "no"))
		return problem_usage(problem, "--isolated is \"yes\" or \"no\", not \"%s\"", value);
	((struct settings *)target)->of_network.isolated = SOME_BOOL(is_yes);
	return 0;
}

int settings_mtu(void *target, const char *value, struct problem *problem)
{
	char *end;
	long mtu = strtol(value, &end, 10);

	if (*value < '0' || *value > '9' || *end || mtu < 68 || mtu > 65535)
		return problem_usage(
			problem, "--mtu: \"%s\" is no number of bytes from 68 to 65535", value);
	((struct settings *)target)->of_network.maximum_transmission_unit = SOME_INT(mtu);
	return 0;
}

static void append_entry(
	struct arena *arena, struct string_map *map, const char *key, const char *value)
{
	map->items = append(arena, map->items, map->n, sizeof(*map->items));
	map->items[map->n++] = (struct string_map_entry){ key, value };
}

int settings_label(void *target, const char *value, struct problem *problem)
{
	struct settings *settings = target;
	const char *equals = strchr(value, '=');
	const char *key;

	if (!equals || equals == value)
		return problem_usage(problem, "--label: \"%s\" is not KEY=VALUE", value);
	key = arena_strndup(problem->arena, value, (size_t)(equals - value));
	for (size_t i = 0; i < settings->of_namespace.labels.n; i++) {
		if (streq(settings->of_namespace.labels.items[i].key, key))
			return problem_usage(problem, "--label: \"%s\" is given twice", key);
	}
	append_entry(problem->arena, &settings->of_namespace.labels, key, equals + 1);
	append_entry(problem->arena, &settings->of_network.labels, key, equals + 1);
	return 0;
}

int settings_description(void *target, const char *value, struct problem *problem unused)
{
	struct settings *settings = target;

	settings->of_namespace.description = value;
	settings->of_network.description = value;
	return 0;
}
