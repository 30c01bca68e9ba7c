/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * kernel - the only floor that makes system calls on namespaces, links and files: its beginning and its end
 */
#include "kernel.h"

#include <fcntl.h>
#include <search.h>
#include <sys/socket.h>
#include <stdio.h>

#include "ahead.h"
#include "entry.h"
#include "file.h"
#include "hosts.h"
#include "link.h"
#include "log.h"
#include "netns.h"
#include "nft.h"
#include "nft_known.h"
#include "probe.h"
#include "reap.h"
#include "state.h"
#include "traffic.h"
#include "userns.h"

const struct kernel_paths kernel_paths_default = {
	.netns = "/run/netns",
	.run = "/run/nsnetd",
	.wishes = "/var/lib/nsnetd",
};

void state_append(struct indexes *indexes, int index)
{
	if (indexes->n == indexes->allocated) {
		size_t allocated = indexes->allocated ? 2 * indexes->allocated : 4;
		int *items = reallocarray(indexes->items, allocated, sizeof(*items));

		if (!items)
			abort();
		indexes->items = items;
		indexes->allocated = allocated;
	}
	indexes->items[indexes->n++] = index;
}

/* Opens all directories; *reterr_what is the one that failed, until the next time. */
static int open_directories(
	struct kernel *kernel, const struct kernel_paths *paths, const char **reterr_what)
{
	static char failed[256];
	autoclose int run = -EBADF, state = -EBADF;
	const struct {
		int *fd;
		const int *parent;
		const char *path; /* below paths->run */
		mode_t mode;
	} directories[] = {
		{ &run, &(const int){ AT_FDCWD }, paths->run, 0755 },
		{ &state, &run, "state", 0700 },
		{ &kernel->records[RECORD_NAMESPACE], &state, "state/namespaces", 0700 },
		{ &kernel->records[RECORD_NETWORK], &state, "state/networks", 0700 },
		{ &kernel->records[RECORD_NAMESPACE_CHANGE], &state, "state/namespace-changes",
			0700 },
		{ &kernel->records[RECORD_NETWORK_CHANGE], &state, "state/network-changes", 0700 },
		{ &kernel->hosts, &run, "hosts", 0755 },
		{ &kernel->etc, &run, "etc", 0755 },
		{ &kernel->sysctl, &run, "sysctl", 0700 },
		{ &kernel->dns, &run, "dns", 0755 },
	};

	for (size_t i = 0; i < lengthof(directories); i++) {
		const char *path = directories[i].path;
		const char *name = directories[i].parent == &state ? after(path, "state/") : path;
		int fd = file_open_directory(*directories[i].parent, name, directories[i].mode);

		if (fd >= 0)
			*directories[i].fd = fd;
		/* On what is read-only nothing could be done as it should be. */
		if (fd >= 0 && faccessat(fd, ".", W_OK, 0) < 0)
			fd = neg();
		if (fd < 0) {
			(void)snprintf(failed, sizeof(failed), "%s%s%s", paths->run,
				i > 0 ? "/" : "", i > 0 ? path : "");
			*reterr_what = failed;
			return fd;
		}
	}
	return 0;
}

/* What cannot be swept away is in nobody's way. */
static void sweep(const int *directories, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		int r = directories[i] < 0 ? 0 : file_sweep(directories[i]);

		if (r < 0)
			log_line(LOG_WARNING, "cannot take away half-written files: %s",
				strerror(-r));
	}
}

/* For what is to come back after a reboot. Without it everything else is served. */
static void open_wishes(struct kernel *kernel, const char *path)
{
	autoclose int wishes = file_open_directory(AT_FDCWD, path, 0755);
	int *const fds[] = { &kernel->wishes[RECORD_NAMESPACE], &kernel->wishes[RECORD_NETWORK] };
	static const char *const names[] = { "namespaces", "networks" };
	int r = wishes;

	for (size_t i = 0; r >= 0 && i < lengthof(fds); i++)
		r = *fds[i] = file_open_directory(wishes, names[i], 0700);
	if (r >= 0)
		return;
	for (size_t i = 0; i < lengthof(fds); i++) {
		(void)close_fd(*fds[i]);
		*fds[i] = -EBADF;
	}
	log_line(LOG_ERR, "%s: %s: nothing can be persistent%s", path, strerror(-r),
		r == -EPERM ? "; it must be root's, and writable by nobody else" : "");
}

static int has_cookie(const struct netlink *netlink, bool *ret)
{
	uint64_t cookie;
	socklen_t n = sizeof(cookie);

	*ret = getsockopt(netlink->fd, SOL_SOCKET, SO_NETNS_COOKIE, &cookie, &n) == 0;
	return *ret || errno == ENOPROTOOPT ? 0 : neg();
}

/* What cannot be looked at is not taken for missing: the daemon would go on without it, and say that all is well. */
static int has_proc(const struct kernel *kernel, const char *path, bool *ret)
{
	*ret = faccessat(kernel->proc, path, F_OK, 0) == 0;
	return *ret || errno == ENOENT ? 0 : neg();
}

static int look_at_proc(struct kernel *kernel)
{
	int r = has_proc(kernel, "sys/net/ipv4/conf/default", &kernel->has_forwarding4);

	if (r == 0)
		r = has_proc(kernel, "sys/net/ipv6/conf/default", &kernel->has_ipv6);
	if (r == 0)
		r = has_proc(kernel, "sys/net/ipv6/conf/default/force_forwarding",
			&kernel->has_force_forwarding);
	return r;
}

static int open_kernel(struct kernel *kernel, const char **reterr_what)
{
	int r;

	*reterr_what = "/proc";
	kernel->proc = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (kernel->proc < 0)
		return neg();
	*reterr_what = "/proc/self/ns/net";
	kernel->home = openat(kernel->proc, "self/ns/net", O_RDONLY | O_CLOEXEC);
	if (kernel->home < 0 || fstat(kernel->home, &kernel->home_stat) < 0)
		return neg();
	*reterr_what = "a route netlink socket";
	r = netlink_open(&kernel->host);
	if (r < 0)
		return r;
	r = has_cookie(&kernel->host, &kernel->has_cookie);
	if (r < 0)
		return r;
	*reterr_what = "/proc/sys/net";
	r = look_at_proc(kernel);
	if (r < 0)
		return r;
	*reterr_what = "nf_tables";
	r = nft_open(kernel);
	if (r < 0)
		return r;
	*reterr_what = "the system's policy on user namespaces";
	r = userns_is_allowed(&kernel->has_owned);
	if (r < 0)
		return r;
	*reterr_what = "links that were being deleted";
	return link_sweep(kernel);
}

static struct kernel *make_kernel(void)
{
	struct kernel *kernel = calloc(1, sizeof(*kernel));

	if (!kernel)
		return NULL;
	kernel->home = kernel->proc = kernel->names = -EBADF;
	for (size_t i = 0; i < lengthof(kernel->records); i++)
		kernel->records[i] = -EBADF;
	kernel->hosts = kernel->etc = kernel->sysctl = kernel->settings.proc = -EBADF;
	kernel->dns = -EBADF;
	kernel->wishes[RECORD_NAMESPACE] = kernel->wishes[RECORD_NETWORK] = -EBADF;
	kernel->host = kernel->netfilter = NETLINK_INIT;
	kernel->entries = -EBADF;
	kernel->nft_events = kernel->events = kernel->link_events = -EBADF;
	kernel->name_events = kernel->mounts_waited = kernel->mounts_asked = -EBADF;
	return kernel;
}

int kernel_probe(struct kernel **ret, const char **reterr_what)
{
	cleanup(kernel_free) struct kernel *kernel = make_kernel();
	int r = kernel ? probe_leave() : -ENOMEM;

	*reterr_what = "a network namespace";
	if (r == 0)
		r = open_kernel(kernel, reterr_what);
	if (r < 0)
		return r;
	*ret = take(kernel);
	return 0;
}

int kernel_try_link(struct kernel *kernel, const char *kind)
{
	return probe_link(&kernel->host, kind);
}

int kernel_new(const struct kernel_paths *paths, struct kernel **ret, const char **reterr_what)
{
	cleanup(kernel_free) struct kernel *kernel = make_kernel();
	const char *what = "memory";
	int r = -ENOMEM;

	if (kernel) {
		kernel->run = strdup(paths->run);
		r = kernel->run ? open_kernel(kernel, &what) : -ENOMEM;
	}
	if (r == 0) {
		what = "a thread";
		r = reaper_new(&kernel->reaper);
		entry_open(kernel);
	}
	if (r == 0)
		r = open_directories(kernel, paths, &what);
	if (r == 0) {
		what = paths->netns;
		kernel->names = netns_open_names(paths->netns);
		r = kernel->names < 0 ? kernel->names : 0;
	}
	if (r == 0) {
		open_wishes(kernel, paths->wishes);
		hosts_sweep_etc(kernel);
		sweep(kernel->records, lengthof(kernel->records));
		sweep((const int[]){ kernel->sysctl, kernel->dns, kernel->wishes[RECORD_NAMESPACE],
			      kernel->wishes[RECORD_NETWORK] },
			4);
	}
	if (r < 0) {
		if (reterr_what)
			*reterr_what = what;
		return r;
	}
	*ret = take(kernel);
	return 0;
}

static void ignore(void *netns)
{
	(void)netns;
}

static void free_netns(void *netns)
{
	netns_free(netns);
}

static void close_all(struct kernel *kernel)
{
	const int fds[] = { kernel->home, kernel->proc, kernel->names, kernel->hosts, kernel->etc,
		kernel->sysctl, kernel->dns, kernel->settings.proc, kernel->events,
		kernel->link_events, kernel->name_events, kernel->mounts_waited,
		kernel->mounts_asked, kernel->wishes[RECORD_NAMESPACE],
		kernel->wishes[RECORD_NETWORK] };

	netlink_close(&kernel->host);
	netlink_close(&kernel->netfilter);
	(void)close_fd(kernel->nft_events);
	for (size_t i = 0; i < lengthof(kernel->records); i++)
		(void)close_fd(kernel->records[i]);
	for (size_t i = 0; i < lengthof(fds); i++)
		(void)close_fd(fds[i]);
}

void kernel_free(struct kernel *kernel)
{
	if (!kernel)
		return;
	ahead_free(kernel->ahead);
	reaper_free(kernel->reaper);
	netns_leave_all(kernel);
	/* What was watched goes with it. */
	kernel->entries = close_fd(kernel->entries);
	tdestroy(kernel->watched, ignore);
	tdestroy(kernel->held, free_netns);
	close_all(kernel);
	nft_known_done(kernel);
	free(kernel->uplinks);
	free(kernel->run);
	free(kernel);
}

static bool has_forwarding4(struct kernel *kernel)
{
	return kernel->has_forwarding4;
}

static bool has_forwarding6(struct kernel *kernel)
{
	return kernel->has_force_forwarding;
}

static bool has_cookies(struct kernel *kernel)
{
	return kernel->has_cookie;
}

static bool has_tables(struct kernel *kernel)
{
	return kernel->has_guards;
}

static bool has_persistent_tables(struct kernel *kernel)
{
	return nft_is_persistent(kernel);
}

static bool has_wishes(struct kernel *kernel)
{
	return kernel->wishes[RECORD_NAMESPACE] >= 0;
}

static bool has_owned(struct kernel *kernel)
{
	bool is_allowed;

	/* It may be another one by now. */
	if (userns_is_allowed(&is_allowed) == 0)
		kernel->has_owned = is_allowed;
	return kernel->has_owned;
}

/* Some cost something to find out: only who asks for one pays for it. */
static const struct {
	const char *name;
	bool (*is_there)(struct kernel *kernel);
} features[] = {
	{ "forwarding4", has_forwarding4 },
	{ "forwarding6", has_forwarding6 },
	{ "cookie", has_cookies },
	{ "guard", has_tables },
	{ "owned", has_owned },
	{ "nat", has_tables },
	{ "ports", has_tables },
	{ "persist", has_persistent_tables },
	{ "persistent", has_wishes },
	{ "rate", traffic_has_rate },
	{ "netem", traffic_has_netem },
};

bool kernel_has(struct kernel *kernel, const char *feature)
{
	for (size_t i = 0; i < lengthof(features); i++)
		if (streq(features[i].name, feature))
			return features[i].is_there(kernel);
	return false;
}

void kernel_features(struct kernel *kernel, struct arena *arena, struct string_list *ret)
{
	ret->items = arena_array(arena, lengthof(features), sizeof(*ret->items));
	ret->n = 0;
	for (size_t i = 0; i < lengthof(features); i++)
		if (features[i].is_there(kernel))
			ret->items[ret->n++] = features[i].name;
}
