/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_client_options - options among words, values of every kind, and what is told of a wrong one
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "options.h"

struct world {
	struct arena arena;
	struct problem problem;
	struct options options;
	bool is_flag;
	const char *text;
	struct options_walk walk;
	char *arguments[16];
};

static const struct option_row rows[] = {
	{ "json", 'j', "[=short|pretty]", "", offsetof(struct world, options.json),
		options_parse_json },
	{ "color", 0, "WHEN", "", offsetof(struct world, options.color), options_parse_color },
	{ "quiet", 'q', NULL, "", offsetof(struct world, options.is_quiet), NULL },
	{ "timeout", 0, "SECONDS", "", offsetof(struct world, options.timeout), options_seconds },
};

static const struct option_row own_rows[] = {
	{ "publish", 'p', "PORT", "", offsetof(struct world, text), options_text },
	{ "kill", 0, NULL, "", offsetof(struct world, is_flag), NULL },
};

static const struct option_group everywhere = { "", rows, lengthof(rows) };
static const struct option_group own = { "", own_rows, lengthof(own_rows) };
static const struct option_group *const groups[] = { &own, &everywhere };

static void begin(struct world *world, const char *const *arguments)
{
	*world = (struct world){ .arena = ARENA_INIT };
	world->problem.arena = &world->arena;
	while (arguments[world->walk.n]) {
		world->arguments[world->walk.n] =
			arena_strdup(&world->arena, arguments[world->walk.n]);
		world->walk.n++;
	}
	world->walk.arguments = world->arguments;
	world->walk.base = world;
	world->walk.groups = groups;
	world->walk.n_groups = lengthof(groups);
	world->walk.problem = &world->problem;
}

/* Walks to the end; the words joined by blanks. */
static const char *words(struct world *world)
{
	const char *all = "", *word;

	for (;;) {
		assert_int_equal(options_next(&world->walk, &word), 0);
		if (!word)
			return all;
		all = arena_printf(&world->arena, "%s%s%s", all, *all ? " " : "", word);
	}
}

#define BEGIN(world, ...) begin(world, (const char *const[]){ __VA_ARGS__, NULL })

static void test_order(void **state unused)
{
	struct world world;

	BEGIN(&world, "a", "--quiet", "b", "--kill", "-", "--publish", "80", "c");
	assert_string_equal(words(&world), "a b - c");
	assert_true(world.options.is_quiet);
	assert_true(world.is_flag);
	assert_string_equal(world.text, "80");
	arena_done(&world.arena);

	BEGIN(&world, "a", "--", "--quiet", "-q", "--");
	assert_string_equal(words(&world), "a --quiet -q --");
	assert_false(world.options.is_quiet);
	arena_done(&world.arena);
}

static void test_forms(void **state unused)
{
	static const struct {
		const char *arguments[3];
		const char *text;
		enum options_json json;
		bool is_quiet;
	} forms[] = {
		{ { "-p80", NULL }, "80", OPTIONS_JSON_OFF, false },
		{ { "-p", "80", NULL }, "80", OPTIONS_JSON_OFF, false },
		{ { "-qp80", NULL }, "80", OPTIONS_JSON_OFF, true },
		{ { "-jqp", "-80", NULL }, "-80", OPTIONS_JSON_AUTO, true },
		{ { "--publish=80", NULL }, "80", OPTIONS_JSON_OFF, false },
		{ { "--publish=", NULL }, "", OPTIONS_JSON_OFF, false },
		{ { "--publish=a=b", NULL }, "a=b", OPTIONS_JSON_OFF, false },
		{ { "--json", NULL }, NULL, OPTIONS_JSON_AUTO, false },
		{ { "-j", NULL }, NULL, OPTIONS_JSON_AUTO, false },
		{ { "--json=short", NULL }, NULL, OPTIONS_JSON_SHORT, false },
		{ { "--json=pretty", NULL }, NULL, OPTIONS_JSON_PRETTY, false },
	};

	for (size_t i = 0; i < lengthof(forms); i++) {
		struct world world;

		begin(&world, forms[i].arguments);
		assert_string_equal(words(&world), "");
		if (forms[i].text)
			assert_string_equal(world.text, forms[i].text);
		assert_int_equal(world.options.json, forms[i].json);
		assert_int_equal(world.options.is_quiet, forms[i].is_quiet);
		arena_done(&world.arena);
	}
}

static void test_refused(void **state unused)
{
	static const struct {
		const char *argument, *what;
	} wrong[] = {
		{ "--jsno", "is --json meant?" },
		{ "--kil=1", "is --kill meant?" },
		{ "--xyzzy", "no option --xyzzy here" },
		{ "-x", "no option -x here" },
		{ "-qx", "no option -x here" },
		{ "--quiet=yes", "takes no value" },
		{ "--publish", "lacks its value" },
		{ "-p", "lacks its value" },
		{ "--json=long", "not \"long\"" },
		{ "--color=blue", "not \"blue\"" },
		{ "--timeout=soon", "no time in seconds" },
		{ "--timeout=", "no time in seconds" },
		{ "--timeout=-1", "no time in seconds" },
		{ "--timeout=nan", "no time in seconds" },
		{ "--timeout=inf", "no time in seconds" },
		{ "--timeout=1s", "no time in seconds" },
		/* No abbreviations: a new option would change what they mean. */
		{ "--qui", "is --quiet meant?" },
	};

	for (size_t i = 0; i < lengthof(wrong); i++) {
		struct world world;
		const char *word;

		BEGIN(&world, wrong[i].argument);
		assert_int_equal(options_next(&world.walk, &word), PROBLEM_USAGE);
		if (!strstr(world.problem.what, wrong[i].what))
			fail_msg("%s: \"%s\" has not \"%s\"", wrong[i].argument, world.problem.what,
				wrong[i].what);
		arena_done(&world.arena);
	}
}

static void test_seconds(void **state unused)
{
	static const struct {
		const char *text;
		int64_t microseconds;
	} times[] = { { "0", 0 }, { "1", 1000000 }, { "0.5", 500000 }, { "1e-9", 1 },
		{ "30", 30000000 } };

	for (size_t i = 0; i < lengthof(times); i++) {
		struct world world;

		BEGIN(&world, "--timeout", times[i].text);
		assert_string_equal(words(&world), "");
		assert_int_equal(world.options.timeout, times[i].microseconds);
		arena_done(&world.arena);
	}
}

static void test_color(void **state unused)
{
	static const struct {
		const char *text;
		enum options_color color;
	} colors[] = { { "auto", OPTIONS_COLOR_AUTO }, { "always", OPTIONS_COLOR_ALWAYS },
		{ "never", OPTIONS_COLOR_NEVER } };

	for (size_t i = 0; i < lengthof(colors); i++) {
		struct world world;

		BEGIN(&world, "--color", colors[i].text);
		assert_string_equal(words(&world), "");
		assert_int_equal(world.options.color, colors[i].color);
		arena_done(&world.arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_forms),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_seconds),
		cmocka_unit_test(test_color),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
