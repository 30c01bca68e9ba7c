/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * subnet - the addresses of one prefix, and which of them are taken
 *
 * Taken ones stand in a tree by their index, so that a /8 or a /64 costs what is used of it. Indexes beyond 2^32 are not
 * handed out unasked (nobody has so many), but may be asked for.
 */
#include "subnet.h"

#include <search.h>

#define PICK_MAX UINT32_MAX

struct taken {
	uint64_t index;
	struct address address; /* tells apart what has no index of 64 bits */
};

static int compare_taken(const void *a, const void *b)
{
	const struct taken *x = a, *y = b;

	if (x->index != y->index)
		return x->index < y->index ? -1 : 1;
	return address_compare(&x->address, &y->address);
}

void subnet_init(struct subnet *subnet, const struct prefix *prefix)
{
	*subnet = (struct subnet){ .prefix = *prefix, .next = 1 };
}

void subnet_done(struct subnet *subnet)
{
	tdestroy(subnet->taken, free);
	subnet->taken = NULL;
	subnet->n_taken = 0;
}

static bool is_ipv4(const struct subnet *subnet)
{
	return subnet->prefix.address.family == AF_INET;
}

/* The last index that can be somebody's. A prefix of two addresses or one has no broadcast address (RFC 3021). */
static uint64_t last_index(const struct subnet *subnet)
{
	uint64_t size = prefix_size(&subnet->prefix);

	return is_ipv4(subnet) && size > 2 ? size - 2 : size - 1;
}

static uint64_t first_index(const struct subnet *subnet)
{
	return prefix_size(&subnet->prefix) > 2 ? 1 : 0;
}

bool subnet_has(const struct subnet *subnet, const struct address *address)
{
	uint64_t index;

	if (!subnet_is_set(subnet) || !prefix_contains(&subnet->prefix, address))
		return false;
	index = prefix_index(&subnet->prefix, address);
	return index >= first_index(subnet) && (index == UINT64_MAX || index <= last_index(subnet));
}

bool subnet_take(struct subnet *subnet, const struct address *address)
{
	struct taken *taken;
	struct taken **found;

	if (!subnet_has(subnet, address))
		return false;
	taken = calloc(1, sizeof(*taken));
	if (!taken)
		abort();
	taken->index = prefix_index(&subnet->prefix, address);
	taken->address = *address;
	found = tsearch(taken, &subnet->taken, compare_taken);
	if (!found)
		abort();
	if (*found != taken) {
		free(taken);
		return false;
	}
	subnet->n_taken++;
	return true;
}

static bool take_index(struct subnet *subnet, uint64_t index, struct address *ret)
{
	struct address address;

	if (!prefix_nth(&subnet->prefix, index, &address) || !subnet_take(subnet, &address))
		return false;
	*ret = address;
	return true;
}

bool subnet_pick(struct subnet *subnet, uint64_t wish, struct address *ret)
{
	uint64_t first = first_index(subnet), last = last_index(subnet);

	if (wish > 0 && take_index(subnet, wish, ret))
		return true;
	if (last > PICK_MAX)
		last = PICK_MAX;
	if (subnet->n_taken > last - first) /* all: do not walk them */
		return false;
	for (uint64_t tried = first; tried <= last; tried++) {
		uint64_t index = subnet->next;

		if (index < first || index > last)
			index = first;
		subnet->next = index + 1;
		if (take_index(subnet, index, ret))
			return true;
	}
	return false;
}

void subnet_give(struct subnet *subnet, const struct address *address)
{
	struct taken key = {
		.index = prefix_index(&subnet->prefix, address),
		.address = *address,
	};
	struct taken **found = tfind(&key, &subnet->taken, compare_taken);
	struct taken *taken;

	if (!found)
		return;
	taken = *found;
	(void)tdelete(&key, &subnet->taken, compare_taken);
	free(taken);
	subnet->n_taken--;
}
