/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * wanted - what a field of a type takes, for people, by its path ("attachments[0].network", codec.h)
 *
 * A key of a map may hold dots: all places that it may end at are tried.
 */
#include "wanted.h"

#include "suggest.h"

/* A field, or what is in the list or map that it is. */
struct spot {
	const struct codec_field *field;
	bool is_inside;
};

static bool find_spot(const struct codec_struct *type, const char *path, struct spot *ret);

/* What follows a field's name, an index or a key. */
static bool find_behind(
	const struct codec_field *field, const char *rest, bool is_inside, struct spot *ret)
{
	if (!*rest) {
		*ret = (struct spot){ field, is_inside };
		return true;
	}
	return *rest == '.' && field->kind == CODEC_STRUCT &&
	       find_spot(field->structure, rest + 1, ret);
}

static bool find_in_map(const struct codec_field *field, const char *keys, struct spot *ret)
{
	for (const char *dot = strchr(keys, '.'); dot; dot = strchr(dot + 1, '.'))
		if (find_behind(field, dot, true, ret))
			return true;
	return find_behind(field, "", true, ret);
}

static bool find_in_field(const struct codec_field *field, const char *rest, struct spot *ret)
{
	const char *end;

	if (!*rest)
		return find_behind(field, rest, false, ret);
	switch (field->shape) {
	case CODEC_ONE:
		return find_behind(field, rest, false, ret);
	case CODEC_LIST:
		end = *rest == '[' ? strchr(rest, ']') : NULL;
		return end && find_behind(field, end + 1, true, ret);
	case CODEC_MAP:
		return *rest == '.' && find_in_map(field, rest + 1, ret);
	}
	abort();
}

static bool find_spot(const struct codec_struct *type, const char *path, struct spot *ret)
{
	for (size_t i = 0; i < type->n_fields; i++) {
		const char *rest = after(path, type->fields[i].name);

		if (rest && find_in_field(&type->fields[i], rest, ret))
			return true;
	}
	return false;
}

static const char *one_of(const struct codec_enum *type, struct arena *arena)
{
	const char *text = "";

	for (size_t i = 0; i < type->n_values; i++)
		text = arena_printf(arena, "%s%s\"%s\"", text,
			i == 0                    ? ""
			: i + 1 == type->n_values ? " or "
						  : ", ",
			type->values[i]);
	return text;
}

static const char *kind_text(const struct codec_field *field, struct arena *arena)
{
	switch (field->kind) {
	case CODEC_BOOL:
		return "true or false";
	case CODEC_INT:
		return "a whole number";
	case CODEC_STRING:
		return "a text";
	case CODEC_ENUM:
		return one_of(field->enumeration, arena);
	case CODEC_STRUCT:
		return "an object, {...}";
	}
	abort();
}

static const char *spot_text(const struct spot *spot, struct arena *arena)
{
	if (!spot->is_inside && spot->field->shape == CODEC_LIST)
		return "a list, [...]";
	if (!spot->is_inside && spot->field->shape == CODEC_MAP)
		return "an object, {...}";
	return kind_text(spot->field, arena);
}

const char *wanted_text(const struct codec_struct *type, const char *path, struct arena *arena)
{
	struct spot spot;

	if (!find_spot(type, path, &spot))
		return "wants an object, {...}";
	return arena_printf(arena, "wants %s", spot_text(&spot, arena));
}

/* The struct that the last of a path is looked for in. */
static const struct codec_struct *holder(const struct codec_struct *type, const char *path,
	struct arena *arena, const char **ret_name)
{
	char *outer = arena_strdup(arena, path);
	struct spot spot;

	for (char *dot = strrchr(outer, '.'); dot; dot = strrchr(outer, '.')) {
		*dot = '\0';
		*ret_name = path + (dot - outer) + 1;
		if (find_spot(type, outer, &spot) && spot.field->kind == CODEC_STRUCT)
			return spot.field->structure;
	}
	*ret_name = path;
	return type;
}

const char *wanted_instead(const struct codec_struct *type, const char *path, struct arena *arena)
{
	const char *name;
	const struct codec_struct *in = holder(type, path, arena, &name);
	const char **names = arena_array(arena, in->n_fields, sizeof(*names));

	for (size_t i = 0; i < in->n_fields; i++)
		names[i] = in->fields[i].name;
	return suggest_nearest(name, names, in->n_fields);
}
