/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fence - what may pass between a network and the rest: the host's uplinks, and other networks
 */
#pragma once

#include "address.h"
#include "nsnet.h"

struct fence {
	bool is_set; /* false: nothing is known of the network */
	enum nsnet_reach reach;
	bool is_isolated;
	struct address gateways[FAMILIES];
	/* Of its ends, where they are no ports of its bridge: see snapshot.h; 0: they are */
	uint32_t group;
};
