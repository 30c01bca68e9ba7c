/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text - the strict check that stands before every JSON text from outside
 *
 * json-c's strict mode takes single quotes, NaN, leading zeros and more, and lets a later duplicate of a key win. So the
 * text is checked here first, by RFC 8259 to the letter and I-JSON (RFC 7493) where that is stricter: UTF-8 without
 * overlong forms and surrogates, escapes that make whole characters, no U+0000 even by escape, no key twice in one object
 * even by escape. Stack use is constant in the text, memory linear in its keys, time O(n log n).
 */
#pragma once

#include "base.h"

struct text_limits {
	size_t size;   /* bytes, without the closing NUL */
	size_t values; /* objects, arrays, strings, numbers, literals; keys do not count */
	size_t depth;  /* objects and arrays inside each other: "[]" is 1 */
};

/* What one message to the daemon may be. Source: SAFETY, "Limits". */
#define TEXT_MESSAGE_MAX (256U * 1024U)
#define TEXT_VALUES_MAX  16384U
#define TEXT_DEPTH_MAX   16U

extern const struct text_limits text_limits_message;

enum text_fault {
	TEXT_OK,
	TEXT_SYNTAX,    /* not JSON */
	TEXT_ENCODING,  /* not UTF-8, a lone surrogate, U+0000 */
	TEXT_DUPLICATE, /* a key twice in one object */
	TEXT_SIZE,
	TEXT_VALUES,
	TEXT_DEPTH,
};

/* Checks one whole JSON text of n bytes (white space around it allowed, nothing else). On a fault *ret_at, if not NULL, is
 * the offset in bytes of the first byte that is wrong. */
enum text_fault text_check(
	const char *text, size_t n, const struct text_limits *limits, size_t *ret_at);

/* "syntax error", ...: for people. */
const char *text_fault_name(enum text_fault fault);
