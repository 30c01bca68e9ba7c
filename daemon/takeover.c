/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * takeover - start-up: what a record speaks of and the kernel still has is taken over, and what differs is mended
 *
 * In two steps. An object is loaded: what its record says is an object again, the namespace is the one that it speaks of and is
 * held. Then it is mended: its links, what it may send, its files. A careful load decides nothing: what is not whole is left
 * for a later, ordinary one.
 */
#include <stdio.h>
#include <syslog.h>

#include "difference.h"
#include "log.h"
#include "recovery.h"
#include "repair.h"
#include "steps.h"

/* What is there is charged, whatever the limits are by now. */
static void charge(struct recovery *recovery, uid_t uid, const unsigned amounts[QUOTA_RESOURCES],
	struct quota_charge *ret)
{
	enum quota_resource over;

	(void)quota_charge(registry_user(recovery->registry, uid), NULL, amounts, ret, &over);
}

/* Networks. */

/* As it was chosen then, not as it would be chosen now. */
struct network *takeover_remake_network(struct recovery *recovery,
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

/* What start-up sees to in another way: lines of hosts files all at once, a record where it says something else, a port where it
 * does not stand in the firewall. */
static void drop_matched(const struct recovery *recovery, struct plan *plan)
{
	size_t n = 0;

	for (size_t i = 0; i < plan->n; i++) {
		const struct step *step = &plan->steps[i];

		if (step->type != STEP_HOSTS_ADD && step->type != STEP_HOSTS_SET &&
			step->type != STEP_HOSTS_CLEAR && step->type != STEP_RECORD_WRITE &&
			!(step->type == STEP_PORT_ADD && recover_has_port(recovery, step)))
			plan->steps[n++] = *step;
	}
	plan->n = n;
}

/* Its record says what it is: written where it says something else. */
static void match_record(
	struct recovery *recovery, const struct snapshot_record *record, const struct step *write)
{
	const char *text = codec_encode(write->record.type, write->record.data, &recovery->arena);
	struct plan plan = PLAN_INIT(&recovery->arena);

	if (record->n == strlen(text) && memcmp(record->text, text, record->n) == 0)
		return;
	plan_add(&plan, write);
	(void)recover_apply(recovery, &plan, record->name);
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

static void add_network(struct recovery *recovery, struct network *network)
{
	charge(recovery, network->uid, (const unsigned[QUOTA_RESOURCES]){ [QUOTA_NETWORKS] = 1 },
		&network->charge);
	registry_add_network(recovery->registry, network);
}

static void match_network(struct recovery *recovery, const struct network *network)
{
	revive_match(recovery, steps_network_wish(STEP_WISH_WRITE, network, &recovery->arena),
		network->told.context.persistent.value);
}

void takeover_add_network(struct recovery *recovery, struct network *network)
{
	add_network(recovery, network);
	match_network(recovery, network);
}

bool takeover_load_network(
	struct recovery *recovery, const struct snapshot_record *record, bool is_careful)
{
	struct nsnet_list_networks_out told;
	struct network *network;
	bool is_whole;

	if (!recover_read(recovery, record, &nsnet_list_networks_out_type, &told, is_careful)) {
		if (!is_careful)
			recover_leave(recovery, RECORD_NETWORK, record->name, recovery->why);
		return false;
	}
	network = takeover_remake_network(recovery, &told, NULL);
	is_whole = network && streq(network->name, record->name) &&
		   !registry_find_network(recovery->registry, network->name) &&
		   !is_bridge_taken(recovery, network->bridge);
	if (!is_whole && !is_careful) {
		log_line(LOG_ERR, "record of network \"%s\" makes no network: left as it is",
			record->name);
		recover_leave(
			recovery, RECORD_NETWORK, record->name, "what it says makes no network");
	}
	/* One that was coming back is made whole first. */
	if (is_careful && told.runtime.revision == 0)
		is_whole = false;
	if (is_whole && told.runtime.bridge_index == 0 && told.runtime.revision > 0) {
		if (!is_careful)
			forget_network(recovery, take(network));
		is_whole = false;
	}
	if (!is_whole) {
		network_free(network);
		return false;
	}
	network->told.runtime.bridge_index = told.runtime.bridge_index;
	if (told.runtime.revision == 0)
		network->told.runtime.revision =
			revive_revision(recovery, RECORD_NETWORK, network->name);
	add_network(recovery, network);
	return true;
}

void takeover_mend_network(struct recovery *recovery, const struct snapshot_record *record)
{
	struct network *network = registry_find_network(recovery->registry, record->name);
	const struct snapshot_link *bridge = recover_find_link(recovery, network->bridge);
	const struct step write = steps_network_record(STEP_RECORD_WRITE, network);
	struct plan plan = PLAN_INIT(&recovery->arena);

	if (bridge)
		network->told.runtime.bridge_index = bridge->index;
	plan.is_forward = true;
	difference_make_network(network, &(struct network_presence){ .bridge = LINK_WHOLE }, &plan);
	drop_matched(recovery, &plan);
	(void)recover_apply(recovery, &plan, network->name);
	match_record(recovery, record, &write);
	match_network(recovery, network);
}

int takeover_match_hosts(struct recovery *recovery, struct network *network)
{
	struct kernel_places places = {
		.items = arena_array(
			&recovery->arena, network->n_attachments, sizeof(*places.items)),
		.slots = network->n_ports,
	};
	size_t n = 0;
	int r;

	list_foreach (&network->attachments, struct attachment, link, attachment)
		places.items[places.n++].step = steps_hosts(STEP_HOSTS_SET, attachment);
	r = kernel_match_hosts(recovery->kernel, network->name, &places);
	if (r < 0) {
		log_about(LOG_ERR,
			&(struct log_fields){ .network_name = network->name, .uid = LOG_UID_NONE },
			"the names of network \"%s\" cannot be written down: %s", network->name,
			strerror(-r));
		return r == -ENOSPC ? 0 : r;
	}
	list_foreach (&network->attachments, struct attachment, link, attachment)
		attachment->port = places.items[n++].slot;
	network_retake_ports(network);
	return 0;
}

/* Namespaces. */

struct network *takeover_find_network(void *userdata, const char *name)
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

/* A host end that is there keeps its name. Before it is known what is there, what the record says is told; that is looked at when the
 * namespace is mended. */
void takeover_name_link(
	void *userdata, const char *alias, const char *was, char ret[INTERFACE_SIZE])
{
	const struct recovery *recovery = userdata;
	const struct snapshot_link *link;

	if (!recovery->has_links) {
		(void)snprintf(
			ret, INTERFACE_SIZE, "%s", was && interface_name_is_valid(was) ? was : "");
		return;
	}
	link = find_recorded(recovery, was, alias);
	if (!link)
		link = recover_find_alias(recovery, alias);
	if (link) {
		(void)snprintf(ret, INTERFACE_SIZE, "%s", link->name);
		return;
	}
	/* Numbers begin again some day, and another's link is not to be taken for this one. */
	do
		registry_name_link(recovery->registry, ret);
	while (recover_find_link(recovery, ret));
}

static void remember_settings(struct ns *ns, const struct string_map *before)
{
	for (size_t i = 0; i < ns->n_settings && i < before->n; i++)
		if (streq(ns->told.context.sysctls.items[i].key, before->items[i].key))
			(void)snprintf(ns->settings[i].before, sizeof(ns->settings[i].before), "%s",
				before->items[i].value);
}

struct ns *takeover_remake_namespace(
	struct recovery *recovery, const struct nsnet_list_namespaces_out *told, struct ns *former)
{
	struct namespace_host host = {
		.userdata = recovery,
		.find_network = takeover_find_network,
		.name_link = takeover_name_link,
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
	drop_matched(recovery, &plan);
	(void)recover_apply(recovery, &plan, ns->name);
	namespace_free(ns);
	if (wish)
		revive_namespace(recovery, wish);
}

static void add_namespace(struct recovery *recovery, struct ns *ns)
{
	charge(recovery, ns->uid,
		(const unsigned[QUOTA_RESOURCES]){ [QUOTA_NAMESPACES] = 1,
			[QUOTA_ATTACHMENTS] = (unsigned)ns->n_attachments,
			[QUOTA_PORTS] = (unsigned)ns->n_ports },
		&ns->charge);
	registry_add_namespace(recovery->registry, ns);
}

static void match_namespace(struct recovery *recovery, const struct ns *ns)
{
	revive_match(recovery, steps_namespace_wish(STEP_WISH_WRITE, ns, &recovery->arena),
		ns->told.context.persistent.value);
}

void takeover_add_namespace(struct recovery *recovery, struct ns *ns)
{
	add_namespace(recovery, ns);
	match_namespace(recovery, ns);
}

void takeover_lend(struct recovery *recovery, const struct ns *ns)
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

/* Its host ends are its own from now on. Whether they are all as they were made. */
static bool find_ends(struct recovery *recovery, struct ns *ns, bool *ret_are_labelled)
{
	bool are_whole = true;

	*ret_are_labelled = true;
	recover_adopt_ends(recovery, ns->name);
	for (size_t i = 0; i < ns->n_attachments; i++) {
		struct attachment *attachment = &ns->attachments[i];
		char was[INTERFACE_SIZE];
		const struct snapshot_link *link;

		memcpy(was, attachment->host_interface, sizeof(was));
		takeover_name_link(recovery, attachment->alias, was, attachment->host_interface);
		link = recover_find_link(recovery, attachment->host_interface);
		if (link && link->is_end)
			kernel_adopt_end(recovery->kernel, ns->name, link->index);
		if (link && !streq(link->alias, attachment->alias))
			*ret_are_labelled = false;
		/* Where there is no bridge, more belongs to it than a link. */
		are_whole = are_whole && link && link->is_up && link->has_carrier &&
			    !attachment->is_routed &&
			    link->master == attachment->network->told.runtime.bridge_index;
	}
	return are_whole;
}

/* What it may send, its files, then its links. */
void takeover_mend_namespace(struct recovery *recovery, const struct snapshot_record *record)
{
	struct ns *ns = registry_find_namespace(recovery->registry, record->name);
	const struct step write = steps_namespace_record(STEP_RECORD_WRITE, ns);
	enum link_presence *links =
		arena_array(&recovery->arena, ns->n_attachments, sizeof(*links));
	const struct namespace_presence unnamed = {
		.is_pinned = true, .is_held = true, .links = links
	};
	bool are_labelled, are_ends_whole = find_ends(recovery, ns, &are_labelled);
	struct plan plan = PLAN_INIT(&recovery->arena);

	for (size_t i = 0; i < ns->n_attachments; i++)
		links[i] = LINK_WHOLE;
	plan.is_forward = true;
	difference_protect_namespace(ns, &plan);
	difference_make_namespace(ns, &unnamed, &plan);
	drop_matched(recovery, &plan);
	if (!are_labelled)
		difference_label_namespace(ns, &plan);
	(void)recover_apply(recovery, &plan, ns->name);
	match_record(recovery, record, &write);
	match_namespace(recovery, ns);
	if (!are_ends_whole)
		repair_namespace(recovery->registry, recovery->kernel, ns);
	takeover_lend(recovery, ns);
}

/* What is written down before a namespace is made, of one that never was; or what is left of one whose deletion could not be carried
 * to its end. Its networks may have gone as well. */
static void forget_record(
	struct recovery *recovery, const struct nsnet_list_namespaces_out *told, const char *name)
{
	struct step step = { .type = STEP_RECORD_DELETE,
		.record = { .kind = RECORD_NAMESPACE, .name = name } };
	struct plan plan = PLAN_INIT(&recovery->arena);

	log_about(LOG_NOTICE, &(struct log_fields){ .namespace_name = name, .uid = LOG_UID_NONE },
		"namespace \"%s\" %s: its record goes", name,
		told->runtime.inode == 0 ? "was not made" : "is gone");
	plan.is_forward = true;
	plan_add(&plan, &(struct step){ .type = STEP_ETC_DELETE, .netns = name });
	/* One that was coming back comes another time. */
	if (told->context.persistent.value && told->runtime.revision > 0) {
		step.type = STEP_WISH_DELETE;
		plan_add(&plan, &step);
		step.type = STEP_RECORD_DELETE;
	}
	plan_add(&plan, &step);
	(void)recover_apply(recovery, &plan, name);
}

/* 1: it is whole, and held. 0: it is not, and is seen to. */
static int adopt(struct recovery *recovery, struct ns *ns, bool is_careful)
{
	int64_t inode = ns->told.runtime.inode, cookie = ns->told.runtime.cookie;
	struct snapshot_netns netns = { 0 };
	int r = kernel_look_netns(recovery->kernel, ns->name, cookie, &netns);

	if (r > 0 && !netns.is_dead && netns.cookie == cookie && netns.inode == inode) {
		r = kernel_adopt(recovery->kernel, ns->name);
		if (r < 0)
			namespace_free(ns);
		return r < 0 ? r : 1;
	}
	if (r >= 0 && !is_careful)
		forget_namespace(recovery, ns, r > 0 && netns.is_dead);
	else
		namespace_free(ns);
	return r < 0 ? r : 0;
}

/* Whether there is nothing that the record may be about: it never came to that, or nothing has its name any more. */
static bool is_of_nothing(
	const struct recovery *recovery, const struct nsnet_list_namespaces_out *told)
{
	struct snapshot_netns netns = { 0 };

	return told->runtime.inode == 0 ||
	       kernel_look_netns(recovery->kernel, told->name, told->runtime.cookie, &netns) == 0;
}

/* What the record says, or NULL: it makes none, and that is seen to. */
static struct ns *remake(
	struct recovery *recovery, const struct snapshot_record *record, bool is_careful)
{
	struct nsnet_list_namespaces_out told;
	struct ns *ns;

	if (!recover_read(recovery, record, &nsnet_list_namespaces_out_type, &told, is_careful)) {
		if (!is_careful)
			recover_leave(recovery, RECORD_NAMESPACE, record->name, recovery->why);
		return NULL;
	}
	if (is_careful && told.runtime.revision == 0)
		return NULL;
	ns = takeover_remake_namespace(recovery, &told, NULL);
	if (ns && streq(ns->name, record->name) &&
		!registry_find_namespace(recovery->registry, ns->name))
		return ns;
	if (!is_careful && !ns && streq(told.name, record->name) &&
		is_of_nothing(recovery, &told)) {
		forget_record(recovery, &told, record->name);
		return NULL;
	}
	if (!is_careful) {
		log_line(LOG_ERR, "record of namespace \"%s\" makes no namespace: left as it is",
			record->name);
		recover_leave(recovery, RECORD_NAMESPACE, record->name,
			"what it says makes no namespace, or its networks are not there");
	}
	namespace_free(ns);
	return NULL;
}

int takeover_load_namespace(
	struct recovery *recovery, const struct snapshot_record *record, bool is_careful)
{
	struct ns *ns = remake(recovery, record, is_careful);
	int r = ns ? adopt(recovery, ns, is_careful) : 0;

	if (r <= 0)
		return r;
	if (ns->told.runtime.revision == 0)
		ns->told.runtime.revision = revive_revision(recovery, RECORD_NAMESPACE, ns->name);
	add_namespace(recovery, ns);
	return 1;
}
