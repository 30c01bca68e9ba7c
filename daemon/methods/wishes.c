/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wishes - namespaces that come to be, and those that change
 *
 * Both go one way: what is wished is charged for, made into an object, compared with what is there (nothing, or the former
 * object), and the difference carried out.
 */
#include "wishes.h"

#include <syslog.h>

#include "difference.h"
#include "host.h"
#include "lend.h"
#include "log.h"
#include "monitor.h"
#include "neighbours.h"
#include "networks.h"

#define LINK_TRIES 16 /* names of host ends that somebody else may have taken */

/* A namespace on its way, with the network "default" where it is the first to want it. */
struct creation {
	const struct deed *deed;
	struct nsnet_context *context; /* the deed's */
	struct ns *former;             /* that it takes the place of, or NULL */
	struct ns *spare;              /* that was made ahead and becomes a new one, or NULL */
	bool is_spare_lost;            /* it is not what it was: somebody took its link away */
	struct string_list fields;     /* that are others than the former's */
	struct quota_charge charge;    /* of a new one */
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
	if (network && !policy_may(&creation->deed->caller, MAY_ATTACH_NETWORK,
			       (struct policy_object){ .owner = network->uid }))
		return NULL;
	return network;
}

static void name_link(void *userdata, const char *alias, const char *was, char ret[INTERFACE_SIZE])
{
	const struct creation *creation = userdata;

	(void)alias;
	(void)was;
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
static const struct ns *find_sibling(const struct creation *creation)
{
	struct user *user = registry_user(creation->context->registry, creation->deed->caller.uid);

	list_foreach (&user->namespaces, struct ns, user_link, ns)
		if (ns->told.runtime.ownership == NSNET_OWNERSHIP_USER)
			return ns;
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
		.lowest_port = creation->deed->caller.lowest_port,
		.has_ports = kernel_has(context->kernel, "ports"),
		.has_rate = kernel_has(context->kernel, "rate"),
		.has_netem = kernel_has(context->kernel, "netem"),
		.has_persistent = kernel_has(context->kernel, "persistent"),
		.former = creation->former ? creation->former : creation->spare,
	};
}

/* Creating. */

static struct namespace_owner owner_of(const struct creation *creation)
{
	struct nsnet_context *context = creation->context;
	struct namespace_owner owner = {
		.uid = creation->deed->caller.uid,
		.gid = creation->deed->peer->gid,
		.ownership = creation->deed->caller.uid != 0 && context->is_owned_allowed
				     ? NSNET_OWNERSHIP_USER
				     : NSNET_OWNERSHIP_HOST,
	};
	const struct ns *sibling;

	if (creation->former)
		return (struct namespace_owner){ creation->former->uid, creation->former->gid,
			creation->former->told.runtime.ownership };
	if (owner.ownership == NSNET_OWNERSHIP_HOST)
		return owner;
	/* The first one's is the group of all that he owns. */
	sibling = find_sibling(creation);
	owner.gid = sibling ? (gid_t)sibling->told.runtime.gid.value
			    : context->group_of(context->userdata, creation->deed->peer);
	return owner;
}

/* From one that was made ahead, where one is as it is to be. */
static bool make_from_spare(struct creation *creation, const char *name,
	const struct pool_wish *wish, struct fault *reterr)
{
	struct namespace_host host;

	if (creation->former || creation->deed->rehearsal)
		return false;
	creation->spare = pool_find(creation->context, wish);
	if (!creation->spare)
		return false;
	host = host_of(creation);
	if (namespace_new(name, &wish->owner, wish->context, &host, creation->deed->arena,
		    &creation->ns, reterr) == 0 &&
		difference_fits_spare(creation->spare, creation->ns))
		return true;
	namespace_free(creation->ns);
	creation->ns = creation->spare = NULL;
	return false;
}

static int make_namespace(struct creation *creation, const char *name, const struct pool_wish *wish,
	struct fault *reterr)
{
	struct namespace_host host = host_of(creation);
	int r = 0;

	if (make_from_spare(creation, name, wish, reterr))
		return 0;
	do
		r = namespace_new(name, &wish->owner, wish->context, &host, creation->deed->arena,
			&creation->ns, reterr);
	while (r > 0 && pool_relieve(creation->context, reterr));
	return r;
}

static int make_object(struct creation *creation, const char *name,
	const struct nsnet_namespace_context *wish, struct fault *reterr)
{
	struct nsnet_context *context = creation->context;
	const struct pool_wish whole = { owner_of(creation), wish };
	int r = 0;

	if (wants_default(wish) &&
		!registry_find_network(context->registry, METHODS_DEFAULT_NETWORK))
		r = networks_make_default(creation->deed, &creation->new_network, reterr);
	if (r == 0)
		r = make_namespace(creation, name, &whole, reterr);
	return r == 0 ? lend_check(creation->deed, creation->ns, creation->former,
				&creation->lost_addresses, reterr)
		      : r;
}

static void complete_new(struct creation *creation)
{
	struct nsnet_context *context = creation->context;
	struct ns *ns = creation->ns;

	if (ns->told.runtime.ownership == NSNET_OWNERSHIP_USER) {
		const struct namespace_owner owner = { ns->uid, ns->gid, NSNET_OWNERSHIP_USER };
		const struct ns *sibling = find_sibling(creation);

		if (!sibling)
			sibling = pool_sibling(context, &owner);
		ns->sibling = sibling ? sibling->name : NULL;
		ns->told.runtime.gid = SOME_INT(ns->gid);
	}
	if (creation->spare) {
		ns->told.runtime.inode = creation->spare->told.runtime.inode;
		ns->told.runtime.cookie = creation->spare->told.runtime.cookie;
	}
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
	codec_differing(&nsnet_namespace_context_type, &creation->former->told.context,
		&creation->ns->told.context, creation->deed->arena, &creation->fields);
}

static bool is_skipped(const struct creation *creation)
{
	return creation->former && creation->deed->skips_equal && creation->fields.n == 0;
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
	struct namespace_presence presence = { .spare = creation->spare,
		.is_followed = creation->deed->is_followed };
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
		difference_make_namespace(creation->ns, &presence, plan);
	return 0;
}

/* A host end's name that somebody else's link has is left to him. */
static int carry_out(struct creation *creation, struct fault *reterr)
{
	int r = 0;

	for (int i = 0; i < LINK_TRIES; i++) {
		struct plan plan = PLAN_INIT(creation->deed->arena);
		struct kernel_error error = { 0 };

		r = make_plan(creation, &plan);
		if (r == 0)
			r = methods_carry_out(creation->deed, &plan, reterr, &error);
		assert(r <= 0 || error.step);
		creation->is_spare_lost = r > 0 && error.step->type == STEP_NETNS_TAKE;
		if (r > 0 && pool_relieve_kernel(creation->context, error.step, error.error))
			continue;
		if (r <= 0 || error.error != EEXIST ||
			(error.step->type != STEP_VETH_ADD && error.step->type != STEP_POINT_ADD))
			return r;
		for (size_t j = 0; j < creation->ns->n_attachments; j++)
			if (!creation->ns->attachments[j].former)
				registry_name_link(creation->context->registry,
					creation->ns->attachments[j].host_interface);
	}
	return r;
}

/* Makes it, and has it carried out. */
static int fulfil(struct creation *creation, const char *name,
	const struct nsnet_namespace_context *wish, struct fault *reterr)
{
	bool is_for_good = !creation->deed->rehearsal;
	int r = make_object(creation, name, wish, reterr);

	if (r != 0)
		return r;
	if (creation->former)
		complete_changed(creation);
	else
		complete_new(creation);
	if (is_skipped(creation))
		return 0;
	keep_default(creation);
	r = carry_out(creation, reterr);
	if ((r != 0 || !is_for_good) && creation->kept)
		creation->kept->told = creation->kept_before;
	if (r != 0)
		return r;
	if (creation->kept)
		methods_tell(creation->deed,
			&(struct monitor_event){ NSNET_EVENT_KIND_CHANGED,
				.network = creation->kept, .by = creation->deed->peer });
	if (creation->new_network)
		networks_add(creation->deed, take(creation->new_network));
	return 0;
}

static void say(const struct creation *creation, const char *what)
{
	if (!creation->deed->rehearsal)
		log_about(LOG_INFO,
			&(struct log_fields){ .namespace_name = creation->ns->name,
				.uid = creation->deed->caller.uid },
			"namespace \"%s\" %s", creation->ns->name, what);
}

/* What becomes of the host and of networks as there are more. */
static void note(const struct creation *creation, const struct ns *ns)
{
	if (creation->deed->rehearsal)
		return;
	for (size_t i = 0; i < ns->n_attachments; i++)
		networks_warn(ns->attachments[i].network);
	neighbours_follow(creation->deed->context);
}

static struct ns *keep_new(struct creation *creation, const struct nsnet_namespace_context *wish)
{
	const struct pool_wish whole = { owner_of(creation), wish };
	struct ns *ns = creation->ns;

	say(creation, "made");
	ns->sibling = NULL;
	if (!creation->deed->rehearsal) {
		left_forget(&creation->context->left, RECORD_NAMESPACE, ns->name);
		/* It is parted from what it was made from before anything is its own. */
		pool_note(creation->context, &whole, take(creation->spare), ns);
	}
	ns->charge = creation->charge;
	creation->charge = (struct quota_charge){ 0 };
	registry_add_namespace(creation->context->registry, take(creation->ns));
	methods_tell(creation->deed, &(struct monitor_event){ NSNET_EVENT_KIND_CREATED, .ns = ns,
					     .by = creation->deed->peer });
	note(creation, ns);
	return ns;
}

/* Charges the caller first, and gives back where there is no namespace in the end. */
static int create_charged(struct creation *creation, const char *name,
	const struct nsnet_namespace_context *wish, struct ns **ret, struct fault *reterr)
{
	unsigned amounts[QUOTA_RESOURCES];
	int r;

	count(wish, amounts);
	r = methods_charge(creation->deed, amounts, &creation->charge, reterr);
	if (r != 0)
		return r;
	r = fulfil(creation, name, wish, reterr);
	while (r > 0 && creation->is_spare_lost) {
		namespace_free(take(creation->ns));
		pool_refuse(creation->context, take(creation->spare));
		r = fulfil(creation, name, wish, reterr);
	}
	if (r == 0)
		*ret = keep_new(creation, wish);
	namespace_free(creation->ns);
	network_free(creation->new_network);
	quota_give_back(&creation->charge);
	registry_forget_user(creation->context->registry, creation->deed->caller.uid);
	return r;
}

static int may_create(const struct deed *deed, const char *name,
	const struct nsnet_namespace_context *wish, struct fault *reterr)
{
	const struct ns *other;

	if (!policy_may(&deed->caller, MAY_CREATE_NAMESPACE, (struct policy_object){ 0 }) ||
		!lend_may(&deed->caller, NULL, wish))
		return fault_set(reterr, &(struct fault){ .type = FAULT_PERMISSION });
	if (!name_is_valid(name))
		return fault_set(
			reterr, &(struct fault){ .type = FAULT_PARAMETER, .field = "name" });
	other = registry_find_namespace(deed->context->registry, name);
	if (!other && !left_keeps(&deed->context->left, RECORD_NAMESPACE, name, &deed->caller))
		return 0;
	return fault_set(reterr, &(struct fault){ .type = FAULT_NAMESPACE_EXISTS,
					 .name = name,
					 .number = other && other->uid == deed->caller.uid });
}

int wishes_create(const struct deed *deed, const char *name,
	const struct nsnet_namespace_context *context, struct wishes_done *ret,
	struct fault *reterr)
{
	struct creation creation = { .deed = deed, .context = deed->context };
	struct nsnet_attachment attachment = { .network = METHODS_DEFAULT_NETWORK };
	struct nsnet_namespace_context wish = { 0 };
	int r;

	if (context)
		wish = *context;
	r = may_create(deed, name, &wish, reterr);
	if (r != 0)
		return r;
	if (!wish.attachments.items)
		wish.attachments = (struct nsnet_attachment_list){ &attachment, 1 };
	r = create_charged(&creation, name, &wish, &ret->ns, reterr);
	ret->lost_addresses = creation.lost_addresses;
	ret->fields = (struct string_list){ 0 };
	return r;
}

int nsnet_on_create_namespace(struct nsnet_context *context, struct call *call,
	const struct nsnet_create_namespace_in *in)
{
	const struct deed deed = methods_deed(context, call);
	struct nsnet_create_namespace_out out;
	struct wishes_done done;
	struct fault fault;
	int r = wishes_create(&deed, in->name, in->context, &done, &fault);

	if (r != 0)
		return methods_fail_deed(call, r, &fault);
	out = (struct nsnet_create_namespace_out){ done.ns->told.context, done.ns->told.runtime };
	out.runtime.lost_addresses = done.lost_addresses;
	return nsnet_reply_create_namespace(call, &out);
}

/* Changing. */

/* Its owner is charged, whoever asks. */
static int change_charged(
	struct creation *creation, const struct nsnet_namespace_context *wish, struct fault *reterr)
{
	struct quota_charge *charge = &creation->former->charge;
	const struct deed *deed = creation->deed;
	unsigned amounts[QUOTA_RESOURCES], before[QUOTA_RESOURCES];
	struct quota_limits limits;
	enum quota_resource over;
	int r;

	count(wish, amounts);
	memcpy(before, charge->amounts, sizeof(before));
	methods_limits(deed->context, &deed->caller, deed->peer, &limits);
	if (!quota_change(charge, &limits, amounts, &over))
		return fault_set(reterr, &(struct fault){ .type = FAULT_QUOTA,
						 .name = quota_name(over),
						 .number = limits.of[over] });
	r = fulfil(creation, creation->former->name, wish, reterr);
	if (r != 0 || deed->rehearsal || is_skipped(creation))
		(void)quota_change(charge, NULL, before, &over);
	return r;
}

/* In a rehearsal the former one stays. */
static struct ns *keep_changed(struct creation *creation)
{
	struct ns *ns = creation->ns;

	assert(ns && creation->former);
	if (creation->deed->rehearsal || is_skipped(creation))
		return creation->former;
	say(creation, "changed");
	registry_replace_namespace(
		creation->context->registry, take(creation->former), take(creation->ns));
	methods_tell(creation->deed, &(struct monitor_event){ NSNET_EVENT_KIND_CHANGED, .ns = ns,
					     .by = creation->deed->peer });
	note(creation, ns);
	return ns;
}

static int may_set(const struct deed *deed, const struct ns *ns,
	const struct nsnet_namespace_context *change, const int64_t *revision, struct fault *reterr)
{
	if (!methods_may(deed->context, &deed->caller, MAY_SET_NAMESPACE, ns) ||
		!lend_may(&deed->caller, ns, change))
		return fault_set(reterr, &(struct fault){ .type = FAULT_PERMISSION });
	if (revision && *revision != ns->told.runtime.revision)
		return fault_set(reterr, &(struct fault){ .type = FAULT_CHANGED,
						 .name = ns->name,
						 .number = ns->told.runtime.revision });
	return 0;
}

int wishes_set(const struct deed *deed, const char *name,
	const struct nsnet_namespace_context *change, const int64_t *revision,
	struct wishes_done *ret, struct fault *reterr)
{
	struct ns *ns = methods_find_namespace(deed->context, &deed->caller, name);
	struct creation creation = { .deed = deed, .context = deed->context, .former = ns };
	struct nsnet_namespace_context wish;
	int r;

	if (!ns)
		return fault_set(
			reterr, &(struct fault){ .type = FAULT_NO_NAMESPACE, .name = name });
	r = may_set(deed, ns, change, revision, reterr);
	if (r != 0)
		return r;
	wish = deed->replaces ? *change : ns->told.context;
	codec_overlay(&nsnet_namespace_context_type, change, &wish);
	r = change_charged(&creation, &wish, reterr);
	if (r == 0)
		*ret = (struct wishes_done){ keep_changed(&creation), creation.lost_addresses,
			creation.fields };
	namespace_free(creation.ns);
	network_free(creation.new_network);
	return r;
}

int nsnet_on_set_namespace(
	struct nsnet_context *context, struct call *call, const struct nsnet_set_namespace_in *in)
{
	const struct deed deed = methods_deed(context, call);
	struct nsnet_set_namespace_out out;
	struct wishes_done done;
	struct fault fault;
	int r = wishes_set(&deed, in->name, &in->context,
		in->revision.is_set ? &in->revision.value : NULL, &done, &fault);

	if (r != 0)
		return methods_fail_deed(call, r, &fault);
	out = (struct nsnet_set_namespace_out){ done.ns->told.context, done.ns->told.runtime };
	out.runtime.lost_addresses = done.lost_addresses;
	return nsnet_reply_set_namespace(call, &out);
}
