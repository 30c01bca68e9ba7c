/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * keeper - the process that has a namespace made, and taken away when nsnetctl is gone, however it went
 *
 * A process that is killed by SIGKILL cannot tidy up, so another one does it, which nobody has a reason to kill: it is in a session
 * of its own, where neither ^C nor the end of the terminal reaches it, and has the signals that end a program blocked. As it is the
 * one that calls the daemon for both, to take the namespace away never comes before it is made.
 *
 * Between the two is a pair of sockets. The keeper writes the exit status of what it did, twice: when the namespace is there, and
 * when it is gone. nsnetctl writes a byte to say that it is time. An end of file instead says that it has been killed.
 */
#include "keeper.h"

#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include "output.h"

/* How often a daemon that does not answer is asked when nobody else would, a second apart: it may be starting again. */
enum { TRIES = 60 };

static int create(struct client *client, const char *name)
{
	struct nsnet_create_namespace_out out;
	int r = namespace_make(client, name, &out);

	/* The command may take longer than a connection may be idle. */
	call_close(&client->call);
	return r;
}

/* That somebody else has taken it away is as good. */
static int destroy(struct client *client, const char *name)
{
	struct nsnet_delete_namespaces_in in = { .names = { &name, 1 }, .kill = SOME_BOOL(true) };
	struct nsnet_delete_namespaces_out out;
	int r = call_nsnet(&client->call, NSNET_M_DELETE_NAMESPACES, &in, &out);

	call_close(&client->call);
	if (r == 0 || !client->problem.error ||
		!streq(client->problem.error, NSNET_ERROR_NO_SUCH_NAMESPACE))
		return r;
	problem_clear(&client->problem);
	return 0;
}

static int destroy_at_last(struct client *client, const char *name)
{
	int r = destroy(client, name);

	for (int i = 1; r != 0 && i < TRIES; i++) {
		problem_clear(&client->problem);
		(void)sleep(1);
		r = destroy(client, name);
	}
	return r;
}

/* A byte from the other side; false where it has ended. */
static bool hear(int fd, unsigned char *ret)
{
	ssize_t n;

	do
		n = recv(fd, ret, 1, 0);
	while (n < 0 && errno == EINTR);
	return n == 1;
}

static bool say(int fd, int status)
{
	unsigned char byte = (unsigned char)status;

	return send(fd, &byte, 1, MSG_NOSIGNAL) == 1;
}

static int tell(struct client *client, int r)
{
	if (r != 0)
		output_problem(&client->options, &client->problem);
	(void)output_end(&client->problem);
	problem_clear(&client->problem);
	return r;
}

_Noreturn static void work(int fd, struct client *client, const char *name)
{
	unsigned char byte;
	int r;

	if (signal(SIGPIPE, SIG_IGN) == SIG_ERR || setsid() < 0 || chdir("/") < 0)
		abort();
	r = tell(client, create(client, name));
	(void)say(fd, r);
	if (r != 0)
		_exit(r);
	if (hear(fd, &byte)) {
		r = tell(client, destroy(client, name));
		(void)say(fd, r);
	} else {
		r = tell(client, destroy_at_last(client, name));
	}
	_exit(r);
}

int keeper_start(struct keeper *keeper, struct client *client, const char *name)
{
	struct problem *problem = &client->problem;
	unsigned char status;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return problem_errno(problem, neg(), "making a pair of sockets");
	keeper->pid = fork();
	if (keeper->pid == 0) {
		(void)close_fd(fds[0]);
		work(fds[1], client, name);
	}
	(void)close_fd(fds[1]);
	keeper->fd = fds[0];
	if (keeper->pid < 0)
		return problem_errno(problem, neg(), "starting a process");
	if (!hear(keeper->fd, &status))
		return problem_set(problem, PROBLEM_FAILED, NULL,
			"the process that was to make the namespace has ended");
	/* It has told why. */
	return status == 0 ? 0 : PROBLEM_INSIDE;
}

void keeper_leave(struct keeper *keeper)
{
	keeper->fd = close_fd(keeper->fd);
}

int keeper_end(struct keeper *keeper, struct client *client, const char *name)
{
	unsigned char status;
	bool is_heard = say(keeper->fd, 0) && hear(keeper->fd, &status);

	keeper->fd = close_fd(keeper->fd);
	(void)waitpid(keeper->pid, NULL, 0);
	/* Somebody has killed it. */
	return is_heard ? status : destroy(client, name);
}
