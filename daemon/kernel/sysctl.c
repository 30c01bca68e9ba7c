/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sysctl - settings of the host's interfaces, and what they were before
 *
 * What a setting was before us is kept in a file of its own before it is changed, and stays there whatever we set it to later:
 * so it can be put back after a restart as well.
 */
#include "sysctl.h"

#include <fcntl.h>
#include <stdio.h>

#include "file.h"

#define KEY_SIZE   80
#define VALUE_SIZE 32

/* The settings that we may touch, of one interface: nothing else has a way here. */
static const struct {
	const char *before, *after;
} keys[] = {
	{ "net/ipv4/conf/", "/forwarding" },
	{ "net/ipv6/conf/", "/force_forwarding" },
	{ "net/ipv6/conf/", "/accept_ra" },
};

static bool key_is_valid(const char *key)
{
	for (size_t i = 0; i < lengthof(keys); i++) {
		const char *interface = after(key, keys[i].before);
		const char *end = interface ? strchr(interface, '/') : NULL;
		char name[INTERFACE_SIZE];
		size_t n = end ? (size_t)(end - interface) : sizeof(name);

		if (n >= sizeof(name) || !streq(end, keys[i].after))
			continue;
		memcpy(name, interface, n);
		name[n] = 0;
		if (interface_name_is_valid(name))
			return true;
	}
	return false;
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

static int keep(const struct kernel *kernel, const char *key, bool *ret_is_new)
{
	autoarena struct arena arena = ARENA_INIT;
	char path[KEY_SIZE + 4], name[KEY_SIZE];
	char *value;
	size_t n;
	int r;

	path_of(key, path);
	kept_name(key, name);
	r = file_read(kernel->proc, path, VALUE_SIZE, &arena, &value, &n);
	if (r < 0)
		return r;
	r = file_put(kernel->sysctl, name, 0600, value, n, FILE_KEEP);
	*ret_is_new = r == 0;
	return r == -EEXIST ? 0 : r;
}

int sysctl_set(const struct kernel *kernel, const char *key, int value)
{
	char path[KEY_SIZE + 4], name[KEY_SIZE], text[VALUE_SIZE];
	bool is_new = false;
	int r;

	if (!key_is_valid(key))
		return -EINVAL;
	r = keep(kernel, key, &is_new);
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

int sysctl_restore(const struct kernel *kernel, const char *key)
{
	autoarena struct arena arena = ARENA_INIT;
	char path[KEY_SIZE + 4], name[KEY_SIZE];
	char *value;
	size_t n;
	int r;

	if (!key_is_valid(key))
		return -EINVAL;
	path_of(key, path);
	kept_name(key, name);
	r = file_read(kernel->sysctl, name, VALUE_SIZE, &arena, &value, &n);
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	r = file_write_once(kernel->proc, path, value);
	/* The interface is gone. */
	if (r < 0 && r != -ENOENT)
		return r;
	return file_remove(kernel->sysctl, name);
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
