/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * example_methods - handlers of alt.example, for tests of the server
 */
#include <fcntl.h>
#include <unistd.h>

#include "example_methods.h"

struct server_interface example_served(struct example_context *context)
{
	list_init(&context->watchers);
	return (struct server_interface){ &example_interface, example_handlers, context };
}

int example_on_echo(
	unused struct example_context *context, struct call *call, const struct example_echo_in *in)
{
	return example_reply_echo(call, &(struct example_echo_out){
						.text = in->text,
						.number = in->number,
						.flag = in->flag,
						.item = in->item,
						.items = in->items,
						.labels = in->labels,
					});
}

int example_on_count(unused struct example_context *context, struct call *call,
	const struct example_count_in *in)
{
	if (!call_wants_more(call))
		return call_fail_expected_more(call);
	if (in->to < 1 || in->to > EXAMPLE_MOST)
		return call_fail_parameter(call, "to");
	for (int64_t i = 1; i < in->to; i++)
		(void)example_reply_more_count(call, &(struct example_count_out){ .number = i });
	return example_reply_count(call, &(struct example_count_out){ .number = in->to });
}

static char *example_text(struct call *call, int64_t size)
{
	char *text = arena_alloc(call_arena(call), (size_t)size + 1);

	memset(text, 'x', (size_t)size);
	return text;
}

int example_on_fill(
	struct example_context *context, struct call *call, const struct example_fill_in *in)
{
	char *text;

	if (in->size < 0 || in->size > 1024 * 1024)
		return call_fail_parameter(call, "size");
	text = example_text(call, in->size);
	context->filled++;
	return example_reply_fill(call, &(struct example_fill_out){ .text = text });
}

int example_on_note(
	struct example_context *context, struct call *call, unused const struct example_note_in *in)
{
	return example_reply_note(call, &(struct example_note_out){ .count = ++context->notes });
}

int example_on_rest(
	struct example_context *context, struct call *call, const struct example_rest_in *in)
{
	if (in->usec < 0 || in->usec > EXAMPLE_REST_MAX)
		return call_fail_parameter(call, "usec");
	(void)usleep((useconds_t)in->usec);
	context->rests++;
	return example_reply_rest(
		call, &(struct example_rest_out){ .followed = call_is_followed(call) });
}

int example_on_whoami(unused struct example_context *context, struct call *call,
	unused const struct example_whoami_in *in)
{
	const struct peer *peer = call_peer(call);
	const char **groups = arena_array(call_arena(call), peer->n_groups, sizeof(char *));

	for (size_t i = 0; i < peer->n_groups; i++)
		groups[i] = arena_printf(call_arena(call), "%u", peer->groups[i]);
	return example_reply_whoami(call, &(struct example_whoami_out){
						  .uid = peer->uid,
						  .gid = peer->gid,
						  .groups = { groups, peer->n_groups },
					  });
}

/* The end to read of a pipe that holds the text. */
static int example_pipe(const char *text)
{
	autoclose int from = -EBADF, to = -EBADF;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return neg();
	from = ends[0];
	to = ends[1];
	if (write(to, text, strlen(text)) < 0)
		return neg();
	return take_fd(&from);
}

int example_on_open(
	unused struct example_context *context, struct call *call, const struct example_open_in *in)
{
	const char **items;

	if (in->count < 0 || in->count > 16)
		return call_fail_parameter(call, "count");
	items = arena_array(call_arena(call), (size_t)in->count, sizeof(char *));
	for (int64_t i = 0; i < in->count; i++) {
		int fd = example_pipe(in->text), index;

		if (fd < 0)
			return fd;
		index = call_attach_fd(call, fd);
		if (index < 0)
			return index;
		items[i] = arena_printf(call_arena(call), "%d", index);
	}
	return example_reply_open(call,
		&(struct example_open_out){ .file_descriptors = { items, (size_t)in->count } });
}

int example_on_open_and_refuse(unused struct example_context *context, struct call *call,
	unused const struct example_open_and_refuse_in *in)
{
	int fd = example_pipe("");

	if (fd < 0)
		return fd;
	(void)call_attach_fd(call, fd);
	return call_fail_permission(call);
}

int example_on_fail(
	unused struct example_context *context, struct call *call, const struct example_fail_in *in)
{
	if (in->number < 1 || in->number > EXAMPLE_MOST)
		return call_fail_parameter(call, "number");
	if (in->after.value > EXAMPLE_MOST)
		return call_fail_parameter(call, "after");
	for (int64_t i = 1; call_wants_more(call) && i <= in->after.value; i++)
		(void)example_reply_more_fail(call, &(struct example_fail_out){ .number = i });
	return (int)-in->number;
}

int example_on_silence(unused struct example_context *context, unused struct call *call,
	unused const struct example_silence_in *in)
{
	return 0;
}

int example_on_refuse(unused struct example_context *context, struct call *call,
	const struct example_refuse_in *in)
{
	return example_fail_refused(call, &(struct example_refused){ .word = in->word });
}

int example_on_forbid(unused struct example_context *context, struct call *call,
	unused const struct example_forbid_in *in)
{
	return call_fail_permission(call);
}

int example_on_want_more(unused struct example_context *context, struct call *call,
	unused const struct example_want_more_in *in)
{
	return call_fail_expected_more(call);
}

int example_on_want_other(unused struct example_context *context, struct call *call,
	unused const struct example_want_other_in *in)
{
	return call_fail_parameter(call, "items[3].name");
}

int example_on_watch(
	struct example_context *context, struct call *call, const struct example_watch_in *in)
{
	const char *text = NULL;
	struct subscription *subscription;

	if (!call_wants_more(call))
		return call_fail_expected_more(call);
	if (in->count < 0 || in->count > EXAMPLE_MOST)
		return call_fail_parameter(call, "count");
	if (in->size.value < 0 || in->size.value > 32768)
		return call_fail_parameter(call, "size");
	if (in->size.is_set)
		text = example_text(call, in->size.value);
	subscription = call_subscribe(call, &context->watchers);
	if (!subscription)
		return -EOPNOTSUPP;
	for (int64_t i = 1; i <= in->count; i++)
		example_send_watch(
			subscription, &(struct example_watch_out){ .number = i, .text = text });
	return 0;
}

int example_on_ring(
	struct example_context *context, struct call *call, const struct example_ring_in *in)
{
	int64_t watchers = 0;
	char *text;

	if (in->size < 0 || in->size > 1024 * 1024)
		return call_fail_parameter(call, "size");
	text = example_text(call, in->size);
	list_foreach (&context->watchers, struct subscription, link, subscription) {
		int64_t number = subscription->sent + 1;

		watchers++;
		if (subscription_has_room(subscription))
			example_send_watch(subscription,
				&(struct example_watch_out){ .number = number, .text = text });
		else
			example_end_missed(
				subscription, &(struct example_missed){ .number = number });
	}
	return example_reply_ring(call, &(struct example_ring_out){ .watchers = watchers });
}
