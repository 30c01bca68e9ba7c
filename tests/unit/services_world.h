/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * services_world - transient services over a bus of the test's own
 */
#pragma once

#include "bus_systemd.h"

#include "services.h"

/* Lines that are asked for one: what is listened for, and then it. */
#define SERVICES_N_ASKED 4U

#define SERVICES_TURN_MAX (10U * 1000U * 1000U) /* µs */

/* The system as it is to look; as usual when a test begins. */
extern struct services_host {
	int booted;
	bool has_no_socket;
	ssize_t random;  /* how much of it there is; 0: enough */
	uint64_t number; /* the last that was drawn: they are 1, 2, … */
} services_host;

/* One program. */
struct run {
	void *program; /* NULL: it has ended */
	char unit[128];
	char told[512]; /* "started 42\nexited 0\n" */
};

struct world {
	struct bus_world *bus;
	struct services *services;
	struct program_runner runner;
	struct kernel_view view;
	struct program program;
	unsigned n_fds; /* before there was any of it */
	int fds[3];
	struct run runs[3];
};

/* For cmocka's set-up and tear-down, which fails where a descriptor is left. */
int services_world_open(void **state);
int services_world_close(void **state);
/* How many this process has. */
unsigned services_world_descriptors(void);

/* Asks for world->program. */
int services_world_begin(struct world *world, struct run *run);
/* As far as systemd's having been asked. */
void services_world_ask(struct world *world, struct run *run);
/* All that there is to be told of it, as soon as it is; fails after ten seconds without anything. */
void services_world_must_tell(struct world *world, const struct run *run, const char *text);
/* From beginning to end, as it is when nothing is wrong. */
void services_world_run_well(struct world *world, struct run *run);

/* What systemd tells of it. */
void services_world_tell_state(struct world *world, const struct run *run, const char *state);
void services_world_tell_job(struct world *world, const struct run *run, const char *result);
/* The code is waitid(2)'s, 0 as long as it runs. */
void services_world_tell_process(
	struct world *world, const struct run *run, unsigned pid, int code, int status);
