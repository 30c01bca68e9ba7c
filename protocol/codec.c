/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * codec - C structs to JSON and back, by the tables that idlc makes from an interface definition
 *
 * A struct codec_value is a json_object under another name, so that json-c is seen here alone. Every field is found at its
 * offset; a list or map is always a pointer and a count, whatever its elements are, so that one struct (`span`) reads
 * them all.
 */
#include "codec.h"

#include <json-c/json.h>

#include "codec_json.h"

struct span {
	char *items;
	size_t n;
};

static_assert(sizeof(struct span) == sizeof(struct string_list), "a list is a pointer and a count");

/* A map's element is its key with the value behind, both aligned as a pointer. */
#define MAP_VALUE_OFFSET sizeof(const char *)

static size_t value_size(const struct codec_field *field)
{
	switch (field->kind) {
	case CODEC_BOOL:
		return sizeof(bool);
	case CODEC_INT:
		return sizeof(int64_t);
	case CODEC_STRING:
		return sizeof(const char *);
	case CODEC_ENUM:
		return sizeof(int);
	case CODEC_STRUCT:
		return field->structure->size;
	}
	abort();
}

static size_t item_size(const struct codec_field *field)
{
	size_t n = value_size(field);

	if (field->shape != CODEC_MAP)
		return n;
	return MAP_VALUE_OFFSET + (n + sizeof(void *) - 1) / sizeof(void *) * sizeof(void *);
}

struct json_object *codec_json(const struct codec_value *value)
{
	return (struct json_object *)(uintptr_t)value;
}

static void put_json(void *json)
{
	(void)json_object_put(json);
}

const struct codec_value *codec_own(struct arena *arena, struct json_object *json)
{
	arena_defer(arena, put_json, json);
	return (const struct codec_value *)json;
}

int codec_parse(struct arena *arena, const char *text, size_t n, const struct text_limits *limits,
	const struct codec_value **ret)
{
	struct json_tokener *tokener;
	struct json_object *json;

	if (text_check(text, n, limits, NULL) != TEXT_OK || n > INT32_MAX)
		return -EBADMSG;
	tokener = json_tokener_new_ex((int)limits->depth + 2);
	if (!tokener)
		abort();
	json = json_tokener_parse_ex(tokener, text, (int)n);
	json_tokener_free(tokener);
	if (!json)
		return -EBADMSG;
	*ret = codec_own(arena, json);
	return json_object_is_type(json, json_type_object) ? 0 : -EBADMSG;
}

const char *codec_print(struct arena *arena, const struct codec_value *value, bool is_pretty)
{
	int flags = JSON_C_TO_STRING_NOSLASHESCAPE |
		    (is_pretty ? JSON_C_TO_STRING_PRETTY | JSON_C_TO_STRING_SPACED
			       : JSON_C_TO_STRING_PLAIN);
	const char *text = json_object_to_json_string_ext(codec_json(value), flags);

	if (!text)
		abort();
	return arena_strdup(arena, text);
}

const char *codec_enum_name(const struct codec_enum *type, int value)
{
	return value >= 1 && (size_t)value <= type->n_values ? type->values[value - 1] : NULL;
}

/* Reading. */

/* Where in the value we are, from the innermost outwards. */
struct place {
	const struct place *outer;
	const char *name; /* a field or key; NULL: the element with that index */
	size_t index;
};

struct decoder {
	struct arena *arena;
	enum codec_strictness strictness;
	const char *field; /* what was wrong */
};

static int decode_struct(struct decoder *decoder, const struct codec_struct *type,
	struct json_object *json, const struct place *place, void *ret);

static const char *place_path(struct arena *arena, const struct place *place)
{
	const char *outer;

	if (!place)
		return "";
	outer = place_path(arena, place->outer);
	if (!place->name)
		return arena_printf(arena, "%s[%zu]", outer, place->index);
	return arena_printf(arena, "%s%s%s", outer, *outer ? "." : "", place->name);
}

static int invalid(struct decoder *decoder, const struct place *place)
{
	decoder->field = place_path(decoder->arena, place);
	return -EINVAL;
}

/* json-c keeps a number that does not fit as the nearest that does, and says nothing: so neither end is taken. */
static bool read_int(struct json_object *json, int64_t *ret)
{
	int64_t value;

	if (!json_object_is_type(json, json_type_int))
		return false;
	value = json_object_get_int64(json);
	if (value == INT64_MIN || (value == INT64_MAX && json_object_get_uint64(json) > INT64_MAX))
		return false;
	*ret = value;
	return true;
}

static bool read_enum(const struct codec_enum *type, struct json_object *json, int *ret)
{
	if (!json_object_is_type(json, json_type_string))
		return false;
	for (size_t i = 0; i < type->n_values; i++)
		if (streq(json_object_get_string(json), type->values[i])) {
			*ret = (int)i + 1;
			return true;
		}
	return false;
}

/* One value that is there, of the field's kind, to where it belongs. */
static int decode_value(struct decoder *decoder, const struct codec_field *field,
	struct json_object *json, const struct place *place, void *ret)
{
	bool is_right = false;

	switch (field->kind) {
	case CODEC_BOOL:
		is_right = json_object_is_type(json, json_type_boolean);
		*(bool *)ret = is_right && json_object_get_boolean(json);
		break;
	case CODEC_INT:
		is_right = read_int(json, ret);
		break;
	case CODEC_STRING:
		is_right = json_object_is_type(json, json_type_string);
		if (is_right)
			*(const char **)ret =
				arena_strndup(decoder->arena, json_object_get_string(json),
					(size_t)json_object_get_string_len(json));
		break;
	case CODEC_ENUM:
		is_right = read_enum(field->enumeration, json, ret);
		break;
	case CODEC_STRUCT:
		return decode_struct(decoder, field->structure, json, place, ret);
	}
	return is_right ? 0 : invalid(decoder, place);
}

static int decode_list(struct decoder *decoder, const struct codec_field *field,
	struct json_object *json, const struct place *place, struct span *ret)
{
	size_t size = item_size(field);

	if (!json_object_is_type(json, json_type_array))
		return invalid(decoder, place);
	ret->n = json_object_array_length(json);
	ret->items = arena_array(decoder->arena, ret->n, size);
	for (size_t i = 0; i < ret->n; i++) {
		struct place inner = { .outer = place, .index = i };
		int r = decode_value(decoder, field, json_object_array_get_idx(json, i), &inner,
			ret->items + i * size);

		if (r < 0)
			return r;
	}
	return 0;
}

static int decode_map(struct decoder *decoder, const struct codec_field *field,
	struct json_object *json, const struct place *place, struct span *ret)
{
	size_t size = item_size(field), i = 0;

	if (!json_object_is_type(json, json_type_object))
		return invalid(decoder, place);
	ret->n = (size_t)json_object_object_length(json);
	ret->items = arena_array(decoder->arena, ret->n, size);
	json_object_object_foreach(json, key, value)
	{
		struct place inner = { .outer = place, .name = key };
		char *item = ret->items + i++ * size;
		int r;

		*(const char **)(void *)item = arena_strdup(decoder->arena, key);
		r = decode_value(decoder, field, value, &inner, item + MAP_VALUE_OFFSET);
		if (r < 0)
			return r;
	}
	return 0;
}

static int decode_optional(struct decoder *decoder, const struct codec_field *field,
	struct json_object *json, const struct place *place, void *ret)
{
	struct maybe_int *number = ret;
	struct maybe_bool *truth = ret;

	switch (field->kind) {
	case CODEC_INT:
		number->is_set = true;
		return decode_value(decoder, field, json, place, &number->value);
	case CODEC_BOOL:
		truth->is_set = true;
		return decode_value(decoder, field, json, place, &truth->value);
	case CODEC_STRUCT:
		*(void **)ret = arena_alloc(decoder->arena, field->structure->size);
		return decode_value(decoder, field, json, place, *(void **)ret);
	case CODEC_STRING:
	case CODEC_ENUM:
		return decode_value(decoder, field, json, place, ret);
	}
	abort();
}

static int decode_field(struct decoder *decoder, const struct codec_field *field,
	struct json_object *json, const struct place *place, void *ret)
{
	if (!json) /* absent, or null */
		return field->is_optional ? 0 : invalid(decoder, place);
	switch (field->shape) {
	case CODEC_LIST:
		return decode_list(decoder, field, json, place, ret);
	case CODEC_MAP:
		return decode_map(decoder, field, json, place, ret);
	case CODEC_ONE:
		break;
	}
	return field->is_optional ? decode_optional(decoder, field, json, place, ret)
				  : decode_value(decoder, field, json, place, ret);
}

static bool has_field(const struct codec_struct *type, const char *name)
{
	for (size_t i = 0; i < type->n_fields; i++)
		if (streq(type->fields[i].name, name))
			return true;
	return false;
}

static int decode_struct(struct decoder *decoder, const struct codec_struct *type,
	struct json_object *json, const struct place *place, void *ret)
{
	if (!json_object_is_type(json, json_type_object))
		return invalid(decoder, place);
	if (decoder->strictness == CODEC_REFUSE_UNKNOWN) {
		json_object_object_foreach(json, key, value)
		{
			(void)value;
			if (!has_field(type, key))
				return invalid(
					decoder, &(struct place){ .outer = place, .name = key });
		}
	}
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct codec_field *field = &type->fields[i];
		struct place inner = { .outer = place, .name = field->name };
		int r = decode_field(decoder, field, json_object_object_get(json, field->name),
			&inner, (char *)ret + field->offset);

		if (r < 0)
			return r;
	}
	return 0;
}

int codec_decode(const struct codec_struct *type, const struct codec_value *value,
	enum codec_strictness strictness, struct arena *arena, void *ret, const char **reterr_field)
{
	struct decoder decoder = { .arena = arena, .strictness = strictness };
	struct json_object *json = value ? codec_json(value) : json_object_new_object();
	int r;

	if (!json)
		abort();
	if (!value)
		(void)codec_own(arena, json);
	memset(ret, 0, type->size);
	r = decode_struct(&decoder, type, json, NULL, ret);
	if (r < 0)
		*reterr_field = decoder.field;
	return r;
}

/* Writing. */

static struct json_object *made(struct json_object *json)
{
	if (!json)
		abort();
	return json;
}

static struct json_object *encode_struct(const struct codec_struct *type, const void *data);

static struct json_object *encode_value(const struct codec_field *field, const void *data)
{
	const char *text;

	switch (field->kind) {
	case CODEC_BOOL:
		return made(json_object_new_boolean(*(const bool *)data));
	case CODEC_INT:
		return made(json_object_new_int64(*(const int64_t *)data));
	case CODEC_STRING:
		text = *(const char *const *)data;
		return made(json_object_new_string(text ? text : ""));
	case CODEC_ENUM:
		text = codec_enum_name(field->enumeration, *(const int *)data);
		return made(json_object_new_string(text ? text : ""));
	case CODEC_STRUCT:
		return encode_struct(field->structure, data);
	}
	abort();
}

static struct json_object *encode_list(const struct codec_field *field, const struct span *span)
{
	struct json_object *json = made(json_object_new_array());
	size_t size = item_size(field);

	for (size_t i = 0; i < span->n; i++)
		if (json_object_array_add(json, encode_value(field, span->items + i * size)) < 0)
			abort();
	return json;
}

static struct json_object *encode_map(const struct codec_field *field, const struct span *span)
{
	struct json_object *json = made(json_object_new_object());
	size_t size = item_size(field);

	for (size_t i = 0; span->items && i < span->n; i++) {
		const char *item = span->items + i * size;

		if (json_object_object_add(json, *(const char *const *)(const void *)item,
			    encode_value(field, item + MAP_VALUE_OFFSET)) < 0)
			abort();
	}
	return json;
}

/* Where the value of an optional field is; NULL where it is absent. */
static const void *optional_value(const struct codec_field *field, const void *data)
{
	const struct maybe_int *number = data;
	const struct maybe_bool *truth = data;

	switch (field->kind) {
	case CODEC_INT:
		return number->is_set ? &number->value : NULL;
	case CODEC_BOOL:
		return truth->is_set ? &truth->value : NULL;
	case CODEC_STRING:
		return *(const char *const *)data ? data : NULL;
	case CODEC_ENUM:
		return *(const int *)data ? data : NULL;
	case CODEC_STRUCT:
		return *(const void *const *)data;
	}
	abort();
}

static struct json_object *encode_field(const struct codec_field *field, const void *data)
{
	const struct span *span = data;

	if (field->shape != CODEC_ONE) {
		if (!span->items && field->is_optional)
			return NULL;
		return field->shape == CODEC_LIST ? encode_list(field, span)
						  : encode_map(field, span);
	}
	if (field->is_optional)
		data = optional_value(field, data);
	return data ? encode_value(field, data) : NULL;
}

static struct json_object *encode_struct(const struct codec_struct *type, const void *data)
{
	struct json_object *json = made(json_object_new_object());

	for (size_t i = 0; i < type->n_fields; i++) {
		const struct codec_field *field = &type->fields[i];
		struct json_object *value = encode_field(field, (const char *)data + field->offset);

		if (value && json_object_object_add(json, field->name, value) < 0)
			abort();
	}
	return json;
}

const char *codec_encode(const struct codec_struct *type, const void *data, struct arena *arena)
{
	return codec_print(arena, codec_own(arena, encode_struct(type, data)), false);
}

/* Overlaying. */

static size_t field_size(const struct codec_field *field)
{
	if (field->shape != CODEC_ONE)
		return sizeof(struct span);
	if (!field->is_optional)
		return value_size(field);
	switch (field->kind) {
	case CODEC_BOOL:
		return sizeof(struct maybe_bool);
	case CODEC_INT:
		return sizeof(struct maybe_int);
	case CODEC_STRING:
	case CODEC_STRUCT:
		return sizeof(void *);
	case CODEC_ENUM:
		return sizeof(int);
	}
	abort();
}

static bool is_present(const struct codec_field *field, const void *data)
{
	if (field->shape != CODEC_ONE)
		return ((const struct span *)data)->items;
	return !field->is_optional || optional_value(field, data);
}

void codec_overlay(const struct codec_struct *type, const void *over, void *into)
{
	assert(over && into);
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct codec_field *field = &type->fields[i];
		const char *from = (const char *)over + field->offset;

		if (is_present(field, from))
			memcpy((char *)into + field->offset, from, field_size(field));
	}
}

void codec_differing(const struct codec_struct *type, const void *a, const void *b,
	struct arena *arena, struct string_list *ret)
{
	*ret = (struct string_list){ arena_array(arena, type->n_fields, sizeof(*ret->items)), 0 };
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct codec_field *field = &type->fields[i];
		struct json_object *one = encode_field(field, (const char *)a + field->offset);
		struct json_object *other = encode_field(field, (const char *)b + field->offset);

		if (!json_object_equal(one, other))
			ret->items[ret->n++] = field->name;
		(void)json_object_put(one);
		(void)json_object_put(other);
	}
}

/* Copying. */

static void copy_value(
	const struct codec_field *field, const void *from, void *to, struct arena *arena)
{
	memcpy(to, from, value_size(field));
	if (field->kind == CODEC_STRING && *(const char *const *)from)
		*(const char **)to = arena_strdup(arena, *(const char *const *)from);
	if (field->kind == CODEC_STRUCT)
		codec_copy(field->structure, from, to, arena);
}

static void copy_span(const struct codec_field *field, const struct span *from, struct span *to,
	struct arena *arena)
{
	size_t size = item_size(field), value = field->shape == CODEC_MAP ? MAP_VALUE_OFFSET : 0;

	*to = *from;
	if (!from->items)
		return;
	to->items = arena_array(arena, from->n, size);
	for (size_t i = 0; i < from->n; i++) {
		const char *item = from->items + i * size;

		if (field->shape == CODEC_MAP)
			*(const char **)(void *)(to->items + i * size) =
				arena_strdup(arena, *(const char *const *)(const void *)item);
		copy_value(field, item + value, to->items + i * size + value, arena);
	}
}

void codec_copy(const struct codec_struct *type, const void *from, void *to, struct arena *arena)
{
	memcpy(to, from, type->size);
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct codec_field *field = &type->fields[i];
		const char *source = (const char *)from + field->offset;
		char *target = (char *)to + field->offset;

		if (field->shape != CODEC_ONE) {
			copy_span(field, (const void *)source, (void *)target, arena);
		} else if (field->is_optional && field->kind == CODEC_STRUCT) {
			const void *inner = *(const void *const *)(const void *)source;

			if (!inner)
				continue;
			*(void **)(void *)target = arena_alloc(arena, field->structure->size);
			copy_value(field, inner, *(void **)(void *)target, arena);
		} else if (field->kind == CODEC_STRING || !field->is_optional) {
			copy_value(field, source, target, arena);
		}
	}
}
