/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * probe - what only a program inside a namespace can tell: whether its gateways and name servers answer, and how much gets through
 */
#pragma once

#include "problem.h"

#define PROBE_MAX 64

/* Who is asked. */
enum probe_kind {
	PROBE_GATEWAY,
	PROBE_UPLINK, /* the next one behind the host, with as much as that many bytes */
	PROBE_SERVER, /* a name server */
};

enum probe_outcome {
	PROBE_SILENT,
	PROBE_ANSWERED,
	PROBE_TOO_BIG, /* the kernel, or somebody on the way, said so */
	PROBE_REFUSED, /* nobody listens there */
	PROBE_FAILED,  /* error */
	/* On a network without ports the other end of the link is the gateway, by whatever link-local address: nobody has it. */
	PROBE_NOT_ASKED,
};

struct probe {
	enum probe_kind kind;
	int family, error;
	char address[64];   /* as text */
	char interface[16]; /* of a gateway: the one that it is behind */
	unsigned bytes;     /* of the packet, where that matters */
	enum probe_outcome outcome;
	/* For who probes: */
	int fd;
	int64_t deadline;
};

/* What a child process has found out; it writes here itself. */
struct probe_list {
	char trouble[256]; /* it could not enter; "" otherwise */
	char command[256]; /* what mends that; "" */
	size_t n;
	struct probe items[PROBE_MAX];
};

struct probe_child {
	const char *name;
	pid_t pid;
	struct probe_list *list; /* NULL: there is none, and the problem says why */
};

/* Lets a child process of its own ask all at once, in the namespace. It ends by itself after 3 seconds at most. Gateways are those of
 * the namespace's default routes; servers are what programs inside find in resolv.conf. 0, or a problem. */
int probe_begin(const char *name, const struct probe_list *uplinks, struct probe_child *ret,
	struct problem *problem);
/* Waits for its end. 0, or a problem; then the list is the caller's, to be given back by probe_free(). */
int probe_end(struct probe_child *child, struct problem *problem);
void probe_free(struct probe_child *child);

/* The routers that default routes of this process's own namespace lead by. */
void probe_uplinks(struct probe_list *ret);
