/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * idlc - makes C from a Varlink interface definition, when the project is built
 *
 *     idlc DEFINITION PREFIX STEM
 *
 * writes STEM.h (types, enums of methods and errors), STEM.c (codec tables, and the definition's own text), STEM_handlers.h
 * (the functions that a service has to have, and typed answers) and STEM_handlers.c (the table of them: a method without its
 * function does not link). A struct is written after those it holds, so the order in the definition is free.
 */
#include <ctype.h>
#include <stdio.h>

#include "idl.h"
#include "idlc_check.h"

struct compiler {
	struct arena *arena;
	const struct idl *idl;
	const char *prefix; /* "nsnet" */
	const char *stem;   /* "nsnet", the files' name without its folder */
	FILE *out;
	bool *is_written; /* by member: its C struct stands in the file already */
};

#define emit(...) (void)fprintf(compiler->out, __VA_ARGS__)

static char *snake(struct compiler *compiler, const char *name)
{
	return idlc_snake(compiler->arena, name);
}

static char *upper(struct compiler *compiler, const char *name)
{
	char *text = snake(compiler, name);

	for (char *c = text; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return text;
}

static const char *upper_prefix(struct compiler *compiler)
{
	return upper(compiler, compiler->prefix);
}

/* A field's type taken apart: [?][[] or [string]]value. */
struct shape {
	bool is_optional, is_list, is_map;
	const struct idl_type *value;
};

static struct shape shape_of(const struct idl_type *type)
{
	struct shape shape = { 0 };

	if (type->kind == IDL_OPTIONAL) {
		shape.is_optional = true;
		type = type->inner;
	}
	shape.is_list = type->kind == IDL_ARRAY;
	shape.is_map = type->kind == IDL_MAP;
	shape.value = shape.is_list || shape.is_map ? type->inner : type;
	return shape;
}

static bool is_enum(const struct idl_type *value)
{
	return value->kind == IDL_NAMED && value->named->type->kind == IDL_ENUM;
}

static bool is_struct(const struct idl_type *value)
{
	return value->kind == IDL_NAMED && value->named->type->kind == IDL_STRUCT;
}

/* "struct nsnet_route", "const char *": what one value looks like, with the space before a name. */
static const char *c_value(struct compiler *compiler, const struct idl_type *value)
{
	if (is_enum(value))
		return arena_printf(compiler->arena, "enum %s_%s ", compiler->prefix,
			snake(compiler, value->name));
	if (is_struct(value))
		return arena_printf(compiler->arena, "struct %s_%s ", compiler->prefix,
			snake(compiler, value->name));
	if (value->kind == IDL_STRING)
		return "const char *";
	return value->kind == IDL_BOOL ? "bool " : "int64_t ";
}

static const char *c_collection(struct compiler *compiler, const struct shape *shape)
{
	const char *suffix = shape->is_list ? "list" : "map";
	const struct idl_type *value = shape->value;

	if (value->kind == IDL_NAMED)
		return arena_printf(compiler->arena, "struct %s_%s_%s ", compiler->prefix,
			snake(compiler, value->name), suffix);
	return arena_printf(compiler->arena, "struct %s_%s ",
		value->kind == IDL_STRING ? "string"
		: value->kind == IDL_INT  ? "int"
					  : "bool",
		suffix);
}

static const char *c_field(struct compiler *compiler, const struct idl_type *type)
{
	struct shape shape = shape_of(type);

	if (shape.is_list || shape.is_map)
		return c_collection(compiler, &shape);
	if (shape.is_optional && shape.value->kind == IDL_INT)
		return "struct maybe_int ";
	if (shape.is_optional && shape.value->kind == IDL_BOOL)
		return "struct maybe_bool ";
	if (shape.is_optional && is_struct(shape.value))
		return arena_printf(compiler->arena, "%s*", c_value(compiler, shape.value));
	return c_value(compiler, shape.value);
}

static void emit_documentation(struct compiler *compiler, const char *text, const char *indent)
{
	if (!text)
		return;
	emit("%s/* ", indent);
	for (const char *c = text; *c; c++) {
		if (*c == '\n')
			emit("\n%s * ", indent);
		else if (*c == '*' && c[1] == '/')
			emit("* ");
		else
			emit("%c", *c);
	}
	emit(" */\n");
}

static void emit_struct(struct compiler *compiler, const char *name, const struct idl_type *type)
{
	emit("struct %s_%s {\n", compiler->prefix, name);
	for (size_t i = 0; i < type->n_fields; i++) {
		emit_documentation(compiler, type->fields[i].documentation, "\t");
		emit("\t%s%s;\n", c_field(compiler, type->fields[i].type),
			snake(compiler, type->fields[i].name));
	}
	if (type->n_fields == 0)
		emit("\tchar nothing;\n");
	emit("};\n\n");
}

static void emit_enum(struct compiler *compiler, const struct idl_member *member)
{
	const char *name = upper(compiler, member->name), *prefix = upper_prefix(compiler);

	emit_documentation(compiler, member->documentation, "");
	emit("enum %s_%s {\n\t%s_%s_UNSET,\n", compiler->prefix, snake(compiler, member->name),
		prefix, name);
	for (size_t i = 0; i < member->type->n_fields; i++)
		emit("\t%s_%s_%s,\n", prefix, name, upper(compiler, member->type->fields[i].name));
	emit("};\n\n");
}

static void emit_collections(struct compiler *compiler, const struct idl_member *member)
{
	const char *kind = member->type->kind == IDL_ENUM ? "enum" : "struct";
	const char *prefix = compiler->prefix, *name = snake(compiler, member->name);

	emit("struct %s_%s_list {\n\t%s %s_%s *items;\n\tsize_t n;\n};\n\n", prefix, name, kind,
		prefix, name);
	emit("struct %s_%s_map_entry;\n\nstruct %s_%s_map {\n\tstruct %s_%s_map_entry *items;\n"
	     "\tsize_t n;\n};\n\n",
		prefix, name, prefix, name, prefix, name);
}

static void emit_type(struct compiler *compiler, const struct idl_member *member);

/* Those that a struct holds in itself stand before it. */
static void emit_inner_types(struct compiler *compiler, const struct idl_type *type)
{
	for (size_t i = 0; i < type->n_fields; i++) {
		struct shape shape = shape_of(type->fields[i].type);

		if (shape.value->kind == IDL_NAMED && !shape.is_list && !shape.is_map &&
			(is_enum(shape.value) || !shape.is_optional))
			emit_type(compiler, shape.value->named);
	}
}

static void emit_type(struct compiler *compiler, const struct idl_member *member)
{
	size_t index = (size_t)(member - compiler->idl->members);
	const char *name = snake(compiler, member->name);

	if (compiler->is_written[index])
		return;
	compiler->is_written[index] = true;
	if (member->type->kind == IDL_ENUM) {
		emit_enum(compiler, member);
		return;
	}
	emit_inner_types(compiler, member->type);
	emit_documentation(compiler, member->documentation, "");
	emit_struct(compiler, name, member->type);
}

static void emit_head(struct compiler *compiler, const char *what)
{
	emit("/* SPDX-License-Identifier: LGPL-2.1-or-later */\n"
	     "/* %s of %s, made by idlc from its definition: change that. */\n",
		what, compiler->idl->name);
}

#define foreach_member(member, of_kind) \
	for (const struct idl_member *member = compiler->idl->members; \
		member < compiler->idl->members + compiler->idl->n_members; member++) \
		if (member->kind == (of_kind))

static void emit_header(struct compiler *compiler)
{
	const char *prefix = compiler->prefix, *capital = upper_prefix(compiler);

	emit_head(compiler, "The types");
	emit("#pragma once\n\n#include \"codec.h\"\n\n");
	foreach_member(member, IDL_TYPE) if (member->type->kind == IDL_ENUM)
		emit_type(compiler, member);
	foreach_member(member, IDL_TYPE) emit_collections(compiler, member);
	foreach_member(member, IDL_TYPE) emit_type(compiler, member);
	foreach_member(member, IDL_TYPE) emit(
		"struct %s_%s_map_entry {\n\tconst char *key;\n\t%s %s_%s value;\n};\n\n", prefix,
		snake(compiler, member->name), member->type->kind == IDL_ENUM ? "enum" : "struct",
		prefix, snake(compiler, member->name));
	foreach_member(member, IDL_METHOD)
	{
		const char *name = snake(compiler, member->name);

		emit_documentation(compiler, member->documentation, "");
		emit("#define %s_METHOD_%s \"%s.%s\"\n\n", capital, upper(compiler, member->name),
			compiler->idl->name, member->name);
		emit_struct(compiler, arena_printf(compiler->arena, "%s_in", name), member->type);
		emit_struct(compiler, arena_printf(compiler->arena, "%s_out", name), member->out);
	}
	foreach_member(member, IDL_ERROR)
	{
		emit_documentation(compiler, member->documentation, "");
		emit("#define %s_ERROR_%s \"%s.%s\"\n\n", capital, upper(compiler, member->name),
			compiler->idl->name, member->name);
		emit_struct(compiler, snake(compiler, member->name), member->type);
	}
	emit("enum %s_method {\n", prefix);
	foreach_member(member, IDL_METHOD)
		emit("\t%s_M_%s,\n", capital, upper(compiler, member->name));
	emit("\t%s_METHODS,\n};\n\nenum %s_error {\n", capital, prefix);
	foreach_member(member, IDL_ERROR)
		emit("\t%s_E_%s,\n", capital, upper(compiler, member->name));
	emit("\t%s_ERRORS,\n};\n\n", capital);
	foreach_member(member, IDL_TYPE) emit("extern const struct codec_%s %s_%s_%s;\n",
		member->type->kind == IDL_ENUM ? "enum" : "struct", prefix,
		snake(compiler, member->name), member->type->kind == IDL_ENUM ? "enum" : "type");
	foreach_member(member, IDL_METHOD)
		emit("extern const struct codec_struct %s_%s_in_type, %s_%s_out_type;\n", prefix,
			snake(compiler, member->name), prefix, snake(compiler, member->name));
	foreach_member(member, IDL_ERROR) emit("extern const struct codec_struct %s_%s_type;\n",
		prefix, snake(compiler, member->name));
	emit("extern const struct codec_interface %s_interface;\n", prefix);
}

static const char *kind_of(const struct idl_type *value)
{
	switch (value->kind) {
	case IDL_BOOL:
		return "CODEC_BOOL";
	case IDL_INT:
		return "CODEC_INT";
	case IDL_STRING:
		return "CODEC_STRING";
	case IDL_NAMED:
		return is_enum(value) ? "CODEC_ENUM" : "CODEC_STRUCT";
	case IDL_FLOAT:
	case IDL_OBJECT:
	case IDL_STRUCT:
	case IDL_ENUM:
	case IDL_ARRAY:
	case IDL_MAP:
	case IDL_OPTIONAL:
		break;
	}
	abort(); /* idlc_check() has refused it */
}

static void emit_table(
	struct compiler *compiler, const char *name, const char *full, const struct idl_type *type)
{
	const char *prefix = compiler->prefix;

	if (type->n_fields > 0)
		emit("static const struct codec_field %s_fields[] = {\n", name);
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct idl_field *field = &type->fields[i];
		struct shape shape = shape_of(field->type);
		const char *inner =
			shape.value->kind == IDL_NAMED ? snake(compiler, shape.value->name) : "";

		emit("\t{ \"%s\", offsetof(struct %s_%s, %s), %s, %s, %s, ", field->name, prefix,
			name, snake(compiler, field->name), kind_of(shape.value),
			shape.is_list  ? "CODEC_LIST"
			: shape.is_map ? "CODEC_MAP"
				       : "CODEC_ONE",
			shape.is_optional ? "true" : "false");
		if (is_enum(shape.value))
			emit("&%s_%s_enum, NULL },\n", prefix, inner);
		else if (is_struct(shape.value))
			emit("NULL, &%s_%s_type },\n", prefix, inner);
		else
			emit("NULL, NULL },\n");
	}
	if (type->n_fields > 0)
		emit("};\n\n");
	emit("const struct codec_struct %s_%s_type = { \"%s\", sizeof(struct %s_%s), %s%s, %zu };\n\n",
		prefix, name, full, prefix, name, type->n_fields > 0 ? name : "NULL",
		type->n_fields > 0 ? "_fields" : "", type->n_fields);
}

static void emit_enum_table(struct compiler *compiler, const struct idl_member *member)
{
	const char *name = snake(compiler, member->name);

	emit("static const char *const %s_values[] = {\n", name);
	for (size_t i = 0; i < member->type->n_fields; i++)
		emit("\t\"%s\",\n", member->type->fields[i].name);
	emit("};\n\nconst struct codec_enum %s_%s_enum = { \"%s\", %s_values, %zu };\n\n",
		compiler->prefix, name, member->name, name, member->type->n_fields);
}

static void emit_description(struct compiler *compiler, const char *text)
{
	emit("static const char description[] =\n\t\"");
	for (const char *c = text; *c; c++) {
		if (*c == '\n')
			emit("\\n\"\n\t\"");
		else if (*c == '"' || *c == '\\')
			emit("\\%c", *c);
		else
			emit("%c", *c);
	}
	emit("\";\n\n");
}

static void emit_source(struct compiler *compiler, const char *text)
{
	const char *prefix = compiler->prefix;
	size_t methods = 0, errors = 0;

	emit_head(compiler, "The tables");
	emit("#include \"%s.h\"\n\n", compiler->stem);
	emit_description(compiler, text);
	foreach_member(member, IDL_TYPE)
	{
		if (member->type->kind == IDL_ENUM)
			emit_enum_table(compiler, member);
		else
			emit_table(compiler, snake(compiler, member->name), member->name,
				member->type);
	}
	foreach_member(member, IDL_METHOD)
	{
		const char *name = snake(compiler, member->name);

		methods++;
		emit_table(compiler, arena_printf(compiler->arena, "%s_in", name), member->name,
			member->type);
		emit_table(compiler, arena_printf(compiler->arena, "%s_out", name), member->name,
			member->out);
	}
	foreach_member(member, IDL_ERROR)
	{
		errors++;
		emit_table(compiler, snake(compiler, member->name), member->name, member->type);
	}
	emit("static const struct codec_method methods[] = {\n");
	foreach_member(member, IDL_METHOD)
	{
		const char *name = snake(compiler, member->name);

		emit("\t{ \"%s\", &%s_%s_in_type, &%s_%s_out_type },\n", member->name, prefix, name,
			prefix, name);
	}
	if (methods == 0)
		emit("\t{ 0 },\n");
	emit("};\n\nstatic const struct codec_error errors[] = {\n");
	foreach_member(member, IDL_ERROR) emit("\t{ \"%s.%s\", &%s_%s_type },\n",
		compiler->idl->name, member->name, prefix, snake(compiler, member->name));
	if (errors == 0)
		emit("\t{ 0 },\n");
	emit("};\n\nconst struct codec_interface %s_interface = {\n\t\"%s\", description, "
	     "methods, %zu, errors, %zu\n};\n",
		prefix, compiler->idl->name, methods, errors);
}

static void emit_handlers_header(struct compiler *compiler)
{
	const char *prefix = compiler->prefix, *capital = upper_prefix(compiler);

	emit_head(compiler, "The methods' doors");
	emit("#pragma once\n\n#include \"%s.h\"\n#include \"call.h\"\n#include \"subscription.h\"\n\n",
		compiler->stem);
	emit("/* What the handlers work on: the floor that has them says what it is. */\n"
	     "struct %s_context;\n\n"
	     "/* In the order of the methods; userdata is a struct %s_context. */\n"
	     "extern const call_handler %s_handlers[];\n\n",
		prefix, prefix, prefix);
	foreach_member(member, IDL_METHOD)
	{
		const char *name = snake(compiler, member->name);

		emit("int %s_on_%s(struct %s_context *context, struct call *call, const struct "
		     "%s_%s_in *in);\n\n",
			prefix, name, prefix, prefix, name);
		for (int more = 0; more < 2; more++)
			emit("static inline int %s_reply_%s%s(struct call *call, const struct "
			     "%s_%s_out *out)\n{\n\treturn call_reply%s(call, out);\n}\n\n",
				prefix, more ? "more_" : "", name, prefix, name,
				more ? "_more" : "");
		emit("static inline void %s_send_%s(struct subscription *subscription, const struct "
		     "%s_%s_out *out)\n{\n\tsubscription_send(subscription, out);\n}\n\n",
			prefix, name, prefix, name);
	}
	foreach_member(member, IDL_ERROR)
	{
		const char *name = snake(compiler, member->name);

		emit("static inline int %s_fail_%s(struct call *call, const struct %s_%s "
		     "*parameters)\n{\n\treturn call_fail(call, &%s_interface.errors[%s_E_%s], "
		     "parameters);\n}\n\n",
			prefix, name, prefix, name, prefix, capital, upper(compiler, member->name));
		emit("static inline void %s_end_%s(struct subscription *subscription, const struct "
		     "%s_%s *parameters)\n{\n\tsubscription_end(subscription, "
		     "&%s_interface.errors[%s_E_%s], parameters);\n}\n\n",
			prefix, name, prefix, name, prefix, capital, upper(compiler, member->name));
	}
}

static void emit_handlers_source(struct compiler *compiler)
{
	const char *prefix = compiler->prefix;

	emit_head(compiler, "The methods' doors");
	emit("#include \"%s_handlers.h\"\n\n", compiler->stem);
	foreach_member(member, IDL_METHOD)
	{
		const char *name = snake(compiler, member->name);

		emit("static int enter_%s(void *userdata, struct call *call, const void *in)\n{\n"
		     "\treturn %s_on_%s(userdata, call, in);\n}\n\n",
			name, prefix, name);
	}
	emit("const call_handler %s_handlers[] = {\n", prefix);
	foreach_member(member, IDL_METHOD) emit("\tenter_%s,\n", snake(compiler, member->name));
	emit("};\n");
}

static char *read_all(struct arena *arena, const char *path, size_t *ret_n)
{
	FILE *file = fopen(path, "re");
	char *text = NULL;
	size_t n = 0;

	if (!file || (getdelim(&text, &n, '\0', file) < 0 && ferror(file))) {
		(void)fprintf(stderr, "idlc: %s: %s\n", path, strerror(errno));
		exit(EXIT_FAILURE);
	}
	(void)fclose(file);
	arena_defer(arena, free, text);
	*ret_n = text ? strlen(text) : 0;
	return text;
}

static void open_output(struct compiler *compiler, const char *stem, const char *suffix)
{
	compiler->out = fopen(arena_printf(compiler->arena, "%s%s", stem, suffix), "we");
	if (!compiler->out) {
		(void)fprintf(stderr, "idlc: %s%s: %s\n", stem, suffix, strerror(errno));
		exit(EXIT_FAILURE);
	}
}

static void close_output(struct compiler *compiler)
{
	if (ferror(compiler->out) || fclose(compiler->out) != 0) {
		(void)fprintf(stderr, "idlc: cannot write: %s\n", strerror(errno));
		exit(EXIT_FAILURE);
	}
}

int main(int argc, char **argv)
{
	autoarena struct arena arena = ARENA_INIT;
	struct compiler compiler = { .arena = &arena };
	const char *wrong = NULL, *text;
	size_t n;

	if (argc != 4) {
		(void)fprintf(stderr, "usage: idlc DEFINITION PREFIX STEM\n");
		return EXIT_FAILURE;
	}
	text = read_all(&arena, argv[1], &n);
	if (idl_parse(&arena, text, n, &compiler.idl, &wrong) == 0)
		wrong = idlc_check(&arena, compiler.idl);
	if (wrong) {
		(void)fprintf(stderr, "%s:%s\n", argv[1], wrong);
		return EXIT_FAILURE;
	}
	compiler.prefix = argv[2];
	compiler.stem = strrchr(argv[3], '/') ? strrchr(argv[3], '/') + 1 : argv[3];
	compiler.is_written = arena_array(&arena, compiler.idl->n_members, sizeof(bool));
	open_output(&compiler, argv[3], ".h");
	emit_header(&compiler);
	close_output(&compiler);
	open_output(&compiler, argv[3], ".c");
	emit_source(&compiler, text);
	close_output(&compiler);
	open_output(&compiler, argv[3], "_handlers.h");
	emit_handlers_header(&compiler);
	close_output(&compiler);
	open_output(&compiler, argv[3], "_handlers.c");
	emit_handlers_source(&compiler);
	close_output(&compiler);
	return EXIT_SUCCESS;
}
