/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config - /etc/nsnetd/nsnetd.conf and what is dropped in beside it
 *
 * One row per setting: its section, its name, and the function that reads its value.
 */
#include "config.h"

#include <glob.h>
#include <grp.h>
#include <ini.h>
#include <pwd.h>
#include <stdio.h>
#include <syslog.h>

#include "publish.h"

#define POOL_DEFAULT         "10.203.0.0/16 172.27.0.0/16 192.168.192.0/19"
#define POOL_MAX             64U
#define MEMBER_POOL_DEFAULT  "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fd00::/8"
#define LIMITS_MAX           256U /* sections */
#define LIMIT_MAX            65535U
#define LOWEST_PORT_DEFAULT  1024U
#define SPARES_EACH_DEFAULT  8U
#define SPARES_TOTAL_DEFAULT 64U
#define SPARES_MAX           1024U
#define GID_NOBODY           65534U /* "nogroup": the kernel's for groups that are not mapped */

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

static bool read_prefixes(
	struct config *config, const char *value, struct prefix **ret, size_t *ret_n)
{
	struct prefix *pool = arena_array(&config->arena, POOL_MAX, sizeof(*pool));
	char *words = arena_strdup(&config->arena, value), *rest = NULL;
	size_t n = 0;

	for (char *word = strtok_r(words, " \t,", &rest); word;
		word = strtok_r(NULL, " \t,", &rest)) {
		if (n == POOL_MAX || !prefix_parse(word, &pool[n]) || !prefix_is_network(&pool[n]))
			return false;
		n++;
	}
	*ret = pool;
	*ret_n = n;
	return true;
}

static bool read_pool(struct config *config, const char *value)
{
	struct prefix *pool;
	size_t n;

	if (!read_prefixes(config, value, &pool, &n) || n == 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (pool[i].address.family != AF_INET || pool[i].length < 8 || pool[i].length > 30)
			return false;
	config->pool = pool;
	config->n_pool = n;
	return true;
}

/* Empty: members may ask for none, and get what is chosen for them. */
static bool read_member_pool(struct config *config, const char *value)
{
	return read_prefixes(config, value, &config->member_pool, &config->n_member_pool);
}

static bool read_number(const char *value, unsigned *ret)
{
	char *end;
	unsigned long number;

	if (*value < '0' || *value > '9')
		return false;
	number = strtoul(value, &end, 10);
	if (*end || number > LIMIT_MAX)
		return false;
	*ret = (unsigned)number;
	return true;
}

static bool read_bool(const char *value, bool *ret)
{
	*ret = streq(value, "yes");
	return *ret || streq(value, "no");
}

static bool read_member_networks(struct config *config, const char *value)
{
	return read_bool(value, &config->may_members_make_networks);
}

static bool read_neighbours(struct config *config, const char *value)
{
	return read_bool(value, &config->raises_neighbours);
}

static bool read_new_privileges(struct config *config, const char *value)
{
	return read_bool(value, &config->may_programs_gain_privileges);
}

static bool read_owned(struct config *config, const char *value)
{
	bool is_on;

	if (streq(value, "auto")) {
		config->owned = CONFIG_OWNED_AUTO;
		return true;
	}
	if (!read_bool(value, &is_on))
		return false;
	config->owned = is_on ? CONFIG_OWNED_YES : CONFIG_OWNED_NO;
	return true;
}

static bool find_reach(const char *name, bool may_reach[])
{
	for (int reach = NSNET_REACH_NAT; reach <= NSNET_REACH_INTERNAL; reach++)
		if (streq(name, codec_enum_name(&nsnet_reach_enum, reach))) {
			may_reach[reach] = true;
			return true;
		}
	return false;
}

static bool read_reaches(struct config *config, const char *value)
{
	bool may_reach[lengthof(config->may_reach)] = { false };
	char *words = arena_strdup(&config->arena, value), *rest = NULL;
	char *word = strtok_r(words, " \t,", &rest);

	static_assert(lengthof(may_reach) == NSNET_REACH_INTERNAL + 1, "one for each");
	/* None: that is what MemberNetworks= is for. */
	if (!word)
		return false;
	for (; word; word = strtok_r(NULL, " \t,", &rest))
		if (!find_reach(word, may_reach))
			return false;
	memcpy(config->may_reach, may_reach, sizeof(may_reach));
	return true;
}

static bool read_lowest_port(struct config *config, const char *value)
{
	return read_number(value, &config->lowest_port);
}

/* "20000-29999" */
static bool read_publish_range(struct config *config, const char *value)
{
	char *first = arena_strdup(&config->arena, value), *last = strchr(first, '-');
	unsigned from, to;

	if (!last)
		return false;
	*last++ = 0;
	if (!read_number(first, &from) || !read_number(last, &to) || from == 0 || from > to)
		return false;
	config->first_port = (uint16_t)from;
	config->last_port = (uint16_t)to;
	return true;
}

static bool read_spares(const char *value, unsigned *ret)
{
	unsigned number;

	if (!read_number(value, &number) || number > SPARES_MAX)
		return false;
	*ret = number;
	return true;
}

static bool read_pool_size(struct config *config, const char *value)
{
	return read_spares(value, &config->spares_each);
}

static bool read_pool_total(struct config *config, const char *value)
{
	return read_spares(value, &config->spares_total);
}

static const struct setting {
	const char *section, *name;
	setting_reader read;
} settings[] = {
	{ "Daemon", "LogLevel", read_level },
	{ "Daemon", "ControlGroup", read_control_group },
	{ "Daemon", "AdministratorGroup", read_administrator_group },
	{ "Network", "PrefixPool", read_pool },
	{ "Network", "PublishRange", read_publish_range },
	{ "Network", "RaiseNeighbourLimits", read_neighbours },
	{ "Policy", "AllowOwned", read_owned },
	{ "Policy", "ExecuteNewPrivileges", read_new_privileges },
	{ "Policy", "LowestPort", read_lowest_port },
	{ "Policy", "MemberNetworks", read_member_networks },
	{ "Policy", "MemberPrefixPool", read_member_pool },
	{ "Policy", "Reaches", read_reaches },
	{ "Pool", "PoolSize", read_pool_size },
	{ "Pool", "PoolTotal", read_pool_total },
};

/* One for each resource, in any [Limits …]. */
static const char *const limit_names[QUOTA_RESOURCES] = {
	[QUOTA_NAMESPACES] = "Namespaces",
	[QUOTA_NETWORKS] = "Networks",
	[QUOTA_ATTACHMENTS] = "Attachments",
	[QUOTA_PORTS] = "Ports",
	[QUOTA_CONNECTIONS] = "Connections",
};

static bool find_whom(const char *whom, struct config_limits *ret)
{
	const struct passwd *user;
	const struct group *group;

	if (*whom == '@') {
		group = getgrnam(whom + 1);
		ret->whom = CONFIG_GROUP;
		ret->gid = group ? group->gr_gid : 0;
		return group;
	}
	user = getpwnam(whom);
	ret->whom = CONFIG_USER;
	ret->uid = user ? user->pw_uid : 0;
	return user;
}

/* The section's limits, made where it is new; NULL: nobody is called so, or there are too many. */
static struct config_limits *find_limits(struct config *config, const char *section)
{
	const char *whom = after(section, "Limits ");
	struct config_limits *limits;

	for (size_t i = 0; i < config->n_limits; i++)
		if (streq(config->limits[i].section, section))
			return &config->limits[i];
	if (config->n_limits == LIMITS_MAX)
		return NULL;
	limits = &config->limits[config->n_limits];
	*limits = (struct config_limits){ .section = arena_strdup(&config->arena, section) };
	if (whom && !find_whom(whom, limits))
		return NULL;
	config->n_limits++;
	return limits;
}

static bool read_limit(
	struct config_limits *limits, enum quota_resource resource, const char *value)
{
	limits->is_set[resource] = true;
	if (streq(value, "unlimited")) {
		limits->of[resource] = QUOTA_NONE;
		return true;
	}
	return read_number(value, &limits->of[resource]);
}

struct reading {
	struct config *config;
	const char *error; /* the first one */
};

/* The first error is kept. Returns what inih takes for one. */
static int wrong(struct reading *reading, const char *error)
{
	reading->error = reading->error ? reading->error : error;
	return 0;
}

static int on_limit(
	struct reading *reading, const char *section, const char *name, const char *value)
{
	struct arena *arena = &reading->config->arena;
	struct config_limits *limits = find_limits(reading->config, section);

	if (!limits)
		return wrong(reading, arena_printf(arena, "[%s]: nobody is called so", section));
	for (int i = 0; i < QUOTA_RESOURCES; i++)
		if (streq(name, limit_names[i]))
			return read_limit(limits, (enum quota_resource)i, value)
				       ? 1
				       : wrong(reading, arena_printf(arena,
								"\"%s\" is no value for %s=", value,
								name));
	return wrong(reading, arena_printf(arena, "no setting %s= in [%s]", name, section));
}

/* For inih: 1 is right, 0 is wrong. */
static int on_setting(void *userdata, const char *section, const char *name, const char *value)
{
	struct reading *reading = userdata;
	struct arena *arena = &reading->config->arena;

	if (streq(section, "Limits") || after(section, "Limits "))
		return on_limit(reading, section, name, value);
	for (size_t i = 0; i < lengthof(settings); i++) {
		if (!streq(section, settings[i].section) || !streq(name, settings[i].name))
			continue;
		if (settings[i].read(reading->config, value))
			return 1;
		return wrong(
			reading, arena_printf(arena, "\"%s\" is no value for %s=", value, name));
	}
	return wrong(reading, arena_printf(arena, "no setting %s= in [%s]", name, section));
}

static int load_file(struct config *config, const char *path, const char **reterr)
{
	struct reading reading = { .config = config };
	FILE *file = fopen(path, "re");
	int line = 0, error = file ? 0 : errno;

	if (error == ENOENT)
		return 0;
	if (file) {
		line = ini_parse_file(file, on_setting, &reading);
		/* To inih that is the end of the file. */
		error = ferror(file) ? errno : 0;
		(void)fclose(file);
	}
	if (line == 0 && error == 0)
		return 0;
	if (error != 0) {
		*reterr = arena_printf(&config->arena, "%s: %s", path, strerror(error));
		return error == EISDIR || error == ELOOP || error == ENOTDIR ? -EINVAL : -error;
	}
	*reterr = arena_printf(&config->arena, "%s:%d: %s", path, line,
		reading.error ? reading.error : "neither [section] nor name=value");
	return -EINVAL;
}

/* What a member has where nothing else is said. */
static const struct config_limits limits_default = {
	.whom = CONFIG_EVERYONE,
	.section = "Limits",
	.is_set = { true, true, true, true, true },
	.of = {
		[QUOTA_NAMESPACES] = 16,
		[QUOTA_NETWORKS] = 4,
		[QUOTA_ATTACHMENTS] = 64,
		[QUOTA_PORTS] = 8,
		[QUOTA_CONNECTIONS] = 32,
	},
};

static gid_t find_group(const char *name)
{
	const struct group *group = getgrnam(name);

	return group ? group->gr_gid : (gid_t)-1;
}

/* A directory that is there and cannot be read may hold limits. */
static int on_glob_error(const char *path, int error)
{
	(void)path;
	return error != ENOENT && error != ENOTDIR;
}

static int load_further(struct config *config, const char *path, const char **reterr)
{
	const char *pattern = arena_printf(&config->arena, "%s.d/*.conf", path);
	glob_t found = { 0 };
	int r = 0;

	errno = 0;
	switch (glob(pattern, 0, on_glob_error, &found)) {
	case 0:
		for (size_t i = 0; r == 0 && i < found.gl_pathc; i++)
			r = load_file(config, found.gl_pathv[i], reterr);
		break;
	case GLOB_NOMATCH:
		break;
	default:
		r = errno > 0 ? -errno : -ENOMEM;
		*reterr = arena_printf(&config->arena, "%s: %s", pattern, strerror(-r));
	}
	globfree(&found);
	return r;
}

int config_load(const char *path, struct config *ret, const char **reterr)
{
	int r;

	*ret = (struct config){
		.log_level = LOG_INFO,
		.control_group = "nsnet",
		.administrator_group = "nsnet-admin",
		.first_port = PUBLISH_FIRST_DEFAULT,
		.last_port = PUBLISH_LAST_DEFAULT,
		.may_members_make_networks = true,
		.raises_neighbours = true,
		/* Not "route": what is on such a network is seen, and to be got at, from beyond the host. */
		.may_reach = { [NSNET_REACH_NAT] = true, [NSNET_REACH_INTERNAL] = true },
		.lowest_port = LOWEST_PORT_DEFAULT,
		.spares_each = SPARES_EACH_DEFAULT,
		.spares_total = SPARES_TOTAL_DEFAULT,
	};
	ret->limits = arena_array(&ret->arena, LIMITS_MAX, sizeof(*ret->limits));
	ret->limits[ret->n_limits++] = limits_default;
	if (!read_pool(ret, POOL_DEFAULT) || !read_member_pool(ret, MEMBER_POOL_DEFAULT))
		abort();
	r = load_file(ret, path, reterr);
	if (r == 0)
		r = load_further(ret, path, reterr);
	ret->control_gid = find_group(ret->control_group);
	ret->administrator_gid = find_group(ret->administrator_group);
	return r;
}

void config_done(struct config *config)
{
	arena_done(&config->arena);
}

/* By the file itself: the name services may be a network away, and all other callers would wait. */
static gid_t account_group(uid_t uid, gid_t otherwise)
{
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *user;
	gid_t gid = otherwise;

	while (file && (user = fgetpwent(file)))
		if (user->pw_uid == uid) {
			gid = user->pw_gid;
			break;
		}
	if (file)
		(void)fclose(file);
	return gid;
}

gid_t config_group_of(const struct config *config, uid_t uid, gid_t gid)
{
	gid_t own = account_group(uid, gid);

	return own == config->control_gid || own == config->administrator_gid ? GID_NOBODY : own;
}

static bool is_for(const struct config_limits *limits, enum config_whom whom, uid_t uid,
	const gid_t *groups, size_t n_groups)
{
	if (limits->whom != whom)
		return false;
	if (whom == CONFIG_USER)
		return limits->uid == uid;
	for (size_t i = 0; whom == CONFIG_GROUP && i < n_groups; i++)
		if (groups[i] == limits->gid)
			return true;
	return whom == CONFIG_EVERYONE;
}

void config_limits_of(const struct config *config, uid_t uid, const gid_t *groups, size_t n_groups,
	struct quota_limits *ret)
{
	static const enum config_whom order[] = { CONFIG_EVERYONE, CONFIG_GROUP, CONFIG_USER };

	for (size_t o = 0; o < lengthof(order); o++)
		for (size_t i = 0; i < config->n_limits; i++) {
			const struct config_limits *limits = &config->limits[i];

			if (!is_for(limits, order[o], uid, groups, n_groups))
				continue;
			for (int r = 0; r < QUOTA_RESOURCES; r++)
				if (limits->is_set[r])
					ret->of[r] = limits->of[r];
		}
}
