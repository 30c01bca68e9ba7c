/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * server - a Varlink service on an event loop: listening sockets, connections, limits
 *
 * Where no connection can be accepted for want of descriptors or memory, a listening socket stays readable and would wake
 * the loop up for ever. So all accepting pauses for a moment then; those who connect wait in the kernel's queue.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>

#include "connection.h"
#include "log.h"
#include "server.h"
#include "service.h"

#define TURN_ACCEPTS 16U
#define PAUSE_USEC   (100U * 1000U)

const struct server_limits server_limits_default = {
	.connections = 512,
	.connections_per_uid = 32,
	.connections_for_root = 16,
	.request_usec = 5U * 1000U * 1000U,
	.idle_usec = 60U * 1000U * 1000U,
	.stall_usec = 30U * 1000U * 1000U,
	.unread = 1024U * 1024U,
};

struct server {
	sd_event *event;
	struct server_limits limits;
	unsigned (*connections_of)(void *userdata, const struct peer *peer); /* may be NULL */
	void *quota_userdata;
	struct server_info info;
	struct dispatch dispatch;
	struct varlink_service_context service;
	struct list listeners, connections;
	sd_event_source *resume;   /* ends a pause */
	sd_event_source *deadline; /* ends a drain */
	bool is_short;             /* a pause was told, and nothing was accepted since */
};

struct listener {
	struct list link; /* server.listeners */
	int fd;
	sd_event_source *source;
};

static void listener_free(struct listener *listener)
{
	list_remove(&listener->link);
	(void)sd_event_source_disable_unref(listener->source);
	(void)close_fd(listener->fd);
	free(listener);
}
define_cleanup(struct listener *, listener_free);

static int server_on_resume(sd_event_source *source, uint64_t usec, void *userdata);
static int server_on_deadline(sd_event_source *source, uint64_t usec, void *userdata);

/* The timers are made at once, because sd-event's first one takes a descriptor, and one of them is for when there is none. */
static int server_add_timers(struct server *server)
{
	int rc = sd_event_add_time(
		server->event, &server->resume, CLOCK_MONOTONIC, 0, 0, server_on_resume, server);

	if (rc >= 0)
		rc = sd_event_source_set_enabled(server->resume, SD_EVENT_OFF);
	if (rc >= 0)
		rc = sd_event_add_time(server->event, &server->deadline, CLOCK_MONOTONIC, 0, 0,
			server_on_deadline, server);
	if (rc >= 0)
		rc = sd_event_source_set_enabled(server->deadline, SD_EVENT_OFF);
	return rc;
}

int server_new(sd_event *event, const struct server_info *info, const struct server_limits *limits,
	struct server **ret)
{
	cleanup(server_free) struct server *server = calloc(1, sizeof(*server));
	int rc;

	if (!server)
		return -ENOMEM;
	server->event = sd_event_ref(event);
	server->limits = limits ? *limits : server_limits_default;
	server->info = *info;
	server->service = (struct varlink_service_context){ &server->info, &server->dispatch };
	list_init(&server->listeners);
	list_init(&server->connections);
	service_add(&server->dispatch, &server->service);
	rc = server_add_timers(server);
	if (rc < 0)
		return rc;
	*ret = take(server);
	return 0;
}

static void server_close_listeners(struct server *server)
{
	list_foreach (&server->listeners, struct listener, link, listener)
		listener_free(listener);
}

static void server_close_connections(struct server *server)
{
	list_foreach (&server->connections, struct connection, link, connection)
		connection_free(connection);
}

void server_free(struct server *server)
{
	if (!server)
		return;
	server_close_listeners(server);
	server_close_connections(server);
	(void)sd_event_source_disable_unref(server->resume);
	(void)sd_event_source_disable_unref(server->deadline);
	dispatch_done(&server->dispatch);
	(void)sd_event_unref(server->event);
	free(server);
}

void server_add_interface(struct server *server, const struct server_interface *interface)
{
	dispatch_add(&server->dispatch, interface);
}

unsigned server_connections(const struct server *server)
{
	unsigned n = 0;

	for (const struct list *link = server->connections.next; link != &server->connections;
		link = link->next)
		n++;
	return n;
}

/* Whether one more connection of that uid is within the limits. */
static bool server_may_accept(struct server *server, const struct peer *peer)
{
	const struct server_limits *limits = &server->limits;
	unsigned all = 0, of_root = 0, of_uid = 0, per_uid = limits->connections_per_uid;
	uid_t uid = peer->uid;

	list_foreach (&server->connections, struct connection, link, connection) {
		all++;
		of_root += connection->peer.uid == 0;
		of_uid += connection->peer.uid == uid;
	}
	if (all >= limits->connections)
		return false;
	if (uid == 0)
		return true;
	if (server->connections_of)
		per_uid = server->connections_of(server->quota_userdata, peer);
	/* What root has open already is taken from what is kept for him. */
	return of_uid < per_uid &&
	       all - of_root + limits->connections_for_root < limits->connections;
}

static void server_take_connection(struct server *server, int fd)
{
	struct peer peer;
	int rc = peer_read(fd, &peer);

	if (rc < 0) {
		log_line(LOG_WARNING, "connection refused: nobody knows whose it is: %s",
			strerrordesc_np(-rc));
		(void)close_fd(fd);
		return;
	}
	if (!server_may_accept(server, &peer)) {
		/* Not louder: whoever is over the limit could fill the log. */
		log_about(LOG_DEBUG, &(struct log_fields){ .uid = peer.uid },
			"connection refused: too many");
		peer_done(&peer);
		(void)close_fd(fd);
		return;
	}
	rc = connection_new(
		server->event, &server->dispatch, &server->limits, fd, &peer, &server->connections);
	if (rc < 0)
		log_line(LOG_WARNING, "connection refused: %s", strerrordesc_np(-rc));
}

static void server_set_accepting(struct server *server, int enabled)
{
	int rc = 0;

	list_foreach (&server->listeners, struct listener, link, listener)
		if (rc >= 0)
			rc = sd_event_source_set_enabled(listener->source, enabled);
	if (rc >= 0)
		return;
	log_line(LOG_CRIT, "the event loop does not work: %s", strerrordesc_np(-rc));
	abort();
}

static int server_on_resume(unused sd_event_source *source, unused uint64_t usec, void *userdata)
{
	server_set_accepting(userdata, SD_EVENT_ON);
	return 0;
}

static int server_start_timer(sd_event_source *timer, uint64_t usec)
{
	int rc = sd_event_source_set_time_relative(timer, usec);

	return rc < 0 ? rc : sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static void server_pause(struct server *server, int error)
{
	int rc = server_start_timer(server->resume, PAUSE_USEC);

	if (!server->is_short)
		log_line(LOG_WARNING, "cannot accept connections: %s", strerrordesc_np(error));
	server->is_short = true;
	/* Without the timer nothing would end the pause; to be woken up in vain is the smaller evil. */
	if (rc >= 0)
		server_set_accepting(server, SD_EVENT_OFF);
}

static int server_on_accept(
	unused sd_event_source *source, int listener, unused uint32_t events, void *userdata)
{
	struct server *server = userdata;

	for (unsigned i = 0; i < TURN_ACCEPTS; i++) {
		int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

		if (fd >= 0) {
			server->is_short = false;
			server_take_connection(server, fd);
			continue;
		}
		if (errno == EAGAIN)
			break;
		if (errno != EINTR && errno != ECONNABORTED) {
			server_pause(server, errno);
			break;
		}
	}
	return 0;
}

static int server_check_listening(int fd)
{
	int domain, type, is_listening;
	socklen_t size = sizeof(int);

	if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &domain, &size) < 0 ||
		getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) < 0 ||
		getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &is_listening, &size) < 0)
		return neg();
	return domain == AF_UNIX && type == SOCK_STREAM && is_listening ? 0 : -EINVAL;
}

/* One that waits in accept(2) would stop the whole loop. */
static int server_set_flags(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ||
		fcntl(fd, F_SETFD, FD_CLOEXEC) < 0)
		return neg();
	return 0;
}

int server_listen(struct server *server, int fd)
{
	cleanup(listener_free) struct listener *listener = NULL;
	autoclose int owned = fd;
	int rc = server_check_listening(fd);

	if (rc >= 0)
		rc = server_set_flags(fd);
	if (rc < 0)
		return rc;
	listener = calloc(1, sizeof(*listener));
	if (!listener)
		return -ENOMEM;
	list_init(&listener->link);
	listener->fd = take_fd(&owned);
	rc = sd_event_add_io(
		server->event, &listener->source, fd, EPOLLIN, server_on_accept, server);
	if (rc < 0)
		return rc;
	list_append(&server->listeners, &listener->link);
	(void)take(listener);
	return 0;
}

/* Whether somebody listens there: 0 no (the socket is left over), -EADDRINUSE yes, or another -errno. */
static int server_probe(const struct sockaddr_un *address)
{
	autoclose int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return neg();
	if (connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0)
		return -EADDRINUSE;
	switch (errno) {
	case ECONNREFUSED:
		return 0;
	case EAGAIN:     /* his queue is full */
	case EPROTOTYPE: /* he has datagrams or packets */
		return -EADDRINUSE;
	default:
		return neg();
	}
}

/* One who was killed is listened for until the last who had his descriptors has ended as well, which is soon: a child that was
 * making a namespace. One who serves is there after all of these too. */
enum { PROBES = 50, PROBE_PAUSE_MS = 20 };

static int server_probe_patiently(const struct sockaddr_un *address)
{
	static const struct timespec pause = { .tv_nsec = PROBE_PAUSE_MS * 1000000L };
	int rc = server_probe(address);

	for (int i = 1; i < PROBES && rc == -EADDRINUSE; i++) {
		(void)nanosleep(&pause, NULL);
		rc = server_probe(address);
	}
	return rc;
}

/* Takes a left over socket out of the way. */
static int server_clear_path(const struct sockaddr_un *address)
{
	struct stat st;
	int rc;

	if (lstat(address->sun_path, &st) < 0)
		return errno == ENOENT ? 0 : neg();
	if (!S_ISSOCK(st.st_mode))
		return -EADDRINUSE;
	rc = server_probe_patiently(address);
	if (rc < 0)
		return rc;
	return unlink(address->sun_path) < 0 && errno != ENOENT ? neg() : 0;
}

/* Through a descriptor of the file itself, so that it is the same one that is looked at and changed. */
static int server_set_access(const char *path, mode_t mode, gid_t gid)
{
	autoclose int fd = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	char self[64];
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return neg();
	if (!S_ISSOCK(st.st_mode) || st.st_uid != geteuid())
		return -EADDRINUSE;
	if (gid != (gid_t)-1 && fchownat(fd, "", (uid_t)-1, gid, AT_EMPTY_PATH) < 0)
		return neg();
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
	return chmod(self, mode) < 0 ? neg() : 0;
}

/* The file is born without any permission and gets them last. It is listened on before that, so that another daemon does not
 * take it for left over. */
static int server_bind(int fd, const struct sockaddr_un *address, mode_t mode, gid_t gid)
{
	mode_t saved = umask(0777);
	int rc = bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? neg() : 0;

	(void)umask(saved);
	if (rc < 0)
		return rc;
	rc = listen(fd, SOMAXCONN) < 0 ? neg() : server_set_access(address->sun_path, mode, gid);
	if (rc < 0)
		(void)unlink(address->sun_path);
	return rc;
}

int server_listen_path(struct server *server, const char *path, mode_t mode, gid_t gid)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t n = strlen(path);
	autoclose int fd = -EBADF;
	int rc;

	if (n == 0)
		return -EINVAL;
	if (n >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, n);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return neg();
	rc = server_clear_path(&address);
	if (rc >= 0)
		rc = server_bind(fd, &address, mode, gid);
	if (rc < 0)
		return rc;
	rc = server_listen(server, take_fd(&fd));
	if (rc < 0)
		(void)unlink(path);
	return rc;
}

static int server_on_deadline(unused sd_event_source *source, unused uint64_t usec, void *userdata)
{
	server_close_connections(userdata);
	return 0;
}

unsigned server_connections_of(const struct server *server, uid_t uid)
{
	unsigned n = 0;

	list_foreach (&server->connections, struct connection, link, connection)
		n += connection->peer.uid == uid;
	return n;
}

void server_set_quota(struct server *server,
	unsigned (*connections_of)(void *userdata, const struct peer *peer), void *userdata)
{
	server->connections_of = connections_of;
	server->quota_userdata = userdata;
}

void server_set_before(struct server *server,
	int (*before)(void *userdata, const struct codec_interface *interface, size_t method,
		const void *in),
	void *userdata)
{
	server->dispatch.before = before;
	server->dispatch.before_userdata = userdata;
}

void server_drain(struct server *server, uint64_t usec)
{
	int rc;

	(void)sd_event_source_set_enabled(server->resume, SD_EVENT_OFF);
	server_close_listeners(server);
	list_foreach (&server->connections, struct connection, link, connection)
		connection_finish(connection);
	rc = server_start_timer(server->deadline, usec);
	if (rc >= 0)
		return;
	log_line(LOG_WARNING, "replies that wait are dropped: %s", strerrordesc_np(-rc));
	server_close_connections(server);
}
