/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * scan - the words, marks and comments of an interface definition; what idl reads with
 */
#include "scan.h"

#include <stdarg.h>
#include <stdio.h>

#include "utf8.h"

/* As much of a word as an error message shows. */
#define SHOWN_MAX 64

int scan_fail(struct scan *scan, size_t at, const char *format, ...)
{
	size_t line = 1, column = 1;
	autofree char *message = NULL;
	va_list arguments;
	int r;

	if (scan->error)
		return -EBADMSG;
	for (size_t i = 0; i < at; i++) {
		if (scan->text[i] == '\n') {
			line++;
			column = 1;
		} else if ((scan->text[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	va_start(arguments, format);
	r = vasprintf(&message, format, arguments);
	va_end(arguments);
	if (r < 0)
		abort(); /* memory is out */
	scan->error = arena_printf(scan->arena, "%zu:%zu: %s", line, column, message);
	return -EBADMSG;
}

const char *scan_show(struct scan *scan, const char *text, size_t n)
{
	if (n <= SHOWN_MAX)
		return arena_printf(scan->arena, "\"%s\"", arena_strndup(scan->arena, text, n));
	return arena_printf(scan->arena, "\"%s...\"", arena_strndup(scan->arena, text, SHOWN_MAX));
}

bool scan_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static size_t word_length(const struct scan *scan, const char *more)
{
	size_t n = 0;

	for (; scan->at + n < scan->n; n++) {
		char c = scan->text[scan->at + n];

		if (!scan_is_letter(c) && (c < '0' || c > '9') && !strchr(more, c))
			break;
	}
	return n;
}

int scan_fail_wanted(struct scan *scan, const char *wanted)
{
	const char *found = "the end of the text";

	if (scan->at < scan->n) {
		size_t n = word_length(scan, "_");

		found = scan_show(scan, scan->text + scan->at,
			n > 0 ? n : utf8_length(scan->text + scan->at, scan->n - scan->at));
	}
	return scan_fail(scan, scan->at, "%s is wanted, not %s", wanted, found);
}

static int check_bytes(struct scan *scan)
{
	for (size_t i = 0, length; i < scan->n; i += length) {
		unsigned char c = (unsigned char)scan->text[i];

		length = utf8_length(scan->text + i, scan->n - i);
		if (length == 0)
			return scan_fail(scan, i, "not UTF-8");
		if (c == 0x7f || (c < 0x20 && c != '\t' && c != '\n' && c != '\r'))
			return scan_fail(scan, i, "a control character");
	}
	return 0;
}

/* How many newlines it passed. */
static size_t skip_blanks(struct scan *scan)
{
	size_t newlines = 0;

	for (; scan->at < scan->n && strchr(" \t\r\n", scan->text[scan->at]); scan->at++)
		if (scan->text[scan->at] == '\n')
			newlines++;
	return newlines;
}

/* Goes to the next token, and remembers the comment that stands directly before it. */
static void skip_space(struct scan *scan)
{
	bool is_first_line = scan->at == 0;

	scan->comment = scan->comment_end = scan->at;
	for (;;) {
		size_t newlines = skip_blanks(scan);
		const char *from = scan->text + scan->at, *newline;
		bool has_own_line = newlines > 0 || is_first_line;

		if (newlines > 1) /* an empty line parts it from what follows */
			scan->comment = scan->comment_end;
		if (scan->at == scan->n || *from != '#')
			return;

		newline = memchr(from, '\n', scan->n - scan->at);
		if (has_own_line && scan->comment == scan->comment_end)
			scan->comment = scan->at;
		scan->at = newline ? (size_t)(newline - scan->text) : scan->n;
		scan->comment_end = scan->at;
		if (!has_own_line)
			scan->comment = scan->comment_end;
		is_first_line = false;
	}
}

int scan_begin(struct scan *scan, struct arena *arena, const char *text, size_t n)
{
	int r;

	*scan = (struct scan){ .arena = arena, .text = text, .n = n };
	r = check_bytes(scan);
	if (r == 0)
		skip_space(scan);
	return r;
}

const char *scan_documentation(struct scan *scan)
{
	size_t n = 0, at = scan->comment;
	char *text;

	if (scan->comment == scan->comment_end)
		return NULL;
	text = arena_alloc(scan->arena, scan->comment_end - scan->comment + 1);
	while (at < scan->comment_end) {
		const char *mark = memchr(scan->text + at, '#', scan->comment_end - at);
		const char *from = mark + 1, *end = scan->text + scan->comment_end;
		const char *newline = memchr(from, '\n', (size_t)(end - from));
		const char *to = newline ? newline : end;

		at = newline ? (size_t)(newline - scan->text) + 1 : scan->comment_end;
		if (from < to && *from == ' ')
			from++;
		while (from < to && strchr(" \t\r", to[-1]))
			to--;
		if (n > 0 || mark != scan->text + scan->comment)
			text[n++] = '\n';
		memcpy(text + n, from, (size_t)(to - from));
		n += (size_t)(to - from);
	}
	return text;
}

bool scan_is_end(const struct scan *scan)
{
	return scan->at == scan->n;
}

bool scan_is_at(const struct scan *scan, char c)
{
	return scan->at < scan->n && scan->text[scan->at] == c;
}

bool scan_accept(struct scan *scan, const char *mark)
{
	size_t n = strlen(mark);

	if (scan->n - scan->at < n || memcmp(scan->text + scan->at, mark, n) != 0)
		return false;
	scan->at += n;
	skip_space(scan);
	return true;
}

int scan_expect(struct scan *scan, const char *mark)
{
	if (scan_accept(scan, mark))
		return 0;
	return scan_fail_wanted(scan, arena_printf(scan->arena, "\"%s\"", mark));
}

struct scan_word scan_peek(const struct scan *scan, const char *more)
{
	return (struct scan_word){ scan->text + scan->at, word_length(scan, more) };
}

void scan_pass(struct scan *scan, struct scan_word word)
{
	scan->at += word.n;
	skip_space(scan);
}

bool scan_word_is(struct scan_word word, const char *text)
{
	return strlen(text) == word.n && memcmp(word.text, text, word.n) == 0;
}
