/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * traffic - what has gone through the links of the host, as it counts
 *
 * That of a namespace is what went through its attachments' ends on the host: nobody has to ask the daemon, or to enter.
 */
#pragma once

#include "arena.h"

struct traffic_link {
	char name[16];
	/* As the host sees it: what a namespace sends is received here. */
	uint64_t received_bytes, received_packets, sent_bytes, sent_packets;
};

struct traffic {
	struct traffic_link *links; /* sorted by name */
	size_t n;
	int64_t time; /* CLOCK_MONOTONIC, microseconds */
};

/* All links of the network namespace that this process is in; none where that cannot be told. Lives in the arena. */
struct traffic traffic_look(struct arena *arena);
/* NULL: there is none. */
const struct traffic_link *traffic_find(const struct traffic *traffic, const char *name);
