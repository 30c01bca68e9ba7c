/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * enter - this process into a namespace, with the mounts that belong to it
 *
 * In the mount namespace of its own, whose mounts are slaves of the host's (what the host mounts later is seen, nothing goes
 * back):
 *
 * 1. A tmpfs on /sys, for a moment: the one directory that exists everywhere and is to be covered anyway. The files for
 *    /etc are written there and bound from there; the bindings keep it alive when it is taken off again.
 * 2. What answers for host names outside the network is covered: nscd's directory by an empty one, that of systemd-resolved
 *    (its Varlink socket) by one with the two resolv.conf files only, since /etc/resolv.conf often is a link to one of them.
 * 3. sysfs again, mounted from inside, so that /sys/class/net is the namespace's. The host's stays below: where a user
 *    namespace is around, the kernel gives a new sysfs only to those who see one. The host's control groups are brought along.
 *
 * Who enters without privilege does the same: in a mount namespace of a user namespace the host's mounts can be covered, but not
 * taken off. A new sysfs or proc the kernel gives him only where nothing covers parts of the host's (in some containers something
 * does), and with the host's flags.
 */
#include "enter.h"

#include <fcntl.h>
#include <linux/nsfs.h>
#include <sched.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/fsuid.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

#include "check.h"
#include "door.h"
#include "explain.h"

#define STAGE         "/sys"
#define STAGE_EMPTY   STAGE "/empty"
#define STAGE_RESOLVE STAGE "/resolve"
#define STAGE_FILES   STAGE "/etc"
#define CGROUPS       "/sys/fs/cgroup"
#define LINKS         "/sys/class/net"
#define RESOLVED      "/run/systemd/resolve"

int enter_open(const char *name, int *ret_fd, struct problem *problem)
{
	const char *path = arena_printf(problem->arena, ENTER_DIRECTORY "/%s", name);
	autoclose int fd = -EBADF;
	int type;

	if (!check_is_name(name))
		return problem_usage(problem, "\"%s\" cannot name a namespace", name);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	if (fd < 0 && errno == ENOENT)
		return explain_no_namespace(problem, name);
	if (fd < 0)
		return problem_errno(problem, neg(), "opening %s", path);
	type = ioctl(fd, NS_GET_NSTYPE);
	if (type != CLONE_NEWNET)
		return problem_set(problem, PROBLEM_NO_OBJECT,
			arena_printf(problem->arena, "ip netns delete %s", name),
			"%s is no network namespace, only what is left of one", path);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int do_mount(struct problem *problem, const char *source, const char *target,
	const char *type, unsigned long flags, const char *options)
{
	if (mount(source, target, type, flags, options) < 0)
		return problem_errno(problem, neg(), "mounting %s over %s", source, target);
	return 0;
}

static bool is_there(const char *path)
{
	return access(path, F_OK) == 0;
}

static int make_directory(const char *path, struct problem *problem)
{
	if (mkdir(path, 0755) < 0)
		return problem_errno(problem, neg(), "making %s", path);
	return 0;
}

/* Under a strict umask too, every user is to read it. */
static int write_file(const char *path, const char *text, struct problem *problem)
{
	autoclose int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	size_t length = strlen(text), sent = 0;

	if (fd < 0 || fchmod(fd, 0644) < 0)
		return problem_errno(problem, neg(), "writing %s", path);
	while (sent < length) {
		ssize_t n = write(fd, text + sent, length - sent);

		if (n < 0)
			return problem_errno(problem, neg(), "writing %s", path);
		sent += (size_t)n;
	}
	return 0;
}

static bool is_staged(const struct etc_file *file)
{
	return !file->path && is_there(file->target);
}

static const char *staged_path(const struct etc_file *file, struct arena *arena)
{
	return arena_printf(arena, STAGE_FILES "/%s", strrchr(file->target, '/') + 1);
}

/* What is seen instead of systemd-resolved's directory: the places of its two files. */
static int make_resolved(struct problem *problem)
{
	int r = make_directory(STAGE_RESOLVE, problem);

	if (r == 0)
		r = write_file(STAGE_RESOLVE "/resolv.conf", "", problem);
	if (r == 0)
		r = write_file(STAGE_RESOLVE "/stub-resolv.conf", "", problem);
	return r;
}

/* What is to lie on the stage, beside the empty directory. */
static int fill_stage(const struct etc *etc, struct problem *problem)
{
	int r = is_there(RESOLVED) ? make_resolved(problem) : 0;

	if (r == 0)
		r = make_directory(STAGE_FILES, problem);
	for (size_t i = 0; i < etc->n && r == 0; i++) {
		if (is_staged(&etc->files[i]))
			r = write_file(staged_path(&etc->files[i], problem->arena),
				etc->files[i].text, problem);
	}
	return r;
}

/* From here on files are made for the one group that this user namespace knows. */
static int take_known_group(struct problem *problem)
{
	autoclose int fd = open("/proc/self/gid_map", O_RDONLY | O_CLOEXEC);
	char text[64] = "";

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		return problem_errno(problem, neg(), "reading /proc/self/gid_map");
	(void)setfsgid((gid_t)strtoul(text, NULL, 10));
	return 0;
}

/* There is no way back to a group that has no number in this user namespace, so a child does it. By a pipe it tells what is wrong,
 * or nothing but a line feed. */
static int fill_stage_in_child(const struct etc *etc, struct problem *problem)
{
	autoclose int from = -EBADF;
	char told[256] = "";
	int pipes[2];
	pid_t pid;

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return problem_errno(problem, neg(), "making a pipe");
	from = pipes[0];
	pid = fork();
	if (pid == 0) {
		int r = take_known_group(problem);

		if (r == 0)
			r = make_directory(STAGE_EMPTY, problem);
		if (r == 0)
			r = fill_stage(etc, problem);
		(void)dprintf(pipes[1], "%s\n", r == 0 ? "" : problem->what);
		_exit(0);
	}
	(void)close_fd(pipes[1]);
	if (pid < 0)
		return problem_errno(problem, neg(), "starting a process");
	if (read(from, told, sizeof(told) - 1) <= 0)
		return problem_errno(problem, neg(), "hearing of a process");
	/* The kernel does it where SIGCHLD is ignored. */
	(void)waitpid(pid, NULL, 0);
	if (told[0] == '\n')
		return 0;
	told[strcspn(told, "\n")] = '\0';
	return problem_set(problem, PROBLEM_FAILED, NULL, "%s", told);
}

static int stage(const struct etc *etc, struct problem *problem)
{
	mode_t mask = umask(0022);
	int r = do_mount(problem, "nsnet", STAGE, "tmpfs", MS_NOSUID | MS_NODEV | MS_NOEXEC,
		"mode=0755,size=64m,nr_inodes=64");

	if (r == 0 && mkdir(STAGE_EMPTY, 0755) == 0)
		r = fill_stage(etc, problem);
	else if (r == 0 && errno == EOVERFLOW)
		r = fill_stage_in_child(etc, problem);
	else if (r == 0)
		r = problem_errno(problem, neg(), "making " STAGE_EMPTY);
	(void)umask(mask);
	return r;
}

static int hide_host_resolvers(struct problem *problem)
{
	static const char *const nscd[] = { "/run/nscd", "/var/run/nscd" };
	int r = 0;

	for (size_t i = 0; i < lengthof(nscd) && r == 0; i++) {
		if (is_there(nscd[i]))
			r = do_mount(problem, STAGE_EMPTY, nscd[i], NULL, MS_BIND, NULL);
	}
	if (r == 0 && is_there(RESOLVED))
		r = do_mount(problem, STAGE_RESOLVE, RESOLVED, NULL, MS_BIND, NULL);
	return r;
}

/* Puts a file over all paths that lead to what it stands for. */
static int bind_over(const char *source, const char *target, struct problem *problem)
{
	static const char *const resolved[] = { RESOLVED "/resolv.conf",
		RESOLVED "/stub-resolv.conf" };
	int r = do_mount(problem, source, target, NULL, MS_BIND, NULL);

	for (size_t i = 0; i < lengthof(resolved) && r == 0; i++) {
		if (streq(target, "/etc/resolv.conf") && is_there(resolved[i]))
			r = do_mount(problem, source, resolved[i], NULL, MS_BIND, NULL);
	}
	return r;
}

static int place_files(const struct etc *etc, struct problem *problem)
{
	for (size_t i = 0; i < etc->n; i++) {
		const struct etc_file *file = &etc->files[i];
		int r;

		if (!is_there(file->target)) {
			/* The administrator's own file has no place to be seen at: he should know. */
			if (file->path)
				(void)fprintf(stderr,
					"nsnetctl: %s: there is no %s to put it over\n", file->path,
					file->target);
			continue;
		}
		r = bind_over(file->path ? file->path : staged_path(file, problem->arena),
			file->target, problem);
		if (r != 0)
			return r;
	}
	return 0;
}

/* A copy of the host's control groups, off the tree; -EBADF where there are none to bring. */
static int take_cgroups(int *ret_fd, struct problem *problem)
{
	int fd = open_tree(AT_FDCWD, CGROUPS, OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE);

	/* Absent, or on a kernel before 5.2: programs do without. */
	if (fd < 0 && errno != ENOENT && errno != ENOTDIR && errno != ENOSYS)
		return problem_errno(problem, neg(), "taking " CGROUPS " along");
	*ret_fd = fd < 0 ? -EBADF : fd;
	return 0;
}

/* Those that a file system has where it is seen already: in a container it may be read only and is to stay so, and in a user
 * namespace the kernel insists on them. */
static unsigned long seen_flags(const char *path)
{
	unsigned long flags = MS_NOSUID | MS_NODEV | MS_NOEXEC;
	struct statvfs status;

	if (statvfs(path, &status) < 0)
		return flags;
	if (status.f_flag & ST_RDONLY)
		flags |= MS_RDONLY;
	if (status.f_flag & ST_NODIRATIME)
		flags |= MS_NODIRATIME;
	if (status.f_flag & ST_NOATIME)
		return flags | MS_NOATIME;
	return status.f_flag & ST_RELATIME ? flags : flags | MS_STRICTATIME;
}

/* Where something covers parts of the host's /sys the owner of a namespace gets none of his own; then at least the host's links are
 * not to be taken for those inside. */
static int hide_host_links(struct problem *problem)
{
	return is_there(LINKS) ? do_mount(problem, "nsnet", LINKS, "tmpfs",
					 MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=0755")
			       : 0;
}

static int mount_sys(int cgroups, struct problem *problem)
{
	if (mount("sysfs", "/sys", "sysfs", seen_flags("/sys"), NULL) < 0) {
		if (errno == EPERM)
			return hide_host_links(problem);
		return problem_errno(problem, neg(), "mounting sysfs over /sys");
	}
	if (cgroups >= 0 &&
		move_mount(cgroups, "", AT_FDCWD, CGROUPS, MOVE_MOUNT_F_EMPTY_PATH) < 0 &&
		errno != ENOENT)
		return problem_errno(problem, neg(), "taking " CGROUPS " along");
	return 0;
}

static int make_mounts(const struct etc *etc, struct problem *problem)
{
	autoclose int cgroups = -EBADF;
	int r = take_cgroups(&cgroups, problem);

	if (r == 0)
		r = stage(etc, problem);
	if (r == 0)
		r = hide_host_resolvers(problem);
	if (r == 0)
		r = place_files(etc, problem);
	if (r == 0 && umount2(STAGE, MNT_DETACH) < 0)
		r = problem_errno(problem, neg(), "unmounting " STAGE);
	return r != 0 ? r : mount_sys(cgroups, problem);
}

int enter_namespace(
	int fd, const char *name, bool as_root, const struct etc *etc, struct problem *problem)
{
	int r = door_pass(fd, name, as_root, problem);

	if (r != 0)
		return r;
	if (unshare(CLONE_NEWNS) < 0 || mount("", "/", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return problem_errno(problem, neg(), "making mounts of its own");
	return make_mounts(etc, problem);
}

int enter_proc(struct problem *problem)
{
	if (mount("proc", "/proc", "proc", seen_flags("/proc"), NULL) == 0)
		return 0;
	if (errno == EPERM)
		return problem_set(problem, PROBLEM_FAILED, NULL,
			"something covers parts of /proc here: the kernel gives no new one");
	return problem_errno(problem, neg(), "mounting proc over /proc");
}
