/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lending - whom a namespace is lent to: a user or a group of the host, by name or by number
 */
#include "lending.h"

#include <errno.h>

#define NAME_MAX_LENGTH 64U

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* What useradd(8) of any system takes; a machine's account ends with "$". */
static bool is_name(const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || n > NAME_MAX_LENGTH || *name == '-' || *name == '$')
		return false;
	for (size_t i = 0; i < n; i++) {
		char c = name[i];

		if (!is_digit(c) && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
			!strchr("_.-", c) && !(c == '$' && i + 1 == n))
			return false;
	}
	return true;
}

/* No number stands for nobody: (uid_t)-1. */
static bool read_number(const char *text, uint32_t *ret)
{
	unsigned long long number;

	if (strlen(text) > 10)
		return false;
	number = strtoull(text, NULL, 10);
	*ret = (uint32_t)number;
	return number < UINT32_MAX;
}

bool lending_parse(const char *text, struct lending *ret)
{
	struct lending lending = { .name = text };

	lending.is_group = *text == '@';
	lending.name += lending.is_group;
	if (!is_name(lending.name))
		return false;
	lending.is_number = lending.name[strspn(lending.name, "0123456789")] == '\0';
	if (lending.is_number && !read_number(lending.name, &lending.id))
		return false;
	lending.is_known = lending.is_number;
	*ret = lending;
	return true;
}

bool lending_is_for(const struct lending *lending, const struct policy_caller *caller)
{
	if (!lending->is_known)
		return false;
	if (!lending->is_group)
		return lending->id == caller->uid;
	for (size_t i = 0; i < caller->n_groups; i++)
		if (caller->groups[i] == lending->id)
			return true;
	return caller->gid == lending->id;
}
