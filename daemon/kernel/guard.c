/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guard - what may come from a port: elements of table bridge nsnetd
 *
 * A source is let through by port, hardware address and address together; the rules are in nft_rules.c.
 */
#include "guard.h"

#include "nft_known.h"
#include "route.h"

/* All elements of one guard, each of its set. The link-local address that a namespace is given is its own as well. */
#define ELEMENTS_MAX 8

struct elements {
	struct element {
		const char *set;
		struct nft_key key;
	} items[ELEMENTS_MAX];
	size_t n;
};

/* The port, with its hardware address and an address where they are not NULL. */
static void add_element(struct elements *elements, const char *set, const struct step *step,
	const struct mac *mac, const struct address *address)
{
	struct element *element = &elements->items[elements->n++];

	assert(elements->n <= ELEMENTS_MAX);
	*element = (struct element){ .set = set };
	nft_key_add_name(&element->key, step->guard.port);
	if (mac)
		nft_key_add(&element->key, mac->bytes, sizeof(mac->bytes));
	if (address)
		nft_key_add_address(&element->key, address);
}

static void list_elements(const struct step *step, struct elements *ret)
{
	const struct mac *mac = &step->guard.mac;
	const struct address link_local = address_link_local(mac);
	const struct address *ip4 = &step->guard.addresses[family_index(AF_INET)];
	const struct address *ip6 = &step->guard.addresses[family_index(AF_INET6)];

	ret->n = 0;
	if (!step->guard.is_extra) {
		if (step->type != STEP_GUARD_SHUT)
			add_element(ret, "guarded", step, NULL, NULL);
		add_element(ret, "mac", step, mac, NULL);
		add_element(ret, "mac_ip6", step, mac, &link_local);
		add_element(ret, "mac_nd", step, mac, &link_local);
	}
	if (address_is_set(ip4)) {
		add_element(ret, "mac_ip4", step, mac, ip4);
		add_element(ret, "mac_arp", step, mac, ip4);
	}
	if (address_is_set(ip6)) {
		add_element(ret, "mac_ip6", step, mac, ip6);
		add_element(ret, "mac_nd", step, mac, ip6);
	}
}

static void change_elements(
	struct netlink_batch *batch, enum nft_change change, const struct elements *elements)
{
	for (size_t i = 0; i < elements->n; i++)
		nft_change(batch, change, (struct nft_set){ NFT_BRIDGE, elements->items[i].set },
			&elements->items[i].key, NULL);
}

int guard_add(struct kernel *kernel, const struct step *step)
{
	cleanup(netlink_batch_done) struct netlink_batch batch = { .n = 0 };
	struct elements elements;
	size_t known = 0;

	list_elements(step, &elements);
	while (known < elements.n &&
		nft_known_has(kernel, elements.items[known].set, &elements.items[known].key))
		known++;
	if (known == elements.n)
		return 0;
	change_elements(&batch, NFT_SET, &elements);
	return nft_commit(kernel, &batch);
}

int guard_shut(struct kernel *kernel, const struct step *step)
{
	return guard_delete(kernel, step);
}

int guard_delete(struct kernel *kernel, const struct step *step)
{
	cleanup(netlink_batch_done) struct netlink_batch batch = { .n = 0 };
	struct elements elements;

	list_elements(step, &elements);
	change_elements(&batch, NFT_CLEAR, &elements);
	return nft_withdraw(kernel, &batch);
}
