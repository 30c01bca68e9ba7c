/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * complete - what the last word of a command line can be, for the shells
 *
 * The tables that the command line is read by tell it, and the daemon the names of what there is: so no shell's file knows
 * verbs, options or names. A line is a candidate, and behind a tab what it means; one that begins with a colon tells the shell
 * what of its own to offer: ":files", ":directories", ":commands".
 */
#include <stdio.h>

#include "client.h"
#include "output.h"
#include "verbs.h"

/* Whoever waits for a prompt does not wait long: microseconds. */
enum { PATIENCE = 1000 * 1000 };

/* A command line, as far as it was typed. */
struct typed {
	struct client *client;
	const struct verb *verb;
	const struct option_row *option; /* that the next word is the value of */
	size_t n_words;                  /* of the verb */
	bool is_words_only;              /* "--" was passed */
	const char *last;                /* the beginning of what is to be completed */
};

static bool is_in_command(const struct typed *typed)
{
	return typed->verb->kind == VERB_COMMAND && typed->n_words >= typed->verb->min_words &&
	       (typed->n_words > 0 || typed->is_words_only);
}

static void pass_option(struct typed *typed, const char *word)
{
	const struct verb *verb = typed->verb;
	const struct option_row *row = NULL;

	if (streq(word, "--")) {
		typed->is_words_only = true;
		return;
	}
	if (word[1] == '-') {
		if (!strchr(word, '='))
			row = options_find_name(
				verb->groups, verb->n_groups, word + 2, strlen(word + 2));
	} else {
		/* Letters up to one that takes the rest, or the next word. */
		for (const char *letter = word + 1; *letter; letter++) {
			row = options_find_letter(verb->groups, verb->n_groups, *letter);
			if (row && !options_may_lack_value(row) && letter[1])
				return;
		}
	}
	if (row && !options_may_lack_value(row))
		typed->option = row;
}

static const struct verb *find_verb(const struct verb *noun, const char *word)
{
	for (size_t i = 0; i < noun->n_verbs; i++)
		if (streq(noun->verbs[i].name, word))
			return &noun->verbs[i];
	return NULL;
}

/* False: nothing can stand behind it. */
static bool pass_word(struct typed *typed, const char *word)
{
	const struct verb *verb = typed->verb;

	if (typed->option) {
		typed->option = NULL;
	} else if (!typed->is_words_only && !is_in_command(typed) && word[0] == '-' && word[1]) {
		pass_option(typed, word);
	} else if (is_in_command(typed) && !typed->is_words_only && streq(word, "--") &&
		   typed->n_words == verb->min_words) {
		/* Between the namespace and its command. */
		typed->is_words_only = true;
	} else if (verb->kind != VERB_NOUN) {
		typed->n_words++;
	} else if (verb != &verbs_root || !streq(word, "help")) {
		typed->verb = find_verb(verb, word);
	}
	return typed->verb;
}

/* One candidate, where it begins as what was typed does; before: what of that stands before it. */
static void offer(
	const struct typed *typed, const char *before, const char *candidate, const char *help)
{
	const char *rest = after(typed->last, before);

	if (rest && after(candidate, rest))
		(void)printf("%s%s\t%s\n", before, output_safe(&typed->client->arena, candidate),
			output_safe(&typed->client->arena, help));
}

static void offer_options(const struct typed *typed)
{
	const struct verb *verb = typed->verb;

	for (size_t g = 0; g < verb->n_groups; g++)
		for (size_t i = 0; i < verb->groups[g]->n; i++) {
			const struct option_row *row = &verb->groups[g]->rows[i];

			offer(typed, "--", row->name, row->help);
		}
}

struct offering {
	const struct typed *typed;
	const char *before;
};

static int on_namespace(const void *reply, void *userdata)
{
	const struct nsnet_list_namespaces_out *out = reply;
	const struct offering *offering = userdata;
	const char *help = out->context.description;

	offer(offering->typed, offering->before, out->name, help ? help : "namespace");
	return 0;
}

static int on_network(const void *reply, void *userdata)
{
	const struct nsnet_list_networks_out *out = reply;
	const struct offering *offering = userdata;
	const char *help = out->context.description;

	offer(offering->typed, offering->before, out->name, help ? help : "network");
	return 0;
}

/* Where there is no daemon, or nothing to see, there is nothing to offer. */
static void offer_names(const struct typed *typed, const char *before, bool are_networks)
{
	struct client *client = typed->client;
	struct offering offering = { typed, before };

	if (client->call.timeout == 0 || client->call.timeout > PATIENCE)
		client->call.timeout = PATIENCE;
	if (are_networks)
		(void)call_nsnet_each(&client->call, NSNET_M_LIST_NETWORKS,
			&(struct nsnet_list_networks_in){ 0 }, on_network, &offering);
	else
		(void)call_nsnet_each(&client->call, NSNET_M_LIST_NAMESPACES,
			&(struct nsnet_list_namespaces_in){ 0 }, on_namespace, &offering);
	problem_clear(&client->problem);
}

/* "a|b|c", as the help writes those of which one is meant: words in small letters. */
static void offer_choices(const struct typed *typed, const char *before, const char *choices)
{
	struct arena *arena = &typed->client->arena;

	while (*choices) {
		size_t n = strcspn(choices, "|]");

		offer(typed, before, arena_strndup(arena, choices, n), typed->option->help);
		choices += n + (choices[n] != 0);
	}
}

/* What the value of an option can be tells the word that the help has for it. */
static void offer_values(const struct typed *typed, const char *before)
{
	const char *argument = typed->option->argument, *rest;

	if (!argument)
		return;
	rest = after(argument, "[=");
	if (!rest)
		rest = argument;
	if (after(argument, "NET[")) {
		const char *sign = after(typed->last, before);

		/* +NET, -NET */
		if (sign && (*sign == '+' || *sign == '-'))
			before = arena_printf(&typed->client->arena, "%s%c", before, *sign);
		offer_names(typed, before, true);
		offer(typed, before, "none", "no network");
	} else if (streq(argument, "DIR")) {
		(void)puts(":directories");
	} else if (streq(argument, "FILE") || streq(argument, "PATH")) {
		(void)puts(":files");
	} else if (rest[strspn(rest, "abcdefghijklmnopqrstuvwxyz|]")] == 0) {
		offer_choices(typed, before, rest);
	}
}

static void offer_verbs(const struct typed *typed)
{
	const struct verb *noun = typed->verb;

	for (size_t i = 0; i < noun->n_verbs; i++)
		if (!noun->verbs[i].is_hidden)
			offer(typed, "", noun->verbs[i].name, noun->verbs[i].help);
	if (noun == &verbs_root)
		offer(typed, "", "help", "What a verb does, and its options");
}

static void offer_methods(const struct typed *typed)
{
	for (size_t i = 0; i < nsnet_interface.n_methods; i++)
		offer(typed, "", nsnet_interface.methods[i].name, "method");
}

static void offer_words(const struct typed *typed)
{
	const struct verb *verb = typed->verb;

	if (typed->n_words >= verb->max_words)
		return;
	switch (verb->words) {
	case VERB_WORDS_NEW:
		break;
	case VERB_WORDS_NAMESPACES:
		offer_names(typed, "", false);
		break;
	case VERB_WORDS_NETWORKS:
		offer_names(typed, "", true);
		break;
	case VERB_WORDS_FILES:
		(void)puts(":files");
		break;
	case VERB_WORDS_METHODS:
		if (typed->n_words == 0)
			offer_methods(typed);
		break;
	}
}

/* "--reach=na" */
static void offer_after_equals(struct typed *typed)
{
	const char *equals = strchr(typed->last, '='), *name = typed->last + 2;
	const struct verb *verb = typed->verb;

	typed->option =
		options_find_name(verb->groups, verb->n_groups, name, (size_t)(equals - name));
	if (typed->option)
		offer_values(typed, arena_strndup(&typed->client->arena, typed->last,
					    (size_t)(equals + 1 - typed->last)));
}

static void complete(struct typed *typed)
{
	if (typed->option)
		offer_values(typed, "");
	else if (is_in_command(typed))
		(void)puts(typed->n_words <= typed->verb->min_words ? ":commands" : ":files");
	else if (!typed->is_words_only && after(typed->last, "--") && strchr(typed->last, '='))
		offer_after_equals(typed);
	else if (!typed->is_words_only && typed->last[0] == '-')
		offer_options(typed);
	else if (typed->verb->kind == VERB_NOUN)
		offer_verbs(typed);
	else
		offer_words(typed);
}

int complete_words(struct client *client)
{
	struct typed typed = {
		.client = client,
		.verb = &verbs_root,
		.last = client->words[client->n_words - 1],
	};

	for (size_t i = 0; i + 1 < client->n_words; i++)
		if (!pass_word(&typed, client->words[i]))
			return 0;
	complete(&typed);
	return 0;
}
