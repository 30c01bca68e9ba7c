/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * child - a command as a child process, with this process as its stand-in towards whoever started it
 *
 * Signals are blocked in the parent and taken one by one, so nothing happens between two lines. Those of the terminal (^C)
 * reach the child by themselves, as it is of the same process group; those that somebody sent to this process are passed on.
 * What was ignored when this process began stays ignored.
 *
 * The first process of a PID namespace is immune to signals that it has no handler for, even to those from outside, but for
 * SIGKILL and SIGSTOP. A "sleep" there would outlive ^C and SIGTERM, and go on after ^Z. So where it neither handles nor ignores
 * the signal, it is killed, and the exit status is that of the signal; or it is stopped, and the parent with it, which is what the
 * shell waits for. One that handles ^Z itself puts the terminal in order and then means to stop, for which it gets a moment.
 * Where the parent goes on, so does the child.
 */
#include "child.h"

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>

/* For a program that was told to stop by the terminal. */
enum { MOMENT_MSEC = 100 };

static const int to_end[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP };
static const int to_stop[] = { SIGTSTP, SIGTTIN, SIGTTOU };

static bool is_among(int signal, const int *signals, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (signals[i] == signal)
			return true;
	}
	return false;
}

static bool is_to_stop(int signal)
{
	return is_among(signal, to_stop, lengthof(to_stop));
}

/* What is blocked is not ignored, so what is ignored is not to be blocked. */
static void watch(struct child *child, const int *signals, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct sigaction action;

		if (sigaction(signals[i], NULL, &action) < 0)
			abort();
		if (action.sa_handler != SIG_IGN)
			(void)sigaddset(&child->watched, signals[i]);
	}
}

void child_prepare(struct child *child)
{
	struct sigaction by_default = { .sa_handler = SIG_DFL };

	(void)sigemptyset(&child->watched);
	(void)sigaddset(&child->watched, SIGCHLD);
	watch(child, to_end, lengthof(to_end));
	if (child->is_init)
		watch(child, to_stop, lengthof(to_stop));
	/* Whoever started this may have it ignored, and there would be nobody to wait for. */
	if (sigaction(SIGCHLD, &by_default, &child->on_child) < 0 ||
		sigprocmask(SIG_BLOCK, &child->watched, &child->mask) < 0)
		abort();
}

int child_pending(const struct child *child)
{
	sigset_t pending;

	if (sigpending(&pending) < 0)
		abort();
	for (size_t i = 0; i < lengthof(to_end); i++) {
		if (sigismember(&child->watched, to_end[i]) && sigismember(&pending, to_end[i]))
			return to_end[i];
	}
	return 0;
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
	child->guard = guard[0];
	if (sigaction(SIGCHLD, &child->on_child, NULL) < 0 ||
		sigprocmask(SIG_SETMASK, &child->mask, NULL) < 0)
		abort();
	return 0;
}

/* The signal is sent when the parent ends; it may have ended before that was asked for, which the pipe tells. (Its pid
 * tells nothing inside a PID namespace.) */
void child_bind(struct child *child)
{
	struct pollfd poll_fd = { .fd = child->guard };

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0 || poll(&poll_fd, 1, 0) != 0)
		_exit(PROBLEM_INSIDE);
	child->guard = close_fd(child->guard);
}

enum way { WAY_DEFAULT, WAY_IGNORED, WAY_CAUGHT };

/* What the child does about a signal. */
static enum way way_of(const struct child *child, int signal)
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
		return WAY_DEFAULT;
	}
	while (fgets(line, sizeof(line), file)) {
		if (after(line, "SigIgn:"))
			ignored = strtoull(after(line, "SigIgn:"), NULL, 16);
		else if (after(line, "SigCgt:"))
			caught = strtoull(after(line, "SigCgt:"), NULL, 16);
	}
	(void)fclose(file);
	if (caught & bit)
		return WAY_CAUGHT;
	return ignored & bit ? WAY_IGNORED : WAY_DEFAULT;
}

/* Whether the child was killed for it. */
static bool pass_on(const struct child *child, const siginfo_t *info)
{
	if (child->is_init && way_of(child, info->si_signo) == WAY_DEFAULT) {
		(void)kill(child->pid, SIGKILL);
		return true;
	}
	/* SI_KERNEL: from the terminal, to all of its foreground. */
	if (info->si_code != SI_KERNEL)
		(void)kill(child->pid, info->si_signo);
	return false;
}

/* Stops this process, as if the signal had not been blocked, until somebody lets it go on. Where nobody could (no shell waits for
 * this process group), the kernel does not stop it. */
static void stop_self(int signal)
{
	sigset_t set, mask;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, signal);
	(void)raise(signal);
	if (sigprocmask(SIG_UNBLOCK, &set, &mask) < 0 || sigprocmask(SIG_SETMASK, &mask, NULL) < 0)
		abort();
}

/* A signal to stop has come for the first process of a PID namespace and for this one. */
static void stop_both(const struct child *child, int signal)
{
	static const struct timespec moment = { .tv_nsec = MOMENT_MSEC * 1000L * 1000L };
	enum way way = way_of(child, signal);

	if (way == WAY_IGNORED)
		return;
	if (way == WAY_CAUGHT)
		(void)nanosleep(&moment, NULL);
	(void)kill(child->pid, SIGSTOP);
	stop_self(signal);
	(void)kill(child->pid, SIGCONT);
}

/* Whether the child has ended, and how a shell would put it. One that somebody has stopped takes this process with it: by signals
 * of the terminal both stop anyway. */
static bool has_ended(const struct child *child, int *ret_status)
{
	int status;
	pid_t pid = waitpid(child->pid, &status, WNOHANG | WUNTRACED);

	if (pid < 0 && errno != EINTR)
		abort();
	if (pid != child->pid)
		return false;
	if (WIFSTOPPED(status)) {
		if (WSTOPSIG(status) == SIGSTOP) {
			stop_self(SIGTSTP);
			(void)kill(child->pid, SIGCONT);
		}
		return false;
	}
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

/* A shell that ends as the first process of a PID namespace cannot give the terminal back to a group outside. */
static void take_terminal_back(void)
{
	pid_t foreground = tcgetpgrp(STDIN_FILENO);
	sigset_t set, mask;

	if (foreground <= 0 || foreground == getpgrp() || kill(-foreground, 0) == 0 ||
		errno != ESRCH)
		return;
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGTTOU);
	if (sigprocmask(SIG_BLOCK, &set, &mask) < 0)
		abort();
	(void)tcsetpgrp(STDIN_FILENO, getpgrp());
	if (sigprocmask(SIG_SETMASK, &mask, NULL) < 0)
		abort();
}

static int wait_for_end(struct child *child)
{
	int64_t deadline = 0;
	int killed_for = 0, told = 0, status;

	for (;;) {
		siginfo_t info;
		int signal = next_signal(&child->watched, deadline, &info);

		if (signal == 0)
			return 128 + told;
		if (signal == SIGCHLD) {
			if (!has_ended(child, &status))
				continue;
			return killed_for != 0 && status == 128 + SIGKILL ? 128 + killed_for
									  : status;
		}
		if (is_to_stop(signal)) {
			stop_both(child, signal);
			continue;
		}
		if (pass_on(child, &info))
			killed_for = signal;
		if (child->grace > 0 && (signal == SIGTERM || signal == SIGHUP)) {
			told = signal;
			deadline = now() + child->grace;
		}
	}
}

int child_wait(struct child *child)
{
	int status = wait_for_end(child);

	take_terminal_back();
	return status;
}
