/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * problem - what went wrong, for a person: what it is, and the command that mends it
 */
#include "problem.h"

#include <stdarg.h>
#include <stdio.h>

attribute_printf(2, 0) static const
	char *format_text(struct arena *arena, const char *format, va_list arguments)
{
	autofree char *text = NULL;

	if (vasprintf(&text, format, arguments) < 0)
		abort();
	return arena_strdup(arena, text);
}

static int fill(struct problem *problem, enum problem_exit exit, const char *what, const char *mend)
{
	problem->exit = exit;
	problem->what = what;
	problem->mend = mend ? arena_strdup(problem->arena, mend) : NULL;
	problem->error = NULL;
	problem->parameters = NULL;
	return (int)exit;
}

int problem_set(
	struct problem *problem, enum problem_exit exit, const char *mend, const char *format, ...)
{
	const char *what;
	va_list arguments;

	va_start(arguments, format);
	what = format_text(problem->arena, format, arguments);
	va_end(arguments);
	return fill(problem, exit, what, mend);
}

int problem_usage(struct problem *problem, const char *format, ...)
{
	const char *what;
	va_list arguments;

	va_start(arguments, format);
	what = format_text(problem->arena, format, arguments);
	va_end(arguments);
	return fill(problem, PROBLEM_USAGE, what, NULL);
}

int problem_errno(struct problem *problem, int error, const char *format, ...)
{
	const char *what;
	va_list arguments;

	va_start(arguments, format);
	what = format_text(problem->arena, format, arguments);
	va_end(arguments);
	return fill(problem,
		error == -EACCES || error == -EPERM ? PROBLEM_NOT_ALLOWED : PROBLEM_FAILED,
		arena_printf(problem->arena, "%s: %s", what, strerror(-error)), NULL);
}

void problem_clear(struct problem *problem)
{
	*problem = (struct problem){ .arena = problem->arena, .context = problem->context };
}
