/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * graph - how all hangs together: the host, its networks, the namespaces on them
 *
 * The picture is the same on a terminal, as a tree, and for Graphviz: the host above, networks below it, namespaces below each
 * network that they are attached to.
 */
#include <stdio.h>

#include "client.h"
#include "output.h"
#include "pager.h"
#include "ports.h"
#include "table.h"

struct picture {
	struct client *client;
	struct nsnet_describe_out host;
	const struct nsnet_list_networks_out **networks;
	size_t n_networks;
	const struct nsnet_list_namespaces_out **namespaces;
	size_t n_namespaces;
};

static int on_network(const void *reply, void *userdata)
{
	struct picture *picture = userdata;

	picture->networks = arena_grow(&picture->client->arena, picture->networks,
		picture->n_networks, sizeof(*picture->networks));
	picture->networks[picture->n_networks++] = reply;
	return 0;
}

static int on_namespace(const void *reply, void *userdata)
{
	struct picture *picture = userdata;

	picture->namespaces = arena_grow(&picture->client->arena, picture->namespaces,
		picture->n_namespaces, sizeof(*picture->namespaces));
	picture->namespaces[picture->n_namespaces++] = reply;
	return 0;
}

static int look(struct picture *picture)
{
	struct client *client = picture->client;
	int r = call_nsnet(
		&client->call, NSNET_M_DESCRIBE, &(struct nsnet_describe_in){ 0 }, &picture->host);

	if (r != 0)
		return r;
	r = call_nsnet_each(&client->call, NSNET_M_LIST_NETWORKS,
		&(struct nsnet_list_networks_in){ 0 }, on_network, picture);
	r = client_allow_nothing(client, r, NSNET_ERROR_NO_SUCH_NETWORK);
	if (r != 0)
		return r;
	r = call_nsnet_each(&client->call, NSNET_M_LIST_NAMESPACES,
		&(struct nsnet_list_namespaces_in){ 0 }, on_namespace, picture);
	return client_allow_nothing(client, r, NSNET_ERROR_NO_SUCH_NAMESPACE);
}

static const char *reach_text(struct arena *arena, const struct nsnet_list_networks_out *network)
{
	return arena_printf(arena, "%s%s",
		codec_enum_name(&nsnet_reach_enum, (int)network->runtime.reach),
		network->context.isolated.value ? ", isolated" : "");
}

/* On a terminal. */

static void add_namespace(struct picture *picture, struct table *table, struct table_row *above,
	const struct nsnet_list_namespaces_out *namespace,
	const struct nsnet_attachment *attachment)
{
	struct arena *arena = &picture->client->arena;

	(void)table_branch(table, above,
		(const char *const[]){ namespace->name,
			attachment ? output_join(arena, &attachment->addresses, ", ") : NULL,
			attachment ? attachment->interface_name : NULL, NULL,
			ports_summary(arena, &namespace->context.ports) });
}

static void add_network(struct picture *picture, struct table *table, struct table_row *host,
	const struct nsnet_list_networks_out *network)
{
	struct arena *arena = &picture->client->arena;
	struct table_row *row = table_branch(table, host,
		(const char *const[]){ network->name,
			output_join(arena, &network->runtime.prefixes, ", "),
			network->runtime.bridge_name, reach_text(arena, network), NULL });

	for (size_t i = 0; i < picture->n_namespaces; i++) {
		const struct nsnet_list_namespaces_out *namespace = picture->namespaces[i];

		for (size_t j = 0; j < namespace->context.attachments.n; j++)
			if (streq(namespace->context.attachments.items[j].network, network->name))
				add_namespace(picture, table, row, namespace,
					&namespace->context.attachments.items[j]);
	}
}

/* What was listed a moment later may be on a network that was made between. */
static bool is_on_network(
	const struct picture *picture, const struct nsnet_list_namespaces_out *namespace)
{
	for (size_t i = 0; i < namespace->context.attachments.n; i++)
		for (size_t j = 0; j < picture->n_networks; j++)
			if (streq(namespace->context.attachments.items[i].network,
				    picture->networks[j]->name))
				return true;
	return false;
}

static int draw_tree(struct picture *picture)
{
	static const char *const columns[] = { "NAME", "ADDRESS", "INTERFACE", "REACH",
		"PUBLISHED" };
	struct client *client = picture->client;
	struct table *table =
		table_new_tree(&client->options, columns, lengthof(columns), &client->problem);
	struct table_row *host, *alone = NULL;

	if (!table)
		return (int)client->problem.exit;
	host = table_branch(table, NULL,
		(const char *const[]){ "host", NULL,
			output_join(&client->arena, &picture->host.uplinks, ", "), NULL, NULL });
	for (size_t i = 0; i < picture->n_networks; i++)
		add_network(picture, table, host, picture->networks[i]);
	for (size_t i = 0; i < picture->n_namespaces; i++) {
		if (is_on_network(picture, picture->namespaces[i]))
			continue;
		if (!alone)
			alone = table_branch(table, NULL,
				(const char *const[]){ "no network", NULL, NULL, NULL, NULL });
		add_namespace(picture, table, alone, picture->namespaces[i], NULL);
	}
	pager_start(&client->options);
	table_end(table);
	return 0;
}

/* For Graphviz: dot(1). */

/* Within quotes; lines are parted by the language's own "\n". */
static void print_quoted(const char *prefix, const char *text)
{
	(void)printf("%s", prefix);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			(void)putchar('\\');
		(void)putchar(*text);
	}
}

static void print_lines(struct arena *arena, const struct string_list *list)
{
	for (size_t i = 0; i < list->n; i++)
		print_quoted("\\n", output_safe(arena, list->items[i]));
}

static void print_network(struct picture *picture, const struct nsnet_list_networks_out *network)
{
	struct arena *arena = &picture->client->arena;

	(void)printf("\t\"network %s\" [shape=ellipse, label=\"%s", network->name, network->name);
	print_lines(arena, &network->runtime.prefixes);
	(void)printf("\"];\n\thost -- \"network %s\" [label=\"%s\"%s];\n", network->name,
		reach_text(arena, network),
		network->runtime.reach == NSNET_REACH_INTERNAL ? ", style=dashed" : "");
}

static void print_namespace(
	struct picture *picture, const struct nsnet_list_namespaces_out *namespace)
{
	struct arena *arena = &picture->client->arena;
	const char *ports = ports_summary(arena, &namespace->context.ports);

	(void)printf("\t\"namespace %s\" [shape=box, label=\"%s", namespace->name, namespace->name);
	if (ports && *ports)
		print_quoted("\\n", ports);
	(void)printf("\"];\n");
	for (size_t i = 0; i < namespace->context.attachments.n; i++) {
		const struct nsnet_attachment *attachment =
			&namespace->context.attachments.items[i];

		(void)printf("\t\"network %s\" -- \"namespace %s\" [label=\"", attachment->network,
			namespace->name);
		print_quoted(
			"", output_safe(arena,
				    attachment->interface_name ? attachment->interface_name : ""));
		print_lines(arena, &attachment->addresses);
		(void)printf("\"];\n");
	}
}

static void print_dot(struct picture *picture)
{
	(void)printf("graph nsnet {\n\trankdir=LR;\n\tnode [fontname=\"sans-serif\"];\n"
		     "\tedge [fontname=\"sans-serif\", fontsize=10];\n"
		     "\thost [shape=house, label=\"host");
	print_lines(&picture->client->arena, &picture->host.uplinks);
	(void)printf("\"];\n");
	for (size_t i = 0; i < picture->n_networks; i++)
		print_network(picture, picture->networks[i]);
	for (size_t i = 0; i < picture->n_namespaces; i++)
		print_namespace(picture, picture->namespaces[i]);
	(void)printf("}\n");
}

int graph_draw(struct client *client)
{
	struct picture picture = { .client = client };
	int r;

	if (client->options.json != OPTIONS_JSON_OFF)
		return problem_set(&client->problem, PROBLEM_USAGE, "nsnetctl list --json",
			"a graph is no JSON");
	r = look(&picture);
	if (r != 0)
		return r;
	if (!client->is_dot)
		return draw_tree(&picture);
	print_dot(&picture);
	return 0;
}
