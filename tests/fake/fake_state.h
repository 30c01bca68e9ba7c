/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fake_state - what the fake kernel floor remembers
 */
#pragma once

#include "fake.h"

#define THINGS_MAX 16384U
#define STEPS_MAX  65536U
#define NOTES_MAX  THINGS_MAX

struct kernel {
	struct arena arena;
	char *things[THINGS_MAX];
	size_t n_things;
	const char *steps[STEPS_MAX];
	size_t n_steps;
	unsigned n_followed;
	/* What a step told of its thing: a record's text, a link's alias, a namespace's numbers. */
	struct fake_note {
		const char *thing, *text;
	} notes[NOTES_MAX];
	size_t n_notes;
	struct snapshot_prefix prefixes[64];
	size_t n_prefixes;
	size_t n_processes;
	struct snapshot_uplink uplink;
	uint16_t listening;
	int64_t next_number;
	bool holds, goes_at_end;              /* fake_hold() */
	int64_t n_departures, n_gone, n_told; /* their numbers are in order */
	bool is_mortal;                       /* steps_left counts */
	int steps_left;
	struct {
		enum step_type type;
		unsigned skip;
		int error;
		const char *message;
	} fault;
};

/* The line of what a step makes or takes away; NULL: it does neither. */
const char *fake_thing_of(struct kernel *kernel, const struct step *step);
/* What stands behind "WHAT NAME ", of the first such thing; NULL: there is none. */
const char *fake_find_rest(struct kernel *kernel, const char *what, const char *name);
/* A number that is the name's alone, as good as always. */
int fake_index_of(const char *name);
/* A namespace that nobody holds any more, with all that is in it. */
void fake_drop_namespace(struct kernel *kernel, const char *name);
/* All that names a namespace, as a word of its own, names it by the other name; so does what was noted of it. 0, ENOENT, EEXIST. */
int fake_rename_namespace(struct kernel *kernel, const char *from, const char *to);
/* What was noted of a thing is noted of it under its new name. */
void fake_rename_note(struct kernel *kernel, const char *thing, const char *to);
/* What is to be known of a thing at the next start; a step that tells nothing is fine. */
void fake_note_step(struct kernel *kernel, const struct step *step, const char *thing);
