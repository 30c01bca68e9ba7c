/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_client_check - names, addresses, prefixes and the like, right and wrong; the nearest word
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/socket.h>

#include "check.h"
#include "suggest.h"

static void test_names(void **state unused)
{
	static const char *const good[] = { "a", "ns1", "1a", "a1", "br-lan.5_x", "A",
		"12345678901234567890123456789012345678901234567a", "default", "selfish", "0x1" };
	static const char *const bad[] = { "", ".", "..", "-a", "a-", "a.", ".a", "_a", "a/b",
		"a b", "123", "0", "self", "none", "localhost", "LocalHost", "a\n", "\xc3\xa4",
		"a%", "1234567890123456789012345678901234567890123456789a", "a:b" };

	for (size_t i = 0; i < lengthof(good); i++)
		assert_true(check_is_name(good[i]));
	for (size_t i = 0; i < lengthof(bad); i++)
		assert_false(check_is_name(bad[i]));
}

static void test_name_length(void **state unused)
{
	char name[64];

	memset(name, 'x', sizeof(name));
	for (size_t n = 1; n < sizeof(name); n++) {
		name[n] = '\0';
		assert_int_equal(check_is_name(name), n <= 48);
		name[n] = 'x';
	}
}

static void test_addresses(void **state unused)
{
	assert_int_equal(check_address("192.0.2.1"), AF_INET);
	assert_int_equal(check_address("2001:db8::1"), AF_INET6);
	assert_int_equal(check_address("::ffff:192.0.2.1"), AF_INET6);
	assert_int_equal(check_address("192.0.2"), 0);
	assert_int_equal(check_address("192.0.2.256"), 0);
	assert_int_equal(check_address("192.0.2.1/24"), 0);
	assert_int_equal(check_address("fe80::1%eth0"), 0);
	assert_int_equal(check_address(""), 0);
	assert_int_equal(check_address("localhost"), 0);
}

static void test_prefixes(void **state unused)
{
	static const struct {
		const char *text;
		enum check_prefix result;
		int family;
		const char *prefix;
	} rows[] = {
		{ "10.10.0.0/16", CHECK_PREFIX_OK, AF_INET, "10.10.0.0/16" },
		{ "10.10.0.1/16", CHECK_PREFIX_HAS_HOST, AF_INET, "10.10.0.0/16" },
		{ "10.10.255.255/17", CHECK_PREFIX_HAS_HOST, AF_INET, "10.10.128.0/17" },
		{ "10.10.0.1/32", CHECK_PREFIX_OK, AF_INET, "10.10.0.1/32" },
		{ "0.0.0.0/0", CHECK_PREFIX_OK, AF_INET, "0.0.0.0/0" },
		{ "128.0.0.0/0", CHECK_PREFIX_HAS_HOST, AF_INET, "0.0.0.0/0" },
		{ "fd00:1::/64", CHECK_PREFIX_OK, AF_INET6, "fd00:1::/64" },
		{ "fd00:1::1/64", CHECK_PREFIX_HAS_HOST, AF_INET6, "fd00:1::/64" },
		{ "fd00:0001:0::/64", CHECK_PREFIX_OK, AF_INET6, "fd00:1::/64" },
		{ "::/0", CHECK_PREFIX_OK, AF_INET6, "::/0" },
		{ "fd00::1/128", CHECK_PREFIX_OK, AF_INET6, "fd00::1/128" },
		{ "10.10.0.0", CHECK_PREFIX_NONE, 0, NULL },
		{ "10.10.0.0/", CHECK_PREFIX_NONE, 0, NULL },
		{ "10.10.0.0/33", CHECK_PREFIX_NONE, 0, NULL },
		{ "10.10.0.0/-1", CHECK_PREFIX_NONE, 0, NULL },
		{ "10.10.0.0/+8", CHECK_PREFIX_NONE, 0, NULL },
		{ "10.10.0.0/16/16", CHECK_PREFIX_NONE, 0, NULL },
		{ "10.10/16", CHECK_PREFIX_NONE, 0, NULL },
		{ "fd00::/129", CHECK_PREFIX_NONE, 0, NULL },
		{ "fd00::/1280", CHECK_PREFIX_NONE, 0, NULL },
		{ "/16", CHECK_PREFIX_NONE, 0, NULL },
		{ "", CHECK_PREFIX_NONE, 0, NULL },
		{ "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb/64", CHECK_PREFIX_NONE, 0,
			NULL },
	};

	for (size_t i = 0; i < lengthof(rows); i++) {
		char prefix[CHECK_PREFIX_TEXT_MAX] = "untouched";
		int family = -1;

		assert_int_equal(check_prefix(rows[i].text, &family, prefix), rows[i].result);
		assert_string_equal(prefix, rows[i].prefix ? rows[i].prefix : "untouched");
		assert_int_equal(family, rows[i].prefix ? rows[i].family : -1);
	}
}

static void test_hardware_addresses(void **state unused)
{
	assert_true(check_is_hardware_address("02:00:5e:00:53:01"));
	assert_true(check_is_hardware_address("0A:00:5E:00:53:FF"));
	assert_false(check_is_hardware_address("01:00:5e:00:53:01"));
	assert_false(check_is_hardware_address("0b:00:5e:00:53:01"));
	assert_false(check_is_hardware_address("00:00:00:00:00:00"));
	assert_false(check_is_hardware_address("02-00-5e-00-53-01"));
	assert_false(check_is_hardware_address("02:00:5e:00:53"));
	assert_false(check_is_hardware_address("02:00:5e:00:53:0g"));
	assert_false(check_is_hardware_address("02:00:5e:00:53:01:02"));
	assert_false(check_is_hardware_address(""));
}

static void test_interface_names(void **state unused)
{
	assert_true(check_is_interface_name("eth0"));
	assert_true(check_is_interface_name("123456789012345"));
	assert_false(check_is_interface_name("1234567890123456"));
	assert_false(check_is_interface_name(""));
	assert_false(check_is_interface_name("."));
	assert_false(check_is_interface_name(".."));
	assert_false(check_is_interface_name("a/b"));
	assert_false(check_is_interface_name("a:b"));
	assert_false(check_is_interface_name("a b"));
}

static void test_distance(void **state unused)
{
	static const struct {
		const char *a, *b;
		size_t distance;
	} rows[] = {
		{ "", "", 0 },
		{ "list", "list", 0 },
		{ "lsit", "list", 1 },
		{ "lst", "list", 1 },
		{ "lisst", "list", 1 },
		{ "lost", "list", 1 },
		{ "", "list", 4 },
		{ "crate", "create", 1 },
		{ "craete", "create", 1 },
		{ "delete", "create", 4 },
		/* Restricted: a pair that was swapped is not touched again. */
		{ "ca", "abc", 3 },
	};

	for (size_t i = 0; i < lengthof(rows); i++) {
		assert_int_equal(suggest_distance(rows[i].a, rows[i].b), rows[i].distance);
		assert_int_equal(suggest_distance(rows[i].b, rows[i].a), rows[i].distance);
	}
}

static void test_distance_of_long_words(void **state unused)
{
	char a[1000], b[1000];

	memset(a, 'a', sizeof(a));
	memset(b, 'b', sizeof(b));
	a[999] = b[999] = '\0';
	assert_int_equal(suggest_distance(a, b), 63);
	assert_int_equal(suggest_distance(a, a), 0);
}

static void test_nearest(void **state unused)
{
	static const char *const words[] = { "create", "delete", "list", "show", "exec", "run",
		"network", "call" };
	static const struct {
		const char *word, *nearest;
	} rows[] = {
		{ "lsit", "list" },
		{ "craete", "create" },
		{ "exce", "exec" },
		{ "netwrok", "network" },
		{ "del", "delete" },
		{ "net", "network" },
		{ "shwo", "show" },
		{ "xyzzy", NULL },
		{ "d", NULL },
		{ "", NULL },
	};

	for (size_t i = 0; i < lengthof(rows); i++) {
		const char *nearest = suggest_nearest(rows[i].word, words, lengthof(words));

		if (rows[i].nearest)
			assert_string_equal(nearest, rows[i].nearest);
		else
			assert_null(nearest);
	}
	assert_null(suggest_nearest("list", NULL, 0));
}

/* However they are written. */
static void test_same(void **state unused)
{
	assert_true(check_is_same_address("fd00:0::1", "fd00::1"));
	assert_true(check_is_same_address("10.0.0.1", "10.0.0.1"));
	assert_false(check_is_same_address("10.0.0.1", "10.0.0.2"));
	assert_false(check_is_same_address("10.0.0.1", "::ffff:10.0.0.1"));
	assert_false(check_is_same_address("x", "x"));
	assert_true(check_is_same_prefix("fd00:0::/64", "fd00::/64"));
	assert_false(check_is_same_prefix("fd00::/64", "fd00::/63"));
	assert_false(check_is_same_prefix("10.0.0.1", "10.0.0.1"));
	assert_true(check_is_same_sysctl("net.ipv4.ip_forward", "net/ipv4/ip_forward"));
	assert_true(check_is_same_sysctl(
		"net.ipv4.conf.eth0/7.rp_filter", "net/ipv4/conf/eth0.7/rp_filter"));
	assert_false(check_is_same_sysctl(
		"net.ipv4.conf.eth0.7.rp_filter", "net/ipv4/conf/eth0.7/rp_filter"));
	assert_false(check_is_same_sysctl("net.ipv4.a", "net.ipv4.ab"));
	assert_false(check_is_same_sysctl("net.ipv4.a", "net.ipv4"));
	assert_false(check_is_same_sysctl("net.ipv4.a", "net.ipv4.b"));
}

static void test_sysctls_and_domains(void **state unused)
{
	static const char too_long[] =
		"12345678901234567890123456789012345678901234567890123456789012."
		"12345678901234567890123456789012345678901234567890123456789012.1234";
	static const char *const sysctls[] = { "net.ipv4.ip_forward", "net/ipv4/ip_forward",
		"net.ipv6.conf.all.forwarding", "net.ipv4.conf.eth0/7.rp_filter" };
	static const char *const no_sysctls[] = { "", "net", "net.", "network.x", "kernel.x",
		"net.a b", "net.a=b", "net.a\n" };
	static const char *const domains[] = { "a", "lab", "lab.example", "x-1.y",
		"123456789012345678901234567890123456789012345678901234567890123" };
	static const char *const no_domains[] = { "", ".", "a.", ".a", "a..b", "-a", "a-", "a-.b",
		"a.-b", "a_b", "a b", "\xc3\xa4",
		"1234567890123456789012345678901234567890123456789012345678901234", too_long };

	for (size_t i = 0; i < lengthof(sysctls); i++)
		assert_true(check_is_sysctl(sysctls[i]));
	for (size_t i = 0; i < lengthof(no_sysctls); i++)
		assert_false(check_is_sysctl(no_sysctls[i]));
	for (size_t i = 0; i < lengthof(domains); i++)
		assert_true(check_is_domain(domains[i]));
	for (size_t i = 0; i < lengthof(no_domains); i++)
		assert_false(check_is_domain(no_domains[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_name_length),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_prefixes),
		cmocka_unit_test(test_hardware_addresses),
		cmocka_unit_test(test_interface_names),
		cmocka_unit_test(test_distance),
		cmocka_unit_test(test_distance_of_long_words),
		cmocka_unit_test(test_nearest),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_sysctls_and_domains),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
