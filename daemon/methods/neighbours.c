/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * neighbours - the kernel's tables of neighbours have place for all that is attached
 *
 * There is one table for each family, and one budget for the whole host, whatever the namespaces: net.ipv4.neigh.default.gc_thresh1 to
 * 3. Once it is spent whoever speaks to somebody new waits for seconds, the host as well. So the limits are raised in steps as
 * attachments become more, never lowered, and put back with the host's other settings as the last network goes. A place
 * costs half a KiB where it is taken, and nothing where it is not.
 *
 * Only the machine's own network namespace has these settings: in another one nothing can be done, nor told.
 */
#include "neighbours.h"

#include <syslog.h>

#include "log.h"

/* Of an attachment, its own and the others' that it speaks to. */
#define EACH 4U
/* The kernel's own lowest limit. */
#define LEAST 128U
#define MOST  (1U << 24)

static const char *const keys[FAMILIES][KERNEL_NEIGHBOUR_LIMITS] = {
	{ "net/ipv4/neigh/default/gc_thresh1", "net/ipv4/neigh/default/gc_thresh2",
		"net/ipv4/neigh/default/gc_thresh3" },
	{ "net/ipv6/neigh/default/gc_thresh1", "net/ipv6/neigh/default/gc_thresh2",
		"net/ipv6/neigh/default/gc_thresh3" },
};

/* The first limit for so many: up to it nothing is ever thrown out. The second is twice that, and the third, which nobody gets beyond,
 * four times. */
static unsigned first_limit(size_t n_attachments)
{
	unsigned limit = LEAST;

	while (limit < MOST && limit < EACH * n_attachments)
		limit *= 2;
	return limit;
}

/* What is lower than it should be, the highest limit first. Whether that is so low that the table may be full. */
static bool plan_limits(struct kernel *kernel, size_t family, unsigned first, struct plan *plan)
{
	int limits[KERNEL_NEIGHBOUR_LIMITS];

	if (kernel_neighbour_limits(kernel, family_of(family), limits) < 0)
		return false;
	for (size_t i = KERNEL_NEIGHBOUR_LIMITS; i-- > 0;)
		if (limits[i] < (int)(first << i))
			plan_add(plan, &(struct step){ .type = STEP_SYSCTL_SET,
					       .sysctl = { keys[family][i], (int)(first << i) } });
	return limits[KERNEL_NEIGHBOUR_LIMITS - 1] < (int)first;
}

static void log_command(const struct plan *plan)
{
	for (size_t i = 0; i < plan->n; i++)
		log_line(LOG_WARNING, "Try: %s", step_print(&plan->steps[i], plan->arena));
}

void neighbours_follow(struct nsnet_context *context)
{
	struct registry *registry = context->registry;
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);
	struct kernel_error error = { 0 };
	bool is_short = false;
	unsigned first;
	int r;

	if (registry->n_attachments < registry->neighbours_next)
		return;
	first = first_limit(registry->n_attachments);
	registry->neighbours_next = first / EACH + 1;
	for (size_t family = 0; family < FAMILIES; family++)
		is_short |= plan_limits(context->kernel, family, first, &plan);
	if (plan.n == 0)
		return;
	plan.is_forward = true;
	r = context->raises_neighbours ? kernel_apply(context->kernel, &plan, &error) : 1;
	if (r == 0) {
		log_line(LOG_INFO, "the host's tables of neighbours have place for %zu attachments",
			registry->neighbours_next - 1);
	} else if (is_short || context->raises_neighbours) {
		log_line(LOG_WARNING,
			"the host's tables of neighbours may be full once all %zu attachments speak: "
			"then new connections of everybody wait%s%s",
			registry->n_attachments,
			error.error ? ": they cannot be made larger: " : "",
			error.error ? strerror(error.error) : "");
		log_command(&plan);
	}
}
