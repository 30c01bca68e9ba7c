/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * spare - namespaces that were made ahead: they get their names, and the former ones back
 *
 * What is called "%7" is held by its descriptor alone: should the process end, the kernel takes it away. To take it costs no look at
 * the kernel at all. The host's end of its link still says that it is a spare's until STEP_LINK_LABEL.
 */
#include "spare.h"

#include <search.h>

#include "entry.h"
#include "netns.h"

/* It is under its new name before it leaves the former one: it is never nowhere. */
static int rename_held(struct kernel *kernel, const char *from, const char *to)
{
	struct netns *netns = netns_find(kernel, from), *renamed;

	if (!netns || netns->is_pinned)
		return -ENOENT;
	if (netns_find(kernel, to))
		return -EEXIST;
	renamed = malloc(sizeof(*renamed));
	if (!renamed)
		return -ENOMEM;
	netns_close_inside(kernel, netns);
	*renamed = *netns;
	memset(renamed->name, 0, sizeof(renamed->name));
	memcpy(renamed->name, to, strlen(to));
	if (!tsearch(renamed, &kernel->held, netns_compare)) {
		free(renamed);
		return -ENOMEM;
	}
	entry_move(kernel, netns, renamed);
	(void)tdelete(netns, &kernel->held, netns_compare);
	free(netns);
	return 0;
}

/* Whether its links are there: a question that waits for nobody. */
static bool has_ends(struct kernel *kernel, const char *name)
{
	const struct netns *netns = netns_find(kernel, name);

	for (size_t i = 0; netns && i < netns->ends.n; i++) {
		char link[INTERFACE_SIZE];

		if (netlink_name(&kernel->host, netns->ends.items[i], link) < 0)
			return false;
	}
	return netns;
}

int spare_take(struct kernel *kernel, const struct step *step)
{
	if (!has_ends(kernel, step->spare.name))
		return -ENODEV;
	return rename_held(kernel, step->spare.name, step->netns);
}

int spare_give(struct kernel *kernel, const struct step *step)
{
	return rename_held(kernel, step->netns, step->spare.name);
}
