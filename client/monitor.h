/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor - what there is, and what happens to it, until somebody ends it
 */
#pragma once

#include "client.h"

/* SIGINT and SIGTERM end the program at once, as if all was done. */
void monitor_catch_end(void);

/* Asks for all that there is, and then for what happens. */
int monitor_start(struct client *client);
/* The next event; where some were lost, which is told, one of no kind. *ret_continues: whether there are more, or monitor_start() is to be
 * called again. 0, a problem, or CALL_LATER. */
int monitor_next(struct client *client, struct arena *arena, struct nsnet_monitor_out *ret,
	bool *ret_continues);
