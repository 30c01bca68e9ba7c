/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * config - /etc/nsnetd/nsnetd.conf and what is dropped in beside it
 *
 * Read in the order of the names: the file itself, then FILE.d/(*).conf; what comes later wins. See nsnetd.conf(5).
 */
#pragma once

#include "address.h"
#include "arena.h"
#include "nsnet.h"
#include "quota.h"

#define CONFIG_PATH "/etc/nsnetd/nsnetd.conf"

/* Whom limits hold for: [Limits], [Limits @staff], [Limits alice]. */
enum config_whom { CONFIG_EVERYONE, CONFIG_GROUP, CONFIG_USER };

struct config_limits {
	enum config_whom whom;
	uid_t uid; /* CONFIG_USER */
	gid_t gid; /* CONFIG_GROUP */
	const char *section;
	bool is_set[QUOTA_RESOURCES];
	unsigned of[QUOTA_RESOURCES];
};

enum config_owned { CONFIG_OWNED_AUTO, CONFIG_OWNED_NO, CONFIG_OWNED_YES };

struct config {
	struct arena arena; /* of the texts and lists */
	int log_level;      /* LOG_… of syslog(3) */
	const char *control_group, *administrator_group;
	gid_t control_gid,
		administrator_gid; /* as they were then; (gid_t)-1: there is no such group */
	struct prefix *pool;       /* IPv4 prefixes of networks are chosen from these */
	size_t n_pool;
	struct prefix *member_pool; /* where members may ask for prefixes of their networks */
	size_t n_member_pool;
	uint16_t first_port, last_port; /* ports of the host are chosen from these */
	bool may_members_make_networks;
	bool raises_neighbours;
	bool may_reach[4];       /* by enum nsnet_reach: which of them members' networks may have */
	unsigned lowest_port;    /* of the host, that members may publish */
	enum config_owned owned; /* whether members' namespaces are theirs */
	bool may_programs_gain_privileges;  /* of members, in namespaces that are lent */
	unsigned spares_each, spares_total; /* namespaces made ahead, for one owner and in all */
	struct config_limits *limits;
	size_t n_limits;
};

/* The defaults with what the files say. A file that is not there says nothing. 0, or -EINVAL and *reterr (in the arena):
 * "FILE:LINE: what is wrong"; another -errno and *reterr where one could not be read, which may be otherwise a moment later. ret is
 * to be given back by config_done() in any case. */
int config_load(const char *path, struct config *ret, const char **reterr);
void config_done(struct config *config);

/* The group that goes with what a user owns: that of his account in /etc/passwd, whatever other one he has taken on for a while
 * (newgrp(1)), since he keeps it as long as he keeps his namespaces; gid where he has none there. Never one that gives him a say here: that
 * is to be taken from him by his groups alone. */
gid_t config_group_of(const struct config *config, uid_t uid, gid_t gid);

/* What holds for a user: the values for everyone, over them those of his groups in the order of the files, over them his. */
void config_limits_of(const struct config *config, uid_t uid, const gid_t *groups, size_t n_groups,
	struct quota_limits *ret);
