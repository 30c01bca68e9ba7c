/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * table - rows and columns on stdout
 *
 * Where a terminal is too narrow lists in cells get a line for each item, and what is still too wide goes on in the next line.
 */
#pragma once

#include "options.h"
#include "problem.h"

struct table;

/* To be filled by rows of as many cells as there are columns; lives in the problem's arena. NULL: a problem. */
struct table *table_new(const struct options *options, const char *const *columns, size_t n,
	struct problem *problem);
void table_row(struct table *table, const char *const *cells);

/* The same, but for rows that hang below others: the first column shows how. */
struct table *table_new_tree(const struct options *options, const char *const *columns, size_t n,
	struct problem *problem);
/* Below another one, or NULL: at the root. What rows below it are told. Cells may be empty. */
struct table_row;
struct table_row *table_branch(
	struct table *table, struct table_row *above, const char *const *cells);
/* Prints it; an empty one is not printed. */
void table_end(struct table *table);
