/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pool_world - the daemon's methods with namespaces made ahead
 */
#pragma once

#include "methods_world.h"

#define CREATE(name)          "{\"name\":\"" name "\"}"
#define CREATE_AS(name, text) "{\"name\":\"" name "\",\"context\":{" text "}}"
#define ON(network, text)     "\"attachments\":[{\"network\":\"" network "\"" text "}]"

/* As world_open(), with a pool. */
int pool_open(void **state);
/* Until it asks for a later time. */
void pool_fill(struct world *world);
size_t pool_spares(const struct world *world);
/* A namespace: the answer, which is no error. */
const char *pool_create(struct world *world, const char *parameters);
/* One namespace, and so many spares besides. */
void pool_begin(struct world *world, size_t n);
/* Whether a step has that in it, since fake_clear(). */
bool pool_did(const struct world *world, const char *step);
/* What was done for the last request is just what is done with a spare, or without. */
void pool_assert_taken(const struct world *world);
void pool_assert_cold(const struct world *world);
