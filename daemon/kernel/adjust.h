/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * adjust - changes of links that are there, and settings inside a namespace
 */
#pragma once

#include "state.h"

int adjust_mtu(struct kernel *kernel, const struct step *step);
int adjust_isolated(struct kernel *kernel, const struct step *step);
/* By its name alone: also while the namespace is being made. */
int adjust_read_setting(struct kernel *kernel, const struct step *step);
int adjust_setting(struct kernel *kernel, const struct step *step);
