/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_kernel_look - what there is: after a restart, on the host, inside, and who is there
 */
#include "sandbox.h"

#include <signal.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* A process in a namespace that waits to be killed. */
static pid_t start_inside(const char *name)
{
	char path[64];
	pid_t pid;

	(void)snprintf(path, sizeof(path), "--net=/run/netns/%s", name);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		execlp("nsenter", "nsenter", path, "sleep", "600", NULL);
		_exit(127);
	}
	while (!sandbox_does("test \"$(stat -L -c %%i /proc/%d/ns/net)\" = "
			     "\"$(stat -c %%i /run/netns/%s)\"",
		(int)pid, name))
		;
	return pid;
}

static const struct snapshot_link *find_link(const struct snapshot *snapshot, const char *name)
{
	for (size_t i = 0; i < snapshot->n_links; i++)
		if (streq(snapshot->links[i].name, name))
			return &snapshot->links[i];
	abort();
}

static struct snapshot_netns find_netns(struct kernel *kernel, const char *name, int64_t guess)
{
	struct snapshot_netns netns;

	assert_int_equal(kernel_look_netns(kernel, name, guess, &netns), 1);
	return netns;
}

static void check_links(const struct snapshot *snapshot)
{
	const struct snapshot_link *bridge = find_link(snapshot, "nsnet0");
	const struct snapshot_link *end = find_link(snapshot, "nsv1");

	assert_int_equal(snapshot->n_links, 4);
	assert_string_equal(bridge->alias, "nsnetd:@net0");
	assert_int_equal(bridge->master, 0);
	assert_string_equal(end->alias, "nsnetd:ns1/eth0");
	assert_int_equal(end->master, bridge->index);
}

/* Its host ends, known by their aliases, go with it. */
static void adopt_ends(struct kernel *kernel, const struct snapshot *snapshot, const char *name)
{
	char beginning[64];

	(void)snprintf(beginning, sizeof(beginning), "nsnetd:%s/", name);
	for (size_t i = 0; i < snapshot->n_links; i++)
		if (after(snapshot->links[i].alias, beginning) && snapshot->links[i].is_end)
			kernel_adopt_end(kernel, name, snapshot->links[i].index);
}

static void test_restart(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct sandbox_namespace ns = { "ns1", 0, 10, 1, 0, 0 };
	const char *before = sandbox_picture(&arena);
	struct snapshot snapshot;
	pid_t pid;
	int r;

	assert_true(sandbox_does("ip link add other0 type bridge"));
	sandbox_make(kernel, &ns);
	kernel_free(kernel);
	assert_true(sandbox_does("ip -n ns1 addr show eth0 | grep -q 10.99.0.10"));
	assert_true(sandbox_does(
		"cd /run/nsnetd/state/namespaces && touch .x.json noise a/ 2>/dev/null; mkdir d.json; "
		"ln -s /etc/passwd l.json; echo '{' >dead.json; echo '{' >gone.json; touch /run/netns/dead; "
		"echo >'bad name.json'; head -c 1048577 /dev/zero >big.json; mkfifo fifo.json"));

	*state = kernel = sandbox_kernel();
	r = kernel_snapshot(kernel, &arena, &snapshot);
	assert_int_equal(r, 0);
	assert_int_equal(kernel_snapshot_links(kernel, &arena, &snapshot), 0);
	check_links(&snapshot);
	for (size_t i = 0; i < snapshot.n_namespaces; i++) {
		assert_true(snapshot.namespaces[i].is_unread);
		assert_int_equal(kernel_read_record(
					 kernel, RECORD_NAMESPACE, &arena, &snapshot.namespaces[i]),
			0);
		assert_false(snapshot.namespaces[i].is_unread);
	}
	/* Those that cannot be read are told of, without a text. */
	assert_int_equal(snapshot.n_namespaces, 7);
	for (size_t i = 0; i < snapshot.n_namespaces; i++)
		if (strstr(" big fifo l d ",
			    arena_printf(&arena, " %s ", snapshot.namespaces[i].name)))
			assert_null(snapshot.namespaces[i].text);
		else
			assert_non_null(snapshot.namespaces[i].text);
	assert_int_equal(snapshot.n_networks, 0);
	assert_true(find_netns(kernel, "dead", 0).is_dead);
	assert_int_equal(kernel_look_netns(kernel, "gone", 1, &(struct snapshot_netns){ 0 }), 0);
	/* What it is thought to be changes nothing. */
	for (int64_t i = -1; i < 2; i++) {
		assert_false(find_netns(kernel, "ns1", ns.cookie + i).is_dead);
		assert_int_equal(find_netns(kernel, "ns1", ns.cookie + i).inode, ns.inode);
		assert_int_equal(find_netns(kernel, "ns1", ns.cookie + i).cookie, ns.cookie);
	}
	for (size_t i = 0; i < snapshot.n_namespaces; i++)
		if (streq(snapshot.namespaces[i].name, "ns1")) {
			assert_non_null(strstr(snapshot.namespaces[i].text, "ns1's"));
			assert_int_equal(
				snapshot.namespaces[i].n, strlen(snapshot.namespaces[i].text));
		}
	assert_true(sandbox_does(
		"rm -r /run/nsnetd/state/namespaces/[!n]* "
		"/run/nsnetd/state/namespaces/noise /run/nsnetd/state/namespaces/.x.json "
		"/run/netns/dead"));

	assert_int_equal(kernel_open_netns(kernel, "ns1"), -ENOENT);
	assert_int_equal(kernel_adopt(kernel, "nothing"), -ENOENT);
	assert_int_equal(kernel_adopt(kernel, "ns1"), 0);
	assert_int_equal(kernel_adopt(kernel, "ns1"), -EEXIST);
	adopt_ends(kernel, &snapshot, "ns1");
	r = kernel_open_netns(kernel, "ns1");
	assert_true(r >= 0);
	close_fd(r);
	/* Its host end is known again: it goes although a process stays. */
	pid = start_inside("ns1");
	sandbox_delete(kernel, &ns);
	sandbox_wait_gone(kernel, &ns);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(sandbox_does("ip link del other0"));
	sandbox_is_as(before);
}

/* The anchor of a network is none of the links of a namespace that has the network's name. */
static void test_same_name(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct sandbox_namespace ns = { "net0", 0, 10, 1, 0, 0 };
	struct snapshot snapshot;

	sandbox_make(kernel, &ns);
	kernel_free(kernel);
	*state = kernel = sandbox_kernel();
	assert_int_equal(kernel_adopt(kernel, "net0"), 0);
	assert_int_equal(kernel_snapshot(kernel, &arena, &snapshot), 0);
	assert_int_equal(kernel_snapshot_links(kernel, &arena, &snapshot), 0);
	adopt_ends(kernel, &snapshot, "net0");
	sandbox_delete(kernel, &ns);
	sandbox_wait_gone(kernel, &ns);
	sandbox_shows("ip link show nsnet0a", "master nsnet0 state UP");
}

/* Nobody need be looked for in one that nobody has ever opened; and watching it keeps it from nothing. */
static void test_entry(void **state)
{
	static const char *const names[] = { "ns0", "ns1", "ns2", "ns3" };
	struct kernel *kernel = *state;
	struct sandbox_namespace all[lengthof(names)];
	int fd;

	for (unsigned i = 0; i < lengthof(all); i++) {
		all[i] = (struct sandbox_namespace){ names[i], 0, 10 + i, i, 0, 0 };
		sandbox_make(kernel, &all[i]);
		assert_false(kernel_may_be_entered(kernel, names[i]));
	}
	assert_true(sandbox_does("ls -l /run/netns >/dev/null && ip netns exec ns0 true"));
	assert_true(sandbox_does("nsenter --net=/run/netns/ns1 true"));
	fd = kernel_open_netns(kernel, "ns2");
	assert_true(fd >= 0);
	close_fd(fd);
	for (unsigned i = 0; i < 3; i++)
		assert_true(kernel_may_be_entered(kernel, names[i]));
	assert_false(kernel_may_be_entered(kernel, "ns3"));
	assert_true(kernel_may_be_entered(kernel, "nobody"));
	for (unsigned i = 0; i < lengthof(all); i++) {
		sandbox_delete(kernel, &all[i]);
		sandbox_wait_gone(kernel, &all[i]);
	}
}

/* A process keeps a namespace alive; the links to it go all the same, and all at once. */
static void test_reap(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	const char *before = sandbox_picture(&arena);
	struct sandbox_namespace all[5];
	pid_t pids[lengthof(all)];
	int fd;

	for (unsigned i = 0; i < lengthof(all); i++) {
		all[i] = (struct sandbox_namespace){ arena_printf(&arena, "ns%u", i), 0, 10 + i, i,
			0, 0 };
		sandbox_make(kernel, &all[i]);
		pids[i] = start_inside(all[i].name);
	}
	/* A descriptor holds it just as well. */
	fd = kernel_open_netns(kernel, "ns0");
	assert_true(fd >= 0);
	assert_int_equal(kill(pids[0], SIGKILL), 0);
	assert_int_equal(waitpid(pids[0], NULL, 0), pids[0]);
	assert_false(kernel_is_reaping(kernel));
	assert_true(sandbox_does("ip link show nsv0 >/dev/null && ip link show nsv1 >/dev/null"));

	for (unsigned i = 0; i < lengthof(all); i++)
		sandbox_delete(kernel, &all[i]);
	sandbox_reap(kernel);
	sandbox_hides("ip link", "nsv");
	close_fd(fd);
	for (unsigned i = 1; i < lengthof(all); i++) {
		assert_int_equal(kill(pids[i], SIGKILL), 0);
		assert_int_equal(waitpid(pids[i], NULL, 0), pids[i]);
	}
	sandbox_is_as(before);
}

static bool has_prefix(
	const struct snapshot_prefixes *all, const char *prefix, const char *interface)
{
	struct prefix wanted;

	assert_true(prefix_parse(prefix, &wanted));
	for (size_t i = 0; i < all->n; i++)
		if (address_is_equal(&all->items[i].prefix.address, &wanted.address) &&
			all->items[i].prefix.length == wanted.length &&
			streq(all->items[i].interface, interface))
			return true;
	return false;
}

static void test_prefixes(void **state)
{
	static const char *const there[][2] = { { "10.99.0.0/24", "nsnet0" },
		{ "10.99.0.1/32", "nsnet0" }, { "fd99::/64", "nsnet0" },
		{ "fd99::1/128", "nsnet0" }, { "192.0.2.0/25", "up0" },
		{ "198.51.100.0/24", "up0" }, { "203.0.113.0/24", "" },
		{ "2001:db8:1::/48", "up0" }, { "172.30.0.0/16", "up0" }, { "192.0.2.53/32", "" },
		{ "2001:db8::53/128", "" } };
	autoarena struct arena arena = ARENA_INIT;
	struct snapshot_prefixes all;

	assert_true(sandbox_does(
		"ip link add up0 type bridge && ip addr add 192.0.2.1/25 dev up0 && ip link set up0 up && "
		"ip route add 198.51.100.0/24 via 192.0.2.2 table 77 && ip route add default via 192.0.2.2 && "
		"ip route add blackhole 203.0.113.0/24 && ip route add 0.0.0.0/1 dev up0 && "
		"ip route add 2001:db8:1::/48 dev up0 && ip -6 route add default dev up0 && "
		"ip route add 172.30.0.0/16 nexthop via 192.0.2.2 dev up0 nexthop via 192.0.2.3 dev up0 && "
		"mkdir -p /run/systemd/resolve && "
		"printf '# nameserver 9.9.9.9\\nnameserver 192.0.2.53\\nnameserver\\t2001:db8::53%%%%up0\\n"
		"nameserver 127.0.0.53\\nnameservers 8.8.8.8\\nnameserver x' >/run/systemd/resolve/resolv.conf"));
	assert_int_equal(kernel_prefixes(*state, &arena, &all), 0);
	for (size_t i = 0; i < lengthof(there); i++)
		if (!has_prefix(&all, there[i][0], there[i][1]))
			fail_msg("no %s %s", there[i][0], there[i][1]);
	for (size_t i = 0; i < all.n; i++) {
		const struct prefix *prefix = &all.items[i].prefix;

		assert_true(prefix->length > 1);
		assert_false(prefix->address.family == AF_INET && prefix->address.bytes[0] == 127);
		assert_false(prefix->address.bytes[0] == 0xff || prefix->address.bytes[0] == 0xfe);
		assert_false(prefix->address.bytes[0] == 8 || prefix->address.bytes[0] == 9);
	}
	assert_true(sandbox_does("ip link del up0; ip route del blackhole 203.0.113.0/24; "
				 "rm -r /run/systemd"));
}

static void test_uplinks(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct snapshot_uplinks uplinks;

	assert_int_equal(kernel_uplinks(kernel, &arena, &uplinks), 0);
	assert_int_equal(uplinks.n, 0);
	assert_true(sandbox_does(
		"for i in 0 1 2 3; do ip link add up$i mtu 140$i type bridge && ip addr add 192.0.2.$i/32 dev up$i && "
		"ip link set up$i up; done; ip route add default dev up0 && "
		"ip route add default dev up0 metric 9 && ip route add default dev up1 table 77 && "
		"ip route add unreachable default metric 4000 && "
		"ip -6 route add default dev up2 && ip route add 10.0.0.0/8 dev up3"));
	assert_int_equal(kernel_uplinks(kernel, &arena, &uplinks), 0);
	assert_int_equal(uplinks.n, 2);
	assert_string_equal(uplinks.items[0].name, "up0");
	assert_int_equal(uplinks.items[0].mtu, 1400);
	assert_string_equal(uplinks.items[1].name, "up2");
	assert_int_equal(uplinks.items[1].mtu, 1402);
	assert_true(sandbox_does("ip route del unreachable default metric 4000; "
				 "for i in 0 1 2 3; do ip link del up$i; done"));
}

static void is_router(struct kernel *kernel, bool ipv4, bool ipv6)
{
	autoarena struct arena arena = ARENA_INIT;
	struct snapshot_uplinks uplinks;

	assert_int_equal(kernel_uplinks(kernel, &arena, &uplinks), 0);
	assert_int_equal(uplinks.n, 1);
	assert_int_equal(uplinks.items[0].is_router[0], ipv4);
	assert_int_equal(uplinks.items[0].is_router[1], ipv6);
}

static void set_forwarding(struct kernel *kernel, enum step_type type, const char *key)
{
	sandbox_do(kernel, &(struct step){ .type = type, .sysctl = { key, 1 } });
}

/* What the host wishes by itself is told from what we have set. */
static void test_router(void **state)
{
	static const char *const ours = "net/ipv4/conf/up0/forwarding";
	struct kernel *kernel = *state;

	assert_true(
		sandbox_does("sysctl -qw net.ipv4.ip_forward=0 && ip link add up0 type bridge && "
			     "ip link set up0 up && ip route add default dev up0"));
	is_router(kernel, false, false);
	set_forwarding(kernel, STEP_SYSCTL_SET, ours);
	is_router(kernel, false, false);
	assert_true(sandbox_does("sysctl -qw net.ipv4.ip_forward=1"));
	is_router(kernel, true, false);
	/* What was off because all were is on because all are. */
	set_forwarding(kernel, STEP_SYSCTL_RESTORE, ours);
	sandbox_shows("cat /proc/sys/net/ipv4/conf/up0/forwarding", "1");
	is_router(kernel, true, false);
	set_forwarding(kernel, STEP_SYSCTL_SET, ours);
	assert_true(sandbox_does("sysctl -qw net.ipv4.ip_forward=0"));
	is_router(kernel, false, false);
	set_forwarding(kernel, STEP_SYSCTL_RESTORE, ours);
	sandbox_shows("cat /proc/sys/net/ipv4/conf/up0/forwarding", "0");

	/* One that forwards of its own. */
	assert_true(sandbox_does("sysctl -qw net.ipv4.conf.up0.forwarding=1"));
	is_router(kernel, true, false);
	set_forwarding(kernel, STEP_SYSCTL_SET, ours);
	is_router(kernel, true, false);
	set_forwarding(kernel, STEP_SYSCTL_RESTORE, ours);
	sandbox_shows("cat /proc/sys/net/ipv4/conf/up0/forwarding", "1");
	assert_true(sandbox_does(
		"sysctl -qw net.ipv4.conf.up0.forwarding=0 net.ipv6.conf.all.forwarding=1"));
	is_router(kernel, false, true);
	assert_true(sandbox_does("sysctl -qw net.ipv6.conf.all.forwarding=0"));
	if (kernel_has(kernel, "forwarding6")) {
		set_forwarding(kernel, STEP_SYSCTL_SET, "net/ipv6/conf/up0/force_forwarding");
		is_router(kernel, false, false);
		set_forwarding(kernel, STEP_SYSCTL_RESTORE, "net/ipv6/conf/up0/force_forwarding");
		assert_true(sandbox_does("sysctl -qw net.ipv6.conf.up0.force_forwarding=1"));
		is_router(kernel, false, true);
	}
	assert_true(sandbox_does("ip link del up0"));
}

static void check_inspected(
	const struct nsnet_interface_list *interfaces, const struct nsnet_route_list *routes)
{
	const struct nsnet_interface *eth0 = &interfaces->items[0];

	assert_int_equal(interfaces->n, 2);
	assert_string_equal(eth0->name, "eth0");
	assert_null(eth0->network);
	assert_null(eth0->host_interface_name);
	assert_string_equal(eth0->hardware_address, "02:6e:0a:63:00:0a");
	assert_int_equal(eth0->maximum_transmission_unit, 1400);
	assert_string_equal(eth0->operational_state, "up");
	assert_true(eth0->index > 1);
	assert_int_equal(eth0->addresses.n, 3);
	assert_string_equal(eth0->addresses.items[0], "10.99.0.10/24");
	assert_non_null(eth0->statistics);
	assert_true(eth0->statistics->sent_packets > 0);
	assert_true(eth0->statistics->sent_bytes >= 84);
	assert_string_equal(interfaces->items[1].name, "d0");
	assert_string_equal(interfaces->items[1].operational_state, "down");
	assert_int_equal(interfaces->items[1].addresses.n, 0);

	assert_int_equal(routes->n, 4);
	assert_string_equal(routes->items[0].destination, "default");
	assert_string_equal(routes->items[0].gateway, "10.99.0.1");
	assert_false(routes->items[0].metric.is_set);
	assert_string_equal(routes->items[1].destination, "198.51.100.0/24");
	assert_string_equal(routes->items[1].gateway, "10.99.0.1");
	assert_int_equal(routes->items[1].metric.value, 7);
	assert_string_equal(routes->items[2].destination, "203.0.113.0/24");
	assert_null(routes->items[2].gateway);
	assert_string_equal(routes->items[3].destination, "default");
	assert_string_equal(routes->items[3].gateway, "fd99::1");
}

static void test_inspect(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct sandbox_namespace ns = { "ns1", 0, 10, 1, 0, 0 };
	struct nsnet_interface_list interfaces;
	struct nsnet_route_list routes;

	assert_int_equal(kernel_inspect(kernel, "ns1", &arena, &interfaces, &routes), -ENOENT);
	sandbox_make(kernel, &ns);
	assert_true(sandbox_does("ip netns exec ns1 ping -n -q -c 1 -W 5 10.99.0.1 >/dev/null && "
				 "ip -n ns1 link add d0 type bridge && "
				 "ip -n ns1 route add 198.51.100.0/24 via 10.99.0.1 metric 7 && "
				 "ip -n ns1 route add 203.0.113.0/24 dev eth0"));
	assert_int_equal(kernel_inspect(kernel, "ns1", &arena, &interfaces, &routes), 0);
	check_inspected(&interfaces, &routes);
	sandbox_delete(kernel, &ns);
	sandbox_wait_gone(kernel, &ns);
}

static void test_processes(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct sandbox_namespace all[] = { { "ns1", 0, 10, 1, 0, 0 }, { "ns2", 0, 11, 2, 0, 0 },
		{ "ns3", 0, 12, 3, 0, 0 } };
	struct nsnet_process_id_list lists[lengthof(all)];
	const char *const names[lengthof(all)] = { "ns1", "ns2", "ns3" };
	pid_t pids[3];

	for (size_t i = 0; i < lengthof(all); i++)
		sandbox_make(kernel, &all[i]);
	pids[0] = start_inside("ns1");
	pids[1] = start_inside("ns1");
	pids[2] = start_inside("ns2");
	assert_int_equal(kernel_processes(kernel, names, lengthof(names), &arena, lists), 0);
	assert_int_equal(lists[0].n, 2);
	assert_int_equal(lists[0].items[0].pid + lists[0].items[1].pid, pids[0] + pids[1]);
	assert_int_equal(lists[1].n, 1);
	assert_int_equal(lists[1].items[0].pid, pids[2]);
	assert_int_equal(lists[2].n, 0);
	assert_int_equal(kernel_processes(kernel, NULL, 0, &arena, NULL), 0);

	/* Only those inside end. */
	assert_int_equal(kernel_kill(kernel, "ns1"), 0);
	assert_int_equal(waitpid(pids[0], NULL, 0), pids[0]);
	assert_int_equal(waitpid(pids[1], NULL, 0), pids[1]);
	assert_int_equal(waitpid(pids[2], NULL, WNOHANG), 0);
	assert_int_equal(kernel_kill(kernel, "ns3"), 0);
	assert_int_equal(kernel_kill(kernel, "ns2"), 0);
	assert_int_equal(waitpid(pids[2], NULL, 0), pids[2]);

	assert_int_equal(kernel_kill(kernel, "ns4"), -ENOENT);
	assert_int_equal(
		kernel_processes(kernel, &(const char *){ "ns4" }, 1, &arena, lists), -ENOENT);
	for (size_t i = 0; i < lengthof(all); i++)
		sandbox_delete(kernel, &all[i]);
	for (size_t i = 0; i < lengthof(all); i++)
		sandbox_wait_gone(kernel, &all[i]);
}

static void test_features(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct string_list features;

	kernel_features(*state, &arena, &features);
	assert_true(features.n >= 1);
	for (size_t i = 0; i < features.n; i++)
		assert_true(kernel_has(*state, features.items[i]));
	assert_true(kernel_has(*state, "forwarding4"));
	assert_false(kernel_has(*state, "flight"));
}

#define TEST(name) \
	cmocka_unit_test_setup_teardown(name, sandbox_set_up_network, sandbox_tear_down_network)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_restart),
		TEST(test_same_name),
		TEST(test_entry),
		TEST(test_reap),
		TEST(test_prefixes),
		TEST(test_uplinks),
		TEST(test_router),
		TEST(test_inspect),
		TEST(test_processes),
		TEST(test_features),
	};

	sandbox_enter();
	return cmocka_run_group_tests_name("look", tests, NULL, NULL);
}
