/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * output - what goes to stdout and stderr: tables, objects over lines, JSON, errors
 */
#include "output.h"

#include <pwd.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>

#define BOLD  "\033[1m"
#define RED   "\033[1;31m"
#define PLAIN "\033[0m"

bool output_is_coloured(const struct options *options, bool is_terminal)
{
	const char *off = getenv("NO_COLOR"), *terminal = getenv("TERM");

	switch (options->color) {
	case OPTIONS_COLOR_ALWAYS:
		return true;
	case OPTIONS_COLOR_NEVER:
		return false;
	case OPTIONS_COLOR_AUTO:
		break;
	}
	return !(off && *off) && is_terminal && terminal && !streq(terminal, "dumb");
}

/* Control characters: below space, DEL, and U+0080 to U+009F, which UTF-8 writes as C2 80 to C2 9F. */
static bool is_control(const unsigned char *c)
{
	return *c < 0x20 || *c == 0x7f || (*c == 0xc2 && c[1] >= 0x80 && c[1] <= 0x9f);
}

const char *output_safe(struct arena *arena, const char *text)
{
	const unsigned char *c = (const unsigned char *)text;
	char *safe, *end;

	while (*c && !is_control(c))
		c++;
	if (!*c)
		return text;
	safe = end = arena_array(arena, strlen(text) + 1, 4);
	for (c = (const unsigned char *)text; *c; c++) {
		if (!is_control(c)) {
			*end++ = (char)*c;
			continue;
		}
		c += *c == 0xc2;
		end += snprintf(end, 5, "\\x%02x", (unsigned int)*c);
	}
	*end = '\0';
	return safe;
}

const char *output_join(struct arena *arena, const struct string_list *list, const char *between)
{
	const char *text = "";

	for (size_t i = 0; i < list->n; i++)
		text = arena_printf(arena, "%s%s%s", text, i == 0 ? "" : between, list->items[i]);
	return text;
}

const char *output_user(struct arena *arena, int64_t uid)
{
	/* A list is one user's more often than not, and looking him up may ask a server. */
	static int64_t last = -1;
	static char name[256];

	if (uid != last) {
		const struct passwd *user = getpwuid((uid_t)uid);

		last = uid;
		(void)snprintf(name, sizeof(name), "%s", user ? user->pw_name : "");
	}
	if (name[0])
		return arena_strdup(arena, name);
	return arena_printf(arena, "%lld", (long long)uid);
}

static const char *print_amount(
	struct arena *arena, int64_t amount, const char *unit, const char *const *larger, size_t n)
{
	double value = (double)amount / 1000;
	size_t i = 0;

	if (amount < 1000)
		return arena_printf(arena, "%lld%s", (long long)amount, unit);
	/* 999.95 would be written as 1000.0. */
	for (; value >= 999.95 && i + 1 < n; i++)
		value /= 1000;
	return arena_printf(arena, "%.1f%s", value, larger[i]);
}

const char *output_bytes(struct arena *arena, int64_t bytes)
{
	static const char *const units[] = { " kB", " MB", " GB", " TB", " PB", " EB" };

	return print_amount(arena, bytes, " B", units, lengthof(units));
}

const char *output_rate(struct arena *arena, int64_t bits)
{
	static const char *const units[] = { "kbit", "mbit", "gbit", "tbit" };

	return print_amount(arena, bits, "bit", units, lengthof(units));
}

static const char *ago(struct arena *arena, int64_t seconds)
{
	if (seconds < 0)
		return "in the future";
	if (seconds < 60)
		return arena_printf(arena, "%lld s ago", (long long)seconds);
	if (seconds < 60 * 60)
		return arena_printf(arena, "%lld min ago", (long long)seconds / 60);
	if (seconds < 48 * 60 * 60)
		return arena_printf(arena, "%lld h ago", (long long)seconds / 3600);
	return arena_printf(arena, "%lld days ago", (long long)seconds / 86400);
}

const char *output_time(struct arena *arena, int64_t realtime)
{
	time_t seconds = realtime / 1000000;
	struct tm broken;
	char text[64];

	if (!localtime_r(&seconds, &broken) ||
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S %Z", &broken) == 0)
		return NULL;
	return arena_printf(arena, "%s, %s", text, ago(arena, (int64_t)(time(NULL) - seconds)));
}

unsigned output_width(void)
{
	struct winsize size = { 0 };

	/* One that does not tell, as a serial line's, is as wide as they all were. */
	return ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
}

void output_wrapped(const char *text, size_t at, size_t indent, size_t width)
{
	bool is_first = true;

	for (size_t n; *text; text += n + (text[n] == ' ')) {
		n = strcspn(text, " ");
		if (!is_first && width > 0 && at + 1 + n > width) {
			(void)printf("\n%*s", (int)indent, "");
			at = indent;
		} else if (!is_first) {
			(void)putchar(' ');
			at++;
		}
		(void)printf("%.*s", (int)n, text);
		at += n;
		is_first = false;
	}
	(void)putchar('\n');
}

void output_json(const struct options *options, struct arena *arena, const char *text)
{
	/* Our own text, or one that the wire has bounded already. */
	static const struct text_limits none = { SIZE_MAX, SIZE_MAX, 64 };
	const struct codec_value *value;
	bool is_pretty = options->json == OPTIONS_JSON_PRETTY ||
			 (options->json != OPTIONS_JSON_SHORT && options->is_terminal);

	if (is_pretty && codec_parse(arena, text, strlen(text), &none, &value) == 0)
		text = codec_print(arena, value, true);
	(void)puts(text);
}

void output_title(const struct options *options, struct arena *arena, const char *title)
{
	bool colour = output_is_coloured(options, options->is_terminal);

	(void)printf(
		"%s%s%s\n", colour ? BOLD : "", output_safe(arena, title), colour ? PLAIN : "");
}

void output_field(struct arena *arena, const char *key, const char *value)
{
	if (value)
		(void)printf("  %-12s %s\n", key, output_safe(arena, value));
}

void output_texts(struct arena *arena, const char *key, const struct string_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		output_field(arena, i == 0 ? key : "", list->items[i]);
}

void output_entries(struct arena *arena, const char *key, const struct string_map *map)
{
	for (size_t i = 0; i < map->n; i++)
		output_field(arena, i == 0 ? key : "",
			arena_printf(arena, "%s=%s", map->items[i].key, map->items[i].value));
}

static void print_error_json(const struct options *options, const struct problem *problem)
{
	const char *parameters = problem->parameters
					 ? codec_print(problem->arena, problem->parameters, false)
					 : "{}";

	output_json(options, problem->arena,
		codec_encode_reply(problem->arena, problem->error, false, parameters));
}

void output_problem(const struct options *options, const struct problem *problem)
{
	bool colour = output_is_coloured(options, isatty(STDERR_FILENO) == 1);

	if (problem->error && options->json != OPTIONS_JSON_OFF) {
		print_error_json(options, problem);
		return;
	}
	(void)fflush(stdout);
	(void)fprintf(stderr, "%snsnetctl: %s%s\n", colour ? RED : "",
		output_safe(problem->arena, problem->what), colour ? PLAIN : "");
	if (problem->mend)
		(void)fprintf(stderr, "  %s\n", output_safe(problem->arena, problem->mend));
}

int output_end(struct problem *problem)
{
	/* ferror() knows of a write that failed earlier, whose errno is lost by now. */
	bool had_failed = ferror(stdout);

	if (fflush(stdout) == 0 && !had_failed)
		return 0;
	return problem_errno(problem, had_failed ? -EIO : neg(), "writing the output");
}
