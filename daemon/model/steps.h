/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * steps - how the steps about one object are written: what difference.c and change.c share
 */
#pragma once

#include "namespace.h"
#include "plan.h"

static inline void steps_add(struct plan *plan, struct step step)
{
	plan_add(plan, &step);
}

struct step steps_veth(enum step_type type, const struct attachment *attachment);
/* STEP_POINT_*; before: what MOVE takes away, or NULL. */
struct step steps_point(
	enum step_type type, const struct attachment *attachment, const struct attachment *before);
struct step steps_guard(enum step_type type, const struct attachment *attachment);
/* The same of a former port. */
struct departed;
struct step steps_guard_of(enum step_type type, const struct departed *departed);
struct step steps_hosts(enum step_type type, const struct attachment *attachment);
struct step steps_address(enum step_type type, const struct attachment *attachment, size_t family);
struct step steps_route(enum step_type type, const struct ns *ns, const struct route *route);
struct step steps_namespace_record(enum step_type type, const struct ns *ns);
struct step steps_network_record(enum step_type type, const struct network *network);
/* Of STEP_WISH_*: what is worth to be known after a reboot. Its memory is the arena's. */
struct step steps_namespace_wish(enum step_type type, const struct ns *ns, struct arena *arena);
struct step steps_network_wish(
	enum step_type type, const struct network *network, struct arena *arena);
/* Its memory is the arena's. */
struct step steps_etc(const struct ns *ns, struct arena *arena);
bool steps_is_equal_etc(const struct etc *a, const struct etc *b);

/* The host's address on a network; its route to the network's prefix, which the kernel makes with that; the local route to ::1
 * that lets answers to the host's own loopback in. */
struct step steps_gateway_address(
	enum step_type type, const struct network *network, size_t family);
struct step steps_prefix_route(enum step_type type, const struct network *network, size_t family);
struct step steps_loopback_route(enum step_type type, const struct network *network);
/* For IPv4 a setting does that. */
void steps_add_loopback_setting(
	enum step_type type, const struct network *network, struct plan *plan);

/* One step for each family it leads to. */
void steps_add_port(enum step_type type, const struct published *port, struct plan *plan);
/* It comes: guarded before it is there, with its addresses, shaped. */
/* Former ports that would answer in its stead are cut off. */
void steps_add_cuts(const struct attachment *attachment, struct plan *plan);
void steps_add_attachment(const struct attachment *attachment, struct plan *plan);
/* With what is there now as before. */
void steps_add_shape(
	const struct attachment *attachment, const struct shape *before, struct plan *plan);
/* The host's address on a network, and what goes with it. */
void steps_add_gateway(
	bool is_add, const struct network *network, size_t family, struct plan *plan);
/* Forwarding of an interface, by family. */
void steps_add_forwarding(enum step_type type, const bool is_forwarding[FAMILIES],
	const char *interface, struct plan *plan);
