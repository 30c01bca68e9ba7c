/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_idl - any bytes through the parser of interface definitions; what it reads is printed and read again
 */
#include <ctype.h>

#include "fuzz.h"
#include "idl.h"

static void print_type(FILE *out, const struct idl *idl, const struct idl_type *type);

static void print_fields(FILE *out, const struct idl *idl, const struct idl_type *type)
{
	fuzz_check(type->kind == IDL_STRUCT || type->n_fields > 0);
	(void)fputs("(", out);
	for (size_t i = 0; i < type->n_fields; i++) {
		fuzz_check(*type->fields[i].name);
		fuzz_check((type->fields[i].type != NULL) == (type->kind == IDL_STRUCT));
		(void)fprintf(out, "%s%s", i > 0 ? "," : "", type->fields[i].name);
		if (type->fields[i].type) {
			(void)fputs(":", out);
			print_type(out, idl, type->fields[i].type);
		}
	}
	(void)fputs(")", out);
}

static void print_type(FILE *out, const struct idl *idl, const struct idl_type *type)
{
	switch (type->kind) {
	case IDL_BOOL:
		(void)fputs("bool", out);
		return;
	case IDL_INT:
		(void)fputs("int", out);
		return;
	case IDL_FLOAT:
		(void)fputs("float", out);
		return;
	case IDL_STRING:
		(void)fputs("string", out);
		return;
	case IDL_OBJECT:
		(void)fputs("object", out);
		return;
	case IDL_NAMED:
		fuzz_check(type->named == idl_find(idl, IDL_TYPE, type->name));
		fuzz_check(type->named);
		(void)fputs(type->name, out);
		return;
	case IDL_STRUCT:
	case IDL_ENUM:
		print_fields(out, idl, type);
		return;
	case IDL_ARRAY:
		(void)fputs("[]", out);
		break;
	case IDL_MAP:
		(void)fputs("[string]", out);
		break;
	case IDL_OPTIONAL:
		fuzz_check(type->inner->kind != IDL_OPTIONAL);
		(void)fputs("?", out);
		break;
	}
	print_type(out, idl, type->inner);
}

static void print_documentation(FILE *out, const char *documentation)
{
	if (!documentation)
		return;
	(void)fputs("# ", out);
	for (; *documentation; documentation++) {
		(void)fputc(*documentation, out);
		if (*documentation == '\n')
			(void)fputs("# ", out);
	}
	(void)fputs("\n", out);
}

/* A definition that says the same. */
static char *print(const struct idl *idl, size_t *ret_n)
{
	static const char *const keywords[] = {
		[IDL_TYPE] = "type",
		[IDL_METHOD] = "method",
		[IDL_ERROR] = "error",
	};
	char *text = NULL;
	FILE *out = open_memstream(&text, ret_n);

	fuzz_check(out);
	print_documentation(out, idl->documentation);
	(void)fprintf(out, "interface %s\n", idl->name);
	fuzz_check(idl->n_members > 0);
	for (size_t i = 0; i < idl->n_members; i++) {
		const struct idl_member *member = &idl->members[i];

		(void)fputs("\n", out);
		print_documentation(out, member->documentation);
		(void)fprintf(out, "%s %s ", keywords[member->kind], member->name);
		fuzz_check(member->kind == IDL_TYPE || member->type->kind == IDL_STRUCT);
		fuzz_check((member->out != NULL) == (member->kind == IDL_METHOD));
		print_fields(out, idl, member->type);
		if (member->out) {
			fuzz_check(member->out->kind == IDL_STRUCT);
			(void)fputs(" -> ", out);
			print_fields(out, idl, member->out);
		}
		(void)fputs("\n", out);
	}
	fuzz_check(fclose(out) == 0);
	return text;
}

static void check_accepted(const struct idl *idl)
{
	autoarena struct arena arena = ARENA_INIT;
	const struct idl *again = NULL;
	const char *error = NULL;
	autofree char *first = NULL, *second = NULL;
	size_t n_first, n_second;

	first = print(idl, &n_first);
	fuzz_check(idl_parse(&arena, first, n_first, &again, &error) == 0);
	second = print(again, &n_second);
	fuzz_check(n_first == n_second && memcmp(first, second, n_first) == 0);
}

/* "LINE:COLUMN: what", of a place in the text or just behind it. */
static void check_refused(const char *text, size_t n, const char *error)
{
	size_t lines = 1;
	char *end = NULL;
	unsigned long line = strtoul(error, &end, 10), column;

	for (size_t i = 0; i < n; i++)
		lines += text[i] == '\n';
	fuzz_check(*end == ':' && line >= 1 && line <= lines);
	column = strtoul(end + 1, &end, 10);
	fuzz_check(*end == ':' && end[1] == ' ' && column >= 1 && column <= n + 1);
	for (; *end; end++)
		fuzz_check(!iscntrl((unsigned char)*end));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	autoarena struct arena arena = ARENA_INIT;
	const char *text = (const char *)data;
	const struct idl *idl = NULL;
	const char *error = NULL;
	int r = idl_parse(&arena, text, n, &idl, &error);

	fuzz_check(r == 0 || r == -EBADMSG);
	if (r == 0) {
		fuzz_check(idl && !error);
		check_accepted(idl);
	} else {
		fuzz_check(!idl && error);
		check_refused(text, n, error);
	}
	return 0;
}
