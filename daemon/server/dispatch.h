/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dispatch - from the text of one request to its handler, and from the handler to the texts of its replies
 *
 * Knows no socket: a frame comes in, replies go to a struct wire_out, and the caller sees to the rest.
 */
#pragma once

#include "call.h"
#include "server.h"
#include "subscription.h"
#include "wire.h"

struct dispatch {
	struct server_interface *interfaces; /* in the order they came */
	size_t n;
	/* See server_set_before(). NULL: nothing is to be done */
	int (*before)(void *userdata, const struct codec_interface *interface, size_t method,
		const void *in);
	void *before_userdata;
};

void dispatch_done(struct dispatch *dispatch);
void dispatch_add(struct dispatch *dispatch, const struct server_interface *interface);
/* The interface of that name, or NULL; name has n bytes. */
const struct server_interface *dispatch_find(
	const struct dispatch *dispatch, const char *name, size_t n);

/* Carries out one request and queues its replies. 0, or -EBADMSG: this is no request (nothing was queued, and nothing that
 * comes after it can be trusted: the connection must end). The subscription is opened where the handler keeps the call open;
 * NULL: none can be. Followed: another request lies behind it already. */
int dispatch_frame(const struct dispatch *dispatch, const struct peer *peer, const char *text,
	size_t n, bool is_followed, struct wire_out *out, struct subscription *subscription);

/* What is behind the struct call that handlers see. Made by dispatch, used by call; nobody else looks in. */
struct call {
	struct arena arena;
	const struct peer *peer;
	struct wire_out *out;
	struct subscription *subscription;
	const struct codec_interface *interface;
	const struct codec_method *method;
	bool is_more, is_oneway, is_followed;
	bool is_answered;
	int fds[WIRE_FDS_MAX]; /* to go beside the next reply */
	size_t n_fds;
	/* Of one that is kept: its connection's subscription is in the list until the client goes, and only then may be touched */
	bool is_kept;
	struct list audience;
	struct peer kept_peer;
};

void call_done(struct call *call);

/* io.systemd.System, the error of errno that Varlink's clients in systemd know; error is positive. Does nothing where the
 * last reply has gone. */
void call_fail_system(struct call *call, int error);
