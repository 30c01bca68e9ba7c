/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * call - calls to the daemon over one connection, one after the other or some under way at once
 *
 * The socket does not block: one poll() waits for both directions, so that a daemon that stops reading and one that stops
 * answering end at the same deadline.
 */
#include "call.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <time.h>

#include "explain.h"

/* Bytes of one reply. What a service tells is not bounded as what it takes, but not without end either. */
enum { REPLY_MAX = 16 * 1024 * 1024 };

enum { MICROSECONDS = 1000000 };

/* Calls of a row that are under way: the daemon is to know of the next one while it does one. */
enum { UNDER_WAY = 32 };

void call_init(struct call *call, const char *path, int64_t timeout, struct problem *problem)
{
	*call = (struct call){ .path = path, .timeout = timeout, .problem = problem, .fd = -EBADF };
}

void call_close(struct call *call)
{
	if (!call->is_open)
		return;
	call->fd = close_fd(call->fd);
	wire_in_done(&call->in);
	wire_out_done(&call->out);
	call->is_open = false;
}

int64_t call_now(void)
{
	struct timespec time;

	if (clock_gettime(CLOCK_MONOTONIC, &time) < 0)
		abort();
	return (int64_t)time.tv_sec * MICROSECONDS + time.tv_nsec / 1000;
}

static int too_slow(struct call *call)
{
	return problem_set(call->problem, PROBLEM_TIMED_OUT,
		"nsnetctl --timeout=0 ... waits for ever", "no answer from nsnetd within %g s",
		(double)call->timeout / (double)MICROSECONDS);
}

/* 0, or a negative errno. Only a full backlog makes connecting wait, and then no longer than a send may. */
static int open_socket(const struct call *call, int *ret_fd)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct timeval patience = { .tv_sec = call->timeout / MICROSECONDS,
		.tv_usec = call->timeout % MICROSECONDS };
	autoclose int fd = -EBADF;

	if (strlen(call->path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, call->path, strlen(call->path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return neg();
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)) < 0)
		return neg();
	if (connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return neg();
	if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0)
		return neg();
	*ret_fd = take_fd(&fd);
	return 0;
}

static int open_connection(struct call *call)
{
	int r;

	if (call->is_open)
		return 0;
	r = open_socket(call, &call->fd);
	if (r == -EAGAIN)
		return too_slow(call);
	if (r < 0)
		return explain_connect(call->problem, call->path, r);
	wire_in_init(&call->in, REPLY_MAX, WIRE_FDS_MAX);
	wire_out_init(&call->out);
	call->is_open = true;
	return 0;
}

static int lost(struct call *call, int error)
{
	const char *mend = access("/run/systemd/system", F_OK) == 0 ? "journalctl -u nsnetd" : NULL;

	call_close(call);
	if (error == 0 || error == -ECONNRESET || error == -EPIPE)
		return problem_set(call->problem, PROBLEM_FAILED, mend,
			"nsnetd closed the connection without an answer");
	return problem_errno(call->problem, error, "talking to %s", call->path);
}

/* Waits until something can be read, or what is queued be sent. */
static int wait_for_socket(struct call *call)
{
	struct pollfd poll_fd = { .fd = call->fd, .events = POLLIN };
	int milliseconds = -1;

	if (call->out.pending > 0)
		poll_fd.events |= POLLOUT;
	for (;;) {
		int n;

		if (call->until > 0 || call->timeout > 0) {
			int64_t end = call->until > 0 ? call->until : call->deadline;
			int64_t left = end - call_now();

			if (left <= 0 && call->until > 0)
				return CALL_LATER;
			if (left <= 0) {
				/* An answer that comes later would be taken for that to the next call. */
				call_close(call);
				return too_slow(call);
			}
			milliseconds =
				left / 1000 >= INT32_MAX ? INT32_MAX : (int)(left / 1000) + 1;
		}
		n = poll(&poll_fd, 1, milliseconds);
		if (n > 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return lost(call, neg());
	}
}

void call_renew(struct call *call)
{
	call->deadline = call_now() + call->timeout;
}

/* Descriptors of this process, for the queue to keep. */
static int duplicate(const struct call_fds *fds, int ret[WIRE_FDS_MAX])
{
	for (size_t i = 0; i < fds->n; i++) {
		ret[i] = fcntl(fds->fds[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
		if (ret[i] < 0) {
			int r = neg();

			while (i > 0)
				(void)close_fd(ret[--i]);
			return r;
		}
	}
	return 0;
}

static int start(struct call *call, const char *method, bool more, const char *parameters,
	const struct call_fds *beside)
{
	const char *text = codec_encode_call(call->problem->arena, method, more, false, parameters);
	enum text_fault fault = text_check(text, strlen(text), &text_limits_message, NULL);
	int fds[WIRE_FDS_MAX];
	int r;

	if (fault == TEXT_ENCODING)
		return problem_usage(call->problem, "what is given is not UTF-8");
	if (fault != TEXT_OK)
		return problem_usage(call->problem, "what is given is too much for one message: %s",
			text_fault_name(fault));
	call_renew(call);
	r = open_connection(call);
	if (r != 0)
		return r;
	r = duplicate(beside, fds);
	if (r < 0)
		return problem_errno(call->problem, r, "sending descriptors");
	wire_out_push(&call->out, text, strlen(text), fds, beside->n);
	r = wire_out_flush(&call->out, call->fd, NULL);
	/* Where the daemon has hung up, its last words may still lie there: call_next() looks. */
	return r < 0 && r != -EPIPE ? lost(call, r) : 0;
}

int call_start(struct call *call, const char *method, bool more, const char *parameters)
{
	return start(call, method, more, parameters, &(struct call_fds){ 0 });
}

static void close_descriptors(struct call *call)
{
	for (int fd = wire_in_take_fd(&call->in); fd >= 0; fd = wire_in_take_fd(&call->in))
		(void)close_fd(fd);
}

static int receive_frame(struct call *call, char **ret_text, size_t *ret_length)
{
	while (!wire_in_next(&call->in, ret_text, ret_length)) {
		ssize_t n = wire_in_read(&call->in, call->fd);
		int r;

		if (n > 0)
			continue;
		if (n != -EAGAIN)
			return lost(call, (int)n);
		r = wait_for_socket(call);
		if (r != 0)
			return r;
		r = call->out.pending > 0 ? wire_out_flush(&call->out, call->fd, NULL) : 0;
		if (r < 0 && r != -EPIPE)
			return lost(call, r);
	}
	close_descriptors(call);
	return 0;
}

int call_next(struct call *call, struct arena *arena, struct codec_reply *ret)
{
	char *text;
	size_t length;
	int r = receive_frame(call, &text, &length);

	if (r != 0)
		return r;
	if (codec_parse_reply(arena, text, length, ret) < 0) {
		call_close(call);
		return problem_set(call->problem, PROBLEM_FAILED, NULL,
			"what came from %s is no Varlink reply", call->path);
	}
	return 0;
}

/* The next reply to a method of alt.nsnet, in its own type. */
static int next_typed(
	struct call *call, const struct codec_method *method, void *out, bool *ret_continues)
{
	struct codec_reply reply;
	const char *field;
	int r = call_next(call, call->problem->arena, &reply);

	if (r != 0)
		return r;
	if (reply.error)
		return explain_error(call->problem, reply.error, reply.parameters);
	if (codec_decode(method->out, reply.parameters, CODEC_IGNORE_UNKNOWN, call->problem->arena,
		    out, &field) < 0) {
		call_close(call);
		return problem_set(call->problem, PROBLEM_FAILED, NULL,
			"nsnetd's answer to %s has a wrong \"%s\"", method->name, field);
	}
	*ret_continues = reply.continues;
	return 0;
}

static int start_typed(struct call *call, const struct codec_method *method, bool more,
	const void *in, const struct call_fds *fds)
{
	struct arena *arena = call->problem->arena;

	return start(call, arena_printf(arena, "%s.%s", nsnet_interface.name, method->name), more,
		codec_encode(method->in, in, arena), fds);
}

int call_nsnet(struct call *call, enum nsnet_method method, const void *in, void *out)
{
	const struct codec_method *row = &nsnet_interface.methods[method];
	bool continues;
	int r = start_typed(call, row, false, in, &(struct call_fds){ 0 });

	return r != 0 ? r : next_typed(call, row, out, &continues);
}

int call_nsnet_row(struct call *call, const struct call_row *row)
{
	const struct codec_method *method = &nsnet_interface.methods[row->method];
	size_t sent = 0;

	for (size_t i = 0; i < row->n; i++) {
		void *out = arena_alloc(call->problem->arena, method->out->size);
		bool continues;
		int r = 0;

		while (r == 0 && sent < row->n && sent - i < UNDER_WAY)
			r = start_typed(call, method, false, row->make(sent++, row->userdata),
				&(struct call_fds){ 0 });
		/* Each has as long as one call. */
		call_renew(call);
		if (r == 0)
			r = next_typed(call, method, out, &continues);
		/* Without the daemon's word nobody knows what became of it, nor of those behind it. */
		if (r != 0 && !call->problem->error)
			return r;
		row->on_reply(i, r, out, row->userdata);
	}
	return 0;
}

int call_nsnet_begin(
	struct call *call, enum nsnet_method method, const void *in, const struct call_fds *fds)
{
	return start_typed(call, &nsnet_interface.methods[method], true, in, fds);
}

int call_nsnet_hear(struct call *call, enum nsnet_method method, void *out, bool *ret_continues)
{
	call_renew(call);
	return next_typed(call, &nsnet_interface.methods[method], out, ret_continues);
}

int call_nsnet_each(struct call *call, enum nsnet_method method, const void *in,
	int (*on_reply)(const void *out, void *userdata), void *userdata)
{
	const struct codec_method *row = &nsnet_interface.methods[method];
	bool continues = true;
	int r = start_typed(call, row, true, in, &(struct call_fds){ 0 });

	while (r == 0 && continues) {
		void *out = arena_alloc(call->problem->arena, row->out->size);

		r = next_typed(call, row, out, &continues);
		if (r != 0)
			break;
		r = on_reply(out, userdata);
		if (r != 0 && continues)
			call_close(call); /* with the replies nobody wants any more */
	}
	return r;
}

bool call_found_nothing(const struct problem *problem, const char *error)
{
	struct nsnet_no_such_namespace none = { 0 };
	const char *field;

	/* Both errors have the one parameter "name". */
	return problem->error && streq(problem->error, error) &&
	       codec_decode(&nsnet_no_such_namespace_type, problem->parameters,
		       CODEC_IGNORE_UNKNOWN, problem->arena, &none, &field) == 0 &&
	       !none.name;
}
