/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_text - any bytes through the check of JSON texts, and what must be true of the verdict
 */
#include <json-c/json.h>

#include "fuzz.h"
#include "text.h"

static bool has_long_number(const char *text, size_t n)
{
	size_t run = 0;

	for (size_t i = 0; i < n && run < 19; i++)
		run = text[i] >= '0' && text[i] <= '9' ? run + 1 : 0;
	return run >= 19;
}

/* What is accepted json-c must read in its strict mode, integers beyond 64 bits aside; json-c 0.18 in its lax one, since its
 * strict one takes every byte beyond ASCII in a string for a control character. */
static void check_accepted(const char *text, size_t n)
{
	int strict = json_c_version_num() < 0x1200 ? JSON_TOKENER_STRICT : 0;
	struct json_tokener *tokener = json_tokener_new_ex(TEXT_DEPTH_MAX + 2);
	autofree char *copy = malloc(n + 1);
	struct json_object *object;
	enum json_tokener_error error;

	fuzz_check(tokener && copy);
	memcpy(copy, text, n);
	copy[n] = '\0';
	json_tokener_set_flags(tokener, strict | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, copy, (int)n + 1);
	error = json_tokener_get_error(tokener);
	json_object_put(object);
	json_tokener_free(tokener);
	fuzz_check(error == json_tokener_success ||
		   (error == json_tokener_error_parse_number && has_long_number(text, n)));
}

/* The offset tells the first wrong byte: up to there the text is right, only perhaps not whole. */
static void check_refused(const char *text, size_t n, enum text_fault fault, size_t at)
{
	size_t again = SIZE_MAX;

	fuzz_check(at <= n);
	if (fault == TEXT_SIZE) {
		fuzz_check(n > TEXT_MESSAGE_MAX && at == TEXT_MESSAGE_MAX);
		return;
	}
	fuzz_check(at < n || fault == TEXT_SYNTAX);
	switch (text_check(text, at, &text_limits_message, &again)) {
	case TEXT_OK:
		fuzz_check(fault == TEXT_SYNTAX || fault == TEXT_ENCODING);
		break;
	case TEXT_SYNTAX:
		fuzz_check(again == at);
		break;
	case TEXT_ENCODING:
	case TEXT_DUPLICATE:
	case TEXT_SIZE:
	case TEXT_VALUES:
	case TEXT_DEPTH:
		fuzz_check(false);
	}
}

/* By tighter limits what is over them is refused, and nothing else is another way. */
static void check_tightly(const char *text, size_t n, enum text_fault fault)
{
	static const struct text_limits limits = { .size = 64, .values = 8, .depth = 3 };
	enum text_fault tight = text_check(text, n, &limits, NULL);
	bool is_limit = tight == TEXT_SIZE || tight == TEXT_VALUES || tight == TEXT_DEPTH;

	fuzz_check(*text_fault_name(tight));
	fuzz_check((tight == TEXT_SIZE) == (n > limits.size));
	fuzz_check(is_limit || tight == fault);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	const char *text = (const char *)data;
	size_t at = SIZE_MAX;
	enum text_fault fault = text_check(text, n, &text_limits_message, &at);

	check_tightly(text, n, fault);
	if (fault == TEXT_OK) {
		fuzz_check(at == SIZE_MAX);
		check_accepted(text, n);
	} else {
		check_refused(text, n, fault, at);
	}
	return 0;
}
