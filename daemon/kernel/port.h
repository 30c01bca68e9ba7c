/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * port - messages about how a bridge treats one of its ports
 */
#pragma once

#include "address.h"
#include "netlink.h"

/* It only keeps the bridge's carrier: it hears nothing. NULL, here and below: memory is out. */
struct nl_msg *port_build_deaf(int index);

/* Guarded: only the hardware address that port_build_entry() has made known may send there, and only what is meant for it (or
 * for all) arrives. Isolated: from other isolated ports. */
struct nl_msg *port_build(int index, bool is_guarded, bool is_isolated);

/* That alone. */
struct nl_msg *port_build_isolated(int index, bool is_isolated);

/* Behind this port, and behind no other, is that hardware address. */
struct nl_msg *port_build_entry(int index, const struct mac *mac);
