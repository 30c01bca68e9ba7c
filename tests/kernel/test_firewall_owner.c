/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_firewall_owner - whose our tables are, what others do to them, and what comes of that
 *
 * Most runs twice: with tables that belong to us, where the kernel can, and without.
 */
#include "sandbox.h"

#include <poll.h>
#include <stdio.h>

#include "nft.h"
#include "state.h"

#define MANY 1000

static int set_up(void **state)
{
	*state = sandbox_kernel();
	return 0;
}

/* On a kernel before 6.9. */
static int set_up_old(void **state)
{
	struct kernel *kernel = sandbox_kernel();

	kernel->has_persist = false;
	*state = kernel;
	return 0;
}

static int tear_down(void **state)
{
	/* What belongs to the kernel floor is nobody's afterwards. */
	kernel_free(*state);
	return sandbox_does("nft flush ruleset") ? 0 : -1;
}

static void restart(void **state)
{
	bool has_persist = ((struct kernel *)*state)->has_persist;

	kernel_free(*state);
	*state = sandbox_kernel();
	((struct kernel *)*state)->has_persist &= has_persist;
}

static const char *ruleset(struct arena *arena)
{
	return sandbox_run(arena, NULL, "nft list ruleset");
}

/* The elements of a set, on one line. */
static void holds(const char *set, const char *elements)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *output = sandbox_run(&arena, NULL,
		"nft list ruleset | sed -n '/\\(set\\|map\\) %s {/,/}$/p' | tr -d '\\n\\t' | "
		"grep -o 'elements = {.*}' | sed 's/elements = { //; s/ }.*//; s/  */ /g'",
		set);

	if (!streq(arena_printf(&arena, "%.*s", (int)strcspn(output, "\n"), output), elements))
		fail_msg("%s holds %s, not %s", set, output, elements);
}

static struct address address_of(const char *text)
{
	struct address address;

	assert_true(address_parse(text, &address));
	return address;
}

static void apply(struct kernel *kernel, const struct step *step)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);

	plan_add(&plan, step);
	sandbox_apply(kernel, &plan);
}

static int try(struct kernel *kernel, const struct step *step)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);
	struct kernel_error error;

	plan_add(&plan, step);
	return kernel_apply(kernel, &plan, &error) == 0 ? 0 : error.error;
}

static struct fence fence_of(enum nsnet_reach reach, const char *gateway4, const char *gateway6)
{
	struct fence fence = { .is_set = true, .reach = reach };

	if (gateway4)
		fence.gateways[0] = address_of(gateway4);
	if (gateway6)
		fence.gateways[1] = address_of(gateway6);
	return fence;
}

static const struct fence no_fence = { .is_set = false };

static void set_fence(struct kernel *kernel, const char *bridge, const struct fence *before,
	const struct fence *after)
{
	apply(kernel,
		&(struct step){ .type = STEP_FENCE_SET, .fence = { bridge, *before, *after } });
}

static void make_fence(struct kernel *kernel)
{
	const struct fence nat = fence_of(NSNET_REACH_NAT, "10.99.0.1", "fd99::1");

	set_fence(kernel, "nsnet0", &no_fence, &nat);
}

static struct step port_step(
	enum step_type type, const char *host, uint16_t host_port, const char *target)
{
	return (struct step){ .type = type,
		.port = {
			.protocol = NSNET_PROTOCOL_TCP,
			.host = address_of(host),
			.target = address_of(target),
			.host_port = host_port,
			.namespace_port = 80,
		} };
}

static void set_port(struct kernel *kernel, enum step_type type, const char *host,
	uint16_t host_port, const char *target)
{
	const struct step step = port_step(type, host, host_port, target);

	apply(kernel, &step);
}

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

	make_fence(*state);
	before = ruleset(&arena);
	assert_false(nft_was_changed(*state));
	for (uint16_t i = 0; i < MANY; i++) {
		struct step step = port_step(STEP_PORT_ADD, i % 2 ? "::" : "0.0.0.0", 20000 + i,
			i % 2 ? "fd99::a" : "10.99.0.10");

		plan_add(&add, &step);
		step.type = STEP_PORT_DELETE;
		plan_add(&delete, &step);
	}
	sandbox_apply(*state, &add);
	assert_int_equal(atoi(sandbox_run(&arena, NULL,
				 "nft list ruleset | grep -o 'tcp . 2[0-9]* : ' | wc -l")),
		MANY);
	assert_int_equal(kernel_snapshot(*state, &arena, &snapshot), 0);
	assert_int_equal(snapshot.n_ports, MANY);
	sandbox_apply(*state, &delete);
	assert_string_equal(ruleset(&arena), before);
	assert_false(is_waiting(fd));
	assert_false(nft_was_changed(*state));
}

/* The tables outlive the process; the next one makes the rules anew, and loses nothing but the uplinks. */
static void test_restart(void **state)
{
	const struct step uplink = { .type = STEP_UPLINK_ADD, .uplink = { "up0", { true, true } } };
	autoarena struct arena arena = ARENA_INIT;
	const char *before;

	make_fence(*state);
	set_port(*state, STEP_PORT_ADD, "0.0.0.0", 8080, "10.99.0.10");
	before = ruleset(&arena);
	apply(*state, &uplink);
	assert_string_not_equal(ruleset(&arena), before);
	restart(state);
	assert_true(sandbox_does("nft add rule inet nsnetd forward drop"));
	set_port(*state, STEP_PORT_ADD, "0.0.0.0", 8080, "10.99.0.10");
	assert_string_equal(ruleset(&arena), before);
	apply(*state, &uplink);
	/* For another reason than a beginning they stay. */
	((struct kernel *)*state)->are_guards_ready = false;
	make_fence(*state);
	holds("uplinks4", "\"up0\"");
	holds("uplinks6", "\"up0\"");
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
	make_fence(kernel);
	assert_false(nft_was_changed(kernel));
	before = ruleset(&arena);
	sandbox_shows("nft list table bridge nsnetd", "flags owner");
	sandbox_shows("nft list table inet nsnetd", "flags owner");
	assert_true(sandbox_does("nft add table inet theirs && nft flush ruleset"));
	assert_string_equal(ruleset(&arena), before);
	assert_false(sandbox_does("nft add rule inet nsnetd forward drop 2>/dev/null"));
	assert_false(sandbox_does("nft delete table bridge nsnetd 2>/dev/null"));
	assert_false(
		sandbox_does("nft add element inet nsnetd networks '{ \"theirs\" }' 2>/dev/null"));
	assert_string_equal(ruleset(&arena), before);
	assert_true(is_waiting(fd));
	assert_false(nft_was_changed(kernel));
	assert_true(kernel->are_guards_ready);

	/* Ours to make again, and ours then. */
	kernel->are_guards_ready = false;
	make_fence(kernel);
	assert_string_equal(ruleset(&arena), before);
	assert_false(sandbox_does("nft delete table bridge nsnetd 2>/dev/null"));
	assert_false(nft_was_changed(kernel));
	restart(state);
	assert_true(sandbox_does("nft add rule inet nsnetd forward drop"));
	make_fence(*state);
	assert_string_equal(ruleset(&arena), before);
	assert_true(sandbox_does("nft flush ruleset"));
	assert_string_equal(ruleset(&arena), before);
	apply(*state, &(struct step){ .type = STEP_FIREWALL_RESET });
	assert_string_equal(ruleset(&arena), "");
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
	make_fence(kernel);
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
		make_fence(kernel);
		assert_true(kernel->are_guards_ready);
		assert_string_equal(sandbox_run(&arena, NULL, "%s", list), before);
		(void)nft_was_changed(kernel);
		make_fence(kernel);
		assert_false(nft_was_changed(kernel));
	}
}

/* Nobody has looked, and they are gone. */
static void test_gone(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *before;

	make_fence(*state);
	before = ruleset(&arena);
	assert_true(sandbox_does("nft flush ruleset"));
	make_fence(*state);
	assert_string_equal(ruleset(&arena), before);
}

static void test_others(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	const char *before;
	int fd;

	assert_true(sandbox_does("nft add table inet theirs && nft add chain inet theirs c "
				 "'{ type filter hook forward priority 0; policy drop; }'"));
	before = ruleset(&arena);
	fd = watch(kernel);
	make_fence(kernel);
	assert_true(sandbox_does("nft add rule inet theirs c accept && nft add table ip nsnetd && "
				 "nft delete table ip nsnetd && nft flush chain inet theirs c"));
	assert_true(is_waiting(fd));
	assert_false(nft_was_changed(kernel));
	assert_true(kernel->are_guards_ready);
	apply(kernel, &(struct step){ .type = STEP_FIREWALL_RESET });
	assert_false(nft_was_changed(kernel));
	assert_string_equal(ruleset(&arena), before);
}

/* More than fits: whoever reads too late cannot know, unless the tables are such as nobody could have changed. */
static void test_lost(void **state)
{
	struct kernel *kernel = *state;

	(void)watch(kernel);
	make_fence(kernel);
	assert_true(sandbox_does(
		"{ echo 'add table inet theirs; add set inet theirs s { type ipv4_addr; }'; "
		"for i in $(seq 20000); do echo add element inet theirs s "
		"{ 10.0.$((i / 250)).$((i %% 250)) }; done; } | nft -f -"));
	assert_int_equal(nft_was_changed(kernel), kernel->n_owned < NFT_FAMILIES);
	assert_int_equal(kernel->are_guards_ready, kernel->n_owned == NFT_FAMILIES);
	make_fence(kernel);
	assert_false(nft_was_changed(kernel));
	assert_true(sandbox_does("nft delete table inet theirs"));
}

/* Tables of a version that made none such: what stands in them holds on, and they are watched. */
static void test_upgraded(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *kernel = *state;
	const char *before;

	make_fence(kernel);
	before = ruleset(&arena);
	kernel_free(kernel);
	kernel = *state = sandbox_kernel();
	if (!kernel->has_persist)
		skip();
	(void)watch(kernel);
	make_fence(kernel);
	assert_string_equal(ruleset(&arena), before);
	assert_int_equal(kernel->n_owned, 0);
	assert_false(kernel_has(kernel, "persist"));
	assert_false(nft_was_changed(kernel));
	assert_true(sandbox_does("nft delete table inet nsnetd"));
	assert_true(nft_was_changed(kernel));
	make_fence(kernel);
	assert_int_equal(kernel->n_owned, 1);
	sandbox_shows("nft list table inet nsnetd", "flags owner");
	apply(kernel, &(struct step){ .type = STEP_FIREWALL_RESET });
	assert_string_equal(ruleset(&arena), "");
	make_fence(kernel);
	assert_int_equal(kernel->n_owned, NFT_FAMILIES);
	assert_true(kernel_has(kernel, "persist"));
}

/* Another process has them. */
static void test_two(void **state)
{
	const struct fence nat = fence_of(NSNET_REACH_NAT, "10.99.0.1", NULL);
	const struct step step = { .type = STEP_FENCE_SET, .fence = { "nsnet1", no_fence, nat } };
	autoarena struct arena arena = ARENA_INIT;
	struct kernel *other;
	const char *before;

	if (!((struct kernel *)*state)->has_persist)
		skip();
	make_fence(*state);
	before = ruleset(&arena);
	other = sandbox_kernel();
	assert_int_equal(try(other, &step), EPERM);
	assert_int_equal(try(other, &(struct step){ .type = STEP_FIREWALL_RESET }), EPERM);
	kernel_free(other);
	assert_string_equal(ruleset(&arena), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_OLD(name) \
	{ \
#name " (not owned)", name, set_up_old, tear_down, NULL \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_many),
		TEST_OLD(test_many),
		TEST(test_restart),
		TEST_OLD(test_restart),
		TEST(test_owned),
		TEST_OLD(test_not_owned),
		TEST(test_gone),
		TEST_OLD(test_gone),
		TEST(test_others),
		TEST_OLD(test_others),
		TEST(test_lost),
		TEST_OLD(test_lost),
		TEST_OLD(test_upgraded),
		TEST(test_two),
	};

	sandbox_enter();
	return cmocka_run_group_tests_name("firewall owner", tests, NULL, NULL);
}
