/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_firewall_tables - what stands in our tables, as nft(8) has it
 */
#include "firewall_world.h"

#include <netinet/in.h>
#include <stdio.h>

#include "nft.h"
#include "state.h"

static void test_fences(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct fence nat = world_fence(NSNET_REACH_NAT, "10.99.0.1", "fd99::1");
	struct fence route = world_fence(NSNET_REACH_ROUTE, "10.99.0.1", "fd99::1");
	struct fence internal = world_fence(NSNET_REACH_INTERNAL, "10.99.0.2", NULL);
	const char *before;

	world_set_fence(*state, "nsnet0", &world_no_fence, &nat);
	world_holds("networks", "\"nsnet0\"");
	world_holds("reaching", "\"nsnet0\"");
	world_holds("routed", "");
	world_holds("natted", "\"nsnet0\"");
	world_holds("own", "\"nsnet0\" . \"nsnet0\"");
	world_holds("pairs", "\"nsnet0\" . \"nsnet0\"");
	world_holds("private4", "10.99.0.1");
	world_holds("private6", "fd99::1");
	before = world_ruleset(&arena);
	world_set_fence(*state, "nsnet0", &nat, &nat);
	assert_string_equal(world_ruleset(&arena), before);

	world_set_fence(*state, "nsnet0", &nat, &route);
	world_holds("reaching", "\"nsnet0\"");
	world_holds("routed", "\"nsnet0\"");
	world_holds("natted", "");
	world_holds("private4", "");
	world_holds("private6", "");
	internal.is_isolated = true;
	world_set_fence(*state, "nsnet0", &route, &internal);
	world_holds("networks", "\"nsnet0\"");
	world_holds("reaching", "");
	world_holds("routed", "");
	world_holds("own", "\"nsnet0\" . \"nsnet0\"");
	world_holds("pairs", "");
	world_holds("private4", "10.99.0.2");
	/* Whatever held before, though nobody says so: only gateways need be named. */
	nat.is_isolated = false;
	world_set_fence(*state, "nsnet0", &internal, &nat);
	assert_string_equal(world_ruleset(&arena), before);

	world_set_fence(*state, "nsnet1", &world_no_fence, &internal);
	world_holds("networks", "\"nsnet0\", \"nsnet1\"");
	world_set_fence(*state, "nsnet1", &internal, &world_no_fence);
	assert_string_equal(world_ruleset(&arena), before);
	world_set_fence(*state, "nsnet1", &world_no_fence, &world_no_fence);
	assert_string_equal(world_ruleset(&arena), before);
	sandbox_do(*state, &(struct step){ .type = STEP_FIREWALL_RESET });
	assert_string_equal(world_ruleset(&arena), "");
	world_set_fence(*state, "nsnet0", &nat, &world_no_fence);
	assert_string_equal(world_ruleset(&arena), "");
}

static void test_uplinks(void **state)
{
	struct step add = { .type = STEP_UPLINK_ADD, .uplink = { "up0", { true, true } } };
	struct step delete = { .type = STEP_UPLINK_DELETE, .uplink = { "up0", { true, true } } };
	autoarena struct arena arena = ARENA_INIT;

	sandbox_do(*state, &delete);
	assert_string_equal(world_ruleset(&arena), "");
	sandbox_do(*state, &add);
	sandbox_do(*state, &add);
	world_holds("uplinks4", "\"up0\"");
	world_holds("uplinks6", "\"up0\"");
	add.uplink.interface = "up1";
	sandbox_do(*state, &add);
	sandbox_do(*state, &delete);
	sandbox_do(*state, &delete);
	world_holds("uplinks4", "\"up1\"");
	world_holds("uplinks6", "\"up1\"");
	add.uplink.is_closed[0] = false;
	sandbox_do(*state, &add);
	world_holds("uplinks4", "");
	world_holds("uplinks6", "\"up1\"");
	add.uplink.is_closed[0] = true;
	add.uplink.is_closed[1] = false;
	sandbox_do(*state, &add);
	world_holds("uplinks4", "\"up1\"");
	world_holds("uplinks6", "");
	add.uplink.interface = "a/b";
	assert_int_equal(sandbox_fail(*state, &add), EINVAL);
	add.uplink.interface = "sixteen-letters-";
	assert_int_equal(sandbox_fail(*state, &add), EINVAL);
}

static void test_ports(void **state)
{
	struct step wrong;

	world_set_port(*state, STEP_PORT_DELETE, "0.0.0.0", 8080, "10.99.0.10");
	world_set_port(*state, STEP_PORT_ADD, "0.0.0.0", 8080, "10.99.0.10");
	world_set_port(*state, STEP_PORT_ADD, "::", 8080, "fd99::a");
	world_set_port(*state, STEP_PORT_ADD, "192.0.2.1", 8080, "10.99.0.11");
	world_set_port(*state, STEP_PORT_ADD, "2001:db8::1", 8080, "fd99::b");
	world_holds("ports4", "tcp . 8080 : 10.99.0.10 . 80");
	world_holds("ports6", "tcp . 8080 : fd99::a . 80");
	world_holds("ports4_at", "192.0.2.1 . tcp . 8080 : 10.99.0.11 . 80");
	world_holds("ports6_at", "2001:db8::1 . tcp . 8080 : fd99::b . 80");
	world_set_port(*state, STEP_PORT_ADD, "0.0.0.0", 8080, "10.99.0.10");
	world_holds("ports4", "tcp . 8080 : 10.99.0.10 . 80");
	world_set_port(*state, STEP_PORT_ADD, "0.0.0.0", 8080, "10.99.0.12");
	world_holds("ports4", "tcp . 8080 : 10.99.0.12 . 80");
	world_set_port(*state, STEP_PORT_ADD, "2001:db8::1", 8080, "fd99::c");
	world_holds("ports6_at", "2001:db8::1 . tcp . 8080 : fd99::c . 80");
	for (unsigned i = 0; i < 2; i++) {
		world_set_port(*state, STEP_PORT_DELETE, "0.0.0.0", 8080, "10.99.0.12");
		world_holds("ports4", "");
	}
	world_holds("ports6", "tcp . 8080 : fd99::a . 80");
	world_set_port(*state, STEP_PORT_DELETE, "2001:db8::1", 8080, "fd99::c");
	world_holds("ports6_at", "");

	wrong = world_port(STEP_PORT_ADD, "192.0.2.1", 8080, "fd99::a");
	assert_int_equal(sandbox_fail(*state, &wrong), EINVAL);
	wrong = world_port(STEP_PORT_ADD, "0.0.0.0", 0, "10.99.0.10");
	assert_int_equal(sandbox_fail(*state, &wrong), EINVAL);
	wrong = world_port(STEP_PORT_ADD, "0.0.0.0", 8080, "10.99.0.10");
	wrong.port.protocol = NSNET_PROTOCOL_UNSET;
	assert_int_equal(sandbox_fail(*state, &wrong), EINVAL);
}

static bool has_port(const struct snapshot *snapshot, int protocol, const char *host,
	uint16_t host_port, const char *target, uint16_t namespace_port)
{
	const struct address host_address = sandbox_address(host),
			     target_address = sandbox_address(target);

	for (size_t i = 0; i < snapshot->n_ports; i++) {
		const struct snapshot_port *port = &snapshot->ports[i];

		if (port->protocol == protocol && port->host_port == host_port &&
			port->namespace_port == namespace_port &&
			address_is_equal(&port->host, &host_address) &&
			address_is_equal(&port->target, &target_address))
			return true;
	}
	return false;
}

static void test_snapshot(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct snapshot snapshot;

	assert_int_equal(kernel_snapshot_links(*state, &arena, &snapshot), 0);
	assert_int_equal(snapshot.n_ports, 0);
	world_make_fence(*state);
	assert_true(sandbox_does("nft list map inet nsnetd ports4 >/dev/null"));
	world_set_port(*state, STEP_PORT_ADD, "0.0.0.0", 8080, "10.99.0.10");
	world_set_port(*state, STEP_PORT_ADD, "::", 65535, "fd99::a");
	world_set_port(*state, STEP_PORT_ADD, "192.0.2.1", 1, "10.99.0.11");
	world_set_port(*state, STEP_PORT_ADD, "2001:db8::1", 8080, "fd99::b");
	world_restart(state);
	assert_int_equal(kernel_snapshot_links(*state, &arena, &snapshot), 0);
	assert_int_equal(snapshot.n_ports, 4);
	assert_true(has_port(&snapshot, IPPROTO_TCP, "0.0.0.0", 8080, "10.99.0.10", 80));
	assert_true(has_port(&snapshot, IPPROTO_TCP, "::", 65535, "fd99::a", 80));
	assert_true(has_port(&snapshot, IPPROTO_TCP, "192.0.2.1", 1, "10.99.0.11", 80));
	assert_true(has_port(&snapshot, IPPROTO_TCP, "2001:db8::1", 8080, "fd99::b", 80));
}

/* What stands there of links and gateways that are nobody's goes, and nothing else. */
static void test_swept(void **state)
{
	const struct fence nat = world_fence(NSNET_REACH_NAT, "10.99.0.1", "fd99::1");
	const struct fence other = world_fence(NSNET_REACH_ROUTE, "10.98.0.1", NULL);
	const struct fence inside = world_fence(NSNET_REACH_INTERNAL, "10.97.0.1", "fd97::1");
	const struct sandbox_namespace ns1 = { "ns1", 0, 10, 1, 0, 0 },
				       ns2 = { "ns2", 0, 20, 2, 0, 0 };
	const struct address gateways[] = { sandbox_address("10.99.0.1"),
		sandbox_address("fd99::1") };
	const char *links[] = { "nsnet0", "nsnet0a", "nsv1" };
	struct kernel_wanted wanted = {
		.links = links,
		.n_links = lengthof(links),
		.gateways = gateways,
		.n_gateways = lengthof(gateways),
	};
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);
	const char *before;

	assert_int_equal(kernel_sweep_firewall(*state, &wanted), 0);
	assert_string_equal(world_ruleset(&arena), "");
	sandbox_plan_guard(&plan, STEP_GUARD_ADD, &ns1);
	sandbox_apply(*state, &plan);
	world_set_fence(*state, "nsnet0", &world_no_fence, &nat);
	before = world_ruleset(&arena);
	assert_int_equal(kernel_sweep_firewall(*state, &wanted), 0);
	assert_string_equal(world_ruleset(&arena), before);
	plan = (struct plan)PLAN_INIT(&arena);
	sandbox_plan_guard(&plan, STEP_GUARD_ADD, &ns2);
	sandbox_apply(*state, &plan);
	world_set_fence(*state, "nsnet1", &world_no_fence, &other);
	world_set_fence(*state, "nsnet2", &world_no_fence, &inside);
	world_holds("private4", "10.97.0.1, 10.99.0.1");
	/* Of others that cannot be named, gateways stay. */
	wanted.keeps_gateways = true;
	assert_int_equal(kernel_sweep_firewall(*state, &wanted), 0);
	world_holds("private4", "10.97.0.1, 10.99.0.1");
	world_holds("networks", "\"nsnet0\"");
	wanted.keeps_gateways = false;
	assert_int_equal(kernel_sweep_firewall(*state, &wanted), 0);
	assert_string_equal(world_ruleset(&arena), before);
	/* Nothing is anybody's. */
	wanted = (struct kernel_wanted){ 0 };
	assert_int_equal(kernel_sweep_firewall(*state, &wanted), 0);
	world_holds("networks", "");
	world_holds("private4", "");
	world_holds("private6", "");
	sandbox_hides("nft list ruleset", "elements");
}

/* Something in their place that cannot become ours: nothing is left behind, and it is said why. */
static void test_refused(void **state)
{
	const struct fence nat = world_fence(NSNET_REACH_NAT, "10.99.0.1", NULL);
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);
	struct kernel_error error;
	const char *before;

	assert_true(sandbox_does("nft add table inet nsnetd && nft add set inet nsnetd networks "
				 "'{ type ipv4_addr; }'"));
	before = world_ruleset(&arena);
	plan_add(&plan, &(struct step){ .type = STEP_FENCE_SET,
				.fence = { "nsnet0", world_no_fence, nat } });
	assert_int_equal(kernel_apply(*state, &plan, &error), 1);
	assert_int_equal(error.error, EOPNOTSUPP);
	assert_non_null(after(error.message, "nf_tables: "));
	assert_string_equal(world_ruleset(&arena), before);
}

/* A kernel without any of it. */
static void test_nothing(void **state)
{
	const struct fence nat = world_fence(NSNET_REACH_NAT, "10.99.0.1", NULL);
	struct step port = world_port(STEP_PORT_ADD, "0.0.0.0", 8080, "10.99.0.10");
	struct kernel *kernel = *state;
	int fd;

	kernel->has_guards = kernel->has_persist = false;
	assert_false(kernel_has(kernel, "nat"));
	assert_false(kernel_has(kernel, "ports"));
	assert_int_equal(sandbox_fail(kernel, &(struct step){ .type = STEP_FENCE_SET,
						      .fence = { "nsnet0", world_no_fence, nat } }),
		EOPNOTSUPP);
	assert_int_equal(sandbox_fail(kernel, &port), EOPNOTSUPP);
	world_set_fence(kernel, "nsnet0", &nat, &world_no_fence);
	port.type = STEP_PORT_DELETE;
	sandbox_do(kernel, &port);
	port.type = STEP_FLOWS_DELETE;
	sandbox_do(kernel, &port);
	sandbox_do(kernel, &(struct step){ .type = STEP_FIREWALL_RESET });
	assert_int_equal(nft_watch(kernel, &fd), -EOPNOTSUPP);
	assert_false(nft_was_changed(kernel));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_fences),
		WORLD_TEST(test_uplinks),
		WORLD_TEST(test_ports),
		WORLD_TEST(test_snapshot),
		WORLD_TEST(test_swept),
		WORLD_TEST(test_refused),
		WORLD_TEST_OLD(test_refused),
		WORLD_TEST(test_nothing),
	};

	sandbox_enter();
	return cmocka_run_group_tests_name("firewall tables", tests, NULL, NULL);
}
