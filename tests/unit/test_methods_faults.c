/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_methods_faults - wishes that cannot be, and kernels that refuse: the answer names it, and nothing has changed
 */
#include "methods_world.h"

static const struct wrong {
	const char *method, *parameters, *answer;
} wrongs[] = {
	{ "CreateNamespace", "{\"name\":\"\"}", "{\"parameter\":\"name\"}" },
	{ "CreateNamespace", "{\"name\":\"a/b\"}", "{\"parameter\":\"name\"}" },
	{ "CreateNamespace", "{\"name\":\"..\"}", "{\"parameter\":\"name\"}" },
	{ "CreateNamespace", "{\"name\":\"123\"}", "{\"parameter\":\"name\"}" },
	{ "CreateNamespace", "{\"name\":\"self\"}", "{\"parameter\":\"name\"}" },
	{ "CreateNamespace", "{\"name\":\"a-\"}", "{\"parameter\":\"name\"}" },
	{ "CreateNamespace", "{\"name\":\"a%n\"}", "{\"parameter\":\"name\"}" },
	{ "CreateNamespace", "{\"name\":\"a\",\"colour\":1}", "{\"parameter\":\"colour\"}" },
	{ "CreateNamespace", "{\"name\":7}", "{\"parameter\":\"name\"}" },
	{ "CreateNamespace", "{}", "{\"parameter\":\"name\"}" },
	{ "CreateNamespace", "{\"name\":\"a\",\"context\":{\"attachments\":[{\"network\":\"x\"}]}}",
		"NoSuchNetwork\",\"parameters\":{\"name\":\"x\"}" },
	{ "CreateNamespace",
		"{\"name\":\"a\",\"context\":{\"attachments\":[{\"network\":\"n\",\"addresses\":[\"1\"]}]}}",
		"{\"parameter\":\"context.attachments[0].addresses[0]\"}" },
	{ "CreateNamespace",
		"{\"name\":\"a\",\"context\":{\"attachments\":[{\"network\":\"n\",\"addresses\":"
		"[\"10.1.0.2\",\"10.1.0.3\"]}]}}",
		"{\"parameter\":\"context.attachments[0].addresses[1]\"}" },
	{ "CreateNamespace",
		"{\"name\":\"a\",\"context\":{\"attachments\":[{\"network\":\"n\",\"addresses\":[\"9.9.9.9\"]}]}}",
		"AddressUnavailable\",\"parameters\":{\"network\":\"n\",\"address\":\"9.9.9.9\"}" },
	{ "CreateNamespace", /* the gateway's */
		"{\"name\":\"a\",\"context\":{\"attachments\":[{\"network\":\"n\",\"addresses\":[\"10.1.0.1\"]}]}}",
		"AddressUnavailable" },
	{ "CreateNamespace", /* the broadcast address */
		"{\"name\":\"a\",\"context\":{\"attachments\":[{\"network\":\"n\",\"addresses\":[\"10.1.0.255\"]}]}}",
		"AddressUnavailable" },
	{ "CreateNamespace",
		"{\"name\":\"a\",\"context\":{\"attachments\":[{\"network\":\"n\",\"interfaceName\":\"a/b\"}]}}",
		"{\"parameter\":\"context.attachments[0].interfaceName\"}" },
	{ "CreateNamespace",
		"{\"name\":\"a\",\"context\":{\"attachments\":[{\"network\":\"n\",\"interfaceName\":\"lo\"}]}}",
		"{\"parameter\":\"context.attachments[0].interfaceName\"}" },
	{ "CreateNamespace",
		"{\"name\":\"a\",\"context\":{\"attachments\":[{\"network\":\"n\",\"interfaceName\":\"x\"},"
		"{\"network\":\"n\",\"interfaceName\":\"x\"}]}}",
		"{\"parameter\":\"context.attachments[1].interfaceName\"}" },
	{ "CreateNamespace",
		"{\"name\":\"a\",\"context\":{\"attachments\":[{\"network\":\"n\",\"hardwareAddress\":"
		"\"01:00:00:00:00:00\"}]}}",
		"{\"parameter\":\"context.attachments[0].hardwareAddress\"}" },
	{ "CreateNamespace",
		"{\"name\":\"a\",\"context\":{\"attachments\":[],\"routes\":[{\"destination\":\"default\"}]}}",
		"{\"parameter\":\"context.routes[0].destination\"}" },
	{ "CreateNamespace",
		"{\"name\":\"a\",\"context\":{\"routes\":[{\"destination\":\"10.9.0.1/8\"}]}}",
		"{\"parameter\":\"context.routes[0].destination\"}" },
	{ "CreateNamespace",
		"{\"name\":\"a\",\"context\":{\"routes\":[{\"destination\":\"default\",\"gateway\":\"9.9.9.9\"}]}}",
		"{\"parameter\":\"context.routes[0].gateway\"}" },
	{ "CreateNamespace",
		"{\"name\":\"a\",\"context\":{\"routes\":[{\"destination\":\"default\",\"metric\":-1}]}}",
		"{\"parameter\":\"context.routes[0].metric\"}" },
	{ "CreateNamespace",
		"{\"name\":\"a\",\"context\":{\"routes\":[{\"destination\":\"10.9.0.0/16\"},"
		"{\"destination\":\"10.9.0.0/16\"}]}}",
		"{\"parameter\":\"context.routes[1].destination\"}" },
	{ "CreateNamespace", "{\"name\":\"a\",\"context\":{\"nameServers\":[\"one.one\"]}}",
		"{\"parameter\":\"context.nameServers[0]\"}" },
	{ "CreateNamespace", "{\"name\":\"a\",\"context\":{\"description\":\"a\\u001b[2J\"}}",
		"{\"parameter\":\"context.description\"}" },
	{ "CreateNamespace", "{\"name\":\"a\",\"context\":{\"labels\":{\"a b\":\"\"}}}",
		"{\"parameter\":\"context.labels.a b\"}" },
	{ "CreateNetwork", "{\"name\":\"n\"}", "NetworkExists" },
	{ "CreateNetwork", "{\"name\":\"m\",\"context\":{\"prefixes\":[\"10.1.0.1/24\"]}}",
		"{\"parameter\":\"context.prefixes[0]\"}" },
	{ "CreateNetwork", "{\"name\":\"m\",\"context\":{\"prefixes\":[\"127.0.0.0/8\"]}}",
		"{\"parameter\":\"context.prefixes[0]\"}" },
	{ "CreateNetwork",
		"{\"name\":\"m\",\"context\":{\"prefixes\":[\"10.8.0.0/24\",\"10.9.0.0/24\"]}}",
		"{\"parameter\":\"context.prefixes[1]\"}" },
	{ "CreateNetwork", "{\"name\":\"m\",\"context\":{\"prefixes\":[\"192.168.7.0/24\"]}}",
		"PrefixConflict\",\"parameters\":{\"prefix\":\"192.168.7.0/24\",\"interfaceName\":\"eth7\"}" },
	{ "CreateNetwork", "{\"name\":\"m\",\"context\":{\"prefixes\":[\"10.1.0.128/25\"]}}",
		"\"interfaceName\":\"nsnet0\"" },
	{ "CreateNetwork",
		"{\"name\":\"m\",\"context\":{\"prefixes\":[\"10.8.0.0/24\"],\"gateways\":[\"10.9.0.1\"]}}",
		"{\"parameter\":\"context.gateways[0]\"}" },
	{ "CreateNetwork", "{\"name\":\"m\",\"context\":{\"maximumTransmissionUnit\":1200}}",
		"{\"parameter\":\"context.maximumTransmissionUnit\"}" },
	{ "CreateNetwork",
		"{\"name\":\"m\",\"context\":{\"prefixes\":[],\"maximumTransmissionUnit\":1279}}",
		"{\"parameter\":\"context.maximumTransmissionUnit\"}" },
	{ "CreateNetwork", "{\"name\":\"m\",\"context\":{\"maximumTransmissionUnit\":65536}}",
		"{\"parameter\":\"context.maximumTransmissionUnit\"}" },
	{ "DeleteNetworks", "{\"names\":[\"x\"]}",
		"NoSuchNetwork\",\"parameters\":{\"name\":\"x\"}" },
	{ "ListNetworks", "{\"name\":\"x\"}", "NoSuchNetwork\",\"parameters\":{\"name\":\"x\"}" },
	{ "ListNamespaces", "{\"name\":\"x/..\"}", "NoSuchNamespace" },
};

static void test_wrong_wishes(void **state)
{
	struct world *world = *state;
	size_t things;

	fake_add_prefix(world->kernel, "192.168.0.0/16", "eth7");
	(void)world_ask(world, "CreateNetwork",
		"{\"name\":\"n\",\"context\":{\"prefixes\":[\"10.1.0.0/24\"]}}");
	(void)world_ask(world, "CreateNamespace", "{\"name\":\"other\"}");
	things = fake_things(world->kernel);
	for (size_t i = 0; i < lengthof(wrongs); i++) {
		fake_clear(world->kernel);
		assert_has(
			world_ask(world, wrongs[i].method, wrongs[i].parameters), wrongs[i].answer);
		assert_int_equal(fake_steps(world->kernel), 0);
		assert_int_equal(fake_things(world->kernel), things);
	}
	/* What a refused wish had taken is free again. */
	assert_has(world_ask(world, "CreateNamespace",
			   "{\"name\":\"a\",\"context\":{\"attachments\":[{\"network\":\"n\","
			   "\"addresses\":[\"10.1.0.2\"]}]}}"),
		"10.1.0.2");
}

/* Whatever step fails, nothing is left of it, and the same request then succeeds. */
static void test_each_step_fails(void **state)
{
	struct world *world = *state;
	size_t n;

	(void)world_ask(world, "CreateNamespace", "{\"name\":\"count\"}");
	n = fake_steps(world->kernel);
	(void)world_ask(world, "DeleteNamespaces", "{\"names\":[\"count\"]}");
	(void)world_ask(world, "DeleteNetworks", "{\"names\":[\"default\"]}");
	assert_int_equal(fake_things(world->kernel), 0);
	assert_true(n > 15);
	for (int type = 0; type < STEP_TYPES; type++)
		for (unsigned skip = 0; skip < n; skip++) {
			const char *reply;

			fake_fail_at(world->kernel, type, skip, ENOBUFS, "no room");
			reply = world_ask(world, "CreateNamespace", "{\"name\":\"ns1\"}");
			fake_fail_at(world->kernel, STEP_TYPES, 0, 0, NULL);
			if (!strstr(reply, "error")) { /* the step did not come so often */
				(void)world_ask(world, "DeleteNamespaces", "{\"names\":[\"ns1\"]}");
				(void)world_ask(
					world, "DeleteNetworks", "{\"names\":[\"default\"]}");
				assert_int_equal(fake_things(world->kernel), 0);
				break;
			}
			assert_has(reply, "alt.nsnet.KernelError");
			assert_has(reply, "\"errnoName\":\"ENOBUFS\",\"message\":\"no room\"");
			assert_int_equal(fake_things(world->kernel), 0);
			assert_int_equal(world->registry.n_networks, 0);
			assert_int_equal(world->registry.n_namespaces, 0);
		}
}

/* The network comes with the namespace, and has gone again when the answer is told. */
static void test_new_network_refuses(void **state)
{
	struct world *world = *state;

	assert_has(world_ask(world, "CreateNamespace",
			   "{\"name\":\"a\",\"context\":{\"attachments\":[{\"network\":\"default\","
			   "\"addresses\":[\"192.0.2.9\"]}]}}"),
		"AddressUnavailable\",\"parameters\":{\"network\":\"default\",\"address\":\"192.0.2.9\"}");
	assert_int_equal(world->registry.n_networks, 0);
}

static void test_foreign_names(void **state)
{
	struct world *world = *state;

	fake_plant(world->kernel, "pin foreign");
	fake_plant(world->kernel, "link nsnet0");
	fake_plant(world->kernel, "link nsv0");
	assert_has(world_ask(world, "CreateNetwork", "{\"name\":\"default\"}"),
		"\"bridgeName\":\"nsnet1\"");
	assert_has(world_ask(world, "CreateNamespace", "{\"name\":\"a\"}"), "\"parameters\"");
	assert_true(fake_has(world->kernel, "peer a nsv1"));
	assert_has(world_ask(world, "CreateNamespace", "{\"name\":\"foreign\"}"),
		"NamespaceExists\",\"parameters\":{\"name\":\"foreign\",\"own\":false}");
	assert_true(fake_has(world->kernel, "pin foreign"));
	assert_true(fake_has(world->kernel, "link nsnet0"));
	assert_true(fake_has(world->kernel, "link nsv0"));
}

static void test_network_full(void **state)
{
	struct world *world = *state;

	(void)world_ask(world, "CreateNetwork",
		"{\"name\":\"n\",\"context\":{\"prefixes\":[\"10.0.0.0/16\"]}}");
	for (unsigned i = 0; i < NETWORK_PORTS; i++) {
		assert_has(
			world_ask(world, "CreateNamespace",
				arena_printf(&world->arena,
					"{\"name\":\"n%u\",\"context\":{\"attachments\":[{\"network\":"
					"\"n\"}]}}",
					i)),
			"\"parameters\":{\"context\"");
		/* From nine tenths on the log has said so. */
		assert_int_equal(registry_find_network(&world->registry, "n")->is_full_told,
			100 * (i + 1) / NETWORK_PORTS >= 90);
	}
	assert_has(world_ask(world, "ListNetworks", "{\"name\":\"n\"}"),
		"\"attachments\":1022,\"attachmentsMaximum\":1022");
	assert_has(world_ask(world, "CreateNamespace",
			   "{\"name\":\"x\",\"context\":{\"attachments\":[{\"network\":\"n\"}]}}"),
		"NetworkFull\",\"parameters\":{\"name\":\"n\",\"limit\":1022}");
	(void)world_ask(world, "DeleteNamespaces", "{\"names\":[\"n5\"]}");
	assert_has(world_ask(world, "CreateNamespace",
			   "{\"name\":\"x\",\"context\":{\"attachments\":[{\"network\":\"n\"}]}}"),
		"10.0.4.0");
}

static void test_addresses_run_out(void **state)
{
	struct world *world = *state;

	(void)world_ask(world, "CreateNetwork",
		"{\"name\":\"n\",\"context\":{\"prefixes\":[\"10.0.0.0/30\"]}}");
	for (int i = 0; i < 2; i++)
		assert_has(
			world_ask(world, "CreateNamespace",
				arena_printf(&world->arena,
					"{\"name\":\"n%d\",\"context\":{\"attachments\":[{\"network\":"
					"\"n\"}]}}",
					i)),
			i == 0 ? "10.0.0.2"
			       : "AddressUnavailable\",\"parameters\":{\"network\":\"n\"}");
}

/* The pool is used up: the prefixes that the host has are left alone. */
static void test_pool_runs_out(void **state)
{
	struct world *world = *state;

	fake_add_prefix(world->kernel, "10.203.0.0/17", "eth1");
	assert_has(world_ask(world, "CreateNetwork", "{\"name\":\"a\"}"), "10.203.128.0/22");
	fake_add_prefix(world->kernel, "10.0.0.0/8", "tun0");
	assert_has(world_ask(world, "CreateNetwork", "{\"name\":\"b\"}"),
		"PrefixConflict\",\"parameters\":{}");
}

#define test(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_wrong_wishes),
		test(test_each_step_fails),
		test(test_new_network_refuses),
		test(test_foreign_names),
		test(test_network_full),
		test(test_addresses_run_out),
		test(test_pool_runs_out),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
