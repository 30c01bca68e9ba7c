/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * routes - routes besides the default ones: DEST[:via=A,metric=N]
 */
#pragma once

#include "nsnet.h"
#include "problem.h"

/* For a row of options.h; the target is a struct settings. */
int routes_add(void *settings, const char *value, struct problem *problem);

/* "default via 10.10.0.1 metric 5" */
const char *routes_text(struct arena *arena, const struct nsnet_route *route);
