/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * run - a namespace for one command
 *
 * Three processes: the keeper has the namespace (keeper.h), this one is the command's parent, and the command.
 */
#include <sys/random.h>

#include "child.h"
#include "client.h"
#include "keeper.h"
#include "output.h"

/* How long the command may take to end after SIGTERM, before it is killed with its namespace. */
enum { GRACE = 5 * 1000 * 1000 };

static int make_name(struct client *client, const char **ret)
{
	uint32_t random;

	if (getrandom(&random, sizeof(random), 0) != sizeof(random))
		return problem_errno(&client->problem, neg(), "getting random bytes");
	*ret = arena_printf(&client->arena, "run-%d-%08x", (int)getpid(), (unsigned int)random);
	return 0;
}

/* What is wrong, told before more can go wrong, unless the keeper has done so. Returns 0 where nothing is, else the status to end
 * with. */
static int tell(struct client *client, int r)
{
	if (r == 0)
		return 0;
	if (client->problem.what)
		output_problem(&client->options, &client->problem);
	problem_clear(&client->problem);
	return r < PROBLEM_INSIDE ? PROBLEM_INSIDE : r;
}

int run_command(struct client *client)
{
	struct child child = { .grace = GRACE };
	struct keeper keeper;
	const char *name = NULL;
	int r, status;

	r = settings_make(&client->settings, &(struct edits_noun){ 0 }, &client->problem);
	if (r == 0)
		r = make_name(client, &name);
	if (r != 0)
		return r;
	/* A signal is not to come between making the namespace and taking it away. */
	child_prepare(&child);
	r = keeper_start(&keeper, client, name);
	if (r != 0)
		return r;
	status = child_pending(&child);
	if (status == 0) {
		r = child_fork(&child, &client->problem);
		if (r == 0 && child.pid == 0) {
			keeper_leave(&keeper);
			return exec_inside(client, name, client->words, &child);
		}
		status = r == 0 ? child_wait(&child) : tell(client, r);
	} else {
		status += 128;
	}
	r = tell(client, keeper_end(&keeper, client, name));
	/* The command's own status says more, unless it says that all is well. */
	return status != 0 ? status : r;
}
