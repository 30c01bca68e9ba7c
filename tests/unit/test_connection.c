/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_connection - a connection's clocks, looked at rather than waited for
 */
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <time.h>

#include <cmocka.h>

#include "connection.h"
#include "example_methods.h"

#define NOTE   "{\"method\":\"alt.example.Note\"}"
#define ONEWAY "{\"method\":\"alt.example.Note\",\"oneway\":true}"
#define FILL   "{\"method\":\"alt.example.Fill\",\"parameters\":{\"size\":1048576}}"
#define STILL  UINT64_MAX
#define HOUR   (3600U * 1000U * 1000ULL)
#define MOMENT (20U * 1000U)

struct line {
	sd_event *event;
	struct example_context example;
	struct dispatch dispatch;
	struct server_limits limits;
	struct list ring;
	struct connection *connection;
	int fd; /* the client's end */
};

static int setup(void **state)
{
	struct line *line = calloc(1, sizeof(*line));
	struct server_interface served;
	struct peer peer = { .uid = 1000, .gid = 1000 };
	int ends[2];

	assert_non_null(line);
	line->limits = (struct server_limits){
		.request_usec = HOUR, .idle_usec = 2 * HOUR, .stall_usec = 3 * HOUR, .unread = 65536
	};
	served = example_served(&line->example);
	dispatch_add(&line->dispatch, &served);
	list_init(&line->ring);
	assert_return_code(sd_event_new(&line->event), 0);
	assert_return_code(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), errno);
	line->fd = ends[0];
	assert_int_equal(connection_new(line->event, &line->dispatch, &line->limits, ends[1], &peer,
				 &line->ring),
		0);
	line->connection = list_entry(line->ring.next, struct connection, link);
	*state = line;
	return 0;
}

static int teardown(void **state)
{
	struct line *line = *state;

	if (!list_is_empty(&line->ring))
		connection_free(line->connection);
	(void)close_fd(line->fd);
	dispatch_done(&line->dispatch);
	(void)sd_event_unref(line->event);
	free(line);
	return 0;
}

static void settle(struct line *line)
{
	int rc;

	do {
		rc = sd_event_run(line->event, 0);
		assert_return_code(rc, 0);
	} while (rc > 0);
}

static void say(struct line *line, const char *bytes, size_t n)
{
	assert_int_equal(send(line->fd, bytes, n, MSG_NOSIGNAL), n);
	settle(line);
}

/* Until the clock shows another time than that. */
static void pass(uint64_t usec)
{
	struct timespec now;

	do
		assert_return_code(clock_gettime(CLOCK_MONOTONIC, &now), errno);
	while ((uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U <= usec);
}

static void test_idle_from_the_start(void **state)
{
	struct line *line = *state;

	assert_int_equal(line->connection->request_since, STILL);
	assert_int_equal(line->connection->stall_since, STILL);
	assert_int_equal(line->connection->armed_usec, line->connection->idle_since + 2 * HOUR);
}

static void test_a_request_runs_from_its_first_byte(void **state)
{
	struct line *line = *state;
	struct connection *connection = line->connection;
	uint64_t since;

	say(line, "{", 1);
	since = connection->request_since;
	assert_true(since != STILL);
	assert_int_equal(connection->armed_usec, since + HOUR);
	pass(since);
	say(line, &NOTE[1], sizeof(NOTE) - 2);
	assert_int_equal(connection->request_since, since);
	say(line, "", 1);
	assert_int_equal(connection->request_since, STILL);
	assert_int_equal(line->example.notes, 1);
}

/* The next one has its own time, though it began before the clock was ever seen standing still. */
static void test_each_request_has_its_own_time(void **state)
{
	static const char end_and_begin[] = NOTE "\0{";
	struct line *line = *state;
	struct connection *connection = line->connection;
	uint64_t since;

	say(line, "{", 1);
	since = connection->request_since;
	pass(since);
	say(line, end_and_begin + 1, sizeof(end_and_begin) - 2);
	assert_int_equal(line->example.notes, 1);
	assert_true(connection->request_since != STILL);
	assert_true(connection->request_since > since);
}

static void test_requests_end_idleness(void **state)
{
	struct line *line = *state;
	uint64_t since = line->connection->idle_since;

	pass(since);
	say(line, NOTE, sizeof(NOTE));
	assert_true(line->connection->idle_since > since);
	since = line->connection->idle_since;
	pass(since);
	say(line, ONEWAY, sizeof(ONEWAY));
	assert_true(line->connection->idle_since > since);
}

/* Who is not read from cannot be late with a request, and output that moves is no stall. */
static void test_a_clogged_connection(void **state)
{
	static const char fill_and_begin[] = FILL "\0{";
	static char buffer[65536];
	struct line *line = *state;
	struct connection *connection = line->connection;
	uint64_t since;

	say(line, fill_and_begin, sizeof(fill_and_begin) - 1);
	since = connection->stall_since;
	assert_true(since != STILL);
	say(line, "\"", 1);
	assert_int_equal(connection->request_since, STILL);
	assert_int_equal(connection->stall_since, since);
	pass(since);

	/* Some is read, then all. */
	while (connection->stall_since == since) {
		assert_true(recv(line->fd, buffer, sizeof(buffer), 0) > 0);
		settle(line);
	}
	assert_true(connection->stall_since != STILL);
	assert_true(connection->stall_since > since);
	while (connection->stall_since != STILL) {
		assert_true(recv(line->fd, buffer, sizeof(buffer), 0) > 0);
		settle(line);
	}
	assert_true(connection->request_since != STILL);
}

/* The timer is set once and looks, when it fires, whether anything happened meanwhile. */
static void test_the_timer_follows_when_it_fires(void **state)
{
	struct line *line = *state;
	struct connection *connection = line->connection;
	uint64_t armed;

	line->limits.request_usec = MOMENT;
	say(line, "{", 1);
	armed = connection->armed_usec;
	assert_int_equal(armed, connection->request_since + MOMENT);
	line->limits.request_usec = HOUR;
	while (connection->armed_usec == armed)
		assert_return_code(sd_event_run(line->event, MOMENT), 0);
	assert_false(list_is_empty(&line->ring));
	assert_int_equal(connection->armed_usec, connection->request_since + HOUR);
}

/* What came while the loop was busy elsewhere counts as come in time. */
static void test_looks_before_it_closes(void **state)
{
	struct line *line = *state;
	struct connection *connection = line->connection;
	uint64_t since;

	line->limits.request_usec = MOMENT;
	say(line, "{", 1);
	since = connection->request_since;
	assert_return_code(sd_event_source_set_enabled(connection->io, SD_EVENT_OFF), 0);
	assert_int_equal(send(line->fd, &NOTE[1], sizeof(NOTE) - 1, 0), sizeof(NOTE) - 1);
	pass(since + MOMENT);
	while (connection->request_since == since)
		assert_return_code(sd_event_run(line->event, MOMENT), 0);
	assert_false(list_is_empty(&line->ring));
	assert_int_equal(line->example.notes, 1);
}

static void test_limits_without_end(void **state)
{
	struct line *line = *state;

	line->limits.request_usec = UINT64_MAX;
	line->limits.idle_usec = UINT64_MAX;
	say(line, NOTE, sizeof(NOTE));
	say(line, "{", 1);
	assert_false(list_is_empty(&line->ring));
}

#define test(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_idle_from_the_start),
		test(test_a_request_runs_from_its_first_byte),
		test(test_each_request_has_its_own_time),
		test(test_requests_end_idleness),
		test(test_a_clogged_connection),
		test(test_the_timer_follows_when_it_fires),
		test(test_looks_before_it_closes),
		test(test_limits_without_end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
