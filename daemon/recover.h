/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recover - start-up: the records against the kernel, and the difference carried out
 *
 * What a record speaks of and the kernel still has is taken over; what is missing of it is made again; a record whose
 * namespace is gone (or is another by now: the cookie tells) goes with all names of it; a link of ours that no record speaks
 * of goes. What is not ours is never touched. Doing it twice changes nothing.
 *
 * What is persistent and has no record, as after a reboot, is made anew from its wish.
 */
#pragma once

#include "methods.h"

/* Fills an empty registry. What cannot be read or mended is logged and left; -errno where nothing could be read. */
int recover_all(struct nsnet_context *context);
