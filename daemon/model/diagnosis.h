/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * diagnosis - what of the host is looked at only when somebody asks what is wrong
 */
#pragma once

#include "codec.h"
#include "ruleset.h"
#include "snapshot.h"

/* A table of the kernel's that all share. */
struct diagnosis_table {
	const char *name, *setting; /* "connections", "net.netfilter.nf_conntrack_max" */
	int64_t n, limit;
};

/* What stands in our own tables. */
struct diagnosis_firewall {
	struct string_list networks,
		guarded; /* bridges that have a fence; host ends whose senders are not believed all */
	struct snapshot_port *ports;
	size_t n_ports;
};

/* A default route of the host's main table. */
struct diagnosis_way {
	int family, interface;
	unsigned mtu;
	char name[INTERFACE_SIZE];
};

struct diagnosis {
	struct diagnosis_table *tables; /* those that can be seen from here */
	size_t n_tables;
	struct diagnosis_firewall firewall;
	struct diagnosis_way *ways;
	size_t n_ways;
	struct ruleset others;
	struct string_list legacy; /* tables of x_tables, which nft(8) does not show: "ip filter" */
	struct string_list resolvers; /* of the host's resolv.conf(5) */
};
