/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lend - what is lent: interfaces of the host to namespaces, and namespaces to users
 *
 * Both are the administrators' to do. To give back, or to take back, is up to whoever owns the namespace.
 */
#pragma once

#include "methods.h"

/* Whether the caller may have what a context has of it that the former namespace (NULL: there is none) has not. */
bool lend_may(const struct policy_caller *caller, const struct ns *former,
	const struct nsnet_namespace_context *context);

/* Whether what was not the former's is there: interfaces that are free to go, users and groups of that name. Addresses that
 * interfaces lose by going are added to the list. 0, 1 and *reterr, or -errno. */
int lend_check(const struct deed *deed, const struct ns *ns, const struct ns *former,
	struct string_list *lost_addresses, struct fault *reterr);
