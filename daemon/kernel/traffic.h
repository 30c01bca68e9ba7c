/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * traffic - how fast packets may go by a veth: tbf, and netem where the kernel has it
 */
#pragma once

#include "state.h"

/* Whether this kernel has tbf, netem: tried once, in a namespace of no other use. */
bool traffic_has_rate(struct kernel *kernel);
bool traffic_has_netem(struct kernel *kernel);

/* -EOPNOTSUPP: this kernel has not what it takes. */
int traffic_shape(struct kernel *kernel, const struct step *step);
