/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_client_diagnose - what check prints of what it is told, and what it takes for name servers
 */
#include "cmocka_all.h"

#include <sys/socket.h>

#include "client_world.h"
#include "probe_routes.h"

#define FINDING(continues, severity, about, rest) \
	"{\"continues\":" continues ",\"parameters\":{\"finding\":{\"severity\":\"" severity \
	"\"" about ",\"subject\":\"s\",\"message\":\"m" rest "}}}"
#define FINE  FINDING("true", "ok", ",\"network\":\"lan\"", "\"")
#define DOUBT FINDING("true", "warning", "", "\\u001b[2J\"")
#define WRONG \
	FINDING("true", "failure", ",\"network\":\"lan\"", "\",\"remedy\":\"ip link set\\nx up\"")
#define LAST   FINDING("false", "ok", "", "\"")
#define BROKEN FINDING("false", "failure", "", "\"")

static void test_lines(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, FINE, DOUBT, WRONG, LAST);
	client_world_capture(&world);
	assert_int_equal(diagnose_check(&world.client), PROBLEM_FAILED);
	assert_string_equal(client_world_printed(&world), "ok       network lan s: m\n"
							  "warning  host s: m\\x1b[2J\n"
							  "failure  network lan s: m\n"
							  "           ip link set\\x0ax up\n"
							  "ok       host s: m\n");
	/* Nothing more is to be told. */
	assert_null(world.client.problem.what);
	assert_string_equal(client_world_sent(&world),
		"{\"method\":\"alt.nsnet.Check\",\"more\":true,\"parameters\":{}}\n");
	client_world_end(&world);
}

/* A warning is no failure. */
static void test_status(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, FINE, DOUBT, LAST);
	world.client.options.is_quiet = true;
	client_world_capture(&world);
	assert_int_equal(diagnose_check(&world.client), 0);
	assert_string_equal(client_world_printed(&world), "warning  host s: m\\x1b[2J\n");
	client_world_end(&world);

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, BROKEN);
	world.client.options.color = OPTIONS_COLOR_ALWAYS;
	client_world_capture(&world);
	assert_int_equal(diagnose_check(&world.client), PROBLEM_FAILED);
	assert_string_equal(client_world_printed(&world), "\033[1;31mfailure\033[0m  host s: m\n");
	client_world_end(&world);
}

/* A line each, on a terminal too. */
static void test_json(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, FINE, BROKEN);
	world.client.options.json = OPTIONS_JSON_AUTO;
	world.client.options.is_terminal = true;
	client_world_capture(&world);
	assert_int_equal(diagnose_check(&world.client), PROBLEM_FAILED);
	assert_string_equal(client_world_printed(&world),
		"{\"severity\":\"ok\",\"network\":\"lan\",\"subject\":\"s\",\"message\":\"m\"}\n"
		"{\"severity\":\"failure\",\"subject\":\"s\",\"message\":\"m\"}\n");
	client_world_end(&world);
}

/* Those that cannot be entered. */
static void test_nobody(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE,
		FINDING("true", "ok", ",\"namespace\":\"not-there\"", "\""),
		FINDING("true", "ok", ",\"namespace\":\"not-there\"", "\""), LAST);
	world.client.words = (const char *[]){ "not-there" };
	world.client.n_words = 1;
	world.client.options.is_quiet = true;
	client_world_capture(&world);
	assert_int_equal(diagnose_check(&world.client), 0);
	assert_string_equal(client_world_printed(&world),
		"warning  not-there inside: no namespace \"not-there\"\n           nsnetctl list\n");
	assert_string_equal(client_world_sent(&world),
		"{\"method\":\"alt.nsnet.Check\",\"more\":true,\"parameters\":{\"names\":[\"not-there\"]}}\n");
	client_world_end(&world);
}

static void test_daemon_says_no(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE,
		"{\"error\":\"alt.nsnet.NoSuchNamespace\",\"parameters\":{\"name\":\"a\"}}");
	world.client.words = (const char *[]){ "a" };
	world.client.n_words = 1;
	assert_int_equal(diagnose_check(&world.client), PROBLEM_NO_OBJECT);
	assert_string_equal(world.client.problem.what, "no namespace \"a\"");
	client_world_end(&world);
}

static void test_servers(void **state unused)
{
	struct probe_list list = { .n = 0 };

	probe_routes_servers(&list, "# nameserver 192.0.2.1\nsearch example.org\n"
				    "nameserver 192.0.2.2\n  nameserver 192.0.2.3\n"
				    "nameserver\t2001:db8::1 # one\nnameserver none\n"
				    "nameserver 1.2.3\nnameserver\nnameserver 192.0.2.4\n"
				    "nameserver 192.0.2.5\n");
	assert_int_equal(list.n, 3);
	assert_string_equal(list.items[0].address, "192.0.2.2");
	assert_int_equal(list.items[0].family, AF_INET);
	assert_string_equal(list.items[1].address, "2001:db8::1");
	assert_int_equal(list.items[1].family, AF_INET6);
	assert_string_equal(list.items[2].address, "192.0.2.4");
	probe_routes_servers(&list, "");
	assert_int_equal(list.n, 3);
	list.n = PROBE_MAX;
	probe_routes_servers(&list, "nameserver 192.0.2.2");
	assert_int_equal(list.n, PROBE_MAX);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_status),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_nobody),
		cmocka_unit_test(test_daemon_says_no),
		cmocka_unit_test(test_servers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
