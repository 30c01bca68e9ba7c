/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * file - small files below directories that are held open; no symbolic link is followed in the last part of a name
 */
#pragma once

#include <sys/types.h>

#include "arena.h"

/* Whether an error (-errno) of a look at something says what is there: nothing, or what is none of ours. Any other is of the moment, and
 * nobody knows then: who takes it for "nothing" takes away what is there. */
bool file_is_verdict(int error);

/* Makes a directory where it is missing; one that is there must be ours and not writable by others. Its descriptor. */
int file_open_directory(int parent, const char *name, mode_t mode);
/* The same, and whether there was none. */
int file_make_directory(int parent, const char *name, mode_t mode, bool *ret_is_new);

/* Reads a whole regular file (or one of /proc) of at most max bytes, NUL behind it. -EFBIG: more. */
int file_read(int directory, const char *name, size_t max, struct arena *arena, char **ret,
	size_t *ret_n);

/* The same by an absolute path, through symbolic links: for files that are the system's. */
int file_read_followed(
	const char *path, size_t max, struct arena *arena, char **ret, size_t *ret_n);

/* All of the bytes at an offset. */
int file_write_at(int fd, const void *bytes, size_t n, off_t offset);

/* What one write(2) takes: for /proc/sys. Never makes a file. */
int file_write_once(int directory, const char *name, const char *text);

/* FILE_KEEP: -EEXIST where there is one of that name. FILE_REPLACE_SYNCED: what it says is on the disk, if not yet its name.
 * FILE_OVERWRITE: what is in memory alone, and may be written over where a process that is killed leaves the one or the other. */
enum file_existing { FILE_REPLACE, FILE_KEEP, FILE_REPLACE_SYNCED, FILE_OVERWRITE };

/* A file whole or not at all: written beside, then renamed, but for FILE_OVERWRITE. */
int file_put(int directory, const char *name, mode_t mode, const char *text, size_t n,
	enum file_existing existing);

/* Whether that is a file of our own, which nobody else could have left there. */
bool file_is_own(int directory, const char *name);

/* 0 as well where there is none. */
int file_remove(int directory, const char *name);

/* The entries of a directory but "." and ".." and what begins with a dot. */
int file_list(int directory, struct arena *arena, const char ***ret, size_t *ret_n);

/* Takes away what file_put() had not finished writing there when a crash came. */
int file_sweep(int directory);
