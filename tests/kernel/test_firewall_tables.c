/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_firewall_tables - what stands in our tables, as nft(8) has it
 */
#include "sandbox.h"

#include <netinet/in.h>
#include <stdio.h>

#include "nft.h"
#include "state.h"

static int set_up(void **state)
{
	*state = sandbox_kernel();
	return 0;
}

/* On a kernel before 6.9. */
static int set_up_old(void **state)
{
	struct kernel *kernel = sandbox_kernel();

	kernel->has_persist = false;
	*state = kernel;
	return 0;
}

static int tear_down(void **state)
{
	/* What belongs to the kernel floor is nobody's afterwards. */
	kernel_free(*state);
	return sandbox_does("nft flush ruleset") ? 0 : -1;
}

static void restart(void **state)
{
	bool has_persist = ((struct kernel *)*state)->has_persist;

	kernel_free(*state);
	*state = sandbox_kernel();
	((struct kernel *)*state)->has_persist &= has_persist;
}

static const char *ruleset(struct arena *arena)
{
	return sandbox_run(arena, NULL, "nft list ruleset");
}

/* The elements of a set, on one line. */
static void holds(const char *set, const char *elements)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *output = sandbox_run(&arena, NULL,
		"nft list ruleset | sed -n '/\\(set\\|map\\) %s {/,/}$/p' | tr -d '\\n\\t' | "
		"grep -o 'elements = {.*}' | sed 's/elements = { //; s/ }.*//; s/  */ /g'",
		set);

	if (!streq(arena_printf(&arena, "%.*s", (int)strcspn(output, "\n"), output), elements))
		fail_msg("%s holds %s, not %s", set, output, elements);
}

static struct address address_of(const char *text)
{
	struct address address;

	assert_true(address_parse(text, &address));
	return address;
}

static void apply(struct kernel *kernel, const struct step *step)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);

	plan_add(&plan, step);
	sandbox_apply(kernel, &plan);
}

static int try(struct kernel *kernel, const struct step *step)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);
	struct kernel_error error;

	plan_add(&plan, step);
	return kernel_apply(kernel, &plan, &error) == 0 ? 0 : error.error;
}

static struct fence fence_of(enum nsnet_reach reach, const char *gateway4, const char *gateway6)
{
	struct fence fence = { .is_set = true, .reach = reach };

	if (gateway4)
		fence.gateways[0] = address_of(gateway4);
	if (gateway6)
		fence.gateways[1] = address_of(gateway6);
	return fence;
}

static const struct fence no_fence = { .is_set = false };

static void set_fence(struct kernel *kernel, const char *bridge, const struct fence *before,
	const struct fence *after)
{
	apply(kernel,
		&(struct step){ .type = STEP_FENCE_SET, .fence = { bridge, *before, *after } });
}

static void make_fence(struct kernel *kernel)
{
	const struct fence nat = fence_of(NSNET_REACH_NAT, "10.99.0.1", "fd99::1");

	set_fence(kernel, "nsnet0", &no_fence, &nat);
}

static struct step port_step(
	enum step_type type, const char *host, uint16_t host_port, const char *target)
{
	return (struct step){ .type = type,
		.port = {
			.protocol = NSNET_PROTOCOL_TCP,
			.host = address_of(host),
			.target = address_of(target),
			.host_port = host_port,
			.namespace_port = 80,
		} };
}

static void set_port(struct kernel *kernel, enum step_type type, const char *host,
	uint16_t host_port, const char *target)
{
	const struct step step = port_step(type, host, host_port, target);

	apply(kernel, &step);
}

static void test_fences(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct fence nat = fence_of(NSNET_REACH_NAT, "10.99.0.1", "fd99::1");
	struct fence route = fence_of(NSNET_REACH_ROUTE, "10.99.0.1", "fd99::1");
	struct fence internal = fence_of(NSNET_REACH_INTERNAL, "10.99.0.2", NULL);
	const char *before;

	set_fence(*state, "nsnet0", &no_fence, &nat);
	holds("networks", "\"nsnet0\"");
	holds("reaching", "\"nsnet0\"");
	holds("routed", "");
	holds("natted", "\"nsnet0\"");
	holds("own", "\"nsnet0\" . \"nsnet0\"");
	holds("pairs", "\"nsnet0\" . \"nsnet0\"");
	holds("private4", "10.99.0.1");
	holds("private6", "fd99::1");
	before = ruleset(&arena);
	set_fence(*state, "nsnet0", &nat, &nat);
	assert_string_equal(ruleset(&arena), before);

	set_fence(*state, "nsnet0", &nat, &route);
	holds("reaching", "\"nsnet0\"");
	holds("routed", "\"nsnet0\"");
	holds("natted", "");
	holds("private4", "");
	holds("private6", "");
	internal.is_isolated = true;
	set_fence(*state, "nsnet0", &route, &internal);
	holds("networks", "\"nsnet0\"");
	holds("reaching", "");
	holds("routed", "");
	holds("own", "\"nsnet0\" . \"nsnet0\"");
	holds("pairs", "");
	holds("private4", "10.99.0.2");
	/* Whatever held before, though nobody says so: only gateways need be named. */
	nat.is_isolated = false;
	set_fence(*state, "nsnet0", &internal, &nat);
	assert_string_equal(ruleset(&arena), before);

	set_fence(*state, "nsnet1", &no_fence, &internal);
	holds("networks", "\"nsnet0\", \"nsnet1\"");
	set_fence(*state, "nsnet1", &internal, &no_fence);
	assert_string_equal(ruleset(&arena), before);
	set_fence(*state, "nsnet1", &no_fence, &no_fence);
	assert_string_equal(ruleset(&arena), before);
	apply(*state, &(struct step){ .type = STEP_FIREWALL_RESET });
	assert_string_equal(ruleset(&arena), "");
	set_fence(*state, "nsnet0", &nat, &no_fence);
	assert_string_equal(ruleset(&arena), "");
}

static void test_uplinks(void **state)
{
	struct step add = { .type = STEP_UPLINK_ADD, .uplink = { "up0", { true, true } } };
	struct step delete = { .type = STEP_UPLINK_DELETE, .uplink = { "up0", { true, true } } };
	autoarena struct arena arena = ARENA_INIT;

	apply(*state, &delete);
	assert_string_equal(ruleset(&arena), "");
	apply(*state, &add);
	apply(*state, &add);
	holds("uplinks4", "\"up0\"");
	holds("uplinks6", "\"up0\"");
	add.uplink.interface = "up1";
	apply(*state, &add);
	apply(*state, &delete);
	apply(*state, &delete);
	holds("uplinks4", "\"up1\"");
	holds("uplinks6", "\"up1\"");
	add.uplink.is_closed[0] = false;
	apply(*state, &add);
	holds("uplinks4", "");
	holds("uplinks6", "\"up1\"");
	add.uplink.is_closed[0] = true;
	add.uplink.is_closed[1] = false;
	apply(*state, &add);
	holds("uplinks4", "\"up1\"");
	holds("uplinks6", "");
	add.uplink.interface = "a/b";
	assert_int_equal(try(*state, &add), EINVAL);
	add.uplink.interface = "sixteen-letters-";
	assert_int_equal(try(*state, &add), EINVAL);
}

static void test_ports(void **state)
{
	struct step wrong;

	set_port(*state, STEP_PORT_DELETE, "0.0.0.0", 8080, "10.99.0.10");
	set_port(*state, STEP_PORT_ADD, "0.0.0.0", 8080, "10.99.0.10");
	set_port(*state, STEP_PORT_ADD, "::", 8080, "fd99::a");
	set_port(*state, STEP_PORT_ADD, "192.0.2.1", 8080, "10.99.0.11");
	set_port(*state, STEP_PORT_ADD, "2001:db8::1", 8080, "fd99::b");
	holds("ports4", "tcp . 8080 : 10.99.0.10 . 80");
	holds("ports6", "tcp . 8080 : fd99::a . 80");
	holds("ports4_at", "192.0.2.1 . tcp . 8080 : 10.99.0.11 . 80");
	holds("ports6_at", "2001:db8::1 . tcp . 8080 : fd99::b . 80");
	set_port(*state, STEP_PORT_ADD, "0.0.0.0", 8080, "10.99.0.10");
	holds("ports4", "tcp . 8080 : 10.99.0.10 . 80");
	set_port(*state, STEP_PORT_ADD, "0.0.0.0", 8080, "10.99.0.12");
	holds("ports4", "tcp . 8080 : 10.99.0.12 . 80");
	set_port(*state, STEP_PORT_ADD, "2001:db8::1", 8080, "fd99::c");
	holds("ports6_at", "2001:db8::1 . tcp . 8080 : fd99::c . 80");
	for (unsigned i = 0; i < 2; i++) {
		set_port(*state, STEP_PORT_DELETE, "0.0.0.0", 8080, "10.99.0.12");
		holds("ports4", "");
	}
	holds("ports6", "tcp . 8080 : fd99::a . 80");
	set_port(*state, STEP_PORT_DELETE, "2001:db8::1", 8080, "fd99::c");
	holds("ports6_at", "");

	wrong = port_step(STEP_PORT_ADD, "192.0.2.1", 8080, "fd99::a");
	assert_int_equal(try(*state, &wrong), EINVAL);
	wrong = port_step(STEP_PORT_ADD, "0.0.0.0", 0, "10.99.0.10");
	assert_int_equal(try(*state, &wrong), EINVAL);
	wrong = port_step(STEP_PORT_ADD, "0.0.0.0", 8080, "10.99.0.10");
	wrong.port.protocol = NSNET_PROTOCOL_UNSET;
	assert_int_equal(try(*state, &wrong), EINVAL);
}

static bool has_port(const struct snapshot *snapshot, int protocol, const char *host,
	uint16_t host_port, const char *target, uint16_t namespace_port)
{
	const struct address host_address = address_of(host), target_address = address_of(target);

	for (size_t i = 0; i < snapshot->n_ports; i++) {
		const struct snapshot_port *port = &snapshot->ports[i];

		if (port->protocol == protocol && port->host_port == host_port &&
			port->namespace_port == namespace_port &&
			address_is_equal(&port->host, &host_address) &&
			address_is_equal(&port->target, &target_address))
			return true;
	}
	return false;
}

static void test_snapshot(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct snapshot snapshot;

	assert_int_equal(kernel_snapshot(*state, &arena, &snapshot), 0);
	assert_int_equal(snapshot.n_ports, 0);
	make_fence(*state);
	assert_true(sandbox_does("nft list map inet nsnetd ports4 >/dev/null"));
	set_port(*state, STEP_PORT_ADD, "0.0.0.0", 8080, "10.99.0.10");
	set_port(*state, STEP_PORT_ADD, "::", 65535, "fd99::a");
	set_port(*state, STEP_PORT_ADD, "192.0.2.1", 1, "10.99.0.11");
	set_port(*state, STEP_PORT_ADD, "2001:db8::1", 8080, "fd99::b");
	restart(state);
	assert_int_equal(kernel_snapshot(*state, &arena, &snapshot), 0);
	assert_int_equal(snapshot.n_ports, 4);
	assert_true(has_port(&snapshot, IPPROTO_TCP, "0.0.0.0", 8080, "10.99.0.10", 80));
	assert_true(has_port(&snapshot, IPPROTO_TCP, "::", 65535, "fd99::a", 80));
	assert_true(has_port(&snapshot, IPPROTO_TCP, "192.0.2.1", 1, "10.99.0.11", 80));
	assert_true(has_port(&snapshot, IPPROTO_TCP, "2001:db8::1", 8080, "fd99::b", 80));
}

/* Something in their place that cannot become ours: nothing is left behind, and it is said why. */
static void test_refused(void **state)
{
	const struct fence nat = fence_of(NSNET_REACH_NAT, "10.99.0.1", NULL);
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);
	struct kernel_error error;
	const char *before;

	assert_true(sandbox_does("nft add table inet nsnetd && nft add set inet nsnetd networks "
				 "'{ type ipv4_addr; }'"));
	before = ruleset(&arena);
	plan_add(&plan,
		&(struct step){ .type = STEP_FENCE_SET, .fence = { "nsnet0", no_fence, nat } });
	assert_int_equal(kernel_apply(*state, &plan, &error), 1);
	assert_int_equal(error.error, EOPNOTSUPP);
	assert_non_null(after(error.message, "nf_tables: "));
	assert_string_equal(ruleset(&arena), before);
}

/* A kernel without any of it. */
static void test_nothing(void **state)
{
	const struct fence nat = fence_of(NSNET_REACH_NAT, "10.99.0.1", NULL);
	struct step port = port_step(STEP_PORT_ADD, "0.0.0.0", 8080, "10.99.0.10");
	struct kernel *kernel = *state;
	int fd;

	kernel->has_guards = kernel->has_persist = false;
	assert_false(kernel_has(kernel, "nat"));
	assert_false(kernel_has(kernel, "ports"));
	assert_int_equal(try(kernel, &(struct step){ .type = STEP_FENCE_SET,
					     .fence = { "nsnet0", no_fence, nat } }),
		EOPNOTSUPP);
	assert_int_equal(try(kernel, &port), EOPNOTSUPP);
	set_fence(kernel, "nsnet0", &nat, &no_fence);
	port.type = STEP_PORT_DELETE;
	apply(kernel, &port);
	port.type = STEP_FLOWS_DELETE;
	apply(kernel, &port);
	apply(kernel, &(struct step){ .type = STEP_FIREWALL_RESET });
	assert_int_equal(nft_watch(kernel, &fd), -EOPNOTSUPP);
	assert_false(nft_was_changed(kernel));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_OLD(name) \
	{ \
#name " (not owned)", name, set_up_old, tear_down, NULL \
	}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_fences),
		TEST(test_uplinks),
		TEST(test_ports),
		TEST(test_snapshot),
		TEST(test_refused),
		TEST_OLD(test_refused),
		TEST(test_nothing),
	};

	sandbox_enter();
	return cmocka_run_group_tests_name("firewall tables", tests, NULL, NULL);
}
