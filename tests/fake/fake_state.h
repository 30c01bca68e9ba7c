/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_state - what the fake kernel floor remembers
 */
#pragma once

#include "fake.h"

#define THINGS_MAX 16384U
#define STEPS_MAX  65536U

struct kernel {
	struct arena arena;
	char *things[THINGS_MAX];
	size_t n_things;
	const char *steps[STEPS_MAX];
	size_t n_steps;
	struct snapshot_prefix prefixes[64];
	size_t n_prefixes;
	size_t n_processes;
	struct snapshot_uplink uplink;
	uint16_t listening;
	int64_t next_number;
	struct {
		enum step_type type;
		unsigned skip;
		int error;
		const char *message;
	} fault;
};

/* What stands behind "WHAT NAME ", of the first such thing; NULL: there is none. */
const char *fake_find_rest(struct kernel *kernel, const char *what, const char *name);
