/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor - who wants to hear of what happens to objects, and what they hear
 *
 * Whether somebody may know of an object is asked anew at each event, as every other method does. Numbers are of each call's
 * own: a common one would tell how much others do.
 */
#include "monitor.h"

#include <stdio.h>

static bool may_know(const struct nsnet_context *context, const struct policy_caller *caller,
	const struct monitor_event *event)
{
	if (event->ns)
		return methods_may(context, caller, MAY_SEE_NAMESPACE, event->ns);
	return !event->network || policy_may(caller, MAY_SEE_NETWORK,
					  (struct policy_object){ .owner = event->network->uid });
}

/* What a reply points to. */
struct picture {
	struct nsnet_timestamp now;
	struct nsnet_list_namespaces_out ns;
	struct nsnet_list_networks_out network;
	char by[32];
};

/* An object as it is now, but one that is no more: its name alone. */
static void describe(
	const struct monitor_event *event, struct picture *picture, struct nsnet_monitor_out *ret)
{
	bool is_there = event->kind != NSNET_EVENT_KIND_DELETED;

	*ret = (struct nsnet_monitor_out){ .event = event->kind, .message = event->message };
	if (event->by) {
		(void)snprintf(picture->by, sizeof(picture->by), "by user %u", event->by->uid);
		ret->message = picture->by;
	}
	if (event->ns) {
		picture->ns = event->ns->told;
		ret->namespace = event->ns->name;
		ret->namespace_context = is_there ? &picture->ns.context : NULL;
		ret->namespace_runtime = is_there ? &picture->ns.runtime : NULL;
	}
	if (event->network) {
		picture->network = event->network->told;
		picture->network.runtime.attachments = (int64_t)event->network->n_attachments;
		ret->network = event->network->name;
		ret->network_context = is_there ? &picture->network.context : NULL;
		ret->network_runtime = is_there ? &picture->network.runtime : NULL;
	}
}

static void tell(struct subscription *subscription, const struct nsnet_monitor_out *what)
{
	struct nsnet_monitor_out out = *what;

	out.sequence = subscription->sent + 1;
	if (subscription_has_room(subscription))
		nsnet_send_monitor(subscription, &out);
	else
		nsnet_end_events_lost(
			subscription, &(struct nsnet_events_lost){ .sequence = out.sequence });
}

void monitor_tell(struct nsnet_context *context, const struct monitor_event *event)
{
	struct picture picture = { .now = methods_now() };
	struct nsnet_monitor_out out;

	describe(event, &picture, &out);
	out.time = &picture.now;
	list_foreach (&context->monitors, struct subscription, link, subscription) {
		struct policy_caller caller = methods_caller_of(context, subscription->peer);

		if (may_know(context, &caller, event))
			tell(subscription, &out);
	}
}

/* What is there already: of no time. */
static void tell_current(struct nsnet_context *context, struct subscription *subscription,
	const struct monitor_event *event)
{
	struct policy_caller caller = methods_caller_of(context, subscription->peer);
	struct picture picture;
	struct nsnet_monitor_out out;

	if (!may_know(context, &caller, event))
		return;
	describe(event, &picture, &out);
	tell(subscription, &out);
}

int nsnet_on_monitor(
	struct nsnet_context *context, struct call *call, unused const struct nsnet_monitor_in *in)
{
	struct network **networks = registry_networks(context->registry, call_arena(call));
	struct policy_caller caller = methods_caller(context, call);
	size_t n;
	struct ns **namespaces = methods_namespaces(context, &caller, call_arena(call), &n);
	struct subscription *subscription;

	if (!call_wants_more(call))
		return call_fail_expected_more(call);
	subscription = call_subscribe(call, &context->monitors);
	if (!subscription)
		return -EOPNOTSUPP;
	for (size_t i = 0; i < context->registry->n_networks; i++)
		tell_current(context, subscription,
			&(struct monitor_event){
				NSNET_EVENT_KIND_CURRENT, .network = networks[i] });
	for (size_t i = 0; i < n; i++)
		tell_current(context, subscription,
			&(struct monitor_event){ NSNET_EVENT_KIND_CURRENT, .ns = namespaces[i] });
	tell_current(
		context, subscription, &(struct monitor_event){ .kind = NSNET_EVENT_KIND_READY });
	return 0;
}
