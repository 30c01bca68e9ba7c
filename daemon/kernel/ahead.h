/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ahead - the next network namespace is made by a thread of its own, while the main one is busy with the last one's links
 *
 * Half of what a namespace costs is to make it, before there is any link; where many are asked for, that can be done beside the
 * other half. What is made so is one like any other (birth.h), held by descriptors alone, and nobody's before it is taken.
 *
 * What that thread touches: its order and what became of it, under one lock; what never changes of the kernel floor; a socket
 * and descriptors that nobody else has. It enters the namespace that it makes, and goes home; should that fail the process
 * ends, as with the main thread. It takes no signal and logs nothing else.
 */
#pragma once

#include "birth.h"

struct ahead;

/* One like that is to be made, unless there is one or it is being made. The thread is there from the first order on; where
 * there can be none, nothing is made ahead. */
void ahead_order(struct kernel *kernel, const struct birth_wish *wish);

/* Hands over the one that is made, or waits until it is. False: there is none like that; one that is not goes. */
bool ahead_take(struct ahead *ahead, const struct birth_wish *wish, struct birth *ret);

void ahead_free(struct ahead *ahead);
