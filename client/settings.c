/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * settings - what is wished of a namespace or a network, from the options of create, set and run
 */
#include "settings.h"

#include <sys/socket.h>

#include "accounts.h"
#include "attachments.h"
#include "check.h"

bool settings_are_there(const struct settings *settings, bool is_network)
{
	const struct edits *edits = &settings->edits;
	const struct nsnet_network_context *network = &edits->given.of_network;

	if (edits_are_there(edits, is_network) || network->description ||
		network->persistent.is_set)
		return true;
	if (!is_network)
		return settings->shaping_option != NULL;
	return network->reach != NSNET_REACH_UNSET || network->isolated.is_set ||
	       network->maximum_transmission_unit.is_set || network->domain;
}

bool settings_need_former(const struct settings *settings, bool is_network)
{
	const struct edits *edits = &settings->edits;

	return edits_need_former(edits, is_network) ||
	       (!is_network && settings->shaping_option &&
		       edits->lists[EDITS_ATTACHMENTS].how != EDITS_REPLACE);
}

int settings_make(struct settings *settings, const struct edits_noun *noun, struct problem *problem)
{
	/* What a namespace is attached to where nobody says. */
	struct nsnet_attachment joined = { .network = "default" };
	const struct nsnet_namespace_context new_namespace = { .attachments = { &joined, 1 } };
	struct edits_noun from = *noun;
	int r;

	if (noun->is_network) {
		settings->of_network = settings->edits.given.of_network;
		return edits_apply(&settings->edits, noun, &settings->of_network, problem);
	}
	if (!from.former)
		from.former = &new_namespace;
	settings->of_namespace = settings->edits.given.of_namespace;
	r = edits_apply(&settings->edits, &from, &settings->of_namespace, problem);
	if (r != 0 || !settings->shaping_option)
		return r;
	return attachments_shape(settings, &from, problem);
}

/* A list of texts that are kept as they are. */
static void put_text(struct settings *settings, enum edits_list list, enum edits_way way,
	const char *text, struct problem *problem)
{
	edits_put(&settings->edits, list, way, &text, text, problem->arena);
}

int settings_dns(void *target, const char *value, struct problem *problem)
{
	struct settings *settings = target;
	enum edits_way way;
	int r = edits_begin(&settings->edits, EDITS_SERVERS, &value, &way, problem);

	if (r != 0 || way == EDITS_EMPTY)
		return r;
	if (check_address(value) == 0)
		return problem_usage(problem, "--dns: \"%s\" is no IP address", value);
	put_text(settings, EDITS_SERVERS, way, value, problem);
	return 0;
}

/* KEY=VALUE, or KEY of one that is taken away. */
static int read_entry(struct edits *edits, enum edits_list list, enum edits_way way,
	const char *option, const char *value, struct problem *problem)
{
	const char *equals = strchr(value, '=');
	struct string_map_entry entry = { .key = value, .value = "" };

	if (way == EDITS_TAKE && (equals || !*value))
		return problem_usage(problem, "--%s: \"-%s\" is not -KEY", option, value);
	if (way != EDITS_TAKE && (!equals || equals == value))
		return problem_usage(problem, "--%s: \"%s\" is not KEY=VALUE", option, value);
	if (equals) {
		entry.key = arena_strndup(problem->arena, value, (size_t)(equals - value));
		entry.value = equals + 1;
	}
	if (list == EDITS_SYSCTLS && !check_is_sysctl(entry.key))
		return problem_usage(problem,
			"--sysctl: \"%s\" is no setting of a network namespace, such as net.ipv4.ip_forward",
			entry.key);
	if (way != EDITS_TAKE && edits_has(edits, list, &entry))
		return problem_usage(problem, "--%s: \"%s\" is given twice", option, entry.key);
	edits_put(edits, list, way, &entry, value, problem->arena);
	return 0;
}

int settings_label(void *target, const char *value, struct problem *problem)
{
	struct edits *edits = &((struct settings *)target)->edits;
	enum edits_way way;
	int r = edits_begin(edits, EDITS_LABELS, &value, &way, problem);

	if (r != 0 || way == EDITS_EMPTY)
		return r;
	return read_entry(edits, EDITS_LABELS, way, "label", value, problem);
}

int settings_sysctl(void *target, const char *value, struct problem *problem)
{
	struct edits *edits = &((struct settings *)target)->edits;
	enum edits_way way;
	int r = edits_begin(edits, EDITS_SYSCTLS, &value, &way, problem);

	if (r != 0 || way == EDITS_EMPTY)
		return r;
	return read_entry(edits, EDITS_SYSCTLS, way, "sysctl", value, problem);
}

int settings_link(void *target, const char *value, struct problem *problem)
{
	struct settings *settings = target;
	enum edits_way way;
	int r = edits_begin(&settings->edits, EDITS_LINKS, &value, &way, problem);

	if (r != 0 || way == EDITS_EMPTY)
		return r;
	if (!check_is_interface_name(value))
		return problem_usage(problem, "--link: \"%s\" cannot name an interface", value);
	settings->one_only = "an interface goes into one namespace; create one by one";
	put_text(settings, EDITS_LINKS, way, value, problem);
	return 0;
}

/* nsnetd knows who is in the host's files. Of others, whom the system knows from elsewhere, it is told the number. */
int settings_allow(void *target, const char *value, struct problem *problem)
{
	struct settings *settings = target;
	enum edits_way way;
	const char *name;
	int r = edits_begin(&settings->edits, EDITS_ALLOWED, &value, &way, problem);

	if (r != 0 || way == EDITS_EMPTY)
		return r;
	name = accounts_name(value, problem->arena);
	if (!name && way != EDITS_TAKE)
		return problem_usage(problem, "--allow: there is no %s \"%s\"",
			*value == '@' ? "group" : "user", value + (*value == '@'));
	put_text(settings, EDITS_ALLOWED, way, name ? name : value, problem);
	return 0;
}

int settings_description(void *target, const char *value, struct problem *problem unused)
{
	struct settings *settings = target;

	settings->edits.given.of_namespace.description = value;
	settings->edits.given.of_network.description = value;
	return 0;
}

static const char one_prefix[] =
	"one prefix cannot be that of several networks; leave out --subnet and --gateway, or create one by one";

/* A network has one of each family: two are wrong where all of them are given. */
static int check_other_prefix(
	const struct string_list *list, const char *value, int family, struct problem *problem)
{
	char prefix[CHECK_PREFIX_TEXT_MAX];
	int other;

	for (size_t i = 0; i < list->n; i++) {
		(void)check_prefix(list->items[i], &other, prefix);
		if (other == family)
			return problem_usage(problem,
				"--subnet: two %s prefixes, %s and %s; a network has one",
				family == AF_INET ? "IPv4" : "IPv6", list->items[i], value);
	}
	return 0;
}

int settings_subnet(void *target, const char *value, struct problem *problem)
{
	struct settings *settings = target;
	char prefix[CHECK_PREFIX_TEXT_MAX];
	enum edits_way way;
	int family;
	int r = edits_begin(&settings->edits, EDITS_PREFIXES, &value, &way, problem);

	if (r != 0 || way == EDITS_EMPTY)
		return r;
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
	if (way != EDITS_TAKE) {
		r = check_other_prefix(
			&settings->edits.given.of_network.prefixes, value, family, problem);
		if (r != 0)
			return r;
	}
	settings->one_only = one_prefix;
	put_text(settings, EDITS_PREFIXES, way, value, problem);
	return 0;
}

int settings_gateway(void *target, const char *value, struct problem *problem)
{
	struct settings *settings = target;
	enum edits_way way;
	int r = edits_begin(&settings->edits, EDITS_GATEWAYS, &value, &way, problem);

	if (r != 0 || way == EDITS_EMPTY)
		return r;
	if (check_address(value) == 0)
		return problem_usage(
			problem, "--gateway: \"%s\" is neither an IP address nor \"none\"", value);
	settings->one_only = one_prefix;
	put_text(settings, EDITS_GATEWAYS, way, value, problem);
	return 0;
}

int settings_reach(void *target, const char *value, struct problem *problem)
{
	enum nsnet_reach reach = NSNET_REACH_UNSET;

	if (streq(value, "nat"))
		reach = NSNET_REACH_NAT;
	else if (streq(value, "route"))
		reach = NSNET_REACH_ROUTE;
	else if (streq(value, "internal"))
		reach = NSNET_REACH_INTERNAL;
	else
		return problem_usage(problem,
			"--reach is \"nat\", \"route\" or \"internal\", not \"%s\"", value);
	((struct settings *)target)->edits.given.of_network.reach = reach;
	return 0;
}

static int read_bool(
	const char *option, const char *value, struct maybe_bool *ret, struct problem *problem)
{
	bool is_yes = streq(value, "yes");

	if (!is_yes && !streq(value, "no"))
		return problem_usage(
			problem, "--%s is \"yes\" or \"no\", not \"%s\"", option, value);
	*ret = SOME_BOOL(is_yes);
	return 0;
}

int settings_persistent(void *target, const char *value, struct problem *problem)
{
	struct edits_contexts *given = &((struct settings *)target)->edits.given;
	int r = read_bool("persistent", value, &given->of_namespace.persistent, problem);

	given->of_network.persistent = given->of_namespace.persistent;
	return r;
}

int settings_isolated(void *target, const char *value, struct problem *problem)
{
	return read_bool("isolated", value,
		&((struct settings *)target)->edits.given.of_network.isolated, problem);
}

int settings_mtu(void *target, const char *value, struct problem *problem)
{
	struct nsnet_network_context *network =
		&((struct settings *)target)->edits.given.of_network;
	char *end;
	long mtu = strtol(value, &end, 10);

	if (*value < '0' || *value > '9' || *end || (mtu < 68 && !streq(value, "0")) || mtu > 65535)
		return problem_usage(problem,
			"--mtu: \"%s\" is no number of bytes from 68 to 65535, nor 0 for the uplink's",
			value);
	network->maximum_transmission_unit = SOME_INT(mtu);
	return 0;
}

int settings_domain(void *target, const char *value, struct problem *problem)
{
	if (streq(value, "none"))
		value = "";
	else if (!check_is_domain(value))
		return problem_usage(problem, "--domain: \"%s\" cannot name a domain", value);
	((struct settings *)target)->edits.given.of_network.domain = value;
	return 0;
}
