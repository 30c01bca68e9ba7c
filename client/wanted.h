/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wanted - what a field of a type takes, for people, by its path ("attachments[0].network", codec.h)
 */
#pragma once

#include "codec.h"

/* "wants a number", "wants \"tcp\" or \"udp\"" */
const char *wanted_text(const struct codec_struct *type, const char *path, struct arena *arena);

/* The field that was meant where there is none of that name; NULL where none is like it. */
const char *wanted_instead(const struct codec_struct *type, const char *path, struct arena *arena);
