/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sysctl - settings of the host, and what they were before
 */
#pragma once

#include "state.h"

int sysctl_set(struct kernel *kernel, const struct step *step);
int sysctl_restore(struct kernel *kernel, const struct step *step);

/* What a setting says now; and what it said before we touched it, or says where we have not. -ENOENT: there is none. */
int sysctl_current(const struct kernel *kernel, const char *key, int *ret);
int sysctl_before(const struct kernel *kernel, const char *key, int *ret);
/* Whether we have touched it and not put it back yet. */
bool sysctl_is_kept(const struct kernel *kernel, const char *key);
