/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * example_methods - handlers of alt.example, for tests of the server
 */
#pragma once

#include "example_handlers.h"
#include "server.h"

#define EXAMPLE_MOST     1000 /* replies asked for at once; error numbers */
#define EXAMPLE_REST_MAX 5000 /* microseconds */

struct example_context {
	unsigned notes;  /* calls of Note */
	unsigned filled; /* calls of Fill */
	unsigned rests;  /* calls of Rest */
	struct list watchers;
};

struct server_interface example_served(struct example_context *context);
