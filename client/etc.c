/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * etc - the files that programs inside a namespace see in /etc: resolv.conf, hosts, nsswitch.conf
 *
 * The first of these wins for each file:
 *   /etc/netns/NAME/FILE          the administrator's, as for ip-netns(8)
 *   /run/nsnetd/etc/NAME/…        the daemon's: resolv.conf, and hosts.NETWORK, links to what it keeps current per network
 *   the host's own, made to fit
 * A file of the daemon's is handed on as a path, to be bound as it is: it is changed in place, and programs that run see that.
 */
#include "etc.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "etc_text.h"

#define ADMIN_DIRECTORY  "/etc/netns"
#define DAEMON_DIRECTORY "/run/nsnetd/etc"

/* More than the hosts file of a full network; a file of another size is none of these. */
enum { FILE_MAX = 16 * 1024 * 1024 };

/* The whole of a file; 0, or a negative errno. */
static int read_file(struct arena *arena, const char *path, const char **ret)
{
	autoclose int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	size_t size = 4096, length = 0;
	struct stat status;
	char *text;

	if (fd < 0 || fstat(fd, &status) < 0)
		return neg();
	if (!S_ISREG(status.st_mode))
		return -EINVAL;
	text = arena_alloc(arena, size + 1);
	/* Its size is not asked for: files of /proc, where some resolv.conf lead, say 0. */
	for (;;) {
		ssize_t n = read(fd, text + length, size - length);

		if (n < 0)
			return neg();
		if (n == 0)
			break;
		length += (size_t)n;
		if (length == size) {
			char *more = arena_alloc(arena, 2 * size + 1);

			if (size >= FILE_MAX)
				return -EFBIG;
			text = memcpy(more, text, length);
			size *= 2;
		}
	}
	text[length] = '\0';
	*ret = text;
	return 0;
}

static void add(struct arena *arena, struct etc *etc, struct etc_file file)
{
	etc->files = arena_grow(arena, etc->files, etc->n, sizeof(*etc->files));
	etc->files[etc->n++] = file;
}

static bool has_target(const struct etc *etc, const char *target)
{
	for (size_t i = 0; i < etc->n; i++) {
		if (streq(etc->files[i].target, target))
			return true;
	}
	return false;
}

/* Calls back for each entry of a directory but hidden ones; none where there is no directory. */
static int each_entry(const char *path, struct problem *problem,
	void (*on_entry)(
		const char *path, const char *name, void *userdata, struct problem *problem),
	void *userdata)
{
	DIR *directory = opendir(path);
	int r = 0;

	if (!directory)
		return errno == ENOENT ? 0 : problem_errno(problem, neg(), "reading %s", path);
	for (;;) {
		struct dirent *entry;

		errno = 0;
		entry = readdir(directory);
		if (!entry) {
			if (errno != 0)
				r = problem_errno(problem, neg(), "reading %s", path);
			break;
		}
		if (entry->d_name[0] != '.')
			on_entry(path, entry->d_name, userdata, problem);
	}
	(void)closedir(directory);
	return r;
}

static void on_admin_entry(
	const char *path, const char *name, void *userdata, struct problem *problem)
{
	add(problem->arena, userdata,
		(struct etc_file){ .target = arena_printf(problem->arena, "/etc/%s", name),
			.path = arena_printf(problem->arena, "%s/%s", path, name) });
}

struct paths {
	const char **items;
	size_t n;
};

static void on_daemon_entry(
	const char *path, const char *name, void *userdata, struct problem *problem)
{
	struct paths *paths = userdata;
	const char *entry = arena_printf(problem->arena, "%s/%s", path, name);

	/* A link to the file of a network that has just gone has nothing to tell. */
	if (!after(name, "hosts.") || (access(entry, F_OK) < 0 && errno == ENOENT))
		return;
	paths->items = arena_grow(problem->arena, paths->items, paths->n, sizeof(*paths->items));
	paths->items[paths->n++] = entry;
}

static int compare_paths(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int gather_hosts(const char *name, struct etc *etc, struct problem *problem)
{
	struct arena *arena = problem->arena;
	struct etc_file file = { .target = "/etc/hosts" };
	struct paths paths = { NULL, 0 };
	const char **texts;
	int r = each_entry(arena_printf(arena, DAEMON_DIRECTORY "/%s", name), problem,
		on_daemon_entry, &paths);

	if (r != 0)
		return r;
	if (paths.n == 0) {
		file.text = etc_text_lone_hosts(arena, name);
	} else if (paths.n == 1) {
		file.path = paths.items[0];
	} else {
		qsort(paths.items, paths.n, sizeof(*paths.items), compare_paths);
		texts = arena_array(arena, paths.n, sizeof(*texts));
		for (size_t i = 0; i < paths.n; i++) {
			r = read_file(arena, paths.items[i], &texts[i]);
			if (r < 0)
				return problem_errno(problem, r, "reading %s", paths.items[i]);
		}
		file.text = etc_text_join_hosts(arena, texts, paths.n);
	}
	add(arena, etc, file);
	return 0;
}

static int gather_resolv_conf(const char *name, struct etc *etc, struct problem *problem)
{
	/* The second has the servers that systemd-resolved asks, where the first names only itself. */
	static const char *const sources[] = { "/etc/resolv.conf",
		"/run/systemd/resolve/resolv.conf" };
	struct arena *arena = problem->arena;
	struct etc_file file = { .target = "/etc/resolv.conf",
		.path = arena_printf(arena, DAEMON_DIRECTORY "/%s/resolv.conf", name) };
	size_t n_servers = 0;

	if (access(file.path, F_OK) < 0) {
		if (errno != ENOENT)
			return problem_errno(problem, neg(), "reading %s", file.path);
		file.path = NULL;
		file.text = "";
	}
	for (size_t i = 0; !file.path && i < lengthof(sources) && n_servers == 0; i++) {
		const char *host = "", *made;
		int r = read_file(arena, sources[i], &host);

		if (r == -ENOENT)
			continue;
		if (r < 0)
			return problem_errno(problem, r, "reading %s", sources[i]);
		made = etc_text_resolv_conf(arena, host, &n_servers);
		/* Without servers the first is still the host's word on search and options. */
		if (i == 0 || n_servers > 0)
			file.text = made;
	}
	add(arena, etc, file);
	return 0;
}

static int gather_nsswitch(struct etc *etc, struct problem *problem)
{
	struct etc_file file = { .target = "/etc/nsswitch.conf" };
	const char *host = "";
	int r = read_file(problem->arena, file.target, &host);

	/* There is nothing to put a file over, then. */
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return problem_errno(problem, r, "reading %s", file.target);
	file.text = etc_text_nsswitch(problem->arena, host);
	add(problem->arena, etc, file);
	return 0;
}

int etc_gather(const char *name, struct etc *ret, struct problem *problem)
{
	struct etc etc = { NULL, 0 };
	int r = each_entry(arena_printf(problem->arena, ADMIN_DIRECTORY "/%s", name), problem,
		on_admin_entry, &etc);

	if (r == 0 && !has_target(&etc, "/etc/hosts"))
		r = gather_hosts(name, &etc, problem);
	if (r == 0 && !has_target(&etc, "/etc/resolv.conf"))
		r = gather_resolv_conf(name, &etc, problem);
	if (r == 0 && !has_target(&etc, "/etc/nsswitch.conf"))
		r = gather_nsswitch(&etc, problem);
	if (r == 0)
		*ret = etc;
	return r;
}

/* Those of one text, in its order. */
static struct string_list list_servers(struct arena *arena, const char *text)
{
	struct string_list list = { arena_array(arena, strlen(text) / 2 + 1, sizeof(char *)), 0 };
	char *copy = arena_strdup(arena, text);

	for (const char *line; (line = strsep(&copy, "\n"));) {
		const char *rest = after(line, "nameserver");
		size_t n = rest ? strspn(rest, " \t") : 0;

		if (n > 0 && rest[n])
			list.items[list.n++] =
				arena_strndup(arena, rest + n, strcspn(rest + n, " \t"));
	}
	return list;
}

struct string_list etc_name_servers(const char *name, struct arena *arena)
{
	struct problem none = { .arena = arena };
	const char *text = "";
	struct etc etc;

	if (access(arena_printf(arena, DAEMON_DIRECTORY "/%s", name), F_OK) < 0 ||
		etc_gather(name, &etc, &none) != 0)
		return (struct string_list){ 0 };
	for (size_t i = 0; i < etc.n; i++) {
		if (!streq(etc.files[i].target, "/etc/resolv.conf"))
			continue;
		text = etc.files[i].text;
		if (!text && read_file(arena, etc.files[i].path, &text) < 0)
			text = "";
	}
	return list_servers(arena, text);
}
