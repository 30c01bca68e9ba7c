/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_client_verbs - what list, show and the others print, and what they make of words and replies
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "attachments.h"
#include "client_world.h"
#include "ports.h"
#include "verbs.h"

#define NAMESPACE(name, context, runtime, more) \
	"{\"parameters\":{\"name\":\"" name "\",\"context\":{" context \
	"},\"runtime\":{\"uid\":65534,\"ownership\":\"host\",\"path\":\"/run/netns/" name \
	"\",\"inode\":1,\"cookie\":17,\"created\":{},\"revision\":1" runtime "}}" more "}"
#define CONTINUES    ",\"continues\":true"
#define NO_NAMESPACE "{\"error\":\"alt.nsnet.NoSuchNamespace\"}"
#define NO_NETWORK   "{\"error\":\"alt.nsnet.NoSuchNetwork\"}"

/* Names of networks are as wide as their columns' headings: libsmartcols before 2.39 makes room for headings that
 * it does not print. */
#define NS1 \
	NAMESPACE("ns1", \
		"\"attachments\":[{\"network\":\"bridge1\",\"addresses\":[\"10.10.0.10\",\"fd00:1::10\"]}],\"ports\":[" \
		"{\"protocol\":\"tcp\",\"hostPort\":8080,\"namespacePort\":80}," \
		"{\"protocol\":\"udp\",\"hostPort\":53,\"namespacePort\":53}]", \
		"", CONTINUES)
#define ROUTER \
	NAMESPACE("router", \
		"\"attachments\":[{\"network\":\"bridge1\",\"addresses\":[\"10.10.0.1\"]}," \
		"{\"network\":\"lab\",\"addresses\":[]}]", \
		"", CONTINUES)
#define LONELY NAMESPACE("lonely", "\"attachments\":[]", "", "")

#define NETWORK(name, more) \
	"{\"parameters\":{\"name\":\"" name "\",\"context\":{\"prefixes\":[\"10.10.0.0/16\"]," \
	"\"reach\":\"nat\",\"maximumTransmissionUnit\":1500},\"runtime\":{\"uid\":0,\"bridgeName\":\"nsnet1\"," \
	"\"bridgeIndex\":5,\"prefixes\":[\"10.10.0.0/16\",\"fd00:1::/64\"]," \
	"\"gateways\":[\"10.10.0.1\"],\"reach\":\"nat\",\"maximumTransmissionUnit\":1500,\"attachments\":2,\"created\":{},\"revision\":1}}" more \
	"}"

/* Does a verb with these words against these replies; what it printed. */
#define PRINTS(verb, world, result, wanted) \
	do { \
		int r_; \
		const char *printed_; \
		client_world_capture(world); \
		r_ = verb(&(world)->client); \
		printed_ = client_world_printed(world); \
		assert_string_equal(printed_, wanted); \
		assert_int_equal(r_, result); \
		client_world_end(world); \
	} while (0)

/* How wide a column is that has no heading, and would be narrower without, is libsmartcols' affair. */
static const char *squeezed(const char *text)
{
	static char ret[1024];
	size_t n = 0;

	for (; *text && n < sizeof(ret) - 1; text++)
		if (*text != ' ' || text[1] != ' ')
			ret[n++] = *text;
	ret[n] = '\0';
	return ret;
}

static void set_words(struct client_world *world, const char **words)
{
	world->client.words = words;
	world->client.n_words = 0;
	while (words[world->client.n_words])
		world->client.n_words++;
}

#define WORDS(world, ...) set_words(world, (const char *[]){ __VA_ARGS__ __VA_OPT__(, ) NULL })

static void test_list(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NS1, ROUTER, LONELY);
	WORDS(&world);
	PRINTS(namespace_list, &world, 0,
		"NAME    NETWORK  ADDRESS                 PUBLISHED        PROCESSES  OWNER\n"
		"ns1     bridge1  10.10.0.10, fd00:1::10  8080:80, 53/udp  0          nobody\n"
		"router  bridge1  10.10.0.1               -                0          nobody\n"
		"router  lab      -                       -                0          nobody\n"
		"lonely  -        -                       -                0          nobody\n");

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NS1, ROUTER, LONELY);
	WORDS(&world, "r*", "*1");
	world.client.options.has_no_legend = true;
	client_world_capture(&world);
	assert_int_equal(namespace_list(&world.client), 0);
	assert_string_equal(squeezed(client_world_printed(&world)),
		"ns1 bridge1 10.10.0.10, fd00:1::10 8080:80, 53/udp 0 nobody\n"
		"router bridge1 10.10.0.1 - 0 nobody\n"
		"router lab - - 0 nobody\n");
	client_world_end(&world);

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NS1, ROUTER, LONELY);
	WORDS(&world);
	world.client.options.is_quiet = true;
	PRINTS(namespace_list, &world, 0, "ns1\nrouter\nlonely\n");

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NS1, LONELY);
	WORDS(&world);
	world.client.options.json = OPTIONS_JSON_SHORT;
	PRINTS(namespace_list, &world, 0,
		"{\"namespaces\":{\"ns1\":{\"attachments\":[{\"network\":\"bridge1\","
		"\"addresses\":[\"10.10.0.10\",\"fd00:1::10\"]}],\"ports\":["
		"{\"protocol\":\"tcp\",\"hostPort\":8080,\"namespacePort\":80},"
		"{\"protocol\":\"udp\",\"hostPort\":53,\"namespacePort\":53}]},\"lonely\":{\"attachments\":[]}}}\n");
}

#define DESCRIPTION \
	"{\"parameters\":{\"version\":\"1\",\"features\":[],\"uplinks\":[],\"uid\":0,\"administrator\":false," \
	"\"limits\":{\"namespaces\":16,\"networks\":4,\"ports\":8,\"connections\":32},\"used\":{\"namespaces\":0," \
	"\"networks\":1,\"attachments\":7,\"ports\":2,\"connections\":1}}}"

static void test_list_none(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NO_NAMESPACE);
	WORDS(&world);
	PRINTS(namespace_list, &world, 0, "");

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NO_NAMESPACE);
	WORDS(&world);
	world.client.options.json = OPTIONS_JSON_AUTO;
	PRINTS(namespace_list, &world, 0, "{\"namespaces\":{}}\n");

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NO_NETWORK);
	WORDS(&world);
	world.client.options.json = OPTIONS_JSON_AUTO;
	PRINTS(network_list, &world, 0, "{\"networks\":{}}\n");

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NO_NAMESPACE, DESCRIPTION);
	WORDS(&world);
	PRINTS(namespace_show, &world, 0,
		"In use by root\n"
		"  Namespaces   0 of 16\n"
		"  Networks     1 of 4\n"
		"  Attachments  7\n"
		"  Ports        2 of 8\n"
		"  Connections  1 of 32\n");

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NO_NETWORK);
	WORDS(&world);
	PRINTS(network_show, &world, 0, "");
}

#define INSIDE \
	",\"interfaces\":[{\"name\":\"lo\",\"index\":1,\"addresses\":[\"127.0.0.1/8\"]," \
	"\"maximumTransmissionUnit\":65536,\"operationalState\":\"unknown\"}," \
	"{\"name\":\"eth0\",\"index\":2,\"network\":\"br1\",\"hostInterfaceName\":\"nsv3\"," \
	"\"hardwareAddress\":\"02:00:5e:00:53:01\",\"addresses\":[\"10.10.0.10/16\",\"fd00:1::10/64\"]," \
	"\"maximumTransmissionUnit\":1500,\"operationalState\":\"up\",\"statistics\":" \
	"{\"receivedBytes\":12345,\"receivedPackets\":40,\"receivedErrors\":1,\"receivedDropped\":3," \
	"\"sentBytes\":80,\"sentPackets\":1,\"sentErrors\":0,\"sentDropped\":0}}]," \
	"\"routes\":[{\"destination\":\"default\",\"gateway\":\"10.10.0.1\"}," \
	"{\"destination\":\"fd00:1::/64\",\"metric\":256}],\"processes\":[{\"pid\":4194305},{\"pid\":4194306}]"

static void test_show(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE,
		NAMESPACE("ns1",
			"\"description\":\"the \\u001b[31m first\",\"labels\":{\"a\":\"1\",\"b\":\"2\"},"
			"\"nameServers\":[\"192.0.2.53\",\"192.0.2.54\"],\"links\":[\"wg0\",\"wg1\"],"
			"\"sysctls\":{\"net.ipv4.ip_forward\":\"1\"},\"ports\":["
			"{\"protocol\":\"tcp\",\"hostPort\":20000,\"namespacePort\":80},"
			"{\"protocol\":\"udp\",\"hostAddress\":\"::1\",\"hostPort\":53,\"namespacePort\":53}],"
			"\"attachments\":[{\"network\":\"br1\",\"interfaceName\":\"eth0\",\"shaping\":"
			"{\"sendRate\":10000000,\"delay\":10000}},{\"network\":\"br2\",\"interfaceName\":\"eth1\"}]",
			INSIDE, ""),
		NAMESPACE("lonely", "\"attachments\":[]", ",\"interfaces\":[],\"routes\":[]", ""));
	WORDS(&world, "ns1", "lonely");
	PRINTS(namespace_show, &world, 0,
		"ns1\n"
		"  Description  the \\x1b[31m first\n"
		"  Owner        nobody; only root enters it\n"
		"  Path         /run/netns/ns1\n"
		"  Inode        1, cookie 17\n"
		"  Labels       a=1\n"
		"               b=2\n"
		"  Published    20000/tcp -> 80\n"
		"               [::1]:53/udp -> 53\n"
		"  Name servers 192.0.2.53\n"
		"               192.0.2.54\n"
		"  Links        wg0\n"
		"               wg1\n"
		"  Sysctls      net.ipv4.ip_forward=1\n"
		"  Shaping      eth0: up 10mbit, delay 10ms\n"
		"  lo           unknown, MTU 65536\n"
		"               127.0.0.1/8\n"
		"  eth0         up, network br1, MTU 1500, 02:00:5e:00:53:01\n"
		"               nsv3 on the host\n"
		"               10.10.0.10/16\n"
		"               fd00:1::10/64\n"
		"               received 40 packets, 12.3 kB, 1 error, 3 dropped\n"
		"               sent 1 packet, 80 B\n"
		"  Routes       default via 10.10.0.1\n"
		"               fd00:1::/64 metric 256\n"
		"  Processes    4194305\n"
		"               4194306\n"
		"\n"
		"lonely\n"
		"  Owner        nobody; only root enters it\n"
		"  Path         /run/netns/lonely\n"
		"  Inode        1, cookie 17\n");

	/* What is inside is not told where there is too much of it. */
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, LONELY);
	WORDS(&world, "lonely");
	PRINTS(namespace_show, &world, 0,
		"lonely\n"
		"  Owner        nobody; only root enters it\n"
		"  Path         /run/netns/lonely\n"
		"  Inode        1, cookie 17\n"
		"  Inside       more interfaces, addresses or routes than are told of\n");

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, LONELY,
		"{\"error\":\"alt.nsnet.NoSuchNamespace\",\"parameters\":{\"name\":\"nope\"}}");
	WORDS(&world, "lonely", "nope");
	world.client.options.is_quiet = true;
	PRINTS(namespace_show, &world, PROBLEM_NO_OBJECT, "lonely\n");

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, LONELY);
	WORDS(&world, "lonely");
	world.client.options.json = OPTIONS_JSON_SHORT;
	PRINTS(namespace_show, &world, 0,
		"{\"name\":\"lonely\",\"context\":{\"attachments\":[]},\"runtime\":{\"uid\":65534,\"ownership\":\"host\","
		"\"path\":\"/run/netns/lonely\",\"inode\":1,\"cookie\":17,\"created\":{},\"revision\":1}}\n");
}

static void test_networks(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(
		&world, CLIENT_WORLD_CLOSE, NETWORK("bridge1", CONTINUES), NETWORK("lab", ""));
	WORDS(&world);
	PRINTS(network_list, &world, 0,
		"NAME     PREFIXES                   REACH  BRIDGE  ATTACHED  OWNER\n"
		"bridge1  10.10.0.0/16, fd00:1::/64  nat    nsnet1  2         root\n"
		"lab      10.10.0.0/16, fd00:1::/64  nat    nsnet1  2         root\n");

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NETWORK("bridge1", CONTINUES),
		NETWORK("lab", ""), NS1, ROUTER, LONELY, NO_NAMESPACE);
	WORDS(&world);
	PRINTS(network_show, &world, 0,
		"bridge1\n"
		"  Owner        root\n"
		"  Prefixes     10.10.0.0/16\n"
		"               fd00:1::/64\n"
		"  Gateways     10.10.0.1\n"
		"  Reach        nat\n"
		"  Bridge       nsnet1, index 5\n"
		"  MTU          1500\n"
		"  Namespaces   ns1  10.10.0.10, fd00:1::10\n"
		"               router  10.10.0.1\n"
		"\n"
		"lab\n"
		"  Owner        root\n"
		"  Prefixes     10.10.0.0/16\n"
		"               fd00:1::/64\n"
		"  Gateways     10.10.0.1\n"
		"  Reach        nat\n"
		"  Bridge       nsnet1, index 5\n"
		"  MTU          1500\n");

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NETWORK("bridge1", ""));
	WORDS(&world);
	world.client.options.json = OPTIONS_JSON_SHORT;
	PRINTS(network_list, &world, 0,
		"{\"networks\":{\"bridge1\":{\"prefixes\":[\"10.10.0.0/16\"],\"reach\":\"nat\",\"maximumTransmissionUnit\":1500}}}\n");
}

/* What is declared of it, and what came of that. */
static void test_network_declared(void **state unused)
{
	static const char wanted[] = "lab\n"
				     "  Owner        root\n"
				     "  Reach        route\n"
				     "  Bridge       nsnet7, index 9\n"
				     "  MTU          1420, follows the uplink\n"
				     "  Isolated     yes\n"
				     "  Domain       lab.example\n"
				     "  Name servers 192.0.2.53\n"
				     "  Labels       a=1\n";
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE,
		"{\"parameters\":{\"name\":\"lab\",\"context\":{\"isolated\":true,"
		"\"maximumTransmissionUnit\":0,\"nameServers\":[\"192.0.2.53\"],\"domain\":\"lab.example\","
		"\"labels\":{\"a\":\"1\"}},\"runtime\":{\"uid\":0,\"bridgeName\":\"nsnet7\",\"bridgeIndex\":9,"
		"\"prefixes\":[],\"gateways\":[],\"reach\":\"route\",\"domain\":\"lab.example\",\"maximumTransmissionUnit\":1420,\"attachments\":0,"
		"\"created\":{},\"revision\":1}}}",
		NO_NAMESPACE);
	WORDS(&world, "lab");
	PRINTS(network_show, &world, 0, wanted);
}

static void test_create(void **state unused)
{
	static const char *const none[] = { NULL };
	struct client_world world;

	/* The reply to a create has no name. */
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, LONELY, LONELY);
	WORDS(&world, "a", "b");
	PRINTS(namespace_create, &world, 0, "");

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, LONELY);
	WORDS(&world, "a");
	world.client.options.json = OPTIONS_JSON_PRETTY;
	client_world_capture(&world);
	assert_int_equal(namespace_create(&world.client), 0);
	assert_non_null(strstr(client_world_printed(&world), "{\n  \"name\": \"a\",\n"));
	client_world_end(&world);

	/* Nothing is asked for what cannot be. */
	client_world_begin(&world, none, CLIENT_WORLD_CLOSE);
	WORDS(&world, "a", "b");
	assert_int_equal(attachments_network(&world.client.settings, "br1:ip=10.10.0.10",
				 &world.client.problem),
		0);
	assert_int_equal(namespace_create(&world.client), PROBLEM_USAGE);
	assert_non_null(strstr(world.client.problem.what, "leave out ip= and mac="));
	world.client.settings = (struct settings){ 0 };
	assert_int_equal(
		ports_publish(&world.client.settings, "8080:80", &world.client.problem), 0);
	assert_int_equal(namespace_create(&world.client), PROBLEM_USAGE);
	assert_non_null(strstr(world.client.problem.what, "a port of the host leads into one"));
	WORDS(&world, "a/b");
	assert_int_equal(namespace_set(&world.client), PROBLEM_USAGE);
	assert_int_equal(network_set(&world.client), PROBLEM_USAGE);
	assert_int_equal(namespace_create(&world.client), PROBLEM_USAGE);
	assert_int_equal(namespace_delete(&world.client), PROBLEM_USAGE);
	assert_int_equal(namespace_show(&world.client), PROBLEM_USAGE);
	assert_int_equal(network_create(&world.client), PROBLEM_USAGE);
	assert_int_equal(network_delete(&world.client), PROBLEM_USAGE);
	assert_int_equal(network_show(&world.client), PROBLEM_USAGE);
	assert_false(world.client.call.is_open);
	/* For the daemon's sake. */
	assert_int_equal(call_start(&world.client.call, "a.b", false, NULL), 0);
	client_world_end(&world);
}

#define EXISTS \
	"{\"error\":\"alt.nsnet.NamespaceExists\",\"parameters\":{\"name\":\"b\",\"own\":true}}"
#define OVER \
	"{\"error\":\"alt.nsnet.QuotaExceeded\",\"parameters\":{\"resource\":\"namespaces\",\"limit\":4}}"

#define MADE(name) "{\"name\":\"" name "\",\"context\":{\"attachments\":[]}"

static const char *create_some(struct client_world *world, int result)
{
	const char *printed;
	int r;

	world->client.options.json = OPTIONS_JSON_SHORT;
	client_world_capture(world);
	r = namespace_create(&world->client);
	printed = client_world_printed(world);
	assert_int_equal(r, result);
	return printed;
}

/* Several are asked for before the first is answered. One that cannot be made is told of in its turn and keeps none of the others; the
 * status is its own. */
static void test_create_some(void **state unused)
{
	struct client_world world;
	const char *printed, *a, *b, *c;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_GATHER, LONELY, EXISTS, LONELY);
	WORDS(&world, "a", "b", "c");
	printed = create_some(&world, PROBLEM_IN_USE);
	a = strstr(printed, MADE("a"));
	b = strstr(printed, "alt.nsnet.NamespaceExists");
	c = strstr(printed, MADE("c"));
	assert_true(a && b && c && a < b && b < c);
	assert_null(strstr(printed, MADE("b")));
	assert_null(world.client.problem.what);
	client_world_end(&world);

	/* What is said of all of them is said once. */
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_GATHER, OVER, OVER, EXISTS, OVER);
	WORDS(&world, "a", "b", "c", "d");
	printed = create_some(&world, PROBLEM_NOT_ALLOWED);
	a = strstr(printed, "QuotaExceeded");
	b = strstr(printed, "NamespaceExists");
	assert_true(a && b && a < b);
	assert_true(strstr(a + 1, "QuotaExceeded") > b);
	client_world_end(&world);

	/* The only one's problem is left to be told at the end. */
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_GATHER, EXISTS);
	WORDS(&world, "b");
	assert_string_equal(create_some(&world, PROBLEM_IN_USE), "");
	assert_non_null(world.client.problem.what);
	client_world_end(&world);

	/* Nobody knows what becomes of those that are not answered. */
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, LONELY);
	WORDS(&world, "a", "b", "c");
	assert_non_null(strstr(create_some(&world, PROBLEM_FAILED), MADE("a")));
	assert_non_null(strstr(world.client.problem.what, "without an answer"));
	client_world_end(&world);
}

static void test_create_many(void **state unused)
{
	enum { N = 200 };
	const char *replies[N + 1] = { NULL }, *names[N + 1] = { NULL };
	struct client_world world;
	const char *at;

	for (size_t i = 0; i < N; i++)
		replies[i] = LONELY;
	client_world_begin(&world, replies, CLIENT_WORLD_CLOSE);
	for (size_t i = 0; i < N; i++)
		names[i] = arena_printf(&world.client.arena, "n%zu", i);
	set_words(&world, names);
	at = create_some(&world, 0);
	for (size_t i = 0; i < N; i++) {
		at = strstr(at, arena_printf(&world.client.arena, "\"name\":\"n%zu\",", i));
		assert_non_null(at);
	}
	at = client_world_sent(&world);
	for (size_t i = 0; i < N; i++) {
		at = strstr(at, arena_printf(&world.client.arena, "\"name\":\"n%zu\"", i));
		assert_non_null(at);
	}
	client_world_end(&world);
}

static void test_call(void **state unused)
{
	static const char *const none[] = { NULL };
	static const char *const wrong[] = { "{", "[]", "{'a':1}", "{\"a\":1,\"a\":2}", "", "7" };
	struct client_world world;

	CLIENT_WORLD_BEGIN(
		&world, CLIENT_WORLD_CLOSE, "{\"parameters\":{\"a\":1}" CONTINUES "}", "{}");
	WORDS(&world, "Describe", " {\"x\":[1, 2]}\n");
	PRINTS(describe_call, &world, 0, "{\"a\":1}\n{}\n");

	CLIENT_WORLD_BEGIN(
		&world, CLIENT_WORLD_CLOSE, "{\"parameters\":{\"description\":\"interface a.b\"}}");
	WORDS(&world, "a.b");
	PRINTS(describe_introspect, &world, 0, "interface a.b\n");

	client_world_begin(&world, none, CLIENT_WORLD_CLOSE);
	for (size_t i = 0; i < lengthof(wrong); i++) {
		WORDS(&world, "Describe", wrong[i]);
		assert_int_equal(describe_call(&world.client), PROBLEM_USAGE);
	}
	assert_int_equal(call_start(&world.client.call, "a.b", false, NULL), 0);
	client_world_end(&world);
}

/* Every verb of every noun is found, and a slip suggests it. */
static void try_verbs(const struct verb *noun)
{
	for (size_t i = 0; i < noun->n_verbs; i++) {
		autoarena struct arena arena = ARENA_INIT;
		struct problem problem = { .arena = &arena };
		const struct verb *verb = &noun->verbs[i], *found = NULL;
		const char *slip = arena_printf(&arena, "%sx", verb->name);

		assert_int_equal(verbs_find(noun, verb->name, &found, &problem), 0);
		assert_ptr_equal(found, verb);
		assert_int_equal(verbs_find(noun, slip, &found, &problem), PROBLEM_USAGE);
		/* Nobody means what nobody is told of. */
		assert_int_equal(verb->is_hidden,
			!strstr(problem.what,
				arena_printf(&arena, "is \"%s\" meant?", verb->name)));
		assert_int_equal(verb->kind == VERB_NOUN, verb->run == NULL);
		try_verbs(verb);
	}
}

/* So is every option of a verb; one that needs a value is not taken without. */
static void try_options(const struct verb *verb)
{
	for (size_t g = 0; g < verb->n_groups; g++) {
		for (size_t i = 0; i < verb->groups[g]->n; i++) {
			autoarena struct arena arena = ARENA_INIT;
			struct problem problem = { .arena = &arena };
			const struct option_row *row = &verb->groups[g]->rows[i];
			char *slip = arena_printf(&arena, "--%sx", row->name);
			char *lone = arena_printf(&arena, "--%s", row->name);
			struct options_walk walk = { &slip, 1, 0, NULL, verb->groups,
				verb->n_groups, &problem, false };
			const char *word;

			assert_int_equal(options_next(&walk, &word), PROBLEM_USAGE);
			assert_string_equal(problem.what,
				arena_printf(&arena, "no option --%sx here; is --%s meant?",
					row->name, row->name));
			if (!row->argument || after(row->argument, "[="))
				continue;
			walk.arguments = &lone;
			walk.at = 0;
			assert_int_equal(options_next(&walk, &word), PROBLEM_USAGE);
			assert_string_equal(problem.what,
				arena_printf(&arena, "--%s lacks its value", row->name));
		}
	}
	for (size_t i = 0; i < verb->n_verbs; i++)
		try_options(&verb->verbs[i]);
}

static void test_options(void **state unused)
{
	try_options(&verbs_root);
}

/* What can be made can be set, by the same words. */
static void test_settings(void **state unused)
{
	static const struct {
		const char *noun, *maker;
	} pairs[] = { { NULL, "create" }, { NULL, "run" }, { "network", "create" } };

	for (size_t i = 0; i < lengthof(pairs); i++) {
		autoarena struct arena arena = ARENA_INIT;
		struct problem problem = { .arena = &arena };
		const struct verb *noun = &verbs_root, *maker, *set;

		if (pairs[i].noun)
			assert_int_equal(
				verbs_find(&verbs_root, pairs[i].noun, &noun, &problem), 0);
		assert_int_equal(verbs_find(noun, pairs[i].maker, &maker, &problem), 0);
		assert_int_equal(verbs_find(noun, "set", &set, &problem), 0);
		assert_ptr_equal(set->groups[0], maker->groups[0]);
	}
}

static void test_verbs(void **state unused)
{
	autoarena struct arena arena = ARENA_INIT;
	struct problem problem = { .arena = &arena };
	const struct verb *found;

	try_verbs(&verbs_root);
	assert_int_equal(verbs_find(&verbs_root, "rm", &found, &problem), PROBLEM_USAGE);
	assert_string_equal(problem.mend, "nsnetctl delete");
	assert_int_equal(verbs_find(&verbs_root, "xyzzy", &found, &problem), PROBLEM_USAGE);
	assert_string_equal(problem.what, "no verb \"xyzzy\"");
	assert_null(problem.mend);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_list_none),
		cmocka_unit_test(test_show),
		cmocka_unit_test(test_networks),
		cmocka_unit_test(test_network_declared),
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_create_some),
		cmocka_unit_test(test_create_many),
		cmocka_unit_test(test_call),
		cmocka_unit_test(test_verbs),
		cmocka_unit_test(test_options),
		cmocka_unit_test(test_settings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
