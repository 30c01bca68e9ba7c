/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * name - what objects and interfaces may be called
 */
#pragma once

#include "base.h"

#define NAME_MAX_LENGTH \
	48 /* so that run-netns-NAME.mount, escaped, stays within a unit name's 255 bytes */
#define NAME_SIZE      (NAME_MAX_LENGTH + 1)
#define INTERFACE_SIZE 16 /* IFNAMSIZ */

/* [A-Za-z0-9]([A-Za-z0-9_.-]{0,46}[A-Za-z0-9])?, but not digits alone (ip-netns(8) takes them for a process), "self" or
 * "none" or "localhost", which is everybody's own. */
bool name_is_valid(const char *name);

/* "%7": what a namespace that was made ahead is called before it is anybody's; no valid name. */
bool name_is_spare(const char *name);

/* What the kernel takes (dev_valid_name: no '/', ':', white space, not "." or ".."), narrowed to [A-Za-z0-9_.-]; not "lo",
 * "all" or "default", which mean something else in /proc/sys/net. */
bool interface_name_is_valid(const char *name);
