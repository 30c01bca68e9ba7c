/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * orphans - start-up: what a crash left of links, of the firewall and of ports, and no object has
 *
 * A record that makes no sense is for somebody to look at: what it may have been about stays, as far as that can be told, and where
 * it cannot nothing goes.
 */
#include <netinet/in.h>
#include <syslog.h>

#include "log.h"
#include "recovery.h"

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* The name of the object that it is a part of, as it names itself; a network's with "@" before it. False: it does not. */
static bool read_owner(const struct snapshot_link *link, char ret[NAME_SIZE + 1])
{
	const char *owner = after(link->alias, "nsnetd:");
	size_t n = owner ? strcspn(owner, "/") : 0;

	if (!owner || n > NAME_SIZE)
		return false;
	memcpy(ret, owner, n);
	ret[n] = 0;
	return true;
}

/* Whether it is a part of an object whose record makes no sense. */
static bool is_left(const struct recovery *recovery, const struct snapshot_link *link)
{
	char owner[NAME_SIZE + 1];

	if (!read_owner(link, owner))
		return false;
	return *owner == '@' ? recover_is_left(recovery, RECORD_NETWORK, owner + 1)
			     : recover_is_left(recovery, RECORD_NAMESPACE, owner);
}

/* Of a namespace that is no more, as far as we are concerned. */
static bool is_departed(const struct recovery *recovery, const struct snapshot_link *link)
{
	char owner[NAME_SIZE + 1];

	return read_owner(link, owner) && *owner != '@' &&
	       !registry_find_namespace(recovery->registry, owner);
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
	names = arena_array(arena, n + recovery->snapshot.n_links, sizeof(*names));
	n = 0;
	for (size_t i = 0; i < registry->n_networks; i++) {
		names[n++] = networks[i]->bridge;
		names[n++] = networks[i]->anchor;
		names[n++] = arena_printf(arena, "%sp", networks[i]->anchor);
		list_foreach (&networks[i]->attachments, struct attachment, link, attachment)
			names[n++] = attachment->host_interface;
	}
	for (size_t i = 0; i < recovery->snapshot.n_links; i++)
		if (is_left(recovery, &recovery->snapshot.links[i]))
			names[n++] = recovery->snapshot.links[i].name;
	if (n > 0)
		qsort(names, n, sizeof(*names), compare_names);
	*ret_n = n;
	return names;
}

static void remove_link(struct recovery *recovery, const char *name, struct plan *plan)
{
	struct arena *arena = &recovery->arena;
	unsigned number;

	if (recover_link_number(name, "nsnet", &number))
		plan_add(plan, &(struct step){
				       .type = STEP_BRIDGE_DELETE,
				       .bridge = { .name = name,
					       .anchor = arena_printf(arena, "%sa", name) },
			       });
	else if (after(name, "nsv") || after(name, "nsnet"))
		plan_add(
			plan, &(struct step){ .type = STEP_VETH_DELETE, .veth = { .name = name } });
}

/* Nobody but the process that ended held the namespace that it is of, and the kernel is taking it away: to wait for that would cost
 * 30 ms each. Where a record makes no sense it may be of a namespace that was taken: it stays. */
static void expect_gone(struct recovery *recovery, const struct snapshot_link *link)
{
	if (recovery->left[RECORD_NAMESPACE].n > 0)
		return;
	kernel_expect_gone(recovery->kernel, link->index);
}

static void remove_orphans(struct recovery *recovery)
{
	struct plan plan = PLAN_INIT(&recovery->arena);
	size_t n_known;
	const char **known = known_links(recovery, &n_known);

	plan.is_forward = true;
	for (size_t i = 0; i < recovery->snapshot.n_links; i++) {
		const char *name = recovery->snapshot.links[i].name;

		if (n_known > 0 && bsearch(&name, known, n_known, sizeof(*known), compare_names))
			continue;
		if (after(recovery->snapshot.links[i].alias, "nsnetd:%")) {
			expect_gone(recovery, &recovery->snapshot.links[i]);
			continue;
		}
		log_line(LOG_NOTICE, "link %s belongs to no record: it goes", name);
		/* Of those that were being deleted there may be many: nobody waits for them, and none answers any more. */
		if (is_departed(recovery, &recovery->snapshot.links[i]))
			plan_add(&plan,
				&(struct step){ .type = STEP_VETH_CUT, .cut = { .port = name } });
		else
			remove_link(recovery, name, &plan);
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
	uint32_t *groups = arena_array(&recovery->arena, registry->n_networks, sizeof(*groups));
	struct kernel_wanted wanted = {
		.gateways = gateways,
		.groups = groups,
		.keeps_gateways = recovery->left[RECORD_NETWORK].n > 0,
	};
	int r;

	wanted.links = known_links(recovery, &wanted.n_links);
	for (size_t i = 0; i < registry->n_networks; i++) {
		for (size_t family = 0; family < FAMILIES; family++)
			gateways[wanted.n_gateways++] = networks[i]->gateways[family];
		groups[wanted.n_groups++] = network_fence(networks[i]).group;
	}
	r = kernel_sweep_firewall(recovery->kernel, &wanted);
	if (r < 0)
		log_line(LOG_ERR, "cannot take away what is left over in the firewall: %s",
			strerror(-r));
}

/* What a crash left between a port and its record. */
static void remove_orphan_ports(struct recovery *recovery)
{
	struct plan plan = PLAN_INIT(&recovery->arena);

	/* A port says nothing of whose it is. */
	if (recovery->left[RECORD_NAMESPACE].n > 0)
		return;
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

void orphans_remove_half_made(struct recovery *recovery)
{
	struct snapshot *snapshot = &recovery->snapshot;
	struct plan plan = PLAN_INIT(&recovery->arena);
	size_t n = 0;

	plan.is_forward = true;
	for (size_t i = 0; i < snapshot->n_links; i++) {
		struct snapshot_link *link = &snapshot->links[i];

		if (*link->alias) {
			snapshot->links[n++] = *link;
			continue;
		}
		log_line(LOG_NOTICE, "link %s was not made to the end: it goes", link->name);
		remove_link(recovery, arena_strdup(&recovery->arena, link->name), &plan);
	}
	snapshot->n_links = n;
	(void)recover_apply(recovery, &plan, "half-made links");
}

void orphans_remove(struct recovery *recovery)
{
	remove_orphans(recovery);
	remove_orphan_ports(recovery);
	remove_orphan_elements(recovery);
}
