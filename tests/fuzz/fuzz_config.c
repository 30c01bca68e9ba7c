/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_config - any bytes as /etc/nsnetd/nsnetd.conf and two files beside it, and what must be true of what is read
 *
 * The input is the file itself and what is dropped in, with a NUL between them. What is not in it is not there; "/" alone is a
 * directory.
 */
#include <stdio.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#include "config.h"
#include "fuzz.h"

#define FILES 3

static char folder[] = "/tmp/nsnetd-fuzz-config-XXXXXX";
static char paths[FILES][128], drop_ins[sizeof(folder) + 8];

/* A file or a directory, or neither. */
static void take_away(void)
{
	for (size_t i = 0; i < FILES; i++)
		(void)remove(paths[i]);
}

static void end(void)
{
	take_away();
	(void)rmdir(drop_ins);
	(void)rmdir(folder);
}

static void begin(void)
{
	static const char *const names[FILES] = { "", ".d/10.conf", ".d/20.conf" };

	fuzz_check(mkdtemp(folder));
	for (size_t i = 0; i < FILES; i++)
		(void)snprintf(paths[i], sizeof(paths[i]), "%s/f%s", folder, names[i]);
	(void)snprintf(drop_ins, sizeof(drop_ins), "%s/f.d", folder);
	fuzz_check(mkdir(drop_ins, 0700) == 0);
	fuzz_check(atexit(end) == 0);
}

static void put(const char *path, const uint8_t *data, size_t n)
{
	FILE *file;

	if (n == 1 && *data == '/') {
		fuzz_check(mkdir(path, 0700) == 0);
		return;
	}
	file = fopen(path, "we");
	fuzz_check(file);
	fuzz_check(fwrite(data, 1, n, file) == n);
	fuzz_check(fclose(file) == 0);
}

static void check_prefixes(const struct prefix *prefixes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char text[PREFIX_TEXT_MAX];
		struct prefix again;

		fuzz_check(prefix_is_network(&prefixes[i]));
		fuzz_check(prefix_parse(prefix_format(&prefixes[i], text), &again));
		fuzz_check(prefix_is_equal(&prefixes[i], &again));
	}
}

static void check_limits(const struct config *config)
{
	static const gid_t groups[] = { 0, 4 };
	struct quota_limits limits = { { 0 } };

	/* Everyone's are always there. */
	fuzz_check(config->n_limits >= 1 && config->limits[0].whom == CONFIG_EVERYONE);
	config_limits_of(config, 1, groups, lengthof(groups), &limits);
	for (size_t i = 0; i < QUOTA_RESOURCES; i++)
		fuzz_check(limits.of[i] <= 65535 || limits.of[i] == QUOTA_NONE);
}

static void check_accepted(const struct config *config)
{
	fuzz_check(config->log_level >= LOG_EMERG && config->log_level <= LOG_DEBUG);
	fuzz_check(*config->control_group && *config->administrator_group);
	fuzz_check(config->n_pool >= 1 && config->n_pool <= 64 && config->n_member_pool <= 64);
	check_prefixes(config->pool, config->n_pool);
	check_prefixes(config->member_pool, config->n_member_pool);
	for (size_t i = 0; i < config->n_pool; i++)
		fuzz_check(config->pool[i].address.family == AF_INET);
	fuzz_check(config->first_port >= 1 && config->first_port <= config->last_port);
	fuzz_check(config->lowest_port <= 65535);
	fuzz_check(config->spares_each <= 1024 && config->spares_total <= 1024);
	fuzz_check(config->may_reach[NSNET_REACH_NAT] || config->may_reach[NSNET_REACH_ROUTE] ||
		   config->may_reach[NSNET_REACH_INTERNAL]);
	fuzz_check(!config->may_reach[NSNET_REACH_UNSET]);
	check_limits(config);
	(void)config_group_of(config, 1, 1);
	(void)config_group_of(config, 4000000000, 4);
}

/* "FILE:LINE: what", of one of the files, or "FILE: what" where it is none. */
static void check_refused(const char *wrong)
{
	const char *line = NULL;
	char *behind;

	fuzz_check(wrong);
	for (size_t i = 0; i < FILES && !line; i++)
		line = strncmp(wrong, paths[i], strlen(paths[i])) == 0 &&
				       wrong[strlen(paths[i])] == ':'
			       ? wrong + strlen(paths[i]) + 1
			       : NULL;
	fuzz_check(line);
	if (after(line, " "))
		return;
	fuzz_check(strtol(line, &behind, 10) >= 1);
	fuzz_check(behind[0] == ':' && behind[1] == ' ' && behind[2]);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct config config;
	const char *wrong = NULL;
	int r;

	if (!*paths[0])
		begin();
	take_away();
	for (size_t i = 0; i < FILES && n > 0; i++) {
		const uint8_t *behind = i < FILES - 1 ? memchr(data, 0, n) : NULL;
		size_t length = behind ? (size_t)(behind - data) : n;

		put(paths[i], data, length);
		data += length + (behind != NULL);
		n -= length + (behind != NULL);
	}
	r = config_load(paths[0], &config, &wrong);
	fuzz_check(r == 0 || r == -EINVAL);
	if (r == 0)
		check_accepted(&config);
	else
		check_refused(wrong);
	config_done(&config);
	return 0;
}
