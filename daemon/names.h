/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * names - the networks' name servers: a unit of systemd's for each, and what the host's resolver is told of them
 */
#pragma once

#include <systemd/sd-event.h>

#include "registry.h"

struct names;

/* Whether networks can have name servers here: systemd runs, and dnsmasq(8) and its unit are installed. */
bool names_are_possible(void);

/* -errno. */
int names_new(sd_event *event, const struct registry *registry, struct names **ret);
/* No name server is stopped. */
void names_free(struct names *names);
define_cleanup(struct names *, names_free);

/* At the start: asks for the name server of each network that has one, and for the end of those whose network has gone. */
void names_begin(struct names *names);

/* A network's name server is to come, to go by other files than before, or to go. */
void names_change(struct names *names, const char *network, bool is_there);
