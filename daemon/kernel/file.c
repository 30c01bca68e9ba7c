/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * file - small files below directories that are held open
 */
#include "file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

static int open_directory(int parent, const char *name, mode_t mode, bool is_new)
{
	autoclose int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return neg();
	if (is_new && fchmod(fd, mode) < 0)
		return neg();
	if (!is_new && (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0))
		return -EPERM;
	return take_fd(&fd);
}

bool file_is_verdict(int error)
{
	static const int verdicts[] = { ENOENT, ENOTDIR, EISDIR, ELOOP, ENXIO, ENODEV, EINVAL,
		ENOTTY, EFBIG, EBADMSG };

	for (size_t i = 0; i < lengthof(verdicts); i++)
		if (error == -verdicts[i])
			return true;
	return false;
}

int file_make_directory(int parent, const char *name, mode_t mode, bool *ret_is_new)
{
	/* With its mode at once: one that a crash left without would be taken for somebody's wish. */
	mode_t mask = umask(0);
	bool is_new = mkdirat(parent, name, mode) == 0;
	int fd, error = errno;

	(void)umask(mask);
	if (!is_new && error != EEXIST)
		return -error;
	fd = open_directory(parent, name, mode, is_new);
	if (fd < 0 && is_new)
		(void)unlinkat(parent, name, AT_REMOVEDIR);
	*ret_is_new = is_new;
	return fd;
}

int file_open_directory(int parent, const char *name, mode_t mode)
{
	bool is_new;

	return file_make_directory(parent, name, mode, &is_new);
}

static int read_whole(int fd, size_t max, struct arena *arena, char **ret, size_t *ret_n)
{
	size_t n = 0, allocated = 4096;
	autofree char *text = malloc(allocated);

	if (!text)
		return -ENOMEM;
	for (;;) {
		ssize_t got;

		if (n == allocated) {
			char *grown = realloc(text, allocated *= 2);

			if (!grown)
				return -ENOMEM;
			text = grown;
		}
		got = read(fd, text + n, allocated - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return neg();
		if (got == 0)
			break;
		n += (size_t)got;
		if (n > max)
			return -EFBIG;
	}
	*ret = arena_strndup(arena, text, n);
	*ret_n = n;
	return 0;
}

/* Neither waits for a pipe's other end nor takes a terminal over, whatever lies there. */
static int open_and_read(int directory, const char *name, int flags, size_t max,
	struct arena *arena, char **ret, size_t *ret_n)
{
	autoclose int fd =
		openat(directory, name, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC | flags);
	struct stat st;

	if (fd < 0 || fstat(fd, &st) < 0)
		return neg();
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	return read_whole(fd, max, arena, ret, ret_n);
}

int file_read(
	int directory, const char *name, size_t max, struct arena *arena, char **ret, size_t *ret_n)
{
	return open_and_read(directory, name, O_NOFOLLOW, max, arena, ret, ret_n);
}

int file_read_followed(const char *path, size_t max, struct arena *arena, char **ret, size_t *ret_n)
{
	return open_and_read(AT_FDCWD, path, 0, max, arena, ret, ret_n);
}

int file_write_at(int fd, const void *bytes, size_t n, off_t offset)
{
	const char *from = bytes;

	while (n > 0) {
		ssize_t written = pwrite(fd, from, n, offset);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return neg();
		from += written;
		n -= (size_t)written;
		offset += written;
	}
	return 0;
}

int file_write_once(int directory, const char *name, const char *text)
{
	autoclose int fd = openat(directory, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	ssize_t written;

	if (fd < 0)
		return neg();
	do
		written = write(fd, text, strlen(text));
	while (written < 0 && errno == EINTR);
	if (written < 0)
		return neg();
	return (size_t)written == strlen(text) ? 0 : -EIO;
}

#define TEMPORARY ".tmp"
/* No page is larger than the smallest one. */
#define IN_PLACE_MAX 4096U

/* A name for what is being written: such names begin with a dot, which no object's does. */
static const char *temporary_name(const char *name, char ret[NAME_MAX + 1])
{
	int n = snprintf(ret, NAME_MAX + 1, ".%s" TEMPORARY, name);

	return n > 0 && n <= NAME_MAX ? ret : NULL;
}

static int create_new(int directory, const char *name, mode_t mode)
{
	const int flags = O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC;
	int fd = openat(directory, name, flags, mode);

	if (fd < 0 && errno == EEXIST) {
		/* A crash left it behind. */
		(void)file_remove(directory, name);
		fd = openat(directory, name, flags, mode);
	}
	return fd < 0 ? neg() : fd;
}

/* Writes over a file of our own that is no longer than what it is to say: a process that is killed meanwhile has written all of
 * so little, or nothing. 1: done; 0: it is another way. */
static int overwrite(int directory, const char *name, mode_t mode, const char *text, size_t n)
{
	autoclose int fd = openat(directory, name, O_WRONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	ssize_t written;

	if (fd < 0 || fstat(fd, &st) < 0)
		return errno == ENOENT || errno == ELOOP || errno == ENXIO ? 0 : neg();
	if (!S_ISREG(st.st_mode) || (st.st_mode & ALLPERMS) != mode || st.st_uid != geteuid() ||
		st.st_size == 0 || (size_t)st.st_size > n || n > IN_PLACE_MAX)
		return 0;
	do
		written = pwrite(fd, text, n, 0);
	while (written < 0 && errno == EINTR);
	return written < 0 ? neg() : (size_t)written == n;
}

int file_put(int directory, const char *name, mode_t mode, const char *text, size_t n,
	enum file_existing existing)
{
	unsigned flags = existing == FILE_KEEP ? RENAME_NOREPLACE : 0;
	char buffer[NAME_MAX + 1];
	const char *temporary = temporary_name(name, buffer);
	autoclose int fd = -EBADF;
	int r;

	if (!temporary)
		return -ENAMETOOLONG;
	r = existing == FILE_OVERWRITE ? overwrite(directory, name, mode, text, n) : 0;
	if (r != 0)
		return r < 0 ? r : 0;
	fd = create_new(directory, temporary, mode);
	if (fd < 0)
		return fd;
	r = file_write_at(fd, text, n, 0);
	/* The umask takes nothing from a file that is for its owner alone. */
	if (r == 0 && (mode & (S_IRWXG | S_IRWXO)) != 0 && fchmod(fd, mode) < 0)
		r = neg();
	if (r == 0 && existing == FILE_REPLACE_SYNCED && fsync(fd) < 0)
		r = neg();
	if (r == 0 && renameat2(directory, temporary, directory, name, flags) < 0)
		r = neg();
	if (r < 0)
		(void)file_remove(directory, temporary);
	return r;
}

bool file_is_own(int directory, const char *name)
{
	struct stat st;

	return fstatat(directory, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) &&
	       st.st_uid == geteuid();
}

int file_remove(int directory, const char *name)
{
	return unlinkat(directory, name, 0) < 0 && errno != ENOENT ? neg() : 0;
}

define_cleanup(DIR *, closedir);

static DIR *open_stream(int directory)
{
	/* Not a duplicate: those share where they are in the directory. */
	autoclose int fd = openat(directory, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *stream = fd < 0 ? NULL : fdopendir(fd);

	if (stream)
		(void)take_fd(&fd);
	return stream;
}

int file_list(int directory, struct arena *arena, const char ***ret, size_t *ret_n)
{
	cleanup(closedir) DIR *stream = open_stream(directory);
	size_t n = 0;
	const char **names = NULL;

	if (!stream)
		return neg();
	for (;;) {
		struct dirent *entry;

		errno = 0;
		entry = readdir(stream);
		if (!entry)
			break;
		if (entry->d_name[0] == '.')
			continue;
		names = arena_grow(arena, names, n, sizeof(*names));
		names[n++] = arena_strdup(arena, entry->d_name);
	}
	if (errno != 0)
		return neg();
	*ret = names;
	*ret_n = n;
	return 0;
}

static bool is_temporary(const char *name)
{
	size_t n = strlen(name), n_suffix = strlen(TEMPORARY);

	return name[0] == '.' && n > 1 + n_suffix && streq(name + n - n_suffix, TEMPORARY);
}

int file_sweep(int directory)
{
	cleanup(closedir) DIR *stream = open_stream(directory);

	if (!stream)
		return neg();
	for (;;) {
		struct dirent *entry;
		int r = 0;

		errno = 0;
		entry = readdir(stream);
		if (!entry)
			return errno ? neg() : 0;
		if (is_temporary(entry->d_name) && file_is_own(directory, entry->d_name))
			r = file_remove(directory, entry->d_name);
		if (r < 0)
			return r;
	}
}
