/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * shape - how the traffic of one attachment is shaped, seen from its namespace
 */
#pragma once

#include <stdint.h>

#include "fault.h"
#include "nsnet.h"

#define SHAPE_RATE_MIN  8000U                  /* bits per second */
#define SHAPE_RATE_MAX  INT64_C(1000000000000) /* 1 Tbit/s */
#define SHAPE_DELAY_MAX INT64_C(60000000)      /* microseconds: a minute */
#define SHAPE_LOSS_MAX  INT64_C(1000000)       /* parts per million: all */

/* Zeros: not at all. */
struct shape {
	uint64_t send_rate, receive_rate; /* bits per second */
	uint32_t delay, jitter;           /* microseconds, of what is sent */
	uint32_t loss;                    /* parts per million of what is sent */
};

static inline bool shape_needs_netem(const struct shape *shape)
{
	return shape->delay > 0 || shape->jitter > 0 || shape->loss > 0;
}

static inline bool shape_is_equal(const struct shape *a, const struct shape *b)
{
	return a->send_rate == b->send_rate && a->receive_rate == b->receive_rate &&
	       a->delay == b->delay && a->jitter == b->jitter && a->loss == b->loss;
}

/* What is wished (NULL: nothing). NULL; or the name of the field that is wrong: "sendRate". A jitter without a delay is wrong,
 * and one over it. */
const char *shape_read(const struct nsnet_shaping *wish, struct shape *ret);
