/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor - what there is, and what happens to it, until somebody ends it
 *
 * The end is a signal, which comes where it may. A line is written when it is whole, so none is cut, and a reader who does not
 * read keeps nobody from ending it.
 */
#include <signal.h>
#include <stdio.h>
#include <time.h>

#include "monitor.h"
#include "output.h"

static void on_end(int number unused)
{
	_exit(0);
}

void monitor_catch_end(void)
{
	const struct sigaction action = { .sa_handler = on_end };

	if (sigaction(SIGINT, &action, NULL) < 0 || sigaction(SIGTERM, &action, NULL) < 0)
		abort();
}

static bool is_wanted(const struct client *client, const struct nsnet_monitor_out *event)
{
	const char *name = event->namespace ? event->namespace : event->network;

	return !name || client_wants(client, name);
}

/* "2026-01-31 12:00:00 created namespace ns1 by user 1000": the time is now where the daemon tells none. */
static void print_line(struct arena *arena, const struct nsnet_monitor_out *event)
{
	time_t seconds = event->time && event->time->realtime.is_set
				 ? event->time->realtime.value / 1000000
				 : time(NULL);
	const char *kind = codec_enum_name(&nsnet_event_kind_enum, (int)event->event);
	const char *name = event->namespace ? event->namespace : event->network;
	struct tm broken;
	char text[32];

	if (!localtime_r(&seconds, &broken) ||
		strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S", &broken) == 0)
		(void)snprintf(text, sizeof(text), "-");
	(void)printf("%s %s", text, kind);
	if (name)
		(void)printf(" %s %s", event->namespace ? "namespace" : "network",
			output_safe(arena, name));
	if (event->message)
		(void)printf(" %s", output_safe(arena, event->message));
	(void)putchar('\n');
}

static int print_event(
	struct client *client, struct arena *arena, const struct nsnet_monitor_out *event)
{
	const char *name = event->namespace ? event->namespace : event->network;
	struct options options = client->options;

	/* One line each, on a terminal too. */
	if (options.json == OPTIONS_JSON_AUTO)
		options.json = OPTIONS_JSON_SHORT;
	if (!is_wanted(client, event))
		return 0;
	if (options.is_quiet) {
		if (name)
			(void)puts(name);
	} else if (options.json != OPTIONS_JSON_OFF) {
		output_json(&options, arena, codec_encode(&nsnet_monitor_out_type, event, arena));
	} else {
		print_line(arena, event);
	}
	return output_end(&client->problem);
}

int monitor_start(struct client *client)
{
	client->call.timeout = client->options.timeout;
	return call_start(&client->call, NSNET_METHOD_MONITOR, true, NULL);
}

int monitor_next(struct client *client, struct arena *arena, struct nsnet_monitor_out *ret,
	bool *ret_continues)
{
	struct codec_reply reply;
	const char *field;
	int r = call_next(&client->call, arena, &reply);

	*ret = (struct nsnet_monitor_out){ 0 };
	if (r != 0)
		return r;
	if (reply.error && streq(reply.error, NSNET_ERROR_EVENTS_LOST)) {
		(void)fprintf(stderr, "nsnetctl: some events were lost, because they were not "
				      "read in time; what follows is how all is now\n");
		*ret_continues = false;
		return 0;
	}
	if (reply.error)
		return explain_error(&client->problem, reply.error, reply.parameters);
	if (codec_decode(&nsnet_monitor_out_type, reply.parameters, CODEC_IGNORE_UNKNOWN, arena,
		    ret, &field) < 0)
		return problem_set(&client->problem, PROBLEM_FAILED, NULL,
			"nsnetd's answer to Monitor has a wrong \"%s\"", field);
	/* From here on it is quiet for as long as nothing happens. */
	if (ret->event == NSNET_EVENT_KIND_READY)
		client->call.timeout = 0;
	*ret_continues = reply.continues;
	return 0;
}

static void done(void *arena)
{
	arena_done(arena);
}

int monitor_follow(struct client *client)
{
	/* Of one event: this goes on for days. The last one may be a problem, which is told when we are back. */
	struct arena *arena = arena_alloc(&client->arena, sizeof(*arena));
	int r = 0;

	arena_defer(&client->arena, done, arena);
	monitor_catch_end();
	while (r == 0) {
		bool continues = true;

		r = monitor_start(client);
		while (r == 0 && continues) {
			struct nsnet_monitor_out event;

			arena_done(arena);
			r = monitor_next(client, arena, &event, &continues);
			if (r == 0 && event.event != NSNET_EVENT_KIND_UNSET)
				r = print_event(client, arena, &event);
		}
	}
	return r;
}
