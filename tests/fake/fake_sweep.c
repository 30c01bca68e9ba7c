/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_sweep - what the fake kernel floor takes away at start-up
 */
#include "fake_state.h"

static bool is_wanted(const struct kernel_wanted *wanted, const char *name)
{
	for (size_t i = 0; i < wanted->n_links; i++)
		if (streq(wanted->links[i], name))
			return true;
	return false;
}

/* A gateway is a part of its fence here. */
int kernel_sweep_firewall(struct kernel *kernel, const struct kernel_wanted *wanted)
{
	static const char *const kinds[] = { "guard ", "fence " };

	for (size_t i = kernel->n_things; i-- > 0;)
		for (size_t j = 0; j < lengthof(kinds); j++) {
			const char *rest = after(kernel->things[i], kinds[j]);
			const char *name =
				rest ? arena_strndup(&kernel->arena, rest, strcspn(rest, " "))
				     : NULL;

			if (!name || is_wanted(wanted, name))
				continue;
			fake_remove(kernel, arena_printf(&kernel->arena, "%s%s", kinds[j], name));
			break;
		}
	return 0;
}
