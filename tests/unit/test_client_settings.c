/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_client_settings - settings from the command line: what they wish, or why they are wrong
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "settings.h"

struct world {
	struct arena arena;
	struct problem problem;
	struct settings settings;
};

static void begin(struct world *world)
{
	*world = (struct world){ .arena = ARENA_INIT };
	world->problem.arena = &world->arena;
}

/* The wish of a namespace, or of a network, as it would be sent. */
static void says(struct world *world, bool is_network, const char *wanted)
{
	const char *text = is_network ? codec_encode(&nsnet_network_context_type,
						&world->settings.of_network, &world->arena)
				      : codec_encode(&nsnet_namespace_context_type,
						&world->settings.of_namespace, &world->arena);

	assert_string_equal(text, wanted);
	arena_done(&world->arena);
}

static void reads(int (*parse)(void *, const char *, struct problem *), const char *const *values,
	bool is_network, const char *wanted)
{
	struct world world;

	begin(&world);
	for (; *values; values++)
		assert_int_equal(parse(&world.settings, *values, &world.problem), 0);
	says(&world, is_network, wanted);
}

#define READS(parse, wanted, ...) \
	reads(parse, (const char *const[]){ __VA_ARGS__, NULL }, false, wanted)
#define READS_NETWORK(parse, wanted, ...) \
	reads(parse, (const char *const[]){ __VA_ARGS__, NULL }, true, wanted)

/* The last value is refused with this in what is said. */
static void refuses(int (*parse)(void *, const char *, struct problem *), const char *const *values,
	const char *wanted)
{
	struct world world;

	begin(&world);
	for (; values[1]; values++)
		assert_int_equal(parse(&world.settings, *values, &world.problem), 0);
	assert_int_equal(parse(&world.settings, *values, &world.problem), PROBLEM_USAGE);
	assert_int_equal(world.problem.exit, PROBLEM_USAGE);
	if (!strstr(world.problem.what, wanted))
		fail_msg("\"%s\" has not \"%s\"", world.problem.what, wanted);
	arena_done(&world.arena);
}

#define REFUSES(parse, wanted, ...) \
	refuses(parse, (const char *const[]){ __VA_ARGS__, NULL }, wanted)

static void test_network(void **state unused)
{
	READS(settings_network, "{\"attachments\":[{\"network\":\"br1\"}]}", "br1");
	READS(settings_network, "{\"attachments\":[]}", "none");
	READS(settings_network,
		"{\"attachments\":[{\"network\":\"br1\",\"addresses\":[\"10.10.0.10\"]}]}",
		"br1:ip=10.10.0.10");
	READS(settings_network,
		"{\"attachments\":[{\"network\":\"br1\",\"addresses\":[\"fd00:1::10\"]}]}",
		"br1:ip=fd00:1::10");
	READS(settings_network, "{\"attachments\":[{\"network\":\"br1\",\"addresses\":[]}]}",
		"br1:ip=none");
	READS(settings_network,
		"{\"attachments\":[{\"network\":\"br1\",\"interfaceName\":\"lan\",\"addresses\":[\"10.10.0.10\",\"fd00:1::10\"],"
		"\"hardwareAddress\":\"02:00:5e:00:53:01\"}]}",
		"br1:ip=10.10.0.10,ip=fd00:1::10,mac=02:00:5e:00:53:01,name=lan");
	READS(settings_network,
		"{\"attachments\":[{\"network\":\"br1\"},{\"network\":\"br2\",\"interfaceName\":\"b\"},{\"network\":\"br1\"}]}",
		"br1", "br2:name=b", "br1");
}

static void test_network_refused(void **state unused)
{
	REFUSES(settings_network, "cannot name a network", "-br1");
	REFUSES(settings_network, "cannot name a network", "");
	REFUSES(settings_network, "cannot name a network", ":ip=10.0.0.1");
	REFUSES(settings_network, "cannot name a network", "br1=x");
	REFUSES(settings_network, "an address is NET:ip=ADDRESS", "br1:10.0.0.1");
	REFUSES(settings_network, "an address is NET:ip=ADDRESS", "br1:");
	REFUSES(settings_network, "no IP address", "br1:ip=10.0.0");
	REFUSES(settings_network, "no IP address", "br1:ip=");
	REFUSES(settings_network, "its length is the network's", "br1:ip=10.0.0.1/24");
	REFUSES(settings_network, "knows no \"ipp=\"", "br1:ipp=10.0.0.1");
	REFUSES(settings_network, "\"x\" lacks its value", "br1:ip=10.0.0.1,x");
	REFUSES(settings_network, "lacks its value", "br1:ip=10.0.0.1,");
	REFUSES(settings_network, "no address of a card", "br1:mac=1:2:3");
	REFUSES(settings_network, "cannot name an interface", "br1:name=a/b");
	REFUSES(settings_network, "ip=none beside", "br1:ip=none,ip=10.0.0.1");
	REFUSES(settings_network, "ip=none beside", "br1:ip=10.0.0.1,ip=none");
	REFUSES(settings_network, "none beside", "none", "br1");
	REFUSES(settings_network, "none beside", "br1", "none");
	REFUSES(settings_network, "none beside", "none", "none");
}

static void test_route(void **state unused)
{
	READS(settings_route, "{\"routes\":[{\"destination\":\"default\"}]}", "default");
	READS(settings_route,
		"{\"routes\":[{\"destination\":\"default\",\"gateway\":\"10.0.0.1\"}]}",
		"default:via=10.0.0.1");
	READS(settings_route, "{\"routes\":[{\"destination\":\"fd00:2::/64\"}]}", "fd00:2::/64");
	READS(settings_route,
		"{\"routes\":[{\"destination\":\"fd00:2::/64\",\"gateway\":\"fd00:1::1\",\"metric\":5}]}",
		"fd00:2::/64:via=fd00:1::1,metric=5");
	READS(settings_route,
		"{\"routes\":[{\"destination\":\"192.0.2.0/24\",\"metric\":4294967295}]}",
		"192.0.2.0/24,metric=4294967295");
	READS(settings_route,
		"{\"routes\":[{\"destination\":\"192.0.2.1/32\"},{\"destination\":\"fd00::1/128\"}]}",
		"192.0.2.1", "fd00::1");
	REFUSES(settings_route, "neither a prefix", "192.0.2.0/33");
	REFUSES(settings_route, "neither a prefix", "");
	REFUSES(settings_route, "neither a prefix", "192.0.2.0/24:10.0.0.1");
	REFUSES(settings_route, "is 192.0.2.0/24 meant?", "192.0.2.1/24");
	REFUSES(settings_route, "cannot lie behind", "192.0.2.0/24:via=fd00::1");
	REFUSES(settings_route, "no IP address", "default:via=br1");
	REFUSES(settings_route, "no metric", "default:metric=-1");
	REFUSES(settings_route, "no metric", "default:metric=4294967296");
	REFUSES(settings_route, "no metric", "default:metric=");
	REFUSES(settings_route, "knows no \"dev=\"", "default:dev=eth0");
}

static void test_dns(void **state unused)
{
	READS(settings_dns, "{\"nameServers\":[\"10.64.0.1\",\"fd00::53\"]}", "10.64.0.1",
		"fd00::53");
	REFUSES(settings_dns, "no IP address", "dns.example");
	REFUSES(settings_dns, "no IP address", "10.64.0.1:53");
}

static void test_subnet(void **state unused)
{
	READS_NETWORK(settings_subnet, "{\"prefixes\":[\"10.10.0.0/16\",\"fd00:1::/64\"]}",
		"10.10.0.0/16", "fd00:1::/64");
	READS_NETWORK(settings_subnet, "{\"prefixes\":[]}", "none");
	REFUSES(settings_subnet, "is 10.10.0.0/16 meant?", "10.10.0.1/16");
	REFUSES(settings_subnet, "no prefix", "10.10.0.0");
	REFUSES(settings_subnet, "two IPv4 prefixes", "10.10.0.0/16", "10.11.0.0/16");
	REFUSES(settings_subnet, "two IPv6 prefixes", "fd00:1::/64", "10.11.0.0/16", "fd00:2::/64");
	REFUSES(settings_subnet, "none beside", "none", "10.11.0.0/16");
	REFUSES(settings_subnet, "none beside", "10.11.0.0/16", "none");
}

static void test_isolated(void **state unused)
{
	READS_NETWORK(settings_isolated, "{\"isolated\":true}", "yes");
	READS_NETWORK(settings_isolated, "{\"isolated\":false}", "no");
	READS_NETWORK(settings_isolated, "{\"isolated\":true}", "no", "yes");
	REFUSES(settings_isolated, "\"yes\" or \"no\", not \"true\"", "true");
	REFUSES(settings_isolated, "not \"\"", "");
}

static void test_gateway_and_mtu(void **state unused)
{
	READS_NETWORK(settings_gateway, "{\"gateways\":[\"10.10.0.1\",\"fd00:1::1\"]}", "10.10.0.1",
		"fd00:1::1");
	READS_NETWORK(settings_gateway, "{\"gateways\":[]}", "none");
	REFUSES(settings_gateway, "neither an IP address", "10.10.0.0/16");
	REFUSES(settings_gateway, "none beside", "none", "10.10.0.1");
	READS_NETWORK(settings_mtu, "{\"maximumTransmissionUnit\":9000}", "9000");
	READS_NETWORK(settings_mtu, "{\"maximumTransmissionUnit\":68}", "68");
	REFUSES(settings_mtu, "no number of bytes", "67");
	REFUSES(settings_mtu, "no number of bytes", "65536");
	REFUSES(settings_mtu, "no number of bytes", "1500x");
	REFUSES(settings_mtu, "no number of bytes", "");
	REFUSES(settings_mtu, "no number of bytes", "99999999999999999999");
}

static void test_labels(void **state unused)
{
	READS(settings_label, "{\"labels\":{\"a\":\"1\",\"b\":\"x=y\",\"c\":\"\"}}", "a=1", "b=x=y",
		"c=");
	READS_NETWORK(settings_label, "{\"labels\":{\"a\":\"1\"}}", "a=1");
	REFUSES(settings_label, "not KEY=VALUE", "a");
	REFUSES(settings_label, "not KEY=VALUE", "=1");
	REFUSES(settings_label, "given twice", "a=1", "a=2");
	READS(settings_description, "{\"description\":\"for the lab\"}", "for the lab");
	READS_NETWORK(settings_description, "{\"description\":\"for the lab\"}", "for the lab");
}

static void test_nothing(void **state unused)
{
	struct world world;

	begin(&world);
	says(&world, false, "{}");
	begin(&world);
	says(&world, true, "{}");
}

/* What create has to know of several names. */
static void test_one_address(void **state unused)
{
	struct world world;

	begin(&world);
	assert_int_equal(
		settings_network(&world.settings, "br1:name=lan,ip=none", &world.problem), 0);
	assert_false(world.settings.has_address);
	assert_int_equal(settings_network(&world.settings, "br1:ip=10.0.0.1", &world.problem), 0);
	assert_true(world.settings.has_address);
	arena_done(&world.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_network_refused),
		cmocka_unit_test(test_route),
		cmocka_unit_test(test_dns),
		cmocka_unit_test(test_subnet),
		cmocka_unit_test(test_isolated),
		cmocka_unit_test(test_gateway_and_mtu),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_one_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
