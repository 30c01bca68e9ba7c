/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rpc - messages to a service on a socket and back, and texts with numbers in them
 */
#include "rpc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "lap.h"

char *rpc_fill(const char *text, unsigned number)
{
	static char filled[65536];
	size_t n = 0;

	while (*text && n + 16 < sizeof(filled)) {
		if (text[0] == '%' && text[1] == 'u') {
			n += (size_t)snprintf(filled + n, sizeof(filled) - n, "%u", number);
			text += 2;
		} else {
			filled[n++] = *text++;
		}
	}
	filled[n] = '\0';
	return filled;
}

int rpc_connect(const char *path)
{
	/* What takes longer will never be over. */
	static const struct timeval longest = { .tv_sec = 120 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = lap_must(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket");

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	lap_must(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &longest, sizeof(longest)), "setsockopt");
	lap_must(connect(fd, (struct sockaddr *)&address, sizeof(address)), path);
	return fd;
}

void rpc_send(int fd, const char *message)
{
	size_t n = strlen(message) + 1;

	if (send(fd, message, n, MSG_NOSIGNAL) != (ssize_t)n)
		lap_must(-1, "send");
}

/* What of a reply has come so far; there is never more than one connection of which part of a reply is waited for. */
static char rest[1 << 20];
static size_t n_rest;
static bool is_last;

unsigned rpc_receive(int fd)
{
	unsigned n_replies = 0;

	while (n_replies == 0) {
		int n = lap_must((int)recv(fd, rest + n_rest, sizeof(rest) - n_rest, 0), "recv");
		char *end;

		if (n == 0) {
			errno = ECONNRESET;
			lap_must(-1, "the service has closed the connection");
		}
		n_rest += (size_t)n;
		while ((end = memchr(rest, '\0', n_rest))) {
			size_t length = (size_t)(end - rest) + 1;

			if (strstr(rest, "\"error\":"))
				lap_fail(rest);
			is_last = !strstr(rest, "\"continues\":true");
			n_rest -= length;
			memmove(rest, end + 1, n_rest);
			n_replies++;
		}
	}
	return n_replies;
}

bool rpc_receive_more(int fd)
{
	rpc_receive(fd);
	return !is_last;
}
