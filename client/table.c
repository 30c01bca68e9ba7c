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

/* What is used of it. */
#define FUNCTIONS(use) \
	use(scols_init_debug) use(scols_new_table) use(scols_unref_table) \
		use(scols_table_new_column) use(scols_column_get_header) use(scols_cell_set_color) \
			use(scols_table_enable_colors) use(scols_table_enable_noheadings) use( \
				scols_table_set_column_separator) use(scols_table_set_termforce) \
				use(scols_table_new_line) use(scols_line_set_data) \
					use(scols_table_set_stream) use(scols_table_is_empty) \
						use(scols_print_table)

static struct {
#define declare(name) __typeof__(name) *name;
	FUNCTIONS(declare)
#undef declare
} scols;

struct table {
	struct libscols_table *scols;
	struct arena *arena;
	size_t n;
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

static void add_column(struct table *table, const char *name, int flags, bool is_coloured)
{
	struct libscols_column *column = scols.scols_table_new_column(table->scols, name, 0, flags);

	if (!column || (is_coloured && scols.scols_cell_set_color(
					       scols.scols_column_get_header(column), BOLD) < 0))
		abort();
}

/* Flags are the first column's. */
static struct table *make(const struct options *options, const char *const *columns, size_t n,
	int flags, struct problem *problem)
{
	bool is_coloured = output_is_coloured(options, options->is_terminal);
	struct table *table = arena_alloc(problem->arena, sizeof(*table));

	if (load(problem) != 0)
		return NULL;
	/* Widths of letters; not numbers and messages, so that the decimal point stays one. */
	(void)setlocale(LC_CTYPE, "");
	scols.scols_init_debug(0);
	*table = (struct table){ scols.scols_new_table(), problem->arena, n };
	if (!table->scols)
		abort();
	for (size_t i = 0; i < n; i++)
		add_column(table, columns[i], i == 0 ? flags : 0, is_coloured);
	(void)scols.scols_table_enable_colors(table->scols, is_coloured);
	(void)scols.scols_table_enable_noheadings(table->scols, options->has_no_legend);
	(void)scols.scols_table_set_column_separator(table->scols, "  ");
	/* Cells are shown whole even where the terminal is narrower. */
	(void)scols.scols_table_set_termforce(table->scols, SCOLS_TERMFORCE_NEVER);
	return table;
}

struct table *table_new(const struct options *options, const char *const *columns, size_t n,
	struct problem *problem)
{
	return make(options, columns, n, 0, problem);
}

struct table *table_new_tree(const struct options *options, const char *const *columns, size_t n,
	struct problem *problem)
{
	return make(options, columns, n, SCOLS_FL_TREE, problem);
}

static struct libscols_line *add_line(struct table *table, struct libscols_line *above,
	const char *const *cells, const char *empty)
{
	struct libscols_line *line = scols.scols_table_new_line(table->scols, above);

	if (!line)
		abort();
	for (size_t i = 0; i < table->n; i++) {
		const char *cell =
			cells[i] && *cells[i] ? output_safe(table->arena, cells[i]) : empty;

		if (scols.scols_line_set_data(line, i, cell) < 0)
			abort();
	}
	return line;
}

struct table_row *table_branch(
	struct table *table, struct table_row *above, const char *const *cells)
{
	return (struct table_row *)add_line(table, (struct libscols_line *)above, cells, "");
}

void table_row(struct table *table, const char *const *cells)
{
	/* An empty cell would shift the fields of a line for awk(1). */
	(void)add_line(table, NULL, cells, "-");
}

void table_end(struct table *table)
{
	(void)scols.scols_table_set_stream(table->scols, stdout);
	if (!scols.scols_table_is_empty(table->scols))
		(void)scols.scols_print_table(table->scols);
	scols.scols_unref_table(table->scols);
}
