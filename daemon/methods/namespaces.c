/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * namespaces - make, list, open and delete namespaces
 */
#include <syslog.h>

#include "difference.h"
#include "log.h"
#include "methods.h"

#define DEFAULT_NETWORK "default"
#define LINK_TRIES      16 /* names of host ends that somebody else may have taken */
#define BUSY_TOLD       16U

/* A namespace on its way, with the network "default" where it is the first to want it. */
struct creation {
	struct nsnet_context *context;
	struct call *call;
	struct policy_caller caller;
	struct quota_charge charge;
	struct network *new_network;
	struct ns *ns;
};

static struct network *find_network(void *userdata, const char *name)
{
	const struct creation *creation = userdata;
	struct network *network = registry_find_network(creation->context->registry, name);

	if (!network && creation->new_network && streq(name, DEFAULT_NETWORK))
		network = creation->new_network;
	if (network && !policy_may(&creation->caller, MAY_ATTACH_NETWORK, network->uid))
		return NULL;
	return network;
}

static void name_link(void *userdata, const char *alias, char ret[INTERFACE_SIZE])
{
	const struct creation *creation = userdata;

	(void)alias;
	registry_name_link(creation->context->registry, ret);
}

static bool wants_default(const struct nsnet_namespace_context *wish)
{
	for (size_t i = 0; i < wish->attachments.n; i++)
		if (streq(wish->attachments.items[i].network, DEFAULT_NETWORK))
			return true;
	return false;
}

/* The network "default" is the host's own, whoever is the first to use it. 0, 1 and *reterr, or -errno. */
static int make_default_network(struct creation *creation, struct fault *reterr)
{
	struct nsnet_context *context = creation->context;
	struct arena *arena = call_arena(creation->call);
	const struct policy_caller root = { .is_administrator = true };
	enum quota_resource over;
	struct network_host host;
	int r = methods_network_host(context, &root, arena, &host);

	if (r < 0)
		return r;
	r = network_new(DEFAULT_NETWORK, 0, registry_free_number(context->registry, arena),
		&(struct nsnet_network_context){ 0 }, &host, arena, &creation->new_network, reterr);
	if (r != 0)
		return r;
	creation->new_network->told.runtime.created = methods_now();
	(void)quota_charge(registry_user(context->registry, 0), NULL,
		(const unsigned[QUOTA_RESOURCES]){ [QUOTA_NETWORKS] = 1 },
		&creation->new_network->charge, &over);
	return 0;
}

/* A namespace of his that its owner owns: a further one joins it. */
static const char *find_sibling(struct creation *creation)
{
	struct user *user = registry_user(creation->context->registry, creation->caller.uid);

	list_foreach (&user->namespaces, struct ns, user_link, ns)
		if (ns->told.runtime.ownership == NSNET_OWNERSHIP_USER)
			return ns->name;
	return NULL;
}

static int charge(
	struct creation *creation, const struct nsnet_namespace_context *wish, struct fault *reterr)
{
	const unsigned amounts[QUOTA_RESOURCES] = {
		[QUOTA_NAMESPACES] = 1,
		[QUOTA_ATTACHMENTS] = (unsigned)wish->attachments.n,
	};

	return methods_charge(
		creation->context, creation->call, amounts, &creation->charge, reterr);
}

static int make_object(
	struct creation *creation, const struct nsnet_create_namespace_in *in, struct fault *reterr)
{
	struct nsnet_context *context = creation->context;
	struct nsnet_namespace_context wish = { 0 };
	struct nsnet_attachment attachment = { .network = DEFAULT_NETWORK };
	struct namespace_host host = { creation, find_network, name_link };
	struct arena *arena = call_arena(creation->call);
	struct namespace_owner owner = {
		.uid = creation->caller.uid,
		.gid = call_peer(creation->call)->gid,
		.ownership = creation->caller.uid != 0 && context->is_owned_allowed
				     ? NSNET_OWNERSHIP_USER
				     : NSNET_OWNERSHIP_HOST,
	};
	int r;

	if (in->context)
		wish = *in->context;
	if (!wish.attachments.items)
		wish.attachments = (struct nsnet_attachment_list){ &attachment, 1 };
	r = charge(creation, &wish, reterr);
	if (r == 0 && wants_default(&wish) &&
		!registry_find_network(context->registry, DEFAULT_NETWORK))
		r = make_default_network(creation, reterr);
	if (r == 0)
		r = namespace_new(in->name, &owner, &wish, &host, arena, &creation->ns, reterr);
	if (r != 0)
		return r;
	creation->ns->charge = creation->charge;
	creation->charge = (struct quota_charge){ 0 };
	creation->ns->sibling = find_sibling(creation);
	creation->ns->told.runtime.created = methods_now();
	creation->ns->told.runtime.path = arena_printf(
		&creation->ns->arena, "%s/%s", context->paths->netns, creation->ns->name);
	return 0;
}

static int make_plan(struct creation *creation, struct plan *plan)
{
	struct network_presence no_network = { 0 };
	struct namespace_presence nothing = { 0 };

	if (creation->new_network) {
		int r = methods_plan_first_network(creation->context, plan);

		if (r < 0)
			return r;
		difference_make_network(creation->new_network, &no_network, plan);
	}
	difference_make_namespace(creation->ns, &nothing, plan);
	return 0;
}

/* A host end's name that somebody else's link has is left to him. */
static int carry_out(struct creation *creation, struct kernel_error *reterr)
{
	int r = 0;

	for (int i = 0; i < LINK_TRIES; i++) {
		struct plan plan = PLAN_INIT(call_arena(creation->call));

		r = make_plan(creation, &plan);
		if (r == 0)
			r = kernel_apply(creation->context->kernel, &plan, reterr);
		if (r <= 0 || reterr->step->type != STEP_VETH_ADD || reterr->error != EEXIST)
			return r;
		for (size_t j = 0; j < creation->ns->n_attachments; j++)
			registry_name_link(creation->context->registry,
				creation->ns->attachments[j].host_interface);
	}
	return r;
}

static int create(struct creation *creation, const struct nsnet_create_namespace_in *in)
{
	struct registry *registry = creation->context->registry;
	struct kernel_error error = { 0 };
	struct fault fault = { 0 };
	int r = make_object(creation, in, &fault);

	if (r > 0)
		return methods_fail_fault(creation->call, &fault);
	if (r == 0)
		r = carry_out(creation, &error);
	if (r > 0)
		return methods_fail_kernel(creation->call, &error);
	if (r < 0)
		return r;
	log_about(LOG_INFO,
		&(struct log_fields){ .namespace_name = in->name, .uid = creation->caller.uid },
		"namespace \"%s\" made", in->name);
	if (creation->new_network)
		registry_add_network(registry, take(creation->new_network));
	creation->ns->sibling = NULL;
	registry_add_namespace(registry, creation->ns);
	return nsnet_reply_create_namespace(
		creation->call, &(struct nsnet_create_namespace_out){
					.context = creation->ns->told.context,
					.runtime = take(creation->ns)->told.runtime,
				});
}

int nsnet_on_create_namespace(struct nsnet_context *context, struct call *call,
	const struct nsnet_create_namespace_in *in)
{
	struct creation creation = {
		.context = context, .call = call, .caller = methods_caller(context, call)
	};
	const struct ns *other;
	int r;

	if (!policy_may(&creation.caller, MAY_CREATE_NAMESPACE, creation.caller.uid))
		return call_fail_permission(call);
	if (!name_is_valid(in->name))
		return call_fail_parameter(call, "name");
	other = registry_find_namespace(context->registry, in->name);
	if (other)
		return nsnet_fail_namespace_exists(
			call, &(struct nsnet_namespace_exists){
				      .name = in->name,
				      .own = other->uid == creation.caller.uid,
			      });
	r = create(&creation, in);
	namespace_free(creation.ns);
	network_free(creation.new_network);
	quota_give_back(&creation.charge);
	registry_forget_user(context->registry, creation.caller.uid);
	return r;
}

/* The namespace of that name, if there is one that the caller may know of. */
static struct ns *find_visible(
	const struct nsnet_context *context, const struct policy_caller *caller, const char *name)
{
	struct ns *ns = registry_find_namespace(context->registry, name);

	return ns && policy_may(caller, MAY_SEE_NAMESPACE, ns->uid) ? ns : NULL;
}

static int fail_no_such(struct call *call, const char *name)
{
	return nsnet_fail_no_such_namespace(
		call, &(struct nsnet_no_such_namespace){ .name = name });
}

/* Deleting. */

struct deletion {
	struct ns **items;
	size_t n;
};

static int find_all(struct nsnet_context *context, struct call *call,
	const struct nsnet_delete_namespaces_in *in, struct deletion *ret)
{
	struct policy_caller caller = methods_caller(context, call);

	if (in->names.n == 0)
		return call_fail_parameter(call, "names") + 1;
	ret->items = arena_array(call_arena(call), in->names.n, sizeof(struct ns *));
	for (size_t i = 0; i < in->names.n; i++) {
		struct ns *ns = find_visible(context, &caller, in->names.items[i]);

		if (!ns)
			return fail_no_such(call, in->names.items[i]) + 1;
		if (!policy_may(&caller, MAY_DELETE_NAMESPACE, ns->uid))
			return call_fail_permission(call) + 1;
		for (size_t j = 0; j < i; j++)
			if (ret->items[j] == ns)
				return call_fail_parameter(call,
					       arena_printf(call_arena(call), "names[%zu]", i)) +
				       1;
		ret->items[ret->n++] = ns;
	}
	return 0;
}

/* Programs inside are told of, or ended where that is asked for. 0 done, 1 answered, -errno. */
static int clear_all(struct nsnet_context *context, struct call *call,
	const struct deletion *deletion, bool kill)
{
	struct arena *arena = call_arena(call);
	int64_t *inodes = arena_array(arena, deletion->n, sizeof(*inodes));
	struct nsnet_process_id_list *processes =
		arena_array(arena, deletion->n, sizeof(*processes));
	int r;

	for (size_t i = 0; i < deletion->n; i++)
		inodes[i] = deletion->items[i]->told.runtime.inode;
	r = kernel_processes(context->kernel, inodes, deletion->n, arena, processes);
	for (size_t i = 0; r == 0 && i < deletion->n; i++) {
		if (processes[i].n == 0)
			continue;
		if (kill)
			r = kernel_kill(context->kernel, inodes[i]);
		if (r == 0 && kill)
			continue;
		if (r < 0 && r != -EBUSY)
			return r;
		if (processes[i].n > BUSY_TOLD)
			processes[i].n = BUSY_TOLD;
		return nsnet_fail_namespace_busy(call,
			       &(struct nsnet_namespace_busy){
				       .name = deletion->items[i]->name,
				       .processes = processes[i],
			       }) +
		       1;
	}
	return r;
}

static void forget(struct nsnet_context *context, struct ns *ns)
{
	uid_t uid = ns->uid;

	registry_remove_namespace(context->registry, ns);
	namespace_free(ns);
	registry_forget_user(context->registry, uid);
}

static int delete_all(
	struct nsnet_context *context, struct call *call, const struct deletion *deletion)
{
	struct namespace_presence all = { .is_held = true, .is_pinned = true };
	struct plan plan = PLAN_INIT(call_arena(call));
	struct kernel_error error = { 0 };
	int r;

	for (size_t i = 0; i < deletion->n; i++)
		difference_remove_namespace(deletion->items[i], &all, &plan);
	r = kernel_apply(context->kernel, &plan, &error);
	if (r < 0)
		return r;
	if (r > 0)
		(void)methods_fail_kernel(call, &error);
	for (size_t i = 0; i < deletion->n; i++) {
		struct ns *ns = deletion->items[i];

		log_about(LOG_INFO,
			&(struct log_fields){
				.namespace_name = ns->name, .uid = call_peer(call)->uid },
			"namespace \"%s\" deleted", ns->name);
		forget(context, ns);
	}
	context->on_deleted(context->userdata);
	return r > 0 ? 0
		     : nsnet_reply_delete_namespaces(
			       call, &(struct nsnet_delete_namespaces_out){ 0 });
}

int nsnet_on_delete_namespaces(struct nsnet_context *context, struct call *call,
	const struct nsnet_delete_namespaces_in *in)
{
	struct deletion deletion = { 0 };
	int r = find_all(context, call, in, &deletion);

	if (r == 0)
		r = clear_all(context, call, &deletion, in->kill.value);
	if (r != 0)
		return r < 0 ? r : 0;
	return delete_all(context, call, &deletion);
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
		return fail_no_such(call, NULL);
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
	ns = find_visible(context, &caller, in->name);
	if (!ns)
		return fail_no_such(call, in->name);
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
	const struct ns *ns = find_visible(context, &caller, in->name);
	struct nsnet_open_namespace_out out = { 0 };
	int r;

	if (!ns)
		return fail_no_such(call, in->name);
	if (!policy_may(&caller, MAY_OPEN_NAMESPACE, ns->uid))
		return call_fail_permission(call);
	r = attach(call, kernel_open_netns(context->kernel, ns->name),
		&out.network_namespace_file_descriptor);
	if (r == 0 && ns->told.runtime.ownership == NSNET_OWNERSHIP_USER)
		r = attach_users(context, call, ns, &out);
	return r < 0 ? r : nsnet_reply_open_namespace(call, &out);
}
