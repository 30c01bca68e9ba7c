/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * departure - namespaces that were deleted and are not gone yet: their ports may still be there, and answer
 *
 * Name, quota and ports of the host are free when a namespace is deleted; addresses rest. Nobody is given one that was not
 * asked for while there are others, and who is given one has the former port cut off first (STEP_VETH_CUT).
 */
#pragma once

#include "namespace.h"

/* One port. */
struct departed {
	struct list link;         /* departure.ports */
	struct list network_link; /* network.departed */
	struct network *network;  /* NULL: it is gone as well */
	char port[INTERFACE_SIZE];
	struct mac mac;
	struct address addresses[FAMILIES];
	bool is_guarded;
	bool is_cut; /* nothing comes by it any more */
};

struct departure {
	int64_t number; /* the kernel floor's */
	struct list ports;
};

/* all is a tree of tsearch(3), by number. */

/* A namespace that was dropped, and is to be freed. */
void departure_add(void **all, const struct ns *ns);
/* NULL: there is none of that number (any more). */
struct departure *departure_find(void *const *all, int64_t number);
/* It is gone: its addresses are as good as any. */
void departure_end(void **all, struct departure *departure);
void departure_end_all(void **all);

/* The network goes; or its ports are another's of its name from now on: those that part are put into the list, and join. */
void departure_forget(struct network *network);
void departure_part(struct network *former, struct list *ret);
void departure_join(struct network *network, struct list *departed);

/* Calls on_port with each former port that would answer in a new one's stead, and with the oldest where the bridge takes no
 * more. */
void departure_each_rival(const struct attachment *attachment,
	void (*on_port)(struct departed *departed, void *userdata), void *userdata);
