/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_state - any bytes as what is found at start-up: records, links, names of namespaces, ports
 *
 * The input is parts with a NUL between them; a part's first byte tells what it is:
 *
 *	N NAME\nTEXT      a network's record
 *	n NAME\nTEXT      a namespace's
 *	W, w NAME\nTEXT   the same of what is persistent: what is wished
 *	C, c NAME\nTEXT   the same of what was under way: what they were being changed to
 *	h NAME INODE COOKIE DEAD   what is under that name in /run/netns
 *	l NAME ALIAS      a link of ours
 *	e NAME ALIAS      one whose other end is in a namespace
 *	p HOST PORT TARGET PORT    a port in the firewall, of TCP
 *	g NAME            somebody asks for that namespace meanwhile: it goes in turns, and he comes after the next one
 *	s STEP SKIP       that step fails, after so many of its kind
 *	k WORD            what the kernel does not tell: "snapshot", "links", "record" (at the moment), "text" (for good), "netns",
 *		"kept", "hosts"
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
	struct snapshot_record network_changes[PARTS_MAX], namespace_changes[PARTS_MAX];
	struct snapshot_netns netns[PARTS_MAX];
	struct snapshot_link links[PARTS_MAX];
	struct snapshot_port ports[PARTS_MAX];
	size_t n_netns;
	/* Who is asked for, and those of them who were said to be there. */
	const char *asked[PARTS_MAX], *told[PARTS_MAX];
	size_t n_asked, n_told;
	const char *untold; /* what the kernel fails at, NULL: nothing */
	struct snapshot snapshot;
} parts;

int __wrap_kernel_snapshot(struct kernel *kernel, struct arena *arena, struct snapshot *ret);
int __wrap_kernel_snapshot_links(struct kernel *kernel, struct arena *arena, struct snapshot *ret);
int __wrap_kernel_read_record(struct kernel *kernel, enum record_kind kind, struct arena *arena,
	struct snapshot_record *record);
int __wrap_kernel_look_netns(
	struct kernel *kernel, const char *name, int64_t cookie, struct snapshot_netns *ret);
void __wrap_kernel_adopt_end(struct kernel *kernel, const char *netns, int index);
int __real_kernel_kept(struct kernel *kernel, struct arena *arena, struct string_list *ret);
int __wrap_kernel_kept(struct kernel *kernel, struct arena *arena, struct string_list *ret);
int __real_kernel_match_hosts(
	struct kernel *kernel, const char *network, const struct kernel_places *places);
int __wrap_kernel_match_hosts(
	struct kernel *kernel, const char *network, const struct kernel_places *places);

/* 0 or -errno. */
static int tells(const char *what)
{
	return parts.untold && streq(parts.untold, what) ? -EIO : 0;
}

int __wrap_kernel_snapshot(
	unused struct kernel *kernel, unused struct arena *arena, struct snapshot *ret)
{
	*ret = parts.snapshot;
	return tells("snapshot");
}

/* Have been told. */
int __wrap_kernel_snapshot_links(
	unused struct kernel *kernel, unused struct arena *arena, unused struct snapshot *ret)
{
	return tells("links");
}

int __wrap_kernel_read_record(unused struct kernel *kernel, unused enum record_kind kind,
	unused struct arena *arena, struct snapshot_record *record)
{
	if (tells("text") < 0)
		record->text = NULL;
	return tells("record");
}

int __wrap_kernel_look_netns(unused struct kernel *kernel, const char *name, unused int64_t cookie,
	struct snapshot_netns *ret)
{
	for (size_t i = 0; i < parts.n_netns; i++)
		if (streq(parts.netns[i].name, name)) {
			*ret = parts.netns[i];
			return tells("netns") < 0 ? -EIO : 1;
		}
	return tells("netns");
}

/* A namespace gets no end but its own: one that says so, or that it is a spare's. */
void __wrap_kernel_adopt_end(unused struct kernel *kernel, const char *netns, int index)
{
	const struct snapshot_link *link = &parts.links[index - 1];
	const char *whose = after(link->alias, "nsnetd:");

	fuzz_check(index > 0 && (size_t)index <= parts.snapshot.n_links && link->is_end && whose);
	fuzz_check(*whose == '%' || (after(whose, netns) && *after(whose, netns) == '/'));
}

int __wrap_kernel_kept(struct kernel *kernel, struct arena *arena, struct string_list *ret)
{
	return tells("kept") < 0 ? -EIO : __real_kernel_kept(kernel, arena, ret);
}

int __wrap_kernel_match_hosts(
	struct kernel *kernel, const char *network, const struct kernel_places *places)
{
	return tells("hosts") < 0 ? -EIO : __real_kernel_match_hosts(kernel, network, places);
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

static void read_link(struct arena *arena, const char *part, bool is_end)
{
	struct snapshot_link *link = &parts.links[parts.snapshot.n_links];
	char alias[256];

	if (sscanf(part, "%15s %255s", link->name, alias) != 2)
		return;
	/* The kernel has no two of one name. */
	for (size_t i = 0; i < parts.snapshot.n_links; i++)
		if (streq(parts.links[i].name, link->name))
			return;
	link->alias = arena_strdup(arena, alias);
	link->index = (int)++parts.snapshot.n_links;
	link->is_end = is_end;
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

static void read_fault(struct kernel *kernel, const char *part)
{
	unsigned type, skip;

	if (sscanf(part, "%u %u", &type, &skip) == 2)
		fake_fail_at(kernel, (enum step_type)(type % STEP_TYPES), skip, EIO, "no");
}

/* What was there when the process ended. */
static bool read_found(struct arena *arena, struct kernel *kernel, const char *part, size_t n)
{
	const char *text = part + 1;

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
	case 'C':
		read_record(arena, text, n - 1, parts.network_changes,
			&parts.snapshot.n_network_changes);
		break;
	case 'c':
		read_record(arena, text, n - 1, parts.namespace_changes,
			&parts.snapshot.n_namespace_changes);
		break;
	case 'h':
		read_netns(arena, kernel, text);
		break;
	case 'l':
	case 'e':
		read_link(arena, text, *part == 'e');
		break;
	case 'p':
		read_port(text);
		break;
	default:
		return false;
	}
	return true;
}

/* And what happens meanwhile. */
static void read_meanwhile(struct kernel *kernel, const char *part)
{
	switch (*part) {
	case 'g':
		parts.asked[parts.n_asked++] = part + 1;
		break;
	case 's':
		read_fault(kernel, part + 1);
		break;
	case 'k':
		parts.untold = part + 1;
		break;
	default:
		break;
	}
}

static void read_parts(struct arena *arena, struct kernel *kernel, const uint8_t *data, size_t n)
{
	parts.n_netns = parts.n_asked = parts.n_told = 0;
	parts.untold = NULL;
	parts.snapshot = (struct snapshot){
		.links = parts.links,
		.networks = parts.networks,
		.namespaces = parts.namespaces,
		.network_wishes = parts.network_wishes,
		.namespace_wishes = parts.namespace_wishes,
		.network_changes = parts.network_changes,
		.namespace_changes = parts.namespace_changes,
		.ports = parts.ports,
	};
	for (size_t i = 0; i < PARTS_MAX && n > 0; i++) {
		const uint8_t *end = memchr(data, 0, n);
		size_t length = end ? (size_t)(end - data) : n;
		const char *part = arena_strndup(arena, (const char *)data, length);

		if (length > 0 && !read_found(arena, kernel, part, length))
			read_meanwhile(kernel, part);
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

/* Whoever was said to be there stays, whatever fails behind him. */
static void check_told(const struct registry *registry)
{
	for (size_t i = 0; i < parts.n_told; i++)
		fuzz_check(registry_find_namespace(registry, parts.told[i]));
}

/* As the daemon does it while it is asked: a step, then who asks next. One who is not there yet waits for the end. */
static int recover_between(struct nsnet_context *context)
{
	cleanup(recover_free) struct recovery *recovery = NULL;
	size_t next = 0;
	int r = recover_begin(context, &recovery);

	if (r < 0)
		return r;
	do {
		const char *name = next < parts.n_asked ? parts.asked[next++] : NULL;

		if (name && recover_load(recovery, name)) {
			const struct ns *ns = registry_find_namespace(context->registry, name);

			fuzz_check(ns);
			parts.told[parts.n_told++] = name;
		}
		r = recover_work(recovery, 0);
		check_told(context->registry);
	} while (r > 0);
	return r < 0 ? r : recover_work(recovery, RECOVER_WHOLE);
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
	r = parts.n_asked > 0 ? recover_between(&context) : recover_all(&context);
	left_done(&context.left);
	/* Without what the kernel has to tell there is no start. */
	fuzz_check(r == 0 || (parts.untold && r == -EIO));
	if (r == 0)
		check_objects(&registry, kernel, &arena);
	registry_done(&registry);
	kernel_free(kernel);
	return 0;
}
