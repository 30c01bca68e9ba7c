/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * codec_json - what codec's two files share: the way from json-c's objects to values and back
 */
#pragma once

#include "codec.h"

struct json_object;

/* The arena gives the object back. */
const struct codec_value *codec_own(struct arena *arena, struct json_object *json);
struct json_object *codec_json(const struct codec_value *value);
