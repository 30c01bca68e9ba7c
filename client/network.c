/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * network - network create, set, delete, list, show
 */
#include <stdio.h>

#include "client.h"
#include "object.h"
#include "output.h"
#include "table.h"

static_assert(offsetof(struct nsnet_list_networks_out, name) == 0, "object.h");

static int ask(struct client *client, const char *name, bool inspect unused,
	int (*on_reply)(const void *listed, void *userdata), void *userdata)
{
	return call_nsnet_each(&client->call, NSNET_M_LIST_NETWORKS,
		&(struct nsnet_list_networks_in){ .name = name }, on_reply, userdata);
}

static const void *wish(struct client *client, const char *name)
{
	struct nsnet_create_network_in *in = arena_alloc(&client->arena, sizeof(*in));

	*in = (struct nsnet_create_network_in){ name, &client->settings.of_network };
	return in;
}

static void made(
	struct client *client unused, const char *name, const void *reply, void *ret_listed)
{
	const struct nsnet_create_network_out *out = reply;

	*(struct nsnet_list_networks_out *)ret_listed =
		(struct nsnet_list_networks_out){ name, out->context, out->runtime };
}

static int set(struct client *client, const char *name, struct maybe_int revision, void *ret_listed)
{
	struct nsnet_set_network_in in = {
		.name = name, .context = client->settings.of_network, .revision = revision
	};
	struct nsnet_set_network_out out;
	int r = call_nsnet(&client->call, NSNET_M_SET_NETWORK, &in, &out);

	if (r == 0)
		*(struct nsnet_list_networks_out *)ret_listed =
			(struct nsnet_list_networks_out){ name, out.context, out.runtime };
	return r;
}

/* Prefixes and gateways that were chosen are changed like those that were wished. */
static const void *former(struct arena *arena, const void *listed)
{
	const struct nsnet_list_networks_out *out = listed;
	struct nsnet_network_context *context = arena_alloc(arena, sizeof(*context));

	*context = out->context;
	context->prefixes = out->runtime.prefixes;
	context->gateways = out->runtime.gateways;
	return context;
}

static int64_t revision(const void *listed)
{
	return ((const struct nsnet_list_networks_out *)listed)->runtime.revision;
}

static const char *reach_name(enum nsnet_reach reach)
{
	switch (reach) {
	case NSNET_REACH_NAT:
		return "nat";
	case NSNET_REACH_ROUTE:
		return "route";
	case NSNET_REACH_INTERNAL:
		return "internal";
	case NSNET_REACH_UNSET:
		break;
	}
	return NULL;
}

static void list(struct client *client, struct table *table, const void *listed)
{
	const struct nsnet_list_networks_out *out = listed;
	struct arena *arena = &client->arena;

	table_row(table,
		(const char *const[]){ out->name, output_join(arena, &out->runtime.prefixes, ", "),
			reach_name(out->runtime.reach), out->runtime.bridge_name,
			arena_printf(arena, "%lld", (long long)out->runtime.attachments),
			output_user(arena, out->runtime.uid) });
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

static void show_mtu(struct arena *arena, const struct nsnet_list_networks_out *out)
{
	struct maybe_int wished = out->context.maximum_transmission_unit;
	bool is_own =
		(wished.is_set && wished.value != 0) || out->runtime.reach == NSNET_REACH_INTERNAL;

	output_field(arena, "MTU",
		arena_printf(arena, "%lld%s", (long long)out->runtime.maximum_transmission_unit,
			is_own ? "" : ", follows the uplink"));
}

static int show(struct client *client, const void *listed)
{
	const struct nsnet_list_networks_out *out = listed;
	struct arena *arena = &client->arena;

	output_title(&client->options, arena, out->name);
	output_field(arena, "Description", out->context.description);
	output_field(arena, "Owner", output_user(arena, out->runtime.uid));
	if (out->runtime.created.realtime.is_set)
		output_field(
			arena, "Created", output_time(arena, out->runtime.created.realtime.value));
	output_texts(arena, "Prefixes", &out->runtime.prefixes);
	output_texts(arena, "Gateways", &out->runtime.gateways);
	output_field(arena, "Reach", reach_name(out->runtime.reach));
	output_field(arena, "Bridge",
		arena_printf(arena, "%s, index %lld", out->runtime.bridge_name,
			(long long)out->runtime.bridge_index));
	show_mtu(arena, out);
	if (out->context.isolated.is_set)
		output_field(arena, "Isolated", out->context.isolated.value ? "yes" : "no");
	if (out->context.persistent.is_set)
		output_field(arena, "Persistent", out->context.persistent.value ? "yes" : "no");
	output_field(arena, "Domain", out->runtime.domain);
	output_texts(arena, "Name servers", &out->context.name_servers);
	output_entries(arena, "Labels", &out->context.labels);
	return show_members(client, out->name);
}

static const char *const columns[] = { "NAME", "PREFIXES", "REACH", "BRIDGE", "ATTACHED", "OWNER" };

static const struct object object = {
	.noun = "network",
	.nouns = "networks",
	.is_network = true,
	.listed = &nsnet_list_networks_out_type,
	.context = &nsnet_network_context_type,
	.context_at = offsetof(struct nsnet_list_networks_out, context),
	.nothing = NSNET_ERROR_NO_SUCH_NETWORK,
	.columns = columns,
	.n_columns = lengthof(columns),
	.ask = ask,
	.creates = NSNET_M_CREATE_NETWORK,
	.wish = wish,
	.made = made,
	.set = set,
	.former = former,
	.revision = revision,
	.list = list,
	.show = show,
};

int network_create(struct client *client)
{
	return object_create(client, &object);
}

int network_set(struct client *client)
{
	return object_set(client, &object);
}

int network_delete(struct client *client)
{
	struct nsnet_delete_networks_in in = { .names = { client->words, client->n_words } };
	struct nsnet_delete_networks_out out;
	int r = client_check_names(client, "network");

	return r != 0 ? r : call_nsnet(&client->call, NSNET_M_DELETE_NETWORKS, &in, &out);
}

int network_list(struct client *client)
{
	return object_list(client, &object);
}

int network_show(struct client *client)
{
	size_t n;

	return object_show(client, &object, &n);
}
