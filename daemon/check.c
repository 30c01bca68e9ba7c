/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check - whether this kernel and this system can do what is promised
 *
 * What can be seen is looked at on the host: files, mounts, settings. What has to be tried is tried after that, in a network
 * namespace of this process's own: there is no way back, and none is needed.
 */
#include "check.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/utsname.h>
#include <systemd/sd-daemon.h>

#include "config.h"
#include "kernel.h"
#include "listener.h"
#include "names.h"

#define STATE_DIRECTORY "/var/lib/nsnetd"
#define RESOLVED_SOCKET "/run/systemd/resolve/io.systemd.Resolve"

#define LINUX_MAJOR 5U
#define LINUX_MINOR 15U
/* What a thousand namespaces write, with some to spare; and how many files. */
#define SPACE_BYTES (16U * 1024U * 1024U)
#define SPACE_FILES 8192U
/* Neighbours that a namespace of which much is asked brings to the host's table. */
#define NEIGHBOURS_EACH 4U
#define NEIGHBOURS      (1000U * NEIGHBOURS_EACH)

enum verdict { VERDICT_OK, VERDICT_MISSING, VERDICT_UNKNOWN };

struct check {
	const char *config_path, *socket;
	struct arena arena;
	struct config config;
	const char *config_wrong; /* NULL: it is right */
	struct kernel *kernel;    /* or NULL: */
	int error;                /* why nothing can be tried */
	const char *what;         /* and at what that was */
};

/* One thing that is looked at. look() may say more: why, or how much; and what mends it, where that is not always the same. */
struct row {
	const char *name;
	bool is_essential;
	const char *purpose;
	const char *without; /* what becomes of that */
	const char *mend;    /* may be NULL: nothing but another system */
	enum verdict (*look)(struct check *check, const struct row *row, const char **ret_detail,
		const char **ret_mend);
};

/* Looking may need root, and is no reason to say that something is missing. */
static enum verdict verdict_of_errno(struct check *check, const char *what, const char **ret_detail)
{
	int error = errno;

	*ret_detail = arena_printf(&check->arena, "%s: %s", what, strerror(error));
	return (error == EACCES || error == EPERM) && geteuid() != 0 ? VERDICT_UNKNOWN
								     : VERDICT_MISSING;
}

/* On the host: */

/* The number at the beginning of a text, in that base, and where it ends. False: there is none. */
static bool take_number(const char **text, int base, unsigned long *ret)
{
	char *end;

	errno = 0;
	*ret = strtoul(*text, &end, base);
	if (end == *text || errno != 0)
		return false;
	*text = end;
	return true;
}

static enum verdict look_linux(
	struct check *check, const struct row *row, const char **ret_detail, const char **ret_mend)
{
	struct utsname name;
	const char *release = name.release;
	unsigned long major, minor;

	(void)row;
	(void)ret_mend;
	if (uname(&name) < 0)
		return verdict_of_errno(check, "uname", ret_detail);
	*ret_detail = arena_printf(&check->arena, "this is %s", name.release);
	if (!take_number(&release, 10, &major) || *release++ != '.' ||
		!take_number(&release, 10, &minor))
		return VERDICT_UNKNOWN;
	return major > LINUX_MAJOR || (major == LINUX_MAJOR && minor >= LINUX_MINOR)
		       ? VERDICT_OK
		       : VERDICT_MISSING;
}

static enum verdict look_config(
	struct check *check, const struct row *row, const char **ret_detail, const char **ret_mend)
{
	(void)row;
	*ret_detail = check->config_wrong;
	*ret_mend = arena_printf(&check->arena, "edit %s, see nsnetd.conf(5)", check->config_path);
	return check->config_wrong ? VERDICT_MISSING : VERDICT_OK;
}

/* What of /proc/self/mountinfo is about a mount point: its peer group, or 0 where it has none. -ENOENT: it is no mount point. */
static int peer_group(const char *path)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	autofree char *line = NULL;
	size_t n = 0;
	int r = -ENOENT;

	if (!file)
		return neg();
	/* The last one lies above the others. */
	while (getline(&line, &n, file) >= 0) {
		const char *group = strstr(line, " shared:"), *end = strstr(line, " - ");
		char point[256] = "";
		unsigned long number = 0;

		if (sscanf(line, "%*s %*s %*s %*s %255s", point) != 1 || !streq(point, path))
			continue;
		r = 0;
		if (!group || !end || group > end)
			continue;
		group += strlen(" shared:");
		if (take_number(&group, 10, &number))
			r = (int)number;
	}
	(void)fclose(file);
	return r;
}

/* A directory that is to be root's, or that can be made. */
static enum verdict look_at_directory(
	struct check *check, const char *path, const char **ret_detail, const char **ret_mend)
{
	const char *slash = strrchr(path, '/');
	const char *parent =
		arena_strndup(&check->arena, path, slash == path ? 1 : (size_t)(slash - path));
	struct stat st;

	if (lstat(path, &st) < 0) {
		if (errno != ENOENT)
			return verdict_of_errno(check, path, ret_detail);
		*ret_mend = arena_printf(&check->arena, "mkdir -p %s", parent);
		if (faccessat(AT_FDCWD, parent, F_OK, AT_EACCESS) < 0)
			return verdict_of_errno(check, parent, ret_detail);
		*ret_detail = "it is made when nsnetd starts";
		return VERDICT_OK;
	}
	*ret_mend = arena_printf(&check->arena, "rm %s", path);
	if (!S_ISDIR(st.st_mode)) {
		*ret_detail = "it is no directory";
		return VERDICT_MISSING;
	}
	*ret_mend = arena_printf(&check->arena, "chown root:root %s && chmod go-w %s", path, path);
	if (st.st_uid != 0 || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0) {
		*ret_detail = "others than root may write to it";
		return VERDICT_MISSING;
	}
	return VERDICT_OK;
}

static enum verdict look_state(
	struct check *check, const struct row *row, const char **ret_detail, const char **ret_mend)
{
	enum verdict verdict = look_at_directory(check, row->name, ret_detail, ret_mend);
	struct statvfs fs;

	/* The one above it stands for what is not there yet. */
	if (verdict != VERDICT_OK)
		return verdict;
	if (statvfs(row->name, &fs) < 0 &&
		(errno != ENOENT || statvfs(arena_strndup(&check->arena, row->name,
						    (size_t)(strrchr(row->name, '/') - row->name)),
					    &fs) < 0))
		return verdict_of_errno(check, row->name, ret_detail);
	*ret_mend = arena_printf(
		&check->arena, "mount -o remount,rw \"$(findmnt -no TARGET -T %s)\"", row->name);
	if (fs.f_flag & ST_RDONLY) {
		*ret_detail = "it is read-only";
		return VERDICT_MISSING;
	}
	*ret_mend = arena_printf(
		&check->arena, "df -h %s; df -i %s, and make room", row->name, row->name);
	if ((uint64_t)fs.f_bavail * fs.f_frsize < SPACE_BYTES ||
		(fs.f_files != 0 && fs.f_favail < SPACE_FILES)) {
		*ret_detail = arena_printf(&check->arena,
			"%" PRIu64 " KiB and %" PRIu64 " files are left there",
			(uint64_t)fs.f_bavail * fs.f_frsize / 1024, (uint64_t)fs.f_favail);
		return VERDICT_MISSING;
	}
	return VERDICT_OK;
}

static enum verdict look_names(
	struct check *check, const struct row *row, const char **ret_detail, const char **ret_mend)
{
	enum verdict verdict = look_at_directory(check, row->name, ret_detail, ret_mend);
	int group;

	if (verdict != VERDICT_OK)
		return verdict;
	group = peer_group(row->name);
	if (group == -ENOENT) {
		*ret_detail = "it is made a mount point when nsnetd starts";
		return VERDICT_OK;
	}
	if (group < 0) {
		errno = -group;
		return verdict_of_errno(check, "/proc/self/mountinfo", ret_detail);
	}
	*ret_mend = arena_printf(&check->arena, "mount --make-shared %s", row->name);
	if (group == 0) {
		*ret_detail = "it is not shared";
		return VERDICT_MISSING;
	}
	/* What "ip netns add" made of it. */
	*ret_mend = arena_printf(&check->arena, "mount --make-private %s && mount --make-shared %s",
		row->name, row->name);
	if (group == peer_group("/run")) {
		*ret_detail = "it is in one group with /run: each namespace would be two mounts";
		return VERDICT_MISSING;
	}
	return VERDICT_OK;
}

static enum verdict look_group(
	struct check *check, const struct row *row, const char **ret_detail, const char **ret_mend)
{
	const struct config *config = &check->config;
	bool is_control = streq(row->name, "group");
	const char *group = is_control ? config->control_group : config->administrator_group;
	gid_t gid = is_control ? config->control_gid : config->administrator_gid;

	if (check->config_wrong)
		return VERDICT_UNKNOWN;
	*ret_detail = arena_printf(&check->arena, "%s", group);
	*ret_mend = arena_printf(&check->arena, "groupadd --system %s", group);
	return gid == (gid_t)-1 ? VERDICT_MISSING : VERDICT_OK;
}

static enum verdict look_socket(
	struct check *check, const struct row *row, const char **ret_detail, const char **ret_mend)
{
	struct stat st;
	int r;

	(void)row;
	*ret_mend = sd_booted() > 0
			    ? "systemctl enable --now nsnetd.socket"
			    : arena_printf(&check->arena, "nsnetd --socket %s &", check->socket);
	r = listener_is_at(check->socket);
	if (r < 0) {
		errno = -r;
		return verdict_of_errno(check, "/proc/net/unix", ret_detail);
	}
	if (r == 0 || lstat(check->socket, &st) < 0) {
		*ret_detail = arena_printf(&check->arena, "nobody listens at %s", check->socket);
		return VERDICT_MISSING;
	}
	if (!check->config_wrong && check->config.control_gid != (gid_t)-1 &&
		(st.st_gid != check->config.control_gid || (st.st_mode & S_IWGRP) == 0)) {
		*ret_detail = arena_printf(&check->arena, "%s is not for the group %s",
			check->socket, check->config.control_group);
		*ret_mend = arena_printf(&check->arena, "chgrp %s %s && chmod g+rw %s",
			check->config.control_group, check->socket, check->socket);
		return VERDICT_MISSING;
	}
	return VERDICT_OK;
}

static enum verdict look_dnsmasq(
	struct check *check, const struct row *row, const char **ret_detail, const char **ret_mend)
{
	(void)check;
	(void)row;
	if (sd_booted() <= 0) {
		*ret_detail = "systemd does not run here";
		*ret_mend = NULL;
		return VERDICT_MISSING;
	}
	return names_are_possible() ? VERDICT_OK : VERDICT_MISSING;
}

static enum verdict look_resolved(
	struct check *check, const struct row *row, const char **ret_detail, const char **ret_mend)
{
	int r = listener_is_at(RESOLVED_SOCKET);

	(void)row;
	if (sd_booted() <= 0)
		*ret_mend = NULL;
	if (r < 0) {
		errno = -r;
		return verdict_of_errno(check, "/proc/net/unix", ret_detail);
	}
	return r > 0 ? VERDICT_OK : VERDICT_MISSING;
}

/* A number in a file, or -errno. */
static int64_t read_number(const char *path)
{
	FILE *file = fopen(path, "re");
	char line[32];
	const char *text = line;
	unsigned long value;
	int64_t r = -EINVAL;

	if (!file)
		return neg();
	if (fgets(line, sizeof(line), file) && *text != '-' && take_number(&text, 10, &value) &&
		value <= INT64_MAX)
		r = (int64_t)value;
	(void)fclose(file);
	return r;
}

/* There are two tables of that size, one for each family. Only the machine's own network namespace tells. */
static enum verdict look_neighbours(
	struct check *check, const struct row *row, const char **ret_detail, const char **ret_mend)
{
	static const char *const paths[] = { "/proc/sys/net/ipv4/neigh/default/gc_thresh3",
		"/proc/sys/net/ipv6/neigh/default/gc_thresh3" };
	int64_t least = INT64_MAX;

	(void)row;
	(void)ret_mend;
	for (size_t i = 0; i < lengthof(paths); i++) {
		int64_t value = read_number(paths[i]);

		if (value >= 0 && value < least)
			least = value;
	}
	if (least == INT64_MAX) {
		*ret_detail = "only the machine's own network namespace tells";
		return VERDICT_UNKNOWN;
	}
	*ret_detail = arena_printf(&check->arena,
		"%" PRId64 " entries for the whole host, as about %" PRId64
		" namespaces need that all speak at once%s",
		least, least / NEIGHBOURS_EACH,
		check->config.raises_neighbours ? "; nsnetd raises that as there are more" : "");
	return least < NEIGHBOURS && !check->config.raises_neighbours ? VERDICT_MISSING
								      : VERDICT_OK;
}

static enum verdict look_inotify(
	struct check *check, const struct row *row, const char **ret_detail, const char **ret_mend)
{
	autoclose int fd = inotify_init1(IN_CLOEXEC);

	(void)row;
	(void)ret_mend;
	return fd < 0 ? verdict_of_errno(check, "inotify", ret_detail) : VERDICT_OK;
}

/* A bridge that is none of ours. */
static bool is_foreign(const char *name)
{
	char path[sizeof("/sys/class/net//netdev_group") + NAME_MAX];

	(void)snprintf(path, sizeof(path), "/sys/class/net/%s/bridge", name);
	if (access(path, F_OK) < 0)
		return false;
	(void)snprintf(path, sizeof(path), "/sys/class/net/%s/netdev_group", name);
	return read_number(path) != SNAPSHOT_LINK_GROUP;
}

static enum verdict look_bypass(
	struct check *check, const struct row *row, const char **ret_detail, const char **ret_mend)
{
	DIR *links;
	const struct dirent *entry;
	const char *foreign = NULL;

	(void)row;
	(void)ret_mend;
	if (read_number("/proc/sys/net/bridge/bridge-nf-call-iptables") <= 0 &&
		read_number("/proc/sys/net/bridge/bridge-nf-call-ip6tables") <= 0)
		return VERDICT_OK;
	links = opendir("/sys/class/net");
	if (!links)
		return verdict_of_errno(check, "/sys/class/net", ret_detail);
	while (!foreign && (entry = readdir(links)))
		if (is_foreign(entry->d_name))
			foreign = arena_strdup(&check->arena, entry->d_name);
	(void)closedir(links);
	*ret_detail =
		foreign ? arena_printf(&check->arena, "the bridge %s may count on it", foreign)
			: "it is switched off with the first network";
	return foreign ? VERDICT_MISSING : VERDICT_OK;
}

/* Elsewhere: */

static enum verdict look_probe(
	struct check *check, const struct row *row, const char **ret_detail, const char **ret_mend)
{
	(void)row;
	if (check->kernel)
		return VERDICT_OK;
	errno = -check->error;
	if (errno == ENOSPC)
		*ret_mend = "sysctl -w user.max_net_namespaces=10000";
	else if (errno != EPERM)
		*ret_mend = "a kernel with CONFIG_NET_NS";
	return verdict_of_errno(check, check->what, ret_detail);
}

static enum verdict look_link(
	struct check *check, const struct row *row, const char **ret_detail, const char **ret_mend)
{
	int r;

	(void)ret_mend;
	if (!check->kernel)
		return VERDICT_UNKNOWN;
	r = kernel_try_link(check->kernel, row->name);
	if (r == 0)
		return VERDICT_OK;
	*ret_detail = strerror(-r);
	return VERDICT_MISSING;
}

static enum verdict look_feature(
	struct check *check, const struct row *row, const char **ret_detail, const char **ret_mend)
{
	(void)ret_detail;
	(void)ret_mend;
	if (!check->kernel)
		return VERDICT_UNKNOWN;
	return kernel_has(check->kernel, row->name) ? VERDICT_OK : VERDICT_MISSING;
}

/* Those of the host first. */
static const struct row rows[] = {
	{ "linux", true, "Linux 5.15 or later", "nsnetd does not start",
		"apt-get install linux-image-$(dpkg --print-architecture)", look_linux },
	{ "configuration", true, "what the administrator wants", "nsnetd does not start", NULL,
		look_config },
	{ "/run/netns", true, "names of namespaces, for everybody on the host to see",
		"programs with mounts of their own do not see new ones", NULL, look_names },
	{ "/run/nsnetd", true, "records, and the files that namespaces look names up in",
		"nothing can be made", NULL, look_state },
	{ STATE_DIRECTORY, false, "records of what is to outlive the machine's next start",
		"nothing does", NULL, look_state },
	{ "group", false, "who besides root may call", "only root may", NULL, look_group },
	{ "admin-group", false, "who besides root administers", "only root does", NULL,
		look_group },
	{ "socket", false, "calls are answered", "there is no answer", NULL, look_socket },
	{ "dnsmasq", false, "networks have name servers", "names are in hosts files alone",
		"apt-get install dnsmasq-base", look_dnsmasq },
	{ "resolved", false, "the host looks up names of networks as well",
		"only their namespaces do", "apt-get install systemd-resolved", look_resolved },
	{ "neighbours", false, "the host's tables of neighbours have place for 1000 namespaces",
		"new connections of everybody fail once they are full",
		"sysctl -w net.ipv4.neigh.default.gc_thresh3=16384 "
		"net.ipv6.neigh.default.gc_thresh3=16384",
		look_neighbours },
	{ "inotify", false, "names that others take away are noticed at once",
		"they are when nsnetd starts", "sysctl -w fs.inotify.max_user_instances=512",
		look_inotify },
	{ "bypass", false, "frames inside a network do not go through the host's rules for IP",
		"the host's rules may drop them",
		"sysctl -w net.bridge.bridge-nf-call-iptables=0 "
		"net.bridge.bridge-nf-call-ip6tables=0",
		look_bypass },
	{ "namespaces", true, "network namespaces", "there are none", NULL, look_probe },
	{ "bridge", true, "networks", "there are none", "modprobe bridge", look_link },
	{ "veth", true, "namespaces are attached to networks", "they are not", "modprobe veth",
		look_link },
	{ "guard", true, "members cannot use others' addresses", "members' namespaces are refused",
		"modprobe nf_tables", look_feature },
	{ "nat", true, "networks reach the outside with an address of the host",
		"--reach nat is refused", "modprobe nf_tables", look_feature },
	{ "ports", true, "ports of the host lead to namespaces", "--publish is refused",
		"modprobe nf_tables", look_feature },
	{ "forwarding4", true, "IPv4 is forwarded for networks, not for the whole host",
		"it stays on its network", NULL, look_feature },
	{ "forwarding6", false, "IPv6 is forwarded for networks, not for the whole host",
		"it stays on its network", "use Linux 6.17 or later", look_feature },
	{ "persist", false, "others can neither change nor flush nsnetd's rules",
		"they can, and the rules are made again at once", "use Linux 6.9 or later",
		look_feature },
	{ "owned", false, "members' namespaces belong to them", "they belong to the host",
		"sysctl -e -w user.max_user_namespaces=10000 "
		"kernel.unprivileged_userns_clone=1 kernel.apparmor_restrict_unprivileged_userns=0",
		look_feature },
	{ "rate", false, "speed limits", "--rate is refused", "modprobe sch_tbf", look_feature },
	{ "netem", false, "delay and loss", "--delay, --jitter and --loss are refused",
		"modprobe sch_netem", look_feature },
	{ "cookie", false, "namespaces have numbers that are never used again", "they are not told",
		"use a kernel with SO_NETNS_COOKIE", look_feature },
};

/* The name's column is as wide as the longest. */
static void print(const struct row *row, enum verdict verdict, const char *detail, const char *mend)
{
	static const char *const words[] = {
		[VERDICT_OK] = "ok",
		[VERDICT_MISSING] = "missing",
		[VERDICT_UNKNOWN] = "unknown",
	};

	(void)printf("%-7s  %-15s  %s", words[verdict], row->name, row->purpose);
	if (verdict == VERDICT_MISSING)
		(void)printf("; without it %s", row->without);
	if (detail)
		(void)printf(": %s", detail);
	(void)printf("\n");
	if (verdict == VERDICT_MISSING && mend)
		(void)printf("%-26sTry: %s\n", "", mend);
}

/* Not when that is first asked for: what was looked at on the host comes before. */
static void go_elsewhere(struct check *check)
{
	int r;

	if (check->kernel || check->error < 0)
		return;
	r = kernel_probe(&check->kernel, &check->what);
	check->error = r < 0 ? r : 0;
}

static bool is_tried(const struct row *row)
{
	return row->look == look_probe || row->look == look_link || row->look == look_feature;
}

int check_all(const char *config_path, const char *socket)
{
	struct check check = {
		.config_path = config_path,
		.socket = socket ? socket : LISTENER_PATH,
		.what = "",
	};
	bool is_all_there = true, is_unknown = false;

	if (config_load(config_path, &check.config, &check.config_wrong) < 0 && !check.config_wrong)
		check.config_wrong = config_path;
	for (size_t i = 0; i < lengthof(rows); i++) {
		const char *detail = NULL, *mend = rows[i].mend;
		enum verdict verdict;

		if (is_tried(&rows[i]))
			go_elsewhere(&check);
		verdict = rows[i].look(&check, &rows[i], &detail, &mend);
		print(&rows[i], verdict, detail, mend);
		is_all_there = is_all_there && (verdict == VERDICT_OK || !rows[i].is_essential);
		is_unknown = is_unknown || (verdict == VERDICT_UNKNOWN && rows[i].is_essential);
	}
	(void)fflush(stdout);
	if (is_unknown && geteuid() != 0)
		(void)fprintf(stderr,
			"nsnetd: only root may look at what is unknown above\nTry: sudo nsnetd --check\n");
	if (check.kernel)
		kernel_free(check.kernel);
	config_done(&check.config);
	arena_done(&check.arena);
	return is_all_there ? 0 : 1;
}
