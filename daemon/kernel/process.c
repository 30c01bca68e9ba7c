/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process - which processes are in a namespace, and their end
 *
 * A process is where its first thread is. One that vanishes while we look is in none.
 *
 * /proc/PID/ns is for those who might trace the process, and whoever may trace every process of the host is its master. But
 * what /proc/PID/net holds are files of a namespace's own: no other has one of the same inode number while it is there, and to
 * look at them nobody asks for any right. So a namespace is told by the number of its "net/dev".
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>

#include "birth.h"
#include "kernel.h"
#include "log.h"
#include "netns.h"

#define PATIENCE_MSEC 2000

define_cleanup(DIR *, closedir);

/* The number of the namespace that a process is in ("thread-self": this one); 0: none, or it cannot be seen. */
static int64_t number_of(int proc, const char *process)
{
	char path[sizeof("/net/dev") + 16];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%.15s/net/dev", process);
	return fstatat(proc, path, &st, 0) < 0 ? 0 : (int64_t)st.st_ino;
}

/* That of one that we hold. */
static int find_number(struct kernel *kernel, const char *name, int64_t *ret)
{
	struct netns *netns = netns_find(kernel, name);

	if (!netns)
		return -ENOENT;
	if (netns->number == 0) {
		if (setns(netns->fd, CLONE_NEWNET) < 0)
			return neg();
		netns->number = number_of(kernel->proc, "thread-self");
		netns_leave(kernel);
	}
	*ret = netns->number;
	return netns->number == 0 ? -EIO : 0;
}

/* A /proc that shows every process. That of the service may hide those of others (ProtectProc=), the first of them as well. */
static int open_processes(const struct kernel *kernel)
{
	int fd;

	if (number_of(kernel->proc, "1") == 0)
		return birth_open_proc();
	fd = openat(kernel->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? neg() : fd;
}

/* Calls on_process with each process and where it is. */
static int walk(const struct kernel *kernel,
	int (*on_process)(int proc, int64_t pid, int64_t number, void *userdata), void *userdata)
{
	autoclose int proc = open_processes(kernel);
	autoclose int fd = -EBADF;
	cleanup(closedir) DIR *stream = NULL;

	if (proc < 0)
		return proc;
	fd = openat(proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	stream = fd < 0 ? NULL : fdopendir(fd);
	if (!stream)
		return neg();
	(void)take_fd(&fd);
	for (;;) {
		struct dirent *entry;
		int64_t number;
		int r;

		errno = 0;
		entry = readdir(stream);
		if (!entry)
			return errno ? neg() : 0;
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		number = number_of(proc, entry->d_name);
		r = number ? on_process(proc, strtoll(entry->d_name, NULL, 10), number, userdata)
			   : 0;
		if (r < 0)
			return r;
	}
}

struct sorting {
	int64_t *numbers;
	size_t n;
	struct arena *arena;
	struct nsnet_process_id_list *lists;
};

static int on_listed(int proc, int64_t pid, int64_t number, void *userdata)
{
	const struct sorting *sorting = userdata;

	(void)proc;
	for (size_t i = 0; i < sorting->n; i++) {
		struct nsnet_process_id_list *list = &sorting->lists[i];

		if (sorting->numbers[i] != number)
			continue;
		list->items =
			arena_grow(sorting->arena, list->items, list->n, sizeof(*list->items));
		list->items[list->n++].pid = pid;
	}
	return 0;
}

int kernel_processes(struct kernel *kernel, const char *const *names, size_t n, struct arena *arena,
	struct nsnet_process_id_list *ret)
{
	struct sorting sorting = {
		.numbers = arena_array(arena, n, sizeof(int64_t)),
		.n = n,
		.arena = arena,
		.lists = arena_array(arena, n, sizeof(*ret)),
	};
	int r = 0;

	for (size_t i = 0; r == 0 && i < n; i++) {
		sorting.lists[i].items = arena_alloc(arena, 0);
		r = find_number(kernel, names[i], &sorting.numbers[i]);
	}
	if (r == 0 && n > 0)
		r = walk(kernel, on_listed, &sorting);
	if (r < 0)
		return r;
	if (n > 0)
		memcpy(ret, sorting.lists, n * sizeof(*ret));
	return 0;
}

struct killing {
	int64_t number;
	struct timespec end;
	size_t n_seen;
};

static int msec_left(const struct timespec *end)
{
	struct timespec now;
	int64_t left;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	left = (int64_t)(end->tv_sec - now.tv_sec) * 1000 + (end->tv_nsec - now.tv_nsec) / 1000000;
	return left > 0 ? (int)left : 0;
}

/* The real user of a process; -1: it cannot be told. */
static uid_t user_of(int proc, const char *pid)
{
	char path[sizeof("/status") + 16], text[1024];
	autoclose int fd = -EBADF;
	const char *line;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%.15s/status", pid);
	fd = openat(proc, path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return (uid_t)-1;
	text[n] = 0;
	line = strstr(text, "\nUid:\t");
	return line ? (uid_t)strtoul(line + strlen("\nUid:\t"), NULL, 10) : (uid_t)-1;
}

/* A user may end his own processes, so this thread is him for that moment, by its effective id alone: then the right to end
 * everybody's is not needed. */
static int kill_as(uid_t uid, int fd)
{
	int dumpable = prctl(PR_GET_DUMPABLE), r = 0;

	/* That of libc would be for all threads. */
	if (syscall(SYS_setresuid, (uid_t)-1, uid, (uid_t)-1) < 0)
		return neg();
	if (pidfd_send_signal(fd, SIGKILL, NULL, 0) < 0)
		r = neg();
	if (syscall(SYS_setresuid, (uid_t)-1, 0, (uid_t)-1) < 0) {
		log_line(LOG_CRIT, "no way back to being root: %m");
		abort();
	}
	/* Another user takes that away. */
	if (dumpable == 1)
		(void)prctl(PR_SET_DUMPABLE, 1);
	return r;
}

/* 0; 1: who it belongs to could not be told, or has changed. */
static int send_kill(int proc, const char *pid, int fd)
{
	uid_t uid;
	int r;

	if (pidfd_send_signal(fd, SIGKILL, NULL, 0) == 0 || errno == ESRCH)
		return 0;
	if (errno != EPERM)
		return neg();
	uid = user_of(proc, pid);
	if (uid == (uid_t)-1)
		return 1;
	r = kill_as(uid, fd);
	return r == -EPERM ? 1 : r == -ESRCH ? 0 : r;
}

/* The descriptor stands for one process, whoever gets its number later: so it is the one that was seen inside which is killed. */
static int on_doomed(int proc, int64_t pid, int64_t number, void *userdata)
{
	struct killing *killing = userdata;
	autoclose int fd = -EBADF;
	struct pollfd ended;
	char name[16];
	int r;

	if (number != killing->number || pid == getpid())
		return 0;
	fd = pidfd_open((pid_t)pid, 0);
	if (fd < 0)
		return errno == ESRCH || errno == EINVAL ? 0 : neg();
	(void)snprintf(name, sizeof(name), "%lld", (long long)pid);
	if (number_of(proc, name) != number)
		return 0;
	killing->n_seen++;
	r = send_kill(proc, name, fd);
	if (r != 0)
		return r < 0 ? r : 0;
	ended = (struct pollfd){ .fd = fd, .events = POLLIN };
	for (;;) {
		int left = msec_left(&killing->end), n = poll(&ended, 1, left);

		if (n > 0)
			return 0;
		if (n == 0)
			return -EBUSY;
		if (errno != EINTR)
			return neg();
	}
}

int kernel_kill(struct kernel *kernel, const char *netns)
{
	struct killing killing = { 0 };
	int r = find_number(kernel, netns, &killing.number);

	if (r < 0)
		return r;
	/* The host's own would take everything with it. */
	if (killing.number == number_of(kernel->proc, "thread-self"))
		return -EINVAL;
	(void)clock_gettime(CLOCK_MONOTONIC, &killing.end);
	killing.end.tv_sec += PATIENCE_MSEC / 1000;
	/* What they have started meanwhile is found by another walk. */
	do {
		killing.n_seen = 0;
		r = walk(kernel, on_doomed, &killing);
		if (r < 0)
			return r;
	} while (killing.n_seen > 0 && msec_left(&killing.end) > 0);
	return killing.n_seen > 0 ? -EBUSY : 0;
}
