/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * failing_calls - system calls of this program that fail when they are told to, in its children too
 *
 * Linked with -Wl,--wrap= for each of them, see CMakeLists.txt: what libraries call for themselves is not hit.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Which there are: NULL ends them. */
extern const char *const failing_calls[];

/* The number'th call, from 0, of that function fails, until failing_calls_end(). */
void failing_calls_begin(const char *function, unsigned number);
/* Whether one has failed. */
bool failing_calls_end(void);
