/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * door - the way into a network namespace: by privilege, or by the user namespaces of its owner
 *
 * A member's network namespace belongs to a user namespace of his, B, in which he is 0; and B is the child of another one, A, in
 * which he is himself. Nothing is asked but the kernel: of the network namespace it tells B, of B it tells A. To enter A takes
 * no more than to be its owner, and there he has all powers over B and what belongs to it: enough to go on into the network
 * namespace, and to mount. Still his uid, groups, terminal and limits are what they were; only groups other than the one that
 * A knows have no number inside.
 *
 * execve(2) takes the powers away again from whoever is not 0, but for those that are raised as ambient ones.
 */
#include "door.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "explain.h"

/* What the programs inside keep: the powers of a network administrator, over what belongs to A and B alone. */
static const unsigned int powers[] = {
	CAP_NET_ADMIN,        /* ip(8), nft(8), sysctl(8) */
	CAP_NET_RAW,          /* tcpdump(8), ping(8) where it asks for a raw socket */
	CAP_NET_BIND_SERVICE, /* port 80, where somebody has raised ip_unprivileged_port_start */
	/* Mounts, and other namespaces: "ip netns" and nsnetctl itself, when they are called inside, mount the /sys of a
	 * namespace and bind over /etc, and setns(2) asks for it. It reaches none of the host's mounts: those came into a
	 * mount namespace of A's locked. */
	CAP_SYS_ADMIN,
};

static bool is_same(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

static int raise_ambient(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (syscall(SYS_capget, &header, data) < 0)
		return neg();
	for (size_t i = 0; i < lengthof(powers); i++)
		data[CAP_TO_INDEX(powers[i])].inheritable |= CAP_TO_MASK(powers[i]);
	if (syscall(SYS_capset, &header, data) < 0)
		return neg();
	for (size_t i = 0; i < lengthof(powers); i++) {
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, powers[i], 0, 0) < 0)
			return neg();
	}
	return 0;
}

static int only_root(struct problem *problem, const char *name)
{
	const struct explain_context *context = problem->context;

	return problem_set(problem, PROBLEM_NOT_ALLOWED,
		context && context->typed ? arena_printf(problem->arena, "sudo %s", context->typed)
					  : NULL,
		"only root may enter namespace \"%s\"", name);
}

static bool is_owned(int user)
{
	uid_t owner;

	return ioctl(user, NS_GET_OWNER_UID, &owner) == 0 && owner == geteuid();
}

/* Within B: all powers, with every program. The group that B does not know, if he has changed his since, has no number there, and
 * no file could be made on what is mounted inside. */
static int become_root(void)
{
	return getegid() != 0 && setresgid(0, 0, 0) < 0 ? neg() : 0;
}

static int pass_as_owner(int netns, const char *name, bool as_root, struct problem *problem)
{
	autoclose int b = ioctl(netns, NS_GET_USERNS), a = -EBADF, own = -EBADF;
	int r;

	own = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
	if (own < 0)
		return problem_errno(problem, neg(), "looking up this user namespace");
	if (b >= 0 && is_same(b, own))
		return only_root(problem, name);
	/* What is somebody else's does not exist for him. */
	if (b < 0 || !is_owned(b))
		return explain_no_namespace(problem, name);
	a = ioctl(b, NS_GET_PARENT);
	if (a < 0 || setns(as_root ? b : a, CLONE_NEWUSER) < 0 || setns(netns, CLONE_NEWNET) < 0)
		return problem_errno(problem, neg(), "entering namespace \"%s\"", name);
	r = as_root ? become_root() : raise_ambient();
	return r < 0 ? problem_errno(problem, r, "taking powers inside namespace \"%s\"", name) : 0;
}

/* One that may enter anything that the host owns. */
static bool is_powerful(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return geteuid() == 0 ||
	       (syscall(SYS_capget, &header, data) == 0 &&
		       data[CAP_TO_INDEX(CAP_SYS_ADMIN)].effective & CAP_TO_MASK(CAP_SYS_ADMIN));
}

bool door_is_shut(int netns)
{
	autoclose int user = ioctl(netns, NS_GET_USERNS);
	autoclose int own = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);

	/* The kernel tells nobody of one that is neither his own nor below it. */
	return user >= 0 && own >= 0 && is_same(user, own) && !is_powerful();
}

int door_pass(int netns, const char *name, bool as_root, struct problem *problem)
{
	bool is_root = geteuid() == 0;

	/* Root; or somebody who is inside one of his namespaces already, and goes on to the next. */
	if (!as_root || is_root) {
		if (setns(netns, CLONE_NEWNET) == 0)
			return 0;
		if (errno != EPERM || is_root)
			return problem_errno(problem, neg(), "entering namespace \"%s\"", name);
	}
	return pass_as_owner(netns, name, as_root, problem);
}

bool door_is_own(const char *path)
{
	autoclose int netns = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	autoclose int user = netns < 0 || ioctl(netns, NS_GET_NSTYPE) != CLONE_NEWNET
				     ? -EBADF
				     : ioctl(netns, NS_GET_USERNS);

	return user >= 0 && is_owned(user);
}
