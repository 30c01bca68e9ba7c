/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * topology - files that say which networks and namespaces there are to be
 */
#include "topology.h"

#include <fcntl.h>

#include "check.h"
#include "place.h"
#include "wanted.h"

/* Bytes of one file, which may be written over many lines: what is sent has none. */
enum { FILE_MAX = 16 * 1024 * 1024 };

struct contents {
	const char *schema;
	struct nsnet_network_context_map networks;
	struct nsnet_namespace_context_map namespaces;
};

static const struct codec_field contents_fields[] = {
	{ "$schema", offsetof(struct contents, schema), CODEC_STRING, CODEC_ONE, true, NULL, NULL },
	{ "networks", offsetof(struct contents, networks), CODEC_STRUCT, CODEC_MAP, true, NULL,
		&nsnet_network_context_type },
	{ "namespaces", offsetof(struct contents, namespaces), CODEC_STRUCT, CODEC_MAP, true, NULL,
		&nsnet_namespace_context_type },
};

static const struct codec_struct contents_type = { "Topology", sizeof(struct contents),
	contents_fields, lengthof(contents_fields) };

static int read_all(int fd, struct topology_file *file, struct problem *problem)
{
	autofree char *text = NULL;
	size_t size = 0;

	file->n = 0;
	for (;;) {
		ssize_t n;

		if (file->n == size) {
			size = size == 0 ? 65536 : 2 * size;
			text = realloc(text, size);
			if (!text)
				abort();
		}
		n = read(fd, text + file->n, size - file->n);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return problem_errno(problem, neg(), "reading %s", file->path);
		if (n == 0)
			break;
		file->n += (size_t)n;
		if (file->n > FILE_MAX)
			return problem_set(problem, PROBLEM_USAGE, TOPOLOGY_MANUAL,
				"%s is over %d MiB: that is no topology", file->path,
				FILE_MAX / (1024 * 1024));
	}
	/* Not as a text, which might end early. */
	file->text = memcpy(arena_alloc(problem->arena, file->n + 1), text, file->n);
	return 0;
}

static int read_file(const char *path, struct topology_file *ret, struct problem *problem)
{
	autoclose int fd = -EBADF;

	if (streq(path, "-")) {
		ret->path = "standard input";
		return read_all(STDIN_FILENO, ret, problem);
	}
	ret->path = path;
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return problem_errno(problem, neg(), "opening %s", path);
	return read_all(fd, ret, problem);
}

static size_t line_of(const struct topology_file *file, const char *field, size_t *ret_left)
{
	return place_line(file->text, place_find(file->text, file->n, field, ret_left));
}

const char *topology_place(const struct topology *topology, const char *field, struct arena *arena)
{
	const struct topology_file *nearest = &topology->files[0];
	size_t least = SIZE_MAX, line = 1;

	for (size_t i = 0; i < topology->n_files; i++) {
		size_t left, here = line_of(&topology->files[i], field, &left);

		if (left < least) {
			least = left;
			line = here;
			nearest = &topology->files[i];
		}
	}
	return arena_printf(arena, "%s:%zu", nearest->path, line);
}

static int wrong(struct problem *problem, const struct topology_file *file, const char *field,
	const char *what)
{
	size_t left, line = line_of(file, field, &left);

	return problem_set(problem, PROBLEM_USAGE, TOPOLOGY_MANUAL, "%s:%zu: %s%s%s", file->path,
		line, field, *field ? ": " : "", what);
}

static int no_json(
	struct problem *problem, const struct topology_file *file, size_t at, enum text_fault fault)
{
	return problem_set(problem, PROBLEM_USAGE, TOPOLOGY_MANUAL, "%s:%zu: no JSON: %s",
		file->path, place_line(file->text, at), text_fault_name(fault));
}

/* First what is there and wrong, then what is not known: only so is it known which of both it is. */
static int decode(const struct topology_file *file, const struct codec_value *value,
	struct contents *ret, struct problem *problem)
{
	struct arena *arena = problem->arena;
	const char *field;
	size_t left;

	if (codec_decode(&contents_type, value, CODEC_IGNORE_UNKNOWN, arena, ret, &field) < 0) {
		(void)place_find(file->text, file->n, field, &left);
		return wrong(problem, file, field,
			left > 0 ? "it is missing" : wanted_text(&contents_type, field, arena));
	}
	if (codec_decode(&contents_type, value, CODEC_REFUSE_UNKNOWN, arena, ret, &field) < 0) {
		const char *nearest = wanted_instead(&contents_type, field, arena);

		if (!nearest)
			return wrong(problem, file, field, "there is no such field");
		return wrong(problem, file, field,
			arena_printf(arena, "there is no such field; is \"%s\" meant?", nearest));
	}
	return 0;
}

static int parse(const struct topology_file *file, struct contents *ret, struct problem *problem)
{
	/* What is sent is bounded when it is made. */
	static const struct text_limits limits = { FILE_MAX, FILE_MAX, TEXT_DEPTH_MAX };
	const struct codec_value *value;
	size_t at;
	enum text_fault fault = text_check(file->text, file->n, &limits, &at);

	if (fault != TEXT_OK)
		return no_json(problem, file, at, fault);
	if (codec_parse(problem->arena, file->text, file->n, &limits, &value) < 0)
		return problem_set(problem, PROBLEM_USAGE, TOPOLOGY_MANUAL,
			"%s:1: no JSON object: it begins with \"{\"", file->path);
	return decode(file, value, ret, problem);
}

/* What both maps are, whatever their values (codec.h). */
struct map {
	char *items;
	size_t n;
};

static const char *key_at(const struct map *map, size_t i, size_t size)
{
	return *(const char *const *)(const void *)(map->items + i * size);
}

static int check_key(struct problem *problem, const struct topology_file *file, const char *noun,
	const char *key, bool is_twice)
{
	const char *field = arena_printf(problem->arena, "%ss.%s", noun, key);

	if (is_twice)
		return wrong(problem, file, field,
			arena_printf(problem->arena, "the %s is in another file too", noun));
	if (!check_is_name(key))
		return wrong(problem, file, field,
			arena_printf(problem->arena, "that cannot name a %s", noun));
	return 0;
}

/* Puts what is in the last of the files with what is in those before. */
static int add(const struct topology *topology, const char *noun, size_t value_size,
	const void *more_map, void *all_map, struct problem *problem)
{
	const struct map *more = more_map;
	struct map *all = all_map;
	const struct map old = *all;
	size_t size = sizeof(const char *) + value_size;

	all->items = arena_array(problem->arena, old.n + more->n, size);
	if (old.n > 0)
		memcpy(all->items, old.items, old.n * size);
	for (size_t i = 0; i < more->n; i++, all->n++) {
		const char *key = key_at(more, i, size);
		bool is_twice = false;
		int r;

		for (size_t j = 0; j < old.n && !is_twice; j++)
			is_twice = streq(key_at(&old, j, size), key);
		r = check_key(
			problem, &topology->files[topology->n_files - 1], noun, key, is_twice);
		if (r != 0)
			return r;
		memcpy(all->items + all->n * size, more->items + i * size, size);
	}
	return 0;
}

int topology_read(const char *const *paths, size_t n, struct topology *ret, struct problem *problem)
{
	int r = 0;

	*ret = (struct topology){ .files = arena_array(problem->arena, n, sizeof(*ret->files)) };
	for (size_t i = 0; i < n && r == 0; i++) {
		struct topology_file *file = &ret->files[ret->n_files++];
		struct contents contents = { 0 };

		r = read_file(paths[i], file, problem);
		if (r == 0)
			r = parse(file, &contents, problem);
		if (r == 0)
			r = add(ret, "network", sizeof(struct nsnet_network_context),
				&contents.networks, &ret->networks, problem);
		if (r == 0)
			r = add(ret, "namespace", sizeof(struct nsnet_namespace_context),
				&contents.namespaces, &ret->namespaces, problem);
	}
	return r;
}
