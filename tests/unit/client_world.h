/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * client_world - a client, and a daemon that sends what the test says
 *
 * The daemon is a child process. On its one connection it reads a frame and sends replies up to the last of a call, and so on
 * while there are any.
 */
#pragma once

#include "client.h"

enum client_world_then {
	CLIENT_WORLD_CLOSE,
	CLIENT_WORLD_WAIT,             /* until the client hangs up */
	CLIENT_WORLD_GATHER,           /* a frame for each reply, before the first of them */
	CLIENT_WORLD_SEND_DESCRIPTORS, /* first, with a reply that tells of one */
};

struct client_world {
	struct client client;
	char directory[32], path[64];
	pid_t daemon;
	int saved;  /* stdout, while it is captured */
	int frames; /* a file with all that the daemon read */
};

/* Replies, ended by NULL. */
void client_world_begin(
	struct client_world *world, const char *const *replies, enum client_world_then then);
#define CLIENT_WORLD_BEGIN(world, then, ...) \
	client_world_begin(world, (const char *const[]){ __VA_ARGS__, NULL }, then)

/* Fails where the daemon did not get to say all. */
void client_world_end(struct client_world *world);

/* What the daemon has read, a line for each frame; complete up to the last one that was answered. */
const char *client_world_sent(struct client_world *world);

/* Gathers what goes to stdout, from here to client_world_printed(), which lives as long as the world. */
void client_world_capture(struct client_world *world);
const char *client_world_printed(struct client_world *world);
