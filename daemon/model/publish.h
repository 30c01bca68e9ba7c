/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * publish - ports of the host that lead into namespaces, and which of them are taken
 *
 * Two are in each other's way where they have the protocol, the port and a family in common, and the same address of the host
 * or one of them all addresses.
 */
#pragma once

#include "address.h"
#include "list.h"
#include "nsnet.h"

#define PUBLISH_FIRST_DEFAULT 20000U
#define PUBLISH_LAST_DEFAULT  29999U

/* One port, in one or both families. Its memory is whoever's it is embedded in or allocated by. */
struct published {
	struct list link; /* of all with its protocol and port, in the table */
	enum nsnet_protocol protocol;
	struct address host[FAMILIES];    /* of the host; bytes of zeros: all of that family's */
	struct address targets[FAMILIES]; /* where it leads; AF_UNSPEC: not in that family */
	uint16_t host_port, namespace_port;
	const struct published *former; /* while a change is under way: the same one of before */
};

struct publish_table {
	void *ports; /* of tsearch(3), by protocol and port */
};

void publish_table_done(struct publish_table *table);

/* Whether another one is in its way; those of "except" (n of them, may be NULL) are not: they go if it comes. */
bool publish_is_taken(const struct publish_table *table, const struct published *published,
	const struct published *except, size_t n_except);
/* Whether it leads there by that address (or all: bytes of zeros) and port of the host. */
bool publish_has(const struct publish_table *table, enum nsnet_protocol protocol,
	const struct address *host, uint16_t port, const struct address *target);
/* To be taken out again by publish_give(), before its memory goes. */
void publish_take(struct publish_table *table, struct published *published);
/* One that was never taken is fine. */
void publish_give(struct publish_table *table, struct published *published);

/* Whether they lead the same way in all. */
bool publish_is_equal(const struct published *a, const struct published *b);
