/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * guard - what may come from a port: tables of nf_tables in the host's network namespace
 */
#pragma once

#include "state.h"

/* Looks whether this kernel can have guards: kernel.has_guards. Nothing is left behind. */
void guard_open(struct kernel *kernel);

/* The steps. */
int guard_add(struct kernel *kernel, const struct step *step);
int guard_delete(struct kernel *kernel, const struct step *step);
