/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * attributes - what the kernel's messages about links and routes are made of, each as long as its readers count on
 *
 * libnl's nla_get_u32() and nla_get_string() look at no length. So what is shorter than its type, or a text without its end,
 * makes the whole message one that cannot be read.
 */
#pragma once

#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>

struct nlattr;

/* ret: by their types, NULL where there is none. 0, or -EBADMSG. */
int attributes_of_link(struct nlmsghdr *header, struct nlattr *ret[IFLA_MAX + 1]);
/* Whether a link forwards IPv4, by those of a message about it. */
bool attributes_is_forwarding(struct nlattr *const link[IFLA_MAX + 1]);
int attributes_of_route(struct nlmsghdr *header, struct nlattr *ret[RTA_MAX + 1]);
/* Those of one way of several, whose own length is within the message. */
int attributes_of_way(const struct rtnexthop *way, struct nlattr *ret[RTA_MAX + 1]);
