/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * units - rates, times and shares as tc(8) has them, to the last digit
 *
 * What has a fraction is taken where it makes a whole number of the smallest unit, and refused where it does not: nothing is
 * rounded.
 */
#pragma once

#include "arena.h"

enum units_fault {
	UNITS_OK,
	UNITS_NO_NUMBER,
	UNITS_NO_UNIT, /* it has none, or none that there is */
	UNITS_UNEVEN,  /* not a whole number of the smallest unit */
	UNITS_TOO_MUCH,
};

/* Bits per second: "10mbit", "1.5gbit", "64kibit", "125kbps" (bytes), "9600". */
enum units_fault units_rate(const char *text, int64_t *ret);
/* Microseconds: "200us", "10ms", "1.5s". */
enum units_fault units_time(const char *text, int64_t *ret);
/* Parts per million: "0.1%", "0.1". */
enum units_fault units_share(const char *text, int64_t *ret);

/* The same as texts, in the largest unit of which they are whole numbers. */
const char *units_rate_text(struct arena *arena, int64_t rate);
const char *units_time_text(struct arena *arena, int64_t time);
const char *units_share_text(struct arena *arena, int64_t share);
