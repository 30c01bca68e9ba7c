/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_methods - each method: what it answers, and what of the host it has changed
 */
#include "methods_world.h"

static void test_describe(void **state)
{
	const char *text = world_ask(*state, "Describe", "{}");

	assert_has(text, "{\"parameters\":{\"version\":\"1.2.3\",\"features\":[\"forwarding4\",");
	assert_has(text,
		"\"uplinks\":[\"uplink0\"],\"uid\":0,\"administrator\":true,\"limits\":{},\"used\":{\"namespaces\":0,"
		"\"networks\":0,\"attachments\":0,\"ports\":0,\"connections\":1}");
	assert_has(world_ask_as(*state, 1000, WORLD_ADMINISTRATORS,
			   "{\"method\":\"alt.nsnet.Describe\"}"),
		"\"uid\":1000,\"administrator\":true");
	assert_has(world_ask_as(*state, 1000, 1000, "{\"method\":\"alt.nsnet.Describe\"}"),
		"\"uid\":1000,\"administrator\":false,\"limits\":{\"namespaces\":3,\"networks\":2,"
		"\"attachments\":4,\"ports\":4,\"connections\":32}");
}

/* The first namespace makes the network "default"; the second finds it. */
static void test_create_default(void **state)
{
	struct world *world = *state;
	const char *reply = world_ask(world, "CreateNamespace", "{\"name\":\"ns1\"}");

	assert_has(reply, "\"network\":\"default\",\"interfaceName\":\"eth0\",\"addresses\":"
			  "[\"10.203.0.2\",\"fd01:203:405::2\"]");
	assert_has(reply, "\"path\":\"/run/netns/ns1\"");
	assert_true(fake_has(world->kernel, "link nsnet0"));
	assert_true(fake_has(world->kernel, "address - nsnet0 10.203.0.1/22"));
	assert_true(fake_has(world->kernel, "address ns1 eth0 10.203.0.2/22"));
	assert_true(fake_has(world->kernel, "route ns1 0.0.0.0/0"));
	assert_true(fake_has(world->kernel, "route ns1 ::/0"));
	assert_true(fake_has(world->kernel, "kept net/ipv4/conf/uplink0/forwarding"));
	assert_true(fake_has(world->kernel, "record namespaces/ns1"));
	reply = world_ask(world, "CreateNamespace", "{\"name\":\"ns2\"}");
	assert_has(reply, "\"addresses\":[\"10.203.0.3\",\"fd01:203:405::3\"]");
	assert_has(world_ask(world, "ListNetworks", "{\"name\":\"default\"}"), "\"attachments\":2");
}

/* A new namespace gets its name last: only then can a crash leave it. */
static void test_pin_is_last(void **state)
{
	struct world *world = *state;
	size_t n;

	(void)world_ask(world, "CreateNamespace", "{\"name\":\"ns1\"}");
	n = fake_steps(world->kernel);
	assert_has(fake_step(world->kernel, n - 1), "ip netns attach ns1");
}

static void test_seeds(void **state)
{
	struct world *world = *state;
	const char *reply = world_ask(world, "CreateNetwork",
		"{\"name\":\"br1\",\"context\":{\"prefixes\":[\"10.10.0.0/16\"]}}");

	assert_has(reply, "\"prefixes\":[\"10.10.0.0/16\",\"fd01:203:405::/64\"],\"gateways\":"
			  "[\"10.10.0.1\",\"fd01:203:405::1\"]");
	reply = world_ask(world, "CreateNamespace",
		"{\"name\":\"ns1\",\"context\":{\"attachments\":[{\"network\":\"br1\",\"addresses\":"
		"[\"10.10.0.10\"]}]}}");
	assert_has(reply, "\"addresses\":[\"10.10.0.10\",\"fd01:203:405::a\"]");
	assert_has(reply, "\"hardwareAddress\":\"02:6e:0a:0a:00:0a\"");
	assert_has(world_ask(world, "DeleteNetworks", "{\"names\":[\"br1\"]}"),
		"NetworkBusy\",\"parameters\":{\"name\":\"br1\",\"attachments\":1}");
	assert_string_equal(world_ask(world, "DeleteNamespaces", "{\"names\":[\"ns1\"]}"),
		"{\"parameters\":{}}\n");
	assert_string_equal(world_ask(world, "DeleteNetworks", "{\"names\":[\"br1\"]}"),
		"{\"parameters\":{}}\n");
	assert_int_equal(fake_things(world->kernel), 0);
}

static void test_several_attachments(void **state)
{
	struct world *world = *state;
	const char *reply;

	(void)world_ask(world, "CreateNetwork", "{\"name\":\"a\"}");
	(void)world_ask(world, "CreateNetwork", "{\"name\":\"b\"}");
	reply = world_ask(world, "CreateNamespace",
		"{\"name\":\"r\",\"context\":{\"attachments\":[{\"network\":\"a\"},"
		"{\"network\":\"b\",\"interfaceName\":\"eth0\"},{\"network\":\"b\"}],"
		"\"routes\":[{\"destination\":\"default\",\"gateway\":\"10.203.4.1\"},"
		"{\"destination\":\"192.0.2.0/24\",\"gateway\":\"10.203.0.9\",\"metric\":5}]}}");
	assert_has(reply, "\"network\":\"a\",\"interfaceName\":\"eth1\"");
	assert_has(reply, "\"network\":\"b\",\"interfaceName\":\"eth0\"");
	assert_has(reply, "\"network\":\"b\",\"interfaceName\":\"eth2\"");
	assert_true(fake_has(world->kernel, "route r 192.0.2.0/24"));
	for (size_t i = 0; i < fake_steps(world->kernel); i++)
		assert_has_not(fake_step(world->kernel, i), "default via 10.203.0.1");
}

static void test_no_network(void **state)
{
	struct world *world = *state;
	const char *reply = world_ask(
		world, "CreateNamespace", "{\"name\":\"n\",\"context\":{\"attachments\":[]}}");

	assert_has(reply, "\"attachments\":[]");
	assert_int_equal(world->registry.n_networks, 0);
}

static void test_list(void **state)
{
	struct world *world = *state;

	assert_string_equal(world_ask(world, "ListNamespaces", "{}"),
		"{\"error\":\"alt.nsnet.NoSuchNamespace\",\"parameters\":{}}\n");
	(void)world_ask(world, "CreateNamespace", "{\"name\":\"b\"}");
	assert_has(world_ask_as(world, 0, 0, "{\"method\":\"alt.nsnet.ListNamespaces\"}"),
		"{\"parameters\":{\"name\":\"b\"");
	(void)world_ask(world, "CreateNamespace", "{\"name\":\"a\"}");
	assert_has(world_ask_as(world, 0, 0, "{\"method\":\"alt.nsnet.ListNamespaces\"}"),
		"org.varlink.service.ExpectedMore");
	assert_has(world_ask(world, "ListNamespaces", "{\"inspect\":true}"),
		"\"operationalState\":\"up\"");
	assert_has(world_ask(world, "ListNamespaces", "{}"), "{\"continues\":true,\"parameters\":"
							     "{\"name\":\"a\"");
}

static void test_open(void **state)
{
	struct world *world = *state;

	(void)world_ask(world, "CreateNamespace", "{\"name\":\"a\"}");
	assert_has(world_ask(world, "OpenNamespace", "{\"name\":\"a\"}"),
		"{\"networkNamespaceFileDescriptor\":0}");
	assert_has(world_ask(world, "OpenNamespace", "{\"name\":\"x\"}"), "NoSuchNamespace");
}

static void test_delete_checks_all_first(void **state)
{
	struct world *world = *state;

	(void)world_ask(world, "CreateNamespace", "{\"name\":\"a\"}");
	assert_has(world_ask(world, "DeleteNamespaces", "{\"names\":[\"a\",\"x\"]}"),
		"NoSuchNamespace\",\"parameters\":{\"name\":\"x\"}");
	assert_has(world_ask(world, "DeleteNamespaces", "{\"names\":[\"a\",\"a\"]}"),
		"{\"parameter\":\"names[1]\"}");
	assert_has(world_ask(world, "DeleteNamespaces", "{\"names\":[]}"),
		"{\"parameter\":\"names\"}");
	assert_true(fake_has(world->kernel, "pin a"));
	fake_set_processes(world->kernel, 20);
	assert_has(world_ask(world, "DeleteNamespaces", "{\"names\":[\"a\"]}"),
		"NamespaceBusy\",\"parameters\":{\"name\":\"a\",\"processes\":[{\"pid\":1000}");
	assert_has_not(world_ask(world, "DeleteNamespaces", "{\"names\":[\"a\"]}"), "1016");
	assert_has(world_ask(world, "DeleteNamespaces", "{\"names\":[\"a\"],\"kill\":true}"),
		"{\"parameters\":{}}");
	assert_false(fake_has(world->kernel, "pin a"));
}

/* A name can be had again, and its address too. */
static void test_name_again(void **state)
{
	struct world *world = *state;

	for (int i = 0; i < 3; i++) {
		assert_has(world_ask(world, "CreateNamespace",
				   "{\"name\":\"a\",\"context\":{\"attachments\":[{\"network\":"
				   "\"default\",\"addresses\":[\"10.203.0.77\"]}]}}"),
			"10.203.0.77");
		(void)world_ask(world, "DeleteNamespaces", "{\"names\":[\"a\"]}");
	}
	assert_int_equal(world->registry.n_namespaces, 0);
}

/* A member sees his own namespaces and root's networks. */
static void test_members(void **state)
{
	struct world *world = *state;
	const char *own =
		"{\"method\":\"alt.nsnet.CreateNamespace\",\"parameters\":{\"name\":\"m\"}}";
	const char *list = "{\"method\":\"alt.nsnet.ListNamespaces\",\"more\":true}";
	const char *delete = "{\"method\":\"alt.nsnet.DeleteNamespaces\",\"parameters\":"
			     "{\"names\":[\"m\"]}}";

	assert_has(world_ask_as(world, 1000, 1000, own), "\"uid\":1000");
	assert_has(world_ask_as(world, 1000, 1000, list), "\"name\":\"m\"");
	assert_has(world_ask_as(world, 1001, 1001, list), "NoSuchNamespace");
	assert_has(world_ask_as(world, 1001, 1001, delete), "NoSuchNamespace");
	assert_has(world_ask_as(world, 1001, 1001, own), "\"own\":false");
	assert_has(world_ask_as(world, 1000, 1000, own), "\"own\":true");
	assert_has(
		world_ask_as(world, 1001, 1001,
			"{\"method\":\"alt.nsnet.OpenNamespace\",\"parameters\":{\"name\":\"m\"}}"),
		"NoSuchNamespace");
	assert_has(world_ask_as(world, 1000, 1000,
			   "{\"method\":\"alt.nsnet.DeleteNetworks\",\"parameters\":{\"names\":"
			   "[\"default\"]}}"),
		"PermissionDenied");
	assert_has(world_ask_as(world, 1000, 1000, "{\"method\":\"alt.nsnet.ListNetworks\"}"),
		"\"name\":\"default\"");
	assert_has(world_ask_as(world, 1000, 1000, delete), "{\"parameters\":{}}");
}

#define test(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_describe),
		test(test_create_default),
		test(test_pin_is_last),
		test(test_seeds),
		test(test_several_attachments),
		test(test_no_network),
		test(test_list),
		test(test_open),
		test(test_delete_checks_all_first),
		test(test_name_again),
		test(test_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
