/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * neighbours - the kernel's tables of neighbours have place for all that is attached
 */
#pragma once

#include "methods.h"

/* After something was attached, or the configuration has changed. What cannot be done is logged, with the commands that do it. */
void neighbours_follow(struct nsnet_context *context);
