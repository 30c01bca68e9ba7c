/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * idlc_check - what idlc refuses: definitions that are right Varlink but have no C shape here
 */
#pragma once

#include "idl.h"

/* NULL where all is well, else one sentence, in the arena. Refused: floats, untyped objects, anonymous types, lists of lists
 * and lists of optional values, names that C or its headers have taken. */
const char *idlc_check(struct arena *arena, const struct idl *idl);

/* "interfaceName" -> "interface_name", "NoSuchNamespace" -> "no_such_namespace", "IPv4Address" -> "ipv4_address". */
char *idlc_snake(struct arena *arena, const char *name);
