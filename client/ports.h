/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ports - ports of the host that lead into a namespace: [ADDR:]PORT[:NSPORT][/tcp|/udp]
 */
#pragma once

#include "nsnet.h"
#include "problem.h"

/* For a row of options.h; the target is a struct settings. */
int ports_publish(void *settings, const char *value, struct problem *problem);

/* "8080/tcp -> 80" */
const char *ports_text(struct arena *arena, const struct nsnet_port *port);
/* As it is typed, in as few letters: "8080:80, 53/udp", and a number of more where that gets long. */
const char *ports_summary(struct arena *arena, const struct nsnet_port_list *ports);
