/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_address - addresses, prefixes, hardware addresses and names
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "address.h"
#include "name.h"

static struct address address_of(const char *text)
{
	struct address address;

	assert_true(address_parse(text, &address));
	return address;
}

static struct prefix prefix_of(const char *text)
{
	struct prefix prefix;

	assert_true(prefix_parse(text, &prefix));
	return prefix;
}

static void test_address(void **state)
{
	static const char *const wrong[] = { "", "1", "1.2.3", "1.2.3.4.5", "01.2.3.4", "256.0.0.1",
		" 1.2.3.4", "1.2.3.4 ", "1.2.3.4/8", "+1.2.3.4", "0x1.2.3.4", ":", ":::", "1::2::3",
		"12345::", "fe80::1%eth0", "::1 ", "g::", "1:2:3:4:5:6:7:8:9" };
	struct address address, kept = address_of("192.0.2.1");
	char text[ADDRESS_TEXT_MAX];

	(void)state;
	address = kept;
	for (size_t i = 0; i < lengthof(wrong); i++)
		assert_false(address_parse(wrong[i], &address));
	assert_true(address_is_equal(&address, &kept));

	assert_string_equal(address_format(&kept, text), "192.0.2.1");
	address = address_of("2001:DB8:0:0::1");
	assert_string_equal(address_format(&address, text), "2001:db8::1");
	assert_int_equal(address_bits(&address), 128);
	address = address_of("ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255");
	assert_string_equal(
		address_format(&address, text), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");
	address = (struct address){ 0 };
	assert_false(address_is_set(&address));
	assert_string_equal(address_format(&address, text), "");
}

static void test_address_order(void **state)
{
	struct address a = address_of("10.0.0.9"), b = address_of("10.0.0.10"),
		       c = address_of("::1");

	(void)state;
	assert_true(address_compare(&a, &b) < 0);
	assert_true(address_compare(&b, &a) > 0);
	assert_true(address_compare(&b, &c) < 0);
	assert_int_equal(address_compare(&c, &c), 0);
}

static void test_prefix_text(void **state)
{
	static const char *const wrong[] = { "", "/", "/8", "10.0.0.0", "10.0.0.0/", "10.0.0.0/33",
		"10.0.0.0/08", "10.0.0.0/+8", "10.0.0.0/-1", "10.0.0.0/8 ", "10.0.0.0/8/8",
		"::/129", "::/0128", "10.0.0.0/0x8", "10.0.0.0/4294967304", "10/8",
		"ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.2550/8" };
	struct prefix prefix;
	char text[PREFIX_TEXT_MAX];

	(void)state;
	for (size_t i = 0; i < lengthof(wrong); i++)
		assert_false(prefix_parse(wrong[i], &prefix));
	prefix = prefix_of("192.0.2.7/0");
	assert_string_equal(prefix_format(&prefix, text), "192.0.2.7/0");
	prefix = prefix_of("2001:db8::/128");
	assert_string_equal(prefix_format(&prefix, text), "2001:db8::/128");
	prefix = prefix_of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
	assert_string_equal(
		prefix_format(&prefix, text), "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff/128");
}

static void test_prefix_is_network(void **state)
{
	static const char *const yes[] = { "0.0.0.0/0", "10.0.0.0/8", "10.128.0.0/9",
		"192.0.2.1/32", "::/0", "2001:db8::/32", "2001:db8::8/125", "::1/128" };
	static const char *const no[] = { "0.0.0.1/0", "10.64.0.0/9", "192.0.2.1/31",
		"2001:db8::/28", "2001:db8::8/124", "8000::/0" };

	(void)state;
	for (size_t i = 0; i < lengthof(yes); i++)
		assert_true(prefix_is_network(&(struct prefix[]){ prefix_of(yes[i]) }[0]));
	for (size_t i = 0; i < lengthof(no); i++)
		assert_false(prefix_is_network(&(struct prefix[]){ prefix_of(no[i]) }[0]));
}

static void check_contains(const char *prefix, const char *address, bool expected)
{
	struct prefix p = prefix_of(prefix);
	struct address a = address_of(address);

	assert_int_equal(prefix_contains(&p, &a), expected);
}

static void check_overlaps(const char *a, const char *b, bool expected)
{
	struct prefix p = prefix_of(a), q = prefix_of(b);

	assert_int_equal(prefix_overlaps(&p, &q), expected);
	assert_int_equal(prefix_overlaps(&q, &p), expected);
}

static void test_prefix_contains(void **state)
{
	(void)state;
	check_contains("10.10.0.0/24", "10.10.0.255", true);
	check_contains("10.10.0.0/24", "10.10.1.0", false);
	check_contains("10.10.0.0/23", "10.10.1.0", true);
	check_contains("10.10.0.5/32", "10.10.0.5", true);
	check_contains("10.10.0.5/32", "10.10.0.4", false);
	check_contains("0.0.0.0/0", "255.1.2.3", true);
	check_contains("0.0.0.0/0", "::", false);
	check_contains("::/0", "0.0.0.0", false);
	check_contains("fd00::/57", "fd00:0:0:7f::1", true);
	check_contains("fd00::/57", "fd00:0:0:80::1", false);

	check_overlaps("10.0.0.0/8", "10.10.0.0/24", true);
	check_overlaps("10.10.0.0/24", "10.10.1.0/24", false);
	check_overlaps("0.0.0.0/0", "10.0.0.0/8", true);
	check_overlaps("0.0.0.0/0", "::/0", false);
	check_overlaps("fd00::/8", "fd12:3456::/64", true);
}

static void check_nth(const char *prefix, uint64_t n, const char *expected)
{
	struct prefix p = prefix_of(prefix);
	struct address address, right;

	if (!expected) {
		assert_false(prefix_nth(&p, n, &address));
		return;
	}
	right = address_of(expected);
	assert_true(prefix_nth(&p, n, &address));
	assert_true(address_is_equal(&address, &right));
	assert_true(prefix_index(&p, &address) == n);
}

static void test_prefix_nth(void **state)
{
	struct prefix wide = prefix_of("fd00::/32");
	struct address far = address_of("fd00:0:1::");

	(void)state;
	check_nth("10.10.0.0/24", 0, "10.10.0.0");
	check_nth("10.10.0.77/24", 1, "10.10.0.1");
	check_nth("10.10.0.0/24", 255, "10.10.0.255");
	check_nth("10.10.0.0/24", 256, NULL);
	check_nth("10.10.0.0/20", 0xabc, "10.10.10.188");
	check_nth("192.0.2.1/32", 0, "192.0.2.1");
	check_nth("192.0.2.1/32", 1, NULL);
	check_nth("0.0.0.0/0", 0xffffffff, "255.255.255.255");
	check_nth("0.0.0.0/0", UINT64_C(0x100000000), NULL);
	check_nth("fd00::/64", 10, "fd00::a");
	check_nth("fd00::/64", UINT64_MAX - 1, "fd00::ffff:ffff:ffff:fffe");
	check_nth("fd00::/65", UINT64_C(1) << 63, NULL);
	check_nth("fd00::/32", UINT64_C(0x123456789abcdef0), "fd00::1234:5678:9abc:def0");
	assert_true(prefix_index(&wide, &far) == UINT64_MAX);
	far = address_of("fd00:0:0:1::");
	assert_true(prefix_index(&wide, &far) == UINT64_MAX);

	assert_true(prefix_size(&wide) == UINT64_MAX);
	wide = prefix_of("fd00::/65");
	assert_true(prefix_size(&wide) == UINT64_C(1) << 63);
	wide = prefix_of("10.0.0.0/8");
	assert_true(prefix_size(&wide) == UINT64_C(1) << 24);
	wide = prefix_of("10.0.0.0/32");
	assert_true(prefix_size(&wide) == 1);
}

static void test_mac(void **state)
{
	static const char *const wrong[] = { "", "02:6e:00:00:00", "02:6e:00:00:00:0",
		"02:6e:00:00:00:001", "02-6e-00-00-00-01", "02:6e:00:00:00:0g", "00:00:00:00:00:00",
		"01:6e:00:00:00:01", "ff:ff:ff:ff:ff:ff",
		"02:6e:00:00:00:01:", "2:6e:00:00:00:01a" };
	char text[MAC_TEXT_MAX];
	struct mac mac;

	(void)state;
	for (size_t i = 0; i < lengthof(wrong); i++)
		assert_false(mac_parse(wrong[i], &mac));
	assert_true(mac_parse("02:6E:0a:00:00:fF", &mac));
	assert_string_equal(mac_format(&mac, text), "02:6e:0a:00:00:ff");
}

static void test_mac_of_address(void **state)
{
	struct address address = address_of("10.10.0.255");
	struct mac macs[256];
	char text[MAC_TEXT_MAX];

	(void)state;
	macs[0] = mac_of_address(&address);
	assert_string_equal(mac_format(&macs[0], text), "02:6e:0a:0a:00:ff");
	for (size_t i = 0; i < lengthof(macs); i++) {
		struct mac again;

		address = address_of("fd00::1234:0");
		address.bytes[15] = (uint8_t)i;
		macs[i] = mac_of_address(&address);
		assert_true(mac_parse(mac_format(&macs[i], text), &again));
		assert_memory_equal(&again, &macs[i], sizeof(again));
		assert_int_equal(again.bytes[0], 0x06);
		for (size_t j = 0; j < i; j++)
			assert_memory_not_equal(&macs[i], &macs[j], sizeof(again));
	}
}

static void test_names(void **state)
{
	static const char *const right[] = { "a", "ns1", "1a", "0-0", "A.b_c-D", "default", "Self",
		"nsnet.example", "12345678901234567890123456789012345678901234567x" };
	static const char *const wrong[] = { "", ".", "..", "a/b", "../a", "-a", "a-", ".a", "a.",
		"_a", "a_", "1", "0123", "self", "none", "localhost", "a b", "a\n", "a%",
		"\xc3\xa4", "a\x80z", "~a", "a:b",
		"1234567890123456789012345678901234567890123456789",
		"123456789012345678901234567890123456789012345678x" };

	(void)state;
	for (size_t i = 0; i < lengthof(right); i++)
		assert_true(name_is_valid(right[i]));
	for (size_t i = 0; i < lengthof(wrong); i++)
		assert_false(name_is_valid(wrong[i]));
}

static void test_interface_names(void **state)
{
	static const char *const right[] = { "eth0", "0", "a-b", "...", "123456789012345", "nsv1",
		"-", "eth0.100" };
	static const char *const wrong[] = { "", ".", "..", "lo", "all", "default", "a/b", "a:b",
		"a b", "a\t", "1234567890123456", "\xc3\xa4", "a%d", "a;b" };

	(void)state;
	for (size_t i = 0; i < lengthof(right); i++)
		assert_true(interface_name_is_valid(right[i]));
	for (size_t i = 0; i < lengthof(wrong); i++)
		assert_false(interface_name_is_valid(wrong[i]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_address),
		cmocka_unit_test(test_address_order),
		cmocka_unit_test(test_prefix_text),
		cmocka_unit_test(test_prefix_is_network),
		cmocka_unit_test(test_prefix_contains),
		cmocka_unit_test(test_prefix_nth),
		cmocka_unit_test(test_mac),
		cmocka_unit_test(test_mac_of_address),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_interface_names),
	};

	return cmocka_run_group_tests_name("address", tests, NULL, NULL);
}
