/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * netns - network namespaces: made, named, entered for a moment, given up
 *
 * One thread enters a namespace by setns(2) or unshare(2), opens a socket or writes a few settings, and goes home. What it
 * opened stays inside. Should the way home fail the process must not go on: it would change the wrong network.
 *
 * A namespace lives by its mount at /run/netns/NAME; our descriptor tells whether what is there now is still ours: while it
 * is open no other namespace has its inode number. What is somebody else's stays, whatever its name.
 */
#include "netns.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <sched.h>
#include <search.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/vfs.h>
#include <time.h>

#include "ahead.h"
#include "entry.h"
#include "file.h"
#include "identity.h"
#include "link.h"
#include "log.h"
#include "reap.h"

/* How often a name is unmounted that has several mounts on it. */
#define UNMOUNT_TRIES 8
/* "/proc/self/fd/N/NAME" */
#define PATH_SIZE (32 + NAME_SIZE)

/* What is inside is its owner's making: he may have a million routes there, and the daemon is everybody's. */
#define INSIDE_DUMP_MAX (4U * 1024U * 1024U)

/* ip-netns(8) takes a lock for the moment in which the directory becomes a mount. Anyone who may open it can hold that lock for
 * ever, so we do not wait so long. */
static void lock(int fd)
{
	static const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };

	for (int i = 0; i < 100; i++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return;
		(void)nanosleep(&pause, NULL);
	}
	log_line(LOG_WARNING,
		"somebody holds the lock of the directory of namespaces, going on without");
}

static int is_mount_point(const char *path)
{
	struct statx st;

	if (statx(AT_FDCWD, path, AT_SYMLINK_NOFOLLOW, STATX_TYPE, &st) < 0)
		return neg();
	if (!(st.stx_attributes_mask & STATX_ATTR_MOUNT_ROOT))
		return -EOPNOTSUPP;
	return (st.stx_attributes & STATX_ATTR_MOUNT_ROOT) != 0;
}

int netns_open_names(const char *path)
{
	autoclose int fd = -EBADF;
	bool is_new = false;
	int r;

	if (mkdir(path, 0755) == 0)
		is_new = true;
	else if (errno != EEXIST)
		return neg();
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	/* Whatever the umask: owners of namespaces open them here by themselves. */
	if (fd < 0 || (is_new && fchmod(fd, 0755) < 0))
		return neg();
	lock(fd);
	r = is_mount_point(path);
	if (r < 0)
		return r;
	if (r > 0) {
		/* It is kept open: with the lock on it, "ip netns add" would wait for ever. */
		(void)flock(fd, LOCK_UN);
		return take_fd(&fd);
	}

	/* Private first: a bind mount belongs to its source's peer group, and then each namespace would be mounted twice. */
	if (mount(path, path, NULL, MS_BIND | MS_REC, NULL) < 0 ||
		mount(NULL, path, NULL, MS_PRIVATE, NULL) < 0 ||
		mount(NULL, path, NULL, MS_SHARED, NULL) < 0)
		return neg();
	/* The one opened above lies below the mount. */
	r = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return r < 0 ? neg() : r;
}

struct netns *netns_find(struct kernel *kernel, const char *name)
{
	/* The name comes first in the struct. */
	void *const *node = tfind(name, &kernel->held, netns_compare);

	return node ? *node : NULL;
}

void netns_free(struct netns *netns)
{
	netlink_close(&netns->inside);
	(void)close_fd(netns->fd);
	free(netns->ends.items);
	free(netns);
}
define_cleanup(struct netns *, netns_free);

/* Holds a namespace by a descriptor, which is taken over in any case. NULL: *reterr says why. */
static struct netns *hold(struct kernel *kernel, const char *name, int fd, int *reterr)
{
	cleanup(netns_free) struct netns *netns = calloc(1, sizeof(*netns));
	struct stat st;

	*reterr = -ENOMEM;
	if (!netns) {
		(void)close_fd(fd);
		return NULL;
	}
	netns->fd = fd;
	netns->inside = NETLINK_INIT;
	if (fstat(fd, &st) < 0) {
		*reterr = neg();
		return NULL;
	}
	netns->device = st.st_dev;
	netns->inode = st.st_ino;
	memcpy(netns->name, name, strlen(name) + 1);
	return tsearch(netns, &kernel->held, netns_compare) ? take(netns) : NULL;
}

void netns_leave(const struct kernel *kernel)
{
	if (setns(kernel->home, CLONE_NEWNET) < 0) {
		log_line(LOG_CRIT, "no way back into the host's network namespace: %m");
		abort();
	}
}

int netns_enter(struct kernel *kernel, const struct netns *netns, int *ret_proc)
{
	if (setns(netns->fd, CLONE_NEWNET) < 0)
		return neg();
	*ret_proc = birth_proc(kernel, &kernel->settings);
	return 0;
}

static void keep_inside(struct kernel *kernel, struct netns *netns, const struct netlink *inside)
{
	netns->inside = *inside;
	netns->inside.dump_max = INSIDE_DUMP_MAX;
	netns->next_inside = kernel->inside;
	kernel->inside = netns;
}

/* A new one: from those that are made ahead, where one is as it is to be. The next one like it is ordered where one is to follow. */
static int bear(struct kernel *kernel, const struct step *step, struct birth *ret)
{
	const struct netns *sibling =
		step->facts.sibling ? netns_find(kernel, step->facts.sibling) : NULL;
	struct birth_wish wish = {
		.is_owned = step->facts.is_owned,
		.uid = step->facts.uid,
		.gid = step->facts.gid,
		.sibling = sibling ? sibling->fd : -EBADF,
	};
	int r = 0;

	if (step->facts.sibling && !sibling)
		return -ENOENT;
	if (!kernel->ahead || !ahead_take(kernel->ahead, &wish, ret))
		r = birth_make(kernel, &kernel->settings, &wish, ret);
	if (r < 0 || !step->facts.is_followed)
		return r;
	wish.sibling = ret->fd;
	ahead_order(kernel, &wish);
	return 0;
}

int netns_add(struct kernel *kernel, const struct step *step)
{
	struct netns *netns = NULL;
	struct birth birth;
	int r;

	if (netns_find(kernel, step->netns))
		return -EEXIST;
	reaper_make_way(kernel->reaper);
	r = bear(kernel, step, &birth);
	if (r < 0)
		return r;
	netns = hold(kernel, step->netns, birth.fd, &r);
	if (!netns) {
		netlink_close(&birth.inside);
		return r;
	}
	keep_inside(kernel, netns, &birth.inside);
	entry_watch(kernel, netns);
	if (step->facts.ret_inode)
		*step->facts.ret_inode = (int64_t)netns->inode;
	if (step->facts.ret_cookie)
		*step->facts.ret_cookie = birth.cookie;
	return 0;
}

/* A path below the directory as it was opened, whatever is mounted over its own path now. */
static const char *path_of(const struct kernel *kernel, const char *name, char ret[PATH_SIZE])
{
	(void)snprintf(ret, PATH_SIZE, "/proc/self/fd/%d/%s", kernel->names, name);
	return ret;
}

/* What the name leads to now. netns NULL: we hold none of that name. */
static int look(const struct kernel *kernel, const char *name, const struct netns *netns,
	enum snapshot_name *ret)
{
	autoclose int fd = openat(kernel->names, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct statfs filesystem;
	struct stat st;

	if (fd < 0 && errno == ENOENT) {
		*ret = SNAPSHOT_NAME_GONE;
		return 0;
	}
	if (fd < 0 || fstat(fd, &st) < 0 || fstatfs(fd, &filesystem) < 0)
		return neg();
	/* A file that is being unlinked loses its mount before its name, and the name takes the kernel some time. */
	if (S_ISREG(st.st_mode) && st.st_nlink == 0 && filesystem.f_type != NSFS_MAGIC)
		*ret = SNAPSHOT_NAME_GONE;
	else if (filesystem.f_type == NSFS_MAGIC)
		*ret = netns && st.st_dev == netns->device && st.st_ino == netns->inode
			       ? SNAPSHOT_NAME_OURS
			       : SNAPSHOT_NAME_FOREIGN;
	else
		*ret = S_ISREG(st.st_mode) && st.st_size == 0 ? SNAPSHOT_NAME_BARE
							      : SNAPSHOT_NAME_FOREIGN;
	return 0;
}

int netns_pin(struct kernel *kernel, const struct step *step)
{
	const char *name = step->netns;
	struct netns *netns = netns_find(kernel, name);
	char from[PATH_SIZE], to[PATH_SIZE];
	autoclose int file = -EBADF;
	bool is_new;

	if (!netns)
		return -ENOENT;
	is_new = !netns->is_pinned;
	if (is_new) {
		file = openat(kernel->names, name,
			O_RDONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0);
		if (file < 0)
			return neg();
	} else {
		/* Our own file, that somebody has unmounted. One that he has unlinked is not made again. */
		enum snapshot_name what;
		int r = look(kernel, name, netns, &what);

		if (r < 0 || what != SNAPSHOT_NAME_BARE)
			return r < 0 ? r : what == SNAPSHOT_NAME_GONE ? -ENOENT : -EEXIST;
	}
	(void)snprintf(from, sizeof(from), "/proc/self/fd/%d", netns->fd);
	if (mount(from, path_of(kernel, name, to), NULL, MS_BIND, NULL) < 0) {
		int r = neg();

		if (is_new)
			(void)file_remove(kernel->names, name);
		return r;
	}
	netns->is_pinned = true;
	return 0;
}

static int take_name_away(const struct kernel *kernel, const char *name, const struct netns *netns)
{
	char path[PATH_SIZE];

	for (int i = 0; i < UNMOUNT_TRIES; i++) {
		enum snapshot_name what;
		int r = look(kernel, name, netns, &what);

		if (r < 0)
			return r;
		switch (what) {
		case SNAPSHOT_NAME_GONE:
			return 0;
		case SNAPSHOT_NAME_FOREIGN:
			log_about(LOG_WARNING,
				&(struct log_fields){ .namespace_name = name, .uid = LOG_UID_NONE },
				"%s is somebody else's now and stays", name);
			return 0;
		case SNAPSHOT_NAME_OURS:
			if (umount2(path_of(kernel, name, path), MNT_DETACH | UMOUNT_NOFOLLOW) <
					0 &&
				errno != EINVAL && errno != ENOENT)
				return neg();
			break;
		case SNAPSHOT_NAME_BARE:
			r = file_remove(kernel->names, name);
			if (r != -EBUSY)
				return r;
			break;
		}
	}
	return -EBUSY;
}

void netns_close_inside(struct kernel *kernel, struct netns *netns)
{
	for (struct netns **p = &kernel->inside; *p; p = &(*p)->next_inside)
		if (*p == netns) {
			*p = netns->next_inside;
			break;
		}
	netlink_close(&netns->inside);
}

int kernel_look_name(struct kernel *kernel, const char *name, enum snapshot_name *ret)
{
	const struct netns *netns = netns_find(kernel, name);
	struct stat st;

	if (!netns)
		return -ENOENT;
	/* As good as always. All names are looked at when anything is mounted anywhere. */
	if (fstatat(kernel->names, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		st.st_dev == netns->device && st.st_ino == netns->inode) {
		*ret = SNAPSHOT_NAME_OURS;
		return 0;
	}
	return look(kernel, name, netns, ret);
}

int netns_unpin(struct kernel *kernel, const struct step *step)
{
	struct netns *netns = netns_find(kernel, step->netns);
	int r;

	/* Held, but never named by us: who has that name is another. */
	if (netns && !netns->is_pinned)
		return 0;
	r = take_name_away(kernel, step->netns, netns);
	if (netns && r == 0)
		netns->is_pinned = false;
	/* Its mount may have gone already. It is no error that it has not. */
	if (netns && r < 0)
		(void)netns_pin(kernel, step);
	return r;
}

/* Its host ends go with it, or the reaper takes them. */
int netns_drop(struct kernel *kernel, const struct step *step)
{
	struct netns *netns = netns_find(kernel, step->netns);
	int64_t departure = 0;

	if (netns) {
		/* A socket inside would hold it. */
		netns_close_inside(kernel, netns);
		entry_forget(kernel, netns);
		departure = reaper_take(kernel->reaper, take_fd(&netns->fd), &netns->ends);
		(void)tdelete(netns, &kernel->held, netns_compare);
		netns_free(netns);
	}
	if (step->facts.ret_departure)
		*step->facts.ret_departure = departure;
	return 0;
}

int netns_open_socket(const struct kernel *kernel, int fd, struct netlink *ret)
{
	int r;

	if (setns(fd, CLONE_NEWNET) < 0)
		return neg();
	r = netlink_open(ret);
	netns_leave(kernel);
	return r;
}

int netns_open_scratch(const struct kernel *kernel, struct netlink *ret)
{
	int r;

	if (unshare(CLONE_NEWNET) < 0)
		return neg();
	r = netlink_open(ret);
	netns_leave(kernel);
	return r;
}

int netns_inside(struct kernel *kernel, struct netns *netns, struct netlink **ret)
{
	if (netns->inside.fd < 0) {
		struct netlink inside;
		int r = netns_open_socket(kernel, netns->fd, &inside);

		if (r < 0)
			return r;
		keep_inside(kernel, netns, &inside);
	}
	*ret = &netns->inside;
	return 0;
}

void netns_leave_all(struct kernel *kernel)
{
	while (kernel->inside) {
		netlink_close(&kernel->inside->inside);
		kernel->inside = kernel->inside->next_inside;
	}
}

int kernel_adopt(struct kernel *kernel, const char *name)
{
	autoclose int fd = -EBADF;
	struct netns *netns = NULL;
	int r;

	if (!name_is_valid(name))
		return -EINVAL;
	if (netns_find(kernel, name))
		return -EEXIST;
	fd = openat(kernel->names, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return neg();
	r = identity_check(fd);
	if (r < 0)
		return r;
	netns = hold(kernel, name, take_fd(&fd), &r);
	if (!netns)
		return r;
	netns->is_pinned = true;
	return 0;
}

void kernel_adopt_end(struct kernel *kernel, const char *name, int index)
{
	struct netns *netns = netns_find(kernel, name);

	if (netns)
		netns_add_end(netns, index);
}

void netns_add_end(struct netns *netns, int index)
{
	netns_forget_end(netns, index);
	state_append(&netns->ends, index);
}

void netns_forget_end(struct netns *netns, int index)
{
	for (size_t i = 0; i < netns->ends.n; i++)
		if (netns->ends.items[i] == index) {
			netns->ends.items[i] = netns->ends.items[--netns->ends.n];
			return;
		}
}
