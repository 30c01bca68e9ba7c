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
};

enum policy_verb {
	MAY_CREATE_NAMESPACE, /* no object */
	MAY_SEE_NAMESPACE,
	MAY_OPEN_NAMESPACE,
	MAY_SET_NAMESPACE,
	MAY_DELETE_NAMESPACE,
	MAY_CREATE_NETWORK, /* no object */
	MAY_SEE_NETWORK,
	MAY_ATTACH_NETWORK,
	MAY_SET_NETWORK,
	MAY_DELETE_NETWORK,
	MAY_TAKE_LINK, /* an interface of the host's; no object */
};

/* owner: of the object; whatever where the verb has none. */
bool policy_may(const struct policy_caller *caller, enum policy_verb verb, uid_t owner);
