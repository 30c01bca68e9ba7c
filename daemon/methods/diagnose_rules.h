/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * diagnose_rules - other people's rules that stop what a network sends or gets
 */
#pragma once

#include "diagnose.h"

/* Tells each chain of theirs that stops something of the network that is being looked at. */
bool diagnose_rules_look(struct diagnose *diagnose);
