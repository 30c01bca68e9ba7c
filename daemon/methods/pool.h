/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pool - namespaces made ahead: whole but for a name, so that the next one that is asked for is there already
 *
 * What costs a millisecond of a namespace, or three hundred while others are being taken away, is known before its name is: it belongs
 * to who makes namespaces lately, is on the network that his last one is on, and has the next address of that. Such a spare
 * is an object like any other (struct ns), made by the same plans, called "%7"; but its descriptor alone holds it, so that it
 * goes with the process, and it is in no list: not in the registry, not on record, charged to nobody, not counted by its
 * network.
 *
 * A creation that is for good takes the oldest spare that is as it is to be; that one is its former, of which it has the port,
 * the host's end and the addresses, and all else is done as ever (difference_make_namespace()). Where none fits it is made
 * as if there were no pool. Nothing that a spare has is ever missed by anybody: whoever needs its address, or a port of its
 * network, has it dropped first (pool_relieve()).
 *
 * The host's end of a taken one's link says "nsnetd:%7/eth0" still, since to change that may mean to wait. By pool.labels what
 * the kernel tells of "%7" is known to be about its namespace, until refill_work() has told the kernel; start-up knows the link
 * by its name, which is on record.
 *
 * How many there are is up to demand: two after the first creation of somebody's on a network, twice as many each time that one was
 * asked for and none there, up to the configuration's limits; none when he has made none for a while, or has none left.
 */
#pragma once

#include "fault.h"
#include "namespace.h"

struct nsnet_context;
struct step;

/* Who makes namespaces lately, and on which network. Of what the host owns the group is no part: -1. */
struct pool_demand {
	struct namespace_owner owner;
	char network[NAME_SIZE];
	unsigned target;      /* so many spares are to be there */
	int64_t used_usec;    /* when he made one last, CLOCK_MONOTONIC */
	int64_t bare_usec;    /* since when he has none, 0: he has */
	int64_t refused_usec; /* when one could not be made last */
};

/* A namespace that was a spare, and whose link says so still. */
struct pool_label {
	char spare[NAME_SIZE], name[NAME_SIZE], link[INTERFACE_SIZE];
};

struct pool {
	unsigned size, total; /* at most so many for one owner, and in all; 0: none */
	struct ns **spares;   /* the oldest first */
	struct pool_demand *demands;
	struct pool_label *labels;
	size_t n, n_demands, n_labels;
	uint64_t next;         /* the number of the next one's name */
	int64_t relieved_usec; /* when the kernel had no more to give: 0: never */
};

/* Frees the objects; what is of them in the kernel goes with the process. */
void pool_done(struct pool *pool);

/* A creation by the caller, as wish and owner say. */
struct pool_wish {
	struct namespace_owner owner;
	const struct nsnet_namespace_context *context;
};

/* A spare that seems to fit, or NULL; it stays the pool's. */
struct ns *pool_find(const struct nsnet_context *context, const struct pool_wish *wish);
/* A namespace was made: from that spare, which goes from the pool and is freed, or from none (NULL). */
void pool_note(struct nsnet_context *context, const struct pool_wish *wish, struct ns *spare,
	struct ns *ns);
/* A spare that could not be taken is dropped. */
void pool_refuse(struct nsnet_context *context, struct ns *spare);

/* Whether a spare was in the way of what is at fault, and is gone: then it is worth another try. */
bool pool_relieve(struct nsnet_context *context, const struct fault *fault);
/* The same of a limit of the kernel's that was met. */
bool pool_relieve_kernel(struct nsnet_context *context, const struct step *step, int error);

/* A spare whose user namespaces a further one of that owner's joins, NULL: there is none. Those that are of another group go:
 * all that he owns has the same. */
const struct ns *pool_sibling(struct nsnet_context *context, const struct namespace_owner *owner);

/* Those on a network that is to change, or to go; NULL: all. */
void pool_drop(struct nsnet_context *context, const struct network *network);
/* The same of a network that goes: nobody asks for any more on it. */
void pool_forget(struct nsnet_context *context, const struct network *network);
/* Something happened to the link of what is called "%7". A spare that is not as it was made is dropped; NULL. Or the name of
 * the namespace that it has become. */
const char *pool_touched(struct nsnet_context *context, const char *name);
/* Those of a user; NULL: all. */
size_t pool_count(const struct pool *pool, const uid_t *uid);

/* There may be something for refill_work() to do, when nothing else is to be done. */
void pool_poke(struct nsnet_context *context);
