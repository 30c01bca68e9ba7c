/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * idl_schema - makes a JSON Schema (2020-12) from a Varlink interface definition, when the project is built
 *
 *     idl_schema DEFINITION METHOD FIELD... > SCHEMA
 *
 * Of an object with those of the method's parameters; what the definition's comments say of a field is its description. Types that
 * are needed are in "$defs", under their names. Null stands for "left out", as it does in the interface.
 */
#include <stdio.h>

#include "idl.h"

struct maker {
	struct arena arena;
	const struct idl *idl;
	bool *is_needed; /* by member */
};

static void put_text(const char *text)
{
	(void)putchar('"');
	for (const char *c = text; *c; c++)
		if (*c == '\n') /* where a line ends is of no meaning */
			(void)putchar(' ');
		else if (*c == '"' || *c == '\\')
			(void)printf("\\%c", *c);
		else if ((unsigned char)*c < 0x20)
			(void)printf("\\u%04x", (unsigned int)*c);
		else
			(void)putchar(*c);
	(void)putchar('"');
}

static void put_description(const char *text)
{
	if (!text)
		return;
	(void)fputs(", \"description\": ", stdout);
	put_text(text);
}

/* Marks what a type is made of; a type is entered once. */
static void need(struct maker *maker, const struct idl_type *type)
{
	size_t index;

	switch (type->kind) {
	case IDL_ARRAY:
	case IDL_MAP:
	case IDL_OPTIONAL:
		need(maker, type->inner);
		break;
	case IDL_STRUCT:
		for (size_t i = 0; i < type->n_fields; i++)
			need(maker, type->fields[i].type);
		break;
	case IDL_NAMED:
		index = (size_t)(type->named - maker->idl->members);
		if (maker->is_needed[index])
			break;
		maker->is_needed[index] = true;
		need(maker, type->named->type);
		break;
	case IDL_BOOL:
	case IDL_INT:
	case IDL_FLOAT:
	case IDL_STRING:
	case IDL_OBJECT:
	case IDL_ENUM:
		break;
	}
}

static void put_type(const struct idl_type *type);

static void put_fields(const struct idl_type *type)
{
	const char *between = "";

	(void)fputs(
		"\"type\": \"object\", \"additionalProperties\": false, \"required\": [", stdout);
	for (size_t i = 0; i < type->n_fields; i++)
		if (type->fields[i].type->kind != IDL_OPTIONAL) {
			(void)printf("%s\"%s\"", between, type->fields[i].name);
			between = ", ";
		}
	(void)fputs("], \"properties\": {", stdout);
	for (size_t i = 0; i < type->n_fields; i++) {
		(void)printf("%s\n      \"%s\": { ", i > 0 ? "," : "", type->fields[i].name);
		put_type(type->fields[i].type);
		put_description(type->fields[i].documentation);
		(void)fputs(" }", stdout);
	}
	(void)fputs(" }", stdout);
}

static void put_values(const struct idl_type *type)
{
	(void)fputs("\"enum\": [", stdout);
	for (size_t i = 0; i < type->n_fields; i++)
		(void)printf("%s\"%s\"", i > 0 ? ", " : "", type->fields[i].name);
	(void)fputs("]", stdout);
}

static void put_inner(const char *before, const struct idl_type *inner)
{
	(void)fputs(before, stdout);
	put_type(inner);
	(void)fputs(" }", stdout);
}

/* The members of a schema's object. */
static void put_type(const struct idl_type *type)
{
	switch (type->kind) {
	case IDL_BOOL:
		(void)fputs("\"type\": \"boolean\"", stdout);
		break;
	case IDL_INT:
		(void)fputs("\"type\": \"integer\"", stdout);
		break;
	case IDL_FLOAT:
		(void)fputs("\"type\": \"number\"", stdout);
		break;
	case IDL_STRING:
		(void)fputs("\"type\": \"string\"", stdout);
		break;
	case IDL_OBJECT:
		(void)fputs("\"type\": \"object\"", stdout);
		break;
	case IDL_NAMED:
		(void)printf("\"$ref\": \"#/$defs/%s\"", type->name);
		break;
	case IDL_STRUCT:
		put_fields(type);
		break;
	case IDL_ENUM:
		put_values(type);
		break;
	case IDL_ARRAY:
		put_inner("\"type\": \"array\", \"items\": { ", type->inner);
		break;
	case IDL_MAP:
		put_inner("\"type\": \"object\", \"additionalProperties\": { ", type->inner);
		break;
	case IDL_OPTIONAL:
		put_inner("\"anyOf\": [{ \"type\": \"null\" }, { ", type->inner);
		(void)putchar(']');
		break;
	}
}

/* What is said of an enum's values is said of the enum: they have no place of their own. */
static const char *describe(struct maker *maker, const struct idl_member *member)
{
	const char *text = member->documentation;

	for (size_t i = 0; member->type->kind == IDL_ENUM && i < member->type->n_fields; i++) {
		const struct idl_field *value = &member->type->fields[i];

		if (value->documentation)
			text = arena_printf(&maker->arena, "%s%s%s: %s", text ? text : "",
				text ? "; " : "", value->name, value->documentation);
	}
	return text;
}

static void put_definitions(struct maker *maker)
{
	const char *between = "";

	(void)fputs("  \"$defs\": {", stdout);
	for (size_t i = 0; i < maker->idl->n_members; i++) {
		const struct idl_member *member = &maker->idl->members[i];

		if (!maker->is_needed[i])
			continue;
		(void)printf("%s\n    \"%s\": { ", between, member->name);
		put_type(member->type);
		put_description(describe(maker, member));
		(void)fputs(" }", stdout);
		between = ",";
	}
	(void)fputs("\n  }\n", stdout);
}

static const struct idl_field *find_field(const struct idl_type *type, const char *name)
{
	for (size_t i = 0; i < type->n_fields; i++)
		if (streq(type->fields[i].name, name))
			return &type->fields[i];
	return NULL;
}

static int put_schema(struct maker *maker, const struct idl_member *method, char **fields, int n)
{
	(void)fputs(
		"{\n  \"$schema\": \"https://json-schema.org/draft/2020-12/schema\",\n", stdout);
	(void)printf("  \"title\": \"%s.%s\",\n", maker->idl->name, method->name);
	(void)fputs("  \"type\": \"object\", \"additionalProperties\": false,\n"
		    "  \"properties\": {\n    \"$schema\": { \"type\": \"string\" }",
		stdout);
	for (int i = 0; i < n; i++) {
		const struct idl_field *field = find_field(method->type, fields[i]);

		if (!field) {
			(void)fprintf(
				stderr, "idl_schema: %s has no \"%s\"\n", method->name, fields[i]);
			return EXIT_FAILURE;
		}
		need(maker, field->type);
		(void)printf(",\n    \"%s\": { ", field->name);
		put_type(field->type);
		put_description(field->documentation);
		(void)fputs(" }", stdout);
	}
	(void)fputs("\n  },\n", stdout);
	put_definitions(maker);
	(void)fputs("}\n", stdout);
	return ferror(stdout) || fflush(stdout) != 0 ? EXIT_FAILURE : EXIT_SUCCESS;
}

static char *read_all(struct arena *arena, const char *path, size_t *ret_n)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t n = 0;

	if (!file || (getdelim(&text, &n, '\0', file) < 0 && ferror(file))) {
		(void)fprintf(stderr, "idl_schema: %s: %s\n", path, strerror(errno));
		exit(EXIT_FAILURE);
	}
	(void)fclose(file);
	arena_defer(arena, free, text);
	*ret_n = text ? strlen(text) : 0;
	return text;
}

int main(int argc, char **argv)
{
	struct maker maker = { .arena = ARENA_INIT };
	const struct idl_member *method;
	const char *wrong = NULL, *text;
	int r = EXIT_FAILURE;
	size_t n;

	if (argc < 4) {
		(void)fprintf(stderr, "usage: idl_schema DEFINITION METHOD FIELD...\n");
		return EXIT_FAILURE;
	}
	text = read_all(&maker.arena, argv[1], &n);
	if (idl_parse(&maker.arena, text, n, &maker.idl, &wrong) < 0) {
		(void)fprintf(stderr, "%s:%s\n", argv[1], wrong);
	} else {
		method = idl_find(maker.idl, IDL_METHOD, argv[2]);
		maker.is_needed = arena_array(&maker.arena, maker.idl->n_members, sizeof(bool));
		if (method)
			r = put_schema(&maker, method, argv + 3, argc - 3);
		else
			(void)fprintf(stderr, "idl_schema: no method \"%s\"\n", argv[2]);
	}
	arena_done(&maker.arena);
	return r;
}
