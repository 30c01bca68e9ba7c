/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spare - namespaces that were made ahead: they get their names, and the former ones back
 */
#pragma once

#include "state.h"

/* The steps. */
int spare_take(struct kernel *kernel, const struct step *step);
int spare_give(struct kernel *kernel, const struct step *step);
