/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_dispatch - whatever bytes come: frames are refused, or answered as the protocol says
 *
 * The input is a stream as a connection would receive it: frames with a NUL between them. What is queued is sent through a
 * socket and read back as a client would.
 */
#include <sys/socket.h>

#include "dispatch.h"
#include "example_methods.h"
#include "fuzz.h"
#include "log.h"
#include "service.h"

#define REPLY_MAX (16U * 1024U * 1024U)

static const struct server_info info = { "Vendor", "Product", "1.2.3", "https://example.alt/" };
static struct example_context example;
static struct dispatch dispatch;
static struct varlink_service_context service = { &info, &dispatch };
static struct wire_in in;
static int ends[2]; /* replies go in at 1 and come out at 0 */

static void begin(void)
{
	struct server_interface served = example_served(&example);

	log_open(LOG_CRIT);
	service_add(&dispatch, &service);
	dispatch_add(&dispatch, &served);
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

static void check_frame(const char *text, size_t n)
{
	autoarena struct arena arena = ARENA_INIT;
	struct peer peer = { .uid = 1000, .gid = 1000, .pid = 1 };
	struct codec_call call = { 0 };
	struct subscription subscription;
	struct wire_out out;
	bool is_call = codec_parse_call(&arena, text, n, &call) == 0;
	int rc;

	wire_out_init(&out);
	subscription_init(&subscription, NULL, NULL);
	rc = dispatch_frame(&dispatch, &peer, text, n, &out, &subscription);
	fuzz_check(rc == (is_call ? 0 : -EBADMSG));
	if (is_call)
		check_replies(&out, &call, subscription.is_open);
	else
		fuzz_check(out.pending == 0);
	subscription_done(&subscription);
	wire_out_done(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	if (dispatch.n == 0)
		begin();
	/* Each frame is copied, so that a byte read behind it is seen. */
	while (n > 0) {
		const uint8_t *end = memchr(data, 0, n);
		size_t length = end ? (size_t)(end - data) : n, taken = end ? length + 1 : n;
		autofree char *frame = malloc(length + 1);

		fuzz_check(frame);
		memcpy(frame, data, length);
		frame[length] = '\0';
		check_frame(frame, length);
		data += taken;
		n -= taken;
	}
	return 0;
}
