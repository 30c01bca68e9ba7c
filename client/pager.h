/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pager - long output on a terminal, page by page
 */
#pragma once

#include "options.h"

/* From here on stdout goes through a pager, where it is a terminal and nobody forbade it ($PAGER, else less). Once at most. */
void pager_start(const struct options *options);

/* Waits until the user has left the pager. */
void pager_end(void);
