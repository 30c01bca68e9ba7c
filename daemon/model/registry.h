/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * registry - all objects there are, by name
 */
#pragma once

#include "departure.h"
#include "namespace.h"
#include "network.h"
#include "publish.h"
#include "quota.h"

struct registry {
	void *namespaces, *networks; /* of tsearch(3), by name */
	void *users;                 /* by uid: those who have something */
	struct list lent;            /* of struct ns: those lent to anybody */
	void *departures;            /* departure.h */
	struct publish_table published;
	struct registry_uplinks {
		struct arena arena;
		struct snapshot_uplinks are;
	} uplinks; /* that forward for us now */
	size_t n_namespaces, n_networks;
	size_t n_attachments;   /* of them all */
	size_t neighbours_next; /* from so many on neighbours.c looks again */
	unsigned
		next_link; /* of the host ends' names: not used again soon, because a link may outlive its name here */
};

void registry_init(struct registry *registry);
/* Frees all objects. */
void registry_done(struct registry *registry);

struct ns *registry_find_namespace(const struct registry *registry, const char *name);
struct network *registry_find_network(const struct registry *registry, const char *name);

/* The user of that uid, made where he has nothing yet; valid until registry_forget_user(). */
struct user *registry_user(struct registry *registry, uid_t uid);
/* Forgets a user who has nothing any more. */
void registry_forget_user(struct registry *registry, uid_t uid);

/* Takes an object over; its name must be free. */
void registry_add_namespace(struct registry *registry, struct ns *ns);
void registry_add_network(struct registry *registry, struct network *network);
/* Takes an object out and hands it over. */
void registry_remove_namespace(struct registry *registry, struct ns *ns);
void registry_remove_network(struct registry *registry, struct network *network);
/* Puts a changed object, made from that former, in its former's place; the former goes. */
void registry_replace_namespace(struct registry *registry, struct ns *former, struct ns *ns);
void registry_replace_network(
	struct registry *registry, struct network *former, struct network *network);

/* A namespace that was dropped, and is to be freed next. */
void registry_depart(struct registry *registry, const struct ns *ns);

/* Copies what the uplinks are now. */
void registry_set_uplinks(struct registry *registry, const struct snapshot_uplinks *uplinks);

/* All objects in the order of their names; the arrays live in the arena. */
struct ns **registry_namespaces(const struct registry *registry, struct arena *arena);
struct network **registry_networks(const struct registry *registry, struct arena *arena);
/* The same of one user's alone, however many others there are. */
struct ns **registry_namespaces_of(
	const struct registry *registry, uid_t uid, struct arena *arena, size_t *ret_n);

/* The lowest number that no network's bridge has. */
unsigned registry_free_number(const struct registry *registry, struct arena *arena);
/* "nsv12": a name that no link has had lately. Wraps round after 10^9. */
void registry_name_link(struct registry *registry, char ret[INTERFACE_SIZE]);
