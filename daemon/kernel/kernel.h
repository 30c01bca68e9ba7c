/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kernel - the only floor that makes system calls on namespaces, links and files: plans are carried out here
 *
 * There are two of them under this header: this folder, and tests/fake, which only remembers.
 *
 * One thread, and it is in the host's network namespace whenever control leaves this floor; where the way home fails the
 * process aborts (systemd starts it again and nothing is lost).
 */
#pragma once

#include "nsnet.h"
#include "plan.h"
#include "snapshot.h"

/* Where things lie; each an absolute path without a trailing slash. */
struct kernel_paths {
	const char *netns; /* "/run/netns": as ip-netns(8) has it */
	const char *run;   /* "/run/nsnetd": state/, hosts/, etc/, sysctl/ below it */
};

extern const struct kernel_paths kernel_paths_default;

struct kernel;

/* Makes the directories that are missing and readies /run/netns as iproute2 expects it: a mount point of its own, shared, but
 * in no peer group with /run, so that a namespace is one mount. -errno; *reterr_what, if not NULL, then says at what. */
int kernel_new(const struct kernel_paths *paths, struct kernel **ret, const char **reterr_what);
/* Nothing that is pinned goes. */
void kernel_free(struct kernel *kernel);
define_cleanup(struct kernel *, kernel_free);

/* Why a plan was not carried out. */
struct kernel_error {
	const struct step *step; /* of the plan */
	int error;               /* positive errno */
	char message[256];       /* the kernel's words (extended ack), or "" */
};

/* Carries out all steps in order. 0; or 1: a step failed, *reterr says which, and those before it are taken back (a forward
 * plan: the others are carried out all the same). What could not be taken back is logged. */
int kernel_apply(struct kernel *kernel, const struct plan *plan, struct kernel_error *reterr);

/* Reads all that start-up needs. Memory from the arena. */
int kernel_snapshot(struct kernel *kernel, struct arena *arena, struct snapshot *ret);

/* Takes over the descriptor of a pinned namespace that was there before (start-up), without touching it. */
int kernel_adopt(struct kernel *kernel, const char *netns);

/* Routes and addresses of the host in all tables, default routes and loopback's left out, and name servers. */
int kernel_prefixes(struct kernel *kernel, struct arena *arena, struct snapshot_prefixes *ret);

/* Interfaces that a default route of the main table leads out by: those that forward for namespaces. */
int kernel_uplinks(struct kernel *kernel, struct arena *arena, struct snapshot_uplinks *ret);

/* Whether frames between ports of bridges go through the host's rules for IP (br_netfilter) and nobody but us has a bridge, so
 * that nobody else can mean that. */
bool kernel_may_bypass(struct kernel *kernel);

/* What somebody did to the host: bits. */
enum kernel_event {
	/* Its default routes, its uplinks' MTU, its forwarding may be others now */
	KERNEL_EVENT_HOST = 1,
	/* Our tables were taken away or changed: guards, fences and ports are to be set again */
	KERNEL_EVENT_FIREWALL = 2,
};

/* A descriptor to wait on (EPOLLIN), the kernel floor's own: then kernel_read_events() tells what happened since, without
 * waiting. Where events got lost it tells of all. */
int kernel_events(struct kernel *kernel);
int kernel_read_events(struct kernel *kernel, unsigned *ret);

/* 1: a program on the host listens on (TCP) or has (UDP) that port, at that address or at all of them; host.bytes of zeros:
 * any address of its family counts. 0, or -errno. */
int kernel_is_listening(struct kernel *kernel, enum nsnet_protocol protocol,
	const struct address *host, uint16_t port);

/* Whether an interface of the host could be moved into a namespace, and the addresses that it would lose ("192.0.2.1/24").
 * -ENODEV: there is none; -EBUSY: it is ours, loopback, or a port of something. */
int kernel_find_link(struct kernel *kernel, const char *interface, struct arena *arena,
	struct string_list *ret_addresses);

/* The keys whose former values are kept (STEP_SYSCTL_SET), also from before a restart. */
int kernel_kept(struct kernel *kernel, struct arena *arena, struct string_list *ret);

/* A new descriptor of a namespace that we hold. -ENOENT: we hold none of that name. */
int kernel_open_netns(struct kernel *kernel, const char *netns);

/* New descriptors of the user namespaces that a namespace belongs to: its owner's as himself, and as root inside. -ENOTTY: it
 * is the host's; -ENOENT: we hold none of that name. */
int kernel_open_users(struct kernel *kernel, const char *netns, int *ret_user, int *ret_root);

/* Whom a namespace that we hold belongs to, as the kernel says. -ENOTTY: the host; -ENOENT: we hold none of that name. */
int kernel_owner(struct kernel *kernel, const char *netns, uid_t *ret);

/* A namespace as seen from inside: its interfaces but lo (network and host_interface_name are left unset), its routes of the
 * main table but the kernel's own, IPv4 first. */
int kernel_inspect(struct kernel *kernel, const char *netns, struct arena *arena,
	struct nsnet_interface_list *ret_interfaces, struct nsnet_route_list *ret_routes);

/* Processes in any of n namespaces, given by inode number: ret[i] are those in inodes[i]. One walk over /proc. */
int kernel_processes(struct kernel *kernel, const int64_t *inodes, size_t n, struct arena *arena,
	struct nsnet_process_id_list *ret);

/* Kills (SIGKILL) the processes in a namespace and waits until they are gone, 2 s at most: -EBUSY then. A process is only
 * killed while it is seen to be inside, by a pidfd. */
int kernel_kill(struct kernel *kernel, int64_t inode);

/* Takes away, all in one go, host ends whose namespace was unpinned but lives on because a process or descriptor holds it;
 * those that the kernel has taken away by itself are just forgotten. To be called a moment after a deletion. At most 32 go in
 * one call, since nobody else gets at links meanwhile. Returns how many of ours are still waiting, or -errno. */
int kernel_reap(struct kernel *kernel);

/* What this kernel can do: "forwarding4", "forwarding6", "cookie", "guard" (STEP_GUARD_ADD), "nat" (STEP_FENCE_SET), "ports"
 * (STEP_PORT_ADD), "rate" and "netem" (STEP_SHAPE_SET), "persist" (the tables belong to us), "owned" (namespaces that belong to
 * users; not where the system's policy keeps user namespaces from them). */
bool kernel_has(struct kernel *kernel, const char *feature);
void kernel_features(struct kernel *kernel, struct arena *arena, struct string_list *ret);
