/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * coverage - included before each source in a build of the preset coverage: what ran counts, also where a process ends at once
 */
#pragma once

#include <stdlib.h>
#include <unistd.h>

void __gcov_dump(void);

#define _exit(status) (__gcov_dump(), _exit(status))
#define abort()       (__gcov_dump(), abort())
