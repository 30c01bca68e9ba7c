/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * networks - make, list and delete networks
 */
#include <syslog.h>

#include "difference.h"
#include "log.h"
#include "methods.h"

#define BRIDGE_TRIES 16U /* numbers of bridges that somebody else may have taken */

static int fail_no_such(struct call *call, const char *name)
{
	return nsnet_fail_no_such_network(call, &(struct nsnet_no_such_network){ .name = name });
}

static struct network *find_visible(
	const struct nsnet_context *context, const struct policy_caller *caller, const char *name)
{
	struct network *network = registry_find_network(context->registry, name);

	return network && policy_may(caller, MAY_SEE_NETWORK, network->uid) ? network : NULL;
}

static int carry_out(struct nsnet_context *context, struct call *call, struct network *network,
	struct kernel_error *reterr)
{
	struct network_presence nothing = { 0 };
	struct plan plan = PLAN_INIT(call_arena(call));
	int r = methods_plan_first_network(context, &plan);

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
	registry_add_network(context->registry, network);
	return nsnet_reply_create_network(call, &(struct nsnet_create_network_out){
							.context = network->told.context,
							.runtime = network->told.runtime,
						});
}

/* All of the names, once each, and nothing attached. 0 done, 1 answered. */
static int find_all(struct nsnet_context *context, struct call *call,
	const struct nsnet_delete_networks_in *in, struct network **ret)
{
	struct policy_caller caller = methods_caller(context, call);

	if (in->names.n == 0)
		return call_fail_parameter(call, "names") + 1;
	for (size_t i = 0; i < in->names.n; i++) {
		struct network *network = find_visible(context, &caller, in->names.items[i]);

		if (!network)
			return fail_no_such(call, in->names.items[i]) + 1;
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

	registry_remove_network(context->registry, network);
	network_free(network);
	registry_forget_user(context->registry, uid);
}

int nsnet_on_delete_networks(
	struct nsnet_context *context, struct call *call, const struct nsnet_delete_networks_in *in)
{
	struct network **networks = arena_array(call_arena(call), in->names.n, sizeof(*networks));
	struct plan plan = PLAN_INIT(call_arena(call));
	struct kernel_error error = { 0 };
	int r = find_all(context, call, in, networks);

	if (r != 0)
		return 0;
	for (size_t i = 0; i < in->names.n; i++)
		difference_remove_network(networks[i], &plan);
	r = methods_plan_last_network(context, in->names.n, &plan);
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
		return fail_no_such(call, NULL);
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
	network = find_visible(context, &caller, in->name);
	if (!network)
		return fail_no_such(call, in->name);
	return tell(call, network, true);
}
