/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * name_watch - what somebody does to the names under /run/netns: files that go, and mounts
 *
 * inotify(7) names the file that went. Of mounts the kernel tells only that some have changed (proc_pid_mountinfo(5)), and it
 * tells each open file of that once: one is waited on, another one is asked.
 */
#include "name_watch.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/inotify.h>

#include "event_message.h"
#include "state.h"

#define BUFFER_SIZE 16384U
/* At most so many at a time; the rest keeps the descriptor ready. */
#define READS_MAX 64U

static int add(int events, int fd, uint32_t what)
{
	struct epoll_event event = { .events = what, .data.fd = fd };

	return epoll_ctl(events, EPOLL_CTL_ADD, fd, &event) < 0 ? neg() : 0;
}

static int open_mounts(const struct kernel *kernel)
{
	int fd = openat(kernel->proc, "self/mountinfo", O_RDONLY | O_CLOEXEC);

	return fd < 0 ? neg() : fd;
}

int name_watch_open(struct kernel *kernel, int events)
{
	autoclose int names = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	autoclose int waited = open_mounts(kernel), asked = open_mounts(kernel);
	char path[32];
	int r;

	if (names < 0)
		return neg();
	if (waited < 0 || asked < 0)
		return waited < 0 ? waited : asked;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", kernel->names);
	if (inotify_add_watch(names, path, IN_DELETE | IN_MOVE | IN_ONLYDIR) < 0)
		return neg();
	r = add(events, names, EPOLLIN);
	if (r == 0)
		r = add(events, waited, EPOLLPRI);
	if (r < 0)
		return r;
	kernel->name_events = take_fd(&names);
	kernel->mounts_waited = take_fd(&waited);
	kernel->mounts_asked = take_fd(&asked);
	return 0;
}

static void read_names(int fd, struct kernel_changes *changes)
{
	static char buffer[BUFFER_SIZE] __attribute__((aligned(__alignof__(struct inotify_event))));

	for (unsigned i = 0; i < READS_MAX; i++) {
		ssize_t n = read(fd, buffer, sizeof(buffer));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return;
		for (size_t at = 0; at + sizeof(struct inotify_event) <= (size_t)n;) {
			const struct inotify_event *event = (const void *)(buffer + at);

			if (event->mask & IN_Q_OVERFLOW)
				changes->events |= KERNEL_EVENT_LOST;
			else if (event->len > 0)
				event_message_touch(changes, event->name);
			at += sizeof(*event) + event->len;
		}
	}
}

void name_watch_read(struct kernel *kernel, struct kernel_changes *changes)
{
	struct pollfd mounts = { .fd = kernel->mounts_asked, .events = POLLPRI };

	read_names(kernel->name_events, changes);
	if (poll(&mounts, 1, 0) > 0)
		changes->events |= KERNEL_EVENT_MOUNTS;
}
