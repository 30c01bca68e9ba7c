/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_point - networks with reach "route": a link and routes for each namespace, and no port of a bridge
 */
#include <stdio.h>

#include "methods_world.h"
#include "network.h"
#include "repair.h"

#define NETWORK \
	"{\"name\":\"net\",\"context\":{\"reach\":\"route\",\"prefixes\":[\"10.7.0.0/24\",\"fd07::/64\"]}}"

static const char *steps(struct world *world)
{
	const char *text = "";

	for (size_t i = 0; i < fake_steps(world->kernel); i++)
		text = arena_printf(&world->arena, "%s%s\n", text, fake_step(world->kernel, i));
	fake_clear(world->kernel);
	return text;
}

static const char *picture(struct world *world)
{
	return fake_picture(world->kernel, &world->arena);
}

static int open_network(void **state)
{
	int r = world_open(state);
	struct world *world = *state;

	assert_has(world_ask(world, "CreateNetwork", NETWORK), "\"reach\":\"route\"");
	fake_clear(world->kernel);
	return r;
}

static int open_objects(void **state)
{
	int r = open_network(state);
	struct world *world = *state;

	assert_has(
		world_ask(world, "CreateNamespace",
			"{\"name\":\"ns1\",\"context\":{\"attachments\":[{\"network\":\"net\"}]}}"),
		"\"runtime\"");
	(void)world_watch_as(world, 0);
	fake_clear(world->kernel);
	return r;
}

static const char *set(struct world *world, const char *context)
{
	return world_ask(world, "SetNamespace",
		arena_printf(&world->arena, "{\"name\":\"ns1\",\"context\":%s}", context));
}

#define LINK \
	"ip link add nsv0 address 02:6e:0a:07:00:02 mtu 1500 type veth peer name eth0 netns ns1 " \
	"address 02:6e:0a:07:00:02; "
#define WAY4(a) "ip route replace 10.7.0." a "/32 dev nsv0 src 10.7.0.1; "
#define WAY6(a) "ip -6 route replace fd07::" a "/128 dev nsv0 src fd07::1\n"

static void test_made(void **state)
{
	struct world *world = *state;

	assert_has(
		world_ask(world, "CreateNamespace",
			"{\"name\":\"ns1\",\"context\":{\"attachments\":[{\"network\":\"net\"}]}}"),
		"\"runtime\"");
	assert_string_equal(steps(world),
		"touch state/namespaces/ns1.json\n"
		"unshare --net ip link set lo up  # ns1\n" LINK WAY4("2")
			WAY6("2") "ip -n ns1 address add 10.7.0.2/32 dev eth0\n"
				  "ip -n ns1 address add fd07::2/128 dev eth0\n"
				  "ip -n ns1 route add 10.7.0.1/32 dev eth0\n"
				  "ip -n ns1 route add 10.7.0.0/24 via 10.7.0.1 dev eth0\n"
				  "ip -n ns1 -6 route add fd07::/64 via fe80::1 dev eth0\n"
				  "ip -n ns1 route add default via 10.7.0.1 dev eth0\n"
				  "ip -n ns1 -6 route add default via fe80::1 dev eth0\n"
				  "# write ns1 in hosts/net\n"
				  "mkdir etc/ns1\n"
				  "touch state/namespaces/ns1.json\n"
				  "ip link show nsv0 up\n"
				  "ip netns attach ns1 $$\n");
	/* Of a member that is no administrator: his end's route is what guards it. */
	assert_has_not(picture(world), "guard");
	assert_has_not(picture(world), "master nsv");
	assert_has(world_ask(world, "DeleteNamespaces", "{\"names\":[\"ns1\"]}"), "{}");
	assert_has(world_ask(world, "DeleteNetworks", "{\"names\":[\"net\"]}"), "{}");
	assert_string_equal(picture(world), "");
}

static void test_moved(void **state)
{
	struct world *world = *state;
	const char *before = picture(world);

	assert_has(
		set(world,
			"{\"attachments\":[{\"network\":\"net\",\"addresses\":[\"10.7.0.9\"]}]}"),
		"10.7.0.9");
	assert_string_equal(steps(world),
		"touch state/namespace-changes/ns1.json\n"
		"ip -n ns1 route delete default via 10.7.0.1 dev eth0\n"
		"ip -n ns1 route delete 10.7.0.0/24 via 10.7.0.1 dev eth0\n"
		"ip -n ns1 route delete 10.7.0.1/32 dev eth0\n"
		"ip -n ns1 address delete 10.7.0.2/32 dev eth0\n"
		"ip -n ns1 address add 10.7.0.9/32 dev eth0\n"
		"ip route delete 10.7.0.2/32 dev nsv0; " WAY4("9")
			WAY6("2") "# write ns1 in hosts/net\n"
				  "ip -n ns1 route add 10.7.0.1/32 dev eth0\n"
				  "ip -n ns1 route add 10.7.0.0/24 via 10.7.0.1 dev eth0\n"
				  "ip -n ns1 route add default via 10.7.0.1 dev eth0\n"
				  "touch state/namespaces/ns1.json\n"
				  "rm state/namespace-changes/ns1.json\n");
	assert_has(
		set(world,
			"{\"attachments\":[{\"network\":\"net\",\"addresses\":[\"10.7.0.2\"]}]}"),
		"10.7.0.2");
	assert_string_equal(picture(world), before);
}

/* Whatever step fails, all is as it was. */
static void test_each_step_fails(void **state)
{
	static const char *const changes[] = {
		("{\"attachments\":[{\"network\":\"net\",\"addresses\":[\"10.7.0.9\",\"fd07::9\"]}],"
		 "\"routes\":[{\"destination\":\"192.0.2.0/24\",\"gateway\":\"10.7.0.1\"}]}"),
		"{\"attachments\":[]}",
		"{\"attachments\":[{\"network\":\"net\",\"interfaceName\":\"lan\"}]}",
	};
	struct world *world = *state;
	const char *before = picture(world);
	unsigned failures = 0;

	for (size_t i = 0; i < lengthof(changes); i++)
		for (int type = 0; type < STEP_TYPES; type++)
			for (unsigned skip = 0; skip < 8; skip++) {
				fake_fail_at(world->kernel, type, skip, ENOBUFS, "no room");
				if (!strstr(set(world, changes[i]), "KernelError")) {
					fake_fail_at(world->kernel, STEP_TYPES, 0, 0, NULL);
					assert_int_equal(world_close(state), 0);
					assert_int_equal(open_objects(state), 0);
					world = *state;
					before = picture(world);
					break;
				}
				failures++;
				assert_string_equal(picture(world), before);
			}
	assert_true(failures > 30);
}

static void test_mended(void **state)
{
	static const char *const gone[] = { "way nsv0 10.7.0.2", "way nsv0 fd07::2",
		"group nsv0 1845493760" };
	static const char *const wrong[] = { "astray nsv0", "master nsv0 nsnet0",
		"group nsv0 28275" };
	const struct kernel_changes changes = { .n = 1, .objects[0].name = "ns1" };
	struct world *world = *state;
	const char *before = picture(world);

	for (size_t i = 0; i < lengthof(gone); i++) {
		assert_has(before, gone[i]);
		fake_remove(world->kernel, gone[i]);
		repair_touched(&world->context, &changes);
		assert_string_equal(steps(world), "ip link set nsv0 nomaster up; " WAY4("2")
							  WAY6("2") "ip link show nsv0 up\n");
		assert_string_equal(picture(world), before);
		assert_has(world_heard(world), "\"event\":\"restored\"");
	}
	for (size_t i = 0; i < lengthof(wrong); i++) {
		fake_remove(world->kernel, i == 2 ? gone[2] : "");
		fake_plant(world->kernel, wrong[i]);
		repair_touched(&world->context, &changes);
		assert_string_equal(picture(world), before);
	}
	fake_delete_link(world->kernel, "nsv0");
	repair_touched(&world->context, &changes);
	assert_string_equal(picture(world), before);
	fake_clear(world->kernel);
	repair_touched(&world->context, &changes);
	assert_string_equal(steps(world), "");
}

/* Links of one kind do not become such of the other. */
static void test_kind_stays(void **state)
{
	struct world *world = *state;
	const char *before = picture(world);

	assert_has(world_ask(world, "SetNetwork",
			   "{\"name\":\"net\",\"context\":{\"reach\":\"nat\"}}"),
		"NetworkBusy\",\"parameters\":{\"name\":\"net\",\"attachments\":1}");
	assert_has(world_ask(world, "SetNetwork",
			   "{\"name\":\"net\",\"context\":{\"isolated\":true}}"),
		"\"isolated\":true");
	assert_has_not(steps(world), "bridge link");
	assert_has(world_ask(world, "SetNetwork",
			   "{\"name\":\"net\",\"context\":{\"isolated\":false}}"),
		"\"runtime\"");
	assert_string_equal(picture(world), before);
	(void)world_ask(world, "DeleteNamespaces", "{\"names\":[\"ns1\"]}");
	assert_has(world_ask(world, "SetNetwork",
			   "{\"name\":\"net\",\"context\":{\"reach\":\"internal\"}}"),
		"\"reach\":\"internal\"");
	assert_has(
		world_ask(world, "CreateNamespace",
			"{\"name\":\"ns1\",\"context\":{\"attachments\":[{\"network\":\"net\"}]}}"),
		"\"runtime\"");
	assert_has(picture(world), "master nsv1 nsnet0");
	assert_has(world_ask(world, "SetNetwork",
			   "{\"name\":\"net\",\"context\":{\"reach\":\"route\"}}"),
		"NetworkBusy");
}

static void test_refused(void **state)
{
	struct world *world = *state;

	/* A neighbour is no router: nothing leads past the host. */
	assert_has(
		set(world,
			"{\"routes\":[{\"destination\":\"192.0.2.0/24\",\"gateway\":\"10.7.0.9\"}]}"),
		"\"parameter\":\"context.routes[0].gateway\"");
	assert_has(
		set(world,
			"{\"routes\":[{\"destination\":\"2001:db8::/64\",\"gateway\":\"fd07::1\"}]}"),
		"\"runtime\"");
	assert_true(fake_has(world->kernel, "route ns1 2001:db8::/64"));
	assert_has(
		world_ask(world, "CreateNetwork",
			"{\"name\":\"x\",\"context\":{\"reach\":\"route\",\"prefixes\":[\"10.8.0.0/24\","
			"\"fd08::/64\"],\"gateways\":[\"10.8.0.1\"]}}"),
		"\"parameter\":\"context.gateways\"");
}

/* Two links to one network: both have what leads to them, one of them leads to the others. */
static void test_twice(void **state)
{
	struct world *world = *state;

	assert_has(set(world, "{\"attachments\":[{\"network\":\"net\"},{\"network\":\"net\"}]}"),
		"eth1");
	assert_has(picture(world), "way nsv1 10.7.0.3");
	(void)steps(world);
	assert_has(
		set(world, "{\"attachments\":[{\"network\":\"net\",\"interfaceName\":\"eth1\"}]}"),
		"eth1");
	assert_has(steps(world), "ip -n ns1 route add 10.7.0.0/24 via 10.7.0.1 dev eth1\n");
}

static struct network *make(const char *context_reach)
{
	const struct snapshot_prefixes none = { 0 };
	const struct network_host host = { .prefixes = &none,
		.is_forwarding = { true, true },
		.has_nat = true,
		.may_reach = { true, true, true, true } };
	const char *prefixes[] = { "10.0.0.0/8" };
	struct nsnet_network_context context = { .prefixes = { prefixes, 1 },
		.reach = streq(context_reach, "route") ? NSNET_REACH_ROUTE : NSNET_REACH_NAT };
	autoarena struct arena arena = ARENA_INIT;
	struct network *network;
	struct fault fault;

	assert_int_equal(network_new("net", 0, 3, &context, &host, &arena, &network, &fault), 0);
	return network;
}

static void test_how_many(void **state)
{
	const struct {
		const char *reach;
		unsigned n;
	} rows[] = { { "nat", NETWORK_PORTS }, { "route", NETWORK_POINTS } };

	(void)state;
	assert_true(NETWORK_POINTS >= 16384);
	for (size_t i = 0; i < lengthof(rows); i++) {
		struct network *network = make(rows[i].reach);

		for (unsigned port = 0; port < rows[i].n; port++)
			assert_int_equal(network_take_port(network), port);
		assert_int_equal(network_take_port(network), UINT_MAX);
		network_give_port(network, 777);
		network_give_port(network, rows[i].n);
		network_give_port(network, UINT_MAX);
		assert_int_equal(network_take_port(network), 777);
		assert_int_equal(network_take_port(network), UINT_MAX);
		network_free(network);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_made, open_network, world_close),
		cmocka_unit_test_setup_teardown(test_moved, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_each_step_fails, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_mended, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_kind_stays, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_refused, open_objects, world_close),
		cmocka_unit_test_setup_teardown(test_twice, open_objects, world_close),
		cmocka_unit_test(test_how_many),
	};

	return cmocka_run_group_tests_name("point", tests, NULL, NULL);
}
