/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config - /etc/nsnetd/nsnetd.conf and what is dropped in beside it
 *
 * Read in the order of the names: the file itself, then FILE.d/(*).conf; what comes later wins. See nsnetd.conf(5).
 */
#pragma once

#include "address.h"
#include "arena.h"

#define CONFIG_PATH "/etc/nsnetd/nsnetd.conf"

struct config {
	struct arena arena; /* of the texts and lists */
	int log_level;      /* LOG_… of syslog(3) */
	const char *control_group, *administrator_group;
	struct prefix *pool; /* IPv4 prefixes of networks are chosen from these */
	size_t n_pool;
};

/* The defaults with what the files say. A file that is not there says nothing. 0, or -EINVAL and *reterr (in the arena):
 * "FILE:LINE: what is wrong"; ret is to be given back by config_done() in any case. */
int config_load(const char *path, struct config *ret, const char **reterr);
void config_done(struct config *config);
