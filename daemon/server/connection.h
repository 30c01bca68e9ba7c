/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * connection - one client: its requests in order, its replies in order, its clocks
 */
#pragma once

#include "dispatch.h"
#include "list.h"
#include "peer.h"
#include "server.h"

struct connection {
	struct list link; /* server.connections */
	const struct dispatch *dispatch;
	const struct server_limits *limits;
	struct peer peer;

	int fd;
	struct wire_in in;
	struct wire_out out;
	struct subscription subscription; /* the call that is open, if it is */
	bool is_input_over;               /* nothing more is read */
	bool may_hold_frames;             /* in may hold whole frames not yet served */
	bool is_patient;                  /* out may hold replies of a subscription */

	sd_event_source *io;
	sd_event_source *again; /* whole frames lie here: go on when the others had their turn */
	sd_event_source *timer;
	uint64_t armed_usec; /* when the timer fires; UINT64_MAX: not armed */

	/* CLOCK_MONOTONIC; UINT64_MAX: that clock stands still. */
	uint64_t request_since; /* a request has begun and not ended */
	uint64_t stall_since;   /* output waits and does not move */
	uint64_t idle_since;    /* the last request, or the last byte of output */
};

/* Takes over the descriptor (not blocking) and the peer, whatever it returns. The connection frees itself when it is over; the
 * ring is the server's. */
int connection_new(sd_event *event, const struct dispatch *dispatch,
	const struct server_limits *limits, int fd, struct peer *peer, struct list *ring);
void connection_free(struct connection *connection);
define_cleanup(struct connection *, connection_free);

/* Takes no further request; the connection is over when the replies queued have gone out. */
void connection_finish(struct connection *connection);
