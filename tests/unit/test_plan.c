/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_plan - steps: what takes each back, and the command that does the same
 */
#include "cmocka_all.h"

#include "plan.h"

#define MAC \
	{ \
		{ \
			2, 0x6e, 0, 0, 0, 1 \
		} \
	}
#define V4(d) \
	{ \
		AF_INET, \
		{ \
			192, 0, 2, d \
		} \
	}
#define V6(d) \
	{ \
		AF_INET6, \
		{ \
			0x20, 1, 0xd, 0xb8, [15] = (d) \
		} \
	}
#define BRIDGE .bridge = { .name = "nsnet0", .anchor = "nsa0", .mac = MAC, .mtu = 1500 }
#define VETH   .veth = { .name = "nsv0", .bridge = "nsnet0", .peer = "eth0", .mac = MAC, .mtu = 1500 }
#define HOSTS  .hosts = { .network = "net1", .slot = 3, .name = "ns1", .addresses = { V4(7) } }
#define ROUTE \
	.route = { .interface = "eth0", \
		.destination = { { AF_INET6, { 0 } }, 0 }, \
		.gateway = V6(1), \
		.metric = 7 }
#define PORT \
	.port = { .protocol = NSNET_PROTOCOL_TCP, \
		.host = V4(1), \
		.target = V4(7), \
		.host_port = 8080, \
		.namespace_port = 80 }
#define POINT \
	.point = { .name = "nsv0", \
		.peer = "eth0", \
		.mac = MAC, \
		.mtu = 1500, \
		.addresses = { V4(7), V6(7) }, \
		.before = { V4(8), V6(7) }, \
		.gateways = { V4(1), V6(1) } }
#define WAYS(v4) \
	"ip route replace " v4 "/32 dev nsv0 src 192.0.2.1; " \
	"ip -6 route replace 2001:db8::7/128 dev nsv0 src 2001:db8::1"
#define RECORD .record = { .kind = RECORD_NETWORK, .name = "net1" }

static const struct dns some_dns, other_dns;

/* One step of each type, what it is as a command, and the command that takes it back (NULL: there is none). */
static const struct row {
	struct step step;
	const char *text, *inverse;
} rows[STEP_TYPES] = {
	[STEP_NETNS_ADD] = { { .netns = "ns1" }, "unshare --net ip link set lo up  # ns1",
		"exit  # the last one in ns1" },
	[STEP_NETNS_DROP] = { { .netns = "ns1" }, "exit  # the last one in ns1", NULL },
	[STEP_NETNS_PIN] = { { .netns = "ns1" }, "ip netns attach ns1 $$", "ip netns delete ns1" },
	[STEP_NETNS_UNPIN] = { { .netns = "ns1" }, "ip netns delete ns1",
		"ip netns attach ns1 $$" },
	[STEP_NETNS_TAKE] = { { .netns = "ns1", .spare = { "%7" } }, "# rename %7 to ns1",
		"# rename ns1 to %7" },
	[STEP_NETNS_GIVE] = { { .netns = "ns1", .spare = { "%7" } }, "# rename ns1 to %7",
		"# rename %7 to ns1" },
	[STEP_BRIDGE_ADD] = { { BRIDGE },
		"ip link add nsnet0 address 02:6e:00:00:00:01 mtu 1500 type bridge",
		"ip link delete nsnet0" },
	[STEP_BRIDGE_DELETE] = { { BRIDGE }, "ip link delete nsnet0", NULL },
	[STEP_VETH_ADD] = { { .netns = "ns1", VETH },
		"ip link add nsv0 master nsnet0 mtu 1500 type veth peer name eth0 netns ns1 "
		"address 02:6e:00:00:00:01",
		"ip link delete nsv0" },
	[STEP_VETH_DELETE] = { { .netns = "ns1", VETH }, "ip link delete nsv0",
		"ip link add nsv0 master nsnet0 mtu 1500 type veth peer name eth0 netns ns1 "
		"address 02:6e:00:00:00:01" },
	[STEP_POINT_ADD] = { { .netns = "ns1", POINT },
		"ip link add nsv0 address 02:6e:00:00:00:01 mtu 1500 type veth peer name eth0 "
		"netns ns1 address 02:6e:00:00:00:01; " WAYS("192.0.2.7"),
		"ip link delete nsv0" },
	[STEP_POINT_DELETE] = { { .netns = "ns1", POINT }, "ip link delete nsv0",
		"ip link add nsv0 address 02:6e:00:00:00:01 mtu 1500 type veth peer name eth0 "
		"netns ns1 address 02:6e:00:00:00:01; " WAYS("192.0.2.7") },
	[STEP_POINT_MEND] = { { POINT }, "ip link set nsv0 nomaster up; " WAYS("192.0.2.7"), NULL },
	[STEP_POINT_MOVE] = { { POINT },
		"ip route delete 192.0.2.8/32 dev nsv0; " WAYS("192.0.2.7"),
		"ip route delete 192.0.2.7/32 dev nsv0; " WAYS("192.0.2.8") },
	[STEP_LINK_LABEL] = { { .netns = "ns1",
				      .veth = { .name = "nsv0", .alias = "nsnetd:ns1/eth0" } },
		"ip link set nsv0 alias nsnetd:ns1/eth0", NULL },
	[STEP_VETH_CUT] = { { .cut = { "nsv0", NULL } }, "ip link set nsv0 nomaster down", NULL },
	[STEP_VETH_SETTLE] = { { VETH }, "ip link show nsv0 up", NULL },
	[STEP_BRIDGE_MEND] = { { BRIDGE }, "ip link set nsnet0 up", NULL },
	[STEP_VETH_MEND] = { { VETH }, "ip link set nsv0 master nsnet0 up", NULL },
	[STEP_ADDRESS_ADD] = { { .netns = "ns1", .address = { "eth0", { V4(7), 24 } } },
		"ip -n ns1 address add 192.0.2.7/24 dev eth0",
		"ip -n ns1 address delete 192.0.2.7/24 dev eth0" },
	[STEP_ADDRESS_DELETE] = { { .address = { "nsnet0", { V6(1), 64 } } },
		"ip address delete 2001:db8::1/64 dev nsnet0",
		"ip address add 2001:db8::1/64 dev nsnet0" },
	[STEP_ROUTE_ADD] = { { .netns = "ns1", ROUTE },
		"ip -n ns1 -6 route add default via 2001:db8::1 dev eth0 metric 7",
		"ip -n ns1 -6 route delete default via 2001:db8::1 dev eth0 metric 7" },
	[STEP_ROUTE_DELETE] = { { .route = { .interface = "eth0", .destination = { V4(0), 24 } } },
		"ip route delete 192.0.2.0/24 dev eth0", "ip route add 192.0.2.0/24 dev eth0" },
	[STEP_SYSCTL_SET] = { { .sysctl = { "net/ipv4/conf/nsnet0/forwarding", 1 } },
		"sysctl -w net/ipv4/conf/nsnet0/forwarding=1",
		"sysctl -w net/ipv4/conf/nsnet0/forwarding=...  # as it was before" },
	[STEP_SYSCTL_RESTORE] = { { .sysctl = { "net/ipv4/conf/nsnet0/forwarding", 1 } },
		"sysctl -w net/ipv4/conf/nsnet0/forwarding=...  # as it was before",
		"sysctl -w net/ipv4/conf/nsnet0/forwarding=1" },
	[STEP_HOSTS_ADD] = { { HOSTS }, "touch hosts/net1", "rm hosts/net1" },
	[STEP_HOSTS_DELETE] = { { HOSTS }, "rm hosts/net1", NULL },
	[STEP_HOSTS_SET] = { { HOSTS }, "# write ns1 in hosts/net1", "# clear ns1 in hosts/net1" },
	[STEP_HOSTS_CLEAR] = { { HOSTS }, "# clear ns1 in hosts/net1",
		"# write ns1 in hosts/net1" },
	[STEP_ETC_ADD] = { { .netns = "ns1" }, "mkdir etc/ns1", "rm -r etc/ns1" },
	[STEP_ETC_DELETE] = { { .netns = "ns1" }, "rm -r etc/ns1", NULL },
	[STEP_GUARD_ADD] = { { .guard = { .port = "nsv0", .mac = MAC } },
		"nft add element bridge nsnetd mac '{ \"nsv0\" . 02:6e:00:00:00:01 }'",
		"nft delete element bridge nsnetd mac '{ \"nsv0\" . 02:6e:00:00:00:01 }'" },
	[STEP_GUARD_SHUT] = { { .guard = { .port = "nsv0", .mac = MAC } },
		"nft delete element bridge nsnetd mac '{ \"nsv0\" . 02:6e:00:00:00:01 }'", NULL },
	[STEP_GUARD_DELETE] = { { .guard = { .port = "nsv0", .mac = MAC } },
		"nft delete element bridge nsnetd mac '{ \"nsv0\" . 02:6e:00:00:00:01 }'",
		"nft add element bridge nsnetd mac '{ \"nsv0\" . 02:6e:00:00:00:01 }'" },
	[STEP_FENCE_SET] = { { .fence = { "nsnet0", { .is_set = true, .reach = NSNET_REACH_NAT },
				       { true, NSNET_REACH_ROUTE, true, { V4(1) }, 0 } } },
		"nft add element inet nsnetd networks '{ nsnet0 }'  # route, isolated",
		"nft add element inet nsnetd networks '{ nsnet0 }'  # nat" },
	[STEP_UPLINK_ADD] = { { .uplink = { .interface = "wan0", .is_closed = { true, false } } },
		"nft 'add element inet nsnetd uplinks4 { wan0 }; "
		"delete element inet nsnetd uplinks6 { wan0 }'",
		"nft 'delete element inet nsnetd uplinks4 { wan0 }; "
		"delete element inet nsnetd uplinks6 { wan0 }'" },
	[STEP_UPLINK_DELETE] = { { .uplink = { .interface = "wan0", .is_closed = { true, true } } },
		"nft 'delete element inet nsnetd uplinks4 { wan0 }; "
		"delete element inet nsnetd uplinks6 { wan0 }'",
		"nft 'add element inet nsnetd uplinks4 { wan0 }; "
		"add element inet nsnetd uplinks6 { wan0 }'" },
	[STEP_PORT_ADD] = { { PORT },
		"nft add element inet nsnetd ports4 '{ 192.0.2.1 . tcp . 8080 : 192.0.2.7 . 80 }'",
		"nft delete element inet nsnetd ports4 '{ 192.0.2.1 . tcp . 8080 : 192.0.2.7 . 80 "
		"}'" },
	[STEP_PORT_DELETE] = { { .port = { NSNET_PROTOCOL_UDP, { AF_INET6, { 0 } }, V6(7), 53,
					 5353 } },
		"nft delete element inet nsnetd ports6 '{ :: . udp . 53 : 2001:db8::7 . 5353 }'",
		"nft add element inet nsnetd ports6 '{ :: . udp . 53 : 2001:db8::7 . 5353 }'" },
	[STEP_FLOWS_DELETE] = { { PORT },
		"conntrack -D -p tcp --orig-port-dst 8080 --reply-src 192.0.2.7", NULL },
	[STEP_FIREWALL_RESET] = { { 0 },
		"nft 'delete table bridge nsnetd; delete table inet nsnetd'", NULL },
	[STEP_MTU_SET] = { { .netns = "ns1", .mtu = { "eth0", 1500, 1280 } },
		"ip -n ns1 link set eth0 mtu 1280", "ip -n ns1 link set eth0 mtu 1500" },
	[STEP_ISOLATED_SET] = { { .isolated = { "nsv0", false, true } },
		"bridge link set dev nsv0 isolated on", "bridge link set dev nsv0 isolated off" },
	[STEP_SHAPE_SET] = { { .netns = "ns1",
				     .shape = { "nsv0", "eth0", { 1, 2, 3, 4, 50000 },
					     { 10, 20, 30, 40, 500 } } },
		"tc qdisc replace dev nsv0 root tbf rate 20bit; tc -n ns1 qdisc replace dev eth0 "
		"root tbf rate 10bit netem delay 30us 40us loss 0.05%",
		"tc qdisc replace dev nsv0 root tbf rate 2bit; tc -n ns1 qdisc replace dev eth0 "
		"root tbf rate 1bit netem delay 3us 4us loss 5%" },
	/* What was there before is not known yet: see test_settings(). */
	[STEP_SETTING_READ] = { { .netns = "ns1",
					.setting = { "net/ipv4/ip_forward", NULL, NULL } },
		"ip netns exec ns1 sysctl -n net/ipv4/ip_forward", NULL },
	[STEP_SETTING_SET] = { { .netns = "ns1", .setting = { "net/ipv4/ip_forward", "1", NULL } },
		"ip netns exec ns1 sysctl -w net/ipv4/ip_forward=1", NULL },
	[STEP_LINK_TAKE] = { { .netns = "ns1", .link = { "wan1" } }, "ip link set wan1 netns ns1",
		"ip -n ns1 link set wan1 netns 1" },
	[STEP_LINK_GIVE] = { { .netns = "ns1", .link = { "wan1" } },
		"ip -n ns1 link set wan1 netns 1", "ip link set wan1 netns ns1" },
	[STEP_DNS_ADD] = { { .dns = { "net1", NULL, &some_dns } }, "touch dns/net1.conf",
		"rm dns/net1.conf" },
	[STEP_DNS_DELETE] = { { .dns = { "net1", NULL, &some_dns } }, "rm dns/net1.conf",
		"touch dns/net1.conf" },
	[STEP_RECORD_WRITE] = { { RECORD }, "touch state/networks/net1.json",
		"rm state/networks/net1.json" },
	[STEP_RECORD_DELETE] = { { RECORD }, "rm state/networks/net1.json", NULL },
	[STEP_WISH_WRITE] = { { RECORD }, "touch /var/lib/nsnetd/networks/net1.json",
		"rm /var/lib/nsnetd/networks/net1.json" },
	[STEP_WISH_DELETE] = { { RECORD }, "rm /var/lib/nsnetd/networks/net1.json", NULL },
};

static struct step step_of(enum step_type type)
{
	struct step step;

	memcpy(&step, &rows[type].step, sizeof(step));
	step.type = type;
	return step;
}

/* Every step is printed and taken back as it should be; and what takes it back, where it can be taken back itself, is the
 * step again. */
static void test_all(void **state)
{
	autoarena struct arena arena = ARENA_INIT;

	(void)state;
	for (int type = 0; type < STEP_TYPES; type++) {
		struct step step = step_of(type), inverse, again;
		bool has_inverse = step_inverse(&step, &inverse);

		assert_string_equal(step_print(&step, &arena), rows[type].text);
		if (has_inverse != (rows[type].inverse != NULL))
			fail_msg("%s: %s", rows[type].text, has_inverse ? "an inverse" : "none");
		if (!has_inverse)
			continue;
		assert_string_equal(step_print(&inverse, &arena), rows[type].inverse);
		assert_true(streq_null(inverse.netns, step.netns));
		if (!step_inverse(&inverse, &again))
			continue;
		assert_int_equal(again.type, step.type);
		assert_memory_equal(&again, &step, sizeof(step));
	}
}

/* What puts something in the place of something else is taken back by its like. */
static void test_before(void **state)
{
	static const struct address addresses[FAMILIES] = { V4(9), V6(9) };
	static const struct etc etc = { .resolv_conf = "nameserver 192.0.2.1\n" };
	struct step step = step_of(STEP_HOSTS_SET), inverse;

	(void)state;
	step.hosts.before = addresses;
	assert_true(step_inverse(&step, &inverse));
	assert_int_equal(inverse.type, STEP_HOSTS_SET);
	assert_memory_equal(inverse.hosts.addresses, addresses, sizeof(addresses));
	assert_int_equal(inverse.hosts.slot, 3);

	step = step_of(STEP_ETC_ADD);
	step.etc.before = &etc;
	assert_true(step_inverse(&step, &inverse));
	assert_int_equal(inverse.type, STEP_ETC_ADD);
	assert_ptr_equal(inverse.etc.is.resolv_conf, etc.resolv_conf);

	step = step_of(STEP_DNS_ADD);
	step.dns.before = &other_dns;
	assert_true(step_inverse(&step, &inverse));
	assert_int_equal(inverse.type, STEP_DNS_ADD);
	assert_ptr_equal(inverse.dns.after, &other_dns);

	step = step_of(STEP_RECORD_WRITE);
	step.record.before = "before";
	step.record.data = "after";
	assert_true(step_inverse(&step, &inverse));
	assert_int_equal(inverse.type, STEP_RECORD_WRITE);
	assert_string_equal(inverse.record.data, "before");

	for (int type = STEP_WISH_WRITE; type <= STEP_WISH_DELETE; type++) {
		step.type = (enum step_type)type;
		assert_true(step_inverse(&step, &inverse));
		assert_int_equal(inverse.type, STEP_WISH_WRITE);
		assert_string_equal(inverse.record.data, "before");
	}
}

/* What a setting was is known once it is set; putting it back writes nothing there. */
static void test_settings(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	char before[SETTING_TEXT_SIZE] = "0";
	struct step step = step_of(STEP_SETTING_SET), inverse;

	(void)state;
	step.setting.ret_before = before;
	assert_true(step_inverse(&step, &inverse));
	assert_string_equal(
		step_print(&inverse, &arena), "ip netns exec ns1 sysctl -w net/ipv4/ip_forward=0");
	assert_null(inverse.setting.ret_before);
	assert_false(step_inverse(&inverse, &step));
}

static void test_routes(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct step step = {
		.type = STEP_ROUTE_ADD,
		.route = { .interface = "lo", .destination = { V6(1), 128 }, .is_local = true },
	};

	(void)state;
	assert_string_equal(step_print(&step, &arena),
		"ip -6 route add local 2001:db8::1/128 dev lo table local");
}

static void test_plan(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);

	(void)state;
	for (unsigned i = 0; i < 1000; i++)
		plan_add(&plan, &(struct step){ .type = STEP_MTU_SET, .mtu.after = i });
	assert_int_equal(plan.n, 1000);
	for (unsigned i = 0; i < 1000; i++)
		assert_int_equal(plan.steps[i].mtu.after, i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_before),
		cmocka_unit_test(test_settings),
		cmocka_unit_test(test_routes),
		cmocka_unit_test(test_plan),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
