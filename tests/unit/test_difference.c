/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_difference - the steps from what is to what is wished, as they are printed
 */
#include "cmocka_all.h"

#include <stdio.h>

#include "difference.h"
#include "fake.h"

struct world {
	struct arena arena;
	struct network *network;
	struct ns *ns;
	unsigned links;
};

static struct network *find_network(void *userdata, const char *name)
{
	struct world *world = userdata;

	return streq(name, "lan") ? world->network : NULL;
}

static void name_link(void *userdata, const char *alias, const char *was, char ret[INTERFACE_SIZE])
{
	struct world *world = userdata;

	assert_null(was);
	assert_true(streq(alias, "nsnetd:ns1/eth0") || streq(alias, "nsnetd:ns1/eth1"));
	(void)snprintf(ret, INTERFACE_SIZE, "nsv%u", world->links++);
}

static int world_open(void **state)
{
	struct world *world = calloc(1, sizeof(*world));
	struct nsnet_attachment attachments[] = { { .network = "lan" }, { .network = "lan" } };
	struct snapshot_prefixes none = { 0 };
	const char *prefix = "192.0.2.0/24", *prefix6 = "2001:db8::/64";
	const char *prefixes[] = { prefix, prefix6 };
	struct fault fault;

	if (!world)
		return -1;
	*state = world;
	if (network_new("lan", 0, 3, &(struct nsnet_network_context){ .prefixes = { prefixes, 2 } },
		    &(struct network_host){ .prefixes = &none,
			    .is_forwarding = { true, false },
			    .has_nat = true,
			    .may_reach = { true, true, true, true } },
		    &world->arena, &world->network, &fault) != 0)
		return -1;
	return namespace_new("ns1", &(struct namespace_owner){ .ownership = NSNET_OWNERSHIP_HOST },
		&(struct nsnet_namespace_context){ .attachments = { attachments, 2 } },
		&(struct namespace_host){
			.userdata = world, .find_network = find_network, .name_link = name_link },
		&world->arena, &world->ns, &fault);
}

static int world_close(void **state)
{
	struct world *world = *state;

	namespace_free(world->ns);
	network_free(world->network);
	arena_done(&world->arena);
	free(world);
	return 0;
}

static void assert_plan(struct world *world, const struct plan *plan, const char *expected)
{
	const char *text = "";

	for (size_t i = 0; i < plan->n; i++)
		text = arena_printf(
			&world->arena, "%s%s\n", text, step_print(&plan->steps[i], &world->arena));
	assert_string_equal(text, expected);
}

static void test_make_all(void **state)
{
	struct world *world = *state;
	struct plan plan = PLAN_INIT(&world->arena);

	difference_make_namespace(world->ns, &(struct namespace_presence){ 0 }, &plan);
	assert_plan(world, &plan,
		"unshare --net ip link set lo up  # ns1\n"
		"ip link add nsv0 master nsnet3 mtu 1500 type veth peer name eth0 netns ns1 address "
		"02:6e:c0:00:02:02\n"
		"ip -n ns1 address add 192.0.2.2/24 dev eth0\n"
		"ip -n ns1 address add 2001:db8::2/64 dev eth0\n"
		"ip link add nsv1 master nsnet3 mtu 1500 type veth peer name eth1 netns ns1 address "
		"02:6e:c0:00:02:03\n"
		"ip -n ns1 address add 192.0.2.3/24 dev eth1\n"
		"ip -n ns1 address add 2001:db8::3/64 dev eth1\n"
		"ip -n ns1 route add default via 192.0.2.1 dev eth0\n"
		"ip -n ns1 -6 route add default via 2001:db8::1 dev eth0\n"
		"# write ns1 in hosts/lan\n"
		"# write ns1 in hosts/lan\n"
		"mkdir etc/ns1\n"
		"touch state/namespaces/ns1.json\n"
		"ip link show nsv0 up\n"
		"ip link show nsv1 up\n"
		"ip netns attach ns1 $$\n");
}

/* One link was taken away behind our back: it comes again with its addresses, and no route of the other is touched. */
static void test_make_missing_link(void **state)
{
	struct world *world = *state;
	struct plan plan = PLAN_INIT(&world->arena);
	enum link_presence links[] = { LINK_WHOLE, LINK_MISSING };
	struct namespace_presence presence = {
		.is_pinned = true, .is_held = true, .links = links, .has_names = true
	};

	difference_make_namespace(world->ns, &presence, &plan);
	assert_plan(world, &plan,
		"ip link add nsv1 master nsnet3 mtu 1500 type veth peer name eth1 netns ns1 address "
		"02:6e:c0:00:02:03\n"
		"ip -n ns1 address add 192.0.2.3/24 dev eth1\n"
		"ip -n ns1 address add 2001:db8::3/64 dev eth1\n"
		"ip link show nsv1 up\n");
}

static void test_nothing_to_do(void **state)
{
	struct world *world = *state;
	struct plan plan = PLAN_INIT(&world->arena);
	enum link_presence links[] = { LINK_WHOLE, LINK_WHOLE };
	struct namespace_presence presence = {
		.is_pinned = true, .is_held = true, .links = links, .has_names = true
	};

	difference_make_namespace(world->ns, &presence, &plan);
	difference_make_network(world->network,
		&(struct network_presence){
			.bridge = LINK_WHOLE, .has_names = true, .is_fenced = true },
		&plan);
	assert_int_equal(plan.n, 0);
}

static void test_remove(void **state)
{
	struct world *world = *state;
	struct plan plan = PLAN_INIT(&world->arena);

	difference_remove_namespace(world->ns,
		&(struct namespace_presence){ .is_pinned = true, .is_held = true }, &plan);
	difference_remove_network(world->network, &plan);
	assert_true(plan.is_forward);
	assert_plan(world, &plan,
		"ip netns delete ns1\n"
		"exit  # the last one in ns1\n"
		"# clear ns1 in hosts/lan\n"
		"# clear ns1 in hosts/lan\n"
		"rm -r etc/ns1\n"
		"rm state/namespaces/ns1.json\n"
		"sysctl -w net/ipv4/conf/nsnet3/forwarding=...  # as it was before\n"
		"ip address delete 192.0.2.1/24 dev nsnet3\n"
		"sysctl -w net/ipv4/conf/nsnet3/route_localnet=...  # as it was before\n"
		"ip address delete 2001:db8::1/64 dev nsnet3\n"
		"ip -6 route delete local ::1/128 dev nsnet3 table local metric 4099\n"
		"ip link delete nsnet3\n"
		"nft delete element inet nsnetd networks '{ nsnet3 }'  # gone\n"
		"rm hosts/lan\n"
		"rm state/networks/lan.json\n");
}

static void test_make_network(void **state)
{
	struct world *world = *state;
	struct plan plan = PLAN_INIT(&world->arena);
	struct snapshot_uplink uplink = { .name = "eth7", .mtu = 1500 };
	const struct snapshot_uplinks none = { 0 }, uplinks = { &uplink, 1 };
	const bool is_forwarding[FAMILIES] = { true, true };

	difference_follow_uplinks(&none, &uplinks, is_forwarding, &plan);
	difference_make_network(world->network, &(struct network_presence){ 0 }, &plan);
	assert_plan(world, &plan,
		"nft 'add element inet nsnetd uplinks4 { eth7 }; add element inet nsnetd uplinks6 { eth7 "
		"}'\n"
		"sysctl -w net/ipv4/conf/eth7/forwarding=1\n"
		"sysctl -w net/ipv6/conf/eth7/force_forwarding=1\n"
		"nft add element inet nsnetd networks '{ nsnet3 }'  # nat\n"
		"ip link add nsnet3 address 02:6e:6e:00:00:03 mtu 1500 type bridge\n"
		"ip address add 192.0.2.1/24 dev nsnet3\n"
		"sysctl -w net/ipv4/conf/nsnet3/route_localnet=1\n"
		"ip address add 2001:db8::1/64 dev nsnet3\n"
		"ip -6 route add local ::1/128 dev nsnet3 table local metric 4099\n"
		"sysctl -w net/ipv4/conf/nsnet3/forwarding=1\n"
		"touch hosts/lan\n"
		"touch state/networks/lan.json\n");
}

#define test(name) cmocka_unit_test_setup_teardown(name, world_open, world_close)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_make_all),
		test(test_make_missing_link),
		test(test_nothing_to_do),
		test(test_remove),
		test(test_make_network),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
