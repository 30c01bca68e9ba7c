/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * coverage - included before each source in a build of the preset coverage: what ran counts, also where a process ends at once
 */
#pragma once

#include <stdlib.h>
#include <unistd.h>

void __gcov_dump(void);

/* Once: it allocates, and where there is no memory that is the end, which comes here again. */
int coverage_is_told __attribute__((__weak__));

static inline void coverage_tell(void)
{
	if (!coverage_is_told) {
		coverage_is_told = 1;
		__gcov_dump();
	}
}

#define _exit(status) (coverage_tell(), _exit(status))
#define abort()       (coverage_tell(), abort())
