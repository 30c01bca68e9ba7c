/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_guard - what may come from a port, as others see it: the tables, the port; test_attacks tries them
 */
#include "firewall_world.h"

static const struct sandbox_namespace first = { "ns1", 0, 10, 1, 0, 0 };
static const struct sandbox_namespace second = { "ns2", 0, 20, 2, 0, 0 };

static void apply(struct kernel *kernel, enum step_type type, const struct sandbox_namespace *ns)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);

	if (type == STEP_FIREWALL_RESET)
		plan_add(&plan, &(struct step){ .type = type });
	else
		sandbox_plan_guard(&plan, type, ns);
	sandbox_apply(kernel, &plan);
}

static void shows(const char *set, const char *text)
{
	autoarena struct arena arena = ARENA_INIT;

	sandbox_shows(
		arena_printf(&arena, "nft list set bridge nsnetd %s | tr -s '\\n\\t' ' '", set),
		text);
}

static void check_first(void)
{
	shows("guarded", "\"nsv1\"");
	shows("mac", "\"nsv1\" . 02:6e:0a:63:00:0a");
	shows("mac_ip4", "\"nsv1\" . 02:6e:0a:63:00:0a . 10.99.0.10");
	shows("mac_arp", "\"nsv1\" . 02:6e:0a:63:00:0a . 10.99.0.10");
	shows("mac_ip6", "\"nsv1\" . 02:6e:0a:63:00:0a . fd99::a");
	shows("mac_ip6", "\"nsv1\" . 02:6e:0a:63:00:0a . fe80::6e:aff:fe63:a");
	shows("mac_nd", "\"nsv1\" . 02:6e:0a:63:00:0a . 0xfd99000000000000000000000000000a");
	shows("mac_nd", "\"nsv1\" . 02:6e:0a:63:00:0a . 0xfe80000000000000006e0afffe63000a");
}

static void test_elements(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	const char *one, *two;

	assert_string_equal(world_ruleset(&arena), "");
	apply(kernel, STEP_GUARD_ADD, &first);
	check_first();
	one = world_ruleset(&arena);
	assert_null(strstr(one, "nsv2"));
	apply(kernel, STEP_GUARD_ADD, &first);
	assert_string_equal(world_ruleset(&arena), one);

	apply(kernel, STEP_GUARD_ADD, &second);
	check_first();
	shows("mac_ip4", "\"nsv2\" . 02:6e:0a:63:00:14 . 10.99.0.20");
	two = world_ruleset(&arena);
	assert_string_not_equal(two, one);
	apply(kernel, STEP_GUARD_DELETE, &second);
	assert_string_equal(world_ruleset(&arena), one);
	apply(kernel, STEP_GUARD_DELETE, &second);
	assert_string_equal(world_ruleset(&arena), one);

	apply(kernel, STEP_FIREWALL_RESET, NULL);
	assert_string_equal(world_ruleset(&arena), "");
	apply(kernel, STEP_FIREWALL_RESET, NULL);
	apply(kernel, STEP_GUARD_DELETE, &first);
	assert_string_equal(world_ruleset(&arena), "");
	apply(kernel, STEP_GUARD_ADD, &first);
	assert_string_equal(world_ruleset(&arena), one);
}

/* Of one family, or of none. */
static void test_families(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);

	sandbox_plan_guard(&plan, STEP_GUARD_ADD, &first);
	sandbox_plan_guard(&plan, STEP_GUARD_ADD, &second);
	plan.steps[0].guard.addresses[0] = (struct address){ .family = AF_UNSPEC };
	plan.steps[1].guard.addresses[1] = (struct address){ .family = AF_UNSPEC };
	sandbox_apply(*state, &plan);
	shows("mac", "\"nsv1\" . 02:6e:0a:63:00:0a");
	shows("mac_ip6", "\"nsv1\" . 02:6e:0a:63:00:0a . fd99::a");
	sandbox_hides("nft list set bridge nsnetd mac_ip4", "nsv1");
	sandbox_hides("nft list set bridge nsnetd mac_arp", "nsv1");
	shows("mac", "\"nsv2\" . 02:6e:0a:63:00:14");
	shows("mac_ip4", "\"nsv2\" . 02:6e:0a:63:00:14 . 10.99.0.20");
	shows("mac_ip6", "\"nsv2\" . 02:6e:0a:63:00:14 . fe80::6e:aff:fe63:14");
	sandbox_hides("nft list set bridge nsnetd mac_ip6", "fd99::14");
}

/* An address beside others: it alone comes and goes. */
static void test_extra(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);
	const char *before;

	apply(*state, STEP_GUARD_ADD, &first);
	before = world_ruleset(&arena);
	sandbox_plan_guard(&plan, STEP_GUARD_ADD, &first);
	plan.steps[0].guard.is_extra = true;
	plan.steps[0].guard.addresses[0].bytes[3] = 99;
	plan.steps[0].guard.addresses[1].bytes[15] = 0x99;
	sandbox_apply(*state, &plan);
	check_first();
	shows("mac_ip4", "\"nsv1\" . 02:6e:0a:63:00:0a . 10.99.0.99");
	shows("mac_arp", "\"nsv1\" . 02:6e:0a:63:00:0a . 10.99.0.99");
	shows("mac_ip6", "\"nsv1\" . 02:6e:0a:63:00:0a . fd99::99");
	shows("mac_nd", "\"nsv1\" . 02:6e:0a:63:00:0a . 0xfd990000000000000000000000000099");
	plan.steps[0].type = STEP_GUARD_DELETE;
	sandbox_apply(*state, &plan);
	assert_string_equal(world_ruleset(&arena), before);
}

/* The tables outlive the process; the next one makes the rules anew and loses no guard. */
static void test_restart(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *both;

	apply(*state, STEP_GUARD_ADD, &first);
	apply(*state, STEP_GUARD_ADD, &second);
	both = world_ruleset(&arena);
	apply(*state, STEP_GUARD_DELETE, &second);
	kernel_free(*state);
	*state = sandbox_kernel();
	assert_true(sandbox_does("nft add rule bridge nsnetd guest accept"));
	apply(*state, STEP_GUARD_ADD, &second);
	assert_string_equal(world_ruleset(&arena), both);
}

/* Somebody else's programs do not know whose tables are whose. */
static void test_flushed(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *one;

	apply(*state, STEP_GUARD_ADD, &first);
	one = world_ruleset(&arena);
	assert_true(sandbox_does("nft flush ruleset"));
	apply(*state, STEP_GUARD_ADD, &first);
	assert_string_equal(world_ruleset(&arena), one);
	assert_true(sandbox_does("nft flush ruleset"));
	apply(*state, STEP_GUARD_DELETE, &first);
	apply(*state, STEP_FIREWALL_RESET, NULL);
	assert_string_equal(world_ruleset(&arena), "");
}

/* Other tables stay, whatever we do. */
static void test_others(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *before;

	assert_true(sandbox_does(
		"nft add table inet theirs && nft add table bridge theirs && "
		"nft add chain inet theirs c '{ type filter hook input priority 0; }'"));
	before = world_ruleset(&arena);
	apply(*state, STEP_GUARD_ADD, &first);
	sandbox_shows("nft list tables", "table inet theirs\n");
	apply(*state, STEP_FIREWALL_RESET, NULL);
	assert_string_equal(world_ruleset(&arena), before);
}

static void test_refused(void **state)
{
	static const char *const ports[] = { "", "nsv1\" }; flush ruleset", "sixteen-letters-",
		"a/b" };
	autoarena struct arena arena = ARENA_INIT;

	for (size_t i = 0; i < lengthof(ports); i++) {
		struct plan plan = PLAN_INIT(&arena);
		struct kernel_error error;

		sandbox_plan_guard(&plan, STEP_GUARD_ADD, &first);
		plan.steps[0].guard.port = ports[i];
		assert_int_equal(kernel_apply(*state, &plan, &error), 1);
		assert_int_equal(error.error, EINVAL);
		assert_string_equal(world_ruleset(&arena), "");
	}
}

/* A set of that name that is another: nothing is done, and the error has words. */
static void test_words(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);
	struct kernel_error error;
	const char *before;

	assert_true(sandbox_does(
		"nft add table bridge nsnetd && nft add set bridge nsnetd mac '{ type ipv4_addr; }'"));
	before = world_ruleset(&arena);
	sandbox_plan_guard(&plan, STEP_GUARD_ADD, &first);
	assert_int_equal(kernel_apply(*state, &plan, &error), 1);
	assert_int_equal(error.error, EOPNOTSUPP);
	assert_true(after(error.message, "nf_tables: ") != NULL);
	assert_string_equal(world_ruleset(&arena), before);
}

static void test_port(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena), isolated = PLAN_INIT(&arena);
	struct sandbox_namespace ns1 = first, ns2 = second, ns3 = { "ns3", 0, 30, 3, 0, 0 };
	struct kernel *kernel = *state;

	sandbox_make_network(kernel, 0);
	sandbox_plan_guarded(&plan, &ns1);
	sandbox_apply(kernel, &plan);
	sandbox_make(kernel, &ns2);
	sandbox_plan_namespace(&isolated, &ns3);
	assert_int_equal(isolated.steps[1].type, STEP_VETH_ADD);
	isolated.steps[1].veth.is_isolated = true;
	sandbox_apply(kernel, &isolated);

	sandbox_shows("bridge -d link show dev nsv1", "state forwarding");
	sandbox_shows("bridge -d link show dev nsv1", "learning off flood off");
	sandbox_shows("bridge -d link show dev nsv1", "mcast_flood on bcast_flood on");
	sandbox_shows("bridge -d link show dev nsv1", "isolated off locked on");
	sandbox_shows("bridge fdb show dev nsv1", "02:6e:0a:63:00:0a master nsnet0 static");
	sandbox_shows("ip link show dev nsv1", "NOARP");
	sandbox_shows("bridge -d link show dev nsv2", "learning on flood on");
	sandbox_shows("bridge -d link show dev nsv2", "isolated off locked off");
	sandbox_hides("ip link show dev nsv2", "NOARP");
	sandbox_shows("bridge -d link show dev nsv3", "learning on flood on");
	sandbox_shows("bridge -d link show dev nsv3", "isolated on locked off");

	sandbox_delete(kernel, &ns1);
	sandbox_delete(kernel, &ns2);
	sandbox_delete(kernel, &ns3);
	sandbox_wait_gone(kernel, &ns1);
	sandbox_wait_gone(kernel, &ns2);
	sandbox_wait_gone(kernel, &ns3);
	sandbox_delete_network(kernel, 0);
}

/* A later step fails: the guard is gone again, the other one not. */
static void test_taken_back(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);
	struct sandbox_namespace ns = second;
	struct kernel_error error;
	const char *before;

	apply(*state, STEP_GUARD_ADD, &first);
	before = world_ruleset(&arena);
	/* There is no bridge. */
	sandbox_plan_guarded(&plan, &ns);
	assert_int_equal(kernel_apply(*state, &plan, &error), 1);
	assert_int_equal(error.step->type, STEP_VETH_ADD);
	assert_string_equal(world_ruleset(&arena), before);
}

static void test_many(void **state)
{
	enum { MANY = 500 };
	autoarena struct arena arena = ARENA_INIT;
	struct plan add = PLAN_INIT(&arena), delete = PLAN_INIT(&arena);
	const char *before;

	apply(*state, STEP_GUARD_ADD, &first);
	before = world_ruleset(&arena);
	for (unsigned i = 0; i < MANY; i++) {
		struct sandbox_namespace ns = { "ns", 1 + i / 200, 2 + i % 200, 10 + i, 0, 0 };

		sandbox_plan_guard(&add, STEP_GUARD_ADD, &ns);
		sandbox_plan_guard(&delete, STEP_GUARD_DELETE, &ns);
	}
	sandbox_apply(*state, &add);
	assert_int_equal(atoi(sandbox_run(&arena, NULL,
				 "nft list set bridge nsnetd mac_ip6 | grep -o '\"nsv' | wc -l")),
		2 * (1 + MANY));
	sandbox_apply(*state, &delete);
	assert_string_equal(world_ruleset(&arena), before);
}

static void test_feature(void **state)
{
	assert_int_equal(kernel_has(*state, "guard"),
		sandbox_does("nft add table bridge theirs 2>/dev/null"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_feature),
		WORLD_TEST(test_elements),
		WORLD_TEST(test_families),
		WORLD_TEST(test_extra),
		WORLD_TEST(test_restart),
		WORLD_TEST(test_flushed),
		WORLD_TEST(test_others),
		WORLD_TEST(test_refused),
		WORLD_TEST(test_words),
		WORLD_TEST(test_port),
		WORLD_TEST(test_taken_back),
		WORLD_TEST(test_many),
	};

	sandbox_enter();
	return cmocka_run_group_tests_name("guard", tests, NULL, NULL);
}
