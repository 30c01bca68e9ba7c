/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * recovery - what the parts of start-up share: recover.c has the records, revive.c what comes back after a reboot
 */
#pragma once

#include "methods.h"

struct recovery {
	struct nsnet_context *context;
	struct registry *registry;
	struct kernel *kernel;
	const struct kernel_paths *paths;
	bool has_names;
	struct arena arena;
	struct snapshot snapshot;
	/* Of records that make no sense, by kind: all that they may be about is left alone. */
	struct {
		const char **names;
		size_t n;
	} left[RECORD_NETWORK + 1];
	int error; /* -errno: something that is there could not be looked at, so nobody knows what is nobody's */
};

/* 0; 1: a step failed, and the log says so; -errno. */
int recover_apply(struct recovery *recovery, const struct plan *plan, const char *name);
/* False: it is no such thing, and the log says so. */
bool recover_read(struct recovery *recovery, const struct snapshot_record *record,
	const struct codec_struct *type, void *ret);
/* The number of a link of ours, told from names that are like ours but too long, or have a sign. */
bool recover_link_number(const char *name, const char *prefix, unsigned *ret);
const struct snapshot_link *recover_find_link(const struct recovery *recovery, const char *name);
bool recover_is_left(const struct recovery *recovery, enum record_kind kind, const char *name);
/* For struct namespace_host. */
struct network *recover_find_network(void *recovery, const char *name);
void recover_name_link(
	void *recovery, const char *alias, const char *was, char ret[INTERFACE_SIZE]);
/* It is there, with all it has: it is charged, whatever the limits are by now, and known from then on. */
void recover_add_network(struct recovery *recovery, struct network *network);
void recover_add_namespace(struct recovery *recovery, struct ns *ns);
/* Interfaces that are to be inside and lie about on the host go in. */
void recover_lend(struct recovery *recovery, const struct ns *ns);

/* A namespace as its record, or a change, says it is; former: what it is made from, or NULL. NULL: it makes none. */
struct ns *recover_remake_namespace(
	struct recovery *recovery, const struct nsnet_list_namespaces_out *told, struct ns *former);
struct network *recover_remake_network(struct recovery *recovery,
	const struct nsnet_list_networks_out *told, struct network *former);

/* Changes that were under way are carried out. The objects are there, as their records say, and what no record speaks of is
 * gone. */
void resume_networks(struct recovery *recovery);
void resume_namespaces(struct recovery *recovery);

/* A link of ours has its name for itself from its making on, but for the moment in which that may be cut off. One without it is taken
 * away before all else: it would be in the way, and nobody could tell whose it is. */
void orphans_remove_half_made(struct recovery *recovery);
void orphans_remove(struct recovery *recovery);

/* Makes an object anew from its wish, as it was; what cannot be is logged, and the wish kept for the next start. */
void revive_network(struct recovery *recovery, const struct snapshot_record *wish);
void revive_namespace(struct recovery *recovery, const struct snapshot_record *wish);
/* All whose records went with the last boot. */
void revive_networks(struct recovery *recovery);
void revive_namespaces(struct recovery *recovery);
/* The wish of that name, or NULL. */
const struct snapshot_record *revive_find(
	const struct recovery *recovery, enum record_kind kind, const char *name);
/* The wishes of an object that is there are made to be what it is: those that a crash kept from being written, or from going. */
void revive_match(struct recovery *recovery, struct step wish, bool is_persistent);
/* As the wish has it: an object whose revival was cut off has no revision of its own. */
int64_t revive_revision(struct recovery *recovery, enum record_kind kind, const char *name);
