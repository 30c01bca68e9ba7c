/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lent_inside - the end of nsnetctl that is inside a namespace which is lent: parent of the command
 *
 * It is the program that systemd was asked for, and its standard input is the channel (order.h). The command gets what it would have
 * had outside: its arguments and variables to the last byte, directory, mask, limits, descriptors, and a terminal for itself. All
 * signals that end a program are blocked here: systemd sends them to the command too, and this process is to tell of its end.
 */
#include <fcntl.h>
#include <linux/capability.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "client.h"
#include "order.h"

#define CHANNEL STDIN_FILENO

struct inside {
	struct order order;
	int fds[ORDER_FDS];
	const char **arguments, **variables;
	sigset_t mask; /* what was blocked before */
	int children;  /* signalfd(2) of SIGCHLD */
	pid_t pid;
};

static void report(enum report_type type, int number)
{
	const struct report report = { .type = type, .number = number };

	/* Where nobody is there to hear it, that is found out elsewhere. */
	(void)send(CHANNEL, &report, sizeof(report), MSG_NOSIGNAL);
}

/* False: this is no order. */
static bool receive(struct inside *inside)
{
	union {
		struct cmsghdr header; /* aligns */
		char bytes[CMSG_SPACE(ORDER_FDS * sizeof(int))];
	} control;
	struct iovec iov = { &inside->order, sizeof(inside->order) };
	struct msghdr message = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };
	const struct cmsghdr *header;
	ssize_t n;

	do
		n = recvmsg(CHANNEL, &message, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	header = n < 0 ? NULL : CMSG_FIRSTHDR(&message);
	if (n != sizeof(inside->order) || inside->order.magic != ORDER_MAGIC || !header ||
		header->cmsg_type != SCM_RIGHTS ||
		header->cmsg_len != CMSG_LEN(sizeof(inside->fds)))
		return false;
	memcpy(inside->fds, CMSG_DATA(header), sizeof(inside->fds));
	return true;
}

static const char **split(struct arena *arena, const char **text, const char *end, uint32_t n)
{
	const char **list = arena_array(arena, n + 1, sizeof(*list));

	for (uint32_t i = 0; i < n; i++) {
		const char *nul = memchr(*text, '\0', (size_t)(end - *text));

		if (!nul)
			return NULL;
		list[i] = *text;
		*text = nul + 1;
	}
	return list;
}

static bool read_texts(struct inside *inside, struct arena *arena)
{
	const struct order *order = &inside->order;
	int fd = inside->fds[ORDER_TEXTS];
	const char *text, *end;
	struct stat status;

	if (fstat(fd, &status) < 0 || status.st_size <= 0 || status.st_size > ORDER_TEXTS_MAX ||
		order->n_arguments == 0 || order->n_arguments > (uint64_t)status.st_size ||
		order->n_variables > (uint64_t)status.st_size)
		return false;
	text = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (text == MAP_FAILED)
		return false;
	end = text + status.st_size;
	inside->arguments = split(arena, &text, end, order->n_arguments);
	inside->variables = inside->arguments ? split(arena, &text, end, order->n_variables) : NULL;
	return inside->variables;
}

/* Not above what is allowed here. */
static void take_limits(const struct order *order)
{
	for (int i = 0; i < RLIM_NLIMITS; i++) {
		struct rlimit limit;

		if (getrlimit((__rlimit_resource_t)i, &limit) < 0)
			continue;
		if (order->limits[i].rlim_max < limit.rlim_max)
			limit.rlim_max = order->limits[i].rlim_max;
		limit.rlim_cur = order->limits[i].rlim_cur < limit.rlim_max
					 ? order->limits[i].rlim_cur
					 : limit.rlim_max;
		(void)setrlimit((__rlimit_resource_t)i, &limit);
	}
}

/* In the child: becomes the command. What keeps it from that is written to the pipe. */
static void become(const struct inside *inside, int pipe)
{
	bool is_ready = setsid() >= 0;

	if (inside->order.has_terminal)
		is_ready = is_ready && ioctl(inside->fds[ORDER_INPUT], TIOCSCTTY, 0) == 0;
	for (int i = 0; i <= STDERR_FILENO; i++)
		is_ready = is_ready && dup2(inside->fds[ORDER_INPUT + i], i) >= 0;
	if (is_ready && sigprocmask(SIG_SETMASK, &inside->mask, NULL) == 0) {
		environ = (char **)(uintptr_t)inside->variables;
		(void)execvp(inside->arguments[0], (char **)(uintptr_t)inside->arguments);
	}
	(void)dprintf(pipe, "%d", errno);
	_exit(PROBLEM_INSIDE);
}

/* Whether the command runs; else it is told why not. */
static bool start(struct inside *inside)
{
	char text[16] = "";
	int pipes[2], error;

	if (pipe2(pipes, O_CLOEXEC) < 0 || (inside->pid = fork()) < 0) {
		report(REPORT_NOT_RUN, errno);
		return false;
	}
	if (inside->pid == 0)
		become(inside, pipes[1]);
	(void)close_fd(pipes[1]);
	for (int i = 0; i < ORDER_FDS; i++)
		inside->fds[i] = close_fd(inside->fds[i]);
	/* Nothing comes where it was closed by the command's taking the child's place. */
	while (read(pipes[0], text, sizeof(text) - 1) < 0 && errno == EINTR)
		;
	(void)close_fd(pipes[0]);
	error = (int)strtol(text, NULL, 10);
	if (error == 0)
		report(REPORT_STARTED, 0);
	else
		report(error == ENOENT ? REPORT_NOT_FOUND : REPORT_NOT_RUN, error);
	return error == 0;
}

/* What a terminal sends to all of its foreground goes to all of the command's group. */
static void pass_on(const struct inside *inside, int signal)
{
	bool is_for_group = signal == SIGINT || signal == SIGQUIT || signal == SIGHUP ||
			    signal == SIGSTOP || signal == SIGCONT || signal == SIGTSTP;

	if (signal > 0)
		(void)kill(is_for_group ? -inside->pid : inside->pid, signal);
}

/* False: nobody is there any more. */
static bool hear(const struct inside *inside)
{
	int32_t signal = 0;
	ssize_t n = recv(CHANNEL, &signal, sizeof(signal), MSG_DONTWAIT);

	if (n < 0)
		return errno == EAGAIN || errno == EINTR;
	if (n == sizeof(signal))
		pass_on(inside, signal);
	return n > 0;
}

static bool has_ended(struct inside *inside, int *ret_status)
{
	struct signalfd_siginfo info;
	int status;
	pid_t pid;

	if (read(inside->children, &info, sizeof(info)) < 0 && errno != EAGAIN)
		return false;
	/* Others are those that the command left behind, if this process is to care for them. */
	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != inside->pid)
			continue;
		if (WIFSIGNALED(status))
			report(REPORT_KILLED, WTERMSIG(status));
		else
			report(REPORT_EXITED, WEXITSTATUS(status));
		*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
		return true;
	}
	return false;
}

/* Until the command has ended, or whoever waits for it. systemd ends what is left. */
static int follow(struct inside *inside)
{
	struct pollfd fds[] = { { .fd = CHANNEL, .events = POLLIN },
		{ .fd = inside->children, .events = POLLIN } };
	int status = 0;

	for (;;) {
		if (poll(fds, lengthof(fds), -1) < 0 && errno != EINTR)
			return PROBLEM_INSIDE;
		if (fds[1].revents != 0 && has_ended(inside, &status))
			return status;
		if (fds[0].revents != 0 && !hear(inside)) {
			(void)kill(-inside->pid, SIGHUP);
			(void)kill(-inside->pid, SIGTERM);
			return PROBLEM_INSIDE;
		}
	}
}

/* Such as might be left from whoever started systemd itself. */
static void drop_inheritable(void)
{
	struct __user_cap_header_struct header = { .version = _LINUX_CAPABILITY_VERSION_3 };
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3];

	if (geteuid() == 0 || syscall(SYS_capget, &header, data) < 0)
		return;
	for (size_t i = 0; i < lengthof(data); i++)
		data[i].inheritable = 0;
	(void)syscall(SYS_capset, &header, data);
}

static int prepare(struct inside *inside)
{
	static const int blocked[] = { SIGCHLD, SIGTERM, SIGHUP, SIGINT, SIGQUIT, SIGPIPE, SIGTSTP,
		SIGTTIN, SIGTTOU };
	sigset_t set, children;

	(void)sigemptyset(&set);
	(void)sigemptyset(&children);
	(void)sigaddset(&children, SIGCHLD);
	for (size_t i = 0; i < lengthof(blocked); i++)
		(void)sigaddset(&set, blocked[i]);
	if (sigprocmask(SIG_BLOCK, &set, &inside->mask) < 0)
		return neg();
	inside->children = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	if (inside->children < 0)
		return neg();
	drop_inheritable();
	take_limits(&inside->order);
	(void)umask((mode_t)inside->order.mask & 0777);
	return fchdir(inside->fds[ORDER_DIRECTORY]) < 0 ? neg() : 0;
}

int lent_inside_follow(struct client *client)
{
	struct inside inside = { .children = -EBADF };
	int r;

	if (!receive(&inside) || !read_texts(&inside, &client->arena))
		return problem_usage(&client->problem, "\"inside\" is for nsnetctl itself");
	r = prepare(&inside);
	if (r < 0)
		report(REPORT_NOT_RUN, -r);
	if (r < 0 || !start(&inside))
		return PROBLEM_INSIDE;
	return follow(&inside);
}
