/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_publish - which ports of the host are taken
 */
#include "cmocka_all.h"

#include "publish.h"

/* host: "" for all of both families, or one address. */
static struct published port_of(enum nsnet_protocol protocol, const char *host, uint16_t port)
{
	struct published ret = {
		.protocol = protocol,
		.host_port = port,
		.namespace_port = 80,
	};
	struct address address = { 0 };

	if (*host)
		assert_true(address_parse(host, &address));
	for (size_t f = 0; f < FAMILIES; f++) {
		if (*host && address.family != family_of(f))
			continue;
		ret.host[f] = address;
		ret.host[f].family = family_of(f);
		ret.targets[f].family = family_of(f);
		ret.targets[f].bytes[0] = 10;
	}
	return ret;
}

static bool is_taken(const struct publish_table *table, enum nsnet_protocol protocol,
	const char *host, uint16_t port)
{
	struct published published = port_of(protocol, host, port);

	return publish_is_taken(table, &published, NULL, 0);
}

/* Each pair of addresses, either way round. */
static void test_addresses(void **state)
{
	static const struct {
		const char *a, *b;
		bool is_taken;
	} rows[] = {
		{ "", "", true },
		{ "", "0.0.0.0", true },
		{ "", "::", true },
		{ "", "192.0.2.1", true },
		{ "", "2001:db8::1", true },
		{ "0.0.0.0", "0.0.0.0", true },
		{ "0.0.0.0", "127.0.0.1", true },
		{ "0.0.0.0", "::", false },
		{ "0.0.0.0", "2001:db8::1", false },
		{ "::", "192.0.2.1", false },
		{ "::", "::1", true },
		{ "192.0.2.1", "192.0.2.1", true },
		{ "192.0.2.1", "192.0.2.2", false },
		{ "192.0.2.1", "2001:db8::1", false },
		{ "2001:db8::1", "2001:db8::1", true },
		{ "2001:db8::1", "2001:db8::2", false },
		/* The same first four bytes. */
		{ "32.1.13.184", "2001:db8::", false },
	};

	(void)state;
	for (size_t i = 0; i < 2 * lengthof(rows); i++) {
		const char *a = i % 2 ? rows[i / 2].a : rows[i / 2].b;
		const char *b = i % 2 ? rows[i / 2].b : rows[i / 2].a;
		struct published taken = port_of(NSNET_PROTOCOL_TCP, a, 8080);
		struct publish_table table = { 0 };

		publish_take(&table, &taken);
		if (is_taken(&table, NSNET_PROTOCOL_TCP, b, 8080) != rows[i / 2].is_taken)
			fail_msg("\"%s\" beside \"%s\"", b, a);
		assert_false(is_taken(&table, NSNET_PROTOCOL_UDP, b, 8080));
		assert_false(is_taken(&table, NSNET_PROTOCOL_TCP, b, 8081));
		publish_give(&table, &taken);
		assert_false(is_taken(&table, NSNET_PROTOCOL_TCP, b, 8080));
		assert_null(table.ports);
	}
}

/* A port that leads to one family's address alone leaves the other family free, whatever stands in host. */
static void test_targets(void **state)
{
	struct publish_table table = { 0 };
	struct published four = port_of(NSNET_PROTOCOL_TCP, "", 80);
	struct published six = port_of(NSNET_PROTOCOL_TCP, "", 80);

	(void)state;
	four.targets[1] = (struct address){ 0 };
	six.targets[0] = (struct address){ 0 };
	publish_take(&table, &four);
	assert_false(publish_is_taken(&table, &six, NULL, 0));
	publish_take(&table, &six);
	assert_true(is_taken(&table, NSNET_PROTOCOL_TCP, "192.0.2.1", 80));
	publish_give(&table, &four);
	assert_false(is_taken(&table, NSNET_PROTOCOL_TCP, "192.0.2.1", 80));
	assert_true(is_taken(&table, NSNET_PROTOCOL_TCP, "::1", 80));
	publish_give(&table, &six);
	assert_null(table.ports);
}

/* A namespace that is changed has the same port before and after, while both are there. */
static void test_except(void **state)
{
	struct publish_table table = { 0 };
	struct published former[] = {
		port_of(NSNET_PROTOCOL_TCP, "", 80),
		port_of(NSNET_PROTOCOL_TCP, "192.0.2.1", 443),
	};
	struct published later = port_of(NSNET_PROTOCOL_TCP, "192.0.2.1", 80);
	struct published other = port_of(NSNET_PROTOCOL_TCP, "192.0.2.2", 443);
	struct published all = port_of(NSNET_PROTOCOL_TCP, "", 443);

	(void)state;
	publish_take(&table, &former[0]);
	publish_take(&table, &former[1]);
	publish_take(&table, &other);
	assert_true(publish_is_taken(&table, &later, NULL, 0));
	assert_true(publish_is_taken(&table, &later, &former[1], 1));
	assert_false(publish_is_taken(&table, &later, former, 2));
	publish_take(&table, &later);
	assert_false(publish_is_taken(&table, &later, former, 2)); /* not in its own way */
	/* Another one's is in the way all the same. */
	assert_true(publish_is_taken(&table, &all, former, 2));
	publish_give(&table, &other);
	assert_false(publish_is_taken(&table, &all, former, 2));
	publish_table_done(&table);
}

static void test_give(void **state)
{
	struct publish_table table = { 0 };
	struct published a = port_of(NSNET_PROTOCOL_UDP, "192.0.2.1", 53);
	struct published b = port_of(NSNET_PROTOCOL_UDP, "192.0.2.2", 53);
	struct published never = port_of(NSNET_PROTOCOL_UDP, "192.0.2.1", 53);

	(void)state;
	publish_give(&table, &never);
	publish_take(&table, &a);
	publish_take(&table, &b);
	publish_give(&table, &never);
	assert_true(is_taken(&table, NSNET_PROTOCOL_UDP, "192.0.2.1", 53));
	publish_give(&table, &a);
	publish_give(&table, &a); /* again is nothing */
	assert_false(is_taken(&table, NSNET_PROTOCOL_UDP, "192.0.2.1", 53));
	assert_true(is_taken(&table, NSNET_PROTOCOL_UDP, "192.0.2.2", 53));
	publish_take(&table, &a);
	assert_true(is_taken(&table, NSNET_PROTOCOL_UDP, "192.0.2.1", 53));
	/* What is given back behind the table's end is none of it. */
	publish_table_done(&table);
	publish_give(&table, &a);
	publish_give(&table, &b);
	assert_false(is_taken(&table, NSNET_PROTOCOL_UDP, "192.0.2.2", 53));
	publish_table_done(&table);
}

/* Every port of both protocols at several addresses: each is found, and nothing but it. */
static void test_many(void **state)
{
	static const char *const hosts[] = { "192.0.2.1", "192.0.2.2", "2001:db8::1" };
	static const enum nsnet_protocol protocols[] = { NSNET_PROTOCOL_TCP, NSNET_PROTOCOL_UDP };
	const size_t n = 65535 * lengthof(hosts) * lengthof(protocols);
	struct publish_table table = { 0 };
	struct published *all = calloc(n, sizeof(*all));
	size_t i = 0;

	(void)state;
	assert_non_null(all);
	for (unsigned port = 1; port <= 65535; port++)
		for (size_t h = 0; h < lengthof(hosts); h++)
			for (size_t p = 0; p < lengthof(protocols); p++, i++) {
				all[i] = port_of(protocols[p], hosts[h], (uint16_t)port);
				assert_false(publish_is_taken(&table, &all[i], NULL, 0));
				publish_take(&table, &all[i]);
			}
	assert_int_equal(i, n);
	assert_true(is_taken(&table, NSNET_PROTOCOL_TCP, "192.0.2.2", 65535));
	assert_false(is_taken(&table, NSNET_PROTOCOL_TCP, "192.0.2.3", 65535));
	assert_true(is_taken(&table, NSNET_PROTOCOL_UDP, "", 1));
	for (i = 0; i < n; i++)
		publish_give(&table, &all[i]);
	assert_null(table.ports);
	free(all);
}

static void test_equal(void **state)
{
	struct published a = port_of(NSNET_PROTOCOL_TCP, "192.0.2.1", 80), b = a;

	(void)state;
	list_init(&b.link);
	assert_true(publish_is_equal(&a, &b));
	b.host[1].bytes[3] = 1; /* of a family that it does not lead into */
	assert_true(publish_is_equal(&a, &b));
	b.host[0].bytes[3] = 2;
	assert_false(publish_is_equal(&a, &b));
	b = a;
	b.targets[0].bytes[3] = 7;
	assert_false(publish_is_equal(&a, &b));
	b = a;
	b.targets[1].family = AF_INET6;
	assert_false(publish_is_equal(&a, &b));
	b = a;
	b.namespace_port = 81;
	assert_false(publish_is_equal(&a, &b));
	b = a;
	b.host_port = 81;
	assert_false(publish_is_equal(&a, &b));
	b = a;
	b.protocol = NSNET_PROTOCOL_UDP;
	assert_false(publish_is_equal(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_targets),
		cmocka_unit_test(test_except),
		cmocka_unit_test(test_give),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_equal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
