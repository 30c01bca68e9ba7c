/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * main - nsnetctl: from a command line to a verb, and from a problem to an exit status
 *
 * Global options may stand anywhere, a verb's own behind it. exec and run pass options only up to the namespace or the
 * command; what follows is the command's.
 */
#include <stdio.h>

#include "client.h"
#include "output.h"
#include "pager.h"
#include "verbs.h"

enum { TIMEOUT = 30 * 1000 * 1000 };

/* A command line under way. */
struct line {
	struct client *client;
	struct options_walk walk;
	const struct verb *verb;
	const char *path; /* "nsnetctl network create" */
	bool is_help;     /* "help" stood before the verb */
};

static void step_into(struct line *line, const struct verb *verb)
{
	line->path = line->verb
			     ? arena_printf(&line->client->arena, "%s %s", line->path, verb->name)
			     : verb->name;
	line->verb = verb;
	line->walk.groups = verb->groups;
	line->walk.n_groups = verb->n_groups;
}

/* Walks into the nouns as far as there are words for it. */
static int find_verb(struct line *line)
{
	while (line->verb->kind == VERB_NOUN) {
		const struct verb *verb;
		const char *word;
		int r = options_next(&line->walk, &word);

		if (r != 0 || !word)
			return r;
		if (line->verb == &verbs_root && !line->is_help && streq(word, "help")) {
			line->is_help = true;
			continue;
		}
		r = verbs_find(line->verb, word, &verb, &line->client->problem);
		if (r != 0)
			return r;
		step_into(line, verb);
	}
	return 0;
}

static int read_words(struct line *line)
{
	struct client *client = line->client;
	struct options_walk *walk = &line->walk;
	bool is_command = line->verb->kind == VERB_COMMAND;

	client->words = arena_array(&client->arena, walk->n + 1, sizeof(const char *));
	for (;;) {
		const char *word;
		int r;

		/* Between the namespace and its command "--" may stand. */
		if (is_command && client->n_words > 0 && client->n_words == line->verb->min_words &&
			walk->at < walk->n && streq(walk->arguments[walk->at], "--"))
			walk->at++;
		if (is_command && client->n_words >= line->verb->min_words && client->n_words > 0)
			walk->is_words_only = true;
		r = options_next(walk, &word);
		if (r != 0 || !word)
			return r;
		client->words[client->n_words++] = word;
	}
}

static int check_count(const struct line *line)
{
	struct client *client = line->client;
	const struct verb *verb = line->verb;
	bool lacks_command = verb->kind == VERB_COMMAND && client->n_words == 0;

	if (client->n_words < verb->min_words || lacks_command)
		return problem_usage(&client->problem, "%s needs %s", line->path, verb->arguments);
	if (client->n_words > verb->max_words)
		return problem_usage(&client->problem, "%s takes %s; what is \"%s\"?", line->path,
			verb->arguments, client->words[verb->max_words]);
	return 0;
}

/* What is typed where there is no need to go on to a verb. */
static bool answer_at_once(const struct line *line)
{
	const struct options *options = &line->client->options;

	if (options->wants_version)
		(void)puts("nsnetctl " NSNET_VERSION);
	else if (options->wants_help || line->is_help)
		verbs_help(line->verb, line->path);
	return options->wants_version || options->wants_help || line->is_help;
}

static int run_verb(struct line *line)
{
	struct client *client = line->client;
	int r = find_verb(line);

	if (r == 0 && line->verb->kind != VERB_NOUN)
		r = read_words(line);
	if (r != 0)
		return r;
	if (answer_at_once(line))
		return 0;
	if (line->verb->kind == VERB_NOUN)
		return problem_usage(&client->problem, "%s needs a verb", line->path);
	r = check_count(line);
	if (r != 0)
		return r;
	client->context.verb = strchr(line->path, ' ') + 1;
	call_init(&client->call, client->options.socket, client->options.timeout, &client->problem);
	r = line->verb->run(client);
	call_close(&client->call);
	return r;
}

/* The status to end with; prints what is wrong. */
static int conclude(const struct line *line, int r)
{
	struct client *client = line->client;
	struct problem *problem = &client->problem;

	if (r == 0)
		r = output_end(problem);
	pager_end();
	if (r == 0 || !problem->what)
		return r;
	if (problem->exit == PROBLEM_USAGE && !problem->mend)
		problem->mend = arena_printf(
			&client->arena, "nsnetctl help%s", line->path + strlen(verbs_root.name));
	output_problem(&client->options, problem);
	/* Of the verbs that run a command, all statuses below are the command's. */
	if (line->verb->kind == VERB_COMMAND && r < PROBLEM_INSIDE)
		return PROBLEM_INSIDE;
	return r;
}

int main(int argc, char **argv)
{
	const char *socket = getenv("NSNETD_SOCKET");
	struct client client = {
		.arena = ARENA_INIT,
		.options = { .timeout = TIMEOUT,
			.socket = socket && *socket ? socket : CALL_SOCKET },
	};
	struct line line = { .client = &client };
	int r;

	client.problem = (struct problem){ .arena = &client.arena, .context = &client.context };
	client.context =
		(struct explain_context){ .settings = &client.settings, .is_root = geteuid() == 0 };
	client.options.is_terminal = isatty(STDOUT_FILENO) == 1;
	client.options.width = client.options.is_terminal ? output_width() : 0;
	if (argc > 0) {
		argv[0] = (char *)(uintptr_t)verbs_root.name;
		client.context.typed =
			explain_quote(&client.arena, (const char *const *)argv, (size_t)argc);
	}
	line.walk = (struct options_walk){ .arguments = argv,
		.n = (size_t)argc,
		.at = 1,
		.base = &client,
		.problem = &client.problem };
	step_into(&line, &verbs_root);
	r = conclude(&line, run_verb(&line));
	arena_done(&client.arena);
	return r;
}
