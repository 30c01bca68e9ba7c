/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * quota - what each user has of what is limited, charged before anything is made and given back exactly once
 *
 * A charge is embedded in what is charged for; giving it back twice gives back nothing the second time.
 */
#pragma once

#include <limits.h>
#include <sys/types.h>

#include "list.h"

/* In the order of the fields of the interface's Quota. */
enum quota_resource {
	QUOTA_NAMESPACES,
	QUOTA_NETWORKS,
	QUOTA_ATTACHMENTS,
	QUOTA_PORTS,
	QUOTA_CONNECTIONS,
	QUOTA_RESOURCES,
};

#define QUOTA_NONE UINT_MAX /* no limit */

struct quota_limits {
	unsigned of[QUOTA_RESOURCES];
};

/* A user who has something. */
struct user {
	uid_t uid;
	unsigned used[QUOTA_RESOURCES];
	struct list namespaces; /* of struct ns */
};

struct quota_charge {
	struct user *user; /* NULL: nothing is charged */
	unsigned amounts[QUOTA_RESOURCES];
};

/* "namespaces": the field of the interface's Quota. */
const char *quota_name(enum quota_resource resource);

/* Charges so much of each resource, all or nothing. False: over a limit, *ret_over says which. limits NULL: none hold. */
bool quota_charge(struct user *user, const struct quota_limits *limits,
	const unsigned amounts[QUOTA_RESOURCES], struct quota_charge *ret,
	enum quota_resource *ret_over);
/* From what is charged to so much of each: only what grows is held against the limits. False: nothing changes. */
bool quota_change(struct quota_charge *charge, const struct quota_limits *limits,
	const unsigned amounts[QUOTA_RESOURCES], enum quota_resource *ret_over);
/* A charge of zeros is fine. */
void quota_give_back(struct quota_charge *charge);
