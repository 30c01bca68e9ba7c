/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * resolved - tells systemd-resolved, where it runs, which name server knows a network's names
 *
 * The network's domain becomes a routing domain of its bridge: the host asks the network's name server for names of that domain,
 * and nobody else's; what it asks for nothing else. Nothing here waits; a refusal is logged.
 */
#pragma once

#include <systemd/sd-bus.h>

#include "dns.h"

void resolved_set_link(sd_bus *bus, int index, const struct dns *dns);
/* What was told of a link is forgotten. */
void resolved_revert_link(sd_bus *bus, int index);
