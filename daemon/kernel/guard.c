/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guard - what may come from a port: elements of table bridge nsnetd
 *
 * A source is let through by port, hardware address and address together; the rules are in nft_rules.c.
 */
#include "guard.h"

#include "nft.h"
#include "route.h"

/* An element of a set: the port, with its hardware address and an address where they are not NULL. */
static void add_element(struct netlink_batch *batch, enum nft_change change, const char *set,
	const struct step *step, const struct mac *mac, const struct address *address)
{
	struct nft_key key = { .n = 0 };

	nft_key_add_name(&key, step->guard.port);
	if (mac)
		nft_key_add(&key, mac->bytes, sizeof(mac->bytes));
	if (address)
		nft_key_add_address(&key, address);
	nft_change(batch, change, (struct nft_set){ NFT_BRIDGE, set }, &key, NULL);
}

/* All elements of a guard. The link-local address that a namespace is given is its own as well. */
static void add_elements(
	struct netlink_batch *batch, enum nft_change change, const struct step *step)
{
	const struct mac *mac = &step->guard.mac;
	const struct address link_local = address_link_local(mac);
	const struct address *ip4 = &step->guard.addresses[family_index(AF_INET)];
	const struct address *ip6 = &step->guard.addresses[family_index(AF_INET6)];

	if (!step->guard.is_extra) {
		if (step->type != STEP_GUARD_SHUT)
			add_element(batch, change, "guarded", step, NULL, NULL);
		add_element(batch, change, "mac", step, mac, NULL);
		add_element(batch, change, "mac_ip6", step, mac, &link_local);
		add_element(batch, change, "mac_nd", step, mac, &link_local);
	}
	if (address_is_set(ip4)) {
		add_element(batch, change, "mac_ip4", step, mac, ip4);
		add_element(batch, change, "mac_arp", step, mac, ip4);
	}
	if (address_is_set(ip6)) {
		add_element(batch, change, "mac_ip6", step, mac, ip6);
		add_element(batch, change, "mac_nd", step, mac, ip6);
	}
}

int guard_add(struct kernel *kernel, const struct step *step)
{
	cleanup(netlink_batch_done) struct netlink_batch batch = { .n = 0 };

	add_elements(&batch, NFT_SET, step);
	return nft_commit(kernel, &batch);
}

int guard_shut(struct kernel *kernel, const struct step *step)
{
	return guard_delete(kernel, step);
}

int guard_delete(struct kernel *kernel, const struct step *step)
{
	cleanup(netlink_batch_done) struct netlink_batch batch = { .n = 0 };

	add_elements(&batch, NFT_CLEAR, step);
	return nft_withdraw(kernel, &batch);
}
