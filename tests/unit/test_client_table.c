/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_client_table - tables and texts in a pipe, where lines are as long as they are, and on narrow terminals
 */
#include "cmocka_all.h"

#include <stdio.h>

#include "client_world.h"
#include "output.h"
#include "table.h"
#include "verbs.h"

static const char *const columns[] = { "NAME", "ADDRESS", "PUBLISHED" };

static const char *printed(struct client_world *world, unsigned width, bool is_tree)
{
	struct client *client = &world->client;
	struct table_row *above;
	struct table *table;

	client->options.width = width;
	client->options.is_terminal = width > 0;
	client_world_capture(world);
	table = is_tree ? table_new_tree(&client->options, columns, 3, &client->problem)
			: table_new(&client->options, columns, 3, &client->problem);
	assert_non_null(table);
	if (is_tree) {
		above = table_branch(table, NULL, (const char *const[]){ "host", NULL, NULL });
		above = table_branch(table, above,
			(const char *const[]){ "lan", "10.1.0.0/24, fd00::/64", NULL });
		(void)table_branch(table, above,
			(const char *const[]){ "web", "10.1.0.2, fd00::2", "8080:80" });
	} else {
		table_row(table, (const char *const[]){ "a-long-name-of-28-letters-ok",
					 "10.1.0.2, fd00::2", NULL });
		table_row(table, (const char *const[]){ "gr\xc3\xbc\xc3\x9f", NULL, "80, 443 +1" });
	}
	table_end(table);
	return client_world_printed(world);
}

static void begin(struct client_world *world)
{
	client_world_begin(world, (const char *const[]){ NULL }, CLIENT_WORLD_CLOSE);
	world->client.options.color = OPTIONS_COLOR_NEVER;
}

static void end(struct client_world *world)
{
	/* For the daemon's sake. */
	assert_int_equal(call_start(&world->client.call, "a.b", false, NULL), 0);
	client_world_end(world);
}

/* What fills the last column up is of no account. */
static void assert_lines(const char *text, const char *const *wanted)
{
	for (; *wanted; wanted++) {
		size_t n = strcspn(text, "\n"), length = n;

		while (length > 0 && text[length - 1] == ' ')
			length--;
		if (strlen(*wanted) != length || strncmp(text, *wanted, length) != 0)
			fail_msg("wanted \"%s\", got \"%.*s\"", *wanted, (int)length, text);
		text += n + (text[n] == '\n');
	}
	assert_string_equal(text, "");
}

#define LINES(...) \
	(const char *const[]) \
	{ \
		__VA_ARGS__, NULL \
	}

/* A line for each row, whatever it takes, and no empty cell. */
static void test_pipe(void **state unused)
{
	struct client_world world;

	begin(&world);
	assert_lines(printed(&world, 0, false),
		LINES("NAME                          ADDRESS            PUBLISHED",
			"a-long-name-of-28-letters-ok  10.1.0.2, fd00::2  -",
			"gr\xc3\xbc\xc3\x9f                          -                  80, 443 +1"));
	end(&world);
}

static void test_wide(void **state unused)
{
	struct client_world world;

	begin(&world);
	assert_lines(printed(&world, 59, false),
		LINES("NAME                          ADDRESS            PUBLISHED",
			"a-long-name-of-28-letters-ok  10.1.0.2, fd00::2  -",
			"gr\xc3\xbc\xc3\x9f                          -                  80, 443 +1"));
	end(&world);
}

/* Lists get lines of their own, and that is enough. */
static void test_narrow(void **state unused)
{
	struct client_world world;

	begin(&world);
	assert_lines(printed(&world, 58, false),
		LINES("NAME                          ADDRESS   PUBLISHED",
			"a-long-name-of-28-letters-ok  10.1.0.2  -",
			"                              fd00::2",
			"gr\xc3\xbc\xc3\x9f                          -         80",
			"                                        443 +1"));
	end(&world);
}

/* And where it is not, what is widest goes on below. */
static void test_narrower(void **state unused)
{
	struct client_world world;

	begin(&world);
	assert_lines(printed(&world, 40, false),
		LINES("NAME                 ADDRESS   PUBLISHED",
			"a-long-name-of-28-l  10.1.0.2  -", "etters-ok            fd00::2",
			"gr\xc3\xbc\xc3\x9f                 -         80",
			"                               443 +1"));
	end(&world);
}

static void test_tree(void **state unused)
{
	struct client_world world;

	begin(&world);
	assert_lines(printed(&world, 0, true),
		LINES("NAME     ADDRESS                 PUBLISHED", "host",
			"\u2514\u2500lan    10.1.0.0/24, fd00::/64",
			"  \u2514\u2500web  10.1.0.2, fd00::2       8080:80"));
	assert_lines(printed(&world, 40, true),
		LINES("NAME     ADDRESS      PUBLISHED", "host", "\u2514\u2500lan    10.1.0.0/24",
			"  \u2502      fd00::/64", "  \u2514\u2500web  10.1.0.2     8080:80",
			"         fd00::2"));
	end(&world);
}

/* Texts are broken between words, and a word that is too long is not. */
static void test_wrapped(void **state unused)
{
	struct client_world world;

	begin(&world);
	client_world_capture(&world);
	output_wrapped("one two three", 0, 2, 9);
	output_wrapped("one two three", 5, 2, 9);
	output_wrapped("one extraordinary word", 0, 2, 9);
	output_wrapped("one two three", 0, 2, 0);
	output_wrapped("", 0, 2, 9);
	assert_string_equal(client_world_printed(&world), "one two\n  three\n"
							  "one\n  two\n  three\n"
							  "one\n  extraordinary\n  word\n"
							  "one two three\n\n");
	end(&world);
}

static void try_help(struct client_world *world, const struct verb *verb)
{
	const char *text;

	client_world_capture(world);
	verbs_help(verb, verb->name);
	text = client_world_printed(world);
	while (*text) {
		size_t n = strcspn(text, "\n");

		if (n > 80)
			fail_msg("%.*s", (int)n, text);
		text += n + (text[n] == '\n');
	}
	for (size_t i = 0; i < verb->n_verbs; i++)
		try_help(world, &verb->verbs[i]);
}

static void test_help(void **state unused)
{
	struct client_world world;

	begin(&world);
	try_help(&world, &verbs_root);
	end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pipe),
		cmocka_unit_test(test_wide),
		cmocka_unit_test(test_narrow),
		cmocka_unit_test(test_narrower),
		cmocka_unit_test(test_tree),
		cmocka_unit_test(test_wrapped),
		cmocka_unit_test(test_help),
	};

	(void)setenv("LC_ALL", "C.UTF-8", 1);
	return cmocka_run_group_tests_name("client_table", tests, NULL, NULL);
}
