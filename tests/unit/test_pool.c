/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_pool - namespaces made ahead: what is taken is what would have been made
 */
#include "apply.h"
#include "pool_world.h"
#include "recover.h"
#include "refill.h"
#include "repair.h"

#include <stdio.h>

static void test_taken(void **state)
{
	static const char *const steps[] = { "touch state/namespaces/ns1.json",
		"# rename %0 to ns1", "# write ns1 in hosts/default", "mkdir etc/ns1",
		"ip netns attach ns1 $$" };
	struct world *world = *state;
	const char *text;

	pool_begin(world, 2);
	assert_has(world_ask(world, "Describe", "{}"), "\"spares\":2");
	assert_has(world_ask(world, "ListNetworks", "{}"), "\"attachments\":1");
	assert_has_not(world_ask(world, "ListNamespaces", "{}"), "%");
	assert_has(world_ask(world, "Describe", "{}"), "\"namespaces\":1,\"networks\":1,"
						       "\"attachments\":1");
	text = pool_create(world, CREATE("ns1"));
	assert_has(text, "\"10.203.0.3\"");
	assert_has(text, "\"hostInterfaces\":[\"nsv1\"]");
	assert_has(text, "\"revision\":1");
	assert_int_equal(fake_steps(world->kernel), lengthof(steps));
	for (size_t i = 0; i < lengthof(steps); i++)
		assert_string_equal(fake_step(world->kernel, i), steps[i]);
	assert_has(world_ask(world, "ListNetworks", "{}"), "\"attachments\":2");
	assert_has(world_ask(world, "Describe", "{}"), "\"namespaces\":2,\"networks\":1,"
						       "\"attachments\":2");
	assert_has(
		fake_read(world->kernel, "record namespaces/ns1"), "\"hostInterfaces\":[\"nsv1\"]");
	/* Its number of the kernel's is the spare's, and stands on record. */
	assert_has_not(fake_read(world->kernel, "record namespaces/ns1"), "\"inode\":0");
	assert_string_equal(fake_read(world->kernel, "link nsv1"), "nsnetd:%0/eth0");
	pool_fill(world);
	assert_string_equal(fake_read(world->kernel, "link nsv1"), "nsnetd:ns1/eth0");
	assert_int_equal(world->context.spares.n_labels, 0);
	assert_int_equal(pool_spares(world), 2);
	assert_has(world_ask(world, "DeleteNamespaces", "{\"names\":[\"first\",\"ns1\"]}"), "{}");
	assert_has(world_ask(world, "DeleteNetworks", "{\"names\":[\"default\"]}"), "{}");
	assert_int_equal(fake_things(world->kernel), 0);
	assert_int_equal(pool_spares(world), 0);
}

/* Without what is different in any case: the numbers of links and of the kernel. */
static const char *picture(struct world *world)
{
	char *text = arena_strdup(&world->arena, fake_picture(world->kernel, &world->arena));

	for (char *name = text; (name = strstr(name, "nsv")); name += 3)
		memmove(name + 3, name + 3 + strspn(name + 3, "0123456789"),
			strlen(name + 3 + strspn(name + 3, "0123456789")) + 1);
	return text;
}

#define WISHES_TAKEN 12U /* the others do not fit */

static const char *const wishes[] = {
	"",
	ON("default", ""),
	ON("default", ",\"interfaceName\":\"eth0\""),
	ON("default", ",\"addresses\":[\"10.203.0.3\"]"),
	ON("default", ",\"addresses\":[\"fd01:203:405::3\"]"),
	ON("default", ",\"shaping\":{\"sendRate\":1000000,\"delay\":2000}"),
	"\"ports\":[{\"protocol\":\"tcp\",\"namespacePort\":80}]",
	"\"sysctls\":{\"net.ipv4.ip_forward\":\"1\"}",
	"\"routes\":[{\"destination\":\"192.0.2.0/24\",\"gateway\":\"10.203.0.9\"}]",
	"\"nameServers\":[\"192.0.2.1\"],\"labels\":{\"a\":\"b\"},\"description\":\"text\"",
	"\"links\":[\"wg0\"]",
	"\"persistent\":true",
	/* The host's own way out is not the spare's. */
	"\"links\":[\"wg0\"],\"routes\":[{\"destination\":\"default\"}]",
	ON("default", ",\"hardwareAddress\":\"02:00:00:00:00:07\""),
	ON("default", ",\"interfaceName\":\"lan0\""),
	ON("default", ",\"addresses\":[\"10.203.0.77\"]"),
	ON("default", ",\"addresses\":[]"),
	"\"attachments\":[]",
	"\"attachments\":[{\"network\":\"default\"},{\"network\":\"default\"}]",
	ON("other", ""),
};

/* Whatever is wished for, it is the same from the pool and without it: in the kernel, on record, and in the answer. */
static const char *made(const char *wish, bool has_pool, uid_t uid, const char **ret_answer)
{
	struct world *world;
	const char *text;
	void *state;

	assert_int_equal(pool_open(&state), 0);
	world = state;
	if (!has_pool)
		world->context.spares.size = 0;
	fake_plant(world->kernel, "host wg0");
	(void)world_ask_as(world, uid, uid,
		"{\"method\":\"alt.nsnet.CreateNamespace\",\"parameters\":{\"name\":\"first\"}}");
	(void)world_ask(world, "CreateNetwork", "{\"name\":\"other\"}");
	pool_fill(world);
	assert_int_equal(pool_spares(world), has_pool ? 2 : 0);
	text = world_ask_as(world, uid, uid,
		arena_printf(&world->arena,
			"{\"method\":\"alt.nsnet.CreateNamespace\",\"parameters\":"
			"{\"name\":\"ns1\",\"context\":{%s}}}",
			wish));
	text = strstr(text, "\"context\"")
		       ? arena_strndup(&world->arena, text, strcspn(text, "}") + 1)
		       : text;
	*ret_answer = strdup(text);
	refill_end(&world->context);
	text = strdup(picture(world));
	assert_int_equal(world_close(&state), 0);
	return text;
}

static void test_same(void **state)
{
	(void)state;
	for (size_t i = 0; i < lengthof(wishes); i++)
		for (uid_t uid = 0; uid <= 1000; uid += 1000) {
			const char *answers[2], *pictures[2];

			pictures[0] = made(wishes[i], false, uid, &answers[0]);
			pictures[1] = made(wishes[i], true, uid, &answers[1]);
			/* The next address is chosen behind those of the spares. */
			if (i < WISHES_TAKEN) {
				assert_string_equal(pictures[1], pictures[0]);
				assert_string_equal(answers[1], answers[0]);
			}
			for (size_t j = 0; j < 2; j++) {
				free((void *)answers[j]);
				free((void *)pictures[j]);
			}
		}
}

/* Which of them are taken, and which are not. */
static void test_fits(void **state)
{
	(void)state;
	for (size_t i = 0; i < lengthof(wishes); i++) {
		struct world *world;
		void *own;

		assert_int_equal(pool_open(&own), 0);
		world = own;
		fake_plant(world->kernel, "host wg0");
		pool_begin(world, 2);
		(void)world_ask(world, "CreateNetwork", "{\"name\":\"other\"}");
		fake_clear(world->kernel);
		(void)pool_create(world, arena_printf(&world->arena,
						 "{\"name\":\"ns1\",\"context\":{%s}}", wishes[i]));
		if (i < WISHES_TAKEN)
			pool_assert_taken(world);
		else
			pool_assert_cold(world);
		assert_int_equal(world_close(&own), 0);
	}
}

/* Somebody else's are not for him; nor are they told to him. */
static void test_owners(void **state)
{
	static const char member[] =
		"{\"method\":\"alt.nsnet.CreateNamespace\",\"parameters\":{\"name\":\"%s\"}}";
	struct world *world = *state;
	const char *text;

	pool_begin(world, 2);
	text = world_ask_as(world, 1000, 1000, arena_printf(&world->arena, member, "a"));
	assert_has(text, "\"uid\":1000");
	pool_assert_cold(world);
	pool_fill(world);
	assert_int_equal(pool_spares(world), 4);
	text = world_ask_as(world, 1000, 1000, "{\"method\":\"alt.nsnet.Describe\"}");
	assert_has(text, "\"spares\":2");
	assert_has(text, "\"namespaces\":1");
	/* What it is guarded by was there first, and what it owns is his. */
	assert_true(fake_has(world->kernel, "owner %2 1000"));
	fake_clear(world->kernel);
	text = world_ask_as(world, 1000, 1000, arena_printf(&world->arena, member, "b"));
	assert_has(text, "\"ownership\":\"user\",\"gid\":1000");
	pool_assert_taken(world);
	assert_true(fake_has(world->kernel, "owner b 1000"));
	assert_true(fake_has(world->kernel, "guard nsv4"));
	/* Another group of his: what he owned is gone, and what was made ahead for that too. */
	(void)world_ask_as(world, 1000, 1000,
		"{\"method\":\"alt.nsnet.DeleteNamespaces\",\"parameters\":"
		"{\"names\":[\"a\",\"b\"]}}");
	fake_clear(world->kernel);
	text = world_ask_as(world, 1000, 1000, arena_printf(&world->arena, member, "c"));
	assert_has(text, "\"gid\":1000");
	pool_assert_taken(world);
	world->context.is_owned_allowed = false;
	fake_clear(world->kernel);
	text = world_ask_as(world, 1000, 1000, arena_printf(&world->arena, member, "d"));
	assert_has(text, "\"ownership\":\"host\"");
	pool_assert_cold(world);
	assert_int_equal(pool_count(&world->context.spares, &(uid_t){ 1000 }), 0);
}

/* Where all that he owns is made ahead, that is what another one joins. */
static void test_sibling(void **state)
{
	struct world *world = *state;
	const struct namespace_owner owner = { 1000, 1000, NSNET_OWNERSHIP_USER };
	const struct namespace_owner other = { 1000, 100, NSNET_OWNERSHIP_USER };

	(void)world_ask_as(world, 1000, 1000,
		"{\"method\":\"alt.nsnet.CreateNamespace\",\"parameters\":{\"name\":\"a\"}}");
	pool_fill(world);
	assert_int_equal(pool_spares(world), 2);
	assert_non_null(pool_sibling(&world->context, &owner));
	assert_int_equal(pool_spares(world), 2);
	assert_null(pool_sibling(&world->context, &other));
	assert_int_equal(pool_spares(world), 0);
}

/* What is only tried is tried without. */
static void test_rehearsal(void **state)
{
	struct world *world = *state;
	const char *before, *text;

	pool_begin(world, 2);
	before = fake_picture(world->kernel, &world->arena);
	text = world_ask(world, "Apply",
		"{\"dryRun\":true,\"namespaces\":{\"ns1\":{}},\"networks\":{\"net\":{}}}");
	while (applies_work(&world->context))
		;
	text = arena_printf(&world->arena, "%s", text);
	assert_has_not(text, "rename");
	assert_string_equal(fake_picture(world->kernel, &world->arena), before);
	assert_int_equal(pool_spares(world), 2);
}

/* But for what is made anew where it is not there: what was to go over a spare's /etc. */
static const char *without_etc(struct world *world)
{
	char *text = arena_strdup(&world->arena, fake_picture(world->kernel, &world->arena));

	for (char *line = text; (line = strstr(line, "etc %"));)
		memmove(line, strchr(line, '\n') + 1, strlen(strchr(line, '\n') + 1) + 1);
	return text;
}

/* Whatever fails, all is as it was, and the spare there for the next one. */
static void test_failures(void **state)
{
	static const enum step_type types[] = { STEP_RECORD_WRITE, STEP_WISH_WRITE, STEP_SHAPE_SET,
		STEP_ROUTE_ADD, STEP_SETTING_SET, STEP_PORT_ADD, STEP_HOSTS_SET, STEP_ETC_ADD,
		STEP_NETNS_PIN, STEP_LINK_TAKE };
	struct world *world = *state;

	fake_plant(world->kernel, "host wg0");
	pool_begin(world, 2);
	(void)pool_create(world, CREATE_AS("kept", "\"persistent\":true"));
	pool_fill(world);
	assert_int_equal(pool_spares(world), 2);
	for (size_t i = 0; i < lengthof(types); i++) {
		const char *before = without_etc(world), *text;

		fake_clear(world->kernel);
		fake_fail_at(world->kernel, types[i], 0, EIO, "no");
		text = world_ask(world, "CreateNamespace",
			CREATE_AS("ns1",
				"\"persistent\":true,\"links\":[\"wg0\"],"
				"\"sysctls\":{\"net.ipv4.ip_forward\":\"1\"},"
				"\"ports\":[{\"protocol\":\"tcp\",\"namespacePort\":80}],"
				"\"routes\":[{\"destination\":\"192.0.2.0/24\",\"gateway\":"
				"\"10.203.0.9\"}]," ON("default", ",\"shaping\":{\"delay\":5}")));
		assert_has(text, "KernelError");
		assert_int_equal(pool_did(world, "# rename"), i >= 2);
		assert_string_equal(without_etc(world), before);
		assert_int_equal(pool_spares(world), 2);
		assert_has_not(world_ask(world, "Describe", "{}"), "\"namespaces\":3");
	}
	fake_clear(world->kernel);
	assert_has(pool_create(world, CREATE("ns1")), "\"10.203.0.4\"");
	pool_assert_taken(world);
}

/* One that is not what it was is dropped, and nobody notices. */
static void test_lost(void **state)
{
	struct world *world = *state;

	pool_begin(world, 2);
	fake_fail_at(world->kernel, STEP_NETNS_TAKE, 0, ENODEV, NULL);
	assert_has(pool_create(world, CREATE("ns1")), "\"10.203.0.4\"");
	pool_assert_taken(world);
	assert_int_equal(pool_spares(world), 0);
	assert_false(fake_has(world->kernel, "netns %0"));
	assert_has(world_ask(world, "Describe", "{}"), "\"namespaces\":2");
}

static void touch(struct world *world, const char *name)
{
	struct kernel_changes *changes = arena_alloc(&world->arena, sizeof(*changes));

	changes->n = 1;
	(void)snprintf(changes->objects[0].name, sizeof(changes->objects[0].name), "%s", name);
	repair_touched(&world->context, changes);
}

/* What others do to a spare. */
static void test_touched(void **state)
{
	struct world *world = *state;

	pool_begin(world, 2);
	touch(world, "%0");
	touch(world, "%1");
	touch(world, "%77");
	assert_int_equal(pool_spares(world), 2);
	fake_plant(world->kernel, "cut nsv1");
	touch(world, "%0");
	assert_int_equal(pool_spares(world), 1);
	assert_false(fake_has(world->kernel, "netns %0"));
	fake_delete_link(world->kernel, "nsv2");
	touch(world, "%1");
	assert_int_equal(pool_spares(world), 0);
	assert_false(fake_has(world->kernel, "netns %1"));
	/* Of one that is taken it is his namespace that is mended. */
	pool_fill(world);
	(void)pool_create(world, CREATE("ns1"));
	fake_delete_link(world->kernel, "nsv3");
	assert_false(fake_has(world->kernel, "link nsv3"));
	touch(world, "%2");
	assert_true(fake_has(world->kernel, "link nsv3"));
	assert_string_equal(fake_read(world->kernel, "link nsv3"), "nsnetd:ns1/eth0");
	/* More than could be followed. */
	pool_fill(world);
	assert_int_equal(pool_spares(world), 2);
	repair_touched(&world->context, &(struct kernel_changes){ .events = KERNEL_EVENT_LOST });
	assert_int_equal(pool_spares(world), 0);
}

/* A taken one that goes before its link was told of it; another one of its name; one that has let go of the link. */
static void test_labels(void **state)
{
	struct world *world = *state;

	pool_begin(world, 2);
	(void)pool_create(world, CREATE("ns1"));
	(void)pool_create(world, CREATE("ns2"));
	(void)world_ask(world, "DeleteNamespaces", "{\"names\":[\"ns1\"]}");
	(void)pool_create(world, CREATE("ns1"));
	(void)world_ask(world, "SetNamespace", CREATE_AS("ns2", "\"attachments\":[]"));
	assert_int_equal(world->context.spares.n_labels, 2);
	touch(world, "%0");
	fake_clear(world->kernel);
	pool_fill(world);
	assert_false(pool_did(world, "alias nsnetd:ns"));
	assert_int_equal(world->context.spares.n_labels, 0);
	assert_int_equal(pool_spares(world), 4);
}

/* The process ends: what was taken is found again, by the link that its record names; what was not is no more. */
static void test_restart(void **state)
{
	struct world *world = *state;
	const char *before;

	pool_begin(world, 2);
	(void)pool_create(world, CREATE("ns1"));
	assert_string_equal(fake_read(world->kernel, "link nsv1"), "nsnetd:%0/eth0");
	fake_end(world->kernel);
	assert_false(fake_has(world->kernel, "netns %1"));
	before = fake_picture(world->kernel, &world->arena);
	pool_done(&world->context.spares);
	registry_done(&world->registry);
	registry_init(&world->registry);
	assert_int_equal(recover_all(&world->context), 0);
	assert_string_equal(fake_picture(world->kernel, &world->arena), before);
	assert_string_equal(fake_read(world->kernel, "link nsv1"), "nsnetd:ns1/eth0");
	assert_has(world_ask(world, "ListNamespaces", "{\"name\":\"ns1\"}"),
		"\"hostInterfaces\":[\"nsv1\"]");
}

/* The process ends while one is being taken: it is there whole, or not at all. */
static void test_cut_off(void **state)
{
	bool was_made = false;

	(void)state;
	for (int steps = 0; !was_made; steps++) {
		struct world *world;
		void *own;

		assert_int_equal(pool_open(&own), 0);
		world = own;
		pool_begin(world, 2);
		fake_stop_after(world->kernel, steps);
		(void)world_ask(world, "CreateNamespace", CREATE("ns1"));
		was_made = !fake_has_stopped(world->kernel);
		fake_stop_after(world->kernel, -1);
		fake_end(world->kernel);
		pool_done(&world->context.spares);
		registry_done(&world->registry);
		registry_init(&world->registry);
		assert_int_equal(recover_all(&world->context), 0);
		assert_int_equal(fake_has(world->kernel, "record namespaces/ns1"), was_made);
		assert_int_equal(fake_has(world->kernel, "netns ns1"), was_made);
		assert_int_equal(fake_has(world->kernel, "etc ns1"), was_made);
		assert_int_equal(fake_has(world->kernel, "link nsv1"), was_made);
		assert_false(fake_has(world->kernel, "link nsv2"));
		assert_int_equal(world_close(&own), 0);
	}
}

int main(void)
{
#define pool_test(test) cmocka_unit_test_setup_teardown(test, pool_open, world_close)
	const struct CMUnitTest tests[] = {
		pool_test(test_taken),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_fits),
		pool_test(test_owners),
		pool_test(test_sibling),
		pool_test(test_rehearsal),
		pool_test(test_failures),
		pool_test(test_lost),
		pool_test(test_touched),
		pool_test(test_labels),
		pool_test(test_restart),
		cmocka_unit_test(test_cut_off),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
