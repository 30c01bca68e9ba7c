/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * field - the option that a field of what was sent comes from
 */
#pragma once

#include "settings.h"

/* The option of a field such as "context.routes[3].gateway", and in *ret_value what was given there, NULL where that is not
 * known. NULL where no option makes it. */
const char *field_option(const struct settings *settings, bool is_network, const char *field,
	struct arena *arena, const char **ret_value);
