/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * networks - make, change, list and delete networks
 */
#include <syslog.h>

#include "difference.h"
#include "host.h"
#include "log.h"
#include "methods.h"
#include "monitor.h"

#define BRIDGE_TRIES 16U /* numbers of bridges that somebody else may have taken */

static int carry_out(struct nsnet_context *context, struct call *call, struct network *network,
	struct kernel_error *reterr)
{
	struct network_presence nothing = { 0 };
	struct plan plan = PLAN_INIT(call_arena(call));
	int r;

	difference_record_network(network, &plan);
	r = host_plan_first(context->registry, context->kernel, &plan);
	if (r < 0)
		return r;
	difference_make_network(network, &nothing, &plan);
	return kernel_apply(context->kernel, &plan, reterr);
}

static int create(struct nsnet_context *context, struct call *call,
	const struct nsnet_create_network_in *in, const struct nsnet_network_context *wish,
	struct network **ret)
{
	struct arena *arena = call_arena(call);
	unsigned number = registry_free_number(context->registry, arena);
	struct kernel_error error = { 0 };
	struct fault fault = { 0 };
	struct policy_caller caller = methods_caller(context, call);
	struct network_host host;
	int r = methods_network_host(context, &caller, arena, &host);

	/* A bridge's name that somebody else's link has is left to him. */
	for (unsigned i = 0; r == 0 && i < BRIDGE_TRIES; i++) {
		cleanup(network_free) struct network *network = NULL;

		r = network_new(in->name, call_peer(call)->uid, number + i, wish, &host, arena,
			&network, &fault);
		if (r > 0)
			return methods_fail_fault(call, &fault);
		network->told.runtime.created = methods_now();
		r = carry_out(context, call, network, &error);
		if (r == 0) {
			*ret = take(network);
			return 0;
		}
		if (r > 0 && error.step->type == STEP_BRIDGE_ADD && error.error == EEXIST)
			r = 0;
		else if (r > 0)
			return methods_fail_kernel(call, &error);
	}
	return r < 0 ? r : methods_fail_kernel(call, &error);
}

/* Charges the caller first, and gives back where there is no network in the end. */
static int create_charged(struct nsnet_context *context, struct call *call,
	const struct nsnet_create_network_in *in, struct network **ret)
{
	const unsigned amounts[QUOTA_RESOURCES] = { [QUOTA_NETWORKS] = 1 };
	struct nsnet_network_context empty = { 0 };
	struct quota_charge charge;
	struct fault fault;
	int r;

	if (methods_charge(context, call, amounts, &charge, &fault) > 0)
		return methods_fail_fault(call, &fault);
	r = create(context, call, in, in->context ? in->context : &empty, ret);
	if (*ret) {
		(*ret)->charge = charge;
		return 0;
	}
	quota_give_back(&charge);
	registry_forget_user(context->registry, call_peer(call)->uid);
	return r;
}

int nsnet_on_create_network(
	struct nsnet_context *context, struct call *call, const struct nsnet_create_network_in *in)
{
	struct policy_caller caller = methods_caller(context, call);
	struct network *network = NULL;
	int r;

	if (!policy_may(&caller, MAY_CREATE_NETWORK, caller.uid))
		return call_fail_permission(call);
	if (!name_is_valid(in->name))
		return call_fail_parameter(call, "name");
	if (registry_find_network(context->registry, in->name))
		return nsnet_fail_network_exists(
			call, &(struct nsnet_network_exists){ .name = in->name });
	r = create_charged(context, call, in, &network);
	if (r < 0 || !network)
		return r;
	log_about(LOG_INFO, &(struct log_fields){ .network_name = in->name, .uid = caller.uid },
		"network \"%s\" made", in->name);
	methods_add_network(context, call, network);
	return nsnet_reply_create_network(call, &(struct nsnet_create_network_out){
							.context = network->told.context,
							.runtime = network->told.runtime,
						});
}

void methods_add_network(
	struct nsnet_context *context, const struct call *call, struct network *network)
{
	registry_add_network(context->registry, network);
	if (context->registry->n_networks == 1)
		host_note(context->registry, context->kernel);
	if (network->dns.domain)
		context->on_names(context->userdata, network->name, true);
	monitor_tell(context, &(struct monitor_event){
				      NSNET_EVENT_KIND_CREATED, .network = network, .by = call });
}

int methods_make_default_network(struct nsnet_context *context, struct call *call,
	struct network **ret, struct fault *reterr)
{
	struct arena *arena = call_arena(call);
	const struct policy_caller root = { .is_administrator = true,
		.may_reach = { true, true, true, true } };
	enum quota_resource over;
	struct network_host host;
	int r = methods_network_host(context, &root, arena, &host);

	if (r < 0)
		return r;
	r = network_new(METHODS_DEFAULT_NETWORK, 0, registry_free_number(context->registry, arena),
		&(struct nsnet_network_context){ 0 }, &host, arena, ret, reterr);
	if (r != 0)
		return r;
	(*ret)->told.runtime.created = methods_now();
	(void)quota_charge(registry_user(context->registry, 0), NULL,
		(const unsigned[QUOTA_RESOURCES]){ [QUOTA_NETWORKS] = 1 }, &(*ret)->charge, &over);
	return 0;
}

/* Changing. */

/* What namespaces go by cannot be changed under them. */
static bool is_rebuilt(const struct network *former, const struct network *network)
{
	bool is_equal = streq_null(former->dns.domain, network->dns.domain);

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

static int make_changed(struct nsnet_context *context, struct call *call, struct network *former,
	const struct nsnet_network_context *change, struct network **ret)
{
	struct nsnet_network_context wish = former->told.context;
	struct policy_caller caller = methods_caller(context, call);
	struct network_host host;
	struct fault fault;
	int r = methods_network_host(context, &caller, call_arena(call), &host);

	if (r < 0)
		return r;
	codec_overlay(&nsnet_network_context_type, change, &wish);
	host.former = former;
	host.may_reach[former->reach] = true;
	r = network_new(former->name, former->uid, former->number, &wish, &host, call_arena(call),
		ret, &fault);
	if (r > 0)
		return methods_fail_fault(call, &fault) + 1;
	(*ret)->told.runtime.created = former->told.runtime.created;
	(*ret)->told.runtime.bridge_index = former->told.runtime.bridge_index;
	(*ret)->told.runtime.revision = former->told.runtime.revision + 1;
	if (former->n_attachments == 0 ||
		(!is_rebuilt(former, *ret) &&
			((*ret)->told.context.persistent.value || !has_persistent(former))))
		return 0;
	return nsnet_fail_network_busy(call,
		       &(struct nsnet_network_busy){
			       .name = former->name,
			       .attachments = (int64_t)former->n_attachments,
		       }) +
	       1;
}

static bool has_names_step(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		if (plan->steps[i].type == STEP_DNS_ADD || plan->steps[i].type == STEP_DNS_DELETE)
			return true;
	return false;
}

static int change(struct nsnet_context *context, struct call *call, struct network *former,
	const struct nsnet_network_context *wish)
{
	cleanup(network_free) struct network *network = NULL;
	struct plan plan = PLAN_INIT(call_arena(call));
	struct kernel_error error = { 0 };
	struct nsnet_set_network_out out;
	struct network *changed;
	int r = make_changed(context, call, former, wish, &network);

	if (r != 0)
		return r < 0 ? r : 0;
	difference_change_network(former, network, &plan);
	r = kernel_apply(context->kernel, &plan, &error);
	if (r != 0)
		return r < 0 ? r : methods_fail_kernel(call, &error);
	out = (struct nsnet_set_network_out){ network->told.context, network->told.runtime };
	out.runtime.attachments = (int64_t)former->n_attachments;
	changed = take(network);
	registry_replace_network(context->registry, former, changed);
	if (has_names_step(&plan))
		context->on_names(context->userdata, changed->name, changed->dns.domain);
	monitor_tell(context, &(struct monitor_event){
				      NSNET_EVENT_KIND_CHANGED, .network = changed, .by = call });
	return nsnet_reply_set_network(call, &out);
}

int nsnet_on_set_network(
	struct nsnet_context *context, struct call *call, const struct nsnet_set_network_in *in)
{
	struct policy_caller caller = methods_caller(context, call);
	struct network *network = methods_find_network(context, &caller, in->name);

	if (!network)
		return methods_fail_no_network(call, in->name);
	if (!policy_may(&caller, MAY_SET_NETWORK, network->uid))
		return call_fail_permission(call);
	if (in->revision.is_set && in->revision.value != network->told.runtime.revision)
		return nsnet_fail_changed(
			call, &(struct nsnet_changed){ .name = network->name,
				      .revision = network->told.runtime.revision });
	return change(context, call, network, &in->context);
}

/* All of the names, once each, and nothing attached. 0 done, 1 answered. */
static int find_all(struct nsnet_context *context, struct call *call,
	const struct nsnet_delete_networks_in *in, struct network **ret)
{
	struct policy_caller caller = methods_caller(context, call);

	if (in->names.n == 0)
		return call_fail_parameter(call, "names") + 1;
	for (size_t i = 0; i < in->names.n; i++) {
		struct network *network =
			methods_find_network(context, &caller, in->names.items[i]);

		if (!network)
			return methods_fail_no_network(call, in->names.items[i]) + 1;
		if (!policy_may(&caller, MAY_DELETE_NETWORK, network->uid))
			return call_fail_permission(call) + 1;
		for (size_t j = 0; j < i; j++)
			if (ret[j] == network)
				return call_fail_parameter(call,
					       arena_printf(call_arena(call), "names[%zu]", i)) +
				       1;
		if (network->n_attachments > 0)
			return nsnet_fail_network_busy(call,
				       &(struct nsnet_network_busy){
					       .name = network->name,
					       .attachments = (int64_t)network->n_attachments,
				       }) +
			       1;
		ret[i] = network;
	}
	return 0;
}

static void forget(struct nsnet_context *context, struct network *network)
{
	uid_t uid = network->uid;

	if (network->dns.domain)
		context->on_names(context->userdata, network->name, false);
	registry_remove_network(context->registry, network);
	network_free(network);
	registry_forget_user(context->registry, uid);
	if (context->registry->n_networks == 0)
		host_note(context->registry, context->kernel);
}

int nsnet_on_delete_networks(
	struct nsnet_context *context, struct call *call, const struct nsnet_delete_networks_in *in)
{
	struct network **networks = arena_array(call_arena(call), in->names.n, sizeof(*networks));
	struct plan wishes = PLAN_INIT(call_arena(call)), plan = PLAN_INIT(call_arena(call));
	struct kernel_error error = { 0 };
	int r = find_all(context, call, in, networks);

	if (r != 0)
		return 0;
	for (size_t i = 0; i < in->names.n; i++)
		difference_give_up_network(networks[i], &wishes);
	r = kernel_apply(context->kernel, &wishes, &error);
	if (r != 0)
		return r < 0 ? r : methods_fail_kernel(call, &error);
	for (size_t i = 0; i < in->names.n; i++)
		difference_remove_network(networks[i], &plan);
	r = host_plan_last(context->registry, context->kernel, in->names.n, &plan);
	if (r == 0)
		r = kernel_apply(context->kernel, &plan, &error);
	if (r < 0)
		return r;
	if (r > 0)
		(void)methods_fail_kernel(call, &error);
	for (size_t i = 0; i < in->names.n; i++) {
		log_about(LOG_INFO,
			&(struct log_fields){
				.network_name = networks[i]->name, .uid = call_peer(call)->uid },
			"network \"%s\" deleted", networks[i]->name);
		monitor_tell(context, &(struct monitor_event){ NSNET_EVENT_KIND_DELETED,
					      .network = networks[i], .by = call });
		forget(context, networks[i]);
	}
	return r > 0 ? 0
		     : nsnet_reply_delete_networks(call, &(struct nsnet_delete_networks_out){ 0 });
}

static int tell(struct call *call, const struct network *network, bool is_last)
{
	struct nsnet_list_networks_out out = network->told;

	out.runtime.attachments = (int64_t)network->n_attachments;
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
		if (policy_may(&caller, MAY_SEE_NETWORK, all[i]->uid))
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
