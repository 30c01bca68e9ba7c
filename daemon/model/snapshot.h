/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * snapshot - what there is on the host now, as the kernel floor has read it
 */
#pragma once

#include "address.h"
#include "arena.h"
#include "name.h"

/* The group of every link of ours (IFLA_GROUP), given when it is made: what bears it and no record is an orphan. */
#define SNAPSHOT_LINK_GROUP 0x6e73U

/* Host ends that are no ports of a bridge (STEP_POINT_ADD) have one of these instead: their network's, by the number of its
 * bridge. So the firewall tells networks apart without knowing each end. */
#define SNAPSHOT_POINT_GROUP 0x6e000000U
#define SNAPSHOT_POINT_MASK  0xff000000U

static inline bool snapshot_is_point(uint32_t group)
{
	return (group & SNAPSHOT_POINT_MASK) == SNAPSHOT_POINT_GROUP;
}

static inline bool snapshot_is_ours(uint32_t group)
{
	return group == SNAPSHOT_LINK_GROUP || snapshot_is_point(group);
}

struct snapshot_link {
	char name[INTERFACE_SIZE];
	int index, master; /* master 0: none */
	uint32_t group;
	const char *alias; /* "" where it has none */
	bool is_up, has_carrier;
	bool is_forwarding; /* IPv4 */
	bool is_end;        /* its other end is in another namespace */
};

/* What the name of a namespace that we hold leads to now. */
enum snapshot_name {
	SNAPSHOT_NAME_OURS,
	SNAPSHOT_NAME_BARE,    /* the file is there, and nothing is mounted on it */
	SNAPSHOT_NAME_GONE,    /* as after "ip netns del" */
	SNAPSHOT_NAME_FOREIGN, /* it is somebody else's */
};

/* An address of the host's, or a route by its tables main and local, on the interface of that index. */
struct snapshot_route {
	int interface;
	struct prefix prefix;
	bool is_address;
};

struct snapshot_routes {
	struct snapshot_route *items;
	size_t n;
};

struct snapshot_netns {
	const char *name; /* under /run/netns */
	int64_t inode, cookie;
	bool is_dead; /* a file that no namespace is bound to */
};

struct snapshot_record {
	const char *name;
	const char *text; /* JSON; NULL: it cannot be read */
	size_t n;
	bool is_unread; /* not yet */
};

/* An interface that a default route of the main table leads out by. */
struct snapshot_uplink {
	const char *name;
	unsigned mtu;
	/* Whether the host forwards what comes in by it for others as well, by its own wish and not by ours */
	bool is_router[FAMILIES];
};

struct snapshot_uplinks {
	struct snapshot_uplink *items;
	size_t n;
};

/* The smallest MTU of them; 0: there is none. */
static inline unsigned snapshot_uplink_mtu(const struct snapshot_uplinks *uplinks)
{
	unsigned mtu = 0;

	for (size_t i = 0; i < uplinks->n; i++)
		if (mtu == 0 || uplinks->items[i].mtu < mtu)
			mtu = uplinks->items[i].mtu;
	return mtu;
}

/* A port of the host that leads into a namespace, in one family, as it stands in the firewall. */
struct snapshot_port {
	int protocol; /* IPPROTO_TCP, IPPROTO_UDP */
	struct address host, target;
	uint16_t host_port, namespace_port;
};

struct snapshot {
	struct snapshot_record *namespaces, *networks;
	size_t n_namespaces, n_networks;
	/* What was under way: what they are to be. */
	struct snapshot_record *namespace_changes, *network_changes;
	size_t n_namespace_changes, n_network_changes;
	/* What is persistent. */
	struct snapshot_record *namespace_wishes, *network_wishes;
	size_t n_namespace_wishes, n_network_wishes;
	/* What takes longer, and is read later: links of our group alone, and ports. */
	struct snapshot_link *links;
	size_t n_links;
	struct snapshot_port *ports;
	size_t n_ports;
};

/* A prefix in use on the host: a route, an address (as /32, /128), a name server. */
struct snapshot_prefix {
	struct prefix prefix;
	const char *interface; /* "" where there is none to name: a name server */
};

struct snapshot_prefixes {
	struct snapshot_prefix *items;
	size_t n;
};
