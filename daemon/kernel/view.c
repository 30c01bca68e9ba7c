/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * view - what a program in a namespace is to see in /etc, where it is systemd that starts it
 *
 * The same as nsnetctl shows to programs that it starts itself. For each file the first of these wins: the administrator's in
 * /etc/netns/NAME; the daemon's own, which is changed in place; the host's, made to fit. What is made is kept beside the daemon's
 * own, and goes with it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>

#include "etc_text.h"
#include "file.h"
#include "state.h"

#define ADMIN_DIRECTORY "/etc/netns"
#define RESOLVED        "/run/systemd/resolve"
#define MADE            "made."

/* More than the hosts file of a full network. */
enum { FILE_MAX = 16 * 1024 * 1024 };

struct look {
	struct kernel *kernel;
	const char *netns;
	struct arena *arena;
	int etc; /* the namespace's directory below the daemon's etc/ */
	struct kernel_view *view;
};

static bool has_target(const struct kernel_view *view, const char *target)
{
	for (size_t i = 0; i < view->n; i++)
		if (streq(view->bindings[i].target, target))
			return true;
	return false;
}

/* Where there is nothing to put it over, it is left out: systemd would make a file on the host. */
static void add(const struct look *look, const char *source, const char *target)
{
	struct kernel_view *view = look->view;

	if (has_target(view, target) || access(target, F_OK) < 0)
		return;
	view->bindings = arena_grow(look->arena, view->bindings, view->n, sizeof(*view->bindings));
	view->bindings[view->n++] = (struct kernel_binding){ source, target };
}

static int add_admin(const struct look *look)
{
	const char *path = arena_printf(look->arena, ADMIN_DIRECTORY "/%s", look->netns);
	autoclose int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	const char **names;
	size_t n;
	int r;

	if (fd < 0)
		return errno == ENOENT ? 0 : neg();
	r = file_list(fd, look->arena, &names, &n);
	for (size_t i = 0; r == 0 && i < n; i++)
		add(look, arena_printf(look->arena, "%s/%s", path, names[i]),
			arena_printf(look->arena, "/etc/%s", names[i]));
	return r;
}

static const char *own_path(const struct look *look, const char *name)
{
	return arena_printf(look->arena, "%s/etc/%s/%s", look->kernel->run, look->netns, name);
}

/* Whether the daemon has such a file there: 1 or 0; -errno where nobody knows. Were it taken for "no" then, the program would see
 * the host's in its place. */
static int has_own(const struct look *look, const char *name)
{
	int r = faccessat(look->etc, name, F_OK, 0) < 0 ? neg() : 1;

	return r < 0 && file_is_verdict(r) ? 0 : r;
}

/* A text as a file beside the daemon's own. One that says the same stays: programs may have it before their eyes. */
static int add_made(const struct look *look, const char *name, const char *text)
{
	const char *made = arena_printf(look->arena, MADE "%s", name);
	char *is;
	size_t n;
	int r = file_read(look->etc, made, FILE_MAX, look->arena, &is, &n);

	if (r < 0 || !streq(is, text))
		r = file_put(look->etc, made, 0644, text, strlen(text), FILE_REPLACE);
	if (r == 0)
		add(look, own_path(look, made), arena_printf(look->arena, "/etc/%s", name));
	return r;
}

/* The host's file; "" where it has none. */
static int read_host(const struct look *look, const char *path, const char **ret)
{
	char *text;
	size_t n;
	int r = file_read_followed(path, FILE_MAX, look->arena, &text, &n);

	*ret = r == 0 ? text : "";
	return r == -ENOENT ? 0 : r;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static int add_hosts(const struct look *look)
{
	const char **names, **texts;
	size_t n, n_hosts = 0;
	int r = file_list(look->etc, look->arena, &names, &n);

	if (r < 0)
		return r;
	texts = arena_array(look->arena, n, sizeof(*texts));
	for (size_t i = 0; i < n; i++) {
		r = after(names[i], "hosts.") ? has_own(look, names[i]) : 0;
		if (r < 0)
			return r;
		if (r > 0)
			names[n_hosts++] = names[i];
	}
	r = 0;
	if (n_hosts == 0)
		return add_made(look, "hosts", etc_text_lone_hosts(look->arena, look->netns));
	if (n_hosts == 1) {
		add(look, own_path(look, names[0]), "/etc/hosts");
		return 0;
	}
	qsort(names, n_hosts, sizeof(*names), compare_names);
	for (size_t i = 0; r == 0 && i < n_hosts; i++)
		r = read_host(look, own_path(look, names[i]), &texts[i]);
	return r < 0 ? r
		     : add_made(look, "hosts", etc_text_join_hosts(look->arena, texts, n_hosts));
}

static int add_resolv_conf(const struct look *look)
{
	/* The second has the servers that systemd-resolved asks, where the first names only itself. */
	static const char *const sources[] = { "/etc/resolv.conf", RESOLVED "/resolv.conf" };
	const char *text = "";
	size_t n_servers = 0;
	int r = has_own(look, "resolv.conf");

	if (r > 0)
		add(look, own_path(look, "resolv.conf"), "/etc/resolv.conf");
	if (r != 0)
		return r < 0 ? r : 0;
	for (size_t i = 0; i < lengthof(sources) && n_servers == 0; i++) {
		const char *host, *made;

		r = read_host(look, sources[i], &host);
		if (r < 0)
			return r;
		made = etc_text_resolv_conf(look->arena, host, &n_servers);
		/* Without servers the first is still the host's word on search and options. */
		if (i == 0 || n_servers > 0)
			text = made;
	}
	return add_made(look, "resolv.conf", text);
}

static int add_nsswitch(const struct look *look)
{
	const char *host;
	int r = read_host(look, "/etc/nsswitch.conf", &host);

	return r < 0 ? r : add_made(look, "nsswitch.conf", etc_text_nsswitch(look->arena, host));
}

/* What answers for host names outside the network is not to be there: nscd, and systemd-resolved but for the two places that
 * /etc/resolv.conf may lead to. */
static void hide_resolvers(const struct look *look)
{
	static const char *const all[] = { "/run/nscd", RESOLVED };
	static const char *const places[] = { RESOLVED "/resolv.conf",
		RESOLVED "/stub-resolv.conf" };
	struct kernel_view *view = look->view;

	view->hidden.items = arena_array(look->arena, lengthof(all), sizeof(const char *));
	for (size_t i = 0; i < lengthof(all); i++)
		if (access(all[i], F_OK) == 0)
			view->hidden.items[view->hidden.n++] = all[i];
	for (size_t i = 0, n = view->n; i < n; i++)
		for (size_t j = 0; j < lengthof(places); j++)
			if (streq(view->bindings[i].target, "/etc/resolv.conf"))
				add(look, view->bindings[i].source, places[j]);
}

int kernel_view(
	struct kernel *kernel, const char *netns, struct arena *arena, struct kernel_view *ret)
{
	struct kernel_view view = { 0 };
	autoclose int etc = file_open_directory(kernel->etc, netns, 0755);
	const struct look look = { kernel, netns, arena, etc, &view };
	int r = etc < 0 ? etc : add_admin(&look);

	if (r == 0 && !has_target(&view, "/etc/hosts"))
		r = add_hosts(&look);
	if (r == 0 && !has_target(&view, "/etc/resolv.conf"))
		r = add_resolv_conf(&look);
	if (r == 0 && !has_target(&view, "/etc/nsswitch.conf"))
		r = add_nsswitch(&look);
	if (r < 0)
		return r;
	hide_resolvers(&look);
	*ret = view;
	return 0;
}

int kernel_find_directory(int fd, struct arena *arena, const char **ret)
{
	char link[sizeof("/proc/self/fd/") + 11], path[PATH_MAX];
	struct stat st;
	ssize_t n;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (fstat(fd, &st) < 0)
		return neg();
	if (!S_ISDIR(st.st_mode))
		return -ENOTDIR;
	if (st.st_nlink == 0)
		return -ENOENT;
	n = readlink(link, path, sizeof(path));
	if (n < 0)
		return neg();
	if (n == (ssize_t)sizeof(path) || path[0] != '/')
		return -ENAMETOOLONG;
	*ret = arena_strndup(arena, path, (size_t)n);
	return 0;
}
