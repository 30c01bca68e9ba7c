/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lend - interfaces of the host that are lent to a namespace
 */
#pragma once

#include "state.h"

/* -EBUSY: it is ours, loopback, or a port of something. -EPERM: not into a namespace that belongs to a user. */
int lend_take(struct kernel *kernel, const struct step *step);
/* One that is not inside is no error. It comes back as the kernel leaves it: down, without addresses. */
int lend_give(struct kernel *kernel, const struct step *step);
