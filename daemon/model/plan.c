/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * plan - the steps between what is and what is wished, as data
 */
#include "plan.h"

void plan_add(struct plan *plan, const struct step *step)
{
	if (plan->n == plan->allocated) {
		size_t allocated = plan->allocated ? 2 * plan->allocated : 16;
		struct step *steps = arena_array(plan->arena, allocated, sizeof(*steps));

		if (plan->n > 0)
			memcpy(steps, plan->steps, plan->n * sizeof(*steps));
		plan->steps = steps;
		plan->allocated = allocated;
	}
	plan->steps[plan->n++] = *step;
}

void plan_add_all(struct plan *plan, const struct plan *other)
{
	for (size_t i = 0; i < other->n; i++)
		plan_add(plan, &other->steps[i]);
}

/* The type that takes a step of that type back. Most of what was taken away is not made again (STEP_TYPES): those who take away
 * do so by a forward plan. */
static const enum step_type inverses[STEP_TYPES] = {
	[STEP_NETNS_ADD] = STEP_NETNS_DROP,
	[STEP_NETNS_DROP] = STEP_TYPES,
	[STEP_NETNS_PIN] = STEP_NETNS_UNPIN,
	[STEP_NETNS_UNPIN] = STEP_NETNS_PIN,
	[STEP_NETNS_TAKE] = STEP_NETNS_GIVE,
	[STEP_NETNS_GIVE] = STEP_NETNS_TAKE,
	[STEP_BRIDGE_ADD] = STEP_BRIDGE_DELETE,
	[STEP_BRIDGE_DELETE] = STEP_TYPES,
	[STEP_VETH_ADD] = STEP_VETH_DELETE,
	[STEP_VETH_DELETE] = STEP_VETH_ADD,
	[STEP_POINT_ADD] = STEP_POINT_DELETE,
	[STEP_POINT_DELETE] = STEP_POINT_ADD,
	[STEP_POINT_MEND] = STEP_TYPES,
	[STEP_POINT_MOVE] = STEP_TYPES,
	[STEP_LINK_LABEL] = STEP_TYPES,
	[STEP_VETH_CUT] = STEP_TYPES,
	[STEP_VETH_SETTLE] = STEP_TYPES,
	[STEP_BRIDGE_MEND] = STEP_TYPES,
	[STEP_VETH_MEND] = STEP_TYPES,
	[STEP_ADDRESS_ADD] = STEP_ADDRESS_DELETE,
	[STEP_ADDRESS_DELETE] = STEP_ADDRESS_ADD,
	[STEP_ROUTE_ADD] = STEP_ROUTE_DELETE,
	[STEP_ROUTE_DELETE] = STEP_ROUTE_ADD,
	[STEP_SYSCTL_SET] = STEP_SYSCTL_RESTORE,
	[STEP_SYSCTL_RESTORE] = STEP_SYSCTL_SET,
	[STEP_HOSTS_ADD] = STEP_HOSTS_DELETE,
	[STEP_HOSTS_DELETE] = STEP_TYPES,
	[STEP_HOSTS_SET] = STEP_HOSTS_CLEAR,
	[STEP_HOSTS_CLEAR] = STEP_HOSTS_SET,
	[STEP_ETC_ADD] = STEP_ETC_DELETE,
	[STEP_ETC_DELETE] = STEP_TYPES,
	[STEP_GUARD_ADD] = STEP_GUARD_DELETE,
	[STEP_GUARD_SHUT] = STEP_TYPES,
	[STEP_GUARD_DELETE] = STEP_GUARD_ADD,
	[STEP_FENCE_SET] = STEP_TYPES,
	[STEP_UPLINK_ADD] = STEP_UPLINK_DELETE,
	[STEP_UPLINK_DELETE] = STEP_UPLINK_ADD,
	[STEP_PORT_ADD] = STEP_PORT_DELETE,
	[STEP_PORT_DELETE] = STEP_PORT_ADD,
	[STEP_FLOWS_DELETE] = STEP_TYPES,
	[STEP_FIREWALL_RESET] = STEP_TYPES,
	[STEP_MTU_SET] = STEP_TYPES,
	[STEP_ISOLATED_SET] = STEP_TYPES,
	[STEP_SHAPE_SET] = STEP_TYPES,
	[STEP_SETTING_READ] = STEP_TYPES,
	[STEP_SETTING_SET] = STEP_TYPES,
	[STEP_LINK_TAKE] = STEP_LINK_GIVE,
	[STEP_LINK_GIVE] = STEP_LINK_TAKE,
	[STEP_DNS_ADD] = STEP_DNS_DELETE,
	[STEP_DNS_DELETE] = STEP_DNS_ADD,
	[STEP_RECORD_WRITE] = STEP_RECORD_DELETE,
	[STEP_RECORD_DELETE] = STEP_TYPES,
	[STEP_WISH_WRITE] = STEP_WISH_DELETE,
	[STEP_WISH_DELETE] = STEP_TYPES,
};

#define swap(a, b) \
	do { \
		__typeof__(a) swapped = (a); \
		(a) = (b); \
		(b) = swapped; \
	} while (0)

/* What says what was there before as well as what is to be is taken back by its like. */
static bool turn_round(struct step *step)
{
	if (step->type == STEP_FENCE_SET)
		swap(step->fence.before, step->fence.after);
	else if (step->type == STEP_POINT_MOVE)
		for (size_t i = 0; i < FAMILIES; i++)
			swap(step->point.before[i], step->point.addresses[i]);
	else if (step->type == STEP_MTU_SET)
		swap(step->mtu.before, step->mtu.after);
	else if (step->type == STEP_ISOLATED_SET)
		swap(step->isolated.before, step->isolated.after);
	else if (step->type == STEP_SHAPE_SET)
		swap(step->shape.before, step->shape.after);
	else if (step->type == STEP_SETTING_SET && step->setting.ret_before)
		/* Its text is the value now: nothing is to be written there. */
		step->setting.value = take(step->setting.ret_before);
	else
		return false;
	return true;
}

static bool is_about_records(enum step_type type)
{
	return type == STEP_RECORD_WRITE || type == STEP_WISH_WRITE || type == STEP_WISH_DELETE;
}

/* What was put in the place of something is taken back by putting that there again. */
static bool put_before(struct step *step)
{
	if (step->type == STEP_HOSTS_SET && step->hosts.before)
		memcpy(step->hosts.addresses, step->hosts.before, sizeof(step->hosts.addresses));
	else if (step->type == STEP_ETC_ADD && step->etc.before)
		step->etc.is = *step->etc.before;
	else if (step->type == STEP_DNS_ADD && step->dns.before)
		step->dns.after = step->dns.before;
	else if (is_about_records(step->type) && step->record.before)
		step->record.data = step->record.before;
	else
		return false;
	if (step->type == STEP_WISH_DELETE)
		step->type = STEP_WISH_WRITE;
	return true;
}

bool step_inverse(const struct step *step, struct step *ret)
{
	enum step_type type = inverses[step->type];
	struct step inverse = *step;

	if (turn_round(&inverse) || put_before(&inverse)) {
		*ret = inverse;
		return true;
	}
	if (type == STEP_TYPES)
		return false;
	*ret = *step;
	ret->type = type;
	return true;
}

/* Of what makes, or takes away: all else can be done again. */
bool step_was_done(const struct step *step, int error)
{
	switch (error) {
	case -EEXIST:
		return step->type == STEP_VETH_ADD || step->type == STEP_POINT_ADD ||
		       step->type == STEP_ADDRESS_ADD || step->type == STEP_ROUTE_ADD ||
		       step->type == STEP_SHAPE_SET;
	case -ENOENT:
	case -ENODEV:
	case -ESRCH:
	case -EADDRNOTAVAIL:
		return step->type == STEP_VETH_DELETE || step->type == STEP_POINT_DELETE ||
		       step->type == STEP_ADDRESS_DELETE || step->type == STEP_ROUTE_DELETE ||
		       step->type == STEP_SHAPE_SET || step->type == STEP_LINK_TAKE ||
		       step->type == STEP_GUARD_DELETE;
	default:
		return false;
	}
}
