/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * methods - what the handlers have in common
 */
#include "methods.h"

#include <string.h>
#include <time.h>

#include "monitor.h"

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
		.gid = peer->gid,
		.groups = peer->groups,
		.n_groups = peer->n_groups,
	};

	for (size_t i = 0; i < lengthof(caller.may_reach); i++)
		caller.may_reach[i] = is_administrator || context->may_members_reach[i];
	return caller;
}

struct policy_caller methods_caller(const struct nsnet_context *context, const struct call *call)
{
	return methods_caller_of(context, call_peer(call));
}

void methods_limits(const struct nsnet_context *context, const struct policy_caller *caller,
	const struct peer *peer, struct quota_limits *ret)
{
	if (!caller->is_administrator) {
		context->limits_of(context->userdata, peer, ret);
		return;
	}
	for (int i = 0; i < QUOTA_RESOURCES; i++)
		ret->of[i] = QUOTA_NONE;
}

struct deed methods_deed(struct nsnet_context *context, struct call *call)
{
	return (struct deed){
		.context = context,
		.peer = call_peer(call),
		.caller = methods_caller(context, call),
		.arena = call_arena(call),
		.is_followed = call_is_followed(call),
	};
}

int methods_charge(const struct deed *deed, const unsigned amounts[QUOTA_RESOURCES],
	struct quota_charge *ret, struct fault *reterr)
{
	struct registry *registry = deed->context->registry;
	uid_t uid = deed->caller.uid;
	struct quota_limits limits;
	enum quota_resource over;

	methods_limits(deed->context, &deed->caller, deed->peer, &limits);
	if (quota_charge(registry_user(registry, uid), &limits, amounts, ret, &over))
		return 0;
	registry_forget_user(registry, uid);
	return fault_set(reterr,
		&(struct fault){
			.type = FAULT_QUOTA, .name = quota_name(over), .number = limits.of[over] });
}

/* The object that the step is about may be gone when that is told. */
static int set_kernel_fault(
	struct arena *arena, const struct kernel_error *error, struct fault *reterr)
{
	const char *name = strerrorname_np(error->error);

	if (error->step->type == STEP_NETNS_PIN && error->error == EEXIST)
		return fault_set(reterr, &(struct fault){ .type = FAULT_NAMESPACE_EXISTS,
						 .name = arena_strdup(arena, error->step->netns) });
	return fault_set(reterr,
		&(struct fault){
			.type = FAULT_KERNEL,
			.text = step_print(error->step, arena),
			.name = name ? name : "EIO",
			.field = *error->message ? arena_strdup(arena, error->message) : NULL,
		});
}

/* What the plan would do is added to what was rehearsed before. */
static void rehearse(const struct deed *deed, const struct plan *plan)
{
	struct string_list *steps = deed->rehearsal;
	const char **items = arena_array(deed->arena, steps->n + plan->n, sizeof(*items));

	if (steps->n > 0)
		memcpy(items, steps->items, steps->n * sizeof(*items));
	for (size_t i = 0; i < plan->n; i++)
		items[steps->n + i] = step_print(&plan->steps[i], deed->arena);
	*steps = (struct string_list){ items, steps->n + plan->n };
}

int methods_carry_out(const struct deed *deed, const struct plan *plan, struct fault *reterr,
	struct kernel_error *ret_error)
{
	struct kernel_error error = { 0 };
	int r;

	if (deed->rehearsal) {
		rehearse(deed, plan);
		return 0;
	}
	r = kernel_apply(deed->context->kernel, plan, &error);
	if (ret_error)
		*ret_error = error;
	return r > 0 ? set_kernel_fault(deed->arena, &error, reterr) : r;
}

void methods_tell(const struct deed *deed, const struct monitor_event *event)
{
	if (!deed->rehearsal)
		monitor_tell(deed->context, event);
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

/* By the accounts as they are now: a name stands for whoever has it. */
static bool is_lent(const struct nsnet_context *context, const struct policy_caller *caller,
	const struct ns *ns)
{
	int64_t version = ns->n_lent > 0 ? kernel_accounts(context->kernel) : 0;

	for (size_t i = 0; i < ns->n_lent; i++) {
		struct lending *lending = &ns->lent[i];

		if (!lending->is_number && lending->version != version) {
			lending->is_known = kernel_find_account(
				context->kernel, lending->is_group, lending->name, &lending->id);
			lending->version = version;
		}
		if (lending_is_for(lending, caller))
			return true;
	}
	return false;
}

bool methods_may(const struct nsnet_context *context, const struct policy_caller *caller,
	enum policy_verb verb, const struct ns *ns)
{
	struct policy_object object = { .owner = ns->uid };

	if (!caller->is_administrator && ns->uid != caller->uid)
		object.is_lent = is_lent(context, caller, ns);
	return policy_may(caller, verb, object);
}

struct ns *methods_find_namespace(
	const struct nsnet_context *context, const struct policy_caller *caller, const char *name)
{
	struct ns *ns = registry_find_namespace(context->registry, name);

	return ns && methods_may(context, caller, MAY_SEE_NAMESPACE, ns) ? ns : NULL;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp((*(struct ns *const *)a)->name, (*(struct ns *const *)b)->name);
}

/* A member's own, and behind them those of others that are lent to anybody. */
static struct ns **find_around(const struct nsnet_context *context,
	const struct policy_caller *caller, struct arena *arena, size_t *ret_n)
{
	const struct registry *registry = context->registry;
	size_t n_own, n = 0;
	struct ns **own = registry_namespaces_of(registry, caller->uid, arena, &n_own);
	struct ns **all;

	if (list_is_empty(&registry->lent)) {
		*ret_n = n_own;
		return own;
	}
	list_foreach (&registry->lent, struct ns, lent_link, ns)
		n += ns->uid != caller->uid;
	all = arena_array(arena, n_own + n, sizeof(struct ns *));
	for (size_t i = 0; i < n_own; i++)
		all[i] = own[i];
	*ret_n = n_own;
	list_foreach (&registry->lent, struct ns, lent_link, ns)
		if (ns->uid != caller->uid)
			all[(*ret_n)++] = ns;
	return all;
}

struct ns **methods_namespaces(const struct nsnet_context *context,
	const struct policy_caller *caller, struct arena *arena, size_t *ret_n)
{
	struct ns **all;
	size_t n = context->registry->n_namespaces;

	*ret_n = 0;
	if (caller->is_administrator)
		all = registry_namespaces(context->registry, arena);
	else
		all = find_around(context, caller, arena, &n);
	for (size_t i = 0; i < n; i++)
		if (methods_may(context, caller, MAY_SEE_NAMESPACE, all[i]))
			all[(*ret_n)++] = all[i];
	if (!caller->is_administrator && !list_is_empty(&context->registry->lent))
		qsort(all, *ret_n, sizeof(struct ns *), compare_names);
	return all;
}

struct network *methods_find_network(
	const struct nsnet_context *context, const struct policy_caller *caller, const char *name)
{
	struct network *network = registry_find_network(context->registry, name);

	return network && policy_may(caller, MAY_SEE_NETWORK,
				  (struct policy_object){ .owner = network->uid })
		       ? network
		       : NULL;
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

/* The interface's error for each kind of fault. */

static int fail_parameter(struct call *call, const struct fault *fault)
{
	return call_fail_parameter(call, fault->field);
}

static int fail_permission(struct call *call, const struct fault *fault)
{
	(void)fault;
	return call_fail_permission(call);
}

static int fail_no_namespace(struct call *call, const struct fault *fault)
{
	return methods_fail_no_namespace(call, fault->name);
}

static int fail_namespace_exists(struct call *call, const struct fault *fault)
{
	return nsnet_fail_namespace_exists(call,
		&(struct nsnet_namespace_exists){ .name = fault->name, .own = fault->number != 0 });
}

static int fail_namespace_busy(struct call *call, const struct fault *fault)
{
	return nsnet_fail_namespace_busy(
		call, &(struct nsnet_namespace_busy){
			      .name = fault->name,
			      .processes = *(const struct nsnet_process_id_list *)fault->processes,
		      });
}

static int fail_no_network(struct call *call, const struct fault *fault)
{
	return methods_fail_no_network(call, fault->name);
}

static int fail_network_exists(struct call *call, const struct fault *fault)
{
	return nsnet_fail_network_exists(
		call, &(struct nsnet_network_exists){ .name = fault->name });
}

static int fail_network_busy(struct call *call, const struct fault *fault)
{
	return nsnet_fail_network_busy(call,
		&(struct nsnet_network_busy){ .name = fault->name, .attachments = fault->number });
}

static int fail_changed(struct call *call, const struct fault *fault)
{
	return nsnet_fail_changed(
		call, &(struct nsnet_changed){ .name = fault->name, .revision = fault->number });
}

static int fail_not_persistent(struct call *call, const struct fault *fault)
{
	return nsnet_fail_network_not_persistent(
		call, &(struct nsnet_network_not_persistent){ .name = fault->name });
}

static int fail_network_full(struct call *call, const struct fault *fault)
{
	return nsnet_fail_network_full(
		call, &(struct nsnet_network_full){ .name = fault->name, .limit = fault->number });
}

static int fail_address(struct call *call, const struct fault *fault)
{
	return nsnet_fail_address_unavailable(
		call, &(struct nsnet_address_unavailable){
			      .network = fault->name, .address = fault->text });
}

static int fail_prefix(struct call *call, const struct fault *fault)
{
	return nsnet_fail_prefix_conflict(
		call, &(struct nsnet_prefix_conflict){
			      .prefix = fault->text, .interface_name = fault->interface });
}

static int fail_prefix_policy(struct call *call, const struct fault *fault)
{
	return nsnet_fail_prefix_not_allowed(
		call, &(struct nsnet_prefix_not_allowed){ .prefix = fault->text });
}

static int fail_reach(struct call *call, const struct fault *fault)
{
	return nsnet_fail_reach_not_allowed(call,
		&(struct nsnet_reach_not_allowed){ .reach = (enum nsnet_reach)fault->number });
}

static int fail_port(struct call *call, const struct fault *fault)
{
	return nsnet_fail_port_unavailable(
		call, &(struct nsnet_port_unavailable){
			      .protocol = (enum nsnet_protocol)fault->protocol,
			      .host_address = fault->text,
			      .host_port = { fault->number != 0, fault->number },
		      });
}

static int fail_port_policy(struct call *call, const struct fault *fault)
{
	return nsnet_fail_port_not_allowed(
		call, &(struct nsnet_port_not_allowed){
			      .host_port = fault->number, .lowest = fault->least });
}

static int fail_link(struct call *call, const struct fault *fault)
{
	return nsnet_fail_link_unavailable(
		call, &(struct nsnet_link_unavailable){ .interface_name = fault->name });
}

static int fail_quota(struct call *call, const struct fault *fault)
{
	return nsnet_fail_quota_exceeded(call,
		&(struct nsnet_quota_exceeded){ .resource = fault->name, .limit = fault->number });
}

static int fail_not_supported(struct call *call, const struct fault *fault)
{
	return nsnet_fail_not_supported(
		call, &(struct nsnet_not_supported){ .feature = fault->name });
}

static int fail_kernel(struct call *call, const struct fault *fault)
{
	return nsnet_fail_kernel_error(call,
		&(struct nsnet_kernel_error){
			.step = fault->text, .errno_name = fault->name, .message = fault->field });
}

int methods_fail_fault(struct call *call, const struct fault *fault)
{
	static int (*const failures[FAULT_TYPES])(struct call * call, const struct fault *fault) = {
		[FAULT_PARAMETER] = fail_parameter,
		[FAULT_PERMISSION] = fail_permission,
		[FAULT_NO_NAMESPACE] = fail_no_namespace,
		[FAULT_NAMESPACE_EXISTS] = fail_namespace_exists,
		[FAULT_NAMESPACE_BUSY] = fail_namespace_busy,
		[FAULT_NO_NETWORK] = fail_no_network,
		[FAULT_NETWORK_EXISTS] = fail_network_exists,
		[FAULT_NETWORK_BUSY] = fail_network_busy,
		[FAULT_CHANGED] = fail_changed,
		[FAULT_NOT_PERSISTENT] = fail_not_persistent,
		[FAULT_NETWORK_FULL] = fail_network_full,
		[FAULT_ADDRESS] = fail_address,
		[FAULT_PREFIX] = fail_prefix,
		[FAULT_PREFIX_POLICY] = fail_prefix_policy,
		[FAULT_REACH] = fail_reach,
		[FAULT_PORT] = fail_port,
		[FAULT_PORT_POLICY] = fail_port_policy,
		[FAULT_LINK] = fail_link,
		[FAULT_QUOTA] = fail_quota,
		[FAULT_NOT_SUPPORTED] = fail_not_supported,
		[FAULT_KERNEL] = fail_kernel,
	};

	if (fault->type >= FAULT_TYPES || !failures[fault->type])
		abort();
	return failures[fault->type](call, fault);
}

int methods_fail_deed(struct call *call, int r, const struct fault *fault)
{
	return r > 0 ? methods_fail_fault(call, fault) : r;
}
