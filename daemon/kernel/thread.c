/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * thread - what the kernel floor's further threads are made by
 */
#include "thread.h"

#include <signal.h>
#include <time.h>

#define STACK_SIZE (256U * 1024U)

int thread_start(pthread_t *ret, void *(*run)(void *userdata), void *userdata)
{
	sigset_t all, before;
	pthread_attr_t attributes;
	int r;

	if (sigfillset(&all) < 0 || pthread_attr_init(&attributes) != 0)
		return -ENOMEM;
	/* It is born with the signals blocked that its maker has blocked. */
	r = pthread_attr_setstacksize(&attributes, STACK_SIZE);
	if (r == 0)
		r = pthread_sigmask(SIG_BLOCK, &all, &before);
	if (r == 0) {
		r = pthread_create(ret, &attributes, run, userdata);
		(void)pthread_sigmask(SIG_SETMASK, &before, NULL);
	}
	(void)pthread_attr_destroy(&attributes);
	return -r;
}

int thread_make_condition(pthread_cond_t *condition)
{
	pthread_condattr_t attributes;
	int r = pthread_condattr_init(&attributes);

	if (r == 0)
		r = pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	if (r == 0)
		r = pthread_cond_init(condition, &attributes);
	return -r;
}
