/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * birth - a new network namespace: made, with the settings that every one of ours has, its loopback up
 */
#include "birth.h"

#include <fcntl.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <sys/mount.h>

#include "file.h"
#include "identity.h"
#include "netns.h"
#include "userns.h"

/* How many new namespaces are set up through one private /proc. */
#define PROC_USES_MAX 32

int birth_open_proc(void)
{
	autoclose int filesystem = fsopen("proc", FSOPEN_CLOEXEC);
	int fd;

	if (filesystem < 0 || fsconfig(filesystem, FSCONFIG_CMD_CREATE, NULL, NULL, 0) < 0)
		return neg();
	fd = fsmount(filesystem, FSMOUNT_CLOEXEC, 0);
	return fd < 0 ? neg() : fd;
}

/* Entries of all namespaces have the same names, the kernel keeps them after use in one chain and looks through it at each
 * use: a microsecond per namespace that there is. They go with the file system that they belong to, so it is one that is soon
 * given up. */
int birth_proc(const struct kernel *kernel, struct settings *settings)
{
	if (settings->n++ % PROC_USES_MAX == 0) {
		(void)close_fd(settings->proc);
		settings->proc = birth_open_proc();
	}
	return settings->proc < 0 ? kernel->proc : settings->proc;
}

/* What holds for programs in every namespace of ours; for the one that the thread is in. */
static int write_settings(const struct kernel *kernel, struct settings *settings)
{
	/* Everyone may ping (2^31-1 is the highest group the kernel takes) and serve on any port. Routers are told by us: nobody
	 * is asked for them, and none that offers itself is believed. */
	static const struct {
		const char *name, *value;
		bool is_ipv6;
	} all[] = {
		{ "sys/net/ipv4/ping_group_range", "0 2147483647", false },
		{ "sys/net/ipv4/ip_unprivileged_port_start", "0", false },
		{ "sys/net/ipv6/conf/default/accept_ra", "0", true },
	};
	int proc = birth_proc(kernel, settings);

	for (size_t i = 0; i < lengthof(all); i++) {
		int r;

		if (all[i].is_ipv6 && !kernel->has_ipv6)
			continue;
		r = file_write_once(proc, all[i].name, all[i].value);
		if (r < 0)
			return r;
	}
	return 0;
}

/* A new namespace that is the host's: its descriptor. The thread is inside then. */
static int make_own(const struct kernel *kernel)
{
	int fd;

	if (unshare(CLONE_NEWNET) < 0)
		return neg();
	fd = openat(kernel->proc, "thread-self/ns/net", O_RDONLY | O_CLOEXEC);
	return fd < 0 ? neg() : fd;
}

/* The same, but a user's. */
static int make_owned(const struct birth_wish *wish)
{
	autoclose int fd = userns_make_network(wish->uid, wish->gid, wish->sibling);

	if (fd >= 0 && setns(fd, CLONE_NEWNET) < 0)
		return neg();
	return take_fd(&fd);
}

static int raise_loopback(struct netlink *inside)
{
	/* Its index is 1 in every namespace. */
	static const struct ifinfomsg up = {
		.ifi_index = 1, .ifi_flags = IFF_UP, .ifi_change = IFF_UP
	};

	return netlink_send(inside, netlink_message(RTM_NEWLINK, 0, &up, sizeof(up)));
}

int birth_make(const struct kernel *kernel, struct settings *settings,
	const struct birth_wish *wish, struct birth *ret)
{
	struct birth birth = { .fd = -EBADF, .inside = NETLINK_INIT };
	int r;

	birth.fd = wish->is_owned ? make_owned(wish) : make_own(kernel);
	r = birth.fd < 0 ? birth.fd : write_settings(kernel, settings);
	if (r == 0)
		r = netlink_open(&birth.inside);
	netns_leave(kernel);
	if (r == 0)
		r = raise_loopback(&birth.inside);
	if (r == 0)
		r = identity_cookie(kernel, &birth.inside, &birth.cookie);
	if (r < 0)
		birth_done(&birth);
	else
		*ret = birth;
	return r;
}

void birth_done(struct birth *birth)
{
	netlink_close(&birth->inside);
	birth->fd = close_fd(birth->fd);
}
