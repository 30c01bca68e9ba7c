/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wishes - namespaces that come to be, and those that change, by whatever way that was asked for
 *
 * Each asks whether the caller may. 0: done; 1: nothing was done, *reterr says why; -errno.
 */
#pragma once

#include "methods.h"

struct wishes_done {
	struct ns *ns;                     /* the registry's */
	struct string_list lost_addresses; /* of interfaces that were moved in */
	struct string_list fields;         /* that are others than before */
};

/* wish NULL: joined to the network "default". */
int wishes_create(const struct deed *deed, const char *name,
	const struct nsnet_namespace_context *wish, struct wishes_done *ret, struct fault *reterr);
/* Fields that are there replace; revision NULL: any. A rehearsal leaves the namespace as it is. */
int wishes_set(const struct deed *deed, const char *name,
	const struct nsnet_namespace_context *change, const int64_t *revision,
	struct wishes_done *ret, struct fault *reterr);
