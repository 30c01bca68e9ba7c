/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_client_apply - files that are applied: what is read, sent, printed and told of them
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <pty.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "client_world.h"
#include "place.h"
#include "topology.h"

#define NOTHING        "{\"parameters\":{\"changes\":[]}}"
#define CHANGE(change) "{\"continues\":true,\"parameters\":{\"changes\":[" change "]}}"
#define LAN            CHANGE("{\"action\":\"create\",\"network\":\"lan\"}")
#define WEB \
	CHANGE("{\"action\":\"update\",\"namespace\":\"web\",\"fields\":[\"ports\",\"description\"]," \
	       "\"steps\":[\"ip link add x\",\"sysctl -w y=1\"]}")
#define OLD CHANGE("{\"action\":\"delete\",\"namespace\":\"a\\u001b[2J\"}")
#define FILE_TEXT \
	"{\n  \"networks\": { \"lan\": {} },\n  \"namespaces\": { \"web\": { \"ports\": [] }, \"db\": {} }\n}\n"
#define SENT "{\"networks\":{\"lan\":{}},\"namespaces\":{\"web\":{\"ports\":[]},\"db\":{}}"

/* Files of the test, which stand open below /dev/fd. */
struct files {
	const char *paths[3];
	size_t n;
	int fds[3];
};

static void files_begin(
	struct files *files, struct arena *arena, const char *const *texts, size_t n)
{
	files->n = n;
	for (size_t i = 0; i < n; i++) {
		int fd = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);

		assert_true(fd >= 0);
		assert_int_equal(write(fd, texts[i], strlen(texts[i])), strlen(texts[i]));
		files->fds[i] = fd;
		files->paths[i] = arena_printf(arena, "/dev/fd/%d", fd);
	}
}

static void files_end(struct files *files)
{
	for (size_t i = 0; i < files->n; i++)
		(void)close_fd(files->fds[i]);
}

/* What apply prints of the one file that all of these tests have. */
static const char *apply(struct client_world *world, int wanted)
{
	struct files files;
	const char *printed;
	int r;

	files_begin(&files, &world->client.arena, (const char *const[]){ FILE_TEXT }, 1);
	world->client.words = files.paths;
	world->client.n_words = 1;
	client_world_capture(world);
	r = apply_files(&world->client);
	printed = client_world_printed(world);
	assert_int_equal(r, wanted);
	files_end(&files);
	return printed;
}

static void test_lines(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, LAN, WEB, OLD, NOTHING);
	assert_string_equal(apply(&world, 0), "+ network lan\n"
					      "~ namespace web (ports, description)\n"
					      "- namespace a\\x1b[2J\n");
	assert_string_equal(client_world_sent(&world),
		"{\"method\":\"alt.nsnet.Apply\",\"more\":true,\"parameters\":" SENT "}}\n");
	client_world_end(&world);

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, LAN, WEB, NOTHING);
	world.client.apply = (struct apply_options){ true, true, true };
	world.client.kills = true;
	assert_string_equal(apply(&world, 0), "+ network lan\n"
					      "~ namespace web (ports, description)\n"
					      "    ip link add x\n"
					      "    sysctl -w y=1\n");
	assert_string_equal(client_world_sent(&world),
		"{\"method\":\"alt.nsnet.Apply\",\"more\":true,\"parameters\":" SENT
		",\"prune\":true,\"kill\":true,\"dryRun\":true}}\n");
	client_world_end(&world);

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NOTHING);
	assert_string_equal(apply(&world, 0), "");
	client_world_end(&world);

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, LAN, NOTHING);
	world.client.options.is_quiet = true;
	assert_string_equal(apply(&world, 0), "");
	client_world_end(&world);

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, LAN, OLD, NOTHING);
	world.client.options.json = OPTIONS_JSON_SHORT;
	assert_string_equal(apply(&world, 0),
		"{\"changes\":[{\"action\":\"create\",\"network\":\"lan\"},"
		"{\"action\":\"delete\",\"namespace\":\"a\\u001b[2J\"}]}\n");
	client_world_end(&world);
}

#define ERROR(error, parameters) "{\"error\":\"" error "\",\"parameters\":{" parameters "}}"

/* What was told before is taken back: nothing of it is printed. */
static void test_errors(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, LAN,
		ERROR("alt.nsnet.PortUnavailable", "\"protocol\":\"tcp\",\"hostPort\":80"));
	assert_string_equal(apply(&world, PROBLEM_IN_USE), "");
	assert_string_equal(world.client.problem.what, "port 80/tcp of this host is in use");
	assert_non_null(strstr(world.client.problem.mend, "without \"hostPort\""));
	assert_non_null(world.client.problem.error);
	client_world_end(&world);

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE,
		ERROR("org.varlink.service.InvalidParameter",
			"\"parameter\":\"namespaces.web.ports[0].hostPort\""));
	assert_string_equal(apply(&world, PROBLEM_USAGE), "");
	assert_non_null(strstr(world.client.problem.what,
		":3: nsnetd does not take namespaces.web.ports[0].hostPort"));
	assert_string_equal(world.client.problem.mend, TOPOLOGY_MANUAL);
	client_world_end(&world);

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE,
		ERROR("alt.nsnet.NamespaceBusy", "\"name\":\"old\",\"processes\":[]"));
	world.client.context.typed = "nsnetctl apply --prune x";
	assert_string_equal(apply(&world, PROBLEM_IN_USE), "");
	assert_string_equal(world.client.problem.mend, "nsnetctl apply --prune x --kill");
	client_world_end(&world);

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, LAN);
	assert_string_equal(apply(&world, PROBLEM_FAILED), "");
	client_world_end(&world);

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, "{\"parameters\":{\"changes\":1}}");
	assert_string_equal(apply(&world, PROBLEM_FAILED), "");
	assert_string_equal(
		world.client.problem.what, "nsnetd's answer to Apply has a wrong \"changes\"");
	client_world_end(&world);
}

/* On a terminal it is told how far it is; in a pipe it is not. */
static void test_progress(void **state unused)
{
	int saved = dup(STDERR_FILENO), terminal, side;
	struct client_world world;
	char text[256] = "";
	ssize_t n = 0;

	assert_int_equal(openpty(&terminal, &side, NULL, NULL, NULL), 0);
	assert_int_equal(dup2(side, STDERR_FILENO), STDERR_FILENO);
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, LAN, WEB, OLD, NOTHING);
	(void)apply(&world, 0);
	client_world_end(&world);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	while (!strstr(text, "\033[K")) {
		ssize_t more = read(terminal, text + n, sizeof(text) - 1 - (size_t)n);

		assert_true(more > 0);
		n += more;
	}
	assert_string_equal(text, "\r0 of 3\r1 of 3\r2 of 3\r3 of 3\r\033[K");
	(void)close_fd(saved);
	(void)close_fd(side);
	(void)close_fd(terminal);
}

/* Told, and then ended by the signal, so that a shell sees it; the daemon sees the connection end. */
static void test_interrupt(void **state unused)
{
	struct client_world world;
	char text[256] = "";
	int status, ends[2];
	pid_t pid;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_WAIT, LAN);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)signal(SIGINT, SIG_DFL);
		(void)dup2(ends[1], STDERR_FILENO);
		_exit((int)apply(&world, 0)[0] + 100);
	}
	(void)close_fd(ends[1]);
	/* Once its call is read it waits for the end of the answer. */
	while (!strchr(client_world_sent(&world), '\n'))
		(void)usleep(1000);
	assert_int_equal(kill(pid, SIGINT), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGINT);
	assert_true(read(ends[0], text, sizeof(text) - 1) > 0);
	assert_string_equal(text,
		"\nnsnetctl: interrupted; nsnetd takes back what was done\n  nsnetctl list\n");
	(void)close_fd(ends[0]);
	client_world_end(&world);
}

/* What is wrong with files of these texts; NULL: nothing. */
static const char *wrong(struct arena *arena, const char *const *texts, size_t n)
{
	struct problem problem = { .arena = arena };
	struct topology topology;
	struct files files;
	int r;

	files_begin(&files, arena, texts, n);
	r = topology_read(files.paths, n, &topology, &problem);
	files_end(&files);
	if (r == 0)
		return NULL;
	assert_int_equal(r, PROBLEM_USAGE);
	assert_string_equal(problem.mend, TOPOLOGY_MANUAL);
	/* Behind the path. */
	return strchr(problem.what, ':') + 1;
}

static void test_wrong_files(void **state unused)
{
	static const struct {
		const char *text, *wrong;
	} cases[] = {
		{ "{}", NULL },
		{ "{\"$schema\":\"x\",\"networks\":null,\"namespaces\":{\"a.b\":{\"labels\":{\"c.d\":\"e\"}}}}",
			NULL },
		{ "", "1: no JSON: syntax error" },
		{ "[]", "1: no JSON object: it begins with \"{\"" },
		{ "{\"networks\":\n\n{]}", "3: no JSON: syntax error" },
		{ "{\"networks\":{},\n\"networks\":{}}", "2: no JSON: a key twice in one object" },
		{ "{\n\"prune\":true}", "2: prune: there is no such field" },
		{ "{\"networks\":{\"a\":{},\n\"b\":{\"reech\":1}}}",
			"2: networks.b.reech: there is no such field; is \"reach\" meant?" },
		{ "{\"networks\":{\"a\":\n{\"reach\":\"far\"}}}",
			"2: networks.a.reach: wants \"nat\", \"route\" or \"internal\"" },
		{ "{\"networks\":{\"a\":{\"isolated\":1}}}",
			"1: networks.a.isolated: wants true or false" },
		{ "{\"networks\":\n[]}", "1: networks: wants an object, {...}" },
		{ "{\"networks\":{\"a\":7}}", "1: networks.a: wants an object, {...}" },
		{ "{\"namespaces\":{\"a.b\":{\n\"ports\":7}}}",
			"2: namespaces.a.b.ports: wants a list, [...]" },
		{ "{\"namespaces\":{\"a\":{\"ports\":[{\"protocol\":\"tcp\",\"namespacePort\":1},\n"
		  "{\"protocol\":\"tcp\",\n\"namespacePort\":\"2\"}]}}}",
			"3: namespaces.a.ports[1].namespacePort: wants a whole number" },
		{ "{\"namespaces\":{\"a\":{\"sysctls\":{\n\"net.ipv4.ip_forward\":1}}}}",
			"2: namespaces.a.sysctls.net.ipv4.ip_forward: wants a text" },
		{ "{\"namespaces\":{\"a\":{\"links\":[\"x\",\n\"]\\\"\",\n7]}}}",
			"3: namespaces.a.links[2]: wants a text" },
		{ "{\"namespaces\":{\"a\":{\"attachments\":[\n{\"interfaceName\":\"x\"}]}}}",
			"2: namespaces.a.attachments[0].network: it is missing" },
		{ "{\"namespaces\":{\"a\":{\"attachments\":[{\"network\":\"n\",\n"
		  "\"shaping\":{\n\"sendrate\":1}}]}}}",
			"3: namespaces.a.attachments[0].shaping.sendrate: there is no such field; is "
			"\"sendRate\" meant?" },
		{ "{\"namespaces\":{\n\"self\":{}}}",
			"2: namespaces.self: that cannot name a namespace" },
		{ "{\"networks\":{\n\"\":{}}}", "2: networks.: that cannot name a network" },
		{ "{\"networks\":{\"a\\u0062\":{},\n\"\\u0061\":{\"x\":1}}}",
			"1: networks.a.x: there is no such field" },
	};

	for (size_t i = 0; i < lengthof(cases); i++) {
		autoarena struct arena arena = ARENA_INIT;
		const char *what = wrong(&arena, &cases[i].text, 1);

		if (!what || !cases[i].wrong)
			assert_true(what == cases[i].wrong);
		else
			assert_string_equal(what, cases[i].wrong);
	}
}

static void test_several_files(void **state unused)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *const good[] = { "{\"networks\":{\"a\":{}}}",
		"{\"networks\":{\"b\":{}},\"namespaces\":{\"a\":{}}}",
		"{\"namespaces\":{\"b\":{}}}" };
	const char *const twice[] = { good[0], "{\"networks\":{\"b\":{},\n\"a\":{}}}" };
	struct problem problem = { .arena = &arena };
	struct topology topology;
	struct files files;

	files_begin(&files, &arena, good, lengthof(good));
	assert_int_equal(topology_read(files.paths, files.n, &topology, &problem), 0);
	assert_int_equal(topology.networks.n, 2);
	assert_string_equal(topology.networks.items[1].key, "b");
	assert_int_equal(topology.namespaces.n, 2);
	assert_string_equal(topology.namespaces.items[0].key, "a");
	/* The one that has it. */
	assert_string_equal(topology_place(&topology, "namespaces.b.ports", &arena),
		arena_printf(&arena, "%s:1", files.paths[2]));
	files_end(&files);

	assert_string_equal(
		wrong(&arena, twice, 2), "2: networks.a: the network is in another file too");
}

static void test_no_file(void **state unused)
{
	autoarena struct arena arena = ARENA_INIT;
	struct problem problem = { .arena = &arena };
	const char *path = "/nonexistent/file";
	struct topology topology;

	assert_int_equal(topology_read(&path, 1, &topology, &problem), PROBLEM_FAILED);
	assert_string_equal(problem.what, "opening /nonexistent/file: No such file or directory");
	path = "/";
	assert_int_equal(topology_read(&path, 1, &topology, &problem), PROBLEM_FAILED);
	assert_string_equal(problem.what, "reading /: Is a directory");
	path = "/dev/zero";
	assert_int_equal(topology_read(&path, 1, &topology, &problem), PROBLEM_USAGE);
	assert_string_equal(problem.what, "/dev/zero is over 16 MiB: that is no topology");
}

/* Namespaces of a usual kind, over many lines in the file. */
static int apply_many(size_t n, const char *description, struct client_world *world)
{
	struct arena *arena = &world->client.arena;
	char *text = arena_alloc(arena, 64 + n * (256 + strlen(description))), *end = text;
	struct files files;
	int r;

	end = stpcpy(end, "{\n  \"networks\": { \"cluster\": {} },\n  \"namespaces\": {");
	for (size_t i = 0; i < n; i++)
		end += sprintf(end,
			"%s\n      \"node%04zu\": {\n          \"description\": \"%s\",\n          \"labels\": {\n"
			"              \"role\": \"worker\"\n          },\n          \"attachments\": [\n"
			"              {\n                  \"network\": \"cluster\"\n              }\n          ]\n      }",
			i > 0 ? "," : "", i, description);
	(void)stpcpy(end, "\n  }\n}\n");
	files_begin(&files, arena, (const char *const[]){ text }, 1);
	world->client.words = files.paths;
	world->client.n_words = 1;
	client_world_capture(world);
	r = apply_files(&world->client);
	(void)client_world_printed(world);
	files_end(&files);
	return r;
}

static void test_size(void **state unused)
{
	struct client_world world;

	/* The file itself is over what a message may be. */
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NOTHING);
	assert_int_equal(apply_many(1000, "one of a thousand, of a usual kind", &world), 0);
	client_world_end(&world);

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NOTHING);
	assert_int_equal(
		apply_many(2500, "one of too many, of a usual kind", &world), PROBLEM_USAGE);
	assert_non_null(strstr(world.client.problem.what, "that is too much at once: "));
	assert_non_null(strstr(world.client.problem.what, " and nsnetd takes 262144"));
	/* Nothing of it was sent, so the daemon is there still. */
	assert_string_equal(apply(&world, 0), "");
	client_world_end(&world);

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NOTHING);
	assert_int_equal(apply_many(2400, "", &world), PROBLEM_USAGE);
	assert_string_equal(
		world.client.problem.what, "that is too much at once: nsnetd takes 16384 values");
	assert_int_equal(apply_many(2300, "", &world), 0);
	client_world_end(&world);
}

#define LISTED(name, more) \
	"{\"parameters\":{\"name\":\"" name \
	"\",\"context\":{},\"runtime\":{\"uid\":0,\"ownership\":\"host\"," \
	"\"path\":\"/x\",\"inode\":1,\"cookie\":1,\"created\":{},\"revision\":1}}" more "}"
#define LISTED_NETWORK(name, more) \
	"{\"parameters\":{\"name\":\"" name \
	"\",\"context\":{},\"runtime\":{\"uid\":0,\"bridgeName\":\"nsnet0\"," \
	"\"bridgeIndex\":5,\"prefixes\":[],\"gateways\":[],\"reach\":\"nat\",\"maximumTransmissionUnit\":1500," \
	"\"attachments\":0,\"created\":{},\"revision\":1}}" more "}"
#define CONTINUES      ",\"continues\":true"
#define NO_NAMESPACE   "{\"error\":\"alt.nsnet.NoSuchNamespace\"}"
#define NO_NAMESPACE_X "{\"error\":\"alt.nsnet.NoSuchNamespace\",\"parameters\":{\"name\":\"web\"}}"
#define NO_NETWORK     "{\"error\":\"alt.nsnet.NoSuchNetwork\"}"
#define DONE           "{\"parameters\":{}}"
#define LIST           "{\"method\":\"alt.nsnet.ListNamespaces\",\"more\":true,\"parameters\":{}}\n"
#define LIST_NETWORKS  "{\"method\":\"alt.nsnet.ListNetworks\",\"more\":true,\"parameters\":{}}\n"

static void withdraw(struct client_world *world, int wanted, const char *sent)
{
	struct files files;

	files_begin(&files, &world->client.arena, (const char *const[]){ FILE_TEXT }, 1);
	world->client.file = files.paths[0];
	assert_int_equal(namespace_delete(&world->client), wanted);
	files_end(&files);
	if (sent)
		assert_string_equal(client_world_sent(world), sent);
	client_world_end(world);
}

static void test_withdraw(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, LISTED("other", CONTINUES),
		LISTED("web", ""), DONE, LISTED_NETWORK("default", CONTINUES),
		LISTED_NETWORK("lan", ""), DONE);
	world.client.kills = true;
	world.client.waits = true;
	withdraw(&world, 0,
		LIST
		"{\"method\":\"alt.nsnet.DeleteNamespaces\",\"parameters\":{\"names\":[\"web\"],\"kill\":true,\"wait\":true}}\n" LIST_NETWORKS
		"{\"method\":\"alt.nsnet.DeleteNetworks\",\"parameters\":{\"names\":[\"lan\"]}}\n");

	/* Nothing of it is there. */
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, NO_NAMESPACE, NO_NETWORK);
	withdraw(&world, 0, LIST LIST_NETWORKS);

	/* One is gone in between. */
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, LISTED("db", CONTINUES), LISTED("web", ""),
		NO_NAMESPACE_X, LISTED("db", ""), DONE, NO_NETWORK);
	withdraw(&world, 0,
		LIST
		"{\"method\":\"alt.nsnet.DeleteNamespaces\",\"parameters\":{\"names\":[\"db\",\"web\"]}}\n" LIST
		"{\"method\":\"alt.nsnet.DeleteNamespaces\",\"parameters\":{\"names\":[\"db\"]}}\n" LIST_NETWORKS);

	/* What cannot be deleted is told, and ends it. */
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, LISTED("web", ""),
		ERROR("alt.nsnet.NamespaceBusy", "\"name\":\"web\",\"processes\":[]"));
	withdraw(&world, PROBLEM_IN_USE, NULL);
}

static void test_withdraw_words(void **state unused)
{
	struct client client = {
		.words = (const char *[]){ "a" }, .n_words = 1, .file = "/dev/null"
	};

	client.problem = (struct problem){ .arena = &client.arena };
	assert_int_equal(namespace_delete(&client), PROBLEM_USAGE);
	assert_string_equal(client.problem.what, "delete takes names or --file, not both");
	client.n_words = 0;
	client.file = NULL;
	assert_int_equal(namespace_delete(&client), PROBLEM_USAGE);
	assert_string_equal(client.problem.what, "delete needs NAME... or --file");
	arena_done(&client.arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_progress),
		cmocka_unit_test(test_interrupt),
		cmocka_unit_test(test_wrong_files),
		cmocka_unit_test(test_several_files),
		cmocka_unit_test(test_no_file),
		cmocka_unit_test(test_size),
		cmocka_unit_test(test_withdraw),
		cmocka_unit_test(test_withdraw_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
