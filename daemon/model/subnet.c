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
	unsigned times;         /* of one that rests */
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
	tdestroy(subnet->resting, free);
	subnet->taken = subnet->resting = NULL;
	subnet->n_taken = subnet->n_resting = 0;
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

/* The address in a tree, put there where it is not (*ret_is_new). */
static struct taken *put(
	const struct subnet *subnet, void **tree, const struct address *address, bool *ret_is_new)
{
	struct taken *taken = calloc(1, sizeof(*taken));
	struct taken **found;

	if (!taken)
		abort();
	taken->index = prefix_index(&subnet->prefix, address);
	taken->address = *address;
	found = tsearch(taken, tree, compare_taken);
	if (!found)
		abort();
	*ret_is_new = *found == taken;
	if (!*ret_is_new)
		free(taken);
	return *found;
}

static struct taken *find(
	const struct subnet *subnet, void *const *tree, const struct address *address)
{
	const struct taken key = {
		.index = prefix_index(&subnet->prefix, address),
		.address = *address,
	};
	struct taken **found = tfind(&key, tree, compare_taken);

	return found ? *found : NULL;
}

bool subnet_take(struct subnet *subnet, const struct address *address)
{
	bool is_new;

	if (!subnet_has(subnet, address))
		return false;
	(void)put(subnet, &subnet->taken, address, &is_new);
	subnet->n_taken += is_new;
	return is_new;
}

static bool take_index(struct subnet *subnet, uint64_t index, bool may_rest, struct address *ret)
{
	struct address address;

	if (!prefix_nth(&subnet->prefix, index, &address) ||
		(!may_rest && subnet->n_resting > 0 && find(subnet, &subnet->resting, &address)) ||
		!subnet_take(subnet, &address))
		return false;
	*ret = address;
	return true;
}

static bool pick(struct subnet *subnet, bool may_rest, struct address *ret)
{
	uint64_t first = first_index(subnet), last = last_index(subnet);

	if (last > PICK_MAX)
		last = PICK_MAX;
	if (subnet->n_taken > last - first) /* all: do not walk them */
		return false;
	for (uint64_t tried = first; tried <= last; tried++) {
		uint64_t index = subnet->next;

		if (index < first || index > last)
			index = first;
		subnet->next = index + 1;
		if (take_index(subnet, index, may_rest, ret))
			return true;
	}
	return false;
}

bool subnet_pick(struct subnet *subnet, uint64_t wish, struct address *ret)
{
	if (wish > 0 && take_index(subnet, wish, false, ret))
		return true;
	return pick(subnet, false, ret) || (subnet->n_resting > 0 && pick(subnet, true, ret));
}

void subnet_give(struct subnet *subnet, const struct address *address)
{
	struct taken *taken = find(subnet, &subnet->taken, address);

	if (!taken)
		return;
	(void)tdelete(taken, &subnet->taken, compare_taken);
	free(taken);
	subnet->n_taken--;
}

void subnet_rest(struct subnet *subnet, const struct address *address)
{
	bool is_new;

	if (!subnet_has(subnet, address))
		return;
	put(subnet, &subnet->resting, address, &is_new)->times++;
	subnet->n_resting += is_new;
}

void subnet_wake(struct subnet *subnet, const struct address *address)
{
	struct taken *taken = find(subnet, &subnet->resting, address);

	if (!taken || --taken->times > 0)
		return;
	(void)tdelete(taken, &subnet->resting, compare_taken);
	free(taken);
	subnet->n_resting--;
}
