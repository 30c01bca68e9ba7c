/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * state - what the kernel floor keeps between calls: descriptors, and no wishes
 */
#pragma once

#include <sys/stat.h>

#include "kernel.h"
#include "netlink.h"

struct indexes {
	int *items;
	size_t n, allocated;
};

/* A namespace that we hold open. */
struct netns {
	char name[NAME_SIZE]; /* first: the key of kernel.held */
	int fd;
	dev_t device;
	ino_t inode;
	int64_t number;            /* process.c's, or 0 */
	int watch;                 /* entry.c's, or 0 */
	bool is_unentered;         /* nobody has ever opened it */
	bool is_pinned;            /* its name under /run/netns is ours to take away */
	struct netlink inside;     /* while a plan runs; its fd is negative otherwise */
	struct netns *next_inside; /* kernel.inside */
	/* Host ends of its links, by index: they are named no more once they are made. */
	struct indexes ends;
};

/* What kernel_uplinks() told of one. */
struct uplink {
	int index;
	unsigned mtu;
	char name[INTERFACE_SIZE];
};

/* A /proc to write settings of namespaces through (birth.c). */
struct settings {
	int proc;   /* or negative */
	unsigned n; /* for how many it was asked for */
};

struct kernel {
	int home; /* the host's network namespace */
	struct stat home_stat;
	struct netlink host;
	/* nft.c's: our tables of nf_tables */
	struct netlink netfilter;
	bool has_guards;       /* this kernel can have them */
	bool has_persist;      /* and such as belong to us */
	bool are_guards_ready; /* they are as they should be */
	bool has_made_tables;  /* in this process's life */
	unsigned n_owned;      /* how many belong to our socket */
	int nft_events;        /* or negative: nobody listens */
	bool is_nft_pending; /* somebody is changing them: whose transaction that is comes later */
	int64_t nft_process; /* our number in the kernel's eyes */
	int proc;            /* /proc */
	int names;           /* /run/netns */
	int records[RECORD_KINDS]; /* below state/ */
	int wishes
		[2]; /* the same of what is persistent, by enum record_kind; negative: there is nowhere to keep it */
	int hosts, etc, sysctl, dns;
	char *run; /* the path of the directory that these are in */
	bool has_ipv6, has_cookie, has_forwarding4, has_force_forwarding, has_owned;
	bool has_rate, has_netem, has_tried_traffic; /* traffic.c's */

	int events, link_events;                      /* events.c's, or negative */
	int name_events, mounts_waited, mounts_asked; /* name_watch.c's, or negative */
	struct uplink *uplinks;
	size_t n_uplinks;

	struct settings settings; /* the main thread's */
	struct ahead *ahead;      /* NULL: none was ever ordered */

	int entries; /* entry.c's, or negative */
	bool has_tried_entries;
	void *watched; /* of struct netns, by watch */

	int64_t accounts; /* accounts.c's: how often the files were others; 0: nobody has looked */
	struct stat account_files[2];

	void *held;              /* of struct netns: tsearch(3) */
	struct netns *inside;    /* those with a socket inside */
	struct nft_known *known; /* nft_known.c's, at start-up */
	int last_bridge;       /* the index of the one that something was last attached to, or 0 */
	struct reaper *reaper; /* of namespaces that were given up */
};

/* Aborts where memory is out. */
void state_append(struct indexes *indexes, int index);
