/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_dispatch - handlers that break their contract, each given one frame without any socket
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <cmocka.h>

#include "dispatch.h"
#include "example_methods.h"
#include "log.h"

#define NOTE "{\"method\":\"alt.broken.Note\"}"

static const struct example_note_out answer = { .count = 1 };

/* An interface with the one method Note, served by that handler. */
static int dispatch_to(call_handler handler, const char *frame, struct wire_out *out)
{
	const struct codec_interface interface = {
		.name = "alt.broken",
		.description = "",
		.methods = &example_interface.methods[EXAMPLE_M_NOTE],
		.n_methods = 1,
	};
	struct server_interface served = { &interface, &handler, NULL };
	struct dispatch dispatch = { 0 };
	struct peer peer = { 0 };
	int rc;

	dispatch_add(&dispatch, &served);
	rc = dispatch_frame(&dispatch,
		&(struct dispatch_client){ .peer = &peer, .out = out, .subscription = NULL }, frame,
		strlen(frame));
	dispatch_done(&dispatch);
	return rc;
}

/* That a frame is answered with exactly these bytes, frames' ends as ';'. */
static void expect_replies(call_handler handler, const char *frame, const char *replies)
{
	char text[1024];
	struct wire_out out;
	ssize_t n;
	int ends[2];

	wire_out_init(&out);
	assert_int_equal(dispatch_to(handler, frame, &out), 0);
	assert_return_code(
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), errno);
	assert_int_equal(wire_out_flush(&out, ends[1], NULL), 0);
	(void)close_fd(ends[1]);
	n = recv(ends[0], text, sizeof(text) - 1, 0);
	assert_return_code(n, errno);
	text[n] = '\0';
	for (ssize_t i = 0; i < n; i++)
		if (!text[i])
			text[i] = ';';
	(void)close_fd(ends[0]);
	wire_out_done(&out);
	assert_string_equal(text, replies);
}

/* The signal that ends a process whose handler does that. */
static int signal_of(call_handler handler, const char *frame)
{
	pid_t pid = fork();
	int status;

	assert_return_code(pid, errno);
	if (pid == 0) {
		struct wire_out out;

		(void)close(STDERR_FILENO);
		wire_out_init(&out);
		(void)dispatch_to(handler, frame, &out);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static int reply(unused void *userdata, struct call *call, unused const void *in)
{
	return call_reply(call, &answer);
}

static int reply_twice(unused void *userdata, struct call *call, unused const void *in)
{
	(void)call_reply(call, &answer);
	return call_reply(call, &answer);
}

static int reply_and_fail(unused void *userdata, struct call *call, unused const void *in)
{
	(void)call_reply(call, &answer);
	return call_fail_permission(call);
}

static int reply_and_reply_more(unused void *userdata, struct call *call, unused const void *in)
{
	(void)call_reply(call, &answer);
	return call_reply_more(call, &answer);
}

static int reply_more(unused void *userdata, struct call *call, unused const void *in)
{
	return call_reply_more(call, &answer);
}

static int reply_and_err(unused void *userdata, struct call *call, unused const void *in)
{
	(void)call_reply(call, &answer);
	return -EIO;
}

static int reply_and_attach(unused void *userdata, struct call *call, unused const void *in)
{
	(void)call_reply(call, &answer);
	return call_attach_fd(call, open("/dev/null", O_RDONLY | O_CLOEXEC));
}

static int come_back_positive(
	unused void *userdata, unused struct call *call, unused const void *in)
{
	return 1;
}

static int keep_open(unused void *userdata, struct call *call, unused const void *in)
{
	struct list list;

	list_init(&list);
	return call_subscribe(call, &list) ? 0 : -EOPNOTSUPP;
}

static int reply_and_keep_open(void *userdata, struct call *call, const void *in)
{
	(void)call_reply(call, &answer);
	return keep_open(userdata, call, in);
}

static void test_two_answers_end_the_daemon(unused void **state)
{
	assert_int_equal(signal_of(reply, NOTE), 0);
	assert_int_equal(signal_of(reply_twice, NOTE), SIGABRT);
	assert_int_equal(signal_of(reply_and_fail, NOTE), SIGABRT);
	/* Nobody hears them, but it is wrong all the same. */
	assert_int_equal(signal_of(reply_twice, "{\"method\":\"alt.broken.Note\",\"oneway\":true}"),
		SIGABRT);
}

static void test_replies_unasked_end_the_daemon(unused void **state)
{
	static const char more[] = "{\"method\":\"alt.broken.Note\",\"more\":true}";

	assert_int_equal(signal_of(reply_more, more), 0);
	assert_int_equal(signal_of(reply_more, NOTE), SIGABRT);
	assert_int_equal(signal_of(reply_and_reply_more, more), SIGABRT);
	assert_int_equal(signal_of(keep_open, more), 0);
	assert_int_equal(signal_of(keep_open, NOTE), SIGABRT);
	assert_int_equal(signal_of(reply_and_keep_open, more), SIGABRT);
}

#define ANSWER "{\"parameters\":{\"count\":1}};"
#define EPROTO_ERROR \
	"{\"error\":\"io.systemd.System\",\"parameters\":{\"origin\":\"linux\",\"errno\":71," \
	"\"errnoName\":\"EPROTO\"}};"

static void test_an_answer_is_the_last_word(unused void **state)
{
	expect_replies(reply, NOTE, ANSWER);
	expect_replies(reply_and_err, NOTE, ANSWER);
}

static void test_no_last_answer(unused void **state)
{
	expect_replies(come_back_positive, NOTE, EPROTO_ERROR);
	expect_replies(reply_more, "{\"method\":\"alt.broken.Note\",\"more\":true}",
		"{\"continues\":true,\"parameters\":{\"count\":1}};" EPROTO_ERROR);
}

/* Where no call can be kept open, that is said. */
static void test_none_can_be_open(unused void **state)
{
	expect_replies(keep_open, "{\"method\":\"alt.broken.Note\",\"more\":true}",
		"{\"error\":\"io.systemd.System\",\"parameters\":{\"origin\":\"linux\",\"errno\":95,"
		"\"errnoName\":\"EOPNOTSUPP\"}};");
}

/* Descriptors that no reply takes along are closed. */
static void test_descriptors_left(unused void **state)
{
	int before = dup(STDIN_FILENO), after;

	(void)close_fd(before);
	expect_replies(reply_and_attach, NOTE, ANSWER);
	after = dup(STDIN_FILENO);
	(void)close_fd(after);
	assert_int_equal(before, after); /* the lowest that is free */
}

static int setup(unused void **state)
{
	log_open(LOG_CRIT);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_two_answers_end_the_daemon),
		cmocka_unit_test(test_replies_unasked_end_the_daemon),
		cmocka_unit_test(test_an_answer_is_the_last_word),
		cmocka_unit_test(test_no_last_answer),
		cmocka_unit_test(test_none_can_be_open),
		cmocka_unit_test(test_descriptors_left),
	};

	return cmocka_run_group_tests(tests, setup, NULL);
}
