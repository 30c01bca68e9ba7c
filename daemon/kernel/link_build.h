/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * link_build - messages that make and change links
 *
 * All belong to the caller. NULL: memory is out.
 */
#pragma once

#include <linux/rtnetlink.h>

#include "state.h"

struct nl_msg *link_message(int type, int flags, struct ifinfomsg header);
/* The message, or none where something did not fit. */
struct nl_msg *link_checked(struct nl_msg *message, int failures);

struct nl_msg *link_build_bridge(const struct step *step);

/* fd: the namespace that the other end is made in; negative: here. peer_mac NULL: the kernel's choice. */
struct link_veth {
	const char *name, *peer;
	const struct mac *peer_mac;
	unsigned mtu;
	int fd;
};

struct nl_msg *link_build_veth(const struct link_veth *veth);

/* No address that the kernel makes by itself; to be sent before the link is up. alias NULL: as it is. */
struct nl_msg *link_build_without_addresses(int index, const char *alias);
/* Alias and addresses of a link that is not up yet. */
struct nl_msg *link_build_alias(int index, const char *alias);
struct nl_msg *link_build_quiet(const struct kernel *kernel, int index, const char *alias);
/* A message that changes a link also sets these flags, and makes it a port of that bridge (0: as it is). */
struct nl_msg *link_join(struct nl_msg *message, unsigned flags, int master);
/* That alone. */
struct nl_msg *link_build_flags(int index, unsigned flags, int master);
struct nl_msg *link_build_up(int index, int master);
/* Down, and of no bridge. */
struct nl_msg *link_build_cut(int index);
struct nl_msg *link_build_group(int index, uint32_t group);
