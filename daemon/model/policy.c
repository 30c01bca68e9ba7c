/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * policy - who may do what with which object
 */
#include "policy.h"

bool policy_may(
	const struct policy_caller *caller, enum policy_verb verb, struct policy_object object)
{
	bool is_own = object.owner == caller->uid;

	if (caller->is_administrator)
		return true;
	switch (verb) {
	case MAY_CREATE_NAMESPACE:
		return true;
	case MAY_SEE_NAMESPACE:
	case MAY_EXECUTE:
		return is_own || object.is_lent;
	case MAY_OPEN_NAMESPACE:
	case MAY_SET_NAMESPACE:
	case MAY_DELETE_NAMESPACE:
	case MAY_CHECK_NAMESPACE:
	case MAY_SET_NETWORK:
	case MAY_DELETE_NETWORK:
		return is_own;
	case MAY_SEE_NETWORK:
	case MAY_ATTACH_NETWORK:
		return is_own || object.owner == 0; /* root's are there for all members */
	case MAY_CREATE_NETWORK:
		return caller->may_make_networks;
	case MAY_LEND_NAMESPACE: /* who enters believes in whoever administers it: that is to be the host */
	case MAY_TAKE_LINK: /* it is the host's own, and so are its addresses and neighbours */
		return false;
	}
	abort();
}
