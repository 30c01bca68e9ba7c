/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_firewall_owner - whose our tables are, what others do to them, and what comes of that
 *
 * Most runs twice: with tables that belong to us, where the kernel can, and without.
 */
#include "firewall_world.h"

#include <poll.h>
#include <stdio.h>

#include "nft.h"
#include "state.h"

#define MANY 1000

static int watch(struct kernel *kernel)
{
	int fd = -1;

	assert_int_equal(nft_watch(kernel, &fd), 0);
	assert_false(nft_was_changed(kernel));
	return fd;
}

static bool is_waiting(int fd)
{
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };

	return poll(&poll_fd, 1, 0) > 0;
}

/* A thousand, without anybody reading what is told of them meanwhile. */
static void test_many(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan add = PLAN_INIT(&arena), delete = PLAN_INIT(&arena);
	struct snapshot snapshot;
	const char *before;
	int fd = watch(*state);

	world_make_fence(*state);
	before = world_ruleset(&arena);
	assert_false(nft_was_changed(*state));
	for (uint16_t i = 0; i < MANY; i++) {
		struct step step = world_port(STEP_PORT_ADD, i % 2 ? "::" : "0.0.0.0", 20000 + i,
			i % 2 ? "fd99::a" : "10.99.0.10");

		plan_add(&add, &step);
		step.type = STEP_PORT_DELETE;
		plan_add(&delete, &step);
	}
	sandbox_apply(*state, &add);
	assert_int_equal(atoi(sandbox_run(&arena, NULL,
				 "nft list ruleset | grep -o 'tcp . 2[0-9]* : ' | wc -l")),
		MANY);
	assert_int_equal(kernel_snapshot_links(*state, &arena, &snapshot), 0);
	assert_int_equal(snapshot.n_ports, MANY);
	sandbox_apply(*state, &delete);
	assert_string_equal(world_ruleset(&arena), before);
	assert_false(is_waiting(fd));
	assert_false(nft_was_changed(*state));
}

/* The tables outlive the process; the next one makes the rules anew, and loses nothing but the uplinks. */
static void test_restart(void **state)
{
	const struct step uplink = { .type = STEP_UPLINK_ADD, .uplink = { "up0", { true, true } } };
	autoarena struct arena arena = ARENA_INIT;
	const char *before;

	world_make_fence(*state);
	world_set_port(*state, STEP_PORT_ADD, "0.0.0.0", 8080, "10.99.0.10");
	before = world_ruleset(&arena);
	sandbox_do(*state, &uplink);
	assert_string_not_equal(world_ruleset(&arena), before);
	world_restart(state);
	assert_true(sandbox_does("nft add rule inet nsnetd forward drop"));
	world_set_port(*state, STEP_PORT_ADD, "0.0.0.0", 8080, "10.99.0.10");
	assert_string_equal(world_ruleset(&arena), before);
	sandbox_do(*state, &uplink);
	/* For another reason than a beginning they stay. */
	((struct kernel *)*state)->are_guards_ready = false;
	world_make_fence(*state);
	world_holds("uplinks4", "\"up0\"");
	world_holds("uplinks6", "\"up0\"");
}

/* Nobody else can change what belongs to us. */
static void test_owned(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	const char *before;
	int fd;

	if (!kernel->has_persist)
		skip();
	assert_true(kernel_has(kernel, "persist"));
	fd = watch(kernel);
	world_make_fence(kernel);
	assert_false(nft_was_changed(kernel));
	before = world_ruleset(&arena);
	sandbox_shows("nft list table bridge nsnetd", "flags owner");
	sandbox_shows("nft list table inet nsnetd", "flags owner");
	assert_true(sandbox_does("nft add table inet theirs && nft flush ruleset"));
	assert_string_equal(world_ruleset(&arena), before);
	assert_false(sandbox_does("nft add rule inet nsnetd forward drop 2>/dev/null"));
	assert_false(sandbox_does("nft delete table bridge nsnetd 2>/dev/null"));
	assert_false(
		sandbox_does("nft add element inet nsnetd networks '{ \"theirs\" }' 2>/dev/null"));
	assert_string_equal(world_ruleset(&arena), before);
	assert_true(is_waiting(fd));
	assert_false(nft_was_changed(kernel));
	assert_true(kernel->are_guards_ready);

	/* Ours to make again, and ours then. */
	kernel->are_guards_ready = false;
	world_make_fence(kernel);
	assert_string_equal(world_ruleset(&arena), before);
	assert_false(sandbox_does("nft delete table bridge nsnetd 2>/dev/null"));
	assert_false(nft_was_changed(kernel));
	world_restart(state);
	assert_true(sandbox_does("nft add rule inet nsnetd forward drop"));
	world_make_fence(*state);
	assert_string_equal(world_ruleset(&arena), before);
	assert_true(sandbox_does("nft flush ruleset"));
	assert_string_equal(world_ruleset(&arena), before);
	sandbox_do(*state, &(struct step){ .type = STEP_FIREWALL_RESET });
	assert_string_equal(world_ruleset(&arena), "");
}

static void test_not_owned(void **state)
{
	static const char *const changes[] = {
		"nft flush ruleset",
		"nft delete table inet nsnetd",
		"nft delete table bridge nsnetd",
		"nft flush chain inet nsnetd forward",
		"nft insert rule inet nsnetd from_ours accept",
		"nft delete element inet nsnetd networks '{ \"nsnet0\" }'",
		"nft add element inet nsnetd private4 '{ 192.0.2.1 }'",
		"nft flush set inet nsnetd reaching",
	};
	static const char list[] = "nft list table bridge nsnetd; nft list table inet nsnetd";
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	const char *before;
	int fd = watch(kernel);

	assert_false(kernel_has(kernel, "persist"));
	world_make_fence(kernel);
	assert_false(nft_was_changed(kernel));
	before = sandbox_run(&arena, NULL, "%s", list);
	assert_null(strstr(before, "owner"));
	for (size_t i = 0; i < lengthof(changes); i++) {
		assert_true(sandbox_does("%s", changes[i]));
		assert_true(is_waiting(fd));
		assert_true(nft_was_changed(kernel));
		assert_false(nft_was_changed(kernel));
		assert_false(kernel->are_guards_ready);
		/* An element of somebody else's stays. */
		assert_true(sandbox_does("nft delete element inet nsnetd private4 '{ 192.0.2.1 }' "
					 "2>/dev/null; true"));
		world_make_fence(kernel);
		assert_true(kernel->are_guards_ready);
		assert_string_equal(sandbox_run(&arena, NULL, "%s", list), before);
		(void)nft_was_changed(kernel);
		world_make_fence(kernel);
		assert_false(nft_was_changed(kernel));
	}
}

/* Nobody has looked, and they are gone. */
static void test_gone(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *before;

	world_make_fence(*state);
	before = world_ruleset(&arena);
	assert_true(sandbox_does("nft flush ruleset"));
	world_make_fence(*state);
	assert_string_equal(world_ruleset(&arena), before);
}

static void test_others(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	const char *before;
	int fd;

	assert_true(sandbox_does("nft add table inet theirs && nft add chain inet theirs c "
				 "'{ type filter hook forward priority 0; policy drop; }'"));
	before = world_ruleset(&arena);
	fd = watch(kernel);
	world_make_fence(kernel);
	assert_true(sandbox_does("nft add rule inet theirs c accept && nft add table ip nsnetd && "
				 "nft delete table ip nsnetd && nft flush chain inet theirs c"));
	assert_true(is_waiting(fd));
	assert_false(nft_was_changed(kernel));
	assert_true(kernel->are_guards_ready);
	sandbox_do(kernel, &(struct step){ .type = STEP_FIREWALL_RESET });
	assert_false(nft_was_changed(kernel));
	assert_string_equal(world_ruleset(&arena), before);
}

/* More than fits: whoever reads too late cannot know, unless the tables are such as nobody could have changed. */
static void test_lost(void **state)
{
	struct kernel *kernel = *state;

	(void)watch(kernel);
	world_make_fence(kernel);
	assert_true(sandbox_does(
		"{ echo 'add table inet theirs; add set inet theirs s { type ipv4_addr; }'; "
		"for i in $(seq 20000); do echo add element inet theirs s "
		"{ 10.0.$((i / 250)).$((i %% 250)) }; done; } | nft -f -"));
	assert_int_equal(nft_was_changed(kernel), kernel->n_owned < NFT_FAMILIES);
	assert_int_equal(kernel->are_guards_ready, kernel->n_owned == NFT_FAMILIES);
	world_make_fence(kernel);
	assert_false(nft_was_changed(kernel));
	assert_true(sandbox_does("nft delete table inet theirs"));
}

/* Tables of a version that made none such: what stands in them holds on, and they are watched. */
static void test_upgraded(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	const char *before;

	world_make_fence(kernel);
	before = world_ruleset(&arena);
	kernel_free(kernel);
	kernel = *state = sandbox_kernel();
	if (!kernel->has_persist)
		skip();
	(void)watch(kernel);
	world_make_fence(kernel);
	assert_string_equal(world_ruleset(&arena), before);
	assert_int_equal(kernel->n_owned, 0);
	assert_false(kernel_has(kernel, "persist"));
	assert_false(nft_was_changed(kernel));
	assert_true(sandbox_does("nft delete table inet nsnetd"));
	assert_true(nft_was_changed(kernel));
	world_make_fence(kernel);
	assert_int_equal(kernel->n_owned, 1);
	sandbox_shows("nft list table inet nsnetd", "flags owner");
	sandbox_do(kernel, &(struct step){ .type = STEP_FIREWALL_RESET });
	assert_string_equal(world_ruleset(&arena), "");
	world_make_fence(kernel);
	assert_int_equal(kernel->n_owned, NFT_FAMILIES);
	assert_true(kernel_has(kernel, "persist"));
}

/* Another process has them. */
static void test_two(void **state)
{
	const struct fence nat = world_fence(NSNET_REACH_NAT, "10.99.0.1", NULL);
	const struct step step = { .type = STEP_FENCE_SET,
		.fence = { "nsnet1", world_no_fence, nat } };
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *other;
	const char *before;

	if (!((struct kernel *)*state)->has_persist)
		skip();
	world_make_fence(*state);
	before = world_ruleset(&arena);
	other = sandbox_kernel();
	assert_int_equal(sandbox_fail(other, &step), EPERM);
	assert_int_equal(sandbox_fail(other, &(struct step){ .type = STEP_FIREWALL_RESET }), EPERM);
	kernel_free(other);
	assert_string_equal(world_ruleset(&arena), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WORLD_TEST(test_many),
		WORLD_TEST_OLD(test_many),
		WORLD_TEST(test_restart),
		WORLD_TEST_OLD(test_restart),
		WORLD_TEST(test_owned),
		WORLD_TEST_OLD(test_not_owned),
		WORLD_TEST(test_gone),
		WORLD_TEST_OLD(test_gone),
		WORLD_TEST(test_others),
		WORLD_TEST_OLD(test_others),
		WORLD_TEST(test_lost),
		WORLD_TEST_OLD(test_lost),
		WORLD_TEST_OLD(test_upgraded),
		WORLD_TEST(test_two),
	};

	sandbox_enter();
	return cmocka_run_group_tests_name("firewall owner", tests, NULL, NULL);
}
