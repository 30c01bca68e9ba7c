/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_client_etc - nsswitch.conf, resolv.conf and hosts, rewritten for the inside
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "etc.h"
#include "etc_text.h"

static void test_nsswitch(void **state unused)
{
	static const struct {
		const char *host, *inside;
	} rows[] = {
		/* Debian's own, with what its packages add. */
		{ "passwd:\tfiles systemd\nhosts:          files mymachines resolve [!UNAVAIL=return] myhostname dns\nnetworks: files\n",
			"passwd:\tfiles systemd\nhosts: files dns\nnetworks: files\n" },
		{ "hosts: files mdns4_minimal [NOTFOUND=return] dns mymachines\n",
			"hosts: files dns\n" },
		{ "hosts: dns files\n", "hosts: dns files\n" },
		{ "hosts: files\n", "hosts: files\n" },
		{ "hosts: resolve [!UNAVAIL=return] dns\n", "hosts: dns\n" },
		{ "hosts: resolve\n", "hosts: files dns\n" },
		{ "hosts:\n", "hosts: files dns\n" },
		{ "hosts:files dns\n", "hosts: files dns\n" },
		{ "  hosts: dns [NOTFOUND=return] files # both", "hosts: dns files\n" },
		{ "hosts: files # dns\n", "hosts: files\n" },
		{ "hosts: files files dns dns\r\n", "hosts: files dns\n" },
		{ "# hosts: resolve\npasswd: files",
			"# hosts: resolve\npasswd: files\nhosts: files dns\n" },
		{ "hostsx: resolve\n", "hostsx: resolve\nhosts: files dns\n" },
		{ "", "hosts: files dns\n" },
		{ "\n\n", "\n\nhosts: files dns\n" },
		/* Only the first counts for the C library, but a second must not say otherwise. */
		{ "hosts: dns\nhosts: resolve\n", "hosts: dns\nhosts: files dns\n" },
		{ "hosts:\nhosts:\nhosts:\n",
			"hosts: files dns\nhosts: files dns\nhosts: files dns\n" },
	};

	for (size_t i = 0; i < lengthof(rows); i++) {
		autoarena struct arena arena = ARENA_INIT;

		assert_string_equal(etc_text_nsswitch(&arena, rows[i].host), rows[i].inside);
	}
}

static void test_resolv_conf(void **state unused)
{
	static const struct {
		const char *host, *inside;
		size_t n_servers;
	} rows[] = {
		{ "nameserver 198.51.100.1\nnameserver 2001:db8::53\n",
			"nameserver 198.51.100.1\nnameserver 2001:db8::53\n", 2 },
		{ "# stub\nnameserver 127.0.0.53\noptions edns0 trust-ad\nsearch example.org\n",
			"options edns0 trust-ad\nsearch example.org\n", 0 },
		{ "nameserver 127.0.0.1\nnameserver 198.51.100.1", "nameserver 198.51.100.1\n", 1 },
		{ "nameserver ::1\nnameserver fe80::1%eth0\nnameserver fe80::1\nnameserver ::\nnameserver 0.0.0.0\n",
			"", 0 },
		{ "nameserver ::ffff:127.0.0.53\nnameserver ::ffff:198.51.100.1\n",
			"nameserver ::ffff:198.51.100.1\n", 1 },
		{ "; a comment\n#another\n\n   \n\tsortlist 192.0.2.0\n", "\tsortlist 192.0.2.0\n",
			0 },
		{ "nameserver\nnameserver   198.51.100.1   # one\n",
			"nameserver   198.51.100.1   # one\n", 1 },
		{ "nameserver 127.1.2.3", "", 0 },
		{ "", "", 0 },
	};

	for (size_t i = 0; i < lengthof(rows); i++) {
		autoarena struct arena arena = ARENA_INIT;
		size_t n_servers = 99;

		assert_string_equal(
			etc_text_resolv_conf(&arena, rows[i].host, &n_servers), rows[i].inside);
		assert_int_equal(n_servers, rows[i].n_servers);
	}
}

static void test_hosts(void **state unused)
{
	static const char *const texts[] = {
		"127.0.0.1\tlocalhost\n::1\tlocalhost\n192.0.2.1\tns1\n",
		"127.0.0.1\tlocalhost\n::1\tlocalhost\n198.51.100.1\tns2", "",
		"192.0.2.1\tns1\n203.0.113.1\tns3\n"
	};
	autoarena struct arena arena = ARENA_INIT;

	assert_string_equal(etc_text_join_hosts(&arena, texts, lengthof(texts)),
		"127.0.0.1\tlocalhost\n::1\tlocalhost\n192.0.2.1\tns1\n198.51.100.1\tns2\n203.0.113.1\tns3\n");
	assert_string_equal(etc_text_join_hosts(&arena, texts, 0), "");
	assert_string_equal(etc_text_lone_hosts(&arena, "ns1"),
		"127.0.0.1\tlocalhost\n::1\tlocalhost ip6-localhost ip6-loopback\n127.0.1.1\tns1\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nsswitch),
		cmocka_unit_test(test_resolv_conf),
		cmocka_unit_test(test_hosts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
