/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * exec - a command inside a namespace
 *
 * It asks nobody: it opens the namespace, enters, and becomes the command, which so keeps the terminal, the job control,
 * the control group and the limits of whoever typed it. With --pid there is one process in between, since a PID namespace
 * begins with a child.
 */
#include <fcntl.h>
#include <linux/close_range.h>
#include <sched.h>

#include "child.h"
#include "client.h"
#include "door.h"
#include "enter.h"
#include "lent.h"

int exec_parse_environment(void *target, const char *value, struct problem *problem)
{
	struct string_list *list = target;

	if (value[0] == '=' || !strchr(value, '='))
		return problem_usage(problem, "--env: \"%s\" is not KEY=VALUE", value);
	list->items = arena_grow(problem->arena, list->items, list->n, sizeof(*list->items));
	list->items[list->n++] = value;
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
	child_bind(&child);
	r = enter_proc(problem);
	return r != 0 ? r : become(client, command);
}

int exec_inside(
	struct client *client, const char *name, const char *const *command, struct child *self)
{
	struct problem *problem = &client->problem;
	autoclose int fd = -EBADF;
	struct etc etc;
	int r = enter_open(name, &fd, problem);

	if (r == 0 && door_is_shut(fd)) {
		set_environment(client, name);
		if (self)
			child_bind(self);
		return lent_run(client, name, command);
	}
	if (r == 0)
		r = etc_gather(name, &etc, problem);
	if (r == 0)
		r = enter_namespace(fd, name, client->command.is_root, &etc, problem);
	if (r != 0)
		return r;
	if (self)
		child_bind(self);
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
	return exec_inside(client, client->words[0], command, NULL);
}
