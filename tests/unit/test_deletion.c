/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_deletion - namespaces that are deleted and not gone yet: their addresses, who waits for that, and many of them in turns
 */
#include "methods_world.h"

#include "deletion.h"

#define NET \
	"{\"name\":\"net\",\"context\":{\"prefixes\":[\"10.9.0.0/29\"],\"gateways\":[\"10.9.0.1\"]}}"

static int open_held(void **state)
{
	int r = world_open(state);
	struct world *world = *state;

	if (r == 0)
		fake_hold(world->kernel, false);
	return r;
}

static const char *create(struct world *world, const char *name, const char *address)
{
	return world_ask(world, "CreateNamespace",
		arena_printf(&world->arena,
			"{\"name\":\"%s\",\"context\":{\"attachments\":[{\"network\":\"net\"%s}]}}",
			name,
			address ? arena_printf(&world->arena, ",\"addresses\":[\"%s\"]", address)
				: ""));
}

static void delete (struct world *world, const char *name)
{
	assert_string_equal(world_ask(world, "DeleteNamespaces",
				    arena_printf(&world->arena, "{\"names\":[\"%s\"]}", name)),
		"{\"parameters\":{}}\n");
}

static void let_go(struct world *world)
{
	fake_let_go(world->kernel);
	deletions_follow(&world->context);
}

/* The number of the step that was carried out last of all that begin like this; SIZE_MAX: none was. */
static size_t find_step(const struct world *world, const char *text)
{
	for (size_t i = fake_steps(world->kernel); i-- > 0;)
		if (after(fake_step(world->kernel, i), text))
			return i;
	return SIZE_MAX;
}

static void test_addresses_rest(void **state)
{
	struct world *world = *state;

	(void)world_ask(world, "CreateNetwork", NET);
	assert_has(create(world, "a", NULL), "\"10.9.0.2\"");
	assert_has(create(world, "b", NULL), "\"10.9.0.3\"");
	assert_has(create(world, "c", NULL), "\"10.9.0.4\"");
	assert_has(create(world, "d", NULL), "\"10.9.0.5\"");
	delete (world, "a");
	delete (world, "c");
	assert_has(create(world, "e", NULL), "\"10.9.0.6\"");
	assert_int_equal(find_step(world, "ip link set nsv0 nomaster"), SIZE_MAX);
	/* None is left that does not rest. */
	fake_clear(world->kernel);
	assert_has(create(world, "f", NULL), "\"10.9.0.2\"");
	assert_true(find_step(world, "ip link set nsv0 nomaster down") <
		    find_step(world, "ip link add nsv"));
	assert_int_equal(find_step(world, "ip link set nsv2"), SIZE_MAX);
	/* When they are gone it is as any other. */
	let_go(world);
	assert_false(kernel_is_reaping(world->kernel));
	fake_clear(world->kernel);
	assert_has(create(world, "g", NULL), "\"10.9.0.4\"");
	assert_int_equal(find_step(world, "ip link set nsv"), SIZE_MAX);
	assert_has(create(world, "h", NULL), "AddressUnavailable");
}

/* Asked for, it is given at once, and the port that had it is cut off first. Once, as long as that lasts. */
static void test_same_address(void **state)
{
	struct world *world = *state;
	size_t cut, add;

	(void)world_ask(world, "CreateNetwork", NET);
	(void)create(world, "x", "10.9.0.4");
	delete (world, "x");
	fake_clear(world->kernel);
	assert_has(world_ask(world, "Apply",
			   "{\"dryRun\":true,\"namespaces\":{\"x\":{\"attachments\":[{"
			   "\"network\":\"net\",\"addresses\":[\"10.9.0.4\"]}]}}}"),
		"ip link set nsv0 nomaster down");
	assert_int_equal(fake_steps(world->kernel), 0);
	/* It cannot be made: the former one is cut off all the same, and nothing is lost by that. */
	fake_fail_at(world->kernel, STEP_VETH_ADD, 0, ENOMEM, NULL);
	assert_has(create(world, "x", "10.9.0.4"), "KernelError");
	cut = find_step(world, "ip link set nsv0 nomaster down");
	assert_int_not_equal(cut, SIZE_MAX);
	fake_clear(world->kernel);
	assert_has(create(world, "x", "10.9.0.4"), "\"runtime\"");
	assert_int_equal(find_step(world, "ip link set nsv"), SIZE_MAX);
	delete (world, "x");
	fake_clear(world->kernel);
	(void)create(world, "y", NULL);
	assert_has(world_ask(world, "SetNamespace",
			   "{\"name\":\"y\",\"context\":{\"attachments\":[{\"network\":\"net\","
			   "\"addresses\":[\"10.9.0.4\"]}]}}"),
		"10.9.0.4");
	cut = find_step(world, "ip link set nsv3 nomaster down");
	add = find_step(world, "ip netns exec y ip address add 10.9.0.4");
	if (add == SIZE_MAX)
		add = find_step(world, "ip -n y address add 10.9.0.4");
	assert_true(cut < add && add != SIZE_MAX);
	let_go(world);
}

/* A hardware address that was asked for answers as well. */
static void test_same_mac(void **state)
{
	static const char wish[] =
		"{\"name\":\"%s\",\"context\":{\"attachments\":[{\"network\":\"net\","
		"\"hardwareAddress\":\"02:00:00:00:00:07\"}]}}";
	struct world *world = *state;

	(void)world_ask(world, "CreateNetwork", NET);
	(void)world_ask(world, "CreateNamespace", arena_printf(&world->arena, wish, "x"));
	delete (world, "x");
	(void)world_ask(world, "CreateNamespace", arena_printf(&world->arena, wish, "y"));
	assert_int_not_equal(find_step(world, "ip link set nsv0 nomaster down"), SIZE_MAX);
}

/* The network may change, or go, before its former ports are gone. */
static void test_network(void **state)
{
	struct world *world = *state;

	(void)world_ask(world, "CreateNetwork", NET);
	(void)create(world, "x", "10.9.0.4");
	(void)create(world, "z", "10.9.0.2");
	delete (world, "x");
	assert_has(world_ask(world, "SetNetwork",
			   "{\"name\":\"net\",\"context\":{\"description\":\"changed\"}}"),
		"changed");
	assert_has(create(world, "y", NULL), "\"10.9.0.3\"");
	assert_has(create(world, "v", NULL), "\"10.9.0.5\"");
	delete (world, "y");
	delete (world, "v");
	delete (world, "z");
	/* Another prefix, with the same addresses in it. */
	assert_has(world_ask(world, "SetNetwork",
			   "{\"name\":\"net\",\"context\":{\"prefixes\":[\"10.9.0.0/28\"]}}"),
		"10.9.0.0/28");
	assert_has(create(world, "y", NULL), "\"10.9.0.6\"");
	delete (world, "y");
	assert_string_equal(world_ask(world, "DeleteNetworks", "{\"names\":[\"net\"]}"),
		"{\"parameters\":{}}\n");
	(void)world_ask(world, "CreateNetwork", NET);
	fake_clear(world->kernel);
	assert_has(create(world, "x", "10.9.0.4"), "\"runtime\"");
	assert_int_equal(find_step(world, "ip link set nsv"), SIZE_MAX);
	let_go(world);
	assert_null(world->registry.departures);
}

/* A bridge takes 1022 ports: former ones are ports still. */
static void test_full(void **state)
{
	struct world *world = *state;

	(void)world_ask(world, "CreateNetwork", "{\"name\":\"net\"}");
	for (unsigned i = 0; i < NETWORK_PORTS; i++)
		assert_has(world_ask(world, "CreateNamespace",
				   arena_printf(&world->arena,
					   "{\"name\":\"n%u\",\"context\":{\"attachments\":[{"
					   "\"network\":\"net\",\"addresses\":[]}]}}",
					   i)),
			"\"runtime\"");
	delete (world, "n5");
	delete (world, "n7");
	fake_clear(world->kernel);
	assert_has(world_ask(world, "CreateNamespace",
			   "{\"name\":\"x\",\"context\":{\"attachments\":[{\"network\":\"net\","
			   "\"addresses\":[]}]}}"),
		"\"runtime\"");
	assert_int_not_equal(find_step(world, "ip link set nsv5 nomaster down"), SIZE_MAX);
	assert_int_equal(find_step(world, "ip link set nsv7"), SIZE_MAX);
}

/* What a member's namespace may send is nothing from then on, until its port is gone. */
static void test_guard(void **state)
{
	static const char made[] = "{\"method\":\"alt.nsnet.CreateNamespace\",\"parameters\":{"
				   "\"name\":\"m\"}}";
	static const char gone[] = "{\"method\":\"alt.nsnet.DeleteNamespaces\",\"parameters\":{"
				   "\"names\":[\"m\"]}}";
	struct world *world = *state;

	assert_has(world_ask_as(world, 1000, 1000, made), "\"runtime\"");
	assert_true(fake_has(world->kernel, "guard nsv0"));
	assert_string_equal(world_ask_as(world, 1000, 1000, gone), "{\"parameters\":{}}\n");
	assert_true(fake_has(world->kernel, "guard nsv0"));
	let_go(world);
	assert_false(fake_has(world->kernel, "guard nsv0"));
}

/* Who waits. */

static void ask(struct world *world, const char *parameters)
{
	const char *frame = arena_printf(&world->arena,
		"{\"method\":\"alt.nsnet.DeleteNamespaces\",\"parameters\":%s}", parameters);

	world->watcher = (struct peer){ .uid = 0 };
	assert_int_equal(dispatch_frame(&world->dispatch,
				 &(struct dispatch_client){ .peer = &world->watcher,
					 .out = &world->heard,
					 .subscription = &world->subscription },
				 frame, strlen(frame)),
		0);
}

static void wait_for_two(struct world *world)
{
	(void)world_ask(world, "CreateNamespace", "{\"name\":\"x\"}");
	(void)world_ask(world, "CreateNamespace", "{\"name\":\"y\"}");
	ask(world, "{\"names\":[\"x\",\"y\"],\"wait\":true}");
	while (deletions_work(&world->context))
		;
	assert_int_equal(world->waits, 1);
	assert_true(world->subscription.is_open);
	assert_string_equal(world_heard(world), "");
	assert_has(world_ask(world, "ListNamespaces", "{}"), "NoSuchNamespace");
	deletions_follow(&world->context);
	assert_string_equal(world_heard(world), "");
}

static void test_wait(void **state)
{
	struct world *world = *state;

	wait_for_two(world);
	let_go(world);
	assert_string_equal(world_heard(world), "{\"parameters\":{}}\n");
	assert_false(world->subscription.is_open);
	/* What is gone at once is not waited for, nor is what cannot be. */
	(void)world_ask(world, "CreateNamespace", "{\"name\":\"x\"}");
	fake_set_processes(world->kernel, 1);
	ask(world, "{\"names\":[\"x\"],\"wait\":true}");
	assert_has(world_heard(world), "NamespaceBusy");
	assert_int_equal(world->waits, 1);
}

static void test_nothing_to_wait_for(void **state)
{
	struct world *world = *state;

	(void)world_ask(world, "CreateNamespace", "{\"name\":\"x\"}");
	ask(world, "{\"names\":[\"x\"],\"wait\":true}");
	assert_string_equal(world_heard(world), "{\"parameters\":{}}\n");
	assert_int_equal(world->waits, 0);
}

static void test_waiting_client_goes(void **state)
{
	struct world *world = *state;

	wait_for_two(world);
	subscription_done(&world->subscription);
	let_go(world);
	assert_true(list_is_empty(&world->context.deletions));
	assert_string_equal(world_heard(world), "");
}

static void test_wait_expires(void **state)
{
	struct world *world = *state;

	wait_for_two(world);
	deletions_expire(&world->context);
	assert_string_equal(world_heard(world), "");
	assert_int_equal(world->waits, 2);
	deletions_finish(&world->context);
	assert_has(world_heard(world), "ETIMEDOUT");
	assert_true(list_is_empty(&world->context.deletions));
	let_go(world);
}

static void test_stop_while_waiting(void **state)
{
	struct world *world = *state;

	wait_for_two(world);
	fake_hold(world->kernel, true);
	deletions_finish(&world->context);
	assert_string_equal(world_heard(world), "{\"parameters\":{}}\n");
}

/* Many. */

#define MANY 200U

#define PORTS ",\"context\":{\"ports\":[{\"protocol\":\"tcp\",\"namespacePort\":80}]}"

/* The first of them are gone when it comes back. The last one has more than the others. */
static void delete_many_of(struct world *world, const char *more, const char *last)
{
	const char *names = "";

	for (unsigned i = 0; i < MANY; i++) {
		(void)world_ask(world, "CreateNamespace",
			arena_printf(&world->arena, "{\"name\":\"n%u\"%s}", i,
				i + 1 < MANY ? "" : last));
		names = arena_printf(&world->arena, "%s%s\"n%u\"", names, i ? "," : "", i);
	}
	ask(world, arena_printf(&world->arena, "{\"names\":[%s]%s}", names, more));
	assert_int_equal(world->works, 1);
	assert_true(world->registry.n_namespaces > 0 && world->registry.n_namespaces < MANY);
	assert_string_equal(world_heard(world), "");
}

static void delete_many(struct world *world, const char *more)
{
	delete_many_of(world, more, "");
}

static void test_turns(void **state)
{
	struct world *world = *state;
	unsigned turns = 0;

	delete_many(world, "");
	/* Others are served between, and have their will. */
	delete (world, "n198");
	delete (world, "n199");
	(void)world_ask(world, "CreateNamespace", "{\"name\":\"n199\"}");
	while (deletions_work(&world->context))
		turns++;
	assert_true(turns > 0);
	assert_string_equal(world_heard(world), "{\"parameters\":{}}\n");
	assert_int_equal(world->registry.n_namespaces, 1);
	assert_has(world_ask(world, "ListNamespaces", "{}"), "\"n199\"");
	assert_true(list_is_empty(&world->context.deletions));
}

/* All names are looked at before one is taken. */
static void test_one_of_many(void **state)
{
	struct world *world = *state;
	const char *names = "";

	for (unsigned i = 0; i < MANY; i++) {
		(void)world_ask(world, "CreateNamespace",
			arena_printf(&world->arena, "{\"name\":\"n%u\"}", i));
		names = arena_printf(&world->arena, "%s\"n%u\",", names, i);
	}
	ask(world, arena_printf(&world->arena, "{\"names\":[%s\"nobody\"]}", names));
	assert_has(world_heard(world), "NoSuchNamespace");
	ask(world, arena_printf(&world->arena, "{\"names\":[%s\"n3\"]}", names));
	assert_has(world_heard(world), "names[200]");
	assert_int_equal(world->registry.n_namespaces, MANY);
}

static void test_turns_then_wait(void **state)
{
	struct world *world = *state;

	delete_many(world, ",\"wait\":true");
	while (deletions_work(&world->context))
		;
	assert_int_equal(world->registry.n_namespaces, 0);
	assert_string_equal(world_heard(world), "");
	let_go(world);
	assert_string_equal(world_heard(world), "{\"parameters\":{}}\n");
}

/* Whoever asked for it has gone: it is done all the same. */
static void test_client_goes(void **state)
{
	struct world *world = *state;

	delete_many(world, "");
	subscription_done(&world->subscription);
	while (deletions_work(&world->context))
		;
	assert_int_equal(world->registry.n_namespaces, 0);
	assert_true(list_is_empty(&world->context.deletions));
}

static void test_stop(void **state)
{
	struct world *world = *state;

	delete_many(world, "");
	deletions_finish(&world->context);
	assert_int_equal(world->registry.n_namespaces, 0);
	assert_string_equal(world_heard(world), "{\"parameters\":{}}\n");
}

/* The fourth one from there on is one that the kernel does not let go. */
static void check_stuck(struct world *world, size_t left)
{
	while (deletions_work(&world->context))
		;
	assert_has(world_heard(world), "EBUSY");
	assert_int_equal(world->registry.n_namespaces, left);
	for (unsigned i = MANY - (unsigned)left; i < MANY; i++)
		assert_true(fake_has(world->kernel, arena_printf(&world->arena, "pin n%u", i)));
}

/* It stays, whole, and those behind it. */
static void test_stuck(void **state)
{
	struct world *world = *state;

	delete_many(world, "");
	fake_fail_at(world->kernel, STEP_NETNS_UNPIN, 3, EBUSY, NULL);
	check_stuck(world, world->registry.n_namespaces - 3);
}

/* And those that were to go together with it. */
static void test_stuck_together(void **state)
{
	struct world *world = *state;

	delete_many_of(world, "", PORTS);
	fake_fail_at(world->kernel, STEP_NETNS_UNPIN, 3, EBUSY, NULL);
	check_stuck(world, world->registry.n_namespaces);
}

#define HELD(test)    cmocka_unit_test_setup_teardown(test, open_held, world_close)
#define AT_ONCE(test) cmocka_unit_test_setup_teardown(test, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		HELD(test_addresses_rest),
		HELD(test_same_address),
		HELD(test_same_mac),
		HELD(test_network),
		HELD(test_full),
		HELD(test_guard),
		HELD(test_wait),
		AT_ONCE(test_nothing_to_wait_for),
		HELD(test_waiting_client_goes),
		HELD(test_wait_expires),
		HELD(test_stop_while_waiting),
		HELD(test_turns),
		AT_ONCE(test_turns),
		AT_ONCE(test_one_of_many),
		HELD(test_turns_then_wait),
		HELD(test_client_goes),
		HELD(test_stop),
		AT_ONCE(test_stuck),
		AT_ONCE(test_stuck_together),
	};

	return cmocka_run_group_tests_name("deletion", tests, NULL, NULL);
}
