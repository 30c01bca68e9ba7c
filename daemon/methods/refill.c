/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * refill - what is done about the pool when nothing else is to be done
 *
 * Never while links are being taken away: whoever changes links then waits until the kernel has done that, for up to a third of
 * a second, and all others here with him.
 */
#include "refill.h"

#include <stdio.h>
#include <syslog.h>

#include "difference.h"
#include "log.h"

#define LABELS_MAX   16U /* at a time */
#define AGAIN_USEC   20000U
#define KEEP_USEC    30000000 /* after the last creation */
#define BARE_USEC    1000000  /* after his last namespace went */
#define REFUSED_USEC 10000000 /* after one could not be made */

static int64_t now(void)
{
	return methods_now().monotonic.value;
}

/* Labels. */

static void add_label(
	const struct nsnet_context *context, const struct pool_label *label, struct plan *plan)
{
	const struct ns *ns = registry_find_namespace(context->registry, label->name);

	/* It may have gone, be another one, or have let go of that network. */
	for (size_t i = 0; ns && i < ns->n_attachments; i++)
		if (streq(ns->attachments[i].host_interface, label->link))
			difference_label_namespace(ns, plan);
}

static void set_labels(struct nsnet_context *context)
{
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);
	struct pool *pool = &context->spares;
	size_t n = pool->n_labels < LABELS_MAX ? pool->n_labels : LABELS_MAX;
	struct kernel_error error;

	plan.is_forward = true;
	for (size_t i = 0; i < n; i++)
		add_label(context, &pool->labels[i], &plan);
	/* A link that somebody took away is made anew, with its label, when that is noticed. */
	if (kernel_apply(context->kernel, &plan, &error) > 0)
		log_line(
			LOG_DEBUG, "%s: %s", step_print(error.step, &arena), strerror(error.error));
	pool->n_labels -= n;
	memmove(pool->labels, pool->labels + n, pool->n_labels * sizeof(*pool->labels));
}

/* What there should be. */

static bool is_for(const struct pool_demand *demand, const struct ns *spare)
{
	const struct nsnet_namespace_runtime *runtime = &spare->told.runtime;

	return spare->uid == demand->owner.uid && runtime->ownership == demand->owner.ownership &&
	       (runtime->ownership == NSNET_OWNERSHIP_HOST ||
		       (runtime->gid.is_set && (gid_t)runtime->gid.value == demand->owner.gid)) &&
	       streq(spare->attachments[0].network->name, demand->network);
}

static unsigned count(const struct pool *pool, const struct pool_demand *demand)
{
	unsigned n = 0;

	for (size_t i = 0; i < pool->n; i++)
		n += is_for(demand, pool->spares[i]);
	return n;
}

static bool has_namespaces(const struct nsnet_context *context, uid_t uid)
{
	struct user *user = registry_user(context->registry, uid);
	bool has_any = !list_is_empty(&user->namespaces);

	registry_forget_user(context->registry, uid);
	return has_any;
}

/* Until when it holds. */
static int64_t end_of(const struct pool_demand *demand)
{
	int64_t end = demand->used_usec + KEEP_USEC;

	return demand->bare_usec && demand->bare_usec + BARE_USEC < end
		       ? demand->bare_usec + BARE_USEC
		       : end;
}

static void forget_demands(struct nsnet_context *context)
{
	struct pool *pool = &context->spares;

	for (size_t i = pool->n_demands; i-- > 0;) {
		struct pool_demand *demand = &pool->demands[i];

		if (has_namespaces(context, demand->owner.uid))
			demand->bare_usec = 0;
		else if (demand->bare_usec == 0)
			demand->bare_usec = now();
		if (demand->target > pool->size)
			demand->target = pool->size;
		if (now() >= end_of(demand) ||
			!registry_find_network(context->registry, demand->network))
			*demand = pool->demands[--pool->n_demands];
	}
}

/* One that nobody wants any more, the youngest; NULL: there is none. */
static struct ns *find_superfluous(const struct pool *pool)
{
	for (size_t i = pool->n; i-- > 0;) {
		struct ns *spare = pool->spares[i];
		bool is_wanted =
			pool->n <= pool->total && pool_count(pool, &spare->uid) <= pool->size;
		bool has_demand = false;

		for (size_t j = 0; j < pool->n_demands; j++)
			has_demand = has_demand || (is_for(&pool->demands[j], spare) &&
							   count(pool, &pool->demands[j]) <=
								   pool->demands[j].target);
		if (!is_wanted || !has_demand)
			return spare;
	}
	return NULL;
}

/* What is nearly used up is left to those who ask for it. */
static bool has_room(const struct network *network, unsigned reserve)
{
	size_t used = network->n_attachments;

	list_foreach (&network->spares, struct attachment, link, attachment)
		used += attachment != NULL;
	if (used + reserve > network->n_ports)
		return false;
	for (size_t i = 0; i < FAMILIES; i++) {
		const struct subnet *subnet = &network->subnets[i];
		uint64_t size = subnet_is_set(subnet) ? prefix_size(&subnet->prefix) : UINT64_MAX;

		if (size - subnet->n_taken < reserve)
			return false;
	}
	return true;
}

/* Who lacks most, or NULL. */
static struct pool_demand *find_lacking(const struct nsnet_context *context)
{
	const struct pool *pool = &context->spares;
	struct pool_demand *found = NULL;
	unsigned most = 0;

	if (pool->n >= pool->total ||
		(pool->relieved_usec && now() < pool->relieved_usec + REFUSED_USEC))
		return NULL;
	for (size_t i = 0; i < pool->n_demands; i++) {
		struct pool_demand *demand = &pool->demands[i];
		const struct network *network =
			registry_find_network(context->registry, demand->network);
		unsigned n = count(pool, demand);

		if (n >= demand->target || demand->target - n <= most || !network ||
			pool_count(pool, &demand->owner.uid) >= pool->size ||
			(demand->refused_usec && now() < demand->refused_usec + REFUSED_USEC) ||
			!has_room(network, 4 * pool->size))
			continue;
		most = demand->target - n;
		found = demand;
	}
	return found;
}

/* Making. */

static struct network *find_network(void *userdata, const char *name)
{
	const struct nsnet_context *context = userdata;

	return registry_find_network(context->registry, name);
}

static void name_link(void *userdata, const char *alias, const char *was, char ret[INTERFACE_SIZE])
{
	const struct nsnet_context *context = userdata;

	(void)alias;
	(void)was;
	registry_name_link(context->registry, ret);
}

/* What further ones of his join. */
static const char *find_sibling(const struct nsnet_context *context, const struct ns *spare)
{
	struct user *user = registry_user(context->registry, spare->uid);
	const char *found = NULL;

	list_foreach (&user->namespaces, struct ns, user_link, ns)
		if (!found && ns->told.runtime.ownership == NSNET_OWNERSHIP_USER)
			found = ns->name;
	registry_forget_user(context->registry, spare->uid);
	for (size_t i = 0; !found && i < context->spares.n; i++)
		if (context->spares.spares[i]->uid == spare->uid &&
			context->spares.spares[i]->told.runtime.ownership == NSNET_OWNERSHIP_USER)
			found = context->spares.spares[i]->name;
	return found;
}

/* As one that is wished for with nothing said but its network. */
static struct ns *make_object(
	struct nsnet_context *context, const struct pool_demand *demand, struct arena *arena)
{
	struct nsnet_attachment attachment = { .network = demand->network };
	const struct nsnet_namespace_context wish = { .attachments = { &attachment, 1 } };
	const struct namespace_host host = {
		.userdata = context,
		.find_network = find_network,
		.name_link = name_link,
		.published = &context->registry->published,
		.is_spare = true,
	};
	char name[NAME_SIZE];
	struct fault fault;
	struct ns *ns;

	(void)snprintf(name, sizeof(name), "%%%llu", (unsigned long long)context->spares.next++);
	if (namespace_new(name, &demand->owner, &wish, &host, arena, &ns, &fault) != 0)
		return NULL;
	if (demand->owner.ownership == NSNET_OWNERSHIP_USER) {
		ns->told.runtime.gid = SOME_INT(demand->owner.gid);
		ns->sibling = find_sibling(context, ns);
	}
	return ns;
}

/* Only what a spare has: names are not made before somebody's name is known. */
static bool make(struct nsnet_context *context, const struct pool_demand *demand)
{
	const struct namespace_presence nameless = { .is_pinned = true,
		.has_names = true,
		.is_followed = count(&context->spares, demand) + 1 < demand->target };
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);
	struct pool *pool = &context->spares;
	struct kernel_error error = { 0 };
	struct ns *spare = make_object(context, demand, &arena);
	struct ns **spares;
	int r;

	/* Nothing is left of what he owned: the next one's user namespaces are made with it. */
	if (!spare || (demand->owner.ownership == NSNET_OWNERSHIP_USER && !spare->sibling)) {
		namespace_free(spare);
		return false;
	}
	difference_make_namespace(spare, &nameless, &plan);
	r = kernel_apply(context->kernel, &plan, &error);
	if (r != 0) {
		log_line(LOG_DEBUG, "cannot make a namespace ahead: %s%s%s",
			r > 0 ? step_print(error.step, &arena) : "", r > 0 ? ": " : "",
			strerror(r > 0 ? error.error : -r));
		namespace_free(spare);
		return false;
	}
	spare->sibling = NULL;
	spares = reallocarray(pool->spares, pool->n + 1, sizeof(struct ns *));
	if (!spares)
		abort();
	pool->spares = spares;
	pool->spares[pool->n++] = spare;
	return true;
}

static uint64_t next_time(const struct pool *pool)
{
	int64_t first = INT64_MAX, is = now();

	for (size_t i = 0; i < pool->n_demands; i++) {
		const struct pool_demand *demand = &pool->demands[i];
		int64_t again = demand->refused_usec + REFUSED_USEC;

		if (end_of(demand) < first)
			first = end_of(demand);
		if (demand->refused_usec && again > is && again < first)
			first = again;
	}
	if (first == INT64_MAX)
		return REFILL_NEVER;
	return first > is ? (uint64_t)(first - is) : 1;
}

static bool is_busy(const struct nsnet_context *context)
{
	return kernel_is_reaping(context->kernel) || !list_is_empty(&context->applies) ||
	       !list_is_empty(&context->deletions);
}

uint64_t refill_work(struct nsnet_context *context)
{
	struct pool *pool = &context->spares;
	struct pool_demand *demand;
	struct ns *superfluous;

	if (pool->n == 0 && pool->n_demands == 0 && pool->n_labels == 0)
		return REFILL_NEVER;
	if (is_busy(context))
		return AGAIN_USEC;
	if (pool->n_labels > 0) {
		set_labels(context);
		return 0;
	}
	forget_demands(context);
	superfluous = find_superfluous(pool);
	if (superfluous) {
		pool_refuse(context, superfluous);
		return 0;
	}
	demand = find_lacking(context);
	if (!demand)
		return next_time(pool);
	if (!make(context, demand))
		demand->refused_usec = now();
	return 0;
}

void refill_end(struct nsnet_context *context)
{
	context->spares.size = 0;
	while (context->spares.n_labels > 0)
		set_labels(context);
	pool_drop(context, NULL);
}
