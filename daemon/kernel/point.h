/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * point - links that lead from the host to one namespace alone
 *
 * What a namespace of a network with reach "route" has instead of a port of its network's bridge: a veth whose end on the host
 * is up by itself, with routes to the namespace's addresses. What a bridge costs with each port more there is none of, and none
 * of its limit.
 *
 * Both ends have the same hardware address and ask nobody for one (IFF_NOARP): what one sends is for the other. So there are no
 * neighbours to be found, to be kept in the kernel's table (which all namespaces share), or to be lied about.
 *
 * By IPv6 a namespace gets out by fe80::1, which is on every one of these ends; its own link-local address has a route on the
 * host as well. So there is a route by that very link to whatever may speak there, and the firewall needs to know no more.
 */
#pragma once

#include "state.h"

/* What an end does is believed by its route: see nft_rules.c. STEP_POINT_*. */
int point_add(struct kernel *kernel, const struct step *step);
int point_delete(struct kernel *kernel, const struct step *step);
int point_mend(struct kernel *kernel, const struct step *step);
int point_move(struct kernel *kernel, const struct step *step);
