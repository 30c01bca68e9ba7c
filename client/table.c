/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * table - rows and columns on stdout
 *
 * libsmartcols is loaded when there is something to print: most commands print no table, and to load it is a good part of what
 * the shortest of them cost.
 */
#include "table.h"

#include <dlfcn.h>
#include <libsmartcols.h>
#include <locale.h>
#include <stdio.h>

#include "output.h"

#define LIBRARY "libsmartcols.so.1"
#define BOLD    "\033[1m"
#define GAP     "  "

/* No column is made narrower: the longest heading has as many letters. */
enum { NARROWEST = 9 };

/* What is used of it. */
/* clang-format off */
#define FUNCTIONS(use) \
	use(scols_init_debug) use(scols_new_table) use(scols_unref_table) use(scols_table_new_column) \
	use(scols_column_get_header) use(scols_column_set_safechars) use(scols_column_set_wrapfunc) \
	use(scols_wrapnl_chunksize) use(scols_wrapnl_nextchunk) use(scols_cell_set_color) \
	use(scols_table_enable_colors) use(scols_table_enable_noheadings) \
	use(scols_table_set_column_separator) use(scols_table_set_termforce) use(scols_table_new_line) \
	use(scols_line_set_data) use(scols_table_set_stream) use(scols_print_table)
/* clang-format on */

static struct {
#define declare(name) __typeof__(name) *name;
	FUNCTIONS(declare)
#undef declare
} scols;

struct table_row {
	struct table_row *above;
	const char **cells;
	size_t depth;
	struct libscols_line *line;
};

struct table {
	const struct options *options;
	struct arena *arena;
	const char *const *columns;
	size_t n;
	bool is_tree;
	struct table_row **rows;
	size_t n_rows;
};

static bool find(void *library, const char *name, void *ret)
{
	void *function = dlsym(library, name);

	/* What POSIX has for it: ISO C knows no way from one to the other. */
	memcpy(ret, &function, sizeof(function));
	return function;
}

/* Never unloaded: the program ends soon. */
static int load(struct problem *problem)
{
	void *library = scols.scols_new_table ? NULL : dlopen(LIBRARY, RTLD_NOW | RTLD_LOCAL);

	if (scols.scols_new_table)
		return 0;
#define look_up(name) &&find(library, #name, &scols.name)
	if (library FUNCTIONS(look_up))
		return 0;
#undef look_up
	return problem_set(problem, PROBLEM_FAILED, "apt-get install libsmartcols1  # or -j, or -q",
		"tables need " LIBRARY ": %s", dlerror());
}

struct table *table_new(const struct options *options, const char *const *columns, size_t n,
	struct problem *problem)
{
	struct table *table = arena_alloc(problem->arena, sizeof(*table));

	if (load(problem) != 0)
		return NULL;
	/* Widths of letters; not numbers and messages, so that the decimal point stays one. */
	(void)setlocale(LC_CTYPE, "");
	*table = (struct table){
		.options = options, .arena = problem->arena, .columns = columns, .n = n
	};
	return table;
}

struct table *table_new_tree(const struct options *options, const char *const *columns, size_t n,
	struct problem *problem)
{
	struct table *table = table_new(options, columns, n, problem);

	if (table)
		table->is_tree = true;
	return table;
}

static struct table_row *add_row(
	struct table *table, struct table_row *above, const char *const *cells, const char *empty)
{
	struct table_row *row = arena_alloc(table->arena, sizeof(*row));
	size_t n = table->n_rows;

	*row = (struct table_row){ .above = above, .depth = above ? above->depth + 1 : 0 };
	row->cells = arena_array(table->arena, table->n, sizeof(*row->cells));
	for (size_t i = 0; i < table->n; i++)
		row->cells[i] = cells[i] && *cells[i] ? output_safe(table->arena, cells[i]) : empty;
	/* Room doubles: there may be thousands. */
	if ((n & (n - 1)) == 0) {
		struct table_row **more =
			arena_array(table->arena, n == 0 ? 1 : 2 * n, sizeof(*more));

		if (n > 0)
			memcpy(more, table->rows, n * sizeof(*more));
		table->rows = more;
	}
	table->rows[table->n_rows++] = row;
	return row;
}

struct table_row *table_branch(
	struct table *table, struct table_row *above, const char *const *cells)
{
	return add_row(table, above, cells, "");
}

void table_row(struct table *table, const char *const *cells)
{
	/* An empty cell would shift the fields of a line for awk(1). */
	(void)add_row(table, NULL, cells, "-");
}

/* Where a terminal is too narrow. */

static bool is_letter(char c)
{
	return ((unsigned char)c & 0xc0) != 0x80;
}

/* Letters of the longest line of a cell. */
static size_t width_of(const char *cell)
{
	size_t longest = 0, n = 0;

	for (; *cell; cell++) {
		n = *cell == '\n' ? 0 : n + is_letter(*cell);
		longest = n > longest ? n : longest;
	}
	return longest;
}

/* What a tree draws before the name. */
static size_t indent_of(const struct table_row *row)
{
	return 2 * row->depth;
}

static size_t column_width(const struct table *table, size_t i)
{
	/* libsmartcols before 2.39 makes room for headings that it does not print. */
	size_t widest = width_of(table->columns[i]);

	for (size_t j = 0; j < table->n_rows; j++) {
		const struct table_row *row = table->rows[j];
		size_t width = width_of(row->cells[i]) + (i == 0 ? indent_of(row) : 0);

		widest = width > widest ? width : widest;
	}
	return widest;
}

static void measure(const struct table *table, size_t *ret)
{
	for (size_t i = 0; i < table->n; i++)
		ret[i] = column_width(table, i);
}

static bool is_too_wide(const struct table *table, const size_t *widths)
{
	size_t width = (table->n - 1) * strlen(GAP);

	for (size_t i = 0; i < table->n; i++)
		width += widths[i];
	return width > table->options->width;
}

/* A list gets a line for each. */
static const char *break_list(struct arena *arena, const char *cell)
{
	char *text, *end;

	if (!strstr(cell, ", "))
		return cell;
	text = end = arena_strdup(arena, cell);
	for (; *cell; cell++) {
		if (after(cell, ", ")) {
			*end++ = '\n';
			cell++;
		} else {
			*end++ = *cell;
		}
	}
	*end = '\0';
	return text;
}

/* No line is longer than so many letters. */
static const char *break_lines(struct arena *arena, const char *cell, size_t width)
{
	char *text, *end;
	size_t n = 0;

	if (width_of(cell) <= width)
		return cell;
	text = end = arena_array(arena, strlen(cell) + 1, 2);
	for (; *cell; cell++) {
		if (*cell == '\n') {
			n = 0;
		} else if (is_letter(*cell) && n++ == width) {
			*end++ = '\n';
			n = 1;
		}
		*end++ = *cell;
	}
	*end = '\0';
	return text;
}

/* The widest column gets narrower, until all fit. */
static void squeeze(const struct table *table, size_t *widths)
{
	while (is_too_wide(table, widths)) {
		size_t widest = table->n - 1;

		for (size_t i = 0; i < table->n; i++)
			if (widths[i] > widths[widest])
				widest = i;
		if (widths[widest] <= NARROWEST)
			return;
		widths[widest]--;
	}
}

/* In a pipe nothing is broken: a line of the table is a line. */
static void fit(struct table *table)
{
	size_t *widths = arena_array(table->arena, table->n, sizeof(*widths));

	measure(table, widths);
	if (table->options->width == 0 || !is_too_wide(table, widths))
		return;
	for (size_t j = 0; j < table->n_rows; j++)
		for (size_t i = 0; i < table->n; i++)
			table->rows[j]->cells[i] =
				break_list(table->arena, table->rows[j]->cells[i]);
	measure(table, widths);
	squeeze(table, widths);
	for (size_t j = 0; j < table->n_rows; j++)
		for (size_t i = 0; i < table->n; i++)
			table->rows[j]->cells[i] =
				break_lines(table->arena, table->rows[j]->cells[i],
					widths[i] - (i == 0 ? indent_of(table->rows[j]) : 0));
}

/* Printing. */

static void add_column(const struct table *table, struct libscols_table *to, size_t i)
{
	bool is_coloured = output_is_coloured(table->options, table->options->is_terminal);
	struct libscols_column *column = scols.scols_table_new_column(to, table->columns[i], 0,
		SCOLS_FL_WRAP | (table->is_tree && i == 0 ? SCOLS_FL_TREE : 0));

	if (!column || (is_coloured && scols.scols_cell_set_color(
					       scols.scols_column_get_header(column), BOLD) < 0))
		abort();
	if (scols.scols_column_set_safechars(column, "\n") < 0 ||
		scols.scols_column_set_wrapfunc(column, scols.scols_wrapnl_chunksize,
			scols.scols_wrapnl_nextchunk, NULL) < 0)
		abort();
}

static struct libscols_table *make(const struct table *table)
{
	bool is_coloured = output_is_coloured(table->options, table->options->is_terminal);
	struct libscols_table *made;

	scols.scols_init_debug(0);
	made = scols.scols_new_table();
	if (!made)
		abort();
	for (size_t i = 0; i < table->n; i++)
		add_column(table, made, i);
	(void)scols.scols_table_enable_colors(made, is_coloured);
	(void)scols.scols_table_enable_noheadings(made, table->options->has_no_legend);
	(void)scols.scols_table_set_column_separator(made, GAP);
	/* What is too wide was seen to: nothing is to be cut. */
	(void)scols.scols_table_set_termforce(made, SCOLS_TERMFORCE_NEVER);
	return made;
}

void table_end(struct table *table)
{
	struct libscols_table *made;

	if (table->n_rows == 0)
		return;
	fit(table);
	made = make(table);
	for (size_t j = 0; j < table->n_rows; j++) {
		struct table_row *row = table->rows[j];

		row->line = scols.scols_table_new_line(made, row->above ? row->above->line : NULL);
		if (!row->line)
			abort();
		for (size_t i = 0; i < table->n; i++)
			if (scols.scols_line_set_data(row->line, i, row->cells[i]) < 0)
				abort();
	}
	(void)scols.scols_table_set_stream(made, stdout);
	(void)scols.scols_print_table(made);
	scols.scols_unref_table(made);
}
