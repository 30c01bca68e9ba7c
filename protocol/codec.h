/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * codec - C structs to JSON and back, by the tables that idlc makes from an interface definition
 *
 * How a type of the definition looks in C:
 *
 *     bool, int, string      bool, int64_t, const char *
 *     an enum                enum with 0 = unset, then the values in order
 *     a struct               embedded
 *     ?bool, ?int            struct maybe_bool, struct maybe_int
 *     ?string, ?enum         NULL, 0 where absent
 *     ?struct                a pointer, NULL where absent
 *     []T, ?[]T              struct { T *items; size_t n; }; items == NULL where absent, not NULL where empty
 *     [string]T              struct { struct { const char *key; T value; } *items; size_t n; }
 *
 * All texts are UTF-8 without U+0000. The only user of json-c.
 */
#pragma once

#include "arena.h"
#include "text.h"

struct maybe_bool {
	bool is_set, value;
};

struct maybe_int {
	bool is_set;
	int64_t value;
};

#define SOME_INT(v) \
	(struct maybe_int) \
	{ \
		.is_set = true, .value = (v) \
	}
#define SOME_BOOL(v) \
	(struct maybe_bool) \
	{ \
		.is_set = true, .value = (v) \
	}

struct string_list {
	const char **items;
	size_t n;
};

/* Whether that text is in it. */
static inline bool string_list_has(const struct string_list *list, const char *text)
{
	for (size_t i = 0; i < list->n; i++)
		if (streq(list->items[i], text))
			return true;
	return false;
}

struct int_list {
	int64_t *items;
	size_t n;
};

struct string_map_entry {
	const char *key;
	const char *value;
};

struct string_map {
	struct string_map_entry *items;
	size_t n;
};

/* The tables. */

enum codec_kind { CODEC_BOOL, CODEC_INT, CODEC_STRING, CODEC_ENUM, CODEC_STRUCT };
enum codec_shape { CODEC_ONE, CODEC_LIST, CODEC_MAP };

struct codec_enum {
	const char *name;
	const char *const *values; /* values[0] is the text of 1 */
	size_t n_values;
};

struct codec_struct {
	const char *name;
	size_t size;
	const struct codec_field *fields;
	size_t n_fields;
};

struct codec_field {
	const char *name;
	size_t offset;
	enum codec_kind kind;
	enum codec_shape shape;
	bool is_optional;
	const struct codec_enum *enumeration; /* CODEC_ENUM */
	const struct codec_struct *structure; /* CODEC_STRUCT */
};

struct codec_method {
	const char *name; /* "CreateNamespace" */
	const struct codec_struct *in, *out;
};

struct codec_error {
	const char *name; /* "alt.nsnet.NamespaceExists" */
	const struct codec_struct *parameters;
};

struct codec_interface {
	const char *name;        /* "alt.nsnet" */
	const char *description; /* the definition's text */
	const struct codec_method *methods;
	size_t n_methods;
	const struct codec_error *errors; /* by enum, from 0 */
	size_t n_errors;
};

/* A JSON value that was read; lives in the arena it was read into. */
struct codec_value;

/* Reads a JSON object: text_check() and json-c. 0, or -EBADMSG (not an object within the limits). */
int codec_parse(struct arena *arena, const char *text, size_t n, const struct text_limits *limits,
	const struct codec_value **ret);

/* The text of a value, in the arena; pretty: over lines with two spaces of indent. */
const char *codec_print(struct arena *arena, const struct codec_value *value, bool is_pretty);

enum codec_strictness {
	CODEC_REFUSE_UNKNOWN, /* a service */
	CODEC_IGNORE_UNKNOWN, /* a client */
};

/* Fills ret (of type->size bytes) from an object; value NULL stands for {}. Texts and lists live in the arena. 0, or -EINVAL
 * with *reterr_field the path of what is wrong, in the arena: "context.attachments[1].network". */
int codec_decode(const struct codec_struct *type, const struct codec_value *value,
	enum codec_strictness strictness, struct arena *arena, void *ret,
	const char **reterr_field);

/* The text of a struct, in the arena. Absent optional fields are left out; an absent list that is not optional is []. */
const char *codec_encode(const struct codec_struct *type, const void *data, struct arena *arena);

/* Puts each field that is there in "over" in the place of its like in "into": what is left out there stays. Nothing is copied
 * but the values themselves. */
void codec_overlay(const struct codec_struct *type, const void *over, void *into);

/* The names of the fields that two structs of a type differ in. */
void codec_differing(const struct codec_struct *type, const void *a, const void *b,
	struct arena *arena, struct string_list *ret);

/* Deep copy of a struct into another arena. */
void codec_copy(const struct codec_struct *type, const void *from, void *to, struct arena *arena);

/* Messages. */

struct codec_call {
	const char *method; /* "alt.nsnet.Describe" */
	bool more, oneway, upgrade;
	const struct codec_value *parameters; /* NULL where absent or null */
};

struct codec_reply {
	const char *error; /* NULL: done */
	bool continues;
	const struct codec_value *parameters;
};

/* Reads a message. 0, or -EBADMSG: not a text within the limits of a message, not a call or reply, a field that a message
 * does not have. */
int codec_parse_call(struct arena *arena, const char *text, size_t n, struct codec_call *ret);
int codec_parse_reply(struct arena *arena, const char *text, size_t n, struct codec_reply *ret);

/* Texts of messages, in the arena. parameters is the text of an object, or NULL for none. What is no UTF-8 in a reply becomes
 * U+FFFD, so that it can be read, whatever names it has from others. */
const char *codec_encode_call(
	struct arena *arena, const char *method, bool more, bool oneway, const char *parameters);
const char *codec_encode_reply(
	struct arena *arena, const char *error, bool continues, const char *parameters);

/* The text of a value, NULL for 0. */
const char *codec_enum_name(const struct codec_enum *type, int value);
