/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_methods_monitor - what those hear who want to hear of what happens: each kind, in order, and nobody of what is not his
 */
#include "host.h"
#include "methods_world.h"

static const char *as(struct world *world, uid_t uid, const char *method, const char *parameters)
{
	return world_ask_as(world, uid, 0,
		arena_printf(&world->arena,
			"{\"method\":\"alt.nsnet.%s\",\"parameters\":%s,\"more\":true}", method,
			parameters));
}

/* How often a part is in a text. */
static unsigned count(const char *text, const char *part)
{
	unsigned n = 0;

	while ((text = strstr(text, part))) {
		n++;
		text += strlen(part);
	}
	return n;
}

static void test_current(void **state)
{
	struct world *world = *state;
	const char *told, *network, *a, *b, *ready;

	(void)as(world, 0, "CreateNamespace", "{\"name\":\"b\"}");
	(void)as(world, 0, "CreateNamespace", "{\"name\":\"a\",\"context\":{\"attachments\":[]}}");
	told = world_watch_as(world, 0);
	network = strstr(told, "\"sequence\":1,\"event\":\"current\",\"network\":\"default\"");
	a = strstr(told, "\"sequence\":2,\"event\":\"current\",\"namespace\":\"a\"");
	b = strstr(told, "\"sequence\":3,\"event\":\"current\",\"namespace\":\"b\"");
	ready = strstr(
		told, "{\"continues\":true,\"parameters\":{\"sequence\":4,\"event\":\"ready\"}}\n");
	assert_true(network && a && b && ready);
	assert_true(network < a && a < b && b < ready);
	assert_has(network, "\"attachments\":1");
	assert_has(b, "\"namespaceContext\":{\"attachments\":[{\"network\":\"default\"");
	assert_has(b, "\"namespaceRuntime\":{\"uid\":0");
	assert_int_equal(count(told, "\n"), 4);
	assert_string_equal(world_heard(world), "");
}

static void test_one_reply_is_too_few(void **state)
{
	struct world *world = *state;

	assert_has(world_ask_as(world, 0, 0, "{\"method\":\"alt.nsnet.Monitor\"}"), "ExpectedMore");
	assert_true(list_is_empty(&world->context.monitors));
}

static void expect(struct world *world, const char *first, const char *second)
{
	const char *told = world_heard(world);

	assert_has(told, first);
	if (second)
		assert_has(strstr(told, first), second);
	assert_int_equal(count(told, "\n"), second ? 2 : 1);
	assert_int_equal(count(told, "\"time\":{\"realtime\":"), second ? 2 : 1);
}

static void test_changes(void **state)
{
	struct world *world = *state;

	assert_string_equal(world_watch_as(world, 0),
		"{\"continues\":true,\"parameters\":{\"sequence\":1,\"event\":\"ready\"}}\n");
	(void)as(world, 1000, "CreateNamespace", "{\"name\":\"a\"}");
	expect(world, "\"event\":\"created\"", "\"namespace\":\"a\",\"message\":\"by user 1000\"");
	(void)as(world, 0, "SetNamespace", "{\"name\":\"a\",\"context\":{\"description\":\"x\"}}");
	expect(world, "\"event\":\"changed\"", NULL);
	(void)as(world, 1000, "CreateNetwork", "{\"name\":\"n\"}");
	expect(world, "\"event\":\"created\"", NULL);
	(void)as(world, 1000, "SetNetwork", "{\"name\":\"n\",\"context\":{\"description\":\"y\"}}");
	expect(world,
		"\"network\":\"n\",\"message\":\"by user 1000\",\"networkContext\":{\"description\":\"y\"",
		NULL);
	(void)as(world, 1000, "DeleteNetworks", "{\"names\":[\"n\"]}");
	expect(world, "\"network\":\"n\",\"message\":\"by user 1000\"}}", NULL);
	(void)as(world, 1000, "DeleteNamespaces", "{\"names\":[\"a\"]}");
	expect(world, "\"event\":\"deleted\"", NULL);
	/* What is refused has not happened. */
	assert_has(as(world, 0, "DeleteNamespaces", "{\"names\":[\"a\"]}"), "NoSuchNamespace");
	(void)as(world, 0, "CreateNamespace", "{\"name\":\"a\",\"context\":{\"attachments\":[]}}");
	expect(world, "\"event\":\"created\"", NULL);
	fake_fail_at(world->kernel, STEP_NETNS_ADD, 0, EPERM, NULL);
	assert_has(as(world, 0, "CreateNamespace", "{\"name\":\"b\"}"), "KernelError");
	assert_string_equal(world_heard(world), "");
}

/* A member hears of his own, and of root's networks, which are there for all. */
static void test_only_what_is_his(void **state)
{
	struct world *world = *state;
	const char *told;

	(void)as(world, 1000, "CreateNamespace", "{\"name\":\"mine\"}");
	(void)as(world, 1001, "CreateNamespace", "{\"name\":\"other\"}");
	(void)as(world, 1001, "CreateNetwork", "{\"name\":\"others\"}");
	told = world_watch_as(world, 1000);
	assert_has(told, "\"namespace\":\"mine\"");
	assert_has(told, "\"network\":\"default\"");
	assert_has_not(told, "other");
	assert_int_equal(count(told, "\n"), 3);
	(void)as(world, 1001, "SetNamespace",
		"{\"name\":\"other\",\"context\":{\"description\":\"x\"}}");
	(void)as(world, 1001, "DeleteNamespaces", "{\"names\":[\"other\"]}");
	(void)as(world, 1001, "DeleteNetworks", "{\"names\":[\"others\"]}");
	(void)as(world, 0, "CreateNamespace", "{\"name\":\"roots\"}");
	assert_string_equal(world_heard(world), "");
	/* His numbers do not tell of what was left out. */
	(void)as(world, 0, "SetNamespace",
		"{\"name\":\"mine\",\"context\":{\"description\":\"x\"}}");
	expect(world, "\"sequence\":4,\"event\":\"changed\"", NULL);
	(void)as(world, 0, "CreateNetwork", "{\"name\":\"shared\"}");
	expect(world, "\"sequence\":5,\"event\":\"created\"", NULL);
}

/* Whoever has become an administrator, or is none any more, is asked for anew. */
static void test_policy_changes(void **state)
{
	struct world *world = *state;

	(void)world_watch_as(world, 1000);
	world->watcher.groups = (gid_t[]){ WORLD_ADMINISTRATORS };
	world->watcher.n_groups = 1;
	(void)as(world, 1001, "CreateNetwork", "{\"name\":\"a\"}");
	expect(world, "\"network\":\"a\"", NULL);
	world->context.administrators = (gid_t)-1;
	(void)as(world, 1001, "DeleteNetworks", "{\"names\":[\"a\"]}");
	assert_string_equal(world_heard(world), "");
}

static void test_host(void **state)
{
	struct world *world = *state;
	const char *told;

	(void)as(world, 1001, "CreateNamespace", "{\"name\":\"other\"}");
	(void)as(world, 1001, "CreateNetwork", "{\"name\":\"others\"}");
	(void)world_watch_as(world, 1000);
	host_follow(&world->context, KERNEL_EVENT_FIREWALL);
	told = world_heard(world);
	assert_has(told, "\"event\":\"restored\"");
	assert_has(told, "\"message\":\"the tables that somebody took away or changed\"}}\n");
	assert_has_not(told, "\"namespace\"");
	assert_has_not(told, "\"network\"");
	fake_set_uplink(world->kernel, "uplink0", 1400);
	host_follow(&world->context, KERNEL_EVENT_HOST);
	told = world_heard(world);
	assert_has(told, "\"event\":\"changed\"");
	assert_has(told,
		"\"network\":\"default\",\"message\":\"its MTU is 1400 now, as its uplink's\"");
	assert_int_equal(count(told, "\n"), 1);
	/* Where it cannot be done, it was not. */
	fake_fail_at(world->kernel, STEP_FENCE_SET, 0, EPERM, NULL);
	fake_remove(world->kernel, "fence nsnet0 nat");
	host_follow(&world->context, KERNEL_EVENT_FIREWALL);
	assert_has_not(world_heard(world), "restored");
}

static void test_events_lost(void **state)
{
	struct world *world = *state;
	const char *told;

	(void)as(world, 0, "CreateNamespace", "{\"name\":\"a\",\"context\":{\"attachments\":[]}}");
	(void)world_watch_as(world, 0);
	world->subscription.most = 0;
	for (int i = 0; i < 4; i++)
		(void)as(world, 0, "SetNamespace",
			"{\"name\":\"a\",\"context\":{\"description\":\"x\"}}");
	told = world_heard(world);
	assert_has(told, "\"sequence\":3,\"event\":\"changed\"");
	assert_has(
		told, "\n{\"error\":\"alt.nsnet.EventsLost\",\"parameters\":{\"sequence\":4}}\n");
	assert_int_equal(count(told, "\n"), 2);
	assert_true(list_is_empty(&world->context.monitors));
}

#define test(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_current),
		test(test_one_reply_is_too_few),
		test(test_changes),
		test(test_only_what_is_his),
		test(test_policy_changes),
		test(test_host),
		test(test_events_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
