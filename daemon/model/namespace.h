/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * namespace - one namespace as it is wished: what it is attached to, its addresses, its routes
 *
 * What it takes of networks (ports, addresses) is taken when it is made and given back when it is freed, whatever becomes of
 * it between.
 */
#pragma once

#include "fault.h"
#include "lending.h"
#include "list.h"
#include "network.h"
#include "nsnet.h"
#include "publish.h"
#include "setting.h"
#include "shape.h"

struct attachment {
	struct list link; /* network.attachments */
	struct network *network;
	struct ns *ns;
	unsigned port; /* of the network: its place in the hosts file too */
	char interface[INTERFACE_SIZE];
	char host_interface[INTERFACE_SIZE];
	const char *alias;
	struct mac mac;
	struct address addresses[FAMILIES];
	/* Whether what it sends is believed only with these addresses: all but root's, and those on a network of their own
	 * owner's that the host has no address on, where nobody else is. */
	bool is_guarded;
	/* Its end on the host is a link of its own (STEP_POINT_ADD), which proves by its route whom it may speak as; no port of a
	 * bridge, and never guarded */
	bool is_routed;
	struct shape shape;
	bool is_cut; /* without a carrier: the other end is down, or somewhere else */
	/* While a change is under way: the same one of before. Its port, host end and whatever addresses both have are
	 * shared until one of the two goes. */
	struct attachment *former;
};

struct route {
	struct prefix destination; /* length 0: default */
	struct address gateway;    /* may be none */
	unsigned metric;
	const char *interface;
};

struct ns {
	struct arena arena; /* of all below */
	char name[NAME_SIZE];
	uid_t uid;
	gid_t gid;             /* its owner's, where it belongs to him */
	struct list user_link; /* user.namespaces */
	struct list lent_link; /* registry.lent, where it is lent to anybody */
	struct quota_charge charge;
	bool is_spare;       /* made ahead, for nobody yet */
	const char *sibling; /* while it is made: another one that its owner owns */
	struct attachment *attachments;
	size_t n_attachments;
	struct route *routes; /* the default routes among them */
	size_t n_routes;
	const char *resolv_conf; /* NULL: none of its own */
	struct published *ports;
	size_t n_ports;
	struct publish_table *published; /* what its ports are taken in */
	struct setting *settings;
	size_t n_settings;
	struct string_list links; /* of the host, inside */
	struct lending *lent;
	size_t n_lent;
	struct mending mending;
	int64_t bare_since; /* its name was seen without its mount, in usec; 0: it was not */
	int64_t departure; /* once it was dropped: its number, of the kernel floor's; 0: it was not there */
	struct ns *former; /* while a change is under way: what it takes the place of */
	/* What the interface tells of it; its record is the same. The context is completed: interface names, addresses and
	 * hardware addresses are in. */
	struct nsnet_list_namespaces_out told;
};

/* How a namespace finds its networks, and gets names for its host ends. */
struct namespace_host {
	void *userdata;
	struct network *(*find_network)(void *userdata, const char *name);
	/* The next name of a host end. So that one that is there already (start-up) keeps its name: alias is "nsnetd:NAME/eth0",
	 * was is that of host_interfaces, NULL where there is none. */
	void (*name_link)(
		void *userdata, const char *alias, const char *was, char ret[INTERFACE_SIZE]);
	struct string_list host_interfaces; /* by attachment, as its record has them */
	/* Whether a program on the host has that port; host.bytes of zeros: any of its addresses. NULL: nobody asks. */
	bool (*is_listening)(void *userdata, enum nsnet_protocol protocol,
		const struct address *host, uint16_t port);
	struct publish_table *published;
	uint16_t first_port, last_port;      /* to choose ports of the host from */
	unsigned lowest_port;                /* that may be asked for; 0: any */
	bool has_ports, has_rate, has_netem; /* what the kernel can */
	bool has_persistent;                 /* objects can come back after a reboot */
	/* What it is made from and takes the place of; NULL: it is new. One that was made ahead is a former one as well. */
	struct ns *former;
	bool is_spare; /* made ahead: its networks do not count it */
};

/* The network that persistent namespaces take along: it belongs to all, and nobody need have made it. */
#define NAMESPACE_DEFAULT_NETWORK "default"

#define NAMESPACE_ATTACHMENTS_MAX 64U
#define NAMESPACE_ROUTES_MAX      256U
#define NAMESPACE_SERVERS_MAX     8U
#define NAMESPACE_PORTS_MAX       1024U
#define NAMESPACE_LINKS_MAX       16U

/* Whom a namespace is made for. */
struct namespace_owner {
	uid_t uid;
	gid_t gid;
	enum nsnet_ownership ownership;
};

/* A namespace as the context wishes; the context is copied and completed. What is left out of attachments (NULL items) must
 * have been filled in before. 0; or 1: it cannot be, *reterr says why (its texts in the arena). */
int namespace_new(const char *name, const struct namespace_owner *owner,
	const struct nsnet_namespace_context *context, const struct namespace_host *host,
	struct arena *arena, struct ns **ret, struct fault *reterr);
/* ns NULL: no. */
bool namespace_has_address(
	const struct ns *ns, const struct network *network, const struct address *address);
bool namespace_has_route(const struct ns *ns, const struct route *route);
/* Parts ns from its former, which is to be freed next: what both have is ns's alone. */
void namespace_settle(struct ns *ns);
/* What a former one or one made from it has as well stays with the other. */
void namespace_free(struct ns *ns);
define_cleanup(struct ns *, namespace_free);
