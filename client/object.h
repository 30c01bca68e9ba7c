/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * object - the two nouns' one way: create, set, list and show, by a description of what a noun is
 *
 * What the daemon tells of an object ("listed") begins with its name, for both; it lives as long as the client.
 */
#pragma once

#include "client.h"

struct table;

struct object {
	const char *noun, *nouns; /* "namespace", "namespaces" */
	bool is_network;
	const struct codec_struct *listed, *context;
	size_t context_at;   /* in what is listed */
	const char *nothing; /* the error that tells that there is none at all */
	const char *const *columns;
	size_t n_columns;
	/* Calls on_reply with one object, or all where name is NULL; inspect: with all that is known. */
	int (*ask)(struct client *client, const char *name, bool inspect,
		int (*on_reply)(const void *listed, void *userdata), void *userdata);
	/* What is asked for to make it, as the settings have made client->settings; and what the reply lists. */
	enum nsnet_method creates;
	const void *(*wish)(struct client *client, const char *name);
	void (*made)(struct client *client, const char *name, const void *out, void *ret_listed);
	/* Changes it to that. */
	int (*set)(struct client *client, const char *name, struct maybe_int revision,
		void *ret_listed);
	/* What "+" and "-" go out from. */
	const void *(*former)(struct arena *arena, const void *listed);
	int64_t (*revision)(const void *listed);
	/* The rows of one in a table; all about one. */
	void (*list)(struct client *client, struct table *table, const void *listed);
	int (*show)(struct client *client, const void *listed);
};

int object_create(struct client *client, const struct object *object);
int object_set(struct client *client, const struct object *object);
int object_list(struct client *client, const struct object *object);
/* *ret_n: how many there were. */
int object_show(struct client *client, const struct object *object, size_t *ret_n);
