/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * listener - whether somebody serves a socket, without calling there
 */
#include "listener.h"

#include <stdio.h>
#include <stdlib.h>

#include "base.h"

int listener_is_at(const char *path)
{
	FILE *file = fopen("/proc/net/unix", "re");
	autofree char *line = NULL;
	size_t n = 0;
	int r = 0;

	if (!file)
		return neg();
	while (r == 0 && getline(&line, &n, file) >= 0) {
		char word[32] = "", bound[256] = "";

		/* Num RefCount Protocol Flags Type St Inode Path; 0x10000: it accepts. */
		r = sscanf(line, "%*s %*s %*s %31s %*s %*s %*s %255s", word, bound) == 2 &&
		    (strtoul(word, NULL, 16) & 0x10000U) && streq(bound, path);
	}
	(void)fclose(file);
	return r;
}
