/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * events - what somebody does to the host's network, its mounts, our tables
 */
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "event_message.h"
#include "kernel.h"
#include "name_watch.h"
#include "nft.h"
#include "state.h"

#define RECEIVE_BUFFER (8 * 1024 * 1024)
#define DATAGRAM_MAX   65536U
/* At most so many at a time; the rest keeps the descriptor ready. */
#define DATAGRAMS_MAX 4096U

#define ALL_EVENTS \
	(KERNEL_EVENT_HOST | KERNEL_EVENT_FIREWALL | KERNEL_EVENT_MOUNTS | KERNEL_EVENT_LOST)

static int open_socket(void)
{
	static const int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
		RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_NETCONF,
		RTNLGRP_IPV6_NETCONF };
	static const int size = RECEIVE_BUFFER;
	const struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	autoclose int fd =
		socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0 || bind(fd, (const void *)&address, sizeof(address)) < 0)
		return neg();
	/* Not all may have that much; events that get lost are noticed. */
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	for (size_t i = 0; i < lengthof(groups); i++)
		if (setsockopt(fd, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &groups[i],
			    sizeof(groups[i])) < 0)
			return neg();
	return take_fd(&fd);
}

static int join(int events, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.fd = fd };

	return epoll_ctl(events, EPOLL_CTL_ADD, fd, &event) < 0 ? neg() : 0;
}

int kernel_events(struct kernel *kernel)
{
	autoclose int events = -EBADF, link_events = -EBADF;
	int nft_events = -EBADF, r;

	if (kernel->events >= 0)
		return kernel->events;
	events = epoll_create1(EPOLL_CLOEXEC);
	if (events < 0)
		return neg();
	link_events = open_socket();
	r = link_events < 0 ? link_events : join(events, link_events);
	if (r < 0)
		return r;
	r = name_watch_open(kernel, events);
	if (r < 0)
		return r;
	r = nft_watch(kernel, &nft_events);
	if (r == 0)
		r = join(events, nft_events);
	/* Without tables there is nothing of ours that somebody could change. */
	if (r < 0 && r != -EOPNOTSUPP)
		return r;
	kernel->link_events = take_fd(&link_events);
	kernel->events = take_fd(&events);
	return kernel->events;
}

/* 0 when nothing waits any more. */
static int read_links(struct kernel *kernel, struct kernel_changes *changes)
{
	static char buffer[DATAGRAM_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));

	for (unsigned i = 0; i < DATAGRAMS_MAX; i++) {
		struct sockaddr_nl from = { 0 };
		socklen_t n_from = sizeof(from);
		ssize_t received = recvfrom(kernel->link_events, buffer, sizeof(buffer), MSG_TRUNC,
			(void *)&from, &n_from);
		int n = (int)received;

		if (received < 0 && errno == EINTR)
			continue;
		if (received < 0 && errno == EAGAIN)
			return 0;
		if (received < 0 && errno != ENOBUFS)
			return neg();
		/* Some got lost. */
		if (received < 0 || (size_t)received > sizeof(buffer)) {
			changes->events |= ALL_EVENTS;
			continue;
		}
		if (n_from != sizeof(from) || from.nl_pid != 0)
			continue;
		for (struct nlmsghdr *h = (void *)buffer; nlmsg_ok(h, n); h = nlmsg_next(h, &n))
			event_message_read(kernel, h, changes);
	}
	return 0;
}

int kernel_read_events(struct kernel *kernel, struct kernel_changes *changes)
{
	int r;

	if (kernel->events < 0)
		return -EBADF;
	name_watch_read(kernel, changes);
	r = read_links(kernel, changes);
	if (nft_was_changed(kernel))
		changes->events |= KERNEL_EVENT_FIREWALL;
	return r;
}
