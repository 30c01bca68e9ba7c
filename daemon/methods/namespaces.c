/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * namespaces - list and open namespaces
 *
 * How they come to be, and change, is in wishes.c; how they go in deletion.c.
 */
#include "methods.h"

/* Listing. */

static const struct attachment *find_attachment(const struct ns *ns, const char *interface)
{
	for (size_t i = 0; i < ns->n_attachments; i++)
		if (streq(ns->attachments[i].interface, interface))
			return &ns->attachments[i];
	return NULL;
}

static int inspect(struct nsnet_context *context, const struct ns *ns, struct arena *arena,
	struct nsnet_namespace_runtime *runtime)
{
	int r = kernel_inspect(
		context->kernel, ns->name, arena, &runtime->interfaces, &runtime->routes);

	/* One who has made too many keeps nobody from the rest. */
	if (r < 0 && r != -E2BIG)
		return r;
	for (size_t i = 0; i < runtime->interfaces.n; i++) {
		struct nsnet_interface *interface = &runtime->interfaces.items[i];
		const struct attachment *attachment = find_attachment(ns, interface->name);

		if (attachment) {
			interface->network = attachment->network->name;
			interface->host_interface_name = attachment->host_interface;
		}
	}
	return kernel_processes(
		context->kernel, &(const char *){ ns->name }, 1, arena, &runtime->processes);
}

static int tell(struct nsnet_context *context, struct call *call, const struct ns *ns,
	bool is_inspected, bool is_last)
{
	struct nsnet_list_namespaces_out out = ns->told;

	if (is_inspected) {
		int r = inspect(context, ns, call_arena(call), &out.runtime);

		if (r < 0)
			return r;
	}
	return is_last ? nsnet_reply_list_namespaces(call, &out)
		       : nsnet_reply_more_list_namespaces(call, &out);
}

static int tell_all(struct nsnet_context *context, struct call *call, bool is_inspected)
{
	struct policy_caller caller = methods_caller(context, call);
	size_t n;
	struct ns **all = methods_namespaces(context, &caller, call_arena(call), &n);
	int r = 0;

	if (n == 0)
		return methods_fail_no_namespace(call, NULL);
	if (n > 1 && !call_wants_more(call))
		return call_fail_expected_more(call);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = tell(context, call, all[i], is_inspected, i + 1 == n);
	return r;
}

int nsnet_on_list_namespaces(
	struct nsnet_context *context, struct call *call, const struct nsnet_list_namespaces_in *in)
{
	struct policy_caller caller = methods_caller(context, call);
	const struct ns *ns;

	if (!in->name)
		return tell_all(context, call, in->inspect.value);
	ns = methods_find_namespace(context, &caller, in->name);
	if (!ns)
		return methods_fail_no_namespace(call, in->name);
	return tell(context, call, ns, in->inspect.value, true);
}

/* Takes a descriptor over, to go beside the reply. */
static int attach(struct call *call, int fd, int64_t *ret_index)
{
	int index = fd < 0 ? fd : call_attach_fd(call, fd);

	*ret_index = index;
	return index < 0 ? index : 0;
}

static int attach_users(struct nsnet_context *context, struct call *call, const struct ns *ns,
	struct nsnet_open_namespace_out *out)
{
	int user = -EBADF, root = -EBADF;
	int r = kernel_open_users(context->kernel, ns->name, &user, &root);

	if (r < 0)
		return r;
	out->user_namespace_file_descriptor.is_set = true;
	out->root_namespace_file_descriptor.is_set = true;
	r = attach(call, user, &out->user_namespace_file_descriptor.value);
	if (r < 0) {
		(void)close_fd(root);
		return r;
	}
	return attach(call, root, &out->root_namespace_file_descriptor.value);
}

int nsnet_on_open_namespace(
	struct nsnet_context *context, struct call *call, const struct nsnet_open_namespace_in *in)
{
	struct policy_caller caller = methods_caller(context, call);
	const struct ns *ns = methods_find_namespace(context, &caller, in->name);
	struct nsnet_open_namespace_out out = { 0 };
	int r;

	if (!ns)
		return methods_fail_no_namespace(call, in->name);
	if (!methods_may(context, &caller, MAY_OPEN_NAMESPACE, ns))
		return call_fail_permission(call);
	r = attach(call, kernel_open_netns(context->kernel, ns->name),
		&out.network_namespace_file_descriptor);
	if (r == 0 && ns->told.runtime.ownership == NSNET_OWNERSHIP_USER)
		r = attach_users(context, call, ns, &out);
	return r < 0 ? r : nsnet_reply_open_namespace(call, &out);
}
