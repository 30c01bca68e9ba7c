/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_methods_lent - namespaces that are lent: who sees them, and what he may not do with them
 */
#include "methods_world.h"

#define STAFF 50U

static const char *as(struct world *world, uid_t uid, const char *method, const char *parameters)
{
	return world_ask_as(world, uid, uid == 1002 ? STAFF : uid,
		arena_printf(&world->arena,
			"{\"method\":\"alt.nsnet.%s\",\"parameters\":%s,\"more\":true}", method,
			parameters));
}

static const char *create(struct world *world, const char *name, const char *allow)
{
	return world_ask(world, "CreateNamespace",
		arena_printf(&world->arena,
			"{\"name\":\"%s\",\"context\":{\"attachments\":[],\"allow\":%s}}", name,
			allow));
}

static const char *set(struct world *world, uid_t uid, const char *allow)
{
	return as(world, uid, "SetNamespace",
		arena_printf(
			&world->arena, "{\"name\":\"vpn\",\"context\":{\"allow\":%s}}", allow));
}

static void test_seen(void **state)
{
	struct world *world = *state;

	assert_has(
		create(world, "vpn", "[\"alice\",\"@staff\"]"), "\"allow\":[\"alice\",\"@staff\"]");
	(void)create(world, "other", "[\"1003\"]");
	(void)as(world, 1000, "CreateNamespace",
		"{\"name\":\"z\",\"context\":{\"attachments\":[]}}");
	(void)as(world, 1000, "CreateNamespace",
		"{\"name\":\"a\",\"context\":{\"attachments\":[]}}");
	/* By a name, by a group, by a number; in the order of the names, and no others. */
	assert_has(as(world, 1000, "ListNamespaces", "{\"name\":\"vpn\"}"), "\"uid\":0");
	assert_has(as(world, 1002, "ListNamespaces", "{\"name\":\"vpn\"}"), "\"uid\":0");
	assert_has(as(world, 1003, "ListNamespaces", "{}"), "{\"name\":\"other\"");
	assert_has_not(as(world, 1003, "ListNamespaces", "{}"), "vpn");
	assert_has(as(world, 1001, "ListNamespaces", "{}"), "NoSuchNamespace");
	assert_has(as(world, 1001, "ListNamespaces", "{\"name\":\"vpn\"}"), "NoSuchNamespace");
	{
		const char *list = as(world, 1000, "ListNamespaces", "{}");
		const char *a = strstr(list, "\"name\":\"a\""),
			   *vpn = strstr(list, "\"name\":\"vpn\""),
			   *z = strstr(list, "\"name\":\"z\"");

		assert_true(a && vpn && z && a < vpn && vpn < z);
		assert_has_not(list, "other");
	}
	/* From one moment to the next. */
	assert_has(set(world, 0, "[\"@staff\"]"), "\"allow\":[\"@staff\"]");
	assert_has(as(world, 1000, "ListNamespaces", "{\"name\":\"vpn\"}"), "NoSuchNamespace");
	assert_has(as(world, 1002, "ListNamespaces", "{\"name\":\"vpn\"}"), "\"uid\":0");
	assert_has(set(world, 0, "[]"), "\"allow\":[]");
	assert_has(as(world, 1002, "ListNamespaces", "{\"name\":\"vpn\"}"), "NoSuchNamespace");
}

static void test_nothing_else(void **state)
{
	struct world *world = *state;

	(void)create(world, "vpn", "[\"alice\"]");
	assert_has(set(world, 1000, "[\"alice\"]"), "PermissionDenied");
	assert_has(
		as(world, 1000, "DeleteNamespaces", "{\"names\":[\"vpn\"]}"), "PermissionDenied");
	assert_has(as(world, 1000, "OpenNamespace", "{\"name\":\"vpn\"}"), "PermissionDenied");
	assert_has(as(world, 1000, "Check", "{\"names\":[\"vpn\"]}"), "PermissionDenied");
	assert_has_not(as(world, 1000, "Check", "{}"), "vpn");
	assert_has(as(world, 1000, "Apply", "{\"namespaces\":{\"vpn\":{\"attachments\":[]}}}"),
		"PermissionDenied");
	assert_has(as(world, 1000, "Apply", "{\"prune\":true}"), "\"changes\":[]");
	assert_has(as(world, 1000, "CreateNamespace", "{\"name\":\"vpn\"}"), "\"own\":false");
	assert_has(as(world, 1001, "DeleteNamespaces", "{\"names\":[\"vpn\"]}"), "NoSuchNamespace");
}

static void test_who_lends(void **state)
{
	struct world *world = *state;

	/* What is a member's own is not to be lent, by nobody; what the host owns, by administrators. */
	assert_has(as(world, 1000, "CreateNamespace",
			   "{\"name\":\"m\",\"context\":{\"attachments\":[],\"allow\":[\"bob\"]}}"),
		"PermissionDenied");
	(void)as(world, 1000, "CreateNamespace",
		"{\"name\":\"m\",\"context\":{\"attachments\":[]}}");
	assert_has(world_ask(world, "SetNamespace",
			   "{\"name\":\"m\",\"context\":{\"allow\":[\"bob\"]}}"),
		"{\"parameter\":\"context.allow\"}");
	world->context.is_owned_allowed = false;
	(void)as(world, 1000, "CreateNamespace",
		"{\"name\":\"vpn\",\"context\":{\"attachments\":[]}}");
	assert_has(set(world, 1000, "[\"bob\"]"), "PermissionDenied");
	assert_has(set(world, 0, "[\"bob\",\"alice\"]"), "\"allow\":[\"bob\",\"alice\"]");
	assert_has(as(world, 1001, "ListNamespaces", "{}"), "\"name\":\"vpn\"");
	/* Its owner may take it back. */
	assert_has(set(world, 1000, "[\"alice\"]"), "\"allow\":[\"alice\"]");
	assert_has(as(world, 1001, "ListNamespaces", "{}"), "NoSuchNamespace");
}

static void test_wrong_names(void **state)
{
	static const char *const wrong[] = { "", "@", "-a", "@-a", "a b", "a/b", "a:b", "a,b",
		"a$b", "$", "al\\nice", "4294967295", "99999999999", "@4294967295", "@@staff",
		"carol", "staff", "@alice", "\xc3\xa4" };
	struct world *world = *state;
	const char *many = "\"0\"";

	(void)create(world, "vpn", "[]");
	for (size_t i = 0; i < lengthof(wrong); i++)
		assert_has(
			set(world, 0, arena_printf(&world->arena, "[\"alice\",\"%s\"]", wrong[i])),
			"{\"parameter\":\"context.allow[1]\"}");
	assert_has(set(world, 0, "[\"alice\",\"alice\"]"), "{\"parameter\":\"context.allow[1]\"}");
	for (unsigned i = 1; i < LENDING_MAX; i++)
		many = arena_printf(&world->arena, "%s,\"%u\"", many, i);
	assert_has(set(world, 0, arena_printf(&world->arena, "[%s]", many)), "\"63\"]");
	assert_has(set(world, 0, arena_printf(&world->arena, "[%s,\"64\"]", many)),
		"{\"parameter\":\"context.allow\"}");
}

static void test_monitored(void **state)
{
	struct world *world = *state;

	(void)create(world, "vpn", "[]");
	assert_has_not(world_watch_as(world, 1000), "vpn");
	(void)set(world, 0, "[\"alice\"]");
	assert_has(world_heard(world), "\"event\":\"changed\"");
	(void)set(world, 0, "[]");
	assert_string_equal(world_heard(world), "");
}

int main(void)
{
#define test(function) cmocka_unit_test_setup_teardown(function, world_open, world_close)
	const struct CMUnitTest tests[] = { test(test_seen), test(test_nothing_else),
		test(test_who_lends), test(test_wrong_names), test(test_monitored) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
