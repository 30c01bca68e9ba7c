/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * identity - which network namespace a descriptor leads to: inode numbers are used again, cookies are not
 */
#include "identity.h"

#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include "netns.h"

/* NS_GET_ID of linux/nsfs.h. */
#define GET_NUMBER _IOR(NSIO, 13, uint64_t)

int identity_cookie(const struct kernel *kernel, const struct netlink *inside, int64_t *ret_cookie)
{
	uint64_t cookie = 0;
	socklen_t n = sizeof(cookie);

	if (kernel->has_cookie &&
		getsockopt(inside->fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &n) < 0)
		return neg();
	*ret_cookie = (int64_t)cookie;
	return 0;
}

int identity_check(int fd)
{
	int type = ioctl(fd, NS_GET_NSTYPE);

	return type < 0 ? neg() : type == CLONE_NEWNET ? 0 : -EINVAL;
}

/* Since 6.18 the cookie is the number that every kind of namespace has, and can be had from outside. In older ones it was another,
 * or there was none: so this can confirm a guess, and no more. */
static bool has_number(int fd, int64_t guess)
{
	uint64_t number = 0;

	return guess > 0 && ioctl(fd, GET_NUMBER, &number) == 0 && number == (uint64_t)guess;
}

int identity_facts(
	const struct kernel *kernel, int fd, int64_t guess, int64_t *ret_inode, int64_t *ret_cookie)
{
	struct netlink inside = NETLINK_INIT;
	struct stat st;
	int r = identity_check(fd);

	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return neg();
	*ret_cookie = 0;
	if (kernel->has_cookie && has_number(fd, guess)) {
		*ret_cookie = guess;
	} else if (kernel->has_cookie) {
		r = netns_open_socket(kernel, fd, &inside);
		if (r < 0)
			return r;
		r = identity_cookie(kernel, &inside, ret_cookie);
		netlink_close(&inside);
	}
	*ret_inode = (int64_t)st.st_ino;
	return r;
}
