/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accounts - users and groups as the system knows them, and as nsnetd does
 */
#include "accounts.h"

#include <grp.h>
#include <pwd.h>
#include <stdio.h>

static bool is_user_in_file(const char *name)
{
	FILE *file = fopen("/etc/passwd", "re");
	const struct passwd *user = NULL;

	while (file && (user = fgetpwent(file)) && !streq(user->pw_name, name))
		;
	if (file)
		(void)fclose(file);
	return user;
}

static bool is_group_in_file(const char *name)
{
	FILE *file = fopen("/etc/group", "re");
	const struct group *group = NULL;

	while (file && (group = fgetgrent(file)) && !streq(group->gr_name, name))
		;
	if (file)
		(void)fclose(file);
	return group;
}

static const char *group_name(const char *name, struct arena *arena)
{
	const struct group *group;

	if (is_group_in_file(name))
		return arena_printf(arena, "@%s", name);
	group = getgrnam(name);
	return group ? arena_printf(arena, "@%u", group->gr_gid) : NULL;
}

static const char *user_name(const char *name, struct arena *arena)
{
	const struct passwd *user;

	if (is_user_in_file(name))
		return name;
	user = getpwnam(name);
	return user ? arena_printf(arena, "%u", user->pw_uid) : NULL;
}

const char *accounts_name(const char *name, struct arena *arena)
{
	bool is_group = *name == '@';
	const char *rest = name + is_group;

	if (*rest && rest[strspn(rest, "0123456789")] == '\0')
		return name;
	return is_group ? group_name(rest, arena) : user_name(rest, arena);
}
