/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * terminal - a terminal for a program elsewhere, whose other end is the one that nsnetctl has
 *
 * A process that is killed by SIGKILL cannot put its terminal in order, so another one does, if this one has not said that it did.
 * It is in a session of its own: whoever has the foreground then, the kernel lets it set a terminal that is not its own.
 */
#include "terminal.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

/* Waits for the end of this process, in another one. */
static void keep_watch(struct terminal *terminal, int fd)
{
	char said = 0;
	sigset_t all;

	(void)setsid();
	(void)sigfillset(&all);
	(void)sigprocmask(SIG_BLOCK, &all, NULL);
	while (read(fd, &said, 1) < 0 && errno == EINTR)
		;
	if (said == 0)
		(void)tcsetattr(terminal->fd, TCSADRAIN, &terminal->before);
	_exit(0);
}

static int set_guard(struct terminal *terminal, struct problem *problem)
{
	int pipes[2];

	if (pipe2(pipes, O_CLOEXEC) < 0)
		return problem_errno(problem, neg(), "making a pipe");
	terminal->guard_pid = fork();
	if (terminal->guard_pid == 0) {
		(void)close_fd(pipes[1]);
		(void)close_fd(terminal->master);
		(void)close_fd(terminal->slave);
		keep_watch(terminal, pipes[0]);
	}
	(void)close_fd(pipes[0]);
	terminal->guard = pipes[1];
	return terminal->guard_pid < 0 ? problem_errno(problem, neg(), "starting a process") : 0;
}

static int make_pair(struct terminal *terminal, struct problem *problem)
{
	char name[64];

	terminal->master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
	if (terminal->master < 0 || grantpt(terminal->master) < 0 ||
		unlockpt(terminal->master) < 0 ||
		ptsname_r(terminal->master, name, sizeof(name)) != 0)
		return problem_errno(problem, neg(), "making a terminal");
	terminal->slave = open(name, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (terminal->slave < 0 || tcsetattr(terminal->slave, TCSANOW, &terminal->before) < 0)
		return problem_errno(problem, neg(), "making a terminal");
	terminal_resize(terminal);
	return 0;
}

int terminal_open(struct terminal *terminal, struct problem *problem)
{
	static const int outputs[] = { STDOUT_FILENO, STDERR_FILENO, STDIN_FILENO };
	int r;

	*terminal = (struct terminal){
		.fd = -EBADF, .output = -EBADF, .master = -EBADF, .slave = -EBADF, .guard = -EBADF
	};
	if (isatty(STDIN_FILENO) != 1 || tcgetattr(STDIN_FILENO, &terminal->before) < 0)
		return 0;
	for (size_t i = 0; i < lengthof(outputs) && terminal->output < 0; i++)
		if (isatty(outputs[i]) == 1)
			terminal->output = outputs[i];
	terminal->fd = STDIN_FILENO;
	r = make_pair(terminal, problem);
	return r == 0 ? set_guard(terminal, problem) : r;
}

void terminal_close(struct terminal *terminal)
{
	if (terminal->fd < 0)
		return;
	terminal_give(terminal);
	terminal->master = close_fd(terminal->master);
	terminal->slave = close_fd(terminal->slave);
	if (terminal->guard >= 0) {
		/* Where that cannot be said the other one does the same again. */
		if (write(terminal->guard, "x", 1) < 0)
			(void)kill(terminal->guard_pid, 0);
		terminal->guard = close_fd(terminal->guard);
		(void)waitpid(terminal->guard_pid, NULL, 0);
	}
	terminal->fd = -EBADF;
}

static bool is_in_foreground(const struct terminal *terminal)
{
	return tcgetpgrp(terminal->fd) == getpgrp();
}

void terminal_take(struct terminal *terminal)
{
	struct termios raw = terminal->before;

	if (terminal->fd < 0 || terminal->is_raw || !is_in_foreground(terminal))
		return;
	cfmakeraw(&raw);
	terminal->is_raw = tcsetattr(terminal->fd, TCSADRAIN, &raw) == 0;
}

void terminal_give(struct terminal *terminal)
{
	sigset_t set, mask;

	if (terminal->fd < 0 || !terminal->is_raw)
		return;
	/* Whoever has been put into the background since may still do this. */
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTTOU);
	(void)sigprocmask(SIG_BLOCK, &set, &mask);
	(void)tcsetattr(terminal->fd, TCSADRAIN, &terminal->before);
	(void)sigprocmask(SIG_SETMASK, &mask, NULL);
	terminal->is_raw = false;
}

void terminal_resize(const struct terminal *terminal)
{
	struct winsize size;

	if (terminal->fd >= 0 && ioctl(terminal->fd, TIOCGWINSZ, &size) == 0)
		(void)ioctl(terminal->master, TIOCSWINSZ, &size);
}

void terminal_watch(const struct terminal *terminal, struct pollfd *ret)
{
	bool may_read = terminal->is_raw && !terminal->is_input_over && terminal->n_typed == 0;

	ret[0] = (struct pollfd){ .fd = may_read ? terminal->fd : -1, .events = POLLIN };
	ret[1] = (struct pollfd){ .fd = terminal->fd < 0 || terminal->is_quiet ? -1
									       : terminal->master,
		.events = (short)(POLLIN | (terminal->n_typed > 0 ? POLLOUT : 0)) };
}

static bool write_all(int fd, const char *bytes, size_t n)
{
	while (n > 0) {
		ssize_t written = write(fd, bytes, n);

		if (written < 0 && errno == EAGAIN) {
			struct pollfd poll_fd = { .fd = fd, .events = POLLOUT };

			(void)poll(&poll_fd, 1, -1);
			continue;
		}
		if (written < 0 && errno != EINTR)
			return false;
		if (written > 0) {
			bytes += written;
			n -= (size_t)written;
		}
	}
	return true;
}

static void pass_typed(struct terminal *terminal)
{
	ssize_t n = write(terminal->master, terminal->typed, terminal->n_typed);

	if (n <= 0)
		return;
	terminal->n_typed -= (size_t)n;
	memmove(terminal->typed, terminal->typed + n, terminal->n_typed);
}

bool terminal_relay(struct terminal *terminal, const struct pollfd *polled)
{
	char bytes[4096];
	ssize_t n;

	if (polled[0].revents != 0) {
		n = read(terminal->fd, terminal->typed, sizeof(terminal->typed));
		terminal->n_typed = n > 0 ? (size_t)n : 0;
		terminal->is_input_over = n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN);
	}
	if (terminal->n_typed > 0)
		pass_typed(terminal);
	if (!(polled[1].revents & (POLLIN | POLLHUP | POLLERR)))
		return true;
	n = read(terminal->master, bytes, sizeof(bytes));
	if (n > 0)
		return write_all(terminal->output, bytes, (size_t)n);
	return n < 0 && (errno == EAGAIN || errno == EINTR);
}
