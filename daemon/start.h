/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * start - start-up goes on behind the first requests
 */
#pragma once

#include <systemd/sd-event.h>

#include "methods.h"

struct start;

/* on_end is called once all there is is known and as it should be; or with -errno: the process cannot go on. */
int start_new(sd_event *event, struct nsnet_context *context, void (*on_end)(void *userdata, int r),
	void *userdata, struct start **ret);
/* Goes on to the end now. 0 as well where it is over; -errno, and on_end was called with that. */
int start_finish(struct start *start);
bool start_is_over(const struct start *start);
/* For server_set_before(): what a method of alt.nsnet has to wait for. userdata is the struct start. */
int start_before_call(
	void *userdata, const struct codec_interface *interface, size_t method, const void *in);
void start_free(struct start *start);
define_cleanup(struct start *, start_free);
