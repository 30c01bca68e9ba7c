/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_fault - why a wish cannot be, in words
 */
#include "cmocka_all.h"

#include "fault.h"

static void test_words(void **state)
{
	static const struct {
		struct fault fault;
		const char *words;
	} rows[] = {
		{ { .type = FAULT_PARAMETER, .field = "context.routes[1]" },
			"context.routes[1] cannot be so" },
		{ { .type = FAULT_NO_NAMESPACE, .name = "a" }, "there is no namespace \"a\"" },
		{ { .type = FAULT_NAMESPACE_EXISTS, .name = "a" }, "the name \"a\" is taken" },
		{ { .type = FAULT_NETWORK_EXISTS, .name = "b" }, "the name \"b\" is taken" },
		{ { .type = FAULT_NAMESPACE_BUSY, .name = "a" },
			"programs run in namespace \"a\"" },
		{ { .type = FAULT_NETWORK_BUSY, .name = "a" }, "network \"a\" is in use" },
		{ { .type = FAULT_CHANGED, .name = "a" }, "\"a\" was changed by somebody else" },
		{ { .type = FAULT_KERNEL, .text = "ip link", .name = "ENODEV", .field = "no such" },
			"ip link: ENODEV: no such" },
		{ { .type = FAULT_KERNEL, .text = "ip link", .name = "ENODEV" },
			"ip link: ENODEV" },
		{ { .type = FAULT_NO_NETWORK, .name = "a" }, "there is no network \"a\"" },
		{ { .type = FAULT_NOT_PERSISTENT, .name = "a" },
			"network \"a\" is not persistent" },
		{ { .type = FAULT_NETWORK_FULL, .name = "a" }, "network \"a\" is full" },
		{ { .type = FAULT_ADDRESS, .name = "a", .text = "10.0.0.1" },
			"10.0.0.1 cannot be had on network \"a\"" },
		{ { .type = FAULT_ADDRESS, .name = "a" },
			"an address cannot be had on network \"a\"" },
		{ { .type = FAULT_PREFIX, .text = "10.0.0.0/8", .interface = "up0" },
			"10.0.0.0/8 is in use on up0" },
		{ { .type = FAULT_PREFIX }, "its prefix is in use on the host" },
		{ { .type = FAULT_PORT, .number = 8080 }, "port 8080 of the host is in use" },
		{ { .type = FAULT_NOT_SUPPORTED, .name = "nat" }, "this system lacks \"nat\"" },
		{ { .type = FAULT_LINK, .name = "wg0" }, "interface wg0 cannot be had" },
		{ { .type = FAULT_PERMISSION }, "it is not allowed" },
		{ { .type = FAULT_PREFIX_POLICY }, "it is not allowed" },
		{ { .type = FAULT_REACH }, "it is not allowed" },
		{ { .type = FAULT_PORT_POLICY }, "it is not allowed" },
		{ { .type = FAULT_QUOTA }, "it is not allowed" },
		{ { .type = FAULT_NONE }, "it cannot be" },
	};
	struct arena arena = ARENA_INIT;

	(void)state;
	for (size_t i = 0; i < lengthof(rows); i++)
		assert_string_equal(fault_print(&rows[i].fault, &arena), rows[i].words);
	arena_done(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
	};

	return cmocka_run_group_tests_name("fault", tests, NULL, NULL);
}
