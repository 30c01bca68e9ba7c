/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_config - the configuration with what is dropped in beside it
 */
#include "cmocka_all.h"

#include <stdio.h>
#include <sys/stat.h>
#include <syslog.h>

#include "config.h"

struct world {
	char folder[64];
	struct arena arena;
	char *path;
};

static void put(struct world *world, const char *name, const char *text)
{
	FILE *file = fopen(arena_printf(&world->arena, "%s%s", world->path, name), "we");

	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static int world_open(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	if (!world)
		return -1;
	(void)snprintf(world->folder, sizeof(world->folder), "/tmp/nsnetd-config-XXXXXX");
	if (!mkdtemp(world->folder))
		return -1;
	world->path = arena_printf(&world->arena, "%s/nsnetd.conf", world->folder);
	*state = world;
	return mkdir(arena_printf(&world->arena, "%s.d", world->path), 0700);
}

static int world_close(void **state)
{
	struct world *world = *state;
	static const char *const names[] = { "", ".d/10.conf", ".d/20.conf", ".d/30.txt", ".d" };

	for (size_t i = 0; i < lengthof(names); i++)
		(void)remove(arena_printf(&world->arena, "%s%s", world->path, names[i]));
	(void)rmdir(world->folder);
	arena_done(&world->arena);
	free(world);
	return 0;
}

static void test_defaults(void **state)
{
	struct world *world = *state;
	struct config config;
	const char *wrong = NULL;

	assert_int_equal(config_load(world->path, &config, &wrong), 0);
	assert_int_equal(config.log_level, LOG_INFO);
	assert_string_equal(config.control_group, "nsnet");
	assert_string_equal(config.administrator_group, "nsnet-admin");
	assert_int_equal(config.n_pool, 3);
	config_done(&config);
}

static void test_later_wins(void **state)
{
	struct world *world = *state;
	struct config config;
	const char *wrong = NULL;
	char text[PREFIX_TEXT_MAX];

	put(world, "",
		"[Daemon]\nLogLevel=debug\nControlGroup=one\n[Network]\nPrefixPool=10.0.0.0/8\n");
	put(world, ".d/20.conf", "; a comment\n[Daemon]\nControlGroup = three\n");
	put(world, ".d/10.conf", "[Daemon]\nControlGroup=two\n");
	put(world, ".d/30.txt", "nonsense\n");
	assert_int_equal(config_load(world->path, &config, &wrong), 0);
	assert_int_equal(config.log_level, LOG_DEBUG);
	assert_string_equal(config.control_group, "three");
	assert_int_equal(config.n_pool, 1);
	assert_string_equal(prefix_format(&config.pool[0], text), "10.0.0.0/8");
	config_done(&config);
}

static void test_wrong_lines(void **state)
{
	static const struct {
		const char *text, *error;
	} wrongs[] = {
		{ "[Daemon]\nColour=red\n", ":2: no setting Colour= in [Daemon]" },
		{ "[Demon]\nLogLevel=info\n", ":2: no setting LogLevel= in [Demon]" },
		{ "[Daemon]\nLogLevel=loud\n", ":2: \"loud\" is no value for LogLevel=" },
		{ "[Network]\nPrefixPool=10.0.0.1/8\n",
			":2: \"10.0.0.1/8\" is no value for PrefixPool=" },
		{ "[Network]\nPrefixPool=fd00::/8\n",
			":2: \"fd00::/8\" is no value for PrefixPool=" },
		{ "[Network]\nPrefixPool=\n", ":2: \"\" is no value for PrefixPool=" },
		{ "[Daemon]\n\nnonsense\n", ":3: neither [section] nor name=value" },
	};
	struct world *world = *state;

	for (size_t i = 0; i < lengthof(wrongs); i++) {
		struct config config;
		const char *wrong = NULL;

		put(world, "", wrongs[i].text);
		assert_int_equal(config_load(world->path, &config, &wrong), -EINVAL);
		assert_string_equal(
			wrong, arena_printf(&world->arena, "%s%s", world->path, wrongs[i].error));
		config_done(&config);
	}
}

#define test(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_defaults),
		test(test_later_wins),
		test(test_wrong_lines),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
