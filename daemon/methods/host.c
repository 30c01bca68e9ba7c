/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host - what networks need of the host itself: uplinks that forward for them, and their MTU
 */
#include "host.h"

#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "difference.h"
#include "log.h"
#include "methods.h"
#include "monitor.h"
#include "steps.h"

static void find_forwarding(struct kernel *kernel, bool ret[FAMILIES])
{
	ret[0] = kernel_has(kernel, "forwarding4");
	ret[1] = kernel_has(kernel, "forwarding6");
}

int host_uplinks(const struct registry *registry, struct kernel *kernel, struct arena *arena,
	struct snapshot_uplinks *ret)
{
	if (registry->n_networks == 0)
		return kernel_uplinks(kernel, arena, ret);
	*ret = registry->uplinks.are;
	return 0;
}

/* Frames between ports of a bridge go through the host's rules for IP where br_netfilter is on. Rules of others then drop what
 * never leaves a network, and translated packets turn round inside the bridge, where a port does not send back what came in
 * by it. With no other bridge on the host nobody can mean that. */
static const char *const bypass_keys[] = { "net/bridge/bridge-nf-call-iptables",
	"net/bridge/bridge-nf-call-ip6tables" };

static int plan_bypass(struct kernel *kernel, struct plan *plan)
{
	int r = kernel_may_bypass(kernel);

	for (size_t i = 0; r > 0 && i < lengthof(bypass_keys); i++)
		plan_add(plan,
			&(struct step){ .type = STEP_SYSCTL_SET, .sysctl = { bypass_keys[i], 0 } });
	return r < 0 ? r : 0;
}

/* What a crash kept from being done with the first network. What was done and somebody has undone since stays undone. */
static int resume_bypass(struct kernel *kernel, struct plan *plan)
{
	struct string_list kept;
	size_t n = 0;
	int r = kernel_kept(kernel, plan->arena, &kept);

	if (r < 0)
		return r;
	for (size_t i = 0; i < kept.n; i++)
		for (size_t j = 0; j < lengthof(bypass_keys); j++)
			n += streq(kept.items[i], bypass_keys[j]);
	return n < lengthof(bypass_keys) ? plan_bypass(kernel, plan) : 0;
}

static int plan_uplinks(struct kernel *kernel, const struct snapshot_uplinks *before,
	struct snapshot_uplinks *ret, struct plan *plan)
{
	bool is_forwarding[FAMILIES];
	int r = kernel_uplinks(kernel, plan->arena, ret);

	if (r < 0)
		return r;
	find_forwarding(kernel, is_forwarding);
	/* What forwards for namespaces has to be told from what forwards for all. */
	if (kernel_has(kernel, "nat"))
		difference_follow_uplinks(before, ret, is_forwarding, plan);
	return 0;
}

int host_plan_first(const struct registry *registry, struct kernel *kernel, struct plan *plan)
{
	struct snapshot_uplinks none = { 0 }, uplinks;
	int r;

	if (registry->n_networks > 0)
		return 0;
	r = plan_bypass(kernel, plan);
	return r < 0 ? r : plan_uplinks(kernel, &none, &uplinks, plan);
}

int host_plan_last(
	const struct registry *registry, struct kernel *kernel, size_t removed, struct plan *plan)
{
	struct string_list keys = { 0 };
	int r;

	if (registry->n_networks > removed)
		return 0;
	r = kernel_kept(kernel, plan->arena, &keys);
	if (r == 0)
		difference_restore(&keys, plan);
	return r;
}

void host_note(struct registry *registry, struct kernel *kernel)
{
	autoarena struct arena arena = ARENA_INIT;
	struct snapshot_uplinks uplinks = { 0 };

	if (registry->n_networks > 0 && kernel_uplinks(kernel, &arena, &uplinks) < 0)
		return; /* the next event tells */
	registry_set_uplinks(registry, &uplinks);
}

static bool apply(struct kernel *kernel, const struct plan *plan)
{
	autoarena struct arena arena = ARENA_INIT;
	struct kernel_error error = { 0 };
	int r = kernel_apply(kernel, plan, &error);

	if (r > 0)
		log_line(LOG_WARNING, "cannot follow what the host does: %s: %s%s%s",
			step_print(error.step, &arena), strerror(error.error),
			*error.message ? ": " : "", error.message);
	return r == 0;
}

/* context NULL: at start-up, when nobody listens yet. */
static void tell(struct nsnet_context *context, const struct monitor_event *event)
{
	if (context)
		monitor_tell(context, event);
}

static void tell_mtu(struct nsnet_context *context, const struct network *network)
{
	char text[64];

	(void)snprintf(text, sizeof(text), "its MTU is %u now, as its uplink's", network->mtu);
	tell(context, &(struct monitor_event){
			      NSNET_EVENT_KIND_CHANGED, .network = network, .message = text });
}

/* All of it goes on even where a step fails: what one owner does inside his namespace is to keep nobody else from it. */
static void follow_mtu(
	struct nsnet_context *context, struct registry *registry, struct kernel *kernel)
{
	autoarena struct arena arena = ARENA_INIT;
	struct network **networks = registry_networks(registry, &arena);
	unsigned uplink_mtu = snapshot_uplink_mtu(&registry->uplinks.are);

	for (size_t i = 0; i < registry->n_networks; i++) {
		struct plan plan = PLAN_INIT(&arena);
		struct network *network = networks[i];
		unsigned mtu = network_follow_mtu(network, uplink_mtu);
		struct step record = steps_network_record(STEP_RECORD_WRITE, network);

		if (mtu == network->mtu)
			continue;
		log_about(LOG_INFO,
			&(struct log_fields){ .network_name = network->name, .uid = LOG_UID_NONE },
			"network \"%s\" has an MTU of %u now, as its uplink", network->name, mtu);
		plan.is_forward = true;
		if (context)
			pool_drop(context, network);
		difference_set_mtu(network, mtu, &plan);
		network_set_mtu(network, mtu);
		network->told.runtime.revision++;
		plan_add(&plan, &record);
		(void)apply(kernel, &plan);
		tell_mtu(context, network);
	}
}

static void plan_protection(const struct registry *registry, struct plan *plan)
{
	const struct network_presence unfenced = { .bridge = LINK_WHOLE, .has_names = true };
	struct network **networks = registry_networks(registry, plan->arena);
	struct ns **namespaces = registry_namespaces(registry, plan->arena);

	for (size_t i = 0; i < registry->n_networks; i++)
		difference_make_network(networks[i], &unfenced, plan);
	for (size_t i = 0; i < registry->n_namespaces; i++)
		difference_protect_namespace(namespaces[i], plan);
}

static void follow(struct nsnet_context *context, struct registry *registry, struct kernel *kernel,
	const struct snapshot_uplinks *before, unsigned events)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);
	struct network **networks = registry_networks(registry, &arena);
	struct snapshot_uplinks uplinks;
	int r;

	plan.is_forward = true;
	r = plan_uplinks(kernel, before, &uplinks, &plan);
	if (r < 0) {
		log_line(LOG_WARNING, "cannot read the host's routes: %s", strerror(-r));
		return;
	}
	if (events & KERNEL_EVENT_FIREWALL)
		plan_protection(registry, &plan);
	for (size_t i = 0; i < registry->n_networks; i++)
		difference_forward_network(networks[i], &plan);
	for (size_t i = 0; (events & KERNEL_EVENT_SETTING) && i < registry->n_networks; i++)
		difference_forward_points(networks[i], &plan);
	if (apply(kernel, &plan) && (events & KERNEL_EVENT_FIREWALL)) {
		log_line(LOG_NOTICE, "restored the tables that somebody took away or changed");
		tell(context, &(struct monitor_event){ NSNET_EVENT_KIND_RESTORED,
				      .message = "the tables that somebody took away or changed" });
	}
	if (events & KERNEL_EVENT_SETTING) {
		log_line(LOG_NOTICE, "restored forwarding that somebody switched off");
		tell(context, &(struct monitor_event){ NSNET_EVENT_KIND_RESTORED,
				      .message = "forwarding that somebody switched off" });
	}
	registry_set_uplinks(registry, &uplinks);
	follow_mtu(context, registry, kernel);
}

void host_follow(struct nsnet_context *context, unsigned events)
{
	struct registry *registry = context->registry;

	/* What they may send stands there no more. */
	if (events & KERNEL_EVENT_FIREWALL)
		pool_drop(context, NULL);
	if (events != 0 && registry->n_networks > 0)
		follow(context, registry, context->kernel, &registry->uplinks.are, events);
}

/* The interfaces whose forwarding is kept on file, but for our own bridges: those were uplinks. */
static int find_former(struct registry *registry, struct kernel *kernel, struct arena *arena,
	struct snapshot_uplinks *ret)
{
	static const char *const families[] = { "net/ipv4/conf/", "net/ipv6/conf/" };
	struct network **networks = registry_networks(registry, arena);
	struct string_list keys;
	int r = kernel_kept(kernel, arena, &keys);

	if (r < 0)
		return r;
	*ret = (struct snapshot_uplinks){ arena_array(arena, keys.n, sizeof(*ret->items)), 0 };
	for (size_t i = 0; i < keys.n; i++)
		for (size_t family = 0; family < lengthof(families); family++) {
			const char *name = after(keys.items[i], families[family]);
			bool is_ours = false;

			if (!name)
				continue;
			name = arena_strndup(arena, name, strcspn(name, "/"));
			for (size_t j = 0; j < registry->n_networks; j++)
				is_ours = is_ours || streq(networks[j]->bridge, name);
			if (!is_ours)
				ret->items[ret->n++] = (struct snapshot_uplink){ .name = name };
		}
	return 0;
}

int host_begin(struct kernel *kernel)
{
	autoarena struct arena arena = ARENA_INIT;
	struct snapshot_uplinks none = { 0 }, uplinks;
	struct plan plan = PLAN_INIT(&arena);
	int r = resume_bypass(kernel, &plan);

	if (r == 0)
		r = plan_uplinks(kernel, &none, &uplinks, &plan);
	plan.is_forward = true;
	if (r == 0)
		(void)apply(kernel, &plan);
	return r;
}

/* What is kept of bridges that are nobody's: a crash came between a network's settings and its record. */
static int forget_settings(struct registry *registry, struct kernel *kernel, struct arena *arena)
{
	struct network **networks = registry_networks(registry, arena);
	struct plan plan = PLAN_INIT(arena);
	struct string_list keys;
	int r = kernel_kept(kernel, arena, &keys);

	plan.is_forward = true;
	for (size_t i = 0; r == 0 && i < keys.n; i++) {
		/* No other interface has that one of us. */
		const char *name = after(keys.items[i], "net/ipv4/conf/");
		const char *rest = name ? strchr(name, '/') : NULL;
		bool is_ours = false;

		if (!rest || !streq(rest, "/route_localnet"))
			continue;
		name = arena_strndup(arena, name, (size_t)(rest - name));
		for (size_t j = 0; j < registry->n_networks; j++)
			is_ours = is_ours || streq(networks[j]->bridge, name);
		if (!is_ours)
			plan_add(&plan, &(struct step){ .type = STEP_SYSCTL_RESTORE,
						.sysctl = { .key = keys.items[i] } });
	}
	if (r == 0)
		(void)apply(kernel, &plan);
	return r;
}

int host_resume(struct registry *registry, struct kernel *kernel)
{
	autoarena struct arena arena = ARENA_INIT;
	struct snapshot_uplinks before;
	struct plan plan = PLAN_INIT(&arena);
	int r;

	if (registry->n_networks == 0) {
		plan.is_forward = true;
		r = host_plan_last(registry, kernel, 0, &plan);
		if (r == 0)
			(void)apply(kernel, &plan);
		return r;
	}
	r = find_former(registry, kernel, &arena, &before);
	if (r == 0)
		follow(NULL, registry, kernel, &before, KERNEL_EVENT_HOST);
	return r == 0 ? forget_settings(registry, kernel, &arena) : r;
}

int host_join(struct registry *registry, struct kernel *kernel)
{
	const struct snapshot_uplinks none = { 0 };

	follow(NULL, registry, kernel, &none, KERNEL_EVENT_HOST);
	return 0;
}
