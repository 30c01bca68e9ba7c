/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * entry - whether anybody may have entered a namespace
 *
 * To find the processes in a namespace costs a look at each one there is. But whoever enters has opened the namespace first, by
 * its name or by somebody who is inside, or has had it from us; and inotify(7) tells of the first time that it is opened. Most
 * namespaces of a crowd are never entered, and those that were are told by the long way.
 *
 * Only what was watched from the beginning is believed, and only where the kernel has shown once that it tells.
 */
#include "entry.h"

#include <fcntl.h>
#include <search.h>
#include <stdio.h>
#include <sys/inotify.h>

#include "kernel.h"
#include "netns.h"

#define BUFFER_SIZE 4096U

static int compare_watches(const void *a, const void *b)
{
	const struct netns *x = a, *y = b;

	return x->watch < y->watch ? -1 : x->watch > y->watch;
}

static void lose(const void *node, VISIT visit, void *closure)
{
	struct netns *netns = *(struct netns *const *)node;

	(void)closure;
	if (visit == postorder || visit == leaf)
		netns->is_unentered = false;
}

static void note(struct kernel *kernel, const struct inotify_event *event)
{
	const struct netns key = { .watch = event->wd };
	struct netns **found;

	if (event->mask & IN_Q_OVERFLOW) {
		twalk_r(kernel->held, lose, NULL);
		return;
	}
	found = tfind(&key, &kernel->watched, compare_watches);
	if (found)
		(*found)->is_unentered = false;
}

/* All that was told so far. */
static void read_all(struct kernel *kernel)
{
	char buffer[BUFFER_SIZE] __attribute__((aligned(__alignof__(struct inotify_event))));

	for (;;) {
		ssize_t n = read(kernel->entries, buffer, sizeof(buffer));

		if (n < 0 && errno == EINTR)
			continue;
		/* What cannot be read may be anything. */
		if (n < 0 && errno != EAGAIN)
			twalk_r(kernel->held, lose, NULL);
		if (n <= 0)
			return;
		for (size_t at = 0; at + sizeof(struct inotify_event) <= (size_t)n;) {
			const struct inotify_event *event = (const void *)(buffer + at);

			note(kernel, event);
			at += sizeof(*event) + event->len;
		}
	}
}

static bool begin(struct kernel *kernel, struct netns *netns)
{
	char path[32];
	int watch;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", netns->fd);
	watch = inotify_add_watch(kernel->entries, path, IN_OPEN | IN_ONESHOT);
	if (watch < 0)
		return false;
	netns->watch = watch;
	if (!tsearch(netns, &kernel->watched, compare_watches))
		abort();
	netns->is_unentered = true;
	return true;
}

/* Whether the kernel tells: the first one is opened for that. */
static bool tells(struct kernel *kernel, struct netns *netns)
{
	autoclose int fd = -EBADF;
	char path[32];
	bool does_tell;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", netns->fd);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	read_all(kernel);
	does_tell = fd >= 0 && !netns->is_unentered;
	entry_forget(kernel, netns);
	return does_tell;
}

void entry_open(struct kernel *kernel)
{
	kernel->entries = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
}

void entry_watch(struct kernel *kernel, struct netns *netns)
{
	if (kernel->entries >= 0 && !kernel->has_tried_entries) {
		kernel->has_tried_entries = true;
		if (!begin(kernel, netns) || !tells(kernel, netns))
			kernel->entries = close_fd(kernel->entries);
	}
	if (kernel->entries >= 0)
		(void)begin(kernel, netns);
}

void entry_move(struct kernel *kernel, struct netns *netns, struct netns *copy)
{
	if (netns->watch == 0)
		return;
	(void)tdelete(netns, &kernel->watched, compare_watches);
	if (!tsearch(copy, &kernel->watched, compare_watches))
		abort();
}

void entry_forget(struct kernel *kernel, struct netns *netns)
{
	netns->is_unentered = false;
	if (netns->watch == 0)
		return;
	(void)tdelete(netns, &kernel->watched, compare_watches);
	/* One that has told is no more. */
	(void)inotify_rm_watch(kernel->entries, netns->watch);
	netns->watch = 0;
}

bool kernel_may_be_entered(struct kernel *kernel, const char *name)
{
	const struct netns *netns = netns_find(kernel, name);

	if (kernel->entries >= 0)
		read_all(kernel);
	return !netns || !netns->is_unentered;
}

int kernel_open_netns(struct kernel *kernel, const char *name)
{
	struct netns *netns = netns_find(kernel, name);
	int fd;

	if (!netns)
		return -ENOENT;
	entry_forget(kernel, netns);
	fd = fcntl(netns->fd, F_DUPFD_CLOEXEC, 3);
	return fd < 0 ? neg() : fd;
}
