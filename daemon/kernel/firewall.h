/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * firewall - what passes between networks, the uplinks and the host: fences and published ports, in table inet nsnetd
 */
#pragma once

#include "state.h"

/* The steps. */
int firewall_set_fence(struct kernel *kernel, const struct step *step);
int firewall_add_uplink(struct kernel *kernel, const struct step *step);
int firewall_delete_uplink(struct kernel *kernel, const struct step *step);
int firewall_add_port(struct kernel *kernel, const struct step *step);
int firewall_delete_port(struct kernel *kernel, const struct step *step);
/* Takes both tables away, and what the guards have in them. */
int firewall_reset(struct kernel *kernel, const struct step *step);

/* All published ports that stand there. */
int firewall_list_ports(
	struct kernel *kernel, struct arena *arena, struct snapshot_port **ret, size_t *ret_n);
