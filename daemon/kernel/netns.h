/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * netns - network namespaces: made, named, entered for a moment, given up
 */
#pragma once

#include "state.h"

/* Readies /run/netns and opens it: kernel.names. */
int netns_open_names(const char *path);

/* The one of that name that we hold, or NULL. */
struct netns *netns_find(struct kernel *kernel, const char *name);
void netns_free(struct netns *netns);
/* What kernel.held is sorted by: their names. */
static inline int netns_compare(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* The steps. */
int netns_add(struct kernel *kernel, const struct step *step);
int netns_pin(struct kernel *kernel, const struct step *step);
int netns_unpin(struct kernel *kernel, const struct step *step);
int netns_drop(struct kernel *kernel, const struct step *step);

/* A route netlink socket inside, kept until netns_leave_all(). */
int netns_inside(struct kernel *kernel, struct netns *netns, struct netlink **ret);
void netns_leave_all(struct kernel *kernel);
void netns_close_inside(struct kernel *kernel, struct netns *netns);

/* Enters a namespace for as long as it takes to make that socket. */
int netns_open_socket(const struct kernel *kernel, int fd, struct netlink *ret);

/* A socket in a new namespace that goes with it: to try things. */
int netns_open_scratch(const struct kernel *kernel, struct netlink *ret);

/* The thread goes inside, for settings below that /proc ("sys/net/..."); nothing else until netns_leave(). */
int netns_enter(struct kernel *kernel, const struct netns *netns, int *ret_proc);
void netns_leave(const struct kernel *kernel);

/* Host ends; one that is there already is not added again. */
void netns_add_end(struct netns *netns, int index);
void netns_forget_end(struct netns *netns, int index);
