/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_methods_members - what members have: namespaces of their own, networks of their own, quotas
 */
#include "methods_world.h"

static const char *ask_as(
	struct world *world, uid_t uid, const char *method, const char *parameters)
{
	return world_ask_as(world, uid, uid,
		arena_printf(&world->arena, "{\"method\":\"alt.nsnet.%s\",\"parameters\":%s}",
			method, parameters));
}

static const char *as_member(struct world *world, const char *method, const char *parameters)
{
	return ask_as(world, 1000, method, parameters);
}

/* What a member makes is his own, behind a guard; root's is the host's, without. */
static void test_ownership(void **state)
{
	struct world *world = *state;

	assert_has(
		as_member(world, "CreateNamespace", "{\"name\":\"m\"}"), "\"ownership\":\"user\"");
	assert_has(
		world_ask(world, "CreateNamespace", "{\"name\":\"r\"}"), "\"ownership\":\"host\"");
	assert_true(fake_has(world->kernel, "guard nsv0"));
	assert_false(fake_has(world->kernel, "guard nsv1"));
	assert_has(as_member(world, "OpenNamespace", "{\"name\":\"m\"}"),
		"{\"networkNamespaceFileDescriptor\":0,\"userNamespaceFileDescriptor\":1,"
		"\"rootNamespaceFileDescriptor\":2}");
	assert_has(world_ask(world, "OpenNamespace", "{\"name\":\"r\"}"),
		"{\"networkNamespaceFileDescriptor\":0}");
	world->context.is_owned_allowed = false;
	assert_has(
		as_member(world, "CreateNamespace", "{\"name\":\"n\"}"), "\"ownership\":\"host\"");
	assert_has_not(as_member(world, "Describe", "{}"), "owned");
	(void)world_ask(world, "DeleteNamespaces", "{\"names\":[\"m\",\"n\",\"r\"]}");
	(void)world_ask(world, "DeleteNetworks", "{\"names\":[\"default\"]}");
	assert_int_equal(fake_things(world->kernel), 0);
}

/* A member's own network without the host on it is free; with it, the host is guarded. */
static void test_networks(void **state)
{
	struct world *world = *state;

	assert_has(as_member(world, "CreateNetwork",
			   "{\"name\":\"own\",\"context\":{\"prefixes\":[\"10.7.0.0/24\"],"
			   "\"gateways\":[],\"isolated\":true}}"),
		"\"isolated\":true");
	assert_has(as_member(world, "CreateNetwork",
			   "{\"name\":\"x\",\"context\":{\"prefixes\":[\"192.0.2.0/24\"]}}"),
		"PrefixNotAllowed\",\"parameters\":{\"prefix\":\"192.0.2.0/24\"}");
	assert_has(
		as_member(world, "CreateNetwork",
			"{\"name\":\"x\",\"context\":{\"prefixes\":[\"10.0.0.0/8\",\"fd00::/7\"]}}"),
		"PrefixConflict");
	assert_has(as_member(world, "CreateNetwork",
			   "{\"name\":\"x\",\"context\":{\"prefixes\":[\"10.7.0.128/25\"]}}"),
		"PrefixConflict");
	(void)as_member(world, "CreateNamespace",
		"{\"name\":\"a\",\"context\":{\"attachments\":[{\"network\":\"own\"}]}}");
	assert_false(fake_has(world->kernel, "guard nsv0"));
	(void)as_member(world, "CreateNetwork", "{\"name\":\"own2\"}");
	(void)as_member(world, "CreateNamespace",
		"{\"name\":\"b\",\"context\":{\"attachments\":[{\"network\":\"own2\"}]}}");
	assert_true(fake_has(world->kernel, "guard nsv1"));
	assert_has(ask_as(world, 1001, "ListNetworks", "{}"), "NoSuchNetwork");
	assert_has(
		ask_as(world, 1001, "CreateNamespace",
			"{\"name\":\"c\",\"context\":{\"attachments\":[{\"network\":\"own\"}]}}"),
		"NoSuchNetwork");
	assert_has(as_member(world, "CreateNetwork", "{\"name\":\"own3\"}"),
		"QuotaExceeded\",\"parameters\":{\"resource\":\"networks\",\"limit\":2}");
	world->context.may_members_make_networks = false;
	assert_has(as_member(world, "CreateNetwork", "{\"name\":\"own3\"}"), "PermissionDenied");
}

/* Charged before anything is made, and given back exactly once. */
static void test_quotas(void **state)
{
	struct world *world = *state;
	size_t things;

	for (int round = 0; round < 3; round++) {
		(void)as_member(world, "CreateNamespace", "{\"name\":\"a\"}");
		(void)as_member(world, "CreateNamespace", "{\"name\":\"b\"}");
		assert_has(
			as_member(world, "CreateNamespace",
				"{\"name\":\"c\",\"context\":{\"attachments\":[{\"network\":\"default\"},"
				"{\"network\":\"default\"},{\"network\":\"default\"}]}}"),
			"QuotaExceeded\",\"parameters\":{\"resource\":\"attachments\",\"limit\":4}");
		assert_has(
			as_member(world, "CreateNamespace",
				"{\"name\":\"c\",\"context\":{\"attachments\":[{\"network\":\"x\"}]}}"),
			"NoSuchNetwork"); /* a wish that fails costs nothing */
		assert_has(as_member(world, "Describe", "{}"),
			"\"used\":{\"namespaces\":2,\"networks\":0,\"attachments\":2,");
		(void)as_member(world, "CreateNamespace",
			"{\"name\":\"c\",\"context\":{\"attachments\":[]}}");
		things = fake_things(world->kernel);
		assert_has(as_member(world, "CreateNamespace",
				   "{\"name\":\"d\",\"context\":{\"attachments\":[]}}"),
			"QuotaExceeded\",\"parameters\":{\"resource\":\"namespaces\",\"limit\":3}");
		assert_int_equal(fake_things(world->kernel), things);
		assert_has(ask_as(world, 1001, "CreateNamespace", "{\"name\":\"other\"}"),
			"\"uid\":1001");
		assert_has(world_ask(world, "DeleteNamespaces",
				   "{\"names\":[\"a\",\"b\",\"c\",\"other\"]}"),
			"{\"parameters\":{}}");
		assert_has(as_member(world, "Describe", "{}"),
			"\"used\":{\"namespaces\":0,\"networks\":0,\"attachments\":0,");
	}
}

/* Whatever step fails, the charge comes back. */
static void test_failed_steps(void **state)
{
	struct world *world = *state;

	for (int type = 0; type < STEP_TYPES; type++) {
		fake_fail_at(world->kernel, type, 0, EIO, "");
		(void)as_member(world, "CreateNamespace", "{\"name\":\"a\"}");
		fake_fail_at(world->kernel, STEP_TYPES, 0, 0, NULL);
		(void)world_ask(world, "DeleteNamespaces", "{\"names\":[\"a\"]}");
		assert_has(as_member(world, "Describe", "{}"),
			"\"used\":{\"namespaces\":0,\"networks\":0,\"attachments\":0,");
	}
}

#define test(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_ownership),
		test(test_networks),
		test(test_quotas),
		test(test_failed_steps),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
