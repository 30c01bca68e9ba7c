/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lend - interfaces of the host that are lent to a namespace
 */
#pragma once

#include "state.h"

int lend_take(struct kernel *kernel, const struct step *step);
int lend_give(struct kernel *kernel, const struct step *step);
