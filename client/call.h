/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * call - calls to the daemon over one connection, one after the other or some under way at once
 *
 * The connection is made at the first call. Whatever goes wrong is told in the problem: no daemon, no permission, too
 * slow, or what the daemon answers (problem->error).
 */
#pragma once

#include "codec.h"
#include "nsnet.h"
#include "problem.h"
#include "wire.h"

#define CALL_SOCKET "/run/nsnetd/alt.nsnet"

struct call {
	const char *path;
	int64_t timeout;  /* microseconds of one call; 0: none */
	int64_t deadline; /* of the one under way, CLOCK_MONOTONIC */
	int64_t until; /* call_next() waits no longer, CLOCK_MONOTONIC; 0: as long as the call may take */
	struct problem *problem;
	struct wire_in in;
	struct wire_out out;
	int fd;
	bool is_open;
};

/* Makes no connection yet. */
void call_init(struct call *call, const char *path, int64_t timeout, struct problem *problem);
/* Ends the connection; the next call makes another. */
void call_close(struct call *call);

/* CLOCK_MONOTONIC, microseconds. */
int64_t call_now(void);

/* Sends a call; parameters is the text of an object or NULL. */
int call_start(struct call *call, const char *method, bool more, const char *parameters);
/* The wait for what is next begins anew. */
void call_renew(struct call *call);
/* No problem: call.until came first, and the call goes on. */
#define CALL_LATER (-1)
/* Waits for the next reply to it, an error included; what it holds lives in the arena. Descriptors beside it are closed. */
int call_next(struct call *call, struct arena *arena, struct codec_reply *ret);

/* One call to alt.nsnet and its one reply; what out points to lives in the problem's arena. */
int call_nsnet(struct call *call, enum nsnet_method method, const void *in, void *out);

/* Many calls of one method, carried out and answered in their order, of which some are under way at once. */
struct call_row {
	enum nsnet_method method;
	size_t n;
	/* What the i-th asks for, and what came of it: 0 and its reply, or the problem that is told. */
	const void *(*make)(size_t i, void *userdata);
	void (*on_reply)(size_t i, int r, const void *out, void *userdata);
	void *userdata;
};

/* What the daemon refuses keeps none of the others from being asked for. 0, or the problem (told, and of no use to on_reply())
 * with which it could not go on. */
int call_nsnet_row(struct call *call, const struct call_row *row);

/* Descriptors beside a call. */
struct call_fds {
	const int *fds;
	size_t n;
};

/* Sends one call with "more", whose replies are to be heard as they come. The descriptors are duplicated. */
int call_nsnet_begin(
	struct call *call, enum nsnet_method method, const void *in, const struct call_fds *fds);
/* The next reply to it, of which at least the beginning is there. */
int call_nsnet_hear(struct call *call, enum nsnet_method method, void *out, bool *ret_continues);

/* One call with "more". The callback gets each reply, of the method's out type, which lives as long as the problem's arena; it
 * returns 0 or a problem, which ends it all. */
int call_nsnet_each(struct call *call, enum nsnet_method method, const void *in,
	int (*on_reply)(const void *out, void *userdata), void *userdata);

/* Whether the daemon answered that there is nothing at all: this error without a name. */
bool call_found_nothing(const struct problem *problem, const char *error);
