/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * route - messages about addresses and routes
 */
#pragma once

#include "netlink.h"
#include "plan.h"

/* The message of a STEP_ADDRESS_* or STEP_ROUTE_*, for the interface of that index. NULL: memory is out. */
struct nl_msg *route_build(const struct step *step, int index);

/* Of the routes to ends that are no ports of a bridge (rtm_protocol): "ip route show proto 110". */
#define ROUTE_PROTOCOL_POINT 110

/* Whether that error of that step says that what is to be taken away is gone already. */
bool route_is_gone(enum step_type type, int error);

/* The address that the kernel would have made from the hardware address. */
struct nl_msg *route_build_link_local(int index, const struct mac *mac);

/* An IPv6 address that has been added is looked up only after a worker of the kernel's has been at it: until then what is sent to
 * it, answers to its first questions among that, is lost. This waits for that. Never fails. */
void route_await(struct netlink *netlink, const struct address *address);

/* What a message about a route says. */
struct route_facts {
	struct prefix destination;
	struct address gateway; /* of the first way, where there are several */
	uint32_t table, metric;
	int interface; /* index; 0: none */
	uint8_t type, protocol;
	bool is_cached;
};

/* Calls on_route with each route of a table (0: of all) of a family. */
int route_list(struct netlink *netlink, int family, uint32_t table,
	int (*on_route)(const struct route_facts *route, void *userdata), void *userdata);

/* Calls on_address with each address and the index of its interface. */
int route_list_addresses(struct netlink *netlink, int family,
	int (*on_address)(const struct prefix *address, int interface, void *userdata),
	void *userdata);
