/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_client_explain - every error of the interface in words, with its exit status and what mends it
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "attachments.h"
#include "codec.h"
#include "explain.h"
#include "nsnet.h"
#include "output.h"
#include "ports.h"
#include "routes.h"
#include "settings.h"
#include "varlink_service.h"

struct world {
	struct arena arena;
	struct problem problem;
	struct explain_context context;
	struct settings settings;
};

static void begin(struct world *world)
{
	*world = (struct world){ .arena = ARENA_INIT };
	world->problem = (struct problem){ .arena = &world->arena, .context = &world->context };
	world->context.settings = &world->settings;
	world->context.typed = "nsnetctl create ns1";
	world->context.verb = "create";
}

static const struct codec_value *parse(struct world *world, const char *text)
{
	const struct codec_value *value;

	assert_int_equal(
		codec_parse(&world->arena, text, strlen(text), &text_limits_message, &value), 0);
	return value;
}

static const struct row {
	const char *error, *parameters;
	enum problem_exit exit;
	const char *what, *mend;
} rows[] = {
	{ NSNET_ERROR_NO_SUCH_NAMESPACE, "{\"name\":\"nosuch\"}", PROBLEM_NO_OBJECT,
		"no namespace \"nosuch\"", "nsnetctl list" },
	{ NSNET_ERROR_NO_SUCH_NAMESPACE, "{}", PROBLEM_NO_OBJECT, "there is no namespace",
		"nsnetctl create NAME" },
	{ NSNET_ERROR_NAMESPACE_EXISTS, "{\"name\":\"ns1\",\"own\":true}", PROBLEM_IN_USE,
		"namespace \"ns1\" exists already", "nsnetctl delete ns1, or take another name" },
	{ NSNET_ERROR_NAMESPACE_EXISTS, "{\"name\":\"ns1\",\"own\":false}", PROBLEM_IN_USE,
		"namespace \"ns1\" exists already, and is somebody else's",
		"nsnetctl create OTHER-NAME" },
	{ NSNET_ERROR_NAMESPACE_BUSY,
		"{\"name\":\"ns1\",\"processes\":[{\"pid\":4194305},{\"pid\":4194306}]}",
		PROBLEM_IN_USE, "programs run in namespace \"ns1\": 4194305, 4194306",
		"nsnetctl delete --kill ns1" },
	{ NSNET_ERROR_NAMESPACE_BUSY, "{\"name\":\"ns1\",\"processes\":[]}", PROBLEM_IN_USE,
		"programs run in namespace \"ns1\"", "nsnetctl delete --kill ns1" },
	{ NSNET_ERROR_NO_SUCH_NETWORK, "{\"name\":\"br1\"}", PROBLEM_NO_OBJECT,
		"no network \"br1\"", "nsnetctl network create br1" },
	{ NSNET_ERROR_NO_SUCH_NETWORK, "{}", PROBLEM_NO_OBJECT, "there is no network",
		"nsnetctl network create NAME" },
	{ NSNET_ERROR_NETWORK_EXISTS, "{\"name\":\"br1\"}", PROBLEM_IN_USE,
		"network \"br1\" exists already",
		"nsnetctl network delete br1, or take another name" },
	{ NSNET_ERROR_NETWORK_BUSY, "{\"name\":\"br1\",\"attachments\":1}", PROBLEM_IN_USE,
		"1 namespace is attached to network \"br1\"", "nsnetctl list" },
	{ NSNET_ERROR_NETWORK_BUSY, "{\"name\":\"br1\",\"attachments\":2}", PROBLEM_IN_USE,
		"2 namespaces are attached to network \"br1\"", "nsnetctl list" },
	{ NSNET_ERROR_NETWORK_NOT_PERSISTENT, "{\"name\":\"br1\"}", PROBLEM_FAILED,
		"network \"br1\" does not come back after a reboot, so no namespace on it can",
		"nsnetctl network set br1 --persistent yes, then the same again" },
	{ NSNET_ERROR_NETWORK_FULL, "{\"name\":\"br1\",\"limit\":1023}", PROBLEM_FAILED,
		"network \"br1\" is full: it holds 1023 namespaces",
		"nsnetctl network create OTHER-NAME --reach route, which holds 16384" },
	{ NSNET_ERROR_ADDRESS_UNAVAILABLE, "{\"network\":\"br1\",\"address\":\"10.10.0.10\"}",
		PROBLEM_IN_USE, "address 10.10.0.10 is taken, or outside network \"br1\"",
		"nsnetctl network show br1" },
	{ NSNET_ERROR_ADDRESS_UNAVAILABLE, "{\"network\":\"br1\"}", PROBLEM_IN_USE,
		"network \"br1\" has no free address left",
		"nsnetctl network create OTHER-NAME, which has addresses of its own" },
	{ NSNET_ERROR_PREFIX_CONFLICT, "{\"prefix\":\"10.0.0.0/8\",\"interfaceName\":\"eth0\"}",
		PROBLEM_IN_USE, "prefix 10.0.0.0/8 overlaps one in use on eth0",
		"the same without --subnet: a free prefix is chosen" },
	{ NSNET_ERROR_PREFIX_CONFLICT, "{\"prefix\":\"10.0.0.0/8\"}", PROBLEM_IN_USE,
		"prefix 10.0.0.0/8 overlaps one in use",
		"the same without --subnet: a free prefix is chosen" },
	{ NSNET_ERROR_PREFIX_CONFLICT, "{}", PROBLEM_IN_USE,
		"none of the prefixes to choose from is free on this host",
		"nsnetctl network create NAME --subnet PREFIX" },
	{ NSNET_ERROR_PREFIX_NOT_ALLOWED, "{\"prefix\":\"8.8.8.0/24\"}", PROBLEM_NOT_ALLOWED,
		"networks of members may not have prefix 8.8.8.0/24",
		"the same without --subnet: a prefix that is allowed is chosen" },
	{ NSNET_ERROR_QUOTA_EXCEEDED, "{\"resource\":\"namespaces\",\"limit\":16}",
		PROBLEM_NOT_ALLOWED, "no more than 16 namespaces at a time",
		"nsnetctl list, then nsnetctl delete NAME" },
	{ NSNET_ERROR_QUOTA_EXCEEDED, "{\"resource\":\"networks\",\"limit\":1}",
		PROBLEM_NOT_ALLOWED, "no more than 1 network at a time",
		"nsnetctl network list, then nsnetctl network delete NAME" },
	{ NSNET_ERROR_QUOTA_EXCEEDED, "{\"resource\":\"attachments\",\"limit\":0}",
		PROBLEM_NOT_ALLOWED,
		"no more than 0 attachments of namespaces to networks at a time",
		"nsnetctl list, then nsnetctl delete NAME" },
	{ NSNET_ERROR_QUOTA_EXCEEDED, "{\"resource\":\"connections\",\"limit\":32}",
		PROBLEM_NOT_ALLOWED, "no more than 32 connections to nsnetd at a time", NULL },
	{ NSNET_ERROR_QUOTA_EXCEEDED, "{\"resource\":\"ports\",\"limit\":8}", PROBLEM_NOT_ALLOWED,
		"no more than 8 published ports at a time",
		"nsnetctl list, then nsnetctl set NAME --publish -PORT" },
	{ NSNET_ERROR_REACH_NOT_ALLOWED, "{\"reach\":\"route\"}", PROBLEM_NOT_ALLOWED,
		"networks of members may not have reach \"route\"", "the same with --reach nat" },
	{ NSNET_ERROR_REACH_NOT_ALLOWED, "{\"reach\":\"nat\"}", PROBLEM_NOT_ALLOWED,
		"networks of members may not have reach \"nat\"",
		"the same with --reach internal" },
	{ NSNET_ERROR_REACH_NOT_ALLOWED, "{\"reach\":\"internal\"}", PROBLEM_NOT_ALLOWED,
		"networks of members may not have reach \"internal\"",
		"the same with --reach nat" },
	{ NSNET_ERROR_PORT_UNAVAILABLE, "{\"protocol\":\"tcp\",\"hostPort\":8080}", PROBLEM_IN_USE,
		"port 8080/tcp of this host is in use",
		"the same with --publish :NSPORT, for a free one (who has it: nsnetctl list; ss -lntp sport = :8080)" },
	{ NSNET_ERROR_PORT_UNAVAILABLE,
		"{\"protocol\":\"udp\",\"hostAddress\":\"::1\",\"hostPort\":53}", PROBLEM_IN_USE,
		"port [::1]:53/udp of this host is in use",
		"the same with --publish :NSPORT, for a free one (who has it: nsnetctl list; ss -lnup sport = :53)" },
	{ NSNET_ERROR_PORT_UNAVAILABLE,
		"{\"protocol\":\"tcp\",\"hostAddress\":\"127.0.0.1\",\"hostPort\":80}",
		PROBLEM_IN_USE, "port 127.0.0.1:80/tcp of this host is in use",
		"the same with --publish :NSPORT, for a free one (who has it: nsnetctl list; ss -lntp sport = :80)" },
	{ NSNET_ERROR_PORT_UNAVAILABLE, "{\"protocol\":\"udp\"}", PROBLEM_IN_USE,
		"none of the UDP ports to choose from is free on this host",
		"the same with a port of your own choice: --publish PORT:NSPORT" },
	{ NSNET_ERROR_PORT_NOT_ALLOWED, "{\"hostPort\":80,\"lowest\":1024}", PROBLEM_NOT_ALLOWED,
		"members may not publish port 80 of this host",
		"the same with a port from 1024 on, or :NSPORT for a free one" },
	{ NSNET_ERROR_LINK_UNAVAILABLE, "{\"interfaceName\":\"wg0\"}", PROBLEM_IN_USE,
		"interface \"wg0\" is not on this host, or not free: nsnetd's own, or a bridge's",
		"ip -d link show dev wg0" },
	{ NSNET_ERROR_CHANGED, "{\"name\":\"ns1\",\"revision\":4}", PROBLEM_IN_USE,
		"\"ns1\" was changed by somebody else at the same time", "nsnetctl create ns1" },
	{ NSNET_ERROR_EVENTS_LOST, "{\"sequence\":4}", PROBLEM_FAILED,
		"some events were lost, because they were not read in time", "nsnetctl monitor" },
	{ NSNET_ERROR_NOT_SUPPORTED, "{\"feature\":\"nat\"}", PROBLEM_FAILED,
		"this kernel cannot lend namespaces the host's address (nftables, masquerade)",
		"modprobe nft_masq && systemctl restart nsnetd; or --reach internal" },
	{ NSNET_ERROR_NOT_SUPPORTED, "{\"feature\":\"ports\"}", PROBLEM_FAILED,
		"this kernel cannot lead ports into namespaces (nftables, dnat)",
		"modprobe nft_nat && systemctl restart nsnetd; or leave --publish out" },
	{ NSNET_ERROR_NOT_SUPPORTED, "{\"feature\":\"rate\"}", PROBLEM_FAILED,
		"this kernel cannot limit rates (tbf)",
		"modprobe sch_tbf && systemctl restart nsnetd; or leave --rate out" },
	{ NSNET_ERROR_NOT_SUPPORTED, "{\"feature\":\"netem\"}", PROBLEM_FAILED,
		"this kernel cannot delay or lose packets (netem)",
		"modprobe sch_netem && systemctl restart nsnetd; or leave --delay and --loss out" },
	{ NSNET_ERROR_NOT_SUPPORTED, "{\"feature\":\"names\"}", PROBLEM_FAILED,
		"there are no name servers for networks here: no dnsmasq, or no systemd",
		"apt install dnsmasq-base && systemctl restart nsnetd; or leave --dns and --domain out" },
	{ NSNET_ERROR_NOT_SUPPORTED, "{\"feature\":\"guard\"}", PROBLEM_FAILED,
		"this kernel cannot hold namespaces to their addresses (nftables, bridge)",
		"modprobe nf_tables && systemctl restart nsnetd" },
	{ NSNET_ERROR_NOT_SUPPORTED, "{\"feature\":\"forwarding4\"}", PROBLEM_FAILED,
		"this host cannot forward IPv4 by interface", "the same with --reach internal" },
	{ NSNET_ERROR_NOT_SUPPORTED, "{\"feature\":\"forwarding6\"}", PROBLEM_FAILED,
		"this host cannot forward IPv6 by interface", "the same with --reach internal" },
	{ NSNET_ERROR_NOT_SUPPORTED, "{\"feature\":\"cookie\"}", PROBLEM_FAILED,
		"this kernel has not what is needed: cookie", "nsnetctl call Describe" },
	{ NSNET_ERROR_EXECUTION_FAILED, "{\"message\":\"Unit exists.\"}", PROBLEM_FAILED,
		"systemd could not start the program: Unit exists.",
		"journalctl --pager-end --unit init.scope" },
	{ NSNET_ERROR_KERNEL_ERROR,
		"{\"step\":\"ip link add x\",\"errnoName\":\"EBUSY\",\"message\":\"no room\"}",
		PROBLEM_FAILED, "the kernel refused with EBUSY (no room); all is undone",
		"ip link add x" },
	{ NSNET_ERROR_KERNEL_ERROR, "{\"step\":\"ip link add x\",\"errnoName\":\"EBUSY\"}",
		PROBLEM_FAILED, "the kernel refused with EBUSY; all is undone", "ip link add x" },
	{ VARLINK_SERVICE_ERROR_PERMISSION_DENIED, "{}", PROBLEM_NOT_ALLOWED,
		"that is for administrators", "sudo nsnetctl create ns1" },
	{ VARLINK_SERVICE_ERROR_METHOD_NOT_FOUND, "{\"method\":\"alt.nsnet.X\"}", PROBLEM_NO_OBJECT,
		"nsnetd has no method alt.nsnet.X", "nsnetctl introspect" },
	{ VARLINK_SERVICE_ERROR_METHOD_NOT_IMPLEMENTED, "{\"method\":\"alt.nsnet.X\"}",
		PROBLEM_FAILED, "nsnetd does not do alt.nsnet.X", "nsnetctl introspect" },
	{ VARLINK_SERVICE_ERROR_INTERFACE_NOT_FOUND, "{\"interface\":\"a.b\"}", PROBLEM_NO_OBJECT,
		"nsnetd has no interface a.b", "nsnetctl call org.varlink.service.GetInfo" },
	{ VARLINK_SERVICE_ERROR_EXPECTED_MORE, "{}", PROBLEM_USAGE,
		"there is more than one reply to this method", "nsnetctl call --more METHOD" },
	{ VARLINK_SERVICE_ERROR_INVALID_PARAMETER, "{\"parameter\":\"name\"}", PROBLEM_USAGE,
		"nsnetd does not take what is given as \"name\"", NULL },
	/* What this client does not know, and what is not as it should be: as it came. */
	{ "alt.nsnet.Later", "{\"a\":1}", PROBLEM_FAILED,
		"nsnetd answered alt.nsnet.Later {\"a\":1}", "nsnetctl introspect" },
	{ NSNET_ERROR_NETWORK_FULL, "{\"name\":7}", PROBLEM_FAILED,
		"nsnetd answered alt.nsnet.NetworkFull {\"name\":7}", "nsnetctl introspect" },
};

static void test_rows(void **state unused)
{
	for (size_t i = 0; i < lengthof(rows); i++) {
		struct world world;

		begin(&world);
		assert_int_equal(explain_error(&world.problem, rows[i].error,
					 parse(&world, rows[i].parameters)),
			rows[i].exit);
		assert_int_equal(world.problem.exit, rows[i].exit);
		assert_string_equal(world.problem.what, rows[i].what);
		if (rows[i].mend)
			assert_string_equal(world.problem.mend, rows[i].mend);
		else
			assert_null(world.problem.mend);
		assert_string_equal(world.problem.error, rows[i].error);
		arena_done(&world.arena);
	}
}

static bool has_row(const char *error)
{
	for (size_t i = 0; i < lengthof(rows); i++) {
		if (streq(rows[i].error, error))
			return true;
	}
	return false;
}

/* Who adds an error to the interface adds its words. */
static void test_all_have_rows(void **state unused)
{
	for (size_t i = 0; i < nsnet_interface.n_errors; i++) {
		if (!has_row(nsnet_interface.errors[i].name))
			fail_msg("%s has no row here", nsnet_interface.errors[i].name);
	}
	for (size_t i = 0; i < varlink_service_interface.n_errors; i++) {
		if (!has_row(varlink_service_interface.errors[i].name))
			fail_msg("%s has no row here", varlink_service_interface.errors[i].name);
	}
}

static void test_fields(void **state unused)
{
	static const struct {
		const char *field, *what;
	} fields[] = {
		{ "context.attachments[1].network", "--network: nsnetd does not take \"br2\"" },
		{ "context.attachments[0].addresses[1]",
			"--network ...:ip=: nsnetd does not take \"fd00::1\"" },
		{ "context.attachments[0].addresses", "--network: nsnetd does not take \"br1\"" },
		{ "context.attachments[0].addresses[7]",
			"--network ...:ip=: nsnetd does not take its value" },
		{ "context.attachments[0].hardwareAddress",
			"--network ...:mac=: nsnetd does not take \"02:00:5e:00:53:01\"" },
		{ "context.attachments[1].interfaceName",
			"--network ...:name=: nsnetd does not take \"lan\"" },
		{ "context.attachments[9].network", "--network: nsnetd does not take its value" },
		{ "context.attachments", "--network: nsnetd does not take its value" },
		{ "context.routes[0].destination",
			"--route: nsnetd does not take \"192.0.2.0/24\"" },
		{ "context.routes[0].gateway",
			"--route ...:via=: nsnetd does not take \"10.0.0.1\"" },
		{ "context.routes[0].metric",
			"--route ...:metric=: nsnetd does not take its value" },
		{ "context.routes[1].gateway", "--route: nsnetd does not take its value" },
		{ "context.attachments[0].shaping.sendRate",
			"--rate: nsnetd does not take its value" },
		{ "context.attachments[0].shaping.receiveRate",
			"--rate: nsnetd does not take its value" },
		{ "context.attachments[0].shaping.delay",
			"--delay: nsnetd does not take its value" },
		{ "context.attachments[0].shaping.jitter",
			"--delay: nsnetd does not take its value" },
		{ "context.attachments[0].shaping.loss", "--loss: nsnetd does not take its value" },
		{ "context.ports[1]", "--publish: nsnetd does not take \"53/udp -> 53\"" },
		{ "context.ports[0].hostPort",
			"--publish: nsnetd does not take \"8080/tcp -> 80\"" },
		{ "context.ports[2]", "--publish: nsnetd does not take its value" },
		{ "context.links[0]", "--link: nsnetd does not take \"wg0\"" },
		{ "context.sysctls.net.ipv4.ip_forward",
			"--sysctl: nsnetd does not take \"net.ipv4.ip_forward=7\"" },
		{ "context.sysctls", "--sysctl: nsnetd does not take its value" },
		{ "context.reach", "--reach: nsnetd does not take its value" },
		{ "context.domain", "--domain: nsnetd does not take \"lab\"" },
		{ "context.nameServers[0]", "--dns: nsnetd does not take \"10.64.0.1\"" },
		{ "context.nameServers[x]", "--dns: nsnetd does not take its value" },
		{ "context.prefixes[0]", "--subnet: nsnetd does not take \"10.10.0.0/16\"" },
		{ "context.gateways[0]", "--gateway: nsnetd does not take \"10.10.0.1\"" },
		{ "context.labels.a", "--label: nsnetd does not take its value" },
		{ "context.description", "--description: nsnetd does not take its value" },
		{ "context.isolated", "--isolated: nsnetd does not take its value" },
		{ "context.persistent", "--persistent: nsnetd does not take its value" },
		{ "context.maximumTransmissionUnit", "--mtu: nsnetd does not take its value" },
		{ "names[0]", "nsnetd does not take what is given as \"names[0]\"" },
	};

	for (size_t i = 0; i < lengthof(fields); i++) {
		struct world world;
		struct problem *problem = &world.problem;

		begin(&world);
		assert_int_equal(
			attachments_network(&world.settings,
				"br1:ip=10.0.0.2,ip=fd00::1,mac=02:00:5e:00:53:01", problem),
			0);
		assert_int_equal(attachments_network(&world.settings, "br2:name=lan", problem), 0);
		assert_int_equal(
			routes_add(&world.settings, "192.0.2.0/24:via=10.0.0.1", problem), 0);
		assert_int_equal(settings_dns(&world.settings, "10.64.0.1", problem), 0);
		assert_int_equal(ports_publish(&world.settings, "8080:80", problem), 0);
		assert_int_equal(ports_publish(&world.settings, "53/udp", problem), 0);
		assert_int_equal(settings_link(&world.settings, "wg0", problem), 0);
		assert_int_equal(
			settings_sysctl(&world.settings, "net.ipv4.ip_forward=7", problem), 0);
		assert_int_equal(settings_domain(&world.settings, "lab", problem), 0);
		assert_int_equal(settings_subnet(&world.settings, "10.10.0.0/16", problem), 0);
		assert_int_equal(settings_gateway(&world.settings, "10.10.0.1", problem), 0);
		for (size_t j = 0; j < 2; j++)
			assert_int_equal(
				settings_make(&world.settings,
					&(struct edits_noun){ .is_network = j == 1 }, problem),
				0);
		assert_int_equal(
			explain_error(problem, VARLINK_SERVICE_ERROR_INVALID_PARAMETER,
				parse(&world, arena_printf(&world.arena, "{\"parameter\":\"%s\"}",
						      fields[i].field))),
			PROBLEM_USAGE);
		assert_string_equal(problem->what, fields[i].what);
		arena_done(&world.arena);
	}
}

/* What can only be while nothing is attached. */
static void test_network_set(void **state unused)
{
	struct world world;

	begin(&world);
	world.context.verb = "network set";
	assert_int_equal(explain_error(&world.problem, NSNET_ERROR_NETWORK_BUSY,
				 parse(&world, "{\"name\":\"br1\",\"attachments\":1}")),
		PROBLEM_IN_USE);
	assert_string_equal(world.problem.what,
		"network \"br1\" keeps its prefixes, gateways and domain while 1 namespace is attached to it");
	assert_string_equal(world.problem.mend,
		"nsnetctl network show br1, then nsnetctl set NAME --network -br1 for each");
	/* The same field of the other noun. */
	assert_int_equal(settings_dns(&world.settings, "10.64.0.9", &world.problem), 0);
	assert_int_equal(settings_make(&world.settings, &(struct edits_noun){ .is_network = true },
				 &world.problem),
		0);
	assert_int_equal(explain_error(&world.problem, VARLINK_SERVICE_ERROR_INVALID_PARAMETER,
				 parse(&world, "{\"parameter\":\"context.nameServers[0]\"}")),
		PROBLEM_USAGE);
	assert_string_equal(world.problem.what, "--dns: nsnetd does not take \"10.64.0.9\"");
	arena_done(&world.arena);
}

/* A word about sudo only to those whom it helps. */
static void test_root(void **state unused)
{
	struct world world;

	begin(&world);
	world.context.is_root = true;
	assert_int_equal(
		explain_error(&world.problem, VARLINK_SERVICE_ERROR_PERMISSION_DENIED, NULL),
		PROBLEM_NOT_ALLOWED);
	assert_null(world.problem.mend);
	assert_int_equal(explain_error(&world.problem, NSNET_ERROR_NAMESPACE_EXISTS,
				 parse(&world, "{\"name\":\"x\",\"own\":false}")),
		PROBLEM_IN_USE);
	assert_string_equal(world.problem.mend, "ip netns delete x, or take another name");
	world.context.verb = "network delete";
	assert_int_equal(explain_error(&world.problem, NSNET_ERROR_NO_SUCH_NETWORK,
				 parse(&world, "{\"name\":\"br1\"}")),
		PROBLEM_NO_OBJECT);
	assert_string_equal(world.problem.mend, "nsnetctl network list");
	arena_done(&world.arena);
}

static void test_connect(void **state unused)
{
	static const struct {
		int error;
		enum problem_exit exit;
		const char *what;
	} errors[] = {
		{ -ENOENT, PROBLEM_NO_DAEMON, "no nsnetd at /nowhere/socket" },
		{ -ECONNREFUSED, PROBLEM_NO_DAEMON, "no nsnetd at /nowhere/socket" },
		/* Not for want of the group: there is no socket whose group it could be. */
		{ -EACCES, PROBLEM_NOT_ALLOWED, "no permission to connect to /nowhere/socket" },
		{ -ENAMETOOLONG, PROBLEM_USAGE, "--socket: the path is too long for a socket" },
		{ -EMFILE, PROBLEM_FAILED, "connecting to /nowhere/socket: Too many open files" },
	};

	for (size_t i = 0; i < lengthof(errors); i++) {
		struct world world;

		begin(&world);
		assert_int_equal(
			explain_connect(&world.problem, "/nowhere/socket", errors[i].error),
			errors[i].exit);
		assert_string_equal(world.problem.what, errors[i].what);
		if (errors[i].exit == PROBLEM_NO_DAEMON)
			assert_string_equal(world.problem.mend, "nsnetd --socket /nowhere/socket");
		arena_done(&world.arena);
	}
}

static void test_quote(void **state unused)
{
	static const char *const words[] = { "nsnetctl", "create", "a b", "it's", "", "$x",
		"br1:ip=10.0.0.1" };
	autoarena struct arena arena = ARENA_INIT;

	assert_string_equal(explain_quote(&arena, words, lengthof(words)),
		"nsnetctl create 'a b' 'it'\\''s' '' '$x' br1:ip=10.0.0.1");
	assert_string_equal(explain_quote(&arena, words, 0), "");
}

static void test_output_texts(void **state unused)
{
	static const struct {
		int64_t bytes;
		const char *text;
	} sizes[] = { { 0, "0 B" }, { 999, "999 B" }, { 1000, "1.0 kB" }, { 1550, "1.6 kB" },
		{ 999949, "999.9 kB" }, { 999950, "1.0 MB" }, { 1000000, "1.0 MB" },
		{ INT64_MAX, "9.2 EB" } };
	static const char *const three[] = { "a", "b", "c" };
	autoarena struct arena arena = ARENA_INIT;

	for (size_t i = 0; i < lengthof(sizes); i++)
		assert_string_equal(output_bytes(&arena, sizes[i].bytes), sizes[i].text);
	assert_string_equal(output_safe(&arena, "plain \xc3\xa4"), "plain \xc3\xa4");
	assert_string_equal(output_safe(&arena, "\033[31mred\n\x7f"), "\\x1b[31mred\\x0a\\x7f");
	/* CSI as one character of C1, in UTF-8. */
	assert_string_equal(output_safe(&arena, "a\xc2\x9b"
						"2J\xc2\xa0"),
		"a\\x9b2J\xc2\xa0");
	assert_string_equal(output_safe(&arena, "\xc2"), "\xc2");
	assert_string_equal(
		output_join(
			&arena, &(struct string_list){ (const char **)(uintptr_t)three, 3 }, ", "),
		"a, b, c");
	assert_string_equal(output_join(&arena, &(struct string_list){ NULL, 0 }, ", "), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows),
		cmocka_unit_test(test_all_have_rows),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_network_set),
		cmocka_unit_test(test_root),
		cmocka_unit_test(test_connect),
		cmocka_unit_test(test_quote),
		cmocka_unit_test(test_output_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
