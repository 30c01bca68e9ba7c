/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_dispatch - whatever bytes come: frames are refused, or answered as the protocol says
 *
 * The input is a stream as a connection would receive it: frames with a NUL between them.
 */
#include "example_methods.h"
#include "frames.h"
#include "fuzz.h"
#include "log.h"
#include "service.h"

static const struct server_info info = { "Vendor", "Product", "1.2.3", "https://example.alt/" };
static struct example_context example;
static struct dispatch dispatch;
static struct varlink_service_context service = { &info, &dispatch };

static void end(void)
{
	dispatch_done(&dispatch);
}

static void begin(void)
{
	struct server_interface served = example_served(&example);

	log_open(LOG_CRIT);
	service_add(&dispatch, &service);
	dispatch_add(&dispatch, &served);
	fuzz_check(atexit(end) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const struct peer peer = { .uid = 1000, .gid = 1000, .pid = 1 };

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
		frames_check(&dispatch, &peer, frame, length);
		data += taken;
		n -= taken;
	}
	return 0;
}
