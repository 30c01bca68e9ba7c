/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dns - what a network's name server goes by
 */
#include "dns.h"

#define DOMAIN_MAX_LENGTH 128U
#define LABEL_MAX_LENGTH  63U

#define DIGITS  "0123456789"
#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"

static bool label_is_valid(const char *label, size_t n)
{
	return n > 0 && n <= LABEL_MAX_LENGTH && strspn(label, LETTERS DIGITS "-") >= n &&
	       label[0] != '-' && label[n - 1] != '-';
}

bool dns_domain_is_valid(const char *domain)
{
	size_t n = strnlen(domain, DOMAIN_MAX_LENGTH + 1), length;

	if (n == 0 || n > DOMAIN_MAX_LENGTH)
		return false;
	for (;; domain += length + 1) {
		length = strcspn(domain, ".");
		if (!label_is_valid(domain, length))
			return false;
		/* One that ends like an address would be taken for one. */
		if (!domain[length])
			return strspn(domain, DIGITS) < length;
	}
}
