/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * apply - networks and namespaces brought to what files say
 *
 * The daemon tells of each object when it is done, and takes all of them back where a later one cannot be. So what was changed
 * is printed when all is done, and until then a terminal is told how far it is.
 */
#include <signal.h>
#include <stdio.h>

#include "client.h"
#include "output.h"
#include "pager.h"
#include "topology.h"
#include "varlink_service.h"

struct application {
	struct client *client;
	struct topology topology;
	struct nsnet_change_list changes;
	size_t at;    /* of the objects of the files, in their order: all before are done */
	bool is_told; /* of how far it is */
};

/* What was begun is taken back when we are gone: the daemon sees the connection end. */
static void on_interrupt(int number)
{
	static const char text[] =
		"\nnsnetctl: interrupted; nsnetd takes back what was done\n  nsnetctl list\n";

	if (write(STDERR_FILENO, text, sizeof(text) - 1) < 0)
		_exit(128 + number);
	/* Its action is the default one again, and that is how a shell wants it to end. */
	(void)raise(number);
}

/* Not where whoever started us wants none to hear of it. */
static void catch_interrupt(struct sigaction *ret_before)
{
	const struct sigaction action = { .sa_handler = on_interrupt,
		.sa_flags = (int)SA_RESETHAND };

	if (sigaction(SIGINT, NULL, ret_before) < 0)
		abort();
	if (ret_before->sa_handler != SIG_IGN && sigaction(SIGINT, &action, NULL) < 0)
		abort();
}

/* Where the object of a change stands among those of the files; at or behind "from". What is deleted stands in none. */
static size_t position(
	const struct topology *topology, const struct nsnet_change *change, size_t from)
{
	size_t n = topology->networks.n + topology->namespaces.n;

	for (size_t i = from; i < n; i++) {
		bool is_network = i < topology->networks.n;
		const char *key =
			is_network ? topology->networks.items[i].key
				   : topology->namespaces.items[i - topology->networks.n].key;
		const char *name = is_network ? change->network : change->namespace;

		if (name && streq(name, key))
			return i + 1;
	}
	return change->action == NSNET_ACTION_DELETE ? n : from;
}

static void tell_progress(struct application *application)
{
	const struct topology *topology = &application->topology;
	const struct options *options = &application->client->options;

	if (options->is_quiet || isatty(STDERR_FILENO) != 1)
		return;
	(void)fprintf(stderr, "\r%zu of %zu", application->at,
		topology->networks.n + topology->namespaces.n);
	application->is_told = true;
}

static void end_progress(const struct application *application)
{
	if (application->is_told)
		(void)fprintf(stderr, "\r\033[K");
}

static void keep(struct application *application, const struct nsnet_change_list *more)
{
	struct nsnet_change_list *all = &application->changes;

	for (size_t i = 0; i < more->n; i++) {
		all->items = arena_grow(
			&application->client->arena, all->items, all->n, sizeof(*all->items));
		all->items[all->n++] = more->items[i];
		application->at =
			position(&application->topology, &more->items[i], application->at);
	}
}

/* What mends it where it is a file that is wrong, not an option. */
static const char *mend_in_file(const struct client *client, const struct problem *problem)
{
	static const struct {
		const char *error, *mend;
	} rows[] = {
		{ NSNET_ERROR_ADDRESS_UNAVAILABLE,
			"another one, or none: without \"addresses\" free ones are chosen" },
		{ NSNET_ERROR_PREFIX_CONFLICT,
			"another one, or none: without \"prefixes\" free ones are chosen" },
		{ NSNET_ERROR_PREFIX_NOT_ALLOWED,
			"another one, or none: without \"prefixes\" those are chosen that are allowed" },
		{ NSNET_ERROR_REACH_NOT_ALLOWED, "another \"reach\" of that network" },
		{ NSNET_ERROR_PORT_UNAVAILABLE,
			"another one, or none: without \"hostPort\" a free one is chosen (who has it: nsnetctl list; ss -lntup)" },
		{ NSNET_ERROR_PORT_NOT_ALLOWED,
			"a higher one, or none: without \"hostPort\" a free one is chosen" },
		{ NSNET_ERROR_NETWORK_NOT_PERSISTENT, "\"persistent\": true for that network too" },
		{ NSNET_ERROR_NO_SUCH_NETWORK,
			"that network under \"networks\" too, or: nsnetctl network list" },
		{ NSNET_ERROR_NETWORK_FULL, "another network under \"networks\" for some of them" },
	};

	for (size_t i = 0; i < lengthof(rows); i++)
		if (streq(rows[i].error, problem->error))
			return rows[i].mend;
	if (streq(problem->error, NSNET_ERROR_NAMESPACE_BUSY) && client->context.typed)
		return arena_printf(problem->arena, "%s --kill", client->context.typed);
	return problem->mend;
}

/* An error of the daemon's, in words of the file. */
static int explain(const struct application *application, const char *error,
	const struct codec_value *parameters)
{
	struct problem *problem = &application->client->problem;
	struct varlink_service_invalid_parameter invalid;
	const char *field;

	(void)explain_error(problem, error, parameters);
	if (streq(error, VARLINK_SERVICE_ERROR_INVALID_PARAMETER) &&
		codec_decode(&varlink_service_invalid_parameter_type, parameters,
			CODEC_IGNORE_UNKNOWN, problem->arena, &invalid, &field) == 0) {
		problem->what = arena_printf(problem->arena, "%s: nsnetd does not take %s",
			topology_place(&application->topology, invalid.parameter, problem->arena),
			invalid.parameter);
		problem->mend = TOPOLOGY_MANUAL;
	} else {
		problem->mend = mend_in_file(application->client, problem);
	}
	return (int)problem->exit;
}

static int receive(struct application *application, bool *ret_continues)
{
	struct client *client = application->client;
	struct nsnet_apply_out out;
	struct codec_reply reply;
	const char *field;
	int r = call_next(&client->call, &client->arena, &reply);

	if (r != 0)
		return r;
	if (reply.error)
		return explain(application, reply.error, reply.parameters);
	if (codec_decode(&nsnet_apply_out_type, reply.parameters, CODEC_IGNORE_UNKNOWN,
		    &client->arena, &out, &field) < 0)
		return problem_set(&client->problem, PROBLEM_FAILED, NULL,
			"nsnetd's answer to Apply has a wrong \"%s\"", field);
	keep(application, &out.changes);
	*ret_continues = reply.continues;
	/* Each object has as long as one call. */
	call_renew(&client->call);
	return 0;
}

static int check_size(struct application *application, const char *parameters)
{
	struct problem *problem = &application->client->problem;
	const char *text =
		codec_encode_call(problem->arena, NSNET_METHOD_APPLY, true, false, parameters);
	const char *mend =
		"apply its networks first, then some of its namespaces at a time, without --prune";

	switch (text_check(text, strlen(text), &text_limits_message, NULL)) {
	case TEXT_SIZE:
		return problem_set(problem, PROBLEM_USAGE, mend,
			"that is too much at once: %zu bytes without spaces, and nsnetd takes %u",
			strlen(text), TEXT_MESSAGE_MAX);
	case TEXT_VALUES:
		return problem_set(problem, PROBLEM_USAGE, mend,
			"that is too much at once: nsnetd takes %u values", TEXT_VALUES_MAX);
	case TEXT_OK:
	case TEXT_SYNTAX:
	case TEXT_ENCODING:
	case TEXT_DUPLICATE:
	case TEXT_DEPTH:
		break;
	}
	return 0;
}

static int send(struct application *application)
{
	struct client *client = application->client;
	struct nsnet_apply_in in = {
		.networks = application->topology.networks,
		.namespaces = application->topology.namespaces,
	};
	const char *parameters;
	int r;

	if (client->apply.prunes)
		in.prune = SOME_BOOL(true);
	if (client->kills)
		in.kill = SOME_BOOL(true);
	if (client->apply.is_rehearsal)
		in.dry_run = SOME_BOOL(true);
	parameters = codec_encode(&nsnet_apply_in_type, &in, &client->arena);
	r = check_size(application, parameters);
	return r != 0 ? r : call_start(&client->call, NSNET_METHOD_APPLY, true, parameters);
}

static int apply(struct application *application)
{
	bool is_rehearsal = application->client->apply.is_rehearsal, continues = true;
	struct sigaction before;
	int r;

	if (!is_rehearsal)
		catch_interrupt(&before);
	r = send(application);
	while (r == 0 && continues) {
		tell_progress(application);
		r = receive(application, &continues);
	}
	end_progress(application);
	if (!is_rehearsal && sigaction(SIGINT, &before, NULL) < 0)
		abort();
	return r;
}

/* "~ namespace web (ports, description)" */
static void print_change(struct client *client, const struct nsnet_change *change)
{
	static const char marks[] = { [NSNET_ACTION_UNSET] = '?',
		[NSNET_ACTION_CREATE] = '+',
		[NSNET_ACTION_UPDATE] = '~',
		[NSNET_ACTION_DELETE] = '-' };
	const char *name = change->network ? change->network : change->namespace;
	struct arena *arena = &client->arena;

	(void)printf("%c %s %s", marks[change->action], change->network ? "network" : "namespace",
		output_safe(arena, name ? name : "?"));
	if (change->fields.n > 0)
		(void)printf(
			" (%s)", output_safe(arena, output_join(arena, &change->fields, ", ")));
	(void)putchar('\n');
	for (size_t i = 0; client->apply.is_verbose && i < change->steps.n; i++)
		(void)printf("    %s\n", output_safe(arena, change->steps.items[i]));
}

static void print(struct client *client, const struct nsnet_change_list *changes)
{
	const struct nsnet_apply_out out = { *changes };

	if (client->options.is_quiet)
		return;
	if (client->apply.is_rehearsal)
		pager_start(&client->options);
	if (client->options.json != OPTIONS_JSON_OFF) {
		output_json(&client->options, &client->arena,
			codec_encode(&nsnet_apply_out_type, &out, &client->arena));
		return;
	}
	for (size_t i = 0; i < changes->n; i++)
		print_change(client, &changes->items[i]);
}

int apply_files(struct client *client)
{
	struct application application = { .client = client };
	int r = topology_read(
		client->words, client->n_words, &application.topology, &client->problem);

	if (r == 0)
		r = apply(&application);
	if (r == 0)
		print(client, &application.changes);
	return r;
}
