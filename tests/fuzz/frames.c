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

static void check_replies(struct wire_out *out, const struct codec_call *call, bool is_open)
{
	autoarena struct arena arena = ARENA_INIT;
	struct codec_reply reply = { .continues = true };
	unsigned n = 0;

	while (next_reply(out, &arena, &reply)) {
		fuzz_check(reply.parameters);
		fuzz_check(!reply.continues || (call->more && !reply.error));
		n++;
		if (!reply.continues)
			break;
	}
	if (is_open) {
		fuzz_check(call->more && reply.continues);
		return;
	}
	/* The last one says that it is, and none follows; a oneway call has none at all. */
	fuzz_check(call->oneway ? n == 0 : n > 0 && !reply.continues);
	fuzz_check(!next_reply(out, &arena, &reply));
}

void frames_check(
	const struct dispatch *dispatch, const struct peer *peer, const char *text, size_t n)
{
	autoarena struct arena arena = ARENA_INIT;
	struct codec_call call = { 0 };
	struct subscription subscription;
	struct wire_out out;
	bool is_call = codec_parse_call(&arena, text, n, &call) == 0;
	int rc;

	begin();
	wire_out_init(&out);
	subscription_init(&subscription, NULL, NULL);
	rc = dispatch_frame(dispatch,
		&(struct dispatch_client){
			.peer = peer, .out = &out, .subscription = &subscription },
		text, n);
	fuzz_check(rc == (is_call ? 0 : -EBADMSG));
	if (is_call)
		check_replies(&out, &call, subscription.is_open);
	else
		fuzz_check(out.pending == 0);
	subscription_done(&subscription);
	wire_out_done(&out);
}

void frames_read(struct wire_out *out)
{
	autoarena struct arena arena = ARENA_INIT;
	struct codec_reply reply = { .continues = true };

	begin();
	while (next_reply(out, &arena, &reply))
		fuzz_check(reply.parameters && (!reply.continues || !reply.error));
}
