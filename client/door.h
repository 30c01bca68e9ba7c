/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * door - the way into a network namespace: by privilege, or by the user namespaces of its owner
 */
#pragma once

#include "problem.h"

/* Whether the host owns it, and this process is not root: nobody lets it in there. */
bool door_is_shut(int netns);

/* Moves this process into a network namespace. Whom it belongs to enters without privilege: as himself, or as the user 0 that he
 * is inside. Where it fails, the process is somewhere in between, and to end. 0, or a problem. */
int door_pass(int netns, const char *name, bool as_root, struct problem *problem);

/* Whether what lies at a path is a network namespace that belongs to the caller. */
bool door_is_own(const char *path);
