/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * table - rows and columns on stdout
 */
#pragma once

#include "options.h"
#include "problem.h"

struct table;

/* To be filled by rows of as many cells as there are columns; lives in the problem's arena until it is ended. NULL: a problem. */
struct table *table_new(const struct options *options, const char *const *columns, size_t n,
	struct problem *problem);
void table_row(struct table *table, const char *const *cells);
/* Prints and frees it; an empty one is not printed. */
void table_end(struct table *table);
