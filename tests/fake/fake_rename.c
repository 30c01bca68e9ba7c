/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_rename - a namespace of the fake kernel floor gets another name
 */
#include "fake_state.h"

int fake_rename_namespace(struct kernel *kernel, const char *from, const char *to)
{
	struct arena *arena = &kernel->arena;

	if (!fake_has(kernel, arena_printf(arena, "netns %s", from)))
		return ENOENT;
	if (fake_has(kernel, arena_printf(arena, "netns %s", to)))
		return EEXIST;
	for (size_t i = 0; i < kernel->n_things; i++) {
		const char *thing = kernel->things[i], *text = "";

		for (size_t n; *thing; thing += n + (thing[n] == ' ')) {
			n = strcspn(thing, " ");
			text = arena_printf(arena, "%s%s%.*s", text, *text ? " " : "",
				n == strlen(from) && memcmp(thing, from, n) == 0 ? (int)strlen(to)
										 : (int)n,
				n == strlen(from) && memcmp(thing, from, n) == 0 ? to : thing);
		}
		fake_rename_note(kernel, kernel->things[i], text);
		kernel->things[i] = arena_strdup(arena, text);
	}
	return 0;
}
