/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wire - Varlink's frames over a stream socket: texts ended by a NUL, descriptors beside them
 *
 * Receiving: one buffer, [start, end) of which is not taken yet. It begins small and doubles up to one frame of the limit with
 * its NUL; when everything is taken it goes back to small. Whatever the other side sends, and however few frames are taken
 * between two reads, every byte is moved a bounded number of times: what is left is moved to the front only where that is no
 * more than what was taken, or where it is one unfinished frame (which then is at the front and stays there).
 *
 * Sending: one chunk of memory a frame. Descriptors belong to the first byte of their frame, so a frame that has some begins a
 * sendmsg(2) of its own; frames without any follow in the same one.
 */
#include "wire.h"

#include <sys/socket.h>
#include <sys/uio.h>

/* The buffer of a connection on which only small frames come. */
#define SMALL 16384U

/* The kernel sends no more beside one message (SCM_MAX_FD). */
#define MESSAGE_FDS_MAX 253U

/* Frames given to one sendmsg(2). */
#define GATHERED_MAX 64U

void wire_in_init(struct wire_in *in, size_t limit, size_t max_fds)
{
	*in = (struct wire_in){ .limit = limit, .max_fds = max_fds };
}

void wire_in_done(struct wire_in *in)
{
	for (size_t i = 0; i < in->n_fds; i++)
		(void)close_fd(in->fds[i]);
	free(in->fds);
	free(in->buffer);
	wire_in_init(in, in->limit, in->max_fds);
}

static bool has_whole_frame(struct wire_in *in)
{
	const char *nul = NULL;

	if (in->scanned < in->end)
		nul = memchr(in->buffer + in->scanned, '\0', in->end - in->scanned);
	in->scanned = nul ? (size_t)(nul - in->buffer) : in->end;
	return nul;
}

static void move_to_front(struct wire_in *in)
{
	memmove(in->buffer, in->buffer + in->start, in->end - in->start);
	in->scanned -= in->start;
	in->end -= in->start;
	in->start = 0;
}

static void resize(struct wire_in *in, size_t size)
{
	char *buffer = realloc(in->buffer, size);

	if (!buffer)
		abort(); /* memory is out */
	in->buffer = buffer;
	in->size = size;
}

/* Makes room behind what has been received. 0; -EMSGSIZE; -EAGAIN where whole frames fill all there may be: there is room again
 * when some of them have been taken. */
static int make_room(struct wire_in *in)
{
	size_t most = in->limit + 1, left = in->end - in->start;
	size_t small = most < SMALL ? most : SMALL;

	if (left == 0) {
		in->start = in->end = in->scanned = 0;
		if (in->size > small) {
			free(in->buffer);
			in->buffer = NULL;
			in->size = 0;
		}
	}
	if (in->size == 0)
		resize(in, small);
	if (in->end < in->size)
		return 0;

	if (in->start > 0 && (in->start >= left || !has_whole_frame(in))) {
		move_to_front(in);
		return 0;
	}
	if (in->size < most) {
		resize(in, in->size < most / 2 ? in->size * 2 : most);
		return 0;
	}
	return has_whole_frame(in) ? -EAGAIN : -EMSGSIZE;
}

/* Keeps the descriptors of a message, or closes all of them where they are more than may. */
static int keep_fds(struct wire_in *in, struct msghdr *message)
{
	bool is_over = message->msg_flags & MSG_CTRUNC;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(message); c; c = CMSG_NXTHDR(message, c)) {
		const unsigned char *data = CMSG_DATA(c);
		size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < n; i++) {
			int fd;

			memcpy(&fd, data + i * sizeof(fd), sizeof(fd));
			if (is_over || in->n_fds == in->max_fds) {
				is_over = true;
				(void)close_fd(fd);
			} else {
				in->fds[in->n_fds++] = fd;
			}
		}
	}
	return is_over ? -EPROTO : 0;
}

/* recvmsg(2) with room for as many descriptors as may still come. */
static ssize_t receive_with_fds(struct wire_in *in, int fd)
{
	union {
		struct cmsghdr header; /* aligns */
		char bytes[CMSG_SPACE(MESSAGE_FDS_MAX * sizeof(int))];
	} control;
	size_t room = in->max_fds - in->n_fds, before = in->n_fds;
	struct iovec iov = { in->buffer + in->end, in->size - in->end };
	struct msghdr message = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t n;
	int r;

	if (!in->fds) {
		in->fds = reallocarray(NULL, in->max_fds, sizeof(*in->fds));
		if (!in->fds)
			abort(); /* memory is out */
	}
	if (room > 0) {
		message.msg_control = control.bytes;
		message.msg_controllen =
			CMSG_LEN((room < MESSAGE_FDS_MAX ? room : MESSAGE_FDS_MAX) * sizeof(int));
	}
	n = recvmsg(fd, &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	if (n < 0)
		return neg();

	r = keep_fds(in, &message);
	if (r < 0) {
		while (in->n_fds > before)
			(void)close_fd(in->fds[--in->n_fds]);
		return r;
	}
	return n;
}

static ssize_t receive(struct wire_in *in, int fd)
{
	ssize_t n;

	if (in->max_fds > 0)
		return receive_with_fds(in, fd);
	n = recv(fd, in->buffer + in->end, in->size - in->end, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	return n < 0 ? neg() : n;
}

ssize_t wire_in_read(struct wire_in *in, int fd)
{
	ssize_t n;
	int r;

	r = make_room(in);
	if (r < 0)
		return r;
	do
		n = receive(in, fd);
	while (n == -EINTR);
	if (n <= 0)
		return n;

	in->end += (size_t)n;
	if (in->end - in->start > in->limit && !has_whole_frame(in))
		return -EMSGSIZE;
	return n;
}

bool wire_in_has_next(struct wire_in *in)
{
	return has_whole_frame(in);
}

bool wire_in_next(struct wire_in *in, char **ret_text, size_t *ret_length)
{
	if (!has_whole_frame(in))
		return false;
	*ret_text = in->buffer + in->start;
	*ret_length = in->scanned - in->start;
	in->start = ++in->scanned;
	return true;
}

bool wire_in_is_partial(const struct wire_in *in)
{
	return in->start < in->end;
}

int wire_in_take_fd(struct wire_in *in)
{
	int fd;

	if (in->n_fds == 0)
		return -EBADF;
	fd = in->fds[0];
	memmove(in->fds, in->fds + 1, --in->n_fds * sizeof(*in->fds));
	return fd;
}

struct wire_chunk {
	struct wire_chunk *next;
	int fds[WIRE_FDS_MAX];
	size_t n_fds;
	size_t n, sent;
	char bytes[];
};

static void close_fds(const int *fds, size_t n)
{
	for (size_t i = 0; i < n; i++)
		(void)close_fd(fds[i]);
}

void wire_out_init(struct wire_out *out)
{
	*out = (struct wire_out){ 0 };
}

static void drop_first(struct wire_out *out)
{
	struct wire_chunk *chunk = out->first;

	out->first = chunk->next;
	if (!out->first)
		out->last = NULL;
	close_fds(chunk->fds, chunk->n_fds);
	free(chunk);
}

void wire_out_done(struct wire_out *out)
{
	while (out->first)
		drop_first(out);
	out->pending = 0;
}

void wire_out_push(struct wire_out *out, const char *text, size_t n, const int *fds, size_t n_fds)
{
	struct wire_chunk *chunk;

	if (n_fds > WIRE_FDS_MAX || n > SIZE_MAX - sizeof(*chunk) - 1)
		abort(); /* the caller has lost count */
	chunk = malloc(sizeof(*chunk) + n + 1);
	if (!chunk)
		abort(); /* memory is out */
	*chunk = (struct wire_chunk){ .n_fds = n_fds, .n = n + 1 };
	if (n > 0)
		memcpy(chunk->bytes, text, n);
	chunk->bytes[n] = '\0';
	if (n_fds > 0)
		memcpy(chunk->fds, fds, n_fds * sizeof(*fds));

	if (out->last)
		out->last->next = chunk;
	else
		out->first = chunk;
	out->last = chunk;
	out->pending += chunk->n;
}

/* Sends the first frame with its descriptors, and those after it as far as they have none. */
static ssize_t send_some(const struct wire_out *out, int fd)
{
	union {
		struct cmsghdr header; /* aligns */
		char bytes[CMSG_SPACE(WIRE_FDS_MAX * sizeof(int))];
	} control = { 0 };
	const struct wire_chunk *first = out->first;
	struct iovec iov[GATHERED_MAX];
	struct msghdr message = { .msg_iov = iov };
	ssize_t n;

	for (struct wire_chunk *c = out->first; c && message.msg_iovlen < GATHERED_MAX;
		c = c->next) {
		if (c != first && c->n_fds > 0)
			break;
		iov[message.msg_iovlen++] = (struct iovec){ c->bytes + c->sent, c->n - c->sent };
	}
	if (first->n_fds > 0) {
		size_t size = first->n_fds * sizeof(int);

		control.header.cmsg_level = SOL_SOCKET;
		control.header.cmsg_type = SCM_RIGHTS;
		control.header.cmsg_len = CMSG_LEN(size);
		memcpy(CMSG_DATA(&control.header), first->fds, size);
		message.msg_control = control.bytes;
		message.msg_controllen = CMSG_SPACE(size);
	}
	do
		n = sendmsg(fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL);
	while (n < 0 && errno == EINTR);
	return n < 0 ? neg() : n;
}

/* Forgets n bytes that have gone, and the descriptors that went with the first of them. */
static void forget(struct wire_out *out, size_t n)
{
	close_fds(out->first->fds, out->first->n_fds);
	out->first->n_fds = 0;
	out->pending -= n;
	while (n > 0) {
		struct wire_chunk *chunk = out->first;
		size_t left = chunk->n - chunk->sent;

		if (n < left) {
			chunk->sent += n;
			return;
		}
		n -= left;
		drop_first(out);
	}
}

int wire_out_flush(struct wire_out *out, int fd, size_t *ret_sent)
{
	size_t sent = 0;

	while (out->first) {
		ssize_t n = send_some(out, fd);

		if (n == -EAGAIN)
			break;
		if (n < 0)
			return (int)n;
		forget(out, (size_t)n);
		sent += (size_t)n;
	}
	if (ret_sent)
		*ret_sent = sent;
	return out->first ? 1 : 0;
}
