/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * methods - what the handlers have in common
 */
#include "methods.h"

#include <string.h>
#include <time.h>

#include "host.h"

struct policy_caller methods_caller_of(const struct nsnet_context *context, const struct peer *peer)
{
	bool is_administrator =
		peer->uid == 0 || (context->administrators != (gid_t)-1 &&
					  peer_has_group(peer, context->administrators));
	struct policy_caller caller = {
		.uid = peer->uid,
		.is_administrator = is_administrator,
		.may_make_networks = context->may_members_make_networks,
		.lowest_port = is_administrator ? 0 : context->members_lowest_port,
	};

	for (size_t i = 0; i < lengthof(caller.may_reach); i++)
		caller.may_reach[i] = is_administrator || context->may_members_reach[i];
	return caller;
}

struct policy_caller methods_caller(const struct nsnet_context *context, const struct call *call)
{
	return methods_caller_of(context, call_peer(call));
}

void methods_limits(
	const struct nsnet_context *context, const struct call *call, struct quota_limits *ret)
{
	if (!methods_caller(context, call).is_administrator) {
		context->limits_of(context->userdata, call_peer(call), ret);
		return;
	}
	for (int i = 0; i < QUOTA_RESOURCES; i++)
		ret->of[i] = QUOTA_NONE;
}

int methods_charge(struct nsnet_context *context, const struct call *call,
	const unsigned amounts[QUOTA_RESOURCES], struct quota_charge *ret, struct fault *reterr)
{
	uid_t uid = call_peer(call)->uid;
	struct quota_limits limits;
	enum quota_resource over;

	methods_limits(context, call, &limits);
	if (quota_charge(registry_user(context->registry, uid), &limits, amounts, ret, &over))
		return 0;
	registry_forget_user(context->registry, uid);
	return fault_set(reterr,
		&(struct fault){
			.type = FAULT_QUOTA, .name = quota_name(over), .number = limits.of[over] });
}

static int64_t read_clock(clockid_t clock)
{
	struct timespec time = { 0 };

	(void)clock_gettime(clock, &time); /* fails for unknown clocks alone */
	return (int64_t)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

struct nsnet_timestamp methods_now(void)
{
	return (struct nsnet_timestamp){
		.realtime = SOME_INT(read_clock(CLOCK_REALTIME)),
		.monotonic = SOME_INT(read_clock(CLOCK_MONOTONIC)),
	};
}

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

int methods_network_host(struct nsnet_context *context, const struct policy_caller *caller,
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

void methods_forget_namespace(struct nsnet_context *context, struct ns *ns)
{
	uid_t uid = ns->uid;

	registry_remove_namespace(context->registry, ns);
	namespace_free(ns);
	registry_forget_user(context->registry, uid);
}

struct ns *methods_find_namespace(
	const struct nsnet_context *context, const struct policy_caller *caller, const char *name)
{
	struct ns *ns = registry_find_namespace(context->registry, name);

	return ns && policy_may(caller, MAY_SEE_NAMESPACE, ns->uid) ? ns : NULL;
}

struct network *methods_find_network(
	const struct nsnet_context *context, const struct policy_caller *caller, const char *name)
{
	struct network *network = registry_find_network(context->registry, name);

	return network && policy_may(caller, MAY_SEE_NETWORK, network->uid) ? network : NULL;
}

int methods_fail_no_namespace(struct call *call, const char *name)
{
	return nsnet_fail_no_such_namespace(
		call, &(struct nsnet_no_such_namespace){ .name = name });
}

int methods_fail_no_network(struct call *call, const char *name)
{
	return nsnet_fail_no_such_network(call, &(struct nsnet_no_such_network){ .name = name });
}

int methods_fail_fault(struct call *call, const struct fault *fault)
{
	switch (fault->type) {
	case FAULT_PARAMETER:
		return call_fail_parameter(call, fault->field);
	case FAULT_NO_NETWORK:
		return nsnet_fail_no_such_network(
			call, &(struct nsnet_no_such_network){ .name = fault->name });
	case FAULT_NOT_PERSISTENT:
		return nsnet_fail_network_not_persistent(
			call, &(struct nsnet_network_not_persistent){ .name = fault->name });
	case FAULT_NETWORK_FULL:
		return nsnet_fail_network_full(
			call, &(struct nsnet_network_full){
				      .name = fault->name, .limit = fault->number });
	case FAULT_ADDRESS:
		return nsnet_fail_address_unavailable(
			call, &(struct nsnet_address_unavailable){
				      .network = fault->name, .address = fault->text });
	case FAULT_PREFIX:
		return nsnet_fail_prefix_conflict(
			call, &(struct nsnet_prefix_conflict){
				      .prefix = fault->text, .interface_name = fault->interface });
	case FAULT_PREFIX_POLICY:
		return nsnet_fail_prefix_not_allowed(
			call, &(struct nsnet_prefix_not_allowed){ .prefix = fault->text });
	case FAULT_REACH:
		return nsnet_fail_reach_not_allowed(
			call, &(struct nsnet_reach_not_allowed){
				      .reach = (enum nsnet_reach)fault->number });
	case FAULT_PORT:
		return nsnet_fail_port_unavailable(
			call, &(struct nsnet_port_unavailable){
				      .protocol = (enum nsnet_protocol)fault->protocol,
				      .host_address = fault->text,
				      .host_port = { fault->number != 0, fault->number } });
	case FAULT_PORT_POLICY:
		return nsnet_fail_port_not_allowed(
			call, &(struct nsnet_port_not_allowed){
				      .host_port = fault->number, .lowest = fault->least });
	case FAULT_LINK:
		return nsnet_fail_link_unavailable(
			call, &(struct nsnet_link_unavailable){ .interface_name = fault->name });
	case FAULT_QUOTA:
		return nsnet_fail_quota_exceeded(
			call, &(struct nsnet_quota_exceeded){
				      .resource = fault->name, .limit = fault->number });
	case FAULT_NOT_SUPPORTED:
		return nsnet_fail_not_supported(
			call, &(struct nsnet_not_supported){ .feature = fault->name });
	case FAULT_NONE:
		break;
	}
	abort();
}

int methods_fail_kernel(struct call *call, const struct kernel_error *error)
{
	const char *name = strerrorname_np(error->error);

	if (error->step->type == STEP_NETNS_PIN && error->error == EEXIST)
		return nsnet_fail_namespace_exists(
			call, &(struct nsnet_namespace_exists){ .name = error->step->netns });
	return nsnet_fail_kernel_error(
		call, &(struct nsnet_kernel_error){
			      .step = step_print(error->step, call_arena(call)),
			      .errno_name = name ? name : "EIO",
			      .message = *error->message ? error->message : NULL,
		      });
}
