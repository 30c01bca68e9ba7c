/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * probe - what only a program inside a namespace can tell: whether its gateways and name servers answer, and how much gets through
 *
 * All are asked at once, each by a socket of its own that is connected to whom it asks, so that what comes on it is an answer or an
 * error about just that. What was lost is asked again. No privilege is needed: echo requests go by sockets that the kernel numbers
 * ("ping sockets"), which are everybody's in our namespaces.
 *
 * How much gets through to the first router behind the host is found by asking with several sizes, none of which may be taken to pieces.
 */
#include "probe.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <netinet/ip_icmp.h>
#include <poll.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>

#include "door.h"
#include "enter.h"
#include "probe_routes.h"

enum {
	AGAIN_MSEC = 300,
	PATIENCE_MSEC = 1000,         /* with a name server, and a router that owes no answer */
	PATIENCE_GATEWAY_MSEC = 2000, /* whose hardware address may have to be asked for first */
	BYTES_MAX = 65535,
	HEADER4 = 20 + 8, /* of IP and ICMP */
	HEADER6 = 40 + 8,
	NAMES_PORT = 53,
	FILE_MAX = 65536,
};

/* Sizes of packets: that of the interface (0), and what usual ways take. */
static const unsigned sizes[] = { 0, 1492, 1480, 1450, 1420, 1400, 1350, 1280 };

static int64_t now_msec(void)
{
	struct timespec time;

	if (clock_gettime(CLOCK_MONOTONIC, &time) < 0)
		abort();
	return (int64_t)time.tv_sec * 1000 + time.tv_nsec / 1000000;
}

/* One question: */

static socklen_t make_address(const struct probe *probe, struct sockaddr_storage *ret)
{
	struct sockaddr_in *four = (struct sockaddr_in *)ret;
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)ret;
	uint16_t port = probe->kind == PROBE_SERVER ? htons(NAMES_PORT) : 0;

	*ret = (struct sockaddr_storage){ .ss_family = (sa_family_t)probe->family };
	if (probe->family == AF_INET) {
		four->sin_port = port;
		(void)inet_pton(AF_INET, probe->address, &four->sin_addr);
		return sizeof(*four);
	}
	six->sin6_port = port;
	(void)inet_pton(AF_INET6, probe->address, &six->sin6_addr);
	if (IN6_IS_ADDR_LINKLOCAL(&six->sin6_addr))
		six->sin6_scope_id = if_nametoindex(probe->interface);
	return sizeof(*six);
}

static int set_whole(const struct probe *probe, int fd)
{
	/* IPV6_PMTUDISC_DO is the same number. */
	const int only = IP_PMTUDISC_DO, on = 1;
	int level = probe->family == AF_INET ? IPPROTO_IP : IPPROTO_IPV6;

	if (setsockopt(fd, level, probe->family == AF_INET ? IP_MTU_DISCOVER : IPV6_MTU_DISCOVER,
		    &only, sizeof(only)) < 0 ||
		setsockopt(fd, level, probe->family == AF_INET ? IP_RECVERR : IPV6_RECVERR, &on,
			sizeof(on)) < 0)
		return neg();
	return 0;
}

static int open_socket(const struct probe *probe)
{
	bool is_server = probe->kind == PROBE_SERVER;
	int ping = probe->family == AF_INET ? IPPROTO_ICMP : IPPROTO_ICMPV6;
	autoclose int fd = socket(probe->family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK,
		is_server ? IPPROTO_UDP : ping);
	struct sockaddr_storage address;
	socklen_t n = make_address(probe, &address);
	int r;

	if (fd < 0)
		return neg();
	r = is_server ? 0 : set_whole(probe, fd);
	if (r < 0)
		return r;
	if (connect(fd, (const struct sockaddr *)&address, n) < 0)
		return neg();
	return take_fd(&fd);
}

/* Who serves the root? Every name server has an answer to that, if only a refusal. */
static size_t make_query(uint8_t *ret)
{
	static const uint8_t query[] = { 0, 0, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1 };

	memcpy(ret, query, sizeof(query));
	if (getrandom(ret, 2, 0) != 2)
		ret[1] = 1;
	return sizeof(query);
}

/* The kernel fills in number and sum. */
static size_t make_echo(const struct probe *probe, uint8_t *ret)
{
	unsigned header = probe->family == AF_INET ? HEADER4 : HEADER6;
	unsigned bytes = probe->bytes > header ? probe->bytes : header + 8;

	if (bytes > BYTES_MAX)
		bytes = BYTES_MAX;
	ret[0] = probe->family == AF_INET ? ICMP_ECHO : ICMP6_ECHO_REQUEST;
	return bytes - header + 8;
}

static void settle(struct probe *probe, enum probe_outcome outcome, int error)
{
	probe->outcome = outcome;
	probe->error = error;
	probe->fd = close_fd(probe->fd);
}

static void fail(struct probe *probe, int error)
{
	switch (error) {
	case EAGAIN:
	case EINTR:
	case ENOBUFS:
		return; /* asked again */
	case EMSGSIZE:
		settle(probe, PROBE_TOO_BIG, error);
		return;
	case ECONNREFUSED:
		settle(probe, PROBE_REFUSED, error);
		return;
	default:
		settle(probe, PROBE_FAILED, error);
	}
}

static void ask(struct probe *probe)
{
	static uint8_t packet[BYTES_MAX + 8];
	size_t n;

	if (probe->fd < 0)
		return;
	memset(packet, 0, sizeof(packet));
	n = probe->kind == PROBE_SERVER ? make_query(packet) : make_echo(probe, packet);
	if (send(probe->fd, packet, n, 0) < 0)
		fail(probe, errno);
}

static void hear(struct probe *probe)
{
	uint8_t packet[512];
	ssize_t n = recv(probe->fd, packet, sizeof(packet), MSG_TRUNC);

	if (n < 0)
		fail(probe, errno);
	else if (n >= 8 && (probe->kind != PROBE_SERVER || (packet[2] & 0x80)))
		settle(probe, PROBE_ANSWERED, 0);
}

/* All of them: */

static bool wait_for_some(struct probe_list *list, int64_t until)
{
	struct pollfd fds[PROBE_MAX];
	int64_t left = until - now_msec();
	size_t n_open = 0;

	for (size_t i = 0; i < list->n; i++) {
		fds[i] = (struct pollfd){ .fd = list->items[i].fd, .events = POLLIN };
		n_open += list->items[i].fd >= 0;
	}
	if (n_open == 0)
		return false;
	if (left > 0 && poll(fds, list->n, (int)left) > 0)
		for (size_t i = 0; i < list->n; i++)
			if (fds[i].revents != 0)
				hear(&list->items[i]);
	return true;
}

static void ask_all(struct probe_list *list)
{
	int64_t begin = now_msec(), again = begin;

	for (size_t i = 0; i < list->n; i++) {
		struct probe *probe = &list->items[i];

		probe->fd = -EBADF;
		if (probe->kind == PROBE_GATEWAY && after(probe->address, "fe80:")) {
			probe->outcome = PROBE_NOT_ASKED;
			continue;
		}
		probe->deadline = begin + (probe->kind == PROBE_GATEWAY ? PATIENCE_GATEWAY_MSEC
									: PATIENCE_MSEC);
		probe->fd = open_socket(probe);
		if (probe->fd < 0)
			settle(probe, PROBE_FAILED, -probe->fd);
	}
	do {
		int64_t now = now_msec();

		for (size_t i = 0; i < list->n; i++)
			if (now >= list->items[i].deadline)
				list->items[i].fd = close_fd(list->items[i].fd);
		for (size_t i = 0; now >= again && i < list->n; i++)
			ask(&list->items[i]);
		if (now >= again)
			again = now + AGAIN_MSEC;
	} while (wait_for_some(list, again));
}

/* What is asked: */

static unsigned mtu_of(const char *interface)
{
	autoclose int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	struct ifreq request = { 0 };

	if (fd < 0)
		return 0;
	(void)snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", interface);
	return ioctl(fd, SIOCGIFMTU, &request) < 0 || request.ifr_mtu < 0
		       ? 0
		       : (unsigned)request.ifr_mtu;
}

/* In all sizes that the way to them may take. */
static void add_uplinks(struct probe_list *list, const struct probe_list *uplinks)
{
	size_t n_gateways = list->n;

	for (size_t i = 0; i < n_gateways; i++) {
		const struct probe gateway = list->items[i];
		unsigned mtu = mtu_of(gateway.interface);

		for (size_t j = 0; mtu > 0 && j < uplinks->n; j++)
			for (size_t k = 0;
				uplinks->items[j].family == gateway.family && k < lengthof(sizes);
				k++) {
				struct probe probe = uplinks->items[j];

				probe.bytes = sizes[k] ? sizes[k] : mtu;
				memcpy(probe.interface, gateway.interface, sizeof(probe.interface));
				if (sizes[k] < mtu)
					(void)probe_routes_append(list, &probe);
			}
	}
}

static void run(int netns, const char *name, const struct probe_list *uplinks,
	const char *resolv_conf, struct probe_list *list)
{
	struct arena arena = ARENA_INIT;
	struct problem problem = { .arena = &arena };

	if (door_pass(netns, name, false, &problem) != 0) {
		/* The daemon told of it: it is another's. */
		if (problem.exit == PROBLEM_NO_OBJECT)
			(void)problem_set(&problem, PROBLEM_NOT_ALLOWED,
				arena_printf(&arena, "sudo nsnetctl check %s", name),
				"only its owner and root may enter it");
		(void)snprintf(list->trouble, sizeof(list->trouble), "%s", problem.what);
		(void)snprintf(list->command, sizeof(list->command), "%s",
			problem.mend ? problem.mend : "");
		_exit(0);
	}
	probe_routes_add(list, PROBE_GATEWAY);
	add_uplinks(list, uplinks);
	probe_routes_servers(list, resolv_conf);
	ask_all(list);
	_exit(0);
}

static const char *read_file(struct arena *arena, const char *path)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char *text = arena_alloc(arena, FILE_MAX + 1);
	ssize_t n = fd < 0 ? 0 : read(fd, text, FILE_MAX);

	text[n < 0 ? 0 : n] = 0;
	return text;
}

/* What programs inside get to read, as exec has it. */
static int find_resolv_conf(const char *name, const char **ret, struct problem *problem)
{
	struct etc etc;
	int r = etc_gather(name, &etc, problem);

	*ret = "";
	for (size_t i = 0; r == 0 && i < etc.n; i++)
		if (streq(etc.files[i].target, "/etc/resolv.conf"))
			*ret = etc.files[i].path ? read_file(problem->arena, etc.files[i].path)
						 : etc.files[i].text;
	return r;
}

int probe_begin(const char *name, const struct probe_list *uplinks, struct probe_child *ret,
	struct problem *problem)
{
	autoclose int netns = -EBADF;
	const char *resolv_conf;
	int r = enter_open(name, &netns, problem);

	*ret = (struct probe_child){ .name = name };
	if (r == 0)
		r = find_resolv_conf(name, &resolv_conf, problem);
	if (r != 0)
		return r;
	ret->list = mmap(NULL, sizeof(*ret->list), PROT_READ | PROT_WRITE,
		MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (ret->list == MAP_FAILED) {
		ret->list = NULL;
		return problem_errno(
			problem, neg(), "making room for what is found in \"%s\"", name);
	}
	ret->pid = fork();
	if (ret->pid == 0)
		run(netns, name, uplinks, resolv_conf, ret->list);
	if (ret->pid > 0)
		return 0;
	r = problem_errno(problem, neg(), "starting a process for namespace \"%s\"", name);
	probe_free(ret);
	return r;
}

int probe_end(struct probe_child *child, struct problem *problem)
{
	int status = 0;

	while (waitpid(child->pid, &status, 0) < 0)
		if (errno != EINTR)
			return problem_errno(
				problem, neg(), "waiting for what is found in \"%s\"", child->name);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return problem_set(problem, PROBLEM_FAILED, NULL,
			"the process that looked inside of \"%s\" ended too early", child->name);
	if (*child->list->trouble)
		return problem_set(problem, PROBLEM_NOT_ALLOWED,
			*child->list->command ? child->list->command : NULL, "%s",
			child->list->trouble);
	return 0;
}

void probe_free(struct probe_child *child)
{
	if (child->list)
		(void)munmap(child->list, sizeof(*child->list));
	child->list = NULL;
}

void probe_uplinks(struct probe_list *ret)
{
	*ret = (struct probe_list){ .n = 0 };
	probe_routes_add(ret, PROBE_UPLINK);
}
