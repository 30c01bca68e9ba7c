/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * route - messages about addresses and routes
 */
#pragma once

#include "netlink.h"
#include "plan.h"

/* The message of a STEP_ADDRESS_* or STEP_ROUTE_*, for the interface of that index. NULL: memory is out. */
struct nl_msg *route_build(const struct step *step, int index);

/* Whether that error of that step says that what is to be taken away is gone already. */
bool route_is_gone(enum step_type type, int error);

/* fe80:: and the identifier that is made from the hardware address. */
struct nl_msg *route_build_link_local(int index, const struct mac *mac);
