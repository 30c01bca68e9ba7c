/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * text_value - texts that people give and read: descriptions and labels
 */
#pragma once

#include "codec.h"

#define TEXT_VALUE_MAX  1024U /* bytes of a description or of a label's value */
#define TEXT_KEY_MAX    64U   /* bytes of a label's key */
#define TEXT_LABELS_MAX 64U

/* Short enough, and without control characters, which a terminal would obey. NULL is fine. */
bool text_value_is_valid(const char *text);

/* Keys are [A-Za-z0-9_./-]+. NULL, or which key or "" (too many) is wrong. */
const char *text_value_bad_label(const struct string_map *labels);
