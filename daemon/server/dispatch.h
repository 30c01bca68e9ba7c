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

/* Whom a request comes from, and where its replies go. */
struct dispatch_client {
	const struct peer *peer;
	struct wire_out *out;
	/* Opened where the handler keeps the call open; NULL: none can be. */
	struct subscription *subscription;
	struct wire_in *in; /* the descriptors that came beside; NULL: none did */
	bool is_followed;   /* another request lies behind it already */
};

/* Carries out one request and queues its replies. 0, or -EBADMSG: this is no request (nothing was queued, and nothing that
 * comes after it can be trusted: the connection must end). */
int dispatch_frame(const struct dispatch *dispatch, const struct dispatch_client *client,
	const char *text, size_t n);

/* What is behind the struct call that handlers see. Made by dispatch, used by call; nobody else looks in. */
struct call {
	struct arena arena;
	const struct peer *peer;
	struct wire_out *out;
	struct subscription *subscription;
	struct wire_in *in;
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
