/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * difference - writes down the steps from what is to what is wished
 *
 * The one engine: create is a difference from nothing, delete one to nothing, start-up and repair one from what the kernel
 * still has.
 */
#pragma once

#include "namespace.h"
#include "network.h"
#include "plan.h"

/* What of a namespace is there. All false: nothing; all true: everything as wished. */
struct namespace_presence {
	bool is_pinned;
	bool is_held;          /* the namespace itself, with its loopback */
	const bool *has_links; /* by attachment; NULL: none */
	bool has_names;        /* hosts lines, etc, record */
};

struct network_presence {
	bool has_bridge;
	bool has_names;
};

/* From what is there of it to the namespace as it is wished. */
void difference_make_namespace(
	struct ns *ns, const struct namespace_presence *presence, struct plan *plan);
/* The guards of its ports once more: at start-up nobody knows what became of them. */
void difference_guard_namespace(const struct ns *ns, struct plan *plan);
/* From what is there of it to nothing; makes the plan forward. Links go with the namespace; names are taken away whether they
 * are there or not. */
void difference_remove_namespace(
	const struct ns *ns, const struct namespace_presence *presence, struct plan *plan);

void difference_make_network(
	struct network *network, const struct network_presence *presence, struct plan *plan);
/* Makes the plan forward. */
void difference_remove_network(struct network *network, struct plan *plan);

/* Forwarding of the host's uplinks, as the first network comes; by family, what the kernel can. */
void difference_forward_uplinks(
	const struct string_list *uplinks, const bool is_forwarding[FAMILIES], struct plan *plan);
/* Puts back what was there before, and takes the guards away, as the last one goes. */
void difference_restore(const struct string_list *keys, struct plan *plan);
