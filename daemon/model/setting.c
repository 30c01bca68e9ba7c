/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * setting - which settings of a network namespace may be declared: a closed list, each a number in a range
 *
 * The ranges are those that Linux 6.1 and all later ones take. Not here: what has more than one number in it, what writes to
 * the host's log or uses up its memory, and what holds for all namespaces at once. Ports that need no privilege end where those
 * begin that are chosen for clients: the kernel lets them overlap no further.
 */
#include "setting.h"

#include "name.h"

#define KEY_SIZE  128U
#define DIGITS    "0123456789"
#define NOT_THERE "not a setting that can be declared"

/* In the order of their names. "*" is an interface, or "all", or "default". */
static const struct setting_range {
	const char *name;
	int64_t least, most;
} ranges[] = {
	{ "net.core.somaxconn", 0, 65535 },
	{ "net.ipv4.conf.*.accept_local", 0, 1 },
	{ "net.ipv4.conf.*.accept_redirects", 0, 1 },
	{ "net.ipv4.conf.*.arp_accept", 0, 2 },
	{ "net.ipv4.conf.*.arp_announce", 0, 2 },
	{ "net.ipv4.conf.*.arp_filter", 0, 1 },
	{ "net.ipv4.conf.*.arp_ignore", 0, 8 },
	{ "net.ipv4.conf.*.arp_notify", 0, 1 },
	{ "net.ipv4.conf.*.forwarding", 0, 1 },
	{ "net.ipv4.conf.*.ignore_routes_with_linkdown", 0, 1 },
	{ "net.ipv4.conf.*.promote_secondaries", 0, 1 },
	{ "net.ipv4.conf.*.proxy_arp", 0, 1 },
	{ "net.ipv4.conf.*.route_localnet", 0, 1 },
	{ "net.ipv4.conf.*.rp_filter", 0, 2 },
	{ "net.ipv4.conf.*.secure_redirects", 0, 1 },
	{ "net.ipv4.conf.*.send_redirects", 0, 1 },
	{ "net.ipv4.conf.*.shared_media", 0, 1 },
	{ "net.ipv4.conf.*.src_valid_mark", 0, 1 },
	{ "net.ipv4.fib_multipath_hash_policy", 0, 3 },
	{ "net.ipv4.fib_multipath_use_neigh", 0, 1 },
	{ "net.ipv4.icmp_echo_ignore_all", 0, 1 },
	{ "net.ipv4.icmp_echo_ignore_broadcasts", 0, 1 },
	{ "net.ipv4.icmp_ratelimit", 0, 3600000 },
	{ "net.ipv4.ip_default_ttl", 1, 255 },
	{ "net.ipv4.ip_forward", 0, 1 },
	{ "net.ipv4.ip_no_pmtu_disc", 0, 3 },
	{ "net.ipv4.ip_nonlocal_bind", 0, 1 },
	{ "net.ipv4.ip_unprivileged_port_start", 0, 32768 },
	{ "net.ipv4.tcp_ecn", 0, 2 },
	{ "net.ipv4.tcp_fastopen", 0, 3 },
	{ "net.ipv4.tcp_fin_timeout", 1, 3600 },
	{ "net.ipv4.tcp_keepalive_intvl", 1, 32767 },
	{ "net.ipv4.tcp_keepalive_probes", 1, 127 },
	{ "net.ipv4.tcp_keepalive_time", 1, 32767 },
	{ "net.ipv4.tcp_max_syn_backlog", 1, 65535 },
	{ "net.ipv4.tcp_mtu_probing", 0, 2 },
	{ "net.ipv4.tcp_retries2", 1, 15 },
	{ "net.ipv4.tcp_sack", 0, 1 },
	{ "net.ipv4.tcp_slow_start_after_idle", 0, 1 },
	{ "net.ipv4.tcp_syn_retries", 1, 127 },
	{ "net.ipv4.tcp_synack_retries", 0, 255 },
	{ "net.ipv4.tcp_syncookies", 0, 2 },
	{ "net.ipv4.tcp_timestamps", 0, 2 },
	{ "net.ipv4.tcp_tw_reuse", 0, 2 },
	{ "net.ipv4.tcp_window_scaling", 0, 1 },
	{ "net.ipv6.bindv6only", 0, 1 },
	{ "net.ipv6.conf.*.accept_dad", 0, 2 },
	{ "net.ipv6.conf.*.accept_ra", 0, 2 },
	{ "net.ipv6.conf.*.accept_ra_defrtr", 0, 1 },
	{ "net.ipv6.conf.*.accept_ra_pinfo", 0, 1 },
	{ "net.ipv6.conf.*.accept_redirects", 0, 1 },
	{ "net.ipv6.conf.*.autoconf", 0, 1 },
	{ "net.ipv6.conf.*.dad_transmits", 0, 255 },
	{ "net.ipv6.conf.*.disable_ipv6", 0, 1 },
	{ "net.ipv6.conf.*.forwarding", 0, 1 },
	{ "net.ipv6.conf.*.hop_limit", 1, 255 },
	{ "net.ipv6.conf.*.keep_addr_on_down", -1, 1 },
	{ "net.ipv6.conf.*.proxy_ndp", 0, 1 },
	{ "net.ipv6.conf.*.router_solicitations", -1, 255 },
	{ "net.ipv6.conf.*.use_tempaddr", -1, 2 },
	{ "net.ipv6.fib_multipath_hash_policy", 0, 3 },
	{ "net.ipv6.icmp.echo_ignore_all", 0, 1 },
	{ "net.ipv6.ip_nonlocal_bind", 0, 1 },
};

struct setting *setting_find(struct setting *settings, size_t n, const char *key)
{
	for (size_t i = 0; i < n; i++)
		if (streq(settings[i].key, key))
			return &settings[i];
	return NULL;
}

const char *setting_name(size_t i)
{
	return i < lengthof(ranges) ? ranges[i].name : NULL;
}

void setting_range(size_t i, int64_t *ret_least, int64_t *ret_most)
{
	assert(i < lengthof(ranges));
	*ret_least = ranges[i].least;
	*ret_most = ranges[i].most;
}

/* As sysctl(8) does: where the first separator is a dot, dots and slashes change places. */
static void make_path(char *key)
{
	const char *first = strpbrk(key, "./");

	if (!first || *first == '/')
		return;
	for (char *p = key; *p; p++)
		if (*p == '.')
			*p = '/';
		else if (*p == '/')
			*p = '.';
}

/* Up to the next slash: the end of it; NULL: it is no interface. */
static const char *skip_interface(const char *text)
{
	static const char *const others[] = { "all", "default", "lo" };
	char name[INTERFACE_SIZE];
	size_t n = strcspn(text, "/");

	if (n >= sizeof(name))
		return NULL;
	memcpy(name, text, n);
	name[n] = 0;
	for (size_t i = 0; i < lengthof(others); i++)
		if (streq(name, others[i]))
			return text + n;
	return interface_name_is_valid(name) ? text + n : NULL;
}

static bool is_of(const char *path, const char *name)
{
	for (; *name; name++) {
		if (*name == '*') {
			path = skip_interface(path);
			if (!path)
				return false;
		} else if (*path++ != (*name == '.' ? '/' : *name)) {
			return false;
		}
	}
	return !*path;
}

static const struct setting_range *find_range(const char *path)
{
	for (size_t i = 0; i < lengthof(ranges); i++)
		if (is_of(path, ranges[i].name))
			return &ranges[i];
	return NULL;
}

/* A plain decimal number: no blanks, no plus, no zeros before it. */
static bool read_number(const char *text, int64_t *ret)
{
	bool is_negative = *text == '-';
	const char *digits = text + is_negative;
	size_t n = strspn(digits, DIGITS);
	int64_t value = 0;

	if (n == 0 || n > 10 || digits[n] || (digits[0] == '0' && (n > 1 || is_negative)))
		return false;
	for (size_t i = 0; i < n; i++)
		value = 10 * value + (digits[i] - '0');
	*ret = is_negative ? -value : value;
	return true;
}

const char *setting_parse(
	struct arena *arena, const char *key, const char *value, struct setting *ret)
{
	const struct setting_range *range;
	int64_t number;
	char *path;

	if (strnlen(key, KEY_SIZE) == KEY_SIZE)
		return NOT_THERE;
	path = arena_strdup(arena, key);
	make_path(path);
	range = find_range(path);
	if (!range)
		return NOT_THERE;
	if (!read_number(value, &number) || number < range->least || number > range->most)
		return arena_printf(arena, "a number from %lld to %lld", (long long)range->least,
			(long long)range->most);
	*ret = (struct setting){ .key = path };
	memcpy(ret->value, value, strlen(value) + 1); /* ten digits at most */
	return NULL;
}
