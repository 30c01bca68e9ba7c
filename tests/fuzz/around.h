/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * around - what is around the methods in fuzz_methods: the clock, who runs programs, what the kernel does not tell, and who may what
 */
#pragma once

#include "methods.h"

/* All as it is at first. */
void around_begin(void);

/* The clock goes by so much at each look from now on; and by so much now. */
void around_tick(uint64_t usec);
void around_pass(uint64_t usec);

/* What the kernel does not tell from now on: "uplinks", "prefixes", "kept", "inspect", "processes", "netns", "users", "user",
 * "listening", "setting", "routes"; anything else: it tells all. */
void around_hush(const char *what);

/* A bridge made from now on has so many ports at most; 0: as many as it has. */
void around_limit_ports(unsigned most);

/* Runs nothing: what is to be run is found good, and ends when it is said. */
extern const struct program_runner around_runner;
/* One of them: 0: it runs; 1: it has ended; 2: it was killed; 3: it could not be started. */
void around_program(unsigned what);
/* Those that are to be stopped end. How many are left. */
unsigned around_stop(void);

/* Each member sees what he has and what is lent to him, and no more, and may do no more with that. */
void around_check_lending(const struct nsnet_context *context, const struct peer *peer);
/* Whether a call is one that an owner alone may have done, and the caller is not the owner of all that it names. */
bool around_is_stranger(
	const struct nsnet_context *context, const struct peer *peer, const char *text, size_t n);
