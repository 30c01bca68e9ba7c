/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_client_complete - what the last word of a command line can be
 */
#include "client_world.h"
#include "cmocka_all.h"

#define NAMESPACE(name, more) \
	"{\"parameters\":{\"name\":\"" name "\",\"context\":{\"description\":\"a\\tb\\n:files\"}," \
	"\"runtime\":{\"uid\":0,\"ownership\":\"host\",\"path\":\"/run/netns/" name "\"," \
	"\"inode\":4026532345,\"cookie\":17,\"created\":{},\"revision\":1}}" more "}"
#define NETWORK \
	"{\"parameters\":{\"name\":\"lab\",\"context\":{},\"runtime\":{\"uid\":0," \
	"\"bridgeName\":\"nsnet0\",\"bridgeIndex\":2,\"prefixes\":[],\"gateways\":[],\"reach\":\"nat\"," \
	"\"maximumTransmissionUnit\":1500,\"attachments\":0,\"created\":{},\"revision\":1}}}"

/* What is printed of words that end with the one to be completed. */
static const char *complete(struct client_world *world, const char **words, size_t n)
{
	world->client.words = words;
	world->client.n_words = n;
	client_world_capture(world);
	assert_int_equal(complete_words(&world->client), 0);
	return client_world_printed(world);
}
#define COMPLETE(world, ...) \
	complete(world, (const char *[]){ __VA_ARGS__ }, \
		lengthof(((const char *[]){ __VA_ARGS__ })))

/* Where nobody could be asked. */
#define COMPLETES(wanted, ...) \
	do { \
		struct client_world world = { 0 }; \
\
		world.client.problem = (struct problem){ .arena = &world.client.arena, \
			.context = &world.client.context }; \
		call_init(&world.client.call, "/nowhere", 0, &world.client.problem); \
		assert_string_equal(COMPLETE(&world, __VA_ARGS__), wanted); \
		arena_done(&world.client.arena); \
	} while (0)

static void test_words(void **state unused)
{
	COMPLETES("create\tMake namespaces, ready to use\n", "cr");
	COMPLETES("list\tList networks\n", "network", "l");
	COMPLETES("monitor\tTell what there is, and what happens to it\n", "help", "mo");
	COMPLETES("help\tWhat a verb does, and its options\n", "he");
	/* Not offered, and nothing follows it. */
	COMPLETES("", "comp");
	COMPLETES("", "frobnicate", "");
	COMPLETES("", "network", "help", "");
	COMPLETES(":files\n", "apply", "la");
	COMPLETES("CreateNetwork\tmethod\n", "call", "CreateNet");
	COMPLETES("", "call", "Describe", "Cr");
	COMPLETES("", "create", "a");
	/* Words enough. */
	COMPLETES("", "set", "one", "t");
}

static void test_options(void **state unused)
{
	COMPLETES("--reach\tHow far its namespaces get; nat by default\n", "network", "create",
		"--rea");
	COMPLETES("nat\tHow far its namespaces get; nat by default\n", "network", "create",
		"--reach", "n");
	COMPLETES("--reach=nat\tHow far its namespaces get; nat by default\n", "network", "create",
		"--reach=n");
	COMPLETES("", "network", "create", "--nothing=n");
	COMPLETES("--json=short\tJSON; by default over lines on a terminal\n", "list", "--json=s");
	/* What may stand without a value does: the next word is none. */
	COMPLETES("list\tList networks\n", "--json", "network", "l");
	COMPLETES(":files\n", "delete", "--file", "");
	COMPLETES(":files\n", "--socket=");
	COMPLETES(":directories\n", "exec", "--chdir", "");
	COMPLETES("", "create", "-p", "8");
	COMPLETES("--publish\tLet a port of the host lead in; :NSPORT: one that is free\n",
		"create", "-p80", "--pub");
	COMPLETES("--publish\tLet a port of the host lead in; :NSPORT: one that is free\n",
		"create", "-jp", "80", "--pub");
	COMPLETES("", "create", "--description", "a");
	COMPLETES("", "create", "--", "--pub");
}

static void test_commands(void **state unused)
{
	COMPLETES(":commands\n", "exec", "ns1", "");
	COMPLETES(":commands\n", "exec", "ns1", "--", "");
	COMPLETES(":files\n", "exec", "ns1", "ls", "");
	COMPLETES(":files\n", "exec", "ns1", "ls", "--all", "--");
	COMPLETES(":commands\n", "run", "--", "l");
	COMPLETES("--pid\tWith PIDs of its own and a fresh /proc; all end with the command\n",
		"run", "--pi");
}

static void test_names(void **state unused)
{
	struct client_world world;

	/* A description is one line, whatever stands in it. */
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NAMESPACE("alpha", ",\"continues\":true"),
		NAMESPACE("beta", ""));
	assert_string_equal(
		COMPLETE(&world, "delete", "gamma", "al"), "alpha\ta\\x09b\\x0a:files\n");
	client_world_end(&world);
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NETWORK);
	assert_string_equal(COMPLETE(&world, "network", "delete", ""), "lab\tnetwork\n");
	client_world_end(&world);
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NETWORK);
	assert_string_equal(COMPLETE(&world, "set", "ns1", "--network", "+l"), "+lab\tnetwork\n");
	client_world_end(&world);
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NETWORK);
	assert_string_equal(
		COMPLETE(&world, "create", "ns1", "--network=no"), "--network=none\tno network\n");
	client_world_end(&world);
}

/* Nobody waits long for a prompt, and nobody reads what is wrong there. */
static void test_silent(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE,
		"{\"error\":\"alt.nsnet.NoSuchNamespace\",\"parameters\":{}}");
	assert_string_equal(COMPLETE(&world, "delete", ""), "");
	assert_null(world.client.problem.what);
	client_world_end(&world);
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, "{\"no reply\":1}");
	assert_string_equal(COMPLETE(&world, "delete", ""), "");
	assert_null(world.client.problem.what);
	client_world_end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_silent),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
