/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recover - start-up: the records against the kernel, and the difference carried out
 *
 * What a record speaks of and the kernel still has is taken over; what is missing of it is made again; a record whose
 * namespace is gone (or is another by now: the cookie tells) goes with all names of it; a link of ours that no record speaks
 * of goes. What is not ours is never touched. Doing it twice changes nothing.
 *
 * What is persistent and has no record, as after a reboot, is made anew from its wish.
 *
 * A thousand namespaces take a while, and somebody may wait for one of them. So it goes in turns, and between them one can be
 * asked for. All else is to wait for the end: only then is all there that there is.
 */
#pragma once

#include "methods.h"

struct recovery;

/* Fills an empty registry. -errno: nothing could be read. */
int recover_begin(struct nsnet_context *context, struct recovery **ret);
/* Goes on for so long, or to the end. 1: there is more to do; 0; -errno: start-up cannot go on, and nor can the process. What
 * cannot be read or mended for good is logged and left. */
#define RECOVER_WHOLE UINT64_MAX
int recover_work(struct recovery *recovery, uint64_t usec);
/* Whether the namespace of that name is in the registry: as its record has it, and as it was checked to be the one that the record
 * speaks of. Its links and files may still be to be mended. */
bool recover_load(struct recovery *recovery, const char *name);
void recover_free(struct recovery *recovery);
define_cleanup(struct recovery *, recover_free);

/* All of it at once. */
int recover_all(struct nsnet_context *context);
