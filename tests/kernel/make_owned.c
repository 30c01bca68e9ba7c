/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * make_owned - pins a network namespace that belongs to a user, as the daemon would, for tests without one
 *
 *     make_owned NAME UID GID [SIBLING]
 *
 * SIBLING is the name of one that the user has already: they share his user namespaces.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "userns.h"

#define DIRECTORY "/run/netns"

static int fail(const char *what, int error)
{
	(void)fprintf(stderr, "make_owned: %s: %s\n", what, strerror(-error));
	return 1;
}

/* The id that a word is; ids of no use here are refused with it. */
static long read_id(const char *word)
{
	char *end;
	long id = strtol(word, &end, 10);

	return *word && !*end && id > 0 && id < UINT32_MAX ? id : -1;
}

static int open_name(const char *name)
{
	char path[256];
	int fd;

	(void)snprintf(path, sizeof(path), DIRECTORY "/%s", name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? neg() : fd;
}

static int pin(int netns, const char *name)
{
	char from[64], to[256];
	autoclose int fd = -EBADF;

	(void)snprintf(from, sizeof(from), "/proc/self/fd/%d", netns);
	(void)snprintf(to, sizeof(to), DIRECTORY "/%s", name);
	if (mkdir(DIRECTORY, 0755) < 0 && errno != EEXIST)
		return neg();
	fd = open(to, O_RDONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0000);
	if (fd < 0)
		return neg();
	return mount(from, to, "none", MS_BIND, NULL) < 0 ? neg() : 0;
}

int main(int argc, char **argv)
{
	autoclose int sibling = -EBADF, netns = -EBADF;
	long uid = argc > 2 ? read_id(argv[2]) : -1, gid = argc > 3 ? read_id(argv[3]) : -1;
	int r;

	if (argc < 4 || argc > 5 || uid < 0 || gid < 0)
		return fail("make_owned NAME UID GID [SIBLING]", -EINVAL);
	if (argc == 5) {
		sibling = open_name(argv[4]);
		if (sibling < 0)
			return fail(argv[4], sibling);
	}
	netns = userns_make_network((uid_t)uid, (gid_t)gid, sibling);
	if (netns < 0)
		return fail("making a namespace", netns);
	r = pin(netns, argv[1]);
	return r < 0 ? fail(argv[1], r) : 0;
}
