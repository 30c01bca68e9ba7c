/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * resume - start-up: changes that a process ended in the middle of are carried out to the end
 *
 * While an object is changed its record says what it was, and a file beside it what it is to be. Nobody was told that it is so,
 * and nobody that it is not: with both of them the change is what it would be if it were asked for now, and each of its steps
 * is done again, whether it was done or not.
 */
#include "difference.h"
#include "log.h"
#include "recovery.h"

static void drop(struct recovery *recovery, enum record_kind kind, const char *name)
{
	struct plan plan = PLAN_INIT(&recovery->arena);
	const struct step step = { .type = STEP_RECORD_DELETE,
		.record = { .kind = kind, .name = name } };

	plan_add(&plan, &step);
	(void)recover_apply(recovery, &plan, name);
}

static void begin(struct plan *plan)
{
	plan->is_forward = true;
	plan->is_again = true;
}

/* Who it belongs to and what it goes by stay as they are by any change: else it is of another one. */
static struct network *read_network(
	struct recovery *recovery, const struct snapshot_record *record, struct network *former)
{
	struct nsnet_list_networks_out told;
	struct network *network;

	if (!former ||
		!recover_read(recovery, record, &nsnet_list_networks_out_type, &told, false) ||
		!streq(told.name, record->name) || told.runtime.uid != former->uid ||
		!streq(told.runtime.bridge_name, former->bridge))
		return NULL;
	network = takeover_remake_network(recovery, &told, former);
	if (network)
		network->told.runtime.bridge_index = former->told.runtime.bridge_index;
	return network;
}

static void resume_network(struct recovery *recovery, const struct snapshot_record *record)
{
	struct network *former = registry_find_network(recovery->registry, record->name), *network;
	struct plan plan = PLAN_INIT(&recovery->arena);

	if (recover_is_left(recovery, RECORD_NETWORK, record->name))
		return;
	network = read_network(recovery, record, former);
	/* One that is of no object, or says nothing, is no use. */
	if (!network) {
		drop(recovery, RECORD_NETWORK_CHANGE, record->name);
		return;
	}
	log_line(LOG_NOTICE, "network \"%s\" was being changed: that goes on", network->name);
	begin(&plan);
	difference_change_network(former, network, &plan);
	(void)recover_apply(recovery, &plan, network->name);
	registry_replace_network(recovery->registry, former, network);
	drop(recovery, RECORD_NETWORK_CHANGE, record->name);
}

void resume_networks(struct recovery *recovery)
{
	for (size_t i = 0; i < recovery->snapshot.n_network_changes; i++)
		resume_network(recovery, &recovery->snapshot.network_changes[i]);
}

/* The same, and the kernel's numbers. */
static struct ns *read_namespace(
	struct recovery *recovery, const struct snapshot_record *record, struct ns *former)
{
	struct nsnet_list_namespaces_out told;

	if (!former ||
		!recover_read(recovery, record, &nsnet_list_namespaces_out_type, &told, false) ||
		!streq(told.name, record->name) || told.runtime.uid != former->uid ||
		told.runtime.ownership != former->told.runtime.ownership ||
		told.runtime.inode != former->told.runtime.inode ||
		told.runtime.cookie != former->told.runtime.cookie)
		return NULL;
	return takeover_remake_namespace(recovery, &told, former);
}

static void resume_namespace(struct recovery *recovery, const struct snapshot_record *record)
{
	struct ns *former = registry_find_namespace(recovery->registry, record->name), *ns;
	struct plan plan = PLAN_INIT(&recovery->arena);
	enum quota_resource over;

	if (recover_is_left(recovery, RECORD_NAMESPACE, record->name))
		return;
	ns = read_namespace(recovery, record, former);
	if (!ns) {
		drop(recovery, RECORD_NAMESPACE_CHANGE, record->name);
		return;
	}
	log_line(LOG_NOTICE, "namespace \"%s\" was being changed: that goes on", ns->name);
	begin(&plan);
	difference_change_namespace(former, ns, &plan);
	(void)recover_apply(recovery, &plan, ns->name);
	(void)quota_change(&former->charge, NULL,
		(const unsigned[QUOTA_RESOURCES]){ [QUOTA_NAMESPACES] = 1,
			[QUOTA_ATTACHMENTS] = (unsigned)ns->n_attachments,
			[QUOTA_PORTS] = (unsigned)ns->n_ports },
		&over);
	registry_replace_namespace(recovery->registry, former, ns);
	drop(recovery, RECORD_NAMESPACE_CHANGE, record->name);
}

void resume_namespaces(struct recovery *recovery)
{
	for (size_t i = 0; i < recovery->snapshot.n_namespace_changes; i++)
		resume_namespace(recovery, &recovery->snapshot.namespace_changes[i]);
}
