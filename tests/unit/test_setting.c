/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_setting - settings of a namespace, read
 */
#include "cmocka_all.h"

#include <stdio.h>

#include "setting.h"

#define NOT_THERE "not a setting that can be declared"

static void test_keys(void **state)
{
	static const struct {
		const char *key, *path; /* path NULL: there is no such setting */
	} rows[] = {
		{ "net.ipv4.ip_forward", "net/ipv4/ip_forward" },
		{ "net/ipv4/ip_forward", "net/ipv4/ip_forward" },
		{ "net.ipv6.icmp.echo_ignore_all", "net/ipv6/icmp/echo_ignore_all" },
		{ "net.ipv4.conf.all.rp_filter", "net/ipv4/conf/all/rp_filter" },
		{ "net.ipv4.conf.default.rp_filter", "net/ipv4/conf/default/rp_filter" },
		{ "net.ipv4.conf.lo.rp_filter", "net/ipv4/conf/lo/rp_filter" },
		{ "net.ipv4.conf.eth0.rp_filter", "net/ipv4/conf/eth0/rp_filter" },
		{ "net.ipv4.conf.eth0/7.rp_filter", "net/ipv4/conf/eth0.7/rp_filter" },
		{ "net/ipv4/conf/eth0.7/rp_filter", "net/ipv4/conf/eth0.7/rp_filter" },
		{ "net.ipv4.conf.a23456789012345.rp_filter",
			"net/ipv4/conf/a23456789012345/rp_filter" },
		{ "net.ipv4.conf.a234567890123456.rp_filter", NULL },
		{ "net.ipv4.conf.eth0.7.rp_filter", NULL },
		{ "net/ipv4/conf/eth0/7/rp_filter", NULL },
		{ "net.ipv4/conf/eth0/rp_filter", NULL },
		{ "net/ipv4.conf.eth0.rp_filter", NULL },
		{ "net.ipv4.conf.*.rp_filter", NULL },
		{ "net.ipv4.conf..rp_filter", NULL },
		{ "net.ipv4.conf./.rp_filter", NULL },
		{ "net.ipv4.conf.//.rp_filter", NULL },
		{ "net/ipv4/conf/./rp_filter", NULL },
		{ "net/ipv4/conf/../rp_filter", NULL },
		{ "net/ipv4/conf/../../ipv4/ip_forward", NULL },
		{ "net.ipv4.conf.et h0.rp_filter", NULL },
		{ "net.ipv4.conf.eth0\n.rp_filter", NULL },
		{ "net.ipv4.conf.\xc3\xa4.rp_filter", NULL },
		{ "net.ipv4.conf.eth0", NULL },
		{ "net.ipv4.conf.eth0.", NULL },
		{ "net.ipv4.conf.eth0.rp_filte", NULL },
		{ "net.ipv4.conf.eth0.rp_filterx", NULL },
		{ "net.ipv4.conf.eth0.rp_filter.", NULL },
		{ "net.ipv4.conf.eth0.rp_filter/", NULL },
		{ "/net/ipv4/ip_forward", NULL },
		{ ".net.ipv4.ip_forward", NULL },
		{ "net.ipv4", NULL },
		{ "net", NULL },
		{ "", NULL },
		{ "kernel.hostname", NULL },
		{ "kernel.core_pattern", NULL },
		{ "net.ipv4.conf.all.log_martians", NULL }, /* writes to the host's log */
		{ "net.ipv4.conf.all.accept_source_route", NULL },
		{ "net.ipv4.tcp_mem", NULL }, /* everybody's */
		{ "net.netfilter.nf_conntrack_max", NULL },
	};
	autoarena struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < lengthof(rows); i++) {
		struct setting setting = { .key = "before" };
		const char *wrong = setting_parse(&arena, rows[i].key, "1", &setting);

		if ((wrong == NULL) != (rows[i].path != NULL))
			fail_msg("\"%s\": %s", rows[i].key, wrong ? wrong : "taken");
		if (wrong)
			assert_string_equal(wrong, NOT_THERE);
		assert_string_equal(setting.key, rows[i].path ? rows[i].path : "before");
	}
}

static void test_long_keys(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct setting setting;
	char key[100000];

	(void)state;
	memset(key, '.', sizeof(key));
	memcpy(key, "net.ipv4.conf.", 14);
	key[sizeof(key) - 1] = 0;
	assert_string_equal(setting_parse(&arena, key, "1", &setting), NOT_THERE);
	memset(key + 14, 'a', sizeof(key) - 15);
	assert_string_equal(setting_parse(&arena, key, "1", &setting), NOT_THERE);
	/* As long as it may be and one longer, without an end that is near. */
	key[127] = 0;
	assert_string_equal(setting_parse(&arena, key, "1", &setting), NOT_THERE);
}

static void test_values(void **state)
{
	static const struct {
		const char *key, *value, *wrong;
	} rows[] = {
		{ "net.ipv4.ip_forward", "0", NULL },
		{ "net.ipv4.ip_forward", "1", NULL },
		{ "net.ipv4.ip_forward", "2", "a number from 0 to 1" },
		{ "net.ipv4.ip_forward", "-1", "a number from 0 to 1" },
		{ "net.ipv4.ip_forward", "-0", "a number from 0 to 1" },
		{ "net.ipv4.ip_forward", "", "a number from 0 to 1" },
		{ "net.ipv4.ip_forward", "-", "a number from 0 to 1" },
		{ "net.ipv4.ip_forward", "+1", "a number from 0 to 1" },
		{ "net.ipv4.ip_forward", " 1", "a number from 0 to 1" },
		{ "net.ipv4.ip_forward", "1 ", "a number from 0 to 1" },
		{ "net.ipv4.ip_forward", "1\n", "a number from 0 to 1" },
		{ "net.ipv4.ip_forward", "01", "a number from 0 to 1" },
		{ "net.ipv4.ip_forward", "0x1", "a number from 0 to 1" },
		{ "net.ipv4.ip_forward", "1\t1", "a number from 0 to 1" },
		{ "net.ipv4.ip_forward", "yes", "a number from 0 to 1" },
		{ "net.ipv4.ip_forward", "4294967297", "a number from 0 to 1" },
		{ "net.ipv4.ip_forward", "18446744073709551617", "a number from 0 to 1" },
		{ "net.ipv4.ip_unprivileged_port_start", "0", NULL },
		{ "net.ipv4.ip_unprivileged_port_start", "32768", NULL },
		{ "net.ipv4.ip_unprivileged_port_start", "32769", "a number from 0 to 32768" },
		{ "net.ipv4.ip_default_ttl", "0", "a number from 1 to 255" },
		{ "net.ipv6.conf.eth0.use_tempaddr", "-1", NULL },
		{ "net.ipv6.conf.eth0.use_tempaddr", "-2", "a number from -1 to 2" },
	};
	autoarena struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < lengthof(rows); i++) {
		struct setting setting = { .value = "before" };
		const char *wrong = setting_parse(&arena, rows[i].key, rows[i].value, &setting);

		if (!streq_null(wrong, rows[i].wrong))
			fail_msg("%s=%s: %s", rows[i].key, rows[i].value, wrong ? wrong : "taken");
		assert_string_equal(setting.value, wrong ? "before" : rows[i].value);
		assert_string_equal(setting.before, "");
	}
}

/* Each is found by its name with an interface in it, and takes both ends of its range and nothing beyond. */
static void test_all(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *name, *former = "";
	size_t n = 0;

	(void)state;
	for (; (name = setting_name(n)); n++) {
		const char *star = strchr(name, '*'), *key = name;
		struct setting setting;
		int64_t least, most;

		assert_true(strcmp(former, name) < 0);
		former = name;
		if (star)
			key = arena_printf(
				&arena, "%.*seth0%s", (int)(star - name), name, star + 1);
		setting_range(n, &least, &most);
		assert_true(least < most);
		for (int64_t value = least - 1; value <= most + 1;
			value += value == least ? most - least : 1) {
			char text[SETTING_TEXT_SIZE];

			(void)snprintf(text, sizeof(text), "%lld", (long long)value);
			if (value < least || value > most)
				assert_non_null(setting_parse(&arena, key, text, &setting));
			else
				assert_null(setting_parse(&arena, key, text, &setting));
		}
		assert_null(strchr(setting.key, '.'));
	}
	assert_true(n > 40);
	assert_null(setting_name(n + 1));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_long_keys),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_all),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
