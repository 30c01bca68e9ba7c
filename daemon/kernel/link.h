/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * link - bridges and veths: made, joined, taken away
 *
 * A link is named once, when it is made, and the kernel refuses a name that is taken. From then on it is spoken of by its
 * index; where a step names one that was made before, it must bear our group. So nobody else's link is ever touched.
 */
#pragma once

#include "state.h"

/* Where links wait to be taken away together. */
#define LINK_GROUP_DYING (SNAPSHOT_LINK_GROUP + 1)

int link_add_bridge(struct kernel *kernel, const struct step *step);
int link_delete_bridge(struct kernel *kernel, const struct step *step);
int link_add_veth(struct kernel *kernel, const struct step *step);
int link_delete_veth(struct kernel *kernel, const struct step *step);
int link_mend_bridge(struct kernel *kernel, const struct step *step);
int link_label(struct kernel *kernel, const struct step *step);
int link_mend_veth(struct kernel *kernel, const struct step *step);
/* A port that is to go: of no bridge, and down; the reaper takes it away. One that is gone is no error. */
int link_cut(struct kernel *kernel, const struct step *step);
/* Never fails. */
int link_settle(struct kernel *kernel, const struct step *step);

/* Carries out a message that makes links, and frees it: the index of the one of that name, or -errno and none is there. */
int link_create(struct kernel *kernel, struct nl_msg *message, const char *name);
/* What has to go again because a later part of its step failed; returns that error, and leaves the kernel's words about it. */
int link_take_back(struct kernel *kernel, const int *indexes, size_t n, int error);
/* A veth's end inside: up, with further flags, and with the link-local address that the kernel would have made, but usable
 * at once. */
int link_raise_peer(const struct kernel *kernel, struct netlink *inside, const char *name,
	const struct mac *mac, unsigned flags);

/* The index of a link of ours on the host, or -ENODEV. */
int link_find(struct kernel *kernel, const char *name);

/* The alias of a link of ours, 256 bytes, or -ENODEV. */
#define LINK_ALIAS_SIZE 256
int link_alias(struct kernel *kernel, int index, char ret[LINK_ALIAS_SIZE]);

/* What a dump tells of a link of ours. */
struct link_facts {
	int index, master;
	const char *name, *alias;
	bool is_end; /* its other end is in another namespace */
	bool is_up, has_carrier, is_forwarding;
};

/* Calls on_link with each link of ours on the host. */
int link_list(struct kernel *kernel, int (*on_link)(const struct link_facts *link, void *userdata),
	void *userdata);

/* Takes links away by a group of their own, all at once; those that are gone are no error. By the socket alone, so that any
 * thread may. */
#define LINK_TOGETHER_MAX 32
int link_delete_together(struct netlink *host, const int *indexes, size_t n);
/* 0, or -ENODEV: there is no link of ours with that index. */
int link_is_ours(struct netlink *host, int index);

/* Takes away what a crash left half taken away. */
int link_sweep(struct kernel *kernel);
