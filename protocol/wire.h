/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wire - Varlink's frames over a stream socket: texts ended by a NUL, descriptors beside them
 *
 * Passive: it reads what is there, writes what goes, and never waits. An event loop or a poll() around it decides when.
 */
#pragma once

#include "base.h"

/* What has been received and not yet taken. Frames are handed out in place, so a frame is valid until the next
 * wire_in_read() or wire_in_done(). */
struct wire_in {
	char *buffer;
	size_t size, start, end;
	size_t scanned; /* no NUL in [start, scanned) */
	size_t limit;   /* bytes of one frame, without its NUL */
	int *fds;       /* received and not yet taken, oldest first */
	size_t n_fds, max_fds;
};

/* max_fds: how many descriptors may lie here untaken; with 0 the kernel is given no room for any and drops those sent. */
void wire_in_init(struct wire_in *in, size_t limit, size_t max_fds);
void wire_in_done(struct wire_in *in);

/* Receives once. Bytes received; 0 at the end of the stream; -EAGAIN where nothing is there; -EMSGSIZE where a frame is over
 * the limit; -EPROTO where more descriptors came than may (all that came are closed); another -errno of recvmsg(2). */
ssize_t wire_in_read(struct wire_in *in, int fd);

/* Takes the next whole frame. *ret_text is NUL-ended, *ret_length without the NUL. False: none is whole yet. */
bool wire_in_next(struct wire_in *in, char **ret_text, size_t *ret_length);

/* Whether there is another one to take. */
bool wire_in_has_next(struct wire_in *in);

/* Whether bytes of an unfinished frame lie here. To be asked after wire_in_next() said false. */
bool wire_in_is_partial(const struct wire_in *in);

/* Takes the oldest descriptor; the caller closes it. -EBADF where there is none. */
int wire_in_take_fd(struct wire_in *in);

struct wire_chunk;

/* What is to be sent. */
struct wire_out {
	struct wire_chunk *first, *last;
	size_t pending; /* bytes not yet sent */
};

#define WIRE_FDS_MAX 8 /* descriptors beside one frame */

void wire_out_init(struct wire_out *out);
void wire_out_done(struct wire_out *out);

/* Queues a frame of n bytes, to which a NUL is added. Copies the text; takes the n_fds descriptors over, whatever it
 * returns. */
void wire_out_push(struct wire_out *out, const char *text, size_t n, const int *fds, size_t n_fds);

/* Sends as much as goes. 0: all is sent; 1: some is left, wait until the socket takes more; -errno of sendmsg(2). SIGPIPE is
 * never raised. *ret_sent, if not NULL: bytes that went now. */
int wire_out_flush(struct wire_out *out, int fd, size_t *ret_sent);
