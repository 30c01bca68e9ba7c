/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nft_known - what stands in the sets of guards at start-up, read once
 *
 * A start finds a thousand guards as they should be. To add what is there is no error, but a transaction for each of them, and
 * kernels keep others from the tables meanwhile. Once anything is taken out of the tables, or they are made again, nothing is
 * known any more.
 */
#include "nft_known.h"

#include "log.h"
#include "nft.h"

static const char *const sets[] = { "guarded", "mac", "mac_ip4", "mac_arp", "mac_ip6", "mac_nd" };

struct element {
	size_t set; /* of sets */
	struct nft_key key;
};

struct nft_known {
	struct element *elements; /* sorted */
	size_t n, allocated;
	size_t set; /* that is being read */
};

static int compare(const void *a, const void *b)
{
	const struct element *x = a, *y = b;

	if (x->set != y->set)
		return x->set < y->set ? -1 : 1;
	if (x->key.n != y->key.n)
		return x->key.n < y->key.n ? -1 : 1;
	return memcmp(x->key.bytes, y->key.bytes, x->key.n);
}

static int on_element(const struct nft_key *key, const struct nft_key *value, void *userdata)
{
	struct nft_known *known = userdata;

	(void)value;
	if (known->n == known->allocated) {
		size_t allocated = known->allocated ? 2 * known->allocated : 256;
		struct element *elements =
			reallocarray(known->elements, allocated, sizeof(*elements));

		if (!elements)
			return -ENOMEM;
		known->elements = elements;
		known->allocated = allocated;
	}
	known->elements[known->n++] = (struct element){ known->set, *key };
	return 0;
}

void nft_known_done(struct kernel *kernel)
{
	if (kernel->known)
		free(kernel->known->elements);
	free(kernel->known);
	kernel->known = NULL;
}

bool nft_known_has(const struct kernel *kernel, const char *set, const struct nft_key *key)
{
	const struct nft_known *known = kernel->known;
	struct element element = { .key = *key };

	if (!known || known->n == 0)
		return false;
	while (element.set < lengthof(sets) && !streq(sets[element.set], set))
		element.set++;
	return bsearch(&element, known->elements, known->n, sizeof(element), compare);
}

void kernel_know_firewall(struct kernel *kernel)
{
	struct nft_known *known;
	int r = 0;

	nft_known_done(kernel);
	/* Tables that this process has not looked at may lack rules. */
	if (!kernel->are_guards_ready)
		return;
	known = calloc(1, sizeof(*known));
	if (!known)
		abort();
	kernel->known = known;
	for (; r == 0 && known->set < lengthof(sets); known->set++)
		r = nft_list(kernel, (struct nft_set){ NFT_BRIDGE, sets[known->set] }, on_element,
			known);
	if (r < 0) {
		log_line(LOG_WARNING, "cannot read what stands in the firewall: %s", strerror(-r));
		nft_known_done(kernel);
		return;
	}
	if (known->n > 0)
		qsort(known->elements, known->n, sizeof(*known->elements), compare);
}

void kernel_forget_firewall(struct kernel *kernel)
{
	nft_known_done(kernel);
}
