/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keeper - the process that has a namespace made, and taken away when nsnetctl is gone, however it went
 */
#pragma once

#include "client.h"

struct keeper {
	pid_t pid;
	int fd;
};

/* Makes the namespace of the settings. 0; or the exit status of a problem, which is told already where the daemon told it. */
int keeper_start(struct keeper *keeper, struct client *client, const char *name);

/* In a child that is to leave it to its parent. */
void keeper_leave(struct keeper *keeper);

/* Takes the namespace away, with all programs that are left in it. 0, or a problem. */
int keeper_end(struct keeper *keeper, struct client *client, const char *name);
