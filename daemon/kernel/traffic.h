/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * traffic - how fast packets may go by a veth: tbf, and netem where the kernel has it
 */
#pragma once

#include "state.h"

/* Looks what this kernel has: kernel.has_rate, kernel.has_netem. Nothing is left behind. */
void traffic_open(struct kernel *kernel);
int traffic_shape(struct kernel *kernel, const struct step *step);
