/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_calls - each system call of a request fails in turn: an error is told and all is as before, or it is done all the same; and
 * what was made goes, with nothing left
 */
#include <dirent.h>
#include <net/if.h>
#include <stdio.h>
#include <time.h>

#include "deletion.h"
#include "failing_calls.h"
#include "log.h"
#include "methods_world.h"
#include "sandbox.h"

#define MEMBER  1001U
#define SECONDS 10

static const char make_network[] =
	"{\"name\":\"net\",\"context\":{\"prefixes\":[\"10.7.0.0/24\",\"fd00:7::/64\"]}}";
static const char make_kept[] =
	"{\"name\":\"kept\",\"context\":{\"persistent\":true,\"reach\":\"internal\",\"isolated\":true,"
	"\"prefixes\":[\"10.8.0.0/24\"]}}";
#define ON_NET \
	"\"attachments\":[{\"network\":\"net\",\"shaping\":{\"sendRate\":20000000,\"receiveRate\":10000000}}]"
#define MUCH \
	ON_NET ",\"ports\":[{\"protocol\":\"tcp\",\"namespacePort\":80,\"hostPort\":8080}]," \
	       "\"routes\":[{\"destination\":\"198.51.100.0/24\",\"gateway\":\"10.7.0.77\"}]," \
	       "\"sysctls\":{\"net.ipv4.ip_forward\":\"1\"},\"nameServers\":[\"192.0.2.53\"]"
static const char make_namespace[] = "{\"name\":\"ns1\",\"context\":{" MUCH "}}";
static const char make_persistent[] =
	"{\"name\":\"ns1\",\"context\":{\"persistent\":true,\"attachments\":[{\"network\":\"kept\"}]}}";
static const char set_namespace[] =
	"{\"name\":\"ns1\",\"context\":{\"attachments\":[{\"network\":\"net\",\"addresses\":[\"10.7.0.99\"]}],"
	"\"ports\":[],\"sysctls\":{\"net.ipv4.conf.all.rp_filter\":\"1\"},\"routes\":[]}}";
static const char set_network[] =
	"{\"name\":\"net\",\"context\":{\"reach\":\"internal\",\"isolated\":true,\"maximumTransmissionUnit\":1400}}";

struct request {
	uid_t uid;
	const char *method, *parameters;
};

/* What is there before, the request that is hit, and what takes away what it has made. */
struct scenario {
	struct request first[3], hit, last[3];
	const char *only; /* that call; NULL: all */
};

static const char *ask(struct world *world, const struct request *request)
{
	return world_ask_as(world, request->uid, request->uid,
		arena_printf(&world->arena, "{\"method\":\"alt.nsnet.%s\",\"parameters\":%s}",
			request->method, request->parameters));
}

static void ask_all(struct world *world, const struct request *requests)
{
	for (size_t i = 0; i < 3 && requests[i].method; i++)
		assert_has_not(ask(world, &requests[i]), "\"error\"");
}

static const char *list(struct world *world, const char *path, const char *text)
{
	struct dirent **entries;
	int n = scandir(path, &entries, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		const char *below = arena_printf(&world->arena, "%s/%s", path, entries[i]->d_name);

		if (*entries[i]->d_name != '.') {
			text = arena_printf(&world->arena, "%s%s\n", text, below);
			if (entries[i]->d_type == DT_DIR)
				text = list(world, below, text);
		}
		free(entries[i]);
	}
	if (n >= 0)
		free(entries);
	return text;
}

static unsigned count_descriptors(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(directory);
	while (readdir(directory))
		n++;
	(void)closedir(directory);
	return n;
}

/* Links, names, mounts, files and how many descriptors: what can be seen at once. */
static const char *glance(struct world *world)
{
	struct if_nameindex *links = if_nameindex();
	FILE *mounts = fopen("/proc/self/mountinfo", "re");
	const char *text = "";
	char line[4096];

	assert_true(links && mounts);
	for (size_t i = 0; links[i].if_index; i++)
		text = arena_printf(&world->arena, "%s%s\n", text, links[i].if_name);
	if_freenameindex(links);
	while (fgets(line, sizeof(line), mounts))
		text = strstr(line, " /run/") ? arena_printf(&world->arena, "%s%s", text, line)
					      : text;
	assert_int_equal(fclose(mounts), 0);
	text = list(world, "/run/nsnetd", text);
	text = list(world, "/run/netns", text);
	text = list(world, "/var/lib/nsnetd", text);
	return arena_printf(&world->arena, "%s%u descriptors\n", text, count_descriptors());
}

/* And what takes longer. */
static const char *picture(struct world *world)
{
	return arena_printf(&world->arena, "%s%s%s", glance(world), sandbox_picture(&world->arena),
		sandbox_run(&world->arena, NULL, "nft list ruleset"));
}

/* The kernel takes apart in its own time. */
static void becomes(struct world *world, const char *(*look)(struct world *world),
	const char *wanted, const char *what)
{
	time_t end = time(NULL) + SECONDS;
	const char *now;

	for (;;) {
		(void)kernel_wait_departures(world->kernel, 2000);
		deletions_follow(&world->context);
		now = look(world);
		if (sandbox_is_same(wanted, now, end, what))
			return;
	}
}

/* False: it has not come to that call. */
static bool try(struct world *world, const struct scenario *scenario, const char *base,
	const char *call, unsigned number)
{
	const char *before, *reply,
		*what = arena_printf(
			&world->arena, "%s: %s %u", scenario->hit.method, call, number);
	bool has_failed;

	ask_all(world, scenario->first);
	before = glance(world);
	failing_calls_begin(call, number);
	reply = ask(world, &scenario->hit);
	has_failed = failing_calls_end();
	if (strstr(reply, "\"error\"")) {
		assert_true(has_failed);
		becomes(world, glance, before, arena_printf(&world->arena, "%s: %s", what, reply));
		assert_has_not(ask(world, &scenario->hit), "\"error\"");
	}
	ask_all(world, scenario->last);
	becomes(world, glance, base, what);
	arena_done(&world->arena);
	world->arena = (struct arena)ARENA_INIT;
	return has_failed;
}

static void each_call(struct world *world, const struct scenario *scenario)
{
	unsigned all = 0;
	char *base, *whole;

	/* What is opened at its first use is open. */
	ask_all(world, scenario->first);
	assert_has_not(ask(world, &scenario->hit), "\"error\"");
	ask_all(world, scenario->last);
	for (const char *last = NULL, *now = "";; last = now) {
		deletions_follow(&world->context);
		now = picture(world);
		if (last && streq(last, now))
			break;
		(void)usleep(300000);
	}
	base = strdup(glance(world));
	whole = strdup(picture(world));
	assert_true(base && whole);
	for (size_t i = 0; failing_calls[i]; i++) {
		unsigned number = 0;

		if (scenario->only && !streq(failing_calls[i], scenario->only))
			continue;
		while (try(world, scenario, base, failing_calls[i], number))
			number++;
		becomes(world, picture, whole, failing_calls[i]);
		all += number;
	}
	print_message("%s: %u calls\n", scenario->hit.method, all);
	assert_true(all >= (scenario->only ? 1 : 20));
	free(base);
	free(whole);
}

#define NETWORK \
	{ \
		0, "CreateNetwork", make_network \
	}
#define KEPT \
	{ \
		0, "CreateNetwork", make_kept \
	}
#define NAMESPACE \
	{ \
		0, "CreateNamespace", make_namespace \
	}
#define NO_NETWORK \
	{ \
		0, "DeleteNetworks", "{\"names\":[\"net\"]}" \
	}
#define NO_KEPT \
	{ \
		0, "DeleteNetworks", "{\"names\":[\"kept\"]}" \
	}
#define NO_NAMESPACE \
	{ \
		0, "DeleteNamespaces", "{\"names\":[\"ns1\"]}" \
	}

static void test_network(void **state)
{
	each_call(*state, &(struct scenario){ .hit = NETWORK, .last = { NO_NETWORK } });
}

static void test_namespace(void **state)
{
	each_call(*state, &(struct scenario){ .first = { NETWORK },
				  .hit = NAMESPACE,
				  .last = { NO_NAMESPACE, NO_NETWORK } });
}

static void test_persistent(void **state)
{
	each_call(*state, &(struct scenario){ .first = { KEPT },
				  .hit = { 0, "CreateNamespace", make_persistent },
				  .last = { NO_NAMESPACE, NO_KEPT } });
}

static void test_owned(void **state)
{
	each_call(*state,
		&(struct scenario){ .hit = { MEMBER, "CreateNamespace",
					    "{\"name\":\"ns1\",\"context\":{\"attachments\":[]}}" },
			.last = { NO_NAMESPACE } });
}

static void test_set_namespace(void **state)
{
	each_call(*state, &(struct scenario){ .first = { NETWORK, NAMESPACE },
				  .hit = { 0, "SetNamespace", set_namespace },
				  .last = { NO_NAMESPACE, NO_NETWORK } });
}

static void test_set_network(void **state)
{
	each_call(*state, &(struct scenario){ .first = { NETWORK, NAMESPACE },
				  .hit = { 0, "SetNetwork", set_network },
				  .last = { NO_NAMESPACE, NO_NETWORK } });
}

/* A deletion that is not on the disk is none, and what was deleted is there. */
static void test_delete(void **state)
{
	each_call(*state,
		&(struct scenario){ .first = { KEPT, { 0, "CreateNamespace", make_persistent } },
			.hit = NO_NAMESPACE,
			.last = { NO_KEPT },
			.only = "fsync" });
	each_call(
		*state, &(struct scenario){ .first = { KEPT },
				.hit = { 0, "SetNetwork",
					"{\"name\":\"kept\",\"context\":{\"persistent\":false}}" },
				.last = { NO_KEPT },
				.only = "fsync" });
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_network),
		TEST(test_namespace),
		TEST(test_persistent),
		TEST(test_owned),
		TEST(test_set_namespace),
		TEST(test_set_network),
		TEST(test_delete),
	};

	sandbox_enter();
	log_open(LOG_EMERG);
	if (!sandbox_does(
		    "ip link add up0 type veth peer name up1 && ip link set up0 up && ip link set up1 up && "
		    "ip addr add 192.0.2.1/24 dev up0 && ip route add default via 192.0.2.254"))
		return 1;
	return cmocka_run_group_tests_name("calls", tests, NULL, NULL);
}
