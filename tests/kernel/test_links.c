/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_links - bridges, ports and links to one namespace alone: made, refused, mended, moved; and each system call of it fails in
 * turn
 */
#include "sandbox.h"

#include <stdio.h>

#include "failing_calls.h"

static struct mac mac_of(const char *text)
{
	struct address address = sandbox_address(text);

	return mac_of_address(&address);
}

static struct step bridge_step(enum step_type type)
{
	return (struct step){ .type = type,
		.bridge = { .name = "nsnet7",
			.anchor = "nsnet7a",
			.alias = "nsnetd:@net7",
			.mac = mac_of("10.97.0.1"),
			.mtu = 1400 } };
}

/* A second link of ns1. */
static struct step veth_step(enum step_type type)
{
	return (struct step){ .type = type,
		.netns = "ns1",
		.veth = { .name = "nsv7",
			.bridge = "nsnet0",
			.alias = "nsnetd:ns1/eth7",
			.peer = "eth7",
			.mac = mac_of("10.99.0.77"),
			.mtu = 1400,
			.is_guarded = true,
			.is_isolated = true } };
}

static struct step point_step(struct kernel *kernel, enum step_type type)
{
	return (struct step){ .type = type,
		.netns = "ns1",
		.point = { .name = "nsp7",
			.alias = "nsnetd:ns1/eth7",
			.peer = "eth7",
			.mac = mac_of("10.98.0.2"),
			.mtu = 1400,
			.group = SNAPSHOT_POINT_GROUP + 7,
			.is_forwarding = { true, kernel_has(kernel, "forwarding6") },
			.addresses = { sandbox_address("10.98.0.2"), sandbox_address("fd98::2") },
			.gateways = { sandbox_address("10.99.0.1") } } };
}

/* What there is of all links, inside as well, without what the kernel chooses or works on in its own time: a link's carrier, and
 * the routes that come and go with it. */
static const char *look(struct arena *arena)
{
	return sandbox_run(arena, NULL,
		"all='ip -o link; ip -o addr; ip route show table all'; "
		"{ eval \"$all\"; nsenter --net=/run/netns/ns1 sh -c \"$all\" | sed 's/^/inside /'; "
		"bridge -d link; bridge fdb show | grep -v anchor | grep static; ls /proc/self/fd | wc -l; "
		"grep . /proc/sys/net/ipv[46]/conf/nsn*/accept_ra /proc/sys/net/ipv[46]/conf/ns*/*forwarding; } | "
		"sed 's/^\\(inside \\)*[0-9]*: /\\1/; s/@[^ :]*//; s/ state [A-Z]*//; s/,LOWER_UP//; s/NO-CARRIER,//; "
		"s/,M-DOWN//; s/ link-netn[^ ]* *[^ ]*//; s/ tentative//; s/valid_lft.*//; s/ linkdown//; "
		"/^nsv\\|^nsnet[0-9]*a/s/link.ether .* brd/brd/; s/ state [a-z]* / /; /anycast \\|multicast ff00/d' | sort");
}

static void is_as(const char *wanted, const char *what)
{
	autoarena struct arena arena = ARENA_INIT;
	time_t limit = time(NULL) + 10;

	/* Of a link that goes the kernel's last words come late. */
	while (!sandbox_is_same(wanted, look(&arena), limit, what))
		;
}

static void do_as(struct kernel *kernel, struct step step, enum step_type type)
{
	step.type = type;
	sandbox_do(kernel, &step);
}

static void refuses(struct kernel *kernel, const struct step *step, int error)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *before = look(&arena);
	int r = sandbox_fail(kernel, step);

	if (r != error)
		fail_msg("%s: %s, not %s", step_print(step, &arena), strerror(r), strerror(error));
	is_as(before, step_print(step, &arena));
}

/* What links are made by. */
static const char *const calls[] = { "setns", "socket", "setsockopt", "bind", "sendmsg", "ioctl",
	"openat", "write" };

/* From what a command makes, or undo, which may be NULL. Where there is one, what fails leaves all as it was. */
static void each_call(
	struct kernel *kernel, const struct step *step, const char *spoil, const struct step *undo)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *before = look(&arena), *done;
	unsigned n = 0;

	assert_true(!spoil || sandbox_does("%s", spoil));
	sandbox_do(kernel, step);
	done = look(&arena);
	for (size_t i = 0; i < lengthof(calls); i++)
		for (unsigned number = 0;; number++) {
			autoarena struct arena scratch = ARENA_INIT;
			struct plan plan = PLAN_INIT(&scratch);
			struct kernel_error error;
			const char *what = arena_printf(&scratch, "%s: %s %u",
				step_print(step, &scratch), calls[i], number);
			bool has_failed;
			int r;

			if (undo)
				sandbox_do(kernel, undo);
			assert_true(!spoil || sandbox_does("%s", spoil));
			plan_add(&plan, step);
			failing_calls_begin(calls[i], number);
			r = kernel_apply(kernel, &plan, &error);
			has_failed = failing_calls_end();
			if (r != 0) {
				assert_true(has_failed);
				if (undo)
					is_as(before, what);
				sandbox_do(kernel, step);
			}
			if (!has_failed)
				break;
			is_as(done, what);
			n++;
		}
	print_message("%s: %u calls\n", step_print(step, &arena), n);
	assert_in_range(n, 2, 100);
	if (undo)
		sandbox_do(kernel, undo);
}

static void test_bridge(void **state)
{
	struct kernel *kernel = *state;
	const struct step add = bridge_step(STEP_BRIDGE_ADD),
			  delete = bridge_step(STEP_BRIDGE_DELETE);
	struct step step = add;

	step.bridge.anchor = "nsnet12345678aa";
	refuses(kernel, &step, ENAMETOOLONG);
	step = bridge_step(STEP_BRIDGE_MEND);
	refuses(kernel, &step, ENODEV);
	each_call(kernel, &add, NULL, &delete);
	sandbox_do(kernel, &add);
	each_call(kernel, &delete, NULL, &add);
	sandbox_do(kernel, &delete);
	/* IPv6 is off for new interfaces. */
	assert_true(sandbox_does("echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6"));
	sandbox_do(kernel, &add);
	sandbox_shows("ip -d link show nsnet7", ",UP");
	sandbox_hides("ip addr show nsnet7", "inet6");
	assert_true(sandbox_does("echo 0 >/proc/sys/net/ipv6/conf/default/disable_ipv6"));
	sandbox_do(kernel, &delete);
	sandbox_do(kernel, &delete);
}

static void test_mend_bridge(void **state)
{
	static const char *const spoils[] = { "true", "ip link set nsnet7 down",
		"ip link del nsnet7a", "ip link set nsnet7a down", "ip link set nsnet7ap down",
		"ip link set nsnet7a nomaster", "ip link set nsnet7a master nsnet0",
		"echo 2 >/proc/sys/net/ipv6/conf/nsnet7/accept_ra", "ip addr flush dev nsnet7" };
	struct kernel *kernel = *state;
	const struct step mend = bridge_step(STEP_BRIDGE_MEND);
	autoarena struct arena arena = ARENA_INIT;
	const char *whole;

	sandbox_do(kernel, &(struct step){ .type = STEP_BRIDGE_ADD, .bridge = mend.bridge });
	whole = look(&arena);
	for (size_t i = 0; i < lengthof(spoils); i++) {
		assert_true(sandbox_does("%s", spoils[i]));
		sandbox_do(kernel, &mend);
		is_as(whole, spoils[i]);
	}
	each_call(kernel, &mend, "ip link del nsnet7a", NULL);
	/* Another's has the anchor's name. */
	assert_true(sandbox_does("ip link del nsnet7a && ip link add nsnet7a type bridge"));
	refuses(kernel, &mend, EEXIST);
	assert_true(sandbox_does("ip link del nsnet7a && ip link add nsnet7ap type bridge"));
	refuses(kernel, &mend, EEXIST);
	assert_true(sandbox_does("ip link del nsnet7ap"));
	do_as(kernel, mend, STEP_BRIDGE_DELETE);
}

static void test_veth(void **state)
{
	struct kernel *kernel = *state;
	const struct step add = veth_step(STEP_VETH_ADD), delete = veth_step(STEP_VETH_DELETE),
			  label = veth_step(STEP_LINK_LABEL);
	struct snapshot_link link;
	struct step step = add;

	step.netns = "ns9";
	refuses(kernel, &step, ENOENT);
	step = add;
	step.veth.bridge = "nsnet8";
	refuses(kernel, &step, ENODEV);
	step = add;
	step.veth.peer = "eth0";
	refuses(kernel, &step, EEXIST);
	refuses(kernel, &label, ENODEV);
	each_call(kernel, &add, NULL, &delete);
	sandbox_do(kernel, &delete);
	assert_int_equal(kernel_look_link(kernel, "a-name-that-none-has", &link), -ENODEV);

	/* IPv6 is off for new interfaces inside. */
	assert_true(sandbox_does(
		"nsenter --net=/run/netns/ns1 sysctl -q net.ipv6.conf.default.disable_ipv6=1"));
	sandbox_do(kernel, &add);
	sandbox_shows("ip -n ns1 link show eth7", ",UP");
	sandbox_hides("ip -n ns1 addr show eth7", "inet6");
	assert_int_equal(kernel_look_link(kernel, "nsv7", &link), 0);
	assert_true(link.is_up);
	/* One that is down inside comes up at no time, and nobody waits for ever. */
	assert_true(sandbox_does("ip -n ns1 link set eth7 down"));
	do_as(kernel, add, STEP_VETH_SETTLE);
	sandbox_do(kernel, &delete);
	do_as(kernel, add, STEP_VETH_SETTLE);
}

static void test_mend_veth(void **state)
{
	struct kernel *kernel = *state;
	struct step mend = veth_step(STEP_VETH_MEND);
	const struct step label = veth_step(STEP_LINK_LABEL);

	do_as(kernel, mend, STEP_VETH_ADD);
	each_call(kernel, &mend,
		"ip link set nsv7 nomaster down && ip link set nsv7 alias x arp on", NULL);
	each_call(kernel, &label, "ip link set nsv7 alias nsnetd:%%7/eth7", NULL);
	sandbox_shows("ip -d link show nsv7", "isolated on");
	sandbox_shows("ip -d link show nsv7", "locked on");
	mend.veth.bridge = "nsnet8";
	refuses(kernel, &mend, ENODEV);
	do_as(kernel, mend, STEP_VETH_DELETE);
	refuses(kernel, &mend, ENODEV);
}

static void test_cut(void **state)
{
	struct kernel *kernel = *state;
	bool is_cut = false;
	const struct step cut = { .type = STEP_VETH_CUT, .cut = { "nsv7", &is_cut } };

	/* One that is gone is cut. */
	sandbox_do(kernel, &cut);
	assert_true(is_cut);
	do_as(kernel, veth_step(STEP_VETH_ADD), STEP_VETH_ADD);
	is_cut = false;
	failing_calls_begin("sendmsg", 1);
	assert_int_equal(sandbox_fail(kernel, &cut), ENOMEM);
	assert_true(failing_calls_end());
	assert_false(is_cut);
	sandbox_shows("ip link show nsv7", "master nsnet0");
	sandbox_do(kernel, &cut);
	assert_true(is_cut);
	sandbox_reap(kernel);
	assert_false(sandbox_does("ip link show nsv7 >/dev/null 2>&1"));
	/* Another's of that name is none of it. */
	assert_true(sandbox_does("ip link add nsv7 up type bridge"));
	sandbox_do(kernel, &cut);
	sandbox_reap(kernel);
	sandbox_shows("ip link show nsv7", ",UP");
	assert_true(sandbox_does("ip link del nsv7"));
}

static void test_point(void **state)
{
	struct kernel *kernel = *state;
	const struct step add = point_step(kernel, STEP_POINT_ADD),
			  delete = point_step(kernel, STEP_POINT_DELETE);
	struct step step = add;

	step.netns = "ns9";
	refuses(kernel, &step, ENOENT);
	step = add;
	step.point.peer = "eth0";
	refuses(kernel, &step, EEXIST);
	step.point.peer = "eth7";
	step.point.group = SNAPSHOT_LINK_GROUP;
	refuses(kernel, &step, EINVAL);
	/* The host has no such address to speak from. */
	step.point.group = add.point.group;
	step.point.gateways[0] = sandbox_address("192.0.2.99");
	refuses(kernel, &step, EINVAL);
	assert_true(sandbox_does("ip link add nsp7 type bridge"));
	refuses(kernel, &add, EEXIST);
	refuses(kernel, &(struct step){ .type = STEP_POINT_MEND, .point = add.point }, ENODEV);
	refuses(kernel, &(struct step){ .type = STEP_POINT_MOVE, .point = add.point }, ENODEV);
	sandbox_do(kernel, &delete);
	assert_true(sandbox_does("ip link del nsp7"));
	each_call(kernel, &add, NULL, &delete);
	sandbox_do(kernel, &delete);

	sandbox_do(kernel, &add);
	sandbox_shows("ip link show nsp7", "<BROADCAST,MULTICAST,NOARP,UP");
	sandbox_shows("ip link show nsp7", "mtu 1400");
	sandbox_shows("ip link show nsp7", "alias nsnetd:ns1/eth7");
	sandbox_shows("ip -n ns1 link show eth7", "<BROADCAST,MULTICAST,NOARP,UP");
	sandbox_shows("ip route show dev nsp7", "10.98.0.2 proto 110 scope link src 10.99.0.1");
	sandbox_shows("ip -6 route show dev nsp7", "fd98::2 proto 110");
	sandbox_shows("cat /proc/sys/net/ipv4/conf/nsp7/forwarding "
		      "/proc/sys/net/ipv4/conf/nsp7/route_localnet "
		      "/proc/sys/net/ipv6/conf/nsp7/accept_ra",
		"1\n1\n0\n");
	sandbox_hides("ip addr show nsp7", "inet");
	/* Nobody says anything to groups there; again is no error. */
	sandbox_shows("ip -6 route show table local dev nsp7", "multicast ff00::/8");
	for (int i = 0; i < 2; i++) {
		sandbox_do(kernel,
			&(struct step){ .type = STEP_VETH_SETTLE, .veth = { .name = "nsp7" } });
		sandbox_hides("ip -6 route show table local dev nsp7", "ff00::/8");
	}
	each_call(kernel, &delete, NULL, &add);
	/* Where they cannot be taken away they stay, and do no harm. */
	failing_calls_begin("sendmsg", 1);
	sandbox_do(kernel, &(struct step){ .type = STEP_VETH_SETTLE, .veth = { .name = "nsp7" } });
	assert_true(failing_calls_end());
	sandbox_shows("ip -6 route show table local dev nsp7", "multicast ff00::/8");
	sandbox_do(kernel, &delete);
	/* Without IPv6 inside. */
	assert_true(sandbox_does(
		"nsenter --net=/run/netns/ns1 sysctl -q net.ipv6.conf.default.disable_ipv6=1"));
	sandbox_do(kernel, &add);
	sandbox_hides("ip -n ns1 addr show eth7", "inet6");
	sandbox_do(kernel, &delete);
}

static void test_mend_point(void **state)
{
	static const char *const spoils[] = { "true", "ip link set nsp7 down",
		"ip link set nsp7 alias x group 1845493769", "ip link set nsp7 master nsnet0",
		"ip route flush dev nsp7", "ip -6 route flush dev nsp7 proto 110",
		"echo 0 >/proc/sys/net/ipv4/conf/nsp7/forwarding",
		"echo 2 >/proc/sys/net/ipv6/conf/nsp7/accept_ra" };
	struct kernel *kernel = *state;
	const struct step mend = point_step(kernel, STEP_POINT_MEND);
	autoarena struct arena arena = ARENA_INIT;
	const char *whole;

	do_as(kernel, mend, STEP_POINT_ADD);
	whole = look(&arena);
	for (size_t i = 0; i < lengthof(spoils); i++) {
		assert_true(sandbox_does("%s", spoils[i]));
		sandbox_do(kernel, &mend);
		is_as(whole, spoils[i]);
	}
	each_call(kernel, &mend, "ip link set nsp7 down alias x", NULL);
	do_as(kernel, mend, STEP_POINT_DELETE);
}

static void test_move_point(void **state)
{
	struct kernel *kernel = *state;
	const struct step add = point_step(kernel, STEP_POINT_ADD);
	struct step move = add;

	sandbox_do(kernel, &add);
	move.type = STEP_POINT_MOVE;
	memcpy(move.point.before, add.point.addresses, sizeof(move.point.before));
	move.point.addresses[0] = sandbox_address("10.98.0.3");
	for (int i = 0; i < 2; i++) {
		sandbox_do(kernel, &move);
		sandbox_shows(
			"ip route show dev nsp7", "10.98.0.3 proto 110 scope link src 10.99.0.1");
		sandbox_hides("ip route show dev nsp7", "10.98.0.2");
		sandbox_shows("ip -6 route show dev nsp7", "fd98::2 proto 110");
	}
	each_call(kernel, &move,
		"ip route del 10.98.0.3 dev nsp7 && ip route add 10.98.0.2 dev nsp7 scope link",
		NULL);
	/* To none at all. */
	memcpy(move.point.before, move.point.addresses, sizeof(move.point.before));
	memset(move.point.addresses, 0, sizeof(move.point.addresses));
	sandbox_do(kernel, &move);
	sandbox_hides("ip route show dev nsp7; ip -6 route show dev nsp7", "proto 110");
	/* What the host has no address to speak from for is refused. */
	memset(move.point.before, 0, sizeof(move.point.before));
	move.point.addresses[0] = sandbox_address("10.98.0.4");
	move.point.gateways[0] = sandbox_address("192.0.2.99");
	refuses(kernel, &move, EINVAL);
	do_as(kernel, add, STEP_POINT_DELETE);
}

/* Where it cannot be told whether anybody has opened a namespace, somebody may be inside. */
static void test_entry(void **state)
{
	struct kernel *kernel = *state;
	struct sandbox_namespace all[] = { { "ns2", 0, 12, 2, 0, 0 }, { "ns3", 0, 13, 3, 0, 0 } };

	for (size_t i = 0; i < lengthof(all); i++)
		sandbox_make(kernel, &all[i]);
	assert_false(kernel_may_be_entered(kernel, "ns2"));
	failing_calls_begin("read", 0);
	assert_true(kernel_may_be_entered(kernel, "ns2"));
	assert_true(failing_calls_end());
	assert_true(kernel_may_be_entered(kernel, "ns3"));
	for (size_t i = 0; i < lengthof(all); i++)
		sandbox_delete(kernel, &all[i]);
	sandbox_reap(kernel);

	/* No watch for one of them, and none at all. */
	for (unsigned i = 0; i < 2; i++) {
		failing_calls_begin("inotify_add_watch", 0);
		sandbox_make(kernel, &all[0]);
		assert_true(failing_calls_end());
		sandbox_make(kernel, &all[1]);
		assert_true(kernel_may_be_entered(kernel, "ns2"));
		assert_int_equal(kernel_may_be_entered(kernel, "ns3"), i == 1);
		for (size_t j = 0; j < lengthof(all); j++)
			sandbox_delete(kernel, &all[j]);
		sandbox_reap(kernel);
		kernel_free(kernel);
		*state = kernel = sandbox_kernel();
		assert_int_equal(kernel_adopt(kernel, "ns1"), 0);
	}
}

/* What stands in the firewall is believed only as long as it is known. */
static void test_known(void **state)
{
	struct kernel *kernel = *state;
	const struct sandbox_namespace ns = { "ns1", 0, 10, 1, 0, 0 };
	autoarena struct arena arena = ARENA_INIT;
	struct plan add = PLAN_INIT(&arena), delete = PLAN_INIT(&arena);
	const char *before, *guarded;
	bool has_failed = true;

	sandbox_plan_guard(&add, STEP_GUARD_ADD, &ns);
	sandbox_plan_guard(&delete, STEP_GUARD_DELETE, &ns);
	sandbox_apply(kernel, &add);
	guarded = sandbox_run(&arena, NULL, "nft list table bridge nsnetd");
	for (unsigned number = 0; has_failed; number++) {
		failing_calls_begin("sendmsg", number);
		kernel_know_firewall(kernel);
		has_failed = failing_calls_end();
		assert_int_equal(number < 6, has_failed);
		sandbox_apply(kernel, &add);
		before = sandbox_run(&arena, NULL, "nft list table bridge nsnetd");
		assert_string_equal(before, guarded);
	}
	/* It is known now; and once it is taken out, not any more. */
	sandbox_apply(kernel, &delete);
	sandbox_hides("nft list table bridge nsnetd", "10.99.0.10");
	sandbox_apply(kernel, &add);
	before = sandbox_run(&arena, NULL, "nft list table bridge nsnetd");
	assert_string_equal(before, guarded);
	kernel_forget_firewall(kernel);
	sandbox_apply(kernel, &delete);
}

/* What was made ahead and is to be used, or not. */
static void test_spare(void **state)
{
	struct kernel *kernel = *state;
	struct sandbox_namespace spare = { "%7", 0, 12, 9, 0, 0 };
	struct step take = { .type = STEP_NETNS_TAKE, .netns = "ns2", .spare.name = "%7" };
	struct step give = { .type = STEP_NETNS_GIVE, .netns = "ns2", .spare.name = "%7" };
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena), made = PLAN_INIT(&arena);
	int fd;

	assert_int_equal(sandbox_fail(kernel, &take), ENODEV);
	assert_int_equal(sandbox_fail(kernel, &give), ENOENT);
	sandbox_plan_namespace(&plan, &spare);
	plan_add(&made, &plan.steps[0]);
	plan_add(&made, &plan.steps[1]);
	sandbox_apply(kernel, &made);
	take.netns = "ns1";
	assert_int_equal(sandbox_fail(kernel, &take), EEXIST);
	/* One that has its name under /run/netns is given back to nobody. */
	give.netns = "ns1";
	assert_int_equal(sandbox_fail(kernel, &give), ENOENT);
	take.netns = give.netns = "ns2";
	for (int i = 0; i < 2; i++) {
		sandbox_do(kernel, &take);
		assert_true(!kernel_may_be_entered(kernel, "ns2"));
		assert_int_equal(kernel_open_netns(kernel, "%7"), -ENOENT);
		sandbox_do(kernel, &give);
		assert_int_equal(kernel_open_netns(kernel, "ns2"), -ENOENT);
	}
	fd = kernel_open_netns(kernel, "%7");
	assert_true(fd >= 0);
	assert_int_equal(close(fd), 0);
	/* Whoever has it open may be inside, under any name. */
	sandbox_do(kernel, &take);
	assert_true(kernel_may_be_entered(kernel, "ns2"));
	sandbox_do(kernel, &give);
	/* Its link is gone: it is none. */
	assert_true(sandbox_does("ip link del nsv9"));
	assert_int_equal(sandbox_fail(kernel, &take), ENODEV);
	sandbox_do(kernel, &(struct step){ .type = STEP_NETNS_DROP, .netns = "%7" });
	sandbox_reap(kernel);
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, sandbox_set_up_namespace, sandbox_tear_down_namespace)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_bridge),
		TEST(test_mend_bridge),
		TEST(test_veth),
		TEST(test_mend_veth),
		TEST(test_cut),
		TEST(test_point),
		TEST(test_mend_point),
		TEST(test_move_point),
		TEST(test_spare),
		TEST(test_entry),
		TEST(test_known),
	};

	sandbox_enter();
	return cmocka_run_group_tests_name("links", tests, NULL, NULL);
}
