/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * clear - all that there is goes
 *
 * It is what an administrator would ask for, namespace by namespace and network by network.
 */
#include "clear.h"

#include <syslog.h>

#include "deletion.h"
#include "log.h"
#include "networks.h"

/* Longer than the kernel takes for thousands. */
#define WAIT_USEC 60000000
#define TURN_USEC 20000

static const struct peer root = { 0 };

static void clear_one(struct nsnet_context *context, const char *kind, const char *name,
	int (*delete_them)(const struct deed *, const struct string_list *, struct fault *))
{
	autoarena struct arena arena = ARENA_INIT;
	const struct deed deed = {
		.context = context,
		.peer = &root,
		.caller = methods_caller_of(context, &root),
		.arena = &arena,
	};
	struct string_list names = { .items = &name, .n = 1 };
	struct fault fault = { 0 };
	int r = delete_them(&deed, &names, &fault);

	if (r < 0)
		log_line(LOG_ERR, "%s \"%s\" cannot be deleted: %s", kind, name, strerror(-r));
	else if (r > 0)
		log_line(LOG_ERR, "%s \"%s\" is not deleted%s%s", kind, name,
			fault.text ? ": " : "", fault.text ? fault.text : "");
}

static int delete_namespaces(
	const struct deed *deed, const struct string_list *names, struct fault *reterr)
{
	return deletion_run(deed, names, true, reterr);
}

/* The kernel takes what is deleted apart in its own time. */
static bool wait_gone(struct nsnet_context *context)
{
	int64_t end = methods_now().monotonic.value + WAIT_USEC;

	while (kernel_is_reaping(context->kernel) && methods_now().monotonic.value < end) {
		(void)kernel_wait_departures(context->kernel, TURN_USEC);
		deletions_follow(context);
	}
	return !kernel_is_reaping(context->kernel);
}

int clear_all(struct nsnet_context *context)
{
	autoarena struct arena arena = ARENA_INIT;
	const struct registry *registry = context->registry;
	struct ns **namespaces = registry_namespaces(registry, &arena);
	struct network **networks = registry_networks(registry, &arena);
	size_t n_namespaces = registry->n_namespaces, n_networks = registry->n_networks;

	/* An object is freed when it is deleted, and nothing but that happens to the others. */
	for (size_t i = 0; i < n_namespaces; i++)
		clear_one(context, "namespace", arena_strdup(&arena, namespaces[i]->name),
			delete_namespaces);
	for (size_t i = 0; i < n_networks; i++)
		clear_one(context, "network", arena_strdup(&arena, networks[i]->name),
			networks_delete);
	if (!wait_gone(context)) {
		log_line(LOG_ERR, "the kernel has not taken apart all that was deleted");
		return -EBUSY;
	}
	return registry->n_namespaces == 0 && registry->n_networks == 0 ? 0 : -EBUSY;
}
