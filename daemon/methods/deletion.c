/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * deletion - namespaces deleted, many in turns of a few milliseconds, and waited for
 *
 * All names are checked, and programs inside looked for, before one namespace is taken. Then they go some at a time, and
 * between them others are served; whoever deletes one of them meanwhile, or makes another one of its name, has his will. It goes
 * on to the end where the client has gone.
 *
 * A namespace is deleted when its name is free. That it is gone to the last link the kernel floor tells later on
 * (kernel_departures()): until then its addresses rest, and who asked for that waits.
 */
#include "deletion.h"

#include <syslog.h>

#include "difference.h"
#include "log.h"
#include "monitor.h"
#include "steps.h"

#define BUSY_TOLD 16U
/* One turn: one that goes, as a rule. To take a name away is to wait for the kernel's grace, which is a tenth of a millisecond on
 * an idle machine and many on a busy one, and others are to wait for no more than that. */
#define TURN_USEC 200
/* So many go together where connections are to be ended: all there are have to be looked at for that. */
#define TOGETHER_MAX 8U
/* Nobody waits longer than that; and at the daemon's end. */
#define WAIT_USEC      30000000
#define LAST_WAIT_USEC 1500000

/* Those that go in one go. */
struct batch {
	const struct deed *deed;
	struct ns **items;
	size_t n;
	int64_t *departures; /* of those that are gone, if not NULL */
	bool is_gone;        /* it cannot be taken back any more */
};

/* One who is meant: there may be another of his name by then. */
struct doomed {
	const char *name;
	int64_t inode, cookie;
};

struct deletion {
	struct list link; /* nsnet_context.deletions */
	struct nsnet_context *context;
	struct call *call; /* kept, or its handler's */
	struct arena arena;
	struct doomed *doomed;
	size_t n, next;
	size_t together; /* so many in one go */
	bool waits;
	int64_t *departures; /* of those that are deleted, if it waits */
	size_t n_departures, n_gone;
	int64_t until;
	int error; /* -errno, or 1: fault */
	struct fault fault;
};

static int64_t now_usec(void)
{
	return methods_now().monotonic.value;
}

/* What is checked before anything is done. */

static int find_all(struct batch *batch, const struct string_list *names, struct fault *reterr)
{
	const struct deed *deed = batch->deed;

	if (names->n == 0)
		return fault_set(
			reterr, &(struct fault){ .type = FAULT_PARAMETER, .field = "names" });
	batch->items = arena_array(deed->arena, names->n, sizeof(struct ns *));
	for (size_t i = 0; i < names->n; i++) {
		const char *name = names->items[i];
		struct ns *ns = methods_find_namespace(deed->context, &deed->caller, name);

		if (!ns)
			return fault_set(reterr,
				&(struct fault){ .type = FAULT_NO_NAMESPACE, .name = name });
		if (!methods_may(deed->context, &deed->caller, MAY_DELETE_NAMESPACE, ns))
			return fault_set(reterr, &(struct fault){ .type = FAULT_PERMISSION });
		for (size_t j = 0; j < i; j++)
			if (batch->items[j] == ns)
				return fault_set(reterr, &(struct fault){ .type = FAULT_PARAMETER,
								 .field = arena_printf(deed->arena,
									 "names[%zu]", i) });
		batch->items[batch->n++] = ns;
	}
	return 0;
}

/* Those that somebody may be in: for the others nobody need be looked for. */
static struct batch find_entered(const struct batch *batch)
{
	const struct deed *deed = batch->deed;
	struct batch entered = { .deed = deed,
		.items = arena_array(deed->arena, batch->n, sizeof(struct ns *)) };

	for (size_t i = 0; i < batch->n; i++)
		if (kernel_may_be_entered(deed->context->kernel, batch->items[i]->name))
			entered.items[entered.n++] = batch->items[i];
	return entered;
}

/* Programs inside are told of, or ended where that is asked for. */
static int clear_all(const struct batch *batch, bool kill, struct fault *reterr)
{
	const struct batch entered = find_entered(batch);
	struct kernel *kernel = batch->deed->context->kernel;
	struct arena *arena = batch->deed->arena;
	const char **names = arena_array(arena, entered.n, sizeof(*names));
	struct nsnet_process_id_list *processes = arena_array(arena, entered.n, sizeof(*processes));
	int r;

	for (size_t i = 0; i < entered.n; i++)
		names[i] = entered.items[i]->name;
	r = kernel_processes(kernel, names, entered.n, arena, processes);
	for (size_t i = 0; r == 0 && i < entered.n; i++) {
		if (processes[i].n == 0)
			continue;
		if (kill && !batch->deed->rehearsal)
			r = kernel_kill(kernel, names[i]);
		if (r == 0 && kill)
			continue;
		if (r < 0 && r != -EBUSY)
			return r;
		if (processes[i].n > BUSY_TOLD)
			processes[i].n = BUSY_TOLD;
		return fault_set(reterr, &(struct fault){ .type = FAULT_NAMESPACE_BUSY,
						 .name = entered.items[i]->name,
						 .processes = &processes[i] });
	}
	return r;
}

/* Deleting. */

void deletion_forget(struct nsnet_context *context, struct ns *ns)
{
	uid_t uid = ns->uid;

	if (context->on_gone)
		context->on_gone(context->userdata, ns->name);
	registry_depart(context->registry, ns);
	registry_remove_namespace(context->registry, ns);
	namespace_free(ns);
	registry_forget_user(context->registry, uid);
	pool_poke(context);
}

static void forget_all(struct batch *batch)
{
	const struct deed *deed = batch->deed;

	batch->is_gone = true;
	for (size_t i = 0; i < batch->n; i++) {
		struct ns *ns = batch->items[i];

		log_about(LOG_INFO,
			&(struct log_fields){ .namespace_name = ns->name, .uid = deed->caller.uid },
			"namespace \"%s\" deleted", ns->name);
		methods_tell(deed, &(struct monitor_event){
					   NSNET_EVENT_KIND_DELETED, .ns = ns, .by = deed->peer });
		if (batch->departures)
			batch->departures[i] = ns->departure;
		deletion_forget(deed->context, ns);
	}
}

static int delete_all(struct batch *batch, struct fault *reterr)
{
	const struct namespace_presence nameless = { .is_held = true };
	const struct deed *deed = batch->deed;
	struct plan first = PLAN_INIT(deed->arena), plan = PLAN_INIT(deed->arena);
	int r;

	for (size_t i = 0; i < batch->n; i++) {
		difference_give_up_namespace(batch->items[i], &first);
		difference_give_links(batch->items[i], &first);
	}
	/* Last of what can be taken back: who has no name is gone, also to a start that finds his record. */
	for (size_t i = 0; i < batch->n; i++)
		difference_unpin_namespace(batch->items[i], &first);
	r = methods_carry_out(deed, &first, reterr, NULL);
	if (r != 0)
		return r;
	for (size_t i = 0; i < batch->n; i++)
		difference_remove_namespace(batch->items[i], &nameless, &plan);
	/* What cannot be taken away is told of, and the rest is gone. */
	r = methods_carry_out(deed, &plan, reterr, NULL);
	if (r >= 0 && !deed->rehearsal)
		forget_all(batch);
	return r;
}

int deletion_run(
	const struct deed *deed, const struct string_list *names, bool kill, struct fault *reterr)
{
	struct batch batch = { .deed = deed };
	int r = find_all(&batch, names, reterr);

	if (r == 0)
		r = clear_all(&batch, kill, reterr);
	return r == 0 ? delete_all(&batch, reterr) : r;
}

/* Many, in turns. */

/* The next ones that are still meant. */
static void gather(struct deletion *deletion, struct batch *ret)
{
	const struct registry *registry = deletion->context->registry;

	ret->items = arena_array(ret->deed->arena, deletion->together, sizeof(struct ns *));
	while (deletion->next < deletion->n && ret->n < deletion->together) {
		const struct doomed *doomed = &deletion->doomed[deletion->next++];
		struct ns *ns = registry_find_namespace(registry, doomed->name);

		if (ns && ns->told.runtime.inode == doomed->inode &&
			ns->told.runtime.cookie == doomed->cookie)
			ret->items[ret->n++] = ns;
	}
}

/* What is at fault is told later. */
static void keep_fault(struct deletion *deletion, const struct fault *fault)
{
	const char **texts[] = { &deletion->fault.field, &deletion->fault.name,
		&deletion->fault.text, &deletion->fault.interface };

	deletion->fault = *fault;
	for (size_t i = 0; i < lengthof(texts); i++)
		if (*texts[i])
			*texts[i] = arena_strdup(&deletion->arena, *texts[i]);
}

static void go_on(struct deletion *deletion)
{
	autoarena struct arena arena = ARENA_INIT;
	const struct deed deed = {
		.context = deletion->context,
		.peer = call_peer(deletion->call),
		.caller = methods_caller(deletion->context, deletion->call),
		.arena = &arena,
	};
	struct batch batch = { .deed = &deed };
	struct fault fault = { 0 };
	int r;

	gather(deletion, &batch);
	if (deletion->waits)
		batch.departures = deletion->departures + deletion->n_departures;
	r = delete_all(&batch, &fault);
	if (batch.is_gone && deletion->waits)
		deletion->n_departures += batch.n;
	if (r != 0 && deletion->error == 0) {
		deletion->error = r;
		keep_fault(deletion, &fault);
	}
	/* What cannot go stays, and all behind it. */
	if (r != 0 && !batch.is_gone)
		deletion->next = deletion->n;
}

/* Until all is done, or the turn is over: whether there is more. */
static bool work(struct deletion *deletion, int64_t until)
{
	while (deletion->next < deletion->n) {
		go_on(deletion);
		if (now_usec() >= until)
			break;
	}
	return deletion->next < deletion->n;
}

/* Whether any that it waits for is still there. */
static bool is_waiting(struct deletion *deletion)
{
	void *const *all = &deletion->context->registry->departures;

	while (deletion->n_gone < deletion->n_departures &&
		!departure_find(all, deletion->departures[deletion->n_gone]))
		deletion->n_gone++;
	return deletion->n_gone < deletion->n_departures;
}

static void deletion_free(struct deletion *deletion)
{
	list_remove(&deletion->link);
	arena_done(&deletion->arena);
	free(deletion);
}
define_cleanup(struct deletion *, deletion_free);

static int answer(const struct deletion *deletion)
{
	if (deletion->error != 0)
		return methods_fail_deed(deletion->call, deletion->error, &deletion->fault);
	return nsnet_reply_delete_namespaces(
		deletion->call, &(struct nsnet_delete_namespaces_out){ 0 });
}

/* One whose handler has long come back. */
static void finish(struct deletion *deletion)
{
	struct call *call = deletion->call;

	/* There is nobody else to tell the caller of it. */
	if (deletion->error < 0)
		deletion->fault = (struct fault){ .type = FAULT_KERNEL,
			.text = "delete",
			.name = strerrorname_np(-deletion->error) };
	if (deletion->error < 0)
		deletion->error = 1;
	(void)answer(deletion);
	deletion_free(deletion);
	call_free(call);
}

/* All that was to be done is done: answers, or begins to wait. */
static void settle(struct deletion *deletion)
{
	struct nsnet_context *context = deletion->context;

	if (deletion->error == 0 && is_waiting(deletion)) {
		deletion->until = now_usec() + WAIT_USEC;
		context->on_waiting(context->userdata, WAIT_USEC);
	} else {
		finish(deletion);
	}
}

bool deletions_work(struct nsnet_context *context)
{
	bool has_more = false;

	list_foreach (&context->deletions, struct deletion, link, deletion) {
		if (deletion->next == deletion->n)
			continue;
		if (work(deletion, now_usec() + TURN_USEC))
			has_more = true;
		else
			settle(deletion);
	}
	return has_more;
}

/* What let nothing pass by a port goes after it. */
static void forget_guards(const struct departure *departure, struct plan *plan)
{
	list_foreach (&departure->ports, struct departed, link, departed)
		if (departed->is_guarded)
			steps_add(plan, steps_guard_of(STEP_GUARD_DELETE, departed));
}

static void end_all(struct nsnet_context *context, const int64_t *numbers, size_t n)
{
	autoarena struct arena arena = ARENA_INIT;
	void **all = &context->registry->departures;
	struct plan plan = PLAN_INIT(&arena);
	struct kernel_error error;

	plan.is_forward = true;
	for (size_t i = 0; i < n; i++) {
		const struct departure *departure = departure_find(all, numbers[i]);

		if (departure)
			forget_guards(departure, &plan);
	}
	if (kernel_apply(context->kernel, &plan, &error) > 0)
		log_line(LOG_ERR, "cannot take away what guarded a port: %s: %s",
			step_print(error.step, &arena), strerror(error.error));
	for (size_t i = 0; i < n; i++) {
		struct departure *departure = departure_find(all, numbers[i]);

		if (departure)
			departure_end(all, departure);
	}
}

void deletions_follow(struct nsnet_context *context)
{
	autoarena struct arena arena = ARENA_INIT;
	int64_t *numbers;
	size_t n = kernel_read_departures(context->kernel, &arena, &numbers);

	end_all(context, numbers, n);
	list_foreach (&context->deletions, struct deletion, link, deletion)
		if (deletion->next == deletion->n && !is_waiting(deletion))
			finish(deletion);
}

/* Those who have waited until then, and the time until the next one has; 0: nobody waits any more. */
static int64_t expire(struct nsnet_context *context, int64_t now)
{
	int64_t next = 0;

	list_foreach (&context->deletions, struct deletion, link, deletion) {
		if (deletion->next < deletion->n)
			continue;
		if (deletion->until > now) {
			if (next == 0 || deletion->until - now < next)
				next = deletion->until - now;
			continue;
		}
		deletion->error = 1;
		deletion->fault = (struct fault){ .type = FAULT_KERNEL,
			.text = "wait until the links of deleted namespaces are gone",
			.name = strerrorname_np(ETIMEDOUT) };
		finish(deletion);
	}
	return next;
}

void deletions_expire(struct nsnet_context *context)
{
	int64_t next = expire(context, now_usec());

	if (next > 0)
		context->on_waiting(context->userdata, (uint64_t)next);
}

void deletions_finish(struct nsnet_context *context)
{
	int64_t until = now_usec() + LAST_WAIT_USEC;

	list_foreach (&context->deletions, struct deletion, link, deletion)
		if (deletion->next < deletion->n) {
			(void)work(deletion, INT64_MAX);
			settle(deletion);
		}
	while (!list_is_empty(&context->deletions) && now_usec() < until &&
		kernel_wait_departures(context->kernel, until - now_usec()))
		deletions_follow(context);
	(void)expire(context, INT64_MAX);
}

/* The request. */

static struct deletion *deletion_new(
	struct nsnet_context *context, struct call *call, const struct batch *batch, bool waits)
{
	struct deletion *deletion = calloc(1, sizeof(*deletion));

	if (!deletion)
		abort();
	*deletion = (struct deletion){
		.context = context, .call = call, .n = batch->n, .together = 1, .waits = waits
	};
	list_init(&deletion->link);
	deletion->doomed = arena_array(&deletion->arena, batch->n, sizeof(*deletion->doomed));
	deletion->departures =
		arena_array(&deletion->arena, batch->n, sizeof(*deletion->departures));
	for (size_t i = 0; i < batch->n; i++) {
		const struct ns *ns = batch->items[i];

		if (ns->n_ports > 0 && deletion->together < TOGETHER_MAX)
			deletion->together = TOGETHER_MAX;
		/* Where more may fail than the kernel's letting go, it is all or none. */
		if (ns->told.context.persistent.value || ns->links.n > 0)
			deletion->together = batch->n;
		deletion->doomed[i] = (struct doomed){ arena_strdup(&deletion->arena, ns->name),
			ns->told.runtime.inode, ns->told.runtime.cookie };
	}
	return deletion;
}

/* What does not take long needs no further turn. 1: it goes on by itself. */
static int begin(struct deletion *deletion)
{
	struct nsnet_context *context = deletion->context;
	bool has_more = work(deletion, now_usec() + TURN_USEC);
	struct call *kept;

	if (!has_more && (deletion->error != 0 || !is_waiting(deletion)))
		return 0;
	kept = call_keep(deletion->call);
	if (!kept) {
		(void)work(deletion, INT64_MAX);
		return 0;
	}
	deletion->call = kept;
	list_append(&context->deletions, &deletion->link);
	if (has_more)
		context->on_work(context->userdata);
	else
		settle(deletion);
	return 1;
}

int nsnet_on_delete_namespaces(struct nsnet_context *context, struct call *call,
	const struct nsnet_delete_namespaces_in *in)
{
	cleanup(deletion_free) struct deletion *deletion = NULL;
	const struct deed deed = methods_deed(context, call);
	struct batch batch = { .deed = &deed };
	struct fault fault;
	int r = find_all(&batch, &in->names, &fault);

	if (r == 0)
		r = clear_all(&batch, in->kill.value, &fault);
	if (r != 0)
		return methods_fail_deed(call, r, &fault);
	deletion = deletion_new(context, call, &batch, in->wait.value);
	if (begin(deletion) > 0) {
		(void)take(deletion);
		return 0;
	}
	return answer(deletion);
}
