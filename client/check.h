/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * check - whether a word can be what it is given for
 *
 * Only so that a slip is told at once and in the words of the command line; the daemon decides by itself.
 */
#pragma once

#include "base.h"

/* The name of a namespace or a network: [A-Za-z0-9]([A-Za-z0-9_.-]{0,46}[A-Za-z0-9])?, not digits alone, "self", "none". */
bool check_is_name(const char *text);

/* AF_INET or AF_INET6; 0 for what is no address. */
int check_address(const char *text);

enum check_prefix {
	CHECK_PREFIX_OK,
	CHECK_PREFIX_NONE,     /* not ADDRESS/LENGTH */
	CHECK_PREFIX_HAS_HOST, /* bits beyond the length are set */
};

#define CHECK_PREFIX_TEXT_MAX 64

/* *ret_family and, as a text, the prefix without the bits beyond its length, unless it is CHECK_PREFIX_NONE. */
enum check_prefix check_prefix(
	const char *text, int *ret_family, char ret_prefix[CHECK_PREFIX_TEXT_MAX]);

/* Whether two texts are the same address, or prefix, however it is written; not where one of them is none. */
bool check_is_same_address(const char *a, const char *b);
bool check_is_same_prefix(const char *a, const char *b);

/* The name of a setting below net, as sysctl(8) has it: "net.ipv4.ip_forward", "net/ipv4/conf/eth0.7/rp_filter". */
bool check_is_sysctl(const char *text);
bool check_is_same_sysctl(const char *a, const char *b);

/* Letters, digits, "-" and "." as a host name has them (RFC 1123), 128 bytes at most. */
bool check_is_domain(const char *text);

/* 02:00:5e:00:53:01; neither a group's address nor nobody's. */
bool check_is_hardware_address(const char *text);

/* What the kernel takes as the name of an interface (dev_valid_name()). */
bool check_is_interface_name(const char *text);
