/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * services - programs of users, as transient services that systemd is asked for over D-Bus
 *
 * Who runs a program so has nothing to do with it: it is a child of systemd's, with a control group of its own, and goes on when this
 * process ends. Nothing here waits. What becomes of a service is told by callbacks, in later turns of the loop.
 */
#pragma once

#include <systemd/sd-event.h>

#include "program.h"

struct services;

/* NULL: systemd does not run this machine, or cannot be asked. */
struct services *services_new(sd_event *event);
/* Services go on, and nothing is told of them any more. */
void services_free(struct services *services);
define_cleanup(struct services *, services_free);

/* services NULL: nobody. */
struct program_runner services_runner(struct services *services);
