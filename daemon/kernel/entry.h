/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * entry - whether anybody may have entered a namespace
 */
#pragma once

#include "state.h"

/* Where it fails nothing is watched. */
void entry_open(struct kernel *kernel);
/* From now on it is watched; before anybody else can know of it. Where that cannot be, anybody may have. */
void entry_watch(struct kernel *kernel, struct netns *netns);
/* It is kept elsewhere from now on: a copy. */
void entry_move(struct kernel *kernel, struct netns *netns, struct netns *copy);
/* To be called before its descriptor is closed or handed on: what is watched does not go. */
void entry_forget(struct kernel *kernel, struct netns *netns);
