/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inside - how many programs run in network namespaces
 */
#include "inside.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>

#include "base.h"

/* "net:[4026531840]"; 0 where it may not be looked at, or has ended. */
static int64_t inode_of(int proc, const char *pid)
{
	char path[NAME_MAX + sizeof("/ns/net")], text[64];
	const char *digits;
	ssize_t n;

	(void)snprintf(path, sizeof(path), "%s/ns/net", pid);
	n = readlinkat(proc, path, text, sizeof(text) - 1);
	if (n < 0)
		return 0;
	text[n] = '\0';
	digits = after(text, "net:[");
	return digits ? strtoll(digits, NULL, 10) : 0;
}

static int compare(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

struct inside inside_look(struct arena *arena)
{
	DIR *proc = opendir("/proc");
	struct inside inside = { .is_known = proc };

	for (const struct dirent *entry; proc && (entry = readdir(proc));) {
		int64_t inode = *entry->d_name >= '1' && *entry->d_name <= '9'
					? inode_of(dirfd(proc), entry->d_name)
					: 0;

		if (inode == 0)
			continue;
		inside.inodes = arena_grow(arena, inside.inodes, inside.n, sizeof(*inside.inodes));
		inside.inodes[inside.n++] = inode;
	}
	if (proc)
		(void)closedir(proc);
	if (inside.n > 0)
		qsort(inside.inodes, inside.n, sizeof(*inside.inodes), compare);
	return inside;
}

/* The place of the first one that is no less. */
static size_t place_of(const struct inside *inside, int64_t inode)
{
	size_t from = 0, to = inside->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (inside->inodes[middle] < inode)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

size_t inside_count(const struct inside *inside, int64_t inode)
{
	return place_of(inside, inode + 1) - place_of(inside, inode);
}

const char *inside_text(const struct inside *inside, int64_t inode, struct arena *arena)
{
	return inside->is_known ? arena_printf(arena, "%zu", inside_count(inside, inode)) : "?";
}
