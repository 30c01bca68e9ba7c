/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_services - programs as transient services: what is asked of systemd, and what is told of them
 */
#include "services_world.h"

#include <stdio.h>

static void test_possible(void **state)
{
	struct world *world = *state;
	struct program_runner runner = services_runner(NULL);

	assert_null(runner.start);
	assert_non_null(world->runner.start);
	assert_ptr_equal(world->runner.userdata, world->services);
	services_host.has_no_socket = true;
	assert_null(services_new(world->bus->event));
	services_host.has_no_socket = false;
	services_host.booted = 0;
	assert_null(services_new(world->bus->event));
	services_host.booted = -ENOENT;
	assert_null(services_new(world->bus->event));
	services_free(NULL);
}

#define LISTENING(unit) \
	"Subscribe\n" \
	"AddMatch 'type='signal',sender='org.freedesktop.systemd1'," \
	"path='/org/freedesktop/systemd1/unit/" unit "'," \
	"interface='org.freedesktop.DBus.Properties',member='PropertiesChanged''\n" \
	"AddMatch 'type='signal',sender='org.freedesktop.systemd1'," \
	"path='/org/freedesktop/systemd1',interface='org.freedesktop.systemd1.Manager'," \
	"member='JobRemoved''\n"
#define MANNER \
	" ( 'Type' s 'exec' ) ( 'Slice' s 'nsnet-exec.slice' )" \
	" ( 'CollectMode' s 'inactive-or-failed' ) ( 'TasksMax' t 4096 )" \
	" ( 'TimeoutStopUSec' t 5000000 ) ( 'SendSIGHUP' b yes ) ( 'IgnoreSIGPIPE' b no )"
#define DESCRIPTORS \
	" ( 'StandardInputFileDescriptor' h /memfd:in (deleted) )" \
	" ( 'StandardOutputFileDescriptor' h /memfd:out (deleted) )" \
	" ( 'StandardErrorFileDescriptor' h /memfd:err (deleted) )"

static void test_asked(void **state)
{
	static const char *arguments[] = { "/bin/echo", "", "$HOME %n", "two\nlines" };
	static const char *environment[] = { "A=1", "B=$A %h" };
	static const char *hidden[] = { "/run/nsnet", "/var/lib/nsnet" };
	static const gid_t groups[] = { 100, 4294967294 };
	struct kernel_binding bindings[] = { { "/run/nsnet/etc/hosts", "/etc/hosts" },
		{ "/run/nsnet/etc/resolv.conf", "/etc/resolv.conf" } };
	struct world *world = *state;
	struct program *program = &world->program;

	/* One with as little as may be, on a connection that is made for it, and one with all. */
	assert_int_equal(services_world_begin(world, &world->runs[0]), 0);
	assert_string_equal(bus_world_asked(world->bus, SERVICES_N_ASKED),
		LISTENING(
			"nsnet_2dexec_2dblue_2d1000_2d0000000000000001_2eservice") "StartTransientUnit 'nsnet-exec-blue-1000-0000000000000001.service' 'fail' ["
										   " ( 'Description' s 'Program of user 1000 in namespace blue' )" MANNER
										   " ( 'User' s '1000' ) ( 'Group' s '100' ) ( 'NoNewPrivileges' b yes )"
										   " ( 'UMask' u 0 ) ( 'WorkingDirectory' s '/' )"
										   " ( 'NetworkNamespacePath' s '/run/netns/blue' )"
										   " ( 'ExecStartEx' a(sasas) [ ( '/bin/true' [ '/bin/true' ] [ 'no-env-expand' ] ) ] )"
										   " ( 'Environment' as [ ] ) ( 'SupplementaryGroups' as [ ] )"
										   " ( 'TemporaryFileSystem' a(ss) [ ] )"
										   " ( 'BindReadOnlyPaths' a(ssbt) [ ] )" DESCRIPTORS
										   " ] [ ]\n");
	*program = (struct program){
		.name = "red",
		.path = "/run/netns/red",
		.uid = 4294967294,
		.gid = 4294967293,
		.groups = groups,
		.n_groups = lengthof(groups),
		.arguments = { arguments, lengthof(arguments) },
		.environment = { environment, lengthof(environment) },
		.directory = "/home/u/a b",
		.mask = 0027,
		.fds = { world->fds[0], world->fds[1], world->fds[2] },
		.view = &world->view,
		.may_gain_privileges = true,
	};
	world->view = (struct kernel_view){
		.bindings = bindings,
		.n = lengthof(bindings),
		.hidden = { hidden, lengthof(hidden) },
	};
	assert_int_equal(services_world_begin(world, &world->runs[1]), 0);
	assert_string_equal(bus_world_asked(world->bus, SERVICES_N_ASKED),
		LISTENING(
			"nsnet_2dexec_2dred_2d4294967294_2d0000000000000002_2eservice") "StartTransientUnit 'nsnet-exec-red-4294967294-0000000000000002.service' 'fail' ["
											" ( 'Description' s 'Program of user 4294967294 in namespace red' )" MANNER
											" ( 'User' s '4294967294' ) ( 'Group' s '4294967293' ) ( 'NoNewPrivileges' b no )"
											" ( 'UMask' u 23 ) ( 'WorkingDirectory' s '/home/u/a b' )"
											" ( 'NetworkNamespacePath' s '/run/netns/red' )"
											" ( 'ExecStartEx' a(sasas) [ ( '/bin/echo'"
											" [ '/bin/echo' '' '$HOME %n' 'two\nlines' ] [ 'no-env-expand' ] ) ] )"
											" ( 'Environment' as [ 'A=1' 'B=$A %h' ] )"
											" ( 'SupplementaryGroups' as [ '100' '4294967294' ] )"
											" ( 'TemporaryFileSystem' a(ss) [ ( '/run/nsnet' 'ro,mode=0755' )"
											" ( '/var/lib/nsnet' 'ro,mode=0755' ) ] )"
											" ( 'BindReadOnlyPaths' a(ssbt) [ ( '/run/nsnet/etc/hosts' '/etc/hosts' no 0 )"
											" ( '/run/nsnet/etc/resolv.conf' '/etc/resolv.conf' no 0 ) ] )" DESCRIPTORS
											" ] [ ]\n");
	assert_int_equal(world->bus->n_connections, 1);
	bus_world_settle(world->bus);
	assert_string_equal(bus_world_told(world->bus), "");
}

/* What is no text, or no descriptor, is not sent, wherever it stands; and nothing is left of it. */
static void test_unsendable(void **state)
{
	static const char *bad[] = { "/bin/true", "\xff" };
	static struct kernel_binding binding = { "\xff", "/etc/hosts" };
	struct world *world = *state;
	const struct program good = world->program;
	struct program rows[] = { good, good, good, good, good, good, good, good };
	struct kernel_view views[] = { { .bindings = &binding, .n = 1 },
		{ .hidden = { bad + 1, 1 } } };
	unsigned n_fds;

	rows[0].arguments = (struct string_list){ bad + 1, 1 };
	rows[1].arguments = (struct string_list){ bad, 2 };
	rows[2].environment = (struct string_list){ bad, 2 };
	rows[3].directory = "\xff";
	rows[4].view = &views[0];
	rows[5].view = &views[1];
	rows[6].name = "\xff";
	rows[7].fds[1] = -EBADF;
	services_world_ask(world, &world->runs[0]);
	bus_world_settle(world->bus);
	n_fds = services_world_descriptors();
	for (size_t i = 0; i < lengthof(rows); i++) {
		int r;

		world->program = rows[i];
		r = services_world_begin(world, &world->runs[1]);
		if (r >= 0 || world->runs[1].program)
			fail_msg("row %zu begins: %d", i, r);
		assert_int_equal(services_world_descriptors(), n_fds);
	}
	bus_world_settle(world->bus);
	assert_null(strstr(world->bus->asked, "StartTransientUnit"));
	world->program = good;
	services_host.random = -1;
	assert_int_equal(services_world_begin(world, &world->runs[1]), -ENOSYS);
	services_host.random = 4;
	errno = 0;
	assert_int_equal(services_world_begin(world, &world->runs[1]), -EIO);
	services_host.random = 0;
	bus_world_settle(world->bus);
	world->bus->asked = "";
	services_world_run_well(world, &world->runs[1]);
	assert_string_equal(world->runs[0].told, "");
}

/* One thing that systemd tells: "job:done", "state:active", "process:42/1/3" (ID, code, status). */
static void step(struct world *world, const struct run *run, const char *text)
{
	const char *rest;

	if ((rest = after(text, "job:"))) {
		services_world_tell_job(world, run, rest);
	} else if ((rest = after(text, "state:"))) {
		services_world_tell_state(world, run, rest);
	} else if ((rest = after(text, "process:"))) {
		char *end;
		unsigned pid = (unsigned)strtoul(rest, &end, 10);
		int code = (int)strtol(end + 1, &end, 10);

		services_world_tell_process(world, run, pid, code, (int)strtol(end + 1, &end, 10));
	} else if (streq(text, "job of another")) {
		bus_systemd_tell_job(world->bus, "uoss", 8, "/j/8", "other.service", "failed");
	} else if (streq(text, "odd job")) {
		bus_systemd_tell_job(world->bus, "us", 8, run->unit);
	} else if (streq(text, "odd name")) {
		bus_systemd_tell_change(world->bus, run->unit, "u", 1);
	} else if (streq(text, "odd list")) {
		bus_systemd_tell_change(world->bus, run->unit, "sas", SYSTEMD_UNIT, 1, "a");
	} else if (streq(text, "odd state")) {
		bus_systemd_tell_change(world->bus, run->unit, "sa{sv}as", SYSTEMD_UNIT, 1,
			"ActiveState", "u", 1, 0);
	} else if (streq(text, "other interface")) {
		bus_systemd_tell_change(world->bus, run->unit, "sa{sv}as", "org.example.Unit", 1,
			"ActiveState", "s", "failed", 0);
	} else {
		fail_msg("what is \"%s\"?", text);
	}
}

static void test_ends(void **state)
{
	static const struct {
		const char *steps[8];
		const char *told; /* to the last step but one; NULL: nothing */
		const char *end;  /* then */
	} rows[] = {
		{ { "state:inactive", "state:activating", "process:42/0/0", "job:done",
			  "state:active", "process:42/1/3", "state:inactive" },
			"started 42\n", "started 42\nexited 3\n" },
		/* Without a turn between, and in another order. */
		{ { "job:done", "process:42/1/0", "state:inactive" }, "started 42\n",
			"started 42\nexited 0\n" },
		{ { "job:done", "state:inactive", "process:42/1/255" }, "",
			"started 42\nexited 255\n" },
		{ { "process:42/1/7", "state:failed", "job:done" }, "", "started 42\nexited 7\n" },
		/* By a signal, and with its memory written down. */
		{ { "process:42/0/0", "job:done", "process:42/2/15", "state:failed" },
			"started 42\n", "started 42\nkilled 15\n" },
		{ { "process:42/0/0", "job:done", "process:42/3/11", "state:failed" },
			"started 42\n", "started 42\nkilled 11\n" },
		/* It did not come to be run. */
		{ { "process:42/1/203", "state:failed", "job:failed" }, "",
			"refused: exit status 203 while it was set up; \"journalctl -u UNIT\" has "
			"more\n" },
		{ { "job:failed", "process:42/1/226", "state:failed" }, "",
			"refused: exit status 226 while it was set up; \"journalctl -u UNIT\" has "
			"more\n" },
		{ { "state:inactive", "job:canceled" }, "",
			"refused: exit status 0 while it was set up; \"journalctl -u UNIT\" has "
			"more\n" },
		/* What is not its, comes again or cannot be read changes nothing. */
		{ { "process:42/0/0", "job of another", "odd job", "job:done", "job:failed",
			  "other interface", "process:42/1/1", "state:failed" },
			"started 42\n", "started 42\nexited 1\n" },
		{ { "odd name", "odd list", "odd state", "process:42/0/0", "job:done",
			  "process:42/1/1", "state:failed" },
			"started 42\n", "started 42\nexited 1\n" },
	};
	struct world *world = *state;
	struct run *run = &world->runs[0];

	for (size_t i = 0; i < lengthof(rows); i++) {
		char end[512], *unit;
		size_t n = 0;

		services_world_ask(world, run);
		while (n + 1 < lengthof(rows[i].steps) && rows[i].steps[n + 1])
			step(world, run, rows[i].steps[n++]);
		bus_world_settle(world->bus);
		assert_string_equal(run->told, rows[i].told);
		step(world, run, rows[i].steps[n]);
		(void)snprintf(end, sizeof(end), "%s", rows[i].end);
		unit = strstr(end, "UNIT");
		if (unit)
			(void)snprintf(unit, sizeof(end) - (size_t)(unit - end), "%s%s", run->unit,
				strstr(rows[i].end, "UNIT") + 4);
		services_world_must_tell(world, run, end);
	}
}

/* What cannot be read is told, once for each of the three. */
static void test_unreadable(void **state)
{
	static const char *const odd[] = { "odd name", "odd list", "odd state" };
	struct world *world = *state;
	struct run *run = &world->runs[0];
	const char *told;

	services_world_ask(world, run);
	for (size_t i = 0; i < lengthof(odd); i++)
		step(world, run, odd[i]);
	bus_world_settle(world->bus);
	told = bus_world_told(world->bus);
	for (size_t i = 0; i < lengthof(odd); i++) {
		told = strstr(told, "cannot read what systemd tells of nsnet-exec-blue-1000-"
				    "0000000000000001.service: No such device or address");
		assert_non_null(told);
		told++;
	}
	assert_null(strstr(told, "cannot read"));
	world->bus->is_reply_odd = true;
	services_world_run_well(world, &world->runs[1]);
}

/* Each is told what is its own, in whatever order that comes. */
static void test_several(void **state)
{
	struct world *world = *state;
	struct run *a = &world->runs[0], *b = &world->runs[1], *c = &world->runs[2];

	world->bus->is_holding = true;
	assert_int_equal(services_world_begin(world, a), 0);
	assert_int_equal(services_world_begin(world, b), 0);
	assert_int_equal(services_world_begin(world, c), 0);
	(void)bus_world_asked(world->bus, 3 * SERVICES_N_ASKED);
	services_world_tell_process(world, c, 44, 0, 0);
	services_world_tell_job(world, c, "done");
	services_world_must_tell(world, c, "started 44\n");
	bus_systemd_answer(world->bus, 2, NULL);
	services_world_tell_process(world, a, 42, 0, 0);
	services_world_tell_process(world, b, 43, 1, 203);
	bus_systemd_answer(world->bus, 1, SD_BUS_ERROR_ACCESS_DENIED);
	services_world_must_tell(world, b, "refused: late\n");
	services_world_tell_state(world, b, "failed");
	services_world_tell_job(world, b, "failed");
	services_world_tell_process(world, c, 44, 2, 9);
	services_world_tell_job(world, a, "done");
	services_world_must_tell(world, a, "started 42\n");
	services_world_tell_state(world, c, "failed");
	services_world_must_tell(world, c, "started 44\nkilled 9\n");
	bus_systemd_answer(world->bus, 0, NULL);
	services_world_tell_process(world, a, 42, 1, 0);
	services_world_tell_state(world, a, "inactive");
	services_world_must_tell(world, a, "started 42\nexited 0\n");
	bus_world_settle(world->bus);
	assert_string_equal(a->told, "started 42\nexited 0\n");
	assert_string_equal(b->told, "refused: late\n");
	assert_string_equal(c->told, "started 44\nkilled 9\n");
	/* And nothing is listened for any more. */
	assert_int_equal(world->bus->n_matches, 0);
	assert_string_equal(world->bus->asked, "");
}

static void test_stop(void **state)
{
	struct world *world = *state;
	struct run *run = &world->runs[0];

	/* Not asked for yet: not at all, then. */
	assert_int_equal(services_world_begin(world, run), 0);
	world->runner.stop(run->program);
	services_world_must_tell(world, run, "refused: it was stopped before it was asked for\n");
	bus_world_settle(world->bus);
	assert_null(strstr(world->bus->asked, "Unit "));
	world->bus->asked = "";
	services_world_ask(world, run);
	services_world_tell_process(world, run, 42, 0, 0);
	services_world_tell_job(world, run, "done");
	services_world_must_tell(world, run, "started 42\n");
	world->runner.stop(run->program);
	assert_string_equal(bus_world_asked(world->bus, 1),
		"StopUnit nsnet-exec-blue-1000-0000000000000002.service replace\n");
	bus_world_settle(world->bus);
	assert_string_equal(run->told, "started 42\n");
	services_world_tell_process(world, run, 42, 2, 15);
	services_world_tell_state(world, run, "inactive");
	services_world_must_tell(world, run, "started 42\nkilled 15\n");
	/* Before systemd has answered. */
	services_world_ask(world, run);
	world->runner.stop(run->program);
	(void)bus_world_asked(world->bus, 1);
	services_world_tell_state(world, run, "inactive");
	services_world_tell_job(world, run, "canceled");
	while (!*run->told)
		assert_int_not_equal(sd_event_run(world->bus->event, SERVICES_TURN_MAX), 0);
	assert_non_null(after(run->told, "refused: exit status 0 while it was set up"));
}

#define test(name) cmocka_unit_test_setup_teardown(name, services_world_open, services_world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_possible),
		test(test_asked),
		test(test_unsendable),
		test(test_ends),
		test(test_unreadable),
		test(test_several),
		test(test_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
