/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recover - start-up: the records against the kernel, and the difference carried out
 */
#include "recover.h"

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

	/* The log has said so. */
	if (!record->text)
		return false;
	if (codec_parse(&recovery->arena, record->text, record->n, &limits_record, &value) == 0 &&
		codec_decode(type, value, CODEC_IGNORE_UNKNOWN, &recovery->arena, ret, &field) == 0)
		return true;
	log_line(LOG_ERR, "record of \"%s\" is not readable%s%s: left as it is", record->name,
		*field ? ", at " : "", field);
	return false;
}

/* Whoever looks at the record must find all that it may have been about. */
static void leave(struct recovery *recovery, enum record_kind kind, const char *name)
{
	recovery->left[kind].names[recovery->left[kind].n++] = name;
}

bool recover_is_left(const struct recovery *recovery, enum record_kind kind, const char *name)
{
	for (size_t i = 0; i < recovery->left[kind].n; i++)
		if (streq(recovery->left[kind].names[i], name))
			return true;
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

	if (!recover_read(recovery, record, &nsnet_list_networks_out_type, &told)) {
		leave(recovery, RECORD_NETWORK, record->name);
		return;
	}
	network = recover_remake_network(recovery, &told, NULL);
	if (!network || !streq(network->name, record->name) ||
		registry_find_network(recovery->registry, network->name) ||
		is_bridge_taken(recovery, network->bridge)) {
		log_line(LOG_ERR, "record of network \"%s\" makes no network: left as it is",
			record->name);
		leave(recovery, RECORD_NETWORK, record->name);
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
	network->told.runtime.bridge_index = bridge ? bridge->index : told.runtime.bridge_index;
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

/* The link that its record names. One that was made ahead and taken may say still that it is a spare's. */
static const struct snapshot_link *find_recorded(
	const struct recovery *recovery, const char *name, const char *alias)
{
	const struct snapshot_link *link = name ? recover_find_link(recovery, name) : NULL;

	return link && (streq(link->alias, alias) || after(link->alias, "nsnetd:%")) ? link : NULL;
}

/* A host end that is there keeps its name. */
void recover_name_link(void *userdata, const char *alias, const char *was, char ret[INTERFACE_SIZE])
{
	const struct recovery *recovery = userdata;
	const struct snapshot_link *link = find_recorded(recovery, was, alias);

	if (!link)
		link = find_alias(recovery, alias);
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
		.host_interfaces = told->runtime.host_interfaces,
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

static bool is_mislabelled(const struct recovery *recovery, const struct ns *ns)
{
	for (size_t i = 0; i < ns->n_attachments; i++) {
		const struct snapshot_link *link =
			recover_find_link(recovery, ns->attachments[i].host_interface);

		if (link && !streq(link->alias, ns->attachments[i].alias))
			return true;
	}
	return false;
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
	if (is_mislabelled(recovery, ns))
		difference_label_namespace(ns, &plan);
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
	/* One that was coming back comes another time. */
	if (told->context.persistent.value && told->runtime.revision > 0) {
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

	if (!recover_read(recovery, record, &nsnet_list_namespaces_out_type, &told)) {
		leave(recovery, RECORD_NAMESPACE, record->name);
		return;
	}
	ns = recover_remake_namespace(recovery, &told, NULL);
	if (!ns && told.runtime.inode == 0 && streq(told.name, record->name)) {
		forget_record(recovery, &told, record->name);
		return;
	}
	if (!ns || !streq(ns->name, record->name) ||
		registry_find_namespace(recovery->registry, ns->name)) {
		log_line(LOG_ERR, "record of namespace \"%s\" makes no namespace: left as it is",
			record->name);
		leave(recovery, RECORD_NAMESPACE, record->name);
		namespace_free(ns);
		return;
	}
	netns = find_netns(recovery, ns->name);
	if (!netns || netns->is_dead || netns->cookie != told.runtime.cookie ||
		netns->inode != told.runtime.inode) {
		forget_namespace(recovery, ns, netns && netns->is_dead);
		return;
	}
	recovery->error = kernel_adopt(recovery->kernel, ns->name);
	if (recovery->error < 0) {
		namespace_free(ns);
		return;
	}
	if (told.runtime.revision == 0)
		ns->told.runtime.revision = revive_revision(recovery, RECORD_NAMESPACE, ns->name);
	mend_namespace(recovery, ns);
	recover_add_namespace(recovery, ns);
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

static void make_room(struct recovery *recovery)
{
	const struct snapshot *snapshot = &recovery->snapshot;

	recovery->left[RECORD_NAMESPACE].names =
		arena_array(&recovery->arena, snapshot->n_namespaces, sizeof(const char *));
	recovery->left[RECORD_NETWORK].names =
		arena_array(&recovery->arena, snapshot->n_networks, sizeof(const char *));
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
		make_room(&recovery);
		start_link_numbers(&recovery);
		orphans_remove_half_made(&recovery);
		if (snapshot->n_networks > 0 || snapshot->n_network_wishes > 0)
			r = host_begin(kernel);
		for (size_t i = 0; i < snapshot->n_networks; i++)
			recover_network(&recovery, &snapshot->networks[i]);
		revive_networks(&recovery);
		for (size_t i = 0; recovery.error == 0 && i < snapshot->n_namespaces; i++)
			recover_namespace(&recovery, &snapshot->namespaces[i]);
		if (r == 0)
			r = recovery.error;
	}
	if (r == 0) {
		revive_namespaces(&recovery);
		orphans_remove(&recovery);
		resume_networks(&recovery);
		resume_namespaces(&recovery);
		r = recovery.left[RECORD_NETWORK].n > 0 ? host_join(registry, kernel)
							: host_resume(registry, kernel);
	}
	arena_done(&recovery.arena);
	return r;
}
