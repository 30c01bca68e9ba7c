/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * apply - many objects brought to what is given, all or nothing, in turns of a few milliseconds
 */
#pragma once

#include "methods.h"

/* Goes on with all that is being applied, for a moment. Whether there is more to do. */
bool applies_work(struct nsnet_context *context);
/* Before the end: brings all of it to its own. */
void applies_finish(struct nsnet_context *context);
