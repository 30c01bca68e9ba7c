/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scan - the words, marks and comments of an interface definition; what idl reads with
 *
 * Between two calls it stands at a token or at the end of the text: white space and comments are behind it.
 */
#pragma once

#include "arena.h"

struct scan {
	struct arena *arena;
	const char *text;
	size_t n, at;
	size_t comment, comment_end; /* directly before at; equal where there is none */
	const char *error;           /* "line:column: what" */
};

/* A word as it stands in the text. */
struct scan_word {
	const char *text;
	size_t n;
};

/* Refuses what is not UTF-8 or has control characters, then stands at the first token. 0 or -EBADMSG. */
int scan_begin(struct scan *scan, struct arena *arena, const char *text, size_t n);

/* The following return -EBADMSG. The first error is kept. */
int scan_fail(struct scan *scan, size_t at, const char *format, ...) attribute_printf(3, 4);
/* "WANTED is wanted, not WHAT IS THERE" */
int scan_fail_wanted(struct scan *scan, const char *wanted);

/* For messages: quoted, and not too long. */
const char *scan_show(struct scan *scan, const char *text, size_t n);

bool scan_is_end(const struct scan *scan);
/* Whether the token begins with that character. */
bool scan_is_at(const struct scan *scan, char c);
/* Takes a mark. */
bool scan_accept(struct scan *scan, const char *mark);
int scan_expect(struct scan *scan, const char *mark);

/* The word at which it stands, of letters, digits and the characters in more; empty where there is none. */
struct scan_word scan_peek(const struct scan *scan, const char *more);
void scan_pass(struct scan *scan, struct scan_word word);
bool scan_word_is(struct scan_word word, const char *text);
bool scan_is_letter(char c);

/* The comment that stands directly before the token, lines joined by '\n', without its marks; NULL where there is none. */
const char *scan_documentation(struct scan *scan);
