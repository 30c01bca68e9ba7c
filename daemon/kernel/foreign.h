/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * foreign - reads the rules of nf_tables that are not ours
 */
#pragma once

#include "state.h"

/* All of them, up to a limit. Where this kernel has no nf_tables: none. */
int foreign_read(struct kernel *kernel, struct arena *arena, struct ruleset *ret);
