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
	struct snapshot snapshot; /* the records of each kind sorted by name */
	enum recovery_stage {
		RECOVERY_LINKS, /* what there is of links; networks */
		RECOVERY_LOAD,
		RECOVERY_MEND,
		RECOVERY_END, /* what comes back, what nobody has, what was under way */
		RECOVERY_DONE,
	} stage;
	size_t next;     /* object of the stage */
	const char *why; /* what recover_read() did not understand, until the next time */
	bool *is_loaded, *is_network_loaded;
	bool has_links; /* the snapshot has them, sorted by both: */
	const struct snapshot_link **by_name, **by_alias;
	/* Of records that make no sense, by kind: all that they may be about is left alone. */
	struct {
		const char **names;
		size_t n;
	} left[RECORD_NETWORK + 1];
};

/* 0; 1: a step failed, and the log says so; -errno. */
int recover_apply(struct recovery *recovery, const struct plan *plan, const char *name);
/* False: it is no such thing, and the log says so. */
bool recover_read(struct recovery *recovery, const struct snapshot_record *record,
	const struct codec_struct *type, void *ret, bool is_silent);
/* Whoever looks at that record must find all that it may have been about. */
void recover_leave(
	struct recovery *recovery, enum record_kind kind, const char *name, const char *why);
/* Among sorted ones. */
const struct snapshot_record *recover_find_record(
	const struct snapshot_record *records, size_t n, const char *name);
/* The host ends that are a namespace's go with it. */
void recover_adopt_ends(const struct recovery *recovery, const char *netns);
/* Whether it stood in the firewall when that was looked at. */
bool recover_has_port(const struct recovery *recovery, const struct step *step);
/* The number of a link of ours, told from names that are like ours but too long, or have a sign. */
bool recover_link_number(const char *name, const char *prefix, unsigned *ret);
const struct snapshot_link *recover_find_link(const struct recovery *recovery, const char *name);
const struct snapshot_link *recover_find_alias(const struct recovery *recovery, const char *alias);
bool recover_is_left(const struct recovery *recovery, enum record_kind kind, const char *name);
/* For struct namespace_host. */
struct network *takeover_find_network(void *recovery, const char *name);
void takeover_name_link(
	void *recovery, const char *alias, const char *was, char ret[INTERFACE_SIZE]);
/* It is there, with all it has: it is charged, whatever the limits are by now, and known from then on. */
void takeover_add_network(struct recovery *recovery, struct network *network);
void takeover_add_namespace(struct recovery *recovery, struct ns *ns);
/* An object again, from its record; a careful one does nothing else, and leaves what is not whole for later. Whether it is: of a namespace
 * 1, 0 or -errno. */
bool takeover_load_network(
	struct recovery *recovery, const struct snapshot_record *record, bool is_careful);
int takeover_load_namespace(
	struct recovery *recovery, const struct snapshot_record *record, bool is_careful);
/* What differs of one that was loaded. A network's links are repair_networks()'s. */
void takeover_mend_network(struct recovery *recovery, const struct snapshot_record *record);
void takeover_mend_namespace(struct recovery *recovery, const struct snapshot_record *record);
/* Its hosts file says who is at it, once all of them are known. */
int takeover_match_hosts(struct recovery *recovery, struct network *network);
/* Interfaces that are to be inside and lie about on the host go in. */
void takeover_lend(struct recovery *recovery, const struct ns *ns);

/* A namespace as its record, or a change, says it is; former: what it is made from, or NULL. NULL: it makes none. */
struct ns *takeover_remake_namespace(
	struct recovery *recovery, const struct nsnet_list_namespaces_out *told, struct ns *former);
struct network *takeover_remake_network(struct recovery *recovery,
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
