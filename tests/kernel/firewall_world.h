/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * firewall_world - our tables in the sandbox: with and without an owner, fences and ports in them, and what nft(8) says
 */
#pragma once

#include "sandbox.h"

/* For cmocka; *state is the kernel floor. Old: on a kernel before 6.9, whose tables belong to nobody. */
int world_set_up_old(void **state);
int world_tear_down(void **state);

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, sandbox_set_up, world_tear_down)
#define WORLD_TEST_OLD(name) \
	{ \
#name " (not owned)", name, world_set_up_old, world_tear_down, NULL \
	}

/* Another kernel floor, which can what the one before could. */
void world_restart(void **state);

/* All there is, as nft(8) has it. */
const char *world_ruleset(struct arena *arena);
/* The elements of a set, on one line. */
void world_holds(const char *set, const char *elements);

extern const struct fence world_no_fence;
struct fence world_fence(enum nsnet_reach reach, const char *gateway4, const char *gateway6);
void world_set_fence(struct kernel *kernel, const char *bridge, const struct fence *before,
	const struct fence *after);
/* The usual: nat, around nsnet0. */
void world_make_fence(struct kernel *kernel);

/* By TCP, to the target's port 80. */
struct step world_port(
	enum step_type type, const char *host, uint16_t host_port, const char *target);
void world_set_port(struct kernel *kernel, enum step_type type, const char *host,
	uint16_t host_port, const char *target);
