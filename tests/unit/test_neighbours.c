/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_neighbours - the host's tables of neighbours have place for all that is attached
 */
#include "methods_world.h"

static void make(struct world *world, unsigned from, unsigned to)
{
	for (unsigned i = from; i < to; i++)
		assert_has(world_ask(world, "CreateNamespace",
				   arena_printf(&world->arena,
					   "{\"name\":\"n%u\",\"context\":{\"attachments\":[{"
					   "\"network\":\"n\"}]}}",
					   i)),
			"\"runtime\"");
}

/* How many of the steps since then have that in them. */
static unsigned count(struct world *world, const char *text)
{
	unsigned n = 0;

	for (size_t i = 0; i < fake_steps(world->kernel); i++)
		n += strstr(fake_step(world->kernel, i), text) != NULL;
	fake_clear(world->kernel);
	return n;
}

static void begin(struct world *world, bool raises)
{
	world->context.raises_neighbours = raises;
	(void)world_ask(world, "CreateNetwork",
		"{\"name\":\"n\",\"context\":{\"prefixes\":[\"10.0.0.0/16\"]}}");
	fake_clear(world->kernel);
}

/* In steps, each of them once, and not for few. */
static void test_raised(void **state)
{
	struct world *world = *state;

	fake_plant(world->kernel, "neighbours");
	begin(world, true);
	make(world, 0, 32);
	assert_int_equal(count(world, "gc_thresh"), 0);
	make(world, 32, 33);
	assert_int_equal(count(world, "ipv4/neigh/default/gc_thresh1=256"), 1);
	make(world, 33, 64);
	assert_int_equal(count(world, "gc_thresh"), 0);
	make(world, 64, 65);
	assert_int_equal(count(world, "gc_thresh"), 6);
	make(world, 65, 300);
	assert_int_equal(count(world, "ipv6/neigh/default/gc_thresh3=8192"), 1);
	assert_true(fake_has(world->kernel, "kept net/ipv6/neigh/default/gc_thresh3"));
}

/* As the last network goes they are what they were; and are raised again with the next one. */
static void test_put_back(void **state)
{
	struct world *world = *state;

	fake_plant(world->kernel, "neighbours");
	begin(world, true);
	make(world, 0, 33);
	for (unsigned i = 0; i < 33; i++)
		(void)world_ask(world, "DeleteNamespaces",
			arena_printf(&world->arena, "{\"names\":[\"n%u\"]}", i));
	assert_true(fake_has(world->kernel, "kept net/ipv4/neigh/default/gc_thresh1"));
	(void)world_ask(world, "DeleteNetworks", "{\"names\":[\"n\"]}");
	assert_false(fake_has(world->kernel, "kept net/ipv4/neigh/default/gc_thresh1"));
	begin(world, true);
	make(world, 0, 33);
	assert_int_equal(count(world, "gc_thresh1=256"), 2);
}

static void test_not_allowed(void **state)
{
	struct world *world = *state;

	fake_plant(world->kernel, "neighbours");
	begin(world, false);
	make(world, 0, 300);
	assert_int_equal(count(world, "gc_thresh"), 0);
}

/* As in every network namespace but the machine's own. */
static void test_none(void **state)
{
	struct world *world = *state;

	begin(world, true);
	make(world, 0, 300);
	assert_int_equal(count(world, "gc_thresh"), 0);
}

/* Who cannot be given more places is served all the same. */
static void test_refused(void **state)
{
	struct world *world = *state;

	fake_plant(world->kernel, "neighbours");
	begin(world, true);
	make(world, 0, 32);
	fake_fail_at(world->kernel, STEP_SYSCTL_SET, 0, EROFS, "");
	make(world, 32, 40);
	assert_int_equal(world->registry.n_attachments, 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_raised, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_put_back, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_not_allowed, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_none, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_refused, world_open, world_close),
	};

	return cmocka_run_group_tests_name("neighbours", tests, NULL, NULL);
}
