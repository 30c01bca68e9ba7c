/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * adjust - changes of links that are there
 */
#include "adjust.h"

int adjust_mtu(struct kernel *kernel, const struct step *step)
{
	(void)kernel;
	(void)step;
	return -ENOSYS;
}

int adjust_isolated(struct kernel *kernel, const struct step *step)
{
	(void)kernel;
	(void)step;
	return -ENOSYS;
}

int adjust_setting(struct kernel *kernel, const struct step *step)
{
	(void)kernel;
	(void)step;
	return -ENOSYS;
}
