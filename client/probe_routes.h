/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * probe_routes - the gateways of this process's network namespace, and what it takes for name servers
 */
#pragma once

#include "probe.h"

/* Adds the gateways of all default routes, each once. */
void probe_routes_add(struct probe_list *list, enum probe_kind kind);
/* Adds the name servers that a resolv.conf(5) names, as far as resolvers look at them. */
void probe_routes_servers(struct probe_list *list, const char *text);
/* NULL: there is room for no more. */
struct probe *probe_routes_append(struct probe_list *list, const struct probe *probe);
