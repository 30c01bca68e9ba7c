/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exec - exec and run: a command inside a namespace
 *
 * exec asks nobody: it opens the namespace, enters, and becomes the command, which so keeps the terminal, the job control,
 * the control group and the limits of whoever typed it. With --pid there is one process in between, since a PID namespace
 * begins with a child.
 */
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>
#include <sys/random.h>

#include "child.h"
#include "client.h"
#include "enter.h"
#include "output.h"

/* How long the command of "run" may take to end after SIGTERM, before it is killed with its namespace. */
enum { GRACE = 5 * 1000 * 1000 };

int exec_parse_environment(void *target, const char *value, struct problem *problem)
{
	struct string_list *list = target;
	const char **more;

	if (value[0] == '=' || !strchr(value, '='))
		return problem_usage(problem, "--env: \"%s\" is not KEY=VALUE", value);
	more = arena_array(problem->arena, list->n + 1, sizeof(const char *));
	if (list->n > 0)
		memcpy(more, list->items, list->n * sizeof(const char *));
	more[list->n++] = value;
	list->items = more;
	return 0;
}

static void set_environment(struct client *client, const char *name)
{
	const struct string_list *list = &client->command.environment;

	for (size_t i = 0; i < list->n; i++) {
		/* putenv(3) keeps the text itself, which lives as long as the arena. */
		if (putenv(arena_strdup(&client->arena, list->items[i])) != 0)
			abort();
	}
	if (setenv("NSNET_NAMESPACE", name, 1) < 0)
		abort();
}

/* Becomes the command. Returns where it cannot. */
static int become(struct client *client, const char *const *command)
{
	struct problem *problem = &client->problem;
	int error;

	if (client->command.directory && chdir(client->command.directory) < 0)
		return problem_errno(problem, neg(), "changing to %s", client->command.directory);
	if (close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC) < 0 && errno != ENOSYS &&
		errno != EINVAL)
		return problem_errno(problem, neg(), "closing descriptors");
	(void)execvp(command[0], (char *const *)(uintptr_t)command);
	error = neg();
	return problem_set(problem, error == -ENOENT ? PROBLEM_NO_COMMAND : PROBLEM_CANNOT_RUN,
		NULL, "running %s: %s", command[0], strerror(-error));
}

/* Becomes the command's parent. Returns where the command cannot be run. */
static int become_init(struct client *client, const char *const *command)
{
	struct problem *problem = &client->problem;
	struct child child = { .is_init = true };
	int r;

	if (unshare(CLONE_NEWPID) < 0)
		return problem_errno(problem, neg(), "making a PID namespace");
	child_prepare(&child);
	r = child_fork(&child, problem);
	if (r != 0)
		return r;
	/* Without the ways out of exit(3): a process with the PID namespace of its children can make no thread, which some need
	 * (a leak checker's). Nothing is left to write. */
	if (child.pid > 0)
		_exit(child_wait(&child));
	r = enter_proc(problem);
	return r != 0 ? r : become(client, command);
}

/* Enters and becomes the command. Returns where it cannot. */
static int enter_and_become(struct client *client, const char *name, const char *const *command)
{
	struct problem *problem = &client->problem;
	autoclose int fd = -EBADF;
	struct etc etc;
	int r = enter_open(name, &fd, problem);

	if (r == 0)
		r = etc_gather(name, &etc, problem);
	if (r == 0)
		r = enter_namespace(fd, name, &etc, problem);
	if (r != 0)
		return r;
	set_environment(client, name);
	return client->command.has_own_pids ? become_init(client, command)
					    : become(client, command);
}

int exec_enter(struct client *client)
{
	const char *shell = getenv("SHELL");
	const char *const by_default[] = { shell && *shell ? shell : "/bin/sh", NULL };
	const char *const *command = client->n_words > 1 ? &client->words[1] : by_default;

	/* Most likely an option of exec; no command is called so. */
	if (command[0][0] == '-')
		return problem_usage(&client->problem,
			"options of exec go before the name: nsnetctl exec %s %s ...", command[0],
			client->words[0]);
	return enter_and_become(client, client->words[0], command);
}

static int make_name(struct client *client, const char **ret)
{
	uint32_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return problem_errno(&client->problem, neg(), "getting random bytes");
	*ret = arena_printf(&client->arena, "run-%d-%08x", (int)getpid(), (unsigned int)random);
	return 0;
}

static int create(struct client *client, const char *name)
{
	struct nsnet_create_namespace_in in = { .name = name,
		.context = &client->settings.of_namespace };
	struct nsnet_create_namespace_out out;
	int r = call_nsnet(&client->call, NSNET_M_CREATE_NAMESPACE, &in, &out);

	/* The command may take longer than a connection may be idle. */
	call_close(&client->call);
	return r;
}

static int destroy(struct client *client, const char *name)
{
	struct nsnet_delete_namespaces_in in = { .names = { &name, 1 }, .kill = SOME_BOOL(true) };
	struct nsnet_delete_namespaces_out out;

	return call_nsnet(&client->call, NSNET_M_DELETE_NAMESPACES, &in, &out);
}

int exec_run(struct client *client)
{
	struct problem *problem = &client->problem;
	struct child child = { .grace = GRACE };
	const char *name = NULL;
	int r, status;

	r = make_name(client, &name);
	if (r != 0)
		return r;
	/* A signal is not to come between making the namespace and taking it away. */
	child_prepare(&child);
	r = create(client, name);
	if (r != 0)
		return r;
	status = child_fork(&child, problem);
	if (status == 0 && child.pid == 0)
		return enter_and_become(client, name, client->words);
	if (status == 0)
		status = child_wait(&child);
	else
		output_problem(&client->options, problem);
	problem_clear(problem);
	r = destroy(client, name);
	/* The command's own status says more than this, unless it says that all is well. */
	if (r == 0 || status == 0)
		return r != 0 ? r : status;
	output_problem(&client->options, problem);
	problem_clear(problem);
	return status;
}
