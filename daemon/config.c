/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config - /etc/nsnetd/nsnetd.conf and what is dropped in beside it
 *
 * One row per setting: its section, its name, and the function that reads its value.
 */
#include "config.h"

#include <glob.h>
#include <ini.h>
#include <syslog.h>

#define POOL_DEFAULT "10.203.0.0/16 172.27.0.0/16 192.168.192.0/19"
#define POOL_MAX     64U

typedef bool (*setting_reader)(struct config *config, const char *value);

static bool read_level(struct config *config, const char *value)
{
	static const char *const levels[] = { "emerg", "alert", "crit", "err", "warning", "notice",
		"info", "debug" };

	for (size_t i = 0; i < lengthof(levels); i++)
		if (streq(value, levels[i])) {
			config->log_level = (int)i;
			return true;
		}
	return false;
}

static bool read_control_group(struct config *config, const char *value)
{
	config->control_group = arena_strdup(&config->arena, value);
	return *value;
}

static bool read_administrator_group(struct config *config, const char *value)
{
	config->administrator_group = arena_strdup(&config->arena, value);
	return *value;
}

static bool read_pool(struct config *config, const char *value)
{
	struct prefix *pool = arena_array(&config->arena, POOL_MAX, sizeof(*pool));
	char *words = arena_strdup(&config->arena, value), *rest = NULL;
	size_t n = 0;

	for (char *word = strtok_r(words, " \t,", &rest); word;
		word = strtok_r(NULL, " \t,", &rest)) {
		if (n == POOL_MAX || !prefix_parse(word, &pool[n]) ||
			!prefix_is_network(&pool[n]) || pool[n].address.family != AF_INET ||
			pool[n].length < 8 || pool[n].length > 30)
			return false;
		n++;
	}
	config->pool = pool;
	config->n_pool = n;
	return n > 0;
}

static const struct setting {
	const char *section, *name;
	setting_reader read;
} settings[] = {
	{ "Daemon", "LogLevel", read_level },
	{ "Daemon", "ControlGroup", read_control_group },
	{ "Daemon", "AdministratorGroup", read_administrator_group },
	{ "Network", "PrefixPool", read_pool },
};

struct reading {
	struct config *config;
	const char *error; /* the first one */
};

/* For inih: 1 is right, 0 is wrong. */
static int on_setting(void *userdata, const char *section, const char *name, const char *value)
{
	struct reading *reading = userdata;
	struct arena *arena = &reading->config->arena;
	const char *error;

	for (size_t i = 0; i < lengthof(settings); i++) {
		if (!streq(section, settings[i].section) || !streq(name, settings[i].name))
			continue;
		if (settings[i].read(reading->config, value))
			return 1;
		error = arena_printf(arena, "\"%s\" is no value for %s=", value, name);
		reading->error = reading->error ? reading->error : error;
		return 0;
	}
	error = arena_printf(arena, "no setting %s= in [%s]", name, section);
	reading->error = reading->error ? reading->error : error;
	return 0;
}

static int load_file(struct config *config, const char *path, const char **reterr)
{
	struct reading reading = { .config = config };
	int line = ini_parse(path, on_setting, &reading);

	if (line == 0)
		return 0;
	if (line < 0 && errno == ENOENT)
		return 0;
	if (line < 0)
		*reterr = arena_printf(&config->arena, "%s: %s", path, strerror(errno));
	else
		*reterr = arena_printf(&config->arena, "%s:%d: %s", path, line,
			reading.error ? reading.error : "neither [section] nor name=value");
	return -EINVAL;
}

int config_load(const char *path, struct config *ret, const char **reterr)
{
	glob_t found = { 0 };
	int r;

	*ret = (struct config){
		.log_level = LOG_INFO,
		.control_group = "nsnet",
		.administrator_group = "nsnet-admin",
	};
	if (!read_pool(ret, POOL_DEFAULT))
		abort();
	r = load_file(ret, path, reterr);
	if (r == 0 && glob(arena_printf(&ret->arena, "%s.d/*.conf", path), 0, NULL, &found) == 0)
		for (size_t i = 0; r == 0 && i < found.gl_pathc; i++)
			r = load_file(ret, found.gl_pathv[i], reterr);
	globfree(&found);
	return r;
}

void config_done(struct config *config)
{
	arena_done(&config->arena);
}
