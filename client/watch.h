/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * watch - the traffic of namespaces, again and again: list --watch
 */
#pragma once

#include "problem.h"

struct client;

/* For a row of options.h; the target is an int64_t, microseconds between two looks. */
int watch_parse(void *target, const char *value, struct problem *problem);
int watch_list(struct client *client);
