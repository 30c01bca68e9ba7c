/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * network - network create, delete, list, show
 */
#include <stdio.h>

#include "client.h"
#include "output.h"
#include "pager.h"

/* A list as JSON is what makes it again: {"networks":{"br1":{…}}} */
struct wishes {
	struct nsnet_network_context_map networks;
};

static const struct codec_field wishes_fields[] = {
	{ .name = "networks",
		.offset = offsetof(struct wishes, networks),
		.kind = CODEC_STRUCT,
		.shape = CODEC_MAP,
		.structure = &nsnet_network_context_type },
};

static const struct codec_struct wishes_type = { "Wishes", sizeof(struct wishes), wishes_fields,
	lengthof(wishes_fields) };

static void print_json(struct client *client, const struct nsnet_list_networks_out *out)
{
	output_json(&client->options, &client->arena,
		codec_encode(&nsnet_list_networks_out_type, out, &client->arena));
}

int network_create(struct client *client)
{
	int r = client_check_names(client, "network");

	if (r != 0)
		return r;
	if (client->n_words > 1 && (client->settings.of_network.prefixes.n > 0 ||
					   client->settings.of_network.gateways.n > 0))
		return problem_usage(&client->problem,
			"one prefix cannot be that of several networks; leave out --subnet and --gateway, or create one by one");
	for (size_t i = 0; i < client->n_words; i++) {
		struct nsnet_create_network_in in = { .name = client->words[i],
			.context = &client->settings.of_network };
		struct nsnet_create_network_out out;

		r = call_nsnet(&client->call, NSNET_M_CREATE_NETWORK, &in, &out);
		if (r != 0)
			return r;
		if (client->options.json != OPTIONS_JSON_OFF)
			print_json(client, &(struct nsnet_list_networks_out){
						   in.name, out.context, out.runtime });
	}
	return 0;
}

int network_delete(struct client *client)
{
	struct nsnet_delete_networks_in in = { .names = { client->words, client->n_words } };
	struct nsnet_delete_networks_out out;
	int r = client_check_names(client, "network");

	return r != 0 ? r : call_nsnet(&client->call, NSNET_M_DELETE_NETWORKS, &in, &out);
}

struct listing {
	struct client *client;
	struct output_table *table; /* NULL where none is made */
	struct wishes wishes;
};

static void list_row(struct listing *listing, const struct nsnet_list_networks_out *out)
{
	struct arena *arena = &listing->client->arena;
	const char *attachments = arena_printf(arena, "%lld", (long long)out->runtime.attachments);

	output_table_row(listing->table,
		(const char *const[]){ out->name, output_join(arena, &out->runtime.prefixes, ", "),
			out->runtime.bridge_name, attachments,
			output_user(arena, out->runtime.uid) });
}

static void list_wish(struct listing *listing, const struct nsnet_list_networks_out *out)
{
	struct wishes *wishes = &listing->wishes;
	size_t n = wishes->networks.n;

	/* Room doubles: there may be thousands. */
	if ((n & (n - 1)) == 0) {
		struct nsnet_network_context_map_entry *more =
			arena_array(&listing->client->arena, n == 0 ? 1 : 2 * n, sizeof(*more));

		if (n > 0)
			memcpy(more, wishes->networks.items, n * sizeof(*more));
		wishes->networks.items = more;
	}
	wishes->networks.items[n] =
		(struct nsnet_network_context_map_entry){ out->name, out->context };
	wishes->networks.n++;
}

static int on_listed(const void *reply, void *userdata)
{
	const struct nsnet_list_networks_out *out = reply;
	struct listing *listing = userdata;

	if (!client_wants(listing->client, out->name))
		return 0;
	if (listing->table)
		list_row(listing, out);
	else if (listing->client->options.is_quiet)
		(void)puts(out->name);
	else
		list_wish(listing, out);
	return 0;
}

int network_list(struct client *client)
{
	static const char *const columns[] = { "NAME", "PREFIXES", "BRIDGE", "ATTACHED", "OWNER" };
	const struct options *options = &client->options;
	struct listing listing = { .client = client };
	int r;

	if (!options->is_quiet && options->json == OPTIONS_JSON_OFF)
		listing.table =
			output_table_new(options, &client->arena, columns, lengthof(columns));
	r = call_nsnet_each(&client->call, NSNET_M_LIST_NETWORKS,
		&(struct nsnet_list_networks_in){ 0 }, on_listed, &listing);
	r = client_allow_nothing(client, r, NSNET_ERROR_NO_SUCH_NETWORK);
	if (r == 0)
		pager_start(options);
	if (listing.table)
		output_table_end(listing.table);
	else if (r == 0 && !options->is_quiet)
		output_json(options, &client->arena,
			codec_encode(&wishes_type, &listing.wishes, &client->arena));
	return r;
}

/* The namespaces on one network: a line for each. */
struct members {
	struct arena *arena;
	const char *network;
	bool is_further;
};

static int on_member(const void *reply, void *userdata)
{
	const struct nsnet_list_namespaces_out *out = reply;
	struct members *members = userdata;

	for (size_t i = 0; i < out->context.attachments.n; i++) {
		const struct nsnet_attachment *attachment = &out->context.attachments.items[i];

		if (!streq(attachment->network, members->network))
			continue;
		output_field(members->arena, members->is_further ? "" : "Namespaces",
			arena_printf(members->arena, "%s  %s", out->name,
				output_join(members->arena, &attachment->addresses, ", ")));
		members->is_further = true;
	}
	return 0;
}

static int show_members(struct client *client, const char *network)
{
	struct members members = { &client->arena, network, false };
	int r = call_nsnet_each(&client->call, NSNET_M_LIST_NAMESPACES,
		&(struct nsnet_list_namespaces_in){ 0 }, on_member, &members);

	return client_allow_nothing(client, r, NSNET_ERROR_NO_SUCH_NAMESPACE);
}

static void show_whole(struct client *client, const struct nsnet_list_networks_out *out)
{
	struct arena *arena = &client->arena;

	output_title(&client->options, arena, out->name);
	output_field(arena, "Description", out->context.description);
	output_field(arena, "Owner", output_user(arena, out->runtime.uid));
	if (out->runtime.created.realtime.is_set)
		output_field(
			arena, "Created", output_time(arena, out->runtime.created.realtime.value));
	output_texts(arena, "Prefixes", &out->runtime.prefixes);
	output_texts(arena, "Gateways", &out->runtime.gateways);
	output_field(arena, "Bridge",
		arena_printf(arena, "%s, index %lld", out->runtime.bridge_name,
			(long long)out->runtime.bridge_index));
	if (out->context.maximum_transmission_unit.is_set)
		output_field(arena, "MTU",
			arena_printf(arena, "%lld",
				(long long)out->context.maximum_transmission_unit.value));
	if (out->context.isolated.is_set)
		output_field(arena, "Isolated", out->context.isolated.value ? "yes" : "no");
	output_labels(arena, &out->context.labels);
}

struct shown {
	struct client *client;
	struct nsnet_list_networks_out *items;
	size_t n;
};

/* Kept until all are here: the connection does one call at a time, and each network asks for its namespaces. */
static int on_shown(const void *reply, void *userdata)
{
	const struct nsnet_list_networks_out *out = reply;
	struct shown *shown = userdata;
	struct nsnet_list_networks_out *more =
		arena_array(&shown->client->arena, shown->n + 1, sizeof(*more));

	if (shown->n > 0)
		memcpy(more, shown->items, shown->n * sizeof(*more));
	more[shown->n++] = *out;
	shown->items = more;
	return 0;
}

static int print_shown(struct client *client, const struct shown *shown)
{
	int r = 0;

	for (size_t i = 0; i < shown->n && r == 0; i++) {
		if (client->options.json != OPTIONS_JSON_OFF) {
			print_json(client, &shown->items[i]);
		} else if (client->options.is_quiet) {
			(void)puts(shown->items[i].name);
		} else {
			if (i > 0)
				(void)putchar('\n');
			show_whole(client, &shown->items[i]);
			r = show_members(client, shown->items[i].name);
		}
	}
	return r;
}

int network_show(struct client *client)
{
	struct nsnet_list_networks_in in = { 0 };
	struct shown shown = { .client = client };
	int r = client_check_names(client, "network");

	if (r != 0)
		return r;
	pager_start(&client->options);
	if (client->n_words == 0) {
		r = call_nsnet_each(&client->call, NSNET_M_LIST_NETWORKS, &in, on_shown, &shown);
		r = client_allow_nothing(client, r, NSNET_ERROR_NO_SUCH_NETWORK);
	}
	for (size_t i = 0; i < client->n_words && r == 0; i++) {
		in.name = client->words[i];
		r = call_nsnet_each(&client->call, NSNET_M_LIST_NETWORKS, &in, on_shown, &shown);
	}
	return r != 0 ? r : print_shown(client, &shown);
}
