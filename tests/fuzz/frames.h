/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * frames - frames given to a dispatcher, and what must be true of the replies
 */
#pragma once

#include "dispatch.h"

/* One frame, with a NUL behind it: it is refused, or answered as the protocol says. What is queued goes through a socket and is
 * read back as a client would. */
void frames_check(
	const struct dispatch *dispatch, const struct peer *peer, const char *text, size_t n);

/* The replies that wait of a call that stays open: all but the last say that another follows. */
void frames_read(struct wire_out *out);
