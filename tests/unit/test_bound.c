/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_bound - systemd is asked to stop the unit of a namespace that is gone, once, and of no other
 */
#include "bus_world.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "bound.h"

static void mark(struct bus_world *world, const char *name)
{
	autoclose int fd = -EBADF;

	assert_int_equal(
		mkdir(arena_printf(&world->arena, "%s/units/%s", world->folder, name), 0755), 0);
	fd = open(arena_printf(&world->arena, "%s/units/%s/mark", world->folder, name),
		O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
}

/* There was no mark, and the directory goes. */
static void unmark(struct bus_world *world, const char *name)
{
	assert_int_equal(rmdir(arena_printf(&world->arena, "%s/units/%s", world->folder, name)), 0);
}

static void test_gone(void **state)
{
	struct bus_world *world = *state;
	struct registry registry;
	struct bound *bound;

	registry_init(&registry);
	bound = bound_new(world->event, &registry, world->folder);
	/* Where no such unit ever was. */
	bound_begin(bound);
	bound_gone(bound, "x");
	assert_int_equal(world->n_connections, 0);

	assert_int_equal(mkdir(arena_printf(&world->arena, "%s/units", world->folder), 0755), 0);
	mark(world, "web-1.x");
	mark(world, "gone");
	bound_gone(bound, "other");
	bound_gone(bound, "web-1.x");
	/* Made and deleted again: that unit is none of its. */
	bound_gone(bound, "web-1.x");
	assert_string_equal(bus_world_asked(world, 1), "StopUnit nsnet@web-1.x.service replace\n");
	/* At a start, where nothing is there. */
	bound_begin(bound);
	assert_string_equal(bus_world_asked(world, 1), "StopUnit nsnet@gone.service replace\n");
	bus_world_settle(world);
	assert_non_null(strstr(
		bus_world_told(world), "namespace \"gone\" is gone, so nsnet@gone.service stops"));

	/* Nobody to ask: it is no end of the daemon. */
	bound_free(bound);
	mark(world, "late");
	bus_world_vanish(world);
	bound = bound_new(world->event, &registry, world->folder);
	bound_gone(bound, "late");
	assert_non_null(strstr(bus_world_told(world), "cannot reach the system's message bus"));
	bound_free(bound);
	bound_free(NULL);
	registry_done(&registry);
	unmark(world, "web-1.x");
	unmark(world, "gone");
	unmark(world, "late");
	assert_int_equal(rmdir(arena_printf(&world->arena, "%s/units", world->folder)), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_gone, bus_world_open, bus_world_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
