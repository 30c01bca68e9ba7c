/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * namespaces - delete namespaces, by whatever way that was asked for
 */
#pragma once

#include "methods.h"

/* All or none. kill: ends the processes inside first. 0: done; 1: *reterr says why not; -errno. */
int namespaces_delete(
	const struct deed *deed, const struct string_list *names, bool kill, struct fault *reterr);
/* Takes one that is gone out of the registry, and what it was charged back. */
void namespaces_forget(struct nsnet_context *context, struct ns *ns);
