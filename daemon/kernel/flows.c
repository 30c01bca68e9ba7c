/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * flows - connections that the kernel tracks (conntrack): those that came in by a port
 */
#include "flows.h"

int flows_delete(struct kernel *kernel, const struct step *step)
{
	(void)kernel;
	(void)step;
	return -ENOSYS;
}
