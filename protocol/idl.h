/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * idl - reads a Varlink interface definition (https://varlink.org/Interface-Definition)
 *
 * All that the grammar has is read: enums, structs, anonymous structs and enums, arrays, maps ([string]T), optional types
 * (?T), the types bool int float string object any, methods and errors, comments. The comments that stand directly
 * before a member are its documentation. A definition is checked: names by the grammar, no name twice in one place, every
 * named type is there, no struct holds itself but through ?, [] or [string].
 */
#pragma once

#include "arena.h"

enum idl_kind {
	IDL_BOOL,
	IDL_INT,
	IDL_FLOAT,
	IDL_STRING,
	IDL_OBJECT, /* foreign untyped object; "any" is read as it */
	IDL_NAMED,  /* of a type of this interface */
	IDL_STRUCT, /* anonymous */
	IDL_ENUM,   /* anonymous */
	IDL_ARRAY,
	IDL_MAP,
	IDL_OPTIONAL,
};

struct idl_type {
	enum idl_kind kind;
	const char *name;               /* IDL_NAMED */
	const struct idl_member *named; /* IDL_NAMED: the type it names */
	struct idl_type *inner;         /* IDL_ARRAY, IDL_MAP, IDL_OPTIONAL */
	struct idl_field *fields;       /* IDL_STRUCT: fields; IDL_ENUM: values, without a type */
	size_t n_fields;
};

struct idl_field {
	const char *name;
	const char
		*documentation; /* lines joined by '\n', without "# "; NULL where there is none */
	struct idl_type *type;  /* NULL in an enum */
};

enum idl_member_kind { IDL_TYPE, IDL_METHOD, IDL_ERROR };

struct idl_member {
	enum idl_member_kind kind;
	const char *name;
	const char *documentation;
	struct idl_type *
		type; /* IDL_TYPE: IDL_STRUCT or IDL_ENUM; IDL_METHOD: what goes in; IDL_ERROR: its parameters */
	struct idl_type *out; /* IDL_METHOD */
};

struct idl {
	const char *name; /* "alt.nsnet" */
	const char *documentation;
	struct idl_member *members; /* in the order of the text */
	size_t n_members;
};

/* Depth of nested types; deeper is an error. */
#define IDL_DEPTH_MAX 16

/* Reads a definition of n bytes. All that is handed out lives in the arena. 0, or -EBADMSG with *reterr saying where and
 * what ("12:7: no type \"Foo\""), in the arena too. */
int idl_parse(struct arena *arena, const char *text, size_t n, const struct idl **ret,
	const char **reterr);

/* The member of that kind and name, or NULL. */
const struct idl_member *idl_find(
	const struct idl *idl, enum idl_member_kind kind, const char *name);
