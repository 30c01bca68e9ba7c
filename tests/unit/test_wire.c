/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_wire - receiving frames and descriptors over a socket pair, in pieces of every size
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <sys/socket.h>

#include "wire_world.h"

static void far_sends(struct wire_world *world, const char *bytes, size_t n)
{
	assert_int_equal(send(world->far, bytes, n, MSG_NOSIGNAL), n);
}

/* Sends one byte with n descriptors of new files. */
static void far_sends_fds(struct wire_world *world, char byte, size_t n, ino_t *ret_inodes)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(16 * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { &byte, 1 };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)),
	};
	int fds[16];

	assert_in_range(n, 1, 16);
	for (size_t i = 0; i < n; i++)
		fds[i] = wire_world_file(&ret_inodes[i]);
	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(n * sizeof(int));
	memcpy(CMSG_DATA(&control.header), fds, n * sizeof(int));
	assert_int_equal(sendmsg(world->far, &message, MSG_NOSIGNAL), 1);
	for (size_t i = 0; i < n; i++)
		(void)close_fd(fds[i]);
}

static void test_byte_at_a_time(void **state)
{
	static const char bytes[] = "{\"a\":1}\0\0{}";
	struct wire_world *world = *state;

	for (size_t i = 0; i < sizeof(bytes); i++) {
		far_sends(world, bytes + i, 1);
		assert_int_equal(wire_in_read(&world->in, world->near), 1);
		if (i == 7)
			wire_world_expect_frame(world, FRAME("{\"a\":1}"));
		if (i == 8)
			wire_world_expect_frame(world, FRAME(""));
		if (i == sizeof(bytes) - 1)
			wire_world_expect_frame(world, FRAME("{}"));
		wire_world_expect_no_frame(world, bytes[i] != 0);
	}
}

static void test_many_frames_in_one_read(void **state)
{
	struct wire_world *world = *state;

	far_sends(world, TEXT("a\0bb\0\0ccc"));
	far_sends(world, FRAME("dd"));
	assert_int_equal(wire_in_read(&world->in, world->near), 12);
	wire_world_expect_frame(world, FRAME("a"));
	wire_world_expect_frame(world, FRAME("bb"));
	wire_world_expect_frame(world, FRAME(""));
	wire_world_expect_frame(world, FRAME("ccc"));
	wire_world_expect_no_frame(world, true);
	far_sends(world, TEXT("e"));
	assert_int_equal(wire_in_read(&world->in, world->near), 2);
	wire_world_expect_frame(world, FRAME("dde"));
	wire_world_expect_no_frame(world, false);
}

static void test_nothing_and_the_end(void **state)
{
	struct wire_world *world = *state;

	assert_int_equal(wire_in_read(&world->in, world->near), -EAGAIN);
	wire_world_expect_no_frame(world, false);
	far_sends(world, FRAME("{"));
	assert_int_equal(shutdown(world->far, SHUT_WR), 0);
	assert_int_equal(wire_in_read(&world->in, world->near), 1);
	assert_int_equal(wire_in_read(&world->in, world->near), 0);
	wire_world_expect_no_frame(world, true);
	assert_int_equal(wire_in_read(&world->in, -1), -EBADF);
}

/* Reads until a whole frame is there or something is wrong. */
static ssize_t read_frame(struct wire_world *world, const char *bytes, size_t n, size_t piece)
{
	ssize_t r = -EAGAIN;

	for (size_t at = 0; at < n; at += piece) {
		far_sends(world, bytes + at, n - at < piece ? n - at : piece);
		do
			r = wire_in_read(&world->in, world->near);
		while (r > 0);
		if (r != -EAGAIN)
			return r;
	}
	return r;
}

static void test_limit(void **state)
{
	static const size_t limits[] = { 1, 2, 100, 16382, 16383, 16384, 16385, 40000 };
	static char bytes[40002];
	struct wire_world *world = *state;

	for (size_t i = 0; i < 2 * lengthof(limits); i++) {
		size_t limit = limits[i / 2], piece = i % 2 ? 997 : sizeof(bytes);

		wire_in_done(&world->in);
		wire_in_init(&world->in, limit, i % 3);
		memset(bytes, 'x', sizeof(bytes));
		bytes[limit] = '\0';
		for (unsigned round = 0; round < 3; round++) {
			assert_int_equal(read_frame(world, bytes, limit + 1, piece), -EAGAIN);
			wire_world_expect_frame(world, bytes, limit);
			assert_true(world->in.size <= limit + 1);
		}
		wire_world_expect_no_frame(world, false);

		assert_int_equal(read_frame(world, "\0", 1, 1), -EAGAIN);
		wire_world_expect_frame(world, "", 0);
		bytes[limit] = 'x';
		assert_int_equal(read_frame(world, bytes, limit + 1, piece), -EMSGSIZE);
		assert_int_equal(wire_in_read(&world->in, world->near), -EMSGSIZE);
	}
}

/* By the byte that is one too many, not by the next one, which may never come. */
static void test_limit_is_told_at_once(void **state)
{
	struct wire_world *world = *state;
	char bytes[101];

	memset(bytes, 'x', sizeof(bytes));
	far_sends(world, bytes, sizeof(bytes) - 1);
	assert_int_equal(wire_in_read(&world->in, world->near), 100);
	far_sends(world, bytes, 1);
	assert_int_equal(wire_in_read(&world->in, world->near), -EMSGSIZE);
}

static void test_full_of_whole_frames(void **state)
{
	struct wire_world *world = *state;
	char bytes[150];

	/* 75 frames of one byte; the buffer takes 50 of them and one byte more. */
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (char)(i % 2 ? '\0' : 'a' + i / 2 % 26);
	far_sends(world, bytes, sizeof(bytes));
	assert_int_equal(wire_in_read(&world->in, world->near), 101);
	assert_int_equal(wire_in_read(&world->in, world->near), -EAGAIN);
	wire_world_expect_frame(world, bytes, 1);
	for (size_t i = 1; i < sizeof(bytes) / 2; i++) {
		ssize_t n = wire_in_read(&world->in, world->near);

		assert_true(n > 0 || n == -EAGAIN);
		wire_world_expect_frame(world, bytes + 2 * i, 1);
	}
	assert_int_equal(wire_in_read(&world->in, world->near), -EAGAIN);
	wire_world_expect_no_frame(world, false);
}

static void test_memory_is_given_back(void **state)
{
	static char bytes[200000];
	struct wire_world *world = *state;

	wire_in_done(&world->in);
	wire_in_init(&world->in, sizeof(bytes), 0);
	memset(bytes, 'x', sizeof(bytes) - 1);
	assert_int_equal(read_frame(world, bytes, sizeof(bytes), 5000), -EAGAIN);
	assert_true(world->in.size >= sizeof(bytes));
	wire_world_expect_frame(world, bytes, sizeof(bytes) - 1);
	far_sends(world, TEXT("{}"));
	assert_int_equal(wire_in_read(&world->in, world->near), 3);
	assert_true(world->in.size <= 16384);
	wire_world_expect_frame(world, FRAME("{}"));
}

/* A stream of frames of every size, in pieces of every size, taken by a reader that takes now few, now all. */
static void test_random_stream(void **state)
{
	enum { LIMIT = 50000, N_FRAMES = 1000 };
	uint64_t seed = UINT64_C(0x77697265), sent = seed, received = seed;
	static char bytes[LIMIT + 1];
	struct wire_world *world = *state;
	size_t n_taken = 0, n_made = 0, n = 0, at = 0;
	char *text;
	size_t length;

	print_message("seed %#llx\n", (unsigned long long)seed);
	wire_in_done(&world->in);
	wire_in_init(&world->in, LIMIT, 0);
	while (n_taken < N_FRAMES) {
		size_t n_take =
			wire_world_below(&seed, 3) == 0 ? SIZE_MAX : wire_world_below(&seed, 3);
		ssize_t r;

		if (at == n && n_made < N_FRAMES) {
			n = wire_world_frame(&sent, bytes, LIMIT) + 1;
			n_made++;
			at = 0;
		}
		r = send(world->far, bytes + at, wire_world_below(&seed, n - at + 1), MSG_NOSIGNAL);
		assert_true(r >= 0 || errno == EAGAIN);
		at += r > 0 ? (size_t)r : 0;

		r = wire_in_read(&world->in, world->near);
		assert_true(r > 0 || r == -EAGAIN);
		assert_true(world->in.size <= LIMIT + 1);
		for (; n_take > 0 && wire_in_next(&world->in, &text, &length); n_take--) {
			static char wanted[LIMIT + 1];

			assert_int_equal(length, wire_world_frame(&received, wanted, LIMIT));
			assert_memory_equal(text, wanted, length + 1);
			n_taken++;
		}
	}
	wire_world_expect_no_frame(world, false);
}

static void test_fds_come_in_order(void **state)
{
	struct wire_world *world = *state;
	ino_t inodes[4];

	assert_int_equal(wire_in_take_fd(&world->in), -EBADF);
	far_sends_fds(world, 'a', 2, inodes);
	far_sends_fds(world, '\0', 1, inodes + 2);
	while (wire_in_read(&world->in, world->near) > 0)
		;
	wire_world_expect_frame(world, FRAME("a"));
	assert_int_equal(world->in.n_fds, 3);
	wire_world_expect_fd(world, inodes[0]);
	wire_world_expect_fd(world, inodes[1]);
	far_sends_fds(world, '\0', 1, inodes + 3);
	assert_int_equal(wire_in_read(&world->in, world->near), 1);
	wire_world_expect_fd(world, inodes[2]);
	wire_world_expect_fd(world, inodes[3]);
	assert_int_equal(wire_in_take_fd(&world->in), -EBADF);
}

/* What nobody takes is closed in the end; wire_world_tear_down() counts. */
static void test_untaken_fds_are_closed(void **state)
{
	struct wire_world *world = *state;
	ino_t inodes[4];

	far_sends_fds(world, 'a', 4, inodes);
	assert_int_equal(wire_in_read(&world->in, world->near), 1);
	assert_int_equal(world->in.n_fds, 4);
	wire_in_done(&world->in);
	assert_int_equal(world->in.n_fds, 0);
	assert_int_equal(wire_world_count_fds(), world->n_fds + 2);
}

static void test_too_many_fds(void **state)
{
	struct wire_world *world = *state;
	ino_t inodes[16];

	for (size_t n = 5; n <= 16; n++) {
		far_sends_fds(world, 'a', n, inodes);
		assert_int_equal(wire_in_read(&world->in, world->near), -EPROTO);
		assert_int_equal(world->in.n_fds, 0);
		assert_int_equal(wire_world_count_fds(), world->n_fds + 2);
	}
}

static void test_too_many_fds_together(void **state)
{
	struct wire_world *world = *state;
	ino_t inodes[4], more[2];

	far_sends_fds(world, 'a', 3, inodes);
	assert_int_equal(wire_in_read(&world->in, world->near), 1);
	far_sends_fds(world, 'b', 2, more);
	assert_int_equal(wire_in_read(&world->in, world->near), -EPROTO);
	assert_int_equal(wire_world_count_fds(), world->n_fds + 2 + 3);
	wire_world_expect_fd(world, inodes[0]);
	wire_world_expect_fd(world, inodes[1]);
	wire_world_expect_fd(world, inodes[2]);
	assert_int_equal(wire_in_take_fd(&world->in), -EBADF);

	/* With no room left, none more is taken. */
	far_sends_fds(world, 'a', 4, inodes);
	assert_int_equal(wire_in_read(&world->in, world->near), 1);
	far_sends_fds(world, 'b', 1, more);
	assert_int_equal(wire_in_read(&world->in, world->near), -EPROTO);
	assert_int_equal(wire_world_count_fds(), world->n_fds + 2 + 4);
}

static void test_no_room_for_fds(void **state)
{
	struct wire_world *world = *state;
	ino_t inodes[3];

	wire_in_done(&world->in);
	wire_in_init(&world->in, 100, 0);
	far_sends_fds(world, '\0', 3, inodes);
	assert_int_equal(wire_in_read(&world->in, world->near), 1);
	wire_world_expect_frame(world, FRAME(""));
	assert_int_equal(wire_in_take_fd(&world->in), -EBADF);
	assert_int_equal(wire_world_count_fds(), world->n_fds + 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		wire_test(test_byte_at_a_time),
		wire_test(test_many_frames_in_one_read),
		wire_test(test_nothing_and_the_end),
		wire_test(test_limit),
		wire_test(test_limit_is_told_at_once),
		wire_test(test_full_of_whole_frames),
		wire_test(test_memory_is_given_back),
		wire_test(test_random_stream),
		wire_test(test_fds_come_in_order),
		wire_test(test_untaken_fds_are_closed),
		wire_test(test_too_many_fds),
		wire_test(test_too_many_fds_together),
		wire_test(test_no_room_for_fds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
