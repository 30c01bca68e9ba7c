/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * frames - frames given to a dispatcher, and what must be true of the replies
 */
#include "frames.h"

#include <sys/socket.h>

#include "fuzz.h"

#define REPLY_MAX (16U * 1024U * 1024U)

static struct wire_in in;
static int ends[2]; /* replies go in at 1 and come out at 0 */

static void begin(void)
{
	if (ends[1])
		return;
	fuzz_check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
	wire_in_init(&in, REPLY_MAX, 64);
}

/* The next reply of what is queued; false where there is none. */
static bool next_reply(struct wire_out *out, struct arena *arena, struct codec_reply *ret)
{
	char *text;
	size_t length;
	ssize_t n;
	int fd;

	while (!wire_in_next(&in, &text, &length)) {
		fuzz_check(wire_out_flush(out, ends[1], NULL) >= 0);
		n = wire_in_read(&in, ends[0]);
		if (n == -EAGAIN) {
			fuzz_check(out->pending == 0 && !wire_in_is_partial(&in));
			return false;
		}
		fuzz_check(n > 0);
	}
	while ((fd = wire_in_take_fd(&in)) >= 0)
		(void)close_fd(fd);
	fuzz_check(codec_parse_reply(arena, text, length, ret) == 0);
	return true;
}

/* The last one says that it is, and none follows; a oneway call has none at all. */
bool frames_go_on(struct frames_call *call)
{
	autoarena struct arena arena = ARENA_INIT;
	struct codec_reply reply;

	begin();
	while (next_reply(&call->out, &arena, &reply)) {
		fuzz_check(!call->is_ended && !call->is_oneway);
		fuzz_check(reply.parameters);
		fuzz_check(!reply.continues || (call->is_more && !reply.error));
		call->is_ended = !reply.continues;
		call->is_refused = reply.error;
		call->n++;
	}
	fuzz_check(call->is_ended != (call->subscription.is_open || call->is_oneway));
	return call->subscription.is_open;
}

bool frames_begin(const struct dispatch *dispatch, const struct peer *peer, struct wire_in *fds,
	bool is_alone, const char *text, size_t n, struct frames_call *ret)
{
	autoarena struct arena arena = ARENA_INIT;
	struct codec_call call = { 0 };
	bool is_call = codec_parse_call(&arena, text, n, &call) == 0;
	int rc;

	*ret = (struct frames_call){
		.peer = *peer, .is_more = call.more, .is_oneway = call.oneway
	};
	wire_out_init(&ret->out);
	subscription_init(&ret->subscription, NULL, NULL);
	rc = dispatch_frame(dispatch,
		&(struct dispatch_client){ .peer = &ret->peer,
			.out = &ret->out,
			.subscription = is_alone ? NULL : &ret->subscription,
			.in = fds },
		text, n);
	fuzz_check(rc == (is_call ? 0 : -EBADMSG));
	if (is_call)
		return frames_go_on(ret);
	fuzz_check(ret->out.pending == 0 && !ret->subscription.is_open);
	return false;
}

void frames_end(struct frames_call *call)
{
	subscription_done(&call->subscription);
	wire_out_done(&call->out);
}

void frames_check(
	const struct dispatch *dispatch, const struct peer *peer, const char *text, size_t n)
{
	struct frames_call call;

	(void)frames_begin(dispatch, peer, NULL, false, text, n, &call);
	frames_end(&call);
}

void frames_read(struct wire_out *out)
{
	autoarena struct arena arena = ARENA_INIT;
	struct codec_reply reply = { .continues = true };

	begin();
	while (next_reply(out, &arena, &reply))
		fuzz_check(reply.parameters && (!reply.continues || !reply.error));
}
