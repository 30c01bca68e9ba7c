/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * subscription - a call that stays open when its handler has come back
 *
 * The last reply of one whose client does not read is queued behind what he has not read: it is small, so there is always room
 * for it, and he finds it when he reads again.
 */
#include "subscription.h"

void subscription_init(
	struct subscription *subscription, void (*on_output)(void *userdata), void *userdata)
{
	*subscription = (struct subscription){ .on_output = on_output, .userdata = userdata };
	list_init(&subscription->link);
}

void subscription_done(struct subscription *subscription)
{
	void (*on_gone)(void *userdata) = subscription->is_open ? subscription->on_gone : NULL;

	list_remove(&subscription->link);
	subscription->is_open = false;
	subscription->on_gone = NULL;
	if (on_gone)
		on_gone(subscription->gone_userdata);
}

bool subscription_has_room(const struct subscription *subscription)
{
	return subscription->out->pending <= subscription->most;
}

void subscription_note(struct subscription *subscription, bool is_last)
{
	if (is_last) {
		/* He has had his answer: that he goes now means nothing. */
		subscription->on_gone = NULL;
		subscription_done(subscription);
	}
	subscription->sent++;
	if (subscription->on_output)
		subscription->on_output(subscription->userdata);
}

static void push(struct subscription *subscription, const char *error,
	const struct codec_struct *type, const void *data)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *text =
		codec_encode_reply(&arena, error, !error, codec_encode(type, data, &arena));

	wire_out_push(subscription->out, text, strlen(text), NULL, 0);
	subscription_note(subscription, error);
}

void subscription_send(struct subscription *subscription, const void *out)
{
	push(subscription, NULL, subscription->type, out);
}

void subscription_end(
	struct subscription *subscription, const struct codec_error *error, const void *parameters)
{
	push(subscription, error->name, error->parameters, parameters);
}
