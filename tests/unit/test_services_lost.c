/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_services_lost - programs as transient services: refused, left alone, and without a bus
 */
#include "services_world.h"

#include <stdio.h>

#define LOSS "refused: the system's message bus went away; it may run on\n"

static void test_refused(void **state)
{
	static const struct {
		const char *method, *error;
		bool is_bare;
		const char *told, *asked;
	} rows[] = {
		{ "StartTransientUnit", SD_BUS_ERROR_ACCESS_DENIED, false,
			"refused: as it is wished\n", "" },
		{ "StartTransientUnit", "org.freedesktop.systemd1.UnitExists", true,
			"refused: org.freedesktop.systemd1.UnitExists\n", "" },
		{ "StartTransientUnit", SD_BUS_ERROR_PROPERTY_READ_ONLY, false,
			"refused: as it is wished\n", "" },
		/* That is no refusal: it might run after all. */
		{ "StartTransientUnit", SD_BUS_ERROR_NO_REPLY, false, "refused: as it is wished\n",
			"StopUnit UNIT replace\n" },
		/* What is not listened to is not waited for. */
		{ "AddMatch", SD_BUS_ERROR_LIMITS_EXCEEDED, false, LOSS, NULL },
	};
	struct world *world = *state;
	struct run *run = &world->runs[0];

	for (size_t i = 0; i < lengthof(rows); i++) {
		world->bus->method = rows[i].method;
		world->bus->error = rows[i].error;
		world->bus->is_error_bare = rows[i].is_bare;
		assert_int_equal(services_world_begin(world, run), 0);
		services_world_must_tell(world, run, rows[i].told);
		bus_world_settle(world->bus);
		if (rows[i].asked) {
			const char *asked = strrchr(world->bus->asked, ']');

			assert_non_null(asked);
			if (*rows[i].asked && !strstr(asked, "StopUnit nsnet-exec-blue-1000-"))
				fail_msg("%s: only \"%s\" is asked", rows[i].error, asked);
			if (!*rows[i].asked)
				assert_string_equal(asked, "]\n");
		}
		world->bus->asked = "";
	}
	/* That systemd was asked already to tell of its units is no harm. */
	world->bus->method = "Subscribe";
	world->bus->error = "org.freedesktop.systemd1.AlreadySubscribed";
	services_world_run_well(world, run);
	services_world_run_well(world, run);
	assert_int_equal(world->bus->n_connections, 2);
}

/* A bus that passes no descriptors on. */
static void test_no_descriptors(void **state)
{
	struct world *world = *state;

	world->bus->has_no_descriptors = true;
	assert_int_equal(services_world_begin(world, &world->runs[0]), 0);
	services_world_must_tell(world, &world->runs[0], "refused: Operation not supported\n");
	assert_int_equal(services_world_begin(world, &world->runs[0]), -EOPNOTSUPP);
	bus_world_settle(world->bus);
	assert_null(strstr(world->bus->asked, "StartTransientUnit"));
}

/* Nothing is told any more of one that is left, nor of any when the services go. */
static void test_leave(void **state)
{
	struct world *world = *state;
	struct run *a = &world->runs[0], *b = &world->runs[1], *c = &world->runs[2];

	services_world_ask(world, a);
	services_world_ask(world, b);
	services_world_tell_process(world, a, 42, 0, 0);
	services_world_tell_job(world, a, "done");
	services_world_must_tell(world, a, "started 42\n");
	world->runner.leave(a->program);
	services_world_tell_process(world, a, 42, 1, 0);
	services_world_tell_state(world, a, "inactive");
	services_world_tell_process(world, b, 43, 0, 0);
	services_world_tell_job(world, b, "done");
	services_world_must_tell(world, b, "started 43\n");
	/* One of which the end is known but not told, and one that is just asked for. */
	world->bus->method = "StartTransientUnit";
	world->bus->error = SD_BUS_ERROR_ACCESS_DENIED;
	assert_int_equal(services_world_begin(world, c), 0);
	(void)bus_world_asked(world->bus, SERVICES_N_ASKED);
	world->bus->method = NULL;
	services_free(take(world->services));
	bus_world_settle(world->bus);
	assert_string_equal(world->bus->asked, "");
	assert_string_equal(a->told, "started 42\n");
	assert_string_equal(b->told, "started 43\n");
	assert_string_equal(c->told, "");
	assert_string_equal(bus_world_told(world->bus), "");
}

/* What was asked for goes out before the connection ends; it goes on. */
static void test_free_at_once(void **state)
{
	struct world *world = *state;

	services_world_run_well(world, &world->runs[0]);
	bus_world_settle(world->bus);
	assert_int_equal(world->bus->n_matches, 0);
	/* To one that is gone no answer comes through. */
	world->bus->is_silent = true;
	assert_int_equal(services_world_begin(world, &world->runs[1]), 0);
	services_free(take(world->services));
	assert_non_null(strstr(bus_world_asked(world->bus, SERVICES_N_ASKED),
		"StartTransientUnit 'nsnet-exec-blue-1000-0000000000000002.service' 'fail' ["));
	/* And where it cannot. */
	world->bus->is_silent = false;
	world->services = services_new(world->bus->event);
	world->runner = services_runner(world->services);
	assert_int_equal(services_world_begin(world, &world->runs[2]), 0);
	services_free(take(world->services));
	bus_world_settle(world->bus);
	assert_string_equal(world->runs[1].told, "");
	assert_string_equal(world->runs[2].told, "");
}

/* The bus goes: before there is an answer, while the program runs, and when it has ended. */
static void test_lost(void **state)
{
	struct world *world = *state;
	struct run *a = &world->runs[0], *b = &world->runs[1], *c = &world->runs[2];

	world->bus->is_holding = true;
	services_world_ask(world, a);
	services_world_ask(world, b);
	services_world_ask(world, c);
	services_world_tell_process(world, b, 43, 0, 0);
	services_world_tell_job(world, b, "done");
	services_world_must_tell(world, b, "started 43\n");
	services_world_tell_job(world, c, "done");
	services_world_tell_process(world, c, 44, 1, 4);
	services_world_tell_state(world, c, "inactive");
	bus_world_hang_up(world->bus);
	services_world_must_tell(world, a, LOSS);
	services_world_must_tell(world, b, "started 43\n" LOSS);
	services_world_must_tell(world, c, "started 44\nexited 4\n");
	world->bus->is_holding = false;
	services_world_run_well(world, a);
	assert_int_equal(world->bus->n_connections, 2);
	/* While it is being reached. */
	bus_world_hang_up(world->bus);
	bus_world_settle(world->bus);
	assert_int_equal(services_world_begin(world, a), 0);
	while (world->bus->n_connections < 3)
		assert_int_not_equal(sd_event_run(world->bus->event, SERVICES_TURN_MAX), 0);
	bus_world_hang_up(world->bus);
	services_world_must_tell(world, a, LOSS);
	/* Nobody is there. */
	bus_world_vanish(world->bus);
	assert_int_equal(services_world_begin(world, a), -ENOTCONN);
	assert_null(a->program);
	assert_string_equal(a->told, "");
	assert_non_null(
		strstr(bus_world_told(world->bus), "cannot reach the system's message bus"));
	services_free(world->services);
	world->services = services_new(world->bus->event);
	world->runner = services_runner(world->services);
	assert_int_equal(services_world_begin(world, a), -ENOTCONN);
}

/* A loss that shows when something is asked for, and is followed by a new connection in the same turn, is told of all. */
static void test_lost_unseen(void **state)
{
	struct world *world = *state;
	struct run *a = &world->runs[0], *b = &world->runs[1], *c = &world->runs[2];

	services_world_ask(world, a);
	services_world_ask(world, b);
	services_world_tell_process(world, b, 43, 0, 0);
	services_world_tell_job(world, b, "done");
	services_world_must_tell(world, b, "started 43\n");
	bus_world_hang_up(world->bus);
	assert_int_equal(services_world_begin(world, c), -ECONNRESET);
	assert_int_equal(services_world_begin(world, c), 0);
	services_world_must_tell(world, a, LOSS);
	services_world_must_tell(world, b, "started 43\n" LOSS);
	(void)bus_world_asked(world->bus, SERVICES_N_ASKED);
	services_world_tell_process(world, c, 44, 1, 0);
	services_world_tell_job(world, c, "done");
	services_world_tell_state(world, c, "inactive");
	services_world_must_tell(world, c, "started 44\nexited 0\n");
	services_world_ask(world, a);
	services_world_ask(world, b);
	bus_world_hang_up(world->bus);
	world->runner.stop(a->program);
	world->runner.stop(b->program);
	services_world_must_tell(world, a, LOSS);
	services_world_must_tell(world, b, LOSS);
	assert_non_null(strstr(bus_world_asked(world->bus, 1), "StopUnit nsnet-exec-blue-1000-"));
}

/* Before its end is told, which is known already. */
static int on_turn(sd_event_source *source, void *userdata)
{
	struct world *world = userdata;

	(void)source;
	bus_world_hang_up(world->bus);
	assert_int_equal(services_world_begin(world, &world->runs[1]), -ECONNRESET);
	assert_int_equal(services_world_begin(world, &world->runs[1]), 0);
	assert_string_equal(world->runs[0].told, "started 42\n");
	return 0;
}

/* In the turn that comes after this one. */
static void on_started(void *userdata, pid_t pid)
{
	struct world *world = userdata;
	sd_event_source *source = NULL;

	(void)snprintf(world->runs[0].told, sizeof(world->runs[0].told), "started %d\n", pid);
	assert_return_code(sd_event_add_defer(world->bus->event, &source, on_turn, world), 0);
	assert_return_code(sd_event_source_set_priority(source, SD_EVENT_PRIORITY_IMPORTANT), 0);
	assert_return_code(sd_event_source_set_floating(source, true), 0);
	(void)sd_event_source_unref(source);
}

static void on_ended(void *userdata, const struct program_end *end)
{
	struct world *world = userdata;

	assert_int_equal(end->way, PROGRAM_EXITED);
	(void)snprintf(
		world->runs[0].told, sizeof(world->runs[0].told), "exited %d\n", end->number);
}

/* What it ended with holds, whatever becomes of the bus. */
static void test_lost_at_end(void **state)
{
	struct world *world = *state;
	const struct program_listener listener = { on_started, on_ended, world };
	struct run *run = &world->runs[0];

	assert_int_equal(world->runner.start(
				 world->runner.userdata, &world->program, &listener, &run->program),
		0);
	(void)snprintf(
		run->unit, sizeof(run->unit), "nsnet-exec-blue-1000-0000000000000001.service");
	(void)bus_world_asked(world->bus, SERVICES_N_ASKED);
	services_world_tell_process(world, run, 42, 1, 4);
	services_world_tell_state(world, run, "inactive");
	services_world_tell_job(world, run, "done");
	services_world_must_tell(world, run, "exited 4\n");
}

#define test(name) cmocka_unit_test_setup_teardown(name, services_world_open, services_world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_refused),
		test(test_no_descriptors),
		test(test_leave),
		test(test_free_at_once),
		test(test_lost),
		test(test_lost_unseen),
		test(test_lost_at_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
