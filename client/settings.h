/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * settings - what is wished of a namespace or a network, from the options of create, set and run
 *
 * The parsers are for rows of options.h; their target is a struct settings. A value is wrong only where no daemon could
 * take it, and told in the words of the command line; everything else is the daemon's to judge. What came of all options
 * is made by settings_make().
 */
#pragma once

#include "edits.h"

struct settings {
	struct edits edits;
	struct nsnet_shaping shaping; /* of the first attachment; 0: not any more */
	const char *shaping_option;   /* one that was given */
	/* Why the settings are not for several objects at once. */
	const char *one_only;
	/* What goes to the daemon: what was not named is absent. */
	struct nsnet_namespace_context of_namespace;
	struct nsnet_network_context of_network;
};

/* Whether there is anything for this noun. */
bool settings_are_there(const struct settings *settings, bool is_network);
/* Whether settings_make() needs the context that the object has. */
bool settings_need_former(const struct settings *settings, bool is_network);
/* Fills of_namespace or of_network, again where that is called again. 0, or a problem. */
int settings_make(
	struct settings *settings, const struct edits_noun *noun, struct problem *problem);

/* Of either. */
int settings_dns(void *settings, const char *value, struct problem *problem);
int settings_label(void *settings, const char *value, struct problem *problem);
int settings_description(void *settings, const char *value, struct problem *problem);
int settings_persistent(void *settings, const char *value, struct problem *problem);

/* Of a namespace; attachments.h, ports.h and routes.h have more. */
int settings_link(void *settings, const char *value, struct problem *problem);
int settings_allow(void *settings, const char *value, struct problem *problem);
int settings_sysctl(void *settings, const char *value, struct problem *problem);

/* Of a network. */
int settings_subnet(void *settings, const char *value, struct problem *problem);
int settings_gateway(void *settings, const char *value, struct problem *problem);
int settings_reach(void *settings, const char *value, struct problem *problem);
int settings_isolated(void *settings, const char *value, struct problem *problem);
int settings_mtu(void *settings, const char *value, struct problem *problem);
int settings_domain(void *settings, const char *value, struct problem *problem);
