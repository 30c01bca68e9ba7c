/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * connection - one client: its requests in order, its replies in order, its clocks
 *
 * All that wakes a connection up leads to connection_proceed(), which does a bounded amount of each: flush, read, serve, flush.
 * Then connection_watch() says from the state alone what may wake it up next:
 *
 *   input     is read unless it is over, whole frames still lie here, or more output waits than the limit (a client that
 *             does not read what it asked for is not served further: the kernel's buffer fills, and it waits)
 *   output    is watched while some waits
 *   again     is there while whole frames lie here that could be served
 *
 * While a call is open (subscription.h) no further request is served: one read of them lies here at most. What such a call is
 * told comes from elsewhere, so each reply asks for another turn. Its client may be away for as long as he likes: no clock runs
 * until its last reply has gone out; what waits for him is bounded.
 *
 * It is over when input is over, no call is open, and all is served and sent. Input is over at the end of the stream (the
 * client may have closed only its half: it still gets its replies), at an error, and at a frame that is no request. Replies that
 * a client cannot read any more are dropped, and the requests that it sent are carried out all the same.
 *
 * Three clocks: waiting output that does not move, an unfinished request, and idleness while there is neither. While the
 * connection itself does not read, the client cannot be blamed for an unfinished request. The timer is moved forward only
 * when it fires, so that a busy connection does not set it at every request.
 */
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "connection.h"
#include "log.h"

/* Bounds of one turn: the first one that is met ends it, and what takes longer than all of it is a turn of its own. What comes
 * in at once is bounded by one read. */
#define TURN_USEC   2000U
#define TURN_FRAMES 16U
#define TURN_BYTES  (64U * 1024U)

#define NEVER UINT64_MAX

static uint64_t connection_now(void)
{
	struct timespec now;

	(void)clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000U + (uint64_t)now.tv_nsec / 1000U;
}

static void connection_tell(const struct connection *connection, const char *what)
{
	log_about(LOG_DEBUG, &(struct log_fields){ .uid = connection->peer.uid },
		"connection closed: %s", what);
}

static bool connection_is_clogged(const struct connection *connection)
{
	return connection->out.pending > connection->limits->unread;
}

/* Whether no further request is served for now. */
static bool connection_is_held(const struct connection *connection)
{
	return connection->subscription.is_open || connection_is_clogged(connection);
}

/* What lies here unserved stays so. */
static void connection_end_input(struct connection *connection)
{
	connection->is_input_over = true;
	connection->may_hold_frames = false;
}

static void connection_flush(struct connection *connection)
{
	size_t sent = 0;
	int r;

	if (connection->out.pending == 0)
		return;
	r = wire_out_flush(&connection->out, connection->fd, &sent);
	if (r < 0) {
		/* Nobody reads: what waits is dropped, and so will be what comes. */
		wire_out_done(&connection->out);
		wire_out_init(&connection->out);
		subscription_done(&connection->subscription);
	}
	/* Somebody does, and must not wait for what never comes. */
	if (r < 0 && r != -EPIPE && r != -ECONNRESET) {
		connection_tell(connection, strerrordesc_np(-r));
		connection_end_input(connection);
	}
	if (sent > 0)
		connection->stall_since = connection->idle_since = connection_now();
}

static void connection_read(struct connection *connection)
{
	ssize_t n;

	if (connection->is_input_over || connection->may_hold_frames ||
		connection_is_clogged(connection))
		return;
	n = wire_in_read(&connection->in, connection->fd);
	if (n == -EAGAIN || n == -EINTR)
		return;
	/* Whole frames that came before an end or an error are served all the same. */
	connection->may_hold_frames = true;
	if (n <= 0)
		connection->is_input_over = true;
	if (n < 0 && n != -ECONNRESET)
		connection_tell(connection, strerrordesc_np((int)-n));
}

/* The kernel hands descriptors out with the first byte of their frame, and perhaps with frames before it, so they are nobody's
 * only where no frame is left that they could be of. */
static void connection_drop_fds(struct connection *connection)
{
	if (wire_in_is_partial(&connection->in))
		return;
	while (connection->in.n_fds > 0)
		(void)close_fd(wire_in_take_fd(&connection->in));
}

static void connection_serve(struct connection *connection)
{
	uint64_t end = connection_now() + TURN_USEC;
	struct dispatch_client client = { .peer = &connection->peer,
		.out = &connection->out,
		.subscription = &connection->subscription,
		.in = &connection->in };
	size_t bytes = 0, length;
	char *text;

	for (unsigned frames = 0; frames < TURN_FRAMES && bytes < TURN_BYTES; frames++) {
		if (!connection->may_hold_frames || connection_is_held(connection) ||
			(frames > 0 && connection_now() >= end))
			return;
		if (!wire_in_next(&connection->in, &text, &length)) {
			connection->may_hold_frames = false;
			connection_drop_fds(connection);
			return;
		}
		bytes += length;
		connection->request_since = NEVER;
		client.is_followed = wire_in_has_next(&connection->in);
		if (dispatch_frame(connection->dispatch, &client, text, length) < 0) {
			connection_tell(connection, "a frame is no request");
			connection_end_input(connection);
			return;
		}
		connection->idle_since = connection_now();
	}
}

/* What was told at once is as much as there is; the limit is on what comes to it, and holds as soon as that has gone out. */
static void connection_limit(struct connection *connection)
{
	size_t most = connection->out.pending + connection->limits->unread;

	if (connection->subscription.most > most)
		connection->subscription.most = most;
}

static uint64_t connection_after(uint64_t since, uint64_t usec)
{
	return usec < NEVER - since ? since + usec : NEVER;
}

/* A clock that should run does, from now on if it stood still; one that should not stands still. Returns when it is over. */
static uint64_t connection_run_clock(uint64_t *since, bool should_run, uint64_t limit)
{
	if (!should_run)
		*since = NEVER;
	else if (*since == NEVER)
		*since = connection_now();
	return connection_after(*since, limit);
}

/* When the first of the clocks that run is over. */
static uint64_t connection_deadline(struct connection *connection)
{
	const struct server_limits *limits = connection->limits;
	bool is_waiting = connection->out.pending > 0;
	bool is_patient =
		connection->subscription.is_open || (connection->is_patient && is_waiting);
	bool is_stalled = is_waiting && !is_patient;
	/* Where whole frames may lie here, as they do where it is clogged, nothing is read. */
	bool is_begun = !connection->is_input_over && !connection->may_hold_frames &&
			wire_in_is_partial(&connection->in);
	uint64_t stall =
		connection_run_clock(&connection->stall_since, is_stalled, limits->stall_usec);
	uint64_t request =
		connection_run_clock(&connection->request_since, is_begun, limits->request_usec);

	connection->is_patient = is_patient;
	if (!is_stalled && !is_begun)
		return is_patient ? NEVER
				  : connection_after(connection->idle_since, limits->idle_usec);
	return stall < request ? stall : request;
}

static int connection_arm(struct connection *connection, uint64_t deadline)
{
	int rc;

	if (connection->armed_usec <= deadline)
		return 0;
	rc = sd_event_source_set_time(connection->timer, deadline);
	if (rc >= 0)
		rc = sd_event_source_set_enabled(connection->timer, SD_EVENT_ONESHOT);
	if (rc >= 0)
		connection->armed_usec = deadline;
	return rc;
}

static int connection_on_again(sd_event_source *source, void *userdata);

/* Another turn, behind all that is due now. Each turn takes an event source of its own: one that is only enabled anew stands,
 * to sd-event, where it first stood, and goes before everything that came due later. */
static int connection_queue(struct connection *connection)
{
	if (connection->again)
		return 0;
	return sd_event_add_defer(sd_event_source_get_event(connection->io), &connection->again,
		connection_on_again, connection);
}

static int connection_watch(struct connection *connection)
{
	bool is_clogged = connection_is_clogged(connection);
	bool may_serve = connection->may_hold_frames && !connection_is_held(connection);
	uint32_t events = 0;
	int rc;

	if (!connection->is_input_over && !connection->may_hold_frames && !is_clogged)
		events |= EPOLLIN;
	if (connection->out.pending > 0)
		events |= EPOLLOUT;
	rc = sd_event_source_set_io_events(connection->io, events);
	if (rc >= 0 && may_serve)
		rc = connection_queue(connection);
	if (rc >= 0)
		rc = connection_arm(connection, connection_deadline(connection));
	return rc;
}

/* Whether the connection lives on; if not it has been freed. */
static bool connection_proceed(struct connection *connection, bool may_read)
{
	int rc;

	connection_flush(connection);
	if (may_read)
		connection_read(connection);
	connection_serve(connection);
	connection_flush(connection);
	connection_limit(connection);
	if (connection->is_input_over && !connection->may_hold_frames &&
		!connection->subscription.is_open && connection->out.pending == 0) {
		connection_free(connection);
		return false;
	}
	rc = connection_watch(connection);
	if (rc < 0) {
		log_about(LOG_ERR, &(struct log_fields){ .uid = connection->peer.uid },
			"cannot watch a connection: %s", strerrordesc_np(-rc));
		connection_free(connection);
		return false;
	}
	return true;
}

static int connection_on_io(
	unused sd_event_source *source, unused int fd, uint32_t events, void *userdata)
{
	struct connection *connection = userdata;

	/* Nobody hears what the open call is told. The requests behind it are carried out all the same. */
	if (events & (EPOLLHUP | EPOLLERR))
		subscription_done(&connection->subscription);
	(void)connection_proceed(connection, events & (EPOLLIN | EPOLLHUP | EPOLLERR));
	return 0;
}

static int connection_on_again(unused sd_event_source *source, void *userdata)
{
	struct connection *connection = userdata;

	connection->again = sd_event_source_disable_unref(connection->again);
	(void)connection_proceed(connection, true);
	return 0;
}

/* What has come in the meantime is looked at first: the daemon may have been busy elsewhere, and that is nobody's fault here. */
static int connection_on_timer(unused sd_event_source *source, unused uint64_t usec, void *userdata)
{
	struct connection *connection = userdata;

	connection->armed_usec = NEVER;
	if (!connection_proceed(connection, true) ||
		connection_deadline(connection) > connection_now())
		return 0;
	connection_tell(connection, "it took too long");
	connection_free(connection);
	return 0;
}

/* An open call was told something. Whoever told it walks over others as well, so nothing is sent before the next turn. */
static void connection_on_output(void *userdata)
{
	if (connection_queue(userdata) < 0)
		abort(); /* memory is out */
}

static int connection_start(struct connection *connection, sd_event *event)
{
	int rc = sd_event_add_io(
		event, &connection->io, connection->fd, EPOLLIN, connection_on_io, connection);

	if (rc >= 0)
		rc = sd_event_add_time(event, &connection->timer, CLOCK_MONOTONIC, NEVER, 0,
			connection_on_timer, connection);
	if (rc >= 0)
		rc = connection_watch(connection);
	return rc < 0 ? rc : 0;
}

int connection_new(sd_event *event, const struct dispatch *dispatch,
	const struct server_limits *limits, int fd, struct peer *peer, struct list *ring)
{
	cleanup(connection_free) struct connection *connection = malloc(sizeof(*connection));
	int rc;

	if (!connection) {
		(void)close_fd(fd);
		peer_done(peer);
		return -ENOMEM;
	}
	*connection = (struct connection){
		.dispatch = dispatch,
		.limits = limits,
		.peer = *peer,
		.fd = fd,
		.armed_usec = NEVER,
		.request_since = NEVER,
		.stall_since = NEVER,
		.idle_since = connection_now(),
	};
	*peer = (struct peer){ .uid = (uid_t)-1, .gid = (gid_t)-1 };
	list_init(&connection->link);
	wire_in_init(&connection->in, TEXT_MESSAGE_MAX, WIRE_FDS_MAX);
	wire_out_init(&connection->out);
	subscription_init(&connection->subscription, connection_on_output, connection);
	rc = connection_start(connection, event);
	if (rc < 0)
		return rc;
	list_append(ring, &connection->link);
	(void)take(connection);
	return 0;
}

void connection_free(struct connection *connection)
{
	list_remove(&connection->link);
	subscription_done(&connection->subscription);
	(void)sd_event_source_disable_unref(connection->io);
	(void)sd_event_source_disable_unref(connection->again);
	(void)sd_event_source_disable_unref(connection->timer);
	wire_in_done(&connection->in);
	wire_out_done(&connection->out);
	(void)close_fd(connection->fd);
	peer_done(&connection->peer);
	free(connection);
}

/* The end itself comes from the event loop, because whoever calls this may walk over all connections, or be a handler. */
void connection_finish(struct connection *connection)
{
	connection_end_input(connection);
	subscription_done(&connection->subscription);
	if (connection_queue(connection) < 0)
		abort(); /* memory is out */
}
