/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lending - whom a namespace is lent to: a user or a group of the host, by name or by number
 */
#pragma once

#include <stdint.h>

#include "policy.h"

#define LENDING_MAX 64U /* for one namespace */

struct lending {
	const char *name; /* "alice", without the "@" of a group */
	bool is_group, is_number;
	/* What stands for it: of a name as it was when the accounts had that version (kernel_accounts(); 0: never). */
	bool is_known;
	uint32_t id;
	int64_t version;
};

/* "alice", "@staff", "1000", "@50". False: that names nobody. The name points into the text. */
bool lending_parse(const char *text, struct lending *ret);
bool lending_is_for(const struct lending *lending, const struct policy_caller *caller);
