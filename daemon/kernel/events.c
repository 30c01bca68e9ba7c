/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * events - what somebody does to the host's network: default routes, uplinks, forwarding, our tables
 *
 * The kernel tells of every link, and each namespace that is made is some of them: what is not about an uplink ends at a look
 * at the message's head. Which interfaces are uplinks kernel_uplinks() has found.
 *
 * The kernel does not tell of IPv4 routes that go because their interface is down or has lost its last address. So these two
 * count as well.
 */
#include <linux/if_link.h>
#include <linux/netconf.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "kernel.h"
#include "nft.h"
#include "state.h"
#include "sysctl.h"

#define RECEIVE_BUFFER (8 * 1024 * 1024)
#define DATAGRAM_MAX   65536U
/* At most so many at a time; the rest keeps the descriptor ready. */
#define DATAGRAMS_MAX 4096U

#define ALL_EVENTS (KERNEL_EVENT_HOST | KERNEL_EVENT_FIREWALL)

static int open_socket(void)
{
	static const int groups[] = { RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV4_ROUTE,
		RTNLGRP_IPV6_ROUTE, RTNLGRP_IPV4_NETCONF, RTNLGRP_IPV6_NETCONF };
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

static const struct uplink *find_uplink(const struct kernel *kernel, int index)
{
	for (size_t i = 0; i < kernel->n_uplinks; i++)
		if (kernel->uplinks[i].index == index)
			return &kernel->uplinks[i];
	return NULL;
}

static bool is_about_uplink(const struct kernel *kernel, struct nlmsghdr *header)
{
	const struct ifinfomsg *info = nlmsg_data(header);
	const struct uplink *uplink;
	struct nlattr *a[IFLA_MAX + 1];

	if (nlmsg_datalen(header) < (int)sizeof(*info))
		return false;
	uplink = find_uplink(kernel, info->ifi_index);
	/* Bridges tell of their ports, too. */
	if (!uplink || info->ifi_family != AF_UNSPEC)
		return false;
	if (header->nlmsg_type == RTM_DELLINK || (info->ifi_flags & IFF_UP) == 0)
		return true;
	if (nlmsg_parse(header, sizeof(*info), a, IFLA_MAX, NULL) < 0)
		return true;
	return (a[IFLA_MTU] && nla_get_u32(a[IFLA_MTU]) != uplink->mtu) ||
	       (a[IFLA_IFNAME] && !streq(nla_get_string(a[IFLA_IFNAME]), uplink->name));
}

/* As kernel_uplinks() looks at them. */
static bool is_about_default_route(struct nlmsghdr *header)
{
	const struct rtmsg *route = nlmsg_data(header);

	return nlmsg_datalen(header) >= (int)sizeof(*route) && route->rtm_dst_len == 0 &&
	       route->rtm_table == RT_TABLE_MAIN && route->rtm_type == RTN_UNICAST &&
	       (route->rtm_flags & RTM_F_CLONED) == 0;
}

static bool is_about_address(const struct kernel *kernel, struct nlmsghdr *header)
{
	const struct ifaddrmsg *address = nlmsg_data(header);

	return nlmsg_datalen(header) >= (int)sizeof(*address) &&
	       find_uplink(kernel, (int)address->ifa_index);
}

/* One interface's forwarding is another now. Ours is on; where we have not set it, it is the host's own wish. */
static bool is_about_forwarding_of(const struct kernel *kernel, int family, int index)
{
	char key[80], name[INTERFACE_SIZE];
	int value = 0;

	if (netlink_name(&kernel->host, index, name) < 0)
		return false;
	(void)snprintf(key, sizeof(key),
		family == AF_INET ? "net/ipv4/conf/%s/forwarding"
				  : "net/ipv6/conf/%s/force_forwarding",
		name);
	if (!sysctl_is_kept(kernel, key))
		return find_uplink(kernel, index) != NULL;
	/* Gone with its interface, it needs nothing. */
	return sysctl_current(kernel, key, &value) == 0 && value == 0;
}

static bool is_about_forwarding(const struct kernel *kernel, struct nlmsghdr *header)
{
	const struct netconfmsg *message = nlmsg_data(header);
	struct nlattr *a[NETCONFA_MAX + 1];
	bool is_forced = true;
	int index;

	if (nlmsg_parse(header, sizeof(*message), a, NETCONFA_MAX, NULL) < 0 ||
		!a[NETCONFA_IFINDEX] || nla_len(a[NETCONFA_IFINDEX]) < (int)sizeof(int))
		return false;
	/* All at once: an interface is new. */
	if (a[NETCONFA_FORWARDING] && a[NETCONFA_PROXY_NEIGH])
		return false;
	/* Of force_forwarding (IPv6, since Linux 6.17) the kernel tells, but by no attribute that it has a name for. */
	for (int i = NETCONFA_FORWARDING; i <= NETCONFA_MAX; i++)
		is_forced = is_forced && !a[i];
	if (is_forced ? message->ncm_family != AF_INET6 : !a[NETCONFA_FORWARDING])
		return false;
	index = (int)nla_get_u32(a[NETCONFA_IFINDEX]);
	if (index == NETCONFA_IFINDEX_ALL || index == NETCONFA_IFINDEX_DEFAULT)
		return true;
	/* In IPv6 "forwarding" means something else on an interface. */
	return (is_forced || message->ncm_family == AF_INET) &&
	       is_about_forwarding_of(kernel, message->ncm_family, index);
}

static bool is_about_us(const struct kernel *kernel, struct nlmsghdr *header)
{
	switch (header->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		return is_about_uplink(kernel, header);
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		return is_about_default_route(header);
	case RTM_DELADDR:
		return is_about_address(kernel, header);
	case RTM_NEWNETCONF:
		return is_about_forwarding(kernel, header);
	default:
		return false;
	}
}

/* 0 when nothing waits any more. */
static int read_links(struct kernel *kernel, unsigned *ret)
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
			*ret |= ALL_EVENTS;
			continue;
		}
		if (n_from != sizeof(from) || from.nl_pid != 0)
			continue;
		for (struct nlmsghdr *h = (void *)buffer;
			!(*ret & KERNEL_EVENT_HOST) && nlmsg_ok(h, n); h = nlmsg_next(h, &n))
			if (is_about_us(kernel, h))
				*ret |= KERNEL_EVENT_HOST;
	}
	return 0;
}

int kernel_read_events(struct kernel *kernel, unsigned *ret)
{
	unsigned events = 0;
	int r;

	if (kernel->events < 0)
		return -EBADF;
	r = read_links(kernel, &events);
	if (nft_was_changed(kernel))
		events |= KERNEL_EVENT_FIREWALL;
	*ret = events;
	return r;
}
