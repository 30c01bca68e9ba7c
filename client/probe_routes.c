/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * probe_routes - the gateways of this process's network namespace, and what it takes for name servers
 *
 * Read from /proc, which is the namespace's of whoever reads it.
 */
#include "probe_routes.h"

#include <arpa/inet.h>
#include <net/if.h>
#include <net/route.h>
#include <stdio.h>

/* What resolvers look at (MAXNS of resolv.h). */
#define SERVERS_MAX 3

struct probe *probe_routes_append(struct probe_list *list, const struct probe *probe)
{
	if (list->n == PROBE_MAX)
		return NULL;
	list->items[list->n] = *probe;
	return &list->items[list->n++];
}

static void add(struct probe_list *list, enum probe_kind kind, int family, const void *address,
	const char *interface)
{
	struct probe probe = { .kind = kind, .family = family };

	if (!inet_ntop(family, address, probe.address, sizeof(probe.address)))
		return;
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].kind == kind && streq(list->items[i].address, probe.address))
			return;
	(void)snprintf(probe.interface, sizeof(probe.interface), "%s", interface);
	(void)probe_routes_append(list, &probe);
}

/* A field of such a line: at most eight hexadecimal digits. */
static bool read_hex(const char *text, uint32_t *ret)
{
	char *end;

	*ret = (uint32_t)strtoul(text, &end, 16);
	return *text && !*end;
}

/* "eth0 00000000 0101320A 0003 0 0 0 00000000 ...": addresses as the kernel has them in memory. */
static void read_route4(struct probe_list *list, enum probe_kind kind, const char *line)
{
	char interface[16], fields[4][9];
	uint32_t destination, gateway, flags, mask;

	if (sscanf(line, "%15s %8s %8s %8s %*s %*s %*s %8s", interface, fields[0], fields[1],
		    fields[2], fields[3]) == 5 &&
		read_hex(fields[0], &destination) && read_hex(fields[1], &gateway) &&
		read_hex(fields[2], &flags) && read_hex(fields[3], &mask) && destination == 0 &&
		mask == 0 && (flags & RTF_UP) && (flags & RTF_GATEWAY))
		add(list, kind, AF_INET, &gateway, interface);
}

/* "DESTINATION LENGTH SOURCE LENGTH GATEWAY METRIC COUNT USE FLAGS eth0" */
static void read_route6(struct probe_list *list, enum probe_kind kind, const char *line)
{
	char destination[33], gateway[33], interface[16], fields[2][9];
	uint32_t length, flags;
	struct in6_addr address;

	if (sscanf(line, "%32s %8s %*s %*s %32s %*s %*s %*s %8s %15s", destination, fields[0],
		    gateway, fields[1], interface) != 5 ||
		!read_hex(fields[0], &length) || !read_hex(fields[1], &flags) || length != 0 ||
		!(flags & RTF_UP) || !(flags & RTF_GATEWAY) || strlen(gateway) != 32)
		return;
	for (size_t i = 0; i < sizeof(address.s6_addr); i++) {
		const char digits[] = { gateway[2 * i], gateway[2 * i + 1], 0 };
		uint32_t byte;

		if (!read_hex(digits, &byte))
			return;
		address.s6_addr[i] = (uint8_t)byte;
	}
	add(list, kind, AF_INET6, &address, interface);
}

static void read_routes(struct probe_list *list, enum probe_kind kind, const char *path,
	void (*read_route)(struct probe_list *list, enum probe_kind kind, const char *line))
{
	FILE *file = fopen(path, "re");
	autofree char *line = NULL;
	size_t n = 0;

	if (!file)
		return; /* a kernel without that family */
	while (getline(&line, &n, file) >= 0)
		read_route(list, kind, line);
	(void)fclose(file);
}

void probe_routes_add(struct probe_list *list, enum probe_kind kind)
{
	read_routes(list, kind, "/proc/self/net/route", read_route4);
	read_routes(list, kind, "/proc/self/net/ipv6_route", read_route6);
}

void probe_routes_servers(struct probe_list *list, const char *text)
{
	unsigned n = 0;

	while (*text && n < SERVERS_MAX) {
		size_t length = strcspn(text, "\n");
		struct probe probe = { .kind = PROBE_SERVER };
		struct in6_addr address;

		/* The length of what is read is that of "address", with its end. */
		if (sscanf(text, "nameserver%*[ \t]%63[0-9a-fA-F.:]", probe.address) == 1) {
			probe.family = strchr(probe.address, ':') ? AF_INET6 : AF_INET;
			if (inet_pton(probe.family, probe.address, &address) == 1) {
				(void)probe_routes_append(list, &probe);
				n++;
			}
		}
		text += length + (text[length] == '\n');
	}
}
