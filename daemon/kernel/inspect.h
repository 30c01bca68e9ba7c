/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * inspect - a namespace as it is seen from inside
 */
#pragma once

#include "state.h"

/* What kernel_inspect() tells, through a socket that was opened inside. */
int inspect_read(const struct kernel *kernel, struct netlink *inside, struct arena *arena,
	struct nsnet_interface_list *ret_interfaces, struct nsnet_route_list *ret_routes);
