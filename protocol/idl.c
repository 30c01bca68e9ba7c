/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * idl - reads a Varlink interface definition (https://varlink.org/Interface-Definition)
 *
 * A parser by recursive descent, as deep as IDL_DEPTH_MAX, over the tokens that scan finds: it makes the tree and writes down every type that is named (struct reference). At the end names are looked up in the members
 * sorted by name, and structs that hold themselves are found by taking away, again and again, the types that hold no type
 * that is left. Nothing costs more than n log n, so a definition may come from anywhere.
 *
 * White space may stand between any two tokens; "[]", "[string]" and "->" are tokens. A comment is documentation where it
 * stands on lines of its own and the next line is what it documents.
 */
#include "idl.h"

#include "scan.h"

/* A type that is named somewhere. */
struct reference {
	struct idl_type *type;
	size_t at;
	size_t owner;     /* the member it stands in */
	bool is_embedded; /* not by ?, [] or [string] */
};

struct parser {
	struct arena *arena;
	struct scan scan;
	unsigned depth, indirections;

	struct idl_member *members;
	size_t *places; /* of the members' names in the text */
	size_t n_members, max_members;
	struct reference *references;
	size_t n_references, max_references;
};

/* Twice the room, with what is there. */
static void *grow(struct arena *arena, const void *items, size_t n, size_t *max, size_t size)
{
	void *grown;

	*max = *max > 0 ? *max * 2 : 8;
	grown = arena_array(arena, *max, size);
	if (n > 0)
		memcpy(grown, items, n * size);
	return grown;
}

static bool is_field_name(struct scan_word word)
{
	if (!scan_is_letter(word.text[0]) || word.text[word.n - 1] == '_')
		return false;
	return !memmem(word.text, word.n, "__", 2);
}

static bool is_member_name(struct scan_word word)
{
	return word.text[0] >= 'A' && word.text[0] <= 'Z' && !memchr(word.text, '_', word.n);
}

/* Two labels at least, each begins and ends with a letter or digit, the first begins with a letter. */
static bool is_interface_name(struct scan_word word)
{
	bool has_dot = false;

	if (!scan_is_letter(word.text[0]))
		return false;
	for (size_t i = 1; i < word.n; i++) {
		bool is_dot = word.text[i] == '.';

		if (is_dot && (word.text[i - 1] == '-' || word.text[i - 1] == '.'))
			return false;
		if (word.text[i] == '-' && word.text[i - 1] == '.')
			return false;
		has_dot |= is_dot;
	}
	return has_dot && word.text[word.n - 1] != '.' && word.text[word.n - 1] != '-';
}

struct name_rule {
	const char *what;
	const char *pattern;
	const char *more; /* characters beside letters and digits */
	bool (*is_valid)(struct scan_word word);
};

static const struct name_rule field_rule = {
	.what = "a field name",
	.pattern = "[A-Za-z](_?[A-Za-z0-9])*",
	.more = "_",
	.is_valid = is_field_name,
};
static const struct name_rule member_rule = {
	.what = "a member name",
	.pattern = "[A-Z][A-Za-z0-9]*",
	.more = "_",
	.is_valid = is_member_name,
};
static const struct name_rule interface_rule = {
	.what = "an interface name",
	.pattern = "[A-Za-z](-*[A-Za-z0-9])*(\\.[A-Za-z0-9](-*[A-Za-z0-9])*)+",
	.more = "-.",
	.is_valid = is_interface_name,
};

static int read_name(struct parser *p, const struct name_rule *rule, const char **ret)
{
	struct scan_word word = scan_peek(&p->scan, rule->more);

	if (word.n == 0)
		return scan_fail_wanted(&p->scan, rule->what);
	if (!rule->is_valid(word))
		return scan_fail(&p->scan, p->scan.at, "%s is not %s: %s",
			scan_show(&p->scan, word.text, word.n), rule->what, rule->pattern);
	*ret = arena_strndup(p->arena, word.text, word.n);
	scan_pass(&p->scan, word);
	return 0;
}

/* A name and where it stands, to find those that are there twice. */
struct placed_name {
	const char *name;
	size_t at;
	size_t index;
};

static int compare_names(const void *a, const void *b)
{
	const struct placed_name *left = a, *right = b;
	int order = strcmp(left->name, right->name);

	return order != 0 ? order : (left->at > right->at) - (left->at < right->at);
}

/* Sorts them, and refuses the first that stood there before. */
static int sort_names(struct parser *p, struct placed_name *names, size_t n)
{
	const struct placed_name *twice = NULL;

	if (n > 1)
		qsort(names, n, sizeof(*names), compare_names);
	for (size_t i = 1; i < n; i++)
		if (streq(names[i - 1].name, names[i].name) && (!twice || names[i].at < twice->at))
			twice = &names[i];
	if (!twice)
		return 0;
	return scan_fail(&p->scan, twice->at, "%s is there twice",
		scan_show(&p->scan, twice->name, strlen(twice->name)));
}

static int read_type(struct parser *p, struct idl_type **ret);

/* One field with its type, or one value of an enum. The first of them tells which. */
static int read_field(struct parser *p, struct idl_type *type, struct idl_field *field)
{
	int r;

	field->documentation = scan_documentation(&p->scan);
	r = read_name(p, &field_rule, &field->name);
	if (r < 0)
		return r;
	if (type->n_fields == 0 && !scan_is_end(&p->scan) && !scan_is_at(&p->scan, ':'))
		type->kind = IDL_ENUM;
	if (type->kind == IDL_ENUM)
		return 0;
	r = scan_expect(&p->scan, ":");
	if (r < 0)
		return r;
	return read_type(p, &field->type);
}

/* A struct or an enum, at its "(". */
static int read_fields(struct parser *p, struct idl_type *type)
{
	struct placed_name *names = NULL;
	size_t max_fields = 0, max_names = 0;
	int r;

	*type = (struct idl_type){ .kind = IDL_STRUCT };
	r = scan_expect(&p->scan, "(");
	if (r < 0)
		return r;
	if (scan_accept(&p->scan, ")"))
		return 0;
	do {
		size_t n = type->n_fields, at = p->scan.at;

		if (n == max_fields)
			type->fields =
				grow(p->arena, type->fields, n, &max_fields, sizeof(*type->fields));
		if (n == max_names)
			names = grow(p->arena, names, n, &max_names, sizeof(*names));
		r = read_field(p, type, &type->fields[n]);
		if (r < 0)
			return r;
		names[n] = (struct placed_name){ type->fields[n].name, at, n };
		type->n_fields++;
	} while (scan_accept(&p->scan, ","));

	if (!scan_accept(&p->scan, ")"))
		return scan_fail_wanted(&p->scan, "\",\" or \")\"");
	return sort_names(p, names, type->n_fields);
}

/* A name of a type: one that is built in, or one of the interface, looked up at the end. */
static int read_named(struct parser *p, struct idl_type *type)
{
	static const struct {
		const char *name;
		enum idl_kind kind;
	} builtin[] = {
		{ "bool", IDL_BOOL },
		{ "int", IDL_INT },
		{ "float", IDL_FLOAT },
		{ "string", IDL_STRING },
		{ "object", IDL_OBJECT },
		{ "any", IDL_OBJECT },
	};
	struct scan_word word = scan_peek(&p->scan, "_");

	if (word.n == 0)
		return scan_fail_wanted(&p->scan, "a type");
	for (size_t i = 0; i < lengthof(builtin); i++) {
		if (scan_word_is(word, builtin[i].name)) {
			type->kind = builtin[i].kind;
			scan_pass(&p->scan, word);
			return 0;
		}
	}
	if (!is_member_name(word))
		return scan_fail(&p->scan, p->scan.at, "%s is not a type",
			scan_show(&p->scan, word.text, word.n));

	if (p->n_references == p->max_references)
		p->references = grow(p->arena, p->references, p->n_references, &p->max_references,
			sizeof(*p->references));
	p->references[p->n_references++] = (struct reference){
		.type = type,
		.at = p->scan.at,
		.owner = p->n_members,
		.is_embedded = p->indirections == 0,
	};
	type->kind = IDL_NAMED;
	type->name = arena_strndup(p->arena, word.text, word.n);
	scan_pass(&p->scan, word);
	return 0;
}

/* What comes after a prefix. */
static int read_inner(struct parser *p, enum idl_kind kind, struct idl_type *type)
{
	int r;

	type->kind = kind;
	if (kind == IDL_OPTIONAL && scan_is_at(&p->scan, '?'))
		return scan_fail(&p->scan, p->scan.at, "\"?\" after \"?\"");
	p->indirections++;
	r = read_type(p, &type->inner);
	p->indirections--;
	return r;
}

static int read_type_here(struct parser *p, struct idl_type *type)
{
	if (scan_accept(&p->scan, "?"))
		return read_inner(p, IDL_OPTIONAL, type);
	if (scan_accept(&p->scan, "[]"))
		return read_inner(p, IDL_ARRAY, type);
	if (scan_accept(&p->scan, "[string]"))
		return read_inner(p, IDL_MAP, type);
	if (scan_is_at(&p->scan, '['))
		return scan_fail(&p->scan, p->scan.at, "\"[]\" or \"[string]\" is wanted");
	if (scan_is_at(&p->scan, '('))
		return read_fields(p, type);
	return read_named(p, type);
}

static int read_type(struct parser *p, struct idl_type **ret)
{
	struct idl_type *type = arena_alloc(p->arena, sizeof(*type));
	int r;

	if (p->depth == IDL_DEPTH_MAX)
		return scan_fail(&p->scan, p->scan.at, "types inside each other deeper than %d",
			IDL_DEPTH_MAX);
	p->depth++;
	r = read_type_here(p, type);
	p->depth--;
	if (r == 0)
		*ret = type;
	return r;
}

/* What goes into a method, comes out of it or beside an error: fields with types. */
static int read_parameters(struct parser *p, struct idl_type **ret)
{
	size_t at = p->scan.at;
	int r;

	if (!scan_is_at(&p->scan, '('))
		return scan_fail_wanted(&p->scan, "\"(\"");
	r = read_type(p, ret);
	if (r == 0 && (*ret)->kind == IDL_ENUM)
		return scan_fail(&p->scan, at, "parameters without types");
	return r;
}

static int read_member(struct parser *p, struct idl_member *member, size_t *ret_place)
{
	struct scan_word word = scan_peek(&p->scan, "_");
	int r;

	if (scan_word_is(word, "type"))
		member->kind = IDL_TYPE;
	else if (scan_word_is(word, "method"))
		member->kind = IDL_METHOD;
	else if (scan_word_is(word, "error"))
		member->kind = IDL_ERROR;
	else
		return scan_fail_wanted(&p->scan, "\"type\", \"method\" or \"error\"");
	member->documentation = scan_documentation(&p->scan);
	scan_pass(&p->scan, word);

	*ret_place = p->scan.at;
	r = read_name(p, &member_rule, &member->name);
	if (r < 0)
		return r;
	if (member->kind != IDL_TYPE) {
		r = read_parameters(p, &member->type);
		if (r < 0 || member->kind == IDL_ERROR)
			return r;
		r = scan_expect(&p->scan, "->");
		return r < 0 ? r : read_parameters(p, &member->out);
	}
	if (!scan_is_at(&p->scan, '('))
		return scan_fail_wanted(&p->scan, "\"(\"");
	return read_type(p, &member->type);
}

static int read_members(struct parser *p)
{
	size_t max_places = 0;

	do {
		size_t n = p->n_members;
		int r;

		if (n == p->max_members) {
			p->members =
				grow(p->arena, p->members, n, &p->max_members, sizeof(*p->members));
			p->places = grow(p->arena, p->places, n, &max_places, sizeof(*p->places));
		}
		r = read_member(p, &p->members[n], &p->places[n]);
		if (r < 0)
			return r;
		p->n_members++;
	} while (!scan_is_end(&p->scan));
	return 0;
}

static int compare_name(const void *key, const void *element)
{
	return strcmp(key, ((const struct placed_name *)element)->name);
}

/* Finds what every reference names. */
static int resolve(struct parser *p)
{
	struct placed_name *names = arena_array(p->arena, p->n_members, sizeof(*names));
	int r;

	for (size_t i = 0; i < p->n_members; i++)
		names[i] = (struct placed_name){ p->members[i].name, p->places[i], i };
	r = sort_names(p, names, p->n_members);
	if (r < 0)
		return r;

	for (size_t i = 0; i < p->n_references; i++) {
		struct reference *reference = &p->references[i];
		const char *name = reference->type->name;
		const struct placed_name *found =
			bsearch(name, names, p->n_members, sizeof(*names), compare_name);

		if (!found || p->members[found->index].kind != IDL_TYPE)
			return scan_fail(&p->scan, reference->at, "no type %s",
				scan_show(&p->scan, name, strlen(name)));
		reference->type->named = &p->members[found->index];
	}
	return 0;
}

/* Some types hold each other without end. Told is one of them, not one that only holds such a one. */
static int fail_containment(struct parser *p, const size_t *holds)
{
	/* From any member that is left, each step goes to one that it holds and that is left too; after n_members steps we are in a
	 * ring, and a walk around it meets every one of its members. */
	size_t *step = arena_array(p->arena, p->n_members, sizeof(*step));
	size_t at = 0, lowest;

	for (size_t i = p->n_references; i-- > 0;) {
		size_t held = (size_t)(p->references[i].type->named - p->members);

		if (p->references[i].is_embedded && holds[held] > 0)
			step[p->references[i].owner] = held;
	}
	while (holds[at] == 0)
		at++;
	for (size_t i = 0; i < p->n_members; i++)
		at = step[at];
	lowest = at;
	for (size_t i = step[at]; i != at; i = step[i])
		if (i < lowest)
			lowest = i;
	return scan_fail(&p->scan, p->places[lowest], "%s holds itself",
		scan_show(&p->scan, p->members[lowest].name, strlen(p->members[lowest].name)));
}

/* Refuses a struct that holds itself: it would have no end. */
static int check_containment(struct parser *p)
{
	/* holds[i]: how many types that are left the member i holds. The references to a type are a list: first[type], next[]. */
	size_t *holds = arena_array(p->arena, p->n_members, sizeof(*holds));
	size_t *first = arena_array(p->arena, p->n_members, sizeof(*first));
	size_t *next = arena_array(p->arena, p->n_references, sizeof(*next));
	size_t *done = arena_array(p->arena, p->n_members, sizeof(*done));
	size_t n_done = 0;

	for (size_t i = 0; i < p->n_references; i++) {
		const struct reference *reference = &p->references[i];
		size_t held = (size_t)(reference->type->named - p->members);

		if (!reference->is_embedded)
			continue;
		holds[reference->owner]++;
		next[i] = first[held];
		first[held] = i + 1;
	}
	for (size_t i = 0; i < p->n_members; i++)
		if (holds[i] == 0)
			done[n_done++] = i;
	for (size_t i = 0; i < n_done; i++) {
		for (size_t link = first[done[i]]; link > 0; link = next[link - 1]) {
			size_t owner = p->references[link - 1].owner;

			if (--holds[owner] == 0)
				done[n_done++] = owner;
		}
	}
	return n_done == p->n_members ? 0 : fail_containment(p, holds);
}

static int read_interface(struct parser *p, struct idl *idl)
{
	struct scan_word word = scan_peek(&p->scan, "_");

	if (!scan_word_is(word, "interface"))
		return scan_fail_wanted(&p->scan, "\"interface\"");
	idl->documentation = scan_documentation(&p->scan);
	scan_pass(&p->scan, word);
	return read_name(p, &interface_rule, &idl->name);
}

int idl_parse(struct arena *arena, const char *text, size_t n, const struct idl **ret,
	const char **reterr)
{
	struct parser p = { .arena = arena };
	struct idl *idl = arena_alloc(arena, sizeof(*idl));
	int r;

	r = scan_begin(&p.scan, arena, text, n);
	if (r == 0)
		r = read_interface(&p, idl);
	if (r == 0)
		r = read_members(&p);
	if (r == 0)
		r = resolve(&p);
	if (r == 0)
		r = check_containment(&p);
	if (r < 0) {
		*reterr = p.scan.error;
		return r;
	}
	idl->members = p.members;
	idl->n_members = p.n_members;
	*ret = idl;
	return 0;
}

const struct idl_member *idl_find(
	const struct idl *idl, enum idl_member_kind kind, const char *name)
{
	for (size_t i = 0; i < idl->n_members; i++)
		if (idl->members[i].kind == kind && streq(idl->members[i].name, name))
			return &idl->members[i];
	return NULL;
}
