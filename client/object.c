/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * object - the two nouns' one way: create, set, list and show, by a description of what a noun is
 */
#include "object.h"

#include <stdio.h>

#include "output.h"
#include "pager.h"
#include "table.h"

/* How often a change is tried that somebody else's comes before. */
enum { TRIES = 5 };

static const char *name_of(const void *listed)
{
	return *(const char *const *)listed;
}

static void print_json(struct client *client, const struct object *object, const void *listed)
{
	output_json(&client->options, &client->arena,
		codec_encode(object->listed, listed, &client->arena));
}

/* Those of one command that are to be made. */
struct creation {
	struct client *client;
	const struct object *object;
	const char *told; /* the problem that was told last */
	int result;       /* the first one that failed */
};

static const void *make_wish(size_t i, void *userdata)
{
	const struct creation *creation = userdata;

	return creation->object->wish(creation->client, creation->client->words[i]);
}

/* Of one that others come behind. What is the same for all of them is told once. */
static void tell(struct creation *creation)
{
	struct client *client = creation->client;
	struct problem *problem = &client->problem;

	if (problem->exit == PROBLEM_USAGE && !problem->mend && client->context.verb)
		problem->mend =
			arena_printf(&client->arena, "nsnetctl help %s", client->context.verb);
	if (!creation->told || !streq(creation->told, problem->what))
		output_problem(&client->options, problem);
	creation->told = problem->what;
	problem_clear(problem);
}

static void on_made(size_t i, int r, const void *out, void *userdata)
{
	struct creation *creation = userdata;
	struct client *client = creation->client;
	void *listed;

	if (creation->result == 0)
		creation->result = r;
	if (r != 0) {
		/* The only one's is told at the end. */
		if (client->n_words > 1)
			tell(creation);
		return;
	}
	listed = arena_alloc(&client->arena, creation->object->listed->size);
	creation->object->made(client, client->words[i], out, listed);
	if (client->options.json != OPTIONS_JSON_OFF)
		print_json(client, creation->object, listed);
}

int object_create(struct client *client, const struct object *object)
{
	const struct edits_noun noun = { .is_network = object->is_network };
	struct creation creation = { .client = client, .object = object };
	int r = client_check_names(client, object->noun);

	if (r == 0 && client->n_words > 1 && client->settings.one_only)
		return problem_usage(&client->problem, "%s", client->settings.one_only);
	if (r == 0)
		r = settings_make(&client->settings, &noun, &client->problem);
	if (r == 0)
		r = call_nsnet_row(
			&client->call, &(struct call_row){ object->creates, client->n_words,
					       make_wish, on_made, &creation });
	return r != 0 ? r : creation.result;
}

static int on_former(const void *listed, void *userdata)
{
	*(const void **)userdata = listed;
	return 0;
}

static int set_once(
	struct client *client, const struct object *object, const char *name, void *ret_listed)
{
	struct edits_noun noun = { .is_network = object->is_network, .name = name };
	struct maybe_int revision = { 0 };
	const void *listed = NULL;
	int r = 0;

	if (settings_need_former(&client->settings, object->is_network)) {
		r = object->ask(client, name, false, on_former, &listed);
		if (r != 0)
			return r;
		noun.former = object->former(&client->arena, listed);
		revision = SOME_INT(object->revision(listed));
	}
	r = settings_make(&client->settings, &noun, &client->problem);
	return r != 0 ? r : object->set(client, name, revision, ret_listed);
}

int object_set(struct client *client, const struct object *object)
{
	void *listed = arena_alloc(&client->arena, object->listed->size);
	struct problem *problem = &client->problem;
	int r = client_check_names(client, object->noun);

	if (r != 0)
		return r;
	if (!settings_are_there(&client->settings, object->is_network))
		return problem_usage(problem, "set needs a setting");
	r = set_once(client, object, client->words[0], listed);
	/* Told only of what was fetched: what is to be changed is looked up again. */
	for (int i = 1;
		i < TRIES && r != 0 && problem->error && streq(problem->error, NSNET_ERROR_CHANGED);
		i++) {
		problem_clear(problem);
		r = set_once(client, object, client->words[0], listed);
	}
	if (r == 0 && client->options.json != OPTIONS_JSON_OFF)
		print_json(client, object, listed);
	return r;
}

/* Replies are gathered before any is printed: the connection does one call at a time, and to show one may ask for more. */
struct gathering {
	struct client *client;
	const void **items;
	size_t n;
	bool is_filtered; /* by the patterns */
};

static int on_gathered(const void *listed, void *userdata)
{
	struct gathering *gathering = userdata;
	struct client *client = gathering->client;
	size_t n = gathering->n;

	if (gathering->is_filtered && !client_wants(client, name_of(listed)))
		return 0;
	/* Room doubles: there may be thousands. */
	if ((n & (n - 1)) == 0) {
		const void **more = arena_array(&client->arena, n == 0 ? 1 : 2 * n, sizeof(*more));

		if (n > 0)
			memcpy(more, gathering->items, n * sizeof(*more));
		gathering->items = more;
	}
	gathering->items[gathering->n++] = listed;
	return 0;
}

/* A list as JSON is what makes it again: {"namespaces":{"ns1":{…}}} */
static void print_wishes(
	struct client *client, const struct object *object, const struct gathering *gathering)
{
	struct {
		char *items;
		size_t n;
	} map = { .n = gathering->n };
	const struct codec_field field = { .name = object->nouns,
		.kind = CODEC_STRUCT,
		.shape = CODEC_MAP,
		.structure = object->context };
	const struct codec_struct wishes = { "Wishes", sizeof(map), &field, 1 };
	/* An entry is a key and its value (codec.h), which ends as aligned as it begins. */
	size_t size = sizeof(const char *) + object->context->size;

	map.items = arena_array(&client->arena, map.n, size);
	for (size_t i = 0; i < map.n; i++) {
		const char *name = name_of(gathering->items[i]);

		memcpy(map.items + i * size, &name, sizeof(name));
		memcpy(map.items + i * size + sizeof(name),
			(const char *)gathering->items[i] + object->context_at,
			object->context->size);
	}
	output_json(&client->options, &client->arena, codec_encode(&wishes, &map, &client->arena));
}

static int print_table(
	struct client *client, const struct object *object, const struct gathering *gathering)
{
	struct table *table =
		table_new(&client->options, object->columns, object->n_columns, &client->problem);

	if (!table)
		return (int)client->problem.exit;
	for (size_t i = 0; i < gathering->n; i++)
		object->list(client, table, gathering->items[i]);
	table_end(table);
	return 0;
}

int object_list(struct client *client, const struct object *object)
{
	struct gathering gathering = { .client = client, .is_filtered = true };
	int r = object->ask(client, NULL, false, on_gathered, &gathering);

	r = client_allow_nothing(client, r, object->nothing);
	if (r != 0)
		return r;
	pager_start(&client->options);
	if (client->options.is_quiet) {
		for (size_t i = 0; i < gathering.n; i++)
			(void)puts(name_of(gathering.items[i]));
	} else if (client->options.json != OPTIONS_JSON_OFF) {
		print_wishes(client, object, &gathering);
	} else {
		return print_table(client, object, &gathering);
	}
	return 0;
}

static int show_one(
	struct client *client, const struct object *object, const void *listed, bool is_further)
{
	if (client->options.json != OPTIONS_JSON_OFF) {
		print_json(client, object, listed);
		return 0;
	}
	if (client->options.is_quiet) {
		(void)puts(name_of(listed));
		return 0;
	}
	if (is_further)
		(void)putchar('\n');
	return object->show(client, listed);
}

/* Asks for one, or all; prints what is told. */
static int show_some(
	struct client *client, const struct object *object, const char *name, size_t *n)
{
	struct gathering gathering = { .client = client };
	int r = object->ask(client, name, true, on_gathered, &gathering);

	if (!name)
		r = client_allow_nothing(client, r, object->nothing);
	for (size_t i = 0; i < gathering.n && r == 0; i++)
		r = show_one(client, object, gathering.items[i], (*n)++ > 0);
	return r;
}

int object_show(struct client *client, const struct object *object, size_t *ret_n)
{
	size_t n = 0;
	int r = client_check_names(client, object->noun);

	if (r != 0)
		return r;
	pager_start(&client->options);
	if (client->n_words == 0)
		r = show_some(client, object, NULL, &n);
	for (size_t i = 0; i < client->n_words && r == 0; i++)
		r = show_some(client, object, client->words[i], &n);
	*ret_n = n;
	return r;
}
