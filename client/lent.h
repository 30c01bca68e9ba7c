/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lent - a command in a namespace that one may not enter, but was lent: the daemon has systemd run it
 */
#pragma once

#include "client.h"

/* The command's status, as a shell would put it, with no problem told; or a problem. */
int lent_run(struct client *client, const char *name, const char *const *command);
