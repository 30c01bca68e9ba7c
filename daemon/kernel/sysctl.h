/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sysctl - settings of the host's interfaces, and what they were before
 */
#pragma once

#include "state.h"

int sysctl_set(const struct kernel *kernel, const char *key, int value);
int sysctl_restore(const struct kernel *kernel, const char *key);
