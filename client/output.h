/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * output - what goes to stdout and stderr: tables, objects over lines, JSON, errors
 */
#pragma once

#include "codec.h"
#include "options.h"
#include "problem.h"

/* The text with its control characters made visible: what others named does not drive this terminal. */
const char *output_safe(struct arena *arena, const char *text);

/* Texts joined by what is between them; "" for none. */
const char *output_join(struct arena *arena, const struct string_list *list, const char *between);

/* The name of a user where he has one, else his number. */
const char *output_user(struct arena *arena, int64_t uid);

/* "1.5 kB" */
const char *output_bytes(struct arena *arena, int64_t bytes);
/* "1.5mbit", as --rate takes it: bits per second. */
const char *output_rate(struct arena *arena, int64_t bits);

/* "2026-01-31 12:00:00 CET, 3 min ago": microseconds of CLOCK_REALTIME, in the local time zone. */
const char *output_time(struct arena *arena, int64_t realtime);

/* Letters in a line of the terminal that stdout is. */
unsigned output_width(void);

/* The text and a line feed, broken between words so that no line is longer than width (0: as long as it is). It begins in the
 * column "at"; further lines begin in the column "indent". */
void output_wrapped(const char *text, size_t at, size_t indent, size_t width);

/* One JSON text and a line feed, as --json wants it: by default over lines on a terminal, on one line elsewhere. */
void output_json(const struct options *options, struct arena *arena, const char *text);

/* Whether to write in colours there. */
bool output_is_coloured(const struct options *options, bool is_terminal);

/* One object: a title, then lines of a key and a value; further lines of the same key have the key "". */
void output_title(const struct options *options, struct arena *arena, const char *title);
/* No line where the value is NULL. */
void output_field(struct arena *arena, const char *key, const char *value);
void output_texts(struct arena *arena, const char *key, const struct string_list *list);
/* KEY=VALUE each. */
void output_entries(struct arena *arena, const char *key, const struct string_map *map);

/* Two lines on stderr, or with -j the daemon's error on stdout. */
void output_problem(const struct options *options, const struct problem *problem);

/* Writes out what is left; 0, or a problem (the disk is full). */
int output_end(struct problem *problem);
