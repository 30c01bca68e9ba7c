/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * flows - connections that the kernel tracks (conntrack): those that came in by a port
 */
#pragma once

#include "state.h"

/* Ends those of n STEP_FLOWS_DELETE, all in one go. */
int flows_delete(struct kernel *kernel, const struct step *steps, size_t n);
