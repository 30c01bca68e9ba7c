/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bus_systemd - what systemd, at the other end of the bus, tells of services
 */
#pragma once

#include "bus_world.h"

#define SYSTEMD_SERVICE "org.freedesktop.systemd1.Service"
#define SYSTEMD_UNIT    "org.freedesktop.systemd1.Unit"

/* The answer held back that came as number i: an error of that name, or NULL. */
void bus_systemd_answer(struct bus_world *world, size_t i, const char *error);

/* JobRemoved, with arguments of these types. */
void bus_systemd_tell_job(struct bus_world *world, const char *types, ...);
/* PropertiesChanged of that unit, with arguments of these types. */
void bus_systemd_tell_change(struct bus_world *world, const char *unit, const char *types, ...);
