/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * event_message - what one message of the kernel's says about the host's default routes, uplinks, forwarding, and our links
 */
#pragma once

#include "kernel.h"

struct nlmsghdr;

/* A message of any type, its length already checked; what it says is added. */
void event_message_read(
	struct kernel *kernel, struct nlmsghdr *header, struct kernel_changes *changes);

/* Something happened to a name under /run/netns, whoever's. */
void event_message_touch(struct kernel_changes *changes, const char *name);
