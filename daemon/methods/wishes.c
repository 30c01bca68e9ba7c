/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wishes - namespaces that come to be, and those that change
 *
 * Both go one way: what is wished is charged for, made into an object, compared with what is there (nothing, or the former
 * object), and the difference carried out.
 */
#include <syslog.h>

#include "difference.h"
#include "host.h"
#include "log.h"
#include "methods.h"
#include "monitor.h"

#define LINK_TRIES 16 /* names of host ends that somebody else may have taken */

/* A namespace on its way, with the network "default" where it is the first to want it. */
struct creation {
	struct nsnet_context *context;
	struct call *call;
	struct policy_caller caller;
	struct ns *former;          /* that it takes the place of, or NULL */
	struct quota_charge charge; /* of a new one */
	struct string_list lost_addresses;
	struct network *new_network;
	struct network *kept; /* a network that becomes persistent with it, or NULL */
	struct nsnet_list_networks_out kept_before;
	struct ns *ns;
};

static struct network *find_network(void *userdata, const char *name)
{
	const struct creation *creation = userdata;
	struct network *network = registry_find_network(creation->context->registry, name);

	if (!network && creation->new_network && streq(name, METHODS_DEFAULT_NETWORK))
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

static bool is_listening(
	void *userdata, enum nsnet_protocol protocol, const struct address *host, uint16_t port)
{
	const struct creation *creation = userdata;
	int r = kernel_is_listening(creation->context->kernel, protocol, host, port);

	if (r < 0)
		log_line(LOG_WARNING, "cannot see who listens on the host: %s", strerror(-r));
	return r > 0;
}

static bool wants_default(const struct nsnet_namespace_context *wish)
{
	for (size_t i = 0; i < wish->attachments.n; i++)
		if (streq(wish->attachments.items[i].network, METHODS_DEFAULT_NETWORK))
			return true;
	return false;
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

static void count(const struct nsnet_namespace_context *wish, unsigned ret[QUOTA_RESOURCES])
{
	memset(ret, 0, QUOTA_RESOURCES * sizeof(*ret));
	ret[QUOTA_NAMESPACES] = 1;
	ret[QUOTA_ATTACHMENTS] = (unsigned)wish->attachments.n;
	ret[QUOTA_PORTS] = (unsigned)wish->ports.n;
}

static struct namespace_host host_of(struct creation *creation)
{
	struct nsnet_context *context = creation->context;

	return (struct namespace_host){
		.userdata = creation,
		.find_network = find_network,
		.name_link = name_link,
		.is_listening = is_listening,
		.published = &context->registry->published,
		.first_port = context->first_port,
		.last_port = context->last_port,
		.lowest_port = creation->caller.lowest_port,
		.has_ports = kernel_has(context->kernel, "ports"),
		.has_rate = kernel_has(context->kernel, "rate"),
		.has_netem = kernel_has(context->kernel, "netem"),
		.has_persistent = kernel_has(context->kernel, "persistent"),
		.former = creation->former,
	};
}

/* Interfaces of the host that are asked for and not inside yet: whether they can go. 0, 1 and *reterr, or -errno. */
static int check_links(struct creation *creation, struct fault *reterr)
{
	const struct string_list *links = &creation->ns->links;
	struct string_list *lost = &creation->lost_addresses;
	struct arena *arena = call_arena(creation->call);

	for (size_t i = 0; i < links->n; i++) {
		struct string_list addresses = { 0 };
		const char **all;
		int r;

		if (creation->former && string_list_has(&creation->former->links, links->items[i]))
			continue;
		r = kernel_find_link(creation->context->kernel, links->items[i], arena, &addresses);
		if (r == -ENODEV || r == -EBUSY)
			return fault_set(
				reterr, &(struct fault){ .type = FAULT_LINK,
						.name = arena_strdup(arena, links->items[i]) });
		if (r < 0)
			return r;
		all = arena_array(arena, lost->n + addresses.n, sizeof(*all));
		for (size_t j = 0; j < lost->n + addresses.n; j++)
			all[j] = j < lost->n ? lost->items[j] : addresses.items[j - lost->n];
		*lost = (struct string_list){ all, lost->n + addresses.n };
	}
	return 0;
}

/* Creating. */

static int make_object(struct creation *creation, const char *name,
	const struct nsnet_namespace_context *wish, struct fault *reterr)
{
	struct nsnet_context *context = creation->context;
	struct namespace_host host = host_of(creation);
	struct arena *arena = call_arena(creation->call);
	struct namespace_owner owner = {
		.uid = creation->caller.uid,
		.gid = call_peer(creation->call)->gid,
		.ownership = creation->caller.uid != 0 && context->is_owned_allowed
				     ? NSNET_OWNERSHIP_USER
				     : NSNET_OWNERSHIP_HOST,
	};
	int r = 0;

	if (creation->former)
		owner = (struct namespace_owner){ creation->former->uid, creation->former->gid,
			creation->former->told.runtime.ownership };
	if (wants_default(wish) &&
		!registry_find_network(context->registry, METHODS_DEFAULT_NETWORK))
		r = methods_make_default_network(
			context, creation->call, &creation->new_network, reterr);
	if (r == 0)
		r = namespace_new(name, &owner, wish, &host, arena, &creation->ns, reterr);
	return r == 0 ? check_links(creation, reterr) : r;
}

static void complete_new(struct creation *creation)
{
	struct nsnet_context *context = creation->context;
	struct ns *ns = creation->ns;

	ns->sibling = find_sibling(creation);
	/* The first one's is the group of all that he owns. */
	if (!ns->sibling && ns->told.runtime.ownership == NSNET_OWNERSHIP_USER)
		ns->gid = context->group_of(context->userdata, call_peer(creation->call));
	if (ns->sibling)
		ns->told.runtime.gid =
			registry_find_namespace(context->registry, ns->sibling)->told.runtime.gid;
	else if (ns->told.runtime.ownership == NSNET_OWNERSHIP_USER)
		ns->told.runtime.gid = SOME_INT(ns->gid);
	ns->told.runtime.created = methods_now();
	ns->told.runtime.path =
		arena_printf(&ns->arena, "%s/%s", creation->context->paths->netns, ns->name);
}

static void complete_changed(struct creation *creation)
{
	const struct nsnet_namespace_runtime *former = &creation->former->told.runtime;
	struct nsnet_namespace_runtime *runtime = &creation->ns->told.runtime;

	runtime->created = former->created;
	runtime->gid = former->gid;
	runtime->path = arena_strdup(&creation->ns->arena, former->path);
	runtime->inode = former->inode;
	runtime->cookie = former->cookie;
	runtime->revision = former->revision + 1;
}

/* Whoever is to come back after a reboot takes the network "default" along: it is everybody's, and nobody else's to keep. */
static void keep_default(struct creation *creation)
{
	struct ns *ns = creation->ns;

	for (size_t i = 0; ns->told.context.persistent.value && i < ns->n_attachments; i++) {
		struct network *network = ns->attachments[i].network;

		if (network->told.context.persistent.value)
			continue;
		assert(streq(network->name, METHODS_DEFAULT_NETWORK));
		creation->kept_before = network->told;
		network->told.context.persistent = SOME_BOOL(true);
		if (network == creation->new_network)
			continue;
		network->told.runtime.revision++;
		creation->kept = network;
	}
}

/* What is to be written down comes first. */
static int make_plan(struct creation *creation, struct plan *plan)
{
	struct network_presence no_network = { 0 };
	struct namespace_presence nothing = { 0 };
	int r = 0;

	if (creation->new_network)
		difference_record_network(creation->new_network, plan);
	if (creation->kept)
		difference_keep_network(creation->kept, &creation->kept_before, plan);
	if (!creation->former)
		difference_record_namespace(creation->ns, plan);
	if (creation->new_network) {
		r = host_plan_first(creation->context->registry, creation->context->kernel, plan);
		if (r < 0)
			return r;
		difference_make_network(creation->new_network, &no_network, plan);
	}
	if (creation->former)
		difference_change_namespace(creation->former, creation->ns, plan);
	else
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
		assert(r <= 0 || reterr->step);
		if (r <= 0 || reterr->step->type != STEP_VETH_ADD || reterr->error != EEXIST)
			return r;
		for (size_t j = 0; j < creation->ns->n_attachments; j++)
			if (!creation->ns->attachments[j].former)
				registry_name_link(creation->context->registry,
					creation->ns->attachments[j].host_interface);
	}
	return r;
}

/* Makes it, and has it carried out. 0: it is there; 1: answered; -errno. */
static int fulfil(
	struct creation *creation, const char *name, const struct nsnet_namespace_context *wish)
{
	struct kernel_error error = { 0 };
	struct fault fault = { 0 };
	int r = make_object(creation, name, wish, &fault);

	if (r > 0)
		return methods_fail_fault(creation->call, &fault) + 1;
	if (r < 0)
		return r;
	if (creation->former)
		complete_changed(creation);
	else
		complete_new(creation);
	keep_default(creation);
	r = carry_out(creation, &error);
	if (r != 0 && creation->kept)
		creation->kept->told = creation->kept_before;
	if (r > 0)
		return methods_fail_kernel(creation->call, &error) + 1;
	if (r == 0 && creation->kept)
		monitor_tell(creation->context,
			&(struct monitor_event){ NSNET_EVENT_KIND_CHANGED,
				.network = creation->kept, .by = creation->call });
	if (r == 0 && creation->new_network)
		methods_add_network(creation->context, creation->call, take(creation->new_network));
	return r;
}

static int create(struct creation *creation, const struct nsnet_create_namespace_in *in,
	const struct nsnet_namespace_context *wish)
{
	struct nsnet_create_namespace_out out;
	struct ns *ns;
	int r = fulfil(creation, in->name, wish);

	if (r != 0)
		return r < 0 ? r : 0;
	log_about(LOG_INFO,
		&(struct log_fields){ .namespace_name = in->name, .uid = creation->caller.uid },
		"namespace \"%s\" made", in->name);
	creation->ns->sibling = NULL;
	creation->ns->charge = creation->charge;
	creation->charge = (struct quota_charge){ 0 };
	out = (struct nsnet_create_namespace_out){ creation->ns->told.context,
		creation->ns->told.runtime };
	out.runtime.lost_addresses = creation->lost_addresses;
	ns = take(creation->ns);
	registry_add_namespace(creation->context->registry, ns);
	monitor_tell(creation->context, &(struct monitor_event){ NSNET_EVENT_KIND_CREATED, .ns = ns,
						.by = creation->call });
	return nsnet_reply_create_namespace(creation->call, &out);
}

/* Charges the caller first, and gives back where there is no namespace in the end. */
static int create_charged(struct creation *creation, const struct nsnet_create_namespace_in *in,
	const struct nsnet_namespace_context *wish)
{
	unsigned amounts[QUOTA_RESOURCES];
	struct fault fault;
	int r;

	count(wish, amounts);
	if (methods_charge(creation->context, creation->call, amounts, &creation->charge, &fault) >
		0)
		return methods_fail_fault(creation->call, &fault);
	r = create(creation, in, wish);
	namespace_free(creation->ns);
	network_free(creation->new_network);
	quota_give_back(&creation->charge);
	registry_forget_user(creation->context->registry, creation->caller.uid);
	return r;
}

int nsnet_on_create_namespace(struct nsnet_context *context, struct call *call,
	const struct nsnet_create_namespace_in *in)
{
	struct creation creation = {
		.context = context, .call = call, .caller = methods_caller(context, call)
	};
	struct nsnet_attachment attachment = { .network = METHODS_DEFAULT_NETWORK };
	struct nsnet_namespace_context wish = { 0 };
	const struct ns *other;

	if (in->context)
		wish = *in->context;
	if (!policy_may(&creation.caller, MAY_CREATE_NAMESPACE, creation.caller.uid) ||
		(wish.links.n > 0 &&
			!policy_may(&creation.caller, MAY_TAKE_LINK, creation.caller.uid)))
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
	if (!wish.attachments.items)
		wish.attachments = (struct nsnet_attachment_list){ &attachment, 1 };
	return create_charged(&creation, in, &wish);
}

/* Changing. */

/* Interfaces that come; those that go may be given back by whoever owns the namespace. */
static bool takes_links(const struct ns *ns, const struct nsnet_namespace_context *change)
{
	for (size_t i = 0; i < change->links.n; i++)
		if (!string_list_has(&ns->links, change->links.items[i]))
			return true;
	return false;
}

static int change(struct creation *creation, const struct nsnet_namespace_context *wish)
{
	struct nsnet_set_namespace_out out;
	struct ns *ns;
	int r = fulfil(creation, creation->former->name, wish);

	if (r != 0)
		return r < 0 ? r : 0;
	log_about(LOG_INFO,
		&(struct log_fields){
			.namespace_name = creation->ns->name, .uid = creation->caller.uid },
		"namespace \"%s\" changed", creation->ns->name);
	out = (struct nsnet_set_namespace_out){ creation->ns->told.context,
		creation->ns->told.runtime };
	out.runtime.lost_addresses = creation->lost_addresses;
	ns = take(creation->ns);
	registry_replace_namespace(creation->context->registry, take(creation->former), ns);
	monitor_tell(creation->context, &(struct monitor_event){ NSNET_EVENT_KIND_CHANGED, .ns = ns,
						.by = creation->call });
	return nsnet_reply_set_namespace(creation->call, &out);
}

/* Its owner is charged, whoever asks. */
static int change_charged(struct creation *creation, const struct nsnet_namespace_context *wish)
{
	struct quota_charge *charge = &creation->former->charge;
	unsigned amounts[QUOTA_RESOURCES], before[QUOTA_RESOURCES];
	struct quota_limits limits;
	enum quota_resource over;
	int r;

	count(wish, amounts);
	memcpy(before, charge->amounts, sizeof(before));
	methods_limits(creation->context, creation->call, &limits);
	if (!quota_change(charge, &limits, amounts, &over))
		return methods_fail_fault(creation->call, &(struct fault){ .type = FAULT_QUOTA,
								  .name = quota_name(over),
								  .number = limits.of[over] });
	r = change(creation, wish);
	if (creation->former)
		(void)quota_change(charge, NULL, before, &over);
	namespace_free(creation->ns);
	network_free(creation->new_network);
	return r;
}

int nsnet_on_set_namespace(
	struct nsnet_context *context, struct call *call, const struct nsnet_set_namespace_in *in)
{
	struct creation creation = {
		.context = context, .call = call, .caller = methods_caller(context, call)
	};
	struct ns *ns = methods_find_namespace(context, &creation.caller, in->name);
	struct nsnet_namespace_context wish;

	if (!ns)
		return methods_fail_no_namespace(call, in->name);
	if (!policy_may(&creation.caller, MAY_SET_NAMESPACE, ns->uid) ||
		(takes_links(ns, &in->context) &&
			!policy_may(&creation.caller, MAY_TAKE_LINK, creation.caller.uid)))
		return call_fail_permission(call);
	if (in->revision.is_set && in->revision.value != ns->told.runtime.revision)
		return nsnet_fail_changed(call, &(struct nsnet_changed){ .name = ns->name,
							.revision = ns->told.runtime.revision });
	wish = ns->told.context;
	codec_overlay(&nsnet_namespace_context_type, &in->context, &wish);
	creation.former = ns;
	return change_charged(&creation, &wish);
}
