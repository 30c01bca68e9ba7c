/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_attacks - attacks.py without a guard, where each attack must succeed, and behind one, where none may
 */
#include "sandbox.h"

#include <stdio.h>

struct world {
	struct kernel *kernel;
	struct sandbox_namespace alice, bob, far;
};

/* As on any host with a firewall that looks at connections. */
static const char firewall[] =
	"table inet firewall { "
	"chain input { type filter hook input priority 10; ct state new accept; }; "
	"chain forward { type filter hook forward priority 10; ct state new accept; }; }";

static void make(struct world *world, bool is_guarded, bool is_isolated)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);

	/* The host's table of connections remembers the last one for a while. */
	sandbox_enter();
	*world = (struct world){
		.kernel = sandbox_kernel(),
		.alice = { "ns1", 0, 10, 1, 0, 0 },
		.bob = { "ns2", 0, 20, 2, 0, 0 },
		.far = { "ns3", 1, 30, 3, 0, 0 },
	};
	assert_true(sandbox_does("nft '%s'", firewall));
	sandbox_make_network(world->kernel, 0);
	sandbox_make_network(world->kernel, 1);
	if (is_guarded) {
		sandbox_plan_guarded(&plan, &world->alice);
		sandbox_plan_guarded(&plan, &world->bob);
	} else {
		sandbox_plan_namespace(&plan, &world->alice);
		sandbox_plan_namespace(&plan, &world->bob);
	}
	sandbox_plan_namespace(&plan, &world->far);
	for (size_t i = 0; i < plan.n; i++)
		if (plan.steps[i].type == STEP_VETH_ADD)
			plan.steps[i].veth.is_isolated = is_isolated;
	sandbox_apply(world->kernel, &plan);
}

static void take_away(struct world *world)
{
	const struct sandbox_namespace *const all[] = { &world->alice, &world->bob, &world->far };

	for (size_t i = 0; i < lengthof(all); i++)
		sandbox_delete(world->kernel, all[i]);
	for (size_t i = 0; i < lengthof(all); i++)
		sandbox_wait_gone(world->kernel, all[i]);
	sandbox_delete_network(world->kernel, 1);
	sandbox_delete_network(world->kernel, 0);
	kernel_free(world->kernel);
}

static void attack(bool is_guarded)
{
	autoarena struct arena arena = ARENA_INIT;
	struct world world;
	const char *output;
	int status;

	make(&world, is_guarded, false);
	output = sandbox_run(&arena, &status, "python3 %s/attacks.py %s 2>&1", ATTACKS_DIR,
		is_guarded ? "stopped" : "through");
	(void)fputs(output, stdout);
	(void)fflush(stdout);
	assert_int_equal(status, 0);
	take_away(&world);
}

static void test_open(void **state)
{
	(void)state;
	attack(false);
}

static void test_guarded(void **state)
{
	(void)state;
	attack(true);
}

/* Neighbours do not reach each other at all, but the gateway and what is behind it. */
static void check_isolated(bool is_guarded)
{
	struct world world;

	make(&world, is_guarded, true);
	assert_true(sandbox_does("ip netns exec ns1 ping -nqc1 -W5 10.99.0.1 >/dev/null"));
	assert_true(sandbox_does("ip netns exec ns1 ping -nqc1 -W5 fd99::1 >/dev/null"));
	assert_true(sandbox_does("ip netns exec ns1 ping -nqc1 -W5 10.99.1.30 >/dev/null"));
	assert_false(sandbox_does("ip netns exec ns1 ping -nqc2 -i0.2 -W1 10.99.0.20 >/dev/null"));
	assert_false(sandbox_does("ip netns exec ns1 ping -nqc2 -i0.2 -W1 fd99::14 >/dev/null"));
	take_away(&world);
}

static void test_isolated(void **state)
{
	(void)state;
	check_isolated(false);
	check_isolated(true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_open),
		cmocka_unit_test(test_guarded),
		cmocka_unit_test(test_isolated),
	};

	sandbox_enter();
	return cmocka_run_group_tests_name("attacks", tests, NULL, NULL);
}
