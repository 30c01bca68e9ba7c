/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * revive - what is persistent comes back after a reboot, made anew from its wish by the plans that made it at first
 *
 * While an object comes, its record says revision 0: should that be cut off, the next start begins again, and does not take
 * the object for one that somebody deleted. What cannot be as it was is not made as something else: the log says why, and the
 * wish stays for the next start.
 */
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "difference.h"
#include "host.h"
#include "log.h"
#include "networks.h"
#include "recovery.h"
#include "steps.h"

#define TRIES 16U /* names of links that somebody else may have taken */

const struct snapshot_record *revive_find(
	const struct recovery *recovery, enum record_kind kind, const char *name)
{
	const struct snapshot *snapshot = &recovery->snapshot;
	const struct snapshot_record *wishes =
		kind == RECORD_NAMESPACE ? snapshot->namespace_wishes : snapshot->network_wishes;
	size_t n = kind == RECORD_NAMESPACE ? snapshot->n_namespace_wishes
					    : snapshot->n_network_wishes;

	return recover_find_record(wishes, n, name);
}

void revive_match(struct recovery *recovery, struct step wish, bool is_persistent)
{
	const struct snapshot_record *record =
		revive_find(recovery, wish.record.kind, wish.record.name);
	struct plan plan = PLAN_INIT(&recovery->arena);
	const char *text;

	/* Where none can be kept the log has said so. */
	if ((!is_persistent && !record) || !kernel_has(recovery->kernel, "persistent"))
		return;
	text = codec_encode(wish.record.type, wish.record.data, &recovery->arena);
	if (is_persistent && record && record->n == strlen(text) &&
		memcmp(record->text, text, record->n) == 0)
		return;
	if (!is_persistent)
		wish.type = STEP_WISH_DELETE;
	plan_add(&plan, &wish);
	(void)recover_apply(recovery, &plan, wish.record.name);
}

int64_t revive_revision(struct recovery *recovery, enum record_kind kind, const char *name)
{
	const struct snapshot_record *wish = revive_find(recovery, kind, name);
	struct nsnet_list_namespaces_out ns;
	struct nsnet_list_networks_out network;

	if (wish && kind == RECORD_NAMESPACE &&
		recover_read(recovery, wish, &nsnet_list_namespaces_out_type, &ns, false))
		return ns.runtime.revision;
	if (wish && kind == RECORD_NETWORK &&
		recover_read(recovery, wish, &nsnet_list_networks_out_type, &network, false))
		return network.runtime.revision;
	return 1;
}

static void lose(struct recovery *recovery, enum record_kind kind,
	const struct snapshot_record *wish, uid_t uid, const char *why)
{
	log_line(LOG_ERR, "%s \"%s\" does not come back: %s; its file is kept",
		kind == RECORD_NAMESPACE ? "namespace" : "network", wish->name, why);
	left_add(&recovery->context->left,
		&(struct left_item){ kind, LEFT_UNMADE, uid, wish->name, why });
}

/* False: it makes no sense, and is kept. */
static bool read_wish(struct recovery *recovery, enum record_kind kind,
	const struct snapshot_record *wish, void *ret)
{
	const struct codec_struct *type = kind == RECORD_NAMESPACE ? &nsnet_list_namespaces_out_type
								   : &nsnet_list_networks_out_type;

	if (recover_read(recovery, wish, type, ret, false))
		return true;
	left_add(&recovery->context->left,
		&(struct left_item){ kind, LEFT_WISH, LEFT_NOBODY, wish->name, recovery->why });
	return false;
}

static const char *print_error(const struct kernel_error *error, struct arena *arena)
{
	return arena_printf(arena, "%s: %s%s%s", step_print(error->step, arena),
		strerror(error->error), *error->message ? ": " : "", error->message);
}

/* Networks. */

/* The bridge's number of before, where it is free. */
static unsigned bridge_number(
	const struct recovery *recovery, const struct nsnet_list_networks_out *told)
{
	autoarena struct arena arena = ARENA_INIT;
	struct network **networks = registry_networks(recovery->registry, &arena);
	unsigned number;

	if (!recover_link_number(told->runtime.bridge_name, "nsnet", &number) ||
		recover_find_link(recovery, told->runtime.bridge_name))
		return registry_free_number(recovery->registry, &arena);
	for (size_t i = 0; i < recovery->registry->n_networks; i++)
		if (networks[i]->number == number)
			return registry_free_number(recovery->registry, &arena);
	return number;
}

static struct network *make_network(struct recovery *recovery, unsigned number,
	const struct nsnet_list_networks_out *told, struct fault *reterr)
{
	const struct policy_caller root = { .is_administrator = true,
		.may_reach = { true, true, true, true } };
	struct nsnet_network_context wish = told->context;
	struct network *network = NULL;
	struct network_host host;

	wish.prefixes = told->runtime.prefixes;
	wish.gateways = told->runtime.gateways;
	if (networks_host(recovery->context, &root, &recovery->arena, &host) < 0 ||
		network_new(told->name, (uid_t)told->runtime.uid, number, &wish, &host,
			&recovery->arena, &network, reterr) != 0)
		return NULL;
	codec_copy(&nsnet_network_context_type, &told->context, &network->told.context,
		&network->arena);
	network->told.runtime.created = told->runtime.created;
	network->told.runtime.revision = 0;
	return network;
}

static int apply_network(
	struct recovery *recovery, struct network *network, struct kernel_error *reterr)
{
	const struct network_presence nothing = { 0 };
	struct plan plan = PLAN_INIT(&recovery->arena);
	int r;

	steps_add(&plan, steps_network_record(STEP_RECORD_WRITE, network));
	r = host_plan_first(recovery->registry, recovery->kernel, &plan);
	if (r < 0)
		return r;
	difference_make_network(network, &nothing, &plan);
	return kernel_apply(recovery->kernel, &plan, reterr);
}

static void finish_network(struct recovery *recovery, struct network *network, int64_t revision)
{
	struct plan plan = PLAN_INIT(&recovery->arena);

	network->told.runtime.revision = revision;
	steps_add(&plan, steps_network_record(STEP_RECORD_WRITE, network));
	(void)recover_apply(recovery, &plan, network->name);
	log_about(LOG_INFO,
		&(struct log_fields){ .network_name = network->name, .uid = LOG_UID_NONE },
		"network \"%s\" is back", network->name);
	takeover_add_network(recovery, network);
}

void revive_network(struct recovery *recovery, const struct snapshot_record *wish)
{
	struct kernel_error error = { 0 };
	struct nsnet_list_networks_out told;
	const char *why = "";
	unsigned number;
	int r = 1;

	if (!read_wish(recovery, RECORD_NETWORK, wish, &told))
		return;
	if (!streq(told.name, wish->name) || !told.context.persistent.value) {
		lose(recovery, RECORD_NETWORK, wish, LEFT_NOBODY, "what its file says is another");
		return;
	}
	number = bridge_number(recovery, &told);
	for (unsigned i = 0; r > 0 && i < TRIES; i++) {
		struct fault fault = { 0 };
		struct network *network = make_network(recovery, number + i, &told, &fault);

		if (!network) {
			lose(recovery, RECORD_NETWORK, wish, (uid_t)told.runtime.uid,
				fault_print(&fault, &recovery->arena));
			return;
		}
		r = apply_network(recovery, network, &error);
		if (r == 0) {
			finish_network(recovery, network, told.runtime.revision);
			return;
		}
		/* The step's texts are the network's. */
		why = r < 0 ? strerror(-r) : print_error(&error, &recovery->arena);
		network_free(network);
		if (r > 0 && (error.step->type != STEP_BRIDGE_ADD || error.error != EEXIST))
			break;
	}
	lose(recovery, RECORD_NETWORK, wish, (uid_t)told.runtime.uid, why);
}

/* Namespaces. */

static bool is_listening(
	void *userdata, enum nsnet_protocol protocol, const struct address *host, uint16_t port)
{
	const struct recovery *recovery = userdata;

	return kernel_is_listening(recovery->kernel, protocol, host, port) > 0;
}

static const char *find_sibling(struct recovery *recovery, uid_t uid)
{
	struct user *user = registry_user(recovery->registry, uid);

	list_foreach (&user->namespaces, struct ns, user_link, ns)
		if (ns->told.runtime.ownership == NSNET_OWNERSHIP_USER)
			return ns->name;
	return NULL;
}

static gid_t group_of(
	const struct recovery *recovery, const struct nsnet_namespace_runtime *runtime)
{
	const struct nsnet_context *context = recovery->context;
	struct peer owner = { .uid = (uid_t)runtime->uid, .gid = (gid_t)-1 };

	if (runtime->gid.is_set)
		owner.gid = (gid_t)runtime->gid.value;
	return context->group_of(context->userdata, &owner);
}

static struct ns *make_namespace(struct recovery *recovery,
	const struct nsnet_list_namespaces_out *told, struct fault *reterr)
{
	struct kernel *kernel = recovery->kernel;
	struct namespace_host host = {
		.userdata = recovery,
		.find_network = takeover_find_network,
		.name_link = takeover_name_link,
		.is_listening = is_listening,
		.published = &recovery->registry->published,
		.has_ports = kernel_has(kernel, "ports"),
		.has_rate = kernel_has(kernel, "rate"),
		.has_netem = kernel_has(kernel, "netem"),
		.has_persistent = true, /* here it is read from */
	};
	struct namespace_owner owner = {
		.uid = (uid_t)told->runtime.uid,
		.gid = (gid_t)-1,
		.ownership = told->runtime.ownership,
	};
	struct ns *ns = NULL;

	if (owner.ownership == NSNET_OWNERSHIP_USER) {
		owner.gid = group_of(recovery, &told->runtime);
		if (!recovery->context->is_owned_allowed) {
			*reterr = (struct fault){ .type = FAULT_NOT_SUPPORTED, .name = "owned" };
			return NULL;
		}
	}
	if (namespace_new(
		    told->name, &owner, &told->context, &host, &recovery->arena, &ns, reterr) != 0)
		return NULL;
	ns->told.runtime.path = arena_printf(&ns->arena, "%s/%s", recovery->paths->netns, ns->name);
	ns->told.runtime.created = told->runtime.created;
	ns->told.runtime.gid = told->runtime.gid;
	ns->told.runtime.revision = 0;
	return ns;
}

/* An interface of the host's that is not there, or not yet, keeps the rest of it from nothing: it comes without. */
static int apply_namespace(struct recovery *recovery, struct ns *ns, struct kernel_error *reterr)
{
	const struct namespace_presence nothing = { 0 };
	struct string_list links = ns->links;
	int r = 1;

	ns->links.n = 0;
	ns->sibling = find_sibling(recovery, ns->uid);
	for (unsigned i = 0; r > 0 && i < TRIES; i++) {
		struct plan plan = PLAN_INIT(&recovery->arena);

		steps_add(&plan, steps_namespace_record(STEP_RECORD_WRITE, ns));
		difference_make_namespace(ns, &nothing, &plan);
		r = kernel_apply(recovery->kernel, &plan, reterr);
		if (r > 0 &&
			(reterr->error != EEXIST || (reterr->step->type != STEP_VETH_ADD &&
							    reterr->step->type != STEP_POINT_ADD)))
			break;
		for (size_t j = 0; r > 0 && j < ns->n_attachments; j++)
			registry_name_link(recovery->registry, ns->attachments[j].host_interface);
	}
	ns->sibling = NULL;
	ns->links = links;
	return r;
}

static void finish_namespace(struct recovery *recovery, struct ns *ns, int64_t revision)
{
	struct plan plan = PLAN_INIT(&recovery->arena);
	const struct log_fields fields = { .namespace_name = ns->name, .uid = LOG_UID_NONE };

	ns->told.runtime.revision = revision;
	steps_add(&plan, steps_namespace_record(STEP_RECORD_WRITE, ns));
	(void)recover_apply(recovery, &plan, ns->name);
	log_about(LOG_INFO, &fields, "namespace \"%s\" is back", ns->name);
	for (size_t i = 0; i < ns->links.n; i++) {
		struct string_list addresses;

		if (kernel_find_link(recovery->kernel, ns->links.items[i], &recovery->arena,
			    &addresses) != 0)
			log_about(LOG_WARNING, &fields,
				"there is no interface %s to move into \"%s\": it is there without",
				ns->links.items[i], ns->name);
	}
	takeover_lend(recovery, ns);
	takeover_add_namespace(recovery, ns);
}

void revive_namespace(struct recovery *recovery, const struct snapshot_record *wish)
{
	struct kernel_error error = { 0 };
	struct nsnet_list_namespaces_out told;
	struct fault fault = { 0 };
	struct ns *ns;
	int r;

	if (!read_wish(recovery, RECORD_NAMESPACE, wish, &told))
		return;
	if (!streq(told.name, wish->name) || !told.context.persistent.value) {
		lose(recovery, RECORD_NAMESPACE, wish, LEFT_NOBODY,
			"what its file says is another");
		return;
	}
	ns = make_namespace(recovery, &told, &fault);
	if (!ns) {
		lose(recovery, RECORD_NAMESPACE, wish, (uid_t)told.runtime.uid,
			fault_print(&fault, &recovery->arena));
		return;
	}
	r = apply_namespace(recovery, ns, &error);
	if (r == 0) {
		finish_namespace(recovery, ns, told.runtime.revision);
		return;
	}
	/* Before it goes: the step's texts are its own. */
	lose(recovery, RECORD_NAMESPACE, wish, (uid_t)told.runtime.uid,
		r < 0 ? strerror(-r) : print_error(&error, &recovery->arena));
	namespace_free(ns);
	registry_forget_user(recovery->registry, (uid_t)told.runtime.uid);
}

/* Who has a record is there, or was deleted, or is for somebody to look at. */
void revive_networks(struct recovery *recovery)
{
	const struct snapshot *snapshot = &recovery->snapshot;

	for (size_t i = 0; i < snapshot->n_network_wishes; i++)
		if (!recover_find_record(snapshot->networks, snapshot->n_networks,
			    snapshot->network_wishes[i].name))
			revive_network(recovery, &snapshot->network_wishes[i]);
}

void revive_namespaces(struct recovery *recovery)
{
	const struct snapshot *snapshot = &recovery->snapshot;

	for (size_t i = 0; i < snapshot->n_namespace_wishes; i++)
		if (!recover_find_record(snapshot->namespaces, snapshot->n_namespaces,
			    snapshot->namespace_wishes[i].name))
			revive_namespace(recovery, &snapshot->namespace_wishes[i]);
}
