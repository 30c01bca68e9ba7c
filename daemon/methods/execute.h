/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * execute - programs that run in namespaces which are lent
 *
 * Nobody's program is run by this process: nsnet_context.programs has it done. The call is kept until the
 * program has ended; where its client goes before, the program is ended.
 */
#pragma once

#include "methods.h"

/* Answers all calls; their programs go on. */
void executions_leave(struct nsnet_context *context);
