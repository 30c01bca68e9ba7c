/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * suggest - the word that was meant by one that is not known
 *
 * The distance is the restricted one of Damerau and Levenshtein ("optimal string alignment"): three rows of the table are
 * enough, the third because a swap looks two letters back.
 */
#include "suggest.h"

enum { LETTERS_MAX = 63 };

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

size_t suggest_distance(const char *a, const char *b)
{
	size_t rows[3][LETTERS_MAX + 1];
	size_t *before = rows[0], *above = rows[1], *row = rows[2];
	size_t n = strnlen(a, LETTERS_MAX), m = strnlen(b, LETTERS_MAX);

	for (size_t j = 0; j <= m; j++) {
		before[j] = 0;
		above[j] = j;
	}
	for (size_t i = 1; i <= n; i++) {
		size_t *freed = before;

		row[0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t replace = above[j - 1] + (a[i - 1] != b[j - 1]);

			row[j] = smaller(replace, smaller(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				row[j] = smaller(row[j], before[j - 2] + 1);
		}
		before = above;
		above = row;
		row = freed;
	}
	return above[m];
}

const char *suggest_nearest(const char *word, const char *const *words, size_t n)
{
	/* A third of the letters may be wrong: "lsit", "crate", but not any word for any other. */
	size_t best = (strnlen(word, LETTERS_MAX) + 2) / 3 + 1;
	size_t nearest = n;

	for (size_t i = 0; i < n; i++) {
		size_t distance = suggest_distance(word, words[i]);

		if (distance < best) {
			best = distance;
			nearest = i;
		}
	}
	/* "del" for "delete": too far to be a slip, but the beginning of a word. */
	for (size_t i = 0; i < n && nearest == n; i++) {
		if (strlen(word) >= 2 && after(words[i], word))
			nearest = i;
	}
	return nearest < n ? words[nearest] : NULL;
}
