/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * units - asks systemd for units of its, over D-Bus
 *
 * Nothing here waits: what is asked for is sent, and a refusal is logged when it comes. systemd takes what it is asked in the
 * order it was asked, so a start that follows a stop is a start.
 */
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "base.h"

struct units;

/* Whether systemd runs this machine and can be asked, and both a unit's file and the program it starts are there. */
bool units_has(const char *file, const char *program);

/* -errno. */
int units_new(sd_event *event, struct units **ret);
/* What was asked for is sent first, where the bus answers. */
void units_free(struct units *units);
define_cleanup(struct units *, units_free);

void units_start(struct units *units, const char *unit);
void units_stop(struct units *units, const char *unit);
/* One that does not run is started. */
void units_restart(struct units *units, const char *unit);

/* Calls back later for each unit there is whose name matches that pattern (of fnmatch(3)). */
void units_list(struct units *units, const char *pattern,
	void (*on_unit)(void *userdata, const char *unit), void *userdata);

/* A connection to the system's bus for others who ask there; made anew where it was lost. NULL: there is none, logged. */
sd_bus *units_bus(struct units *units);
