/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * name - what objects and interfaces may be called
 *
 * Names become file names, journal fields and arguments of other programs: so one narrow form, ASCII whatever the locale.
 */
#include "name.h"

#include <strings.h>

#define DIGITS  "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

bool name_is_valid(const char *name)
{
	size_t n = strnlen(name, NAME_SIZE);

	if (n == 0 || n > NAME_MAX_LENGTH || strspn(name, LETTERS DIGITS "_.-") != n)
		return false;
	if (strchr("_.-", name[0]) || strchr("_.-", name[n - 1]))
		return false;
	if (strspn(name, DIGITS) == n)
		return false;
	return !streq(name, "self") && !streq(name, "none") && strcasecmp(name, "localhost") != 0;
}

bool name_is_spare(const char *name)
{
	size_t n = strnlen(name, NAME_SIZE);

	return n > 1 && n <= NAME_MAX_LENGTH && *name == '%' && strspn(name + 1, DIGITS) == n - 1;
}

bool interface_name_is_valid(const char *name)
{
	static const char *const others[] = { ".", "..", "lo", "all", "default" };
	size_t n = strnlen(name, INTERFACE_SIZE);

	if (n == 0 || n >= INTERFACE_SIZE || strspn(name, LETTERS DIGITS "_.-") != n)
		return false;
	for (size_t i = 0; i < lengthof(others); i++)
		if (streq(name, others[i]))
			return false;
	return true;
}
