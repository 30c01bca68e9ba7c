/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * place - where in a JSON text a field stands, by its path
 *
 * A key may hold dots, as those of sysctls and the names of namespaces do. So of an object all keys are tried that the path
 * goes on with, and what leads furthest is it. A key that is written with escapes is not found, but what is around it.
 */
#include "place.h"

struct search {
	const char *text;
	size_t n, at;
	size_t left, found; /* of the path that led furthest */
};

static void pass_blanks(struct search *search)
{
	while (search->at < search->n && strchr(" \t\r\n", search->text[search->at]))
		search->at++;
}

static char pass_character(struct search *search)
{
	if (search->at == search->n)
		return '\0';
	return search->text[search->at++];
}

/* Whether that is what comes next, which is passed then. */
static bool pass(struct search *search, char wanted)
{
	pass_blanks(search);
	if (search->at == search->n || search->text[search->at] != wanted)
		return false;
	search->at++;
	return true;
}

/* Stands behind the opening quote. */
static void pass_string(struct search *search)
{
	for (char c = pass_character(search); c && c != '"'; c = pass_character(search))
		if (c == '\\')
			(void)pass_character(search);
}

/* What is left of a path behind a key; NULL where it does not go on with it. */
static const char *behind_key(const char *path, const char *key, size_t n)
{
	if (!path)
		return NULL;
	if (*path == '.')
		path++;
	if (strncmp(path, key, n) != 0)
		return NULL;
	return strchr(".[", path[n]) ? path + n : NULL;
}

static const char *behind_index(const char *path, size_t index)
{
	char *end;

	if (!path || *path != '[' || strtoul(path + 1, &end, 10) != index || *end != ']')
		return NULL;
	return end + 1;
}

static void pass_value(struct search *search, size_t from, const char *path);

static void pass_members(struct search *search, const char *path)
{
	while (pass(search, '"')) {
		size_t key = search->at, n;

		pass_string(search);
		n = search->at - 1 - key;
		(void)pass(search, ':');
		pass_value(search, key - 1, behind_key(path, search->text + key, n));
		(void)pass(search, ',');
	}
	(void)pass(search, '}');
}

static void pass_items(struct search *search, const char *path)
{
	for (size_t i = 0; search->at < search->n && !pass(search, ']'); i++) {
		pass_blanks(search);
		pass_value(search, search->at, behind_index(path, i));
		(void)pass(search, ',');
	}
}

/* from: where what it is the value of stands; path: what is left of it, NULL where it leads elsewhere. */
static void pass_value(struct search *search, size_t from, const char *path)
{
	if (path && strlen(path) < search->left) {
		search->left = strlen(path);
		search->found = from;
	}
	if (pass(search, '{'))
		pass_members(search, path);
	else if (pass(search, '['))
		pass_items(search, path);
	else if (pass(search, '"'))
		pass_string(search);
	else
		while (search->at < search->n && !strchr(",]} \t\r\n", search->text[search->at]))
			search->at++;
}

size_t place_find(const char *text, size_t n, const char *path, size_t *ret_left)
{
	struct search search = { .text = text, .n = n, .left = strlen(path) };

	pass_value(&search, 0, path);
	*ret_left = search.left;
	return search.found;
}

size_t place_line(const char *text, size_t at)
{
	size_t line = 1;

	for (size_t i = 0; i < at; i++)
		if (text[i] == '\n')
			line++;
	return line;
}
