/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * subscription - a call that stays open when its handler has come back: further replies are sent as things happen
 *
 * It belongs to its connection, which has one at most: further requests wait until it ends. It ends by an error, or when the
 * client goes; then it is taken out of the list it was put in, and is not to be touched any more. What is sent is queued and
 * goes out in later turns of the loop, so whoever sends may walk over the list.
 */
#pragma once

#include "call.h"
#include "list.h"
#include "wire.h"

struct subscription {
	struct list link; /* the list that call_subscribe() was given */
	const struct peer *peer;
	struct wire_out *out;
	const struct codec_struct *type; /* of its replies */
	bool is_open;
	int64_t sent; /* replies */
	size_t most;  /* bytes of output that wait, above which there is no room */
	void (*on_output)(void *userdata); /* NULL: whoever owns it looks by himself */
	void *userdata;
	void (*on_gone)(void *userdata); /* call_on_gone()'s, of the call that is open */
	void *gone_userdata;
};

void subscription_init(
	struct subscription *subscription, void (*on_output)(void *userdata), void *userdata);
/* Nothing more is sent; there is nobody to be told. Does nothing to one that is not open. */
void subscription_done(struct subscription *subscription);

/* For call.c: a reply went out by it, the last one or not. */
void subscription_note(struct subscription *subscription, bool is_last);

/* Keeps a call open that wants more, and puts it in the list. It counts as answered: its handler is to send by the
 * subscription alone. NULL: the connection can keep none open. */
struct subscription *call_subscribe(struct call *call, struct list *list);

/* Whether the client reads: if not he is to be told so by an end. */
bool subscription_has_room(const struct subscription *subscription);
/* out: struct of the method's out table, copied. Typed ones are made by idlc: nsnet_send_…(). */
void subscription_send(struct subscription *subscription, const void *out);
/* The last reply. Typed ones are made by idlc: nsnet_end_…(). */
void subscription_end(
	struct subscription *subscription, const struct codec_error *error, const void *parameters);
