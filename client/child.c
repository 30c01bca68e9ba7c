/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * child - a command as a child process, with this process as its stand-in towards whoever started it
 *
 * Signals are blocked in the parent and taken one by one, so nothing happens between two lines. Those of the terminal (^C)
 * reach the child by themselves, as it is of the same process group; those that somebody sent to this process are passed on.
 *
 * The first process of a PID namespace is immune to signals that it has no handler for, even to those from outside, but for
 * SIGKILL. A "sleep" there would outlive ^C and SIGTERM. So where it neither handles nor ignores the signal, it is killed,
 * and the exit status is that of the signal.
 */
#include "child.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

static sigset_t watched(void)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGINT);
	(void)sigaddset(&set, SIGQUIT);
	(void)sigaddset(&set, SIGTERM);
	(void)sigaddset(&set, SIGHUP);
	(void)sigaddset(&set, SIGCHLD);
	return set;
}

/* The signal is sent when the parent ends; it may have ended before that was asked for, which the pipe tells. (Its pid
 * tells nothing inside a PID namespace.) */
static void die_with_parent(int guard)
{
	struct pollfd poll_fd = { .fd = guard };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || poll(&poll_fd, 1, 0) != 0)
		_exit(PROBLEM_INSIDE);
	(void)close_fd(guard);
}

void child_prepare(struct child *child)
{
	struct sigaction by_default = { .sa_handler = SIG_DFL };
	sigset_t set = watched();

	/* Whoever started this may have it ignored, and there would be nobody to wait for. */
	if (sigaction(SIGCHLD, &by_default, &child->on_child) < 0 ||
		sigprocmask(SIG_BLOCK, &set, &child->mask) < 0)
		abort();
}

int child_fork(struct child *child, struct problem *problem)
{
	int guard[2];

	child->proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (pipe2(guard, O_CLOEXEC) < 0)
		return problem_errno(problem, neg(), "making a pipe");
	child->pid = fork();
	if (child->pid < 0)
		return problem_errno(problem, neg(), "starting a process");
	if (child->pid > 0) {
		/* The other end stays open as long as this process lives. */
		(void)close_fd(guard[0]);
		return 0;
	}
	(void)close_fd(guard[1]);
	die_with_parent(guard[0]);
	if (sigaction(SIGCHLD, &child->on_child, NULL) < 0 ||
		sigprocmask(SIG_SETMASK, &child->mask, NULL) < 0)
		abort();
	return 0;
}

/* Whether the process handles or ignores a signal itself. */
static bool has_own_way(const struct child *child, int signal)
{
	unsigned long long caught = 0, ignored = 0, bit = 1ULL << (unsigned int)(signal - 1);
	char path[64], line[256];
	FILE *file;
	int fd;

	(void)snprintf(path, sizeof(path), "%d/status", (int)child->pid);
	fd = openat(child->proc, path, O_RDONLY | O_CLOEXEC);
	file = fd >= 0 ? fdopen(fd, "re") : NULL;
	if (!file) {
		(void)close_fd(fd);
		return false;
	}
	while (fgets(line, sizeof(line), file)) {
		if (after(line, "SigIgn:"))
			ignored = strtoull(after(line, "SigIgn:"), NULL, 16);
		else if (after(line, "SigCgt:"))
			caught = strtoull(after(line, "SigCgt:"), NULL, 16);
	}
	(void)fclose(file);
	return ((caught | ignored) & bit) != 0;
}

/* Whether the child was killed for it. */
static bool pass_on(const struct child *child, const siginfo_t *info)
{
	if (child->is_init && !has_own_way(child, info->si_signo)) {
		(void)kill(child->pid, SIGKILL);
		return true;
	}
	/* SI_KERNEL: from the terminal, to all of its foreground. */
	if (info->si_code != SI_KERNEL)
		(void)kill(child->pid, info->si_signo);
	return false;
}

/* Whether it has ended, and how a shell would put it. */
static bool has_ended(const struct child *child, int *ret_status)
{
	int status;
	pid_t pid = waitpid(child->pid, &status, WNOHANG);

	if (pid < 0 && errno != EINTR)
		abort();
	if (pid != child->pid)
		return false;
	*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	return true;
}

static int64_t now(void)
{
	struct timespec time;

	if (clock_gettime(CLOCK_MONOTONIC, &time) < 0)
		abort();
	return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

/* The next signal; 0 when the deadline (0: none) has passed. */
static int next_signal(const sigset_t *set, int64_t deadline, siginfo_t *ret_info)
{
	for (;;) {
		int64_t left = deadline > 0 ? deadline - now() : 0;
		struct timespec patience = { .tv_sec = left / 1000000,
			.tv_nsec = left % 1000000 * 1000 };
		int signal;

		if (left < 0)
			return 0;
		signal = deadline > 0 ? sigtimedwait(set, ret_info, &patience)
				      : sigwaitinfo(set, ret_info);
		if (signal > 0)
			return signal;
		if (errno == EAGAIN)
			return 0;
		if (errno != EINTR)
			abort();
	}
}

int child_wait(struct child *child)
{
	sigset_t set = watched();
	int64_t deadline = 0;
	int killed_for = 0, told = 0, status;

	for (;;) {
		siginfo_t info;
		int signal = next_signal(&set, deadline, &info);

		if (signal == 0)
			return 128 + told;
		if (signal == SIGCHLD) {
			if (!has_ended(child, &status))
				continue;
			return killed_for != 0 && status == 128 + SIGKILL ? 128 + killed_for
									  : status;
		}
		if (pass_on(child, &info))
			killed_for = signal;
		if (child->grace > 0 && (signal == SIGTERM || signal == SIGHUP)) {
			told = signal;
			deadline = now() + child->grace;
		}
	}
}
