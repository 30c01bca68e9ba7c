/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_recover - start-up in turns: what can be asked for between them, and that it may end after any of them
 */
#include "methods_world.h"
#include "recover.h"

#define NAMES 5

static void make(struct world *world)
{
	assert_has(world_ask(world, "CreateNetwork",
			   "{\"name\":\"net\",\"context\":{\"prefixes\":[\"10.7.0.0/24\"]}}"),
		"\"runtime\"");
	for (int i = 0; i < NAMES; i++)
		assert_has(world_ask(world, "CreateNamespace",
				   arena_printf(&world->arena,
					   "{\"name\":\"ns%d\",\"context\":{\"attachments\":"
					   "[{\"network\":\"net\"}]}}",
					   i)),
			"\"runtime\"");
}

/* The process ends; in the next one nothing is known but what is there. */
static void end(struct world *world)
{
	fake_end(world->kernel);
	registry_done(&world->registry);
	registry_init(&world->registry);
	fake_clear(world->kernel);
}

static struct recovery *begin(struct world *world)
{
	struct recovery *recovery = NULL;

	end(world);
	assert_int_equal(recover_begin(&world->context, &recovery), 0);
	return recovery;
}

static void finish(struct world *world, struct recovery *recovery)
{
	assert_int_equal(recover_work(recovery, RECOVER_WHOLE), 0);
	assert_int_equal(recover_work(recovery, RECOVER_WHOLE), 0);
	recover_free(recovery);
	(void)world;
}

static const char *picture(struct world *world)
{
	return fake_picture(world->kernel, &world->arena);
}

/* One is told of as it was before anything at all is done. */
static void test_load(void **state)
{
	struct world *world = *state;
	const char *told, *before;
	struct recovery *recovery;

	make(world);
	told = arena_strdup(
		&world->arena, world_ask(world, "ListNamespaces", "{\"name\":\"ns2\"}"));
	before = picture(world);
	recovery = begin(world);
	assert_int_equal(world->registry.n_namespaces, 0);
	assert_false(recover_load(recovery, "none"));
	assert_false(recover_load(recovery, "../ns2"));
	assert_true(recover_load(recovery, "ns2"));
	assert_true(recover_load(recovery, "ns2"));
	assert_int_equal(world->registry.n_namespaces, 1);
	assert_string_equal(world_ask(world, "ListNamespaces", "{\"name\":\"ns2\"}"), told);
	assert_int_equal(fake_steps(world->kernel), 0);
	finish(world, recovery);
	assert_int_equal(world->registry.n_namespaces, NAMES);
	assert_string_equal(picture(world), before);
	assert_string_equal(world_ask(world, "ListNamespaces", "{\"name\":\"ns2\"}"), told);
}

/* Nothing is decided of one that is not whole before its turn comes. */
static void test_not_whole(void **state)
{
	struct world *world = *state;
	struct recovery *recovery;

	make(world);
	fake_remove(world->kernel, "pin ns0");
	fake_write(world->kernel, "record namespaces/ns1", "{");
	fake_write(world->kernel, "record namespace-changes/ns2",
		fake_read(world->kernel, "record namespaces/ns2"));
	recovery = begin(world);
	for (int i = 0; i < 3; i++)
		assert_false(recover_load(recovery, arena_printf(&world->arena, "ns%d", i)));
	assert_true(recover_load(recovery, "ns3"));
	assert_int_equal(fake_steps(world->kernel), 0);
	finish(world, recovery);
	assert_false(fake_has(world->kernel, "record namespaces/ns0"));
	assert_string_equal(fake_read(world->kernel, "record namespaces/ns1"), "{");
	assert_has(world_ask(world, "ListNamespaces", "{\"name\":\"ns0\"}"), "NoSuchNamespace");
	assert_has(world_ask(world, "ListNamespaces", "{\"name\":\"ns2\"}"), "\"runtime\"");
}

/* A start that is cut off between two turns, after one or another was asked for, is begun again. */
static void test_cut_off(void **state)
{
	struct world *world = *state;
	const char *before;
	int turns = 0;
	bool is_over;

	make(world);
	before = picture(world);
	do {
		struct recovery *recovery = begin(world);
		int r = 1;

		if (turns % 2)
			assert_true(recover_load(recovery, "ns3"));
		for (int i = 0; r > 0 && i < turns; i++)
			r = recover_work(recovery, 0);
		assert_true(r >= 0);
		is_over = r == 0;
		recover_free(recovery);
		turns++;
	} while (!is_over);
	assert_true(turns > 2 * NAMES);
	assert_int_equal(world->registry.n_namespaces, NAMES);
	assert_string_equal(picture(world), before);
}

/* Where all is as it should be, nothing is written. */
static void test_writes_nothing(void **state)
{
	struct world *world = *state;

	make(world);
	finish(world, begin(world));
	finish(world, begin(world));
	for (size_t i = 0; i < fake_steps(world->kernel); i++) {
		assert_has_not(fake_step(world->kernel, i), "/state/");
		assert_has_not(fake_step(world->kernel, i), "/hosts/net");
	}
	/* What differs is. */
	fake_write(world->kernel, "record namespaces/ns1",
		arena_printf(
			&world->arena, " %s", fake_read(world->kernel, "record namespaces/ns1")));
	finish(world, begin(world));
	assert_int_equal(*fake_read(world->kernel, "record namespaces/ns1"), '{');
}

/* What a deletion could not take away, of a namespace whose network has gone since, the next start does. */
static void test_half_deleted(void **state)
{
	struct world *world = *state;

	(void)world_ask(world, "CreateNetwork", "{\"name\":\"gone\"}");
	(void)world_ask(world, "CreateNamespace",
		"{\"name\":\"half\",\"context\":{\"attachments\":[{\"network\":\"gone\"}]}}");
	fake_fail_at(world->kernel, STEP_ETC_DELETE, 0, EIO, NULL);
	assert_has(world_ask(world, "DeleteNamespaces", "{\"names\":[\"half\"]}"), "EIO");
	assert_has_not(world_ask(world, "DeleteNetworks", "{\"names\":[\"gone\"]}"), "\"error\"");
	assert_true(fake_has(world->kernel, "record namespaces/half"));
	assert_true(fake_has(world->kernel, "etc half"));
	finish(world, begin(world));
	assert_string_equal(fake_picture(world->kernel, &world->arena), "");
	assert_int_equal(world->context.left.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_load, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_not_whole, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_cut_off, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_writes_nothing, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_half_deleted, world_open, world_close),
	};

	return cmocka_run_group_tests_name("recover", tests, NULL, NULL);
}
