/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_client_edits - lists that are replaced, added to and taken from
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "attachments.h"
#include "ports.h"
#include "routes.h"

/* Values of one option, for an object that has this. */
struct change {
	int (*parse)(void *settings, const char *value, struct problem *problem);
	const char *values[4];
	const char *former;
	const char *wanted; /* what is sent; else what is said */
};

#define TCP(host, inside) \
	"{\"protocol\":\"tcp\",\"hostPort\":" #host ",\"namespacePort\":" #inside "}"

static const struct change of_namespace[] = {
	/* Ports. */
	{ ports_publish, { "+8443:443", "-8080:80" },
		"{\"ports\":[" TCP(8080, 80) "," TCP(22, 22) "]}",
		"{\"ports\":[" TCP(22, 22) "," TCP(8443, 443) "]}" },
	{ ports_publish, { "-8080" }, "{\"ports\":[" TCP(8080, 80) "]}", "{\"ports\":[]}" },
	{ ports_publish, { "-:80" }, "{\"ports\":[" TCP(20000, 80) "," TCP(20001, 81) "]}",
		"{\"ports\":[" TCP(20001, 81) "]}" },
	/* There already: as it is. */
	{ ports_publish, { "+8080:80" }, "{\"ports\":[" TCP(8080, 80) "]}",
		"{\"ports\":[" TCP(8080, 80) "]}" },
	/* One more that is free. */
	{ ports_publish, { "+:80" }, "{\"ports\":[" TCP(20000, 80) "]}",
		"{\"ports\":[" TCP(20000, 80) ",{\"protocol\":\"tcp\",\"namespacePort\":80}]}" },
	{ ports_publish, { "-127.0.0.1:80" },
		"{\"ports\":[{\"protocol\":\"tcp\",\"hostAddress\":\"127.0.0.1\",\"hostPort\":80,\"namespacePort\":80}," TCP(
			80, 80) "]}",
		"{\"ports\":[" TCP(80, 80) "]}" },
	{ ports_publish, { "-[0:0::1]:80" },
		"{\"ports\":[{\"protocol\":\"tcp\",\"hostAddress\":\"::1\",\"hostPort\":80,\"namespacePort\":80}]}",
		"{\"ports\":[]}" },
	{ ports_publish, { "-8080:81" }, "{\"ports\":[" TCP(8080, 80) "]}",
		"namespace \"ns1\" has no --publish 8080:81 to take away" },
	{ ports_publish, { "-8080/udp" }, "{\"ports\":[" TCP(8080, 80) "]}",
		"namespace \"ns1\" has no --publish 8080/udp to take away" },
	{ ports_publish, { "-127.0.0.1:8080" }, "{\"ports\":[" TCP(8080, 80) "]}",
		"namespace \"ns1\" has no --publish 127.0.0.1:8080 to take away" },
	{ ports_publish, { "80" }, "{\"ports\":[" TCP(8080, 80) "]}",
		"{\"ports\":[" TCP(80, 80) "]}" },
	{ ports_publish, { "none" }, "{\"ports\":[" TCP(8080, 80) "]}", "{\"ports\":[]}" },
	/* Networks. */
	{ attachments_network, { "+br2:ip=10.0.0.9" },
		"{\"attachments\":[{\"network\":\"br1\",\"interfaceName\":\"eth0\",\"addresses\":[\"10.1.0.2\"],\"hardwareAddress\":\"02:00:00:00:00:01\"}]}",
		"{\"attachments\":[{\"network\":\"br1\",\"interfaceName\":\"eth0\",\"addresses\":[\"10.1.0.2\"],\"hardwareAddress\":\"02:00:00:00:00:01\"},"
		"{\"network\":\"br2\",\"addresses\":[\"10.0.0.9\"]}]}" },
	{ attachments_network, { "-br1", "+br1:ip=10.0.0.9" },
		"{\"attachments\":[{\"network\":\"br1\"}]}",
		"{\"attachments\":[{\"network\":\"br1\",\"addresses\":[\"10.0.0.9\"]}]}" },
	{ attachments_network, { "+br1" }, "{\"attachments\":[{\"network\":\"br1\"}]}",
		"{\"attachments\":[{\"network\":\"br1\"},{\"network\":\"br1\"}]}" },
	{ attachments_network, { "-br1:name=eth1" },
		"{\"attachments\":[{\"network\":\"br1\",\"interfaceName\":\"eth0\"},{\"network\":\"br1\",\"interfaceName\":\"eth1\"}]}",
		"{\"attachments\":[{\"network\":\"br1\",\"interfaceName\":\"eth0\"}]}" },
	{ attachments_network, { "-br1" },
		"{\"attachments\":[{\"network\":\"br1\"},{\"network\":\"br2\"},{\"network\":\"br1\"}]}",
		"{\"attachments\":[{\"network\":\"br2\"}]}" },
	{ attachments_network, { "-br2" }, "{\"attachments\":[{\"network\":\"br1\"}]}",
		"namespace \"ns1\" has no --network br2 to take away" },
	{ attachments_network, { "-br1:name=eth1" },
		"{\"attachments\":[{\"network\":\"br1\",\"interfaceName\":\"eth0\"}]}",
		"namespace \"ns1\" has no --network br1:name=eth1 to take away" },
	{ attachments_network, { "br2" }, "{\"attachments\":[{\"network\":\"br1\"}]}",
		"{\"attachments\":[{\"network\":\"br2\"}]}" },
	/* Shaping stays but for what is named. */
	{ attachments_rate, { "up=2mbit" },
		"{\"attachments\":[{\"network\":\"br1\",\"shaping\":{\"sendRate\":8000,\"receiveRate\":9000,\"delay\":5}},{\"network\":\"br2\"}]}",
		"{\"attachments\":[{\"network\":\"br1\",\"shaping\":{\"sendRate\":2000000,\"receiveRate\":9000,\"delay\":5}},{\"network\":\"br2\"}]}" },
	{ attachments_delay, { "none" },
		"{\"attachments\":[{\"network\":\"br1\",\"shaping\":{\"delay\":5,\"jitter\":4}}]}",
		"{\"attachments\":[{\"network\":\"br1\",\"shaping\":{}}]}" },
	{ attachments_loss, { "1%" }, "{\"attachments\":[]}",
		"--loss is for the first network that a namespace is attached to; here is none" },
	/* Routes. */
	{ routes_add, { "+192.0.2.0/24:via=10.0.0.1", "-default" },
		"{\"routes\":[{\"destination\":\"default\",\"gateway\":\"10.0.0.9\"},{\"destination\":\"198.51.100.0/24\"}]}",
		"{\"routes\":[{\"destination\":\"198.51.100.0/24\"},{\"destination\":\"192.0.2.0/24\",\"gateway\":\"10.0.0.1\"}]}" },
	{ routes_add, { "-fd00:2:0::/64" }, "{\"routes\":[{\"destination\":\"fd00:2::/64\"}]}",
		"{\"routes\":[]}" },
	{ routes_add, { "-192.0.2.1" }, "{\"routes\":[{\"destination\":\"192.0.2.1/32\"}]}",
		"{\"routes\":[]}" },
	{ routes_add, { "-default:via=10.0.0.2" },
		"{\"routes\":[{\"destination\":\"default\",\"gateway\":\"10.0.0.1\"},{\"destination\":\"default\",\"gateway\":\"10.0.0.2\"}]}",
		"{\"routes\":[{\"destination\":\"default\",\"gateway\":\"10.0.0.1\"}]}" },
	{ routes_add, { "-default:via=10.0.0.3" },
		"{\"routes\":[{\"destination\":\"default\",\"gateway\":\"10.0.0.1\"},{\"destination\":\"default\"}]}",
		"namespace \"ns1\" has no --route default:via=10.0.0.3 to take away" },
	{ routes_add, { "-default:metric=7" },
		"{\"routes\":[{\"destination\":\"default\",\"metric\":7},{\"destination\":\"default\",\"metric\":8}]}",
		"{\"routes\":[{\"destination\":\"default\",\"metric\":8}]}" },
	{ routes_add, { "+default" }, "{\"routes\":[{\"destination\":\"default\"}]}",
		"{\"routes\":[{\"destination\":\"default\"}]}" },
	/* Texts. */
	{ settings_dns, { "+10.0.0.2", "-fd00::1" },
		"{\"nameServers\":[\"10.0.0.1\",\"fd00:0::1\"]}",
		"{\"nameServers\":[\"10.0.0.1\",\"10.0.0.2\"]}" },
	{ settings_dns, { "+10.0.0.1" }, "{}", "{\"nameServers\":[\"10.0.0.1\"]}" },
	{ settings_dns, { "-10.0.0.1" }, "{}",
		"namespace \"ns1\" has no --dns 10.0.0.1 to take away" },
	{ settings_link, { "+wg0", "-eth5" }, "{\"links\":[\"eth5\",\"eth6\"]}",
		"{\"links\":[\"eth6\",\"wg0\"]}" },
	{ settings_link, { "-wg0" }, "{\"links\":[\"wg\"]}",
		"namespace \"ns1\" has no --link wg0 to take away" },
	/* Maps: by their keys. */
	{ settings_label, { "+a=2", "-b", "+c=3" }, "{\"labels\":{\"a\":\"1\",\"b\":\"1\"}}",
		"{\"labels\":{\"a\":\"2\",\"c\":\"3\"}}" },
	{ settings_label, { "-c" }, "{\"labels\":{\"a\":\"1\"}}",
		"namespace \"ns1\" has no --label c to take away" },
	{ settings_sysctl, { "+net.ipv4.ip_forward=1", "-net/ipv4/conf/eth0.7/rp_filter" },
		"{\"sysctls\":{\"net/ipv4/ip_forward\":\"0\",\"net.ipv4.conf.eth0/7.rp_filter\":\"1\"}}",
		"{\"sysctls\":{\"net.ipv4.ip_forward\":\"1\"}}" },
	{ settings_sysctl, { "-net.ipv4.ip_forward" }, "{}",
		"namespace \"ns1\" has no --sysctl net.ipv4.ip_forward to take away" },
};

static const struct change of_network[] = {
	{ settings_subnet, { "+fd00:2::/64", "-fd00:1:0::/64" },
		"{\"prefixes\":[\"10.10.0.0/16\",\"fd00:1::/64\"]}",
		"{\"prefixes\":[\"10.10.0.0/16\",\"fd00:2::/64\"]}" },
	{ settings_subnet, { "-10.11.0.0/16" }, "{\"prefixes\":[\"10.10.0.0/16\"]}",
		"network \"ns1\" has no --subnet 10.11.0.0/16 to take away" },
	{ settings_gateway, { "-fd00:1::1" }, "{\"gateways\":[\"10.10.0.1\",\"fd00:1::1\"]}",
		"{\"gateways\":[\"10.10.0.1\"]}" },
	{ settings_dns, { "+10.0.0.2" }, "{\"nameServers\":[\"10.0.0.1\"]}",
		"{\"nameServers\":[\"10.0.0.1\",\"10.0.0.2\"]}" },
	{ settings_label, { "-a" }, "{\"labels\":{\"a\":\"1\"}}", "{\"labels\":{}}" },
};

static void try_change(const struct change *change, bool is_network)
{
	autoarena struct arena arena = ARENA_INIT;
	struct problem problem = { .arena = &arena };
	struct settings settings = { 0 };
	const struct codec_struct *type =
		is_network ? &nsnet_network_context_type : &nsnet_namespace_context_type;
	void *wish = is_network ? (void *)&settings.of_network : (void *)&settings.of_namespace;
	struct edits_noun noun = { .is_network = is_network, .name = "ns1" };
	const struct codec_value *value;
	void *former = arena_alloc(&arena, type->size);
	const char *field, *before;

	assert_int_equal(codec_parse(&arena, change->former, strlen(change->former),
				 &text_limits_message, &value),
		0);
	assert_int_equal(
		codec_decode(type, value, CODEC_REFUSE_UNKNOWN, &arena, former, &field), 0);
	before = codec_encode(type, former, &arena);
	noun.former = former;
	for (size_t i = 0; i < lengthof(change->values) && change->values[i]; i++)
		assert_int_equal(change->parse(&settings, change->values[i], &problem), 0);
	assert_true(settings_are_there(&settings, is_network));
	/* Twice, as where somebody else's change comes first. */
	for (int i = 0; i < 2; i++) {
		int r = settings_make(&settings, &noun, &problem);

		if (change->wanted[0] == '{') {
			assert_int_equal(r, 0);
			assert_string_equal(codec_encode(type, wish, &arena), change->wanted);
		} else {
			assert_int_equal(
				r, change->wanted[0] == '-' ? PROBLEM_USAGE : PROBLEM_NO_OBJECT);
			assert_string_equal(problem.what, change->wanted);
		}
	}
	/* What is there is not what is wished. */
	assert_string_equal(codec_encode(type, former, &arena), before);
}

static void test_of_namespace(void **state unused)
{
	for (size_t i = 0; i < lengthof(of_namespace); i++)
		try_change(&of_namespace[i], false);
}

static void test_of_network(void **state unused)
{
	for (size_t i = 0; i < lengthof(of_network); i++)
		try_change(&of_network[i], true);
}

/* What a new namespace has by default is there to be added to, and taken away. */
static void test_new(void **state unused)
{
	static const struct {
		const char *value, *wanted;
	} news[] = {
		{ "+lab", "{\"attachments\":[{\"network\":\"default\"},{\"network\":\"lab\"}]}" },
		{ "-default", "{\"attachments\":[]}" },
		{ "-lab", "--network -lab: a new namespace has none to take away" },
	};

	for (size_t i = 0; i < lengthof(news); i++) {
		autoarena struct arena arena = ARENA_INIT;
		struct problem problem = { .arena = &arena };
		struct settings settings = { 0 };
		int r;

		assert_int_equal(attachments_network(&settings, news[i].value, &problem), 0);
		r = settings_make(&settings, &(struct edits_noun){ 0 }, &problem);
		assert_int_equal(r, news[i].wanted[0] == '{' ? 0 : PROBLEM_USAGE);
		assert_string_equal(r == 0 ? codec_encode(&nsnet_namespace_context_type,
						     &settings.of_namespace, &arena)
					   : problem.what,
			news[i].wanted);
	}
}

/* When the object has to be looked up first: only where something is changed by what it has. */
static void test_need(void **state unused)
{
	static const struct {
		int (*parse)(void *settings, const char *value, struct problem *problem);
		const char *value;
		bool of_namespace, of_network, is_needed;
	} needs[] = {
		{ ports_publish, "80", true, false, false },
		{ ports_publish, "+80", true, false, true },
		{ attachments_rate, "1mbit", true, false, true },
		{ settings_dns, "10.0.0.1", true, true, false },
		{ settings_dns, "-10.0.0.1", true, true, true },
		{ settings_label, "+a=1", true, true, true },
		{ settings_label, "a=1", true, true, false },
		{ settings_description, "x", true, true, false },
		{ settings_reach, "nat", false, true, false },
		{ settings_isolated, "no", false, true, false },
		{ settings_mtu, "0", false, true, false },
		{ settings_domain, "x", false, true, false },
		{ settings_gateway, "-10.0.0.1", false, true, true },
	};

	for (size_t i = 0; i < lengthof(needs); i++) {
		autoarena struct arena arena = ARENA_INIT;
		struct problem problem = { .arena = &arena };
		struct settings settings = { 0 };

		assert_false(settings_are_there(&settings, false));
		assert_false(settings_are_there(&settings, true));
		assert_int_equal(needs[i].parse(&settings, needs[i].value, &problem), 0);
		assert_int_equal(settings_are_there(&settings, false), needs[i].of_namespace);
		assert_int_equal(settings_are_there(&settings, true), needs[i].of_network);
		assert_int_equal(settings_need_former(&settings, false),
			needs[i].is_needed && needs[i].of_namespace);
		assert_int_equal(settings_need_former(&settings, true),
			needs[i].is_needed && needs[i].of_network);
	}
}

/* Shaping of a network that is named needs no other. */
static void test_need_of_shaping(void **state unused)
{
	autoarena struct arena arena = ARENA_INIT;
	struct problem problem = { .arena = &arena };
	struct settings settings = { 0 };

	assert_int_equal(attachments_rate(&settings, "1mbit", &problem), 0);
	assert_int_equal(attachments_network(&settings, "br1", &problem), 0);
	assert_false(settings_need_former(&settings, false));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_namespace),
		cmocka_unit_test(test_of_network),
		cmocka_unit_test(test_new),
		cmocka_unit_test(test_need),
		cmocka_unit_test(test_need_of_shaping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
