/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * idlc_check - what idlc refuses: definitions that are right Varlink but have no C shape here
 */
#include "idlc_check.h"

#include <ctype.h>

/* Words that a field of a C struct cannot have: the language's own, and macros of headers that are always there. */
static const char *const taken[] = {
	"alignas",
	"alignof",
	"and",
	"asm",
	"assert",
	"auto",
	"bool",
	"break",
	"case",
	"char",
	"complex",
	"const",
	"continue",
	"default",
	"do",
	"double",
	"else",
	"enum",
	"errno",
	"extern",
	"false",
	"float",
	"for",
	"goto",
	"if",
	"inline",
	"int",
	"linux",
	"long",
	"noreturn",
	"offsetof",
	"or",
	"register",
	"restrict",
	"return",
	"short",
	"signed",
	"sizeof",
	"stderr",
	"stdin",
	"stdout",
	"static",
	"struct",
	"switch",
	"true",
	"typedef",
	"typeof",
	"union",
	"unix",
	"unsigned",
	"void",
	"volatile",
	"while",
};

char *idlc_snake(struct arena *arena, const char *name)
{
	char *snake = arena_alloc(arena, 2 * strlen(name) + 1), *to = snake;

	for (const char *c = name; *c; c++) {
		bool begins = isupper((unsigned char)*c) && c > name && c[-1] != '_' &&
			      (!isupper((unsigned char)c[-1]) ||
				      (c[1] && islower((unsigned char)c[1]) &&
					      isupper((unsigned char)c[-1]) && c[1] != 'v'));

		if (begins)
			*to++ = '_';
		*to++ = (char)tolower((unsigned char)*c);
	}
	return snake;
}

static const char *check_value(struct arena *arena, const struct idl_type *type, const char *where)
{
	switch (type->kind) {
	case IDL_BOOL:
	case IDL_INT:
	case IDL_STRING:
	case IDL_NAMED:
		return NULL;
	case IDL_FLOAT:
	case IDL_OBJECT:
		return arena_printf(arena, "%s: floats and untyped objects have no C shape", where);
	case IDL_STRUCT:
	case IDL_ENUM:
		return arena_printf(arena, "%s: give the anonymous type a name", where);
	case IDL_ARRAY:
	case IDL_MAP:
	case IDL_OPTIONAL:
		return arena_printf(
			arena, "%s: name the inner type: lists hold plain values", where);
	}
	abort();
}

static const char *check_field(
	struct arena *arena, const struct idl_field *field, const char *member)
{
	const char *snake = idlc_snake(arena, field->name);
	const char *where = arena_printf(arena, "%s.%s", member, field->name);
	const struct idl_type *type = field->type;

	for (size_t i = 0; i < lengthof(taken); i++)
		if (streq(snake, taken[i]))
			return arena_printf(arena, "%s: a name that C has taken", where);
	if (type->kind == IDL_OPTIONAL)
		type = type->inner;
	if (type->kind == IDL_ARRAY || type->kind == IDL_MAP)
		type = type->inner;
	return check_value(arena, type, where);
}

static const char *check_struct(
	struct arena *arena, const struct idl_type *type, const char *member)
{
	for (size_t i = 0; i < type->n_fields; i++) {
		const char *wrong = check_field(arena, &type->fields[i], member);

		if (wrong)
			return wrong;
	}
	return NULL;
}

const char *idlc_check(struct arena *arena, const struct idl *idl)
{
	for (size_t i = 0; i < idl->n_members; i++) {
		const struct idl_member *member = &idl->members[i];
		const char *wrong = NULL;

		if (member->type->kind == IDL_STRUCT)
			wrong = check_struct(arena, member->type, member->name);
		if (!wrong && member->kind == IDL_METHOD)
			wrong = check_struct(arena, member->out, member->name);
		if (wrong)
			return wrong;
	}
	return NULL;
}
