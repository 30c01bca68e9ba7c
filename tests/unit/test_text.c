/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_text - the strict check of JSON texts: a corpus of both verdicts, exact faults and offsets, and json-c as a witness
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <json-c/json.h>
#include <stdio.h>
#include <sys/stat.h>

#include "text.h"

#define CORPUS TESTS_DIR "/fuzz/corpus/text/"

struct bytes {
	char *text;
	size_t n;
};

static void bytes_done_p(struct bytes *bytes)
{
	free(bytes->text);
}

static struct bytes read_file(const char *path)
{
	struct bytes bytes = { 0 };
	struct stat st;
	FILE *file = fopen(path, "re");

	assert_non_null(file);
	assert_int_equal(fstat(fileno(file), &st), 0);
	bytes.n = (size_t)st.st_size;
	bytes.text = malloc(bytes.n + 1);
	assert_non_null(bytes.text);
	assert_int_equal(fread(bytes.text, 1, bytes.n, file), bytes.n);
	bytes.text[bytes.n] = '\0';
	(void)fclose(file);
	return bytes;
}

/* Checks a copy behind which no byte is, so that the sanitizer sees one read too much. */
static enum text_fault check(const char *text, size_t n, size_t *ret_at)
{
	autofree char *copy = malloc(n + 1);
	enum text_fault fault;

	assert_non_null(copy);
	memcpy(copy + 1, text, n);
	fault = text_check(copy + 1, n, &text_limits_message, ret_at);
	assert_int_equal(text_check(copy + 1, n, &text_limits_message, NULL), fault);
	return fault;
}

typedef void (*on_file)(const char *name, struct bytes bytes);

static size_t for_each_file(const char *directory, on_file function)
{
	struct dirent **entries;
	int n = scandir(directory, &entries, NULL, alphasort);
	size_t n_files = 0;

	if (n < 0)
		fail_msg("%s: %s", directory, strerror(errno));
	for (int i = 0; i < n; i++) {
		if (entries[i]->d_name[0] != '.') {
			autofree char *path = NULL;
			cleanup(bytes_done) struct bytes bytes = { 0 };

			assert_true(asprintf(&path, "%s/%s", directory, entries[i]->d_name) > 0);
			bytes = read_file(path);
			function(entries[i]->d_name, bytes);
			n_files++;
		}
		free(entries[i]);
	}
	free(entries);
	return n_files;
}

static void expect_accepted(const char *name, struct bytes bytes)
{
	size_t at = SIZE_MAX;
	enum text_fault fault = check(bytes.text, bytes.n, &at);

	if (fault != TEXT_OK)
		fail_msg("accept/%s: %s at %zu", name, text_fault_name(fault), at);
	assert_int_equal(at, SIZE_MAX);
}

static void expect_rejected(const char *name, struct bytes bytes)
{
	size_t at = SIZE_MAX;

	if (check(bytes.text, bytes.n, &at) == TEXT_OK)
		fail_msg("reject/%s: accepted", name);
	if (at > bytes.n)
		fail_msg("reject/%s: fault at %zu of %zu bytes", name, at, bytes.n);
}

static void test_corpus(unused void **state)
{
	assert_true(for_each_file(CORPUS "accept", expect_accepted) >= 40);
	assert_true(for_each_file(CORPUS "reject", expect_rejected) >= 40);
}

#define TEXT(literal) literal, sizeof(literal) - 1

static void test_faults(unused void **state)
{
	static const struct {
		const char *text;
		size_t n;
		enum text_fault fault;
		size_t at;
	} cases[] = {
		{ TEXT(""), TEXT_SYNTAX, 0 },
		{ TEXT(" \n"), TEXT_SYNTAX, 2 },
		{ TEXT("{} x"), TEXT_SYNTAX, 3 },
		{ TEXT("{}\0"), TEXT_ENCODING, 2 },
		{ TEXT("\xef\xbb\xbf{}"), TEXT_SYNTAX, 0 },
		{ TEXT("{}\xff"), TEXT_ENCODING, 2 },
		{ TEXT("01"), TEXT_SYNTAX, 1 },
		{ TEXT("1."), TEXT_SYNTAX, 2 },
		{ TEXT("[1.e5]"), TEXT_SYNTAX, 3 },
		{ TEXT("-"), TEXT_SYNTAX, 1 },
		{ TEXT("+1"), TEXT_SYNTAX, 0 },
		{ TEXT("1e+"), TEXT_SYNTAX, 3 },
		{ TEXT("-Infinity"), TEXT_SYNTAX, 1 },
		{ TEXT("[trux]"), TEXT_SYNTAX, 4 },
		{ TEXT("[1,]"), TEXT_SYNTAX, 3 },
		{ TEXT("[1}"), TEXT_SYNTAX, 2 },
		{ TEXT("{\"a\":1,}"), TEXT_SYNTAX, 7 },
		{ TEXT("{\"a\" 1}"), TEXT_SYNTAX, 5 },
		{ TEXT("{'a':1}"), TEXT_SYNTAX, 1 },
		{ TEXT("\"a\nb\""), TEXT_SYNTAX, 2 },
		{ TEXT("\"a\0b\""), TEXT_ENCODING, 2 },
		{ TEXT("\"\\x\""), TEXT_SYNTAX, 2 },
		{ TEXT("\"\\u12g4\""), TEXT_SYNTAX, 5 },
		{ TEXT("\"a\\u0000\""), TEXT_ENCODING, 2 },
		{ TEXT("\"a\\ud800\\n\""), TEXT_ENCODING, 2 },
		{ TEXT("\"a\\udc00\""), TEXT_ENCODING, 2 },
		{ TEXT("\"a\\ud800\\u12g4\""), TEXT_SYNTAX, 12 },
		{ TEXT("\"ab\xc0\x80\""), TEXT_ENCODING, 3 },
		{ TEXT("\"ab\xe2\x82"), TEXT_ENCODING, 3 },
		{ TEXT("\"ab\xed\xa0\x80\""), TEXT_ENCODING, 3 },
		{ TEXT("{\"a\":1,\"b\":2,\"a\":3,\"b\":4}"), TEXT_DUPLICATE, 13 },
		{ TEXT("{\"a\":1,\"b\":{\"c\":1,\"c\":2}}"), TEXT_DUPLICATE, 18 },
		{ TEXT("{\"\":1,\"\\u0061\":2,\"a\":3}"), TEXT_DUPLICATE, 17 },
		{ TEXT("[[[[[[[[[[[[[[[[["), TEXT_DEPTH, 16 },
	};

	for (size_t i = 0; i < lengthof(cases); i++) {
		size_t at = SIZE_MAX;
		enum text_fault fault = check(cases[i].text, cases[i].n, &at);

		if (fault != cases[i].fault || at != cases[i].at)
			fail_msg("%s: %s at %zu, not %s at %zu", cases[i].text,
				text_fault_name(fault), at, text_fault_name(cases[i].fault),
				cases[i].at);
	}
}

static void expect_fault(
	const char *text, const struct text_limits *limits, enum text_fault fault, size_t at)
{
	size_t found = SIZE_MAX;

	assert_int_equal(text_check(text, strlen(text), limits, &found), fault);
	assert_int_equal(found, at);
}

static void test_limits(unused void **state)
{
	static const struct text_limits small = { .size = 8, .values = 3, .depth = 2 };
	static const struct text_limits none = { 0 };

	expect_fault("[1,2   ]", &small, TEXT_OK, SIZE_MAX);
	expect_fault("[1,2    ]", &small, TEXT_SIZE, 8);
	/* The size comes first: what is over it is not looked at. */
	expect_fault("\xff\xff\xff\xff\xff\xff\xff\xff\xff", &small, TEXT_SIZE, 8);
	expect_fault("[1,2,3]", &small, TEXT_VALUES, 5);
	expect_fault("[1,2,x]", &small, TEXT_SYNTAX, 5);
	expect_fault("[[1]]", &small, TEXT_OK, SIZE_MAX);
	expect_fault("[[[]]]", &small, TEXT_DEPTH, 2);
	expect_fault("[[],[]]", &small, TEXT_OK, SIZE_MAX);
	expect_fault("", &none, TEXT_SYNTAX, 0);
	expect_fault("1", &none, TEXT_SIZE, 0);
}

static void test_size_of_a_message(unused void **state)
{
	autofree char *text = malloc(TEXT_MESSAGE_MAX + 1);

	assert_non_null(text);
	memset(text, ' ', TEXT_MESSAGE_MAX + 1);
	text[0] = '{';
	text[1] = '}';
	assert_int_equal(check(text, TEXT_MESSAGE_MAX, NULL), TEXT_OK);
	assert_int_equal(check(text, TEXT_MESSAGE_MAX + 1, NULL), TEXT_SIZE);
}

/* Keys made to be slow to compare, to hash or to sort: as many as a message may have, all with one beginning, descending. */
static void test_hostile_keys(unused void **state)
{
	static const char beginning[] = "aaaaaa";
	size_t size = TEXT_MESSAGE_MAX + 64, n = 0, at = 0;
	autofree char *text = malloc(size);
	unsigned key;

	assert_non_null(text);
	text[n++] = '{';
	for (key = TEXT_VALUES_MAX - 1; key > 0; key--)
		n += (size_t)snprintf(text + n, size - n, "\"%s%x\":0,", beginning, 0x4000 + key);
	assert_true(n < TEXT_MESSAGE_MAX);
	text[n - 1] = '}';
	assert_int_equal(check(text, n, NULL), TEXT_OK);

	/* The last made the same as the first. */
	n -= strlen("\"aaaaaa4001\":0}");
	(void)snprintf(text + n, size - n, "\"%s%x\":0}", beginning, 0x7fff);
	assert_int_equal(check(text, strlen(text), &at), TEXT_DUPLICATE);
	assert_int_equal(at, n);
}

/* xorshift64*: the same everywhere for the same seed. */
static uint64_t next_random(uint64_t *seed)
{
	*seed ^= *seed >> 12;
	*seed ^= *seed << 25;
	*seed ^= *seed >> 27;
	return *seed * UINT64_C(2685821657736338717);
}

static size_t below(uint64_t *seed, size_t n)
{
	return (size_t)(next_random(seed) >> 11) % n;
}

static bool has_long_number(struct bytes bytes)
{
	size_t run = 0;

	for (size_t i = 0; i < bytes.n && run < 19; i++)
		run = bytes.text[i] >= '0' && bytes.text[i] <= '9' ? run + 1 : 0;
	return run >= 19;
}

/* Whatever the check accepts json-c must read in its strict mode. The one difference allowed: RFC 8259 has integers beyond 64
 * bits, and json-c from 0.17 on has not. And json-c 0.18, when strict, takes every byte beyond ASCII in a string for a control
 * character: there it may be lax, and only checks the encoding. */
static bool is_read_by_json_c(struct bytes bytes)
{
	int strict = json_c_version_num() < 0x1200 ? JSON_TOKENER_STRICT : 0;
	struct json_tokener *tokener = json_tokener_new_ex(TEXT_DEPTH_MAX + 2);
	struct json_object *object;
	enum json_tokener_error error;

	assert_non_null(tokener);
	json_tokener_set_flags(tokener, strict | JSON_TOKENER_VALIDATE_UTF8);
	object = json_tokener_parse_ex(tokener, bytes.text, (int)bytes.n + 1);
	error = json_tokener_get_error(tokener);
	json_object_put(object);
	json_tokener_free(tokener);
	return error == json_tokener_success ||
	       (error == json_tokener_error_parse_number && has_long_number(bytes));
}

static const char *const grains[] = { "{", "}", "[", "]", ",", ":", "\"", "\\", "0", "1", "-", "+",
	".", "e", "E", " ", "\n", "true", "null", "\"a\"", "\"a\":1", "\\u0061", "\\ud834\\udd1e",
	"\\ud834", "\xc3\xa9", "\xc3", "\x80", "\x01", "{}", "[]", "[1,2]", "1.5e3", "-0", "01" };

/* Changes a text at one place: a grain more, a byte less, a byte other, a piece of itself again. At most 16 bytes more. */
static void mutate(struct bytes *bytes, uint64_t *seed)
{
	size_t at = below(seed, bytes->n + 1), length = 0, from;
	const char *grain = grains[below(seed, lengthof(grains))];
	char piece[16];

	switch (below(seed, 4)) {
	case 0:
		length = strlen(grain);
		memcpy(piece, grain, length);
		break;
	case 1:
		from = below(seed, bytes->n + 1);
		length = bytes->n - from < sizeof(piece) ? bytes->n - from : sizeof(piece);
		memcpy(piece, bytes->text + from, length);
		break;
	case 2:
		if (at < bytes->n)
			memmove(bytes->text + at, bytes->text + at + 1, bytes->n-- - at - 1);
		break;
	default:
		if (at < bytes->n)
			bytes->text[at] = (char)(1 + below(seed, 255));
	}
	memmove(bytes->text + at + length, bytes->text + at, bytes->n - at);
	memcpy(bytes->text + at, piece, length);
	bytes->n += length;
	bytes->text[bytes->n] = '\0';
}

#define MUTATIONS_MAX 4

static struct {
	uint64_t seed;
	size_t n_accepted, n_tried;
} witness;

static void witness_file(const char *name, struct bytes original)
{
	autofree char *text = malloc(original.n + (size_t)16 * MUTATIONS_MAX + 1);

	assert_non_null(text);
	assert_true(is_read_by_json_c(original));
	if (original.n > 512)
		return;
	for (unsigned round = 0; round < 2000; round++) {
		struct bytes bytes = { text, original.n };
		size_t n_mutations = 1 + below(&witness.seed, MUTATIONS_MAX);

		memcpy(text, original.text, original.n + 1);
		for (size_t i = 0; i < n_mutations; i++)
			mutate(&bytes, &witness.seed);
		witness.n_tried++;
		if (check(bytes.text, bytes.n, NULL) != TEXT_OK)
			continue;
		witness.n_accepted++;
		if (!is_read_by_json_c(bytes))
			fail_msg("accepted, but json-c refuses (from %s): %s", name, bytes.text);
	}
}

static void test_json_c_reads_what_is_accepted(unused void **state)
{
	witness.seed = UINT64_C(0x6e736e657464);
	print_message("seed %#llx\n", (unsigned long long)witness.seed);
	(void)for_each_file(CORPUS "accept", witness_file);
	print_message("%zu of %zu texts accepted\n", witness.n_accepted, witness.n_tried);
	assert_true(witness.n_accepted > witness.n_tried / 20);
	assert_true(witness.n_accepted < witness.n_tried * 9 / 10);
}

static void test_names(unused void **state)
{
	for (int fault = TEXT_OK; fault <= (int)TEXT_DEPTH; fault++) {
		assert_true(strlen(text_fault_name((enum text_fault)fault)) > 0);
		for (int other = TEXT_OK; other < fault; other++)
			assert_string_not_equal(text_fault_name((enum text_fault)fault),
				text_fault_name((enum text_fault)other));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_size_of_a_message),
		cmocka_unit_test(test_hostile_keys),
		cmocka_unit_test(test_json_c_reads_what_is_accepted),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
