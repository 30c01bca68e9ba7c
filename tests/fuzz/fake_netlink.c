/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_netlink - sockets whose other end is not the kernel but bytes: what is sent is dropped, what is received is told before
 */
#include "fake_netlink.h"

#include <linux/netlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "base.h"
#include "fuzz.h"

#ifdef __SANITIZE_ADDRESS__
#define HAS_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define HAS_ASAN 1
#endif
#endif
#ifdef HAS_ASAN
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(at, n)   ((void)(at), (void)(n))
#define ASAN_UNPOISON_MEMORY_REGION(at, n) ((void)(at), (void)(n))
#endif

enum {
	LOST = 0xffff,
	SIGNAL = 0xfffe,
	LONG = 0xfffd,
	FOREIGN = 0xfffc,
	PAUSE = 0xfffb,
	NO_MEMORY = 0xfffa,
	REFUSED = 0xfff9,
	REPEATED = 0xfff8,
};

#define REPEATS_MAX 511U

/* More than any stack of ours has. */
#define STACK_MAX (256U * 1024U)

static const uint8_t *rest;
static size_t n_rest;
static uint32_t sequence;
static size_t n_told;
static unsigned n_went_well; /* calls, since one that is to be refused is next */
static bool may_repeat;
static unsigned n_repeats; /* of the next datagram */

void fake_netlink_begin(const uint8_t *data, size_t n)
{
	rest = data;
	n_rest = n;
	sequence = 0;
	n_told = 0;
	n_went_well = n_repeats = 0;
	may_repeat = false;
}

void fake_netlink_allow_repeats(void)
{
	may_repeat = true;
}

size_t fake_netlink_told(void)
{
	return n_told;
}

static int fail(int error)
{
	errno = error;
	return -1;
}

/* The next number of two bytes, which stays there. */
static bool peek(size_t at, uint16_t *ret)
{
	if (n_rest < at + 2)
		return false;
	*ret = (uint16_t)(rest[at] | rest[at + 1] << 8);
	return true;
}

static bool next(uint16_t *ret)
{
	if (!peek(0, ret))
		return false;
	rest += 2;
	n_rest -= 2;
	return true;
}

static bool is_refused(void)
{
	uint16_t what, after;

	if (!peek(0, &what) || what != REFUSED || !peek(2, &after) || n_went_well++ < after)
		return false;
	(void)(next(&what) && next(&after));
	n_went_well = 0;
	return true;
}

ssize_t __wrap_sendmsg(int fd, const struct msghdr *datagram, int flags);
ssize_t __wrap_sendmsg(unused int fd, const struct msghdr *datagram, unused int flags)
{
	size_t sent = 0;

	if (is_refused())
		return fail(ENOBUFS);
	for (size_t i = 0; i < datagram->msg_iovlen; i++) {
		const struct nlmsghdr *header = datagram->msg_iov[i].iov_base;

		fuzz_check(datagram->msg_iov[i].iov_len == NLMSG_ALIGN(header->nlmsg_len));
		sequence = header->nlmsg_seq;
		sent += datagram->msg_iov[i].iov_len;
	}
	return (ssize_t)sent;
}

/* Gives numbers to messages that are to be answers. */
static void number(uint8_t *bytes, size_t n)
{
	for (size_t at = 0; at + sizeof(struct nlmsghdr) <= n;) {
		struct nlmsghdr header;

		memcpy(&header, bytes + at, sizeof(header));
		if (header.nlmsg_len < sizeof(header) || header.nlmsg_len > n - at)
			return;
		if (header.nlmsg_seq == 0)
			header.nlmsg_seq = sequence;
		else if (header.nlmsg_seq > UINT32_MAX - 64)
			header.nlmsg_seq = sequence - (UINT32_MAX - header.nlmsg_seq);
		memcpy(bytes + at, &header, sizeof(header));
		at += NLMSG_ALIGN(header.nlmsg_len);
	}
}

static bool is_on_stack(const void *buffer)
{
	uintptr_t here = (uintptr_t)__builtin_frame_address(0), there = (uintptr_t)buffer;

	return there > here && there - here < STACK_MAX;
}

/* The length of the next datagram, or what is said in its place. */
static bool next_length(uint16_t *ret)
{
	uint16_t n;

	while (next(ret)) {
		if (*ret == REFUSED) {
			/* Nobody has called so often. */
			(void)next(&n);
			n_went_well = 0;
		} else if (*ret == REPEATED && may_repeat) {
			n_repeats = next(&n) ? n & REPEATS_MAX : 0;
		} else {
			return true;
		}
	}
	return false;
}

static ssize_t receive(void *buffer, size_t size, void *from, socklen_t *n_from)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	uint16_t length;

	ASAN_UNPOISON_MEMORY_REGION(buffer, size);
	if (!next_length(&length) || length == PAUSE)
		return fail(EAGAIN);
	if (length == NO_MEMORY)
		return fail(ENOMEM);
	if (length == LOST)
		return fail(ENOBUFS);
	if (length == SIGNAL)
		return fail(EINTR);
	if (length == FOREIGN) {
		address.nl_pid = 4711;
		if (!next(&length))
			return fail(EAGAIN);
	}
	fuzz_check(*n_from >= sizeof(address));
	memcpy(from, &address, sizeof(address));
	*n_from = sizeof(address);
	if (length == LONG)
		return (ssize_t)size + 1;
	if (length > n_rest)
		length = (uint16_t)n_rest;
	if (length > size)
		length = (uint16_t)size;
	memcpy(buffer, rest, length);
	n_told += length;
	if (n_repeats > 0) {
		n_repeats--;
		/* Its length is read once more. */
		rest -= 2;
		n_rest += 2;
	} else {
		rest += length;
		n_rest -= length;
	}
	number(buffer, length);
	/* What is behind it is nobody's. A buffer on the stack would stay so when it is something else's. */
	if (!is_on_stack(buffer))
		ASAN_POISON_MEMORY_REGION((uint8_t *)buffer + length, size - length);
	return length;
}

ssize_t __wrap_recvfrom(
	int fd, void *buffer, size_t size, int flags, void *from, socklen_t *n_from);
ssize_t __wrap_recvfrom(
	unused int fd, void *buffer, size_t size, unused int flags, void *from, socklen_t *n_from)
{
	return receive(buffer, size, from, n_from);
}

/* Where the C library checks sizes. */
ssize_t __wrap___recvfrom_chk(int fd, void *buffer, size_t size, size_t allocated, int flags,
	void *from, socklen_t *n_from);
ssize_t __wrap___recvfrom_chk(unused int fd, void *buffer, size_t size, unused size_t allocated,
	unused int flags, void *from, socklen_t *n_from)
{
	return receive(buffer, size, from, n_from);
}

/* Interfaces: 1 is lo, 2 is eth0, up to 9. */
int __wrap_ioctl(int fd, unsigned long request, struct ifreq *ret);
int __wrap_ioctl(unused int fd, unsigned long request, struct ifreq *ret)
{
	switch (request) {
	case SIOCGIFNAME:
		if (ret->ifr_ifindex < 1 || ret->ifr_ifindex > 9)
			return fail(ENODEV);
		(void)snprintf(ret->ifr_name, sizeof(ret->ifr_name),
			ret->ifr_ifindex == 1 ? "lo" : "eth%d", ret->ifr_ifindex - 2);
		return 0;
	case SIOCGIFMTU:
		/* One of them goes in between. */
		ret->ifr_mtu = 1500;
		return streq(ret->ifr_name, "eth7") ? fail(ENODEV) : 0;
	case SIOCGIFINDEX:
		ret->ifr_ifindex = 2;
		return streq(ret->ifr_name, "eth0") ? 0 : fail(ENODEV);
	default:
		fuzz_check(false);
		return -1;
	}
}

int __wrap_socket(int family, int type, int protocol);
int __wrap_socket(int family, unused int type, unused int protocol)
{
	fuzz_check(family == AF_NETLINK);
	return is_refused() ? fail(ENOBUFS) : 1000; /* no descriptor is that */
}

int __wrap_bind(int fd, const void *address, socklen_t n);
int __wrap_bind(unused int fd, unused const void *address, unused socklen_t n)
{
	return is_refused() ? fail(ENOBUFS) : 0;
}

int __wrap_getsockname(int fd, void *ret, socklen_t *n);
int __wrap_getsockname(unused int fd, void *ret, unused socklen_t *n)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_pid = 5 };

	if (is_refused())
		return fail(ENOBUFS);
	memcpy(ret, &address, sizeof(address));
	return 0;
}

int __wrap_setsockopt(int fd, int level, int name, const void *value, socklen_t n);
int __wrap_setsockopt(unused int fd, unused int level, unused int name, unused const void *value,
	unused socklen_t n)
{
	return is_refused() ? fail(ENOBUFS) : 0;
}

/* What they read past an attribute is the next message's, as a rule, and no sanitizer sees it. */

uint8_t __real_nla_get_u8(const struct nlattr *attribute);
uint8_t __wrap_nla_get_u8(const struct nlattr *attribute);
uint8_t __wrap_nla_get_u8(const struct nlattr *attribute)
{
	fuzz_check(nla_len(attribute) >= 1);
	return __real_nla_get_u8(attribute);
}

uint16_t __real_nla_get_u16(const struct nlattr *attribute);
uint16_t __wrap_nla_get_u16(const struct nlattr *attribute);
uint16_t __wrap_nla_get_u16(const struct nlattr *attribute)
{
	fuzz_check(nla_len(attribute) >= 2);
	return __real_nla_get_u16(attribute);
}

uint32_t __real_nla_get_u32(const struct nlattr *attribute);
uint32_t __wrap_nla_get_u32(const struct nlattr *attribute);
uint32_t __wrap_nla_get_u32(const struct nlattr *attribute)
{
	fuzz_check(nla_len(attribute) >= 4);
	return __real_nla_get_u32(attribute);
}

char *__real_nla_get_string(const struct nlattr *attribute);
char *__wrap_nla_get_string(const struct nlattr *attribute);
char *__wrap_nla_get_string(const struct nlattr *attribute)
{
	fuzz_check(memchr(nla_data(attribute), 0, (size_t)nla_len(attribute)));
	return __real_nla_get_string(attribute);
}
