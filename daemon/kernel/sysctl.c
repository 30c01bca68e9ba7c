/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sysctl - settings of the host, and what they were before
 *
 * What a setting was before us is kept in a file of its own before it is changed, and stays there whatever we set it to later:
 * so it can be put back after a restart as well.
 *
 * Where an interface forwards, it does so of its own or because all do: who writes conf/all/forwarding (or ip_forward) writes
 * every interface's. One that was as "all" has it is kept as just that, ALL, and not as a number: what the administrator has
 * said of all since then holds for it when it is put back.
 */
#include "sysctl.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/socket.h>

#include "file.h"

#define KEY_SIZE   80
#define VALUE_SIZE 32

#define ALL "all"

/* The settings that we may touch, of one interface or of the host: nothing else has a way here. */
static const struct setting_of {
	const char *before, *after; /* after NULL: of the host */
	bool is_inherited;          /* who writes that of "all" writes every interface's */
} keys[] = {
	{ "net/ipv4/conf/", "/forwarding", true },
	{ "net/ipv4/conf/", "/route_localnet", false },
	{ "net/ipv6/conf/", "/force_forwarding", true },
	{ "net/ipv6/conf/", "/accept_ra", false },
	{ "net/bridge/bridge-nf-call-iptables", NULL, false },
	{ "net/bridge/bridge-nf-call-ip6tables", NULL, false },
	{ "net/ipv4/neigh/default/gc_thresh1", NULL, false },
	{ "net/ipv4/neigh/default/gc_thresh2", NULL, false },
	{ "net/ipv4/neigh/default/gc_thresh3", NULL, false },
	{ "net/ipv6/neigh/default/gc_thresh1", NULL, false },
	{ "net/ipv6/neigh/default/gc_thresh2", NULL, false },
	{ "net/ipv6/neigh/default/gc_thresh3", NULL, false },
};

/* NULL: it is none of ours. */
static const struct setting_of *find(const char *key)
{
	for (size_t i = 0; i < lengthof(keys); i++) {
		const char *interface = after(key, keys[i].before);
		const char *end = interface ? strchr(interface, '/') : NULL;
		char name[INTERFACE_SIZE];
		size_t n = end ? (size_t)(end - interface) : sizeof(name);

		if (!keys[i].after) {
			if (streq(key, keys[i].before))
				return &keys[i];
			continue;
		}
		if (n >= sizeof(name) || !streq(end, keys[i].after))
			continue;
		memcpy(name, interface, n);
		name[n] = 0;
		if (interface_name_is_valid(name))
			return &keys[i];
	}
	return NULL;
}

static bool key_is_valid(const char *key)
{
	return find(key) != NULL;
}

static_assert(sizeof("net/ipv6/conf//force_forwarding") + INTERFACE_SIZE < KEY_SIZE, "a key fits");

/* The file that the former value is kept in. */
static void kept_name(const char *key, char ret[KEY_SIZE])
{
	(void)snprintf(ret, KEY_SIZE, "%s", key);
	for (char *p = ret; *p; p++)
		if (*p == '/')
			*p = ',';
}

static void path_of(const char *key, char ret[KEY_SIZE + 4])
{
	(void)snprintf(ret, KEY_SIZE + 4, "sys/%s", key);
}

/* One line of /proc/sys. */
static int read_value(const struct kernel *kernel, const char *key, struct arena *arena, char **ret)
{
	char path[KEY_SIZE + 4];
	size_t n;
	int r;

	path_of(key, path);
	r = file_read(kernel->proc, path, VALUE_SIZE, arena, ret, &n);
	if (r == 0)
		(*ret)[strcspn(*ret, "\n")] = 0;
	return r;
}

/* What that setting of "all" says; the key is an interface's. */
static int read_all(const struct kernel *kernel, const char *key, struct arena *arena, char **ret)
{
	const struct setting_of *setting = find(key);

	return !setting || !setting->is_inherited
		       ? -EINVAL
		       : read_value(kernel,
				 arena_printf(
					 arena, "%s" ALL "%s", setting->before, setting->after),
				 arena, ret);
}

/* What is kept of a setting, as a number. -ENOENT: nothing is. */
static int read_kept(const struct kernel *kernel, const char *key, struct arena *arena, char **ret)
{
	char name[KEY_SIZE], *value;
	size_t n;
	int r;

	kept_name(key, name);
	r = file_read(kernel->sysctl, name, VALUE_SIZE, arena, &value, &n);
	if (r < 0)
		return r;
	value[strcspn(value, "\n")] = 0;
	if (streq(value, ALL))
		return read_all(kernel, key, arena, ret);
	*ret = value;
	return 0;
}

static int keep(const struct kernel *kernel, const char *key, bool *ret_is_new)
{
	autoarena struct arena arena = ARENA_INIT;
	char name[KEY_SIZE];
	char *value, *all;
	int r;

	kept_name(key, name);
	r = read_value(kernel, key, &arena, &value);
	if (r < 0)
		return r;
	r = read_all(kernel, key, &arena, &all);
	/* Has none. */
	if (r < 0 && r != -EINVAL)
		return r;
	if (r == 0 && streq(value, all))
		value = arena_strdup(&arena, ALL);
	r = file_put(kernel->sysctl, name, 0600, value, strlen(value), FILE_KEEP);
	*ret_is_new = r == 0;
	return r == -EEXIST ? 0 : r;
}

static int keep_and_set(const struct kernel *kernel, const char *key, int value)
{
	char path[KEY_SIZE + 4], name[KEY_SIZE], text[VALUE_SIZE];
	bool is_new = false;
	int r = keep(kernel, key, &is_new);

	if (r < 0)
		return r;
	path_of(key, path);
	(void)snprintf(text, sizeof(text), "%d", value);
	r = file_write_once(kernel->proc, path, text);
	if (r < 0 && is_new) {
		kept_name(key, name);
		(void)file_remove(kernel->sysctl, name);
	}
	return r;
}

/* Whether the interface that a setting is of has gone. */
static bool is_orphan(const struct kernel *kernel, const char *key)
{
	const struct setting_of *setting = find(key);
	char path[KEY_SIZE + 4];

	if (!setting || !setting->after)
		return false;
	path_of(key, path);
	*strrchr(path, '/') = 0;
	return faccessat(kernel->proc, path, F_OK, 0) < 0 && errno == ENOENT;
}

/* An uplink may go while somebody makes his network: nothing comes in by it then. */
int sysctl_set(struct kernel *kernel, const struct step *step)
{
	const char *key = step->sysctl.key;
	int r = key_is_valid(key) ? keep_and_set(kernel, key, step->sysctl.value) : -EINVAL;

	return r == -ENOENT && is_orphan(kernel, key) ? 0 : r;
}

int sysctl_restore(struct kernel *kernel, const struct step *step)
{
	const char *key = step->sysctl.key;
	autoarena struct arena arena = ARENA_INIT;
	char path[KEY_SIZE + 4], name[KEY_SIZE];
	char *value;
	int r;

	if (!key_is_valid(key))
		return -EINVAL;
	path_of(key, path);
	kept_name(key, name);
	r = read_kept(kernel, key, &arena, &value);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = file_write_once(kernel->proc, path, value);
	/* The interface is gone. */
	if (r < 0 && r != -ENOENT)
		return r;
	return file_remove(kernel->sysctl, name);
}

static int number_of(int r, const char *value, int *ret)
{
	char *end;
	long number;

	if (r < 0)
		return r;
	number = strtol(value, &end, 10);
	if (end == value || *end || number < INT_MIN || number > INT_MAX)
		return -EBADMSG;
	*ret = (int)number;
	return 0;
}

int sysctl_current(const struct kernel *kernel, const char *key, int *ret)
{
	autoarena struct arena arena = ARENA_INIT;
	char *value = NULL;
	int r = strlen(key) < KEY_SIZE ? read_value(kernel, key, &arena, &value) : -EINVAL;

	return number_of(r, value, ret);
}

int sysctl_before(const struct kernel *kernel, const char *key, int *ret)
{
	autoarena struct arena arena = ARENA_INIT;
	char *value = NULL;
	int r = strlen(key) < KEY_SIZE ? read_kept(kernel, key, &arena, &value) : -EINVAL;

	return r == -ENOENT ? sysctl_current(kernel, key, ret) : number_of(r, value, ret);
}

bool sysctl_is_kept(const struct kernel *kernel, const char *key)
{
	char name[KEY_SIZE];

	if (!key_is_valid(key))
		return false;
	kept_name(key, name);
	return faccessat(kernel->sysctl, name, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

int kernel_neighbour_limits(struct kernel *kernel, int family, int ret[KERNEL_NEIGHBOUR_LIMITS])
{
	int r = 0;

	for (int i = 0; r == 0 && i < KERNEL_NEIGHBOUR_LIMITS; i++) {
		char key[KEY_SIZE];

		(void)snprintf(key, sizeof(key), "net/%s/neigh/default/gc_thresh%d",
			family == AF_INET ? "ipv4" : "ipv6", i + 1);
		r = sysctl_current(kernel, key, &ret[i]);
	}
	return r;
}

int kernel_kept(struct kernel *kernel, struct arena *arena, struct string_list *ret)
{
	const char **names;
	size_t n, n_kept = 0;
	int r = file_list(kernel->sysctl, arena, &names, &n);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		char *key = arena_strdup(arena, names[i]);

		for (char *p = key; *p; p++)
			if (*p == ',')
				*p = '/';
		if (strlen(key) < KEY_SIZE && key_is_valid(key))
			names[n_kept++] = key;
	}
	*ret = (struct string_list){ .items = names ? names : arena_alloc(arena, 0), .n = n_kept };
	return 0;
}
