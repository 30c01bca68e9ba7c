/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sequence_real - random sequences over the real kernel, in a sandbox of their own
 *
 * What there is is read back by nft(8), by libc (interfaces and addresses, also from inside the namespaces) and from files, and told
 * in the words of the fake kernel; what was there before and after is compared as ip(8) and nft(8) show it. The kernel takes the
 * links of a namespace away in its own time, so it is looked at again for some seconds.
 */
#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <time.h>

#include "deletion.h"
#include "recover.h"
#include "sandbox.h"
#include "sequence.h"

#define SECONDS 10

void sequence_enter(void)
{
	autoarena struct arena arena = ARENA_INIT;

	sandbox_enter();
	(void)sandbox_run(&arena, NULL,
		"set -e; for link in uplink0 eth7; do ip link add $link type veth peer name ${link}p; "
		"ip link set $link up; ip link set ${link}p up; done; ip addr add 192.0.2.1/24 dev uplink0; "
		"ip route add default via 192.0.2.254; ip addr add 192.168.7.1/24 dev eth7");
}

int sequence_open(struct world **ret)
{
	void *state;

	if (world_open(&state) < 0)
		return -1;
	*ret = state;
	return 0;
}

void sequence_close(struct world *world)
{
	(void)world_close((void **)&world);
}

/* The same seed draws the same, and meets no fault here. */
bool sequence_fail_at(struct world *world, enum step_type type, unsigned n)
{
	(void)world;
	(void)type;
	(void)n;
	return false;
}

void sequence_fail_no_more(struct world *world)
{
	(void)world;
}

void sequence_restart(struct world *world)
{
	registry_done(&world->registry);
	kernel_free(world->kernel);
	registry_init(&world->registry);
	if (kernel_new(&kernel_paths_default, &world->kernel, NULL) < 0)
		abort();
	world->context.kernel = world->kernel;
	if (recover_all(&world->context) < 0)
		abort();
}

bool sequence_reboot(struct world *world)
{
	(void)world;
	return false;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Sorted, a line each, without what is not told of here: where in its file a host's line stands. */
static const char *sorted(const struct sequence_things *things, struct arena *arena)
{
	struct sequence_things copy = *things;
	const char *text = "";

	qsort(copy.items, copy.n, sizeof(copy.items[0]), compare_lines);
	for (size_t i = 0; i < copy.n; i++) {
		const char *network = after(copy.items[i], "hosts ");

		if (!network || !strchr(network, ' '))
			text = arena_printf(arena, "%s%s\n", text, copy.items[i]);
	}
	return text;
}

static const char *first_difference(const char *wanted, const char *got, struct arena *arena)
{
	size_t line = 0, i = 0;

	for (; wanted[i] == got[i] && wanted[i]; i++)
		if (wanted[i] == '\n')
			line = i + 1;
	return arena_printf(arena, "\"%.*s\" must be there, and \"%.*s\" is",
		(int)strcspn(wanted + line, "\n"), wanted + line, (int)strcspn(got + line, "\n"),
		got + line);
}

/* Reading. */

__attribute__((format(printf, 3, 4))) static void add(
	struct sequence_things *things, struct arena *arena, const char *format, ...)
{
	va_list arguments;
	char text[512];

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	assert_true(things->n < lengthof(things->items));
	things->items[things->n++] = arena_strdup(arena, text);
}

/* "nsnet12", "nsv3": not an anchor, "nsnet12a". */
static bool is_ours(const char *name)
{
	const char *digits = after(name, "nsnet");

	if (!digits)
		digits = after(name, "nsv");
	return digits && *digits && !digits[strspn(digits, "0123456789")];
}

static unsigned length_of(const struct sockaddr *mask, size_t n)
{
	const uint8_t *bytes =
		mask->sa_family == AF_INET
			? (const void *)&((const struct sockaddr_in *)(const void *)mask)->sin_addr
			: (const void *)&((const struct sockaddr_in6 *)(const void *)mask)
				  ->sin6_addr;
	unsigned length = 0;

	for (size_t i = 0; i < n; i++)
		length += (unsigned)__builtin_popcount(bytes[i]);
	return length;
}

/* Of the network namespace that we are in; netns "-": the host's. */
static void read_addresses(struct sequence_things *things, struct arena *arena, const char *netns)
{
	struct ifaddrs *all;

	assert_int_equal(getifaddrs(&all), 0);
	for (const struct ifaddrs *at = all; at; at = at->ifa_next) {
		int family = at->ifa_addr ? at->ifa_addr->sa_family : AF_UNSPEC;
		char text[INET6_ADDRSTRLEN];
		const void *bytes;

		if ((family != AF_INET && family != AF_INET6) || at->ifa_flags & IFF_LOOPBACK ||
			(streq(netns, "-") && !is_ours(at->ifa_name)))
			continue;
		bytes = family == AF_INET
				? (const void *)&(
					  (const struct sockaddr_in *)(const void *)at->ifa_addr)
					  ->sin_addr
				: (const void *)&(
					  (const struct sockaddr_in6 *)(const void *)at->ifa_addr)
					  ->sin6_addr;
		assert_non_null(inet_ntop(family, bytes, text, sizeof(text)));
		if (!after(text, "fe80:"))
			add(things, arena, "address %s %s %s/%u", netns, at->ifa_name, text,
				length_of(at->ifa_netmask, family == AF_INET ? 4 : 16));
	}
	freeifaddrs(all);
}

static void read_links(struct sequence_things *things, struct arena *arena)
{
	struct if_nameindex *all = if_nameindex();

	assert_non_null(all);
	for (const struct if_nameindex *at = all; at->if_index; at++)
		if (is_ours(at->if_name))
			add(things, arena, "link %s", at->if_name);
	if_freenameindex(all);
}

static void read_inside(struct sequence_things *things, struct arena *arena, const char *name)
{
	autoclose int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	autoclose int fd = open(arena_printf(arena, "/run/netns/%s", name), O_RDONLY | O_CLOEXEC);

	assert_true(home >= 0 && fd >= 0);
	assert_int_equal(setns(fd, CLONE_NEWNET), 0);
	read_addresses(things, arena, name);
	assert_int_equal(setns(home, CLONE_NEWNET), 0);
}

static void read_mounts(struct sequence_things *things, struct arena *arena)
{
	FILE *file = fopen("/proc/self/mountinfo", "re");
	char line[1024], name[256];

	assert_non_null(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%*s %*s %*s %*s /run/netns/%255s", name) == 1) {
			add(things, arena, "netns %s", name);
			add(things, arena, "pin %s", name);
			read_inside(things, arena, name);
		}
	(void)fclose(file);
}

/* Each file or directory there, without that at its name's end. */
static void read_files(struct sequence_things *things, struct arena *arena, const char *path,
	const char *what, const char *suffix)
{
	DIR *directory = opendir(path);
	const struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		size_t n = strlen(entry->d_name), n_suffix = strlen(suffix);

		if (*entry->d_name == '.')
			continue;
		if (n > n_suffix && streq(entry->d_name + n - n_suffix, suffix))
			n -= n_suffix;
		add(things, arena, "%s%.*s", what, (int)n, entry->d_name);
	}
	if (directory)
		(void)closedir(directory);
}

static void read_ports(
	struct sequence_things *things, struct arena *arena, const char *ruleset, size_t family)
{
	const char *map = strstr(ruleset, family == 0 ? "map ports4 {" : "map ports6 {");
	const char *end = map ? strstr(map, "\n\t}") : NULL;
	const char *at = map ? strstr(map, "elements = {") : NULL;

	for (at = at && at < end ? at + strlen("elements = {") : NULL; at && at < end; at++) {
		char protocol[8], target[64];
		unsigned host, inside;

		if (sscanf(at, " %7[a-z] . %u : %63s . %u", protocol, &host, target, &inside) == 4)
			add(things, arena, "port %s %s %u %s %u", protocol,
				family == 0 ? "0.0.0.0" : "::", host, target, inside);
		at += strcspn(at, ",}");
	}
}

static void read_all(struct sequence_things *things, struct arena *arena)
{
	const char *ruleset = sandbox_run(arena, NULL, "nft list ruleset");

	things->n = 0;
	read_links(things, arena);
	read_addresses(things, arena, "-");
	read_mounts(things, arena);
	read_files(things, arena, "/run/nsnetd/etc", "etc ", "");
	read_files(things, arena, "/run/nsnetd/hosts", "hosts ", "");
	read_files(things, arena, "/run/nsnetd/state/namespaces", "record namespaces/", ".json");
	read_files(things, arena, "/run/nsnetd/state/networks", "record networks/", ".json");
	read_files(things, arena, "/var/lib/nsnetd/namespaces", "wish namespaces/", ".json");
	read_files(things, arena, "/var/lib/nsnetd/networks", "wish networks/", ".json");
	for (size_t family = 0; family < FAMILIES; family++)
		read_ports(things, arena, ruleset, family);
}

const char *sequence_compare(struct world *world, const struct sequence_things *things)
{
	const char *wanted = sorted(things, &world->arena);
	time_t end = time(NULL) + SECONDS;

	for (;;) {
		struct sequence_things there;
		const char *got;

		while (kernel_is_reaping(world->kernel) && time(NULL) <= end)
			(void)kernel_wait_departures(world->kernel, 2000);
		deletions_follow(&world->context);
		read_all(&there, &world->arena);
		got = sorted(&there, &world->arena);
		if (streq(got, wanted))
			return NULL;
		if (time(NULL) > end)
			return first_difference(wanted, got, &world->arena);
		(void)usleep(2000);
	}
}

/* Without what passes, and what is in another order each time. */
const char *sequence_picture(struct world *world)
{
	return sandbox_run(&world->arena, NULL,
		"{ ip -o link; ip -o addr; ip route show table all; ip -6 route show table all; nft list ruleset; } | "
		"sed -E '/(^| )(fe80|ff00)::/d; s/^[0-9]+: //; s/@if[0-9]+//; s/ (state [A-Z]+|valid_lft.*)//; s/,(LOWER_UP|M-DOWN)//g; s/NO-CARRIER,//; s/ (linkdown|tentative)//g'; "
		"find /run/nsnetd /run/netns /var/lib/nsnetd -printf '%%p %%m %%l\\n'");
}

/* Whatever the order of the lines. */
static uint64_t sum_now(struct world *world)
{
	const char *picture = sequence_picture(world);
	uint64_t sum = 0, number = 0;

	for (const char *p = picture; *p; p++) {
		number = (number ^ (uint8_t)*p) * 1099511628211U;
		if (*p != '\n')
			continue;
		sum += number ^ number >> 29;
		number = 14695981039346656037U;
	}
	return sum;
}

/* What goes in its own time is waited for. */
uint64_t sequence_sum(struct world *world, uint64_t expected)
{
	time_t end = time(NULL) + SECONDS;
	uint64_t sum = sum_now(world);

	while (expected != 0 && sum != expected && time(NULL) <= end)
		sum = sum_now(world);
	return sum;
}
