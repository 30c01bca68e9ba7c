/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nft_known - what stands in the sets of guards at start-up, read once
 */
#pragma once

#include "nft.h"

/* False as well where nothing is known. */
bool nft_known_has(const struct kernel *kernel, const char *set, const struct nft_key *key);
/* Nothing is known from then on. */
void nft_known_done(struct kernel *kernel);
