/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nft - our tables of nf_tables in the host's network namespace: making them, keeping them, and what stands in them
 */
#pragma once

#include <sys/types.h>

#include "address.h"
#include "state.h"

#define NFT_TABLE "nsnetd"

/* The rules, as text for libnftables. Neither makes a table. */
extern const char nft_rules[];
/* How many connections one source may have through the host: not all kernels can. */
extern const char nft_rules_limits[];

/* Looks what this kernel can: kernel.has_guards, has_persist. Nothing is left behind. -errno where that could not be told. */
int nft_open(struct kernel *kernel);

/* Whether our tables are, or can be, such as nobody else can change. */
bool nft_is_persistent(const struct kernel *kernel);
/* A transaction of our own that changes nothing. */
int nft_probe(struct kernel *kernel);

/* The key of an element, or what stands under it, as nf_tables has it: each part begins at a multiple of four. */
struct nft_key {
	uint8_t bytes[48];
	size_t n;
};

void nft_key_add(struct nft_key *key, const void *bytes, size_t n);
void nft_key_add_name(struct nft_key *key, const char *interface);
void nft_key_add_address(struct nft_key *key, const struct address *address);
/* In the host's order. */
void nft_key_add_port(struct nft_key *key, uint16_t port);

/* The tables' families. */
enum nft_family { NFT_BRIDGE, NFT_INET, NFT_FAMILIES };

/* What becomes of an element. Setting one that is there is no error where its value is the same; clearing one that
 * is not is none. */
enum nft_change { NFT_SET, NFT_CLEAR };

struct nft_set {
	enum nft_family family;
	const char *name;
};

/* value: NULL where the set is no map. A map's element is cleared whatever its value. */
void nft_change(struct netlink_batch *batch, enum nft_change change, struct nft_set set,
	const struct nft_key *key, const struct nft_key *value);
/* An element that must be there: -ENOENT otherwise. */
void nft_delete(struct netlink_batch *batch, struct nft_set set, const struct nft_key *key);

/* Carries all changes out, or none, and makes the tables where they are not as they should be. -EOPNOTSUPP: no
 * tables here. */
int nft_commit(struct kernel *kernel, const struct netlink_batch *batch);
/* The same for what only takes away: where there are no tables it is done. */
int nft_withdraw(struct kernel *kernel, const struct netlink_batch *batch);

/* Takes both tables away. */
int nft_reset(struct kernel *kernel);

/* Calls on_element with each element of a set or map; none where there is no such table. */
int nft_list(struct kernel *kernel, struct nft_set set,
	int (*on_element)(const struct nft_key *key, const struct nft_key *value, void *userdata),
	void *userdata);

/* A descriptor to wait on, the kernel's own: then somebody changed something in nf_tables. 0; -EOPNOTSUPP: there can
 * be no tables here; or -errno. */
int nft_watch(struct kernel *kernel, int *ret_fd);
/* Reads all that waits there. True: somebody took away or changed our tables; the next step makes them again. */
bool nft_was_changed(struct kernel *kernel);
/* To be called when kernel.netfilter has become another socket: what goes by that one is our own. */
int nft_watch_others(struct kernel *kernel);
