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
	bool is_fenced;
};

/* From what is there of it to the namespace as it is wished. */
void difference_make_namespace(
	struct ns *ns, const struct namespace_presence *presence, struct plan *plan);
/* What of it stands in the firewall (guards, published ports) once more: nobody knows what became of that at start-up, or when
 * somebody else took our tables away. */
void difference_protect_namespace(const struct ns *ns, struct plan *plan);
/* An interface of the host's that is to be inside and is not, with the routes by it. */
void difference_take_link(const struct ns *ns, const char *interface, struct plan *plan);
/* All of them back; to be done before the namespace goes, since most would go with it. Can be taken back. */
void difference_give_links(const struct ns *ns, struct plan *plan);
/* From what is there of it to nothing; makes the plan forward. Links go with the namespace; names are taken away whether they
 * are there or not. */
void difference_remove_namespace(
	const struct ns *ns, const struct namespace_presence *presence, struct plan *plan);

/* From a namespace that is there whole to another one of its name: ns was made with that former. What both have stays
 * untouched. Can be taken back whole. */
void difference_change_namespace(struct ns *former, struct ns *ns, struct plan *plan);

void difference_make_network(
	struct network *network, const struct network_presence *presence, struct plan *plan);
/* From a network that is there whole to another one of its name and bridge. Can be taken back whole. */
void difference_change_network(struct network *former, struct network *network, struct plan *plan);
/* Its MTU and that of all that is attached to it. */
void difference_set_mtu(const struct network *network, unsigned mtu, struct plan *plan);
/* Makes the plan forward. */
void difference_remove_network(struct network *network, struct plan *plan);

/* From the uplinks of before to those of now: forwarding by family, what the kernel can. What is there already is done again:
 * somebody may have changed it. */
void difference_follow_uplinks(const struct snapshot_uplinks *before,
	const struct snapshot_uplinks *after, const bool is_forwarding[FAMILIES],
	struct plan *plan);
/* Forwarding of a network's bridge, once more. */
void difference_forward_network(const struct network *network, struct plan *plan);
/* Puts back what was there before, and takes the firewall away, as the last one goes. */
void difference_restore(const struct string_list *keys, struct plan *plan);
