/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * link - bridges and veths: made, joined, taken away
 *
 * A link is named once, when it is made, and the kernel refuses a name that is taken. From then on it is spoken of by its
 * index; where a step names one that was made before, it must bear our group. So nobody else's link is ever touched.
 */
#pragma once

#include "state.h"

int link_add_bridge(struct kernel *kernel, const struct step *step);
int link_delete_bridge(struct kernel *kernel, const struct step *step);
int link_add_veth(struct kernel *kernel, const struct step *step);
int link_delete_veth(struct kernel *kernel, const struct step *step);
/* Never fails. */
int link_settle(struct kernel *kernel, const struct step *step);

/* The index of a link of ours on the host, or -ENODEV. */
int link_find(struct kernel *kernel, const char *name);

/* What a dump tells of a link of ours. */
struct link_facts {
	int index, master;
	const char *name, *alias;
	bool is_end; /* its other end is in another namespace */
};

/* Calls on_link with each link of ours on the host. */
int link_list(struct kernel *kernel, int (*on_link)(const struct link_facts *link, void *userdata),
	void *userdata);

/* Fills kernel.found. */
int link_find_ends(struct kernel *kernel);

/* Takes away what a crash left half taken away. */
int link_sweep(struct kernel *kernel);
