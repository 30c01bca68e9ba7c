/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_client_settings - settings from the command line: what they wish, or why they are wrong
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "attachments.h"
#include "ports.h"
#include "routes.h"

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
	struct edits_noun noun = { .is_network = is_network };
	int r = settings_make(&world->settings, &noun, &world->problem);
	const char *text = is_network ? codec_encode(&nsnet_network_context_type,
						&world->settings.of_network, &world->arena)
				      : codec_encode(&nsnet_namespace_context_type,
						&world->settings.of_namespace, &world->arena);

	assert_int_equal(r, 0);
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
	READS(attachments_network, "{\"attachments\":[{\"network\":\"br1\"}]}", "br1");
	READS(attachments_network, "{\"attachments\":[]}", "none");
	READS(attachments_network,
		"{\"attachments\":[{\"network\":\"br1\",\"addresses\":[\"10.10.0.10\"]}]}",
		"br1:ip=10.10.0.10");
	READS(attachments_network,
		"{\"attachments\":[{\"network\":\"br1\",\"addresses\":[\"fd00:1::10\"]}]}",
		"br1:ip=fd00:1::10");
	READS(attachments_network, "{\"attachments\":[{\"network\":\"br1\",\"addresses\":[]}]}",
		"br1:ip=none");
	READS(attachments_network,
		"{\"attachments\":[{\"network\":\"br1\",\"interfaceName\":\"lan\",\"addresses\":[\"10.10.0.10\",\"fd00:1::10\"],"
		"\"hardwareAddress\":\"02:00:5e:00:53:01\"}]}",
		"br1:ip=10.10.0.10,ip=fd00:1::10,mac=02:00:5e:00:53:01,name=lan");
	READS(attachments_network,
		"{\"attachments\":[{\"network\":\"br1\"},{\"network\":\"br2\",\"interfaceName\":\"b\"},{\"network\":\"br1\"}]}",
		"br1", "br2:name=b", "br1");
}

static void test_network_refused(void **state unused)
{
	REFUSES(attachments_network, "cannot name a network", "_br1");
	REFUSES(attachments_network, "cannot name a network", "");
	REFUSES(attachments_network, "cannot name a network", ":ip=10.0.0.1");
	REFUSES(attachments_network, "cannot name a network", "br1=x");
	REFUSES(attachments_network, "an address is NET:ip=ADDRESS", "br1:10.0.0.1");
	REFUSES(attachments_network, "an address is NET:ip=ADDRESS", "br1:");
	REFUSES(attachments_network, "no IP address", "br1:ip=10.0.0");
	REFUSES(attachments_network, "no IP address", "br1:ip=");
	REFUSES(attachments_network, "its length is the network's", "br1:ip=10.0.0.1/24");
	REFUSES(attachments_network, "knows no \"ipp=\"", "br1:ipp=10.0.0.1");
	REFUSES(attachments_network, "\"x\" lacks its value", "br1:ip=10.0.0.1,x");
	REFUSES(attachments_network, "lacks its value", "br1:ip=10.0.0.1,");
	REFUSES(attachments_network, "no address of a card", "br1:mac=1:2:3");
	REFUSES(attachments_network, "cannot name an interface", "br1:name=a/b");
	REFUSES(attachments_network, "ip=none beside", "br1:ip=none,ip=10.0.0.1");
	REFUSES(attachments_network, "ip=none beside", "br1:ip=10.0.0.1,ip=none");
	REFUSES(attachments_network, "none beside", "none", "br1");
	REFUSES(attachments_network, "none beside", "br1", "none");
	REFUSES(attachments_network, "none beside", "none", "none");
	REFUSES(attachments_network, "cannot name a network", "+none");
	REFUSES(attachments_network, "cannot name a network", "+");
	REFUSES(attachments_network, "-NET, or -NET:name=INTERFACE", "-br1:ip=10.0.0.1");
	REFUSES(attachments_network, "-NET, or -NET:name=INTERFACE", "-br1:mac=02:00:5e:00:53:01");
	REFUSES(attachments_network, "not both at once", "br1", "+br2");
	REFUSES(attachments_network, "not both at once", "+br1", "br2");
	REFUSES(attachments_network, "not both at once", "-br1", "none");
}

static void test_route(void **state unused)
{
	READS(routes_add, "{\"routes\":[{\"destination\":\"default\"}]}", "default");
	READS(routes_add, "{\"routes\":[{\"destination\":\"default\",\"gateway\":\"10.0.0.1\"}]}",
		"default:via=10.0.0.1");
	READS(routes_add, "{\"routes\":[{\"destination\":\"fd00:2::/64\"}]}", "fd00:2::/64");
	READS(routes_add,
		"{\"routes\":[{\"destination\":\"fd00:2::/64\",\"gateway\":\"fd00:1::1\",\"metric\":5}]}",
		"fd00:2::/64:via=fd00:1::1,metric=5");
	READS(routes_add, "{\"routes\":[{\"destination\":\"192.0.2.0/24\",\"metric\":4294967295}]}",
		"192.0.2.0/24,metric=4294967295");
	READS(routes_add,
		"{\"routes\":[{\"destination\":\"192.0.2.1/32\"},{\"destination\":\"fd00::1/128\"}]}",
		"192.0.2.1", "fd00::1");
	REFUSES(routes_add, "neither a prefix", "192.0.2.0/33");
	REFUSES(routes_add, "neither a prefix", "");
	REFUSES(routes_add, "neither a prefix", "192.0.2.0/24:10.0.0.1");
	REFUSES(routes_add, "is 192.0.2.0/24 meant?", "192.0.2.1/24");
	REFUSES(routes_add, "cannot lie behind", "192.0.2.0/24:via=fd00::1");
	REFUSES(routes_add, "no IP address", "default:via=br1");
	REFUSES(routes_add, "no metric", "default:metric=-1");
	REFUSES(routes_add, "no metric", "default:metric=4294967296");
	REFUSES(routes_add, "no metric", "default:metric=");
	REFUSES(routes_add, "knows no \"dev=\"", "default:dev=eth0");
}

static void test_dns(void **state unused)
{
	READS(settings_dns, "{\"nameServers\":[\"10.64.0.1\",\"fd00::53\"]}", "10.64.0.1",
		"fd00::53");
	READS_NETWORK(settings_dns, "{\"nameServers\":[\"10.64.0.1\"]}", "10.64.0.1");
	READS_NETWORK(settings_dns, "{\"nameServers\":[]}", "none");
	READS(settings_dns, "{\"nameServers\":[\"10.64.0.1\"]}", "+10.64.0.1");
	REFUSES(settings_dns, "--dns none beside another --dns", "none", "10.64.0.1");
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

static void test_persistent(void **state unused)
{
	READS_NETWORK(settings_persistent, "{\"persistent\":true}", "yes");
	READS_NETWORK(settings_persistent, "{\"persistent\":false}", "no");
	REFUSES(settings_persistent, "--persistent is \"yes\" or \"no\", not \"1\"", "1");
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
	READS_NETWORK(settings_mtu, "{\"maximumTransmissionUnit\":0}", "0");
	REFUSES(settings_mtu, "no number of bytes", "67");
	REFUSES(settings_mtu, "no number of bytes", "00");
	REFUSES(settings_mtu, "no number of bytes", "-1");
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
	READS(settings_label, "{\"labels\":{}}", "none");
	READS(settings_label, "{\"labels\":{\"a\":\"1\"}}", "+a=1");
	REFUSES(settings_label, "given twice", "a=1", "a=2");
	REFUSES(settings_label, "given twice", "+a=1", "+a=2");
	REFUSES(settings_label, "\"-a=1\" is not -KEY", "-a=1");
	REFUSES(settings_label, "is not -KEY", "-");
	REFUSES(settings_label, "--label: values with + or - change the list", "a=1", "+b=1");
	READS(settings_description, "{\"description\":\"for the lab\"}", "for the lab");
	READS_NETWORK(settings_description, "{\"description\":\"for the lab\"}", "for the lab");
}

static void test_publish(void **state unused)
{
	READS(ports_publish,
		"{\"ports\":[{\"protocol\":\"tcp\",\"hostPort\":8080,\"namespacePort\":80},"
		"{\"protocol\":\"udp\",\"hostPort\":53,\"namespacePort\":53},"
		"{\"protocol\":\"tcp\",\"namespacePort\":443}]}",
		"8080:80", "53/udp", ":443/tcp");
	READS(ports_publish,
		"{\"ports\":[{\"protocol\":\"tcp\",\"hostAddress\":\"127.0.0.1\",\"hostPort\":8080,\"namespacePort\":80},"
		"{\"protocol\":\"tcp\",\"hostAddress\":\"127.0.0.1\",\"hostPort\":81,\"namespacePort\":81},"
		"{\"protocol\":\"tcp\",\"hostAddress\":\"127.0.0.1\",\"namespacePort\":82}]}",
		"127.0.0.1:8080:80", "127.0.0.1:81", "127.0.0.1::82");
	READS(ports_publish,
		"{\"ports\":[{\"protocol\":\"udp\",\"hostAddress\":\"::1\",\"hostPort\":8080,\"namespacePort\":80},"
		"{\"protocol\":\"tcp\",\"hostAddress\":\"::\",\"hostPort\":65535,\"namespacePort\":65535},"
		"{\"protocol\":\"tcp\",\"hostAddress\":\"fd00::1\",\"namespacePort\":1}]}",
		"[::1]:8080:80/udp", "[::]:65535", "[fd00::1]::1");
	READS(ports_publish, "{\"ports\":[]}", "none");
	READS(ports_publish,
		"{\"ports\":[{\"protocol\":\"tcp\",\"hostPort\":8080,\"namespacePort\":8080}]}",
		"+8080");
}

static void test_publish_refused(void **state unused)
{
	static const char *const no_port[] = { "", "0", "65536", "99999999999999999999", "80a",
		"++80", "80:", "80:0", "80:65536", ":", "http", "8080:http", "127.0.0.1:", "/tcp",
		"8000-8010", " 80", "[::1]:", "[::1]:a" };

	for (size_t i = 0; i < lengthof(no_port); i++)
		REFUSES(ports_publish, "is no port", no_port[i]);
	REFUSES(ports_publish, "--publish: \"80/sctp\" ends in neither /tcp nor /udp", "80/sctp");
	REFUSES(ports_publish, "neither /tcp nor /udp", "80/");
	REFUSES(ports_publish, "neither /tcp nor /udp", "80/tcp/udp");
	REFUSES(ports_publish, "neither /tcp nor /udp", "80/TCP");
	REFUSES(ports_publish, "\"10.0.0\" is no IPv4 address", "10.0.0:80");
	REFUSES(ports_publish, "\"web.example\" is no IPv4 address", "web.example:80");
	REFUSES(ports_publish, "\"10.0.0.1\" has no port", "10.0.0.1");
	REFUSES(ports_publish, "\"10.0.0.1\" is no IPv6 address", "[10.0.0.1]:80");
	REFUSES(ports_publish, "\"\" is no IPv6 address", "[]:80");
	REFUSES(ports_publish, "is not [ADDRESS]:PORT", "[::1]");
	REFUSES(ports_publish, "is not [ADDRESS]:PORT", "[::1:80");
	REFUSES(ports_publish, "is not [ADDRESS]:PORT", "[::1]80");
	REFUSES(ports_publish, "an IPv6 address stands in brackets", "::1:8080:80");
	REFUSES(ports_publish, "an IPv6 address stands in brackets", "10.0.0.1:1:2:3");
	REFUSES(ports_publish,
		"--publish: values with + or - change the list, those without replace it; not both at once",
		"80", "-81");
	REFUSES(ports_publish, "--publish none beside another --publish", "80", "none");
}

static void test_link_and_sysctl(void **state unused)
{
	READS(settings_link, "{\"links\":[\"wg0\",\"eth1.5\"]}", "wg0", "eth1.5");
	READS(settings_link, "{\"links\":[]}", "none");
	REFUSES(settings_link, "\"a/b\" cannot name an interface", "a/b");
	REFUSES(settings_link, "cannot name an interface", "");
	READS(settings_allow, "{\"allow\":[\"root\",\"@root\",\"7\",\"@7\"]}", "root", "@root", "7",
		"@7");
	READS(settings_allow, "{\"allow\":[]}", "none");
	REFUSES(settings_allow, "--allow: there is no user \"no-such\"", "no-such");
	REFUSES(settings_allow, "--allow: there is no group \"no-such\"", "@no-such");
	READS(settings_sysctl,
		"{\"sysctls\":{\"net.ipv4.ip_forward\":\"1\",\"net/ipv4/conf/eth0.7/rp_filter\":\"2\"}}",
		"net.ipv4.ip_forward=1", "net/ipv4/conf/eth0.7/rp_filter=2");
	REFUSES(settings_sysctl, "\"kernel.panic\" is no setting of a network namespace",
		"kernel.panic=1");
	REFUSES(settings_sysctl, "no setting", "net.=1");
	REFUSES(settings_sysctl, "no setting", "network.x=1");
	REFUSES(settings_sysctl, "no setting", "net.ipv4 .x=1");
	REFUSES(settings_sysctl, "is not KEY=VALUE", "net.ipv4.ip_forward");
	REFUSES(settings_sysctl, "is not KEY=VALUE", "=1");
	REFUSES(settings_sysctl, "is not -KEY", "-net.ipv4.ip_forward=1");
	/* One setting, written in two ways. */
	REFUSES(settings_sysctl, "given twice", "net.ipv4.ip_forward=1", "net/ipv4/ip_forward=0");
	REFUSES(settings_sysctl, "given twice", "net.ipv4.conf.eth0/7.rp_filter=1",
		"net/ipv4/conf/eth0.7/rp_filter=0");
}

#define SHAPED(shaping) "{\"attachments\":[{\"network\":\"default\",\"shaping\":{" shaping "}}]}"

static void test_shaping(void **state unused)
{
	READS(attachments_rate, SHAPED("\"sendRate\":10000000,\"receiveRate\":10000000"), "10mbit");
	READS(attachments_rate, SHAPED("\"sendRate\":8000"), "up=8kbit");
	READS(attachments_rate, SHAPED("\"sendRate\":9600,\"receiveRate\":1000000000"),
		"down=1gbit", "up=9600");
	READS(attachments_rate, SHAPED("\"receiveRate\":8000"), "10mbit", "up=none", "down=8000");
	READS(attachments_rate, SHAPED(""), "none");
	REFUSES(attachments_rate, "\"fast\" is no rate, such as 10mbit", "fast");
	REFUSES(attachments_rate, "no rate", "");
	REFUSES(attachments_rate, "no rate", "up=");
	REFUSES(attachments_rate, "no rate", "-1mbit");
	REFUSES(attachments_rate, "\"10mb\" lacks its unit", "10mb");
	REFUSES(attachments_rate, "\"7999\" is less than 8kbit", "down=7999");
	REFUSES(attachments_rate, "less than 8kbit", "0");
	REFUSES(attachments_rate, "finer than the kernel goes", "10000.5bit");
	REFUSES(attachments_rate, "too much", "99999999999tbit");
	READS(attachments_delay, SHAPED("\"delay\":10000"), "10ms");
	READS(attachments_delay, SHAPED("\"delay\":1000000,\"jitter\":200"), "1s,200us");
	READS(attachments_delay, SHAPED(""), "10ms", "none");
	READS(attachments_delay, SHAPED(""), "0");
	REFUSES(attachments_delay, "\"10\" lacks its unit; such as 200us, 10ms or 1s are right",
		"10");
	REFUSES(attachments_delay, "\"\" is no time", "10ms,");
	REFUSES(attachments_delay, "no time", "none,1ms");
	REFUSES(attachments_delay, "finer than the kernel goes", "0.5us");
	REFUSES(attachments_delay, "a spread of 2ms is more than the delay, 1ms", "1ms,2ms");
	READS(attachments_loss, SHAPED("\"loss\":1000"), "0.1%");
	READS(attachments_loss, SHAPED("\"loss\":1000000"), "100%");
	READS(attachments_loss, SHAPED("\"loss\":1"), "0.0001");
	READS(attachments_loss, SHAPED(""), "none");
	READS(attachments_loss, SHAPED(""), "0%");
	REFUSES(attachments_loss, "more than all", "100.0001%");
	REFUSES(attachments_loss, "finer than the kernel goes", "0.00001%");
	REFUSES(attachments_loss, "no share", "%");
}

/* Of the network that is named, or of the one that there is by default. */
static void test_shaped_network(void **state unused)
{
	struct world world;

	begin(&world);
	assert_int_equal(attachments_loss(&world.settings, "1%", &world.problem), 0);
	assert_int_equal(attachments_network(&world.settings, "br1", &world.problem), 0);
	assert_int_equal(attachments_network(&world.settings, "br2", &world.problem), 0);
	says(&world, false,
		"{\"attachments\":[{\"network\":\"br1\",\"shaping\":{\"loss\":10000}},{\"network\":\"br2\"}]}");
	begin(&world);
	assert_int_equal(attachments_loss(&world.settings, "1%", &world.problem), 0);
	assert_int_equal(attachments_network(&world.settings, "+br1", &world.problem), 0);
	says(&world, false,
		"{\"attachments\":[{\"network\":\"default\",\"shaping\":{\"loss\":10000}},{\"network\":\"br1\"}]}");
	begin(&world);
	assert_int_equal(attachments_rate(&world.settings, "1mbit", &world.problem), 0);
	assert_int_equal(attachments_network(&world.settings, "none", &world.problem), 0);
	assert_int_equal(settings_make(&world.settings, &(struct edits_noun){ 0 }, &world.problem),
		PROBLEM_USAGE);
	assert_string_equal(world.problem.what,
		"--rate is for the first network that a namespace is attached to; here is none");
	arena_done(&world.arena);
}

static void test_reach_and_domain(void **state unused)
{
	READS_NETWORK(settings_reach, "{\"reach\":\"nat\"}", "nat");
	READS_NETWORK(settings_reach, "{\"reach\":\"route\"}", "route");
	READS_NETWORK(settings_reach, "{\"reach\":\"internal\"}", "internal");
	REFUSES(settings_reach, "--reach is \"nat\", \"route\" or \"internal\", not \"all\"",
		"all");
	READS_NETWORK(settings_domain, "{\"domain\":\"lab.example\"}", "lab.example");
	REFUSES(settings_domain, "\"-x\" cannot name a domain", "-x");
	REFUSES(settings_domain, "cannot name a domain", "");
	READS_NETWORK(settings_domain, "{\"domain\":\"\"}", "none");
	READS_NETWORK(settings_subnet, "{\"prefixes\":[\"10.10.0.0/16\"]}", "+10.10.0.0/16");
	READS_NETWORK(settings_gateway, "{\"gateways\":[\"10.10.0.1\"]}", "+10.10.0.1");
	REFUSES(settings_subnet, "--subnet: values with + or -", "10.10.0.0/16", "+fd00:1::/64");
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
		attachments_network(&world.settings, "br1:name=lan,ip=none", &world.problem), 0);
	assert_null(world.settings.one_only);
	assert_int_equal(
		attachments_network(&world.settings, "br1:ip=10.0.0.1", &world.problem), 0);
	assert_non_null(world.settings.one_only);
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
		cmocka_unit_test(test_persistent),
		cmocka_unit_test(test_gateway_and_mtu),
		cmocka_unit_test(test_labels),
		cmocka_unit_test(test_publish),
		cmocka_unit_test(test_publish_refused),
		cmocka_unit_test(test_link_and_sysctl),
		cmocka_unit_test(test_shaping),
		cmocka_unit_test(test_shaped_network),
		cmocka_unit_test(test_reach_and_domain),
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_one_address),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
