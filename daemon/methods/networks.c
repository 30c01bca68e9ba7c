/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * networks - make, change, list and delete networks
 */
#include "networks.h"

#include <syslog.h>

#include "difference.h"
#include "host.h"
#include "log.h"
#include "monitor.h"

/* Of the places of a network, when it is told that there are few left; so many must come free before it is told again. */
#define FULL_PERCENT 90U
#define FULL_SLACK   10U
#define BRIDGE_TRIES 16U /* numbers of bridges that somebody else may have taken */

/* A network without a gateway has no route on the host that would tell of its prefixes. */
static void add_own_prefixes(const struct nsnet_context *context, struct arena *arena,
	struct snapshot_prefixes *prefixes)
{
	struct network **networks = registry_networks(context->registry, arena);
	size_t n = context->registry->n_networks;
	struct snapshot_prefix *all = arena_array(arena, prefixes->n + n * FAMILIES, sizeof(*all));

	if (prefixes->n > 0)
		memcpy(all, prefixes->items, prefixes->n * sizeof(*all));
	prefixes->items = all;
	for (size_t i = 0; i < n; i++)
		for (size_t family = 0; family < FAMILIES; family++)
			if (subnet_is_set(&networks[i]->subnets[family]))
				all[prefixes->n++] = (struct snapshot_prefix){
					networks[i]->subnets[family].prefix,
					networks[i]->bridge,
				};
}

int networks_host(struct nsnet_context *context, const struct policy_caller *caller,
	struct arena *arena, struct network_host *ret)
{
	struct snapshot_prefixes *prefixes = arena_alloc(arena, sizeof(*prefixes));
	struct snapshot_uplinks uplinks;
	int r = kernel_prefixes(context->kernel, arena, prefixes);

	if (r < 0)
		return r;
	add_own_prefixes(context, arena, prefixes);
	r = host_uplinks(context->registry, context->kernel, arena, &uplinks);
	if (r < 0)
		return r;
	*ret = (struct network_host){
		.prefixes = prefixes,
		.pool = context->pool,
		.n_pool = context->n_pool,
		.is_forwarding = { kernel_has(context->kernel, "forwarding4"),
			kernel_has(context->kernel, "forwarding6") },
		.has_nat = kernel_has(context->kernel, "nat"),
		.has_names = context->has_names,
		.has_persistent = kernel_has(context->kernel, "persistent"),
		.uplink_mtu = snapshot_uplink_mtu(&uplinks),
	};
	memcpy(ret->may_reach, caller->may_reach, sizeof(ret->may_reach));
	if (!caller->is_administrator) {
		ret->allowed = context->member_pool;
		ret->n_allowed = context->n_member_pool;
	}
	memcpy(ret->unique_local, context->unique_local, sizeof(ret->unique_local));
	return 0;
}

/* Creating. */

static int carry_out(const struct deed *deed, struct network *network, struct fault *reterr,
	struct kernel_error *ret_error)
{
	struct nsnet_context *context = deed->context;
	struct network_presence nothing = { 0 };
	struct plan plan = PLAN_INIT(deed->arena);
	int r;

	difference_record_network(network, &plan);
	r = host_plan_first(context->registry, context->kernel, &plan);
	if (r < 0)
		return r;
	difference_make_network(network, &nothing, &plan);
	r = methods_carry_out(deed, &plan, reterr, ret_error);
	/* Steps are taken back one by one; the tables, which the first of them has made, are no step. */
	if (r > 0 && !deed->rehearsal && context->registry->n_networks == 0 &&
		host_resume(context->registry, context->kernel) < 0)
		log_line(LOG_WARNING, "cannot put the host's settings back");
	return r;
}

/* A bridge's name that somebody else's link has is left to him. */
static int make(const struct deed *deed, const char *name, const struct nsnet_network_context *wish,
	struct network **ret, struct fault *reterr)
{
	unsigned number = registry_free_number(deed->context->registry, deed->arena);
	struct network_host host;
	int r = networks_host(deed->context, &deed->caller, deed->arena, &host);

	if (r < 0)
		return r;
	for (unsigned i = 0; i < BRIDGE_TRIES; i++) {
		cleanup(network_free) struct network *network = NULL;
		struct kernel_error error = { 0 };

		r = network_new(name, deed->caller.uid, number + i, wish, &host, deed->arena,
			&network, reterr);
		if (r != 0)
			return r;
		network->told.runtime.created = methods_now();
		r = carry_out(deed, network, reterr, &error);
		if (r == 0)
			*ret = take(network);
		if (r <= 0 || error.step->type != STEP_BRIDGE_ADD || error.error != EEXIST)
			return r;
	}
	return r;
}

void networks_add(const struct deed *deed, struct network *network)
{
	struct nsnet_context *context = deed->context;

	registry_add_network(context->registry, network);
	if (deed->rehearsal)
		return;
	left_forget(&context->left, RECORD_NETWORK, network->name);
	if (context->registry->n_networks == 1)
		host_note(context->registry, context->kernel);
	if (network->dns.domain)
		context->on_names(context->userdata, network->name, true);
	methods_tell(deed, &(struct monitor_event){ NSNET_EVENT_KIND_CREATED, .network = network,
				   .by = deed->peer });
}

/* The caller is charged first, and gets that back where there is no network in the end. */
static int make_charged(const struct deed *deed, const char *name,
	const struct nsnet_network_context *wish, struct network **ret, struct fault *reterr)
{
	const unsigned amounts[QUOTA_RESOURCES] = { [QUOTA_NETWORKS] = 1 };
	static const struct nsnet_network_context empty;
	struct quota_charge charge;
	int r = methods_charge(deed, amounts, &charge, reterr);

	if (r != 0)
		return r;
	r = make(deed, name, wish ? wish : &empty, ret, reterr);
	if (r == 0) {
		(*ret)->charge = charge;
		return 0;
	}
	quota_give_back(&charge);
	registry_forget_user(deed->context->registry, deed->caller.uid);
	return r;
}

int networks_create(const struct deed *deed, const char *name,
	const struct nsnet_network_context *wish, struct network **ret, struct fault *reterr)
{
	int r;

	if (!policy_may(&deed->caller, MAY_CREATE_NETWORK,
		    (struct policy_object){ .owner = deed->caller.uid }))
		return fault_set(reterr, &(struct fault){ .type = FAULT_PERMISSION });
	if (!name_is_valid(name))
		return fault_set(
			reterr, &(struct fault){ .type = FAULT_PARAMETER, .field = "name" });
	if (registry_find_network(deed->context->registry, name) ||
		left_keeps(&deed->context->left, RECORD_NETWORK, name, &deed->caller))
		return fault_set(
			reterr, &(struct fault){ .type = FAULT_NETWORK_EXISTS, .name = name });
	r = make_charged(deed, name, wish, ret, reterr);
	if (r != 0)
		return r;
	if (!deed->rehearsal)
		log_about(LOG_INFO,
			&(struct log_fields){ .network_name = name, .uid = deed->caller.uid },
			"network \"%s\" made", name);
	networks_add(deed, *ret);
	return 0;
}

int nsnet_on_create_network(
	struct nsnet_context *context, struct call *call, const struct nsnet_create_network_in *in)
{
	const struct deed deed = methods_deed(context, call);
	struct network *network;
	struct fault fault;
	int r = networks_create(&deed, in->name, in->context, &network, &fault);

	if (r != 0)
		return methods_fail_deed(call, r, &fault);
	return nsnet_reply_create_network(call, &(struct nsnet_create_network_out){
							.context = network->told.context,
							.runtime = network->told.runtime,
						});
}

int networks_make_default(const struct deed *deed, struct network **ret, struct fault *reterr)
{
	struct registry *registry = deed->context->registry;
	const struct policy_caller root = { .is_administrator = true,
		.may_reach = { true, true, true, true } };
	enum quota_resource over;
	struct network_host host;
	int r = networks_host(deed->context, &root, deed->arena, &host);

	if (r < 0)
		return r;
	r = network_new(METHODS_DEFAULT_NETWORK, 0, registry_free_number(registry, deed->arena),
		&(struct nsnet_network_context){ 0 }, &host, deed->arena, ret, reterr);
	if (r != 0)
		return r;
	(*ret)->told.runtime.created = methods_now();
	(void)quota_charge(registry_user(registry, 0), NULL,
		(const unsigned[QUOTA_RESOURCES]){ [QUOTA_NETWORKS] = 1 }, &(*ret)->charge, &over);
	return 0;
}

/* Changing. */

/* What namespaces go by cannot be changed under them. */
static bool is_rebuilt(const struct network *former, const struct network *network)
{
	bool is_equal = streq_null(former->dns.domain, network->dns.domain) &&
			network_is_routed(former) == network_is_routed(network);

	for (size_t i = 0; is_equal && i < FAMILIES; i++)
		is_equal =
			prefix_is_equal(&former->subnets[i].prefix, &network->subnets[i].prefix) &&
			address_is_equal(&former->gateways[i], &network->gateways[i]);
	return !is_equal;
}

static bool has_persistent(const struct network *network)
{
	list_foreach (&network->attachments, struct attachment, link, attachment)
		if (attachment->ns->told.context.persistent.value)
			return true;
	return false;
}

static int make_changed(const struct deed *deed, struct network *former,
	const struct nsnet_network_context *change, struct network **ret, struct fault *reterr)
{
	struct nsnet_network_context wish = deed->replaces ? *change : former->told.context;
	struct network_host host;
	int r = networks_host(deed->context, &deed->caller, deed->arena, &host);

	if (r < 0)
		return r;
	codec_overlay(&nsnet_network_context_type, change, &wish);
	host.former = former;
	host.may_reach[former->reach] = true;
	r = network_new(
		former->name, former->uid, former->number, &wish, &host, deed->arena, ret, reterr);
	if (r != 0)
		return r;
	(*ret)->told.runtime.created = former->told.runtime.created;
	(*ret)->told.runtime.bridge_index = former->told.runtime.bridge_index;
	(*ret)->told.runtime.revision = former->told.runtime.revision + !deed->rehearsal;
	if (former->n_attachments == 0 ||
		(!is_rebuilt(former, *ret) &&
			((*ret)->told.context.persistent.value || !has_persistent(former))))
		return 0;
	return fault_set(reterr, &(struct fault){ .type = FAULT_NETWORK_BUSY,
					 .name = former->name,
					 .number = (int64_t)former->n_attachments });
}

static bool has_names_step(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->steps[i].type == STEP_DNS_ADD || plan->steps[i].type == STEP_DNS_DELETE)
			return true;
	return false;
}

static void keep_changed(const struct deed *deed, struct network *former, struct network *network,
	const struct plan *plan)
{
	struct nsnet_context *context = deed->context;

	registry_replace_network(context->registry, former, network);
	if (deed->rehearsal)
		return;
	if (has_names_step(plan))
		context->on_names(context->userdata, network->name, network->dns.domain);
	methods_tell(deed, &(struct monitor_event){ NSNET_EVENT_KIND_CHANGED, .network = network,
				   .by = deed->peer });
}

static int change(const struct deed *deed, struct network *former,
	const struct nsnet_network_context *wish, struct networks_done *ret, struct fault *reterr)
{
	cleanup(network_free) struct network *network = NULL;
	struct plan plan = PLAN_INIT(deed->arena);
	int r;

	/* They are made anew as it is then. */
	pool_drop(deed->context, former);
	r = make_changed(deed, former, wish, &network, reterr);
	if (r != 0)
		return r;
	ret->network = former;
	codec_differing(&nsnet_network_context_type, &former->told.context, &network->told.context,
		deed->arena, &ret->fields);
	if (deed->skips_equal && ret->fields.n == 0)
		return 0;
	difference_change_network(former, network, &plan);
	r = methods_carry_out(deed, &plan, reterr, NULL);
	if (r != 0 || (deed->rehearsal && former->n_attachments > 0))
		return r;
	ret->network = take(network);
	keep_changed(deed, former, ret->network, &plan);
	return 0;
}

int networks_set(const struct deed *deed, const char *name,
	const struct nsnet_network_context *wish, const int64_t *revision,
	struct networks_done *ret, struct fault *reterr)
{
	struct network *network = methods_find_network(deed->context, &deed->caller, name);

	if (!network)
		return fault_set(reterr, &(struct fault){ .type = FAULT_NO_NETWORK, .name = name });
	if (!policy_may(&deed->caller, MAY_SET_NETWORK,
		    (struct policy_object){ .owner = network->uid }))
		return fault_set(reterr, &(struct fault){ .type = FAULT_PERMISSION });
	if (revision && *revision != network->told.runtime.revision)
		return fault_set(reterr, &(struct fault){ .type = FAULT_CHANGED,
						 .name = network->name,
						 .number = network->told.runtime.revision });
	return change(deed, network, wish, ret, reterr);
}

int nsnet_on_set_network(
	struct nsnet_context *context, struct call *call, const struct nsnet_set_network_in *in)
{
	const struct deed deed = methods_deed(context, call);
	struct nsnet_set_network_out out;
	struct networks_done done;
	struct fault fault;
	int r = networks_set(&deed, in->name, &in->context,
		in->revision.is_set ? &in->revision.value : NULL, &done, &fault);

	if (r != 0)
		return methods_fail_deed(call, r, &fault);
	out = (struct nsnet_set_network_out){ done.network->told.context,
		done.network->told.runtime };
	out.runtime.attachments = (int64_t)done.network->n_attachments;
	return nsnet_reply_set_network(call, &out);
}

/* Deleting. */

/* All of the names, once each, and nothing attached. */
static int find_all(const struct deed *deed, const struct string_list *names, struct network **ret,
	struct fault *reterr)
{
	if (names->n == 0)
		return fault_set(
			reterr, &(struct fault){ .type = FAULT_PARAMETER, .field = "names" });
	for (size_t i = 0; i < names->n; i++) {
		const char *name = names->items[i];
		struct network *network = methods_find_network(deed->context, &deed->caller, name);

		if (!network)
			return fault_set(
				reterr, &(struct fault){ .type = FAULT_NO_NETWORK, .name = name });
		if (!policy_may(&deed->caller, MAY_DELETE_NETWORK,
			    (struct policy_object){ .owner = network->uid }))
			return fault_set(reterr, &(struct fault){ .type = FAULT_PERMISSION });
		for (size_t j = 0; j < i; j++)
			if (ret[j] == network)
				return fault_set(reterr, &(struct fault){ .type = FAULT_PARAMETER,
								 .field = arena_printf(deed->arena,
									 "names[%zu]", i) });
		/* In a rehearsal what is attached has gone by then. */
		if (network->n_attachments > 0 && !deed->rehearsal)
			return fault_set(
				reterr, &(struct fault){ .type = FAULT_NETWORK_BUSY,
						.name = network->name,
						.number = (int64_t)network->n_attachments });
		ret[i] = network;
	}
	return 0;
}

static void forget(const struct deed *deed, struct network *network)
{
	struct nsnet_context *context = deed->context;
	uid_t uid = network->uid;

	log_about(LOG_INFO,
		&(struct log_fields){ .network_name = network->name, .uid = deed->caller.uid },
		"network \"%s\" deleted", network->name);
	methods_tell(deed, &(struct monitor_event){ NSNET_EVENT_KIND_DELETED, .network = network,
				   .by = deed->peer });
	if (network->dns.domain)
		context->on_names(context->userdata, network->name, false);
	registry_remove_network(context->registry, network);
	network_free(network);
	registry_forget_user(context->registry, uid);
	if (context->registry->n_networks == 0)
		host_note(context->registry, context->kernel);
}

int networks_delete(const struct deed *deed, const struct string_list *names, struct fault *reterr)
{
	struct network **networks = arena_array(deed->arena, names->n, sizeof(*networks));
	struct plan first = PLAN_INIT(deed->arena), plan = PLAN_INIT(deed->arena);
	int r = find_all(deed, names, networks, reterr);

	if (r != 0)
		return r;
	for (size_t i = 0; i < names->n; i++)
		pool_forget(deed->context, networks[i]);
	for (size_t i = 0; i < names->n; i++)
		difference_give_up_network(networks[i], &first);
	for (size_t i = 0; i < names->n; i++)
		difference_void_network(networks[i], &first);
	r = methods_carry_out(deed, &first, reterr, NULL);
	if (r != 0)
		return r;
	for (size_t i = 0; i < names->n; i++)
		difference_remove_network(networks[i], &plan);
	r = host_plan_last(deed->context->registry, deed->context->kernel, names->n, &plan);
	if (r == 0)
		r = methods_carry_out(deed, &plan, reterr, NULL);
	/* What cannot be taken away is told of, and the rest is gone. */
	if (r < 0 || deed->rehearsal)
		return r;
	for (size_t i = 0; i < names->n; i++)
		forget(deed, networks[i]);
	return r;
}

int nsnet_on_delete_networks(
	struct nsnet_context *context, struct call *call, const struct nsnet_delete_networks_in *in)
{
	const struct deed deed = methods_deed(context, call);
	struct fault fault;
	int r = networks_delete(&deed, &in->names, &fault);

	if (r != 0)
		return methods_fail_deed(call, r, &fault);
	return nsnet_reply_delete_networks(call, &(struct nsnet_delete_networks_out){ 0 });
}

/* Listing. */

static int tell(struct call *call, const struct network *network, bool is_last)
{
	struct nsnet_list_networks_out out = network->told;

	out.runtime.attachments = (int64_t)network->n_attachments;
	out.runtime.attachments_maximum = SOME_INT(network->n_ports);
	return is_last ? nsnet_reply_list_networks(call, &out)
		       : nsnet_reply_more_list_networks(call, &out);
}

static int tell_all(struct nsnet_context *context, struct call *call)
{
	struct policy_caller caller = methods_caller(context, call);
	struct network **all = registry_networks(context->registry, call_arena(call));
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < context->registry->n_networks; i++)
		if (policy_may(&caller, MAY_SEE_NETWORK,
			    (struct policy_object){ .owner = all[i]->uid }))
			all[n++] = all[i];
	if (n == 0)
		return methods_fail_no_network(call, NULL);
	if (n > 1 && !call_wants_more(call))
		return call_fail_expected_more(call);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = tell(call, all[i], i + 1 == n);
	return r;
}

int nsnet_on_list_networks(
	struct nsnet_context *context, struct call *call, const struct nsnet_list_networks_in *in)
{
	struct policy_caller caller = methods_caller(context, call);
	const struct network *network;

	if (!in->name)
		return tell_all(context, call);
	network = methods_find_network(context, &caller, in->name);
	if (!network)
		return methods_fail_no_network(call, in->name);
	return tell(call, network, true);
}

/* Once when it gets there, and again when it has been emptier for a while. */
void networks_warn(struct network *network)
{
	size_t percent = 100 * network->n_attachments / network->n_ports;

	if (percent < FULL_PERCENT - FULL_SLACK)
		network->is_full_told = false;
	if (percent < FULL_PERCENT || network->is_full_told)
		return;
	network->is_full_told = true;
	log_about(LOG_WARNING,
		&(struct log_fields){ .network_name = network->name, .uid = LOG_UID_NONE },
		"network \"%s\" has %zu attachments, and room for %u: before it is full, make another "
		"one (nsnetctl network create)",
		network->name, network->n_attachments, network->n_ports);
}
