/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * turns - all that takes longer than one call, and goes on while others are served
 */
#pragma once

#include "methods.h"

/* Goes on with all of it, for a moment. Whether there is more to do. */
bool turns_work(struct nsnet_context *context);
/* Before the end: brings all of it to its own. */
void turns_finish(struct nsnet_context *context);
