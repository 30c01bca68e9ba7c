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
 * So IPv6 needs nobody to answer for fe80::1 either, which a namespace gets out by: the host has no link-local address on these
 * links. The same one on all of them would be a list in the kernel, gone through with each link more; and what a namespace says from
 * its own is for nobody.
 */
#pragma once

#include "state.h"

/* What an end does is believed by its route: see nft_rules.c. STEP_POINT_*. */
int point_add(struct kernel *kernel, const struct step *step);
int point_delete(struct kernel *kernel, const struct step *step);
int point_mend(struct kernel *kernel, const struct step *step);
int point_move(struct kernel *kernel, const struct step *step);

/* What remains to be done once packets pass. */
void point_settle(struct kernel *kernel, int index);
