/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dnsmasq - the files that a network's name server goes by
 */
#pragma once

#include "state.h"

/* -EINVAL: what is in the step is not fit for a configuration. */
int dnsmasq_add(struct kernel *kernel, const struct step *step);
int dnsmasq_delete(struct kernel *kernel, const struct step *step);
