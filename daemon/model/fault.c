/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fault - why a wish cannot be, in words for a log
 */
#include "fault.h"

const char *fault_print(const struct fault *fault, struct arena *arena)
{
	switch (fault->type) {
	case FAULT_PARAMETER:
		return arena_printf(arena, "%s cannot be so", fault->field);
	case FAULT_NO_NAMESPACE:
		return arena_printf(arena, "there is no namespace \"%s\"", fault->name);
	case FAULT_NAMESPACE_EXISTS:
	case FAULT_NETWORK_EXISTS:
		return arena_printf(arena, "the name \"%s\" is taken", fault->name);
	case FAULT_NAMESPACE_BUSY:
		return arena_printf(arena, "programs run in namespace \"%s\"", fault->name);
	case FAULT_NETWORK_BUSY:
		return arena_printf(arena, "network \"%s\" is in use", fault->name);
	case FAULT_CHANGED:
		return arena_printf(arena, "\"%s\" was changed by somebody else", fault->name);
	case FAULT_KERNEL:
		return arena_printf(arena, "%s: %s%s%s", fault->text, fault->name,
			fault->field ? ": " : "", fault->field ? fault->field : "");
	case FAULT_NO_NETWORK:
		return arena_printf(arena, "there is no network \"%s\"", fault->name);
	case FAULT_NOT_PERSISTENT:
		return arena_printf(arena, "network \"%s\" is not persistent", fault->name);
	case FAULT_NETWORK_FULL:
		return arena_printf(arena, "network \"%s\" is full", fault->name);
	case FAULT_ADDRESS:
		return arena_printf(arena, "%s cannot be had on network \"%s\"",
			fault->text ? fault->text : "an address", fault->name);
	case FAULT_PREFIX:
		return arena_printf(arena, "%s is in use on %s",
			fault->text ? fault->text : "its prefix",
			fault->interface ? fault->interface : "the host");
	case FAULT_PORT:
		return arena_printf(
			arena, "port %lld of the host is in use", (long long)fault->number);
	case FAULT_NOT_SUPPORTED:
		return arena_printf(arena, "this system lacks \"%s\"", fault->name);
	case FAULT_LINK:
		return arena_printf(arena, "interface %s cannot be had", fault->name);
	case FAULT_PERMISSION:
	case FAULT_PREFIX_POLICY:
	case FAULT_REACH:
	case FAULT_PORT_POLICY:
	case FAULT_QUOTA:
		return "it is not allowed";
	case FAULT_NONE:
	case FAULT_TYPES:
		break;
	}
	return "it cannot be";
}
