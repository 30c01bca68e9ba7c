/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_methods_set - namespaces and networks change while they run: only what differs, all or nothing
 */
#include "methods_world.h"

static const char *set(struct world *world, const char *name, const char *context)
{
	return world_ask(world, "SetNamespace",
		arena_printf(&world->arena, "{\"name\":\"%s\",\"context\":%s}", name, context));
}

static const char *set_network(struct world *world, const char *name, const char *context)
{
	return world_ask(world, "SetNetwork",
		arena_printf(&world->arena, "{\"name\":\"%s\",\"context\":%s}", name, context));
}

/* The steps since the last fake_clear(), a line each. */
static const char *steps(struct world *world)
{
	const char *text = "";

	for (size_t i = 0; i < fake_steps(world->kernel); i++)
		text = arena_printf(&world->arena, "%s%s\n", text, fake_step(world->kernel, i));
	fake_clear(world->kernel);
	return text;
}

/* Networks a (10.1.0.0/24, fd00:1::/64) and b (10.2.0.0/24), and namespace ns1 on a with a published port. */
static int set_open(void **state)
{
	struct world *world;

	if (world_open(state) < 0)
		return -1;
	world = *state;
	(void)world_ask(world, "CreateNetwork",
		"{\"name\":\"a\",\"context\":{\"prefixes\":[\"10.1.0.0/24\",\"fd00:1::/64\"]}}");
	(void)world_ask(world, "CreateNetwork",
		"{\"name\":\"b\",\"context\":{\"prefixes\":[\"10.2.0.0/24\",\"fd00:2::/64\"],"
		"\"maximumTransmissionUnit\":9000}}");
	(void)world_ask(world, "CreateNamespace",
		"{\"name\":\"ns1\",\"context\":{\"attachments\":[{\"network\":\"a\"}],\"ports\":[{"
		"\"protocol\":\"tcp\",\"hostPort\":8080,\"namespacePort\":80}]}}");
	fake_clear(world->kernel);
	return 0;
}

static void test_nothing_differs(void **state)
{
	struct world *world = *state;

	assert_has(set(world, "ns1", "{}"), "\"revision\":2");
	assert_string_equal(steps(world), "touch state/namespaces/ns1.json\n");
	assert_has(set(world, "ns1", "{\"attachments\":[{\"network\":\"a\"}]}"),
		"\"addresses\":[\"10.1.0.2\",\"fd00:1::2\"]");
	assert_string_equal(steps(world), "touch state/namespaces/ns1.json\n");
}

static void test_attach_and_detach(void **state)
{
	struct world *world = *state;
	const char *reply =
		set(world, "ns1", "{\"attachments\":[{\"network\":\"a\"},{\"network\":\"b\"}]}");

	assert_has(
		reply, "\"network\":\"b\",\"interfaceName\":\"eth1\",\"addresses\":[\"10.2.0.2\"");
	assert_string_equal(steps(world),
		"touch state/namespace-changes/ns1.json\n"
		"ip link add nsv1 master nsnet1 mtu 9000 type veth peer name eth1 netns ns1 address "
		"02:6e:0a:02:00:02\n"
		"ip -n ns1 address add 10.2.0.2/24 dev eth1\n"
		"ip -n ns1 address add fd00:2::2/64 dev eth1\n"
		"# write ns1 in hosts/b\n"
		"ip link show nsv1 up\n"
		"mkdir etc/ns1\n"
		"touch state/namespaces/ns1.json\n"
		"rm state/namespace-changes/ns1.json\n");
	assert_has(world_ask(world, "ListNetworks", "{\"name\":\"b\"}"), "\"attachments\":1");
	reply = set(world, "ns1", "{\"attachments\":[{\"network\":\"b\"}],\"ports\":[]}");
	assert_has(reply, "\"interfaceName\":\"eth1\"");
	assert_string_equal(steps(world),
		"touch state/namespace-changes/ns1.json\n"
		"nft delete element inet nsnetd ports4 '{ 0.0.0.0 . tcp . 8080 : 10.1.0.2 . 80 }'\n"
		"nft delete element inet nsnetd ports6 '{ :: . tcp . 8080 : fd00:1::2 . 80 }'\n"
		"ip -n ns1 -6 route delete default via fd00:1::1 dev eth0\n"
		"ip -n ns1 route delete default via 10.1.0.1 dev eth0\n"
		"ip -n ns1 address delete 10.1.0.2/24 dev eth0\n"
		"ip -n ns1 address delete fd00:1::2/64 dev eth0\n"
		"# clear ns1 in hosts/a\n"
		"ip link delete nsv0\n"
		"ip -n ns1 route add default via 10.2.0.1 dev eth1\n"
		"ip -n ns1 -6 route add default via fd00:2::1 dev eth1\n"
		"mkdir etc/ns1\n"
		"conntrack -D -p tcp --orig-port-dst 8080 --reply-src 10.1.0.2\n"
		"conntrack -D -p tcp --orig-port-dst 8080 --reply-src fd00:1::2\n"
		"touch state/namespaces/ns1.json\n"
		"rm state/namespace-changes/ns1.json\n");
	assert_has(world_ask(world, "ListNetworks", "{\"name\":\"a\"}"), "\"attachments\":0");
	/* What was given back can be had again. */
	assert_has(
		world_ask(world, "CreateNamespace",
			"{\"name\":\"ns2\",\"context\":{\"attachments\":[{\"network\":\"a\",\"addresses\":"
			"[\"10.1.0.2\"]}],\"ports\":[{\"protocol\":\"tcp\",\"hostPort\":8080,"
			"\"namespacePort\":81}]}}"),
		"\"hostPort\":8080");
}

/* An address that changes takes its routes with it, and the port that leads there. */
static void test_address(void **state)
{
	struct world *world = *state;

	assert_has(set(world, "ns1",
			   "{\"attachments\":[{\"network\":\"a\",\"addresses\":[\"10.1.0.9\"]}]}"),
		"\"addresses\":[\"10.1.0.9\",\"fd00:1::2\"],\"hardwareAddress\":\"02:6e:0a:01:00:02\"");
	assert_string_equal(steps(world),
		"touch state/namespace-changes/ns1.json\n"
		"nft delete element inet nsnetd ports4 '{ 0.0.0.0 . tcp . 8080 : 10.1.0.2 . 80 }'\n"
		"nft delete element inet nsnetd ports6 '{ :: . tcp . 8080 : fd00:1::2 . 80 }'\n"
		"ip -n ns1 route delete default via 10.1.0.1 dev eth0\n"
		"ip -n ns1 address delete 10.1.0.2/24 dev eth0\n"
		"ip -n ns1 address add 10.1.0.9/24 dev eth0\n"
		"# write ns1 in hosts/a\n"
		"ip -n ns1 route add default via 10.1.0.1 dev eth0\n"
		"nft add element inet nsnetd ports4 '{ 0.0.0.0 . tcp . 8080 : 10.1.0.9 . 80 }'\n"
		"nft add element inet nsnetd ports6 '{ :: . tcp . 8080 : fd00:1::2 . 80 }'\n"
		"conntrack -D -p tcp --orig-port-dst 8080 --reply-src 10.1.0.2\n"
		"conntrack -D -p tcp --orig-port-dst 8080 --reply-src fd00:1::2\n"
		"touch state/namespaces/ns1.json\n"
		"rm state/namespace-changes/ns1.json\n");
	/* Two trade theirs: each of the addresses was its own before. */
	(void)set(world, "ns1",
		"{\"attachments\":[{\"network\":\"a\"},{\"network\":\"a\",\"addresses\":[\"10.1.0.30\"]}]}");
	assert_has(
		set(world, "ns1",
			"{\"attachments\":[{\"network\":\"a\",\"interfaceName\":\"eth0\",\"addresses\":"
			"[\"10.1.0.30\"]},{\"network\":\"a\",\"interfaceName\":\"eth1\",\"addresses\":["
			"\"10.1.0.9\"]}]}"),
		"\"revision\":4");
	assert_true(fake_has(world->kernel, "address ns1 eth0 10.1.0.30/24"));
	assert_true(fake_has(world->kernel, "address ns1 eth1 10.1.0.9/24"));
}

static void test_ports(void **state)
{
	struct world *world = *state;

	assert_has(
		set(world, "ns1",
			"{\"ports\":[{\"protocol\":\"tcp\",\"hostPort\":8443,\"namespacePort\":443},"
			"{\"protocol\":\"udp\",\"namespacePort\":53}]}"),
		"\"protocol\":\"udp\",\"hostPort\":20000,\"namespacePort\":53");
	assert_false(fake_has(world->kernel, "port tcp 0.0.0.0 8080 10.1.0.2 80"));
	assert_true(fake_has(world->kernel, "port tcp 0.0.0.0 8443 10.1.0.2 443"));
	assert_true(fake_has(world->kernel, "port udp :: 20000 fd00:1::2 53"));
	(void)world_ask(world, "CreateNamespace",
		"{\"name\":\"ns2\",\"context\":{\"attachments\":[{\"network\":\"a\"}]}}");
	assert_has(
		set(world, "ns2",
			"{\"ports\":[{\"protocol\":\"tcp\",\"hostPort\":8443,\"namespacePort\":1}]}"),
		"PortUnavailable\",\"parameters\":{\"protocol\":\"tcp\",\"hostPort\":8443}");
	/* Another address or protocol is another port. */
	assert_has(
		set(world, "ns2",
			"{\"ports\":[{\"protocol\":\"udp\",\"hostPort\":8443,\"namespacePort\":1}]}"),
		"\"revision\":2");
	assert_has(
		set(world, "ns2",
			"{\"ports\":[{\"protocol\":\"tcp\",\"hostAddress\":\"192.0.2.1\",\"hostPort\":"
			"8443,\"namespacePort\":1}]}"),
		"PortUnavailable\",\"parameters\":{\"protocol\":\"tcp\",\"hostAddress\":\"192.0.2.1\",");
	fake_listen(world->kernel, 2222);
	assert_has(
		set(world, "ns2",
			"{\"ports\":[{\"protocol\":\"tcp\",\"hostPort\":2222,\"namespacePort\":22}]}"),
		"PortUnavailable");
	assert_has(
		set(world, "ns2",
			"{\"ports\":[{\"protocol\":\"tcp\",\"hostPort\":65536,\"namespacePort\":22}]}"),
		"{\"parameter\":\"context.ports[0].hostPort\"}");
	assert_has(set(world, "ns2", "{\"ports\":[{\"protocol\":\"tcp\",\"namespacePort\":0}]}"),
		"{\"parameter\":\"context.ports[0].namespacePort\"}");
	assert_has(
		set(world, "ns2",
			"{\"ports\":[{\"protocol\":\"tcp\",\"namespacePort\":1,\"hostAddress\":\"x\"}]}"),
		"{\"parameter\":\"context.ports[0].hostAddress\"}");
}

/* All of the range is taken, by namespaces or by programs. */
static void test_chosen_ports_run_out(void **state)
{
	struct world *world = *state;
	const char *list = "";

	fake_listen(world->kernel, 20003);
	for (int i = 0; i < 9; i++)
		list = arena_printf(&world->arena,
			"%s%s{\"protocol\":\"tcp\",\"namespacePort\":%d}", list, i ? "," : "",
			i + 1);
	assert_has(set(world, "ns1", arena_printf(&world->arena, "{\"ports\":[%s]}", list)),
		"\"hostPort\":20009");
	assert_has(set(world, "ns1",
			   arena_printf(&world->arena,
				   "{\"ports\":[%s,{\"protocol\":\"tcp\",\"namespacePort\":99}]}",
				   list)),
		"PortUnavailable\",\"parameters\":{\"protocol\":\"tcp\"}");
	assert_has(world_ask(world, "ListNamespaces", "{\"name\":\"ns1\"}"), "\"revision\":2");
}

static void test_routes_servers_settings(void **state)
{
	struct world *world = *state;

	assert_has(
		set(world, "ns1",
			"{\"routes\":[{\"destination\":\"10.9.0.0/16\",\"gateway\":\"10.1.0.7\"}],"
			"\"nameServers\":[\"9.9.9.9\"],\"sysctls\":{\"net.ipv4.ip_forward\":\"1\"}}"),
		"\"sysctlsBefore\":{\"net.ipv4.ip_forward\":\"0\"}");
	assert_string_equal(steps(world), "ip netns exec ns1 sysctl -n net/ipv4/ip_forward\n"
					  "touch state/namespace-changes/ns1.json\n"
					  "ip -n ns1 route add 10.9.0.0/16 via 10.1.0.7 dev eth0\n"
					  "ip netns exec ns1 sysctl -w net/ipv4/ip_forward=1\n"
					  "mkdir etc/ns1\n"
					  "touch state/namespaces/ns1.json\n"
					  "rm state/namespace-changes/ns1.json\n");
	(void)set(world, "ns1", "{\"sysctls\":{}}");
	assert_string_equal(steps(world), "touch state/namespace-changes/ns1.json\n"
					  "ip netns exec ns1 sysctl -w net/ipv4/ip_forward=0\n"
					  "touch state/namespaces/ns1.json\n"
					  "rm state/namespace-changes/ns1.json\n");
	assert_has(set(world, "ns1", "{\"sysctls\":{\"kernel.core_pattern\":\"1\"}}"),
		"{\"parameter\":\"context.sysctls.kernel.core_pattern\"}");
	assert_has(set(world, "ns1", "{\"sysctls\":{\"net.ipv4.ip_forward\":\"2\"}}"),
		"{\"parameter\":\"context.sysctls.net.ipv4.ip_forward\"}");
}

static void test_shape(void **state)
{
	struct world *world = *state;

	assert_has(
		set(world, "ns1",
			"{\"attachments\":[{\"network\":\"a\",\"shaping\":{\"sendRate\":1000000}}]}"),
		"\"shaping\":{\"sendRate\":1000000}");
	assert_true(fake_has(world->kernel, "shape nsv0 1000000 0 0 0 0"));
	assert_has(set(world, "ns1",
			   "{\"attachments\":[{\"network\":\"a\",\"shaping\":{\"jitter\":5}}]}"),
		"{\"parameter\":\"context.attachments[0].shaping.jitter\"}");
	(void)set(world, "ns1", "{\"attachments\":[{\"network\":\"a\"}]}");
	assert_false(fake_has(world->kernel, "shape nsv0 1000000 0 0 0 0"));
}

static void test_links(void **state)
{
	struct world *world = *state;

	assert_has(set(world, "ns1", "{\"links\":[\"wg0\"]}"),
		"LinkUnavailable\",\"parameters\":{\"interfaceName\":\"wg0\"}");
	fake_plant(world->kernel, "host wg0");
	assert_has(
		set(world, "ns1", "{\"links\":[\"wg0\"]}"), "\"lostAddresses\":[\"192.0.2.7/24\"]");
	assert_true(fake_has(world->kernel, "lent ns1 wg0"));
	assert_has(set(world, "ns1", "{\"links\":[\"eth0\"]}"),
		"{\"parameter\":\"context.links[0]\"}");
	(void)world_ask(world, "DeleteNamespaces", "{\"names\":[\"ns1\"]}");
	assert_false(fake_has(world->kernel, "lent ns1 wg0"));
	assert_has(steps(world), "ip -n ns1 link set wg0 netns 1\nip netns delete ns1\n");
	/* A namespace with nothing but a link of the host's: the way a VPN is lent. */
	(void)world_ask(world, "CreateNamespace",
		"{\"name\":\"vpn\",\"context\":{\"attachments\":[],\"links\":[\"wg0\"],\"routes\":[{"
		"\"destination\":\"default\"}]}}");
	assert_has(steps(world), "ip netns attach vpn $$\nip link set wg0 netns vpn\n"
				 "ip -n vpn route add default dev wg0\n");
	assert_has(
		world_ask_as(world, 1000, 1000,
			"{\"method\":\"alt.nsnet.CreateNamespace\",\"parameters\":{\"name\":\"m\","
			"\"context\":{\"attachments\":[],\"links\":[\"wg0\"]}}}"),
		"PermissionDenied");
}

static void test_revision(void **state)
{
	struct world *world = *state;

	assert_has(world_ask(world, "SetNamespace",
			   "{\"name\":\"ns1\",\"context\":{\"description\":\"x\"},\"revision\":7}"),
		"Changed\",\"parameters\":{\"name\":\"ns1\",\"revision\":1}");
	assert_has(world_ask(world, "SetNamespace",
			   "{\"name\":\"ns1\",\"context\":{\"description\":\"x\"},\"revision\":1}"),
		"\"description\":\"x\"");
	assert_has(world_ask(world, "SetNetwork",
			   "{\"name\":\"a\",\"context\":{\"isolated\":true},\"revision\":3}"),
		"Changed\",\"parameters\":{\"name\":\"a\",\"revision\":1}");
	assert_has(set(world, "none", "{}"), "NoSuchNamespace");
	assert_has(set_network(world, "none", "{}"), "NoSuchNetwork");
}

static void test_network(void **state)
{
	struct world *world = *state;

	assert_has(
		set_network(world, "a",
			"{\"reach\":\"internal\",\"isolated\":true,\"maximumTransmissionUnit\":1400}"),
		"\"reach\":\"internal\",\"maximumTransmissionUnit\":1400");
	assert_string_equal(steps(world),
		"touch state/network-changes/a.json\n"
		"nft add element inet nsnetd networks '{ nsnet0 }'  # internal, isolated\n"
		"sysctl -w net/ipv4/conf/nsnet0/forwarding=...  # as it was before\n"
		"sysctl -w net/ipv6/conf/nsnet0/force_forwarding=...  # as it was before\n"
		"ip link set nsnet0 mtu 1400\n"
		"ip link set nsnet0a mtu 1400\n"
		"ip link set nsv0 mtu 1400\n"
		"ip -n ns1 link set eth0 mtu 1400\n"
		"bridge link set dev nsv0 isolated on\n"
		"touch state/networks/a.json\n"
		"rm state/network-changes/a.json\n");
	/* Its namespace is as it was, and goes with all it has. */
	assert_has(world_ask(world, "ListNetworks", "{\"name\":\"a\"}"), "\"attachments\":1");
	assert_has(set_network(world, "a", "{\"prefixes\":[\"10.7.0.0/24\"]}"),
		"NetworkBusy\",\"parameters\":{\"name\":\"a\",\"attachments\":1}");
	assert_has(set_network(world, "a", "{\"gateways\":[]}"), "NetworkBusy");
	assert_has(world_ask(world, "DeleteNamespaces", "{\"names\":[\"ns1\"]}"),
		"{\"parameters\":{}}");
	assert_has(set_network(world, "a", "{\"prefixes\":[\"10.7.0.0/24\"]}"),
		"\"gateways\":[\"10.7.0.1\",");
	assert_true(fake_has(world->kernel, "address - nsnet0 10.7.0.1/24"));
	assert_false(fake_has(world->kernel, "address - nsnet0 10.1.0.1/24"));
	assert_has(world_ask(world, "DeleteNetworks", "{\"names\":[\"a\",\"b\"]}"),
		"{\"parameters\":{}}");
	assert_string_equal(fake_picture(world->kernel, &world->arena), "");
}

/* Says what differs: cmocka cuts long texts. */
static void assert_picture(struct world *world, const char *expected)
{
	const char *picture = fake_picture(world->kernel, &world->arena);
	size_t at = 0;

	while (picture[at] && picture[at] == expected[at])
		at++;
	if (picture[at] != expected[at])
		fail_msg("there is \"%.200s\", not \"%.200s\"", picture + at, expected + at);
}

/* Whichever step fails: all is as before, and the model goes on with it. */
static void test_each_step_fails(void **state)
{
	static const struct {
		const char *method, *parameters;
	} changes[] = {
		{ "SetNamespace",
			"{\"name\":\"ns1\",\"context\":{\"attachments\":[{\"network\":\"b\",\"shaping\":{"
			"\"sendRate\":9000}},{\"network\":\"a\",\"addresses\":[\"10.1.0.77\"]}],"
			"\"ports\":[{\"protocol\":\"tcp\",\"hostPort\":8081,\"namespacePort\":80}],"
			"\"links\":[\"wg1\"],\"sysctls\":{\"net.ipv4.ip_forward\":\"1\"},"
			"\"routes\":[{\"destination\":\"10.9.0.0/16\",\"gateway\":\"10.2.0.9\"}],"
			"\"nameServers\":[]}}" },
		{ "SetNamespace",
			"{\"name\":\"ns1\",\"context\":{\"attachments\":[],\"ports\":[],\"links\":[],"
			"\"sysctls\":{},\"routes\":[]}}" },
		{ "SetNetwork",
			"{\"name\":\"a\",\"context\":{\"reach\":\"internal\",\"isolated\":true,"
			"\"maximumTransmissionUnit\":1300}}" },
		{ "SetNetwork", "{\"name\":\"b\",\"context\":{\"prefixes\":[\"10.99.0.0/24\"]}}" },
	};
	struct world *world = *state;
	const char *before;
	unsigned failures = 0;

	fake_plant(world->kernel, "host wg0");
	fake_plant(world->kernel, "host wg1");
	(void)set(world, "ns1",
		"{\"attachments\":[{\"network\":\"a\",\"shaping\":{\"receiveRate\":8000}}],"
		"\"links\":[\"wg0\"],\"sysctls\":{\"net.ipv4.ip_default_ttl\":\"9\"},"
		"\"routes\":[{\"destination\":\"10.8.0.0/16\",\"gateway\":\"10.1.0.9\"}]}");
	before = fake_picture(world->kernel, &world->arena);
	for (size_t i = 0; i < lengthof(changes); i++)
		for (int type = 0; type < STEP_TYPES; type++)
			for (unsigned skip = 0; skip < 8; skip++) {
				const char *reply;

				fake_fail_at(world->kernel, type, skip, ENOBUFS, "no room");
				reply = world_ask(world, changes[i].method, changes[i].parameters);
				fake_fail_at(world->kernel, STEP_TYPES, 0, 0, NULL);
				if (!strstr(reply, "KernelError")) {
					/* The step did not come so often: done, and back for the next. */
					assert_has_not(reply, "error");
					assert_int_equal(world_close(state), 0);
					assert_int_equal(set_open(state), 0);
					world = *state;
					fake_plant(world->kernel, "host wg0");
					fake_plant(world->kernel, "host wg1");
					(void)set(world, "ns1",
						"{\"attachments\":[{\"network\":\"a\",\"shaping\":{"
						"\"receiveRate\":8000}}],\"links\":[\"wg0\"],"
						"\"sysctls\":{\"net.ipv4.ip_default_ttl\":\"9\"},"
						"\"routes\":[{\"destination\":\"10.8.0.0/16\",\"gateway\":"
						"\"10.1.0.9\"}]}");
					before = fake_picture(world->kernel, &world->arena);
					break;
				}
				failures++;
				assert_picture(world, before);
				assert_has(world_ask(world, "ListNamespaces", "{\"name\":\"ns1\"}"),
					"\"revision\":2");
			}
	assert_true(failures > 50);
}

static const char *members_ports(struct world *world, const char *ports)
{
	return arena_printf(&world->arena,
		"{\"method\":\"alt.nsnet.SetNamespace\",\"parameters\":{\"name\":\"m\",\"context\":{"
		"\"ports\":[%s]}}}",
		ports);
}

/* Members: their quota holds for what grows, and policy for ports and reaches. */
static void test_members(void **state)
{
	struct world *world = *state;
	const char *frame =
		"{\"method\":\"alt.nsnet.CreateNamespace\",\"parameters\":{\"name\":\"m\","
		"\"context\":{\"attachments\":[{\"network\":\"a\"}]}}}";
	const char *port = "{\"protocol\":\"tcp\",\"namespacePort\":1}";

	assert_has(world_ask_as(world, 1000, 1000, frame), "\"uid\":1000");
	assert_has(world_ask_as(world, 1000, 1000,
			   members_ports(world, arena_printf(&world->arena, "%s,%s,%s,%s,%s", port,
							port, port, port, port))),
		"QuotaExceeded\",\"parameters\":{\"resource\":\"ports\",\"limit\":4}");
	assert_has(world_ask_as(world, 1000, 1000,
			   members_ports(world, arena_printf(&world->arena, "%s,%s,%s,%s", port,
							port, port, port))),
		"\"hostPort\":20003");
	assert_has(world_ask_as(world, 1000, 1000, "{\"method\":\"alt.nsnet.Describe\"}"),
		"\"used\":{\"namespaces\":1,\"networks\":0,\"attachments\":1,\"ports\":4,");
	assert_has(
		world_ask_as(world, 1000, 1000, members_ports(world, port)), "\"hostPort\":20000");
	assert_has(world_ask_as(world, 1000, 1000, "{\"method\":\"alt.nsnet.Describe\"}"),
		"\"ports\":1,");
	assert_has(world_ask_as(world, 1000, 1000,
			   members_ports(world,
				   "{\"protocol\":\"tcp\",\"hostPort\":80,\"namespacePort\":1}")),
		"PortNotAllowed\",\"parameters\":{\"hostPort\":80,\"lowest\":1024}");
	assert_has(
		world_ask_as(world, 1000, 1000,
			"{\"method\":\"alt.nsnet.SetNamespace\",\"parameters\":{\"name\":\"ns1\","
			"\"context\":{}}}"),
		"NoSuchNamespace");
	assert_has(world_ask_as(world, 1000, 1000,
			   "{\"method\":\"alt.nsnet.SetNetwork\",\"parameters\":{\"name\":\"a\","
			   "\"context\":{}}}"),
		"PermissionDenied");
	assert_has(
		world_ask_as(world, 1000, 1000,
			"{\"method\":\"alt.nsnet.CreateNetwork\",\"parameters\":{\"name\":\"mine\","
			"\"context\":{\"reach\":\"route\"}}}"),
		"ReachNotAllowed\",\"parameters\":{\"reach\":\"route\"}");
}

#define test(name) cmocka_unit_test_setup_teardown(name, set_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_nothing_differs),
		test(test_attach_and_detach),
		test(test_address),
		test(test_ports),
		test(test_chosen_ports_run_out),
		test(test_routes_servers_settings),
		test(test_shape),
		test(test_links),
		test(test_revision),
		test(test_network),
		test(test_each_step_fails),
		test(test_members),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
