/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dns - what a network's name server goes by
 */
#pragma once

#include "address.h"
#include "codec.h"

struct dns {
	const char
		*domain; /* suffix of the names: "default.nsnet"; NULL: there is no name server */
	const char *bridge; /* that it listens on */
	bool is_routed;     /* questions come in by other links than that */
	struct address gateways[FAMILIES];
	struct string_list servers; /* that it asks; items NULL: those of the host; empty: nobody */
};

/* Letters, digits, "-" and "." as a host name has them (RFC 1123), 128 bytes at most. */
bool dns_domain_is_valid(const char *domain);
