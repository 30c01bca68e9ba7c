/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_firewall - what passes between networks, the uplink and the host, and who the servers are asked by
 *
 * Around the host: "out" behind the uplink up0, which is the way out and has a route to our networks; "far" on another
 * interface of the host. Networks: 0 nat with a and b, 1 route with r, 2 internal with i, 3 nat and isolated with s and
 * t. A server (talk.py) that tells the address of who asks is at port 80 everywhere.
 */
#include "sandbox.h"

#include <stdio.h>

#include "state.h"

#define OUT4  "192.0.2.2"
#define OUT6  "2001:db8:1::2"
#define HOST4 "192.0.2.1"
#define HOST6 "2001:db8:1::1"
#define FAR4  "198.51.100.2"
#define FAR6  "2001:db8:2::2"

enum { NETWORKS = 4 };

static const struct sandbox_namespace namespaces[] = {
	{ "a", 0, 10, 1, 0, 0 },
	{ "b", 0, 11, 2, 0, 0 },
	{ "r", 1, 10, 3, 0, 0 },
	{ "i", 2, 10, 4, 0, 0 },
	{ "s", 3, 10, 5, 0, 0 },
	{ "t", 3, 11, 6, 0, 0 },
};

static struct kernel *kernel;
static FILE *servers[2 + 1 + lengthof(namespaces)];
static size_t n_servers;

/* What is asked for in one namespace ("" is the host) by talk.py. */
static const char *ask(struct arena *arena, const char *from, const char *protocol,
	const char *address, unsigned port)
{
	const char *answer =
		sandbox_run(arena, NULL, "%s%s python3 " TESTS_DIR "/talk.py ask %s %s %u",
			*from ? "ip netns exec " : "", from, protocol, address, port);

	return arena_printf(arena, "%.*s", (int)strcspn(answer, "\n"), answer);
}

static void gets(const char *from, const char *protocol, const char *address, unsigned port,
	const char *expected)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *answer = ask(&arena, from, protocol, address, port);
	char text[ADDRESS_TEXT_MAX];
	struct address of;

	if (address_parse(expected, &of))
		expected = address_format(&of, text);
	if (!streq(answer, expected))
		fail_msg("%s to %s %s %u: %s, not %s", *from ? from : "host", protocol, address,
			port, answer, expected);
}

/* The same in both families. Who is rejected should ask by UDP: a TCP socket does not hear of it while it is
 * connecting, which is when the answer comes here. */
static void gets_both(const char *from, const char *protocol, const char *const to[FAMILIES],
	unsigned port, const char *const expected[FAMILIES])
{
	for (size_t i = 0; i < FAMILIES; i++)
		gets(from, protocol, to[i], port, expected[i]);
}

#define BOTH(a, b)   ((const char *const[FAMILIES]){ a, b })
#define SAME(a)      BOTH(a, a)
#define HOST         BOTH(HOST4, HOST6)
#define OUT          BOTH(OUT4, OUT6)
#define FAR          BOTH(FAR4, FAR6)
#define IN(n, h, h6) BOTH("10.99." #n "." #h, "fd99:" #n "::" #h6)
#define A            IN(0, 10, a)
#define B            IN(0, 11, b)
#define R            IN(1, 10, a)
#define I            IN(2, 10, a)
#define GATEWAY(n)   IN(n, 1, 1)

static void serve(const char *where)
{
	char command[256], line[16] = "";

	/* The end of its input ends it, with the test. */
	(void)snprintf(command, sizeof(command),
		"exec %s%s python3 " TESTS_DIR "/talk.py serve 80 >/run/served-%s",
		*where ? "ip netns exec " : "", where, where);
	servers[n_servers] = popen(command, "w"); /* flawfinder: ignore */
	assert_non_null(servers[n_servers++]);
	(void)line;
	assert_true(
		sandbox_does("until grep -qs ready /run/served-%s; do sleep 0.01; done", where));
}

static struct fence fence_of(unsigned network, enum nsnet_reach reach, bool is_isolated)
{
	autoarena struct arena arena = ARENA_INIT;

	return (struct fence){
		.is_set = true,
		.reach = reach,
		.is_isolated = is_isolated,
		.gateways = { sandbox_address(arena_printf(&arena, "10.99.%u.1", network)),
			sandbox_address(arena_printf(&arena, "fd99:%u::1", network)) },
	};
}

static struct fence usual_fence(unsigned network)
{
	static const enum nsnet_reach reaches[NETWORKS] = { NSNET_REACH_NAT, NSNET_REACH_ROUTE,
		NSNET_REACH_INTERNAL, NSNET_REACH_NAT };

	return fence_of(network, reaches[network], network == 3);
}

static void set_fence(unsigned network, const struct fence *before, const struct fence *after)
{
	autoarena struct arena arena = ARENA_INIT;

	sandbox_do(kernel,
		&(struct step){ .type = STEP_FENCE_SET,
			.fence = { arena_printf(&arena, "nsnet%u", network), *before, *after } });
}

static void set_uplink(enum step_type type, bool is_closed4, bool is_closed6)
{
	sandbox_do(kernel,
		&(struct step){ .type = type, .uplink = { "up0", { is_closed4, is_closed6 } } });
}

/* In both families; host: NULL: at all addresses. */
static void set_port(enum step_type type, enum nsnet_protocol protocol, const char *const *host,
	unsigned host_port, const char *const target[FAMILIES])
{
	for (size_t i = 0; i < FAMILIES; i++)
		sandbox_do(kernel,
			&(struct step){ .type = type,
				.port = {
					.protocol = protocol,
					.host = host ? sandbox_address(host[i])
						     : (struct address){ .family = family_of(i) },
					.target = sandbox_address(target[i]),
					.host_port = (uint16_t)host_port,
					.namespace_port = 80,
				} });
}

static const char outside[] =
	/* The daemon does this by interface, where the kernel can. */
	"sysctl -qw net.ipv6.conf.all.forwarding=1; "
	/* Where bridges have nf_tables look at what they carry, an answer to ::1 comes in with that address: the
	 * kernel drops it. */
	"for i in /proc/sys/net/bridge/bridge-nf-call-ip*tables; do [ ! -e $i ] || echo 0 >$i; done; "
	"for i in 'out up0 192.0.2 2001:db8:1' 'far far0 198.51.100 2001:db8:2'; do set -- $i; "
	"ip netns add $1; ip -n $1 link set lo up; "
	"ip link add $2 type veth peer name eth0 netns $1; ip link set $2 up; ip -n $1 link set eth0 up; "
	"ip addr add $3.1/24 dev $2; ip addr add $4::1/64 dev $2 nodad; "
	"ip -n $1 addr add $3.2/24 dev eth0; ip -n $1 addr add $4::2/64 dev eth0 nodad; "
	"ip -n $1 route add default via $3.1; ip -n $1 route add default via $4::1; "
	"sysctl -qw net.ipv4.conf.$2.forwarding=1; done; "
	"ip route add default via 192.0.2.2; ip route add default via 2001:db8:1::2";

static void make_world(void)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);

	kernel = sandbox_kernel();
	assert_true(sandbox_does("set -e; %s", outside));
	for (unsigned i = 0; i < NETWORKS; i++) {
		sandbox_make_network(kernel, i);
		/* The daemon does as much. */
		assert_true(sandbox_does(
			"sysctl -qw net.ipv4.conf.nsnet%u.route_localnet=1 && "
			"ip -6 route add local ::1/128 dev nsnet%u table local metric %u",
			i, i, 4096 + i));
	}
	for (size_t i = 0; i < lengthof(namespaces); i++) {
		struct sandbox_namespace *ns = arena_alloc(&arena, sizeof(*ns));

		*ns = namespaces[i];
		sandbox_plan_namespace(&plan, ns);
	}
	for (size_t i = 0; i < plan.n; i++)
		if (plan.steps[i].type == STEP_VETH_ADD)
			plan.steps[i].veth.is_isolated = streq(plan.steps[i].veth.bridge, "nsnet3");
	sandbox_apply(kernel, &plan);
	serve("");
	serve("out");
	serve("far");
	for (size_t i = 0; i < lengthof(namespaces); i++)
		serve(namespaces[i].name);
	assert_true(
		sandbox_does("for n in a b r i s t; do while ip -n $n -6 addr show tentative | "
			     "grep -q .; do sleep 0.01; done; done; "
			     "while ip -6 addr show tentative | grep -q .; do sleep 0.01; done"));
}

static int set_up(void **state)
{
	(void)state;
	for (unsigned i = 0; i < NETWORKS; i++) {
		const struct fence none = { .is_set = false }, usual = usual_fence(i);

		set_fence(i, &none, &usual);
	}
	set_uplink(STEP_UPLINK_ADD, true, true);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	sandbox_do(kernel, &(struct step){ .type = STEP_FIREWALL_RESET });
	return sandbox_does("conntrack -F >/dev/null 2>&1 && test -z \"$(nft list ruleset)\"") ? 0
											       : -1;
}

static void test_nat(void **state)
{
	(void)state;
	gets_both("a", "tcp", OUT, 80, HOST);
	gets_both("a", "udp", OUT, 80, HOST);
	gets_both("a", "tcp", FAR, 80, BOTH("198.51.100.1", "2001:db8:2::1"));
	gets_both("s", "tcp", OUT, 80, HOST);
	gets_both("a", "tcp", B, 80, A);
	gets_both("a", "tcp", GATEWAY(0), 80, A);
	gets_both("", "tcp", A, 80, GATEWAY(0));
	gets_both("out", "tcp", A, 80, SAME("silence"));
	gets_both("out", "udp", A, 80, SAME("silence"));
	gets_both("far", "tcp", A, 80, SAME("silence"));
	assert_true(sandbox_does("ip netns exec a ping -c1 -W2 " OUT4 " >/dev/null"));
	assert_true(sandbox_does("ip netns exec a ping -c1 -W2 " OUT6 " >/dev/null"));
}

/* What tells of a packet that did not get through comes back as well. */
static void test_errors_return(void **state)
{
	(void)state;
	gets_both("a", "udp", OUT, 81, SAME("refused"));
}

static void test_route(void **state)
{
	(void)state;
	gets_both("r", "tcp", OUT, 80, R);
	gets_both("out", "tcp", R, 80, OUT);
	gets_both("out", "udp", R, 80, OUT);
	gets_both("far", "tcp", R, 80, FAR);
	gets_both("", "tcp", R, 80, GATEWAY(1));
}

static void test_internal(void **state)
{
	(void)state;
	gets_both("i", "udp", OUT, 80, SAME("rejected"));
	gets_both("i", "udp", FAR, 80, SAME("rejected"));
	gets_both("out", "tcp", I, 80, SAME("silence"));
	gets_both("i", "tcp", GATEWAY(2), 80, I);
	gets_both("", "tcp", I, 80, GATEWAY(2));
}

static void test_between(void **state)
{
	(void)state;
	gets_both("a", "udp", R, 80, SAME("rejected"));
	gets_both("r", "udp", A, 80, SAME("rejected"));
	gets_both("a", "udp", I, 80, SAME("rejected"));
	gets_both("i", "udp", A, 80, SAME("rejected"));
	gets_both("a", "udp", IN(3, 10, a), 80, SAME("rejected"));
}

static void test_gateways(void **state)
{
	(void)state;
	gets_both("out", "tcp", HOST, 80, OUT);
	gets_both("out", "tcp", GATEWAY(0), 80, SAME("silence"));
	gets_both("far", "udp", GATEWAY(0), 80, SAME("silence"));
	gets_both("out", "tcp", GATEWAY(2), 80, SAME("silence"));
	gets_both("out", "tcp", GATEWAY(1), 80, OUT);
	gets_both("r", "tcp", GATEWAY(0), 80, R);
	gets_both("", "tcp", GATEWAY(0), 80, GATEWAY(0));
}

static void test_ports(void **state)
{
	(void)state;
	gets_both("out", "tcp", HOST, 8080, SAME("refused"));
	set_port(STEP_PORT_ADD, NSNET_PROTOCOL_TCP, NULL, 8080, A);
	gets_both("out", "tcp", HOST, 8080, OUT);
	gets_both("out", "udp", HOST, 8080, SAME("refused"));
	gets_both("far", "tcp", HOST, 8080, FAR);
	gets_both("", "tcp", HOST, 8080, HOST);
	gets_both("", "tcp", BOTH("127.0.0.1", "::1"), 8080, GATEWAY(0));
	gets_both("", "tcp", BOTH("127.1.2.3", "::1"), 8080, GATEWAY(0));
	gets_both("b", "tcp", HOST, 8080, GATEWAY(0));
	gets_both("b", "tcp", GATEWAY(0), 8080, GATEWAY(0));
	gets_both("a", "tcp", HOST, 8080, GATEWAY(0));
	gets_both("r", "tcp", HOST, 8080, R);
	gets_both("r", "tcp", GATEWAY(1), 8080, R);
	set_port(STEP_PORT_ADD, NSNET_PROTOCOL_UDP, NULL, 8080, B);
	gets_both("i", "udp", GATEWAY(2), 8080, SAME("rejected"));
	gets_both("out", "udp", HOST, 8080, OUT);
	gets_both("", "udp", BOTH("127.0.0.1", "::1"), 8080, GATEWAY(0));
	gets_both("a", "udp", HOST, 8080, GATEWAY(0));
	gets_both("out", "tcp", HOST, 8080, OUT);
	set_port(STEP_PORT_DELETE, NSNET_PROTOCOL_TCP, NULL, 8080, A);
	gets_both("out", "tcp", HOST, 8080, SAME("refused"));
	gets_both("", "tcp", BOTH("127.0.0.1", "::1"), 8080, SAME("refused"));
}

static void test_ports_isolated(void **state)
{
	(void)state;
	set_port(STEP_PORT_ADD, NSNET_PROTOCOL_TCP, NULL, 8083, IN(3, 11, b));
	gets_both("s", "tcp", HOST, 8083, GATEWAY(3));
	gets_both("a", "tcp", HOST, 8083, A);
	gets_both("out", "tcp", HOST, 8083, OUT);
}

/* For the host itself, which such a namespace need know no way to but its gateway. */
static void test_ports_internal(void **state)
{
	(void)state;
	assert_true(sandbox_does("ip -n i route del default && ip -n i -6 route del default"));
	set_port(STEP_PORT_ADD, NSNET_PROTOCOL_TCP, NULL, 8082, I);
	set_port(STEP_PORT_ADD, NSNET_PROTOCOL_UDP, NULL, 8082, I);
	gets_both("", "tcp", BOTH("127.0.0.1", "::1"), 8082, GATEWAY(2));
	gets_both("", "tcp", HOST, 8082, GATEWAY(2));
	gets_both("i", "udp", GATEWAY(2), 8082, SAME("rejected"));
	gets_both("out", "tcp", HOST, 8082, SAME("silence"));
	gets_both("far", "tcp", HOST, 8082, SAME("silence"));
	gets_both("a", "udp", HOST, 8082, SAME("rejected"));
	assert_true(sandbox_does("ip -n i route add default via 10.99.2.1 && "
				 "ip -n i route add default via fd99:2::1"));
}

static void test_ports_at(void **state)
{
	(void)state;
	set_port(STEP_PORT_ADD, NSNET_PROTOCOL_TCP, HOST, 8090, A);
	set_port(STEP_PORT_ADD, NSNET_PROTOCOL_TCP, BOTH("127.0.0.1", "::1"), 8090, R);
	gets_both("out", "tcp", HOST, 8090, OUT);
	gets_both("far", "tcp", HOST, 8090, FAR);
	gets_both("far", "tcp", BOTH("198.51.100.1", "2001:db8:2::1"), 8090, SAME("refused"));
	gets_both("", "tcp", BOTH("127.0.0.1", "::1"), 8090, GATEWAY(1));
	gets_both("", "tcp", HOST, 8090, HOST);
	gets_both("b", "tcp", HOST, 8090, GATEWAY(0));
	gets_both("b", "tcp", GATEWAY(0), 8090, SAME("refused"));
	/* One address goes before all. */
	set_port(STEP_PORT_ADD, NSNET_PROTOCOL_TCP, NULL, 8090, I);
	gets_both("", "tcp", HOST, 8090, HOST);
	gets_both("", "tcp", BOTH("198.51.100.1", "2001:db8:2::1"), 8090, GATEWAY(2));
	set_port(STEP_PORT_DELETE, NSNET_PROTOCOL_TCP, HOST, 8090, A);
	gets_both("", "tcp", HOST, 8090, GATEWAY(2));
}

/* The same key leads elsewhere. */
static void test_replaced(void **state)
{
	(void)state;
	set_port(STEP_PORT_ADD, NSNET_PROTOCOL_TCP, NULL, 8080, I);
	gets_both("out", "tcp", HOST, 8080, SAME("silence"));
	set_port(STEP_PORT_ADD, NSNET_PROTOCOL_TCP, NULL, 8080, R);
	gets_both("out", "tcp", HOST, 8080, OUT);
}

/* What is narrowed holds at once, also for what has begun. */
static void test_narrowed(void **state)
{
	const struct fence route = usual_fence(1),
			   internal = fence_of(1, NSNET_REACH_INTERNAL, false);

	(void)state;
	assert_true(sandbox_does("ip netns exec r ping -c1 -W2 -e 77 " OUT4 " >/dev/null"));
	assert_true(sandbox_does("ip netns exec out ping -c1 -W2 -e 78 10.99.1.10 >/dev/null"));
	set_fence(1, &route, &internal);
	sandbox_shows("ip netns exec r ping -c1 -W2 -e 77 " OUT4 " || true", "Packet filtered");
	assert_false(sandbox_does("ip netns exec out ping -c1 -W1 -e 78 10.99.1.10 >/dev/null"));
	gets_both("r", "udp", OUT, 80, SAME("rejected"));
	gets_both("out", "tcp", GATEWAY(1), 80, SAME("silence"));
	set_fence(1, &internal, &route);
	gets_both("r", "tcp", OUT, 80, R);
	gets_both("out", "tcp", GATEWAY(1), 80, OUT);
}

/* The host is no router for its neighbours by what we switched on. */
static void test_uplink(void **state)
{
	(void)state;
	gets_both("out", "tcp", FAR, 80, SAME("silence"));
	/* What somebody else lets begin is answered. */
	gets_both("far", "tcp", OUT, 80, FAR);
	set_uplink(STEP_UPLINK_ADD, false, true);
	gets_both("out", "tcp", FAR, 80, BOTH(OUT4, "silence"));
	set_uplink(STEP_UPLINK_ADD, true, false);
	gets_both("out", "tcp", FAR, 80, BOTH("silence", OUT6));
	set_uplink(STEP_UPLINK_DELETE, true, true);
	gets_both("out", "tcp", FAR, 80, OUT);
}

/* A bridge of ours that nobody has said anything about. */
static void test_unfenced(void **state)
{
	const struct fence none = { .is_set = false }, nat = usual_fence(0);

	(void)state;
	set_fence(0, &nat, &none);
	gets_both("a", "udp", OUT, 80, SAME("rejected"));
	gets_both("a", "udp", R, 80, SAME("rejected"));
	gets_both("out", "tcp", A, 80, SAME("silence"));
}

/* The host's loopback is its own, though its bridges may speak to it. */
static void test_loopback(void **state)
{
	static const char open[] =
		"ip -n a addr del 127.0.0.1/8 dev lo && "
		"ip netns exec a sysctl -qw net.ipv4.conf.eth0.route_localnet=1 && "
		"ip -n a route add 127.0.0.1 via 10.99.0.1 src 10.99.0.10";

	assert_true(sandbox_does(open));
	gets("a", "tcp", "127.0.0.1", 80, "silence");
	set_port(STEP_PORT_ADD, NSNET_PROTOCOL_TCP, NULL, 8080, B);
	gets("a", "tcp", "127.0.0.1", 8080, "silence");
	assert_int_equal(tear_down(state), 0);
	gets("a", "tcp", "127.0.0.1", 80, "10.99.0.10");
	assert_true(
		sandbox_does("ip -n a route del 127.0.0.1 && ip -n a addr add 127.0.0.1/8 dev lo"));
}

static void test_limits(void **state)
{
	autoarena struct arena arena = ARENA_INIT;

	(void)state;
	sandbox_run(&arena, NULL,
		"ulimit -n 4096; ip netns exec a python3 " TESTS_DIR "/talk.py many 600 " OUT4
		" 9");
	sandbox_run(&arena, NULL,
		"ulimit -n 4096; ip netns exec a python3 " TESTS_DIR "/talk.py many 600 " OUT6
		" 9");
	assert_int_equal(
		atoi(sandbox_run(&arena, NULL, "conntrack -L -s 10.99.0.10 2>/dev/null | wc -l")),
		500);
	assert_int_equal(atoi(sandbox_run(&arena, NULL,
				 "conntrack -L -f ipv6 -s fd99::a 2>/dev/null | wc -l")),
		500);
	gets("b", "udp", OUT4, 80, HOST4);
}

static size_t count_flows(const char *options)
{
	autoarena struct arena arena = ARENA_INIT;

	return (size_t)atoi(
		sandbox_run(&arena, NULL, "conntrack -L %s 2>/dev/null | wc -l", options));
}

static void test_flows(void **state)
{
	(void)state;
	set_port(STEP_PORT_ADD, NSNET_PROTOCOL_UDP, NULL, 8080, A);
	set_port(STEP_PORT_ADD, NSNET_PROTOCOL_UDP, HOST, 8081, A);
	for (unsigned i = 0; i < 3; i++) {
		gets_both("out", "udp", HOST, 8080, OUT);
		gets_both("out", "udp", HOST, 8081, OUT);
	}
	gets_both("out", "udp", HOST, 80, OUT);
	assert_int_equal(count_flows("-f ipv4 -p udp --orig-port-dst 8080"), 3);
	assert_int_equal(count_flows("-f ipv6 -p udp --orig-port-dst 8080"), 3);
	set_port(STEP_FLOWS_DELETE, NSNET_PROTOCOL_UDP, NULL, 8080, B);
	set_port(STEP_FLOWS_DELETE, NSNET_PROTOCOL_TCP, NULL, 8080, A);
	set_port(STEP_FLOWS_DELETE, NSNET_PROTOCOL_UDP, BOTH("198.51.100.1", "2001:db8:2::1"), 8081,
		A);
	assert_int_equal(count_flows("-f ipv4 -p udp --orig-port-dst 8080"), 3);
	assert_int_equal(count_flows("-f ipv4 -p udp --orig-port-dst 8081"), 3);
	set_port(STEP_FLOWS_DELETE, NSNET_PROTOCOL_UDP, NULL, 8080, A);
	assert_int_equal(count_flows("-f ipv4 -p udp --orig-port-dst 8080"), 0);
	assert_int_equal(count_flows("-f ipv6 -p udp --orig-port-dst 8080"), 0);
	assert_int_equal(count_flows("-f ipv6 -p udp --orig-port-dst 8081"), 3);
	set_port(STEP_FLOWS_DELETE, NSNET_PROTOCOL_UDP, HOST, 8081, A);
	assert_int_equal(count_flows("-f ipv4 -p udp --orig-port-dst 8081"), 0);
	assert_int_equal(count_flows("-f ipv6 -p udp --orig-port-dst 8081"), 0);
	assert_int_equal(count_flows("-f ipv4 -p udp --orig-port-dst 80"), 1);
}

/* More than go into one message; and a connection that has begun is over. */
static void test_flows_many(void **state)
{
	autoarena struct arena arena = ARENA_INIT;

	(void)state;
	set_port(STEP_PORT_ADD, NSNET_PROTOCOL_UDP, NULL, 8080, A);
	set_port(STEP_PORT_ADD, NSNET_PROTOCOL_TCP, NULL, 8080, A);
	sandbox_run(&arena, NULL,
		"ip netns exec out python3 " TESTS_DIR "/talk.py many 300 " HOST4 " 8080");
	assert_int_equal(count_flows("-f ipv4 -p udp --orig-port-dst 8080"), 300);
	set_port(STEP_FLOWS_DELETE, NSNET_PROTOCOL_UDP, NULL, 8080, A);
	assert_int_equal(count_flows("-f ipv4 -p udp --orig-port-dst 8080"), 0);

	assert_true(sandbox_does(
		"mkfifo /run/lines; ip netns exec out python3 " TESTS_DIR "/talk.py keep tcp " HOST4
		" 8080 </run/lines >/run/kept 2>&1 & exec 3>/run/lines; echo >&3; "
		"until grep -qs . /run/kept; do sleep 0.01; done; sleep 100 >&3 2>/dev/null </dev/null & "
		"echo $! >/run/keeper"));
	sandbox_shows("cat /run/kept", OUT4 "\n");
	set_port(STEP_PORT_DELETE, NSNET_PROTOCOL_TCP, NULL, 8080, A);
	set_port(STEP_FLOWS_DELETE, NSNET_PROTOCOL_TCP, NULL, 8080, A);
	assert_true(
		sandbox_does("echo >/run/lines; until [ $(wc -l </run/kept) = 2 ]; do sleep 0.01; "
			     "done; kill $(cat /run/keeper); rm /run/lines"));
	sandbox_shows("cat /run/kept", "refused\n");
}

static int leave(void **state)
{
	(void)state;
	kernel_free(kernel);
	while (n_servers > 0)
		(void)pclose(servers[--n_servers]);
	return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_nat),
		TEST(test_errors_return),
		TEST(test_route),
		TEST(test_internal),
		TEST(test_between),
		TEST(test_gateways),
		TEST(test_ports),
		TEST(test_ports_isolated),
		TEST(test_ports_internal),
		TEST(test_ports_at),
		TEST(test_replaced),
		TEST(test_narrowed),
		TEST(test_uplink),
		TEST(test_unfenced),
		TEST(test_loopback),
		TEST(test_limits),
		TEST(test_flows),
		TEST(test_flows_many),
	};

	sandbox_enter();
	make_world();
	return cmocka_run_group_tests_name("firewall", tests, NULL, leave);
}
