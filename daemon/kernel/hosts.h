/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * hosts - a network's hosts file, and the directory of what goes over a namespace's /etc
 */
#pragma once

#include "state.h"

int hosts_add(struct kernel *kernel, const struct step *step);
int hosts_delete(struct kernel *kernel, const struct step *step);
/* Writes a name at its place, or frees the place; one that is not there is free. */
int hosts_set(struct kernel *kernel, const struct step *step);
int hosts_clear(struct kernel *kernel, const struct step *step);

int hosts_add_etc(struct kernel *kernel, const struct step *step);
int hosts_delete_etc(struct kernel *kernel, const struct step *step);
/* What a process that ended had made ahead. */
void hosts_sweep_etc(struct kernel *kernel);
