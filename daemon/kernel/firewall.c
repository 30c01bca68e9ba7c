/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * firewall - what passes between networks, the uplinks and the host: fences and published ports, in table inet nsnetd
 */
#include "firewall.h"

int firewall_set_fence(struct kernel *kernel, const struct step *step)
{
	(void)kernel;
	(void)step;
	return -ENOSYS;
}

int firewall_add_uplink(struct kernel *kernel, const struct step *step)
{
	(void)kernel;
	(void)step;
	return -ENOSYS;
}

int firewall_delete_uplink(struct kernel *kernel, const struct step *step)
{
	(void)kernel;
	(void)step;
	return -ENOSYS;
}

int firewall_add_port(struct kernel *kernel, const struct step *step)
{
	(void)kernel;
	(void)step;
	return -ENOSYS;
}

int firewall_delete_port(struct kernel *kernel, const struct step *step)
{
	(void)kernel;
	(void)step;
	return -ENOSYS;
}
