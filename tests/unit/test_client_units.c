/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_client_units - rates, times and shares, to the last digit; ports and shaping as texts
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "attachments.h"
#include "ports.h"
#include "units.h"

static const struct row {
	enum units_fault (*read)(const char *text, int64_t *ret);
	const char *text;
	enum units_fault fault;
	int64_t value;
} rows[] = {
	/* tc(8): bits, and bytes with "bps". */
	{ units_rate, "0", UNITS_OK, 0 },
	{ units_rate, "9600", UNITS_OK, 9600 },
	{ units_rate, "9600bit", UNITS_OK, 9600 },
	{ units_rate, "10kbit", UNITS_OK, 10000 },
	{ units_rate, "10Kbit", UNITS_OK, 10000 },
	{ units_rate, "10mbit", UNITS_OK, 10000000 },
	{ units_rate, "1.5gbit", UNITS_OK, 1500000000 },
	{ units_rate, "2tbit", UNITS_OK, INT64_C(2000000000000) },
	{ units_rate, "1kibit", UNITS_OK, 1024 },
	{ units_rate, "1mibit", UNITS_OK, 1048576 },
	{ units_rate, "1gibit", UNITS_OK, 1073741824 },
	{ units_rate, "1tibit", UNITS_OK, INT64_C(1099511627776) },
	{ units_rate, "1bps", UNITS_OK, 8 },
	{ units_rate, "125kbps", UNITS_OK, 1000000 },
	{ units_rate, "1mbps", UNITS_OK, 8000000 },
	{ units_rate, "1gbps", UNITS_OK, INT64_C(8000000000) },
	{ units_rate, "1tbps", UNITS_OK, INT64_C(8000000000000) },
	{ units_rate, "1kibps", UNITS_OK, 8192 },
	{ units_rate, "1mibps", UNITS_OK, 8388608 },
	{ units_rate, "1gibps", UNITS_OK, INT64_C(8589934592) },
	{ units_rate, "1tibps", UNITS_OK, INT64_C(8796093022208) },
	{ units_rate, "0.001kbit", UNITS_OK, 1 },
	{ units_rate, "1.50000000000000000mbit", UNITS_OK, 1500000 },
	{ units_rate, "0.0005kbit", UNITS_UNEVEN, 0 },
	{ units_rate, "1.5", UNITS_UNEVEN, 0 },
	{ units_rate, "", UNITS_NO_NUMBER, 0 },
	{ units_rate, "mbit", UNITS_NO_NUMBER, 0 },
	{ units_rate, ".5mbit", UNITS_NO_NUMBER, 0 },
	{ units_rate, "5.mbit", UNITS_NO_NUMBER, 0 },
	{ units_rate, ".", UNITS_NO_NUMBER, 0 },
	{ units_rate, "-1mbit", UNITS_NO_NUMBER, 0 },
	{ units_rate, "+1mbit", UNITS_NO_NUMBER, 0 },
	{ units_rate, " 1mbit", UNITS_NO_NUMBER, 0 },
	{ units_rate, "1 mbit", UNITS_NO_UNIT, 0 },
	{ units_rate, "1.2.3mbit", UNITS_NO_UNIT, 0 },
	{ units_rate, "1e3bit", UNITS_NO_UNIT, 0 },
	{ units_rate, "0x10bit", UNITS_NO_UNIT, 0 },
	{ units_rate, "1mb", UNITS_NO_UNIT, 0 },
	{ units_rate, "9223372036854775807", UNITS_OK, INT64_MAX },
	{ units_rate, "9223372036854775808", UNITS_TOO_MUCH, 0 },
	{ units_rate, "9223372036854775807kbit", UNITS_TOO_MUCH, 0 },
	{ units_rate, "0.00000000000000000001bit", UNITS_TOO_MUCH, 0 },
	{ units_time, "200us", UNITS_OK, 200 },
	{ units_time, "1usec", UNITS_OK, 1 },
	{ units_time, "1usecs", UNITS_OK, 1 },
	{ units_time, "10ms", UNITS_OK, 10000 },
	{ units_time, "10msec", UNITS_OK, 10000 },
	{ units_time, "10msecs", UNITS_OK, 10000 },
	{ units_time, "1.5s", UNITS_OK, 1500000 },
	{ units_time, "1sec", UNITS_OK, 1000000 },
	{ units_time, "2secs", UNITS_OK, 2000000 },
	{ units_time, "0.5us", UNITS_UNEVEN, 0 },
	{ units_time, "10", UNITS_NO_UNIT, 0 },
	{ units_time, "1min", UNITS_NO_UNIT, 0 },
	{ units_share, "0.1%", UNITS_OK, 1000 },
	{ units_share, "0.1", UNITS_OK, 1000 },
	{ units_share, "100%", UNITS_OK, 1000000 },
	{ units_share, "0.0001%", UNITS_OK, 1 },
	{ units_share, "0.00001%", UNITS_UNEVEN, 0 },
	{ units_share, "1%%", UNITS_NO_UNIT, 0 },
};

static void test_numbers(void **state unused)
{
	for (size_t i = 0; i < lengthof(rows); i++) {
		int64_t value = -1;
		enum units_fault fault = rows[i].read(rows[i].text, &value);

		if (fault != rows[i].fault)
			fail_msg(
				"\"%s\": %d, not %d", rows[i].text, (int)fault, (int)rows[i].fault);
		/* Untouched where it is wrong. */
		assert_int_equal(value, fault == UNITS_OK ? rows[i].value : -1);
	}
}

static void test_texts(void **state unused)
{
	static const struct {
		const char *(*write)(struct arena *arena, int64_t value);
		int64_t value;
		const char *text;
	} texts[] = {
		{ units_rate_text, 0, "0bit" },
		{ units_rate_text, 8001, "8001bit" },
		{ units_rate_text, 1500000, "1500kbit" },
		{ units_rate_text, 10000000, "10mbit" },
		{ units_rate_text, 1000000000, "1gbit" },
		{ units_rate_text, INT64_C(1000000000000), "1tbit" },
		{ units_time_text, 0, "0us" },
		{ units_time_text, 200, "200us" },
		{ units_time_text, 10000, "10ms" },
		{ units_time_text, 60000000, "60s" },
		{ units_share_text, 0, "0%" },
		{ units_share_text, 1, "0.0001%" },
		{ units_share_text, 1000, "0.1%" },
		{ units_share_text, 10000, "1%" },
		{ units_share_text, 125000, "12.5%" },
		{ units_share_text, 1000000, "100%" },
	};
	autoarena struct arena arena = ARENA_INIT;

	for (size_t i = 0; i < lengthof(texts); i++)
		assert_string_equal(texts[i].write(&arena, texts[i].value), texts[i].text);
}

static void test_ports(void **state unused)
{
	static const struct {
		struct nsnet_port port;
		const char *text, *summary;
	} ports[] = {
		{ { NSNET_PROTOCOL_TCP, NULL, { true, 8080 }, 80 }, "8080/tcp -> 80", "8080:80" },
		{ { NSNET_PROTOCOL_UDP, NULL, { true, 53 }, 53 }, "53/udp -> 53", "53/udp" },
		{ { NSNET_PROTOCOL_TCP, "127.0.0.1", { true, 81 }, 80 }, "127.0.0.1:81/tcp -> 80",
			"127.0.0.1:81:80" },
		{ { NSNET_PROTOCOL_TCP, "::1", { true, 80 }, 80 }, "[::1]:80/tcp -> 80",
			"[::1]:80" },
		{ { NSNET_PROTOCOL_TCP, NULL, { 0 }, 80 }, "?/tcp -> 80", "?:80" },
	};
	autoarena struct arena arena = ARENA_INIT;
	struct nsnet_port many[12];

	for (size_t i = 0; i < lengthof(ports); i++) {
		struct nsnet_port port = ports[i].port;

		assert_string_equal(ports_text(&arena, &port), ports[i].text);
		assert_string_equal(ports_summary(&arena, &(struct nsnet_port_list){ &port, 1 }),
			ports[i].summary);
	}
	for (size_t i = 0; i < lengthof(many); i++)
		many[i] = (struct nsnet_port){ NSNET_PROTOCOL_TCP, NULL,
			{ true, 8080 + (int64_t)i }, 80 };
	assert_string_equal(
		ports_summary(&arena, &(struct nsnet_port_list){ many, 2 }), "8080:80, 8081:80");
	assert_string_equal(
		ports_summary(&arena, &(struct nsnet_port_list){ many, lengthof(many) }),
		"8080:80, 8081:80 +10");
	assert_string_equal(ports_summary(&arena, &(struct nsnet_port_list){ NULL, 0 }), "");
}

static void test_shaping(void **state unused)
{
	autoarena struct arena arena = ARENA_INIT;
	struct nsnet_shaping all = { { true, 10000000 }, { true, 5000000 }, { true, 10000 },
		{ true, 2000 }, { true, 1000 } };
	struct nsnet_shaping none = { 0 }, one = { .delay = { true, 1000 } };

	assert_string_equal(attachments_shaping_text(&arena, &all),
		"up 10mbit, down 5mbit, delay 10ms (jitter 2ms), loss 0.1%");
	assert_string_equal(attachments_shaping_text(&arena, &one), "delay 1ms");
	assert_null(attachments_shaping_text(&arena, &none));
	assert_null(attachments_shaping_text(&arena, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_texts),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_shaping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
