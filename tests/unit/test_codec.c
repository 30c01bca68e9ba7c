/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_codec - structs to JSON and back, and what is refused on the way
 */
#include "cmocka_all.h"

#include "nsnet.h"

static const char *decode(
	struct arena *arena, const struct codec_struct *type, const char *text, void *ret)
{
	const struct codec_value *value;
	const char *field = NULL;

	assert_int_equal(codec_parse(arena, text, strlen(text), &text_limits_message, &value), 0);
	return codec_decode(type, value, CODEC_REFUSE_UNKNOWN, arena, ret, &field) == 0 ? NULL
											: field;
}

/* What comes in goes out the same, whatever is absent or empty. */
static void test_round_trip(void **state)
{
	static const char *const texts[] = {
		"{\"name\":\"a\"}",
		"{\"name\":\"a\",\"context\":{}}",
		"{\"name\":\"a\",\"context\":{\"description\":\"\",\"attachments\":[],\"routes\":[],"
		"\"nameServers\":[],\"labels\":{}}}",
		"{\"name\":\"\\u00e4\\\"\\\\/\\n\",\"context\":{\"attachments\":[{\"network\":\"n\","
		"\"addresses\":[\"1\",\"2\"]},{\"network\":\"m\",\"interfaceName\":\"x\"}],\"routes\":"
		"[{\"destination\":\"d\",\"metric\":0},{\"destination\":\"e\",\"gateway\":\"g\",\"metric\":"
		"9223372036854775807}],\"labels\":{\"k\":\"v\",\"l\":\"\"}}}",
	};

	(void)state;
	for (size_t i = 0; i < lengthof(texts); i++) {
		autoarena struct arena arena = ARENA_INIT, other = ARENA_INIT;
		struct nsnet_create_namespace_in in, copy;
		const struct codec_value *plain;
		const char *text;

		assert_null(decode(&arena, &nsnet_create_namespace_in_type, texts[i], &in));
		text = codec_encode(&nsnet_create_namespace_in_type, &in, &arena);
		assert_int_equal(codec_parse(&arena, texts[i], strlen(texts[i]),
					 &text_limits_message, &plain),
			0);
		assert_string_equal(text, codec_print(&arena, plain, false));
		codec_copy(&nsnet_create_namespace_in_type, &in, &copy, &other);
		arena_done(&arena);
		text = codec_encode(&nsnet_create_namespace_in_type, &copy, &other);
		assert_int_equal(codec_parse(&other, texts[i], strlen(texts[i]),
					 &text_limits_message, &plain),
			0);
		assert_string_equal(text, codec_print(&other, plain, false));
	}
}

static void test_absent_and_null(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	struct nsnet_create_namespace_in in;

	(void)state;
	assert_null(decode(&arena, &nsnet_create_namespace_in_type,
		"{\"name\":\"a\",\"context\":{\"attachments\":null,\"routes\":[]}}", &in));
	assert_null(in.context->attachments.items);
	assert_non_null(in.context->routes.items);
	assert_int_equal(in.context->routes.n, 0);
	assert_null(in.context->description);
}

static void test_wrong_fields(void **state)
{
	static const struct {
		const char *text, *field;
	} wrongs[] = {
		{ "{}", "name" },
		{ "{\"name\":null}", "name" },
		{ "{\"name\":1}", "name" },
		{ "{\"name\":\"a\",\"nmae\":1}", "nmae" },
		{ "{\"name\":\"a\",\"context\":[]}", "context" },
		{ "{\"name\":\"a\",\"context\":{\"attachments\":{}}}", "context.attachments" },
		{ "{\"name\":\"a\",\"context\":{\"attachments\":[null]}}",
			"context.attachments[0]" },
		{ "{\"name\":\"a\",\"context\":{\"attachments\":[{\"network\":\"n\"},{}]}}",
			"context.attachments[1].network" },
		{ "{\"name\":\"a\",\"context\":{\"attachments\":[{\"network\":\"n\",\"x\":0}]}}",
			"context.attachments[0].x" },
		{ "{\"name\":\"a\",\"context\":{\"nameServers\":[\"a\",7]}}",
			"context.nameServers[1]" },
		{ "{\"name\":\"a\",\"context\":{\"labels\":{\"k\":true}}}", "context.labels.k" },
		{ "{\"name\":\"a\",\"context\":{\"labels\":[]}}", "context.labels" },
	};

	(void)state;
	for (size_t i = 0; i < lengthof(wrongs); i++) {
		autoarena struct arena arena = ARENA_INIT;
		struct nsnet_create_namespace_in in;

		assert_string_equal(
			decode(&arena, &nsnet_create_namespace_in_type, wrongs[i].text, &in),
			wrongs[i].field);
	}
}

/* json-c keeps the nearest number that fits and says nothing. */
static void test_numbers(void **state)
{
	static const struct {
		const char *number;
		bool is_right;
		int64_t value;
	} numbers[] = {
		{ "0", true, 0 },
		{ "-0", true, 0 },
		{ "-1", true, -1 },
		{ "9223372036854775807", true, INT64_MAX },
		{ "9223372036854775808", false, 0 },
		{ "18446744073709551615", false, 0 },
		{ "18446744073709551616", false, 0 },
		{ "-9223372036854775807", true, -INT64_MAX },
		{ "-9223372036854775809", false, 0 },
		{ "-99999999999999999999999", false, 0 },
		{ "1.0", false, 0 },
		{ "1e3", false, 0 },
		{ "\"1\"", false, 0 },
		{ "true", false, 0 },
	};

	(void)state;
	for (size_t i = 0; i < lengthof(numbers); i++) {
		autoarena struct arena arena = ARENA_INIT;
		struct nsnet_process_id id;
		const char *field = decode(&arena, &nsnet_process_id_type,
			arena_printf(&arena, "{\"pid\":%s}", numbers[i].number), &id);

		if (numbers[i].is_right) {
			assert_null(field);
			assert_true(id.pid == numbers[i].value);
		} else {
			assert_string_equal(field, "pid");
		}
	}
}

static void test_unknown_is_ignored_by_clients(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *text = "{\"pid\":3,\"new\":[1,{}]}", *field = NULL;
	const struct codec_value *value;
	struct nsnet_process_id id;

	(void)state;
	assert_int_equal(codec_parse(&arena, text, strlen(text), &text_limits_message, &value), 0);
	assert_int_equal(codec_decode(&nsnet_process_id_type, value, CODEC_IGNORE_UNKNOWN, &arena,
				 &id, &field),
		0);
	assert_int_equal(id.pid, 3);
}

static void test_calls(void **state)
{
	static const struct {
		const char *text;
		bool is_right, more, oneway, has_parameters;
	} calls[] = {
		{ "{\"method\":\"a.B\"}", true, false, false, false },
		{ "{\"method\":\"a.B\",\"parameters\":null}", true, false, false, false },
		{ "{\"method\":\"a.B\",\"parameters\":{},\"more\":true}", true, true, false, true },
		{ "{\"method\":\"a.B\",\"oneway\":true}", true, false, true, false },
		{ "{\"method\":\"a.B\",\"oneway\":null,\"more\":false}", true, false, false,
			false },
		{ "{}", false, false, false, false },
		{ "[]", false, false, false, false },
		{ "\"method\"", false, false, false, false },
		{ "{\"method\":1}", false, false, false, false },
		{ "{\"method\":null}", false, false, false, false },
		{ "{\"method\":\"a.B\",\"parameters\":[]}", false, false, false, false },
		{ "{\"method\":\"a.B\",\"more\":1}", false, false, false, false },
		{ "{\"method\":\"a.B\",\"more\":true,\"oneway\":true}", false, false, false,
			false },
		{ "{\"method\":\"a.B\",\"other\":1}", false, false, false, false },
		{ "{\"method\":\"a.B\"} x", false, false, false, false },
		{ "{'method':\"a.B\"}", false, false, false, false },
	};

	(void)state;
	for (size_t i = 0; i < lengthof(calls); i++) {
		autoarena struct arena arena = ARENA_INIT;
		struct codec_call call;
		int r = codec_parse_call(&arena, calls[i].text, strlen(calls[i].text), &call);

		assert_int_equal(r, calls[i].is_right ? 0 : -EBADMSG);
		if (r < 0)
			continue;
		assert_string_equal(call.method, "a.B");
		assert_int_equal(call.more, calls[i].more);
		assert_int_equal(call.oneway, calls[i].oneway);
		assert_int_equal(call.parameters != NULL, calls[i].has_parameters);
	}
}

/* An interface may be called anything, also in a namespace that somebody owns: whoever looks inside is answered all the same. */
static void test_reply_is_text(void **state)
{
	static const struct {
		const char *parameters, *expected;
	} cases[] = {
		{ "{\"x\":\"\xc3\xa4\xe2\x82\xac\"}", "{\"x\":\"\xc3\xa4\xe2\x82\xac\"}" },
		{ "{\"x\":\"\xff\"}", "{\"x\":\"\xef\xbf\xbd\"}" },
		{ "{\"x\":\"a\xc3\"}", "{\"x\":\"a\xef\xbf\xbd\"}" },
		{ "{\"x\":\"\xed\xa0\x80z\"}",
			"{\"x\":\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz\"}" },
	};

	(void)state;
	for (size_t i = 0; i < lengthof(cases); i++) {
		autoarena struct arena arena = ARENA_INIT;
		const char *text = codec_encode_reply(&arena, NULL, false, cases[i].parameters);
		struct codec_reply reply;

		assert_int_equal(codec_parse_reply(&arena, text, strlen(text), &reply), 0);
		assert_string_equal(
			codec_print(&arena, reply.parameters, false), cases[i].expected);
	}
}

static void test_messages(void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *text = "{\"error\":\"a.E\",\"continues\":true,\"parameters\":{\"x\":1}}";
	struct codec_reply reply;

	(void)state;
	assert_string_equal(
		codec_encode_call(&arena, "a.B", false, false, NULL), "{\"method\":\"a.B\"}");
	assert_string_equal(codec_encode_call(&arena, "a.B", true, false, "{\"x\":1}"),
		"{\"method\":\"a.B\",\"more\":true,\"parameters\":{\"x\":1}}");
	assert_string_equal(codec_encode_reply(&arena, NULL, false, NULL), "{\"parameters\":{}}");
	assert_string_equal(codec_encode_reply(&arena, "a.E", false, "{\"x\":1}"),
		"{\"error\":\"a.E\",\"parameters\":{\"x\":1}}");
	assert_string_equal(codec_encode_reply(&arena, NULL, true, "{}"),
		"{\"continues\":true,\"parameters\":{}}");
	assert_int_equal(codec_parse_reply(&arena, text, strlen(text), &reply), 0);
	assert_string_equal(reply.error, "a.E");
	assert_true(reply.continues);
	assert_string_equal(codec_print(&arena, reply.parameters, false), "{\"x\":1}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_absent_and_null),
		cmocka_unit_test(test_wrong_fields),
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_unknown_is_ignored_by_clients),
		cmocka_unit_test(test_calls),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_reply_is_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
