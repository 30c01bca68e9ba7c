/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_resume - a process that ends after any step of a request: the next one finds the object whole, as before or as asked for
 */
#include "methods_world.h"
#include "recover.h"

static const char bridged[] =
	"{\"name\":\"net\",\"context\":{\"prefixes\":[\"10.7.0.0/24\",\"fd00:7::/64\"]}}";
static const char routed[] =
	"{\"name\":\"net\",\"context\":{\"prefixes\":[\"10.7.0.0/24\",\"fd00:7::/64\"],"
	"\"reach\":\"route\"}}";
static const char *network = bridged;
static const char namespace[] =
	"{\"name\":\"ns1\",\"context\":{\"attachments\":[{\"network\":\"net\"}],"
	"\"ports\":[{\"protocol\":\"tcp\",\"namespacePort\":80,\"hostPort\":8080}],"
	"\"sysctls\":{\"net.ipv4.ip_forward\":\"1\"}}}";

/* A new process: nothing is known but what is there. */
static void restart(struct world *world)
{
	fake_stop_after(world->kernel, -1);
	fake_end(world->kernel);
	registry_done(&world->registry);
	registry_init(&world->registry);
	assert_int_equal(recover_all(&world->context), 0);
}

static const char *picture(struct world *world)
{
	return fake_picture(world->kernel, &world->arena);
}

/* Interfaces that come anew have other numbers, and so has what the kernel counts. */
static const char *without_numbers(struct world *world)
{
	char *text = arena_strdup(&world->arena, picture(world));

	for (char *name = text; (name = strstr(name, "nsv")); name += 3)
		memmove(name + 3, name + 3 + strspn(name + 3, "0123456789"),
			strlen(name + 3 + strspn(name + 3, "0123456789")) + 1);
	return text;
}

struct request {
	const char *method, *parameters;
	bool is_namespace_there; /* before it */
};

static void prepare(struct world *world, const struct request *request)
{
	assert_has(world_ask(world, "CreateNetwork", network), "\"runtime\"");
	if (request->is_namespace_there)
		assert_has(world_ask(world, "CreateNamespace", namespace), "\"runtime\"");
	restart(world);
}

/* What there is when it was done, and the process ended then. */
static const char *done(const struct request *request, struct arena *arena)
{
	struct world *world;
	const char *text;
	void *state;

	assert_int_equal(world_open(&state), 0);
	world = state;
	prepare(world, request);
	assert_has_not(world_ask(world, request->method, request->parameters), "\"error\"");
	restart(world);
	text = arena_strdup(arena, without_numbers(world));
	(void)world_close(&state);
	return text;
}

/* Ends after that many steps. False: it came to its own end. */
static bool try(const struct request *request, int steps, const char *after)
{
	struct world *world;
	const char *before, *told;
	bool has_stopped;
	void *state;

	assert_int_equal(world_open(&state), 0);
	world = state;
	prepare(world, request);
	before = without_numbers(world);
	fake_stop_after(world->kernel, steps);
	(void)world_ask(world, request->method, request->parameters);
	has_stopped = fake_has_stopped(world->kernel);
	restart(world);
	if (!streq(without_numbers(world), before) && !streq(without_numbers(world), after)) {
		print_error("%s, after %d steps, neither as before nor as after:\n%s",
			request->method, steps, without_numbers(world));
		fail();
	}
	/* What a setting was is not what it was set to. */
	told = world_ask(world, "ListNamespaces", "{\"name\":\"ns1\"}");
	if (strstr(told, "\"net.ipv6.conf.all.forwarding\":\"1\""))
		assert_has(told, "\"net.ipv6.conf.all.forwarding\":\"0\"");
	/* A further start changes nothing. */
	before = picture(world);
	restart(world);
	assert_string_equal(picture(world), before);
	(void)world_close(&state);
	return has_stopped;
}

static void each_step(const struct request *request)
{
	struct arena arena = ARENA_INIT;
	const char *after = done(request, &arena);
	int steps = 0;

	while (try(request, steps, after))
		steps++;
	assert_true(steps > 3);
	arena_done(&arena);
}

static void test_create(void **state)
{
	(void)state;
	each_step(&(struct request){ "CreateNamespace", namespace, false });
}

static void test_delete(void **state)
{
	(void)state;
	each_step(&(struct request){ "DeleteNamespaces", "{\"names\":[\"ns1\"]}", true });
}

static void test_set_address(void **state)
{
	(void)state;
	each_step(&(struct request){ "SetNamespace",
		"{\"name\":\"ns1\",\"context\":{\"attachments\":[{\"network\":\"net\",\"addresses\":[\"10.7.0.99\"]}]}}",
		true });
}

static void test_set_setting(void **state)
{
	(void)state;
	each_step(&(struct request){ "SetNamespace",
		"{\"name\":\"ns1\",\"context\":{\"sysctls\":{\"net.ipv4.ip_forward\":\"1\",\"net.ipv6.conf.all.forwarding\":\"1\"}}}",
		true });
}

static void test_set_much(void **state)
{
	(void)state;
	each_step(&(struct request){ "SetNamespace",
		"{\"name\":\"ns1\",\"context\":{\"attachments\":[{\"network\":\"net\",\"interfaceName\":\"eth0\"},"
		"{\"network\":\"net\",\"interfaceName\":\"lan\",\"shaping\":{\"sendRate\":1000000}}],"
		"\"ports\":[{\"protocol\":\"udp\",\"namespacePort\":53,\"hostPort\":5353}],"
		"\"routes\":[{\"destination\":\"198.51.100.0/24\",\"gateway\":\"10.7.0.1\"}],"
		"\"sysctls\":{\"net.ipv4.ip_forward\":\"0\"},\"nameServers\":[\"10.7.0.1\"],\"persistent\":false}}",
		true });
}

static void test_detach(void **state)
{
	(void)state;
	each_step(&(struct request){ "SetNamespace",
		"{\"name\":\"ns1\",\"context\":{\"attachments\":[],\"ports\":[]}}", true });
}

static void test_set_network(void **state)
{
	(void)state;
	each_step(&(struct request){ "SetNetwork",
		"{\"name\":\"net\",\"context\":{\"maximumTransmissionUnit\":1400,\"isolated\":true,\"reach\":\"internal\"}}",
		true });
}

static void test_set_prefix(void **state)
{
	(void)state;
	each_step(&(struct request){ "SetNetwork",
		"{\"name\":\"net\",\"context\":{\"prefixes\":[\"10.8.0.0/24\"],\"gateways\":[\"10.8.0.9\"]}}",
		false });
}

static int be_routed(void **state)
{
	(void)state;
	network = routed;
	return 0;
}

static int be_bridged(void **state)
{
	(void)state;
	network = bridged;
	return 0;
}

static void test_set_ends(void **state)
{
	(void)state;
	each_step(&(struct request){ "SetNetwork",
		"{\"name\":\"net\",\"context\":{\"maximumTransmissionUnit\":1400,\"isolated\":true}}",
		true });
}

/* What it leads to by: from the one to the other. */
static void test_set_kind(void **state)
{
	(void)state;
	each_step(&(struct request){
		"SetNetwork", "{\"name\":\"net\",\"context\":{\"reach\":\"route\"}}", false });
	network = routed;
	each_step(&(struct request){
		"SetNetwork", "{\"name\":\"net\",\"context\":{\"reach\":\"nat\"}}", false });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_delete),
		cmocka_unit_test(test_set_address),
		cmocka_unit_test(test_set_setting),
		cmocka_unit_test(test_set_much),
		cmocka_unit_test(test_detach),
		cmocka_unit_test(test_set_network),
		cmocka_unit_test(test_set_prefix),
		cmocka_unit_test_setup_teardown(test_create, be_routed, be_bridged),
		cmocka_unit_test_setup_teardown(test_delete, be_routed, be_bridged),
		cmocka_unit_test_setup_teardown(test_set_address, be_routed, be_bridged),
		cmocka_unit_test_setup_teardown(test_set_much, be_routed, be_bridged),
		cmocka_unit_test_setup_teardown(test_detach, be_routed, be_bridged),
		cmocka_unit_test_setup_teardown(test_set_ends, be_routed, be_bridged),
		cmocka_unit_test_setup_teardown(test_set_kind, be_bridged, be_bridged),
	};

	return cmocka_run_group_tests_name("resume", tests, NULL, NULL);
}
