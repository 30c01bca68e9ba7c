/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * accounts - users and groups of the host, as its files have them
 */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>

#include "state.h"

static const char *const files[] = { "/etc/passwd", "/etc/group" };

static bool is_same(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

int64_t kernel_accounts(struct kernel *kernel)
{
	bool is_other = kernel->accounts == 0;

	for (size_t i = 0; i < lengthof(files); i++) {
		struct stat now = { 0 };

		/* One that is not there has nothing to say. */
		if (stat(files[i], &now) < 0)
			now = (struct stat){ 0 };
		is_other = is_other || !is_same(&now, &kernel->account_files[i]);
		kernel->account_files[i] = now;
	}
	kernel->accounts += is_other;
	return kernel->accounts;
}

static bool find_user(FILE *file, const char *name, uint32_t *ret)
{
	const struct passwd *user;

	while ((user = fgetpwent(file)))
		if (streq(user->pw_name, name)) {
			*ret = user->pw_uid;
			return true;
		}
	return false;
}

static bool find_group(FILE *file, const char *name, uint32_t *ret)
{
	const struct group *group;

	while ((group = fgetgrent(file)))
		if (streq(group->gr_name, name)) {
			*ret = group->gr_gid;
			return true;
		}
	return false;
}

bool kernel_find_account(struct kernel *kernel, bool is_group, const char *name, uint32_t *ret)
{
	FILE *file = fopen(files[is_group], "re");
	uint32_t id = UINT32_MAX;
	bool is_found;

	(void)kernel;
	if (!file)
		return false;
	is_found = is_group ? find_group(file, name, &id) : find_user(file, name, &id);
	(void)fclose(file);
	if (!is_found || id == UINT32_MAX)
		return false;
	*ret = id;
	return true;
}
