/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bound - units that stand for namespaces: nsnet@NAME.service stops when NAME is gone
 *
 * While such a unit is there, so is a file, its mark. Whoever takes a mark away is the one who acts: the unit, which then deletes
 * the namespace, or the daemon, whose namespace is gone and who then has the unit stopped. So neither does what the other has
 * done, and a namespace that was made again meanwhile is nobody's to delete.
 */
#pragma once

#include <systemd/sd-event.h>

#include "registry.h"

struct bound;

/* run: "/run/nsnetd", where marks are "units/NAME/mark"; it must outlive the object. */
struct bound *bound_new(sd_event *event, const struct registry *registry, const char *run);
void bound_free(struct bound *bound);
define_cleanup(struct bound *, bound_free);

/* At the start: units whose namespaces went while nobody looked. */
void bound_begin(struct bound *bound);

/* A namespace is gone. */
void bound_gone(struct bound *bound, const char *name);
