/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * reap - namespaces that were given up, and their ends on the host, go by a thread of its own
 *
 * What that thread touches: its queue and what it tells, under one lock; the event descriptor; and a netlink socket and
 * descriptors of namespaces that nobody else has. It never enters a namespace, changes no credentials, takes no signal, logs
 * nothing. It was made in the host's network namespace and stays there, whatever the main thread enters meanwhile: namespaces
 * are a thread's own. So the kernel floor is one thread still, but for these, and the one of ahead.h.
 *
 * The child that userns.c makes has the thread alone that made it, and calls nothing there that takes a lock.
 */
#pragma once

#include "state.h"

struct reaper;

int reaper_new(struct reaper **ret);
/* What has not gone by then goes as the kernel pleases, or at the next start. */
void reaper_free(struct reaper *reaper);

/* Takes over a namespace's descriptor (negative: there is none) and the indexes of its ends, which are left empty. Returns the
 * departure's number. */
int64_t reaper_take(struct reaper *reaper, int fd, struct indexes *ends);

/* Links are wanted now: fewer go at a time for a while. */
void reaper_make_way(struct reaper *reaper);
