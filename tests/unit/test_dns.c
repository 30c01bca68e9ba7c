/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_dns - which domains a network may have
 */
#include "cmocka_all.h"
#include "dns.h"

#define LABEL_63 "a23456789012345678901234567890123456789012345678901234567890123"

static void test_valid(void **state unused)
{
	static const char *const domains[] = { "a", "lan", "default.nsnet", "a-b.c", "A.Example",
		"1.example", "1a", "a--b.c", "x1.2y", LABEL_63 "." LABEL_63 };

	for (size_t i = 0; i < lengthof(domains); i++)
		if (!dns_domain_is_valid(domains[i]))
			fail_msg("\"%s\" is taken for none", domains[i]);
}

static void test_invalid(void **state unused)
{
	static const char *const domains[] = { "", ".", ".a", "a.", "a..b", "-a", "a-", "a.-b",
		"a-.b", "a_b", "a b", "a/b", "a#", "a\nb", "a\n", "\xc3\xa4.example", "a,b", "*.a",
		"192.0.2.1", "12", "a.1", "a:b", "%i", LABEL_63 "4", LABEL_63 "4.example",
		LABEL_63 "." LABEL_63 ".a" };

	for (size_t i = 0; i < lengthof(domains); i++)
		if (dns_domain_is_valid(domains[i]))
			fail_msg("\"%s\" is taken for a domain", domains[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_valid),
		cmocka_unit_test(test_invalid),
	};

	return cmocka_run_group_tests_name("dns", tests, NULL, NULL);
}
