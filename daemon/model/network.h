/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * network - one network as it is wished: a bridge, its prefixes, its gateways, its ports
 */
#pragma once

#include "dns.h"
#include "fault.h"
#include "fence.h"
#include "list.h"
#include "nsnet.h"
#include "plan.h"
#include "quota.h"
#include "snapshot.h"
#include "subnet.h"

/* Ports of a bridge that namespaces can have: the kernel's BR_MAX_PORTS (1023 with number 0 unused; net/bridge/br_private.h)
 * less the anchor. */
#define NETWORK_PORTS 1022U
/* Where nothing is a port, only places in the hosts file are counted. */
#define NETWORK_POINTS HOSTS_SLOTS

/* How often an object was mended of late. */
struct mending {
	int64_t since; /* CLOCK_MONOTONIC, microseconds */
	unsigned n;
};

struct network {
	struct arena arena; /* of the texts below */
	char name[NAME_SIZE];
	uid_t uid;
	unsigned number; /* of its bridge's name */
	char bridge[INTERFACE_SIZE], anchor[INTERFACE_SIZE];
	const char *alias;
	struct mac mac;
	unsigned mtu;
	struct subnet subnets[FAMILIES];
	struct address gateways[FAMILIES];
	uint64_t *ports;         /* a bit for each that is in use */
	unsigned n_ports;        /* there are */
	bool is_full_told;       /* that there are few left */
	struct list attachments; /* of struct attachment */
	size_t n_attachments;
	struct list
		spares; /* the same of namespaces that were made ahead: they have ports and addresses, and count for nothing */
	struct list departed; /* of struct departed: ports that are not gone yet */
	size_t n_departed;
	bool is_forwarding[FAMILIES];
	bool is_isolated;
	enum nsnet_reach reach;
	bool is_mtu_followed;       /* that of the uplink */
	struct dns dns;             /* domain NULL: it has no name server */
	struct quota_charge charge; /* of its owner */
	struct mending mending;
	/* What the interface tells of it; its record is the same. */
	struct nsnet_list_networks_out told;
};

/* What a new network needs to know of the host. */
struct network_host {
	const struct snapshot_prefixes *prefixes; /* in use on the host */
	const struct prefix *pool;                /* where IPv4 prefixes are chosen from */
	size_t n_pool;
	const struct prefix
		*allowed; /* prefixes asked for must lie in one of these; NULL: anywhere */
	size_t n_allowed;
	uint8_t unique_local[6];      /* the host's /48 (RFC 4193) */
	bool is_forwarding[FAMILIES]; /* what the kernel can */
	bool has_nat;                 /* and this */
	bool has_names;               /* networks have name servers */
	bool has_persistent;          /* objects can come back after a reboot */
	bool may_reach[4];            /* by enum nsnet_reach: what is allowed */
	unsigned uplink_mtu;          /* 0: no uplink */
	/* What it is made from and takes the place of; NULL: it is new. */
	struct network *former;
};

/* A network as the context wishes, its prefixes and gateways chosen where they are left out; number is that of its bridge.
 * The context is copied. 0; or 1: it cannot be, *reterr says why (its texts in the arena). */
int network_new(const char *name, uid_t uid, unsigned number,
	const struct nsnet_network_context *context, const struct network_host *host,
	struct arena *arena, struct network **ret, struct fault *reterr);
/* What is attached to the former one is attached to this one; the former is to be freed next. It has no spares. */
void network_settle(struct network *network, struct network *former);
/* Nothing may be attached, nor any spare. */
void network_free(struct network *network);
define_cleanup(struct network *, network_free);

/* A free port: UINT_MAX where there is none. */
unsigned network_take_port(struct network *network);
void network_give_port(struct network *network, unsigned port);
/* Those of its attachments have been chosen anew. */
void network_retake_ports(struct network *network);

/* Whether it leads to each of its namespaces by a link and routes of their own, and not by a bridge. */
bool network_is_routed(const struct network *network);
/* By which address a namespace gets out of it. */
struct address network_router(const struct network *network, size_t family);

/* What may pass between it and the rest. */
struct fence network_fence(const struct network *network);
/* The MTU it comes to have as the smallest of the uplinks' changes to that (0: no uplink). */
unsigned network_follow_mtu(const struct network *network, unsigned uplink_mtu);
void network_set_mtu(struct network *network, unsigned mtu);
