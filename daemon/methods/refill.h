/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * refill - what is done about the pool when nothing else is to be done
 */
#pragma once

#include <stdint.h>

#include "methods.h"

#define REFILL_NEVER UINT64_MAX

/* One thing: a spare is made, or goes that nobody wants any more, or links get their names' labels. Nobody waits longer for it than
 * for a creation. After how many microseconds it is to be called again. */
uint64_t refill_work(struct nsnet_context *context);
/* The process is to end: no spare is left, nor any label to be set. */
void refill_end(struct nsnet_context *context);
