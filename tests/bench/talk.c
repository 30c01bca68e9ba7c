/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * talk - packets to a peer and back, and how long they took
 *
 *	talk serve PORT			sends back what comes by UDP and TCP; a TCP connection that begins with 'b' is only read
 *	talk ADDRESS PORT [SERVICE]	reads commands on standard input and answers each with a line of JSON (lap.h)
 *
 *	udp N GAP SIZE			a packet there and back, one after the other; one that is not back in a second has failed
 *	tcp N GAP SIZE			the same on a TCP connection
 *	bulk MEBIBYTES			by TCP, until the peer has read all; "total" tells
 *	first N GAP FIRST NAME MESSAGE	asks the service as "ask single" does, and at once sends a first packet from inside of
 *					/run/netns/NAME: how long until it was back
 *	crowd N FIRST NAME		a first packet from each of N namespaces, all at the same time
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lap.h"
#include "rpc.h"

/* What is later than this is not waited for. */
#define WAIT_MS       1000
#define FIRST_WAIT_MS 8000
#define BYTES_MAX     65536

static struct sockaddr_in peer = { .sin_family = AF_INET };
static const char *service;
static char buffer[BYTES_MAX];

static int is_there(int fd, int wait_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };

	return lap_must(poll(&p, 1, wait_ms), "poll");
}

static int open_socket(int type)
{
	static const int one = 1;
	int fd = lap_must(socket(AF_INET, type | SOCK_CLOEXEC, 0), "socket");

	if (type == SOCK_STREAM)
		lap_must(setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)), "setsockopt");
	lap_must(connect(fd, (struct sockaddr *)&peer, sizeof(peer)), "connect");
	return fd;
}

static void send_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		int sent = lap_must((int)send(fd, bytes, n, MSG_NOSIGNAL), "send");

		bytes += sent;
		n -= (size_t)sent;
	}
}

static bool receive_all(int fd, size_t n)
{
	while (n > 0) {
		int got;

		if (is_there(fd, WAIT_MS) == 0)
			return false;
		got = lap_must((int)recv(fd, buffer, n, 0), "recv");
		if (got == 0)
			return false;
		n -= (size_t)got;
	}
	return true;
}

static void talk_udp(unsigned n, unsigned gap, unsigned size)
{
	int fd = open_socket(SOCK_DGRAM);

	for (unsigned i = 0; i < n; i++) {
		double start = lap_now();
		bool is_back = false;

		memset(buffer, 0, size);
		memcpy(buffer, &i, sizeof(i));
		/* What the kernel has no room for is lost as well. */
		(void)!send(fd, buffer, size, 0);
		while (!is_back && is_there(fd, WAIT_MS) > 0) {
			ssize_t got = recv(fd, buffer, sizeof(buffer), 0);

			/* One that comes late is none; an error is that of a packet that was refused. */
			is_back = got == (ssize_t)size && memcmp(buffer, &i, sizeof(i)) == 0;
			if (got < 0)
				break;
		}
		if (is_back)
			lap_add(lap_now() - start);
		else
			lap_fail("a packet is lost");
		if (gap > 0)
			usleep(gap);
	}
	close(fd);
}

static void talk_tcp(unsigned n, unsigned gap, unsigned size)
{
	int fd = open_socket(SOCK_STREAM);

	for (unsigned i = 0; i < n; i++) {
		double start = lap_now();

		memset(buffer, 0, size);
		send_all(fd, buffer, size);
		if (receive_all(fd, size))
			lap_add(lap_now() - start);
		else
			lap_fail("no answer in a second");
		if (gap > 0)
			usleep(gap);
	}
	close(fd);
}

static void talk_bulk(unsigned mebibytes)
{
	int fd = open_socket(SOCK_STREAM);

	memset(buffer, 'b', sizeof(buffer));
	for (unsigned i = 0; i < mebibytes * (1048576 / sizeof(buffer)); i++)
		send_all(fd, buffer, sizeof(buffer));
	lap_must(shutdown(fd, SHUT_WR), "shutdown");
	if (is_there(fd, 60000) == 0)
		lap_fail("the peer has not read all in a minute");
	close(fd);
}

/* A UDP socket inside of the namespace with that name. */
static int open_inside(const char *name)
{
	static int home = -1;
	char path[128];
	int fd, inside;

	if (home < 0)
		home = lap_must(
			open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), "/proc/self/ns/net");
	snprintf(path, sizeof(path), "/run/netns/%s", name);
	inside = lap_must(open(path, O_RDONLY | O_CLOEXEC), path);
	lap_must(setns(inside, CLONE_NEWNET), "setns");
	fd = open_socket(SOCK_DGRAM);
	lap_must(setns(home, CLONE_NEWNET), "setns");
	close(inside);
	return fd;
}

static void talk_first(
	unsigned n, unsigned gap, unsigned first, const char *name, const char *message)
{
	for (unsigned i = 0; i < n; i++) {
		double start;
		int fd = rpc_connect(service);

		rpc_send(fd, rpc_fill(message, first + i));
		rpc_receive(fd);
		close(fd);
		start = lap_now();
		fd = open_inside(rpc_fill(name, first + i));
		(void)!send(fd, "1", 1, 0);
		if (is_there(fd, FIRST_WAIT_MS) > 0)
			lap_add(lap_now() - start);
		else
			lap_fail("the first packet is lost");
		close(fd);
		if (gap > 0)
			usleep(gap);
	}
}

static void talk_crowd(unsigned n, unsigned first, const char *name)
{
	int *fds = calloc(n, sizeof(*fds)), epoll = lap_must(epoll_create1(EPOLL_CLOEXEC), "epoll");
	double *starts = calloc(n, sizeof(*starts));
	unsigned n_back = 0;

	lap_must(fds && starts ? 0 : -1, "memory");
	for (unsigned i = 0; i < n; i++) {
		struct epoll_event event = { .events = EPOLLIN, .data.u32 = i };

		fds[i] = open_inside(rpc_fill(name, first + i));
		lap_must(epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event), "epoll_ctl");
	}
	for (unsigned i = 0; i < n; i++) {
		starts[i] = lap_now();
		(void)!send(fds[i], "1", 1, 0);
	}
	while (n_back < n) {
		struct epoll_event events[64];
		int got = lap_must(epoll_wait(epoll, events, 64, FIRST_WAIT_MS), "epoll_wait");

		for (int i = 0; i < got; i++) {
			unsigned at = events[i].data.u32;

			if (recv(fds[at], buffer, sizeof(buffer), 0) > 0)
				lap_add(lap_now() - starts[at]);
			else
				lap_fail("a packet was refused");
			lap_must(epoll_ctl(epoll, EPOLL_CTL_DEL, fds[at], NULL), "epoll_ctl");
			n_back++;
		}
		for (; got == 0 && n_back < n; n_back++)
			lap_fail("no answer in eight seconds");
	}
	for (unsigned i = 0; i < n; i++)
		close(fds[i]);
	close(epoll);
	free(fds);
	free(starts);
}

static bool run(const char *line)
{
	unsigned n, gap, x;
	char name[64];
	int at = 0;

	lap_start();
	if (sscanf(line, "udp %u %u %u", &n, &gap, &x) == 3 && x >= sizeof(x) && x <= BYTES_MAX)
		talk_udp(n, gap, x);
	else if (sscanf(line, "tcp %u %u %u", &n, &gap, &x) == 3 && x > 0 && x <= BYTES_MAX)
		talk_tcp(n, gap, x);
	else if (sscanf(line, "bulk %u", &n) == 1)
		talk_bulk(n);
	else if (sscanf(line, "first %u %u %u %63s %n", &n, &gap, &x, name, &at) == 4 && at > 0)
		talk_first(n, gap, x, name, line + at);
	else if (sscanf(line, "crowd %u %u %63s", &n, &x, name) == 3)
		talk_crowd(n, x, name);
	else
		return false;
	lap_report();
	return true;
}

/* A connection: whether it is over. */
static bool serve_stream(int fd, bool *is_read_only)
{
	ssize_t n = recv(fd, buffer, sizeof(buffer), MSG_DONTWAIT);

	if (n < 0)
		return errno != EAGAIN;
	if (n > 0 && buffer[0] == 'b')
		*is_read_only = true;
	if (n > 0 && !*is_read_only)
		send_all(fd, buffer, (size_t)n);
	return n == 0;
}

static void serve(unsigned port)
{
	static const int one = 1;
	struct sockaddr_in own = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	struct pollfd fds[64] = {
		{ lap_must(socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), "socket"), POLLIN, 0 },
		{ lap_must(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), "socket"), POLLIN, 0 },
	};
	static const int room = 4 << 20;
	bool is_read_only[64] = { false };
	nfds_t n = 2;

	/* What a crowd sends at once waits there. */
	(void)setsockopt(fds[0].fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room));
	lap_must(setsockopt(fds[1].fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), "setsockopt");
	lap_must(bind(fds[0].fd, (struct sockaddr *)&own, sizeof(own)), "bind");
	lap_must(bind(fds[1].fd, (struct sockaddr *)&own, sizeof(own)), "bind");
	lap_must(listen(fds[1].fd, 16), "listen");
	while (true) {
		lap_must(poll(fds, n, -1), "poll");
		if (fds[0].revents) {
			struct sockaddr_in from;
			socklen_t size = sizeof(from);
			ssize_t got = recvfrom(fds[0].fd, buffer, sizeof(buffer), MSG_DONTWAIT,
				(struct sockaddr *)&from, &size);

			if (got >= 0)
				(void)!sendto(fds[0].fd, buffer, (size_t)got, 0,
					(struct sockaddr *)&from, size);
		}
		for (nfds_t i = 2; i < n; i++) {
			if (!fds[i].revents || !serve_stream(fds[i].fd, &is_read_only[i]))
				continue;
			close(fds[i].fd);
			fds[i] = fds[--n];
			is_read_only[i] = is_read_only[n];
			break;
		}
		if (fds[1].revents && n < 64) {
			fds[n] = (struct pollfd){ accept4(fds[1].fd, NULL, NULL, SOCK_CLOEXEC),
				POLLIN, 0 };
			is_read_only[n] = false;
			n += fds[n].fd >= 0;
			if (n > 2)
				(void)setsockopt(
					fds[n - 1].fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
		}
	}
}

int main(int argc, char **argv)
{
	static char line[32768];
	struct rlimit limit;

	if (argc == 3 && strcmp(argv[1], "serve") == 0)
		serve((unsigned)atoi(argv[2]));
	if (argc < 3 || inet_pton(AF_INET, argv[1], &peer.sin_addr) != 1) {
		fprintf(stderr, "Usage: talk serve PORT | ADDRESS PORT [SERVICE]\n");
		return 2;
	}
	peer.sin_port = htons((uint16_t)atoi(argv[2]));
	service = argc > 3 ? argv[3] : "";
	lap_must(getrlimit(RLIMIT_NOFILE, &limit), "getrlimit");
	limit.rlim_cur = limit.rlim_max;
	lap_must(setrlimit(RLIMIT_NOFILE, &limit), "setrlimit");
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (!run(line)) {
			fprintf(stderr, "talk: cannot do: %s\n", line);
			return 2;
		}
	}
	return 0;
}
