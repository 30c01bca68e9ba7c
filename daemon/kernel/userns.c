/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * userns - network namespaces that belong to a user: owned by user namespaces of his
 *
 * A process that has entered a user namespace cannot go back, so a child does it. It has a table of descriptors in common with
 * us (CLONE_FILES) and a page of memory: what it opens is ours, and no message is needed. It runs nothing of anybody's.
 *
 * The child writes the maps itself, which each user may for himself alone once setgroups(2) is denied; nobody else's id ever
 * comes in. The owner of a user namespace is the effective uid of who makes it.
 */
#include "userns.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "kernel.h"
#include "netns.h"

/* What the child tells. */
struct told {
	int fd, error;
	pid_t parent;
	/* One that it has open for a moment: should it be killed then, the descriptor is ours as well. */
	int passing;
};

static void close_passing(struct told *told)
{
	if (told->passing >= 0)
		(void)close(told->passing);
	told->passing = -EBADF;
}

static int write_text(const char *path, const char *text, struct told *told)
{
	size_t n = strlen(text);
	int r;

	told->passing = open(path, O_WRONLY | O_CLOEXEC);
	if (told->passing < 0)
		return neg();
	r = write(told->passing, text, n) == (ssize_t)n ? 0 : neg();
	close_passing(told);
	return r;
}

/* Maps one id of the parent to one inside. */
static int write_maps(uid_t inside_uid, uid_t uid, gid_t inside_gid, gid_t gid, struct told *told)
{
	char text[64];
	int r = write_text("/proc/self/setgroups", "deny", told);

	(void)snprintf(text, sizeof(text), "%u %u 1", inside_gid, gid);
	if (r == 0)
		r = write_text("/proc/self/gid_map", text, told);
	(void)snprintf(text, sizeof(text), "%u %u 1", inside_uid, uid);
	return r < 0 ? r : write_text("/proc/self/uid_map", text, told);
}

/* Whoever owns a user namespace may trace what is in it, but for what may not be dumped: and the child has our descriptors. For
 * their sake, too, it ends with us, even where its owner has stopped it: the kernel forgets both with other credentials. */
static int stay_ours(void)
{
	return prctl(PR_SET_DUMPABLE, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 ? neg() : 0;
}

/* The effective ids alone: the real ones stay root's, and so does the one that files are opened with, since /proc/self is root's
 * for one that may not be traced. */
static int become(uid_t uid, gid_t gid)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	/* Those of libc would look for all threads. */
	if (syscall(SYS_setgroups, 0, NULL) < 0 || syscall(SYS_setresgid, gid, gid, gid) < 0 ||
		syscall(SYS_setresuid, (uid_t)-1, uid, (uid_t)-1) < 0)
		return neg();
	/* Where only privileged ones may make user namespaces it is needed, and it is ours still. */
	if (syscall(SYS_capget, &header, data) < 0)
		return neg();
	data[0].effective |= data[0].permitted & (1U << CAP_SYS_ADMIN);
	if (syscall(SYS_capset, &header, data) < 0)
		return neg();
	/* It tells no error, but what held before. */
	(void)setfsuid(0);
	return setfsuid(0) == 0 ? stay_ours() : -EPERM;
}

static int make_pair(uid_t uid, gid_t gid, struct told *told)
{
	int r = become(uid, gid);

	if (r == 0 && unshare(CLONE_NEWUSER) < 0)
		r = neg();
	if (r == 0)
		r = write_maps(uid, uid, gid, gid, told);
	if (r == 0 && unshare(CLONE_NEWUSER) < 0)
		r = neg();
	if (r == 0)
		r = write_maps(0, uid, 0, gid, told);
	return r < 0 ? r : stay_ours();
}

static int enter_sibling(int sibling, struct told *told)
{
	int r;

	told->passing = ioctl(sibling, NS_GET_USERNS);
	if (told->passing < 0)
		return neg();
	r = setns(told->passing, CLONE_NEWUSER) < 0 ? neg() : stay_ours();
	close_passing(told);
	return r;
}

static void work_as_child(uid_t uid, gid_t gid, int sibling, struct told *told)
{
	int r = stay_ours();

	if (r == 0)
		r = sibling < 0 ? make_pair(uid, gid, told) : enter_sibling(sibling, told);
	/* Who has ended before he could be told of does not wait for us. */
	if (r == 0 && getppid() != told->parent)
		r = -ESRCH;
	if (r == 0 && unshare(CLONE_NEWNET) < 0)
		r = neg();
	if (r == 0) {
		told->fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
		r = told->fd < 0 ? neg() : 0;
	}
	told->error = r;
}

/* The user may stop what is in his namespace: nobody is to wait for that. */
static int wait_for(pid_t pid)
{
	int status;

	for (;;) {
		pid_t waited = waitpid(pid, &status, __WALL | WUNTRACED);

		if (waited < 0 && errno != EINTR)
			return neg();
		if (waited > 0 && !WIFSTOPPED(status))
			break;
		if (waited > 0)
			(void)kill(pid, SIGKILL);
	}
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -ECHILD;
}

int userns_make_network(uid_t uid, gid_t gid, int sibling)
{
	struct told *told = mmap(
		NULL, sizeof(*told), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	struct told result;
	pid_t pid;
	int r;

	if (told == MAP_FAILED)
		return neg();
	*told = (struct told){
		.fd = -EBADF, .error = -ECHILD, .parent = getpid(), .passing = -EBADF
	};
	/* An ordinary child, but with the table of descriptors in common. */
	pid = (pid_t)syscall(SYS_clone, CLONE_FILES | SIGCHLD, NULL, NULL, NULL, NULL);
	if (pid == 0) {
		work_as_child(uid, gid, sibling, told);
		_exit(0);
	}
	r = pid < 0 ? neg() : wait_for(pid);
	close_passing(told);
	result = *told;
	(void)munmap(told, sizeof(*told));
	if (r == 0)
		r = result.error;
	if (r < 0) {
		(void)close_fd(result.fd);
		return r;
	}
	return result.fd;
}

/* Whether two descriptors are of the same namespace. */
static bool is_same(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

bool userns_is_same(int netns, int other)
{
	autoclose int a = ioctl(netns, NS_GET_USERNS), b = ioctl(other, NS_GET_USERNS);

	return a >= 0 && b >= 0 && is_same(a, b);
}

int userns_open(int netns, int *ret_a, int *ret_b)
{
	autoclose int a = -EBADF, b = ioctl(netns, NS_GET_USERNS), own = -EBADF;

	if (b < 0)
		return neg();
	own = open("/proc/self/ns/user", O_RDONLY | O_CLOEXEC);
	if (own < 0)
		return neg();
	if (is_same(b, own))
		return -ENOTTY;
	a = ioctl(b, NS_GET_PARENT);
	if (a < 0)
		return neg();
	*ret_a = take_fd(&a);
	*ret_b = take_fd(&b);
	return 0;
}

int userns_owner(int netns, uid_t *ret)
{
	autoclose int a = -EBADF, b = -EBADF;
	int r = userns_open(netns, &a, &b);

	if (r < 0)
		return r;
	return ioctl(b, NS_GET_OWNER_UID, ret) < 0 ? neg() : 0;
}

/* Whether what a file holds is a number in that range; otherwise where there is no such file. */
static int is_within(const char *path, long least, long most, bool otherwise, bool *ret)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC);
	char text[32] = { 0 };
	long value;

	*ret = otherwise;
	if (fd < 0)
		return errno == ENOENT ? 0 : neg();
	if (read(fd, text, sizeof(text) - 1) < 0)
		return neg();
	value = strtol(text, NULL, 10);
	*ret = value >= least && value <= most;
	return 0;
}

int userns_is_allowed(bool *ret)
{
	static const struct {
		const char *path;
		long least, most;
		bool otherwise;
	} policies[] = {
		{ "/proc/sys/user/max_user_namespaces", 1, LONG_MAX, false },
		{ "/proc/sys/kernel/unprivileged_userns_clone", 1, LONG_MAX, true },
		{ "/proc/sys/kernel/apparmor_restrict_unprivileged_userns", 0, 0, true },
	};
	int r = 0;

	*ret = true;
	for (size_t i = 0; r == 0 && *ret && i < lengthof(policies); i++)
		r = is_within(policies[i].path, policies[i].least, policies[i].most,
			policies[i].otherwise, ret);
	return r;
}

int kernel_open_users(struct kernel *kernel, const char *name, int *ret_user, int *ret_root)
{
	const struct netns *netns = netns_find(kernel, name);

	return netns ? userns_open(netns->fd, ret_user, ret_root) : -ENOENT;
}

int kernel_owner(struct kernel *kernel, const char *name, uid_t *ret)
{
	const struct netns *netns = netns_find(kernel, name);

	return netns ? userns_owner(netns->fd, ret) : -ENOENT;
}
