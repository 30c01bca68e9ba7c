/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_change - what changes while a namespace runs: MTU, isolation, settings, files over /etc; and the host's bridges
 */
#include "sandbox.h"

#include <stdio.h>

#include "setting.h"

/* Beside ns1. */
static struct sandbox_namespace ns2 = { "ns2", 0, 20, 2, 0, 0 };

static int setup(void **state)
{
	(void)sandbox_set_up_namespace(state);
	sandbox_make(*state, &ns2);
	return 0;
}

static int teardown(void **state)
{
	sandbox_delete(*state, &ns2);
	sandbox_wait_gone(*state, &ns2);
	return sandbox_tear_down_namespace(state);
}

/* The steps are done, and then taken back because of one that fails. */
static void run_and_take_back(struct kernel *kernel, const struct step *steps, size_t n)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);
	struct kernel_error error = { 0 };

	for (size_t i = 0; i < n; i++)
		plan_add(&plan, &steps[i]);
	plan_add(&plan, &(struct step){ .type = STEP_NETNS_ADD, .netns = "ns1" });
	assert_int_equal(kernel_apply(kernel, &plan, &error), 1);
	assert_int_equal(error.error, EEXIST);
	assert_ptr_equal(error.step, &plan.steps[n]);
}

static void test_mtu(void **state)
{
	static const struct step steps[] = {
		{ .type = STEP_MTU_SET, .mtu = { "nsnet0", 1400, 1300 } },
		{ .type = STEP_MTU_SET, .mtu = { "nsv1", 1400, 1300 } },
		{ .type = STEP_MTU_SET, .netns = "ns1", .mtu = { "eth0", 1400, 1300 } },
	};
	struct kernel *kernel = *state;

	run_and_take_back(kernel, steps, lengthof(steps));
	sandbox_shows("ip link show nsnet0", "mtu 1400");
	sandbox_shows("ip link show nsv1", "mtu 1400");
	sandbox_shows("ip -n ns1 link show eth0", "mtu 1400");
	for (size_t i = 0; i < lengthof(steps); i++)
		sandbox_do(kernel, &steps[i]);
	sandbox_shows("ip link show nsnet0", "mtu 1300");
	sandbox_shows("ip link show nsv1", "mtu 1300");
	sandbox_shows("ip -n ns1 link show eth0", "mtu 1300");
	sandbox_shows("ip link show nsv2", "mtu 1400");

	/* Nobody else's link of the host. */
	assert_true(sandbox_does("ip link add other mtu 1500 type bridge"));
	assert_int_equal(sandbox_fail(kernel, &(struct step){ .type = STEP_MTU_SET,
						      .mtu = { "other", 1500, 1300 } }),
		ENODEV);
	sandbox_shows("ip link show other", "mtu 1500");
	assert_true(sandbox_does("ip link del other"));
	assert_int_equal(sandbox_fail(kernel, &(struct step){ .type = STEP_MTU_SET,
						      .netns = "ns1",
						      .mtu = { "eth7", 1500, 1300 } }),
		ENODEV);
	assert_int_equal(sandbox_fail(kernel, &(struct step){ .type = STEP_MTU_SET,
						      .netns = "ns1",
						      .mtu = { "eth0", 1300, 20 } }),
		EINVAL);
	assert_int_equal(sandbox_fail(kernel, &(struct step){ .type = STEP_MTU_SET,
						      .netns = "ns9",
						      .mtu = { "eth0", 1300, 1400 } }),
		ENOENT);
}

#define PING "ip netns exec ns1 ping -n -q -c 1 -W %s 10.99.0.20 >/dev/null"

static void test_isolated(void **state)
{
	const struct step steps[] = {
		{ .type = STEP_ISOLATED_SET, .isolated = { "nsv1", false, true } },
		{ .type = STEP_ISOLATED_SET, .isolated = { "nsv2", false, true } },
	};
	struct kernel *kernel = *state;

	assert_true(sandbox_does(PING, "5"));
	run_and_take_back(kernel, steps, lengthof(steps));
	sandbox_shows("bridge -d link show dev nsv1", "isolated off");
	assert_true(sandbox_does(PING, "5"));
	for (size_t i = 0; i < lengthof(steps); i++)
		sandbox_do(kernel, &steps[i]);
	sandbox_shows("bridge -d link show dev nsv1", "isolated on");
	sandbox_shows("bridge -d link show dev nsv1", "learning on flood on");
	assert_false(sandbox_does(PING, "0.5"));
	assert_true(sandbox_does("ip netns exec ns1 ping -n -q -c 1 -W 5 10.99.0.1 >/dev/null"));
	sandbox_do(kernel,
		&(struct step){ .type = STEP_ISOLATED_SET, .isolated = { "nsv2", true, false } });
	assert_true(sandbox_does(PING, "5"));

	/* Ours, but no port; nobody else's port. */
	assert_int_equal(sandbox_fail(kernel, &(struct step){ .type = STEP_ISOLATED_SET,
						      .isolated = { "nsnet0ap", false, true } }),
		EOPNOTSUPP);
	assert_true(sandbox_does("ip link add other master nsnet0 type veth peer name another"));
	assert_int_equal(sandbox_fail(kernel, &(struct step){ .type = STEP_ISOLATED_SET,
						      .isolated = { "other", false, true } }),
		ENODEV);
	assert_true(sandbox_does("ip link del other"));
}

static struct step setting(const char *key, const char *value, char *ret_before)
{
	return (struct step){
		.type = STEP_SETTING_SET, .netns = "ns1", .setting = { key, value, ret_before }
	};
}

#define INSIDE "nsenter --net=/run/netns/ns1 cat /proc/sys/"

static void test_setting(void **state)
{
	char before[SETTING_TEXT_SIZE] = "", ttl[SETTING_TEXT_SIZE] = "";
	struct kernel *kernel = *state;
	struct step steps[] = { setting("net/ipv4/conf/eth0/rp_filter", "2", before),
		setting("net/ipv4/ip_default_ttl", "65", ttl) };

	run_and_take_back(kernel, steps, lengthof(steps));
	sandbox_shows(INSIDE "net/ipv4/conf/eth0/rp_filter", "0\n");
	sandbox_shows(INSIDE "net/ipv4/ip_default_ttl", "64\n");
	assert_string_equal(ttl, "64");
	sandbox_do(kernel, &steps[1]);
	sandbox_shows(INSIDE "net/ipv4/ip_default_ttl", "65\n");
	sandbox_shows("cat /proc/sys/net/ipv4/ip_default_ttl", "64\n");
	assert_string_equal(ttl, "64");
	steps[1] = setting("net/ipv4/ip_default_ttl", "66", ttl);
	sandbox_do(kernel, &steps[1]);
	assert_string_equal(ttl, "65");
	steps[0] = setting("net/ipv6/conf/eth0/keep_addr_on_down", "-1", NULL);
	sandbox_do(kernel, &steps[0]);
	sandbox_shows(INSIDE "net/ipv6/conf/eth0/keep_addr_on_down", "-1\n");
	/* Interfaces have dots in their names. */
	assert_true(sandbox_does("ip -n ns1 link add eth0.7 type bridge"));
	steps[0] = setting("net/ipv4/conf/eth0.7/proxy_arp", "1", before);
	sandbox_do(kernel, &steps[0]);
	sandbox_shows(INSIDE "net/ipv4/conf/eth0.7/proxy_arp", "1\n");
	assert_string_equal(before, "0");
}

static void test_bad_setting(void **state)
{
	static const struct {
		const char *key, *value;
		int error;
	} bad[] = {
		{ "kernel/hostname", "1", EINVAL },
		{ "net/../kernel/panic", "1", EINVAL },
		{ "net/ipv4/conf/../ip_forward", "1", EINVAL },
		{ "net/./ipv4/ip_forward", "1", EINVAL },
		{ "net//ipv4/ip_forward", "1", EINVAL },
		{ "net/ipv4/ip_forward/", "1", EINVAL },
		{ "/net/ipv4/ip_forward", "1", EINVAL },
		{ "net/", "1", EINVAL },
		{ "net/ipv4/ip_forward", "1 2", EINVAL },
		{ "net/ipv4/ip_forward", "", EINVAL },
		{ "net/ipv4/ip_forward", "-", EINVAL },
		{ "net/ipv4/ip_default_ttl", "999", EINVAL },
		{ "net/ipv4/conf/eth9/rp_filter", "1", ENOENT },
		{ "net/ipv4/conf", "1", EISDIR },
	};
	char before[SETTING_TEXT_SIZE] = "kept";

	for (size_t i = 0; i < lengthof(bad); i++) {
		struct step step = setting(bad[i].key, bad[i].value, NULL);
		int error = sandbox_fail(*state, &step);

		if (error != bad[i].error)
			fail_msg("%s=%s: %s", bad[i].key, bad[i].value, strerror(error));
		step.setting.ret_before = before;
		(void)sandbox_fail(*state, &step);
		assert_string_equal(before, "kept");
	}
	sandbox_shows("cat /proc/sys/net/ipv4/ip_forward", "0\n");
}

/* Where the namespace has no name yet. */
static void test_setting_of_new(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct plan plan = PLAN_INIT(&arena);
	struct sandbox_namespace ns = { "new", 0, 30, 3, 0, 0 };
	char before[SETTING_TEXT_SIZE] = "";

	sandbox_plan_namespace(&plan, &ns);
	/* Its last step pins it. */
	plan_add(&plan, &plan.steps[plan.n - 1]);
	plan.steps[plan.n - 2] = (struct step){ .type = STEP_SETTING_SET,
		.netns = "new",
		.setting = { "net/ipv4/conf/eth0/forwarding", "1", before } };
	sandbox_apply(kernel, &plan);
	assert_string_equal(before, "0");
	sandbox_shows(
		"nsenter --net=/run/netns/new cat /proc/sys/net/ipv4/conf/eth0/forwarding", "1\n");
	sandbox_delete(kernel, &ns);
	sandbox_wait_gone(kernel, &ns);
}

static struct step etc_step(
	const struct etc *before, const char *const *networks, size_t n, const char *resolv_conf)
{
	return (struct step){ .type = STEP_ETC_ADD,
		.netns = "ns1",
		.etc = { .is = { networks, n, resolv_conf }, .before = before } };
}

#define ETC "/run/nsnetd/etc/ns1"

static void test_etc(void **state)
{
	static const char *const net0[] = { "net0" }, *const both[] = { "net1", "net0" };
	static const struct etc was = { net0, 1, "nameserver 192.0.2.53\n" };
	struct kernel *kernel = *state;
	struct step step = etc_step(&was, both, 2, "nameserver 192.0.2.1\n");

	/* As programs that run have it. */
	assert_true(
		sandbox_does("touch /run/bound && mount --bind " ETC "/resolv.conf /run/bound"));
	run_and_take_back(kernel, &step, 1);
	sandbox_shows("cat " ETC "/resolv.conf", "nameserver 192.0.2.53\n");
	sandbox_hides("ls -A " ETC, "net1");
	sandbox_do(kernel, &step);
	assert_true(sandbox_does("test \"$(cat /run/bound)\" = 'nameserver 192.0.2.1'"));
	sandbox_shows("readlink " ETC "/hosts.net1", "../../hosts/net1/hosts");
	step = etc_step(
		&was, net0, 1, "options edns0\nnameserver 192.0.2.1\nnameserver 192.0.2.2\n");
	sandbox_do(kernel, &step);
	assert_true(sandbox_does("cmp -s /run/bound " ETC "/resolv.conf"));
	assert_true(sandbox_does("test \"$(stat -c %%s-%%a /run/bound)\" = 56-644"));
	assert_true(sandbox_does(
		"test \"$(ls -A " ETC " | tr '\\n' ' ')\" = 'hosts.net0 resolv.conf '"));
	step = etc_step(&was, both, 2, NULL);
	sandbox_do(kernel, &step);
	assert_false(sandbox_does("test -e " ETC "/resolv.conf"));
	assert_true(sandbox_does("umount /run/bound && rm /run/bound"));

	/* A link that leads elsewhere, and what nobody asked for. */
	assert_true(sandbox_does("ln -sf /etc/passwd " ETC "/hosts.net0 && touch " ETC "/more"));
	step = etc_step(NULL, net0, 1, "nameserver 192.0.2.1\n");
	sandbox_do(kernel, &step);
	sandbox_shows("readlink " ETC "/hosts.net0", "../../hosts/net0/hosts");
	assert_true(sandbox_does(
		"test \"$(ls -A " ETC " | tr '\\n' ' ')\" = 'hosts.net0 resolv.conf '"));
}

static void test_local_route(void **state)
{
	const struct step step = { .type = STEP_ROUTE_ADD,
		.route = { .interface = "nsnet0",
			.destination = { .address = { .family = AF_INET6, .bytes = { [15] = 1 } },
				.length = 128 },
			.metric = 4096,
			.is_local = true } };
	struct kernel *kernel = *state;
	struct step back;

	run_and_take_back(kernel, &step, 1);
	sandbox_hides("ip -6 route show table local", "local ::1 dev nsnet0");
	sandbox_do(kernel, &step);
	sandbox_shows("ip -6 route show table local", "local ::1 dev nsnet0");
	sandbox_shows("ip -6 route show table local", "metric 4096");
	sandbox_hides("ip -6 route show table main", "::1 dev");
	assert_true(sandbox_does("ping -n -q -c 1 -W 5 ::1 >/dev/null"));
	assert_true(step_inverse(&step, &back));
	sandbox_do(kernel, &back);
	sandbox_hides("ip -6 route show table local", "local ::1 dev nsnet0");
	sandbox_shows("ip -6 route show table local", "local ::1 dev lo");
}

static void test_bypass(void **state)
{
	struct kernel *kernel = *state;
	bool has_netfilter = sandbox_does("test -e /proc/sys/net/bridge/bridge-nf-call-iptables");
	const struct step step = { .type = STEP_SYSCTL_SET,
		.sysctl = { "net/bridge/bridge-nf-call-iptables", 0 } };
	const struct step other = { .type = STEP_SYSCTL_SET,
		.sysctl = { "net/bridge/bridge-nf-filter-vlan-tagged", 1 } };

	sandbox_shows("ip -d link show nsnet0",
		"nf_call_iptables 0 nf_call_ip6tables 0 nf_call_arptables 0");
	assert_int_equal(sandbox_fail(kernel, &other), EINVAL);
	if (!has_netfilter) {
		assert_false(kernel_may_bypass(kernel));
		assert_int_equal(sandbox_fail(kernel, &step), ENOENT);
		return;
	}
	assert_true(sandbox_does(
		"sysctl -qw net.bridge.bridge-nf-call-iptables=1 net.bridge.bridge-nf-call-ip6tables=0"));
	assert_true(kernel_may_bypass(kernel));
	assert_true(sandbox_does("ip link add br7 type bridge"));
	assert_false(kernel_may_bypass(kernel));
	assert_true(sandbox_does("ip link del br7"));
	run_and_take_back(kernel, &step, 1);
	sandbox_shows("cat /proc/sys/net/bridge/bridge-nf-call-iptables", "1\n");
	sandbox_do(kernel, &step);
	sandbox_shows("cat /proc/sys/net/bridge/bridge-nf-call-iptables", "0\n");
	assert_false(kernel_may_bypass(kernel));
	sandbox_do(kernel, &(struct step){ .type = STEP_SYSCTL_RESTORE, .sysctl = step.sysctl });
	sandbox_shows("cat /proc/sys/net/bridge/bridge-nf-call-iptables", "1\n");
	assert_true(sandbox_does("sysctl -qw net.bridge.bridge-nf-call-iptables=0"));
	assert_false(kernel_may_bypass(kernel));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_mtu, setup, teardown),
		cmocka_unit_test_setup_teardown(test_isolated, setup, teardown),
		cmocka_unit_test_setup_teardown(test_setting, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_setting, setup, teardown),
		cmocka_unit_test_setup_teardown(test_setting_of_new, setup, teardown),
		cmocka_unit_test_setup_teardown(test_etc, setup, teardown),
		cmocka_unit_test_setup_teardown(test_local_route, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bypass, setup, teardown),
	};

	sandbox_enter();
	return cmocka_run_group_tests_name("change", tests, NULL, NULL);
}
