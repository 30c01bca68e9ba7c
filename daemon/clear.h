/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * clear - all that there is goes
 */
#pragma once

struct nsnet_context;

/* Every namespace is deleted, whoever runs inside ended first, and every network; and waits until they are gone. What does not go is
 * logged, and keeps the rest from nothing. 0; -EBUSY: not all is gone. */
int clear_all(struct nsnet_context *context);
