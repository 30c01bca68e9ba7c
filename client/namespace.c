/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * namespace - create, delete, list, show
 */
#include <stdio.h>

#include "client.h"
#include "output.h"
#include "pager.h"

/* A list as JSON is what makes it again: {"namespaces":{"ns1":{…}}} */
struct wishes {
	struct nsnet_namespace_context_map namespaces;
};

static const struct codec_field wishes_fields[] = {
	{ .name = "namespaces",
		.offset = offsetof(struct wishes, namespaces),
		.kind = CODEC_STRUCT,
		.shape = CODEC_MAP,
		.structure = &nsnet_namespace_context_type },
};

static const struct codec_struct wishes_type = { "Wishes", sizeof(struct wishes), wishes_fields,
	lengthof(wishes_fields) };

static void print_json(struct client *client, const struct nsnet_list_namespaces_out *out)
{
	output_json(&client->options, &client->arena,
		codec_encode(&nsnet_list_namespaces_out_type, out, &client->arena));
}

int namespace_create(struct client *client)
{
	int r = client_check_names(client, "namespace");

	if (r != 0)
		return r;
	if (client->n_words > 1 && client->settings.has_address)
		return problem_usage(&client->problem,
			"one address cannot be that of several namespaces; leave out ip= and mac=, or create one by one");
	for (size_t i = 0; i < client->n_words; i++) {
		struct nsnet_create_namespace_in in = { .name = client->words[i],
			.context = &client->settings.of_namespace };
		struct nsnet_create_namespace_out out;

		r = call_nsnet(&client->call, NSNET_M_CREATE_NAMESPACE, &in, &out);
		if (r != 0)
			return r;
		if (client->options.json != OPTIONS_JSON_OFF)
			print_json(client, &(struct nsnet_list_namespaces_out){
						   in.name, out.context, out.runtime });
	}
	return 0;
}

int namespace_delete(struct client *client)
{
	struct nsnet_delete_namespaces_in in = { .names = { client->words, client->n_words } };
	struct nsnet_delete_namespaces_out out;
	int r = client_check_names(client, "namespace");

	if (r != 0)
		return r;
	if (client->kills)
		in.kill = SOME_BOOL(true);
	return call_nsnet(&client->call, NSNET_M_DELETE_NAMESPACES, &in, &out);
}

struct listing {
	struct client *client;
	struct output_table *table; /* NULL where none is made */
	struct wishes wishes;
};

static void list_rows(struct listing *listing, const struct nsnet_list_namespaces_out *out)
{
	struct arena *arena = &listing->client->arena;
	const struct nsnet_attachment_list *attachments = &out->context.attachments;
	const char *owner = output_user(arena, out->runtime.uid);
	const char *ownership = out->runtime.ownership == NSNET_OWNERSHIP_USER ? "user" : "host";

	if (attachments->n == 0)
		output_table_row(listing->table,
			(const char *const[]){ out->name, NULL, NULL, owner, ownership });
	/* One line for each, with the name: so that it is found by grep(1). */
	for (size_t i = 0; i < attachments->n; i++)
		output_table_row(listing->table,
			(const char *const[]){ out->name, attachments->items[i].network,
				output_join(arena, &attachments->items[i].addresses, ", "), owner,
				ownership });
}

static void list_wish(struct listing *listing, const struct nsnet_list_namespaces_out *out)
{
	struct wishes *wishes = &listing->wishes;
	size_t n = wishes->namespaces.n;

	/* Room doubles: there may be thousands. */
	if ((n & (n - 1)) == 0) {
		struct nsnet_namespace_context_map_entry *more =
			arena_array(&listing->client->arena, n == 0 ? 1 : 2 * n, sizeof(*more));

		if (n > 0)
			memcpy(more, wishes->namespaces.items, n * sizeof(*more));
		wishes->namespaces.items = more;
	}
	wishes->namespaces.items[n] =
		(struct nsnet_namespace_context_map_entry){ out->name, out->context };
	wishes->namespaces.n++;
}

static int on_listed(const void *reply, void *userdata)
{
	const struct nsnet_list_namespaces_out *out = reply;
	struct listing *listing = userdata;

	if (!client_wants(listing->client, out->name))
		return 0;
	if (listing->table)
		list_rows(listing, out);
	else if (listing->client->options.is_quiet)
		(void)puts(out->name);
	else
		list_wish(listing, out);
	return 0;
}

int namespace_list(struct client *client)
{
	static const char *const columns[] = { "NAME", "NETWORK", "ADDRESS", "OWNER", "OWNERSHIP" };
	const struct options *options = &client->options;
	struct listing listing = { .client = client };
	int r;

	if (!options->is_quiet && options->json == OPTIONS_JSON_OFF)
		listing.table =
			output_table_new(options, &client->arena, columns, lengthof(columns));
	r = call_nsnet_each(&client->call, NSNET_M_LIST_NAMESPACES,
		&(struct nsnet_list_namespaces_in){ 0 }, on_listed, &listing);
	r = client_allow_nothing(client, r, NSNET_ERROR_NO_SUCH_NAMESPACE);
	if (r == 0)
		pager_start(options);
	if (listing.table)
		output_table_end(listing.table);
	else if (r == 0 && !options->is_quiet)
		output_json(options, &client->arena,
			codec_encode(&wishes_type, &listing.wishes, &client->arena));
	return r;
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
	for (size_t i = 0; i < routes->n; i++) {
		const struct nsnet_route *route = &routes->items[i];
		const char *text = route->destination;

		if (route->gateway)
			text = arena_printf(arena, "%s via %s", text, route->gateway);
		if (route->metric.is_set)
			text = arena_printf(
				arena, "%s metric %lld", text, (long long)route->metric.value);
		output_field(arena, i == 0 ? "Routes" : "", text);
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

static void show_whole(struct client *client, const struct nsnet_list_namespaces_out *out)
{
	struct arena *arena = &client->arena;

	output_title(&client->options, arena, out->name);
	output_field(arena, "Description", out->context.description);
	show_runtime(arena, &out->runtime);
	output_labels(arena, &out->context.labels);
	output_texts(arena, "Name servers", &out->context.name_servers);
	for (size_t i = 0; i < out->runtime.interfaces.n; i++)
		show_interface(arena, &out->runtime.interfaces.items[i]);
	show_routes(arena, &out->runtime.routes);
	show_processes(arena, &out->runtime.processes);
}

struct showing {
	struct client *client;
	bool is_further;
};

static int on_shown(const void *reply, void *userdata)
{
	const struct nsnet_list_namespaces_out *out = reply;
	struct showing *showing = userdata;
	struct client *client = showing->client;

	if (client->options.json != OPTIONS_JSON_OFF) {
		print_json(client, out);
	} else if (client->options.is_quiet) {
		(void)puts(out->name);
	} else {
		if (showing->is_further)
			(void)putchar('\n');
		show_whole(client, out);
	}
	showing->is_further = true;
	return 0;
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
	show_amount(arena, "Connections", out.used.connections, out.limits.connections);
	return 0;
}

int namespace_show(struct client *client)
{
	struct nsnet_list_namespaces_in in = { .inspect = SOME_BOOL(true) };
	struct showing showing = { .client = client };
	int r = client_check_names(client, "namespace");

	if (r != 0)
		return r;
	pager_start(&client->options);
	if (client->n_words == 0) {
		r = call_nsnet_each(
			&client->call, NSNET_M_LIST_NAMESPACES, &in, on_shown, &showing);
		r = client_allow_nothing(client, r, NSNET_ERROR_NO_SUCH_NAMESPACE);
		return r != 0 ? r : show_use(client, showing.is_further);
	}
	for (size_t i = 0; i < client->n_words && r == 0; i++) {
		in.name = client->words[i];
		r = call_nsnet_each(
			&client->call, NSNET_M_LIST_NAMESPACES, &in, on_shown, &showing);
	}
	return r;
}
