/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * firewall_sweep - what a crash left in our tables: elements of links and gateways that no object has
 */
#include <netinet/in.h>

#include "kernel.h"
#include "netlink.h"
#include "nft.h"
#include "state.h"

/* Those that begin with a link's name, and those that are an address. */
static const struct {
	struct nft_set set;
	int family; /* AF_UNSPEC: a name */
} sets[] = {
	{ { NFT_BRIDGE, "guarded" }, AF_UNSPEC },
	{ { NFT_BRIDGE, "mac" }, AF_UNSPEC },
	{ { NFT_BRIDGE, "mac_ip4" }, AF_UNSPEC },
	{ { NFT_BRIDGE, "mac_arp" }, AF_UNSPEC },
	{ { NFT_BRIDGE, "mac_ip6" }, AF_UNSPEC },
	{ { NFT_BRIDGE, "mac_nd" }, AF_UNSPEC },
	{ { NFT_INET, "networks" }, AF_UNSPEC },
	{ { NFT_INET, "reaching" }, AF_UNSPEC },
	{ { NFT_INET, "routed" }, AF_UNSPEC },
	{ { NFT_INET, "natted" }, AF_UNSPEC },
	{ { NFT_INET, "own" }, AF_UNSPEC },
	{ { NFT_INET, "pairs" }, AF_UNSPEC },
	{ { NFT_INET, "private4" }, AF_INET },
	{ { NFT_INET, "private6" }, AF_INET6 },
};

struct sweeping {
	const struct kernel_wanted *wanted;
	int family;
	struct nft_key *keys;
	size_t n, allocated;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, *(const char *const *)b);
}

static bool is_wanted(const struct sweeping *sweeping, const struct nft_key *key)
{
	const struct kernel_wanted *wanted = sweeping->wanted;
	struct address address = { .family = sweeping->family };
	char name[INTERFACE_SIZE + 1] = "";

	if (sweeping->family == AF_UNSPEC) {
		memcpy(name, key->bytes, key->n < INTERFACE_SIZE ? key->n : INTERFACE_SIZE);
		return wanted->n_links > 0 && bsearch(name, wanted->links, wanted->n_links,
						      sizeof(*wanted->links), compare_names);
	}
	memcpy(address.bytes, key->bytes,
		key->n < sizeof(address.bytes) ? key->n : sizeof(address.bytes));
	for (size_t i = 0; i < wanted->n_gateways; i++)
		if (address_is_equal(&wanted->gateways[i], &address))
			return true;
	return false;
}

static int on_element(const struct nft_key *key, const struct nft_key *value, void *userdata)
{
	struct sweeping *sweeping = userdata;

	(void)value;
	if (is_wanted(sweeping, key))
		return 0;
	if (sweeping->n == sweeping->allocated) {
		size_t allocated = sweeping->allocated ? 2 * sweeping->allocated : 16;
		struct nft_key *keys = reallocarray(sweeping->keys, allocated, sizeof(*keys));

		if (!keys)
			return -ENOMEM;
		sweeping->keys = keys;
		sweeping->allocated = allocated;
	}
	sweeping->keys[sweeping->n++] = *key;
	return 0;
}

static int sweep(struct kernel *kernel, struct nft_set set, const struct nft_key *keys, size_t n)
{
	int r = 0;

	for (size_t at = 0, end; r == 0 && at < n; at = end) {
		cleanup(netlink_batch_done) struct netlink_batch batch = { .n = 0 };

		end = n - at > NETLINK_BATCH_MAX / 2 ? at + NETLINK_BATCH_MAX / 2 : n;
		for (size_t i = at; i < end; i++)
			nft_delete(&batch, set, &keys[i]);
		r = nft_withdraw(kernel, &batch);
	}
	return r;
}

int kernel_sweep_firewall(struct kernel *kernel, const struct kernel_wanted *wanted)
{
	for (size_t i = 0; i < lengthof(sets); i++) {
		struct sweeping sweeping = { .wanted = wanted, .family = sets[i].family };
		int r;

		if (sets[i].family != AF_UNSPEC && wanted->keeps_gateways)
			continue;
		r = nft_list(kernel, sets[i].set, on_element, &sweeping);

		if (r == 0)
			r = sweep(kernel, sets[i].set, sweeping.keys, sweeping.n);
		free(sweeping.keys);
		if (r < 0)
			return r;
	}
	return 0;
}
