/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_client_set - what create and set send, and how often
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <stdio.h>

#include "attachments.h"
#include "client_world.h"
#include "ports.h"

#define RUNTIME \
	"\"uid\":0,\"ownership\":\"host\",\"path\":\"/run/netns/ns1\",\"inode\":4026532345,\"cookie\":17," \
	"\"created\":{}"
#define NAMESPACE(context, revision) \
	"{\"parameters\":{\"name\":\"ns1\",\"context\":{" context "},\"runtime\":{" RUNTIME \
	",\"revision\":" #revision "}}}"
#define DONE "{\"parameters\":{\"context\":{},\"runtime\":{" RUNTIME ",\"revision\":9}}}"
#define NETWORK_RUNTIME(revision) \
	"{\"uid\":0,\"bridgeName\":\"nsnet1\",\"bridgeIndex\":5,\"prefixes\":[\"10.10.0.0/16\",\"fd00:1::/64\"]," \
	"\"gateways\":[\"10.10.0.1\"],\"reach\":\"nat\",\"maximumTransmissionUnit\":1500,\"attachments\":2,\"created\":{}," \
	"\"revision\":" #revision "}"
#define CHANGED "{\"error\":\"alt.nsnet.Changed\",\"parameters\":{\"name\":\"ns1\",\"revision\":8}}"

#define LIST \
	"{\"method\":\"alt.nsnet.ListNamespaces\",\"more\":true,\"parameters\":{\"name\":\"ns1\"}}\n"
#define SET(parameters) \
	"{\"method\":\"alt.nsnet.SetNamespace\",\"parameters\":{\"name\":\"ns1\"," parameters "}}\n"
#define WEB "{\"protocol\":\"tcp\",\"hostPort\":8080,\"namespacePort\":80}"
#define TLS "{\"protocol\":\"tcp\",\"hostPort\":8443,\"namespacePort\":443}"

static void name(struct client_world *world, const char **words)
{
	world->client.words = words;
	world->client.n_words = 1;
}

static const char *ns1[] = { "ns1", NULL }, *br1[] = { "br1", NULL };

#define GIVEN(world, parse, value) \
	assert_int_equal(parse(&(world)->client.settings, value, &(world)->client.problem), 0)

/* Does a verb; what was sent. Nothing is printed. */
#define SENDS(verb, world, result, wanted) \
	do { \
		client_world_capture(world); \
		assert_int_equal(verb(&(world)->client), result); \
		assert_string_equal(client_world_printed(world), ""); \
		assert_string_equal(client_world_sent(world), wanted); \
	} while (0)

/* The fields that are named, and no look before. */
static void test_replace(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, DONE);
	name(&world, ns1);
	GIVEN(&world, ports_publish, "8080:80");
	GIVEN(&world, settings_description, "the web");
	SENDS(namespace_set, &world, 0,
		SET("\"context\":{\"description\":\"the web\",\"ports\":[" WEB "]}"));
	client_world_end(&world);

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, DONE);
	name(&world, ns1);
	GIVEN(&world, attachments_network, "none");
	GIVEN(&world, settings_sysctl, "none");
	SENDS(namespace_set, &world, 0, SET("\"context\":{\"attachments\":[],\"sysctls\":{}}"));
	client_world_end(&world);
}

static void test_change(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE,
		NAMESPACE("\"description\":\"d\",\"ports\":[" WEB "],\"labels\":{\"a\":\"1\"}", 7),
		DONE);
	name(&world, ns1);
	GIVEN(&world, ports_publish, "+8443:443");
	GIVEN(&world, ports_publish, "-8080:80");
	GIVEN(&world, settings_dns, "10.64.0.1");
	SENDS(namespace_set, &world, 0,
		LIST SET("\"context\":{\"ports\":[" TLS
			 "],\"nameServers\":[\"10.64.0.1\"]},\"revision\":7"));
	client_world_end(&world);

	/* Shaping is a part of what it is attached to. */
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE,
		NAMESPACE(
			"\"attachments\":[{\"network\":\"br1\",\"interfaceName\":\"eth0\",\"shaping\":{\"loss\":5}}]",
			3),
		DONE);
	name(&world, ns1);
	GIVEN(&world, attachments_rate, "10mbit");
	GIVEN(&world, attachments_loss, "none");
	SENDS(namespace_set, &world, 0,
		LIST SET(
			"\"context\":{\"attachments\":[{\"network\":\"br1\",\"interfaceName\":\"eth0\","
			"\"shaping\":{\"sendRate\":10000000,\"receiveRate\":10000000}}]},\"revision\":3"));
	client_world_end(&world);
}

/* Somebody else was first: looked up and changed again, with what he has made of it. */
static void test_changed(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NAMESPACE("", 7), CHANGED,
		NAMESPACE("\"ports\":[" WEB "]", 8), DONE);
	name(&world, ns1);
	GIVEN(&world, ports_publish, "+8443:443");
	SENDS(namespace_set, &world, 0,
		LIST SET("\"context\":{\"ports\":[" TLS "]},\"revision\":7")
			LIST SET("\"context\":{\"ports\":[" WEB "," TLS "]},\"revision\":8"));
	assert_null(world.client.problem.what);
	client_world_end(&world);

	/* Not for ever. */
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NAMESPACE("", 1), CHANGED, NAMESPACE("", 2),
		CHANGED, NAMESPACE("", 3), CHANGED, NAMESPACE("", 4), CHANGED, NAMESPACE("", 5),
		CHANGED);
	name(&world, ns1);
	GIVEN(&world, settings_label, "+a=1");
	assert_int_equal(namespace_set(&world.client), PROBLEM_IN_USE);
	assert_string_equal(
		world.client.problem.what, "\"ns1\" was changed by somebody else at the same time");
	client_world_end(&world);

	/* He has taken it away himself. */
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NAMESPACE("\"ports\":[" WEB "]", 1), CHANGED,
		NAMESPACE("\"ports\":[]", 2));
	name(&world, ns1);
	GIVEN(&world, ports_publish, "-8080");
	SENDS(namespace_set, &world, PROBLEM_NO_OBJECT,
		LIST SET("\"context\":{\"ports\":[]},\"revision\":1") LIST);
	assert_string_equal(
		world.client.problem.what, "namespace \"ns1\" has no --publish 8080 to take away");
	assert_string_equal(world.client.problem.mend, "nsnetctl show ns1");
	client_world_end(&world);
}

/* Other errors are told at once. */
static void test_refused(void **state unused)
{
	static const char *const none[] = { NULL };
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE,
		"{\"error\":\"alt.nsnet.NoSuchNamespace\",\"parameters\":{\"name\":\"ns1\"}}");
	name(&world, ns1);
	GIVEN(&world, settings_link, "+wg0");
	SENDS(namespace_set, &world, PROBLEM_NO_OBJECT, LIST);
	client_world_end(&world);

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE,
		"{\"error\":\"alt.nsnet.LinkUnavailable\",\"parameters\":{\"interfaceName\":\"wg0\"}}");
	name(&world, ns1);
	GIVEN(&world, settings_link, "wg0");
	SENDS(namespace_set, &world, PROBLEM_IN_USE, SET("\"context\":{\"links\":[\"wg0\"]}"));
	client_world_end(&world);

	client_world_begin(&world, none, CLIENT_WORLD_CLOSE);
	name(&world, ns1);
	assert_int_equal(namespace_set(&world.client), PROBLEM_USAGE);
	assert_string_equal(world.client.problem.what, "set needs a setting");
	assert_int_equal(network_set(&world.client), PROBLEM_USAGE);
	assert_false(world.client.call.is_open);
	/* For the daemon's sake. */
	assert_int_equal(call_start(&world.client.call, "a.b", false, NULL), 0);
	client_world_end(&world);
}

static void test_network(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE,
		"{\"parameters\":{\"context\":{},\"runtime\":" NETWORK_RUNTIME(2) "}}");
	name(&world, br1);
	GIVEN(&world, settings_reach, "route");
	GIVEN(&world, settings_isolated, "yes");
	GIVEN(&world, settings_mtu, "9000");
	GIVEN(&world, settings_dns, "none");
	GIVEN(&world, settings_domain, "lab");
	SENDS(network_set, &world, 0,
		"{\"method\":\"alt.nsnet.SetNetwork\",\"parameters\":{\"name\":\"br1\",\"context\":{\"reach\":\"route\","
		"\"isolated\":true,\"maximumTransmissionUnit\":9000,\"nameServers\":[],\"domain\":\"lab\"}}}\n");
	client_world_end(&world);

	/* Prefixes that were chosen are changed like those that were asked for. */
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE,
		"{\"parameters\":{\"name\":\"br1\",\"context\":{},\"runtime\":" NETWORK_RUNTIME(
			4) "}}",
		"{\"error\":\"alt.nsnet.NetworkBusy\",\"parameters\":{\"name\":\"br1\",\"attachments\":2}}");
	name(&world, br1);
	world.client.context.verb = "network set";
	GIVEN(&world, settings_subnet, "-fd00:1::/64");
	GIVEN(&world, settings_gateway, "+fd00:1::1");
	SENDS(network_set, &world, PROBLEM_IN_USE,
		"{\"method\":\"alt.nsnet.ListNetworks\",\"more\":true,\"parameters\":{\"name\":\"br1\"}}\n"
		"{\"method\":\"alt.nsnet.SetNetwork\",\"parameters\":{\"name\":\"br1\",\"context\":{"
		"\"prefixes\":[\"10.10.0.0/16\"],\"gateways\":[\"10.10.0.1\",\"fd00:1::1\"]},\"revision\":4}}\n");
	assert_string_equal(world.client.problem.what,
		"network \"br1\" keeps its prefixes, gateways and domain while 2 namespaces are attached to it");
	client_world_end(&world);
}

static void test_create(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, DONE);
	name(&world, ns1);
	GIVEN(&world, ports_publish, ":80");
	GIVEN(&world, attachments_delay, "10ms,2ms");
	GIVEN(&world, attachments_network, "+lab");
	SENDS(namespace_create, &world, 0,
		"{\"method\":\"alt.nsnet.CreateNamespace\",\"parameters\":{\"name\":\"ns1\",\"context\":{\"attachments\":["
		"{\"network\":\"default\",\"shaping\":{\"delay\":10000,\"jitter\":2000}},{\"network\":\"lab\"}],"
		"\"ports\":[{\"protocol\":\"tcp\",\"namespacePort\":80}]}}}\n");
	client_world_end(&world);
}

/* With -j, what came of it. */
static void test_json(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, DONE);
	name(&world, ns1);
	GIVEN(&world, ports_publish, "8080:80");
	world.client.options.json = OPTIONS_JSON_SHORT;
	client_world_capture(&world);
	assert_int_equal(namespace_set(&world.client), 0);
	assert_string_equal(client_world_printed(&world),
		"{\"name\":\"ns1\",\"context\":{},\"runtime\":{" RUNTIME ",\"revision\":9}}\n");
	client_world_end(&world);
}

#define LOST \
	"{\"parameters\":{\"context\":{},\"runtime\":{" RUNTIME \
	",\"revision\":9,\"lostAddresses\":[\"10.64.0.2/32\",\"fd00::2/128\"]}}}"

/* What a verb says on stderr. */
static const char *complains(struct client_world *world, int (*verb)(struct client *client))
{
	enum { MAX = 4096 };
	int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600), saved = dup(STDERR_FILENO);
	char *text = arena_alloc(&world->client.arena, MAX + 1);

	assert_int_equal(dup2(fd, STDERR_FILENO), STDERR_FILENO);
	assert_int_equal(verb(&world->client), 0);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	assert_true(pread(fd, text, MAX, 0) >= 0);
	(void)close_fd(fd);
	(void)close_fd(saved);
	return text;
}

static void test_lost(void **state unused)
{
	static const char said[] = "nsnetctl: wg0 lost the address 10.64.0.2/32\n"
				   "nsnetctl: wg0 lost the address fd00::2/128\n";
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, LOST);
	name(&world, ns1);
	GIVEN(&world, settings_link, "wg0");
	assert_string_equal(complains(&world, namespace_set), said);
	client_world_end(&world);

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, LOST);
	name(&world, ns1);
	GIVEN(&world, settings_link, "wg0");
	assert_string_equal(complains(&world, namespace_create), said);
	client_world_end(&world);

	/* Which of them, the answer does not tell. */
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, LOST);
	name(&world, ns1);
	GIVEN(&world, settings_link, "wg0");
	GIVEN(&world, settings_link, "wg1");
	assert_string_equal(complains(&world, namespace_set),
		"nsnetctl: an interface lost the address 10.64.0.2/32\n"
		"nsnetctl: an interface lost the address fd00::2/128\n");
	client_world_end(&world);

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, DONE);
	name(&world, ns1);
	GIVEN(&world, settings_link, "wg0");
	assert_string_equal(complains(&world, namespace_set), "");
	client_world_end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replace),
		cmocka_unit_test(test_change),
		cmocka_unit_test(test_changed),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_network),
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
