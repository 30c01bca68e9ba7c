/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_model - subnets, the policy, quotas and texts, each by itself
 */
#include "cmocka_all.h"

#include "policy.h"
#include "registry.h"
#include "subnet.h"
#include "text_value.h"

static struct subnet subnet_of(const char *text)
{
	struct subnet subnet;
	struct prefix prefix;

	assert_true(prefix_parse(text, &prefix));
	subnet_init(&subnet, &prefix);
	return subnet;
}

static const char *pick(struct subnet *subnet, uint64_t wish)
{
	static char text[ADDRESS_TEXT_MAX];
	struct address address;

	return subnet_pick(subnet, wish, &address) ? address_format(&address, text) : "none";
}

static bool take_text(struct subnet *subnet, const char *text)
{
	struct address address;

	return address_parse(text, &address) && subnet_take(subnet, &address);
}

static void give_text(struct subnet *subnet, const char *text)
{
	struct address address;

	assert_true(address_parse(text, &address));
	subnet_give(subnet, &address);
}

static void rest_text(struct subnet *subnet, const char *text, bool is_awake)
{
	struct address address;

	assert_true(address_parse(text, &address));
	if (is_awake)
		subnet_wake(subnet, &address);
	else
		subnet_rest(subnet, &address);
}

/* What rests is given to nobody, unless he asks for it or there is nothing else. */
static void test_subnet_rests(void **state)
{
	struct subnet subnet = subnet_of("192.0.2.0/29");

	(void)state;
	rest_text(&subnet, "192.0.2.1", false);
	rest_text(&subnet, "192.0.2.1", false);
	rest_text(&subnet, "192.0.2.3", false);
	rest_text(&subnet, "198.51.100.1", false); /* not within: nothing */
	assert_int_equal(subnet.n_resting, 2);
	assert_string_equal(pick(&subnet, 3), "192.0.2.2");
	assert_string_equal(pick(&subnet, 0), "192.0.2.4");
	rest_text(&subnet, "192.0.2.1", true);
	assert_string_equal(pick(&subnet, 0), "192.0.2.5");
	assert_string_equal(pick(&subnet, 0), "192.0.2.6");
	assert_string_equal(pick(&subnet, 0), "192.0.2.1");
	assert_true(take_text(&subnet, "192.0.2.3"));
	assert_string_equal(pick(&subnet, 0), "none");
	give_text(&subnet, "192.0.2.1");
	assert_int_equal(subnet.n_resting, 2);
	rest_text(&subnet, "192.0.2.1", true);
	rest_text(&subnet, "192.0.2.1", true);
	rest_text(&subnet, "192.0.2.3", true);
	assert_int_equal(subnet.n_resting, 0);
	assert_string_equal(pick(&subnet, 1), "192.0.2.1");
	rest_text(&subnet, "192.0.2.2", false);
	subnet_done(&subnet);
}

static void test_subnet_bounds(void **state)
{
	struct subnet subnet = subnet_of("192.0.2.0/29");

	(void)state;
	assert_false(take_text(&subnet, "192.0.2.0"));
	assert_false(take_text(&subnet, "192.0.2.7"));
	assert_false(take_text(&subnet, "192.0.2.8"));
	assert_false(take_text(&subnet, "2001:db8::1"));
	assert_true(take_text(&subnet, "192.0.2.6"));
	assert_false(take_text(&subnet, "192.0.2.6"));
	subnet_done(&subnet);
	subnet = subnet_of("2001:db8::/64");
	assert_false(take_text(&subnet, "2001:db8::"));
	assert_true(take_text(&subnet, "2001:db8::ffff:ffff:ffff:ffff"));
	assert_false(take_text(&subnet, "2001:db8:0:1::1"));
	subnet_done(&subnet);
}

/* An address that was given back rests while there are others. */
static void test_subnet_order(void **state)
{
	struct subnet subnet = subnet_of("192.0.2.0/29");

	(void)state;
	assert_string_equal(pick(&subnet, 0), "192.0.2.1");
	assert_string_equal(pick(&subnet, 0), "192.0.2.2");
	give_text(&subnet, "192.0.2.1");
	assert_string_equal(pick(&subnet, 0), "192.0.2.3");
	assert_string_equal(pick(&subnet, 2), "192.0.2.4"); /* 2 is taken */
	assert_string_equal(pick(&subnet, 6), "192.0.2.6");
	assert_string_equal(pick(&subnet, 0), "192.0.2.5");
	assert_string_equal(pick(&subnet, 0), "192.0.2.1");
	assert_string_equal(pick(&subnet, 0), "none");
	give_text(&subnet, "192.0.2.4");
	assert_string_equal(pick(&subnet, 0), "192.0.2.4");
	subnet_done(&subnet);
}

static void test_large_subnets(void **state)
{
	struct subnet subnet = subnet_of("10.0.0.0/8");

	(void)state;
	assert_string_equal(pick(&subnet, 16777214), "10.255.255.254");
	assert_string_equal(pick(&subnet, 16777215), "10.0.0.1"); /* broadcast */
	subnet_done(&subnet);
	subnet = subnet_of("fd00::/48");
	assert_string_equal(pick(&subnet, 10), "fd00::a");
	assert_true(take_text(&subnet, "fd00:0:0:1::1"));
	assert_false(take_text(&subnet, "fd00:0:0:1::1"));
	assert_true(take_text(&subnet, "fd00:0:0:2::1"));
	assert_int_equal(subnet.n_taken, 3);
	subnet_done(&subnet);
}

static void test_policy(void **state)
{
	static const struct {
		enum policy_verb verb;
		bool own, of_root, of_other, lent;
	} rows[] = {
		{ MAY_CREATE_NAMESPACE, true, true, true, true },
		{ MAY_SEE_NAMESPACE, true, false, false, true },
		{ MAY_OPEN_NAMESPACE, true, false, false, false },
		{ MAY_SET_NAMESPACE, true, false, false, false },
		{ MAY_DELETE_NAMESPACE, true, false, false, false },
		{ MAY_CHECK_NAMESPACE, true, false, false, false },
		{ MAY_EXECUTE, true, false, false, true },
		{ MAY_LEND_NAMESPACE, false, false, false, false },
		{ MAY_CREATE_NETWORK, true, true, true, true },
		{ MAY_SEE_NETWORK, true, true, false, false },
		{ MAY_ATTACH_NETWORK, true, true, false, false },
		{ MAY_SET_NETWORK, true, false, false, false },
		{ MAY_DELETE_NETWORK, true, false, false, false },
		{ MAY_TAKE_LINK, false, false, false, false },
	};
	struct policy_caller member = { .uid = 1000, .may_make_networks = true };
	struct policy_caller administrator = { .uid = 1001, .is_administrator = true };

	(void)state;
	for (size_t i = 0; i < lengthof(rows); i++) {
		assert_int_equal(rows[i].verb, i);
		assert_int_equal(
			policy_may(&member, rows[i].verb, (struct policy_object){ .owner = 1000 }),
			rows[i].own);
		assert_int_equal(policy_may(&member, rows[i].verb, (struct policy_object){ 0 }),
			rows[i].of_root);
		assert_int_equal(
			policy_may(&member, rows[i].verb, (struct policy_object){ .owner = 1002 }),
			rows[i].of_other);
		assert_int_equal(policy_may(&member, rows[i].verb,
					 (struct policy_object){ .owner = 1002, .is_lent = true }),
			rows[i].lent);
		assert_true(policy_may(
			&administrator, rows[i].verb, (struct policy_object){ .owner = 1002 }));
	}
}

static void test_charges(void **state)
{
	struct user user = { .used = { 1, 0, 0, 0 } };
	struct quota_limits limits = { { 3, 0, QUOTA_NONE, 1 } };
	struct quota_charge charge = { 0 }, second = { 0 };
	enum quota_resource over;

	(void)state;
	assert_true(quota_charge(
		&user, &limits, (unsigned[QUOTA_RESOURCES]){ 2, 0, 500, 0 }, &charge, &over));
	assert_int_equal(user.used[QUOTA_NAMESPACES], 3);
	assert_false(quota_charge(
		&user, &limits, (unsigned[QUOTA_RESOURCES]){ 1, 0, 1, 0 }, &second, &over));
	assert_int_equal(over, QUOTA_NAMESPACES);
	assert_false(quota_charge(
		&user, &limits, (unsigned[QUOTA_RESOURCES]){ 0, 1, 0, 0 }, &second, &over));
	assert_int_equal(over, QUOTA_NETWORKS);
	assert_int_equal(user.used[QUOTA_ATTACHMENTS], 500);
	limits.of[QUOTA_NAMESPACES] =
		1; /* lowered: what is there stays, and none more is asked for */
	assert_true(quota_charge(
		&user, &limits, (unsigned[QUOTA_RESOURCES]){ 0, 0, 1, 0 }, &second, &over));
	quota_give_back(&second);
	quota_give_back(&charge);
	quota_give_back(&charge);
	assert_int_equal(user.used[QUOTA_NAMESPACES], 1);
	assert_int_equal(user.used[QUOTA_ATTACHMENTS], 0);
	assert_true(quota_charge(
		&user, NULL, (unsigned[QUOTA_RESOURCES]){ 9, 9, 9, 9 }, &charge, &over));
}

static void test_link_names(void **state)
{
	struct registry registry;
	char name[INTERFACE_SIZE];

	(void)state;
	registry_init(&registry);
	registry_name_link(&registry, name);
	assert_string_equal(name, "nsv0");
	registry.next_link = 999999999;
	registry_name_link(&registry, name);
	assert_string_equal(name, "nsv999999999");
	registry_name_link(&registry, name);
	assert_string_equal(name, "nsv0");
}

static const char *check(const char *description, const struct string_map *labels)
{
	static struct arena arena;

	arena_done(&arena);
	return text_value_check(&arena, description, labels);
}

static void test_texts(void **state)
{
	struct string_map_entry entries[] = { { "a.b/c-d_e", "v" }, { "x", "two\tlines" } };
	struct string_map labels = { entries, 1 };
	char is_long[TEXT_VALUE_MAX + 2] = { 0 };

	(void)state;
	memset(is_long, 'a', TEXT_VALUE_MAX);
	assert_null(check(NULL, &labels));
	assert_null(check("\xc3\xa4 \xe2\x82\xac", &labels));
	assert_string_equal(check("\x1b[2J", &labels), "context.description");
	assert_string_equal(check("\xc2\x9b", &labels), "context.description");
	assert_null(check(is_long, &labels));
	is_long[TEXT_VALUE_MAX] = 'a';
	assert_string_equal(check(is_long, &labels), "context.description");
	labels.n = 2;
	assert_string_equal(check(NULL, &labels), "context.labels.x");
	labels.n = TEXT_LABELS_MAX + 1;
	assert_string_equal(check(NULL, &labels), "context.labels");
	(void)check(NULL, &(struct string_map){ 0 });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_subnet_bounds),
		cmocka_unit_test(test_subnet_rests),
		cmocka_unit_test(test_subnet_order),
		cmocka_unit_test(test_large_subnets),
		cmocka_unit_test(test_policy),
		cmocka_unit_test(test_charges),
		cmocka_unit_test(test_link_names),
		cmocka_unit_test(test_texts),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
