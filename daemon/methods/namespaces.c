/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * namespaces - list, open and delete namespaces
 *
 * How they come to be, and change, is in wishes.c.
 */
#include "namespaces.h"

#include <syslog.h>

#include "difference.h"
#include "log.h"
#include "monitor.h"

#define BUSY_TOLD 16U

/* Deleting. */

struct deletion {
	const struct deed *deed;
	struct ns **items;
	size_t n;
};

static int find_all(
	struct deletion *deletion, const struct string_list *names, struct fault *reterr)
{
	const struct deed *deed = deletion->deed;

	if (names->n == 0)
		return fault_set(
			reterr, &(struct fault){ .type = FAULT_PARAMETER, .field = "names" });
	deletion->items = arena_array(deed->arena, names->n, sizeof(struct ns *));
	for (size_t i = 0; i < names->n; i++) {
		const char *name = names->items[i];
		struct ns *ns = methods_find_namespace(deed->context, &deed->caller, name);

		if (!ns)
			return fault_set(reterr,
				&(struct fault){ .type = FAULT_NO_NAMESPACE, .name = name });
		if (!policy_may(&deed->caller, MAY_DELETE_NAMESPACE, ns->uid))
			return fault_set(reterr, &(struct fault){ .type = FAULT_PERMISSION });
		for (size_t j = 0; j < i; j++)
			if (deletion->items[j] == ns)
				return fault_set(reterr, &(struct fault){ .type = FAULT_PARAMETER,
								 .field = arena_printf(deed->arena,
									 "names[%zu]", i) });
		deletion->items[deletion->n++] = ns;
	}
	return 0;
}

/* Programs inside are told of, or ended where that is asked for. */
static int clear_all(const struct deletion *deletion, bool kill, struct fault *reterr)
{
	struct kernel *kernel = deletion->deed->context->kernel;
	struct arena *arena = deletion->deed->arena;
	int64_t *inodes = arena_array(arena, deletion->n, sizeof(*inodes));
	struct nsnet_process_id_list *processes =
		arena_array(arena, deletion->n, sizeof(*processes));
	int r;

	for (size_t i = 0; i < deletion->n; i++)
		inodes[i] = deletion->items[i]->told.runtime.inode;
	r = kernel_processes(kernel, inodes, deletion->n, arena, processes);
	for (size_t i = 0; r == 0 && i < deletion->n; i++) {
		if (processes[i].n == 0)
			continue;
		if (kill && !deletion->deed->rehearsal)
			r = kernel_kill(kernel, inodes[i]);
		if (r == 0 && kill)
			continue;
		if (r < 0 && r != -EBUSY)
			return r;
		if (processes[i].n > BUSY_TOLD)
			processes[i].n = BUSY_TOLD;
		return fault_set(reterr, &(struct fault){ .type = FAULT_NAMESPACE_BUSY,
						 .name = deletion->items[i]->name,
						 .processes = &processes[i] });
	}
	return r;
}

void namespaces_forget(struct nsnet_context *context, struct ns *ns)
{
	uid_t uid = ns->uid;

	registry_remove_namespace(context->registry, ns);
	namespace_free(ns);
	registry_forget_user(context->registry, uid);
	pool_poke(context);
}

static int delete_all(const struct deletion *deletion, struct fault *reterr)
{
	const struct namespace_presence nameless = { .is_held = true };
	const struct deed *deed = deletion->deed;
	struct plan first = PLAN_INIT(deed->arena), plan = PLAN_INIT(deed->arena);
	int r;

	for (size_t i = 0; i < deletion->n; i++) {
		difference_give_up_namespace(deletion->items[i], &first);
		difference_give_links(deletion->items[i], &first);
	}
	/* Last of what can be taken back: who has no name is gone, also to a start that finds his record. */
	for (size_t i = 0; i < deletion->n; i++)
		difference_unpin_namespace(deletion->items[i], &first);
	r = methods_carry_out(deed, &first, reterr, NULL);
	if (r != 0)
		return r;
	for (size_t i = 0; i < deletion->n; i++)
		difference_remove_namespace(deletion->items[i], &nameless, &plan);
	/* What cannot be taken away is told of, and the rest is gone. */
	r = methods_carry_out(deed, &plan, reterr, NULL);
	if (r < 0 || deed->rehearsal)
		return r;
	for (size_t i = 0; i < deletion->n; i++) {
		struct ns *ns = deletion->items[i];

		log_about(LOG_INFO,
			&(struct log_fields){ .namespace_name = ns->name, .uid = deed->caller.uid },
			"namespace \"%s\" deleted", ns->name);
		methods_tell(deed, &(struct monitor_event){
					   NSNET_EVENT_KIND_DELETED, .ns = ns, .by = deed->peer });
		namespaces_forget(deed->context, ns);
	}
	deed->context->on_deleted(deed->context->userdata);
	return r;
}

int namespaces_delete(
	const struct deed *deed, const struct string_list *names, bool kill, struct fault *reterr)
{
	struct deletion deletion = { .deed = deed };
	int r = find_all(&deletion, names, reterr);

	if (r == 0)
		r = clear_all(&deletion, kill, reterr);
	return r == 0 ? delete_all(&deletion, reterr) : r;
}

int nsnet_on_delete_namespaces(struct nsnet_context *context, struct call *call,
	const struct nsnet_delete_namespaces_in *in)
{
	const struct deed deed = methods_deed(context, call);
	struct fault fault;
	int r = namespaces_delete(&deed, &in->names, in->kill.value, &fault);

	if (r != 0)
		return methods_fail_deed(call, r, &fault);
	return nsnet_reply_delete_namespaces(call, &(struct nsnet_delete_namespaces_out){ 0 });
}

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

	if (r < 0)
		return r;
	for (size_t i = 0; i < runtime->interfaces.n; i++) {
		struct nsnet_interface *interface = &runtime->interfaces.items[i];
		const struct attachment *attachment = find_attachment(ns, interface->name);

		if (attachment) {
			interface->network = attachment->network->name;
			interface->host_interface_name = attachment->host_interface;
		}
	}
	return kernel_processes(context->kernel, &runtime->inode, 1, arena, &runtime->processes);
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
	struct ns **all = registry_namespaces(context->registry, call_arena(call));
	size_t n = 0;
	int r = 0;

	for (size_t i = 0; i < context->registry->n_namespaces; i++)
		if (policy_may(&caller, MAY_SEE_NAMESPACE, all[i]->uid))
			all[n++] = all[i];
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
	if (!policy_may(&caller, MAY_OPEN_NAMESPACE, ns->uid))
		return call_fail_permission(call);
	r = attach(call, kernel_open_netns(context->kernel, ns->name),
		&out.network_namespace_file_descriptor);
	if (r == 0 && ns->told.runtime.ownership == NSNET_OWNERSHIP_USER)
		r = attach_users(context, call, ns, &out);
	return r < 0 ? r : nsnet_reply_open_namespace(call, &out);
}
