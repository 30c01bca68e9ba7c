/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fault - why a wish cannot be, as the model says it; methods turn it into the interface's errors
 */
#pragma once

#include "address.h"
#include "arena.h"
#include "name.h"

enum fault_type {
	FAULT_NONE,
	FAULT_PARAMETER,    /* field: its path in the request */
	FAULT_NO_NETWORK,   /* name */
	FAULT_NETWORK_FULL, /* name, number: ports it has */
	FAULT_ADDRESS,      /* name: the network, text: the address, NULL: none is left */
	FAULT_PREFIX, /* text: the prefix, NULL: none of the pool is free; interface, NULL: unknown */
	FAULT_PREFIX_POLICY, /* text: a prefix that members may not have */
	FAULT_QUOTA,         /* name: the resource, number: the limit */
	FAULT_NOT_SUPPORTED, /* name: the feature */
};

struct fault {
	enum fault_type type;
	const char *field, *name, *text, *interface;
	int64_t number;
};

/* Fills *ret and returns 1, the model's "it cannot be". */
static inline int fault_set(struct fault *ret, const struct fault *fault)
{
	*ret = *fault;
	return 1;
}
