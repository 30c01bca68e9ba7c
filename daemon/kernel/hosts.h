/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hosts - a network's hosts file, and the directory of what goes over a namespace's /etc
 */
#pragma once

#include "state.h"

int hosts_add(const struct kernel *kernel, const char *network);
int hosts_delete(const struct kernel *kernel, const char *network);
/* Writes a name at its place, or frees the place; one that is not there is free. */
int hosts_set(const struct kernel *kernel, const struct step *step, bool is_clear);

int hosts_add_etc(const struct kernel *kernel, const struct step *step);
int hosts_delete_etc(const struct kernel *kernel, const char *netns);
