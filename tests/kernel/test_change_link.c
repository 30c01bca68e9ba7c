/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_change_link - interfaces of the host that are lent to a namespace, and come back
 */
#include "sandbox.h"

#include <stdio.h>

static struct step link_step(enum step_type type, const char *interface)
{
	return (struct step){ .type = type, .netns = "ns1", .link = { interface } };
}

static void take_it(struct kernel *kernel, const char *interface)
{
	struct step step = link_step(STEP_LINK_TAKE, interface);

	sandbox_do(kernel, &step);
}

static void give_it(struct kernel *kernel, const char *interface)
{
	struct step step = link_step(STEP_LINK_GIVE, interface);

	sandbox_do(kernel, &step);
}

static int find(struct kernel *kernel, const char *interface)
{
	autoarena struct arena arena = ARENA_INIT;
	struct string_list addresses;

	return kernel_find_link(kernel, interface, &arena, &addresses);
}

static void test_find(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct string_list addresses;

	assert_true(sandbox_does(
		"ip link add wg7 type veth peer name wg7p && ip link set wg7 up && ip link set wg7p up && "
		"ip addr add 192.0.2.1/24 dev wg7 && ip addr add 192.0.2.9/32 dev wg7 && "
		"ip addr add 2001:db8::1/64 dev wg7 nodad && ip addr add 192.0.2.77/24 dev wg7p && "
		"ip link property add dev wg7 altname second && "
		"ip link add br7 type bridge && ip link add p7 master br7 type veth peer name p7p"));
	assert_int_equal(kernel_find_link(kernel, "wg7", &arena, &addresses), 0);
	assert_int_equal(addresses.n, 3);
	assert_string_equal(addresses.items[0], "192.0.2.1/24");
	assert_string_equal(addresses.items[1], "192.0.2.9/32");
	assert_string_equal(addresses.items[2], "2001:db8::1/64");
	assert_int_equal(kernel_find_link(kernel, "p7p", &arena, &addresses), 0);
	assert_int_equal(addresses.n, 0);
	assert_int_equal(find(kernel, "wg8"), -ENODEV);
	assert_int_equal(find(kernel, "second"), -ENODEV);
	assert_int_equal(find(kernel, "a/b"), -ENODEV);
	assert_int_equal(find(kernel, "lo") < 0, true);
	assert_int_equal(find(kernel, "nsnet0"), -EBUSY);
	assert_int_equal(find(kernel, "nsv1"), -EBUSY);
	assert_int_equal(find(kernel, "nsnet0ap"), -EBUSY);
	assert_int_equal(find(kernel, "p7"), -EBUSY);

	/* Nor do they go by a step. */
	for (size_t i = 0; i < 5; i++) {
		static const char *const names[] = { "nsnet0", "nsv1", "nsnet0ap", "p7", "lo" };
		struct step step = link_step(STEP_LINK_TAKE, names[i]);
		int error = sandbox_fail(kernel, &step);

		assert_true(error == EBUSY || (i == 4 && error == EINVAL));
		assert_true(sandbox_does("ip link show %s >/dev/null", names[i]));
	}
	assert_true(sandbox_does("ip link del wg7; ip link del p7; ip link del br7"));
}

#define MAKE \
	"ip link add wg7 address 02:00:00:00:00:07 type veth peer name wg7p && " \
	"sysctl -qw net.ipv6.conf.wg7p.disable_ipv6=1 && ip link set wg7p up && " \
	"ip addr add 192.0.2.1/24 dev wg7"

static void test_take_and_give(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	const char *before;

	assert_true(
		sandbox_does("ip link add wg7 address 02:00:00:00:00:07 type veth peer name wg7p"));
	before = sandbox_picture(&arena);
	take_it(kernel, "wg7");
	assert_false(sandbox_does("ip link show wg7 >/dev/null 2>&1"));
	sandbox_shows("ip -n ns1 link show wg7", "02:00:00:00:00:07");
	sandbox_shows("ip -n ns1 link show wg7", ",UP");
	assert_true(sandbox_does("ip -n ns1 addr add 192.0.2.1/24 dev wg7"));
	give_it(kernel, "wg7");
	sandbox_shows("ip link show wg7", "02:00:00:00:00:07");
	sandbox_hides("ip link show wg7", ",UP");
	sandbox_hides("ip link show wg7", "altname");
	sandbox_hides("ip addr show wg7", "192.0.2.1");
	sandbox_is_as(before);
	/* Not inside any more: no error. */
	give_it(kernel, "wg7");
	give_it(kernel, "wg8");
	sandbox_is_as(before);

	assert_int_equal(sandbox_fail(kernel, &(struct step){ .type = STEP_LINK_TAKE,
						      .netns = "ns9",
						      .link = { "wg7" } }),
		ENOENT);
	sandbox_do(kernel,
		&(struct step){ .type = STEP_LINK_GIVE, .netns = "ns9", .link = { "wg7" } });
	sandbox_is_as(before);
	assert_true(sandbox_does("ip link del wg7"));
}

static void test_taken_back(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct plan plan = PLAN_INIT(&arena);
	struct step step = link_step(STEP_LINK_TAKE, "wg7");
	struct kernel_error error;
	const char *before;

	assert_true(sandbox_does(MAKE));
	plan_add(&plan, &step);
	plan_add(&plan, &(struct step){ .type = STEP_NETNS_ADD, .netns = "ns1" });
	assert_int_equal(kernel_apply(kernel, &plan, &error), 1);
	assert_int_equal(error.error, EEXIST);
	sandbox_shows("ip link show wg7", "02:00:00:00:00:07");
	sandbox_hides("ip -n ns1 link", "wg7");

	/* The name is taken inside: it stays, and as it was. */
	before = sandbox_picture(&arena);
	assert_true(sandbox_does("ip -n ns1 link add wg7 type bridge"));
	assert_int_equal(sandbox_fail(kernel, &step), EEXIST);
	sandbox_hides("ip link show wg7", "altname");
	sandbox_is_as(before);
	assert_true(sandbox_does("ip -n ns1 link del wg7"));

	/* What a crash left: the second name alone. */
	assert_true(sandbox_does("ip link property add dev wg7 altname nsnetd-lent-wg7"));
	take_it(kernel, "wg7");
	give_it(kernel, "wg7");
	sandbox_is_as(before);
	assert_true(sandbox_does("ip link del wg7"));
}

static void test_renamed(void **state)
{
	struct kernel *kernel = *state;

	assert_true(sandbox_does(MAKE));
	take_it(kernel, "wg7");
	/* Somebody has put another in its place. */
	assert_true(
		sandbox_does("ip -n ns1 link set wg7 down && ip -n ns1 link set wg7 name moved && "
			     "ip -n ns1 link add wg7 type bridge"));
	give_it(kernel, "wg7");
	sandbox_shows("ip link show wg7", "02:00:00:00:00:07");
	sandbox_shows("ip -n ns1 -d link show wg7", "bridge");
	sandbox_hides("ip -n ns1 link", "moved");
	assert_true(sandbox_does("ip -n ns1 link del wg7"));

	/* Without its second name its own will do. */
	take_it(kernel, "wg7");
	assert_true(sandbox_does("ip -n ns1 link property del dev wg7 altname nsnetd-lent-wg7"));
	give_it(kernel, "wg7");
	sandbox_shows("ip link show wg7", "02:00:00:00:00:07");

	/* But never what hangs on a bridge of ours. */
	take_it(kernel, "wg7");
	assert_true(sandbox_does("ip -n ns1 link del wg7 && ip -n ns1 link set eth0 down && "
				 "ip -n ns1 link set eth0 name wg7"));
	give_it(kernel, "wg7");
	sandbox_shows("ip -n ns1 link", "wg7");
	assert_false(sandbox_does("ip link show wg7 >/dev/null 2>&1"));
}

/* It is never lost. */
static void test_name_taken(void **state)
{
	struct kernel *kernel = *state;

	assert_true(sandbox_does(MAKE));
	take_it(kernel, "wg7");
	assert_true(sandbox_does("ip link add wg7 type bridge && ip link add nsback0 type bridge"));
	give_it(kernel, "wg7");
	sandbox_shows("ip link show nsback1", "02:00:00:00:00:07");
	sandbox_hides("ip link show nsback1", "altname");
	sandbox_shows("ip -d link show wg7", "bridge");
	sandbox_hides("ip -n ns1 link", "wg7");
	assert_true(sandbox_does("ip link del nsback1; ip link del nsback0; ip link del wg7"));

	/* Another's second name is in the way: it stays inside, and that is told. */
	assert_true(sandbox_does(MAKE));
	take_it(kernel, "wg7");
	assert_true(sandbox_does("ip link property add dev nsnet0ap altname nsnetd-lent-wg7"));
	assert_int_equal(sandbox_fail(kernel, &(struct step){ .type = STEP_LINK_GIVE,
						      .netns = "ns1",
						      .link = { "wg7" } }),
		EEXIST);
	sandbox_shows("ip -n ns1 link", "wg7");
	assert_true(sandbox_does("ip link property del dev nsnet0ap altname nsnetd-lent-wg7"));
	give_it(kernel, "wg7");
	assert_true(sandbox_does("ip link del wg7"));
}

/* The process that lent it ended. */
static void test_restart(void **state)
{
	struct kernel *kernel = *state;

	assert_true(sandbox_does(MAKE));
	take_it(kernel, "wg7");
	assert_true(
		sandbox_does("ip -n ns1 link set wg7 down && ip -n ns1 link set wg7 name moved"));
	kernel_free(kernel);
	*state = kernel = sandbox_kernel();
	assert_int_equal(kernel_adopt(kernel, "ns1"), 0);
	give_it(kernel, "wg7");
	sandbox_shows("ip link show wg7", "02:00:00:00:00:07");
	assert_true(sandbox_does("ip link del wg7"));
}

/* Who owns a namespace could send something else back. */
static void test_owned(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct plan plan = PLAN_INIT(&arena);
	int64_t inode = 0, cookie = 0;

	assert_true(sandbox_does(MAKE));
	plan_add(&plan, &(struct step){ .type = STEP_NETNS_ADD,
				.netns = "owned",
				.facts = { .ret_inode = &inode,
					.ret_cookie = &cookie,
					.is_owned = true,
					.uid = 65534,
					.gid = 65534 } });
	sandbox_apply(kernel, &plan);
	assert_int_equal(sandbox_fail(kernel, &(struct step){ .type = STEP_LINK_TAKE,
						      .netns = "owned",
						      .link = { "wg7" } }),
		EPERM);
	sandbox_hides("ip link show wg7", "altname");
	plan = PLAN_INIT(&arena);
	plan_add(&plan, &(struct step){ .type = STEP_NETNS_DROP, .netns = "owned" });
	sandbox_apply(kernel, &plan);
	assert_true(sandbox_does("ip link del wg7"));
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, sandbox_set_up_namespace, sandbox_tear_down_namespace)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_find),
		TEST(test_take_and_give),
		TEST(test_taken_back),
		TEST(test_renamed),
		TEST(test_name_taken),
		TEST(test_restart),
		TEST(test_owned),
	};

	sandbox_enter();
	return cmocka_run_group_tests_name("link", tests, NULL, NULL);
}
