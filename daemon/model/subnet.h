/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * subnet - the addresses of one prefix, and which of them are taken
 *
 * There is no record of allocations: an address is taken because a living object has it, so none can leak. The next free one
 * is looked for behind the last one given, so an address that was given back rests for as long as there are others.
 */
#pragma once

#include "address.h"

struct subnet {
	struct prefix prefix; /* length 0: none */
	void *taken;          /* of tsearch(3), by index in the prefix */
	uint64_t n_taken;
	void *resting;      /* the same, of those that departure.h is about: how often */
	uint64_t n_resting; /* different ones */
	uint64_t next;      /* where to look next */
};

/* The network's own address and, in IPv4, the broadcast address are never given. */
void subnet_init(struct subnet *subnet, const struct prefix *prefix);
void subnet_done(struct subnet *subnet);

static inline bool subnet_is_set(const struct subnet *subnet)
{
	return subnet->prefix.address.family != AF_UNSPEC;
}

/* Whether an address lies in it and can be somebody's. */
bool subnet_has(const struct subnet *subnet, const struct address *address);

/* Takes that address. False: somebody has it, or subnet_has() says no. */
bool subnet_take(struct subnet *subnet, const struct address *address);

/* Takes a free one that does not rest, the one with that index where it is such a one (0: no wish). Where all that are free
 * rest, one of those. False: none is left. */
bool subnet_pick(struct subnet *subnet, uint64_t wish, struct address *ret);

/* Gives back what was taken. */
void subnet_give(struct subnet *subnet, const struct address *address);

/* A port that had it may still be there and answer. As often as it is to be woken. Not within the prefix: nothing. */
void subnet_rest(struct subnet *subnet, const struct address *address);
void subnet_wake(struct subnet *subnet, const struct address *address);
