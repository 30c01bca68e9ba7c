/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * firewall_sweep - what a crash left in our tables: elements of links, gateways and groups that no object has
 */
#include <netinet/in.h>

#include "kernel.h"
#include "netlink.h"
#include "nft.h"
#include "state.h"

/* What they begin with: a link's name, an address, a group. */
enum kind { KIND_NAME, KIND_IPV4, KIND_IPV6, KIND_GROUP };

static const struct {
	struct nft_set set;
	enum kind kind;
} sets[] = {
	{ { NFT_BRIDGE, "guarded" }, KIND_NAME },
	{ { NFT_BRIDGE, "mac" }, KIND_NAME },
	{ { NFT_BRIDGE, "mac_ip4" }, KIND_NAME },
	{ { NFT_BRIDGE, "mac_arp" }, KIND_NAME },
	{ { NFT_BRIDGE, "mac_ip6" }, KIND_NAME },
	{ { NFT_BRIDGE, "mac_nd" }, KIND_NAME },
	{ { NFT_INET, "networks" }, KIND_NAME },
	{ { NFT_INET, "reaching" }, KIND_NAME },
	{ { NFT_INET, "routed" }, KIND_NAME },
	{ { NFT_INET, "natted" }, KIND_NAME },
	{ { NFT_INET, "own" }, KIND_NAME },
	{ { NFT_INET, "pairs" }, KIND_NAME },
	{ { NFT_INET, "private4" }, KIND_IPV4 },
	{ { NFT_INET, "private6" }, KIND_IPV6 },
	{ { NFT_INET, "public4" }, KIND_IPV4 },
	{ { NFT_INET, "public6" }, KIND_IPV6 },
	{ { NFT_INET, "end_own" }, KIND_GROUP },
	{ { NFT_INET, "end_pairs" }, KIND_GROUP },
	{ { NFT_INET, "end_gateway4" }, KIND_GROUP },
	{ { NFT_INET, "end_gateway6" }, KIND_GROUP },
	{ { NFT_INET, "end_names4" }, KIND_GROUP },
	{ { NFT_INET, "end_names6" }, KIND_GROUP },
};

struct sweeping {
	const struct kernel_wanted *wanted;
	enum kind kind;
	struct nft_key *keys;
	size_t n, allocated;
};

static int compare_names(const void *a, const void *b)
{
	return strcmp(a, *(const char *const *)b);
}

static bool is_wanted_link(const struct kernel_wanted *wanted, const struct nft_key *key)
{
	char name[INTERFACE_SIZE + 1] = "";

	memcpy(name, key->bytes, key->n < INTERFACE_SIZE ? key->n : INTERFACE_SIZE);
	return wanted->n_links > 0 &&
	       bsearch(name, wanted->links, wanted->n_links, sizeof(*wanted->links), compare_names);
}

static bool is_wanted_gateway(
	const struct kernel_wanted *wanted, const struct nft_key *key, int family)
{
	struct address address = { .family = family };

	memcpy(address.bytes, key->bytes,
		key->n < sizeof(address.bytes) ? key->n : sizeof(address.bytes));
	for (size_t i = 0; i < wanted->n_gateways; i++)
		if (address_is_equal(&wanted->gateways[i], &address))
			return true;
	return false;
}

static bool is_wanted_group(const struct kernel_wanted *wanted, const struct nft_key *key)
{
	uint32_t group = 0;

	memcpy(&group, key->bytes, key->n < sizeof(group) ? key->n : sizeof(group));
	for (size_t i = 0; i < wanted->n_groups; i++)
		if (wanted->groups[i] == group)
			return true;
	return false;
}

static bool is_wanted(const struct sweeping *sweeping, const struct nft_key *key)
{
	switch (sweeping->kind) {
	case KIND_NAME:
		return is_wanted_link(sweeping->wanted, key);
	case KIND_IPV4:
		return is_wanted_gateway(sweeping->wanted, key, AF_INET);
	case KIND_IPV6:
		return is_wanted_gateway(sweeping->wanted, key, AF_INET6);
	case KIND_GROUP:
		break;
	}
	return is_wanted_group(sweeping->wanted, key);
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
		struct sweeping sweeping = { .wanted = wanted, .kind = sets[i].kind };
		int r;

		if (sets[i].kind != KIND_NAME && wanted->keeps_gateways)
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
