/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attachments - networks that a namespace is attached to, and how the traffic of the first is shaped
 */
#pragma once

#include "settings.h"

/* For rows of options.h; the target is a struct settings. */
int attachments_network(void *settings, const char *value, struct problem *problem);
int attachments_rate(void *settings, const char *value, struct problem *problem);
int attachments_delay(void *settings, const char *value, struct problem *problem);
int attachments_loss(void *settings, const char *value, struct problem *problem);

/* Carries the shaping over to the first attachment of settings->of_namespace; where that names none, of what the noun has. */
int attachments_shape(
	struct settings *settings, const struct edits_noun *noun, struct problem *problem);

/* "up 10mbit, down 5mbit, delay 10ms (jitter 2ms), loss 0.1%"; NULL where it is not shaped. */
const char *attachments_shaping_text(struct arena *arena, const struct nsnet_shaping *shaping);
