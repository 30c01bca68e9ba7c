/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * join - a daemon with mounts of its own, whose namespaces the host sees all the same
 *
 * What keeps a service from the host's files is a mount namespace of its own; all mounts in there are slaves of the host's, and
 * what is mounted below them stays inside. But one mount can be put into the peer group of another, which need not be in the
 * same mount namespace (MOVE_MOUNT_SET_GROUP, Linux 5.15): then what is mounted below either is below both, and so is what is
 * unmounted. The one is our /run/netns, the other the host's; and nothing else of the host is within reach.
 *
 * To find the host's by way of /proc/1/root takes the right to look into other processes, which is given up here.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "kernel.h"

/* 1: two descriptors are of the same directory, by the same mount; 0: by two; -EXDEV: of two directories. */
static int compare(int a, int b)
{
	struct statx x, y;

	if (statx(a, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &x) < 0 ||
		statx(b, "", AT_EMPTY_PATH, STATX_INO | STATX_MNT_ID, &y) < 0)
		return neg();
	if (x.stx_dev_major != y.stx_dev_major || x.stx_dev_minor != y.stx_dev_minor ||
		x.stx_ino != y.stx_ino)
		return -EXDEV;
	return x.stx_mnt_id == y.stx_mnt_id;
}

static int stop_looking(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];
	const uint32_t right = 1U << CAP_SYS_PTRACE;

	if (syscall(SYS_capget, &header, data) < 0)
		return neg();
	data[0].effective &= ~right;
	data[0].permitted &= ~right;
	data[0].inheritable &= ~right;
	return syscall(SYS_capset, &header, data) < 0 ? neg() : 0;
}

int kernel_join(const struct kernel_paths *paths, int host)
{
	autoclose int own = open(paths->netns, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r = own < 0 ? neg() : compare(host, own);

	/* A mount that is in a group already, or a slave, cannot be put into one. */
	if (r == 0 && (mount(NULL, paths->netns, NULL, MS_PRIVATE, NULL) < 0 ||
			      move_mount(host, "", own, "",
				      MOVE_MOUNT_SET_GROUP | MOVE_MOUNT_F_EMPTY_PATH |
					      MOVE_MOUNT_T_EMPTY_PATH) < 0))
		r = neg();
	return r < 0 ? r : stop_looking();
}
