/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * adjust - changes of links that are there
 */
#pragma once

#include "state.h"

int adjust_mtu(struct kernel *kernel, const struct step *step);
int adjust_isolated(struct kernel *kernel, const struct step *step);
/* A setting inside a namespace. */
int adjust_setting(struct kernel *kernel, const struct step *step);
