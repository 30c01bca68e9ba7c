/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * routes - routes besides the default ones: DEST[:via=A,metric=N]
 */
#include "routes.h"

#include <sys/socket.h>

#include "check.h"
#include "parts.h"
#include "settings.h"

/* "default", a prefix, or an address, which stands for the prefix of it alone. */
static int read_destination(
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

static int read_part(struct nsnet_route *route, int family, const char *key, const char *value,
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
	return parts_unknown(problem, "route", key, value, "what there is: via= and metric=");
}

int routes_add(void *target, const char *value, struct problem *problem)
{
	struct settings *settings = target;
	struct nsnet_route route = { 0 };
	struct parts parts = { 0 };
	enum edits_way way;
	const char *key;
	char *part;
	int family, r = edits_begin(&settings->edits, EDITS_ROUTES, &value, &way, problem);

	if (r != 0 || way == EDITS_EMPTY)
		return r;
	/* A destination has colons of its own: it is cut only where something with "=" follows. */
	if (strchr(value, '='))
		parts = parts_split(problem->arena, value);
	else
		parts.head = arena_strdup(problem->arena, value);
	r = read_destination(problem, parts.head, &route.destination, &family);
	while (r == 0 && parts_next(&parts, &key, &part))
		r = read_part(&route, family, key, part, problem);
	if (r == 0)
		edits_put(&settings->edits, EDITS_ROUTES, way, &route, value, problem->arena);
	return r;
}

const char *routes_text(struct arena *arena, const struct nsnet_route *route)
{
	const char *text = route->destination;

	if (route->gateway)
		text = arena_printf(arena, "%s via %s", text, route->gateway);
	if (route->metric.is_set)
		text = arena_printf(arena, "%s metric %lld", text, (long long)route->metric.value);
	return text;
}
