/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * listener - whether somebody serves a socket, without calling there
 */
#pragma once

#define LISTENER_PATH "/run/nsnetd/alt.nsnet"

/* Whether somebody listens at that path, or -errno: to connect would be to start him. */
int listener_is_at(const char *path);
