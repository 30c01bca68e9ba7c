/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * traffic - how fast packets may go by a veth: tbf, and netem where the kernel has it
 */
#include "traffic.h"

int traffic_shape(struct kernel *kernel, const struct step *step)
{
	(void)kernel;
	(void)step;
	return -ENOSYS;
}
