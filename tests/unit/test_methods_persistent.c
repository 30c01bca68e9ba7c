/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_methods_persistent - what is to come back after a reboot is written down before anything is made, and all or nothing
 */
#include "methods_world.h"

/* The steps since the last fake_clear(), a line each, up to the first that is about no file. */
static const char *first_steps(struct world *world)
{
	const char *text = "";

	for (size_t i = 0; i < fake_steps(world->kernel); i++) {
		const char *step = fake_step(world->kernel, i);

		if (!after(step, "touch state/") && !strstr(step, " /var/lib/nsnetd/"))
			break;
		text = arena_printf(&world->arena, "%s%s\n", text, step);
	}
	fake_clear(world->kernel);
	return text;
}

/* A persistent network "a", and one that is not, "b". */
static int persistent_open(void **state)
{
	struct world *world;

	if (world_open(state) < 0)
		return -1;
	world = *state;
	(void)world_ask(
		world, "CreateNetwork", "{\"name\":\"a\",\"context\":{\"persistent\":true}}");
	(void)world_ask(world, "CreateNetwork", "{\"name\":\"b\"}");
	fake_clear(world->kernel);
	return 0;
}

#define ON_A "\"attachments\":[{\"network\":\"a\"}]"
#define KEPT "{\"name\":\"ns1\",\"context\":{\"persistent\":true," ON_A "}}"

static void test_create(void **state)
{
	struct world *world = *state;

	assert_true(fake_has(world->kernel, "wish networks/a"));
	assert_false(fake_has(world->kernel, "wish networks/b"));
	assert_has(world_ask(world, "CreateNamespace", KEPT), "\"persistent\":true");
	assert_string_equal(first_steps(world), "touch state/namespaces/ns1.json\n"
						"touch /var/lib/nsnetd/namespaces/ns1.json\n");
	(void)world_ask(world, "CreateNamespace", "{\"name\":\"ns2\",\"context\":{" ON_A "}}");
	assert_string_equal(first_steps(world), "touch state/namespaces/ns2.json\n");
	assert_false(fake_has(world->kernel, "wish namespaces/ns2"));
}

/* Whatever step fails, nothing is left of it, and no promise. */
static void test_all_or_nothing(void **state)
{
	static const enum step_type steps[] = { STEP_RECORD_WRITE, STEP_WISH_WRITE, STEP_NETNS_ADD,
		STEP_VETH_ADD, STEP_ADDRESS_ADD, STEP_HOSTS_SET, STEP_NETNS_PIN };
	struct world *world = *state;
	const char *before = fake_picture(world->kernel, &world->arena);

	for (size_t i = 0; i < lengthof(steps); i++) {
		fake_fail_at(world->kernel, steps[i], 0, ENOSPC, NULL);
		assert_has(world_ask(world, "CreateNamespace", KEPT), "ENOSPC");
		assert_string_equal(fake_picture(world->kernel, &world->arena), before);
	}
	fake_fail_at(world->kernel, STEP_WISH_WRITE, 0, EROFS, NULL);
	fake_clear(world->kernel);
	assert_has(world_ask(world, "CreateNamespace", KEPT),
		"\"step\":\"touch /var/lib/nsnetd/namespaces/ns1.json\"");
	assert_string_equal(first_steps(world), "touch state/namespaces/ns1.json\n");
}

static void test_set(void **state)
{
	struct world *world = *state;
	const char *before;

	(void)world_ask(world, "CreateNamespace", "{\"name\":\"ns1\",\"context\":{" ON_A "}}");
	before = fake_picture(world->kernel, &world->arena);
	fake_fail_at(world->kernel, STEP_WISH_WRITE, 0, ENOSPC, NULL);
	assert_has(world_ask(world, "SetNamespace",
			   "{\"name\":\"ns1\",\"context\":{\"persistent\":true}}"),
		"ENOSPC");
	assert_string_equal(fake_picture(world->kernel, &world->arena), before);
	fake_clear(world->kernel);
	(void)world_ask(
		world, "SetNamespace", "{\"name\":\"ns1\",\"context\":{\"persistent\":true}}");
	assert_string_equal(first_steps(world), "touch state/namespaces/ns1.json\n"
						"touch /var/lib/nsnetd/namespaces/ns1.json\n");
	(void)world_ask(
		world, "SetNamespace", "{\"name\":\"ns1\",\"context\":{\"description\":\"x\"}}");
	assert_string_equal(first_steps(world), "touch state/namespaces/ns1.json\n"
						"touch /var/lib/nsnetd/namespaces/ns1.json\n");
	(void)world_ask(
		world, "SetNamespace", "{\"name\":\"ns1\",\"context\":{\"persistent\":false}}");
	assert_string_equal(first_steps(world), "touch state/namespaces/ns1.json\n"
						"rm /var/lib/nsnetd/namespaces/ns1.json\n");
	assert_false(fake_has(world->kernel, "wish namespaces/ns1"));
}

/* A deletion that the next reboot would undo is none. */
static void test_delete(void **state)
{
	struct world *world = *state;
	const char *before;

	(void)world_ask(world, "CreateNamespace", KEPT);
	before = fake_picture(world->kernel, &world->arena);
	fake_fail_at(world->kernel, STEP_WISH_DELETE, 0, EROFS, NULL);
	assert_has(world_ask(world, "DeleteNamespaces", "{\"names\":[\"ns1\"]}"), "EROFS");
	assert_string_equal(fake_picture(world->kernel, &world->arena), before);
	assert_has(world_ask(world, "ListNamespaces", "{\"name\":\"ns1\"}"), "\"ns1\"");
	(void)world_ask(world, "DeleteNamespaces", "{\"names\":[\"ns1\"]}");
	assert_false(fake_has(world->kernel, "wish namespaces/ns1"));
	before = fake_picture(world->kernel, &world->arena);
	fake_fail_at(world->kernel, STEP_WISH_DELETE, 0, EROFS, NULL);
	assert_has(world_ask(world, "DeleteNetworks", "{\"names\":[\"a\",\"b\"]}"), "EROFS");
	assert_string_equal(fake_picture(world->kernel, &world->arena), before);
	(void)world_ask(world, "DeleteNetworks", "{\"names\":[\"a\",\"b\"]}");
	assert_int_equal(fake_things(world->kernel), 0);
}

/* So is one whose name stays; two are one deletion. */
static void test_delete_whole(void **state)
{
	struct world *world = *state;
	const char *before;

	fake_plant(world->kernel, "host wg0");
	(void)world_ask(world, "CreateNamespace", KEPT);
	(void)world_ask(world, "CreateNamespace",
		"{\"name\":\"ns2\",\"context\":{\"links\":[\"wg0\"]," ON_A "}}");
	before = fake_picture(world->kernel, &world->arena);
	for (unsigned i = 0; i < 2; i++) {
		fake_fail_at(world->kernel, STEP_NETNS_UNPIN, i, EPERM, NULL);
		assert_has(world_ask(world, "DeleteNamespaces", "{\"names\":[\"ns1\",\"ns2\"]}"),
			"EPERM");
		assert_string_equal(fake_picture(world->kernel, &world->arena), before);
		assert_has(world_ask(world, "ListNamespaces", "{\"name\":\"ns2\"}"), "\"ns2\"");
	}
	assert_string_equal(world_ask(world, "DeleteNamespaces", "{\"names\":[\"ns1\",\"ns2\"]}"),
		"{\"parameters\":{}}\n");
	fake_fail_at(world->kernel, STEP_RECORD_WRITE, 0, ENOSPC, NULL);
	before = fake_picture(world->kernel, &world->arena);
	assert_has(world_ask(world, "DeleteNetworks", "{\"names\":[\"a\",\"b\"]}"), "ENOSPC");
	assert_string_equal(fake_picture(world->kernel, &world->arena), before);
}

/* What cannot be taken away is known by the record still, to the next start. */
static void test_delete_in_part(void **state)
{
	struct world *world = *state;

	(void)world_ask(world, "CreateNamespace", KEPT);
	fake_fail_at(world->kernel, STEP_ETC_DELETE, 0, EIO, NULL);
	assert_has(world_ask(world, "DeleteNamespaces", "{\"names\":[\"ns1\"]}"), "EIO");
	assert_true(fake_has(world->kernel, "etc ns1"));
	assert_true(fake_has(world->kernel, "record namespaces/ns1"));
	assert_false(fake_has(world->kernel, "wish namespaces/ns1"));
	assert_has(world_ask(world, "ListNamespaces", "{\"name\":\"ns1\"}"), "NoSuchNamespace");
	fake_fail_at(world->kernel, STEP_BRIDGE_DELETE, 0, EIO, NULL);
	assert_has(world_ask(world, "DeleteNetworks", "{\"names\":[\"a\"]}"), "EIO");
	assert_true(fake_has(world->kernel, "record networks/a"));
	assert_has(world_ask(world, "ListNetworks", "{\"name\":\"a\"}"), "NoSuchNetwork");
}

static void test_networks(void **state)
{
	struct world *world = *state;

	assert_has(world_ask(world, "CreateNamespace",
			   "{\"name\":\"ns1\",\"context\":{\"persistent\":true,\"attachments\":["
			   "{\"network\":\"a\"},{\"network\":\"b\"}]}}"),
		"NetworkNotPersistent\",\"parameters\":{\"name\":\"b\"}");
	(void)world_ask(world, "CreateNamespace", KEPT);
	assert_has(world_ask(world, "SetNetwork",
			   "{\"name\":\"a\",\"context\":{\"persistent\":false}}"),
		"NetworkBusy");
	(void)world_ask(world, "SetNetwork", "{\"name\":\"b\",\"context\":{\"persistent\":true}}");
	assert_true(fake_has(world->kernel, "wish networks/b"));
	(void)world_ask(world, "SetNetwork", "{\"name\":\"b\",\"context\":{\"persistent\":false}}");
	assert_false(fake_has(world->kernel, "wish networks/b"));
}

/* It is everybody's: it goes with the first who needs it, and not where that fails. */
static void test_default(void **state)
{
	struct world *world = *state;
	const char *before;

	(void)world_ask(world, "CreateNamespace", "{\"name\":\"ns1\"}");
	assert_false(fake_has(world->kernel, "wish networks/default"));
	before = world_ask(world, "ListNetworks", "{\"name\":\"default\"}");
	fake_fail_at(world->kernel, STEP_NETNS_PIN, 0, ENOSPC, NULL);
	assert_has(world_ask(world, "CreateNamespace",
			   "{\"name\":\"ns2\",\"context\":{\"persistent\":true}}"),
		"ENOSPC");
	assert_false(fake_has(world->kernel, "wish networks/default"));
	assert_string_equal(world_ask(world, "ListNetworks", "{\"name\":\"default\"}"), before);
	(void)world_ask(
		world, "CreateNamespace", "{\"name\":\"ns2\",\"context\":{\"persistent\":true}}");
	assert_true(fake_has(world->kernel, "wish networks/default"));
	assert_has(
		world_ask(world, "ListNetworks", "{\"name\":\"default\"}"), "\"persistent\":true");
}

static const char *create_as(struct world *world, uid_t uid, const char *what, const char *name)
{
	return world_ask_as(world, uid, uid,
		arena_printf(&world->arena,
			"{\"method\":\"alt.nsnet.Create%s\",\"parameters\":{\"name\":\"%s\"}}",
			what, name));
}

/* What did not come back keeps its name, for whose it was and for those who look after all. */
static void test_left(void **state)
{
	enum { OWNER = 1001, OTHER };
	struct world *world = *state;
	struct left *left = &world->context.left;

	left_add(left,
		&(struct left_item){ RECORD_NAMESPACE, LEFT_UNMADE, OWNER, "his", "its port" });
	left_add(left, &(struct left_item){ RECORD_NETWORK, LEFT_UNMADE, OWNER, "net", "" });
	for (unsigned i = 0; i < 100; i++)
		left_add(left,
			&(struct left_item){ RECORD_NAMESPACE, LEFT_WISH, LEFT_NOBODY,
				arena_printf(&world->arena, "left%u", i), "it cannot be read" });
	assert_has(create_as(world, OTHER, "Namespace", "his"),
		"NamespaceExists\",\"parameters\":{\"name\":\"his\",\"own\":false}");
	assert_has(create_as(world, OTHER, "Network", "net"), "NetworkExists");
	assert_has(create_as(world, OWNER, "Namespace", "left99"), "NamespaceExists");
	/* A name of the other kind is another name. */
	assert_has_not(create_as(world, OTHER, "Namespace", "net"), "\"error\"");
	assert_int_equal(left->n, 102);

	assert_has_not(create_as(world, OWNER, "Namespace", "his"), "\"error\"");
	assert_has_not(create_as(world, 0, "Namespace", "left99"), "\"error\"");
	assert_has_not(create_as(world, OWNER, "Network", "net"), "\"error\"");
	assert_int_equal(left->n, 99);
	/* It is free again once that goes. */
	(void)world_ask(world, "DeleteNamespaces", "{\"names\":[\"his\"]}");
	assert_has_not(create_as(world, OTHER, "Namespace", "his"), "\"error\"");
}

#define test(name) cmocka_unit_test_setup_teardown(name, persistent_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_create),
		test(test_all_or_nothing),
		test(test_set),
		test(test_delete),
		test(test_delete_whole),
		test(test_delete_in_part),
		test(test_networks),
		test(test_default),
		test(test_left),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
