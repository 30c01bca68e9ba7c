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

/* What is done to texts; all results live in the arena. */

/* nsswitch.conf whose line "hosts:" has no more than files and dns. */
const char *etc_nsswitch(struct arena *arena, const char *host);

/* resolv.conf without servers that only the host can reach; *ret_n_servers are left. */
const char *etc_resolv_conf(struct arena *arena, const char *host, size_t *ret_n_servers);

/* One hosts(5) of several, each line once, without comments. */
const char *etc_join_hosts(struct arena *arena, const char *const *texts, size_t n);

/* hosts(5) where there is no network. */
const char *etc_lone_hosts(struct arena *arena, const char *name);
