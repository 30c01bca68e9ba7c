/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * address - IPv4 and IPv6 addresses, prefixes, hardware addresses: values, without memory of their own
 */
#pragma once

#include <sys/socket.h>

#include "base.h"

struct address {
	int family;        /* AF_INET, AF_INET6; AF_UNSPEC: none */
	uint8_t bytes[16]; /* network order; 4 of them for AF_INET, the rest 0 */
};

struct prefix {
	struct address address;
	unsigned length; /* bits */
};

struct mac {
	uint8_t bytes[6];
};

#define ADDRESS_TEXT_MAX 46 /* INET6_ADDRSTRLEN */
#define PREFIX_TEXT_MAX  50
#define MAC_TEXT_MAX     18

/* The families in the order in which we speak of them: one of each at most. */
#define FAMILIES 2
static inline int family_of(size_t index)
{
	return index == 0 ? AF_INET : AF_INET6;
}
static inline size_t family_index(int family)
{
	return family == AF_INET ? 0 : 1;
}

static inline bool address_is_set(const struct address *address)
{
	return address->family != AF_UNSPEC;
}

/* Strict: what inet_pton(3) takes, and nothing around it. False: it is none. */
bool address_parse(const char *text, struct address *ret);
const char *address_format(const struct address *address, char ret[ADDRESS_TEXT_MAX]);
int address_compare(const struct address *a, const struct address *b);
static inline bool address_is_equal(const struct address *a, const struct address *b)
{
	return address_compare(a, b) == 0;
}
static inline unsigned address_bits(const struct address *address)
{
	return address->family == AF_INET ? 32 : 128;
}

/* "192.0.2.0/24"; the length is decimal without sign or leading zeros. */
bool prefix_parse(const char *text, struct prefix *ret);
const char *prefix_format(const struct prefix *prefix, char ret[PREFIX_TEXT_MAX]);
/* Whether no bit is set behind the length. */
bool prefix_is_network(const struct prefix *prefix);
bool prefix_contains(const struct prefix *prefix, const struct address *address);
static inline bool prefix_is_equal(const struct prefix *a, const struct prefix *b)
{
	return a->length == b->length && address_is_equal(&a->address, &b->address);
}
bool prefix_overlaps(const struct prefix *a, const struct prefix *b);
/* The n-th address of the prefix, 0 being the network's own; false where there is none such. */
bool prefix_nth(const struct prefix *prefix, uint64_t n, struct address *ret);
/* Which one an address of the prefix is; UINT64_MAX where that does not fit. */
uint64_t prefix_index(const struct prefix *prefix, const struct address *address);
/* How many addresses it has; UINT64_MAX where that does not fit. */
uint64_t prefix_size(const struct prefix *prefix);

/* "02:6e:00:00:00:01"; group addresses and zero are none. */
bool mac_parse(const char *text, struct mac *ret);
const char *mac_format(const struct mac *mac, char ret[MAC_TEXT_MAX]);
/* fe80:: and the identifier that is made from the hardware address (RFC 4291, appendix A). */
struct address address_link_local(const struct mac *mac);
/* fe80::1: who is at the other end of a link that leads from one namespace to the host alone. */
struct address address_of_router(void);
/* A locally administered one made from an address: the same address has the same one for ever, so that a neighbour's cache
 * stays right when an address comes back. */
struct mac mac_of_address(const struct address *address);
