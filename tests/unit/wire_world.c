/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wire_world - a socket pair with the wire at its near end, and every descriptor counted
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "wire_world.h"

int wire_world_count_fds(void)
{
	DIR *directory = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(directory);
	while (readdir(directory))
		n++;
	(void)closedir(directory);
	return n;
}

int wire_world_set_up(void **state)
{
	struct wire_world *world = calloc(1, sizeof(*world));
	int pair[2];

	assert_non_null(world);
	world->n_fds = wire_world_count_fds();
	assert_int_equal(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
	world->near = pair[0];
	world->far = pair[1];
	wire_in_init(&world->in, 100, 4);
	wire_out_init(&world->out);
	*state = world;
	return 0;
}

int wire_world_tear_down(void **state)
{
	struct wire_world *world = *state;
	int before = world->n_fds;

	wire_in_done(&world->in);
	wire_out_done(&world->out);
	(void)close_fd(world->near);
	(void)close_fd(world->far);
	free(world);
	assert_int_equal(wire_world_count_fds(), before);
	return 0;
}

int wire_world_file(ino_t *ret_inode)
{
	int fd = memfd_create("test", 0);
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	*ret_inode = st.st_ino;
	return fd;
}

static ino_t inode_of(int fd)
{
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	return st.st_ino;
}

void wire_world_expect_frame(struct wire_world *world, const char *text, size_t n)
{
	char *found = NULL;
	size_t length = SIZE_MAX;

	assert_true(wire_in_next(&world->in, &found, &length));
	assert_int_equal(length, n);
	assert_memory_equal(found, text, n);
	assert_int_equal(found[length], 0);
}

void wire_world_expect_no_frame(struct wire_world *world, bool is_partial)
{
	char *text = NULL;
	size_t length = 0;

	assert_false(wire_in_next(&world->in, &text, &length));
	assert_null(text);
	assert_int_equal(wire_in_is_partial(&world->in), is_partial);
}

void wire_world_expect_fd(struct wire_world *world, ino_t inode)
{
	autoclose int fd = wire_in_take_fd(&world->in);

	assert_true(fd >= 0);
	assert_int_equal(inode_of(fd), inode);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
}

size_t wire_world_below(uint64_t *seed, size_t n)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return (size_t)((*seed * UINT64_C(2685821657736338717)) >> 11) % n;
}

size_t wire_world_frame(uint64_t *seed, char *bytes, size_t limit)
{
	size_t n = wire_world_below(seed, 4) == 0 ? wire_world_below(seed, limit + 1)
						  : wire_world_below(seed, 20);

	for (size_t i = 0; i < n; i++)
		bytes[i] = (char)('a' + wire_world_below(seed, 26));
	bytes[n] = '\0';
	return n;
}
