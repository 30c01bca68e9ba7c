/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_shape - what is wished of an attachment's shaping, read
 */
#include "cmocka_all.h"

#include "shape.h"

#define FULL \
	(struct nsnet_shaping) \
	{ \
		.send_rate = SOME_INT(8000), .receive_rate = SOME_INT(1000000000000), \
		.delay = SOME_INT(60000000), .jitter = SOME_INT(60000000), \
		.loss = SOME_INT(1000000) \
	}

static void test_nothing(void **state)
{
	static const struct shape none;
	struct shape shape = { 1, 1, 1, 1, 1 };
	struct nsnet_shaping empty = { .delay = { .is_set = false, .value = 7 } };

	(void)state;
	assert_null(shape_read(NULL, &shape));
	assert_true(shape_is_equal(&shape, &none));
	shape.loss = 1;
	assert_false(shape_is_equal(&shape, &none));
	assert_null(shape_read(&empty, &shape));
	assert_true(shape_is_equal(&shape, &none));
	assert_false(shape_needs_netem(&shape));
}

static void test_all(void **state)
{
	struct nsnet_shaping wish = FULL;
	struct shape shape;

	(void)state;
	assert_null(shape_read(&wish, &shape));
	assert_true(shape_is_equal(&shape,
		&(struct shape){ 8000, UINT64_C(1000000000000), 60000000, 60000000, 1000000 }));
	assert_true(shape_needs_netem(&shape));
	wish = (struct nsnet_shaping){ .receive_rate = SOME_INT(8000) };
	assert_null(shape_read(&wish, &shape));
	assert_true(shape_is_equal(&shape, &(struct shape){ .receive_rate = 8000 }));
	assert_false(shape_needs_netem(&shape));
	wish = (struct nsnet_shaping){
		.delay = SOME_INT(0), .jitter = SOME_INT(0), .loss = SOME_INT(0)
	};
	assert_null(shape_read(&wish, &shape));
	assert_false(shape_needs_netem(&shape));
	wish.loss = SOME_INT(1);
	assert_null(shape_read(&wish, &shape));
	assert_true(shape_needs_netem(&shape));
}

static void test_wrong(void **state)
{
	static const struct {
		size_t field;
		int64_t value;
		const char *wrong;
	} rows[] = {
		{ offsetof(struct nsnet_shaping, send_rate), 7999, "sendRate" },
		{ offsetof(struct nsnet_shaping, send_rate), 0, "sendRate" },
		{ offsetof(struct nsnet_shaping, send_rate), -8000, "sendRate" },
		{ offsetof(struct nsnet_shaping, send_rate), INT64_MIN, "sendRate" },
		{ offsetof(struct nsnet_shaping, send_rate), SHAPE_RATE_MAX + 1, "sendRate" },
		{ offsetof(struct nsnet_shaping, receive_rate), 7999, "receiveRate" },
		{ offsetof(struct nsnet_shaping, receive_rate), INT64_MAX, "receiveRate" },
		{ offsetof(struct nsnet_shaping, delay), -1, "delay" },
		{ offsetof(struct nsnet_shaping, delay), SHAPE_DELAY_MAX + 1, "delay" },
		{ offsetof(struct nsnet_shaping, delay), INT64_C(1) << 32, "delay" },
		{ offsetof(struct nsnet_shaping, delay), 59999999, "jitter" }, /* less than it */
		{ offsetof(struct nsnet_shaping, jitter), -1, "jitter" },
		{ offsetof(struct nsnet_shaping, jitter), 60000001, "jitter" },
		{ offsetof(struct nsnet_shaping, loss), -1, "loss" },
		{ offsetof(struct nsnet_shaping, loss), SHAPE_LOSS_MAX + 1, "loss" },
		{ offsetof(struct nsnet_shaping, loss), INT64_C(1) << 32, "loss" },
	};
	struct nsnet_shaping wish;
	struct shape shape = { 1, 2, 3, 4, 5 };

	(void)state;
	for (size_t i = 0; i < lengthof(rows); i++) {
		wish = FULL;
		*(struct maybe_int *)(void *)((char *)&wish + rows[i].field) =
			SOME_INT(rows[i].value);
		assert_string_equal(shape_read(&wish, &shape), rows[i].wrong);
		assert_true(shape_is_equal(&shape, &(struct shape){ 1, 2, 3, 4, 5 }));
	}
	wish = (struct nsnet_shaping){ .jitter = SOME_INT(1) };
	assert_string_equal(shape_read(&wish, &shape), "jitter");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_wrong),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
