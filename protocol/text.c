/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text - the strict check that stands before every JSON text from outside
 *
 * A machine with three stacks, all on the heap, so that no text makes the C stack grow:
 *
 *     levels   the objects and arrays that are open
 *     keys     the keys of all open objects, those of the innermost last
 *     bytes    what these keys say once their escapes are decoded
 *
 * An object's keys are sorted when it closes, and equal ones then lie beside each other. Sorting is by content, not by a
 * hash: there is no seed to guess and no worst case but the sort's own. The price is that a key that comes twice is told
 * at the end of its object, so that a syntax error in the same object wins over it.
 *
 * Noncharacters (U+FFFE, ...) pass: json-c and every terminal take them for what they are.
 */
#include "text.h"

#include "utf8.h"

const struct text_limits text_limits_message = {
	.size = TEXT_MESSAGE_MAX,
	.values = TEXT_VALUES_MAX,
	.depth = TEXT_DEPTH_MAX,
};

enum state {
	WANT_VALUE,
	WANT_VALUE_OR_END, /* after [ */
	WANT_KEY,
	WANT_KEY_OR_END, /* after { */
	WANT_COMMA_OR_END,
	DONE,
};

struct level {
	bool is_object;
	size_t first_key, first_byte;
};

struct key {
	size_t at;            /* in the text */
	size_t start, length; /* in bytes */
};

/* An array that only grows; its elements are forgotten by counting down. */
struct stack {
	void *items;
	size_t n, max;
};

struct check {
	const char *text;
	size_t n, at;
	const struct text_limits *limits;
	size_t values;
	enum state state;
	struct stack levels; /* struct level */
	struct stack keys;   /* struct key */
	struct stack bytes;  /* char */
};

/* Room for n more elements of that size; the first of them. */
static void *stack_push(struct stack *stack, size_t n, size_t size)
{
	size_t first = stack->n;

	if (stack->max - first < n) {
		size_t max = stack->max + n + stack->max / 2 + 16;
		void *items = reallocarray(stack->items, max, size);

		if (!items)
			abort(); /* memory is out */
		stack->items = items;
		stack->max = max;
	}
	stack->n += n;
	return (char *)stack->items + first * size;
}

/* To be asked only while one is open. */
static const struct level *innermost(const struct check *check)
{
	return (const struct level *)check->levels.items + check->levels.n - 1;
}

/* The next byte, -1 at the end. */
static int peek(const struct check *check)
{
	return check->at < check->n ? (unsigned char)check->text[check->at] : -1;
}

static bool accept(struct check *check, char byte)
{
	if (peek(check) != byte)
		return false;
	check->at++;
	return true;
}

static void skip_space(struct check *check)
{
	while (accept(check, ' ') || accept(check, '\t') || accept(check, '\n') ||
		accept(check, '\r'))
		;
}

/* What is wrong with the next byte, which may not stand there. */
static enum text_fault refuse(const struct check *check)
{
	int byte = peek(check);

	if (byte == 0)
		return TEXT_ENCODING;
	if (byte > 0 && utf8_length(check->text + check->at, check->n - check->at) == 0)
		return TEXT_ENCODING;
	return TEXT_SYNTAX;
}

static void push_character(struct check *check, unsigned character)
{
	static const unsigned char marks[] = { 0, 0, 0xc0, 0xe0, 0xf0 };
	unsigned n = character < 0x80 ? 1 : character < 0x800 ? 2 : character < 0x10000 ? 3 : 4;
	unsigned char *bytes = stack_push(&check->bytes, n, 1);

	for (unsigned i = n - 1; i > 0; i--) {
		bytes[i] = (unsigned char)(0x80 | (character & 0x3f));
		character >>= 6;
	}
	bytes[0] = (unsigned char)(marks[n] | character);
}

static int hexadecimal(int byte)
{
	if (byte >= '0' && byte <= '9')
		return byte - '0';
	if (byte >= 'a' && byte <= 'f')
		return byte - 'a' + 10;
	if (byte >= 'A' && byte <= 'F')
		return byte - 'A' + 10;
	return -1;
}

static enum text_fault read_unit(struct check *check, unsigned *ret)
{
	unsigned unit = 0;

	for (int i = 0; i < 4; i++) {
		int digit = hexadecimal(peek(check));

		if (digit < 0)
			return refuse(check);
		unit = unit << 4 | (unsigned)digit;
		check->at++;
	}
	*ret = unit;
	return TEXT_OK;
}

/* After "\u". Characters beyond U+FFFF are two such escapes, the high surrogate first. */
static enum text_fault read_character(struct check *check, unsigned *ret)
{
	size_t at = check->at - 2;
	unsigned high, low;
	enum text_fault fault;

	fault = read_unit(check, &high);
	if (fault != TEXT_OK)
		return fault;
	if (high != 0 && (high < 0xd800 || high > 0xdfff)) {
		*ret = high;
		return TEXT_OK;
	}
	if (high >= 0xd800 && high <= 0xdbff && accept(check, '\\') && accept(check, 'u')) {
		fault = read_unit(check, &low);
		if (fault != TEXT_OK)
			return fault;
		if (low >= 0xdc00 && low <= 0xdfff) {
			*ret = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
			return TEXT_OK;
		}
	}
	check->at = at;
	return TEXT_ENCODING;
}

/* After the backslash. */
static enum text_fault read_escape(struct check *check, unsigned *ret)
{
	static const char names[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
	int byte = peek(check);
	const char *name = byte > 0 ? strchr(names, byte) : NULL;

	if (byte == 'u') {
		check->at++;
		return read_character(check, ret);
	}
	if (!name)
		return refuse(check);
	check->at++;
	*ret = (unsigned char)meanings[name - names];
	return TEXT_OK;
}

static enum text_fault read_string(struct check *check, bool is_key)
{
	check->at++;
	while (!accept(check, '"')) {
		if (accept(check, '\\')) {
			unsigned character = 0;
			enum text_fault fault = read_escape(check, &character);

			if (fault != TEXT_OK)
				return fault;
			if (is_key)
				push_character(check, character);
		} else {
			const char *from = check->text + check->at;
			size_t length = utf8_length(from, check->n - check->at);

			if (length == 0 || (length == 1 && (unsigned char)*from < 0x20))
				return refuse(check);
			if (is_key)
				memcpy(stack_push(&check->bytes, length, 1), from, length);
			check->at += length;
		}
	}
	return TEXT_OK;
}

static enum text_fault read_digits(struct check *check)
{
	size_t at = check->at;

	while (peek(check) >= '0' && peek(check) <= '9')
		check->at++;
	return check->at > at ? TEXT_OK : refuse(check);
}

/* What follows the number is the business of whoever comes next: the 1 of 01 is no comma. */
static enum text_fault read_number(struct check *check)
{
	enum text_fault fault = TEXT_OK;

	(void)accept(check, '-');
	if (!accept(check, '0'))
		fault = read_digits(check);
	if (fault == TEXT_OK && accept(check, '.'))
		fault = read_digits(check);
	if (fault == TEXT_OK && (accept(check, 'e') || accept(check, 'E'))) {
		if (!accept(check, '+'))
			(void)accept(check, '-');
		fault = read_digits(check);
	}
	return fault;
}

static enum text_fault read_literal(struct check *check, const char *literal)
{
	for (; *literal; literal++)
		if (!accept(check, *literal))
			return refuse(check);
	return TEXT_OK;
}

static enum text_fault open_level(struct check *check, bool is_object)
{
	struct level *level;

	if (check->levels.n >= check->limits->depth)
		return TEXT_DEPTH;
	check->at++;
	level = stack_push(&check->levels, 1, sizeof(*level));
	level->is_object = is_object;
	level->first_key = check->keys.n;
	level->first_byte = check->bytes.n;
	check->state = is_object ? WANT_KEY_OR_END : WANT_VALUE_OR_END;
	return TEXT_OK;
}

/* Negative, 0, positive: the order of what two keys say. */
static int order_keys(const struct key *left, const struct key *right, const char *bytes)
{
	size_t n = left->length < right->length ? left->length : right->length;
	int order = n > 0 ? memcmp(bytes + left->start, bytes + right->start, n) : 0;

	if (order != 0)
		return order;
	return (left->length > right->length) - (left->length < right->length);
}

/* Equal keys stay in the order of the text. */
static int compare_keys(const void *a, const void *b, void *bytes)
{
	const struct key *left = a, *right = b;
	int order = order_keys(left, right, bytes);

	return order != 0 ? order : (left->at > right->at) - (left->at < right->at);
}

/* Finds the first key that stood in the object before. */
static enum text_fault check_keys(struct check *check, size_t first)
{
	const char *bytes = check->bytes.items;
	struct key *keys = (struct key *)check->keys.items + first;
	size_t n = check->keys.n - first, at = SIZE_MAX;

	qsort_r(keys, n, sizeof(*keys), compare_keys, check->bytes.items);
	for (size_t i = 1; i < n; i++)
		if (keys[i].at < at && order_keys(&keys[i - 1], &keys[i], bytes) == 0)
			at = keys[i].at;
	if (at == SIZE_MAX)
		return TEXT_OK;
	check->at = at;
	return TEXT_DUPLICATE;
}

/* After a value, the outermost one perhaps. */
static void end_value(struct check *check)
{
	check->state = check->levels.n > 0 ? WANT_COMMA_OR_END : DONE;
}

/* At the bracket that closes the innermost level. */
static enum text_fault close_level(struct check *check)
{
	const struct level *level = innermost(check);
	enum text_fault fault = TEXT_OK;

	if (check->keys.n - level->first_key > 1)
		fault = check_keys(check, level->first_key);
	if (fault != TEXT_OK)
		return fault;
	check->keys.n = level->first_key;
	check->bytes.n = level->first_byte;
	check->levels.n--;
	check->at++;
	end_value(check);
	return TEXT_OK;
}

static enum text_fault read_value(struct check *check)
{
	enum text_fault fault = TEXT_OK;
	int byte = peek(check);

	if (byte <= 0 || !strchr("{[\"tfn-0123456789", byte))
		return refuse(check);
	if (check->values >= check->limits->values)
		return TEXT_VALUES;
	check->values++;

	if (byte == '{' || byte == '[')
		return open_level(check, byte == '{');
	if (byte == '"')
		fault = read_string(check, false);
	else if (byte == 't')
		fault = read_literal(check, "true");
	else if (byte == 'f')
		fault = read_literal(check, "false");
	else if (byte == 'n')
		fault = read_literal(check, "null");
	else
		fault = read_number(check);
	end_value(check);
	return fault;
}

/* A key and its colon. */
static enum text_fault read_key(struct check *check)
{
	size_t at = check->at, start = check->bytes.n;
	struct key *key;
	enum text_fault fault;

	if (peek(check) != '"')
		return refuse(check);
	fault = read_string(check, true);
	if (fault != TEXT_OK)
		return fault;
	key = stack_push(&check->keys, 1, sizeof(*key));
	*key = (struct key){ .at = at, .start = start, .length = check->bytes.n - start };

	skip_space(check);
	if (!accept(check, ':'))
		return refuse(check);
	check->state = WANT_VALUE;
	return TEXT_OK;
}

static enum text_fault step(struct check *check)
{
	int byte = peek(check);

	switch (check->state) {
	case WANT_VALUE_OR_END:
		if (byte == ']')
			return close_level(check);
		return read_value(check);
	case WANT_VALUE:
		return read_value(check);
	case WANT_KEY_OR_END:
		if (byte == '}')
			return close_level(check);
		return read_key(check);
	case WANT_KEY:
		return read_key(check);
	case WANT_COMMA_OR_END:
		if (byte == (innermost(check)->is_object ? '}' : ']'))
			return close_level(check);
		if (!accept(check, ','))
			return refuse(check);
		check->state = innermost(check)->is_object ? WANT_KEY : WANT_VALUE;
		return TEXT_OK;
	case DONE:
		break;
	}
	return TEXT_OK;
}

enum text_fault text_check(
	const char *text, size_t n, const struct text_limits *limits, size_t *ret_at)
{
	struct check check = { .text = text, .n = n, .limits = limits, .state = WANT_VALUE };
	enum text_fault fault = TEXT_OK;

	if (n > limits->size) {
		if (ret_at)
			*ret_at = limits->size;
		return TEXT_SIZE;
	}

	skip_space(&check);
	while (fault == TEXT_OK && check.state != DONE) {
		fault = step(&check);
		if (fault == TEXT_OK)
			skip_space(&check);
	}
	if (fault == TEXT_OK && check.at < n)
		fault = refuse(&check);

	free(check.levels.items);
	free(check.keys.items);
	free(check.bytes.items);
	if (fault != TEXT_OK && ret_at)
		*ret_at = check.at;
	return fault;
}

const char *text_fault_name(enum text_fault fault)
{
	switch (fault) {
	case TEXT_OK:
		return "no fault";
	case TEXT_SYNTAX:
		return "syntax error";
	case TEXT_ENCODING:
		return "not UTF-8, a lone surrogate or U+0000";
	case TEXT_DUPLICATE:
		return "a key twice in one object";
	case TEXT_SIZE:
		return "too long";
	case TEXT_VALUES:
		return "too many values";
	case TEXT_DEPTH:
		return "nested too deeply";
	}
	return "unknown fault";
}
