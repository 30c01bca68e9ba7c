/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_wire_out - sending frames and descriptors over a socket pair that takes little at once
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <sys/socket.h>

#include "wire_world.h"

static void test_flush(void **state)
{
	struct wire_world *world = *state;
	size_t sent = SIZE_MAX;

	assert_int_equal(wire_out_flush(&world->out, world->far, &sent), 0);
	assert_int_equal(sent, 0);
	wire_out_push(&world->out, FRAME("{}"), NULL, 0);
	wire_out_push(&world->out, NULL, 0, NULL, 0);
	wire_out_push(&world->out, FRAME("[1]"), NULL, 0);
	assert_int_equal(world->out.pending, 8);
	assert_int_equal(wire_out_flush(&world->out, world->far, &sent), 0);
	assert_int_equal(sent, 8);
	assert_int_equal(world->out.pending, 0);
	assert_int_equal(wire_in_read(&world->in, world->near), 8);
	wire_world_expect_frame(world, FRAME("{}"));
	wire_world_expect_frame(world, FRAME(""));
	wire_world_expect_frame(world, FRAME("[1]"));
	wire_world_expect_no_frame(world, false);
}

/* More frames than one sendmsg(2) is given. */
static void test_flush_many(void **state)
{
	struct wire_world *world = *state;

	for (unsigned i = 0; i < 1000; i++) {
		char text[16];

		wire_out_push(
			&world->out, text, (size_t)snprintf(text, sizeof(text), "%u", i), NULL, 0);
	}
	assert_int_equal(wire_out_flush(&world->out, world->far, NULL), 0);
	for (unsigned i = 0; i < 1000; i++) {
		char wanted[16], *text;
		size_t length;

		while (!wire_in_next(&world->in, &text, &length))
			assert_true(wire_in_read(&world->in, world->near) > 0);
		(void)snprintf(wanted, sizeof(wanted), "%u", i);
		assert_string_equal(text, wanted);
	}
}

/* SIGPIPE has its default action here: the test would end. */
static void test_nobody_reads(void **state)
{
	struct wire_world *world = *state;
	ino_t inode;
	int fd = wire_world_file(&inode);
	size_t sent = 77;

	(void)close_fd(world->near);
	world->near = -EBADF;
	wire_out_push(&world->out, FRAME("{}"), &fd, 1);
	assert_int_equal(wire_out_flush(&world->out, world->far, &sent), -EPIPE);
	assert_int_equal(sent, 77);
	assert_int_equal(world->out.pending, 3);
}

static void push_with_fds(struct wire_world *world, const char *text, size_t n, ino_t *ret_inodes)
{
	int fds[WIRE_FDS_MAX];

	for (size_t i = 0; i < n; i++)
		fds[i] = wire_world_file(&ret_inodes[i]);
	wire_out_push(&world->out, text, strlen(text), fds, n);
}

/* Receives like any program would; how many descriptors came (and closes them). */
static size_t receive_raw(struct wire_world *world, char *bytes, size_t size, ssize_t *ret_n)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(64 * sizeof(int))];
	} control;
	struct iovec iov = { bytes, size };
	struct msghdr message = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes),
	};
	size_t n_fds = 0;

	*ret_n = recvmsg(world->near, &message, MSG_CMSG_CLOEXEC);
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&message); c; c = CMSG_NXTHDR(&message, c)) {
		int fds[64];
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		memcpy(fds, CMSG_DATA(c), n * sizeof(int));
		for (size_t i = 0; i < n; i++)
			(void)close_fd(fds[i]);
		n_fds += n;
	}
	return n_fds;
}

static void test_fds_go_with_their_frame(void **state)
{
	struct wire_world *world = *state;
	ino_t inodes[WIRE_FDS_MAX];
	char bytes[100];
	ssize_t n;

	push_with_fds(world, "a", WIRE_FDS_MAX, inodes);
	push_with_fds(world, "b", 0, inodes);
	push_with_fds(world, "c", 1, inodes);
	push_with_fds(world, "d", 2, inodes);
	push_with_fds(world, "e", 0, inodes);
	assert_int_equal(wire_out_flush(&world->out, world->far, NULL), 0);
	assert_int_equal(wire_world_count_fds(), world->n_fds + 2);

	assert_int_equal(receive_raw(world, bytes, sizeof(bytes), &n), WIRE_FDS_MAX);
	assert_int_equal(n, 4);
	assert_memory_equal(bytes, "a\0b", 4);
	assert_int_equal(receive_raw(world, bytes, sizeof(bytes), &n), 1);
	assert_int_equal(n, 2);
	assert_memory_equal(bytes, "c", 2);
	/* By the first byte already. */
	assert_int_equal(receive_raw(world, bytes, 1, &n), 2);
	assert_int_equal(n, 1);
	assert_memory_equal(bytes, "d", 1);
	assert_int_equal(receive_raw(world, bytes, sizeof(bytes), &n), 0);
	assert_int_equal(n, 3);
	assert_memory_equal(bytes, "\0e", 3);
}

/* Frames larger than the socket takes at once, every third with descriptors: nothing is lost, mixed or sent twice. */
static void test_partial_flush(void **state)
{
	enum { LIMIT = 60000, N_FRAMES = 60 };
	uint64_t seed = UINT64_C(0x666c757368), received = seed;
	static char bytes[LIMIT + 1];
	struct wire_world *world = *state;
	int size = 1, n_left = 0;
	ino_t inodes[N_FRAMES];

	print_message("seed %#llx\n", (unsigned long long)seed);
	assert_int_equal(setsockopt(world->far, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size)), 0);
	wire_in_done(&world->in);
	wire_in_init(&world->in, LIMIT, 4);
	for (size_t i = 0; i < N_FRAMES; i++) {
		(void)wire_world_frame(&seed, bytes, LIMIT);
		push_with_fds(world, bytes, i % 3 == 0, &inodes[i]);
	}
	for (size_t i = 0; i < N_FRAMES; i++) {
		char *text;
		size_t length;

		while (!wire_in_next(&world->in, &text, &length)) {
			size_t before = world->out.pending, sent = 0;
			int r = wire_out_flush(&world->out, world->far, &sent);

			assert_in_range(r, 0, 1);
			assert_int_equal(world->out.pending, before - sent);
			assert_int_equal(r, world->out.pending > 0);
			n_left += r;
			assert_true(wire_in_read(&world->in, world->near) > 0);
		}
		assert_int_equal(length, wire_world_frame(&received, bytes, LIMIT));
		assert_memory_equal(text, bytes, length);
		if (i % 3 == 0)
			wire_world_expect_fd(world, inodes[i]);
	}
	assert_true(n_left > N_FRAMES);
	assert_int_equal(wire_out_flush(&world->out, world->far, NULL), 0);
	wire_world_expect_no_frame(world, false);
}

/* Descriptors of frames that never went are closed; wire_world_tear_down() counts. */
static void test_unsent_fds_are_closed(void **state)
{
	struct wire_world *world = *state;
	ino_t inodes[4];

	push_with_fds(world, "a", 2, inodes);
	push_with_fds(world, "b", 2, inodes);
	wire_out_done(&world->out);
	assert_int_equal(world->out.pending, 0);
	assert_int_equal(wire_world_count_fds(), world->n_fds + 2);
	assert_int_equal(wire_out_flush(&world->out, world->far, NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		wire_test(test_flush),
		wire_test(test_flush_many),
		wire_test(test_nobody_reads),
		wire_test(test_fds_go_with_their_frame),
		wire_test(test_partial_flush),
		wire_test(test_unsent_fds_are_closed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
