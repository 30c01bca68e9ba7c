/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * policy - who may do what with which object: one function, asked once by every method
 */
#pragma once

#include <sys/types.h>

#include "base.h"

struct policy_caller {
	uid_t uid;
	bool is_administrator;  /* root, or of the administrators' group */
	bool may_make_networks; /* what the configuration lets members do */
	bool may_reach[4];      /* by enum nsnet_reach */
	unsigned lowest_port;   /* of the host, that he may publish */
	gid_t gid;
	const gid_t *groups;
	size_t n_groups;
};

enum policy_verb {
	MAY_CREATE_NAMESPACE, /* no object */
	MAY_SEE_NAMESPACE,
	MAY_OPEN_NAMESPACE,
	MAY_SET_NAMESPACE,
	MAY_DELETE_NAMESPACE,
	MAY_CHECK_NAMESPACE,
	MAY_EXECUTE,        /* programs in it, as himself */
	MAY_LEND_NAMESPACE, /* to others; no object */
	MAY_CREATE_NETWORK, /* no object */
	MAY_SEE_NETWORK,
	MAY_ATTACH_NETWORK,
	MAY_SET_NETWORK,
	MAY_DELETE_NETWORK,
	MAY_TAKE_LINK, /* an interface of the host's; no object */
};

/* What is asked about. */
struct policy_object {
	uid_t owner;  /* whatever where the verb has no object */
	bool is_lent; /* a namespace, to the caller */
};

bool policy_may(
	const struct policy_caller *caller, enum policy_verb verb, struct policy_object object);
