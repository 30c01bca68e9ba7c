/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_client_monitor - what monitor prints of what it is told, and how it ends
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "client_world.h"

#define EVENT(sequence, kind, rest) \
	"{\"continues\":true,\"parameters\":{\"sequence\":" #sequence ",\"event\":\"" kind \
	"\",\"time\":{\"realtime\":1767225600000000}" rest "}}"
#define WEB     EVENT(1, "current", ",\"namespace\":\"web\"")
#define READY   EVENT(2, "ready", "")
#define MADE    EVENT(3, "created", ",\"network\":\"lan\",\"message\":\"by user 1000\"")
#define HOSTILE EVENT(4, "deleted", ",\"namespace\":\"a\\u001b[2J\",\"message\":\"by\\nuser\"")
#define AGAIN   EVENT(5, "restored", ",\"message\":\"the tables\"")
#define LOST    "{\"error\":\"alt.nsnet.EventsLost\",\"parameters\":{\"sequence\":4}}"
#define CALL    "{\"method\":\"alt.nsnet.Monitor\",\"more\":true}\n"

/* Until the daemon hangs up, which is the one problem that there is. */
static const char *follow(struct client_world *world)
{
	const char *printed;
	int r;

	client_world_capture(world);
	r = monitor_follow(&world->client);
	printed = client_world_printed(world);
	assert_int_equal(r, PROBLEM_FAILED);
	assert_string_equal(
		world->client.problem.what, "nsnetd closed the connection without an answer");
	return printed;
}

static void set_words(struct client_world *world, const char **words, size_t n)
{
	world->client.words = words;
	world->client.n_words = n;
}

static int set_zone(void **state unused)
{
	return setenv("TZ", "UTC", 1);
}

static void test_lines(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, WEB, READY, MADE, HOSTILE, AGAIN);
	assert_string_equal(follow(&world),
		"2026-01-01 00:00:00 current namespace web\n"
		"2026-01-01 00:00:00 ready\n"
		"2026-01-01 00:00:00 created network lan by user 1000\n"
		"2026-01-01 00:00:00 deleted namespace a\\x1b[2J by\\x0auser\n"
		"2026-01-01 00:00:00 restored the tables\n");
	assert_string_equal(client_world_sent(&world), CALL);
	client_world_end(&world);
}

/* What is about no object is told whatever objects are asked for. */
static void test_patterns(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, WEB, READY, MADE, AGAIN);
	set_words(&world, (const char *[]){ "db*", "la?" }, 2);
	assert_string_equal(follow(&world), "2026-01-01 00:00:00 ready\n"
					    "2026-01-01 00:00:00 created network lan by user 1000\n"
					    "2026-01-01 00:00:00 restored the tables\n");
	client_world_end(&world);

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, WEB, READY, MADE);
	world.client.options.is_quiet = true;
	assert_string_equal(follow(&world), "web\nlan\n");
	client_world_end(&world);
}

/* A line each, on a terminal too. */
static void test_json(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, WEB, MADE);
	world.client.options.json = OPTIONS_JSON_AUTO;
	world.client.options.is_terminal = true;
	assert_string_equal(follow(&world),
		"{\"sequence\":1,\"event\":\"current\",\"time\":{\"realtime\":1767225600000000},"
		"\"namespace\":\"web\"}\n"
		"{\"sequence\":3,\"event\":\"created\",\"time\":{\"realtime\":1767225600000000},"
		"\"network\":\"lan\",\"message\":\"by user 1000\"}\n");
	client_world_end(&world);
}

/* It asks again by itself, and is told all anew. */
static void test_events_lost(void **state unused)
{
	struct client_world world;
	int saved = dup(STDERR_FILENO), errors = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	char text[256] = "";

	assert_int_equal(dup2(errors, STDERR_FILENO), STDERR_FILENO);
	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, WEB, READY, LOST, WEB, READY);
	assert_string_equal(follow(&world), "2026-01-01 00:00:00 current namespace web\n"
					    "2026-01-01 00:00:00 ready\n"
					    "2026-01-01 00:00:00 current namespace web\n"
					    "2026-01-01 00:00:00 ready\n");
	assert_string_equal(client_world_sent(&world), CALL CALL);
	client_world_end(&world);
	assert_int_equal(dup2(saved, STDERR_FILENO), STDERR_FILENO);
	assert_true(pread(errors, text, sizeof(text) - 1, 0) > 0);
	assert_string_equal(text,
		"nsnetctl: some events were lost, because they were not read in time; what follows is "
		"how all is now\n");
	(void)close_fd(errors);
	(void)close_fd(saved);
}

static void test_other_errors(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_WAIT, WEB,
		"{\"error\":\"org.varlink.service.MethodNotFound\",\"parameters\":{\"method\":\"x\"}}");
	client_world_capture(&world);
	assert_int_equal(monitor_follow(&world.client), PROBLEM_NO_OBJECT);
	(void)client_world_printed(&world);
	/* Its parameters are still there. */
	assert_string_equal(
		codec_print(&world.client.arena, world.client.problem.parameters, false),
		"{\"method\":\"x\"}");
	client_world_end(&world);

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_WAIT, "{\"parameters\":{\"sequence\":true}}");
	assert_int_equal(monitor_follow(&world.client), PROBLEM_FAILED);
	assert_string_equal(
		world.client.problem.what, "nsnetd's answer to Monitor has a wrong \"sequence\"");
	client_world_end(&world);
}

/* The wait for what may never happen has no end, the one for "ready" has. */
static void test_timeout(void **state unused)
{
	struct client_world world;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_WAIT, WEB);
	/* Long enough for the other side to have said what it has to say, on a busy machine too. */
	world.client.options.timeout = 500 * 1000;
	client_world_capture(&world);
	assert_int_equal(monitor_follow(&world.client), PROBLEM_TIMED_OUT);
	(void)client_world_printed(&world);
	client_world_end(&world);

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_CLOSE, WEB, READY);
	world.client.options.timeout = 20 * 1000 * 1000;
	(void)follow(&world);
	assert_int_equal(world.client.call.timeout, 0);
	client_world_end(&world);
}

static void end_by(int number)
{
	struct client_world world;
	pid_t pid;
	int status, ends[2];
	char text[256];
	ssize_t n = 0;

	CLIENT_WORLD_BEGIN(&world, CLIENT_WORLD_WAIT, WEB, READY);
	assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		(void)dup2(ends[1], STDOUT_FILENO);
		_exit(monitor_follow(&world.client) + 100);
	}
	(void)close_fd(ends[1]);
	while (n < (ssize_t)sizeof(text) - 1 && !memmem(text, (size_t)n, "ready\n", 6)) {
		ssize_t more = read(ends[0], text + n, sizeof(text) - 1 - (size_t)n);

		assert_true(more > 0);
		n += more;
	}
	assert_int_equal(kill(pid, number), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	(void)close_fd(ends[0]);
	client_world_end(&world);
}

static void test_ends(void **state unused)
{
	end_by(SIGINT);
	end_by(SIGTERM);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_patterns),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_events_lost),
		cmocka_unit_test(test_other_errors),
		cmocka_unit_test(test_timeout),
		cmocka_unit_test(test_ends),
	};

	return cmocka_run_group_tests(tests, set_zone, NULL);
}
