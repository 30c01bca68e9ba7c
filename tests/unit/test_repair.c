/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_repair - what others do behind our back: what there was is there again, or what was meant is done, and who monitors hears
 */
#include <stdio.h>
#include <unistd.h>

#include "methods_world.h"
#include "repair.h"

static const char *picture(struct world *world)
{
	return fake_picture(world->kernel, &world->arena);
}

static void touch(struct world *world, const char *name)
{
	struct kernel_changes changes = { .n = 1, .objects[0].is_network = *name == '@' };

	(void)snprintf(changes.objects[0].name, sizeof(changes.objects[0].name), "%s",
		name + (*name == '@'));
	repair_touched(&world->context, &changes);
}

static int open_objects(void **state)
{
	struct world *world;
	int r = world_open(state);

	world = *state;
	assert_has(world_ask(world, "CreateNetwork", "{\"name\":\"net1\"}"), "\"parameters\"");
	assert_has(
		world_ask(world, "CreateNamespace",
			"{\"name\":\"ns1\",\"context\":{\"attachments\":[{\"network\":\"net1\"}],"
			"\"ports\":[{\"protocol\":\"tcp\",\"namespacePort\":80}]}}"),
		"\"parameters\"");
	(void)world_watch_as(world, 0);
	fake_clear(world->kernel);
	return r;
}

/* As it was, one event about it, and once more does nothing. */
static void is_restored(struct world *world, const char *object, const char *before)
{
	touch(world, object);
	assert_string_equal(picture(world), before);
	assert_has(world_heard(world), "\"event\":\"restored\"");
	fake_clear(world->kernel);
	touch(world, object);
	assert_int_equal(fake_steps(world->kernel), 0);
	assert_string_equal(world_heard(world), "");
}

static void test_nothing_happened(void **state)
{
	struct world *world = *state;

	touch(world, "ns1");
	touch(world, "@net1");
	touch(world, "nobody");
	touch(world, "@nowhere");
	assert_int_equal(repair_names(&world->context), 0);
	assert_int_equal(fake_steps(world->kernel), 0);
	assert_string_equal(world_heard(world), "");
}

static void test_port_astray(void **state)
{
	struct world *world = *state;
	const char *before = picture(world);

	fake_plant(world->kernel, "astray nsv0");
	is_restored(world, "ns1", before);
}

static void test_link_deleted(void **state)
{
	struct world *world = *state;
	const char *before = picture(world);

	fake_delete_link(world->kernel, "nsv0");
	assert_string_not_equal(picture(world), before);
	is_restored(world, "ns1", before);
}

static void test_bridge_down(void **state)
{
	struct world *world = *state;
	const char *before = picture(world);

	fake_plant(world->kernel, "astray nsnet0");
	is_restored(world, "@net1", before);
	fake_plant(world->kernel, "cut nsnet0a");
	touch(world, "@net1");
	assert_has(world_heard(world), "\"event\":\"restored\"");
}

static void test_addresses(void **state)
{
	static const char *const things[] = { "address - nsnet0 10.203.0.1/22",
		"address - nsnet0 fd01:203:405::1/64", "route nsnet0 ::1/128" };
	struct world *world = *state;
	const char *before = picture(world);

	for (size_t i = 0; i < lengthof(things); i++) {
		assert_has(before, things[i]);
		fake_remove(world->kernel, things[i]);
		is_restored(world, "@net1", before);
	}
	fake_plant(world->kernel, "unrouted 10.203.0.1/22");
	touch(world, "@net1");
	assert_has(world_heard(world), "the host's route by its bridge nsnet0");
}

/* Its ports come back with it, one by one as they are told of. */
static void test_bridge_deleted(void **state)
{
	struct world *world = *state;
	const char *before = picture(world);

	fake_delete_link(world->kernel, "nsnet0");
	fake_plant(world->kernel, "astray nsv0");
	touch(world, "@net1");
	assert_has(world_heard(world), "its bridge nsnet0");
	is_restored(world, "ns1", before);
	/* Networks have no name servers here. */
	assert_null(world->names);
}

/* Each port is told of before the bridge is, which may go after it was last looked at. */
static void test_bridge_not_told(void **state)
{
	struct world *world = *state;
	const char *before = picture(world);

	fake_delete_link(world->kernel, "nsnet0");
	fake_plant(world->kernel, "astray nsv0");
	touch(world, "ns1");
	assert_string_equal(picture(world), before);
	assert_has(world_heard(world), "its bridge nsnet0");
	fake_clear(world->kernel);
	touch(world, "@net1");
	touch(world, "ns1");
	assert_int_equal(fake_steps(world->kernel), 0);
}

static void test_unmounted(void **state)
{
	struct world *world = *state;
	const char *before = picture(world);

	uint64_t usec;

	fake_remove(world->kernel, "pin ns1");
	fake_plant(world->kernel, "bare ns1");
	/* It may be on its way out. */
	usec = repair_names(&world->context);
	assert_true(usec > 0);
	touch(world, "ns1");
	assert_int_equal(fake_steps(world->kernel), 0);
	assert_string_equal(world_heard(world), "");
	assert_int_equal(usleep((useconds_t)usec), 0);
	assert_int_equal(repair_names(&world->context), 0);
	fake_remove(world->kernel, "bare ns1");
	assert_string_equal(picture(world), before);
	assert_has(world_heard(world), "its name under /run/netns");
}

/* As by "ip netns del": nothing is left of it, and its quota is free. */
static void deleted(struct world *world, const char *thing)
{
	fake_remove(world->kernel, "pin ns1");
	if (thing)
		fake_plant(world->kernel, thing);
	touch(world, "ns1");
	assert_has(world_heard(world), "\"event\":\"deleted\"");
	assert_int_equal(world->registry.n_namespaces, 0);
	assert_has_not(picture(world), "ns1 ");
	assert_has(
		world_ask(world, "DeleteNetworks", "{\"names\":[\"net1\"]}"), "\"parameters\":{}");
	assert_string_equal(picture(world), thing ? "foreign ns1\n" : "");
}

static void test_deleted(void **state)
{
	deleted(*state, NULL);
}

static void test_foreign(void **state)
{
	deleted(*state, "foreign ns1");
}

static void test_carrier(void **state)
{
	struct world *world = *state;

	fake_plant(world->kernel, "cut nsv0");
	touch(world, "ns1");
	assert_has(world_heard(world), "its eth0 is down, or somewhere else");
	touch(world, "ns1");
	assert_string_equal(world_heard(world), "");
	fake_remove(world->kernel, "cut nsv0");
	touch(world, "ns1");
	assert_has(world_heard(world), "its eth0 is up again");
	assert_int_equal(fake_steps(world->kernel), 0);
}

/* Who takes away what comes back is let alone. */
static void test_again_and_again(void **state)
{
	struct world *world = *state;
	unsigned restored = 0;

	for (unsigned i = 0; i < 30; i++) {
		fake_delete_link(world->kernel, "nsv0");
		touch(world, "ns1");
		restored += fake_has(world->kernel, "link nsv0");
	}
	assert_int_equal(restored, 10);
	assert_has(world_heard(world), "let alone for a while");
	assert_int_equal(world->let_alone, 1);
	/* As if that were over. */
	registry_find_namespace(&world->registry, "ns1")->mending.since -= 11000000;
	repair_all(&world->context);
	assert_true(fake_has(world->kernel, "link nsv0"));
	/* Its owner is charged for it still, and it can be deleted. */
	assert_has(
		world_ask(world, "DeleteNamespaces", "{\"names\":[\"ns1\"]}"), "\"parameters\":{}");
}

/* What cannot be restored is told, and nothing is half done. */
static void test_refused(void **state)
{
	struct world *world = *state;
	const char *before;

	fake_delete_link(world->kernel, "nsv0");
	before = picture(world);
	fake_fail_at(world->kernel, STEP_ADDRESS_ADD, 0, EPERM, "no");
	touch(world, "ns1");
	assert_has(world_heard(world), "cannot restore its eth0 (nsv0 on the host)");
	/* What it may send stands before it is there, and is taken back with it. */
	assert_string_equal(picture(world), before);
}

static void test_lost(void **state)
{
	const struct kernel_changes lost = { .events = KERNEL_EVENT_LOST };
	struct world *world = *state;
	const char *before = picture(world);

	fake_delete_link(world->kernel, "nsnet0");
	fake_delete_link(world->kernel, "nsv0");
	repair_touched(&world->context, &lost);
	assert_string_equal(picture(world), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing_happened, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_port_astray, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_link_deleted, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_bridge_down, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_addresses, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_bridge_deleted, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_bridge_not_told, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_unmounted, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_deleted, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_foreign, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_carrier, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_again_and_again, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_refused, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_lost, open_objects, world_close),
	};

	return cmocka_run_group_tests_name("repair", tests, NULL, NULL);
}
