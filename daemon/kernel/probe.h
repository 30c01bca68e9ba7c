/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * probe - what a process that only looks tries out, away from the host
 */
#pragma once

#include "netlink.h"

/* Leaves the host's network for good, for a new one that ends with the process. */
int probe_leave(void);

/* Makes a link of that kind. */
int probe_link(struct netlink *netlink, const char *kind);
