/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lap - how long each of many took, and a line of JSON about it
 */
#pragma once

#include <stddef.h>

/* Hands a result on that is no error; ends the program otherwise. */
int lap_must(int r, const char *what);

/* Microseconds. */
double lap_now(void);

/* Begins anew: the time that all take, and the processor's. */
void lap_start(void);
void lap_add(double us);
/* One that did not do what it was to do; the first text is told. */
void lap_fail(const char *text);
/* {"us": [of each], "total": of all, "cpu": the processor's in this process, "at": the time of day (seconds), "failed": how many,
 * "why": the first one's text} */
void lap_report(void);
