/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * record - what is wished for, in files
 */
#pragma once

#include "state.h"

int record_write(struct kernel *kernel, const struct step *step);
int record_delete(struct kernel *kernel, const struct step *step);
/* On the disk when it is done. */
int record_write_wish(struct kernel *kernel, const struct step *step);
int record_delete_wish(struct kernel *kernel, const struct step *step);

/* All records of a kind; those that cannot be read are left out, and the log says so. */
int record_list(const struct kernel *kernel, enum record_kind kind, struct arena *arena,
	struct snapshot_record **ret, size_t *ret_n);
/* What they say is read later. */
int record_list_names(const struct kernel *kernel, enum record_kind kind, struct arena *arena,
	struct snapshot_record **ret, size_t *ret_n);
int record_read(const struct kernel *kernel, enum record_kind kind, struct arena *arena,
	struct snapshot_record *record);
/* The same of wishes; none where there is nowhere to keep them. */
int record_list_wishes(const struct kernel *kernel, enum record_kind kind, struct arena *arena,
	struct snapshot_record **ret, size_t *ret_n);
