/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pool - namespaces made ahead: whole but for a name, so that the next one that is asked for is there already
 */
#include "pool.h"

#include <stdio.h>
#include <syslog.h>
#include <time.h>

#include "difference.h"
#include "log.h"
#include "methods.h"

#define DEMANDS_MAX  256U
#define TARGET_FIRST 2U
#define INTERFACE    "eth0" /* what the first attachment's is called where nothing else is wished */
#define RELIEF_TRIES 10
#define RELIEF_PAUSE (10 * 1000 * 1000) /* nanoseconds */

void pool_done(struct pool *pool)
{
	for (size_t i = 0; i < pool->n; i++)
		namespace_free(pool->spares[i]);
	free(pool->spares);
	free(pool->demands);
	free(pool->labels);
	*pool = (struct pool){ 0 };
}

void pool_poke(struct nsnet_context *context)
{
	const struct pool *pool = &context->spares;

	if (pool->n > 0 || pool->n_demands > 0 || pool->n_labels > 0)
		context->on_pool(context->userdata);
}

/* A list with room for one more. */
static void *with_room(void *items, size_t n, size_t size)
{
	if (n > 0 && (n & (n - 1)) != 0)
		return items;
	items = reallocarray(items, n > 0 ? 2 * n : 1, size);
	if (!items)
		abort();
	return items;
}

static bool is_same_owner(const struct namespace_owner *a, const struct namespace_owner *b)
{
	return a->uid == b->uid && a->ownership == b->ownership &&
	       (a->ownership == NSNET_OWNERSHIP_HOST || a->gid == b->gid);
}

static struct namespace_owner owner_of(const struct ns *ns)
{
	const struct nsnet_namespace_runtime *runtime = &ns->told.runtime;

	return (struct namespace_owner){
		.uid = ns->uid,
		.gid = runtime->gid.is_set ? (gid_t)runtime->gid.value : (gid_t)-1,
		.ownership = runtime->ownership,
	};
}

/* Dropping. */

/* Takes a spare out of the pool, and hands it over. */
static struct ns *take_out(struct pool *pool, size_t i)
{
	struct ns *spare = pool->spares[i];

	memmove(pool->spares + i, pool->spares + i + 1, (--pool->n - i) * sizeof(struct ns *));
	return spare;
}

static void drop(struct nsnet_context *context, size_t i, bool is_whole)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);
	struct ns *spare = take_out(&context->spares, i);
	struct kernel_error error = { 0 };
	int r = 1;

	difference_remove_spare(spare, is_whole, &plan);
	/* A link that somebody took away has no address any more. */
	plan.is_again = true;
	/* Nobody would ask for it again, as for what has a name: what failed for a moment only is to be gone as well. */
	for (int tries = 0; r > 0 && tries < 2; tries++)
		r = kernel_apply(context->kernel, &plan, &error);
	if (r > 0)
		log_line(LOG_WARNING, "cannot take away what was made ahead: %s: %s",
			step_print(error.step, &arena), strerror(error.error));
	registry_depart(context->registry, spare);
	namespace_free(spare);
}

void pool_drop(struct nsnet_context *context, const struct network *network)
{
	struct pool *pool = &context->spares;

	for (size_t i = pool->n; i-- > 0;)
		if (!network || pool->spares[i]->attachments[0].network == network)
			drop(context, i, false);
	pool_poke(context);
}

void pool_forget(struct nsnet_context *context, const struct network *network)
{
	struct pool *pool = &context->spares;

	assert(network);
	pool_drop(context, network);
	for (size_t i = pool->n_demands; i-- > 0;)
		if (streq(pool->demands[i].network, network->name))
			pool->demands[i] = pool->demands[--pool->n_demands];
}

static bool drop_one(struct nsnet_context *context, const struct ns *spare, bool is_whole)
{
	struct pool *pool = &context->spares;

	for (size_t i = 0; i < pool->n; i++)
		if (pool->spares[i] == spare) {
			drop(context, i, is_whole);
			return true;
		}
	return false;
}

void pool_refuse(struct nsnet_context *context, struct ns *spare)
{
	(void)drop_one(context, spare, false);
}

size_t pool_count(const struct pool *pool, const uid_t *uid)
{
	size_t n = 0;

	for (size_t i = 0; i < pool->n; i++)
		n += !uid || pool->spares[i]->uid == *uid;
	return n;
}

/* Relief. */

/* On that network, with that address where it is not NULL; the youngest, or NULL. */
static struct ns *find_on(
	const struct pool *pool, const char *network, const struct address *address)
{
	for (size_t i = pool->n; i-- > 0;) {
		struct ns *spare = pool->spares[i];
		const struct network *its = spare->attachments[0].network;

		if (streq(its->name, network) &&
			(!address || namespace_has_address(spare, its, address)))
			return spare;
	}
	return NULL;
}

bool pool_relieve(struct nsnet_context *context, const struct fault *fault)
{
	const struct pool *pool = &context->spares;
	bool is_full = fault->type == FAULT_NETWORK_FULL;
	const struct ns *spare;
	struct address address;

	if (pool->n == 0 || (!is_full && fault->type != FAULT_ADDRESS))
		return false;
	if (!is_full && fault->text && !address_parse(fault->text, &address))
		return false;
	spare = find_on(pool, fault->name, !is_full && fault->text ? &address : NULL);
	/* The host's routes to an address go with the link that they lead by. */
	return spare && drop_one(context, spare, is_full || spare->attachments[0].is_routed);
}

bool pool_relieve_kernel(struct nsnet_context *context, const struct step *step, int error)
{
	static const struct timespec pause = { .tv_nsec = RELIEF_PAUSE };
	struct pool *pool = &context->spares;
	bool had_any = pool->n > 0;

	if ((step->type != STEP_NETNS_ADD && step->type != STEP_VETH_ADD &&
		    step->type != STEP_POINT_ADD) ||
		(error != ENOSPC && error != EMFILE && error != ENFILE && error != ENOMEM &&
			error != ENOBUFS && error != EXFULL))
		return false;
	/* The kernel counts what is going until it is gone. */
	if (had_any)
		pool->relieved_usec = methods_now().monotonic.value;
	while (pool->n > 0)
		drop(context, pool->n - 1, true);
	for (int i = 0; had_any && i < RELIEF_TRIES && kernel_is_reaping(context->kernel); i++)
		(void)nanosleep(&pause, NULL);
	if (had_any)
		(void)nanosleep(&pause, NULL);
	return had_any;
}

/* Taking. */

/* One attachment, and nothing wished for it that a spare would not have by itself but, where is_any_address, its address. */
static bool is_plain(const struct nsnet_namespace_context *wish, bool is_any_address)
{
	const struct nsnet_attachment *attachment = wish->attachments.items;

	return wish->attachments.n == 1 && !attachment->hardware_address &&
	       (!attachment->interface_name || streq(attachment->interface_name, INTERFACE)) &&
	       (!attachment->addresses.items || (is_any_address && attachment->addresses.n > 0));
}

static bool has_addresses(const struct ns *spare, const struct string_list *wishes)
{
	for (size_t i = 0; i < wishes->n; i++) {
		struct address address;

		if (!address_parse(wishes->items[i], &address) ||
			!namespace_has_address(spare, spare->attachments[0].network, &address))
			return false;
	}
	return true;
}

struct ns *pool_find(const struct nsnet_context *context, const struct pool_wish *wish)
{
	const struct pool *pool = &context->spares;

	if (pool->n == 0 || !is_plain(wish->context, true))
		return NULL;
	for (size_t i = 0; i < pool->n; i++) {
		struct ns *spare = pool->spares[i];
		const struct namespace_owner owner = owner_of(spare);
		const struct nsnet_attachment *attachment = wish->context->attachments.items;

		if (is_same_owner(&owner, &wish->owner) &&
			streq(spare->attachments[0].network->name, attachment->network) &&
			has_addresses(spare, &attachment->addresses))
			return spare;
	}
	return NULL;
}

static void add_label(struct pool *pool, const struct ns *spare, const struct ns *ns)
{
	struct pool_label *label;

	pool->labels = with_room(pool->labels, pool->n_labels, sizeof(*label));
	label = &pool->labels[pool->n_labels++];
	memcpy(label->spare, spare->name, sizeof(label->spare));
	memcpy(label->name, ns->name, sizeof(label->name));
	memcpy(label->link, ns->attachments[0].host_interface, sizeof(label->link));
}

static void note_demand(struct nsnet_context *context, const struct pool_wish *wish, bool is_hit,
	const struct ns *ns)
{
	const char *network = wish->context->attachments.items[0].network;
	const struct namespace_owner owner = owner_of(ns);
	struct pool *pool = &context->spares;
	struct pool_demand *demand = NULL;

	for (size_t i = 0; i < pool->n_demands && !demand; i++)
		if (is_same_owner(&pool->demands[i].owner, &owner) &&
			streq(pool->demands[i].network, network))
			demand = &pool->demands[i];
	if (!demand) {
		if (pool->n_demands == DEMANDS_MAX)
			return;
		pool->demands = with_room(pool->demands, pool->n_demands, sizeof(*demand));
		demand = &pool->demands[pool->n_demands++];
		*demand = (struct pool_demand){ .owner = owner };
		(void)snprintf(demand->network, sizeof(demand->network), "%s", network);
	}
	demand->used_usec = methods_now().monotonic.value;
	demand->bare_usec = 0;
	if (!is_hit)
		demand->target = demand->target > 0 ? 2 * demand->target : TARGET_FIRST;
	if (demand->target > pool->size)
		demand->target = pool->size;
}

void pool_note(struct nsnet_context *context, const struct pool_wish *wish, struct ns *spare,
	struct ns *ns)
{
	struct pool *pool = &context->spares;

	for (size_t i = 0; spare && i < pool->n; i++)
		if (pool->spares[i] == spare) {
			add_label(pool, spare, ns);
			namespace_settle(ns);
			namespace_free(take_out(pool, i));
			break;
		}
	if (pool->size > 0 && is_plain(wish->context, spare))
		note_demand(context, wish, spare, ns);
	pool_poke(context);
}

const struct ns *pool_sibling(struct nsnet_context *context, const struct namespace_owner *owner)
{
	const struct ns *sibling = NULL;
	struct pool *pool = &context->spares;

	for (size_t i = pool->n; i-- > 0;) {
		const struct namespace_owner its = owner_of(pool->spares[i]);

		if (its.uid != owner->uid || its.ownership != NSNET_OWNERSHIP_USER)
			continue;
		if (its.gid == owner->gid)
			sibling = pool->spares[i];
		else
			drop(context, i, false);
	}
	return sibling;
}

/* Events. */

/* 1: it is as it was made; 0; -errno. */
static int is_whole(struct kernel *kernel, const struct attachment *attachment)
{
	struct snapshot_link bridge = { 0 }, end = { 0 };
	int r = kernel_look_link(kernel, attachment->network->bridge, &bridge);

	if (r == 0)
		r = kernel_look_link(kernel, attachment->host_interface, &end);
	if (r < 0)
		return r == -ENODEV ? 0 : r;
	return end.is_up && end.has_carrier &&
	       end.master == (attachment->is_routed ? 0 : bridge.index);
}

const char *pool_touched(struct nsnet_context *context, const char *name)
{
	struct pool *pool = &context->spares;

	for (size_t i = 0; i < pool->n_labels; i++)
		if (streq(pool->labels[i].spare, name))
			return pool->labels[i].name;
	for (size_t i = 0; i < pool->n; i++)
		if (streq(pool->spares[i]->name, name)) {
			if (is_whole(context->kernel, &pool->spares[i]->attachments[0]) <= 0) {
				drop(context, i, false);
				pool_poke(context);
			}
			break;
		}
	return NULL;
}
