/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * thread - what the kernel floor's further threads are made by
 *
 * The main thread alone takes signals: who is born here has all of them blocked. Their stacks are small, for they have no deep calls.
 */
#pragma once

#include <pthread.h>

#include "base.h"

/* 0 or -errno. */
int thread_start(pthread_t *ret, void *(*run)(void *userdata), void *userdata);
/* One that waits by CLOCK_MONOTONIC. 0 or -errno. */
int thread_make_condition(pthread_cond_t *condition);
