/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text_value - texts that people give and read: descriptions and labels
 */
#pragma once

#include "codec.h"

#define TEXT_VALUE_MAX  1024U /* bytes of a description or of a label's value */
#define TEXT_KEY_MAX    64U   /* bytes of a label's key */
#define TEXT_LABELS_MAX 64U

/* A description (NULL is fine) and labels: short enough, and without control characters, which a terminal would obey; keys are
 * [A-Za-z0-9_./-]+. NULL, or the path of what is wrong in a context, in the arena: "context.labels.a b". */
const char *text_value_check(
	struct arena *arena, const char *description, const struct string_map *labels);
