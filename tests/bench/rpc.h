/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * rpc - messages to a service on a socket and back, and texts with numbers in them
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* The text with each %u in it replaced; valid until the next one. */
char *rpc_fill(const char *text, unsigned number);

int rpc_connect(const char *path);
/* Whole, with the NUL at its end. */
void rpc_send(int fd, const char *message);
/* How many replies have come, one at least; those that tell an error are counted as failed. */
unsigned rpc_receive(int fd);
/* The same; whether more are to come. */
bool rpc_receive_more(int fd);
