/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dnsmasq - the files that a network's name server goes by
 */
#include "dnsmasq.h"

int dnsmasq_add(const struct kernel *kernel, const struct step *step)
{
	(void)kernel;
	(void)step;
	return -ENOSYS;
}

int dnsmasq_delete(const struct kernel *kernel, const char *network)
{
	(void)kernel;
	(void)network;
	return -ENOSYS;
}
