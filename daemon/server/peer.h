/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * peer - who is at the other end of a connection, as the kernel tells it
 *
 * Asked once, when a connection is accepted, and kept as it came: nothing here is ever parsed out of a text, and no
 * decision is made by the pid.
 */
#pragma once

#include "call.h"

/* 0, or -errno: then the connection must be closed, for nobody knows whose it is. Never gives uid or gid -1. */
int peer_read(int fd, struct peer *ret);
void peer_done(struct peer *peer);
