/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_client_call - calls to a daemon that answers well, badly, late, or not at all
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>

#include "client_world.h"

static const struct nsnet_delete_networks_in nothing;
static struct nsnet_delete_networks_out nothing_out;

static int call(struct client_world *world)
{
	return call_nsnet(&world->client.call, NSNET_M_DELETE_NETWORKS, &nothing, &nothing_out);
}

static void test_done(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, "{\"parameters\":{}}");
	assert_int_equal(call(&world), 0);
	client_world_end(&world);
	/* What a later daemon adds is not this client's to refuse. */
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, "{\"parameters\":{\"later\":[1]}}");
	assert_int_equal(call(&world), 0);
	client_world_end(&world);
}

static void test_error(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE,
		"{\"error\":\"alt.nsnet.NetworkBusy\",\"parameters\":{\"name\":\"br1\",\"attachments\":2}}");
	assert_int_equal(call(&world), PROBLEM_IN_USE);
	assert_string_equal(world.client.problem.error, "alt.nsnet.NetworkBusy");
	assert_false(call_found_nothing(&world.client.problem, "alt.nsnet.NetworkBusy2"));
	client_world_end(&world);
}

static void test_no_answer(void **state unused)
{
	static const char *const none[] = { NULL };
	struct client_world world;

	client_world_begin(&world, none, CLIENT_WORLD_CLOSE);
	assert_int_equal(call(&world), PROBLEM_FAILED);
	assert_string_equal(
		world.client.problem.what, "nsnetd closed the connection without an answer");
	client_world_end(&world);
}

static void test_too_slow(void **state unused)
{
	static const char *const none[] = { NULL };
	struct client_world world;

	client_world_begin(&world, none, CLIENT_WORLD_WAIT);
	world.client.call.timeout = 10000;
	assert_int_equal(call(&world), PROBLEM_TIMED_OUT);
	assert_string_equal(world.client.problem.what, "no answer from nsnetd within 0.01 s");
	/* So that a late answer is not taken for that to another call. */
	assert_false(world.client.call.is_open);
	client_world_end(&world);
}

static void test_junk(void **state unused)
{
	static const char *const junk[] = { "junk", "[]", "{\"parameters\":[]}",
		"{\"parameters\":{},\"continues\":1}", "{\"error\":7}", "{'parameters':{}}", "",
		"{\"parameters\":{}", "\xff" };

	for (size_t i = 0; i < lengthof(junk); i++) {
		struct client_world world;

		CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, junk[i]);
		assert_int_equal(call(&world), PROBLEM_FAILED);
		assert_non_null(strstr(world.client.problem.what, "is no Varlink reply"));
		client_world_end(&world);
	}
}

static void test_wrong_type(void **state unused)
{
	struct nsnet_describe_out out;
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE,
		"{\"parameters\":{\"version\":7,\"features\":[],\"uplinks\":[],\"uid\":0,\"administrator\":true}}");
	assert_int_equal(call_nsnet(&world.client.call, NSNET_M_DESCRIBE,
				 &(struct nsnet_describe_in){ 0 }, &out),
		PROBLEM_FAILED);
	assert_string_equal(
		world.client.problem.what, "nsnetd's answer to Describe has a wrong \"version\"");
	client_world_end(&world);
}

enum { NAMES_MAX = 64 };

static int on_network(const void *out, void *userdata)
{
	const struct nsnet_list_networks_out *network = out;
	char *names = userdata;
	size_t n = strlen(names);

	(void)snprintf(names + n, NAMES_MAX - n, " %s", network->name);
	return streq(network->name, "stop") ? PROBLEM_FAILED : 0;
}

#define NETWORK(name, continues) \
	"{\"parameters\":{\"name\":\"" name \
	"\",\"context\":{},\"runtime\":{\"uid\":0,\"bridgeName\":\"b\",\"bridgeIndex\":2," \
	"\"prefixes\":[],\"gateways\":[],\"reach\":\"nat\",\"maximumTransmissionUnit\":1500,\"attachments\":0,\"created\":{},\"revision\":1}}" continues \
	"}"

static int list(struct client_world *world, char names[NAMES_MAX])
{
	return call_nsnet_each(&world->client.call, NSNET_M_LIST_NETWORKS,
		&(struct nsnet_list_networks_in){ 0 }, on_network, names);
}

static void test_more(void **state unused)
{
	char names[NAMES_MAX] = "";
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NETWORK("a", ",\"continues\":true"),
		NETWORK("b", ",\"continues\":true"), NETWORK("c", ""));
	assert_int_equal(list(&world, names), 0);
	assert_string_equal(names, " a b c");
	client_world_end(&world);

	names[0] = '\0';
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NETWORK("a", ",\"continues\":true"),
		"{\"error\":\"alt.nsnet.NoSuchNetwork\"}");
	assert_int_equal(list(&world, names), PROBLEM_NO_OBJECT);
	assert_string_equal(names, " a");
	assert_true(call_found_nothing(&world.client.problem, "alt.nsnet.NoSuchNetwork"));
	client_world_end(&world);

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE,
		"{\"error\":\"alt.nsnet.NoSuchNetwork\",\"parameters\":{\"name\":\"br1\"}}");
	assert_int_equal(list(&world, names), PROBLEM_NO_OBJECT);
	assert_false(call_found_nothing(&world.client.problem, "alt.nsnet.NoSuchNetwork"));
	client_world_end(&world);

	/* The callback has enough. */
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_WAIT, NETWORK("stop", ",\"continues\":true"));
	assert_int_equal(list(&world, names), PROBLEM_FAILED);
	assert_false(world.client.call.is_open);
	client_world_end(&world);

	/* The stream ends too early. */
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NETWORK("a", ",\"continues\":true"));
	assert_int_equal(list(&world, names), PROBLEM_FAILED);
	client_world_end(&world);
}

/* Those that come though nobody asked for them are not kept. */
static void test_descriptors(void **state unused)
{
	struct codec_reply reply;
	struct client_world world;
	int before = dup(STDIN_FILENO), after_call;

	(void)close_fd(before);
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_SEND_DESCRIPTORS, "");
	assert_int_equal(call_start(&world.client.call, "alt.nsnet.OpenNamespace", false, NULL), 0);
	assert_int_equal(call_next(&world.client.call, &world.client.arena, &reply), 0);
	call_close(&world.client.call);
	after_call = dup(STDIN_FILENO);
	assert_int_equal(after_call, before);
	(void)close_fd(after_call);
	client_world_end(&world);
}

static void test_no_daemon(void **state unused)
{
	static const char *const none[] = { NULL };
	char path[200];
	struct client_world world;

	client_world_begin(&world, none, CLIENT_WORLD_CLOSE);
	world.client.call.path = "/tmp/test_client_call.nowhere/socket";
	assert_int_equal(call(&world), PROBLEM_NO_DAEMON);
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	world.client.call.path = path;
	assert_int_equal(call(&world), PROBLEM_USAGE);
	/* For the daemon's sake. */
	world.client.call.path = world.path;
	assert_int_equal(call(&world), PROBLEM_FAILED);
	client_world_end(&world);
}

static void test_not_a_message(void **state unused)
{
	autofree char *large = calloc(1, TEXT_MESSAGE_MAX + 2);
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, "{}");
	assert_int_equal(
		call_start(&world.client.call, "a.b", false, "{\"name\":\"\xff\"}"), PROBLEM_USAGE);
	assert_string_equal(world.client.problem.what, "what is given is not UTF-8");
	(void)memset(large, ' ', TEXT_MESSAGE_MAX);
	memcpy(large, "{}", 2);
	assert_int_equal(call_start(&world.client.call, "a.b", false, large), PROBLEM_USAGE);
	assert_non_null(strstr(world.client.problem.what, "too much for one message"));
	assert_int_equal(call(&world), 0);
	client_world_end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_done),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_too_slow),
		cmocka_unit_test(test_junk),
		cmocka_unit_test(test_wrong_type),
		cmocka_unit_test(test_more),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_no_daemon),
		cmocka_unit_test(test_not_a_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
