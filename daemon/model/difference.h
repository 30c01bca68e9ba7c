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

enum link_presence {
	LINK_MISSING,
	LINK_ASTRAY, /* there, but not as it was made: down, or no port of its bridge */
	LINK_WHOLE,
};

/* What of a namespace is there. All 0: nothing. */
struct namespace_presence {
	bool is_pinned;
	bool is_held;                    /* the namespace itself, with its loopback */
	const enum link_presence *links; /* by attachment; NULL: none */
	bool has_names;                  /* hosts lines, etc, record */
	bool is_followed; /* no part of it: another one like it is likely to be made next */
	/* One that was made ahead and that it was made from (its former): it is to be that one, with its links, its addresses and its
	 * routes, and has nothing else yet. */
	const struct ns *spare;
};

struct network_presence {
	enum link_presence bridge;    /* with its anchor */
	bool lacks_address[FAMILIES]; /* of the host's on it, though the bridge is there */
	bool lacks_route[FAMILIES];   /* by that to its prefix */
	bool lacks_loopback;          /* the local route to ::1 */
	bool has_names;
	bool is_fenced;
};

/* To be done before all else where it is new: it is written down, so that what cannot be is refused before anything is done. */
void difference_record_namespace(const struct ns *ns, struct plan *plan);
/* From what is there of it to the namespace as it is wished. */
void difference_make_namespace(
	struct ns *ns, const struct namespace_presence *presence, struct plan *plan);
/* One that was made ahead goes, unused. Makes the plan forward. Its addresses can be somebody's at once; so can its port of the
 * bridge where is_whole, but that takes the kernel 30 ms. */
void difference_remove_spare(struct ns *ns, bool is_whole, struct plan *plan);
/* The host's ends of its links say that they are its own. */
void difference_label_namespace(const struct ns *ns, struct plan *plan);
/* Whether it can be made from a spare as it is: the same links, addresses and routes. */
bool difference_fits_spare(const struct ns *spare, const struct ns *ns);
/* Its name alone. */
void difference_pin_namespace(const struct ns *ns, struct plan *plan);
/* Away: what is left is nobody's from then on, also to a start that finds the record. Can be taken back. */
void difference_unpin_namespace(const struct ns *ns, struct plan *plan);
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
	struct ns *ns, const struct namespace_presence *presence, struct plan *plan);

/* From a namespace that is there whole to another one of its name: ns was made with that former. What both have stays
 * untouched. Can be taken back whole. */
void difference_change_namespace(struct ns *former, struct ns *ns, struct plan *plan);

/* As difference_record_namespace(). */
void difference_record_network(const struct network *network, struct plan *plan);
void difference_make_network(
	struct network *network, const struct network_presence *presence, struct plan *plan);
/* A network that is there and was told of like this before has been made persistent. Can be taken back. */
void difference_keep_network(const struct network *network,
	const struct nsnet_list_networks_out *before, struct plan *plan);
/* That it comes back after a reboot ends. To be done before it goes: a deletion that cannot be kept is none. Can be taken back. */
void difference_give_up_namespace(const struct ns *ns, struct plan *plan);
void difference_give_up_network(const struct network *network, struct plan *plan);
/* Its record says that it is none: what is left of it goes at the next start at the latest. Can be taken back. */
void difference_void_network(const struct network *network, struct plan *plan);
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
/* The host's settings of a network's bridge, once more. */
void difference_forward_network(const struct network *network, struct plan *plan);
/* And of the links that lead to its namespaces, where these are no ports of its bridge. */
void difference_forward_points(const struct network *network, struct plan *plan);
/* Puts back what was there before, and takes the firewall away, as the last one goes. */
void difference_restore(const struct string_list *keys, struct plan *plan);
