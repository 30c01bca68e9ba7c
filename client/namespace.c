/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * namespace - create, set, delete, list, show
 */
#include <stdio.h>

#include "attachments.h"
#include "client.h"
#include "etc.h"
#include "inside.h"
#include "object.h"
#include "output.h"
#include "ports.h"
#include "routes.h"
#include "table.h"
#include "watch.h"

static_assert(offsetof(struct nsnet_list_namespaces_out, name) == 0, "object.h");

static int ask(struct client *client, const char *name, bool inspect,
	int (*on_reply)(const void *listed, void *userdata), void *userdata)
{
	struct nsnet_list_namespaces_in in = { .name = name };

	if (inspect)
		in.inspect = SOME_BOOL(true);
	return call_nsnet_each(&client->call, NSNET_M_LIST_NAMESPACES, &in, on_reply, userdata);
}

/* The interface is there, and the way back may not be: who moved it is to know at once. */
static void tell_lost(struct client *client, const struct nsnet_namespace_runtime *runtime)
{
	const struct string_list *links = &client->settings.edits.given.of_namespace.links;

	if (client->options.json != OPTIONS_JSON_OFF)
		return;
	for (size_t i = 0; i < runtime->lost_addresses.n; i++)
		(void)fprintf(stderr, "nsnetctl: %s lost the address %s\n",
			links->n == 1 ? output_safe(&client->arena, links->items[0])
				      : "an interface",
			output_safe(&client->arena, runtime->lost_addresses.items[i]));
}

static const void *wish(struct client *client, const char *name)
{
	struct nsnet_create_namespace_in *in = arena_alloc(&client->arena, sizeof(*in));

	*in = (struct nsnet_create_namespace_in){ name, &client->settings.of_namespace };
	return in;
}

int namespace_make(struct client *client, const char *name, struct nsnet_create_namespace_out *ret)
{
	int r = call_nsnet(&client->call, NSNET_M_CREATE_NAMESPACE, wish(client, name), ret);

	if (r == 0)
		tell_lost(client, &ret->runtime);
	return r;
}

static void made(struct client *client, const char *name, const void *reply, void *ret_listed)
{
	const struct nsnet_create_namespace_out *out = reply;

	tell_lost(client, &out->runtime);
	*(struct nsnet_list_namespaces_out *)ret_listed =
		(struct nsnet_list_namespaces_out){ name, out->context, out->runtime };
}

static int set(struct client *client, const char *name, struct maybe_int revision, void *ret_listed)
{
	struct nsnet_set_namespace_in in = {
		.name = name, .context = client->settings.of_namespace, .revision = revision
	};
	struct nsnet_set_namespace_out out;
	int r = call_nsnet(&client->call, NSNET_M_SET_NAMESPACE, &in, &out);

	if (r != 0)
		return r;
	tell_lost(client, &out.runtime);
	*(struct nsnet_list_namespaces_out *)ret_listed =
		(struct nsnet_list_namespaces_out){ name, out.context, out.runtime };
	return 0;
}

static const void *former(struct arena *arena unused, const void *listed)
{
	return &((const struct nsnet_list_namespaces_out *)listed)->context;
}

static int64_t revision(const void *listed)
{
	return ((const struct nsnet_list_namespaces_out *)listed)->runtime.revision;
}

static void list(struct client *client, struct table *table, const void *listed)
{
	const struct nsnet_list_namespaces_out *out = listed;
	struct arena *arena = &client->arena;
	const struct nsnet_attachment_list *attachments = &out->context.attachments;
	const char *ports = ports_summary(arena, &out->context.ports);
	const char *owner = output_user(arena, out->runtime.uid), *processes;

	if (!client->inside) {
		client->inside = arena_alloc(arena, sizeof(*client->inside));
		*client->inside = inside_look(arena);
	}
	processes = inside_text(client->inside, out->runtime.inode, arena);
	if (attachments->n == 0)
		table_row(table,
			(const char *const[]){ out->name, NULL, NULL, ports, processes, owner });
	/* One line for each, with the name: so that it is found by grep(1). */
	for (size_t i = 0; i < attachments->n; i++)
		table_row(table, (const char *const[]){ out->name, attachments->items[i].network,
					 output_join(arena, &attachments->items[i].addresses, ", "),
					 i == 0 ? ports : NULL, processes, owner });
}

static const char *counted(struct arena *arena, int64_t n, const char *one)
{
	return arena_printf(arena, "%lld %s%s", (long long)n, one, n == 1 ? "" : "s");
}

static const char *traffic(
	struct arena *arena, int64_t packets, int64_t bytes, int64_t errors, int64_t dropped)
{
	const char *text = arena_printf(
		arena, "%s, %s", counted(arena, packets, "packet"), output_bytes(arena, bytes));

	if (errors > 0)
		text = arena_printf(arena, "%s, %s", text, counted(arena, errors, "error"));
	if (dropped > 0)
		text = arena_printf(arena, "%s, %lld dropped", text, (long long)dropped);
	return text;
}

/* Its name is the key; what it is, its addresses and what went through it are lines below each other. */
static void show_interface(struct arena *arena, const struct nsnet_interface *interface)
{
	const struct nsnet_statistics *s = interface->statistics;
	const char *what = arena_printf(arena, "%s", interface->operational_state);

	if (interface->network)
		what = arena_printf(arena, "%s, network %s", what, interface->network);
	what = arena_printf(
		arena, "%s, MTU %lld", what, (long long)interface->maximum_transmission_unit);
	if (interface->hardware_address)
		what = arena_printf(arena, "%s, %s", what, interface->hardware_address);
	output_field(arena, output_safe(arena, interface->name), what);
	if (interface->host_interface_name)
		output_field(arena, "",
			arena_printf(arena, "%s on the host", interface->host_interface_name));
	for (size_t i = 0; i < interface->addresses.n; i++)
		output_field(arena, "", interface->addresses.items[i]);
	if (!s)
		return;
	output_field(arena, "",
		arena_printf(arena, "received %s",
			traffic(arena, s->received_packets, s->received_bytes, s->received_errors,
				s->received_dropped)));
	output_field(arena, "",
		arena_printf(arena, "sent %s",
			traffic(arena, s->sent_packets, s->sent_bytes, s->sent_errors,
				s->sent_dropped)));
}

static void show_routes(struct arena *arena, const struct nsnet_route_list *routes)
{
	for (size_t i = 0; i < routes->n; i++)
		output_field(arena, i == 0 ? "Routes" : "", routes_text(arena, &routes->items[i]));
}

static void show_ports(struct arena *arena, const struct nsnet_port_list *ports)
{
	for (size_t i = 0; i < ports->n; i++)
		output_field(arena, i == 0 ? "Published" : "", ports_text(arena, &ports->items[i]));
}

static void show_shaping(struct arena *arena, const struct nsnet_attachment_list *attachments)
{
	const char *key = "Shaping";

	for (size_t i = 0; i < attachments->n; i++) {
		const struct nsnet_attachment *attachment = &attachments->items[i];
		const char *text = attachments_shaping_text(arena, attachment->shaping);

		if (!text)
			continue;
		output_field(arena, key,
			arena_printf(arena, "%s: %s",
				attachment->interface_name ? attachment->interface_name
							   : attachment->network,
				text));
		key = "";
	}
}

static void show_processes(struct arena *arena, const struct nsnet_process_id_list *processes)
{
	for (size_t i = 0; i < processes->n; i++) {
		int64_t pid = processes->items[i].pid;
		const char *name = explain_process(arena, pid);

		output_field(arena, i == 0 ? "Processes" : "",
			arena_printf(arena, "%lld%s%s", (long long)pid, name ? " " : "",
				name ? name : ""));
	}
}

static const char *show_owner(struct arena *arena, const struct nsnet_namespace_runtime *runtime)
{
	const char *owner = output_user(arena, runtime->uid);

	switch (runtime->ownership) {
	case NSNET_OWNERSHIP_USER:
		return arena_printf(arena, "%s, who enters it without privilege", owner);
	case NSNET_OWNERSHIP_HOST:
		return arena_printf(arena, "%s; only root enters it", owner);
	case NSNET_OWNERSHIP_UNSET:
		break;
	}
	return owner;
}

static void show_interfaces(struct arena *arena, const struct nsnet_interface_list *list)
{
	if (!list->items) {
		output_field(
			arena, "Inside", "more interfaces, addresses or routes than are told of");
		return;
	}
	for (size_t i = 0; i < list->n; i++)
		show_interface(arena, &list->items[i]);
}

static void show_runtime(struct arena *arena, const struct nsnet_namespace_runtime *runtime)
{
	output_field(arena, "Owner", show_owner(arena, runtime));
	if (runtime->created.realtime.is_set)
		output_field(arena, "Created", output_time(arena, runtime->created.realtime.value));
	output_field(arena, "Path", runtime->path);
	output_field(arena, "Inode",
		arena_printf(arena, "%lld, cookie %lld", (long long)runtime->inode,
			(long long)runtime->cookie));
}

/* Its own, or those that it has from its networks or the host. */
static void show_name_servers(struct arena *arena, const struct nsnet_list_namespaces_out *out)
{
	struct string_list servers = out->context.name_servers;

	if (!servers.items)
		servers = etc_name_servers(out->name, arena);
	output_texts(arena, "Name servers", &servers);
}

static int show(struct client *client, const void *listed)
{
	const struct nsnet_list_namespaces_out *out = listed;
	struct arena *arena = &client->arena;

	output_title(&client->options, arena, out->name);
	output_field(arena, "Description", out->context.description);
	show_runtime(arena, &out->runtime);
	if (out->context.persistent.is_set)
		output_field(arena, "Persistent", out->context.persistent.value ? "yes" : "no");
	output_entries(arena, "Labels", &out->context.labels);
	show_ports(arena, &out->context.ports);
	show_name_servers(arena, out);
	output_texts(arena, "Links", &out->context.links);
	output_texts(arena, "Lent to", &out->context.allow);
	output_entries(arena, "Sysctls", &out->context.sysctls);
	show_shaping(arena, &out->context.attachments);
	show_interfaces(arena, &out->runtime.interfaces);
	show_routes(arena, &out->runtime.routes);
	show_processes(arena, &out->runtime.processes);
	return 0;
}

static const char *const columns[] = { "NAME", "NETWORK", "ADDRESS", "PUBLISHED", "PROCESSES",
	"OWNER" };

static const struct object object = {
	.noun = "namespace",
	.nouns = "namespaces",
	.listed = &nsnet_list_namespaces_out_type,
	.context = &nsnet_namespace_context_type,
	.context_at = offsetof(struct nsnet_list_namespaces_out, context),
	.nothing = NSNET_ERROR_NO_SUCH_NAMESPACE,
	.columns = columns,
	.n_columns = lengthof(columns),
	.ask = ask,
	.creates = NSNET_M_CREATE_NAMESPACE,
	.wish = wish,
	.made = made,
	.set = set,
	.former = former,
	.revision = revision,
	.list = list,
	.show = show,
};

int namespace_create(struct client *client)
{
	return object_create(client, &object);
}

int namespace_set(struct client *client)
{
	return object_set(client, &object);
}

int namespace_delete(struct client *client)
{
	struct nsnet_delete_namespaces_in in = { .names = { client->words, client->n_words } };
	struct nsnet_delete_namespaces_out out;
	int r = client_check_names(client, "namespace");

	if (r != 0)
		return r;
	if (client->file)
		return withdraw_file(client);
	if (client->n_words == 0)
		return problem_usage(&client->problem, "delete needs NAME... or --file");
	if (client->kills)
		in.kill = SOME_BOOL(true);
	if (client->waits)
		in.wait = SOME_BOOL(true);
	return call_nsnet(&client->call, NSNET_M_DELETE_NAMESPACES, &in, &out);
}

int namespace_list(struct client *client)
{
	return client->watch > 0 ? watch_list(client) : object_list(client, &object);
}

static void show_amount(
	struct arena *arena, const char *what, struct maybe_int used, struct maybe_int limit)
{
	if (used.is_set && limit.is_set)
		output_field(arena, what,
			arena_printf(arena, "%lld of %lld", (long long)used.value,
				(long long)limit.value));
	else if (used.is_set)
		output_field(arena, what, arena_printf(arena, "%lld", (long long)used.value));
}

/* What the caller has, and how much he may have. */
static int show_use(struct client *client, bool is_further)
{
	struct arena *arena = &client->arena;
	struct nsnet_describe_out out;
	int r;

	if (client->options.json != OPTIONS_JSON_OFF || client->options.is_quiet)
		return 0;
	r = call_nsnet(&client->call, NSNET_M_DESCRIBE, &(struct nsnet_describe_in){ 0 }, &out);
	if (r != 0)
		return r;
	if (is_further)
		(void)putchar('\n');
	output_title(&client->options, arena,
		arena_printf(arena, "In use by %s", output_user(arena, out.uid)));
	show_amount(arena, "Namespaces", out.used.namespaces, out.limits.namespaces);
	show_amount(arena, "Networks", out.used.networks, out.limits.networks);
	show_amount(arena, "Attachments", out.used.attachments, out.limits.attachments);
	show_amount(arena, "Ports", out.used.ports, out.limits.ports);
	show_amount(arena, "Connections", out.used.connections, out.limits.connections);
	if (out.spares.value > 0)
		show_amount(arena, "Made ahead", out.spares, (struct maybe_int){ 0 });
	return 0;
}

int namespace_show(struct client *client)
{
	size_t n = 0;
	int r = object_show(client, &object, &n);

	return r == 0 && client->n_words == 0 ? show_use(client, n > 0) : r;
}
