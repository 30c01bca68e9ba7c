/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_state - any bytes as what is found at start-up: records, links, names of namespaces, ports
 *
 * The input is parts with a NUL between them; a part's first byte tells what it is:
 *
 *	N NAME\nTEXT      a network's record
 *	n NAME\nTEXT      a namespace's
 *	W, w NAME\nTEXT   the same of what is persistent: what is wished
 *	h NAME INODE COOKIE DEAD   what is under that name in /run/netns
 *	l NAME ALIAS      a link of ours
 *	p HOST PORT TARGET PORT    a port in the firewall, of TCP
 *
 * The kernel floor is the fake one, but for its snapshot, which is made of these.
 */
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <syslog.h>

#include "fake.h"
#include "fuzz.h"
#include "log.h"
#include "recover.h"

#define PARTS_MAX 64U

static struct parts {
	struct snapshot_record networks[PARTS_MAX], namespaces[PARTS_MAX];
	struct snapshot_record network_wishes[PARTS_MAX], namespace_wishes[PARTS_MAX];
	struct snapshot_netns netns[PARTS_MAX];
	struct snapshot_link links[PARTS_MAX];
	struct snapshot_port ports[PARTS_MAX];
	size_t n_netns;
	struct snapshot snapshot;
} parts;

int __wrap_kernel_snapshot(struct kernel *kernel, struct arena *arena, struct snapshot *ret);
int __wrap_kernel_snapshot_links(struct kernel *kernel, struct arena *arena, struct snapshot *ret);
int __wrap_kernel_look_netns(
	struct kernel *kernel, const char *name, int64_t cookie, struct snapshot_netns *ret);

int __wrap_kernel_snapshot(
	unused struct kernel *kernel, unused struct arena *arena, struct snapshot *ret)
{
	*ret = parts.snapshot;
	return 0;
}

/* Have been told. */
int __wrap_kernel_snapshot_links(
	unused struct kernel *kernel, unused struct arena *arena, unused struct snapshot *ret)
{
	return 0;
}

int __wrap_kernel_look_netns(unused struct kernel *kernel, const char *name, unused int64_t cookie,
	struct snapshot_netns *ret)
{
	for (size_t i = 0; i < parts.n_netns; i++)
		if (streq(parts.netns[i].name, name)) {
			*ret = parts.netns[i];
			return 1;
		}
	return 0;
}

static void read_record(struct arena *arena, const char *part, size_t n,
	struct snapshot_record *records, size_t *n_records)
{
	const char *end = memchr(part, '\n', n);
	struct snapshot_record *record = &records[*n_records];

	/* The kernel floor hands on no others. */
	if (!end)
		return;
	record->name = arena_strndup(arena, part, (size_t)(end - part));
	if (!name_is_valid(record->name))
		return;
	record->n = n - (size_t)(end + 1 - part);
	record->text = arena_strndup(arena, end + 1, record->n);
	(*n_records)++;
}

static void read_netns(struct arena *arena, struct kernel *kernel, const char *part)
{
	struct snapshot_netns *netns = &parts.netns[parts.n_netns];
	char name[NAME_SIZE];
	int is_dead;

	if (sscanf(part, "%48s %" SCNd64 " %" SCNd64 " %d", name, &netns->inode, &netns->cookie,
		    &is_dead) != 4)
		return;
	netns->name = arena_strdup(arena, name);
	netns->is_dead = is_dead;
	if (!is_dead)
		fake_plant(kernel, arena_printf(arena, "netns %s", name));
	parts.n_netns++;
}

static void read_link(struct arena *arena, const char *part)
{
	struct snapshot_link *link = &parts.links[parts.snapshot.n_links];
	char alias[256];

	if (sscanf(part, "%15s %255s", link->name, alias) != 2)
		return;
	link->alias = arena_strdup(arena, alias);
	link->index = (int)++parts.snapshot.n_links;
}

static void read_port(const char *part)
{
	struct snapshot_port *port = &parts.ports[parts.snapshot.n_ports];
	char host[ADDRESS_TEXT_MAX], target[ADDRESS_TEXT_MAX];

	if (sscanf(part, "%45s %" SCNu16 " %45s %" SCNu16, host, &port->host_port, target,
		    &port->namespace_port) != 4 ||
		!address_parse(host, &port->host) || !address_parse(target, &port->target))
		return;
	port->protocol = IPPROTO_TCP;
	parts.snapshot.n_ports++;
}

static void read_part(struct arena *arena, struct kernel *kernel, const char *part, size_t n)
{
	const char *text = n > 0 ? part + 1 : part;

	switch (*part) {
	case 'N':
		read_record(arena, text, n - 1, parts.networks, &parts.snapshot.n_networks);
		break;
	case 'n':
		read_record(arena, text, n - 1, parts.namespaces, &parts.snapshot.n_namespaces);
		break;
	case 'W':
		read_record(
			arena, text, n - 1, parts.network_wishes, &parts.snapshot.n_network_wishes);
		break;
	case 'w':
		read_record(arena, text, n - 1, parts.namespace_wishes,
			&parts.snapshot.n_namespace_wishes);
		break;
	case 'h':
		read_netns(arena, kernel, text);
		break;
	case 'l':
		read_link(arena, text);
		break;
	case 'p':
		read_port(text);
		break;
	default:
		break;
	}
}

static void read_parts(struct arena *arena, struct kernel *kernel, const uint8_t *data, size_t n)
{
	parts.n_netns = 0;
	parts.snapshot = (struct snapshot){
		.links = parts.links,
		.networks = parts.networks,
		.namespaces = parts.namespaces,
		.network_wishes = parts.network_wishes,
		.namespace_wishes = parts.namespace_wishes,
		.ports = parts.ports,
	};
	for (size_t i = 0; i < PARTS_MAX && n > 0; i++) {
		const uint8_t *end = memchr(data, 0, n);
		size_t length = end ? (size_t)(end - data) : n;

		read_part(arena, kernel, arena_strndup(arena, (const char *)data, length), length);
		data += length + (end != NULL);
		n -= length + (end != NULL);
	}
}

static bool has_record(const struct snapshot_record *records, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (streq(records[i].name, name))
			return true;
	return false;
}

/* What is there now came from a record, is counted, and is what the kernel has. */
static void check_objects(
	struct registry *registry, const struct kernel *kernel, struct arena *arena)
{
	struct network **networks = registry_networks(registry, arena);
	struct ns **all = registry_namespaces(registry, arena);

	for (size_t i = 0; i < registry->n_networks; i++) {
		struct network *network = networks[i];

		fuzz_check(has_record(parts.networks, parts.snapshot.n_networks, network->name) ||
			   has_record(parts.network_wishes, parts.snapshot.n_network_wishes,
				   network->name));
		fuzz_check(network->charge.user && network->charge.user->uid == network->uid);
		/* Another's bridge is never taken for this one's. */
		for (size_t j = 0; j < i; j++)
			fuzz_check(!streq(networks[j]->bridge, network->bridge));
	}
	for (size_t i = 0; i < registry->n_namespaces; i++) {
		struct ns *ns = all[i];

		fuzz_check(has_record(parts.namespaces, parts.snapshot.n_namespaces, ns->name) ||
			   has_record(parts.namespace_wishes, parts.snapshot.n_namespace_wishes,
				   ns->name));
		fuzz_check(fake_has(kernel, arena_printf(arena, "netns %s", ns->name)));
		fuzz_check(ns->charge.user && ns->charge.user->uid == ns->uid);
		for (size_t j = 0; j < ns->n_attachments; j++)
			fuzz_check(
				registry_find_network(registry, ns->attachments[j].network->name) ==
				ns->attachments[j].network);
	}
}

static gid_t group_of(void *userdata, const struct peer *peer)
{
	(void)userdata;
	return peer->gid;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	autoarena struct arena arena = ARENA_INIT;
	struct nsnet_context context;
	struct registry registry;
	struct kernel *kernel;
	int r;

	log_open(LOG_EMERG);
	fuzz_check(kernel_new(&kernel_paths_default, &kernel, NULL) == 0);
	registry_init(&registry);
	read_parts(&arena, kernel, data, n);
	context = (struct nsnet_context){
		.registry = &registry,
		.kernel = kernel,
		.paths = &kernel_paths_default,
		.has_names = n % 2,
		.is_owned_allowed = true,
		.group_of = group_of,
	};
	r = recover_all(&context);
	left_done(&context.left);
	fuzz_check(r == 0);
	check_objects(&registry, kernel, &arena);
	registry_done(&registry);
	kernel_free(kernel);
	return 0;
}
