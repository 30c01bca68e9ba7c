/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * process - which processes are in a namespace, and their end
 *
 * A process is where its first thread is. One that vanishes while we look is in none.
 */
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <time.h>

#include "kernel.h"
#include "log.h"
#include "state.h"

#define PATIENCE_MSEC 2000

define_cleanup(DIR *, closedir);

/* The inode number of the network namespace of a process; 0: none, or it cannot be seen. */
static int64_t inode_of(const struct kernel *kernel, const char *pid)
{
	char path[sizeof("/ns/net") + 16];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%.15s/ns/net", pid);
	if (fstatat(kernel->proc, path, &st, 0) < 0 || st.st_dev != kernel->home_stat.st_dev)
		return 0;
	return (int64_t)st.st_ino;
}

/* Calls on_process with each process and where it is. */
static int walk(const struct kernel *kernel,
	int (*on_process)(int64_t pid, int64_t inode, void *userdata), void *userdata)
{
	autoclose int fd = openat(kernel->proc, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	cleanup(closedir) DIR *stream = fd < 0 ? NULL : fdopendir(fd);

	if (!stream)
		return neg();
	(void)take_fd(&fd);
	for (;;) {
		struct dirent *entry;
		int64_t inode;
		int r;

		errno = 0;
		entry = readdir(stream);
		if (!entry)
			return errno ? neg() : 0;
		if (entry->d_name[0] < '1' || entry->d_name[0] > '9')
			continue;
		inode = inode_of(kernel, entry->d_name);
		r = inode ? on_process(strtoll(entry->d_name, NULL, 10), inode, userdata) : 0;
		if (r < 0)
			return r;
	}
}

struct sorting {
	const int64_t *inodes;
	size_t n;
	struct arena *arena;
	struct nsnet_process_id_list *lists;
	size_t *allocated;
};

static int on_listed(int64_t pid, int64_t inode, void *userdata)
{
	const struct sorting *sorting = userdata;

	for (size_t i = 0; i < sorting->n; i++) {
		struct nsnet_process_id_list *list = &sorting->lists[i];

		if (sorting->inodes[i] != inode)
			continue;
		if (list->n == sorting->allocated[i]) {
			size_t allocated = list->n ? 2 * list->n : 8;
			struct nsnet_process_id *items =
				arena_array(sorting->arena, allocated, sizeof(*items));

			if (list->n > 0)
				memcpy(items, list->items, list->n * sizeof(*items));
			list->items = items;
			sorting->allocated[i] = allocated;
		}
		list->items[list->n++].pid = pid;
	}
	return 0;
}

int kernel_processes(struct kernel *kernel, const int64_t *inodes, size_t n, struct arena *arena,
	struct nsnet_process_id_list *ret)
{
	struct sorting sorting = {
		.inodes = inodes,
		.n = n,
		.arena = arena,
		.lists = arena_array(arena, n, sizeof(*ret)),
		.allocated = arena_array(arena, n, sizeof(size_t)),
	};
	int r;

	for (size_t i = 0; i < n; i++)
		sorting.lists[i].items = arena_alloc(arena, 0);
	r = n > 0 ? walk(kernel, on_listed, &sorting) : 0;
	if (r < 0)
		return r;
	if (n > 0)
		memcpy(ret, sorting.lists, n * sizeof(*ret));
	return 0;
}

struct killing {
	const struct kernel *kernel;
	int64_t inode;
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

/* The descriptor stands for one process, whoever gets its number later: so it is the one that was seen inside which is killed. */
static int on_doomed(int64_t pid, int64_t inode, void *userdata)
{
	struct killing *killing = userdata;
	autoclose int fd = -EBADF;
	struct pollfd ended;
	char name[16];

	if (inode != killing->inode || pid == getpid())
		return 0;
	fd = pidfd_open((pid_t)pid, 0);
	if (fd < 0)
		return errno == ESRCH || errno == EINVAL ? 0 : neg();
	(void)snprintf(name, sizeof(name), "%lld", (long long)pid);
	if (inode_of(killing->kernel, name) != inode)
		return 0;
	killing->n_seen++;
	if (pidfd_send_signal(fd, SIGKILL, NULL, 0) < 0 && errno != ESRCH)
		return neg();
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

int kernel_kill(struct kernel *kernel, int64_t inode)
{
	struct killing killing = { .kernel = kernel, .inode = inode };

	/* The host's own would take everything with it. */
	if (inode <= 0 || inode == (int64_t)kernel->home_stat.st_ino)
		return -EINVAL;
	(void)clock_gettime(CLOCK_MONOTONIC, &killing.end);
	killing.end.tv_sec += PATIENCE_MSEC / 1000;
	/* What they have started meanwhile is found by another walk. */
	do {
		int r;

		killing.n_seen = 0;
		r = walk(kernel, on_doomed, &killing);
		if (r < 0)
			return r;
	} while (killing.n_seen > 0 && msec_left(&killing.end) > 0);
	return killing.n_seen > 0 ? -EBUSY : 0;
}
