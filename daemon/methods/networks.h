/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * networks - make, change and delete networks, by whatever way that was asked for
 *
 * Each asks whether the caller may. 0: done; 1: nothing was done, *reterr says why; -errno.
 */
#pragma once

#include "methods.h"

/* wish NULL: whatever is chosen by default. */
int networks_create(const struct deed *deed, const char *name,
	const struct nsnet_network_context *wish, struct network **ret, struct fault *reterr);
struct networks_done {
	struct network *network;   /* the registry's */
	struct string_list fields; /* that are others than before */
};

/* Fields that are there replace; revision NULL: any. A rehearsal leaves one that something is attached to as it is. */
int networks_set(const struct deed *deed, const char *name,
	const struct nsnet_network_context *change, const int64_t *revision,
	struct networks_done *ret, struct fault *reterr);
/* All or none; nothing may be attached. */
int networks_delete(const struct deed *deed, const struct string_list *names, struct fault *reterr);

/* What a network needs to know of the host, whoever is to have it; memory from the arena. */
int networks_host(struct nsnet_context *context, const struct policy_caller *caller,
	struct arena *arena, struct network_host *ret);

/* What the network "default" is made of, where there is none; network_free() where it does not come to be. */
int networks_make_default(const struct deed *deed, struct network **ret, struct fault *reterr);
/* After something was attached: tells the log of one that is nearly full. */
void networks_warn(struct network *network);
/* Puts a network that is there in the registry. */
void networks_add(const struct deed *deed, struct network *network);
