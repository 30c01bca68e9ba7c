/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan - the steps between what is and what is wished, as data
 *
 * The model writes a plan down, the kernel floor carries it out whole or takes back what it had done of it, latest first.
 * A step can be printed as the command that does the same, compared, counted and faked.
 *
 * A crash between two steps must leave nothing behind that start-up cannot tell. So a new namespace is made by descriptor
 * alone, and all that hangs on it goes by itself should the process end; it gets its name in the file system last, after
 * its record. A record without the namespace it speaks of is one half made or half deleted: start-up takes it away.
 *
 * What is new is recorded before all else, so that a disk that is full or cannot be written refuses it before anything was
 * done, and once more with what the kernel told of it.
 */
#pragma once

#include <sys/types.h>

#include "address.h"
#include "arena.h"
#include "codec.h"
#include "dns.h"
#include "fence.h"
#include "name.h"
#include "nsnet.h"
#include "setting.h"
#include "shape.h"

enum step_type {
	STEP_NETNS_ADD, /* a network namespace, held by its descriptor; lo is up */
	STEP_NETNS_DROP, /* the descriptor is closed: with no name left, the kernel takes it away with its links */
	STEP_NETNS_PIN, /* its name under /run/netns */
	STEP_NETNS_UNPIN, /* the name goes, not the descriptor: undoing ADD must not take a name that is another's */
	STEP_NETNS_TAKE, /* one that was made ahead and is held by its descriptor alone has this name from now on */
	STEP_NETNS_GIVE,    /* and its former one again */
	STEP_BRIDGE_ADD,    /* a bridge, up, and the anchor port that keeps its carrier */
	STEP_BRIDGE_DELETE, /* both */
	STEP_VETH_ADD,      /* a port of a bridge, its peer in a namespace; both up */
	STEP_VETH_DELETE,
	/* The same of a link that leads to one namespace alone and is no port of anything, with the host's routes by it */
	STEP_POINT_ADD,
	STEP_POINT_DELETE,
	STEP_POINT_MEND, /* one that is there, but not as ADD made it. Again is no error */
	STEP_POINT_MOVE, /* from addresses to others. Again is no error */
	STEP_LINK_LABEL, /* the host's end of a veth says whose it is: of one that was made ahead, some time after it was taken */
	STEP_VETH_CUT, /* a port of a namespace that was dropped: nothing comes by it any more, though it may still be there */
	STEP_VETH_SETTLE, /* wait until the first packet will pass the port */
	/* One that is there, but not as ADD made it: up, with its anchor port; up, a port of its bridge as it should be.
	 * Again is no error */
	STEP_BRIDGE_MEND,
	STEP_VETH_MEND,
	STEP_ADDRESS_ADD,
	STEP_ADDRESS_DELETE,
	STEP_ROUTE_ADD,
	STEP_ROUTE_DELETE,
	STEP_SYSCTL_SET, /* what was there before is kept in a file and put back by STEP_SYSCTL_RESTORE; of an interface
			    that has gone it is no error */
	STEP_SYSCTL_RESTORE,
	STEP_HOSTS_ADD, /* a network's hosts file, with its head and no names; one that is there is emptied in place */
	STEP_HOSTS_DELETE,
	STEP_HOSTS_SET, /* a name in a network's hosts file */
	STEP_HOSTS_CLEAR,
	STEP_ETC_ADD, /* the directory of what goes over /etc inside a namespace; one that is there is replaced */
	STEP_ETC_DELETE,
	STEP_GUARD_ADD, /* what a namespace may send by its port, before the port is there; again is no error */
	STEP_GUARD_SHUT, /* nothing comes by the port any more; DELETE follows when it is gone */
	STEP_GUARD_DELETE,
	STEP_FENCE_SET, /* what may pass between a network and the rest, whatever held before */
	STEP_UPLINK_ADD, /* an interface forwards for our networks alone: nobody else gets through the host by it */
	STEP_UPLINK_DELETE,
	STEP_PORT_ADD, /* a port of the host leads into a namespace */
	STEP_PORT_DELETE,
	STEP_FLOWS_DELETE,   /* connections that came in by a port end */
	STEP_FIREWALL_RESET, /* no guards, fences, ports: as the last network goes */
	STEP_MTU_SET,
	STEP_ISOLATED_SET, /* whether a port of a bridge is kept from other isolated ones */
	STEP_SHAPE_SET,    /* of a veth */
	STEP_SETTING_READ, /* what a setting inside a namespace is now, before it is set */
	STEP_SETTING_SET,
	STEP_LINK_TAKE, /* an interface of the host's moves into a namespace, and up */
	STEP_LINK_GIVE, /* and back; one that is not inside is no error */
	STEP_DNS_ADD,   /* what a network's name server goes by; again: replaced */
	STEP_DNS_DELETE,
	STEP_RECORD_WRITE, /* what is wished, for after a restart */
	STEP_RECORD_DELETE,
	STEP_WISH_WRITE, /* the same of what is persistent, for after a reboot: on the disk when the step is done */
	STEP_WISH_DELETE,
	STEP_TYPES,
};

/* A change: what an object is to be, while it is being changed and its record says what it was. Should the process end on the
 * way, start-up carries the difference out again. */
enum record_kind {
	RECORD_NAMESPACE,
	RECORD_NETWORK,
	RECORD_NAMESPACE_CHANGE,
	RECORD_NETWORK_CHANGE,
	RECORD_KINDS,
};

/* All texts belong to whoever made the step and outlive the plan. */
struct step {
	enum step_type type;
	/* The namespace it works in or on; NULL: the host's. */
	const char *netns;
	union {
		/* STEP_NETNS_DROP: ret_departure alone, or NULL: the number that kernel_read_departures() will tell; 0: it
		 * was not there. STEP_NETNS_ADD: the two are filled in when done. Owned by that user (see userns.h of the kernel floor)
		 * or the host; sibling: a namespace that he owns already and we hold, NULL where there is none. Followed: another one
		 * like it is likely to be made next. */
		struct {
			int64_t *ret_inode, *ret_cookie;
			bool is_owned, is_followed;
			uid_t uid;
			gid_t gid;
			const char *sibling;
			int64_t *ret_departure;
		} facts;
		/* STEP_NETNS_TAKE and _GIVE: a name as name_is_spare() has it */
		struct {
			const char *name;
		} spare;
		/* STEP_VETH_CUT: *ret_is_cut, if not NULL, becomes true */
		struct {
			const char *port;
			bool *ret_is_cut;
		} cut;
		/* STEP_BRIDGE_* */
		struct {
			const char *name;
			const char *anchor; /* its own port; the peer of that is "<anchor>p" */
			const char *alias;
			struct mac mac;
			unsigned mtu;
			int64_t *ret_index;
		} bridge;
		/* STEP_VETH_*, STEP_LINK_LABEL: name is the host's end; SETTLE and DELETE need it alone, LABEL the alias as well,
		 * MEND no peer */
		struct {
			const char *name, *bridge, *alias;
			const char *peer; /* the name inside netns */
			struct mac mac;   /* of the peer */
			unsigned mtu;
			/* The bridge believes only what STEP_GUARD_ADD let through: no learning, a static entry for the
			 * peer's mac, locked, no flood of unknown unicast to it */
			bool is_guarded;
			bool is_isolated; /* from other isolated ports */
		} veth;
		/* STEP_POINT_*: name is the host's end; DELETE needs it alone, MEND and MOVE no peer */
		struct {
			const char *name, *alias;
			const char *peer; /* the name inside netns */
			struct mac mac;   /* of both ends */
			unsigned mtu;
			uint32_t group;               /* see snapshot.h */
			bool is_forwarding[FAMILIES]; /* by it */
			/* What leads there; what led there before, for MOVE */
			struct address addresses[FAMILIES], before[FAMILIES];
			struct address gateways[FAMILIES]; /* that the host speaks from */
		} point;
		/* STEP_GUARD_*: the port, and what may come from it as a source. Extra: these addresses
		 * beside others that stay */
		struct {
			const char *port;
			struct mac mac;
			struct address addresses[FAMILIES];
			bool is_extra;
		} guard;
		/* STEP_FENCE_SET */
		struct {
			const char *bridge;
			struct fence before, after;
		} fence;
		/* STEP_UPLINK_*: ADD is whole for that interface, whatever held before. Closed: in that family what comes in by
		 * it passes to our networks alone; the firewall has a set of such uplinks for each family */
		struct {
			const char *interface;
			bool is_closed[FAMILIES];
		} uplink;
		/* STEP_PORT_* and STEP_FLOWS_DELETE, in one family: host.bytes zeros: all addresses of the host */
		struct {
			enum nsnet_protocol protocol;
			struct address host, target;
			uint16_t host_port, namespace_port;
		} port;
		/* STEP_MTU_SET: of a link of ours on the host, or of any in netns */
		struct {
			const char *interface;
			unsigned before, after;
		} mtu;
		/* STEP_ISOLATED_SET */
		struct {
			const char *port;
			bool before, after;
		} isolated;
		/* STEP_SHAPE_SET: port is the host's end, peer the name inside netns */
		struct {
			const char *port, *peer;
			struct shape before, after;
		} shape;
		/* STEP_SETTING_*: READ has no value; what was there before is written to ret_before, SETTING_TEXT_SIZE bytes, where that is
		 * not NULL */
		struct {
			const char *key;   /* of setting.h */
			const char *value; /* a decimal number */
			char *ret_before;
		} setting;
		/* STEP_LINK_* */
		struct {
			const char *interface;
		} link;
		/* STEP_DNS_*: DELETE needs network alone. before: what ADD replaces; NULL: there is none */
		struct {
			const char *network;
			const struct dns *before, *after;
		} dns;
		/* STEP_ADDRESS_*: on interface, in netns */
		struct {
			const char *interface;
			struct prefix address; /* with its prefix's length */
		} address;
		/* STEP_ROUTE_*: destination.length 0: default */
		struct {
			const char *interface;
			struct prefix destination;
			struct address gateway; /* may be none: on the link */
			unsigned metric;        /* 0: the kernel's */
			/* An address of the host's own, in the table "local": what comes in for it by that interface is
			 * taken */
			bool is_local;
		} route;
		/* STEP_SYSCTL_*: on the host alone */
		struct {
			const char *key; /* "net/ipv4/conf/nsnet0/forwarding" */
			int value;
		} sysctl;
		/* STEP_HOSTS_*: ADD and DELETE need network alone */
		struct {
			const char *network;
			unsigned slot; /* the line's place; never over HOSTS_SLOTS */
			const char *name;
			/* Follows a name that has dots, which alone could be a name of the world's; NULL: "nsnet" */
			const char *domain;
			struct address addresses[FAMILIES];
			const struct address *before; /* FAMILIES that stood there; NULL: nothing */
		} hosts;
		/* STEP_ETC_ADD */
		struct {
			struct etc {
				const char *const *networks; /* one hosts file each */
				size_t n_networks;
				const char *resolv_conf; /* its text; NULL: none of its own */
			} is;
			const struct etc *before; /* NULL: nothing */
			/* One that was made ahead: what was made for that becomes this one's. It is what is to be, or
			 * has to be changed; where it is not there, it is made. NULL: none */
			const char *spare;
			bool is_spare_equal;
		} etc;
		/* STEP_RECORD_* and STEP_WISH_*: DELETE needs kind and name alone; data is encoded when the step is carried
		 * out, so that what earlier steps filled in stands in it */
		struct {
			enum record_kind kind;
			const char *name;
			const struct codec_struct *type;
			const void *data;
			/* What it says now; NULL: there is none. STEP_WISH_DELETE is taken back by it */
			const void *before;
		} record;
	};
};

struct plan {
	struct arena *arena;
	struct step *steps;
	size_t n, allocated;
	/* Carried on to the end even where a step fails: taking away is never taken back. But then no record goes: the next
	 * start takes away by it what is left. */
	bool is_forward;
	/* Some of it may have been done before, by a process that ended on the way: to make what is there, and to take away what
	 * is not, is no error. */
	bool is_again;
};

#define PLAN_INIT(a) \
	(struct plan) \
	{ \
		.arena = (a) \
	}

void plan_add(struct plan *plan, const struct step *step);
/* All steps of another one, behind those that are there. */
void plan_add_all(struct plan *plan, const struct plan *other);

/* Whether that error (-errno) of a step says that it was done before. */
bool step_was_done(const struct step *step, int error);

/* What takes a step back, once it is done. False: nothing is needed, or nothing can. */
bool step_inverse(const struct step *step, struct step *ret);

/* The command that does the same, for people: an ip(8), sysctl(8) or shell line. */
const char *step_print(const struct step *step, struct arena *arena);

#define HOSTS_SLOTS 16384U
