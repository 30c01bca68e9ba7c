/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * birth - a new network namespace: made, with the settings that every one of ours has, its loopback up
 *
 * By whichever thread calls: it is inside for a moment, and goes home. Only what never changes of the kernel floor is looked at.
 */
#pragma once

#include <sys/types.h>

#include "state.h"

struct birth_wish {
	bool is_owned; /* by that user; else by the host */
	uid_t uid;
	gid_t gid;
	int sibling; /* a descriptor of another one of his, or negative: there is none */
};

struct birth {
	int fd;
	struct netlink inside; /* a route netlink socket */
	int64_t cookie;
};

/* 0, or -errno and nothing is left. */
int birth_make(const struct kernel *kernel, struct settings *settings,
	const struct birth_wish *wish, struct birth *ret);
void birth_done(struct birth *birth);

/* A /proc to write settings through ("sys/net/..."), for the next namespace. */
int birth_proc(const struct kernel *kernel, struct settings *settings);

/* A /proc of its own, mounted nowhere, that hides nothing. -errno where that is not permitted. */
int birth_open_proc(void);
