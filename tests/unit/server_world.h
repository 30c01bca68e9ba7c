/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * server_world - a server and its clients in one process, on one event loop that only the test drives
 *
 * Nothing here waits for a time to pass: what a test waits for is an answer, an end, or that nothing is left to do.
 */
#pragma once

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#include "example_methods.h"
#include "server.h"
#include "wire.h"

struct world {
	sd_event *event;
	struct server *server;
	struct example_context example;
	char directory[32];
	char path[64];
};

struct client {
	struct world *world;
	int fd;
	struct wire_in in;
};

/* For cmocka's setup and teardown: *state is a struct world with the default limits. */
int world_setup(void **state);
int world_teardown(void **state);

/* limits NULL: the default ones. */
struct world *world_new(const struct server_limits *limits);
void world_free(struct world *world);
define_cleanup(struct world *, world_free);

/* One turn of the event loop; waits for something to do. */
void world_turn(struct world *world);
/* Turns until nothing is left to do. */
void world_settle(struct world *world);
/* Turns until so many connections are open. */
void world_wait_connections(struct world *world, unsigned n);

struct client *client_new(struct world *world);
/* The same with that effective uid; the process has to be root's. */
struct client *client_new_as(struct world *world, uid_t uid);
void client_free(struct client *client);
define_cleanup(struct client *, client_free);

/* Sends bytes as they are, turning the loop where the socket is full. False: the server has closed the connection. */
bool client_try_send(struct client *client, const void *bytes, size_t n);
void client_send(struct client *client, const void *bytes, size_t n);
/* A frame: the text and its NUL. */
void client_say(struct client *client, const char *text);
void client_shutdown(struct client *client);

/* The next frame; NULL at the end. Valid until the next one. */
const char *client_hear(struct client *client);
void client_expect(struct client *client, const char *answer);
/* That nothing comes any more, not even the rest of a frame. */
void client_expect_end(struct client *client);
/* say and expect */
void client_ask(struct client *client, const char *text, const char *answer);

/* How many descriptors this process has. */
unsigned count_fds(void);
