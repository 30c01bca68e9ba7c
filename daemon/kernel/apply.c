/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * apply - carries a plan out, whole or not at all
 *
 * Each step either is done or leaves nothing; which ones are done is written down one by one. Neighbouring steps about addresses
 * and routes of one namespace go to the kernel together, which carries on behind one that fails: what a later one of them has
 * done is taken back as well.
 */
#include <stdio.h>

#include "adjust.h"
#include "dnsmasq.h"
#include "firewall.h"
#include "flows.h"
#include "guard.h"
#include "hosts.h"
#include "kernel.h"
#include "lend.h"
#include "link.h"
#include "log.h"
#include "netns.h"
#include "record.h"
#include "route.h"
#include "state.h"
#include "sysctl.h"
#include "traffic.h"

static bool is_about_routes(const struct step *step)
{
	return step->type == STEP_ADDRESS_ADD || step->type == STEP_ADDRESS_DELETE ||
	       step->type == STEP_ROUTE_ADD || step->type == STEP_ROUTE_DELETE;
}

/* The socket that a step's messages go to. */
static int socket_of(struct kernel *kernel, const char *name, struct netlink **ret)
{
	struct netns *netns = name ? netns_find(kernel, name) : NULL;

	if (!name) {
		*ret = &kernel->host;
		return 0;
	}
	return netns ? netns_inside(kernel, netns, ret) : -ENOENT;
}

/* On the host only links of ours are touched; inside the name alone counts. */
static int index_of(struct kernel *kernel, const struct netlink *netlink, const struct step *step)
{
	const char *name = step->type == STEP_ADDRESS_ADD || step->type == STEP_ADDRESS_DELETE ?
				   step->address.interface :
				   step->route.interface;

	if (!name || strlen(name) >= INTERFACE_SIZE)
		return -EINVAL;
	return step->netns ? netlink_index(netlink, name) : link_find(kernel, name);
}

/* Sends n steps of one namespace together; errors[i] is what became of each. */
static void send_routes(struct kernel *kernel, const struct step *steps, size_t n, int *errors,
	struct netlink **ret_netlink)
{
	cleanup(netlink_batch_done) struct netlink_batch batch = { .n = 0 };
	size_t places[NETLINK_BATCH_MAX] = { 0 };
	int r = socket_of(kernel, steps[0].netns, ret_netlink);

	for (size_t i = 0; i < n; i++) {
		int index = r < 0 ? r : index_of(kernel, *ret_netlink, &steps[i]);
		struct nl_msg *message = index < 0 ? NULL : route_build(&steps[i], index);

		errors[i] = index < 0 ? index : message ? 0 : -ENOMEM;
		if (!message)
			continue;
		places[batch.n] = i;
		netlink_batch_add(&batch, message);
	}
	if (batch.n > 0)
		(void)netlink_batch_send(*ret_netlink, &batch);
	for (size_t i = 0; i < batch.n; i++)
		errors[places[i]] = batch.errors[i];
	for (size_t i = 0; i < n; i++)
		if (route_is_gone(steps[i].type, errors[i]) ||
			(errors[i] == -ENOENT && r == -ENOENT &&
				route_is_gone(steps[i].type, -ENODEV)))
			errors[i] = 0;
}

/* Names end up in paths. */
static bool names_are_valid(const struct step *step)
{
	const char *name = step->netns;

	switch (step->type) {
	case STEP_HOSTS_ADD:
	case STEP_HOSTS_DELETE:
		name = step->hosts.network;
		break;
	case STEP_HOSTS_SET:
		if (!step->hosts.name || !name_is_valid(step->hosts.name))
			return false;
		name = step->hosts.slot < HOSTS_SLOTS ? step->hosts.network : NULL;
		break;
	case STEP_HOSTS_CLEAR:
		name = step->hosts.slot < HOSTS_SLOTS ? step->hosts.network : NULL;
		break;
	case STEP_RECORD_WRITE:
	case STEP_RECORD_DELETE:
		name = step->record.name;
		break;
	case STEP_BRIDGE_ADD:
	case STEP_BRIDGE_DELETE:
		return interface_name_is_valid(step->bridge.name) &&
		       interface_name_is_valid(step->bridge.anchor);
	case STEP_VETH_ADD:
		return step->netns && name_is_valid(step->netns) &&
		       interface_name_is_valid(step->veth.name) &&
		       interface_name_is_valid(step->veth.peer) &&
		       interface_name_is_valid(step->veth.bridge);
	case STEP_VETH_DELETE:
	case STEP_VETH_SETTLE:
		return interface_name_is_valid(step->veth.name);
	case STEP_GUARD_ADD:
	case STEP_GUARD_DELETE:
		return interface_name_is_valid(step->guard.port);
	case STEP_FENCE_SET:
		return interface_name_is_valid(step->fence.bridge);
	case STEP_UPLINK_ADD:
	case STEP_UPLINK_DELETE:
		return interface_name_is_valid(step->uplink.interface);
	case STEP_MTU_SET:
		return (!step->netns || name_is_valid(step->netns)) &&
		       interface_name_is_valid(step->mtu.interface);
	case STEP_ISOLATED_SET:
		return interface_name_is_valid(step->isolated.port);
	case STEP_SHAPE_SET:
		return step->netns && name_is_valid(step->netns) &&
		       interface_name_is_valid(step->shape.port) &&
		       interface_name_is_valid(step->shape.peer);
	case STEP_LINK_TAKE:
	case STEP_LINK_GIVE:
		return step->netns && name_is_valid(step->netns) &&
		       interface_name_is_valid(step->link.interface);
	case STEP_DNS_ADD:
	case STEP_DNS_DELETE:
		name = step->dns.network;
		break;
	case STEP_NETNS_ADD:
	case STEP_NETNS_DROP:
	case STEP_NETNS_PIN:
	case STEP_NETNS_UNPIN:
	case STEP_ETC_ADD:
	case STEP_ETC_DELETE:
	case STEP_SETTING_SET:
		break;
	case STEP_ADDRESS_ADD:
	case STEP_ADDRESS_DELETE:
	case STEP_ROUTE_ADD:
	case STEP_ROUTE_DELETE:
	case STEP_SYSCTL_SET:
	case STEP_SYSCTL_RESTORE:
	case STEP_PORT_ADD:
	case STEP_PORT_DELETE:
	case STEP_FLOWS_DELETE:
	case STEP_FIREWALL_RESET:
	case STEP_TYPES:
		return true;
	}
	return name && name_is_valid(name);
}

static int run_step(struct kernel *kernel, const struct step *step)
{
	switch (step->type) {
	case STEP_NETNS_ADD:
		return netns_add(kernel, step);
	case STEP_NETNS_DROP:
		netns_drop(kernel, step->netns);
		return 0;
	case STEP_NETNS_PIN:
		return netns_pin(kernel, step->netns);
	case STEP_NETNS_UNPIN:
		return netns_unpin(kernel, step->netns);
	case STEP_BRIDGE_ADD:
		return link_add_bridge(kernel, step);
	case STEP_BRIDGE_DELETE:
		return link_delete_bridge(kernel, step);
	case STEP_VETH_ADD:
		return link_add_veth(kernel, step);
	case STEP_VETH_DELETE:
		return link_delete_veth(kernel, step);
	case STEP_VETH_SETTLE:
		link_settle(kernel, step->veth.name);
		return 0;
	case STEP_SYSCTL_SET:
		return sysctl_set(kernel, step->sysctl.key, step->sysctl.value);
	case STEP_SYSCTL_RESTORE:
		return sysctl_restore(kernel, step->sysctl.key);
	case STEP_HOSTS_ADD:
		return hosts_add(kernel, step->hosts.network);
	case STEP_HOSTS_DELETE:
		return hosts_delete(kernel, step->hosts.network);
	case STEP_HOSTS_SET:
		return hosts_set(kernel, step, false);
	case STEP_HOSTS_CLEAR:
		return hosts_set(kernel, step, true);
	case STEP_ETC_ADD:
		return hosts_add_etc(kernel, step);
	case STEP_ETC_DELETE:
		return hosts_delete_etc(kernel, step->netns);
	case STEP_GUARD_ADD:
		return guard_add(kernel, step);
	case STEP_GUARD_DELETE:
		return guard_delete(kernel, step);
	case STEP_FENCE_SET:
		return firewall_set_fence(kernel, step);
	case STEP_UPLINK_ADD:
		return firewall_add_uplink(kernel, step);
	case STEP_UPLINK_DELETE:
		return firewall_delete_uplink(kernel, step);
	case STEP_PORT_ADD:
		return firewall_add_port(kernel, step);
	case STEP_PORT_DELETE:
		return firewall_delete_port(kernel, step);
	case STEP_FLOWS_DELETE:
		return flows_delete(kernel, step);
	case STEP_FIREWALL_RESET:
		return firewall_reset(kernel);
	case STEP_MTU_SET:
		return adjust_mtu(kernel, step);
	case STEP_ISOLATED_SET:
		return adjust_isolated(kernel, step);
	case STEP_SETTING_SET:
		return adjust_setting(kernel, step);
	case STEP_SHAPE_SET:
		return traffic_shape(kernel, step);
	case STEP_LINK_TAKE:
		return lend_take(kernel, step);
	case STEP_LINK_GIVE:
		return lend_give(kernel, step);
	case STEP_DNS_ADD:
		return dnsmasq_add(kernel, step);
	case STEP_DNS_DELETE:
		return dnsmasq_delete(kernel, step->dns.network);
	case STEP_RECORD_WRITE:
		return record_write(kernel, step);
	case STEP_RECORD_DELETE:
		return record_delete(kernel, step);
	case STEP_ADDRESS_ADD:
	case STEP_ADDRESS_DELETE:
	case STEP_ROUTE_ADD:
	case STEP_ROUTE_DELETE:
	case STEP_TYPES:
		break;
	}
	abort();
}

/* Carries out the step at the front, or as many of the n as can go together: how many. */
static size_t run(struct kernel *kernel, const struct step *steps, size_t n, int *errors,
	struct netlink **ret_netlink)
{
	size_t together = 1;

	kernel->host.words[0] = 0;
	*ret_netlink = &kernel->host;
	if (!is_about_routes(&steps[0])) {
		errors[0] = names_are_valid(&steps[0]) ? run_step(kernel, &steps[0]) : -EINVAL;
		return 1;
	}
	while (together < n && together < NETLINK_BATCH_MAX && is_about_routes(&steps[together]) &&
		streq_null(steps[together].netns, steps[0].netns))
		together++;
	send_routes(kernel, steps, together, errors, ret_netlink);
	return together;
}

static void take_back(struct kernel *kernel, const struct plan *plan, const bool *is_done)
{
	autoarena struct arena arena = ARENA_INIT;

	for (size_t i = plan->n; i-- > 0;) {
		struct netlink *netlink;
		struct step inverse;
		int error;

		if (!is_done[i] || !step_inverse(&plan->steps[i], &inverse))
			continue;
		(void)run(kernel, &inverse, 1, &error, &netlink);
		if (error < 0)
			log_line(LOG_ERR, "cannot take back \"%s\": %s",
				step_print(&plan->steps[i], &arena), strerror(-error));
	}
}

int kernel_apply(struct kernel *kernel, const struct plan *plan, struct kernel_error *reterr)
{
	autoarena struct arena arena = ARENA_INIT;
	bool *is_done = arena_array(&arena, plan->n, sizeof(*is_done));
	struct kernel_error first = { .step = NULL };

	for (size_t at = 0, n; at < plan->n && (!first.step || plan->is_forward); at += n) {
		int errors[NETLINK_BATCH_MAX];
		struct netlink *netlink;

		n = run(kernel, &plan->steps[at], plan->n - at, errors, &netlink);
		for (size_t i = 0; i < n; i++) {
			is_done[at + i] = errors[i] == 0;
			if (errors[i] == 0 || first.step)
				continue;
			first.step = &plan->steps[at + i];
			first.error = -errors[i];
			(void)snprintf(first.message, sizeof(first.message), "%s", netlink->words);
		}
	}
	if (first.step && !plan->is_forward)
		take_back(kernel, plan, is_done);
	netns_leave_all(kernel);
	if (!first.step)
		return 0;
	*reterr = first;
	return 1;
}
