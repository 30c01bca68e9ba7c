/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nft - our tables of nf_tables in the host's network namespace: making them, keeping them, and what stands in them
 */
#pragma once

#include "state.h"

/* A descriptor to wait on, the kernel's own: then somebody changed something in nf_tables. 0 or -errno. */
int nft_watch(struct kernel *kernel, int *ret_fd);
/* Reads all that waits there. True: somebody took away or changed our tables; the next step makes them again. */
bool nft_was_changed(struct kernel *kernel);
