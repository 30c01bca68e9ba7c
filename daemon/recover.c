/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recover - start-up: the records against the kernel, and the difference carried out
 */
#include "recover.h"

#include <netinet/in.h>
#include <stdio.h>
#include <syslog.h>

#include "host.h"
#include "log.h"
#include "recovery.h"
#include "repair.h"

static const struct text_limits limits_record = {
	.size = 1024U * 1024U,
	.values = 4U * TEXT_VALUES_MAX,
	.depth = TEXT_DEPTH_MAX,
};

int recover_apply(struct recovery *recovery, const struct plan *plan, const char *name)
{
	struct kernel_error error = { 0 };
	int r = kernel_apply(recovery->kernel, plan, &error);

	if (r > 0)
		log_line(LOG_ERR, "%s: cannot be mended: %s: %s%s%s", name,
			step_print(error.step, &recovery->arena), strerror(error.error),
			*error.message ? ": " : "", error.message);
	return r;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp((*(const struct snapshot_link *const *)a)->name,
		(*(const struct snapshot_link *const *)b)->name);
}

static int compare_aliases(const void *a, const void *b)
{
	return strcmp((*(const struct snapshot_link *const *)a)->alias,
		(*(const struct snapshot_link *const *)b)->alias);
}

/* Thousands are looked for among thousands. */
static void sort_links(struct recovery *recovery)
{
	const struct snapshot *snapshot = &recovery->snapshot;
	size_t n = snapshot->n_links, size = sizeof(*recovery->by_name);

	recovery->by_name = arena_array(&recovery->arena, n, size);
	recovery->by_alias = arena_array(&recovery->arena, n, size);
	for (size_t i = 0; i < n; i++)
		recovery->by_name[i] = recovery->by_alias[i] = &snapshot->links[i];
	if (n == 0)
		return;
	qsort(recovery->by_name, n, size, compare_names);
	qsort(recovery->by_alias, n, size, compare_aliases);
}

const struct snapshot_link *recover_find_link(const struct recovery *recovery, const char *name)
{
	struct snapshot_link key = { .alias = "" };
	const struct snapshot_link *wanted = &key, **found = NULL;

	if (strlen(name) >= sizeof(key.name))
		return NULL;
	memcpy(key.name, name, strlen(name) + 1);
	if (recovery->snapshot.n_links > 0)
		found = bsearch(&wanted, recovery->by_name, recovery->snapshot.n_links,
			sizeof(*found), compare_names);
	return found ? *found : NULL;
}

/* The place of the first one with that alias, or a greater one. */
static size_t place_of_alias(const struct recovery *recovery, const char *alias)
{
	size_t from = 0, to = recovery->snapshot.n_links;

	while (from < to) {
		size_t middle = from + (to - from) / 2;

		if (strcmp(recovery->by_alias[middle]->alias, alias) < 0)
			from = middle + 1;
		else
			to = middle;
	}
	return from;
}

const struct snapshot_link *recover_find_alias(const struct recovery *recovery, const char *alias)
{
	size_t i = place_of_alias(recovery, alias);

	return i < recovery->snapshot.n_links && streq(recovery->by_alias[i]->alias, alias)
		       ? recovery->by_alias[i]
		       : NULL;
}

void recover_adopt_ends(const struct recovery *recovery, const char *netns)
{
	char beginning[sizeof("nsnetd:/") + NAME_SIZE];

	(void)snprintf(beginning, sizeof(beginning), "nsnetd:%s/", netns);
	for (size_t i = place_of_alias(recovery, beginning); i < recovery->snapshot.n_links; i++) {
		const struct snapshot_link *link = recovery->by_alias[i];

		if (!after(link->alias, beginning))
			return;
		if (link->is_end)
			kernel_adopt_end(recovery->kernel, netns, link->index);
	}
}

bool recover_has_port(const struct recovery *recovery, const struct step *step)
{
	const int protocol = step->port.protocol == NSNET_PROTOCOL_UDP ? IPPROTO_UDP : IPPROTO_TCP;

	for (size_t i = 0; i < recovery->snapshot.n_ports; i++) {
		const struct snapshot_port *port = &recovery->snapshot.ports[i];

		if (port->host_port == step->port.host_port && port->protocol == protocol &&
			port->namespace_port == step->port.namespace_port &&
			address_is_equal(&port->target, &step->port.target) &&
			address_is_equal(&port->host, &step->port.host))
			return true;
	}
	return false;
}

bool recover_link_number(const char *name, const char *prefix, unsigned *ret)
{
	const char *digits = after(name, prefix);
	size_t n = digits ? strspn(digits, "0123456789") : 0;

	if (n == 0 || n > 9 || digits[n])
		return false;
	*ret = (unsigned)strtoul(digits, NULL, 10);
	return true;
}

bool recover_read(struct recovery *recovery, const struct snapshot_record *record,
	const struct codec_struct *type, void *ret, bool is_silent)
{
	const struct codec_value *value;
	const char *field = "";

	/* The log has said so. */
	recovery->why = "it cannot be read";
	if (!record->text)
		return false;
	if (codec_parse(&recovery->arena, record->text, record->n, &limits_record, &value) == 0 &&
		codec_decode(type, value, CODEC_IGNORE_UNKNOWN, &recovery->arena, ret, &field) == 0)
		return true;
	recovery->why = arena_printf(
		&recovery->arena, "it is not readable%s%s", *field ? ", at " : "", field);
	if (!is_silent)
		log_line(LOG_ERR, "record of \"%s\" is not readable%s%s: left as it is",
			record->name, *field ? ", at " : "", field);
	return false;
}

/* Whoever looks at the record must find all that it may have been about. */
void recover_leave(
	struct recovery *recovery, enum record_kind kind, const char *name, const char *why)
{
	left_add(&recovery->context->left,
		&(struct left_item){ kind, LEFT_RECORD, LEFT_NOBODY, name, why });
	recovery->left[kind].names[recovery->left[kind].n++] = name;
}

bool recover_is_left(const struct recovery *recovery, enum record_kind kind, const char *name)
{
	for (size_t i = 0; i < recovery->left[kind].n; i++)
		if (streq(recovery->left[kind].names[i], name))
			return true;
	return false;
}

static void start_link_numbers(struct recovery *recovery)
{
	for (size_t i = 0; i < recovery->snapshot.n_links; i++) {
		unsigned number;

		if (recover_link_number(recovery->snapshot.links[i].name, "nsv", &number) &&
			number >= recovery->registry->next_link)
			recovery->registry->next_link = number + 1;
	}
}

static void make_room(struct recovery *recovery)
{
	const struct snapshot *snapshot = &recovery->snapshot;

	recovery->left[RECORD_NAMESPACE].names =
		arena_array(&recovery->arena, snapshot->n_namespaces, sizeof(const char *));
	recovery->left[RECORD_NETWORK].names =
		arena_array(&recovery->arena, snapshot->n_networks, sizeof(const char *));
	recovery->is_loaded = arena_array(&recovery->arena, snapshot->n_namespaces, sizeof(bool));
	recovery->is_network_loaded =
		arena_array(&recovery->arena, snapshot->n_networks, sizeof(bool));
}

/* Stages. */

static int compare_records(const void *a, const void *b)
{
	return strcmp(((const struct snapshot_record *)a)->name,
		((const struct snapshot_record *)b)->name);
}

const struct snapshot_record *recover_find_record(
	const struct snapshot_record *records, size_t n, const char *name)
{
	const struct snapshot_record key = { .name = name };

	return n > 0 ? bsearch(&key, records, n, sizeof(key), compare_records) : NULL;
}

static void sort_records(struct snapshot_record *records, size_t n)
{
	if (n > 0)
		qsort(records, n, sizeof(*records), compare_records);
}

/* What one object takes of memory goes with it. */
static struct arena begin_scratch(struct recovery *recovery)
{
	struct arena kept = recovery->arena;

	recovery->arena = (struct arena)ARENA_INIT;
	return kept;
}

static void end_scratch(struct recovery *recovery, struct arena kept)
{
	arena_done(&recovery->arena);
	recovery->arena = kept;
}

/* Who can be told of without anything being decided about him is. */
static void begin_networks(struct recovery *recovery)
{
	const struct snapshot *snapshot = &recovery->snapshot;

	for (size_t i = 0; i < snapshot->n_networks; i++)
		recovery->is_network_loaded[i] =
			takeover_load_network(recovery, &snapshot->networks[i], true);
}

static int do_links(struct recovery *recovery)
{
	struct snapshot *snapshot = &recovery->snapshot;
	int r = kernel_snapshot_links(recovery->kernel, &recovery->arena, snapshot);

	if (r < 0)
		return r;
	start_link_numbers(recovery);
	orphans_remove_half_made(recovery);
	sort_links(recovery);
	recovery->has_links = true;
	if (snapshot->n_networks > 0 || snapshot->n_network_wishes > 0)
		r = host_begin(recovery->kernel);
	if (r < 0)
		return r;
	for (size_t i = 0; i < snapshot->n_networks; i++) {
		const struct snapshot_record *record = &snapshot->networks[i];

		if (recovery->is_network_loaded[i] ||
			takeover_load_network(recovery, record, false))
			takeover_mend_network(recovery, record);
	}
	repair_networks(recovery->registry, recovery->kernel);
	revive_networks(recovery);
	return 0;
}

static int load(struct recovery *recovery, size_t i, bool is_careful)
{
	struct snapshot_record *record = &recovery->snapshot.namespaces[i];
	int r = kernel_read_record(recovery->kernel, RECORD_NAMESPACE, &recovery->arena, record);
	struct arena kept;

	if (r < 0)
		return r;
	kept = begin_scratch(recovery);
	r = takeover_load_namespace(recovery, record, is_careful);
	end_scratch(recovery, kept);
	recovery->is_loaded[i] = r > 0;
	return r;
}

static void mend(struct recovery *recovery, size_t i)
{
	struct arena kept = begin_scratch(recovery);

	takeover_mend_namespace(recovery, &recovery->snapshot.namespaces[i]);
	end_scratch(recovery, kept);
}

static int do_end(struct recovery *recovery)
{
	struct registry *registry = recovery->registry;
	struct network **networks = registry_networks(registry, &recovery->arena);
	int r = 0;

	kernel_forget_firewall(recovery->kernel);
	for (size_t i = 0; r == 0 && i < registry->n_networks; i++)
		r = takeover_match_hosts(recovery, networks[i]);
	if (r < 0)
		return r;
	revive_namespaces(recovery);
	orphans_remove(recovery);
	resume_networks(recovery);
	resume_namespaces(recovery);
	return recovery->left[RECORD_NETWORK].n > 0 ? host_join(registry, recovery->kernel)
						    : host_resume(registry, recovery->kernel);
}

static int do_one(struct recovery *recovery)
{
	size_t i = recovery->next++, n = recovery->snapshot.n_namespaces;
	int r = 0;

	switch (recovery->stage) {
	case RECOVERY_LINKS:
		r = do_links(recovery);
		break;
	case RECOVERY_LOAD:
		if (i < n)
			return recovery->is_loaded[i] ? 0 : load(recovery, i, false);
		kernel_know_firewall(recovery->kernel);
		break;
	case RECOVERY_MEND:
		if (i < n) {
			if (recovery->is_loaded[i])
				mend(recovery, i);
			return 0;
		}
		break;
	case RECOVERY_END:
		r = do_end(recovery);
		break;
	case RECOVERY_DONE:
		return 0;
	}
	recovery->next = 0;
	recovery->stage++;
	return r;
}

int recover_work(struct recovery *recovery, uint64_t usec)
{
	int64_t end = methods_now().monotonic.value + (int64_t)usec;
	int r = 0;

	do
		r = recovery->stage == RECOVERY_DONE ? 0 : do_one(recovery);
	while (r >= 0 && recovery->stage != RECOVERY_DONE &&
		(usec == RECOVER_WHOLE || methods_now().monotonic.value < end));
	return r < 0 ? r : recovery->stage != RECOVERY_DONE;
}

bool recover_load(struct recovery *recovery, const char *name)
{
	const struct snapshot *snapshot = &recovery->snapshot;
	const struct snapshot_record *record =
		recover_find_record(snapshot->namespaces, snapshot->n_namespaces, name);
	size_t i = record ? (size_t)(record - snapshot->namespaces) : 0;

	/* What it was being changed to comes at the end. */
	if (!record || recover_find_record(
			       snapshot->namespace_changes, snapshot->n_namespace_changes, name))
		return false;
	return recovery->is_loaded[i] || load(recovery, i, true) > 0;
}

int recover_begin(struct nsnet_context *context, struct recovery **ret)
{
	cleanup(recover_free) struct recovery *recovery = calloc(1, sizeof(*recovery));
	struct snapshot *snapshot;
	int r;

	if (!recovery)
		abort();
	*recovery = (struct recovery){
		.context = context,
		.registry = context->registry,
		.kernel = context->kernel,
		.paths = context->paths,
		.has_names = context->has_names,
	};
	snapshot = &recovery->snapshot;
	r = kernel_snapshot(recovery->kernel, &recovery->arena, snapshot);
	if (r < 0)
		return r;
	sort_records(snapshot->networks, snapshot->n_networks);
	sort_records(snapshot->namespaces, snapshot->n_namespaces);
	sort_records(snapshot->namespace_changes, snapshot->n_namespace_changes);
	sort_records(snapshot->network_wishes, snapshot->n_network_wishes);
	sort_records(snapshot->namespace_wishes, snapshot->n_namespace_wishes);
	make_room(recovery);
	begin_networks(recovery);
	*ret = take(recovery);
	return 0;
}

void recover_free(struct recovery *recovery)
{
	if (!recovery)
		return;
	kernel_forget_firewall(recovery->kernel);
	arena_done(&recovery->arena);
	free(recovery);
}

int recover_all(struct nsnet_context *context)
{
	cleanup(recover_free) struct recovery *recovery = NULL;
	int r = recover_begin(context, &recovery);

	return r < 0 ? r : recover_work(recovery, RECOVER_WHOLE);
}
