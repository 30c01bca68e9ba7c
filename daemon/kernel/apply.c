/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * apply - carries a plan out, whole or not at all
 *
 * Each step either is done or leaves nothing; which ones are done is written down one by one. Neighbouring steps about addresses
 * and routes of one namespace go to the kernel together, which carries on behind one that fails: what a later one of them has
 * done is taken back as well. So do those about connections, for one walk over all there are.
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
#include "point.h"
#include "record.h"
#include "route.h"
#include "spare.h"
#include "state.h"
#include "sysctl.h"
#include "traffic.h"

/* Steps that are carried out together, whatever they are. */
#define TOGETHER_MAX 256
static_assert(TOGETHER_MAX >= NETLINK_BATCH_MAX, "routes fit");

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

static const char *interface_of(const struct step *step)
{
	return step->type == STEP_ADDRESS_ADD || step->type == STEP_ADDRESS_DELETE ?
		       step->address.interface :
		       step->route.interface;
}

/* On the host only links of ours are touched; inside the name alone counts. */
static int index_of(struct kernel *kernel, const struct netlink *netlink, const struct step *step)
{
	const char *name = interface_of(step);

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
	int r = socket_of(kernel, steps[0].netns, ret_netlink), index = r;

	for (size_t i = 0; i < n; i++) {
		struct nl_msg *message;

		/* Most are about one interface. */
		if (r == 0 && (i == 0 || !streq_null(interface_of(&steps[i]),
						 interface_of(&steps[i - 1]))))
			index = index_of(kernel, *ret_netlink, &steps[i]);
		message = index < 0 ? NULL : route_build(&steps[i], index);
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

/* What each step is carried out by, and which of its names are looked at before: they end up in paths and messages. Those about
 * addresses, routes and connections go another way, many at once. */

static bool is_netns(const char *name)
{
	return name && name_is_valid(name);
}

static bool is_link(const char *name)
{
	return name && interface_name_is_valid(name);
}

static bool names_netns(const struct step *step)
{
	return is_netns(step->netns);
}

/* It may be one that is made ahead: a sign and digits. */
static bool names_held(const struct step *step)
{
	return step->netns && (name_is_valid(step->netns) || name_is_spare(step->netns));
}

static bool names_spare(const struct step *step)
{
	return names_netns(step) && step->spare.name && name_is_spare(step->spare.name);
}

static bool names_etc(const struct step *step)
{
	return names_held(step) && (!step->etc.spare || name_is_spare(step->etc.spare));
}

static bool names_label(const struct step *step)
{
	return names_netns(step) && is_link(step->veth.name) && step->veth.alias;
}

static bool names_bridge(const struct step *step)
{
	return is_link(step->bridge.name) && is_link(step->bridge.anchor);
}

static bool names_veth(const struct step *step)
{
	if (step->type == STEP_VETH_MEND && !is_link(step->veth.bridge))
		return false;
	return is_link(step->veth.name) &&
	       (step->type != STEP_VETH_ADD || (names_held(step) && is_link(step->veth.peer) &&
						       is_link(step->veth.bridge)));
}

static bool names_point(const struct step *step)
{
	return is_link(step->point.name) &&
	       (step->type == STEP_POINT_DELETE || snapshot_is_point(step->point.group)) &&
	       (step->type != STEP_POINT_ADD || (names_held(step) && is_link(step->point.peer)));
}

static bool names_cut(const struct step *step)
{
	return is_link(step->cut.port);
}

static bool names_hosts(const struct step *step)
{
	return is_netns(step->hosts.network) && step->hosts.slot < HOSTS_SLOTS &&
	       (step->type != STEP_HOSTS_SET || is_netns(step->hosts.name));
}

static bool names_guard(const struct step *step)
{
	return is_link(step->guard.port);
}

static bool names_fence(const struct step *step)
{
	return is_link(step->fence.bridge);
}

static bool names_uplink(const struct step *step)
{
	return is_link(step->uplink.interface);
}

static bool names_mtu(const struct step *step)
{
	return (!step->netns || is_netns(step->netns)) && is_link(step->mtu.interface);
}

static bool names_isolated(const struct step *step)
{
	return is_link(step->isolated.port);
}

static bool names_shape(const struct step *step)
{
	return is_netns(step->netns) && is_link(step->shape.port) && is_link(step->shape.peer);
}

static bool names_lent(const struct step *step)
{
	return is_netns(step->netns) && is_link(step->link.interface);
}

static bool names_dns(const struct step *step)
{
	return is_netns(step->dns.network);
}

static bool names_record(const struct step *step)
{
	return is_netns(step->record.name);
}

/* Has none, or its own floor looks at it: the closed list of sysctl.c. */
static bool names_nothing(const struct step *step)
{
	(void)step;
	return true;
}

static const struct {
	int (*run)(struct kernel *kernel, const struct step *step);
	bool (*names_are_valid)(const struct step *step);
} deeds[STEP_TYPES] = {
	[STEP_NETNS_ADD] = { netns_add, names_held },
	[STEP_NETNS_DROP] = { netns_drop, names_held },
	[STEP_NETNS_PIN] = { netns_pin, names_netns },
	[STEP_NETNS_UNPIN] = { netns_unpin, names_netns },
	[STEP_NETNS_TAKE] = { spare_take, names_spare },
	[STEP_NETNS_GIVE] = { spare_give, names_spare },
	[STEP_BRIDGE_ADD] = { link_add_bridge, names_bridge },
	[STEP_BRIDGE_DELETE] = { link_delete_bridge, names_bridge },
	[STEP_VETH_ADD] = { link_add_veth, names_veth },
	[STEP_VETH_DELETE] = { link_delete_veth, names_veth },
	[STEP_POINT_ADD] = { point_add, names_point },
	[STEP_POINT_DELETE] = { point_delete, names_point },
	[STEP_POINT_MEND] = { point_mend, names_point },
	[STEP_POINT_MOVE] = { point_move, names_point },
	[STEP_LINK_LABEL] = { link_label, names_label },
	[STEP_VETH_CUT] = { link_cut, names_cut },
	[STEP_VETH_SETTLE] = { link_settle, names_veth },
	[STEP_BRIDGE_MEND] = { link_mend_bridge, names_bridge },
	[STEP_VETH_MEND] = { link_mend_veth, names_veth },
	[STEP_ADDRESS_ADD] = { NULL, NULL },
	[STEP_ADDRESS_DELETE] = { NULL, NULL },
	[STEP_ROUTE_ADD] = { NULL, NULL },
	[STEP_ROUTE_DELETE] = { NULL, NULL },
	[STEP_SYSCTL_SET] = { sysctl_set, names_nothing },
	[STEP_SYSCTL_RESTORE] = { sysctl_restore, names_nothing },
	[STEP_HOSTS_ADD] = { hosts_add, names_hosts },
	[STEP_HOSTS_DELETE] = { hosts_delete, names_hosts },
	[STEP_HOSTS_SET] = { hosts_set, names_hosts },
	[STEP_HOSTS_CLEAR] = { hosts_clear, names_hosts },
	[STEP_ETC_ADD] = { hosts_add_etc, names_etc },
	[STEP_ETC_DELETE] = { hosts_delete_etc, names_held },
	[STEP_GUARD_ADD] = { guard_add, names_guard },
	[STEP_GUARD_SHUT] = { guard_shut, names_guard },
	[STEP_GUARD_DELETE] = { guard_delete, names_guard },
	[STEP_FENCE_SET] = { firewall_set_fence, names_fence },
	[STEP_UPLINK_ADD] = { firewall_add_uplink, names_uplink },
	[STEP_UPLINK_DELETE] = { firewall_delete_uplink, names_uplink },
	[STEP_PORT_ADD] = { firewall_add_port, names_nothing },
	[STEP_PORT_DELETE] = { firewall_delete_port, names_nothing },
	[STEP_FLOWS_DELETE] = { NULL, NULL },
	[STEP_FIREWALL_RESET] = { firewall_reset, names_nothing },
	[STEP_MTU_SET] = { adjust_mtu, names_mtu },
	[STEP_ISOLATED_SET] = { adjust_isolated, names_isolated },
	[STEP_SHAPE_SET] = { traffic_shape, names_shape },
	[STEP_SETTING_READ] = { adjust_read_setting, names_netns },
	[STEP_SETTING_SET] = { adjust_setting, names_netns },
	[STEP_LINK_TAKE] = { lend_take, names_lent },
	[STEP_LINK_GIVE] = { lend_give, names_lent },
	[STEP_DNS_ADD] = { dnsmasq_add, names_dns },
	[STEP_DNS_DELETE] = { dnsmasq_delete, names_dns },
	[STEP_RECORD_WRITE] = { record_write, names_record },
	[STEP_RECORD_DELETE] = { record_delete, names_record },
	[STEP_WISH_WRITE] = { record_write_wish, names_record },
	[STEP_WISH_DELETE] = { record_delete_wish, names_record },
};

static int run_step(struct kernel *kernel, const struct step *step)
{
	if (!deeds[step->type].names_are_valid(step))
		return -EINVAL;
	return deeds[step->type].run(kernel, step);
}

/* How many of the steps at the front are of its type and can go together. */
static size_t count_alike(const struct step *steps, size_t n)
{
	size_t alike = 1;

	if (is_about_routes(&steps[0]))
		while (alike < n && alike < NETLINK_BATCH_MAX && is_about_routes(&steps[alike]) &&
			streq_null(steps[alike].netns, steps[0].netns))
			alike++;
	if (steps[0].type == STEP_FLOWS_DELETE)
		while (alike < n && alike < TOGETHER_MAX && steps[alike].type == STEP_FLOWS_DELETE)
			alike++;
	return alike;
}

/* Carries out the step at the front, or as many of the n as can go together: how many. */
static size_t run(struct kernel *kernel, const struct step *steps, size_t n, int *errors,
	struct netlink **ret_netlink)
{
	size_t together = count_alike(steps, n);

	kernel->host.words[0] = 0;
	*ret_netlink = &kernel->host;
	if (is_about_routes(&steps[0]))
		send_routes(kernel, steps, together, errors, ret_netlink);
	else if (steps[0].type == STEP_FLOWS_DELETE)
		errors[0] = flows_delete(kernel, steps, together);
	else
		errors[0] = run_step(kernel, &steps[0]);
	if (!is_about_routes(&steps[0]))
		for (size_t i = 1; i < together; i++)
			errors[i] = errors[0];
	return together;
}

static void take_back(struct kernel *kernel, const struct plan *plan, const bool *is_done)
{
	autoarena struct arena arena = ARENA_INIT;

	for (size_t i = plan->n; i-- > 0;) {
		struct netlink *netlink;
		struct step inverse;
		int error = 0;

		if (!is_done[i] || !step_inverse(&plan->steps[i], &inverse))
			continue;
		(void)run(kernel, &inverse, 1, &error, &netlink);
		if (error < 0)
			log_line(LOG_ERR, "cannot take back \"%s\": %s",
				step_print(&plan->steps[i], &arena), strerror(-error));
	}
}

/* Last of all, since it is the kernel's worker that this waits for: it has had the time that the other steps took. */
static void await_addresses(struct kernel *kernel, const struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++) {
		const struct step *step = &plan->steps[i];
		struct netlink *netlink;

		if (step->type == STEP_ADDRESS_ADD && socket_of(kernel, step->netns, &netlink) == 0)
			route_await(netlink, &step->address.address.address);
	}
}

int kernel_apply(struct kernel *kernel, const struct plan *plan, struct kernel_error *reterr)
{
	autoarena struct arena arena = ARENA_INIT;
	bool *is_done = arena_array(&arena, plan->n, sizeof(*is_done));
	struct kernel_error first = { .step = NULL };

	for (size_t at = 0, n; at < plan->n && (!first.step || plan->is_forward); at += n) {
		int errors[TOGETHER_MAX];
		struct netlink *netlink;

		/* The next start knows by it what is left. */
		if (first.step && plan->steps[at].type == STEP_RECORD_DELETE) {
			n = 1;
			continue;
		}
		n = run(kernel, &plan->steps[at], plan->n - at, errors, &netlink);
		for (size_t i = 0; i < n; i++) {
			if (plan->is_again && step_was_done(&plan->steps[at + i], errors[i]))
				errors[i] = 0;
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
	else if (!first.step)
		await_addresses(kernel, plan);
	netns_leave_all(kernel);
	if (!first.step)
		return 0;
	*reterr = first;
	return 1;
}
