/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * one_name - many clients that create and delete one name at once; whether their replies tell of one serial order
 *
 *	one_name SOCKET NAME CLIENTS REQUESTS SEED alone|beside|taken
 *
 * alone: nobody else has that name. beside: somebody makes and takes away namespaces of his own under it. taken: he takes away
 * ours as well, also while they are made, which then fails whole. Nobody waits for a reply longer than a minute.
 *
 * Each client asks for one thing at a time, by chance. A request takes effect at some moment between its sending and its reply:
 * creates and deletes that succeeded must alternate, and one that was refused must find the name as the refusal says. Such an
 * order is looked for afterwards, in one pass: each request takes effect as late as it may; where it needs another one before it,
 * of those under way the one whose own reply comes first. To wait never takes an order away that was possible before, since all
 * that is under way stays so, and of requests of one kind the one with less time left can always go first.
 */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>

#include "base.h"

#define CLIENTS_MAX 512U
#define REPLY_SIZE  8192U
#define WAIT_MSEC   60000

/* What a create is answered whose name was unlinked before it was whole. */
#define TAKEN "\"errnoName\":\"ENOENT\""

enum kind { CREATE, DELETE };

struct request {
	enum kind kind;
	bool is_refused;
	bool is_done;     /* it has taken effect, in the order that is looked for */
	size_t n_replied; /* its reply is that event */
};

/* A request is sent, or replied to. */
struct event {
	uint32_t request;
	bool is_reply;
};

struct client {
	int fd;
	unsigned left;  /* to be sent */
	size_t request; /* under way */
	char reply[REPLY_SIZE];
	size_t n;
};

struct run {
	const char *name;
	unsigned n_clients;
	unsigned n_requests; /* of each */
	unsigned seed;
	bool is_alone, is_taken;
	struct client *clients;
	struct request *requests;
	size_t n_sent;
	struct event *events;
	size_t n_events;
	size_t n_done[2], n_refused[2], n_taken;
};

attribute_printf(1, 2) static void fail(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	(void)fprintf(stderr, "one_name: ");
	(void)vfprintf(stderr, format, arguments);
	(void)fprintf(stderr, "\n");
	va_end(arguments);
	exit(1);
}

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(address.sun_path))
		fail("%s: too long", path);
	memcpy(address.sun_path, path, strlen(path));
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		fail("%s: %s", path, strerror(errno));
	return fd;
}

static void note(struct run *run, size_t request, bool is_reply)
{
	run->events[run->n_events++] = (struct event){ (uint32_t)request, is_reply };
}

static void ask(struct run *run, struct client *client)
{
	static const char *const texts[] = {
		[CREATE] = "{\"method\":\"alt.nsnet.CreateNamespace\","
			   "\"parameters\":{\"name\":\"%s\",\"context\":{\"attachments\":[]}}}",
		[DELETE] =
			"{\"method\":\"alt.nsnet.DeleteNamespaces\",\"parameters\":{\"names\":[\"%s\"]}}",
	};
	enum kind kind = rand_r(&run->seed) & 0x100 ? CREATE : DELETE;
	char text[256];
	int n;

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
	n = snprintf(text, sizeof(text), texts[kind], run->name);
#pragma GCC diagnostic pop
	client->left--;
	client->request = run->n_sent++;
	run->requests[client->request] = (struct request){ .kind = kind };
	note(run, client->request, false);
	/* With the NUL. */
	if (send(client->fd, text, (size_t)n + 1, MSG_NOSIGNAL) != n + 1)
		fail("cannot send: %s", strerror(errno));
}

/* Which error says that a request found the name as it must not be. */
static void take_reply(struct run *run, struct client *client)
{
	static const char *const refusals[] = {
		[CREATE] = "\"alt.nsnet.NamespaceExists\"",
		[DELETE] = "\"alt.nsnet.NoSuchNamespace\"",
	};
	struct request *request = &run->requests[client->request];

	request->is_refused = strstr(client->reply, "\"error\"") != NULL;
	if (run->is_taken && request->kind == CREATE && strstr(client->reply, TAKEN))
		run->n_taken++;
	else if (request->is_refused && !strstr(client->reply, refusals[request->kind]))
		fail("a %s is answered by %s", request->kind == CREATE ? "create" : "delete",
			client->reply);
	if (!request->is_refused && !strstr(client->reply, "\"parameters\""))
		fail("an answer that is none: %s", client->reply);
	if (request->is_refused)
		run->n_refused[request->kind]++;
	else
		run->n_done[request->kind]++;
	request->n_replied = run->n_events;
	note(run, client->request, true);
	client->n = 0;
}

static bool receive(struct run *run, struct client *client)
{
	ssize_t n =
		recv(client->fd, client->reply + client->n, sizeof(client->reply) - client->n, 0);

	if (n <= 0)
		fail("a connection ends: %s", n < 0 ? strerror(errno) : "closed by the daemon");
	client->n += (size_t)n;
	if (client->reply[client->n - 1]) {
		if (client->n == sizeof(client->reply))
			fail("a reply without an end");
		return true;
	}
	take_reply(run, client);
	if (client->left == 0)
		return false;
	ask(run, client);
	return true;
}

static void talk(struct run *run)
{
	struct pollfd *polls = calloc(run->n_clients, sizeof(*polls));
	unsigned n_busy = run->n_clients;

	if (!polls)
		abort();
	for (unsigned i = 0; i < run->n_clients; i++) {
		polls[i] = (struct pollfd){ .fd = run->clients[i].fd, .events = POLLIN };
		ask(run, &run->clients[i]);
	}
	while (n_busy > 0) {
		int n = poll(polls, run->n_clients, WAIT_MSEC);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			fail("nobody had a reply for a minute");
		for (unsigned i = 0; i < run->n_clients; i++)
			if (polls[i].fd >= 0 && polls[i].revents &&
				!receive(run, &run->clients[i])) {
				polls[i].fd = -1;
				n_busy--;
			}
	}
	free(polls);
}

/* The order: */

struct order {
	const struct run *run;
	struct request *pending[CLIENTS_MAX];
	size_t n_pending;
	bool is_there;
};

static void remove_pending(struct order *order, const struct request *request)
{
	for (size_t i = 0; i < order->n_pending; i++)
		if (order->pending[i] == request) {
			order->pending[i] = order->pending[--order->n_pending];
			return;
		}
}

/* A refusal tells that the name was there, or was not. Where others have it too it may have been theirs. */
static bool is_refusal_true(const struct order *order, const struct request *request)
{
	return request->is_refused &&
	       (!order->run->is_alone || order->is_there == (request->kind == CREATE));
}

/* All refusals that have been waiting for this. */
static void refuse_pending(struct order *order)
{
	for (size_t i = order->n_pending; i-- > 0;)
		if (is_refusal_true(order, order->pending[i])) {
			order->pending[i]->is_done = true;
			order->pending[i] = order->pending[--order->n_pending];
		}
}

static void take_effect(struct order *order, struct request *request)
{
	request->is_done = true;
	order->is_there = request->kind == CREATE;
	remove_pending(order, request);
	refuse_pending(order);
}

static struct request *find_first(const struct order *order, enum kind kind)
{
	struct request *first = NULL;

	for (size_t i = 0; i < order->n_pending; i++) {
		struct request *request = order->pending[i];

		if (request->kind == kind && !request->is_refused &&
			(!first || request->n_replied < first->n_replied))
			first = request;
	}
	return first;
}

/* Its reply has come. */
static bool settle(struct order *order, struct request *request)
{
	/* A refused create needs it there, as a delete does that is carried out. */
	bool needs_there = (request->kind == CREATE) == request->is_refused;
	struct request *first;

	if (request->is_done)
		return true;
	if (order->is_there != needs_there) {
		first = find_first(order, needs_there ? CREATE : DELETE);
		if (!first)
			return false;
		take_effect(order, first);
	}
	if (!request->is_done && !request->is_refused)
		take_effect(order, request);
	return request->is_done;
}

static void look_for_order(const struct run *run)
{
	struct order order = { .run = run };

	for (size_t i = 0; i < run->n_events; i++) {
		struct request *request = &run->requests[run->events[i].request];

		if (run->events[i].is_reply) {
			if (!settle(&order, request))
				fail("no serial order: reply %zu, a %s that was %s, cannot be", i,
					request->kind == CREATE ? "create" : "delete",
					request->is_refused ? "refused" : "carried out");
			continue;
		}
		if (is_refusal_true(&order, request))
			request->is_done = true;
		else
			order.pending[order.n_pending++] = request;
	}
	if (order.n_pending > 0)
		fail("%zu requests have had no effect", order.n_pending);
}

static unsigned number(const char *text, unsigned most)
{
	char *end;
	unsigned long value = strtoul(text, &end, 10);

	if (*end || end == text || value < 1 || value > most)
		fail("%s: not a number from 1 to %u", text, most);
	return (unsigned)value;
}

static double now(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

int main(int argc, char **argv)
{
	struct run run = { 0 };
	size_t n;
	double begun;

	if (argc != 7)
		fail("one_name SOCKET NAME CLIENTS REQUESTS SEED alone|beside|taken");
	run.name = argv[2];
	run.n_clients = number(argv[3], CLIENTS_MAX);
	run.n_requests = number(argv[4], 1000000);
	run.seed = number(argv[5], INT32_MAX);
	run.is_alone = streq(argv[6], "alone");
	run.is_taken = streq(argv[6], "taken");
	n = (size_t)run.n_clients * run.n_requests;
	run.clients = calloc(run.n_clients, sizeof(*run.clients));
	run.requests = calloc(n, sizeof(*run.requests));
	run.events = calloc(2 * n, sizeof(*run.events));
	if (!run.clients || !run.requests || !run.events)
		abort();
	for (unsigned i = 0; i < run.n_clients; i++) {
		run.clients[i].fd = connect_to(argv[1]);
		run.clients[i].left = run.n_requests;
	}
	begun = now();
	talk(&run);
	begun = now() - begun;
	if (!run.is_taken)
		look_for_order(&run);
	(void)printf(
		"%u clients x %u requests for one name, %s, seed %s: %zu created, %zu deleted, "
		"%zu refused, %zu taken while they were made, %s; %.0f a second\n",
		run.n_clients, run.n_requests, argv[6], argv[5], run.n_done[CREATE],
		run.n_done[DELETE], run.n_refused[CREATE] + run.n_refused[DELETE] - run.n_taken,
		run.n_taken, run.is_taken ? "each answered" : "a serial order found",
		(double)n / begun);
	for (unsigned i = 0; i < run.n_clients; i++)
		(void)close_fd(run.clients[i].fd);
	free(run.clients);
	free(run.requests);
	free(run.events);
	return 0;
}
