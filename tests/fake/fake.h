/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake - the kernel floor that only remembers: for tests without any privilege
 *
 * What a plan does is kept as the printed steps, what is there as sets of names; a fault can be planted at any step.
 */
#pragma once

#include "kernel.h"

/* What the next plans meet. */
void fake_fail_at(
	struct kernel *kernel, enum step_type type, unsigned skip, int error, const char *message);

/* After so many steps more none is carried out, nor taken back, until the next call: as if the process had ended there. Negative:
 * all are. */
void fake_stop_after(struct kernel *kernel, int steps);
bool fake_has_stopped(const struct kernel *kernel);

/* Steps that were carried out and taken back since the last fake_clear(), printed, in order; taken back ones with "- ". */
size_t fake_steps(const struct kernel *kernel);
const char *fake_step(const struct kernel *kernel, size_t i);
void fake_clear(struct kernel *kernel);
/* How many namespaces were made since then of which it was said that another one was to follow. */
unsigned fake_followed(const struct kernel *kernel);

/* What is there: "netns ns1", "pin ns1", "link nsv0", "bridge nsnet0", "record namespaces/ns1", "names ns1", … */
size_t fake_things(const struct kernel *kernel);
bool fake_has(const struct kernel *kernel, const char *thing);
/* All of them, a line each, in order. */
const char *fake_picture(const struct kernel *kernel, struct arena *arena);
/* Plants a thing that somebody else made, or takes one away behind our back. "astray nsv0": a link is not as it was made;
 * "cut nsv0": it has no carrier; "bare ns1", "foreign ns1": what became of a name that is pinned no more; "lacks nat": a feature
 * that the system has not. */
void fake_plant(struct kernel *kernel, const char *thing);
/* What a diagnosis meets is planted as well: "off net/ipv4/conf/nsnet0/forwarding", "lacks way4" (a default route), "table
 * connections 950 1000", "legacy ip filter", "resolver 127.0.0.53", "drops forward" (a chain "theirs" of table inet "theirs" at that
 * hook), "down ns1 eth0", "listens ns1 80". */
void fake_remove(struct kernel *kernel, const char *thing);

/* The same of a file that is read at start-up, "record networks/a", "wish namespaces/ns1", with what is in it. */
void fake_write(struct kernel *kernel, const char *thing, const char *text);
/* What is in it, or NULL. */
const char *fake_read(struct kernel *kernel, const char *thing);

/* Somebody takes a link away behind our back, and so all that hangs on it. */
void fake_delete_link(struct kernel *kernel, const char *name);

/* From now on the ports of a namespace that is dropped stay a while, as "going nsv0", until they are let go. At the end: as soon
 * as somebody waits for that. */
void fake_hold(struct kernel *kernel, bool goes_at_end);
void fake_let_go(struct kernel *kernel);

/* Prefixes in use on the host. */
void fake_add_prefix(struct kernel *kernel, const char *prefix, const char *interface);
/* The host's uplink from now on; name NULL: it has none. "uplink0" with 1500 bytes at first. */
void fake_set_uplink(struct kernel *kernel, const char *name, unsigned mtu);
/* A port that a program of the host's has, at all addresses and by all protocols. */
void fake_listen(struct kernel *kernel, uint16_t port);
/* Processes that are in each namespace from now on. */
void fake_set_processes(struct kernel *kernel, size_t n);
/* The daemon ends: what only its descriptors held goes. */
void fake_end(struct kernel *kernel);
