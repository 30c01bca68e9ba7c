/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_kernel_faults - what fails is taken back whole, and what is somebody else's is left alone
 */
#include "sandbox.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "snapshot.h"

static void fails_only(
	struct kernel *kernel, const struct plan *plan, const struct step *step, int error)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel_error told = { .error = 0 };

	assert_int_equal(kernel_apply(kernel, plan, &told), 1);
	assert_ptr_equal(told.step, step);
	if (told.error != error)
		fail_msg("%s: %s, not %s", step_print(step, &arena), strerror(told.error),
			strerror(error));
}

/* A plan that fails at that step with that error; then all is as it was before. The namespace itself goes in the kernel's own
 * time, and is not to be seen any more. */
static void fails(
	struct kernel *kernel, const struct plan *plan, const struct step *step, int error)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *before = sandbox_picture(&arena);

	fails_only(kernel, plan, step, error);
	sandbox_is_as(before);
}

static struct step *find(const struct plan *plan, enum step_type type)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->steps[i].type == type)
			return &plan->steps[i];
	abort();
}

/* Puts a step that must fail (a route by way of a stranger) behind each of the others in turn. */
static void test_each_place(void **state)
{
	struct kernel *kernel = *state;
	size_t n = 1;

	for (size_t place = 1; place <= n; place++) {
		autoarena struct arena arena = ARENA_INIT;
		struct sandbox_namespace ns = { "ns1", 0, 10, (unsigned)place, 0, 0 };
		struct plan whole = PLAN_INIT(&arena), plan = PLAN_INIT(&arena);
		struct step wrong = { .type = STEP_ROUTE_ADD, .netns = "ns1" };

		wrong.route.interface = "lo";
		assert_true(prefix_parse("198.51.100.0/24", &wrong.route.destination));
		assert_true(address_parse("203.0.113.1", &wrong.route.gateway));
		sandbox_plan_namespace(&whole, &ns);
		n = whole.n;
		for (size_t i = 0; i < whole.n; i++) {
			if (i == place)
				plan_add(&plan, &wrong);
			plan_add(&plan, &whole.steps[i]);
		}
		if (place == n)
			plan_add(&plan, &wrong);
		fails(kernel, &plan, &plan.steps[place], ENETUNREACH);
		assert_int_equal(kernel_open_netns(kernel, "ns1"), -ENOENT);
	}
	assert_int_equal(n, 11);
}

static void test_words(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct sandbox_namespace ns = { "ns1", 0, 10, 1, 0, 0 };
	struct plan plan = PLAN_INIT(&arena);
	struct kernel_error error;

	sandbox_plan_namespace(&plan, &ns);
	assert_true(address_parse("203.0.113.1", &find(&plan, STEP_ROUTE_ADD)->route.gateway));
	assert_int_equal(kernel_apply(kernel, &plan, &error), 1);
	assert_int_equal(error.error, ENETUNREACH);
	assert_string_equal(error.message, "Nexthop has invalid gateway");
	assert_string_equal(step_print(error.step, &arena),
		"ip -n ns1 route add default via 203.0.113.1 dev eth0");
}

/* Of messages that went out together the later ones are carried out by the kernel all the same. */
static void test_together(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct plan plan = PLAN_INIT(&arena);
	static const char *const addresses[] = { "192.0.2.1/24", "198.51.100.1/24", "192.0.2.1/24",
		"203.0.113.1/24" };

	for (size_t i = 0; i < lengthof(addresses); i++) {
		struct step step = { .type = STEP_ADDRESS_ADD };

		step.address.interface = "nsnet0";
		assert_true(prefix_parse(addresses[i], &step.address.address));
		plan_add(&plan, &step);
	}
	fails(kernel, &plan, &plan.steps[2], EEXIST);

	/* One that was there before is not ours to take back. */
	assert_true(sandbox_does("ip addr add 198.51.100.1/24 dev nsnet0"));
	fails(kernel, &plan, &plan.steps[1], EEXIST);
	sandbox_shows("ip addr show nsnet0", "198.51.100.1/24");
	assert_true(sandbox_does("ip addr del 198.51.100.1/24 dev nsnet0"));
}

static void test_foreign_links(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct sandbox_namespace ns = { "ns1", 0, 10, 1, 0, 0 };
	struct plan plan = PLAN_INIT(&arena), gone = PLAN_INIT(&arena), network = PLAN_INIT(&arena);
	struct step step;

	sandbox_plan_namespace(&plan, &ns);
	assert_true(sandbox_does("ip link add nsv1 type bridge"));
	fails(kernel, &plan, find(&plan, STEP_VETH_ADD), EEXIST);

	/* Nor is it taken away, or used, by its name. */
	step = *find(&plan, STEP_VETH_ADD);
	step.type = STEP_VETH_DELETE;
	plan_add(&gone, &step);
	step.type = STEP_VETH_SETTLE;
	plan_add(&gone, &step);
	sandbox_apply(kernel, &gone);
	assert_true(sandbox_does("ip link show nsv1 >/dev/null && ip link del nsv1"));

	assert_true(sandbox_does("ip link add nsnet1 type bridge"));
	sandbox_plan_network(&network, 1);
	fails(kernel, &network, &network.steps[0], EEXIST);
	sandbox_delete_network(kernel, 1);
	assert_true(sandbox_does("ip link show nsnet1 >/dev/null"));
	find(&plan, STEP_VETH_ADD)->veth.bridge = "nsnet1";
	fails(kernel, &plan, find(&plan, STEP_VETH_ADD), ENODEV);
	network.n = 0;
	step = (struct step){ .type = STEP_ADDRESS_ADD };
	step.address.interface = "nsnet1";
	assert_true(prefix_parse("192.0.2.1/24", &step.address.address));
	plan_add(&network, &step);
	fails(kernel, &network, &network.steps[0], ENODEV);
	assert_true(sandbox_does("ip link del nsnet1"));
}

static void test_foreign_anchor(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan network = PLAN_INIT(&arena);

	sandbox_plan_network(&network, 1);
	assert_true(sandbox_does("ip link add nsnet1ap type bridge"));
	fails(*state, &network, &network.steps[0], EEXIST);
	assert_true(sandbox_does("ip link show nsnet1ap >/dev/null && ip link del nsnet1ap"));
}

static void test_foreign_names(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct sandbox_namespace ns = { "ns1", 0, 10, 1, 0, 0 };
	struct plan plan = PLAN_INIT(&arena);

	sandbox_plan_namespace(&plan, &ns);
	assert_true(sandbox_does("ip netns add ns1"));
	fails(kernel, &plan, find(&plan, STEP_NETNS_PIN), EEXIST);
	assert_true(sandbox_does("ip -n ns1 link >/dev/null"));
	/* Not even where a record of ours has that name. */
	sandbox_delete(kernel, &ns);
	assert_true(sandbox_does("ip -n ns1 link >/dev/null"));
	assert_true(sandbox_does("ip netns del ns1"));

	assert_true(sandbox_does("echo mine >/run/netns/ns1"));
	fails(kernel, &plan, find(&plan, STEP_NETNS_PIN), EEXIST);
	sandbox_delete(kernel, &ns);
	sandbox_shows("cat /run/netns/ns1", "mine");
	assert_true(sandbox_does("rm /run/netns/ns1; ln -s /run/elsewhere /run/netns/ns1"));
	fails(kernel, &plan, find(&plan, STEP_NETNS_PIN), EEXIST);
	sandbox_delete(kernel, &ns);
	assert_false(sandbox_does("test -e /run/elsewhere"));
	assert_true(sandbox_does("rm /run/netns/ns1"));
}

/* A name that was unmounted is put back; one that was unlinked is not made again, nor is another's touched. */
static void test_name_again(void **state)
{
	struct kernel *kernel = *state;
	struct sandbox_namespace ns = { "ns1", 0, 10, 1, 0, 0 };
	const struct step pin = { .type = STEP_NETNS_PIN, .netns = "ns1" };
	enum snapshot_name name;

	sandbox_make(kernel, &ns);
	assert_true(sandbox_does("umount /run/netns/ns1"));
	assert_int_equal(kernel_look_name(kernel, "ns1", &name), 0);
	assert_int_equal(name, SNAPSHOT_NAME_BARE);
	sandbox_do(kernel, &pin);
	assert_int_equal(kernel_look_name(kernel, "ns1", &name), 0);
	assert_int_equal(name, SNAPSHOT_NAME_OURS);
	assert_int_equal(sandbox_fail(kernel, &pin), EEXIST);
	assert_true(sandbox_does("umount /run/netns/ns1 && rm /run/netns/ns1"));
	assert_int_equal(sandbox_fail(kernel, &pin), ENOENT);
	assert_true(sandbox_does("! test -e /run/netns/ns1"));
	assert_true(sandbox_does("ip netns add ns1"));
	assert_int_equal(sandbox_fail(kernel, &pin), EEXIST);
	assert_true(sandbox_does("ip netns del ns1"));
	sandbox_delete(kernel, &ns);
	sandbox_wait_gone(kernel, &ns);
}

/* Others delete, and make anew, behind our back. */
static void test_others_change(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct sandbox_namespace ns = { "ns1", 0, 10, 1, 0, 0 };
	const char *before = sandbox_picture(&arena);

	sandbox_make(kernel, &ns);
	assert_true(sandbox_does("ip netns del ns1"));
	sandbox_delete(kernel, &ns);
	sandbox_wait_gone(kernel, &ns);
	sandbox_is_as(before);

	sandbox_make(kernel, &ns);
	assert_true(sandbox_does("umount /run/netns/ns1"));
	sandbox_delete(kernel, &ns);
	sandbox_wait_gone(kernel, &ns);
	sandbox_is_as(before);

	/* Bound twice: podman once waited for ever. */
	sandbox_make(kernel, &ns);
	assert_true(sandbox_does("mount --bind /run/netns/ns1 /run/netns/ns1"));
	sandbox_delete(kernel, &ns);
	sandbox_wait_gone(kernel, &ns);
	sandbox_is_as(before);

	sandbox_make(kernel, &ns);
	assert_true(sandbox_does("ip netns del ns1 && ip netns add ns1"));
	sandbox_delete(kernel, &ns);
	sandbox_wait_gone(kernel, &ns);
	assert_true(sandbox_does("ip netns exec ns1 true && ip netns del ns1"));
	sandbox_is_as(before);

	sandbox_make(kernel, &ns);
	assert_true(sandbox_does("ip link del nsv1"));
	sandbox_delete(kernel, &ns);
	sandbox_reap(kernel);
	sandbox_is_as(before);
}

/* Names are checked again on this floor, whatever the others have done. */
static void test_names(void **state)
{
	static const char *const wrong[] = { "", ".", "..", "../x", "a/b", "/run/x", "a\n", "self",
		"1", "-a", "1234567890123456789012345678901234567890123456789" };
	static const enum step_type types[] = { STEP_NETNS_ADD, STEP_NETNS_DROP, STEP_NETNS_PIN,
		STEP_NETNS_UNPIN, STEP_ETC_ADD, STEP_ETC_DELETE };
	static const char *const keys[] = { "", "net/ipv4/ip_forward",
		"net/ipv4/conf/all/forwarding", "net/ipv4/conf/default/forwarding",
		"net/ipv4/conf/../../ip_forward", "net/ipv4/conf//forwarding",
		"net/ipv4/conf/nsnet0/forwarding/", "net/ipv4/conf/nsnet0/rp_filter",
		"kernel/core_pattern", "net/ipv4/conf/nsnet0",
		"net/ipv4/conf/1234567890123456/forwarding" };
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	const char *before = sandbox_picture(&arena);

	for (size_t i = 0; i < lengthof(wrong); i++) {
		struct plan plan = PLAN_INIT(&arena);

		for (size_t j = 0; j < lengthof(types); j++) {
			plan.n = 0;
			plan_add(&plan, &(struct step){ .type = types[j], .netns = wrong[i] });
			fails_only(kernel, &plan, &plan.steps[0], EINVAL);
		}
		for (enum step_type type = STEP_HOSTS_ADD; type <= STEP_HOSTS_CLEAR; type++) {
			plan.n = 0;
			plan_add(&plan, &(struct step){ .type = type,
						.hosts = { .network = wrong[i], .name = "ns1" } });
			fails_only(kernel, &plan, &plan.steps[0], EINVAL);
		}
		plan.n = 0;
		plan_add(&plan, &(struct step){ .type = STEP_RECORD_DELETE,
					.record = { .name = wrong[i] } });
		fails_only(kernel, &plan, &plan.steps[0], EINVAL);
		assert_true(kernel_adopt(kernel, wrong[i]) < 0);
	}
	for (size_t i = 0; i < lengthof(keys); i++) {
		struct plan plan = PLAN_INIT(&arena);

		plan_add(
			&plan, &(struct step){ .type = STEP_SYSCTL_SET, .sysctl = { keys[i], 1 } });
		fails_only(kernel, &plan, &plan.steps[0], EINVAL);
	}
	sandbox_is_as(before);
}

/* A plan that takes away goes on to its end, and tells what failed first. */
static void test_forward(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct sandbox_namespace ns = { "ns1", 0, 10, 1, 0, 0 };
	struct plan whole = PLAN_INIT(&arena), plan = PLAN_INIT(&arena);
	const char *before = sandbox_picture(&arena);
	struct kernel_error error;

	sandbox_make(kernel, &ns);
	sandbox_plan_namespace_gone(&whole, &ns);
	plan.is_forward = true;
	plan_add(&plan, &(struct step){ .type = STEP_SYSCTL_RESTORE, .sysctl = { .key = "no" } });
	for (size_t i = 0; i < whole.n; i++)
		plan_add(&plan, &whole.steps[i]);
	assert_int_equal(kernel_apply(kernel, &plan, &error), 1);
	assert_ptr_equal(error.step, &plan.steps[0]);
	assert_int_equal(error.error, EINVAL);
	sandbox_wait_gone(kernel, &ns);
	/* It is known what it was. */
	assert_true(sandbox_does("test -e /run/nsnetd/state/namespaces/ns1.json"));
	/* Again: what is gone is no error. */
	sandbox_apply(kernel, &whole);
	sandbox_is_as(before);
}

/* What a crash left in the middle of a deletion, or of the making of a name. */
static void test_after_crash(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel;
	const char *before = sandbox_picture(&arena);
	struct plan plan = PLAN_INIT(&arena);

	assert_true(
		sandbox_does("ip link add dying0 type bridge && ip link set dying0 group 28276"));
	kernel_free(*state);
	*state = kernel = sandbox_kernel();
	assert_true(
		sandbox_does("mkdir -p /run/nsnetd/etc/ns1 && touch /run/netns/ns1 "
			     "/run/nsnetd/etc/ns1/x /run/nsnetd/state/namespaces/.ns1.json.tmp"));
	plan.is_forward = true;
	plan_add(&plan, &(struct step){ .type = STEP_NETNS_UNPIN, .netns = "ns1" });
	plan_add(&plan, &(struct step){ .type = STEP_ETC_DELETE, .netns = "ns1" });
	sandbox_apply(kernel, &plan);
	plan.n = 0;
	plan.is_forward = false;
	plan_add(&plan, &(struct step){ .type = STEP_RECORD_WRITE,
				.record = { RECORD_NAMESPACE, "ns1", &nsnet_route_type,
					&(struct nsnet_route){ .destination = "x" }, NULL } });
	sandbox_apply(kernel, &plan);
	plan.steps[0].type = STEP_RECORD_DELETE;
	sandbox_apply(kernel, &plan);
	sandbox_is_as(before);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, sandbox_set_up_network, sandbox_tear_down_network)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_place),
		TEST(test_words),
		TEST(test_together),
		TEST(test_foreign_links),
		TEST(test_foreign_anchor),
		TEST(test_foreign_names),
		TEST(test_others_change),
		TEST(test_name_again),
		TEST(test_names),
		TEST(test_forward),
		TEST(test_after_crash),
	};

	sandbox_enter();
	return cmocka_run_group_tests_name("faults", tests, NULL, NULL);
}
