/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recover - start-up: the records against the kernel, and the difference carried out
 */
#include "recover.h"

#include <netinet/in.h>
#include <stdio.h>
#include <syslog.h>

#include "difference.h"
#include "host.h"
#include "log.h"
#include "recovery.h"
#include "repair.h"
#include "steps.h"

static const struct text_limits limits_record = {
	.size = 1024U * 1024U,
	.values = 4U * TEXT_VALUES_MAX,
	.depth = TEXT_DEPTH_MAX,
};

int recover_apply(struct recovery *recovery, const struct plan *plan, const char *name)
{
	struct kernel_error error = { 0 };
	int r = kernel_apply(recovery->kernel, plan, &error);

	if (r > 0)
		log_line(LOG_ERR, "%s: cannot be mended: %s: %s%s%s", name,
			step_print(error.step, &recovery->arena), strerror(error.error),
			*error.message ? ": " : "", error.message);
	return r;
}

const struct snapshot_link *recover_find_link(const struct recovery *recovery, const char *name)
{
	for (size_t i = 0; i < recovery->snapshot.n_links; i++)
		if (streq(recovery->snapshot.links[i].name, name))
			return &recovery->snapshot.links[i];
	return NULL;
}

static const struct snapshot_link *find_alias(const struct recovery *recovery, const char *alias)
{
	for (size_t i = 0; i < recovery->snapshot.n_links; i++)
		if (streq(recovery->snapshot.links[i].alias, alias))
			return &recovery->snapshot.links[i];
	return NULL;
}

bool recover_link_number(const char *name, const char *prefix, unsigned *ret)
{
	const char *digits = after(name, prefix);
	size_t n = digits ? strspn(digits, "0123456789") : 0;

	if (n == 0 || n > 9 || digits[n])
		return false;
	*ret = (unsigned)strtoul(digits, NULL, 10);
	return true;
}

bool recover_read(struct recovery *recovery, const struct snapshot_record *record,
	const struct codec_struct *type, void *ret)
{
	const struct codec_value *value;
	const char *field = "";

	if (codec_parse(&recovery->arena, record->text, record->n, &limits_record, &value) == 0 &&
		codec_decode(type, value, CODEC_IGNORE_UNKNOWN, &recovery->arena, ret, &field) == 0)
		return true;
	log_line(LOG_ERR, "record of \"%s\" is not readable%s%s: left as it is", record->name,
		*field ? ", at " : "", field);
	return false;
}

/* What is there is charged, whatever the limits are by now. */
static void charge(struct recovery *recovery, uid_t uid, const unsigned amounts[QUOTA_RESOURCES],
	struct quota_charge *ret)
{
	enum quota_resource over;

	(void)quota_charge(registry_user(recovery->registry, uid), NULL, amounts, ret, &over);
}

/* Networks. */

/* As it was chosen then, not as it would be chosen now. */
struct network *recover_remake_network(struct recovery *recovery,
	const struct nsnet_list_networks_out *told, struct network *former)
{
	struct nsnet_network_context wish = told->context;
	struct snapshot_prefixes none = { 0 };
	struct network_host host = {
		.prefixes = &none,
		.is_forwarding = { kernel_has(recovery->kernel, "forwarding4"),
			kernel_has(recovery->kernel, "forwarding6") },
		.has_nat = kernel_has(recovery->kernel, "nat"),
		.has_names = recovery->has_names,
		.has_persistent = true, /* it was */
		.may_reach = { true, true, true, true },
		.uplink_mtu = (unsigned)told->runtime.maximum_transmission_unit,
		.former = former,
	};
	struct network *network = NULL;
	struct fault fault;
	unsigned number;

	wish.prefixes = told->runtime.prefixes;
	wish.gateways = told->runtime.gateways;
	if (!name_is_valid(told->name) ||
		!recover_link_number(told->runtime.bridge_name, "nsnet", &number) ||
		network_new(told->name, (uid_t)told->runtime.uid, number, &wish, &host,
			&recovery->arena, &network, &fault) != 0)
		return NULL;
	codec_copy(&nsnet_network_context_type, &told->context, &network->told.context,
		&network->arena);
	network->told.runtime.created = told->runtime.created;
	network->told.runtime.revision = told->runtime.revision;
	return network;
}

/* Two of them cannot have one bridge. */
static bool is_bridge_taken(struct recovery *recovery, const char *bridge)
{
	struct network **networks = registry_networks(recovery->registry, &recovery->arena);

	for (size_t i = 0; i < recovery->registry->n_networks; i++)
		if (streq(networks[i]->bridge, bridge))
			return true;
	return false;
}

/* The bridge may be there, but another's: his network was made when this one was deleted, and not all of it went. */
static bool is_bridge_of_another(const struct recovery *recovery, const struct network *network)
{
	const struct snapshot_link *bridge = recover_find_link(recovery, network->bridge);

	return bridge && *bridge->alias && !streq(bridge->alias, network->alias);
}

/* One that was never made, or that was deleted. */
static void forget_network(struct recovery *recovery, struct network *network)
{
	struct plan plan = PLAN_INIT(&recovery->arena);

	log_about(LOG_NOTICE,
		&(struct log_fields){ .network_name = network->name, .uid = LOG_UID_NONE },
		"network \"%s\" was not made, or not deleted, to the end: it goes", network->name);
	if (is_bridge_of_another(recovery, network))
		steps_add(&plan, steps_network_record(STEP_RECORD_DELETE, network));
	else
		difference_remove_network(network, &plan);
	(void)recover_apply(recovery, &plan, network->name);
	network_free(network);
}

void recover_add_network(struct recovery *recovery, struct network *network)
{
	charge(recovery, network->uid, (const unsigned[QUOTA_RESOURCES]){ [QUOTA_NETWORKS] = 1 },
		&network->charge);
	registry_add_network(recovery->registry, network);
	revive_match(recovery, steps_network_wish(STEP_WISH_WRITE, network, &recovery->arena),
		network->told.context.persistent.value);
}

static void recover_network(struct recovery *recovery, const struct snapshot_record *record)
{
	struct plan plan = PLAN_INIT(&recovery->arena);
	struct nsnet_list_networks_out told;
	const struct snapshot_link *bridge;
	struct network *network;

	if (!recover_read(recovery, record, &nsnet_list_networks_out_type, &told))
		return;
	network = recover_remake_network(recovery, &told, NULL);
	if (!network || !streq(network->name, record->name) ||
		registry_find_network(recovery->registry, network->name) ||
		is_bridge_taken(recovery, network->bridge)) {
		log_line(LOG_ERR, "record of network \"%s\" makes no network: left as it is",
			record->name);
		network_free(network);
		return;
	}
	if (told.runtime.bridge_index == 0 && told.runtime.revision > 0) {
		forget_network(recovery, network);
		return;
	}
	if (told.runtime.revision == 0)
		network->told.runtime.revision =
			revive_revision(recovery, RECORD_NETWORK, network->name);
	bridge = recover_find_link(recovery, network->bridge);
	if (bridge)
		network->told.runtime.bridge_index = bridge->index;
	plan.is_forward = true;
	difference_make_network(network, &(struct network_presence){ .bridge = LINK_WHOLE }, &plan);
	(void)recover_apply(recovery, &plan, network->name);
	repair_network(recovery->registry, recovery->kernel, network);
	recover_add_network(recovery, network);
}

/* Namespaces. */

struct network *recover_find_network(void *userdata, const char *name)
{
	const struct recovery *recovery = userdata;

	return registry_find_network(recovery->registry, name);
}

/* A host end that is there keeps its name. */
void recover_name_link(void *userdata, const char *alias, char ret[INTERFACE_SIZE])
{
	const struct recovery *recovery = userdata;
	const struct snapshot_link *link = find_alias(recovery, alias);

	if (link)
		(void)snprintf(ret, INTERFACE_SIZE, "%s", link->name);
	else
		registry_name_link(recovery->registry, ret);
}

static void remember_settings(struct ns *ns, const struct string_map *before)
{
	for (size_t i = 0; i < ns->n_settings && i < before->n; i++)
		if (streq(ns->told.context.sysctls.items[i].key, before->items[i].key))
			(void)snprintf(ns->settings[i].before, sizeof(ns->settings[i].before), "%s",
				before->items[i].value);
}

struct ns *recover_remake_namespace(
	struct recovery *recovery, const struct nsnet_list_namespaces_out *told, struct ns *former)
{
	struct namespace_host host = {
		.userdata = recovery,
		.find_network = recover_find_network,
		.name_link = recover_name_link,
		.published = &recovery->registry->published,
		.has_ports = kernel_has(recovery->kernel, "ports"),
		.has_rate = true, /* it was, and what is there stays */
		.has_netem = true,
		.has_persistent = true,
		.former = former,
	};
	struct namespace_owner owner = {
		.uid = (uid_t)told->runtime.uid,
		.gid = (gid_t)-1, /* it is made already */
		.ownership = told->runtime.ownership,
	};
	struct ns *ns = NULL;
	struct fault fault;

	if (!name_is_valid(told->name) || namespace_new(told->name, &owner, &told->context, &host,
						  &recovery->arena, &ns, &fault) != 0)
		return NULL;
	ns->told.runtime.path = arena_printf(&ns->arena, "%s/%s", recovery->paths->netns, ns->name);
	ns->told.runtime.inode = told->runtime.inode;
	ns->told.runtime.cookie = told->runtime.cookie;
	ns->told.runtime.created = told->runtime.created;
	ns->told.runtime.gid = told->runtime.gid;
	ns->told.runtime.revision = told->runtime.revision;
	remember_settings(ns, &told->runtime.sysctls_before);
	return ns;
}

static const struct snapshot_netns *find_netns(const struct recovery *recovery, const char *name)
{
	for (size_t i = 0; i < recovery->snapshot.n_netns; i++)
		if (streq(recovery->snapshot.netns[i].name, name))
			return &recovery->snapshot.netns[i];
	return NULL;
}

/* Also that it comes back after a reboot, unless that was just what was cut off. */
static void forget_namespace(struct recovery *recovery, struct ns *ns, bool has_dead_file)
{
	struct namespace_presence presence = { .is_pinned = has_dead_file };
	struct plan plan = PLAN_INIT(&recovery->arena);
	const struct snapshot_record *wish = NULL;

	if (ns->told.runtime.revision == 0) {
		wish = revive_find(recovery, RECORD_NAMESPACE, ns->name);
		ns->told.context.persistent = (struct maybe_bool){ 0 };
	}

	log_about(LOG_NOTICE,
		&(struct log_fields){ .namespace_name = ns->name, .uid = LOG_UID_NONE },
		"namespace \"%s\" is gone: its names go too", ns->name);
	difference_remove_namespace(ns, &presence, &plan);
	(void)recover_apply(recovery, &plan, ns->name);
	namespace_free(ns);
	if (wish)
		revive_namespace(recovery, wish);
}

void recover_add_namespace(struct recovery *recovery, struct ns *ns)
{
	charge(recovery, ns->uid,
		(const unsigned[QUOTA_RESOURCES]){ [QUOTA_NAMESPACES] = 1,
			[QUOTA_ATTACHMENTS] = (unsigned)ns->n_attachments,
			[QUOTA_PORTS] = (unsigned)ns->n_ports },
		&ns->charge);
	registry_add_namespace(recovery->registry, ns);
	revive_match(recovery, steps_namespace_wish(STEP_WISH_WRITE, ns, &recovery->arena),
		ns->told.context.persistent.value);
}

void recover_lend(struct recovery *recovery, const struct ns *ns)
{
	struct plan plan = PLAN_INIT(&recovery->arena);

	for (size_t i = 0; i < ns->links.n; i++) {
		struct string_list addresses;

		if (kernel_find_link(recovery->kernel, ns->links.items[i], &recovery->arena,
			    &addresses) == 0)
			difference_take_link(ns, ns->links.items[i], &plan);
	}
	(void)recover_apply(recovery, &plan, ns->name);
}

/* What it may send, its names, then its links. */
static void mend_namespace(struct recovery *recovery, struct ns *ns)
{
	enum link_presence *links =
		arena_array(&recovery->arena, ns->n_attachments, sizeof(*links));
	const struct namespace_presence unnamed = {
		.is_pinned = true, .is_held = true, .links = links
	};
	struct plan plan = PLAN_INIT(&recovery->arena);

	for (size_t i = 0; i < ns->n_attachments; i++)
		links[i] = LINK_WHOLE;
	plan.is_forward = true;
	difference_protect_namespace(ns, &plan);
	difference_make_namespace(ns, &unnamed, &plan);
	(void)recover_apply(recovery, &plan, ns->name);
	repair_namespace(recovery->registry, recovery->kernel, ns);
	recover_lend(recovery, ns);
}

/* What is written down before a namespace is made, of one that never was: its network may have gone as well. */
static void forget_record(
	struct recovery *recovery, const struct nsnet_list_namespaces_out *told, const char *name)
{
	struct step step = { .type = STEP_RECORD_DELETE,
		.record = { .kind = RECORD_NAMESPACE, .name = name } };
	struct plan plan = PLAN_INIT(&recovery->arena);

	log_about(LOG_NOTICE, &(struct log_fields){ .namespace_name = name, .uid = LOG_UID_NONE },
		"namespace \"%s\" was not made: its record goes", name);
	plan.is_forward = true;
	if (told->context.persistent.value) {
		step.type = STEP_WISH_DELETE;
		plan_add(&plan, &step);
		step.type = STEP_RECORD_DELETE;
	}
	plan_add(&plan, &step);
	(void)recover_apply(recovery, &plan, name);
}

static void recover_namespace(struct recovery *recovery, const struct snapshot_record *record)
{
	struct nsnet_list_namespaces_out told;
	const struct snapshot_netns *netns;
	struct ns *ns;

	if (!recover_read(recovery, record, &nsnet_list_namespaces_out_type, &told))
		return;
	ns = recover_remake_namespace(recovery, &told, NULL);
	if (!ns && told.runtime.inode == 0 && streq(told.name, record->name)) {
		forget_record(recovery, &told, record->name);
		return;
	}
	if (!ns || !streq(ns->name, record->name) ||
		registry_find_namespace(recovery->registry, ns->name)) {
		log_line(LOG_ERR, "record of namespace \"%s\" makes no namespace: left as it is",
			record->name);
		namespace_free(ns);
		return;
	}
	netns = find_netns(recovery, ns->name);
	if (!netns || netns->is_dead || netns->cookie != told.runtime.cookie ||
		netns->inode != told.runtime.inode) {
		forget_namespace(recovery, ns, netns && netns->is_dead);
		return;
	}
	if (kernel_adopt(recovery->kernel, ns->name) < 0) {
		forget_namespace(recovery, ns, false);
		return;
	}
	if (told.runtime.revision == 0)
		ns->told.runtime.revision = revive_revision(recovery, RECORD_NAMESPACE, ns->name);
	mend_namespace(recovery, ns);
	recover_add_namespace(recovery, ns);
}

/* Links that no object has. */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The names of all links that objects have, sorted. */
static const char **known_links(struct recovery *recovery, size_t *ret_n)
{
	struct registry *registry = recovery->registry;
	struct arena *arena = &recovery->arena;
	struct network **networks = registry_networks(registry, arena);
	const char **names;
	size_t n = 0;

	for (size_t i = 0; i < registry->n_networks; i++)
		n += 3 + networks[i]->n_attachments;
	names = arena_array(arena, n, sizeof(*names));
	n = 0;
	for (size_t i = 0; i < registry->n_networks; i++) {
		names[n++] = networks[i]->bridge;
		names[n++] = networks[i]->anchor;
		names[n++] = arena_printf(arena, "%sp", networks[i]->anchor);
		list_foreach (&networks[i]->attachments, struct attachment, link, attachment)
			names[n++] = attachment->host_interface;
	}
	qsort(names, n, sizeof(*names), compare_names);
	*ret_n = n;
	return names;
}

static void remove_orphans(struct recovery *recovery)
{
	struct plan plan = PLAN_INIT(&recovery->arena);
	size_t n_known;
	const char **known = known_links(recovery, &n_known);

	plan.is_forward = true;
	for (size_t i = 0; i < recovery->snapshot.n_links; i++) {
		const char *name = recovery->snapshot.links[i].name;
		unsigned number;

		if (n_known > 0 && bsearch(&name, known, n_known, sizeof(*known), compare_names))
			continue;
		log_line(LOG_NOTICE, "link %s belongs to no record: it goes", name);
		if (recover_link_number(name, "nsnet", &number))
			plan_add(&plan, &(struct step){
						.type = STEP_BRIDGE_DELETE,
						.bridge = { .name = name,
							.anchor = arena_printf(
								&recovery->arena, "%sa", name) },
					});
		else if (after(name, "nsv"))
			plan_add(&plan, &(struct step){ .type = STEP_VETH_DELETE,
						.veth = { .name = name } });
	}
	(void)recover_apply(recovery, &plan, "left-over links");
}

/* The same of the firewall: what stands there of links and gateways that are nobody's. */
static void remove_orphan_elements(struct recovery *recovery)
{
	struct registry *registry = recovery->registry;
	struct network **networks = registry_networks(registry, &recovery->arena);
	struct address *gateways =
		arena_array(&recovery->arena, FAMILIES * registry->n_networks, sizeof(*gateways));
	struct kernel_wanted wanted = { .gateways = gateways };
	int r;

	wanted.links = known_links(recovery, &wanted.n_links);
	for (size_t i = 0; i < registry->n_networks; i++)
		for (size_t family = 0; family < FAMILIES; family++)
			gateways[wanted.n_gateways++] = networks[i]->gateways[family];
	r = kernel_sweep_firewall(recovery->kernel, &wanted);
	if (r < 0)
		log_line(LOG_ERR, "cannot take away what is left over in the firewall: %s",
			strerror(-r));
}

/* What a crash left between a port and its record. */
static void remove_orphan_ports(struct recovery *recovery)
{
	struct plan plan = PLAN_INIT(&recovery->arena);

	plan.is_forward = true;
	for (size_t i = 0; i < recovery->snapshot.n_ports; i++) {
		const struct snapshot_port *port = &recovery->snapshot.ports[i];
		struct step step = {
			.type = STEP_PORT_DELETE,
			.port = { port->protocol == IPPROTO_UDP ? NSNET_PROTOCOL_UDP
								: NSNET_PROTOCOL_TCP,
				port->host, port->target, port->host_port, port->namespace_port },
		};

		if (!publish_has(&recovery->registry->published, step.port.protocol, &port->host,
			    port->host_port, &port->target))
			plan_add(&plan, &step);
	}
	(void)recover_apply(recovery, &plan, "left-over ports");
}

static void start_link_numbers(struct recovery *recovery)
{
	for (size_t i = 0; i < recovery->snapshot.n_links; i++) {
		unsigned number;

		if (recover_link_number(recovery->snapshot.links[i].name, "nsv", &number) &&
			number >= recovery->registry->next_link)
			recovery->registry->next_link = number + 1;
	}
}

int recover_all(struct nsnet_context *context)
{
	struct registry *registry = context->registry;
	struct kernel *kernel = context->kernel;
	struct recovery recovery = {
		.context = context,
		.registry = registry,
		.kernel = kernel,
		.paths = context->paths,
		.has_names = context->has_names,
	};
	struct snapshot *snapshot = &recovery.snapshot;
	int r = kernel_snapshot(kernel, &recovery.arena, snapshot);

	if (r == 0) {
		start_link_numbers(&recovery);
		if (snapshot->n_networks > 0 || snapshot->n_network_wishes > 0)
			r = host_begin(kernel);
		for (size_t i = 0; i < snapshot->n_networks; i++)
			recover_network(&recovery, &snapshot->networks[i]);
		revive_networks(&recovery);
		for (size_t i = 0; i < snapshot->n_namespaces; i++)
			recover_namespace(&recovery, &snapshot->namespaces[i]);
		revive_namespaces(&recovery);
		remove_orphans(&recovery);
		remove_orphan_ports(&recovery);
		remove_orphan_elements(&recovery);
		resume_networks(&recovery);
		resume_namespaces(&recovery);
		if (r == 0)
			r = host_resume(registry, kernel);
	}
	arena_done(&recovery.arena);
	return r;
}
