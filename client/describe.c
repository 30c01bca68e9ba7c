/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * describe - call and introspect: the interface by hand, where there is no varlinkctl(1)
 */
#include <fcntl.h>
#include <stdio.h>

#include "client.h"
#include "output.h"
#include "pager.h"
#include "varlink_service.h"

/* All of stdin, up to a byte more than a message may hold. */
static int read_input(
	struct arena *arena, const char **ret, size_t *ret_length, struct problem *problem)
{
	char *text = arena_alloc(arena, TEXT_MESSAGE_MAX + 2);
	size_t length = 0;

	while (length <= TEXT_MESSAGE_MAX) {
		ssize_t n = read(STDIN_FILENO, text + length, TEXT_MESSAGE_MAX + 1 - length);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return problem_errno(problem, neg(), "reading the parameters");
		if (n == 0)
			break;
		length += (size_t)n;
	}
	*ret = text;
	*ret_length = length;
	return 0;
}

/* The object to be sent: from the command line, from stdin, or none. */
static int read_parameters(struct client *client, const char **ret)
{
	const char *text = client->n_words > 1 ? client->words[1] : "{}";
	size_t length = strlen(text), at = 0;
	const struct codec_value *value;
	enum text_fault fault;
	int r;

	if (streq(text, "-")) {
		r = read_input(&client->arena, &text, &length, &client->problem);
		if (r != 0)
			return r;
	}
	fault = text_check(text, length, &text_limits_message, &at);
	if (fault != TEXT_OK)
		return problem_usage(&client->problem, "the parameters are no JSON: %s at byte %zu",
			text_fault_name(fault), at + 1);
	if (codec_parse(&client->arena, text, length, &text_limits_message, &value) < 0)
		return problem_usage(&client->problem, "the parameters are no JSON object");
	*ret = text;
	return 0;
}

static void print_parameters(struct client *client, const struct codec_reply *reply)
{
	output_json(&client->options, &client->arena,
		reply->parameters ? codec_print(&client->arena, reply->parameters, false) : "{}");
}

int describe_call(struct client *client)
{
	const char *method = client->words[0], *parameters = NULL;
	struct codec_reply reply;
	int r = read_parameters(client, &parameters);

	if (r != 0)
		return r;
	if (!strchr(method, '.'))
		method = arena_printf(&client->arena, "%s.%s", nsnet_interface.name, method);
	r = call_start(&client->call, method, client->wants_more, parameters);
	for (bool continues = true; r == 0 && continues; continues = reply.continues) {
		r = call_next(&client->call, &client->arena, &reply);
		if (r != 0)
			return r;
		if (reply.error)
			return explain_error(&client->problem, reply.error, reply.parameters);
		print_parameters(client, &reply);
		/* Replies may be far apart: who reads them in a pipe is not to wait for the next. */
		r = output_end(&client->problem);
	}
	return r;
}

int describe_introspect(struct client *client)
{
	struct varlink_service_get_interface_description_in in = { .interface =
									   nsnet_interface.name };
	struct varlink_service_get_interface_description_out out;
	struct codec_reply reply;
	const char *field;
	int r;

	if (client->n_words > 0)
		in.interface = client->words[0];
	r = call_start(&client->call, VARLINK_SERVICE_METHOD_GET_INTERFACE_DESCRIPTION, false,
		codec_encode(
			&varlink_service_get_interface_description_in_type, &in, &client->arena));
	if (r == 0)
		r = call_next(&client->call, &client->arena, &reply);
	if (r != 0)
		return r;
	if (reply.error)
		return explain_error(&client->problem, reply.error, reply.parameters);
	if (client->options.json != OPTIONS_JSON_OFF) {
		print_parameters(client, &reply);
		return 0;
	}
	if (codec_decode(&varlink_service_get_interface_description_out_type, reply.parameters,
		    CODEC_IGNORE_UNKNOWN, &client->arena, &out, &field) < 0)
		return problem_set(&client->problem, PROBLEM_FAILED, NULL,
			"nsnetd's answer has a wrong \"%s\"", field);
	pager_start(&client->options);
	(void)fputs(out.description, stdout);
	if (!*out.description || out.description[strlen(out.description) - 1] != '\n')
		(void)putchar('\n');
	return 0;
}
