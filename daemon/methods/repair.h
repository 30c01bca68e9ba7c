/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * repair - what others do to our objects is mended, or taken at its word
 *
 * The name of a namespace taken away, as by "ip netns del", is meant: the rest of it goes as well. All else of ours on the
 * host is put back as it was declared: a name that was unmounted, a bridge or a port that went, was set down or was taken
 * out, an address or route of the host's on a bridge. What an owner does inside his namespace is his own affair, but that an
 * interface of the declaration that he deletes comes back.
 *
 * An object is looked at, what differs becomes a plan, and what was done is told to whoever monitors it. One that does not stay
 * mended is let alone for a while, and looked at again then.
 */
#pragma once

#include "kernel.h"
#include "registry.h"

struct nsnet_context;

/* Looks at all that was touched; where events were lost, at all there is. Networks first. */
void repair_touched(struct nsnet_context *context, const struct kernel_changes *changes);
/* Looks at the names of all namespaces: one may have been unmounted. In how many usec it is to be done again; 0: need not. */
uint64_t repair_names(struct nsnet_context *context);
/* Looks at all there is. */
void repair_all(struct nsnet_context *context);
/* At start-up: makes objects that are in the registry whole. What cannot be mended is logged. */
void repair_networks(struct registry *registry, struct kernel *kernel);
void repair_namespace(struct registry *registry, struct kernel *kernel, struct ns *ns);
/* Whether an object did not stay mended, and is let alone for a while. */
bool repair_lets_alone(const struct mending *mending);
