/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * explain_connect - the lack of a daemon, or of the right to call it, in words and with the command that mends it
 */
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>

#include "explain.h"

#define GROUP "nsnet"

/* Whether the group lists the user, though his session may be older than that. */
static bool is_listed(const struct group *group, const char *user)
{
	for (char *const *member = group->gr_mem; *member; member++) {
		if (streq(*member, user))
			return true;
	}
	return false;
}

static int no_permission(struct problem *problem, const char *path)
{
	struct stat status;
	const struct passwd *user = getpwuid(geteuid());
	const struct group *group = getgrnam(GROUP);

	/* Only where the group of the socket is what is missing: not for a directory that nobody may enter. */
	if (!user || !group || stat(path, &status) < 0 || status.st_gid != group->gr_gid ||
		!(status.st_mode & S_IWGRP))
		return problem_set(problem, PROBLEM_NOT_ALLOWED,
			arena_printf(problem->arena, "namei -l %s", path),
			"no permission to connect to %s", path);
	if (is_listed(group, user->pw_name))
		return problem_set(problem, PROBLEM_NOT_ALLOWED,
			"log in again (or: newgrp " GROUP ")",
			"this session began before %s was in the group " GROUP, user->pw_name);
	return problem_set(problem, PROBLEM_NOT_ALLOWED,
		arena_printf(problem->arena, "sudo usermod -aG " GROUP " %s, then log in again",
			user->pw_name),
		"%s is not in the group " GROUP ", whose members may use nsnetd", user->pw_name);
}

int explain_connect(struct problem *problem, const char *path, int error)
{
	bool is_booted = access("/run/systemd/system", F_OK) == 0;

	switch (-error) {
	case ENOENT:
	case ECONNREFUSED:
	case ENOTDIR:
		return problem_set(problem, PROBLEM_NO_DAEMON,
			is_booted && streq(path, "/run/nsnetd/alt.nsnet")
				? "systemctl start nsnetd.socket"
				: arena_printf(problem->arena, "nsnetd --socket %s", path),
			"no nsnetd at %s", path);
	case EACCES:
	case EPERM:
		return no_permission(problem, path);
	case ENAMETOOLONG:
		return problem_usage(problem, "--socket: the path is too long for a socket");
	default:
		return problem_errno(problem, error, "connecting to %s", path);
	}
}
