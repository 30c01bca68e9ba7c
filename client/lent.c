/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lent - a command in a namespace that one may not enter, but was lent: the daemon has systemd run it
 *
 * What the daemon is asked for is nsnetctl itself, inside (lent_inside.c), with one end of a channel as its standard input. By that it
 * is told what the command is to have, and tells what becomes of it; so the daemon has no part in it from then on, and may be
 * stopped or started again meanwhile. Its connection is held as long as it lasts: when this process is gone, however it went, the
 * daemon has the service ended, and lent_inside.c the command.
 *
 * A terminal is not handed on: the command gets one of its own, and what is typed and written is passed on (terminal.h).
 */
#include "lent.h"

#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>

#include "order.h"
#include "terminal.h"

/* In the background the foreground may come at any time, without a word. */
enum { BACKGROUND_MSEC = 200 };
/* What a program wrote last comes at once, where nobody holds its terminal any more. */
enum { LAST_WORDS_MSEC = 500 };
/* For the command to run, or run as far as is known, once there is a signal for it. */
enum { EARLY_MSEC = 2000 };

struct lent {
	struct client *client;
	const char *name;
	struct terminal terminal;
	int channel, far; /* the far end goes to the service */
	int signals;
	bool has_begun;     /* lent_inside.c has the command running */
	bool is_over;       /* status is what it came to */
	int early;          /* a signal that came before that is known, 0: none */
	int64_t until_msec; /* when it ends this process, by CLOCK_MONOTONIC */
	bool is_connected;  /* the daemon's answers are to come */
	int status;
};

/* What the command is to have. */

static int write_texts(int fd, const char *const *texts, uint32_t *ret_n)
{
	*ret_n = 0;
	for (size_t i = 0; texts[i]; i++) {
		size_t n = strlen(texts[i]) + 1, sent = 0;

		while (sent < n) {
			ssize_t written = write(fd, texts[i] + sent, n - sent);

			if (written < 0)
				return neg();
			sent += (size_t)written;
		}
		++*ret_n;
	}
	return 0;
}

static int make_texts(
	const char *const *command, struct order *order, int *ret_fd, struct problem *problem)
{
	autoclose int fd = memfd_create("nsnetctl", MFD_CLOEXEC);
	int r = fd < 0 ? neg() : write_texts(fd, command, &order->n_arguments);

	if (r == 0)
		r = write_texts(fd, (const char *const *)environ, &order->n_variables);
	if (r < 0)
		return problem_errno(problem, r, "writing the command down");
	*ret_fd = take_fd(&fd);
	return 0;
}

static int send_order(const struct lent *lent, const struct order *order, const int fds[ORDER_FDS])
{
	union {
		struct cmsghdr header; /* aligns */
		char bytes[CMSG_SPACE(ORDER_FDS * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)(uintptr_t)order, sizeof(*order) };
	struct msghdr message = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = sizeof(control.bytes) };

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(ORDER_FDS * sizeof(int));
	memcpy(CMSG_DATA(&control.header), fds, ORDER_FDS * sizeof(int));
	return sendmsg(lent->channel, &message, MSG_NOSIGNAL) < 0 ? neg() : 0;
}

/* It waits in the channel until there is somebody to read it. */
static int give_order(const struct lent *lent, const char *const *command)
{
	struct client *client = lent->client;
	const char *directory = client->command.directory ? client->command.directory : ".";
	bool has_terminal = lent->terminal.fd >= 0;
	struct order order = { .magic = ORDER_MAGIC, .has_terminal = has_terminal };
	autoclose int texts = -EBADF, at = open(directory, O_PATH | O_DIRECTORY | O_CLOEXEC);
	int fds[ORDER_FDS] = { 0 };
	int r;

	if (at < 0)
		return problem_errno(&client->problem, neg(), "changing to %s", directory);
	order.mask = umask(0);
	(void)umask((mode_t)order.mask);
	for (int i = 0; i < RLIM_NLIMITS; i++)
		(void)getrlimit((__rlimit_resource_t)i, &order.limits[i]);
	r = make_texts(command, &order, &texts, &client->problem);
	if (r != 0)
		return r;
	fds[ORDER_TEXTS] = texts;
	fds[ORDER_DIRECTORY] = at;
	for (int i = 0; i <= STDERR_FILENO; i++)
		fds[ORDER_INPUT + i] = has_terminal && isatty(i) == 1 ? lent->terminal.slave : i;
	r = send_order(lent, &order, fds);
	return r < 0 ? problem_errno(&client->problem, r, "handing the command on") : 0;
}

/* The daemon. */

static int ask(const struct lent *lent)
{
	struct client *client = lent->client;
	autoclose int nowhere = open("/dev/null", O_RDWR | O_CLOEXEC);
	char self[PATH_MAX] = "";
	const char *arguments[] = { self, "inside" };
	struct nsnet_execute_in in = {
		.name = lent->name,
		.arguments = { arguments, lengthof(arguments) },
		.standard_output_file_descriptor = 1,
		.standard_error_file_descriptor = 2,
	};
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const int fds[] = { lent->far, nowhere, STDERR_FILENO };

	if (n <= 0 || nowhere < 0)
		return problem_errno(&client->problem, neg(), "finding nsnetctl itself");
	return call_nsnet_begin(
		&client->call, NSNET_M_EXECUTE, &in, &(struct call_fds){ fds, lengthof(fds) });
}

/* The daemon is not there for it; why is told, or what was told before. */
static int only_root(struct lent *lent, const char *why)
{
	struct problem *problem = &lent->client->problem;
	const struct explain_context *context = problem->context;

	if (!why)
		why = problem->what;
	problem_clear(problem);
	return problem_set(problem, PROBLEM_NOT_ALLOWED,
		context && context->typed ? arena_printf(problem->arena, "sudo %s", context->typed)
					  : NULL,
		"only root may enter namespace \"%s\": %s", lent->name, why);
}

/* How it ended, as the daemon has it: what lent_inside.c tells is nearer. */
static void note_end(struct lent *lent, const struct nsnet_execute_out *out)
{
	if (lent->is_over)
		return;
	lent->is_over = true;
	lent->status = out->exit_status.is_set ? (int)out->exit_status.value : 128 + SIGKILL;
}

static int hear_daemon(struct lent *lent)
{
	struct client *client = lent->client;
	struct nsnet_execute_out out;
	bool continues = false;
	int r = call_nsnet_hear(&client->call, NSNET_M_EXECUTE, &out, &continues);

	if (r == 0 && continues)
		return 0;
	lent->is_connected = false;
	if (r == 0)
		note_end(lent, &out);
	call_close(&client->call);
	if (r == 0)
		return 0;
	/* Once it runs, the daemon may come and go. */
	if (lent->has_begun) {
		problem_clear(&client->problem);
		return 0;
	}
	if (client->problem.error && streq(client->problem.error, NSNET_ERROR_NOT_SUPPORTED))
		return only_root(lent, "systemd is not here to run programs for others");
	return r;
}

/* Inside. */

static int not_run(struct lent *lent, const struct report *report, const char *command)
{
	return problem_set(&lent->client->problem,
		report->type == REPORT_NOT_FOUND ? PROBLEM_NO_COMMAND : PROBLEM_CANNOT_RUN, NULL,
		"running %s: %s", command, strerror(report->number));
}

/* Whoever was there is gone without a word: killed. The daemon may say how. */
static void note_silence(struct lent *lent)
{
	lent->channel = close_fd(lent->channel);
	if (lent->is_connected)
		return;
	lent->is_over = true;
	lent->status = 128 + SIGKILL;
}

static int hear_inside(struct lent *lent, const char *command)
{
	struct report report = { 0 };
	ssize_t n = recv(lent->channel, &report, sizeof(report), MSG_DONTWAIT);

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	if (n != sizeof(report)) {
		note_silence(lent);
		return 0;
	}
	switch ((enum report_type)report.type) {
	case REPORT_NOT_FOUND:
	case REPORT_NOT_RUN:
		return not_run(lent, &report, command);
	case REPORT_STARTED:
		lent->has_begun = true;
		terminal_take(&lent->terminal);
		return 0;
	case REPORT_EXITED:
	case REPORT_KILLED:
		lent->is_over = true;
		lent->status = report.type == REPORT_KILLED ? 128 + report.number : report.number;
		return 0;
	}
	return 0;
}

static void pass_on(const struct lent *lent, int signal)
{
	const int32_t number = signal;

	(void)send(lent->channel, &number, sizeof(number), MSG_NOSIGNAL);
}

/* Both stop, as if the command were a child of the shell's. */
static void stop(struct lent *lent)
{
	terminal_give(&lent->terminal);
	pass_on(lent, SIGSTOP);
	(void)raise(SIGSTOP);
	pass_on(lent, SIGCONT);
	terminal_resize(&lent->terminal);
	terminal_take(&lent->terminal);
}

static int64_t now_msec(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* It waits in the channel for the command, which may run already; another one is a user's who does not. */
static void note_early(struct lent *lent, int signal)
{
	pass_on(lent, signal);
	lent->until_msec = lent->early ? now_msec() : now_msec() + EARLY_MSEC;
	lent->early = signal;
}

static void end_early(struct lent *lent)
{
	if (!lent->early || lent->has_begun || lent->is_over || now_msec() < lent->until_msec)
		return;
	lent->is_over = true;
	lent->status = 128 + lent->early;
}

static void hear_signal(struct lent *lent)
{
	struct signalfd_siginfo info;

	if (read(lent->signals, &info, sizeof(info)) != sizeof(info))
		return;
	if (!lent->has_begun && info.ssi_signo != SIGWINCH && info.ssi_signo != SIGCONT &&
		info.ssi_signo != SIGTSTP)
		note_early(lent, (int)info.ssi_signo);
	else if (info.ssi_signo == SIGWINCH)
		terminal_resize(&lent->terminal);
	else if (info.ssi_signo == SIGTSTP)
		stop(lent);
	else if (info.ssi_signo == SIGCONT)
		terminal_take(&lent->terminal);
	else
		pass_on(lent, (int)info.ssi_signo);
}

/* Those that are ignored, and their command's, stay so. */
static int watch_signals(struct lent *lent)
{
	static const int all[] = { SIGINT, SIGQUIT, SIGTERM, SIGHUP, SIGTSTP, SIGUSR1, SIGUSR2,
		SIGWINCH, SIGCONT };
	sigset_t set;

	(void)sigemptyset(&set);
	for (size_t i = 0; i < lengthof(all); i++) {
		struct sigaction action;

		if (sigaction(all[i], NULL, &action) == 0 && action.sa_handler != SIG_IGN)
			(void)sigaddset(&set, all[i]);
	}
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return neg();
	lent->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return lent->signals < 0 ? neg() : 0;
}

enum { POLL_DAEMON, POLL_CHANNEL, POLL_SIGNALS, POLL_TERMINAL };
#define POLLS (POLL_TERMINAL + TERMINAL_POLLS)

static int turn(struct lent *lent, const char *command)
{
	struct terminal *terminal = &lent->terminal;
	bool is_waiting = terminal->fd >= 0 && (!terminal->is_raw || terminal->is_quiet);
	struct pollfd fds[POLLS] = {
		[POLL_DAEMON] = { .fd = lent->is_connected ? lent->client->call.fd : -1,
			.events = POLLIN },
		[POLL_CHANNEL] = { .fd = lent->channel, .events = POLLIN },
		[POLL_SIGNALS] = { .fd = lent->signals, .events = POLLIN },
	};
	int r = 0;

	terminal_watch(terminal, &fds[POLL_TERMINAL]);
	if (lent->early && !lent->has_begun)
		is_waiting = true;
	if (poll(fds, lengthof(fds), is_waiting ? BACKGROUND_MSEC : -1) < 0)
		return errno == EINTR ? 0 : problem_errno(&lent->client->problem, neg(), "waiting");
	/* Whether it runs is to be known before a signal is. */
	if (fds[POLL_CHANNEL].revents != 0)
		r = hear_inside(lent, command);
	if (fds[POLL_SIGNALS].revents != 0)
		hear_signal(lent);
	if (is_waiting && lent->has_begun)
		terminal_take(terminal);
	if (terminal->fd >= 0)
		terminal->is_quiet = !terminal_relay(terminal, &fds[POLL_TERMINAL]);
	if (r == 0 && fds[POLL_DAEMON].revents != 0)
		r = hear_daemon(lent);
	end_early(lent);
	return r;
}

/* What was written before the end is passed on. */
static void hear_last_words(struct lent *lent)
{
	struct pollfd fds[TERMINAL_POLLS];

	while (lent->terminal.fd >= 0) {
		lent->terminal.is_input_over = true;
		lent->terminal.is_quiet = false;
		terminal_watch(&lent->terminal, fds);
		if (poll(fds, lengthof(fds), LAST_WORDS_MSEC) <= 0 ||
			!terminal_relay(&lent->terminal, fds))
			return;
	}
}

static int follow(struct lent *lent, const char *const *command)
{
	int r = 0;

	/* Until the other side has them: then they are nobody's here, so that their end is seen. */
	lent->far = close_fd(lent->far);
	lent->terminal.slave = close_fd(lent->terminal.slave);
	while (r == 0 && !lent->is_over)
		r = turn(lent, command[0]);
	hear_last_words(lent);
	return r;
}

static int begin(struct lent *lent, const char *const *command)
{
	struct problem *problem = &lent->client->problem;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return problem_errno(problem, neg(), "making a channel");
	lent->channel = pair[0];
	lent->far = pair[1];
	r = terminal_open(&lent->terminal, problem);
	if (r == 0)
		r = give_order(lent, command);
	if (r == 0) {
		r = watch_signals(lent);
		if (r < 0)
			r = problem_errno(problem, r, "watching for signals");
	}
	if (r != 0)
		return r;
	r = ask(lent);
	lent->is_connected = r == 0;
	return r == 0 ? 0 : only_root(lent, NULL);
}

int lent_run(struct client *client, const char *name, const char *const *command)
{
	struct lent lent = { .client = client,
		.name = name,
		.channel = -EBADF,
		.far = -EBADF,
		.signals = -EBADF,
		.terminal = { .fd = -EBADF } };
	int r;

	if (client->command.is_root || client->command.has_own_pids)
		return problem_usage(&client->problem,
			"--%s is not for namespace \"%s\", which is lent",
			client->command.is_root ? "root" : "pid", name);
	r = begin(&lent, command);
	if (r == 0)
		r = follow(&lent, command);
	terminal_close(&lent.terminal);
	call_close(&client->call);
	(void)close_fd(lent.channel);
	(void)close_fd(lent.far);
	(void)close_fd(lent.signals);
	return r != 0 ? r : lent.status;
}
