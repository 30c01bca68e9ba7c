/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * quota - what each user has of what is limited, charged before anything is made and given back exactly once
 */
#include "quota.h"

const char *quota_name(enum quota_resource resource)
{
	switch (resource) {
	case QUOTA_NAMESPACES:
		return "namespaces";
	case QUOTA_NETWORKS:
		return "networks";
	case QUOTA_ATTACHMENTS:
		return "attachments";
	case QUOTA_PORTS:
		return "ports";
	case QUOTA_CONNECTIONS:
		return "connections";
	case QUOTA_RESOURCES:
		break;
	}
	abort();
}

/* What was charged under a higher limit is left alone. */
static bool fits(const struct user *user, const struct quota_limits *limits, int i, unsigned amount)
{
	unsigned limit = limits ? limits->of[i] : QUOTA_NONE;

	return limit == QUOTA_NONE || amount == 0 ||
	       (amount <= limit && user->used[i] <= limit - amount);
}

bool quota_charge(struct user *user, const struct quota_limits *limits,
	const unsigned amounts[QUOTA_RESOURCES], struct quota_charge *ret,
	enum quota_resource *ret_over)
{
	for (int i = 0; i < QUOTA_RESOURCES; i++)
		if (!fits(user, limits, i, amounts[i])) {
			*ret_over = (enum quota_resource)i;
			return false;
		}
	*ret = (struct quota_charge){ .user = user };
	for (int i = 0; i < QUOTA_RESOURCES; i++) {
		ret->amounts[i] = amounts[i];
		user->used[i] += amounts[i];
	}
	return true;
}

bool quota_change(struct quota_charge *charge, const struct quota_limits *limits,
	const unsigned amounts[QUOTA_RESOURCES], enum quota_resource *ret_over)
{
	for (int i = 0; i < QUOTA_RESOURCES; i++)
		if (amounts[i] > charge->amounts[i] &&
			!fits(charge->user, limits, i, amounts[i] - charge->amounts[i])) {
			*ret_over = (enum quota_resource)i;
			return false;
		}
	for (int i = 0; i < QUOTA_RESOURCES; i++) {
		charge->user->used[i] += amounts[i] - charge->amounts[i];
		charge->amounts[i] = amounts[i];
	}
	return true;
}

void quota_give_back(struct quota_charge *charge)
{
	if (!charge->user)
		return;
	for (int i = 0; i < QUOTA_RESOURCES; i++)
		charge->user->used[i] -= charge->amounts[i];
	*charge = (struct quota_charge){ 0 };
}
