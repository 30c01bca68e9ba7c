/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * record - what is wished for, in files
 */
#include "record.h"

#include <stdio.h>

#include "file.h"
#include "log.h"

#define RECORD_MAX (1024U * 1024U)
#define SUFFIX     ".json"

static int folder(const struct kernel *kernel, enum record_kind kind)
{
	return kind == RECORD_NAMESPACE ? kernel->namespaces : kernel->networks;
}

static void file_name(const char *name, char ret[NAME_SIZE + sizeof(SUFFIX)])
{
	(void)snprintf(ret, NAME_SIZE + sizeof(SUFFIX), "%s" SUFFIX, name);
}

int record_write(struct kernel *kernel, const struct step *step)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *text = codec_encode(step->record.type, step->record.data, &arena);
	char name[NAME_SIZE + sizeof(SUFFIX)];

	file_name(step->record.name, name);
	return file_put(
		folder(kernel, step->record.kind), name, 0600, text, strlen(text), FILE_REPLACE);
}

int record_delete(struct kernel *kernel, const struct step *step)
{
	char name[NAME_SIZE + sizeof(SUFFIX)];

	file_name(step->record.name, name);
	return file_remove(folder(kernel, step->record.kind), name);
}

int record_list(const struct kernel *kernel, enum record_kind kind, struct arena *arena,
	struct snapshot_record **ret, size_t *ret_n)
{
	struct snapshot_record *records;
	size_t n = 0, n_files;
	const char **files;
	int r = file_list(folder(kernel, kind), arena, &files, &n_files);

	if (r < 0)
		return r;
	records = arena_array(arena, n_files, sizeof(*records));
	for (size_t i = 0; i < n_files; i++) {
		size_t length = strlen(files[i]), n_suffix = strlen(SUFFIX);
		char *text;

		if (length <= n_suffix || !streq(files[i] + length - n_suffix, SUFFIX))
			continue;
		records[n].name = arena_strndup(arena, files[i], length - n_suffix);
		if (!name_is_valid(records[n].name))
			continue;
		r = file_read(
			folder(kernel, kind), files[i], RECORD_MAX, arena, &text, &records[n].n);
		if (r < 0) {
			log_line(LOG_ERR, "cannot read the record %s: %s", files[i], strerror(-r));
			continue;
		}
		records[n++].text = text;
	}
	*ret = records;
	*ret_n = n;
	return 0;
}
