/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * machine - what is this machine's own, and the same after every start
 */
#pragma once

#include <stdint.h>

/* A unique local prefix of 48 bits (RFC 4193, 3.2): fd00::/8 with 40 bits of its own. */
void machine_unique_local(uint8_t ret[6]);
