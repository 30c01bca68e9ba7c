/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_idl - interface definitions: a corpus of both verdicts, what is made of them, and the exact words about broken ones
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "idl.h"

#define CORPUS      TESTS_DIR "/fuzz/corpus/idl/"
#define DEFINITIONS TESTS_DIR "/../protocol/"

/* The bytes of a file, exactly: the sanitizer sees one read too much. */
static char *read_file(const char *path, size_t *ret_n)
{
	FILE *file = fopen(path, "re");
	struct stat st;
	char *text;

	if (!file)
		fail_msg("%s: %s", path, strerror(errno));
	assert_int_equal(fstat(fileno(file), &st), 0);
	*ret_n = (size_t)st.st_size;
	text = malloc(*ret_n);
	assert_true(text || *ret_n == 0);
	assert_int_equal(fread(text, 1, *ret_n, file), *ret_n);
	(void)fclose(file);
	return text;
}

/* Reads a copy behind which no byte is, so that the sanitizer sees one read too much. */
static int parse(struct arena *arena, const char *text, size_t n, const struct idl **ret,
	const char **reterr)
{
	autofree char *copy = malloc(n + 1);

	assert_non_null(copy);
	memcpy(copy + 1, text, n);
	return idl_parse(arena, copy + 1, n, ret, reterr);
}

static const struct idl *parse_good(struct arena *arena, const char *text)
{
	const struct idl *idl = NULL;
	const char *error = NULL;

	if (parse(arena, text, strlen(text), &idl, &error) < 0)
		fail_msg("%s", error);
	assert_null(error);
	return idl;
}

/* Every file of a directory must read as is_good says. */
static size_t read_directory(const char *directory, bool is_good)
{
	struct dirent **entries;
	int n = scandir(directory, &entries, NULL, alphasort);
	size_t n_files = 0;

	if (n < 0)
		fail_msg("%s: %s", directory, strerror(errno));
	for (int i = 0; i < n; i++) {
		if (entries[i]->d_name[0] != '.') {
			autoarena struct arena arena = ARENA_INIT;
			const struct idl *idl = NULL;
			const char *error = NULL;
			autofree char *path = NULL, *text = NULL;
			size_t length;

			assert_true(asprintf(&path, "%s/%s", directory, entries[i]->d_name) > 0);
			text = read_file(path, &length);
			if ((idl_parse(&arena, text, length, &idl, &error) == 0) != is_good)
				fail_msg("%s: %s", path, error ? error : "accepted");
			assert_int_equal(idl != NULL, is_good);
			assert_int_equal(error == NULL, is_good);
			n_files++;
		}
		free(entries[i]);
	}
	free(entries);
	return n_files;
}

static void test_corpus(unused void **state)
{
	assert_true(read_directory(CORPUS "accept", true) >= 20);
	assert_true(read_directory(CORPUS "reject", false) >= 60);
}

static void test_own_definitions(unused void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	const struct idl *idl = NULL;
	const char *error = NULL;
	autofree char *nsnet = NULL, *service = NULL;
	const struct idl_member *member;
	size_t n;

	nsnet = read_file(DEFINITIONS "alt.nsnet.varlink", &n);
	assert_int_equal(idl_parse(&arena, nsnet, n, &idl, &error), 0);
	assert_string_equal(idl->name, "alt.nsnet");
	member = idl_find(idl, IDL_METHOD, "CreateNamespace");
	assert_non_null(member);
	assert_int_equal(member->type->n_fields, 2);
	assert_string_equal(member->type->fields[1].name, "context");
	assert_int_equal(member->type->fields[1].type->kind, IDL_OPTIONAL);
	assert_ptr_equal(member->type->fields[1].type->inner->named,
		idl_find(idl, IDL_TYPE, "NamespaceContext"));

	service = read_file(DEFINITIONS "org.varlink.service.varlink", &n);
	assert_int_equal(idl_parse(&arena, service, n, &idl, &error), 0);
	assert_string_equal(idl->name, "org.varlink.service");
	assert_int_equal(idl->n_members, 8);
	assert_non_null(idl_find(idl, IDL_ERROR, "ExpectedMore"));
}

static void test_types(unused void **state)
{
	static const enum idl_kind kinds[] = { IDL_BOOL, IDL_INT, IDL_FLOAT, IDL_STRING, IDL_OBJECT,
		IDL_OBJECT, IDL_STRUCT, IDL_ENUM, IDL_STRUCT, IDL_ARRAY, IDL_MAP, IDL_OPTIONAL,
		IDL_NAMED };
	autoarena struct arena arena = ARENA_INIT;
	const struct idl *idl =
		parse_good(&arena, "interface a.b\n"
				   "type T (a: bool, b: int, c: float, d: string,\n"
				   "e: object, f: any, g: (), h: (x, y), i: (x: int),\n"
				   "j: []int, k: [string]bool, l: ?[]?E, m: E)\n"
				   "type E (one, two)\n"
				   "method M(a: int) -> (b: bool)\n"
				   "error F ()");
	const struct idl_type *type = idl->members[0].type, *inner;

	assert_int_equal(idl->n_members, 4);
	assert_int_equal(idl->members[0].kind, IDL_TYPE);
	assert_int_equal(type->kind, IDL_STRUCT);
	assert_int_equal(type->n_fields, lengthof(kinds));
	for (size_t i = 0; i < lengthof(kinds); i++) {
		char name[] = { (char)('a' + i), '\0' };

		assert_string_equal(type->fields[i].name, name);
		assert_int_equal(type->fields[i].type->kind, kinds[i]);
	}
	assert_int_equal(type->fields[6].type->n_fields, 0);
	assert_string_equal(type->fields[7].type->fields[1].name, "y");
	assert_null(type->fields[7].type->fields[1].type);
	assert_int_equal(type->fields[8].type->fields[0].type->kind, IDL_INT);
	assert_int_equal(type->fields[10].type->inner->kind, IDL_BOOL);
	inner = type->fields[11].type->inner;
	assert_int_equal(inner->kind, IDL_ARRAY);
	assert_int_equal(inner->inner->kind, IDL_OPTIONAL);
	assert_ptr_equal(inner->inner->inner->named, &idl->members[1]);
	assert_string_equal(type->fields[12].type->name, "E");
	assert_int_equal(idl->members[1].type->kind, IDL_ENUM);

	assert_int_equal(idl->members[2].kind, IDL_METHOD);
	assert_string_equal(idl->members[2].type->fields[0].name, "a");
	assert_string_equal(idl->members[2].out->fields[0].name, "b");
	assert_int_equal(idl->members[3].kind, IDL_ERROR);
	assert_int_equal(idl->members[3].type->n_fields, 0);
	assert_null(idl->members[3].out);
}

static void test_find(unused void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	const struct idl *idl =
		parse_good(&arena, "interface a.b type A () method B() -> () error C ()");

	assert_ptr_equal(idl_find(idl, IDL_TYPE, "A"), &idl->members[0]);
	assert_ptr_equal(idl_find(idl, IDL_METHOD, "B"), &idl->members[1]);
	assert_ptr_equal(idl_find(idl, IDL_ERROR, "C"), &idl->members[2]);
	assert_null(idl_find(idl, IDL_METHOD, "A"));
	assert_null(idl_find(idl, IDL_ERROR, "B"));
	assert_null(idl_find(idl, IDL_TYPE, ""));
}

static void test_documentation(unused void **state)
{
	autoarena struct arena arena = ARENA_INIT;
	const struct idl *idl = parse_good(&arena, "# An interface \t\r\n"
						   "#\r\n"
						   "#  with a list\r\n"
						   "interface a.b # not this\n"
						   "# nor this\n"
						   "\n"
						   "#One\n"
						   "\t# two\n"
						   "type A ( # not this\n"
						   "  # Of x\n"
						   "  x: int, # not this\n"
						   "  y: int,\n"
						   "  # lost\n"
						   "\n"
						   "  z: (\n"
						   "    # Of one\n"
						   "    one,\n"
						   "    two\n"
						   "    # lost\n"
						   "  )\n"
						   ")\n"
						   "# lost\n"
						   "  \t\n"
						   "method M() -> ()\n"
						   "#\n"
						   "error E ()\n"
						   "# lost");
	const struct idl_field *fields = idl->members[0].type->fields;

	assert_string_equal(idl->documentation, "An interface\n\n with a list");
	assert_string_equal(idl->members[0].documentation, "One\ntwo");
	assert_string_equal(fields[0].documentation, "Of x");
	assert_null(fields[1].documentation);
	assert_null(fields[2].documentation);
	assert_string_equal(fields[2].type->fields[0].documentation, "Of one");
	assert_null(fields[2].type->fields[1].documentation);
	assert_null(idl->members[1].documentation);
	assert_string_equal(idl->members[2].documentation, "");
}

#define TEXT(literal) literal, sizeof(literal) - 1

static void test_errors(unused void **state)
{
	static const struct {
		const char *text;
		size_t n;
		const char *error;
	} cases[] = {
		{ TEXT(""), "1:1: \"interface\" is wanted, not the end of the text" },
		{ TEXT("# c\n type A ()"), "2:2: \"interface\" is wanted, not \"type\"" },
		{ TEXT("interface a"),
			"1:11: \"a\" is not an interface name: "
			"[A-Za-z](-*[A-Za-z0-9])*(\\.[A-Za-z0-9](-*[A-Za-z0-9])*)+" },
		{ TEXT("interface a.b"), "1:14: \"type\", \"method\" or \"error\" is wanted, "
					 "not the end of the text" },
		{ TEXT("interface a.b\nfoo"),
			"2:1: \"type\", \"method\" or \"error\" is wanted, not \"foo\"" },
		{ TEXT("interface a.b\ntype a ()"),
			"2:6: \"a\" is not a member name: [A-Z][A-Za-z0-9]*" },
		{ TEXT("interface a.b\ntype A int"), "2:8: \"(\" is wanted, not \"int\"" },
		{ TEXT("interface a.b\ntype A (a: int,)"),
			"2:16: a field name is wanted, not \")\"" },
		{ TEXT("interface a.b\ntype A (a__b: int)"),
			"2:9: \"a__b\" is not a field name: [A-Za-z](_?[A-Za-z0-9])*" },
		{ TEXT("interface a.b\ntype A (a: int b: int)"),
			"2:16: \",\" or \")\" is wanted, not \"b\"" },
		{ TEXT("interface a.b\ntype A (a: int, b)"), "2:18: \":\" is wanted, not \")\"" },
		{ TEXT("interface a.b\ntype A (a: )"), "2:12: a type is wanted, not \")\"" },
		{ TEXT("interface a.b\ntype A (a: integer)"), "2:12: \"integer\" is not a type" },
		{ TEXT("interface a.b\n# \xc3\xa9\xc3\xa9\ntype A (\n\ta: Foo)"),
			"4:5: no type \"Foo\"" },
		{ TEXT("interface a.b\ntype A () #\xc3\xa9\ntype \xc3\xa9"),
			"3:6: a member name is wanted, not \"\xc3\xa9\"" },
		{ TEXT("interface a.b\ntype A (\xff)"), "2:9: not UTF-8" },
		{ TEXT("interface a.b\n#\xc3\xa9 \033"), "2:4: a control character" },
		{ TEXT("interface a.b\n\0"), "2:1: a control character" },
		{ TEXT("interface a.b\ntype A (a: ??int)"), "2:13: \"?\" after \"?\"" },
		{ TEXT("interface a.b\ntype A (a: [int]int)"),
			"2:12: \"[]\" or \"[string]\" is wanted" },
		{ TEXT("interface a.b\ntype A (a: int, b: int, a: int, b: int)"),
			"2:25: \"a\" is there twice" },
		{ TEXT("interface a.b\ntype A ()\nerror A ()"), "3:7: \"A\" is there twice" },
		{ TEXT("interface a.b\nmethod M(a, b) -> ()"), "2:9: parameters without types" },
		{ TEXT("interface a.b\nmethod M()"),
			"2:11: \"->\" is wanted, not the end of the text" },
		{ TEXT("interface a.b\ntype A (b: B)\ntype B (x: (a: A))"),
			"2:6: \"A\" holds itself" },
		{ TEXT("interface a.b\nmethod M(a: A) -> ()\ntype A (a: A)"),
			"3:6: \"A\" holds itself" },
		{ TEXT("interface a.b\ntype A (a: [][][][][][][][][][][][][][][]int)"),
			"2:42: types inside each other deeper than 16" },
		{ TEXT("interface a.b\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		       "aaaaaaaa"),
			"2:1: \"type\", \"method\" or \"error\" is wanted, not \"aaaaaaaaaaaaaaaaaa"
			"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa...\"" },
	};

	for (size_t i = 0; i < lengthof(cases); i++) {
		autoarena struct arena arena = ARENA_INIT;
		const struct idl *idl = NULL;
		const char *error = NULL;

		assert_int_equal(parse(&arena, cases[i].text, cases[i].n, &idl, &error), -EBADMSG);
		assert_string_equal(error, cases[i].error);
		assert_null(idl);
	}
}

/* Types in a chain as long as a message may be: neither the C stack nor the time may grow with its square. */
static void test_long_chain(unused void **state)
{
	enum { N_TYPES = 10000 };
	autoarena struct arena arena = ARENA_INIT;
	size_t size = (size_t)N_TYPES * 32, n = 0;
	autofree char *text = malloc(size);
	const struct idl *idl = NULL;
	const char *error = NULL;

	assert_non_null(text);
	n += (size_t)snprintf(text, size, "interface a.b");
	for (unsigned i = 0; i < N_TYPES; i++)
		n += (size_t)snprintf(text + n, size - n, " type T%u (x:T%u)", i, i + 1);
	assert_int_equal(idl_parse(&arena, text, n, &idl, &error), -EBADMSG);
	assert_non_null(strstr(error, "no type \"T10000\""));

	n += (size_t)snprintf(text + n, size - n, " type T%u ()", N_TYPES);
	assert_int_equal(idl_parse(&arena, text, n, &idl, &error), 0);
	assert_int_equal(idl->n_members, N_TYPES + 1);

	n -= 1;
	n += (size_t)snprintf(text + n, size - n, "x:T5000)");
	assert_int_equal(idl_parse(&arena, text, n, &idl, &error), -EBADMSG);
	assert_non_null(strstr(error, "\"T5000\" holds itself"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_corpus),
		cmocka_unit_test(test_own_definitions),
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_find),
		cmocka_unit_test(test_documentation),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_long_chain),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
