/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guard - what may come from a port: elements of table bridge nsnetd
 */
#pragma once

#include "state.h"

/* The steps. */
int guard_add(struct kernel *kernel, const struct step *step);
int guard_shut(struct kernel *kernel, const struct step *step);
int guard_delete(struct kernel *kernel, const struct step *step);
