/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_pool_bounds - how many namespaces are made ahead, and that nobody ever misses what they have
 */
#include "host.h"
#include "pool_world.h"
#include "refill.h"

/* Twice as many each time there is none, up to the limits. */
static void test_demand(void **state)
{
	struct world *world = *state;

	pool_begin(world, 2);
	for (unsigned i = 0; i < 3; i++)
		(void)pool_create(world, arena_printf(&world->arena, "{\"name\":\"a%u\"}", i));
	pool_fill(world);
	assert_int_equal(pool_spares(world), 4);
	for (unsigned i = 0; i < 12; i++)
		(void)pool_create(world, arena_printf(&world->arena, "{\"name\":\"b%u\"}", i));
	pool_fill(world);
	assert_int_equal(pool_spares(world), 8);
	world->context.spares.total = 3;
	pool_fill(world);
	assert_int_equal(pool_spares(world), 3);
	world->context.spares.size = 0;
	pool_fill(world);
	assert_int_equal(pool_spares(world), 0);
	(void)pool_create(world, CREATE("c"));
	pool_fill(world);
	assert_int_equal(pool_spares(world), 0);
}

/* Nobody asks any more, or has anything any more. */
static void test_ends(void **state)
{
	struct world *world = *state;

	pool_begin(world, 2);
	world->context.spares.demands[0].used_usec = 0;
	pool_fill(world);
	assert_int_equal(pool_spares(world), 0);
	assert_int_equal(world->context.spares.n_demands, 0);
	assert_true(refill_work(&world->context) == REFILL_NEVER);
	(void)pool_create(world, CREATE("ns1"));
	pool_fill(world);
	assert_int_equal(pool_spares(world), 2);
	(void)world_ask(world, "DeleteNamespaces", "{\"names\":[\"first\",\"ns1\"]}");
	pool_fill(world);
	assert_int_equal(pool_spares(world), 2);
	assert_int_not_equal(world->context.spares.demands[0].bare_usec, 0);
	world->context.spares.demands[0].bare_usec = 1;
	pool_fill(world);
	assert_int_equal(pool_spares(world), 0);
}

/* Nothing is done about links while others go. */
static void test_busy(void **state)
{
	struct world *world = *state;

	pool_begin(world, 2);
	(void)pool_create(world, CREATE("ns1"));
	fake_clear(world->kernel);
	fake_plant(world->kernel, "reaping");
	assert_true(refill_work(&world->context) > 0);
	assert_int_equal(fake_steps(world->kernel), 0);
	/* What is there is taken all the same. */
	(void)pool_create(world, CREATE("ns2"));
	pool_assert_taken(world);
	fake_remove(world->kernel, "reaping");
	pool_fill(world);
	assert_int_equal(pool_spares(world), 2);
}

/* What a spare has, anybody gets who needs it. */
static void test_addresses(void **state)
{
	struct world *world = *state;

	pool_begin(world, 2);
	/* As its own, though not the next one's. */
	(void)pool_create(world, CREATE_AS("a", ON("default", ",\"addresses\":[\"10.203.0.4\"]")));
	pool_assert_taken(world);
	assert_int_equal(pool_spares(world), 1);
	/* But for the hardware. */
	fake_clear(world->kernel);
	(void)pool_create(
		world, CREATE_AS("b", ON("default", ",\"addresses\":[\"10.203.0.3\"],"
						    "\"hardwareAddress\":\"02:00:00:00:00:07\"")));
	pool_assert_cold(world);
	assert_int_equal(pool_spares(world), 0);
	assert_false(fake_has(world->kernel, "netns %0"));
	/* By a change. */
	pool_fill(world);
	assert_int_equal(pool_spares(world), 2);
	assert_true(fake_has(world->kernel, "address %2 eth0 10.203.0.5/22"));
	assert_has(world_ask(world, "SetNamespace",
			   CREATE_AS("a", ON("default", ",\"addresses\":[\"10.203.0.5\"]"))),
		"\"10.203.0.5\"");
	assert_int_equal(pool_spares(world), 1);
	/* What somebody else has is his, and no spare suffers for it. */
	assert_has(world_ask(world, "CreateNamespace",
			   CREATE_AS("c", ON("default", ",\"addresses\":[\"10.203.0.2\"]"))),
		"AddressUnavailable");
	assert_int_equal(pool_spares(world), 1);
}

/* A small network: all of its addresses are there for who asks. */
static void test_last_address(void **state)
{
	struct world *world = *state;

	world->context.spares.size = 1;
	(void)world_ask(world, "CreateNetwork",
		"{\"name\":\"small\",\"context\":{\"prefixes\":[\"10.7.0.0/28\"]}}");
	for (unsigned i = 0; i < 13; i++) {
		(void)pool_create(world,
			arena_printf(&world->arena,
				"{\"name\":\"a%u\",\"context\":{\"attachments\":[{\"network\":"
				"\"small\"}%s]}}",
				i, i == 12 ? "" : ""));
		pool_fill(world);
	}
	assert_has(world_ask(world, "CreateNamespace", CREATE_AS("b", ON("small", ""))),
		"AddressUnavailable");
	assert_int_equal(pool_spares(world), 0);
}

/* All but one address are taken, and that is a spare's, which another wish does not fit. */
static void test_pressure(void **state)
{
	struct world *world = *state;

	world->context.spares.size = 1;
	(void)world_ask(world, "CreateNetwork",
		"{\"name\":\"small\",\"context\":{\"prefixes\":[\"10.7.0.0/28\"]}}");
	(void)pool_create(world, CREATE_AS("a", ON("small", "")));
	pool_fill(world);
	assert_int_equal(pool_spares(world), 1);
	for (unsigned i = 0; i < 12; i++)
		(void)pool_create(world,
			arena_printf(&world->arena,
				"{\"name\":\"b%u\",\"context\":{\"attachments\":[{\"network\":"
				"\"small\",\"interfaceName\":\"lan0\"}]}}",
				i));
	assert_int_equal(pool_spares(world), 0);
	assert_has(world_ask(world, "CreateNamespace", CREATE_AS("c", ON("small", ""))),
		"AddressUnavailable");
}

/* The same of the bridge's ports. */
static void test_ports(void **state)
{
	struct world *world = *state;
	struct network *network;

	pool_begin(world, 2);
	network = registry_find_network(&world->registry, "default");
	while (network_take_port(network) != UINT_MAX)
		;
	(void)pool_create(world, CREATE_AS("a", ON("default", ",\"interfaceName\":\"lan0\"")));
	(void)pool_create(world, CREATE_AS("b", ON("default", ",\"interfaceName\":\"lan0\"")));
	assert_has(world_ask(world, "CreateNamespace", CREATE("c")), "NetworkFull");
	/* There the kernel waits for it: a port that is going is still one. */
	assert_true(pool_did(world, "ip link delete nsv"));
	assert_int_equal(pool_spares(world), 0);
}

/* And of the kernel's limits. */
static void test_limits(void **state)
{
	struct world *world = *state;

	pool_begin(world, 2);
	fake_fail_at(world->kernel, STEP_NETNS_ADD, 0, ENOSPC, NULL);
	(void)pool_create(world, CREATE_AS("a", ON("default", ",\"interfaceName\":\"lan0\"")));
	assert_int_equal(pool_spares(world), 0);
	/* Not at once again. */
	pool_fill(world);
	assert_int_equal(pool_spares(world), 0);
	fake_fail_at(world->kernel, STEP_NETNS_ADD, 0, ENOSPC, NULL);
	assert_has(world_ask(world, "CreateNamespace", CREATE("b")), "ENOSPC");
}

/* One that cannot be made ahead is nobody's trouble. */
static void test_unmade(void **state)
{
	struct world *world = *state;

	(void)pool_create(world, CREATE("first"));
	fake_fail_at(world->kernel, STEP_VETH_ADD, 0, EXFULL, NULL);
	pool_fill(world);
	assert_int_equal(pool_spares(world), 0);
	assert_int_not_equal(world->context.spares.demands[0].refused_usec, 0);
	(void)pool_create(world, CREATE("ns1"));
	world->context.spares.demands[0].refused_usec = 0;
	pool_fill(world);
	assert_int_equal(pool_spares(world), 4);
}

/* A network that changes or goes has none. */
static void test_networks(void **state)
{
	struct world *world = *state;

	pool_begin(world, 2);
	assert_has(world_ask(world, "SetNetwork",
			   CREATE_AS("default", "\"maximumTransmissionUnit\":1400")),
		"\"attachments\":1");
	assert_int_equal(pool_spares(world), 0);
	assert_true(pool_did(world, "ip -n first link set eth0 mtu 1400"));
	assert_false(pool_did(world, "ip -n %0 link"));
	pool_fill(world);
	assert_int_equal(pool_spares(world), 2);
	assert_true(fake_has(world->kernel, "mtu %2 eth0 1400"));
	assert_has(world_ask(world, "DeleteNetworks", "{\"names\":[\"default\"]}"),
		"NetworkBusy\",\"parameters\":{\"name\":\"default\",\"attachments\":1}");
	assert_int_equal(pool_spares(world), 2);
	(void)world_ask(world, "DeleteNamespaces", "{\"names\":[\"first\"]}");
	assert_int_equal(pool_spares(world), 2);
	/* Nothing is attached: its prefix may become another. */
	assert_has(world_ask(world, "SetNetwork",
			   CREATE_AS("default", "\"prefixes\":[\"10.9.0.0/24\"]")),
		"\"10.9.0.0/24\"");
	assert_int_equal(pool_spares(world), 0);
	pool_fill(world);
	(void)world_ask(world, "DeleteNetworks", "{\"names\":[\"default\"]}");
	assert_int_equal(fake_things(world->kernel), 0);
	pool_fill(world);
	assert_int_equal(world->context.spares.n_demands, 0);
}

/* The uplink's MTU is another now; somebody took our tables away. */
/* What cannot be taken away at once is tried once more: it has no name that anybody could ask by. */
static void test_stubborn(void **state)
{
	struct world *world = *state;

	pool_begin(world, 2);
	(void)world_ask(world, "DeleteNamespaces", "{\"names\":[\"first\"]}");
	fake_fail_at(world->kernel, STEP_ETC_DELETE, 0, EIO, NULL);
	(void)world_ask(world, "DeleteNetworks", "{\"names\":[\"default\"]}");
	assert_int_equal(pool_spares(world), 0);
	assert_int_equal(fake_things(world->kernel), 0);
}

static void test_host(void **state)
{
	struct world *world = *state;

	pool_begin(world, 2);
	fake_set_uplink(world->kernel, "uplink0", 1300);
	host_follow(&world->context, KERNEL_EVENT_HOST);
	assert_int_equal(pool_spares(world), 0);
	pool_fill(world);
	assert_true(fake_has(world->kernel, "mtu %2 eth0 1300"));
	host_follow(&world->context, KERNEL_EVENT_FIREWALL);
	assert_int_equal(pool_spares(world), 0);
}

static void test_stop(void **state)
{
	struct world *world = *state;

	pool_begin(world, 2);
	(void)world_ask_as(world, 1000, 1000,
		"{\"method\":\"alt.nsnet.CreateNamespace\",\"parameters\":{\"name\":\"m\"}}");
	pool_fill(world);
	(void)pool_create(world, CREATE("ns1"));
	refill_end(&world->context);
	assert_int_equal(pool_spares(world), 0);
	assert_string_equal(fake_read(world->kernel, "link nsv1"), "nsnetd:ns1/eth0");
	assert_has_not(fake_picture(world->kernel, &world->arena), "%");
	/* But for the member's own, no guard is left. */
	assert_true(fake_has(world->kernel, "guard nsv3"));
	assert_false(fake_has(world->kernel, "guard nsv4"));
	assert_false(fake_has(world->kernel, "guard nsv5"));
}

int main(void)
{
#define pool_test(test) cmocka_unit_test_setup_teardown(test, pool_open, world_close)
	const struct CMUnitTest tests[] = {
		pool_test(test_demand),
		pool_test(test_ends),
		pool_test(test_busy),
		pool_test(test_addresses),
		pool_test(test_last_address),
		pool_test(test_pressure),
		pool_test(test_ports),
		pool_test(test_limits),
		pool_test(test_unmade),
		pool_test(test_networks),
		pool_test(test_stubborn),
		pool_test(test_host),
		pool_test(test_stop),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
