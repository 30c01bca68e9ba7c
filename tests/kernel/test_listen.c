/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_listen - whether a program on the host has a port, while one (talk.py) has
 */
#include "sandbox.h"

#include <stdio.h>

/* While a program has "what" (see talk.py): whether an address and port of the host is taken. */
static void is_taken(struct kernel *kernel, const char *what, enum nsnet_protocol protocol,
	const char *host, uint16_t port, int expected)
{
	autoarena struct arena arena = ARENA_INIT;
	struct address address;
	FILE *program;
	int r;

	assert_true(address_parse(host, &address));
	assert_true(sandbox_does("rm -f /run/listening"));
	program =
		popen(arena_printf(&arena,
			      "exec python3 " TESTS_DIR "/talk.py listen %s >/run/listening", what),
			"w"); /* flawfinder: ignore */
	assert_non_null(program);
	assert_true(sandbox_does("until grep -qs ready /run/listening; do sleep 0.01; done"));
	r = kernel_is_listening(kernel, protocol, &address, port);
	assert_int_equal(pclose(program), 0);
	if (r != expected)
		fail_msg("%s: %s %u: %d", what, host, port, r);
}

static void test_listening(void **state)
{
	static const struct {
		const char *what;
		enum nsnet_protocol protocol;
		const char *host;
		uint16_t port;
		bool is_taken;
	} rows[] = {
		{ "tcp 0.0.0.0 81", NSNET_PROTOCOL_TCP, "0.0.0.0", 81, true },
		{ "tcp 0.0.0.0 81", NSNET_PROTOCOL_TCP, "192.0.2.1", 81, true },
		{ "tcp 0.0.0.0 81", NSNET_PROTOCOL_TCP, "0.0.0.0", 82, false },
		{ "tcp 0.0.0.0 81", NSNET_PROTOCOL_UDP, "0.0.0.0", 81, false },
		{ "tcp 0.0.0.0 81", NSNET_PROTOCOL_TCP, "::", 81, false },
		{ "tcp 127.0.0.1 81", NSNET_PROTOCOL_TCP, "0.0.0.0", 81, true },
		{ "tcp 127.0.0.1 81", NSNET_PROTOCOL_TCP, "127.0.0.1", 81, true },
		{ "tcp 127.0.0.1 81", NSNET_PROTOCOL_TCP, "192.0.2.1", 81, false },
		{ "tcp :: 81", NSNET_PROTOCOL_TCP, "::", 81, true },
		{ "tcp :: 81", NSNET_PROTOCOL_TCP, "2001:db8::1", 81, true },
		{ "tcp :: 81", NSNET_PROTOCOL_TCP, "0.0.0.0", 81, true },
		{ "tcp :: 81", NSNET_PROTOCOL_TCP, "192.0.2.1", 81, true },
		{ "tcp :: 81 v6only", NSNET_PROTOCOL_TCP, "::", 81, true },
		{ "tcp :: 81 v6only", NSNET_PROTOCOL_TCP, "0.0.0.0", 81, false },
		{ "tcp ::1 81", NSNET_PROTOCOL_TCP, "::", 81, true },
		{ "tcp ::1 81", NSNET_PROTOCOL_TCP, "2001:db8::1", 81, false },
		{ "tcp ::1 81", NSNET_PROTOCOL_TCP, "0.0.0.0", 81, false },
		{ "tcp ::ffff:127.0.0.1 81", NSNET_PROTOCOL_TCP, "127.0.0.1", 81, true },
		{ "tcp ::ffff:127.0.0.1 81", NSNET_PROTOCOL_TCP, "192.0.2.1", 81, false },
		{ "udp 0.0.0.0 81", NSNET_PROTOCOL_UDP, "0.0.0.0", 81, true },
		{ "udp 0.0.0.0 81", NSNET_PROTOCOL_TCP, "0.0.0.0", 81, false },
		{ "udp :: 81", NSNET_PROTOCOL_UDP, "192.0.2.1", 81, true },
		{ "udp :: 81 v6only", NSNET_PROTOCOL_UDP, "192.0.2.1", 81, false },
		{ "connected 127.0.0.1 81", NSNET_PROTOCOL_UDP, "0.0.0.0", 81, false },
	};

	for (size_t i = 0; i < lengthof(rows); i++)
		is_taken(*state, rows[i].what, rows[i].protocol, rows[i].host, rows[i].port,
			rows[i].is_taken);
}

static void test_wrong(void **state)
{
	const struct address none = { .family = AF_UNSPEC }, any = { .family = AF_INET };

	assert_int_equal(kernel_is_listening(*state, NSNET_PROTOCOL_TCP, &none, 80), -EINVAL);
	assert_int_equal(kernel_is_listening(*state, NSNET_PROTOCOL_TCP, &any, 0), -EINVAL);
	assert_int_equal(kernel_is_listening(*state, NSNET_PROTOCOL_UNSET, &any, 80), -EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_set_up, sandbox_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_listening),
		TEST(test_wrong),
	};

	sandbox_enter();
	return cmocka_run_group_tests_name("listen", tests, NULL, NULL);
}
