/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * place - where in a JSON text a field stands, by its path
 */
#pragma once

#include "base.h"

/* The offset of the field "namespaces.web.ports[0].hostPort" (codec.h), or of the innermost one around it that is there; 0 where there
 * is none. *ret_left: how much of the path is not there. The text is one that text_check() has taken, and no deeper than
 * TEXT_DEPTH_MAX. */
size_t place_find(const char *text, size_t n, const char *path, size_t *ret_left);

/* The line of an offset, from 1. */
size_t place_line(const char *text, size_t at);
