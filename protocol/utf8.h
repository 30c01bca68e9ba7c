/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * utf8 - tells well-formed UTF-8 (Unicode, table 3-7) from what only looks like it
 */
#pragma once

#include "base.h"

/* The bytes that the character at the beginning of text takes, of n that are there; 0 where none begins: overlong forms,
 * surrogates, beyond U+10FFFF, cut off. */
static inline size_t utf8_length(const char *text, size_t n)
{
	const unsigned char *p = (const unsigned char *)text;
	unsigned char lowest = 0x80, highest = 0xbf; /* of the second byte */
	size_t length;

	if (n == 0)
		return 0;
	if (p[0] < 0x80)
		return 1;
	if (p[0] < 0xc2 || p[0] > 0xf4)
		return 0;
	length = p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
	if (n < length)
		return 0;

	if (p[0] == 0xe0)
		lowest = 0xa0;
	else if (p[0] == 0xed)
		highest = 0x9f;
	else if (p[0] == 0xf0)
		lowest = 0x90;
	else if (p[0] == 0xf4)
		highest = 0x8f;
	if (p[1] < lowest || p[1] > highest)
		return 0;
	for (size_t i = 2; i < length; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return length;
}
