/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * frames - frames given to a dispatcher, and what must be true of the replies
 */
#pragma once

#include "dispatch.h"

/* One frame, with a NUL behind it: it is refused, or answered as the protocol says. What is queued goes through a socket and is
 * read back as a client would. A call that stays open loses its client. */
void frames_check(
	const struct dispatch *dispatch, const struct peer *peer, const char *text, size_t n);

/* The same of a call that may stay open, and what comes of it later. */
struct frames_call {
	struct peer peer;
	struct wire_out out;
	struct subscription subscription;
	bool is_more, is_oneway, is_ended;
	bool is_refused; /* the last reply was an error */
	unsigned n;      /* replies that came */
};

/* fds: the descriptors that come beside it, or NULL; is_alone: the connection can keep no call open. Whether it stays open. */
bool frames_begin(const struct dispatch *dispatch, const struct peer *peer, struct wire_in *fds,
	bool is_alone, const char *text, size_t n, struct frames_call *ret);
/* Reads what came since. Whether it stays open. */
bool frames_go_on(struct frames_call *call);
/* Whoever is still to be answered goes. */
void frames_end(struct frames_call *call);

/* The replies that wait of a call that stays open: all but the last say that another follows. */
void frames_read(struct wire_out *out);
