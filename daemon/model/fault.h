/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fault - why a wish cannot be, or was not fulfilled; methods turn it into the interface's errors
 */
#pragma once

#include "address.h"
#include "arena.h"
#include "name.h"

enum fault_type {
	FAULT_NONE,
	FAULT_PARAMETER, /* field: its path in the request */
	FAULT_PERMISSION,
	FAULT_NO_NAMESPACE,     /* name */
	FAULT_NAMESPACE_EXISTS, /* name, number: whether it is the caller's own */
	FAULT_NAMESPACE_BUSY,   /* name, processes: struct nsnet_process_id_list */
	FAULT_NO_NETWORK,       /* name */
	FAULT_NETWORK_EXISTS,   /* name */
	FAULT_NETWORK_BUSY,     /* name, number: of attachments */
	FAULT_CHANGED,          /* name, number: the revision it has */
	FAULT_NOT_PERSISTENT,   /* name: of a network */
	FAULT_NETWORK_FULL,     /* name, number: ports it has */
	FAULT_ADDRESS,          /* name: the network, text: the address, NULL: none is left */
	FAULT_PREFIX, /* text: the prefix, NULL: none of the pool is free; interface, NULL: unknown */
	FAULT_PREFIX_POLICY, /* text: a prefix that members may not have */
	FAULT_REACH,         /* number: enum nsnet_reach that members may not have */
	FAULT_PORT, /* number: the port, 0: none is free; text: the address, NULL: all; protocol */
	FAULT_PORT_POLICY,   /* number: the port; least: the lowest that members may have */
	FAULT_LINK,          /* name: an interface of the host's */
	FAULT_QUOTA,         /* name: the resource, number: the limit */
	FAULT_NOT_SUPPORTED, /* name: the feature */
	FAULT_KERNEL,        /* text: the step, name: of errno, field: the kernel's words or NULL */
	FAULT_TYPES,
};

struct fault {
	enum fault_type type;
	const char *field, *name, *text, *interface;
	int64_t number, least;
	int protocol; /* enum nsnet_protocol */
	const void *processes;
};

/* Fills *ret and returns 1, the model's "it cannot be". */
static inline int fault_set(struct fault *ret, const struct fault *fault)
{
	*ret = *fault;
	return 1;
}

/* For a log: one line, no name of whose fault it is. */
const char *fault_print(const struct fault *fault, struct arena *arena);
