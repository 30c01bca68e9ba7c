/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bus_world - a system bus with systemd and its resolver at the other end, which write down what they are asked
 */
#pragma once

#include "cmocka_all.h"

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "arena.h"

struct bus_world {
	struct arena arena;
	sd_event *event;
	char folder[64], path[96];
	int listener;
	sd_bus *peer; /* the connection of who was last */
	unsigned n_connections;
	unsigned n_matches;   /* what is listened for on that one */
	const char *asked;    /* "StartUnit x.service replace\n…" */
	const char *units[8]; /* what ListUnitsByPatterns tells, up to a NULL */
	const char *method;   /* which is refused */
	const char *error;    /* by this name */
	bool is_error_bare;   /* without a text */
	bool is_reply_odd; /* lists, and what is told of a service that starts, are of another type */
	bool is_silent;    /* nothing is answered */
	bool has_no_descriptors;
	bool is_holding; /* answers to StartTransientUnit: bus_systemd_answer() gives them */
	sd_bus_message *held[8];
	size_t n_held;
	int stderr_kept, stderr_file;
	char told[8192];
};

/* For cmocka's set-up and tear-down. */
int bus_world_open(void **state);
int bus_world_close(void **state);

/* What was asked since the last time, as soon as that many lines have come; fails after ten seconds. */
const char *bus_world_asked(struct bus_world *world, unsigned n_lines);
/* Lets answers come through. */
void bus_world_settle(struct bus_world *world);
/* The connection ends. */
void bus_world_hang_up(struct bus_world *world);
/* Nobody listens any more. */
void bus_world_vanish(struct bus_world *world);
/* What was logged. */
const char *bus_world_told(struct bus_world *world);
