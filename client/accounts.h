/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accounts - users and groups as the system knows them, and as nsnetd does
 */
#pragma once

#include "arena.h"

/* "alice" or "@staff" as nsnetd takes it: as it is where it stands in /etc/passwd or /etc/group or is a number, else the number that
 * the system has for it ("@50"). NULL: there is nobody of that name. */
const char *accounts_name(const char *name, struct arena *arena);
