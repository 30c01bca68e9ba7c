/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * host - what networks need of the host itself: uplinks that forward for them, and their MTU
 *
 * It begins with the first network and ends with the last one, and all that was changed is as it was before. In between what
 * others do to the host is followed: routes come and go, settings change, tables are flushed.
 */
#pragma once

#include "kernel.h"
#include "registry.h"

struct nsnet_context;

/* The uplinks as they are followed; while there is no network, as the kernel has them now. */
int host_uplinks(const struct registry *registry, struct kernel *kernel, struct arena *arena,
	struct snapshot_uplinks *ret);

/* Writes down what comes with the first network: nothing where there is one already. */
int host_plan_first(const struct registry *registry, struct kernel *kernel, struct plan *plan);
/* Writes down what goes with the last network, where removed are all there are. */
int host_plan_last(
	const struct registry *registry, struct kernel *kernel, size_t removed, struct plan *plan);
/* After the first network came or the last one went. */
void host_note(struct registry *registry, struct kernel *kernel);

/* Follows what somebody did to the host: bits of enum kernel_event. What cannot be done is logged; the next event tries again. */
void host_follow(struct nsnet_context *context, unsigned events);

/* At start-up, where there are networks and before anything is done about them: uplinks that forward are closed to others. */
int host_begin(struct kernel *kernel);
/* At start-up, with all objects in the registry: the same, from what is written down of the time before. */
int host_resume(struct registry *registry, struct kernel *kernel);
/* The same beside a network that is there and cannot be known: nothing is put back as it was before ours. */
int host_join(struct registry *registry, struct kernel *kernel);
