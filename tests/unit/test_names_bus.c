/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_names_bus - what systemd and its resolver are asked for the networks' name servers, in which order, and what is told of refusals
 */
#include "bus_world.h"

#include <stdio.h>

#include "names.h"
#include "resolved.h"
#include "units.h"

/* The system as it is to look. */
static struct {
	int booted;
	const char *missing; /* of the files that there are otherwise */
	const char *folder;  /* of units, that has it */
} host;

int __wrap_sd_booted(void);
int __wrap_sd_booted(void)
{
	return host.booted;
}

int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, unused int mode)
{
	const char *name = strrchr(path, '/') + 1;

	if (host.missing && strstr(path, host.missing))
		return -1;
	if (streq(name, "nsnet-dns@.service"))
		return after(path, host.folder) ? 0 : -1;
	return 0;
}

static void test_possible(unused void **state)
{
	host.booted = 1;
	host.missing = NULL;
	host.folder = "/lib/systemd/system/";
	assert_true(names_are_possible());
	host.folder = "/etc/systemd/system/";
	assert_true(names_are_possible());
	host.folder = "/home/";
	assert_false(names_are_possible());
	host.folder = "/etc/systemd/system/";
	host.missing = "dnsmasq";
	assert_false(names_are_possible());
	host.missing = "bus_socket";
	assert_false(names_are_possible());
	host.missing = NULL;
	host.booted = 0;
	assert_false(names_are_possible());
	host.booted = -ENOENT;
	assert_false(names_are_possible());
}

static void add(struct bus_world *world, struct registry *registry, const char *name, uid_t uid,
	const char *domain, int index)
{
	struct snapshot_prefixes none = { 0 };
	struct network_host facts = {
		.prefixes = &none,
		.is_forwarding = { true, true },
		.has_nat = true,
		.has_names = domain,
		.may_reach = { true, true, true, true },
	};
	static const char *const prefixes[] = { "10.1.0.0/24", "2001:db8::/64" };
	struct nsnet_network_context context = {
		.prefixes = { (const char **)prefixes, 2 },
		.domain = domain && *domain ? domain : NULL,
	};
	struct network *network;
	struct fault fault;

	assert_int_equal(network_new(name, uid, (unsigned)index, &context, &facts, &world->arena,
				 &network, &fault),
		0);
	network->told.runtime.bridge_index = index;
	registry_add_network(registry, network);
}

#define SERVERS " 2:0a010001 10:20010db8000000000000000000000001\n"

static void test_begin(void **state)
{
	struct bus_world *world = *state;
	struct registry registry;
	struct names *names;

	registry_init(&registry);
	add(world, &registry, "a", 0, "", 7);
	add(world, &registry, "b", 0, NULL, 8);
	add(world, &registry, "c", 1000, "example.org", 9);
	add(world, &registry, "d", 1000, "", 10);
	add(world, &registry, "E", 1000, "", 11);
	add(world, &registry, "f", 0, "example.com", 0);
	assert_int_equal(names_new(world->event, &registry, &names), 0);
	names_begin(names);
	world->units[0] = "nsnet-dns@a.service";
	world->units[1] = "nsnet-dns@b.service";
	world->units[2] = "nsnet-dns@gone.service";
	world->units[3] = "nsnet-dns@.service";
	world->units[4] = "other.service";
	world->units[5] = "nsnet-dns@a.socket";
	/* A domain that could be anybody's is no domain of the host's; one without a bridge is told nowhere. */
	assert_string_equal(bus_world_asked(world, 16),
		"StartUnit nsnet-dns@E.service replace\nRevertLink 11\n"
		"StartUnit nsnet-dns@a.service replace\nSetLinkDefaultRoute 7 no\n"
		"SetLinkDomains 7 a.nsnet yes\nSetLinkDNS 7" SERVERS
		"StartUnit nsnet-dns@c.service replace\nRevertLink 9\n"
		"StartUnit nsnet-dns@d.service replace\nSetLinkDefaultRoute 10 no\n"
		"SetLinkDomains 10 d.nsnet yes\nSetLinkDNS 10" SERVERS
		"StartUnit nsnet-dns@f.service replace\n"
		"ListUnitsByPatterns nsnet-dns@*.service\n"
		"StopUnit nsnet-dns@b.service replace\nStopUnit nsnet-dns@gone.service replace\n");
	bus_world_settle(world);
	assert_string_equal(world->asked, "");
	assert_string_equal(bus_world_told(world), "");
	names_free(names);
	registry_done(&registry);
}

static void test_change(void **state)
{
	struct bus_world *world = *state;
	struct registry registry;
	struct names *names;

	registry_init(&registry);
	add(world, &registry, "a", 0, "", 7);
	assert_int_equal(names_new(world->event, &registry, &names), 0);
	names_change(names, "a", true);
	assert_string_equal(bus_world_asked(world, 4),
		"RestartUnit nsnet-dns@a.service replace\nSetLinkDefaultRoute 7 no\n"
		"SetLinkDomains 7 a.nsnet yes\nSetLinkDNS 7" SERVERS);
	names_change(names, "a", false);
	assert_string_equal(
		bus_world_asked(world, 2), "StopUnit nsnet-dns@a.service replace\nRevertLink 7\n");
	/* With its bridge goes what was told of it. */
	names_change(names, "gone", false);
	assert_string_equal(bus_world_asked(world, 1), "StopUnit nsnet-dns@gone.service replace\n");
	bus_world_settle(world);
	assert_string_equal(bus_world_told(world), "");
	names_free(names);
	registry_done(&registry);
}

/* What was refused is told once, and only where it matters. */
static void test_refused(void **state)
{
	static const struct {
		const char *method, *error, *told;
	} rows[] = {
		{ "RestartUnit", "org.freedesktop.systemd1.LoadFailed",
			"systemd refuses RestartUnit of nsnet-dns@a.service: as it is wished; see "
			"\"systemctl status 'nsnet-dns@a.service'\"" },
		{ "StopUnit", "org.freedesktop.systemd1.NoSuchUnit", NULL },
		{ "StopUnit", "org.freedesktop.DBus.Error.AccessDenied",
			"systemd refuses StopUnit of nsnet-dns@a.service" },
		{ "SetLinkDNS", "org.freedesktop.DBus.Error.ServiceUnknown", NULL },
		{ "SetLinkDNS", "org.freedesktop.DBus.Error.NameHasNoOwner", NULL },
		{ "RevertLink", "org.freedesktop.resolve1.NoSuchLink", NULL },
		{ "SetLinkDomains", "org.freedesktop.resolve1.LinkBusy",
			"systemd-resolved refuses SetLinkDomains: as it is wished" },
	};
	struct bus_world *world = *state;
	struct registry registry;
	struct names *names;

	registry_init(&registry);
	add(world, &registry, "a", 0, "", 7);
	assert_int_equal(names_new(world->event, &registry, &names), 0);
	for (size_t i = 0; i < lengthof(rows); i++) {
		assert_return_code(ftruncate(world->stderr_file, 0), errno);
		assert_return_code(lseek(STDERR_FILENO, 0, SEEK_SET), errno);
		world->method = rows[i].method;
		world->error = rows[i].error;
		names_change(names, "a", true);
		(void)bus_world_asked(world, 4);
		names_change(names, "a", false);
		(void)bus_world_asked(world, 2);
		bus_world_settle(world);
		if (!rows[i].told)
			assert_string_equal(bus_world_told(world), "");
		else if (!strstr(bus_world_told(world), rows[i].told))
			fail_msg("%s: told \"%s\"", rows[i].error, world->told);
	}
	names_free(names);
	registry_done(&registry);
}

static void on_unit(void *userdata, unused const char *unit)
{
	unsigned *n = userdata;

	(*n)++;
}

static void test_list(void **state)
{
	struct bus_world *world = *state;
	struct units *units;
	unsigned n = 0;

	assert_int_equal(units_new(world->event, &units), 0);
	world->method = "ListUnitsByPatterns";
	world->error = "org.freedesktop.DBus.Error.AccessDenied";
	units_list(units, "*", on_unit, &n);
	assert_string_equal(bus_world_asked(world, 1), "ListUnitsByPatterns *\n");
	bus_world_settle(world);
	assert_non_null(
		strstr(bus_world_told(world), "systemd does not list its units: as it is wished"));
	world->method = NULL;
	world->is_reply_odd = true;
	units_list(units, "*", on_unit, &n);
	bus_world_settle(world);
	assert_non_null(strstr(bus_world_told(world), "cannot read systemd's list of units"));
	assert_int_equal(n, 0);
	units_free(units);
}

/* A bus that was lost is reached again; one that is gone is no end of the daemon. */
static void test_lost(void **state)
{
	struct bus_world *world = *state;
	struct units *units;
	unsigned n = 0;

	assert_int_equal(units_new(world->event, &units), 0);
	units_start(units, "x.service");
	assert_string_equal(bus_world_asked(world, 1), "StartUnit x.service replace\n");
	bus_world_hang_up(world);
	bus_world_settle(world);
	units_start(units, "y.service");
	assert_string_equal(bus_world_asked(world, 1), "StartUnit y.service replace\n");
	assert_int_equal(world->n_connections, 2);
	bus_world_vanish(world);
	bus_world_settle(world);
	assert_string_equal(bus_world_told(world), "");
	units_start(units, "z.service");
	units_list(units, "*", on_unit, &n);
	assert_non_null(strstr(bus_world_told(world), "cannot reach the system's message bus"));
	assert_null(units_bus(units));
	units_free(units);
	assert_int_equal(units_new(world->event, &units), -ENOTCONN);
	assert_int_equal(names_new(world->event, NULL, &(struct names *){ NULL }), -ENOTCONN);
	names_free(NULL);
	units_free(NULL);
}

#define test(name) cmocka_unit_test_setup_teardown(name, bus_world_open, bus_world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_possible),
		test(test_begin),
		test(test_change),
		test(test_refused),
		test(test_list),
		test(test_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
