/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * name_watch - what somebody does to the names under /run/netns: files that go, and mounts
 */
#pragma once

#include "kernel.h"

/* Begins to watch, and adds what is to be waited on to an epoll descriptor. */
int name_watch_open(struct kernel *kernel, int events);
void name_watch_read(struct kernel *kernel, struct kernel_changes *changes);
