/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enter - this process into a namespace, with the mounts that belong to it
 */
#pragma once

#include "etc.h"

#define ENTER_DIRECTORY "/run/netns"

/* Opens /run/netns/NAME; no daemon is asked. 0, or a problem. */
int enter_open(const char *name, int *ret_fd, struct problem *problem);

/* Moves this process in (door.h): the network namespace, a mount namespace of its own with the namespace's /sys and the files of
 * /etc. Where it fails, the process is somewhere in between, and to end. */
int enter_namespace(
	int fd, const char *name, bool as_root, const struct etc *etc, struct problem *problem);

/* In the first process of a new PID namespace, after enter_namespace(): its own /proc. */
int enter_proc(struct problem *problem);
