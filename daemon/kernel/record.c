/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * record - what is wished for, in files
 */
#include "record.h"

#include <fcntl.h>
#include <stdio.h>

#include "file.h"
#include "log.h"

#define RECORD_MAX (1024U * 1024U)
#define SUFFIX     ".json"

static int folder(const struct kernel *kernel, enum record_kind kind)
{
	return kernel->records[kind];
}

static void file_name(const char *name, char ret[NAME_SIZE + sizeof(SUFFIX)])
{
	(void)snprintf(ret, NAME_SIZE + sizeof(SUFFIX), "%s" SUFFIX, name);
}

static int write_file(
	int directory, const struct step *step, const void *data, enum file_existing existing)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *text = codec_encode(step->record.type, data, &arena);
	char name[NAME_SIZE + sizeof(SUFFIX)];

	file_name(step->record.name, name);
	return file_put(directory, name, 0600, text, strlen(text), existing);
}

int record_write(struct kernel *kernel, const struct step *step)
{
	/* Below /run. Each is written twice when it is new, and once more as long. */
	return write_file(
		folder(kernel, step->record.kind), step, step->record.data, FILE_OVERWRITE);
}

int record_delete(struct kernel *kernel, const struct step *step)
{
	char name[NAME_SIZE + sizeof(SUFFIX)];

	file_name(step->record.name, name);
	return file_remove(folder(kernel, step->record.kind), name);
}

/* What was done and may not be on the disk is taken back, as well as that can be. */
static void take_back(int directory, const struct step *step)
{
	char name[NAME_SIZE + sizeof(SUFFIX)];
	int r;

	file_name(step->record.name, name);
	if (step->record.before)
		r = write_file(directory, step, step->record.before, FILE_REPLACE);
	else
		r = file_remove(directory, name);
	if (r < 0)
		log_line(LOG_ERR, "cannot put %s back as it was: %s", name, strerror(-r));
}

int record_write_wish(struct kernel *kernel, const struct step *step)
{
	int directory = kernel->wishes[step->record.kind];
	int r = write_file(directory, step, step->record.data, FILE_REPLACE_SYNCED);

	if (r < 0 || fsync(directory) == 0)
		return r;
	r = neg();
	take_back(directory, step);
	return r;
}

int record_delete_wish(struct kernel *kernel, const struct step *step)
{
	int directory = kernel->wishes[step->record.kind], r;
	char name[NAME_SIZE + sizeof(SUFFIX)];

	file_name(step->record.name, name);
	/* Where none can be kept there is none. */
	if (directory < 0)
		return 0;
	if (faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT ? 0 : neg();
	r = file_remove(directory, name);
	if (r < 0 || fsync(directory) == 0)
		return r;
	r = neg();
	if (step->record.before)
		take_back(directory, step);
	return r;
}

static int read_text(
	int directory, bool is_of_wishes, struct arena *arena, struct snapshot_record *record)
{
	char file[NAME_SIZE + sizeof(SUFFIX)], *text;
	int r;

	file_name(record->name, file);
	r = file_read(directory, file, RECORD_MAX, arena, &text, &record->n);
	/* A disk may have lost one for good: the others are served. */
	if (r < 0 && !file_is_verdict(r) && !is_of_wishes)
		return r;
	if (r < 0) {
		log_line(LOG_ERR,
			"cannot read the record %s: %s: left as it is, with what it is "
			"about",
			file, strerror(-r));
		text = NULL;
	}
	record->text = text;
	record->is_unread = false;
	return 0;
}

/* Of wishes only those are believed that are our own. */
static int list(int directory, bool is_of_wishes, struct arena *arena, struct snapshot_record **ret,
	size_t *ret_n)
{
	struct snapshot_record *records;
	size_t n = 0, n_files;
	const char **files;
	int r = file_list(directory, arena, &files, &n_files);

	if (r < 0)
		return r;
	records = arena_array(arena, n_files, sizeof(*records));
	for (size_t i = 0; i < n_files; i++) {
		size_t length = strlen(files[i]), n_suffix = strlen(SUFFIX);

		if (length <= n_suffix || !streq(files[i] + length - n_suffix, SUFFIX))
			continue;
		records[n].name = arena_strndup(arena, files[i], length - n_suffix);
		if (!name_is_valid(records[n].name))
			continue;
		if (is_of_wishes && !file_is_own(directory, files[i])) {
			log_line(LOG_WARNING, "%s among the persistent is no file of root's: left",
				files[i]);
			continue;
		}
		records[n++].is_unread = true;
	}
	*ret = records;
	*ret_n = n;
	return 0;
}

static int read_all(int directory, bool is_of_wishes, struct arena *arena,
	struct snapshot_record **ret, size_t *ret_n)
{
	int r = list(directory, is_of_wishes, arena, ret, ret_n);

	for (size_t i = 0; r == 0 && i < *ret_n; i++)
		r = read_text(directory, is_of_wishes, arena, &(*ret)[i]);
	return r;
}

int record_read(const struct kernel *kernel, enum record_kind kind, struct arena *arena,
	struct snapshot_record *record)
{
	return read_text(folder(kernel, kind), false, arena, record);
}

int record_list_names(const struct kernel *kernel, enum record_kind kind, struct arena *arena,
	struct snapshot_record **ret, size_t *ret_n)
{
	return list(folder(kernel, kind), false, arena, ret, ret_n);
}

int record_list(const struct kernel *kernel, enum record_kind kind, struct arena *arena,
	struct snapshot_record **ret, size_t *ret_n)
{
	return read_all(folder(kernel, kind), false, arena, ret, ret_n);
}

int record_list_wishes(const struct kernel *kernel, enum record_kind kind, struct arena *arena,
	struct snapshot_record **ret, size_t *ret_n)
{
	if (kernel->wishes[kind] < 0)
		return 0;
	return read_all(kernel->wishes[kind], true, arena, ret, ret_n);
}
