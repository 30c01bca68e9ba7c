/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * server - a Varlink service on an event loop: listening sockets, connections, limits
 *
 * It knows no network. What it serves is told by interfaces: the tables that idlc made, and a handler for each method.
 */
#pragma once

#include <systemd/sd-event.h>

#include "call.h"
#include "codec.h"

/* The same order as interface->methods. */
struct server_interface {
	const struct codec_interface *interface;
	const call_handler *handlers;
	void *userdata; /* given to each handler */
};

/* Sources: SAFETY, "Limits". */
struct server_limits {
	unsigned connections;          /* in all */
	unsigned connections_per_uid;  /* root's have no such limit */
	unsigned connections_for_root; /* of those in all, kept for root */
	uint64_t request_usec;         /* from the first byte of a request to its last */
	uint64_t idle_usec;            /* without a request, then the connection is closed */
	uint64_t stall_usec;           /* without progress of output that waits */
	size_t unread; /* bytes of output waiting; above, no further request is taken */
};

extern const struct server_limits server_limits_default;

/* What org.varlink.service.GetInfo tells. */
struct server_info {
	const char *vendor, *product, *version, *url;
};

struct server;

/* limits NULL: the default ones. info's texts and what interfaces point to must outlive the server. */
int server_new(sd_event *event, const struct server_info *info, const struct server_limits *limits,
	struct server **ret);
/* Closes all connections. */
void server_free(struct server *server);
define_cleanup(struct server *, server_free);

/* org.varlink.service itself is there from the start. */
void server_add_interface(struct server *server, const struct server_interface *interface);

/* Takes over a listening stream socket. */
int server_listen(struct server *server, int fd);

/* Binds and listens at a path, which must not be there or be a socket that nobody listens on (it is replaced). The file has
 * that mode, and that group unless gid is -1. */
int server_listen_path(struct server *server, const char *path, mode_t mode, gid_t gid);

/* Stops accepting, lets queued replies go out for at most that long, then the server's event sources are idle. For a clean
 * stop. */
void server_drain(struct server *server, uint64_t usec);

unsigned server_connections(const struct server *server);
unsigned server_connections_of(const struct server *server, uid_t uid);

/* Asks for the limit of connections of a peer who is not root, instead of limits->connections_per_uid. */
void server_set_quota(struct server *server,
	unsigned (*connections_of)(void *userdata, const struct peer *peer), void *userdata);

/* Calls before() when a method is about to be carried out, with its interface, its place in that, and its parameters. -errno:
 * it is not. */
void server_set_before(struct server *server,
	int (*before)(void *userdata, const struct codec_interface *interface, size_t method,
		const void *in),
	void *userdata);
