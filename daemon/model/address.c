/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * address - IPv4 and IPv6 addresses, prefixes, hardware addresses: values, without memory of their own
 */
#include "address.h"

#include <arpa/inet.h>
#include <stdio.h>

static_assert(ADDRESS_TEXT_MAX == INET6_ADDRSTRLEN, "a text takes the longest address");

static size_t address_size(const struct address *address)
{
	return address_bits(address) / 8;
}

bool address_parse(const char *text, struct address *ret)
{
	struct address address = { .family = strchr(text, ':') ? AF_INET6 : AF_INET };

	if (inet_pton(address.family, text, address.bytes) != 1)
		return false;
	*ret = address;
	return true;
}

const char *address_format(const struct address *address, char ret[ADDRESS_TEXT_MAX])
{
	if (!address_is_set(address) ||
		!inet_ntop(address->family, address->bytes, ret, ADDRESS_TEXT_MAX))
		ret[0] = 0;
	return ret;
}

int address_compare(const struct address *a, const struct address *b)
{
	if (a->family != b->family)
		return a->family < b->family ? -1 : 1;
	return memcmp(a->bytes, b->bytes, sizeof(a->bytes));
}

bool prefix_parse(const char *text, struct prefix *ret)
{
	const char *slash = strchr(text, '/');
	char address[ADDRESS_TEXT_MAX];
	struct prefix prefix = { 0 };
	size_t n, digits;

	if (!slash)
		return false;
	n = (size_t)(slash - text);
	if (n >= sizeof(address))
		return false;
	memcpy(address, text, n);
	address[n] = 0;
	if (!address_parse(address, &prefix.address))
		return false;

	digits = strspn(slash + 1, "0123456789");
	if (digits < 1 || digits > 3 || slash[1 + digits] != 0 || (slash[1] == '0' && digits > 1))
		return false;
	for (size_t i = 1; i <= digits; i++)
		prefix.length = prefix.length * 10 + (unsigned)(slash[i] - '0');
	if (prefix.length > address_bits(&prefix.address))
		return false;
	*ret = prefix;
	return true;
}

const char *prefix_format(const struct prefix *prefix, char ret[PREFIX_TEXT_MAX])
{
	size_t n = strlen(address_format(&prefix->address, ret));

	(void)snprintf(ret + n, PREFIX_TEXT_MAX - n, "/%u", prefix->length % 1000);
	return ret;
}

/* The address with all bits behind the first length ones cleared. */
static struct address mask(const struct address *address, unsigned length)
{
	struct address masked = *address;

	for (unsigned i = 0; i < sizeof(masked.bytes); i++) {
		unsigned kept = length > i * 8 ? length - i * 8 : 0;

		if (kept < 8)
			masked.bytes[i] &= (uint8_t)(0xff00U >> kept);
	}
	return masked;
}

bool prefix_is_network(const struct prefix *prefix)
{
	struct address network = mask(&prefix->address, prefix->length);

	return address_is_equal(&network, &prefix->address);
}

bool prefix_contains(const struct prefix *prefix, const struct address *address)
{
	struct address network = mask(&prefix->address, prefix->length);
	struct address other = mask(address, prefix->length);

	return address_is_equal(&network, &other);
}

bool prefix_overlaps(const struct prefix *a, const struct prefix *b)
{
	return a->length <= b->length ? prefix_contains(a, &b->address)
				      : prefix_contains(b, &a->address);
}

/* Bits that tell the addresses of a prefix apart. */
static unsigned host_bits(const struct prefix *prefix)
{
	return address_bits(&prefix->address) - prefix->length;
}

bool prefix_nth(const struct prefix *prefix, uint64_t n, struct address *ret)
{
	struct address address = mask(&prefix->address, prefix->length);
	unsigned bits = host_bits(prefix);

	if (bits < 64 && n >> bits != 0)
		return false;
	for (size_t i = address_size(&address); n != 0; n >>= 8)
		address.bytes[--i] |= (uint8_t)n;
	*ret = address;
	return true;
}

uint64_t prefix_index(const struct prefix *prefix, const struct address *address)
{
	uint64_t index = 0;

	for (unsigned i = 0; i < address_size(address); i++) {
		unsigned kept = prefix->length > i * 8 ? prefix->length - i * 8 : 0;
		unsigned byte = kept < 8 ? address->bytes[i] & 0xffU >> kept : 0;

		if (index >> 56 != 0)
			return UINT64_MAX;
		index = index << 8 | byte;
	}
	return index;
}

uint64_t prefix_size(const struct prefix *prefix)
{
	unsigned bits = host_bits(prefix);

	return bits < 64 ? UINT64_C(1) << bits : UINT64_MAX;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

bool mac_parse(const char *text, struct mac *ret)
{
	static const struct mac zero = { 0 };
	struct mac mac;

	if (strlen(text) != MAC_TEXT_MAX - 1)
		return false;
	for (size_t i = 0; i < sizeof(mac.bytes); i++, text += 3) {
		int high = hex_digit(text[0]), low = hex_digit(text[1]);

		if (high < 0 || low < 0 || text[2] != (i + 1 < sizeof(mac.bytes) ? ':' : 0))
			return false;
		mac.bytes[i] = (uint8_t)(high << 4 | low);
	}
	if ((mac.bytes[0] & 1) != 0 || memcmp(&mac, &zero, sizeof(mac)) == 0)
		return false;
	*ret = mac;
	return true;
}

const char *mac_format(const struct mac *mac, char ret[MAC_TEXT_MAX])
{
	const uint8_t *b = mac->bytes;

	(void)snprintf(ret, MAC_TEXT_MAX, "%02x:%02x:%02x:%02x:%02x:%02x", b[0], b[1], b[2], b[3],
		b[4], b[5]);
	return ret;
}

/* IPv4 addresses fit whole. Of IPv6 addresses 40 bits of a hash stay: two of a thousand neighbours share one once in two
 * million networks. The first byte keeps the families apart. */
struct mac mac_of_address(const struct address *address)
{
	struct mac mac = { { 0x02, 0x6e } };
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	if (address->family == AF_INET) {
		memcpy(mac.bytes + 2, address->bytes, 4);
		return mac;
	}
	/* FNV-1a; the end folded in, since its low bits alone are weak. */
	for (size_t i = 0; i < sizeof(address->bytes); i++)
		hash = (hash ^ address->bytes[i]) * UINT64_C(0x100000001b3);
	hash ^= hash >> 32;
	mac.bytes[0] = 0x06;
	for (size_t i = 1; i < sizeof(mac.bytes); i++, hash >>= 8)
		mac.bytes[i] = (uint8_t)hash;
	return mac;
}

struct address address_link_local(const struct mac *mac)
{
	const uint8_t *m = mac->bytes;

	return (struct address){
		.family = AF_INET6,
		.bytes = { 0xfe, 0x80, 0, 0, 0, 0, 0, 0, (uint8_t)(m[0] ^ 2), m[1], m[2], 0xff,
			0xfe, m[3], m[4], m[5] },
	};
}

struct address address_of_router(void)
{
	return (struct address){ .family = AF_INET6, .bytes = { 0xfe, 0x80, [15] = 1 } };
}
