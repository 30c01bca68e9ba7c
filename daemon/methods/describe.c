/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * describe - the daemon, this kernel, and the caller's place in them
 */
#include "host.h"
#include "methods.h"

static struct maybe_int limit(const struct quota_limits *limits, enum quota_resource resource)
{
	unsigned value = limits->of[resource];

	return value == QUOTA_NONE ? (struct maybe_int){ 0 } : SOME_INT(value);
}

/* What the kernel can. Whether members own namespaces is the configuration's to say, which may overrule the system's policy. */
static void tell_features(
	struct nsnet_context *context, struct arena *arena, struct string_list *ret)
{
	struct string_list all;

	kernel_features(context->kernel, arena, &all);
	*ret = (struct string_list){ arena_array(arena, all.n + 3, sizeof(const char *)), 0 };
	for (size_t i = 0; i < all.n; i++)
		if (!streq(all.items[i], "owned"))
			ret->items[ret->n++] = all.items[i];
	if (context->is_owned_allowed)
		ret->items[ret->n++] = "owned";
	if (context->programs.start)
		ret->items[ret->n++] = "execute";
	if (context->has_names)
		ret->items[ret->n++] = "names";
}

static int tell_uplinks(struct nsnet_context *context, struct arena *arena, struct string_list *ret)
{
	struct snapshot_uplinks uplinks;
	int r = host_uplinks(context->registry, context->kernel, arena, &uplinks);

	if (r < 0)
		return r;
	*ret = (struct string_list){ arena_array(arena, uplinks.n, sizeof(const char *)), 0 };
	for (size_t i = 0; i < uplinks.n; i++)
		ret->items[ret->n++] = uplinks.items[i].name;
	return 0;
}

int nsnet_on_describe(
	struct nsnet_context *context, struct call *call, const struct nsnet_describe_in *in)
{
	struct policy_caller caller = methods_caller(context, call);
	const struct user *user = registry_user(context->registry, caller.uid);
	struct quota_limits limits;
	int r;
	struct nsnet_describe_out out = {
		.version = context->version,
		.uid = caller.uid,
		.administrator = caller.is_administrator,
		.used = {
			.namespaces = SOME_INT(user->used[QUOTA_NAMESPACES]),
			.networks = SOME_INT(user->used[QUOTA_NETWORKS]),
			.attachments = SOME_INT(user->used[QUOTA_ATTACHMENTS]),
			.ports = SOME_INT(user->used[QUOTA_PORTS]),
			.connections =
				SOME_INT(context->connections_of(context->userdata, caller.uid)),
		},
	};

	(void)in;
	registry_forget_user(context->registry, caller.uid);
	methods_limits(context, &caller, call_peer(call), &limits);
	out.limits = (struct nsnet_quota){
		.namespaces = limit(&limits, QUOTA_NAMESPACES),
		.networks = limit(&limits, QUOTA_NETWORKS),
		.attachments = limit(&limits, QUOTA_ATTACHMENTS),
		.ports = limit(&limits, QUOTA_PORTS),
		.connections = limit(&limits, QUOTA_CONNECTIONS),
	};
	out.spares = SOME_INT((int64_t)pool_count(
		&context->spares, caller.is_administrator ? NULL : &caller.uid));
	tell_features(context, call_arena(call), &out.features);
	r = tell_uplinks(context, call_arena(call), &out.uplinks);
	return r < 0 ? r : nsnet_reply_describe(call, &out);
}
