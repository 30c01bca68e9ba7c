/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * watch - the traffic of namespaces, again and again: list --watch
 *
 * Which namespaces there are is heard of as it happens (Monitor), and what went through their links is counted by the kernel, for
 * everybody to see: however often and by however many it is looked at, the daemon has nothing to do.
 */
#include "watch.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <time.h>

#include "inside.h"
#include "monitor.h"
#include "output.h"
#include "table.h"
#include "traffic.h"

enum { SECOND = 1000000, SHORTEST = SECOND / 10 };

/* Lines of a terminal that are no rows: a title, headings, how many rows are left out, and where the cursor is. */
enum { NO_ROWS = 4 };

/* As much as is written at once, so that a terminal does not flicker. */
enum { BUFFER = 256 * 1024 };

#define CLEAR "\033[H\033[J"

/* One that is there. */
struct watched {
	struct arena arena;
	const char *name;
	struct nsnet_attachment_list attachments;
	struct string_list host_interfaces;
	int64_t inode;
};

struct watch {
	struct client *client;
	struct watched **items; /* sorted by name */
	size_t n, allocated;
	struct arena arenas[2]; /* of "before", and of all else of one look */
	struct traffic before;
	bool is_ready;
};

/* What goes through one attachment, per second, as its namespace sees it. */
struct rate {
	const char *namespace, *network, *interface;
	struct maybe_int received_bits, received_packets, sent_bits, sent_packets;
	struct maybe_int processes;
};

struct rates {
	struct rate *items;
	size_t n;
};

/* Who is there: */

/* Of one that is there, or where it would be. */
static size_t place_of(const struct watch *watch, const char *name)
{
	size_t from = 0, to = watch->n;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (strcmp(watch->items[middle]->name, name) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

static void watched_free(struct watched *watched)
{
	arena_done(&watched->arena);
	free(watched);
}

static void take_out(struct watch *watch, const char *name)
{
	size_t i = place_of(watch, name);

	if (i >= watch->n || !streq(watch->items[i]->name, name))
		return;
	watched_free(watch->items[i]);
	watch->n--;
	memmove(&watch->items[i], &watch->items[i + 1], (watch->n - i) * sizeof(struct watched *));
}

static void put_in(struct watch *watch, const struct nsnet_monitor_out *event)
{
	struct watched *watched = calloc(1, sizeof(*watched));
	struct nsnet_namespace_context context;
	struct nsnet_namespace_runtime runtime;
	size_t i;

	if (!watched)
		abort();
	watched->name = arena_strdup(&watched->arena, event->namespace);
	codec_copy(
		&nsnet_namespace_context_type, event->namespace_context, &context, &watched->arena);
	codec_copy(
		&nsnet_namespace_runtime_type, event->namespace_runtime, &runtime, &watched->arena);
	watched->attachments = context.attachments;
	watched->host_interfaces = runtime.host_interfaces;
	watched->inode = runtime.inode;
	take_out(watch, watched->name);
	if (watch->n == watch->allocated) {
		watch->allocated = watch->allocated ? 2 * watch->allocated : 16;
		watch->items =
			reallocarray(watch->items, watch->allocated, sizeof(struct watched *));
		if (!watch->items)
			abort();
	}
	i = place_of(watch, watched->name);
	memmove(&watch->items[i + 1], &watch->items[i], (watch->n - i) * sizeof(struct watched *));
	watch->items[i] = watched;
	watch->n++;
}

static void clear(struct watch *watch)
{
	for (size_t i = 0; i < watch->n; i++)
		watched_free(watch->items[i]);
	watch->n = 0;
	watch->is_ready = false;
}

static void hear(struct watch *watch, const struct nsnet_monitor_out *event)
{
	if (event->event == NSNET_EVENT_KIND_READY)
		watch->is_ready = true;
	if (!event->namespace || !client_wants(watch->client, event->namespace))
		return;
	if (event->event == NSNET_EVENT_KIND_DELETED)
		take_out(watch, event->namespace);
	else if (event->namespace_context && event->namespace_runtime)
		put_in(watch, event);
}

/* What goes through: */

static struct maybe_int per_second(uint64_t before, uint64_t now, int64_t usec, unsigned factor)
{
	/* A link that was made anew counts anew. */
	uint64_t n = now < before ? 0 : now - before;

	return SOME_INT((int64_t)((double)n * factor * SECOND / (double)usec));
}

static void measure(
	const struct watch *watch, const struct traffic *now, const char *link, struct rate *ret)
{
	/* One that was not there has counted since. */
	static const struct traffic_link none = { .name = "" };
	const struct traffic_link *a = traffic_find(&watch->before, link);
	const struct traffic_link *b = traffic_find(now, link);
	int64_t usec = now->time - watch->before.time;

	if (!b || usec <= 0)
		return;
	if (!a)
		a = &none;
	ret->received_bits = per_second(a->sent_bytes, b->sent_bytes, usec, 8);
	ret->received_packets = per_second(a->sent_packets, b->sent_packets, usec, 1);
	ret->sent_bits = per_second(a->received_bytes, b->received_bytes, usec, 8);
	ret->sent_packets = per_second(a->received_packets, b->received_packets, usec, 1);
}

static int compare_rates(const void *a, const void *b)
{
	const struct rate *x = a, *y = b;
	int64_t busy_x = x->received_bits.value + x->sent_bits.value;
	int64_t busy_y = y->received_bits.value + y->sent_bits.value;
	int order = strcmp(x->namespace, y->namespace);

	if (busy_x != busy_y)
		return busy_x < busy_y ? 1 : -1;
	return order != 0 ? order : strcmp(x->interface, y->interface);
}

/* The busiest first. */
static struct rates rates_of(
	const struct watch *watch, const struct traffic *now, struct arena *arena)
{
	struct inside inside = inside_look(arena);
	struct rates rates = { 0 };
	size_t most = 0;

	for (size_t i = 0; i < watch->n; i++)
		most += watch->items[i]->attachments.n + 1;
	rates.items = arena_array(arena, most, sizeof(*rates.items));
	for (size_t i = 0; i < watch->n; i++) {
		const struct watched *watched = watch->items[i];
		struct rate rate = { .namespace = watched->name, .interface = "" };

		if (inside.is_known)
			rate.processes = SOME_INT((int64_t)inside_count(&inside, watched->inode));
		if (watched->attachments.n == 0)
			rates.items[rates.n++] = rate;
		for (size_t j = 0; j < watched->attachments.n; j++) {
			const struct nsnet_attachment *attachment = &watched->attachments.items[j];
			struct rate *its = &rates.items[rates.n++];

			*its = rate;
			its->network = attachment->network;
			if (attachment->interface_name)
				its->interface = attachment->interface_name;
			if (j < watched->host_interfaces.n)
				measure(watch, now, watched->host_interfaces.items[j], its);
		}
	}
	if (rates.n > 0)
		qsort(rates.items, rates.n, sizeof(*rates.items), compare_rates);
	return rates;
}

/* Output: */

static const char *bits_text(struct arena *arena, struct maybe_int bits)
{
	return bits.is_set ? output_rate(arena, bits.value) : NULL;
}

static const char *number_text(struct arena *arena, struct maybe_int number)
{
	return number.is_set ? arena_printf(arena, "%lld", (long long)number.value) : NULL;
}

/* How many rows there is place for: all but on a terminal. */
static size_t rows_max(const struct client *client)
{
	struct winsize size = { 0 };

	if (!client->options.is_terminal)
		return SIZE_MAX;
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0)
		size.ws_row = 24;
	return size.ws_row > NO_ROWS ? size.ws_row - NO_ROWS : 1;
}

static void print_title(struct watch *watch, const struct rates *rates, struct arena *arena)
{
	const struct options *options = &watch->client->options;
	int64_t received = 0, sent = 0;
	time_t seconds = time(NULL);
	struct tm broken;
	char text[32];

	for (size_t i = 0; i < rates->n; i++) {
		received += rates->items[i].received_bits.value;
		sent += rates->items[i].sent_bits.value;
	}
	if (!localtime_r(&seconds, &broken) ||
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &broken) == 0)
		(void)snprintf(text, sizeof(text), "-");
	if (options->is_terminal)
		(void)fputs(CLEAR, stdout);
	output_title(options, arena,
		arena_printf(arena, "%s  %zu namespace%s, receiving %s, sending %s", text, watch->n,
			watch->n == 1 ? "" : "s", output_rate(arena, received),
			output_rate(arena, sent)));
}

static int print_table(struct watch *watch, const struct rates *rates, struct arena *arena)
{
	static const char *const columns[] = { "NAME", "NETWORK", "RECEIVING", "PACKETS/S",
		"SENDING", "PACKETS/S", "PROCESSES" };
	struct client *client = watch->client;
	struct options options = client->options;
	size_t most = rows_max(client);
	struct problem problem = client->problem;
	struct table *table;

	options.width = options.is_terminal ? output_width() : 0;
	/* What it takes is of this look. */
	problem.arena = arena;
	table = table_new(&options, columns, lengthof(columns), &problem);
	if (!table)
		return problem_set(
			&client->problem, problem.exit, problem.mend, "%s", problem.what);
	print_title(watch, rates, arena);
	for (size_t i = 0; i < rates->n && i < most; i++) {
		const struct rate *rate = &rates->items[i];

		table_row(table, (const char *const[]){ rate->namespace, rate->network,
					 bits_text(arena, rate->received_bits),
					 number_text(arena, rate->received_packets),
					 bits_text(arena, rate->sent_bits),
					 number_text(arena, rate->sent_packets),
					 number_text(arena, rate->processes) });
	}
	table_end(table);
	if (rates->n > most)
		(void)printf("... and %zu that have less to do\n", rates->n - most);
	else if (!options.is_terminal)
		(void)putchar('\n');
	return 0;
}

#define FIELD(text, member) \
	{ \
		.name = (text), .offset = offsetof(struct rate, member), .kind = CODEC_STRING \
	}
#define NUMBER(text, member) \
	{ \
		.name = (text), .offset = offsetof(struct rate, member), .kind = CODEC_INT, \
		.is_optional = true \
	}

static void print_json(struct watch *watch, struct rates *rates, struct arena *arena)
{
	static const struct codec_field fields[] = {
		FIELD("namespace", namespace),
		{ .name = "network",
			.offset = offsetof(struct rate, network),
			.kind = CODEC_STRING,
			.is_optional = true },
		FIELD("interfaceName", interface),
		NUMBER("receivedBits", received_bits),
		NUMBER("receivedPackets", received_packets),
		NUMBER("sentBits", sent_bits),
		NUMBER("sentPackets", sent_packets),
		NUMBER("processes", processes),
	};
	static const struct codec_struct rate = { "Rate", sizeof(struct rate), fields,
		lengthof(fields) };
	const struct codec_field list = {
		.name = "perSecond", .kind = CODEC_STRUCT, .shape = CODEC_LIST, .structure = &rate
	};
	const struct codec_struct all = { "Rates", sizeof(*rates), &list, 1 };
	struct options options = watch->client->options;

	/* One line each, on a terminal too. */
	if (options.json == OPTIONS_JSON_AUTO)
		options.json = OPTIONS_JSON_SHORT;
	output_json(&options, arena, codec_encode(&all, rates, arena));
}

/* One look, and what has gone through since the one before. */
static int look(struct watch *watch)
{
	struct arena *arena = &watch->arenas[1];
	struct traffic now = traffic_look(arena);
	struct rates rates = rates_of(watch, &now, arena);
	int r = 0;

	if (watch->client->options.json != OPTIONS_JSON_OFF)
		print_json(watch, &rates, arena);
	else
		r = print_table(watch, &rates, arena);
	if (r == 0)
		r = output_end(&watch->client->problem);
	/* What was seen now is what was before. */
	arena_done(&watch->arenas[0]);
	watch->arenas[0] = *arena;
	*arena = (struct arena)ARENA_INIT;
	watch->before = now;
	return r;
}

/* Hears of what happens, and looks when it is time. *ret_continues as of monitor_next(). */
static int go_on(struct watch *watch, struct arena *arena, bool *ret_continues)
{
	struct call *call = &watch->client->call;
	struct nsnet_monitor_out event;
	int r;

	arena_done(arena);
	call->until = watch->is_ready ? watch->before.time + watch->client->watch : 0;
	r = monitor_next(watch->client, arena, &event, ret_continues);
	if (r == CALL_LATER)
		return look(watch);
	if (r == 0)
		hear(watch, &event);
	return r;
}

int watch_list(struct client *client)
{
	struct watch watch = { .client = client };
	autoarena struct arena arena = ARENA_INIT;
	int r = 0;

	if (client->options.is_quiet)
		return problem_usage(&client->problem, "--watch with --quiet shows nothing");
	monitor_catch_end();
	if (setvbuf(stdout, NULL, _IOFBF, BUFFER) != 0)
		abort();
	watch.before = traffic_look(&watch.arenas[0]);
	while (r == 0) {
		bool continues = true;

		client->call.until = 0;
		r = monitor_start(client);
		while (r == 0 && continues)
			r = go_on(&watch, &arena, &continues);
		clear(&watch);
	}
	free(watch.items);
	for (size_t i = 0; i < lengthof(watch.arenas); i++)
		arena_done(&watch.arenas[i]);
	return r;
}

int watch_parse(void *target, const char *value, struct problem *problem)
{
	int64_t *usec = target;
	int r;

	*usec = SECOND;
	r = value ? options_seconds(usec, value, problem) : 0;
	if (r == 0 && *usec < SHORTEST)
		return problem_usage(problem, "--watch: \"%s\" is too short a time", value);
	return r;
}
