/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_revive - after a reboot, of which only the persistent's files are left: what comes back, and what does not
 */
#include "methods_world.h"
#include "recover.h"

static const char network[] =
	"{\"name\":\"net\",\"context\":{\"persistent\":true,\"prefixes\":[\"10.7.0.0/24\",\"fd00:7::/64\"]}}";
static const char namespace[] =
	"{\"name\":\"ns1\",\"context\":{\"persistent\":true,\"attachments\":[{\"network\":\"net\"}],"
	"\"ports\":[{\"protocol\":\"tcp\",\"namespacePort\":80,\"hostPort\":8080}],\"links\":[\"wg0\"],"
	"\"sysctls\":{\"net.ipv4.ip_forward\":\"1\"}}}";

#define NETWORK_WISH   "wish networks/net"
#define NAMESPACE_WISH "wish namespaces/ns1"

static void restart(struct world *world)
{
	fake_stop_after(world->kernel, -1);
	fake_end(world->kernel);
	registry_done(&world->registry);
	registry_init(&world->registry);
	assert_int_equal(recover_all(&world->context), 0);
}

/* What is there of us, but the files of the persistent and what somebody else has. */
static void lose_all(struct world *world)
{
	char *at = arena_strdup(&world->arena, fake_picture(world->kernel, &world->arena)), *line;

	fake_stop_after(world->kernel, -1);
	while ((line = strsep(&at, "\n")))
		if (*line && !after(line, "wish ") && !after(line, "host ") &&
			!after(line, "foreign ") && !after(line, "lacks "))
			fake_remove(world->kernel, line);
	fake_clear(world->kernel);
}

static void reboot(struct world *world)
{
	lose_all(world);
	restart(world);
}

/* Links that come anew have other numbers. */
static const char *picture(struct world *world)
{
	char *text = arena_strdup(&world->arena, fake_picture(world->kernel, &world->arena));

	for (char *name = text; (name = strstr(name, "nsv")); name += 3)
		memmove(name + 3, name + 3 + strspn(name + 3, "0123456789"),
			strlen(name + 3 + strspn(name + 3, "0123456789")) + 1);
	return text;
}

static bool is_there(struct world *world, const char *name)
{
	return !strstr(world_ask(world, "ListNamespaces",
			       arena_printf(&world->arena, "{\"name\":\"%s\"}", name)),
		"\"error\"");
}

static bool has_network(struct world *world, const char *name)
{
	return !strstr(world_ask(world, "ListNetworks",
			       arena_printf(&world->arena, "{\"name\":\"%s\"}", name)),
		"\"error\"");
}

/* Another text in what is kept; the first text must be there. */
static void rewrite(struct world *world, const char *thing, const char *from, const char *to)
{
	const char *text = fake_read(world->kernel, thing), *at = text ? strstr(text, from) : NULL;

	assert_non_null(at);
	fake_write(world->kernel, thing,
		arena_printf(
			&world->arena, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from)));
}

static int revive_open(void **state)
{
	struct world *world;

	assert_int_equal(world_open(state), 0);
	world = *state;
	fake_plant(world->kernel, "host wg0");
	assert_has(world_ask(world, "CreateNetwork", network), "\"runtime\"");
	assert_has(world_ask(world, "CreateNamespace", namespace), "\"runtime\"");
	assert_has(world_ask(world, "CreateNamespace", "{\"name\":\"passing\"}"), "\"runtime\"");
	assert_has(world_ask(world, "SetNamespace",
			   "{\"name\":\"ns1\",\"context\":{\"description\":\"the second\"}}"),
		"\"revision\":2");
	return 0;
}

static void test_comes_back(void **state)
{
	struct world *world = *state;
	const char *before;

	(void)world_ask(world, "DeleteNamespaces", "{\"names\":[\"passing\"]}");
	(void)world_ask(world, "DeleteNetworks", "{\"names\":[\"default\"]}");
	before = picture(world);
	reboot(world);
	assert_string_equal(picture(world), before);
	assert_has(world_ask(world, "ListNamespaces", "{\"name\":\"ns1\"}"), "\"revision\":2");
	/* What was made of it stands for itself: a start more changes nothing. */
	before = fake_picture(world->kernel, &world->arena);
	restart(world);
	assert_string_equal(fake_picture(world->kernel, &world->arena), before);
}

static void test_others_do_not(void **state)
{
	struct world *world = *state;

	reboot(world);
	assert_true(is_there(world, "ns1"));
	assert_false(is_there(world, "passing"));
	assert_true(has_network(world, "net"));
	assert_false(has_network(world, "default"));
}

/* A process that ends at any step of it: the next one brings all back. */
static void test_cut_off(void **state)
{
	struct world *world = *state;
	bool has_stopped = true;
	const char *wanted;
	int steps;

	reboot(world);
	wanted = picture(world);
	for (steps = 0; has_stopped; steps++) {
		lose_all(world);
		fake_stop_after(world->kernel, steps);
		fake_end(world->kernel);
		registry_done(&world->registry);
		registry_init(&world->registry);
		(void)recover_all(&world->context);
		has_stopped = fake_has_stopped(world->kernel);
		restart(world);
		if (!streq(picture(world), wanted))
			fail_msg(
				"after %d steps: %s\ninstead of %s", steps, picture(world), wanted);
		assert_has(
			world_ask(world, "ListNamespaces", "{\"name\":\"ns1\"}"), "\"revision\":2");
		assert_has(
			world_ask(world, "ListNetworks", "{\"name\":\"net\"}"), "\"revision\":1");
	}
	assert_true(steps > 10);
}

/* What fails at any of its steps is not there at all, and comes with the next boot. */
static void test_fails(void **state)
{
	static const enum step_type steps[] = { STEP_RECORD_WRITE, STEP_BRIDGE_ADD,
		STEP_ADDRESS_ADD, STEP_HOSTS_ADD, STEP_NETNS_ADD, STEP_VETH_ADD, STEP_HOSTS_SET,
		STEP_ETC_ADD, STEP_NETNS_PIN };
	struct world *world = *state;
	const char *wanted;

	reboot(world);
	wanted = picture(world);
	for (size_t i = 0; i < lengthof(steps); i++) {
		lose_all(world);
		fake_fail_at(world->kernel, steps[i], 0, ENOSPC, "full");
		restart(world);
		assert_false(is_there(world, "ns1"));
		assert_false(fake_has(world->kernel, "netns ns1"));
		assert_false(fake_has(world->kernel, "record namespaces/ns1"));
		assert_true(fake_has(world->kernel, NETWORK_WISH));
		assert_true(fake_has(world->kernel, NAMESPACE_WISH));
		reboot(world);
		assert_string_equal(picture(world), wanted);
	}
}

/* Names of links that somebody else has taken. */
static void test_names_taken(void **state)
{
	struct world *world = *state;

	lose_all(world);
	fake_plant(world->kernel, "link nsnet0");
	fake_plant(world->kernel, "link nsnet1");
	fake_plant(world->kernel, "link nsv0");
	fake_plant(world->kernel, "link nsv1");
	restart(world);
	assert_has(world_ask(world, "ListNetworks", "{\"name\":\"net\"}"),
		"\"bridgeName\":\"nsnet2\"");
	assert_true(is_there(world, "ns1"));
	assert_true(fake_has(world->kernel, "link nsv2"));
}

/* The last start has left that namespace aside last. */
static bool is_left(const struct world *world, enum left_what what, uid_t uid)
{
	const struct left *left = &world->context.left;
	const struct left_item *item = left->n > 0 ? &left->items[left->n - 1] : NULL;

	return item && item->kind == RECORD_NAMESPACE && streq(item->name, "ns1") &&
	       item->what == what && item->uid == uid;
}

/* Files that are not what their names say, or nothing at all, are kept. */
static void test_wrong_files(void **state)
{
	static const struct {
		const char *thing, *from, *to;
	} rows[] = {
		{ NETWORK_WISH, "\"name\":\"net\"", "\"name\":\"other\"" },
		{ NETWORK_WISH, "\"persistent\":true", "\"persistent\":false" },
		{ NETWORK_WISH, "{", "{{" },
		{ NETWORK_WISH, "\"gateways\":[\"10.7.0.1\",", "\"gateways\":[\"10.9.0.1\"," },
		{ NAMESPACE_WISH, "\"name\":\"ns1\"", "\"name\":\"ns2\"" },
		{ NAMESPACE_WISH, "\"persistent\":true", "\"persistent\":false" },
		{ NAMESPACE_WISH, "\"network\":\"net\"", "\"network\":\"nowhere\"" },
		{ NAMESPACE_WISH, "\"revision\":2", "\"revision\":\"two\"" },
	};
	struct world *world = *state;

	for (size_t i = 0; i < lengthof(rows); i++) {
		const char *whole = fake_read(world->kernel, rows[i].thing);

		rewrite(world, rows[i].thing, rows[i].from, rows[i].to);
		reboot(world);
		if (is_there(world, "ns1"))
			fail_msg("%s is back, with %s", rows[i].thing, rows[i].to);
		assert_false(is_there(world, "ns2"));
		assert_false(has_network(world, "other"));
		assert_int_equal(has_network(world, "net"), !streq(rows[i].thing, NETWORK_WISH));
		assert_true(fake_has(world->kernel, rows[i].thing));
		fake_write(world->kernel, rows[i].thing, whole);
	}
	assert_true(is_left(world, LEFT_WISH, LEFT_NOBODY));
	reboot(world);
	assert_true(is_there(world, "ns1"));
}

/* The host has changed meanwhile. */
static void test_host_has_changed(void **state)
{
	struct world *world = *state;

	fake_listen(world->kernel, 8080);
	reboot(world);
	assert_false(is_there(world, "ns1"));
	assert_true(is_left(world, LEFT_UNMADE, 0));
	assert_true(has_network(world, "net"));
	fake_listen(world->kernel, 0);
	fake_plant(world->kernel, "lacks ports");
	reboot(world);
	assert_false(is_there(world, "ns1"));
	fake_remove(world->kernel, "lacks ports");
	fake_remove(world->kernel, "host wg0");
	reboot(world);
	assert_true(is_there(world, "ns1"));
	assert_false(fake_has(world->kernel, "host wg0"));
	fake_add_prefix(world->kernel, "10.0.0.0/8", "eth7");
	reboot(world);
	assert_false(has_network(world, "net"));
	assert_false(is_there(world, "ns1"));
	assert_true(fake_has(world->kernel, NETWORK_WISH));
	assert_true(fake_has(world->kernel, NAMESPACE_WISH));
}

/* A crash between an object and the file that brings it back. */
static void test_files_match(void **state)
{
	struct world *world = *state;

	fake_remove(world->kernel, NAMESPACE_WISH);
	fake_write(world->kernel, "wish namespaces/passing",
		fake_read(world->kernel, "record namespaces/passing"));
	rewrite(world, NETWORK_WISH, "\"revision\":1", "\"revision\":0");
	restart(world);
	assert_true(fake_has(world->kernel, NAMESPACE_WISH));
	assert_false(fake_has(world->kernel, "wish namespaces/passing"));
	assert_has(fake_read(world->kernel, NETWORK_WISH), "\"revision\":1");
	fake_clear(world->kernel);
	restart(world);
	for (size_t i = 0; i < fake_steps(world->kernel); i++)
		assert_has_not(fake_step(world->kernel, i), "/var/lib");
	/* Where none can be kept none is asked for. */
	fake_remove(world->kernel, NAMESPACE_WISH);
	fake_plant(world->kernel, "lacks persistent");
	restart(world);
	assert_true(is_there(world, "ns1"));
	assert_false(fake_has(world->kernel, NAMESPACE_WISH));
}

#define MEMBER 1001U

static void ask_as_member(struct world *world, const char *name)
{
	assert_has(
		world_ask_as(world, MEMBER, MEMBER,
			arena_printf(&world->arena,
				"{\"method\":\"alt.nsnet.CreateNamespace\",\"parameters\":{\"name\":\"%s\","
				"\"context\":{\"persistent\":true,\"attachments\":[]}}}",
				name)),
		"\"ownership\":\"user\"");
}

/* They come back as the user's own, the second by the first one's; where none may own any, not at all. */
static void test_owned(void **state)
{
	struct world *world = *state;

	ask_as_member(world, "mine");
	ask_as_member(world, "too");
	world->context.is_owned_allowed = false;
	reboot(world);
	assert_true(is_there(world, "ns1"));
	assert_false(is_there(world, "mine"));
	assert_true(fake_has(world->kernel, "wish namespaces/mine"));
	world->context.is_owned_allowed = true;
	reboot(world);
	assert_has(world_ask(world, "ListNamespaces", "{\"name\":\"mine\"}"),
		"\"ownership\":\"user\"");
	assert_has(world_ask(world, "ListNamespaces", "{\"name\":\"too\"}"), "\"uid\":1001");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, revive_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_comes_back),
		TEST(test_others_do_not),
		TEST(test_cut_off),
		TEST(test_fails),
		TEST(test_names_taken),
		TEST(test_wrong_files),
		TEST(test_host_has_changed),
		TEST(test_files_match),
		TEST(test_owned),
	};

	return cmocka_run_group_tests_name("revive", tests, NULL, NULL);
}
