/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * start - start-up goes on behind the first requests
 *
 * Who asks for one namespace is told of it at once; whoever asks for anything else, or changes something, waits until all there is is
 * known and as it should be, and so does whatever the kernel tells of. To end on the way is to end in the middle of a start: the
 * next one begins again.
 */
#include "start.h"

#include "nsnet_handlers.h"
#include "recover.h"

/* Clients that wait already come first, for so long: nobody can put the rest off any longer. */
#define FIRST_USEC 20000
/* One turn. */
#define TURN_USEC 4000U

struct start {
	sd_event *event;
	sd_event_source *turn;
	struct recovery *recovery;
	int64_t began;
	void (*on_end)(void *userdata, int r);
	void *userdata;
};

static void end(struct start *start, int r)
{
	recover_free(start->recovery);
	start->recovery = NULL;
	start->turn = sd_event_source_unref(start->turn);
	start->on_end(start->userdata, r);
}

static int on_turn(sd_event_source *source, void *userdata);

/* Behind all that is due now: each turn takes an event source of its own (see connection.c of the server). */
static int queue_turn(struct start *start)
{
	bool is_first = methods_now().monotonic.value - start->began < FIRST_USEC;
	int r = sd_event_add_defer(start->event, &start->turn, on_turn, start);

	return r < 0 || !is_first
		       ? r
		       : sd_event_source_set_priority(start->turn, SD_EVENT_PRIORITY_IDLE);
}

static int on_turn(sd_event_source *source, void *userdata)
{
	struct start *start = userdata;
	int r = recover_work(start->recovery, TURN_USEC);

	(void)source;
	start->turn = sd_event_source_unref(start->turn);
	if (r > 0)
		r = queue_turn(start);
	if (r < 0 || !start->turn)
		end(start, r);
	return 0;
}

int start_new(sd_event *event, struct nsnet_context *context, void (*on_end)(void *userdata, int r),
	void *userdata, struct start **ret)
{
	cleanup(start_free) struct start *start = calloc(1, sizeof(*start));
	int r;

	if (!start)
		abort();
	start->event = event;
	start->began = methods_now().monotonic.value;
	start->on_end = on_end;
	start->userdata = userdata;
	r = recover_begin(context, &start->recovery);
	if (r == 0)
		r = queue_turn(start);
	if (r < 0)
		return r;
	*ret = take(start);
	return 0;
}

int start_finish(struct start *start)
{
	int r = start->recovery ? recover_work(start->recovery, RECOVER_WHOLE) : 0;

	if (start->recovery)
		end(start, r);
	return r;
}

bool start_is_over(const struct start *start)
{
	return !start->recovery;
}

/* What is told of one namespace, without looking into it, stands in its record. */
static const char *name_of(enum nsnet_method method, const void *in)
{
	const struct nsnet_list_namespaces_in *list = in;
	const struct nsnet_open_namespace_in *open = in;

	if (method == NSNET_M_LIST_NAMESPACES)
		return list->inspect.value ? NULL : list->name;
	return method == NSNET_M_OPEN_NAMESPACE ? open->name : NULL;
}

int start_before_call(
	void *userdata, const struct codec_interface *interface, size_t method, const void *in)
{
	struct start *start = userdata;
	const char *name;

	if (interface != &nsnet_interface)
		return 0;
	name = name_of((enum nsnet_method)method, in);
	if (!start->recovery || (name && recover_load(start->recovery, name)))
		return 0;
	return start_finish(start);
}

void start_free(struct start *start)
{
	if (!start)
		return;
	recover_free(start->recovery);
	(void)sd_event_source_unref(start->turn);
	free(start);
}
