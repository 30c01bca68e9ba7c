/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text_value - texts that people give and read: descriptions and labels
 */
#include "text_value.h"

#define KEY_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./-"

static bool is_valid(const char *text)
{
	if (strlen(text) > TEXT_VALUE_MAX)
		return false;
	for (const unsigned char *c = (const unsigned char *)text; *c; c++) {
		if (*c < 0x20 || *c == 0x7f)
			return false;
		if (*c == 0xc2 && c[1] < 0xa0) /* U+0080 to U+009F */
			return false;
	}
	return true;
}

/* NULL, or which key or "" (too many) is wrong. */
static const char *bad_label(const struct string_map *labels)
{
	if (labels->n > TEXT_LABELS_MAX)
		return "";
	for (size_t i = 0; i < labels->n; i++) {
		const char *key = labels->items[i].key;

		if (!*key || strlen(key) > TEXT_KEY_MAX || key[strspn(key, KEY_CHARACTERS)] ||
			!is_valid(labels->items[i].value))
			return key;
	}
	return NULL;
}

const char *text_value_check(
	struct arena *arena, const char *description, const struct string_map *labels)
{
	const char *label = bad_label(labels);

	if (description && !is_valid(description))
		return "context.description";
	if (label)
		return arena_printf(arena, "context.labels%s%s", *label ? "." : "", label);
	return NULL;
}
