/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * deletion - namespaces deleted, many in turns of a few milliseconds, and waited for
 */
#pragma once

#include "methods.h"

/* At once, all or none. kill: ends the processes inside first. 0: done; 1: *reterr says why not; -errno. */
int deletion_run(
	const struct deed *deed, const struct string_list *names, bool kill, struct fault *reterr);
/* Takes one that was dropped out of the registry, and what it was charged back. Its addresses rest until it is gone. */
void deletion_forget(struct nsnet_context *context, struct ns *ns);

/* One turn of each that goes on. Whether there is to be another one. */
bool deletions_work(struct nsnet_context *context);
/* All that go on come to their end, as the process is to. Those who wait until all is gone do so a little while. */
void deletions_finish(struct nsnet_context *context);
/* What kernel_departures() is waited on for: namespaces that are gone now. */
void deletions_follow(struct nsnet_context *context);
/* After nsnet_context.on_waiting()'s time: whoever has waited too long is told so. */
void deletions_expire(struct nsnet_context *context);
