/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_kernel - whole namespaces and networks: made, looked at by other programs, used, deleted
 */
#include "sandbox.h"

#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

static void test_network(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	const char *before = sandbox_picture(&arena);

	sandbox_make_network(kernel, 0);
	sandbox_shows("ip -d link show nsnet0", "state UP");
	sandbox_shows("ip -d link show nsnet0", "mtu 1400");
	sandbox_shows("ip -d link show nsnet0", "link/ether 02:6e:0a:63:00:01");
	sandbox_shows("ip -d link show nsnet0", "mcast_snooping 0");
	sandbox_shows("ip -d link show nsnet0", "stp_state 0");
	sandbox_shows("ip -d link show nsnet0", "vlan_filtering 0");
	sandbox_shows("ip -d link show nsnet0", "group 28275");
	sandbox_shows("ip -d link show nsnet0", "alias nsnetd:@net0");
	sandbox_shows(
		"ip addr show nsnet0", "inet 10.99.0.1/24 brd 10.99.0.255 scope global nsnet0");
	sandbox_shows("ip addr show nsnet0", "inet6 fd99::1/64 scope global nodad");
	sandbox_shows("cat /proc/sys/net/ipv6/conf/nsnet0/accept_ra", "0");
	sandbox_shows("cat /proc/sys/net/ipv4/conf/nsnet0/forwarding", "1");

	sandbox_shows("ip -d link show nsnet0a", "master nsnet0 state UP");
	sandbox_shows("ip -d link show nsnet0a", "isolated on");
	sandbox_shows("ip -d link show nsnet0a", "learning off flood off");
	sandbox_shows("ip -d link show nsnet0a", "mcast_flood off bcast_flood off");
	sandbox_shows("ip -d link show nsnet0a", "addrgenmode none numtxqueues 1");
	sandbox_shows("ip -d link show nsnet0a", "alias nsnetd:@net0/anchor");
	sandbox_shows("ip -d link show nsnet0ap", "addrgenmode none numtxqueues 1");
	sandbox_hides("ip addr show nsnet0a", "inet");

	sandbox_delete_network(kernel, 0);
	sandbox_is_as(before);
}

static void check_outside(struct kernel *kernel, const struct sandbox_namespace *ns)
{
	autoarena struct arena arena = ARENA_INIT;
	char path[64];
	struct stat st;

	(void)snprintf(path, sizeof(path), "/run/netns/%s", ns->name);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_ino, ns->inode);
	assert_int_not_equal(ns->inode, 0);
	assert_int_equal(ns->cookie != 0, kernel_has(kernel, "cookie"));
	assert_int_equal(sandbox_mounts(arena_printf(&arena, " %s ", path)), 1);
	assert_true(sandbox_does("ip netns list | grep -q '^%s\\b'", ns->name));
	sandbox_shows("ip -d link show nsv1", "master nsnet0 state UP");
	sandbox_shows("ip -d link show nsv1", "alias nsnetd:ns1/eth0");
	sandbox_shows("ip -d link show nsv1", "addrgenmode none numtxqueues 1 numrxqueues 1");
	sandbox_shows("ip -d link show nsv1", "group 28275");
	sandbox_hides("ip addr show nsv1", "inet");
}

static void check_inside(void)
{
	sandbox_shows("ip -n ns1 link show lo", "LOOPBACK,UP,LOWER_UP");
	sandbox_shows("ip -n ns1 -d link show eth0", "state UP");
	sandbox_shows("ip -n ns1 -d link show eth0", "mtu 1400");
	sandbox_shows("ip -n ns1 -d link show eth0", "link/ether 02:6e:0a:63:00:0a");
	sandbox_shows(
		"ip -n ns1 addr show eth0", "inet 10.99.0.10/24 brd 10.99.0.255 scope global eth0");
	sandbox_shows("ip -n ns1 addr show eth0", "inet6 fd99::a/64 scope global nodad");
	sandbox_shows("ip -n ns1 addr show eth0", "inet6 fe80::6e:aff:fe63:a/64 scope link nodad");
	sandbox_hides("ip -n ns1 addr show eth0", "tentative");
	sandbox_shows("ip -n ns1 route", "default via 10.99.0.1 dev eth0 \n");
	sandbox_shows("ip -n ns1 -6 route", "default via fd99::1 dev eth0 metric 1024");
	sandbox_shows("ip netns exec ns1 cat /proc/sys/net/ipv4/ping_group_range", "0\t2147483647");
	sandbox_shows("ip netns exec ns1 cat /proc/sys/net/ipv4/ip_unprivileged_port_start", "0");
	sandbox_shows(
		"nsenter --net=/run/netns/ns1 cat /proc/sys/net/ipv6/conf/eth0/accept_ra", "0");
	sandbox_shows("nsenter --net=/run/netns/ns1 ip -o link", "eth0");
}

static void test_namespace(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	struct sandbox_namespace ns = { "ns1", 0, 10, 1, 0, 0 };
	const char *before = sandbox_picture(&arena);
	int fd;

	sandbox_make_network(kernel, 0);
	sandbox_make(kernel, &ns);
	check_outside(kernel, &ns);
	check_inside();
	sandbox_shows("readlink /run/nsnetd/etc/ns1/hosts.net0", "../../hosts/net0/hosts");
	sandbox_shows("cat /run/nsnetd/etc/ns1/hosts.net0", "10.99.0.10\tns1 ");
	sandbox_shows("cat /run/nsnetd/etc/ns1/resolv.conf", "nameserver 192.0.2.53\n");
	sandbox_shows("cat /run/nsnetd/state/namespaces/ns1.json", "ns1's");
	sandbox_shows("stat -c %a /run/nsnetd/state/namespaces/ns1.json", "600");

	fd = kernel_open_netns(kernel, "ns1");
	assert_true(fd >= 0);
	close_fd(fd);
	assert_int_equal(kernel_open_netns(kernel, "ns2"), -ENOENT);

	sandbox_delete(kernel, &ns);
	assert_int_equal(kernel_open_netns(kernel, "ns1"), -ENOENT);
	assert_false(sandbox_does("test -e /run/netns/ns1"));
	sandbox_wait_gone(kernel, &ns);
	sandbox_delete_network(kernel, 0);
	sandbox_is_as(before);
}

static void test_ping(void **state)
{
	static const char *const targets[] = { "10.99.0.20", "fd99::14", "10.99.0.1", "fd99::1",
		"10.99.1.30", "127.0.0.1", "::1" };
	struct kernel *kernel = *state;
	struct sandbox_namespace all[] = { { "ns1", 0, 10, 1, 0, 0 }, { "ns2", 0, 20, 2, 0, 0 },
		{ "ns3", 1, 30, 3, 0, 0 } };

	sandbox_make_network(kernel, 0);
	sandbox_make_network(kernel, 1);
	for (size_t i = 0; i < lengthof(all); i++)
		sandbox_make(kernel, &all[i]);
	for (size_t i = 0; i < lengthof(targets); i++)
		assert_true(sandbox_does(
			"ip netns exec ns1 ping -n -q -c 1 -W 5 %s >/dev/null", targets[i]));
	/* Nobody needs a privilege for that, nor for a port below 1024. */
	assert_true(
		sandbox_does("ip netns exec ns1 setpriv --reuid=65534 --clear-groups --regid=65534 "
			     "--no-new-privs ping -n -q -c 1 -W 5 10.99.0.20 >/dev/null"));
	for (size_t i = 0; i < lengthof(all); i++)
		sandbox_delete(kernel, &all[i]);
	for (size_t i = 0; i < lengthof(all); i++)
		sandbox_wait_gone(kernel, &all[i]);
	sandbox_delete_network(kernel, 1);
	sandbox_delete_network(kernel, 0);
}

/* The first packet of a new namespace must not be lost: ARP would ask again after a second only. */
static void test_first_packet(void **state)
{
	struct kernel *kernel = *state;

	sandbox_make_network(kernel, 0);
	for (unsigned i = 0; i < 40; i++) {
		struct sandbox_namespace ns = { "first", 0, 10 + i, 100 + i, 0, 0 };

		sandbox_make(kernel, &ns);
		assert_true(sandbox_does(
			"nsenter --net=/run/netns/first ping -n -q -c 1 -W 0.9 10.99.0.1 "
			">/dev/null"));
		sandbox_shows("ip netns exec first cat /proc/sys/net/ipv4/ping_group_range",
			"0\t2147483647");
		sandbox_delete(kernel, &ns);
	}
	sandbox_wait_gone(kernel, &(struct sandbox_namespace){ .link = 139 });
	sandbox_delete_network(kernel, 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_set_up, sandbox_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_network),
		TEST(test_namespace),
		TEST(test_ping),
		TEST(test_first_packet),
	};

	sandbox_enter();
	return cmocka_run_group_tests_name("kernel", tests, NULL, NULL);
}
