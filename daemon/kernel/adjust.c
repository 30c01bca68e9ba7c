/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * adjust - changes of links that are there, and settings inside a namespace
 */
#include "adjust.h"

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdio.h>

#include "file.h"
#include "link.h"
#include "netns.h"
#include "port.h"

define_cleanup(struct nl_msg *, nlmsg_free);

/* The longest key: an interface's name in it, and some. */
#define KEY_SIZE  160
#define VALUE_MAX 256U

static struct nl_msg *build_mtu(int index, unsigned mtu)
{
	const struct ifinfomsg header = { .ifi_index = index };
	cleanup(nlmsg_free) struct nl_msg *m =
		netlink_message(RTM_SETLINK, 0, &header, sizeof(header));

	if (!m || nla_put_u32(m, IFLA_MTU, mtu) < 0)
		return NULL;
	return take(m);
}

int adjust_mtu(struct kernel *kernel, const struct step *step)
{
	struct netns *netns = step->netns ? netns_find(kernel, step->netns) : NULL;
	struct netlink *inside;
	int index, r;

	if (!step->netns) {
		index = link_find(kernel, step->mtu.interface);
		return index < 0 ? index
				 : netlink_send(&kernel->host, build_mtu(index, step->mtu.after));
	}
	r = netns ? netns_inside(kernel, netns, &inside) : -ENOENT;
	if (r < 0)
		return r;
	index = netlink_index(inside, step->mtu.interface);
	if (index < 0)
		return index;
	r = netlink_send(inside, build_mtu(index, step->mtu.after));
	memcpy(kernel->host.words, inside->words, sizeof(inside->words));
	return r;
}

int adjust_isolated(struct kernel *kernel, const struct step *step)
{
	int index = link_find(kernel, step->isolated.port);

	return index < 0 ? index
			 : netlink_send(
				   &kernel->host, port_build_isolated(index, step->isolated.after));
}

/* The model has a closed list; what it hands down must stay below sys/net all the same. */
static bool key_is_valid(const char *key)
{
	if (!after(key, "net/") || strlen(key) >= KEY_SIZE)
		return false;
	for (const char *part = key;; part++) {
		size_t n = strcspn(part, "/");

		/* No setting begins with a dot, and no interface has "." or ".." for a name. */
		if (n == 0 || (n == 1 && part[0] == '.') ||
			(n == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		part += n;
		if (!*part)
			return true;
	}
}

static bool value_is_valid(const char *value)
{
	size_t sign = *value == '-' ? 1 : 0, n = strspn(value + sign, "0123456789");

	return n > 0 && !value[sign + n] && sign + n < SETTING_TEXT_SIZE;
}

/* The number at the beginning of a file of /proc/sys: some have several. */
static int read_number(int proc, const char *path, char ret[SETTING_TEXT_SIZE])
{
	autoarena struct arena arena = ARENA_INIT;
	char *text;
	size_t n;
	int r = file_read(proc, path, VALUE_MAX, &arena, &text, &n);

	if (r < 0)
		return r;
	text[strcspn(text, " \t\n")] = 0;
	if (!value_is_valid(text))
		return -EBADMSG;
	(void)snprintf(ret, SETTING_TEXT_SIZE, "%s", text);
	return 0;
}

int adjust_read_setting(struct kernel *kernel, const struct step *step)
{
	const struct netns *netns = step->netns ? netns_find(kernel, step->netns) : NULL;
	char path[sizeof("sys/") + KEY_SIZE], now[SETTING_TEXT_SIZE];
	int proc, r;

	if (!netns)
		return -ENOENT;
	if (!key_is_valid(step->setting.key))
		return -EINVAL;
	(void)snprintf(path, sizeof(path), "sys/%s", step->setting.key);
	r = netns_enter(kernel, netns, &proc);
	if (r < 0)
		return r;
	r = read_number(proc, path, now);
	netns_leave(kernel);
	if (r == 0)
		memcpy(step->setting.ret_before, now, sizeof(now));
	return r;
}

int adjust_setting(struct kernel *kernel, const struct step *step)
{
	const struct netns *netns = step->netns ? netns_find(kernel, step->netns) : NULL;
	char path[sizeof("sys/") + KEY_SIZE], before[SETTING_TEXT_SIZE] = "";
	int proc, r;

	if (!netns)
		return -ENOENT;
	if (!key_is_valid(step->setting.key) || !value_is_valid(step->setting.value))
		return -EINVAL;
	(void)snprintf(path, sizeof(path), "sys/%s", step->setting.key);
	r = netns_enter(kernel, netns, &proc);
	if (r < 0)
		return r;
	if (step->setting.ret_before)
		r = read_number(proc, path, before);
	if (r == 0)
		r = file_write_once(proc, path, step->setting.value);
	netns_leave(kernel);
	/* The value to be set may lie where the one before is to go: that is how it is taken back. */
	if (r == 0 && step->setting.ret_before && step->setting.ret_before != step->setting.value)
		memcpy(step->setting.ret_before, before, sizeof(before));
	return r;
}
