/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * etc - the files that programs inside a namespace see in /etc: resolv.conf, hosts, nsswitch.conf
 *
 * Host names are to be answered by the namespace's own networks and name servers, not by what listens on the host's
 * loopback. What there is, is looked for here; enter.c puts it in place.
 */
#pragma once

#include "codec.h"
#include "problem.h"

/* One file to be seen at /etc/NAME: what lies at a path (and its later changes), or a text. */
struct etc_file {
	const char *target; /* "/etc/hosts" */
	const char *path;   /* NULL: text */
	const char *text;
};

struct etc {
	struct etc_file *files;
	size_t n;
};

/* What is to be seen in a namespace. 0, or a problem. */
int etc_gather(const char *name, struct etc *ret, struct problem *problem);

/* The name servers that programs in a namespace ask by it; none where the daemon keeps no files for it, or they cannot be read. */
struct string_list etc_name_servers(const char *name, struct arena *arena);
