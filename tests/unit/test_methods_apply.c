/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_methods_apply - topologies: what differs is done, all or nothing, and a rehearsal does nothing
 */
#include <stdio.h>

#include "apply.h"
#include "methods_world.h"

#define NETWORKS \
	"\"networks\":{\"red\":{\"prefixes\":[\"10.1.0.0/24\"],\"gateways\":[]}," \
	"\"green\":{\"prefixes\":[\"10.2.0.0/24\"],\"gateways\":[]}," \
	"\"blue\":{\"prefixes\":[\"10.3.0.0/24\"]}}"
#define ROUTER \
	"\"router\":{\"attachments\":[{\"network\":\"red\",\"addresses\":[\"10.1.0.1\"]}," \
	"{\"network\":\"green\",\"addresses\":[\"10.2.0.1\"]}],\"sysctls\":{\"net.ipv4.ip_forward\":\"1\"}}"
#define A "\"a\":{\"attachments\":[{\"network\":\"red\"}]}"
#define B \
	"\"b\":{\"attachments\":[{\"network\":\"blue\"}],\"ports\":[{\"protocol\":\"tcp\",\"namespacePort\":80,\"hostPort\":8080}]}"
#define LAB "{" NETWORKS ",\"namespaces\":{" ROUTER "," A "," B "}}"

static const char *picture(struct world *world)
{
	return fake_picture(world->kernel, &world->arena);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* A link that comes back has another name on the host: those are numbered, and none is used again soon. */
static const char *picture_without_numbers(struct world *world)
{
	char *text = arena_strdup(&world->arena, picture(world)), *rest = text;
	const char *lines[1024], *all = "";
	size_t n = 0;

	for (char *line; (line = strsep(&rest, "\n")) && n < lengthof(lines); n++) {
		char *name = strstr(line, "nsv");

		lines[n] = line;
		if (name)
			memmove(name + 3, name + 3 + strspn(name + 3, "0123456789"),
				strlen(name + 3 + strspn(name + 3, "0123456789")) + 1);
	}
	qsort(lines, n, sizeof(*lines), compare_lines);
	for (size_t i = 0; i < n; i++)
		all = arena_printf(&world->arena, "%s%s\n", all, lines[i]);
	return all;
}

static const char *apply(struct world *world, const char *parameters)
{
	return world_ask_as(world, 0, 0,
		arena_printf(&world->arena, "{\"method\":\"alt.nsnet.Apply\",\"parameters\":%s}",
			parameters));
}

static void test_makes(void **state)
{
	struct world *world = *state;
	const char *told = apply(world, LAB);

	/* Of the last of three no other one follows. */
	assert_int_equal(fake_followed(world->kernel), 2);
	assert_has(told, "{\"action\":\"create\",\"network\":\"red\"}");
	assert_has(told, "{\"action\":\"create\",\"namespace\":\"router\"}");
	assert_int_equal(world->registry.n_networks, 3);
	assert_int_equal(world->registry.n_namespaces, 3);
	assert_has(picture(world), "address router eth1 10.2.0.1/24");
	assert_has(picture(world), "port tcp 0.0.0.0 8080 10.3.0.2 80");
}

static void test_nothing_differs(void **state)
{
	struct world *world = *state;
	const char *before;

	(void)apply(world, LAB);
	before = picture(world);
	fake_clear(world->kernel);
	assert_has(apply(world, LAB), "{\"changes\":[]}");
	assert_int_equal(fake_steps(world->kernel), 0);
	assert_string_equal(picture(world), before);
	assert_int_equal(registry_find_namespace(&world->registry, "a")->told.runtime.revision, 1);
}

/* What List tells is what Apply takes. */
static void test_own_words(void **state)
{
	struct world *world = *state;
	const char *text;

	(void)apply(world, LAB);
	text = codec_encode(&nsnet_namespace_context_type,
		&registry_find_namespace(&world->registry, "router")->told.context, &world->arena);
	fake_clear(world->kernel);
	assert_has(
		apply(world, arena_printf(&world->arena, "{\"namespaces\":{\"router\":%s}}", text)),
		"{\"changes\":[]}");
	assert_int_equal(fake_steps(world->kernel), 0);
}

static void test_changes_what_differs(void **state)
{
	struct world *world = *state;

	(void)apply(world, LAB);
	fake_clear(world->kernel);
	assert_has(apply(world, "{\"networks\":{\"red\":{\"isolated\":true},\"green\":{}},"
				"\"namespaces\":{\"b\":{\"ports\":[]},\"a\":{}}}"),
		"{\"changes\":[{\"action\":\"update\",\"network\":\"red\",\"fields\":[\"isolated\"]},"
		"{\"action\":\"update\",\"namespace\":\"b\",\"fields\":[\"ports\"]}]}");
	assert_has_not(picture(world), "port tcp");
	assert_int_equal(
		registry_find_network(&world->registry, "green")->told.runtime.revision, 1);
	assert_int_equal(registry_find_namespace(&world->registry, "b")->told.runtime.revision, 2);
}

/* Each step of each type failing in turn, and at last none. */
static void test_each_step_fails(void **state)
{
	static const char *const second =
		"{\"networks\":{\"red\":{\"isolated\":true},\"new\":{}},\"prune\":true,\"namespaces\":{"
		"\"a\":{\"attachments\":[{\"network\":\"blue\"}],\"description\":\"x\"}," ROUTER
		"," B ",\"d\":{},\"e\":{\"attachments\":[{\"network\":\"new\"}]}}}";
	struct world *world = *state;
	unsigned failures = 0;
	const char *before;

	(void)apply(world, LAB);
	before = picture_without_numbers(world);
	for (int type = 0; type < STEP_TYPES; type++)
		for (unsigned skip = 0;; skip++) {
			const char *told;

			fake_fail_at(world->kernel, (enum step_type)type, skip, EIO, "no");
			told = apply(world, second);
			fake_fail_at(world->kernel, STEP_TYPES, 0, 0, NULL);
			if (!strstr(told, "\"error\"")) {
				/* None was left to fail: all of it is there. Back to the beginning. */
				assert_has(told, "\"changes\"");
				told = apply(
					world, "{" NETWORKS ",\"prune\":true,\"namespaces\":{}}");
				assert_has(told, "\"changes\"");
				(void)apply(world, "{\"networks\":{},\"prune\":true}");
				assert_string_equal(picture(world), "");
				(void)apply(world, LAB);
				before = picture_without_numbers(world);
				break;
			}
			assert_has(told, "KernelError");
			failures++;
			if (!streq(picture_without_numbers(world), before)) {
				(void)fprintf(stderr, "BEFORE\n%sAFTER\n%sEND\n", before,
					picture_without_numbers(world));
				fail_msg("step %d, the %u.: %s", type, skip, told);
			}
		}
	assert_true(failures > 60);
}

static void test_wrong_field(void **state)
{
	struct world *world = *state;

	assert_has(
		apply(world,
			"{\"networks\":{\"n\":{}},\"namespaces\":{\"b\":{},\"x\":{\"attachments\":"
			"[{\"network\":\"n\",\"addresses\":[\"no\"]}]}}}"),
		"\"parameter\":\"namespaces.x.attachments[0].addresses[0]\"");
	assert_string_equal(picture(world), "");
	assert_has(apply(world, "{\"networks\":{\"..\":{}}}"), "\"parameter\":\"networks...\"");
	assert_has(
		apply(world,
			"{\"namespaces\":{\"x\":{\"attachments\":[{\"network\":\"nowhere\"}]}}}"),
		"NoSuchNetwork");
	assert_string_equal(picture(world), "");
}

/* The network that has no such address is gone when that is told. */
static void test_fault_outlives_object(void **state)
{
	static const char *const options[] = { "", ",\"dryRun\":true" };
	struct world *world = *state;

	for (size_t i = 0; i < lengthof(options); i++)
		assert_has(
			apply(world,
				arena_printf(&world->arena,
					"{\"networks\":{\"new\":{}},\"namespaces\":{\"d\":{\"attachments\":["
					"{\"network\":\"new\",\"addresses\":[\"192.0.2.1\"]}]}}%s}",
					options[i])),
			"\"alt.nsnet.AddressUnavailable\",\"parameters\":{\"network\":\"new\",\"address\":\"192.0.2.1\"}");
	assert_int_equal(world->registry.n_networks, 0);
}

static void test_rehearsal(void **state)
{
	struct world *world = *state;
	const char *told, *before;

	told = apply(
		world, "{" NETWORKS ",\"namespaces\":{" ROUTER "," A "," B "},\"dryRun\":true}");
	assert_has(told, "{\"action\":\"create\",\"namespace\":\"router\",\"steps\":[");
	assert_has(told, "ip -n router address add 10.1.0.1/24 dev eth0");
	assert_string_equal(picture(world), "");
	assert_int_equal(world->registry.n_networks + world->registry.n_namespaces, 0);
	assert_null(world->registry.users);
	(void)apply(world, LAB);
	before = picture(world);
	fake_clear(world->kernel);
	told = apply(world,
		"{\"networks\":{\"red\":{\"isolated\":true},\"blue\":{\"maximumTransmissionUnit\":1400}},"
		"\"namespaces\":{\"a\":{\"attachments\":[]},\"z\":{}},\"prune\":true,\"dryRun\":true}");
	assert_has(told, "\"action\":\"delete\",\"namespace\":\"b\"");
	assert_has(told, "\"action\":\"update\",\"namespace\":\"a\",\"fields\":[\"attachments\"]");
	assert_has(told, "\"action\":\"create\",\"namespace\":\"z\"");
	assert_string_equal(picture(world), before);
	assert_int_equal(fake_steps(world->kernel), 0);
	assert_has(apply(world, LAB), "{\"changes\":[]}");
	/* And what it said is what is done then. */
	told = apply(world,
		"{\"namespaces\":{\"z\":{\"attachments\":[{\"network\":\"gone\"}]}},\"dryRun\":true}");
	assert_has(told, "NoSuchNetwork");
}

static void test_prune(void **state)
{
	struct world *world = *state;

	(void)apply(world, LAB);
	(void)world_ask_as(world, 1000, 0,
		"{\"method\":\"alt.nsnet.CreateNamespace\",\"parameters\":{\"name\":\"his\"}}");
	assert_has(apply(world, "{\"namespaces\":{" A "},\"prune\":true}"),
		"{\"action\":\"delete\",\"namespace\":\"b\"}");
	/* What a namespace stays on stays, and so does what others are on. */
	assert_non_null(registry_find_network(&world->registry, "red"));
	assert_non_null(registry_find_network(&world->registry, "default"));
	assert_null(registry_find_network(&world->registry, "green"));
	assert_non_null(registry_find_namespace(&world->registry, "his"));
	fake_set_processes(world->kernel, 2);
	assert_has(apply(world, "{\"namespaces\":{\"new\":{}},\"prune\":true}"), "NamespaceBusy");
	assert_null(registry_find_namespace(&world->registry, "new"));
	assert_has(apply(world, "{\"namespaces\":{\"new\":{}},\"prune\":true,\"kill\":true}"),
		"{\"action\":\"delete\",\"namespace\":\"a\"}");
}

#define LEFT "\"namespaces\":{\"router\":{\"attachments\":[{\"network\":\"red\"}]}},\"prune\":true"

/* A network that a namespace of the file leaves is in use no more. */
static void test_prune_left(void **state)
{
	struct world *world = *state;
	const char *told;

	(void)apply(world, LAB);
	told = apply(world, "{" LEFT ",\"dryRun\":true}");
	assert_has(told, "{\"action\":\"delete\",\"network\":\"green\"}");
	assert_int_equal(world->registry.n_networks, 3);
	told = apply(world, "{" LEFT "}");
	assert_has(told, "{\"action\":\"delete\",\"network\":\"green\"}");
	assert_null(registry_find_network(&world->registry, "green"));
	assert_null(registry_find_network(&world->registry, "blue"));
	assert_non_null(registry_find_network(&world->registry, "red"));
}

static const char *as(struct world *world, uid_t uid, const char *parameters)
{
	return world_ask_as(world, uid, 0,
		arena_printf(&world->arena, "{\"method\":\"alt.nsnet.Apply\",\"parameters\":%s}",
			parameters));
}

/* Nobody gets more by it than by himself. */
static void test_members(void **state)
{
	struct world *world = *state;
	const char *before;

	(void)apply(world, LAB);
	before = picture(world);
	assert_has(as(world, 1000,
			   "{\"namespaces\":{\"mine\":{\"attachments\":[]},\"a\":{\"ports\":[]}}}"),
		"NamespaceExists");
	assert_string_equal(picture(world), before);
	assert_has(as(world, 1000, "{\"namespaces\":{\"m1\":{},\"m2\":{},\"m3\":{},\"m4\":{}}}"),
		"QuotaExceeded");
	assert_string_equal(picture(world), before);
	assert_has(as(world, 1000, "{\"networks\":{\"red\":{\"isolated\":true}}}"),
		"PermissionDenied");
	assert_has(as(world, 1000, "{\"namespaces\":{\"m1\":{\"links\":[\"wg0\"]}}}"),
		"PermissionDenied");
	assert_has(as(world, 1000, "{\"namespaces\":{},\"prune\":true}"), "{\"changes\":[]}");
	assert_string_equal(picture(world), before);
}

/* Longer than a turn. */

static const char *many(struct world *world, unsigned n)
{
	const char *text = "";

	for (unsigned i = 0; i < n; i++)
		text = arena_printf(&world->arena, "%s%s\"m%u\":{}", text, i ? "," : "", i);
	return arena_printf(&world->arena,
		"{\"method\":\"alt.nsnet.Apply\",\"more\":true,\"parameters\":{\"namespaces\":{%s}}}",
		text);
}

static void begin(struct world *world, const char *frame)
{
	world->watcher = (struct peer){ .uid = 0 };
	assert_int_equal(dispatch_frame(&world->dispatch,
				 &(struct dispatch_client){ .peer = &world->watcher,
					 .out = &world->heard,
					 .subscription = &world->subscription },
				 frame, strlen(frame)),
		0);
	assert_int_equal(world->works, 1);
	assert_true(world->subscription.is_open);
}

static void test_long(void **state)
{
	struct world *world = *state;
	const char *told;
	unsigned turns = 0;

	begin(world, many(world, 300));
	/* Others are served between. */
	assert_has(world_ask(world, "CreateNamespace", "{\"name\":\"between\"}"), "\"runtime\"");
	while (applies_work(&world->context))
		turns++;
	told = world_heard(world);
	assert_has(told, "{\"action\":\"create\",\"namespace\":\"m0\"}");
	assert_has(told, "{\"action\":\"create\",\"namespace\":\"m299\"}");
	assert_has(told, "\n{\"parameters\":{\"changes\":[]}}\n");
	assert_false(world->subscription.is_open);
	assert_int_equal(world->registry.n_namespaces, 301);
	assert_true(turns > 0);
}

static void test_client_goes(void **state)
{
	struct world *world = *state;

	begin(world, many(world, 300));
	assert_true(world->registry.n_namespaces > 0);
	subscription_done(&world->subscription);
	while (applies_work(&world->context))
		;
	assert_int_equal(world->registry.n_namespaces, 0);
	assert_string_equal(picture(world), "");
}

/* The daemon's end does not come between. */
static void test_stop(void **state)
{
	struct world *world = *state;

	begin(world, many(world, 300));
	applies_finish(&world->context);
	assert_int_equal(world->registry.n_namespaces, 300);
	assert_has(world_heard(world), "\n{\"parameters\":{\"changes\":[]}}\n");
}

/* Somebody takes a name that was free. */
static void test_overtaken(void **state)
{
	struct world *world = *state;
	const char *told;

	begin(world, many(world, 300));
	assert_has(world_ask(world, "CreateNamespace", "{\"name\":\"m299\"}"), "\"runtime\"");
	while (applies_work(&world->context))
		;
	told = world_heard(world);
	assert_has(told, "NamespaceExists");
	assert_int_equal(world->registry.n_namespaces, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_makes, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_nothing_differs, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_own_words, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_changes_what_differs, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_each_step_fails, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_wrong_field, world_open, world_close),
		cmocka_unit_test_setup_teardown(
			test_fault_outlives_object, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_rehearsal, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_prune, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_prune_left, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_members, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_long, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_client_goes, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_stop, world_open, world_close),
		cmocka_unit_test_setup_teardown(test_overtaken, world_open, world_close),
	};

	return cmocka_run_group_tests_name("methods_apply", tests, NULL, NULL);
}
