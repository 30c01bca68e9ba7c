/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * names - the networks' name servers: a unit of systemd's for each, and what the host's resolver is told of them
 *
 * A name server goes on while this daemon is stopped or restarted, as namespaces do. So what runs is looked through at the
 * start: who has no network any more was forgotten by a crash.
 */
#include "names.h"

#include <stdio.h>

#include "resolved.h"
#include "units.h"

#define DNSMASQ "/usr/sbin/dnsmasq" /* as the unit has it */

#define PREFIX "nsnet-dns@"
#define SUFFIX ".service"

#define UNIT_SIZE (sizeof(PREFIX SUFFIX) + NAME_SIZE)

struct names {
	const struct registry *registry;
	struct units *units;
};

bool names_are_possible(void)
{
	return units_has(PREFIX SUFFIX, DNSMASQ);
}

/* All that a name may be made of stands for itself in the name of a unit, and there it is only ever taken as it is ("%i"). */
static const char *unit_of(const char *network, char ret[UNIT_SIZE])
{
	(void)snprintf(ret, UNIT_SIZE, PREFIX "%s" SUFFIX, network);
	return ret;
}

/* "default.nsnet" of "default": no other network can have that. With a capital letter, or a dot or "_" that became a "-" in the
 * domain, it could. */
static bool is_of_its_name(const char *domain, const char *network)
{
	const char *rest = after(domain, network);

	return strspn(network, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(network) &&
	       rest && streq(rest, ".nsnet");
}

/* A domain that a member chose is not for the host to believe in: it might be anybody's. */
static bool is_for_host(const struct network *network)
{
	return network->uid == 0 || is_of_its_name(network->dns.domain, network->name);
}

static void tell_host(struct names *names, const struct network *network, bool is_there)
{
	sd_bus *bus = units_bus(names->units);
	int index = network ? (int)network->told.runtime.bridge_index : 0;

	/* With its bridge goes what was told of it. */
	if (!bus || index <= 0)
		return;
	if (is_there && network->dns.domain && is_for_host(network))
		resolved_set_link(bus, index, &network->dns);
	else
		resolved_revert_link(bus, index);
}

void names_change(struct names *names, const char *network, bool is_there)
{
	char unit[UNIT_SIZE];

	if (is_there)
		units_restart(names->units, unit_of(network, unit));
	else
		units_stop(names->units, unit_of(network, unit));
	tell_host(names, registry_find_network(names->registry, network), is_there);
}

static void on_unit(void *userdata, const char *unit)
{
	const struct names *names = userdata;
	const char *name = after(unit, PREFIX);
	size_t n = name ? strlen(name) : 0;
	char network[UNIT_SIZE];
	const struct network *found;

	if (n <= strlen(SUFFIX) || n >= sizeof(network) ||
		!streq(name + n - strlen(SUFFIX), SUFFIX))
		return;
	memcpy(network, name, n - strlen(SUFFIX));
	network[n - strlen(SUFFIX)] = 0;
	found = registry_find_network(names->registry, network);
	if (!found || !found->dns.domain)
		units_stop(names->units, unit);
}

int names_new(sd_event *event, const struct registry *registry, struct names **ret)
{
	cleanup(names_free) struct names *names = calloc(1, sizeof(*names));
	int r;

	if (!names)
		return -ENOMEM;
	names->registry = registry;
	r = units_new(event, &names->units);
	if (r < 0)
		return r;
	*ret = take(names);
	return 0;
}

void names_begin(struct names *names)
{
	autoarena struct arena arena = ARENA_INIT;
	struct network **networks = registry_networks(names->registry, &arena);

	for (size_t i = 0; i < names->registry->n_networks; i++) {
		char unit[UNIT_SIZE];

		if (!networks[i]->dns.domain)
			continue;
		/* One that runs goes on. */
		units_start(names->units, unit_of(networks[i]->name, unit));
		tell_host(names, networks[i], true);
	}
	units_list(names->units, PREFIX "*" SUFFIX, on_unit, names);
}

void names_free(struct names *names)
{
	if (!names)
		return;
	units_free(names->units);
	free(names);
}
