/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wire_world - a socket pair with the wire at its near end, and every descriptor counted
 */
#pragma once

#include <sys/types.h>

#include "wire.h"

/* A text and its length, without the NUL that ends the literal; TEXT() with it. */
#define FRAME(literal) literal, sizeof(literal) - 1
#define TEXT(literal)  literal, sizeof(literal)

struct wire_world {
	int n_fds; /* of this process, before the test */
	int near, far;
	struct wire_in in; /* limit 100, 4 descriptors */
	struct wire_out out;
};

int wire_world_set_up(void **state);
/* Fails where a descriptor was left open or closed too often. */
int wire_world_tear_down(void **state);

#define wire_test(function) \
	cmocka_unit_test_setup_teardown(function, wire_world_set_up, wire_world_tear_down)

/* Of this process. */
int wire_world_count_fds(void);

/* A descriptor of a new file, which its inode tells from others. */
int wire_world_file(ino_t *ret_inode);

void wire_world_expect_frame(struct wire_world *world, const char *text, size_t n);
void wire_world_expect_no_frame(struct wire_world *world, bool is_partial);
/* The oldest descriptor received is of that file. */
void wire_world_expect_fd(struct wire_world *world, ino_t inode);

/* 0 to n - 1, the same everywhere for the same seed (xorshift64*). */
size_t wire_world_below(uint64_t *seed, size_t n);

/* The next frame of a stream: its length and bytes follow from the seed alone. */
size_t wire_world_frame(uint64_t *seed, char *bytes, size_t limit);
