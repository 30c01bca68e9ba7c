/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_host - what networks need of the host: with the first one, as uplinks change, with the last one
 */
#include "host.h"
#include "methods_world.h"

static void follow(struct world *world, unsigned events)
{
	fake_clear(world->kernel);
	host_follow(&world->context, events);
}

static bool has_step(struct world *world, const char *step)
{
	for (size_t i = 0; i < fake_steps(world->kernel); i++)
		if (streq(fake_step(world->kernel, i), step))
			return true;
	return false;
}

static void test_first_and_last(void **state)
{
	struct world *world = *state;

	(void)world_ask(world, "CreateNetwork", "{\"name\":\"a\"}");
	assert_true(fake_has(world->kernel, "uplink uplink0"));
	assert_true(fake_has(world->kernel, "kept net/ipv4/conf/uplink0/forwarding"));
	assert_true(fake_has(world->kernel, "kept net/ipv6/conf/uplink0/force_forwarding"));
	assert_int_equal(world->registry.uplinks.are.n, 1);
	fake_clear(world->kernel);
	(void)world_ask(world, "CreateNetwork", "{\"name\":\"b\"}");
	assert_false(has_step(world, "sysctl -w net/ipv4/conf/uplink0/forwarding=1"));
	(void)world_ask(world, "DeleteNetworks", "{\"names\":[\"a\"]}");
	assert_true(fake_has(world->kernel, "uplink uplink0"));
	(void)world_ask(world, "DeleteNetworks", "{\"names\":[\"b\"]}");
	assert_string_equal(fake_picture(world->kernel, &world->arena), "");
	assert_int_equal(world->registry.uplinks.are.n, 0);
}

/* Without a network nothing is done to the host, whatever happens to it. */
static void test_idle(void **state)
{
	struct world *world = *state;

	follow(world, KERNEL_EVENT_HOST | KERNEL_EVENT_FIREWALL);
	assert_int_equal(fake_steps(world->kernel), 0);
}

static void test_uplink_moves(void **state)
{
	struct world *world = *state;

	(void)world_ask(world, "CreateNamespace", "{\"name\":\"ns1\"}");
	fake_set_uplink(world->kernel, "wlan0", 1400);
	follow(world, KERNEL_EVENT_HOST);
	assert_true(fake_has(world->kernel, "uplink wlan0"));
	assert_true(fake_has(world->kernel, "kept net/ipv4/conf/wlan0/forwarding"));
	assert_false(fake_has(world->kernel, "uplink uplink0"));
	assert_false(fake_has(world->kernel, "kept net/ipv4/conf/uplink0/forwarding"));
	assert_true(fake_has(world->kernel, "mtu - nsnet0 1400"));
	assert_true(fake_has(world->kernel, "mtu - nsv0 1400"));
	assert_true(fake_has(world->kernel, "mtu ns1 eth0 1400"));
	assert_has(world_ask(world, "ListNetworks", "{\"name\":\"default\"}"),
		"\"maximumTransmissionUnit\":1400");
	fake_set_uplink(world->kernel, NULL, 0);
	follow(world, KERNEL_EVENT_HOST);
	assert_false(fake_has(world->kernel, "uplink wlan0"));
	assert_true(fake_has(world->kernel, "mtu - nsnet0 1500"));
}

/* What is declared, or goes nowhere, does not follow; IPv6 has a least of its own. */
static void test_mtu(void **state)
{
	struct world *world = *state;

	(void)world_ask(world, "CreateNetwork",
		"{\"name\":\"a\",\"context\":{\"maximumTransmissionUnit\":1450}}");
	(void)world_ask(
		world, "CreateNetwork", "{\"name\":\"b\",\"context\":{\"reach\":\"internal\"}}");
	(void)world_ask(world, "CreateNetwork", "{\"name\":\"c\"}");
	(void)world_ask(world, "CreateNetwork",
		"{\"name\":\"d\",\"context\":{\"prefixes\":[\"10.9.0.0/24\"]}}");
	fake_set_uplink(world->kernel, "uplink0", 1000);
	follow(world, KERNEL_EVENT_HOST);
	assert_true(fake_has(world->kernel, "mtu - nsnet0 1450"));
	assert_true(fake_has(world->kernel, "mtu - nsnet1 1500"));
	assert_true(fake_has(world->kernel, "mtu - nsnet2 1280"));
	assert_true(fake_has(world->kernel, "mtu - nsnet3 1280"));
	/* A new one has that of now. */
	assert_has(world_ask(world, "CreateNetwork",
			   "{\"name\":\"e\",\"context\":{\"prefixes\":[\"10.8.0.0/24\"]}}"),
		"\"maximumTransmissionUnit\":1280");
	fake_clear(world->kernel);
	assert_has(world_ask(world, "SetNetwork",
			   "{\"name\":\"a\",\"context\":{\"maximumTransmissionUnit\":0}}"),
		"\"maximumTransmissionUnit\":1280");
}

/* One owner who broke his interface keeps nobody else's from following. */
static void test_one_step_fails(void **state)
{
	struct world *world = *state;

	(void)world_ask(world, "CreateNamespace", "{\"name\":\"ns1\"}");
	(void)world_ask(world, "CreateNamespace", "{\"name\":\"ns2\"}");
	fake_set_uplink(world->kernel, "uplink0", 1300);
	fake_fail_at(world->kernel, STEP_MTU_SET, 3, ENODEV, NULL);
	follow(world, KERNEL_EVENT_HOST);
	assert_true(fake_has(world->kernel, "mtu ns1 eth0 1500"));
	assert_true(fake_has(world->kernel, "mtu ns2 eth0 1300"));
}

/* The tables were taken away: all that stood in them comes again. */
static void test_firewall_is_flushed(void **state)
{
	struct world *world = *state;
	static const char *const things[] = { "uplink uplink0", "fence nsnet0 nat", "guard nsv1",
		"port tcp 0.0.0.0 8080 10.203.0.2 80" };

	(void)world_ask(world, "CreateNamespace",
		"{\"name\":\"ns1\",\"context\":{\"ports\":[{\"protocol\":\"tcp\",\"hostPort\":8080,"
		"\"namespacePort\":80}]}}");
	assert_has(
		world_ask_as(world, 1000, 1000,
			"{\"method\":\"alt.nsnet.CreateNamespace\",\"parameters\":{\"name\":\"m\"}}"),
		"\"uid\":1000");
	for (size_t i = 0; i < lengthof(things); i++) {
		assert_true(fake_has(world->kernel, things[i]));
		fake_remove(world->kernel, things[i]);
	}
	follow(world, KERNEL_EVENT_FIREWALL);
	for (size_t i = 0; i < lengthof(things); i++)
		if (!fake_has(world->kernel, things[i]))
			fail_msg("\"%s\" did not come again", things[i]);
}

#define test(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_first_and_last),
		test(test_idle),
		test(test_uplink_moves),
		test(test_mtu),
		test(test_one_step_fails),
		test(test_firewall_is_flushed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
