/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_server_watch - calls that stay open: what they are told, what waits behind them, how they end
 */
#include <stdio.h>

#include "server_world.h"

#define NOTE           "{\"method\":\"alt.example.Note\"}"
#define NOTED          "{\"parameters\":{\"count\":1}}"
#define WATCH          "{\"method\":\"alt.example.Watch\",\"parameters\":{\"count\":2},\"more\":true}"
#define RING           "{\"method\":\"alt.example.Ring\",\"parameters\":{\"size\":1}}"
#define BELL           "{\"method\":\"alt.example.Ring\",\"parameters\":{\"size\":32768}}"
#define RANG(watchers) "{\"parameters\":{\"watchers\":" #watchers "}}"
#define TOLD(number)   "{\"continues\":true,\"parameters\":{\"number\":" #number "}}"
#define HEARD(number)  "{\"continues\":true,\"parameters\":{\"number\":" #number ",\"text\":\"x\"}}"
#define SOON           (20U * 1000U)
#define FOREVER        UINT64_MAX
#define MOST           1000U /* replies, where a few dozen are expected */

static const struct server_limits patient = {
	.connections = 100,
	.connections_per_uid = 100,
	.connections_for_root = 0,
	.request_usec = FOREVER,
	.idle_usec = FOREVER,
	.stall_usec = FOREVER,
	.unread = 65536,
};

static struct client *watcher_new(struct world *world)
{
	struct client *client = client_new(world);

	client_say(client, WATCH);
	client_expect(client, TOLD(1));
	client_expect(client, TOLD(2));
	return client;
}

static void test_tells_what_happens(void **state)
{
	struct world *world = *state;
	cleanup(client_free) struct client *one = watcher_new(world), *two = NULL,
					   *other = client_new(world);

	client_ask(other, RING, RANG(1));
	two = watcher_new(world);
	client_ask(other, RING, RANG(2));
	client_expect(one, HEARD(3));
	client_expect(one, HEARD(4));
	client_expect(two, HEARD(3));
	client_ask(other, "{\"method\":\"alt.example.Watch\",\"parameters\":{\"count\":0}}",
		"{\"error\":\"org.varlink.service.ExpectedMore\",\"parameters\":{}}");
}

/* It is to be answered after the one before it, which has no end yet. */
static void test_further_requests_wait(void **state)
{
	struct world *world = *state;
	cleanup(client_free) struct client *watcher = watcher_new(world),
					   *other = client_new(world);

	for (unsigned i = 0; i < 100; i++)
		client_say(watcher, NOTE);
	world_settle(world);
	assert_int_equal(world->example.notes, 0);
	client_ask(other, RING, RANG(1));
	client_expect(watcher, HEARD(3));
	assert_int_equal(world->example.notes, 0);
}

/* Rings until the watcher, who does not read, has missed one. */
static void ring_until_missed(struct world *world, struct client *other)
{
	unsigned n = 0;

	while (!list_is_empty(&world->example.watchers)) {
		client_say(other, BELL);
		assert_non_null(client_hear(other));
		assert_in_range(++n, 1, MOST);
	}
	/* What the socket holds, and what may wait: more than one bell. */
	assert_in_range(n, 2, MOST);
}

/* Reads all that one was told before he missed something. */
static void hear_of_missing(struct client *watcher)
{
	struct arena arena = ARENA_INIT;
	unsigned number = 2;
	const char *text = client_hear(watcher);

	for (; strstr(text, "\"continues\":true"); text = client_hear(watcher))
		assert_non_null(strstr(
			text, arena_printf(&arena, "{\"number\":%u,\"text\":\"xxxx", ++number)));
	assert_string_equal(
		text, arena_printf(&arena,
			      "{\"error\":\"alt.example.Missed\",\"parameters\":{\"number\":%u}}",
			      number + 1));
	arena_done(&arena);
}

static void test_tells_who_does_not_read_what_he_missed(unused void **state)
{
	cleanup(world_free) struct world *world = world_new(&patient);
	cleanup(client_free) struct client *watcher = watcher_new(world),
					   *other = client_new(world);

	client_say(watcher, NOTE);
	ring_until_missed(world, other);
	client_ask(other, RING, RANG(0));
	hear_of_missing(watcher);
	/* What waited is served, and he may watch again. */
	client_expect(watcher, NOTED);
	client_say(watcher, WATCH);
	client_expect(watcher, TOLD(1));
	client_expect(watcher, TOLD(2));
	client_ask(other, RING, RANG(1));
	client_expect(watcher, HEARD(3));
}

/* What is told at once is as much as it is; the limit is on what comes to it. */
static void test_room_for_all_at_once(unused void **state)
{
	struct server_limits limits = patient;
	cleanup(world_free) struct world *world = NULL;
	cleanup(client_free) struct client *watcher = NULL, *other = NULL;
	const struct subscription *subscription;

	limits.unread = 1024;
	world = world_new(&limits);
	watcher = client_new(world);
	other = client_new(world);
	client_say(watcher,
		"{\"method\":\"alt.example.Watch\",\"parameters\":{\"count\":40,\"size\":32768},\"more\":true}");
	world_settle(world);
	client_ask(other, RING, RANG(1));
	client_ask(other, RING, RANG(1));
	for (unsigned i = 0; i < 40; i++)
		assert_non_null(client_hear(watcher));
	client_expect(watcher, HEARD(41));
	client_expect(watcher, HEARD(42));
	/* From then on it is that of everybody. */
	world_settle(world);
	subscription = list_entry(world->example.watchers.next, struct subscription, link);
	assert_int_equal(subscription->most, limits.unread);
}

/* Clients who come later and do nothing either are gone before; the second one, because clocks of the same time end in any
 * order. */
static void wait_for_clocks(struct world *world)
{
	for (int i = 0; i < 2; i++) {
		cleanup(client_free) struct client *quiet = client_new(world);

		client_expect_end(quiet);
	}
}

static void test_no_clock_runs(unused void **state)
{
	struct server_limits limits = patient;
	cleanup(world_free) struct world *world = NULL;
	cleanup(client_free) struct client *watcher = NULL, *other = NULL;

	limits.idle_usec = limits.stall_usec = SOON;
	world = world_new(&limits);
	watcher = watcher_new(world);
	wait_for_clocks(world);
	other = client_new(world);
	client_ask(other, RING, RANG(1));
	ring_until_missed(world, other);
	wait_for_clocks(world);
	client_expect(watcher, HEARD(3));
	client_free(take(other));
	other = client_new(world);
	while (strstr(client_hear(watcher), "\"continues\":true"))
		continue;
	client_ask(watcher, NOTE, NOTED);
	/* From here on he is like others. */
	client_expect_end(watcher);
}

static void test_ends_with_its_client(void **state)
{
	struct world *world = *state;
	cleanup(client_free) struct client *one = watcher_new(world), *two = watcher_new(world),
					   *other = client_new(world);

	/* Who has closed only his half listens. */
	client_shutdown(one);
	world_settle(world);
	client_ask(other, RING, RANG(2));
	client_expect(one, HEARD(3));
	client_free(take(one));
	world_wait_connections(world, 2);
	client_ask(other, RING, RANG(1));
	/* What was asked for behind it is done. */
	client_say(two, NOTE);
	client_say(two, NOTE);
	world_settle(world);
	assert_int_equal(world->example.notes, 0);
	client_free(take(two));
	world_wait_connections(world, 1);
	assert_int_equal(world->example.notes, 2);
	client_ask(other, RING, RANG(0));
	one = watcher_new(world);
	two = watcher_new(world);
}

static void test_ends_with_the_server(void **state)
{
	struct world *world = *state;
	cleanup(client_free) struct client *watcher = watcher_new(world),
					   *other = client_new(world);

	client_say(watcher, NOTE);
	client_ask(other, RING, RANG(1));
	server_drain(world->server, FOREVER / 4);
	assert_true(list_is_empty(&world->example.watchers));
	client_expect(watcher, HEARD(3));
	client_expect_end(watcher);
	client_expect_end(other);
	assert_int_equal(server_connections(world->server), 0);
}

#define test(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_tells_what_happens),
		test(test_further_requests_wait),
		cmocka_unit_test(test_tells_who_does_not_read_what_he_missed),
		cmocka_unit_test(test_room_for_all_at_once),
		cmocka_unit_test(test_no_clock_runs),
		test(test_ends_with_its_client),
		test(test_ends_with_the_server),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
