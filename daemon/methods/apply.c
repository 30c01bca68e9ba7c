/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * apply - many objects brought to what is given, all or nothing, in turns of a few milliseconds
 *
 * What is given becomes a row of operations (operation.h), each of which is what a method of its own would do. They are done
 * one by one, and between them others are served. Where one cannot be done, or the client goes, those before it are taken back,
 * latest first. What is deleted comes last, since it does not come back as it was.
 *
 * A rehearsal is the same without the kernel: what there would be is put in the registry, so that the next operation finds it,
 * and taken out again before anybody else looks.
 */
#include "apply.h"

#include <time.h>

#include "operation.h"

/* One turn. A namespace takes about two milliseconds. */
#define TURN_USEC 4000
/* So many namespaces are deleted in one go. */
#define DELETE_MAX 8U

struct apply {
	struct list link;
	struct nsnet_context *context;
	struct call *call; /* kept, or its handler's */
	struct arena arena;
	struct operation *operations;
	size_t n, next;
	bool is_back; /* what was done is being taken back: next counts down */
	struct nsnet_change_list changes;
	int error;          /* -errno, or 1: fault */
	struct fault fault; /* in fault_arena */
	struct arena fault_arena;
};

static int64_t now_usec(void)
{
	return methods_now().monotonic.value;
}

/* Whether the next operation makes a namespace as well. */
static bool is_followed(const struct apply *apply)
{
	const struct operation *next = &apply->operations[apply->next + 1];

	return apply->next + 1 < apply->n && next->action == NSNET_ACTION_CREATE &&
	       !next->is_network;
}

static struct deed deed_of(const struct apply *apply, struct arena *arena)
{
	return (struct deed){
		.context = apply->context,
		.peer = call_peer(apply->call),
		.caller = methods_caller(apply->context, apply->call),
		.arena = arena,
		.skips_equal = true,
		.is_followed = !apply->is_back && is_followed(apply),
	};
}

static void apply_free(struct apply *apply)
{
	arena_done(&apply->fault_arena);
	arena_done(&apply->arena);
	free(apply);
}

/* The field's path as whoever wrote the topology knows it. */
static void name_field(struct apply *apply, const struct operation *operation)
{
	const char *field;

	if (apply->fault.type != FAULT_PARAMETER)
		return;
	field = after(apply->fault.field, "context");
	apply->fault.field = arena_printf(&apply->fault_arena, "%s.%s%s",
		operation->is_network ? "networks" : "namespaces", operation->name,
		field ? field : "");
}

/* What is at fault may be taken back before it is told: its names are kept. */
static void keep_fault(struct apply *apply)
{
	const char **texts[] = { &apply->fault.field, &apply->fault.name, &apply->fault.text,
		&apply->fault.interface };

	for (size_t i = 0; i < lengthof(texts); i++)
		if (*texts[i])
			*texts[i] = arena_strdup(&apply->fault_arena, *texts[i]);
}

static void keep_changes(struct apply *apply, const struct nsnet_change_list *changes)
{
	struct nsnet_change_list *all = &apply->changes;

	for (size_t i = 0; i < changes->n; i++) {
		all->items = arena_grow(&apply->arena, all->items, all->n, sizeof(*all->items));
		all->items[all->n++] = changes->items[i];
	}
}

static void turn_back(struct apply *apply)
{
	apply->is_back = true;
	apply->changes.n = 0;
}

static void go_forward(struct apply *apply)
{
	struct operation *operation = &apply->operations[apply->next];
	struct arena arena = ARENA_INIT;
	const struct deed deed = deed_of(apply, &arena);
	struct nsnet_change_list changes;

	apply->error = operation_run(operation, &deed, &apply->arena, &changes, &apply->fault);
	if (apply->error != 0) {
		apply->fault_arena = arena;
		if (apply->error > 0) {
			keep_fault(apply);
			name_field(apply, operation);
		}
		turn_back(apply);
		return;
	}
	apply->next++;
	if (changes.n > 0 && call_wants_more(apply->call) && call_is_heard(apply->call))
		(void)nsnet_reply_more_apply(
			apply->call, &(struct nsnet_apply_out){ .changes = changes });
	else
		keep_changes(apply, &changes);
	arena_done(&arena);
}

static void go_back(struct apply *apply)
{
	autoarena struct arena arena = ARENA_INIT;
	const struct deed deed = deed_of(apply, &arena);

	operation_take_back(&apply->operations[--apply->next], &deed);
}

/* One operation. Whether there is another one. */
static bool step(struct apply *apply)
{
	if (!apply->is_back && !call_is_heard(apply->call)) {
		apply->error = -ECANCELED;
		turn_back(apply);
	}
	if (apply->is_back ? apply->next == 0 : apply->next == apply->n)
		return false;
	if (apply->is_back)
		go_back(apply);
	else
		go_forward(apply);
	return true;
}

/* Until all is done, or the turn is over. */
static bool work(struct apply *apply, int64_t until)
{
	while (step(apply))
		if (now_usec() >= until)
			return true;
	return false;
}

static int answer(struct apply *apply)
{
	static const struct nsnet_change nothing[1];

	if (apply->error != 0)
		return methods_fail_deed(apply->call, apply->error, &apply->fault);
	if (!apply->changes.items)
		apply->changes.items = (struct nsnet_change *)nothing;
	return nsnet_reply_apply(
		apply->call, &(struct nsnet_apply_out){ .changes = apply->changes });
}

/* One whose handler has long come back. */
static void finish(struct apply *apply)
{
	struct call *call = apply->call;

	/* There is nobody else to tell the caller of it. */
	if (apply->error < 0)
		apply->fault = (struct fault){ .type = FAULT_KERNEL,
			.text = "apply",
			.name = strerrorname_np(-apply->error) };
	if (apply->error < 0)
		apply->error = 1;
	(void)answer(apply);
	list_remove(&apply->link);
	apply_free(apply);
	call_free(call);
}

bool applies_work(struct nsnet_context *context)
{
	list_foreach (&context->applies, struct apply, link, apply)
		if (!work(apply, now_usec() + TURN_USEC))
			finish(apply);
	return !list_is_empty(&context->applies);
}

void applies_finish(struct nsnet_context *context)
{
	list_foreach (&context->applies, struct apply, link, apply) {
		(void)work(apply, INT64_MAX);
		finish(apply);
	}
}

/* What there is to do. */

static void add(struct apply *apply, const struct operation *operation)
{
	apply->operations[apply->n++] = *operation;
}

static void add_wishes(struct apply *apply, const struct nsnet_apply_in *in)
{
	const struct policy_caller caller = methods_caller(apply->context, apply->call);
	const struct nsnet_context *context = apply->context;

	for (size_t i = 0; i < in->networks.n; i++) {
		const char *name = in->networks.items[i].key;
		bool is_there = methods_find_network(context, &caller, name);

		add(apply, &(struct operation){
				   .action = is_there ? NSNET_ACTION_UPDATE : NSNET_ACTION_CREATE,
				   .is_network = true,
				   .name = name,
				   .wish = &in->networks.items[i].value });
	}
	for (size_t i = 0; i < in->namespaces.n; i++) {
		const char *name = in->namespaces.items[i].key;
		bool is_there = methods_find_namespace(context, &caller, name);

		add(apply, &(struct operation){
				   .action = is_there ? NSNET_ACTION_UPDATE : NSNET_ACTION_CREATE,
				   .name = name,
				   .wish = &in->namespaces.items[i].value });
	}
}

static bool names_namespace(const struct nsnet_apply_in *in, const char *name)
{
	for (size_t i = 0; i < in->namespaces.n; i++)
		if (streq(in->namespaces.items[i].key, name))
			return true;
	return false;
}

static bool names_network(const struct nsnet_apply_in *in, const char *name)
{
	for (size_t i = 0; i < in->networks.n; i++)
		if (streq(in->networks.items[i].key, name))
			return true;
	return false;
}

static void add_pruned_namespaces(struct apply *apply, const struct nsnet_apply_in *in, uid_t uid)
{
	const struct registry *registry = apply->context->registry;
	size_t n_all, n = 0;
	struct ns **all = registry_namespaces_of(registry, uid, &apply->arena, &n_all);
	const char **names = arena_array(&apply->arena, n_all, sizeof(*names));

	for (size_t i = 0; i < n_all; i++)
		if (!names_namespace(in, all[i]->name))
			names[n++] = arena_strdup(&apply->arena, all[i]->name);
	for (size_t i = 0; i < n; i += DELETE_MAX)
		add(apply, &(struct operation){ .action = NSNET_ACTION_DELETE,
				   .name = names[i],
				   .names = { names + i, n - i < DELETE_MAX ? n - i : DELETE_MAX },
				   .kills = in->kill.value });
}

/* Whether a namespace will be on that network when all is done that is asked for. */
static bool stays_on(const struct ns *ns, const struct network *network,
	const struct nsnet_apply_in *in, uid_t uid)
{
	const struct nsnet_attachment_list *wished = NULL;

	if (ns->uid != uid)
		return true;
	for (size_t i = 0; i < in->namespaces.n && !wished; i++)
		if (streq(in->namespaces.items[i].key, ns->name))
			wished = &in->namespaces.items[i].value.attachments;
	/* Not named: it goes. Without a word on attachments: it stays on what it is on. */
	if (!wished || !wished->items)
		return wished;
	for (size_t i = 0; i < wished->n; i++)
		if (streq(wished->items[i].network, network->name))
			return true;
	return false;
}

static bool is_pruned_network(
	const struct network *network, const struct nsnet_apply_in *in, uid_t uid)
{
	if (network->uid != uid || names_network(in, network->name))
		return false;
	list_foreach (&network->attachments, struct attachment, link, attachment)
		if (stays_on(attachment->ns, network, in, uid))
			return false;
	return true;
}

static void add_pruned_networks(struct apply *apply, const struct nsnet_apply_in *in, uid_t uid)
{
	const struct registry *registry = apply->context->registry;
	struct network **all = registry_networks(registry, &apply->arena);
	const char **names = arena_array(&apply->arena, registry->n_networks, sizeof(*names));
	size_t n = 0;

	for (size_t i = 0; i < registry->n_networks; i++)
		if (is_pruned_network(all[i], in, uid))
			names[n++] = arena_strdup(&apply->arena, all[i]->name);
	if (n > 0)
		add(apply, &(struct operation){ .action = NSNET_ACTION_DELETE,
				   .is_network = true,
				   .name = names[0],
				   .names = { names, n } });
}

static struct apply *apply_new(
	struct nsnet_context *context, struct call *call, const struct nsnet_apply_in *in)
{
	struct apply *apply = calloc(1, sizeof(*apply));
	uid_t uid = call_peer(call)->uid;

	if (!apply)
		abort();
	*apply = (struct apply){ .context = context, .call = call };
	list_init(&apply->link);
	apply->operations = arena_array(&apply->arena,
		in->networks.n + in->namespaces.n + context->registry->n_namespaces + 1,
		sizeof(*apply->operations));
	add_wishes(apply, in);
	if (in->prune.value) {
		add_pruned_namespaces(apply, in, uid);
		add_pruned_networks(apply, in, uid);
	}
	return apply;
}

/* Rehearsals. */

static void rehearse(struct apply *apply, bool is_told)
{
	struct arena *arena = &apply->arena;
	struct string_list steps;
	struct deed deed = deed_of(apply, arena);

	deed.rehearsal = &steps;
	for (; apply->error == 0 && apply->next < apply->n; apply->next += apply->error == 0) {
		struct operation *operation = &apply->operations[apply->next];
		struct nsnet_change_list changes;

		steps = (struct string_list){ 0 };
		apply->error = operation_run(operation, &deed, arena, &changes, &apply->fault);
		if (apply->error > 0) {
			keep_fault(apply);
			name_field(apply, operation);
		}
		if (apply->error == 0 && is_told)
			keep_changes(apply, &changes);
	}
	for (size_t i = apply->next; i-- > 0;) {
		steps = (struct string_list){ 0 };
		operation_take_back(&apply->operations[i], &deed);
		apply->operations[i].is_done = apply->operations[i].made_default = false;
	}
}

/* Whether all that is to be deleted can be, before anything is done. */
static void try_deletions(struct apply *apply)
{
	struct string_list steps = { 0 };
	struct deed deed = deed_of(apply, &apply->fault_arena);
	struct nsnet_change_list changes;

	deed.rehearsal = &steps;
	for (size_t i = 0; apply->error == 0 && i < apply->n; i++) {
		if (apply->operations[i].action != NSNET_ACTION_DELETE)
			continue;
		apply->error = operation_run(
			&apply->operations[i], &deed, &apply->fault_arena, &changes, &apply->fault);
		apply->operations[i].is_done = false;
	}
	if (apply->error != 0)
		return;
	arena_done(&apply->fault_arena);
	apply->fault_arena = (struct arena)ARENA_INIT;
}

/* What does not take long needs no further turn. */
static int begin(struct apply *apply)
{
	struct nsnet_context *context = apply->context;
	struct call *kept;

	try_deletions(apply);
	if (apply->error != 0 || !work(apply, now_usec() + TURN_USEC))
		return 0;
	kept = call_keep(apply->call);
	if (!kept) {
		(void)work(apply, INT64_MAX);
		return 0;
	}
	apply->call = kept;
	list_append(&context->applies, &apply->link);
	context->on_work(context->userdata);
	return 1;
}

int nsnet_on_apply(
	struct nsnet_context *context, struct call *call, const struct nsnet_apply_in *in)
{
	struct apply *apply = apply_new(context, call, in);
	int r = 0;

	if (in->dry_run.value)
		rehearse(apply, true);
	else if (begin(apply) > 0)
		return 0;
	r = answer(apply);
	apply_free(apply);
	return r;
}
