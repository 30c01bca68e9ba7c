/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * suggest - the word that was meant by one that is not known
 */
#pragma once

#include "base.h"

/* Letters to insert, drop, replace or swap with their neighbour to make one of the other. Words are cut at 63 letters. */
size_t suggest_distance(const char *a, const char *b);

/* The nearest of the words, the first of equals; NULL where none is near enough to have been meant. */
const char *suggest_nearest(const char *word, const char *const *words, size_t n);
