/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_methods_check - what Check tells: each fault that is planted, with what mends it, and to whom
 */
#include <stdio.h>

#include "diagnose.h"
#include "host.h"
#include "methods_world.h"

#define ALL "{\"names\":[\"ns1\"]}"

static int open_objects(void **state)
{
	struct world *world;
	int r = world_open(state);

	world = *state;
	fake_plant(world->kernel, "host wg0");
	assert_has(world_ask(world, "CreateNetwork",
			   "{\"name\":\"net1\",\"context\":{\"prefixes\":[\"10.9.0.0/24\","
			   "\"fd09::/64\"],\"maximumTransmissionUnit\":1500}}"),
		"\"parameters\"");
	assert_has(
		world_ask(world, "CreateNamespace",
			"{\"name\":\"ns1\",\"context\":{\"attachments\":[{\"network\":\"net1\"}],"
			"\"nameServers\":[\"192.0.2.53\"],\"links\":[\"wg0\"],\"ports\":["
			"{\"protocol\":\"tcp\",\"hostPort\":8080,\"namespacePort\":80}]}}"),
		"\"parameters\"");
	fake_plant(world->kernel, "listens ns1 80");
	return r;
}

/* All replies, those of later turns as well. */
static const char *check_as(struct world *world, uid_t uid, const char *parameters)
{
	const char *told = world_ask_as(world, uid, 0,
		arena_printf(&world->arena,
			"{\"method\":\"alt.nsnet.Check\",\"parameters\":%s,\"more\":true}",
			parameters));

	return told;
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (const char *p = text; (p = strstr(p, part)); p++)
		n++;
	return n;
}

/* The one thing that is not ok is that. */
static void finds(struct world *world, const char *wanted)
{
	const char *told = check_as(world, 0, ALL);

	assert_has(told, wanted);
	assert_int_equal(
		count(told, "\"severity\":\"failure\"") + count(told, "\"severity\":\"warning\""),
		1);
}

static void is_fine(struct world *world)
{
	const char *told = check_as(world, 0, ALL);

	assert_has_not(told, "failure");
	assert_has_not(told, "warning");
	assert_has(told, "\"subject\":\"kernel\"");
}

static void test_fine(void **state)
{
	struct world *world = *state;
	const char *told = check_as(world, 0, "{}");

	is_fine(world);
	assert_string_equal(told, check_as(world, 0, ALL));
	/* All but the last say that there is more. */
	assert_int_equal(count(told, "\"continues\":true"), count(told, "\n") - 1);
	assert_true(count(told, "\"namespace\":\"ns1\"") >= 6);
	assert_true(count(told, "\"network\":\"net1\"") >= 6);
	assert_has_not(check_as(world, 0, "{\"names\":[]}"), "ns1");
	fake_clear(world->kernel);
	is_fine(world);
	assert_int_equal(fake_steps(world->kernel), 0);
}

#define FINDING(severity, about, subject, message, remedy) \
	"{\"severity\":\"" severity "\"," about "\"subject\":\"" subject \
	"\",\"message\":\"" message "\",\"remedy\":\"" remedy "\"}"
#define NS  "\"namespace\":\"ns1\","
#define NET "\"network\":\"net1\","

/* What is planted; or, with a minus before it, taken away. */
static const struct {
	const char *fault, *finding;
} faults[] = {
	{ "down ns1 eth0", FINDING("failure", NS, "eth0", "it is set down",
				   "nsnetctl exec ns1 ip link set eth0 up") },
	{ "-address ns1 eth0 10.9.0.2/24",
		FINDING("failure", NS, "eth0", "its address 10.9.0.2/24 is gone",
			"nsnetctl exec ns1 ip address add 10.9.0.2/24 dev eth0") },
	{ "-route ns1 0.0.0.0/0",
		FINDING("failure", NS, "routes", "the default route by 10.9.0.1 is gone",
			"nsnetctl exec ns1 ip route add default via 10.9.0.1 dev eth0") },
	{ "-route ns1 ::/0",
		FINDING("failure", NS, "routes", "the default route by fd09::1 is gone",
			"nsnetctl exec ns1 ip -6 route add default via fd09::1 dev eth0") },
	{ "-lent ns1 wg0",
		FINDING("failure", NS, "wg0", "the host's interface is not inside any more",
			"ip link set wg0 netns ns1") },
	{ "-port tcp 0.0.0.0 8080 10.9.0.2 80",
		FINDING("failure", NS, "port 8080/tcp",
			"it does not lead in by IPv4: it is not in table inet nsnetd",
			"systemctl restart nsnetd") },
	{ "-address - nsnet0 10.9.0.1/24",
		FINDING("failure", NET, "nsnet0",
			"the host's address 10.9.0.1/24 is gone from the bridge",
			"ip address add 10.9.0.1/24 dev nsnet0") },
	{ "-link nsnet0", FINDING("failure", NET, "nsnet0", "the bridge is gone",
				  "systemctl restart nsnetd") },
	{ "off net/ipv4/conf/nsnet0/forwarding",
		FINDING("failure", NET, "nsnet0",
			"the host does not forward IPv4 that comes in by it",
			"sysctl -w net/ipv4/conf/nsnet0/forwarding=1") },
	{ "off net/ipv4/conf/uplink0/forwarding",
		FINDING("failure", NET, "uplink0",
			"the host does not forward IPv4 that comes in by it",
			"sysctl -w net/ipv4/conf/uplink0/forwarding=1") },
	{ "-fence nsnet0 nat", FINDING("failure", NET, "table inet nsnetd",
				       "it does not know the network's bridge nsnet0",
				       "systemctl restart nsnetd") },
	{ "drops forward",
		FINDING("failure", NET, "table inet theirs",
			"the policy of chain theirs drops what goes out",
			"nft 'insert rule inet theirs theirs iifname \\\"nsnet0\\\" accept; insert rule "
			"inet theirs theirs oifname \\\"nsnet0\\\" accept'") },
	{ "drops input",
		FINDING("failure", NET, "table inet theirs",
			"the policy of chain theirs drops what the host is asked",
			"nft 'insert rule inet theirs theirs iifname \\\"nsnet0\\\" accept'") },
	{ "drops output",
		FINDING("failure", NET, "table inet theirs",
			"the policy of chain theirs drops what the host answers",
			"nft 'insert rule inet theirs theirs oifname \\\"nsnet0\\\" accept'") },
	{ "lacks way4", FINDING("failure", NET, "uplink",
				"the host has no default route for IPv4: nothing gets out by it",
				"ip route add default via ROUTER") },
	{ "lacks way6", FINDING("warning", NET, "uplink",
				"the host has no default route for IPv6: nothing gets out by it",
				"ip -6 route add default via ROUTER") },
	{ "table connections 950 1000", FINDING("warning", "", "connections",
						"950 of 1000 that the kernel keeps are in use",
						"sysctl -w net.connections=2000") },
	{ "table connections 1000 1000", FINDING("failure", "", "connections",
						 "1000 of 1000 that the kernel keeps are in use",
						 "sysctl -w net.connections=2000") },
	{ "legacy ip6 filter",
		FINDING("warning", "", "x_tables",
			"table ip6 filter has rules of the old kind, which are not looked at",
			"ip6tables-legacy -t filter -S") },
	{ "lacks guard", FINDING("warning", "", "guard",
				 "this kernel has it not: namespaces can send by any address",
				 "nsnetd --check") },
	{ "-listens ns1 80", "{\"severity\":\"warning\"," NS
			     "\"subject\":\"port 80/tcp\",\"message\":\"port 8080 of "
			     "the host leads to it, and no program inside listens there\"}" },
};

static void test_faults(void **state)
{
	struct world *world = *state;

	for (size_t i = 0; i < lengthof(faults); i++) {
		const char *away = after(faults[i].fault, "-");

		if (away) {
			assert_true(fake_has(world->kernel, away));
			fake_remove(world->kernel, away);
		} else {
			fake_plant(world->kernel, faults[i].fault);
		}
		print_message("%s\n", faults[i].fault);
		finds(world, faults[i].finding);
		if (away)
			fake_plant(world->kernel, away);
		else
			fake_remove(world->kernel, faults[i].fault);
		is_fine(world);
	}
}

/* Of an interface that is down nothing else is told, and of one that is gone what brings it back. */
static void test_gone_inside(void **state)
{
	struct world *world = *state;
	const char *told;

	fake_remove(world->kernel, "address ns1 eth0 10.9.0.2/24");
	fake_remove(world->kernel, "address ns1 eth0 fd09::2/64");
	finds(world,
		FINDING("failure", NS, "eth0", "it is not inside any more", "ip link delete nsv0"));
	fake_remove(world->kernel, "lent ns1 wg0");
	fake_remove(world->kernel, "host wg0");
	told = check_as(world, 0, ALL);
	assert_has(told, FINDING("failure", NS, "wg0",
				 "the host's interface is not inside any more, and not on the host",
				 "nsnetctl set ns1 --link -wg0"));
}

static void test_port_astray(void **state)
{
	struct world *world = *state;
	const char *told;

	fake_plant(world->kernel, "astray nsv0");
	told = check_as(world, 0, ALL);
	assert_has(told,
		FINDING("failure", NS, "nsv0", "the host's end of its eth0 is no port of nsnet0",
			"ip link set nsv0 master nsnet0"));
	assert_has(told, FINDING("failure", NS, "nsv0", "the host's end of its eth0 is set down",
				 "ip link set nsv0 up"));
	fake_delete_link(world->kernel, "nsv0");
	assert_has(check_as(world, 0, ALL),
		FINDING("failure", NS, "nsv0", "the host's end of its eth0 is gone",
			"systemctl restart nsnetd"));
}

/* What members send is believed with their own addresses alone. */
static void test_guard(void **state)
{
	struct world *world = *state;

	assert_has(
		world_ask_as(world, 1000, 0,
			"{\"method\":\"alt.nsnet.CreateNamespace\",\"parameters\":{\"name\":\"m\","
			"\"context\":{\"nameServers\":[\"192.0.2.53\"]}}}"),
		"\"parameters\"");
	assert_has_not(check_as(world, 1000, "{}"), "failure");
	fake_remove(world->kernel, "guard nsv1");
	assert_has(check_as(world, 1000, "{}"),
		"\"it may send by any address: it is not in table bridge nsnetd\"");
}

static void test_mtu(void **state)
{
	struct world *world = *state;

	fake_set_uplink(world->kernel, "uplink0", 1400);
	host_follow(&world->context, KERNEL_EVENT_HOST);
	finds(world, FINDING("warning", NET, "MTU", "1500, and the uplink takes no more than 1400",
			     "nsnetctl network set net1 --mtu 0"));
	assert_has(world_ask(world, "SetNetwork",
			   "{\"name\":\"net1\",\"context\":{\"maximumTransmissionUnit\":0}}"),
		"\"parameters\"");
	is_fine(world);
}

static void test_names(void **state)
{
	struct world *world = *state;

	fake_plant(world->kernel, "resolver 127.0.0.53");
	is_fine(world);
	assert_has(
		world_ask(world, "CreateNamespace",
			"{\"name\":\"ns2\",\"context\":{\"attachments\":[{\"network\":\"net1\"}]}}"),
		"\"parameters\"");
	assert_has(check_as(world, 0, "{\"names\":[\"ns2\"]}"),
		FINDING("warning", "\"namespace\":\"ns2\",", "name servers",
			"it has none of its own, and the host's, 127.0.0.53, is on the host's loopback",
			"nsnetctl set ns2 --dns ADDRESS"));
	fake_plant(world->kernel, "resolver 192.0.2.53");
	assert_has_not(check_as(world, 0, "{\"names\":[\"ns2\"]}"), "warning");
}

static void test_name_server(void **state)
{
	struct world *world = *state;
	const char *told;

	world->context.has_names = true;
	assert_has(world_ask(world, "CreateNetwork",
			   "{\"name\":\"net2\",\"context\":{\"prefixes\":[\"10.10.0.0/24\"]}}"),
		"\"parameters\"");
	assert_has(world_ask(world, "CreateNamespace",
			   "{\"name\":\"ns2\",\"context\":{\"attachments\":[{\"network\":"
			   "\"net2\"}]}}"),
		"\"parameters\"");
	told = check_as(world, 0, "{\"names\":[\"ns2\"]}");
	assert_has(told,
		"\"subject\":\"name server\",\"message\":\"nobody listens on 10.10.0.1 port "
		"53\",\"remedy\":\"systemctl restart nsnet-dns@net2\"");
	fake_listen(world->kernel, 53);
	assert_has_not(check_as(world, 0, "{\"names\":[\"ns2\"]}"), "failure");
}

static void test_let_alone(void **state)
{
	struct world *world = *state;
	struct ns *ns = registry_find_namespace(&world->registry, "ns1");

	ns->mending = (struct mending){ methods_now().monotonic.value, 11 };
	assert_has(check_as(world, 0, ALL),
		"\"somebody keeps taking away what is put back: let alone for a while\"");
	ns->mending.since -= 11000000;
	is_fine(world);
}

/* Nobody hears of what is not his; what he may not know of is not there. */
static void test_members(void **state)
{
	static const char *const none = "{\"error\":\"alt.nsnet.NoSuchNamespace\",\"parameters\":"
					"{\"name\":\"ns1\"}}\n";
	struct world *world = *state;
	const char *told = check_as(world, 1000, "{}");

	assert_has_not(told, "ns1");
	assert_has_not(told, "net1");
	assert_has(told, "\"subject\":\"kernel\"");
	assert_string_equal(check_as(world, 1000, ALL), none);
	assert_has(check_as(world, 0, "{\"names\":[\"ns1\",\"nobody\"]}"),
		"{\"error\":\"alt.nsnet.NoSuchNamespace\",\"parameters\":{\"name\":\"nobody\"}}");
	assert_has(world_ask_as(world, 0, 0, "{\"method\":\"alt.nsnet.Check\"}"), "ExpectedMore");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_fine, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_faults, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_gone_inside, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_port_astray, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_guard, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_mtu, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_names, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_name_server, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_let_alone, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_members, open_objects, world_close),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
