/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kernel - the only floor that makes system calls on namespaces, links and files: plans are carried out here
 *
 * There are two of them under this header: this folder, and tests/fake, which only remembers.
 *
 * One thread, but for what reap.h and ahead.h of this folder say, and it is in the host's network namespace whenever control leaves this floor; where the way home fails the
 * process aborts (systemd starts it again and nothing is lost).
 */
#pragma once

#include "diagnosis.h"
#include "nsnet.h"
#include "plan.h"
#include "snapshot.h"

/* Where things lie; each an absolute path without a trailing slash. */
struct kernel_paths {
	const char *netns; /* "/run/netns": as ip-netns(8) has it */
	const char *run;   /* "/run/nsnetd": state/, hosts/, etc/, sysctl/ below it */
	/* "/var/lib/nsnetd": namespaces/, networks/ below it, for what is to come back after a reboot. Where it cannot be
	 * had, the log says why, and nothing can be persistent */
	const char *wishes;
};

extern const struct kernel_paths kernel_paths_default;

struct kernel;

/* For a process with mounts of its own, before all else: what is mounted below its /run/netns and below the host's, of which host
 * is a descriptor, becomes the same. It cannot look into other processes from then on. -EXDEV: that is another directory;
 * -EINVAL: it is in no peer group, or the kernel cannot do it. */
int kernel_join(const struct kernel_paths *paths, int host);

/* Makes the directories that are missing and readies /run/netns as iproute2 expects it: a mount point of its own, shared, but
 * in no peer group with /run, so that a namespace is one mount. -errno; *reterr_what, if not NULL, then says at what. */
int kernel_new(const struct kernel_paths *paths, struct kernel **ret, const char **reterr_what);
/* For a process that looks and then ends: the kernel floor in a network namespace of its own, which the process is in from then
 * on, so that whatever is tried goes with it. Nothing is made on the host. Only kernel_has(), kernel_features(),
 * kernel_try_link() and kernel_free() may be asked. -errno as above. */
int kernel_probe(struct kernel **ret, const char **reterr_what);
/* Makes a link of that kind there ("bridge"). -EOPNOTSUPP: there are none. */
int kernel_try_link(struct kernel *kernel, const char *kind);
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

/* What start-up needs, memory from the arena. First which records there are, with what those of networks say; those of
 * namespaces, which may be thousands, are read one by one. Then links and ports, which take the kernel a while. */
int kernel_snapshot(struct kernel *kernel, struct arena *arena, struct snapshot *ret);
int kernel_snapshot_links(struct kernel *kernel, struct arena *arena, struct snapshot *ret);
/* Where it cannot be read for good the log says so, and it has no text; -errno: at the moment. */
int kernel_read_record(struct kernel *kernel, enum record_kind kind, struct arena *arena,
	struct snapshot_record *record);
/* Whether there is anything under that name, and what: 1, 0 or -errno. cookie: the number that it is thought to have, which is
 * cheaper to confirm than to find out. */
int kernel_look_netns(
	struct kernel *kernel, const char *name, int64_t cookie, struct snapshot_netns *ret);

/* Takes away what a crash left in the firewall: what is there of links and of gateways and groups but these. 0 or -errno. */
struct kernel_wanted {
	const char *const *links; /* sorted */
	size_t n_links;
	const struct address *gateways;
	size_t n_gateways;
	const uint32_t *groups; /* of networks whose namespaces are no ports */
	size_t n_groups;
	bool keeps_gateways; /* there are other gateways and groups that nobody could name */
};
int kernel_sweep_firewall(struct kernel *kernel, const struct kernel_wanted *wanted);

/* Users and groups of the host, by /etc/passwd and /etc/group: whoever else knows some (LDAP) takes his time, and is not asked.
 * A number, never 0, that is another one as soon as the files are others. */
int64_t kernel_accounts(struct kernel *kernel);
/* False: there is none of that name. */
bool kernel_find_account(struct kernel *kernel, bool is_group, const char *name, uint32_t *ret);

/* What programs in a namespace are to see that systemd starts: files of the host over others, and directories that are to be empty. */
struct kernel_binding {
	const char *source, *target;
};
struct kernel_view {
	struct kernel_binding *bindings;
	size_t n;
	struct string_list hidden;
};
/* What has to be written for it goes with the namespace. 0 or -errno. */
int kernel_view(
	struct kernel *kernel, const char *netns, struct arena *arena, struct kernel_view *ret);
/* The path of a directory that somebody opened, as it is on the host. -ENOTDIR, -ENOENT where it is gone, or another -errno. */
int kernel_find_directory(int fd, struct arena *arena, const char **ret);

/* Takes over the descriptor of a pinned namespace that was there before (start-up), without touching it. */
int kernel_adopt(struct kernel *kernel, const char *netns);
/* A link's end on the host is of that namespace, which we hold: it goes with it. */
void kernel_adopt_end(struct kernel *kernel, const char *netns, int index);

/* From here to the end of start-up, steps that add to the firewall what stands there already do nothing: what stands there is read
 * once. Where it cannot be read, or something is taken out of it, they do as ever. */
void kernel_know_firewall(struct kernel *kernel);
void kernel_forget_firewall(struct kernel *kernel);

/* A name in a network's hosts file, at its place there. */
struct kernel_place {
	struct step step; /* STEP_HOSTS_SET: what is to stand there */
	unsigned slot;    /* where it stands, or is put */
};

struct kernel_places {
	struct kernel_place *items;
	size_t n;
	unsigned slots; /* how many there are */
};

/* Makes a network's hosts file say just that. Who is in it keeps his place, and nothing is written that is there already. */
int kernel_match_hosts(
	struct kernel *kernel, const char *network, const struct kernel_places *places);

/* Routes and addresses of the host in all tables, default routes and loopback's left out, and name servers. */
int kernel_prefixes(struct kernel *kernel, struct arena *arena, struct snapshot_prefixes *ret);

/* Interfaces that a default route of the main table leads out by: those that forward for namespaces. */
int kernel_uplinks(struct kernel *kernel, struct arena *arena, struct snapshot_uplinks *ret);

/* Whether frames between ports of bridges go through the host's rules for IP (br_netfilter) and nobody but us has a bridge, so
 * that nobody else can mean that: 1, 0 or -errno. */
int kernel_may_bypass(struct kernel *kernel);

/* What somebody did to the host: bits. */
enum kernel_event {
	/* Its default routes, its uplinks' MTU, its forwarding may be others now */
	KERNEL_EVENT_HOST = 1,
	/* Our tables were taken away or changed: guards, fences and ports are to be set again */
	KERNEL_EVENT_FIREWALL = 2,
	/* Forwarding that we had switched on is off */
	KERNEL_EVENT_SETTING = 4,
	/* Something was mounted or unmounted, anywhere: a name under /run/netns may be bare */
	KERNEL_EVENT_MOUNTS = 8,
	/* There was more than could be kept: anything may have happened to any object */
	KERNEL_EVENT_LOST = 16,
};

/* So many objects are kept by name; more are KERNEL_EVENT_LOST. */
#define KERNEL_TOUCHED_MAX 512

/* What happened to the host, and which objects something happened to: they are to be looked at, and may well be as they
 * should. */
struct kernel_changes {
	unsigned events;
	size_t n;
	struct kernel_touched {
		bool is_network;
		char name[NAME_SIZE];
	} objects[KERNEL_TOUCHED_MAX];
};

/* A descriptor to wait on (EPOLLIN), the kernel floor's own: then kernel_read_events() adds what happened since, without
 * waiting. */
int kernel_events(struct kernel *kernel);
int kernel_read_events(struct kernel *kernel, struct kernel_changes *changes);

/* A link of ours, by name; its alias is left out. -ENODEV: there is none. */
int kernel_look_link(struct kernel *kernel, const char *name, struct snapshot_link *ret);
/* What the name of a namespace that we hold leads to. */
int kernel_look_name(struct kernel *kernel, const char *netns, enum snapshot_name *ret);
/* The host's addresses and routes, all interfaces'. */
int kernel_look_routes(struct kernel *kernel, struct arena *arena, struct snapshot_routes *ret);

/* The index of the link that what is sent to that address leaves by; 0: it goes nowhere, or to the host itself. */
int kernel_look_way(struct kernel *kernel, const struct address *address, int *ret_interface);

/* 1: a program on the host listens on (TCP) or has (UDP) that port, at that address or at all of them; host.bytes of zeros:
 * any address of its family counts. 0, or -errno. */
int kernel_is_listening(struct kernel *kernel, enum nsnet_protocol protocol,
	const struct address *host, uint16_t port);

/* The same of a program in a namespace that we hold. -ENOENT: we hold none of that name. */
int kernel_is_listening_inside(struct kernel *kernel, const char *netns,
	enum nsnet_protocol protocol, const struct address *address, uint16_t port);

/* What of the host only those ask for who look for what is wrong. Changes nothing. */
int kernel_diagnose(struct kernel *kernel, struct arena *arena, struct diagnosis *ret);
/* A setting of the host: "net/ipv4/conf/nsnet0/forwarding". -ENOENT: it has none such. */
int kernel_look_setting(struct kernel *kernel, const char *key, int *ret);

/* Whether an interface of the host could be moved into a namespace, and the addresses that it would lose ("192.0.2.1/24").
 * -ENODEV: there is none; -EBUSY: it is ours, loopback, or a port of something. */
int kernel_find_link(struct kernel *kernel, const char *interface, struct arena *arena,
	struct string_list *ret_addresses);

/* The limits of a family's table of neighbours: what is kept whatever its age, what may be there for some seconds, what may be there at
 * all. -ENOENT: there are none here. */
#define KERNEL_NEIGHBOUR_LIMITS 3
int kernel_neighbour_limits(struct kernel *kernel, int family, int ret[KERNEL_NEIGHBOUR_LIMITS]);

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
 * main table but the kernel's own, IPv4 first. -E2BIG: there are more than is read of what somebody else has made. */
int kernel_inspect(struct kernel *kernel, const char *netns, struct arena *arena,
	struct nsnet_interface_list *ret_interfaces, struct nsnet_route_list *ret_routes);

/* Processes in any of n namespaces that we hold: ret[i] are those in names[i]. One walk over /proc. -ENOENT: we hold none of a
 * name. */
int kernel_processes(struct kernel *kernel, const char *const *names, size_t n, struct arena *arena,
	struct nsnet_process_id_list *ret);

/* False: no process but ours has ever had one that we hold open, so that none can be inside. */
bool kernel_may_be_entered(struct kernel *kernel, const char *netns);

/* Kills (SIGKILL) the processes in a namespace and waits until they are gone, 2 s at most: -EBUSY then. A process is only
 * killed while it is seen to be inside, by a pidfd. */
int kernel_kill(struct kernel *kernel, const char *netns);

/* A namespace that is dropped (STEP_NETNS_DROP) and a port that is cut (STEP_VETH_CUT) go in the background, with their ends
 * on the host, though a process or a descriptor may hold the namespace; the last ones when nobody calls are left to the next
 * start. A descriptor to wait on (EPOLLIN), the kernel floor's own: then kernel_read_departures() tells which are gone to the
 * last link, by the numbers that STEP_NETNS_DROP gave them. */
int kernel_departures(struct kernel *kernel);
size_t kernel_read_departures(struct kernel *kernel, struct arena *arena, int64_t **ret);
/* Waits for one, so long at most: whether there is one. */
bool kernel_wait_departures(struct kernel *kernel, int64_t usec);
/* Whether any still goes, so that whoever wants to do something about links may have to wait. */
bool kernel_is_reaping(const struct kernel *kernel);
/* A link that is going by itself, since a process that ended held its namespace: should it not, it is taken away. */
void kernel_expect_gone(struct kernel *kernel, int index);

/* What this system can do: "forwarding4", "forwarding6", "cookie", "guard" (STEP_GUARD_ADD), "nat" (STEP_FENCE_SET), "ports"
 * (STEP_PORT_ADD), "rate" and "netem" (STEP_SHAPE_SET), "persist" (the tables belong to us), "persistent" (STEP_WISH_WRITE),
 * "owned" (namespaces that belong to users; not where the system's policy keeps user namespaces from them). */
bool kernel_has(struct kernel *kernel, const char *feature);
void kernel_features(struct kernel *kernel, struct arena *arena, struct string_list *ret);
