/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_server_bounds - what one client can take from the others: connections, descriptors, memory, turns, patience
 *
 * The limits of time are short here, so that they are met soon. No test says how soon: each waits for the connection's end.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "server_world.h"

#define NOTE    "{\"method\":\"alt.example.Note\"}"
#define FILL    "{\"method\":\"alt.example.Fill\",\"parameters\":{\"size\":32768}}"
#define SOON    (20U * 1000U)
#define FOREVER UINT64_MAX
#define BUSY    1000U /* turns without an end, where a few are expected */

static const struct server_limits patient = {
	.connections = 100,
	.connections_per_uid = 100,
	.connections_for_root = 0,
	.request_usec = FOREVER,
	.idle_usec = FOREVER,
	.stall_usec = FOREVER,
	.unread = 65536,
};

static void test_serves_no_further_who_does_not_read(unused void **state)
{
	enum { N = 100 };
	cleanup(world_free) struct world *world = world_new(&patient);
	cleanup(client_free) struct client *client = client_new(world);
	unsigned served;

	for (unsigned i = 0; i < N; i++)
		client_say(client, FILL);
	world_settle(world);
	/* What the socket holds, what may wait, and one more. */
	served = world->example.filled;
	assert_in_range(served, 2, N / 2);
	world_settle(world);
	assert_int_equal(world->example.filled, served);

	/* And goes on when he does. */
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(strlen(client_hear(client)),
			32768 + strlen("{\"parameters\":{\"text\":\"\"}}"));
	assert_int_equal(world->example.filled, N);
}

/* The limit holds within one turn as well. */
static void test_queues_no_more_than_one_reply_above_the_limit(unused void **state)
{
	cleanup(world_free) struct world *world = world_new(&patient);
	cleanup(client_free) struct client *client = client_new(world);

	for (unsigned i = 0; i < 10; i++)
		client_say(client,
			"{\"method\":\"alt.example.Fill\",\"parameters\":{\"size\":1048576}}");
	world_settle(world);
	assert_int_equal(world->example.filled, 1);
	for (unsigned i = 0; i < 10; i++)
		assert_non_null(client_hear(client));
	assert_int_equal(world->example.filled, 10);
}

static void test_closes_on_who_never_reads(unused void **state)
{
	struct server_limits limits = patient;
	cleanup(world_free) struct world *world = NULL;
	cleanup(client_free) struct client *client = NULL, *other = NULL;

	limits.stall_usec = SOON;
	world = world_new(&limits);
	client = client_new(world);
	other = client_new(world);
	client_ask(other, NOTE, "{\"parameters\":{\"count\":1}}");
	for (unsigned i = 0; i < 100; i++)
		if (!client_try_send(client, FILL, sizeof(FILL)))
			break;
	world_wait_connections(world, 1);
	client_ask(other, NOTE, "{\"parameters\":{\"count\":2}}");
}

static void test_closes_on_who_reads_half_closed_never(unused void **state)
{
	struct server_limits limits = patient;
	cleanup(world_free) struct world *world = NULL;
	cleanup(client_free) struct client *client = NULL;

	limits.stall_usec = SOON;
	world = world_new(&limits);
	client = client_new(world);
	for (unsigned i = 0; i < 20; i++)
		client_say(client, FILL);
	client_shutdown(client);
	world_turn(world);
	world_wait_connections(world, 0);
}

static void test_closes_on_unfinished_requests(unused void **state)
{
	struct server_limits limits = patient;
	cleanup(world_free) struct world *world = NULL;
	cleanup(client_free) struct client *client = NULL, *quiet = NULL;

	limits.request_usec = SOON;
	world = world_new(&limits);
	client = client_new(world);
	quiet = client_new(world);
	client_send(client, "{", 1);
	world_wait_connections(world, 2);
	world_wait_connections(world, 1);
	client_expect_end(client);
	/* Who has begun nothing is not meant. */
	client_ask(quiet, NOTE, "{\"parameters\":{\"count\":1}}");
}

/* Bytes that trickle in do not start the clock again. */
static void test_closes_on_requests_that_trickle(unused void **state)
{
	struct server_limits limits = patient;
	cleanup(world_free) struct world *world = NULL;
	cleanup(client_free) struct client *client = NULL;

	limits.request_usec = SOON;
	world = world_new(&limits);
	client = client_new(world);
	while (client_try_send(client, " ", 1))
		world_turn(world);
	world_wait_connections(world, 0);
}

/* Nor do whole requests before it, of which each is answered. */
static void test_closes_on_who_begins_one_behind_another(unused void **state)
{
	struct server_limits limits = patient;
	cleanup(world_free) struct world *world = NULL;
	cleanup(client_free) struct client *client = NULL;
	static const char frames[] = NOTE "\0" NOTE "\0{";

	limits.request_usec = SOON;
	world = world_new(&limits);
	client = client_new(world);
	client_send(client, frames, sizeof(frames) - 1);
	client_expect(client, "{\"parameters\":{\"count\":1}}");
	client_expect(client, "{\"parameters\":{\"count\":2}}");
	client_expect_end(client);
}

static void test_closes_on_the_idle(unused void **state)
{
	struct server_limits limits = patient;
	cleanup(world_free) struct world *world = NULL;
	cleanup(client_free) struct client *client = NULL;

	limits.idle_usec = SOON;
	world = world_new(&limits);
	client = client_new(world);
	client_ask(client, NOTE, "{\"parameters\":{\"count\":1}}");
	client_expect_end(client);
	assert_int_equal(server_connections(world->server), 0);
}

/* One that pipelines is served in turns with one that asks a single time. */
static void test_serves_in_turns(unused void **state)
{
	enum { N = 1000 };
	cleanup(world_free) struct world *world = world_new(&patient);
	cleanup(client_free) struct client *greedy = client_new(world), *modest = client_new(world);
	autofree char *all = calloc(N, sizeof(NOTE));
	const char *answer;

	world_wait_connections(world, 2);
	for (size_t i = 0; i < N; i++)
		memcpy(all + i * sizeof(NOTE), NOTE, sizeof(NOTE));
	assert_int_equal(send(greedy->fd, all, N * sizeof(NOTE), 0), N * sizeof(NOTE));
	client_say(modest, FILL);
	answer = client_hear(modest);
	assert_non_null(answer);
	assert_in_range(world->example.notes, 1, N / 2);
	for (unsigned i = 0; i < N; i++)
		assert_non_null(client_hear(greedy));
	assert_int_equal(world->example.notes, N);
}

#define REST "{\"method\":\"alt.example.Rest\",\"parameters\":{\"usec\":3000}}"

/* What takes long takes a turn of its own; and each request knows whether another one lies behind it. */
static void test_serves_one_that_takes_long_in_turns(unused void **state)
{
	enum { N = 12 };
	cleanup(world_free) struct world *world = world_new(&patient);
	cleanup(client_free) struct client *greedy = client_new(world), *modest = client_new(world);
	char all[N * sizeof(REST)];

	world_wait_connections(world, 2);
	for (size_t i = 0; i < N; i++)
		memcpy(all + i * sizeof(REST), REST, sizeof(REST));
	assert_int_equal(send(greedy->fd, all, sizeof(all), 0), sizeof(all));
	client_say(modest, FILL);
	assert_non_null(client_hear(modest));
	assert_in_range(world->example.rests, 0, 3);
	for (unsigned i = 0; i < N; i++)
		client_expect(greedy, i + 1 < N ? "{\"parameters\":{\"followed\":true}}"
						: "{\"parameters\":{\"followed\":false}}");
	assert_int_equal(world->example.rests, N);
}

/* Whether a new connection is served rather than closed. */
static bool is_served(struct world *world, uid_t uid, struct client **ret)
{
	struct client *client = client_new_as(world, uid);
	const char *answer = NULL;

	if (client_try_send(client, NOTE, sizeof(NOTE)))
		answer = client_hear(client);
	if (!answer) {
		client_free(client);
		return false;
	}
	*ret = client;
	return true;
}

static void test_connections_have_quotas(unused void **state)
{
	struct server_limits limits = patient;
	cleanup(world_free) struct world *world = NULL;
	struct client *open[16];
	size_t n = 0;

	if (geteuid() != 0)
		skip(); /* seteuid() */
	limits.connections = 8;
	limits.connections_per_uid = 3;
	limits.connections_for_root = 2;
	world = world_new(&limits);

	for (uid_t uid = 1001; uid <= 1002; uid++) {
		for (unsigned i = 0; i < 3; i++)
			assert_true(is_served(world, uid, &open[n++]));
		assert_false(is_served(world, uid, &open[n]));
	}
	/* The rest is root's. */
	assert_false(is_served(world, 1003, &open[n]));
	for (unsigned i = 0; i < 2; i++)
		assert_true(is_served(world, 0, &open[n++]));
	assert_false(is_served(world, 0, &open[n]));
	assert_int_equal(server_connections(world->server), 8);

	/* Who leaves makes room, for his own uid first. */
	client_free(open[0]);
	world_wait_connections(world, 7);
	assert_false(is_served(world, 1002, &open[0]));
	assert_true(is_served(world, 1001, &open[0]));
	while (n > 0)
		client_free(open[--n]);
	world_wait_connections(world, 0);
}

/* What root has open counts towards what is kept for him, and no per-uid limit is his. */
static void test_root_has_no_quota(unused void **state)
{
	struct server_limits limits = patient;
	cleanup(world_free) struct world *world = NULL;
	struct client *open[16];
	size_t n = 0;

	if (geteuid() != 0)
		skip(); /* seteuid() */
	limits.connections = 8;
	limits.connections_per_uid = 3;
	limits.connections_for_root = 2;
	world = world_new(&limits);
	for (unsigned i = 0; i < 5; i++)
		assert_true(is_served(world, 0, &open[n++]));
	for (unsigned i = 0; i < 3; i++)
		assert_true(is_served(world, 1001, &open[n++]));
	assert_false(is_served(world, 1002, &open[n]));
	assert_false(is_served(world, 0, &open[n]));
	while (n > 0)
		client_free(open[--n]);
}

static void test_default_limits(unused void **state)
{
	const struct server_limits *limits = &server_limits_default;

	assert_int_equal(limits->connections, 512);
	assert_int_equal(limits->connections_per_uid, 32);
	assert_int_equal(limits->connections_for_root, 16);
	assert_int_equal(limits->request_usec, 5000000);
	assert_int_equal(limits->idle_usec, 60000000);
	assert_int_equal(limits->stall_usec, 30000000);
	assert_int_equal(limits->unread, 1048576);
}

/* Lets no further descriptor be opened; gives back what was the limit. */
static struct rlimit forbid_descriptors(void)
{
	struct rlimit saved, tight;
	int lowest = dup(STDIN_FILENO);

	assert_return_code(lowest, errno);
	(void)close_fd(lowest);
	assert_return_code(getrlimit(RLIMIT_NOFILE, &saved), errno);
	tight = saved;
	tight.rlim_cur = (rlim_t)lowest;
	assert_return_code(setrlimit(RLIMIT_NOFILE, &tight), errno);
	return saved;
}

static void test_waits_while_there_are_no_descriptors(unused void **state)
{
	cleanup(world_free) struct world *world = world_new(&patient);
	cleanup(client_free) struct client *early = client_new(world), *late = NULL;
	struct rlimit saved;
	unsigned turns = 0;

	client_ask(early, NOTE, "{\"parameters\":{\"count\":1}}");
	late = client_new(world);
	saved = forbid_descriptors();
	/* It finds out once, and then has nothing to do: that it cannot accept does not keep it busy. */
	while (turns < BUSY && sd_event_run(world->event, 0) > 0)
		turns++;
	assert_in_range(turns, 1, BUSY - 1);
	assert_int_equal(server_connections(world->server), 1);
	client_ask(early, NOTE, "{\"parameters\":{\"count\":2}}");

	assert_return_code(setrlimit(RLIMIT_NOFILE, &saved), errno);
	client_ask(late, NOTE, "{\"parameters\":{\"count\":3}}");
}

/* The same where not even the loop's timers have had their descriptor yet. */
static void test_waits_from_the_start_without_descriptors(unused void **state)
{
	cleanup(world_free) struct world *world = world_new(&patient);
	cleanup(client_free) struct client *client = client_new(world);
	struct rlimit saved = forbid_descriptors();
	unsigned turns = 0;

	while (turns < BUSY && sd_event_run(world->event, 0) > 0)
		turns++;
	assert_in_range(turns, 1, BUSY - 1);
	assert_int_equal(server_connections(world->server), 0);
	assert_return_code(setrlimit(RLIMIT_NOFILE, &saved), errno);
	client_ask(client, NOTE, "{\"parameters\":{\"count\":1}}");
}

static void test_leaks_no_descriptors(unused void **state)
{
	cleanup(world_free) struct world *world = world_new(&patient);
	unsigned before = count_fds();

	for (unsigned i = 0; i < 300; i++) {
		cleanup(client_free) struct client *client = client_new(world);

		client_say(client, i % 2 ? NOTE : "no request");
		if (i % 3)
			(void)client_hear(client);
	}
	world_wait_connections(world, 0);
	world_settle(world);
	assert_int_equal(count_fds(), before);
}

static void test_drains(unused void **state)
{
	cleanup(world_free) struct world *world = world_new(&patient);
	cleanup(client_free) struct client *reading = client_new(world), *idle = client_new(world);
	unsigned before;

	for (unsigned i = 0; i < 20; i++)
		client_say(reading, FILL);
	world_settle(world);
	before = world->example.filled;
	assert_int_equal(server_connections(world->server), 2);

	server_drain(world->server, 3600U * 1000U * 1000U);
	client_expect_end(idle);
	for (unsigned i = 0; i < before; i++)
		assert_non_null(client_hear(reading));
	client_expect_end(reading);
	assert_int_equal(world->example.filled, before);
	assert_int_equal(server_connections(world->server), 0);
}

static void test_drains_not_for_ever(unused void **state)
{
	cleanup(world_free) struct world *world = world_new(&patient);
	cleanup(client_free) struct client *deaf = client_new(world);

	for (unsigned i = 0; i < 20; i++)
		client_say(deaf, FILL);
	world_settle(world);
	server_drain(world->server, SOON);
	assert_int_equal(server_connections(world->server), 1);
	world_wait_connections(world, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_serves_no_further_who_does_not_read),
		cmocka_unit_test(test_queues_no_more_than_one_reply_above_the_limit),
		cmocka_unit_test(test_closes_on_who_never_reads),
		cmocka_unit_test(test_closes_on_who_reads_half_closed_never),
		cmocka_unit_test(test_closes_on_unfinished_requests),
		cmocka_unit_test(test_closes_on_requests_that_trickle),
		cmocka_unit_test(test_closes_on_who_begins_one_behind_another),
		cmocka_unit_test(test_closes_on_the_idle),
		cmocka_unit_test(test_serves_in_turns),
		cmocka_unit_test(test_serves_one_that_takes_long_in_turns),
		cmocka_unit_test(test_connections_have_quotas),
		cmocka_unit_test(test_root_has_no_quota),
		cmocka_unit_test(test_default_limits),
		cmocka_unit_test(test_waits_while_there_are_no_descriptors),
		cmocka_unit_test(test_waits_from_the_start_without_descriptors),
		cmocka_unit_test(test_leaks_no_descriptors),
		cmocka_unit_test(test_drains),
		cmocka_unit_test(test_drains_not_for_ever),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
