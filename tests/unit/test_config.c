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
	assert_int_equal(config.first_port, 20000);
	assert_int_equal(config.last_port, 29999);
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
		{ "[Limits]\nNamespaces=many\n", ":2: \"many\" is no value for Namespaces=" },
		{ "[Limits]\nNamespaces=-1\n", ":2: \"-1\" is no value for Namespaces=" },
		{ "[Limits]\nCamels=1\n", ":2: no setting Camels= in [Limits]" },
		{ "[Limits no-such-user]\nNamespaces=1\n",
			":2: [Limits no-such-user]: nobody is called so" },
		{ "[Limits]\nPorts=65536\n", ":2: \"65536\" is no value for Ports=" },
		{ "[Network]\nPublishRange=20000\n",
			":2: \"20000\" is no value for PublishRange=" },
		{ "[Network]\nPublishRange=\n", ":2: \"\" is no value for PublishRange=" },
		{ "[Network]\nPublishRange=-20000\n",
			":2: \"-20000\" is no value for PublishRange=" },
		{ "[Network]\nPublishRange=20000-\n",
			":2: \"20000-\" is no value for PublishRange=" },
		{ "[Network]\nPublishRange=0-9\n", ":2: \"0-9\" is no value for PublishRange=" },
		{ "[Network]\nPublishRange=9-8\n", ":2: \"9-8\" is no value for PublishRange=" },
		{ "[Network]\nPublishRange=1-65536\n",
			":2: \"1-65536\" is no value for PublishRange=" },
		{ "[Network]\nPublishRange=1-2-3\n",
			":2: \"1-2-3\" is no value for PublishRange=" },
		{ "[Network]\nPublishRange=1 - 2\n",
			":2: \"1 - 2\" is no value for PublishRange=" },
		{ "[Policy]\nPublishRange=1-2\n", ":2: no setting PublishRange= in [Policy]" },
		{ "[Policy]\nLowestPort=-1\n", ":2: \"-1\" is no value for LowestPort=" },
		{ "[Policy]\nLowestPort=65536\n", ":2: \"65536\" is no value for LowestPort=" },
		{ "[Policy]\nLowestPort=\n", ":2: \"\" is no value for LowestPort=" },
		{ "[Policy]\nLowestPort=http\n", ":2: \"http\" is no value for LowestPort=" },
		{ "[Pool]\nPoolSize=-1\n", ":2: \"-1\" is no value for PoolSize=" },
		{ "[Pool]\nPoolSize=1025\n", ":2: \"1025\" is no value for PoolSize=" },
		{ "[Pool]\nPoolSize=\n", ":2: \"\" is no value for PoolSize=" },
		{ "[Pool]\nPoolTotal=many\n", ":2: \"many\" is no value for PoolTotal=" },
		{ "[Pool]\nSize=1\n", ":2: no setting Size= in [Pool]" },
		{ "[Policy]\nReaches=nat moon\n", ":2: \"nat moon\" is no value for Reaches=" },
		{ "[Policy]\nReaches=NAT\n", ":2: \"NAT\" is no value for Reaches=" },
		{ "[Policy]\nReaches=\n", ":2: \"\" is no value for Reaches=" },
		{ "[Policy]\nExecuteNewPrivileges=auto\n",
			":2: \"auto\" is no value for ExecuteNewPrivileges=" },
		{ "[Policy]\nAllowOwned=maybe\n", ":2: \"maybe\" is no value for AllowOwned=" },
		{ "[Policy]\nMemberNetworks=1\n", ":2: \"1\" is no value for MemberNetworks=" },
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

static unsigned limit_of(
	const struct config *config, uid_t uid, gid_t gid, enum quota_resource resource)
{
	struct quota_limits limits;

	config_limits_of(config, uid, &gid, 1, &limits);
	return limits.of[resource];
}

/* Everyone's, over them a group's, over them a user's own; names are looked up when the file is read. */
static void test_limits(void **state)
{
	struct world *world = *state;
	struct config config;
	const char *wrong = NULL;

	put(world, "", "[Limits daemon]\nNamespaces=7\n[Limits]\nNamespaces=1\nNetworks=0\n");
	put(world, ".d/10.conf", "[Limits @adm]\nNamespaces=unlimited\nConnections=3\nPorts=2\n");
	assert_int_equal(config_load(world->path, &config, &wrong), 0);
	assert_int_equal(limit_of(&config, 1000, 1000, QUOTA_NAMESPACES), 1);
	assert_int_equal(limit_of(&config, 1000, 1000, QUOTA_NETWORKS), 0);
	assert_int_equal(limit_of(&config, 1000, 1000, QUOTA_ATTACHMENTS), 64);
	assert_int_equal(limit_of(&config, 1000, 1000, QUOTA_PORTS), 8);
	assert_int_equal(limit_of(&config, 1000, 1000, QUOTA_CONNECTIONS), 32);
	assert_int_equal(limit_of(&config, 1000, 4, QUOTA_PORTS), 2);
	assert_int_equal(limit_of(&config, 1000, 4, QUOTA_NAMESPACES), QUOTA_NONE);
	assert_int_equal(limit_of(&config, 1000, 4, QUOTA_CONNECTIONS), 3);
	assert_int_equal(limit_of(&config, 1, 4, QUOTA_NAMESPACES), 7); /* daemon is 1, adm is 4 */
	assert_int_equal(limit_of(&config, 1, 4, QUOTA_CONNECTIONS), 3);
	config_done(&config);
}

/* daemon is 1 and its account's group 1, adm is 4; nobody has the uid 4000000000. */
static void test_groups(void **state)
{
	struct world *world = *state;
	struct config config;
	const char *wrong = NULL;

	put(world, "", "[Daemon]\nControlGroup=no-such-group\nAdministratorGroup=adm\n");
	assert_int_equal(config_load(world->path, &config, &wrong), 0);
	assert_int_equal(config_group_of(&config, 1, 1), 1);
	assert_int_equal(config_group_of(&config, 1, 4), 1);
	assert_int_equal(config_group_of(&config, 4000000000, 2001), 2001);
	assert_int_equal(config_group_of(&config, 4000000000, 4), 65534);
	config_done(&config);
	put(world, "", "[Daemon]\nControlGroup=daemon\nAdministratorGroup=no-such-group\n");
	assert_int_equal(config_load(world->path, &config, &wrong), 0);
	assert_int_equal(config_group_of(&config, 1, 1), 65534);
	assert_int_equal(config_group_of(&config, 1, 100), 65534);
	assert_int_equal(config_group_of(&config, 4000000000, 4), 4);
	config_done(&config);
}

static void test_policy(void **state)
{
	struct world *world = *state;
	struct config config;
	const char *wrong = NULL;

	assert_int_equal(config_load(world->path, &config, &wrong), 0);
	assert_int_equal(config.owned, CONFIG_OWNED_AUTO);
	assert_true(config.may_members_make_networks);
	assert_true(config.raises_neighbours);
	assert_int_equal(config.n_member_pool, 4);
	config_done(&config);
	put(world, "",
		"[Network]\nRaiseNeighbourLimits=no\n[Policy]\nAllowOwned=no\nMemberNetworks=no\nMemberPrefixPool=10.0.0.0/8 fd00::/8\n");
	assert_int_equal(config_load(world->path, &config, &wrong), 0);
	assert_int_equal(config.owned, CONFIG_OWNED_NO);
	assert_false(config.may_members_make_networks);
	assert_false(config.raises_neighbours);
	assert_int_equal(config.n_member_pool, 2);
	config_done(&config);
}

static void test_reaches(void **state)
{
	static const struct {
		const char *text;
		bool nat, route, internal;
	} rows[] = {
		{ "", true, false, true },
		{ "[Policy]\nReaches=internal\n", false, false, true },
		{ "[Policy]\nReaches=route, nat\n", true, true, false },
		{ "[Policy]\nReaches=nat internal route nat\n", true, true, true },
		/* What comes later stands alone. */
		{ "[Policy]\nReaches=nat internal route\nReaches=route\n", false, true, false },
	};
	struct world *world = *state;

	for (size_t i = 0; i < lengthof(rows); i++) {
		struct config config;
		const char *wrong = NULL;

		put(world, "", rows[i].text);
		assert_int_equal(config_load(world->path, &config, &wrong), 0);
		assert_false(config.may_reach[NSNET_REACH_UNSET]);
		assert_int_equal(config.may_reach[NSNET_REACH_NAT], rows[i].nat);
		assert_int_equal(config.may_reach[NSNET_REACH_ROUTE], rows[i].route);
		assert_int_equal(config.may_reach[NSNET_REACH_INTERNAL], rows[i].internal);
		config_done(&config);
	}
}

static void test_ports(void **state)
{
	struct world *world = *state;
	struct config config;
	const char *wrong = NULL;

	assert_int_equal(config_load(world->path, &config, &wrong), 0);
	assert_int_equal(config.lowest_port, 1024);
	config_done(&config);
	put(world, "", "[Policy]\nLowestPort=0\n[Network]\nPublishRange=1-65535\n");
	assert_int_equal(config_load(world->path, &config, &wrong), 0);
	assert_int_equal(config.lowest_port, 0);
	assert_int_equal(config.first_port, 1);
	assert_int_equal(config.last_port, 65535);
	config_done(&config);
	put(world, ".d/10.conf", "[Policy]\nLowestPort=65535\n[Network]\nPublishRange=80-80\n");
	assert_int_equal(config_load(world->path, &config, &wrong), 0);
	assert_int_equal(config.lowest_port, 65535);
	assert_int_equal(config.first_port, 80);
	assert_int_equal(config.last_port, 80);
	config_done(&config);
}

static void test_pool(void **state)
{
	struct world *world = *state;
	struct config config;
	const char *wrong = NULL;

	assert_int_equal(config_load(world->path, &config, &wrong), 0);
	assert_int_equal(config.spares_each, 8);
	assert_int_equal(config.spares_total, 64);
	config_done(&config);
	put(world, "", "[Pool]\nPoolSize=0\nPoolTotal=1024\n");
	assert_int_equal(config_load(world->path, &config, &wrong), 0);
	assert_int_equal(config.spares_each, 0);
	assert_int_equal(config.spares_total, 1024);
	config_done(&config);
}

#define test(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_defaults),
		test(test_later_wins),
		test(test_wrong_lines),
		test(test_limits),
		test(test_groups),
		test(test_policy),
		test(test_reaches),
		test(test_ports),
		test(test_pool),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
