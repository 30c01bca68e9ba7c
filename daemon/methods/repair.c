/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * repair - what others do to our objects is mended, or taken at its word
 */
#include "repair.h"

#include <stdio.h>
#include <syslog.h>

#include "deletion.h"
#include "difference.h"
#include "log.h"
#include "methods.h"
#include "monitor.h"
#include "steps.h"

/* So often in so long an object is mended; then it is let alone for as long. An owner who takes away what comes back must keep
 * nobody else from being served. */
#define MENDINGS_MAX  10U
#define MENDINGS_USEC 10000000
/* Who takes a name away unmounts it and then unlinks it, as ip-netns(8) does: one that is still there after that long was unmounted
 * alone. */
#define BARE_USEC 200000
/* A bridge that is up again has its routes, or lacks them; more is no progress. */
#define LOOKS_MAX 3U

struct repair {
	struct nsnet_context *context; /* NULL: at start-up, when nobody listens yet */
	struct registry *registry;
	struct kernel *kernel;
	struct arena arena;
	struct snapshot_routes routes;
	bool has_routes;
	bool has_bare; /* a name that may be on its way out */
};

/* What it is about. */
struct subject {
	const struct ns *ns;
	const struct network *network;
	struct mending *mending;
};

static void tell(const struct repair *repair, const struct subject *subject,
	enum nsnet_event_kind kind, const char *message)
{
	const struct log_fields fields = {
		.namespace_name = subject->ns ? subject->ns->name : NULL,
		.network_name = subject->network ? subject->network->name : NULL,
		.uid = LOG_UID_NONE,
	};

	log_about(LOG_NOTICE, &fields, "%s \"%s\": %s%s", subject->ns ? "namespace" : "network",
		subject->ns ? subject->ns->name : subject->network->name,
		kind == NSNET_EVENT_KIND_RESTORED ? "restored " : "", message);
	if (repair->context)
		monitor_tell(repair->context, &(struct monitor_event){
						      .kind = kind,
						      .ns = subject->ns,
						      .network = subject->network,
						      .message = message,
					      });
}

/* Whether it is to be mended once more; that it was too often is told once. At start-up always. */
static bool may_mend(const struct repair *repair, const struct subject *subject)
{
	int64_t now = methods_now().monotonic.value;
	struct mending *mending = subject->mending;

	if (!repair->context)
		return true;
	if (now - mending->since > MENDINGS_USEC)
		*mending = (struct mending){ .since = now };
	if (++mending->n == MENDINGS_MAX + 1) {
		tell(repair, subject, NSNET_EVENT_KIND_CHANGED,
			"somebody keeps taking away what is put back: it is let alone for a while");
		repair->context->on_let_alone(repair->context->userdata, MENDINGS_USEC);
	}
	return mending->n <= MENDINGS_MAX;
}

bool repair_lets_alone(const struct mending *mending)
{
	return mending->n > MENDINGS_MAX &&
	       methods_now().monotonic.value - mending->since <= MENDINGS_USEC;
}

/* Carries out what mends something, and says so. */
static bool apply(struct repair *repair, const struct subject *subject, const struct plan *plan,
	const char *what)
{
	struct kernel_error error = { 0 };
	int r;

	if (plan->n == 0 || !may_mend(repair, subject))
		return false;
	r = kernel_apply(repair->kernel, plan, &error);
	if (r == 0) {
		tell(repair, subject, NSNET_EVENT_KIND_RESTORED,
			arena_printf(&repair->arena, "%s, after somebody else's change", what));
		return true;
	}
	tell(repair, subject, NSNET_EVENT_KIND_CHANGED,
		arena_printf(&repair->arena, "cannot restore %s: %s: %s%s%s", what,
			r < 0 ? "" : step_print(error.step, &repair->arena),
			strerror(r < 0 ? -r : error.error), *error.message ? ": " : "",
			error.message));
	return false;
}

/* enum link_presence of a link that is to be a port of the bridge with that index (0: of none), or -errno. */
static int look_at_link(
	struct repair *repair, const char *name, int bridge, struct snapshot_link *ret)
{
	int r = kernel_look_link(repair->kernel, name, ret);

	if (r < 0)
		return r == -ENODEV ? LINK_MISSING : r;
	return ret->is_up && ret->master == bridge ? LINK_WHOLE : LINK_ASTRAY;
}

/* Networks. */

static bool has_route(const struct snapshot_routes *routes, int interface,
	const struct prefix *prefix, bool is_address)
{
	for (size_t i = 0; i < routes->n; i++)
		if (routes->items[i].interface == interface &&
			routes->items[i].is_address == is_address &&
			prefix_is_equal(&routes->items[i].prefix, prefix))
			return true;
	return false;
}

/* All of them are read once, and again after something was done about them. */
static int read_routes(struct repair *repair)
{
	int r = 0;

	if (!repair->has_routes)
		r = kernel_look_routes(repair->kernel, &repair->arena, &repair->routes);
	repair->has_routes = r == 0;
	return r;
}

static int look_at_routes(struct repair *repair, const struct network *network, int bridge,
	struct network_presence *ret)
{
	const struct prefix link_local = { address_link_local(&network->mac), 64 };
	const struct snapshot_routes *routes = &repair->routes;
	struct prefix loopback;
	int r = read_routes(repair);

	if (r < 0)
		return r;
	if (!prefix_parse("::1/128", &loopback))
		abort();
	for (size_t i = 0; i < FAMILIES; i++) {
		const struct prefix *prefix = &network->subnets[i].prefix;
		struct prefix address = { network->gateways[i], prefix->length };

		if (!address_is_set(&network->gateways[i]))
			continue;
		ret->lacks_address[i] = !has_route(routes, bridge, &address, true);
		ret->lacks_route[i] = !has_route(routes, bridge, prefix, false);
		if (family_of(i) == AF_INET)
			continue;
		ret->lacks_loopback = !has_route(routes, bridge, &loopback, false);
		if (!ret->lacks_address[i] && !has_route(routes, bridge, &link_local, true))
			ret->bridge = LINK_ASTRAY;
	}
	return 0;
}

static int look_at_network(
	struct repair *repair, const struct network *network, struct network_presence *ret)
{
	struct snapshot_link bridge, anchor;
	int r = look_at_link(repair, network->bridge, 0, &bridge), state;

	*ret = (struct network_presence){ .has_names = true, .is_fenced = true };
	if (r < 0)
		return r;
	ret->bridge = (enum link_presence)r;
	if (r == LINK_MISSING)
		return 0;
	state = look_at_link(repair, network->anchor, bridge.index, &anchor);
	if (state < 0)
		return state;
	if (state != LINK_WHOLE || !anchor.has_carrier)
		ret->bridge = LINK_ASTRAY;
	/* Those of one that is down come back with it, or do not. */
	return ret->bridge == LINK_WHOLE ? look_at_routes(repair, network, bridge.index, ret) : 0;
}

/* What differs, in words for people. */
static const char *say_what(struct repair *repair, const struct network *network,
	const struct network_presence *presence)
{
	const char *what = "the host's route by its bridge";

	if (presence->lacks_address[0] || presence->lacks_address[1])
		what = "the host's address on its bridge";
	if (presence->bridge != LINK_WHOLE)
		what = "its bridge";
	return arena_printf(&repair->arena, "%s %s", what, network->bridge);
}

static void plan_network(
	struct network *network, const struct network_presence *presence, struct plan *plan)
{
	struct step record = steps_network_record(STEP_RECORD_WRITE, network);
	bool is_gone = presence->bridge == LINK_MISSING;

	/* The anchor that it has left behind is in the way of the next one. */
	if (is_gone)
		plan_add(plan,
			&(struct step){
				.type = STEP_BRIDGE_DELETE,
				.bridge = { .name = network->bridge, .anchor = network->anchor },
			});
	plan->is_forward = is_gone;
	difference_make_network(network, presence, plan);
	/* Its index is another. */
	if (is_gone)
		plan_add(plan, &record);
}

static void mend_network(struct repair *repair, struct network *network)
{
	const struct subject subject = { .network = network, .mending = &network->mending };

	for (unsigned i = 0; i < LOOKS_MAX; i++) {
		struct plan plan = PLAN_INIT(&repair->arena);
		struct network_presence presence;
		int r = look_at_network(repair, network, &presence);

		if (r < 0) {
			log_line(LOG_WARNING, "cannot look at the network \"%s\": %s",
				network->name, strerror(-r));
			return;
		}
		plan_network(network, &presence, &plan);
		if (!apply(repair, &subject, &plan, say_what(repair, network, &presence)))
			return;
		repair->has_routes = false;
		if (presence.bridge == LINK_MISSING && repair->context && network->dns.domain)
			repair->context->on_names(repair->context->userdata, network->name, true);
	}
}

/* Namespaces. */

static void carry_on(struct repair *repair, const struct ns *ns, const struct plan *plan)
{
	struct kernel_error error = { 0 };

	if (kernel_apply(repair->kernel, plan, &error) > 0)
		log_line(LOG_ERR, "namespace \"%s\": %s: %s", ns->name,
			step_print(error.step, &repair->arena), strerror(error.error));
}

/* Its name was taken away: so it is meant. What was lent comes back first, since it would go with it. */
static void take_at_its_word(struct repair *repair, struct ns *ns)
{
	const struct namespace_presence presence = { .is_held = true };
	const struct subject subject = { .ns = ns };
	struct plan links = PLAN_INIT(&repair->arena), plan = PLAN_INIT(&repair->arena);

	links.is_forward = true;
	difference_give_links(ns, &links);
	carry_on(repair, ns, &links);
	difference_remove_namespace(ns, &presence, &plan);
	carry_on(repair, ns, &plan);
	tell(repair, &subject, NSNET_EVENT_KIND_DELETED,
		"somebody took its name away: the rest of it is gone as well");
	deletion_forget(repair->context, ns);
}

static bool is_bare_for_long(struct ns *ns)
{
	int64_t now = methods_now().monotonic.value;

	if (ns->bare_since == 0)
		ns->bare_since = now;
	return now - ns->bare_since >= BARE_USEC;
}

/* False: it is no more. */
static bool mend_name(struct repair *repair, struct ns *ns)
{
	const struct subject subject = { .ns = ns, .mending = &ns->mending };
	struct plan plan = PLAN_INIT(&repair->arena);
	enum snapshot_name name;
	int r = kernel_look_name(repair->kernel, ns->name, &name);

	if (r < 0) {
		log_line(LOG_WARNING, "cannot look at the name of \"%s\": %s", ns->name,
			strerror(-r));
		return true;
	}
	switch (name) {
	case SNAPSHOT_NAME_OURS:
		ns->bare_since = 0;
		return true;
	case SNAPSHOT_NAME_BARE:
		if (!is_bare_for_long(ns)) {
			repair->has_bare = true;
			return true;
		}
		ns->bare_since = 0;
		difference_pin_namespace(ns, &plan);
		(void)apply(repair, &subject, &plan, "its name under /run/netns");
		return true;
	case SNAPSHOT_NAME_GONE:
	case SNAPSHOT_NAME_FOREIGN:
		break;
	}
	take_at_its_word(repair, ns);
	return false;
}

/* What its owner does inside is his affair; that it talks to nobody any more is told. */
static void note_carrier(
	struct repair *repair, struct attachment *attachment, const struct snapshot_link *end)
{
	const struct subject subject = { .ns = attachment->ns };

	if (attachment->is_cut == !end->has_carrier)
		return;
	attachment->is_cut = !end->has_carrier;
	tell(repair, &subject, NSNET_EVENT_KIND_CHANGED,
		arena_printf(&repair->arena, "its %s is %s", attachment->interface,
			attachment->is_cut ? "down, or somewhere else" : "up again"));
}

/* Of an end that is no port of the bridge: it has its group, and what is for its namespace goes there. */
static int look_at_point(
	struct repair *repair, const struct attachment *attachment, struct snapshot_link *ret_end)
{
	int r = look_at_link(repair, attachment->host_interface, 0, ret_end);

	if (r != LINK_WHOLE)
		return r;
	/* Who sets the switch for all of the host's links sets theirs. */
	if (ret_end->group != network_fence(attachment->network).group ||
		(attachment->network->is_forwarding[family_index(AF_INET)] &&
			!ret_end->is_forwarding))
		return LINK_ASTRAY;
	for (size_t i = 0; i < FAMILIES; i++) {
		int interface;

		if (!address_is_set(&attachment->addresses[i]))
			continue;
		r = kernel_look_way(repair->kernel, &attachment->addresses[i], &interface);
		if (r < 0)
			return r;
		if (interface != ret_end->index)
			return LINK_ASTRAY;
	}
	return LINK_WHOLE;
}

static int look_at_attachment(
	struct repair *repair, const struct attachment *attachment, struct snapshot_link *ret_end)
{
	struct snapshot_link bridge;
	int r = kernel_look_link(repair->kernel, attachment->network->bridge, &bridge);

	/* It went after its network was looked at: of its ports each is told of before it is. */
	if (r == -ENODEV) {
		mend_network(repair, attachment->network);
		r = kernel_look_link(repair->kernel, attachment->network->bridge, &bridge);
	}
	if (r >= 0 && attachment->is_routed)
		return look_at_point(repair, attachment, ret_end);
	return r < 0 ? r : look_at_link(repair, attachment->host_interface, bridge.index, ret_end);
}

static void mend_attachment(struct repair *repair, struct ns *ns, size_t i)
{
	enum link_presence *links = arena_array(&repair->arena, ns->n_attachments, sizeof(*links));
	const struct namespace_presence presence = {
		.is_pinned = true, .is_held = true, .links = links, .has_names = true
	};
	const struct subject subject = { .ns = ns, .mending = &ns->mending };
	struct attachment *attachment = &ns->attachments[i];
	struct plan plan = PLAN_INIT(&repair->arena);
	struct snapshot_link end;
	int r = look_at_attachment(repair, attachment, &end);

	if (r < 0) {
		log_line(LOG_WARNING, "cannot look at %s of the namespace \"%s\": %s",
			attachment->host_interface, ns->name, strerror(-r));
		return;
	}
	for (size_t j = 0; j < ns->n_attachments; j++)
		links[j] = j == i ? (enum link_presence)r : LINK_WHOLE;
	difference_make_namespace(ns, &presence, &plan);
	if (plan.n > 0)
		(void)apply(repair, &subject, &plan,
			arena_printf(&repair->arena, "its %s (%s on the host)",
				attachment->interface, attachment->host_interface));
	else
		note_carrier(repair, attachment, &end);
}

static void mend_namespace(struct repair *repair, struct ns *ns)
{
	if (!mend_name(repair, ns))
		return;
	for (size_t i = 0; i < ns->n_attachments; i++)
		mend_attachment(repair, ns, i);
}

/* All that is asked for. */

static struct repair begin(struct nsnet_context *context)
{
	return (struct repair){
		.context = context, .registry = context->registry, .kernel = context->kernel
	};
}

static void mend_all(struct repair *repair)
{
	struct network **networks = registry_networks(repair->registry, &repair->arena);
	struct ns **namespaces = registry_namespaces(repair->registry, &repair->arena);
	size_t n_networks = repair->registry->n_networks;
	size_t n_namespaces = repair->registry->n_namespaces;

	for (size_t i = 0; i < n_networks; i++)
		mend_network(repair, networks[i]);
	for (size_t i = 0; i < n_namespaces; i++)
		mend_namespace(repair, namespaces[i]);
}

static void mend_touched(struct repair *repair, const struct kernel_changes *changes)
{
	for (size_t i = 0; i < changes->n; i++) {
		struct network *network =
			changes->objects[i].is_network
				? registry_find_network(repair->registry, changes->objects[i].name)
				: NULL;

		if (network)
			mend_network(repair, network);
	}
	for (size_t i = 0; i < changes->n; i++) {
		const char *name = changes->objects[i].name;
		struct ns *ns;

		if (name_is_spare(name))
			name = pool_touched(repair->context, name);
		ns = name && !changes->objects[i].is_network
			     ? registry_find_namespace(repair->registry, name)
			     : NULL;
		if (ns)
			mend_namespace(repair, ns);
	}
}

void repair_touched(struct nsnet_context *context, const struct kernel_changes *changes)
{
	struct repair repair = begin(context);

	if (changes->events & KERNEL_EVENT_LOST) {
		log_line(LOG_NOTICE, "more happened than could be followed: looking at everything");
		pool_drop(context, NULL);
		mend_all(&repair);
	} else {
		mend_touched(&repair, changes);
	}
	arena_done(&repair.arena);
}

uint64_t repair_names(struct nsnet_context *context)
{
	struct repair repair = begin(context);
	struct ns **namespaces = registry_namespaces(repair.registry, &repair.arena);
	size_t n = repair.registry->n_namespaces;

	for (size_t i = 0; i < n; i++)
		(void)mend_name(&repair, namespaces[i]);
	arena_done(&repair.arena);
	return repair.has_bare ? BARE_USEC : 0;
}

void repair_all(struct nsnet_context *context)
{
	struct repair repair = begin(context);

	mend_all(&repair);
	arena_done(&repair.arena);
}

void repair_networks(struct registry *registry, struct kernel *kernel)
{
	struct repair repair = { .registry = registry, .kernel = kernel };
	struct network **networks = registry_networks(registry, &repair.arena);

	for (size_t i = 0; i < registry->n_networks; i++)
		mend_network(&repair, networks[i]);
	arena_done(&repair.arena);
}

void repair_namespace(struct registry *registry, struct kernel *kernel, struct ns *ns)
{
	struct repair repair = { .registry = registry, .kernel = kernel };

	for (size_t i = 0; i < ns->n_attachments; i++)
		mend_attachment(&repair, ns, i);
	arena_done(&repair.arena);
}
