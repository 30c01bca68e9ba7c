/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * withdraw - what a file names, taken away: its namespaces, then its networks
 */
#include "client.h"
#include "topology.h"

/* How often it is looked anew where something was gone that was there a moment before. */
enum { TRIES = 5 };

struct gathering {
	struct client *client;
	const struct topology *topology;
	struct string_list names;
};

static int on_namespace(const void *reply, void *userdata)
{
	const struct nsnet_list_namespaces_out *out = reply;
	struct gathering *gathering = userdata;
	const struct nsnet_namespace_context_map *wanted = &gathering->topology->namespaces;

	for (size_t i = 0; i < wanted->n; i++)
		if (streq(wanted->items[i].key, out->name))
			gathering->names.items[gathering->names.n++] = out->name;
	return 0;
}

static int on_network(const void *reply, void *userdata)
{
	const struct nsnet_list_networks_out *out = reply;
	struct gathering *gathering = userdata;
	const struct nsnet_network_context_map *wanted = &gathering->topology->networks;

	for (size_t i = 0; i < wanted->n; i++)
		if (streq(wanted->items[i].key, out->name))
			gathering->names.items[gathering->names.n++] = out->name;
	return 0;
}

static int delete_namespaces(struct client *client, const struct topology *topology)
{
	struct gathering gathering = { client, topology,
		{ arena_array(&client->arena, topology->namespaces.n, sizeof(char *)), 0 } };
	struct nsnet_delete_namespaces_in in;
	struct nsnet_delete_namespaces_out out;
	int r = call_nsnet_each(&client->call, NSNET_M_LIST_NAMESPACES,
		&(struct nsnet_list_namespaces_in){ 0 }, on_namespace, &gathering);

	r = client_allow_nothing(client, r, NSNET_ERROR_NO_SUCH_NAMESPACE);
	if (r != 0 || gathering.names.n == 0)
		return r;
	in = (struct nsnet_delete_namespaces_in){ .names = gathering.names };
	if (client->kills)
		in.kill = SOME_BOOL(true);
	if (client->waits)
		in.wait = SOME_BOOL(true);
	return call_nsnet(&client->call, NSNET_M_DELETE_NAMESPACES, &in, &out);
}

static int delete_networks(struct client *client, const struct topology *topology)
{
	struct gathering gathering = { client, topology,
		{ arena_array(&client->arena, topology->networks.n, sizeof(char *)), 0 } };
	struct nsnet_delete_networks_in in;
	struct nsnet_delete_networks_out out;
	int r = call_nsnet_each(&client->call, NSNET_M_LIST_NETWORKS,
		&(struct nsnet_list_networks_in){ 0 }, on_network, &gathering);

	r = client_allow_nothing(client, r, NSNET_ERROR_NO_SUCH_NETWORK);
	if (r != 0 || gathering.names.n == 0)
		return r;
	in = (struct nsnet_delete_networks_in){ .names = gathering.names };
	return call_nsnet(&client->call, NSNET_M_DELETE_NETWORKS, &in, &out);
}

/* Somebody else may take one away between the look and the deletion, of which none is done then. */
static int repeat(struct client *client, const struct topology *topology, const char *error,
	int (*delete)(struct client *client, const struct topology *topology))
{
	int r = delete (client, topology);

	for (int i = 1;
		i < TRIES && r != 0 && client->problem.error && streq(client->problem.error, error);
		i++) {
		problem_clear(&client->problem);
		r = delete (client, topology);
	}
	return r;
}

int withdraw_file(struct client *client)
{
	struct topology topology;
	int r;

	if (client->n_words > 0)
		return problem_usage(&client->problem, "delete takes names or --file, not both");
	r = topology_read(&client->file, 1, &topology, &client->problem);
	if (r == 0)
		r = repeat(client, &topology, NSNET_ERROR_NO_SUCH_NAMESPACE, delete_namespaces);
	if (r == 0)
		r = repeat(client, &topology, NSNET_ERROR_NO_SUCH_NETWORK, delete_networks);
	return r;
}
