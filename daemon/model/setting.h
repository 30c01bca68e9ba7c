/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * setting - which settings of a network namespace may be declared: a closed list, each a number in a range
 *
 * All of them are the namespace's own (Documentation/networking/ip-sysctl.rst of the kernel); none reaches the host.
 */
#pragma once

#include <stdint.h>

#include "arena.h"

#define SETTINGS_MAX      64U
#define SETTING_TEXT_SIZE 24U /* of a 64-bit number */

struct setting {
	const char *key;                /* "net/ipv4/conf/eth0/rp_filter": below /proc/sys */
	char value[SETTING_TEXT_SIZE];  /* a decimal number */
	char before[SETTING_TEXT_SIZE]; /* what it was before it was first set; "": not known yet */
};

/* "net.ipv4.conf.eth0.rp_filter", "net.ipv4.conf.eth0/7.rp_filter" or "net/ipv4/conf/eth0.7/rp_filter", as sysctl(8) has it;
 * the value decimal. NULL; or the reason, in the arena: "a number from 0 to 2", "not a setting that can be declared". The key
 * lives in the arena; different spellings of one setting have the same. */
const char *setting_parse(
	struct arena *arena, const char *key, const char *value, struct setting *ret);

/* The one of that key among n, or NULL. */
struct setting *setting_find(struct setting *settings, size_t n, const char *key);

/* The names of all that there are, as sysctl(8) has them, "*" for an interface; NULL behind the last. */
const char *setting_name(size_t i);
/* What the value of that one may be. */
void setting_range(size_t i, int64_t *ret_least, int64_t *ret_most);
