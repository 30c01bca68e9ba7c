/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_events - what is told of what somebody does to the host's routes, uplinks, forwarding and tables, and what is not
 */
#include "sandbox.h"

#include <poll.h>
#include <stdio.h>

/* An uplink with a default route, which the kernel floor has been asked for. */
static int setup(void **state)
{
	struct kernel *kernel = sandbox_kernel();

	*state = kernel;
	assert_true(sandbox_does(
		"sysctl -qw net.ipv4.ip_forward=0 && ip link add up0 mtu 1500 type veth peer name far0 && "
		"ip link set up0 up && ip link set far0 up && ip addr add 192.0.2.1/24 dev up0 && "
		"ip addr add 2001:db8::1/64 dev up0 nodad && "
		"ip route add default via 192.0.2.2 && "
		"ip link add other type veth peer name other1 && ip link set other up && ip link set other1 up"));
	sandbox_make_network(kernel, 0);
	assert_true(kernel_events(kernel) >= 0);
	return 0;
}

static int teardown(void **state)
{
	sandbox_delete_network(*state, 0);
	kernel_free(*state);
	return !sandbox_does("ip link del up0 2>/dev/null; ip link del other; true");
}

/* What has been told since; the uplinks are asked for again, as one would. */
static struct kernel_changes read_changes(struct kernel *kernel)
{
	autoarena struct arena arena = ARENA_INIT;
	struct snapshot_uplinks uplinks;
	struct kernel_changes changes = { 0 };

	assert_int_equal(kernel_read_events(kernel, &changes), 0);
	assert_int_equal(kernel_uplinks(kernel, &arena, &uplinks), 0);
	return changes;
}

/* Of the host, but its mounts. */
static unsigned read_events(struct kernel *kernel)
{
	return read_changes(kernel).events & ~(unsigned)KERNEL_EVENT_MOUNTS;
}

static bool is_readable(struct kernel *kernel)
{
	struct pollfd wait = { .fd = kernel_events(kernel), .events = POLLIN };

	return poll(&wait, 1, 0) == 1;
}

/* What has happened until now is told. More may come that the kernel works on some time later, but nothing that counts. */
static void settle(struct kernel *kernel)
{
	(void)read_events(kernel);
	assert_int_equal(read_events(kernel), 0);
}

static void tells_just(struct kernel *kernel, unsigned wanted, const char *command)
{
	unsigned events;

	settle(kernel);
	assert_true(sandbox_does("%s", command));
	assert_true(is_readable(kernel));
	events = read_events(kernel);
	if (events != wanted)
		fail_msg("%s: %u", command, events);
	assert_int_equal(read_events(kernel), 0);
}

static void tells(struct kernel *kernel, const char *command)
{
	tells_just(kernel, KERNEL_EVENT_HOST, command);
}

/* Of a carrier the kernel tells some time later, to the link of another's as well: until then its state is the one of before.
 * Whoever asks for a change waits for what is being told. */
static void settle_carriers(struct kernel *kernel)
{
	assert_true(sandbox_does(
		"late() { { ip -o link; ip -o -n ns1 link 2>/dev/null || true; } | "
		"awk '/state (UP|DOWN|LOWERLAYERDOWN)/ && /LOWER_UP/ != / state UP/ { n++ } END { exit !n }'; }; "
		"i=0; while late; do i=$((i + 1)); [ $i -lt 600 ] || exit 1; sleep 0.05; done; ip link set lo up"));
	settle(kernel);
}

/* That something happened to an object, and nothing else. */
static void touches(struct kernel *kernel, const char *name, const char *command)
{
	struct pollfd wait = { .fd = kernel_events(kernel), .events = POLLIN };
	struct kernel_changes changes = { 0 };

	settle_carriers(kernel);
	assert_true(sandbox_does("%s", command));
	while (changes.n == 0 && poll(&wait, 1, 10000) == 1)
		changes = read_changes(kernel);
	if (changes.n == 0)
		fail_msg("%s: touches nothing", command);
	for (size_t i = 0; i < changes.n; i++) {
		const struct kernel_touched *object = &changes.objects[i];

		if (object->is_network != (*name == '@') ||
			!streq(object->name, name + (*name == '@')))
			fail_msg("%s: touches %s", command, object->name);
	}
}

static void tells_nothing(struct kernel *kernel, const char *command)
{
	settle(kernel);
	assert_true(sandbox_does("%s", command));
	if (read_events(kernel) != 0)
		fail_msg("%s: it tells", command);
}

static void test_routes(void **state)
{
	static const char *const told[] = {
		"ip route replace default via 192.0.2.3",
		"ip route del default",
		"ip route add default via 192.0.2.2 metric 7",
		"ip route add default dev other metric 9",
		"ip route del default dev other",
		"ip -6 route add default via 2001:db8::2",
		"ip -6 route del default",
		"ip route replace default nexthop via 192.0.2.2 nexthop via 192.0.2.3",
	};
	static const char *const others[] = {
		"ip route add 198.51.100.0/24 via 192.0.2.2; ip route del 198.51.100.0/24",
		"ip route add default via 192.0.2.2 table 77; ip route flush table 77",
		"ip route add 0.0.0.0/1 dev other; ip route del 0.0.0.0/1",
		"ip -6 route add 2001:db8:1::/48 dev up0; ip -6 route del 2001:db8:1::/48",
		"ip route add unreachable default metric 4000; ip route del unreachable default metric 4000",
	};

	for (size_t i = 0; i < lengthof(told); i++)
		tells(*state, told[i]);
	for (size_t i = 0; i < lengthof(others); i++)
		tells_nothing(*state, others[i]);
}

static void test_links(void **state)
{
	struct kernel *kernel = *state;

	tells(kernel, "ip link set up0 mtu 1400");
	tells_nothing(kernel, "ip link set other mtu 1400; ip link set far0 mtu 1400");
	tells_nothing(kernel, "ip link set up0 txqueuelen 77; ip link set up0 alias x");
	tells_nothing(kernel,
		"ip addr add 192.0.2.9/24 dev up0; ip addr del 192.0.2.1/24 dev other1 "
		"2>/dev/null; true");
	/* The default route goes without a word of its own. */
	tells(kernel, "ip addr flush dev up0; ip route show default | grep . && exit 1; true");
	assert_true(sandbox_does(
		"ip addr add 192.0.2.1/24 dev up0; ip route add default via 192.0.2.2"));
	tells(kernel, "ip link set up0 down; ip route show default | grep . && exit 1; true");
	tells(kernel, "ip link set up0 up; ip route add default via 192.0.2.2");
	tells(kernel, "ip link set up0 name up9");
	tells(kernel, "ip link del up9");
	tells_nothing(kernel, "ip link add up0 type bridge; ip link set up0 up; ip link del up0");
}

static void set_forwarding(struct kernel *kernel, enum step_type type, const char *key)
{
	sandbox_do(kernel, &(struct step){ .type = type, .sysctl = { key, 1 } });
}

static void test_forwarding(void **state)
{
	static const char *const ours = "net/ipv4/conf/up0/forwarding",
				 *const ours6 = "net/ipv6/conf/up0/force_forwarding";
	struct kernel *kernel = *state;

	tells(kernel, "sysctl -qw net.ipv4.ip_forward=1");
	/* That switches it off for each interface, the network's too. */
	tells_just(kernel, KERNEL_EVENT_HOST | KERNEL_EVENT_SETTING,
		"sysctl -qw net.ipv4.ip_forward=0");
	tells(kernel, "sysctl -qw net.ipv4.conf.all.forwarding=1");
	tells_just(kernel, KERNEL_EVENT_HOST | KERNEL_EVENT_SETTING,
		"sysctl -qw net.ipv4.conf.all.forwarding=0");
	tells(kernel, "sysctl -qw net.ipv6.conf.all.forwarding=1");
	tells(kernel, "sysctl -qw net.ipv6.conf.all.forwarding=0");
	tells_nothing(kernel,
		"sysctl -qw net.ipv4.conf.other.forwarding=1 net.ipv6.conf.other.forwarding=1 "
		"net.ipv4.conf.up0.rp_filter=2 net.ipv4.conf.all.rp_filter=0");
	/* The host's own wish. */
	tells(kernel, "sysctl -qw net.ipv4.conf.up0.forwarding=1");
	tells(kernel, "sysctl -qw net.ipv4.conf.up0.forwarding=0");

	/* Ours. */
	settle(kernel);
	set_forwarding(kernel, STEP_SYSCTL_SET, ours);
	assert_int_equal(read_events(kernel), 0);
	tells_just(kernel, KERNEL_EVENT_HOST | KERNEL_EVENT_SETTING,
		"sysctl -qw net.ipv4.conf.up0.forwarding=0");
	tells_nothing(kernel, "sysctl -qw net.ipv4.conf.up0.forwarding=1");
	tells_just(kernel, KERNEL_EVENT_HOST | KERNEL_EVENT_SETTING,
		"sysctl -qw net.ipv4.ip_forward=0 net.ipv4.conf.nsnet0.forwarding=1 net.ipv4.conf.nsnet0.forwarding=0");
	set_forwarding(kernel, STEP_SYSCTL_RESTORE, ours);

	if (!kernel_has(kernel, "forwarding6"))
		return;
	tells(kernel, "sysctl -qw net.ipv6.conf.all.force_forwarding=1");
	tells(kernel, "sysctl -qw net.ipv6.conf.all.force_forwarding=0");
	settle(kernel);
	set_forwarding(kernel, STEP_SYSCTL_SET, ours6);
	assert_int_equal(read_events(kernel), 0);
	tells_just(kernel, KERNEL_EVENT_HOST | KERNEL_EVENT_SETTING,
		"sysctl -qw net.ipv6.conf.up0.force_forwarding=0");
	/* The switch for all takes it along, and the kernel tells of the switch alone. */
	tells(kernel,
		"sysctl -qw net.ipv6.conf.all.forwarding=1 net.ipv6.conf.up0.force_forwarding=1");
	tells_just(kernel, KERNEL_EVENT_HOST | KERNEL_EVENT_SETTING,
		"sysctl -qw net.ipv6.conf.all.forwarding=0");
	set_forwarding(kernel, STEP_SYSCTL_RESTORE, ours6);
}

/* A bridge of ours must forward; sandbox_make_network() has set that. */
static void test_bridge(void **state)
{
	tells_just(*state, KERNEL_EVENT_HOST | KERNEL_EVENT_SETTING,
		"sysctl -qw net.ipv4.conf.nsnet0.forwarding=0");
	tells_nothing(*state, "sysctl -qw net.ipv4.conf.nsnet0.forwarding=1");
}

static void test_ours(void **state)
{
	struct kernel *kernel = *state;
	struct sandbox_namespace ns = { "ns1", 0, 10, 1, 0, 0 };

	settle(kernel);
	sandbox_make(kernel, &ns);
	sandbox_make_network(kernel, 1);
	assert_int_equal(read_events(kernel), 0);
	sandbox_delete_network(kernel, 1);
	sandbox_delete(kernel, &ns);
	sandbox_wait_gone(kernel, &ns);
	assert_int_equal(read_events(kernel), 0);
	/* What others do in namespaces. */
	tells_nothing(kernel,
		"unshare --net sh -c 'ip link set lo up; ip route add default dev lo; "
		"sysctl -qw net.ipv4.ip_forward=1'");
}

static void test_objects(void **state)
{
	static const struct {
		const char *object, *command;
	} rows[] = {
		{ "ns1", "ip -n ns1 link set eth0 down" },
		{ "ns1", "ip link set nsv1 nomaster" },
		{ "ns1", "ip link set nsv1 down" },
		{ "ns1", "ip link delete nsv1" },
		{ "ns1", "ip netns delete ns1" },
		{ "@net0", "ip link set nsnet0 down" },
		{ "@net0", "ip link set nsnet0 up" },
		{ "@net0",
			"ip address add 198.51.100.1/24 dev nsnet0; ip address del 198.51.100.1/24 dev nsnet0" },
		{ "@net0",
			"ip route add 198.51.100.0/24 dev nsnet0; ip route del 198.51.100.0/24" },
		{ "@net0", "ip link delete nsnet0a" },
		{ "@net0", "ip link delete nsnet0" },
	};
	struct sandbox_namespace ns = { "ns1", 0, 10, 1, 0, 0 };
	struct kernel *kernel = *state;

	sandbox_make(kernel, &ns);
	for (size_t i = 0; i < lengthof(rows); i++)
		touches(kernel, rows[i].object, rows[i].command);
	sandbox_delete(kernel, &ns);
}

/* A name that is bare. */
static void test_mounts(void **state)
{
	struct sandbox_namespace ns = { "ns1", 0, 10, 1, 0, 0 };
	enum snapshot_name name = SNAPSHOT_NAME_GONE;
	struct kernel *kernel = *state;

	sandbox_make(kernel, &ns);
	settle(kernel);
	assert_int_equal(kernel_look_name(kernel, "ns1", &name), 0);
	assert_int_equal(name, SNAPSHOT_NAME_OURS);
	assert_true(sandbox_does("umount /run/netns/ns1"));
	assert_true(read_changes(kernel).events & KERNEL_EVENT_MOUNTS);
	assert_int_equal(read_changes(kernel).events, 0);
	assert_int_equal(kernel_look_name(kernel, "ns1", &name), 0);
	assert_int_equal(name, SNAPSHOT_NAME_BARE);
	sandbox_do(kernel, &(struct step){ .type = STEP_NETNS_PIN, .netns = "ns1" });
	assert_true(sandbox_does("ip -n ns1 link show eth0 && "
				 "[ $(grep -c /run/netns/ns1 /proc/self/mountinfo) = 1 ]"));
	assert_true(sandbox_does("ip netns delete ns1"));
	assert_int_equal(kernel_look_name(kernel, "ns1", &name), 0);
	assert_int_equal(name, SNAPSHOT_NAME_GONE);
	assert_true(sandbox_does("ip netns add ns1"));
	assert_int_equal(kernel_look_name(kernel, "ns1", &name), 0);
	assert_int_equal(name, SNAPSHOT_NAME_FOREIGN);
	assert_true(sandbox_does("ip netns delete ns1"));
	sandbox_delete(kernel, &ns);
	assert_int_equal(kernel_look_name(kernel, "ns1", &name), -ENOENT);
}

/* Where more happens than there is room for, anything may have happened. */
static void test_lost(void **state)
{
	struct kernel *kernel = *state;
	struct kernel_changes changes = { 0 };

	settle(kernel);
	assert_true(sandbox_does(
		"for i in $(seq 20000); do echo \"route add 198.51.$((i / 250)).$((i %% 250))/32 dev other\"; done "
		">/run/batch && sed 's/ add / del /' /run/batch >/run/batch2; "
		"ip -batch /run/batch && ip -batch /run/batch2 && rm /run/batch /run/batch2"));
	while (is_readable(kernel))
		assert_int_equal(kernel_read_events(kernel, &changes), 0);
	assert_int_equal(changes.events, KERNEL_EVENT_HOST | KERNEL_EVENT_FIREWALL |
						 KERNEL_EVENT_MOUNTS | KERNEL_EVENT_LOST);
	assert_int_equal(read_events(kernel), 0);
	tells(kernel, "ip link set up0 mtu 1300");
}

static void test_tables(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct plan plan = PLAN_INIT(&arena);
	struct sandbox_namespace ns = { "ns1", 0, 10, 1, 0, 0 };

	if (!kernel_has(kernel, "guard")) {
		assert_int_equal(read_events(kernel), 0);
		return;
	}
	settle(kernel);
	sandbox_plan_guarded(&plan, &ns);
	sandbox_apply(kernel, &plan);
	assert_int_equal(read_events(kernel), 0);
	assert_true(sandbox_does("nft add table inet foreign && nft delete table inet foreign"));
	assert_int_equal(read_events(kernel), 0);
	/* Where the tables belong to us nobody can. */
	if (sandbox_does("nft delete table bridge nsnetd 2>/dev/null"))
		assert_int_equal(read_events(kernel), KERNEL_EVENT_FIREWALL);
	else
		assert_true(kernel_has(kernel, "persist"));
	sandbox_delete(kernel, &ns);
	sandbox_wait_gone(kernel, &ns);
}

static void test_not_asked(void **state)
{
	struct kernel *kernel = sandbox_kernel();
	struct kernel_changes changes = { .events = 77 };

	(void)state;
	assert_int_equal(kernel_read_events(kernel, &changes), -EBADF);
	assert_int_equal(changes.events, 77);
	assert_int_equal(kernel_events(kernel), kernel_events(kernel));
	kernel_free(kernel);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_routes, setup, teardown),
		cmocka_unit_test_setup_teardown(test_links, setup, teardown),
		cmocka_unit_test_setup_teardown(test_forwarding, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bridge, setup, teardown),
		cmocka_unit_test_setup_teardown(test_ours, setup, teardown),
		cmocka_unit_test_setup_teardown(test_objects, setup, teardown),
		cmocka_unit_test_setup_teardown(test_mounts, setup, teardown),
		cmocka_unit_test_setup_teardown(test_lost, setup, teardown),
		cmocka_unit_test_setup_teardown(test_tables, setup, teardown),
		cmocka_unit_test(test_not_asked),
	};

	sandbox_enter();
	return cmocka_run_group_tests_name("events", tests, NULL, NULL);
}
