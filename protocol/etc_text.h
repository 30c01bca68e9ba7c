/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * etc_text - what programs inside a namespace read in /etc, made of what the host's files say
 *
 * For nsnetctl, which puts it in place itself, and for nsnetd, which asks systemd to. All results live in the arena.
 */
#pragma once

#include "arena.h"

/* nsswitch.conf whose line "hosts:" has no more than files and dns. */
const char *etc_text_nsswitch(struct arena *arena, const char *host);

/* resolv.conf without servers that only the host can reach; *ret_n_servers are left. */
const char *etc_text_resolv_conf(struct arena *arena, const char *host, size_t *ret_n_servers);

/* One hosts(5) of several, each line once, without comments. */
const char *etc_text_join_hosts(struct arena *arena, const char *const *texts, size_t n);

/* hosts(5) where there is no network. */
const char *etc_text_lone_hosts(struct arena *arena, const char *name);
