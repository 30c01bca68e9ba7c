/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * verbs - what nsnetctl can do, as tables: words, options, help
 */
#include "verbs.h"

#include <stdio.h>

#include "attachments.h"
#include "output.h"
#include "ports.h"
#include "routes.h"
#include "suggest.h"
#include "watch.h"

#define TO(member) offsetof(struct client, member)
#define MANY       SIZE_MAX

/* Of the help, wherever it is read. */
enum { WIDTH = 80 };

static const struct option_row global_rows[] = {
	{ "json", 'j', "[=short|pretty]", "JSON; by default over lines on a terminal",
		TO(options.json), options_parse_json },
	{ "quiet", 'q', NULL, "Names only", TO(options.is_quiet), NULL },
	{ "no-legend", 0, NULL, "No headings over tables", TO(options.has_no_legend), NULL },
	{ "no-pager", 0, NULL, "Long output is not shown page by page", TO(options.has_no_pager),
		NULL },
	{ "color", 0, "auto|always|never", "Colours; also: $NO_COLOR", TO(options.color),
		options_parse_color },
	{ "timeout", 0, "SECONDS", "Longest wait for an answer; 30 by default, 0: for ever",
		TO(options.timeout), options_seconds },
	{ "socket", 0, "PATH", "Where nsnetd listens; also: $NSNETD_SOCKET", TO(options.socket),
		options_text },
	{ "help", 'h', NULL, "This text", TO(options.wants_help), NULL },
	{ "version", 0, NULL, "The version of nsnetctl", TO(options.wants_version), NULL },
};

/* Those marked by "..." are lists: V replaces, +V adds, -V takes away (edits.h). */
static const struct option_row namespace_rows[] = {
	{ "network", 0, "NET[:ip=A,mac=M,name=IF]...", "Attach to a network; none: loopback only",
		TO(settings), attachments_network },
	{ "publish", 'p', "[ADDR:]PORT[:NSPORT][/udp]...",
		"Let a port of the host lead in; :NSPORT: one that is free", TO(settings),
		ports_publish },
	{ "rate", 0, "[up=|down=]RATE", "Limit its traffic on the first network: 10mbit; none",
		TO(settings), attachments_rate },
	{ "delay", 0, "TIME[,JITTER]", "Delay what it sends there: 10ms,2ms; none", TO(settings),
		attachments_delay },
	{ "loss", 0, "PERCENT", "Lose some of what it sends there: 0.1%; none", TO(settings),
		attachments_loss },
	{ "route", 0, "DEST[:via=A,metric=N]...", "A route besides the default one", TO(settings),
		routes_add },
	{ "dns", 0, "ADDR...", "A name server for programs inside", TO(settings), settings_dns },
	{ "sysctl", 0, "net.KEY=VALUE...", "A setting of its own (-KEY takes it away)",
		TO(settings), settings_sysctl },
	{ "link", 0, "IF...", "Move an interface of the host in; back at the end", TO(settings),
		settings_link },
	{ "allow", 0, "USER|@GROUP...", "Who else runs programs in it, as himself; none: nobody",
		TO(settings), settings_allow },
	{ "persistent", 0, "yes|no", "Whether it comes back after a reboot", TO(settings),
		settings_persistent },
	{ "label", 0, "KEY=VALUE...", "A label (-KEY takes it away)", TO(settings),
		settings_label },
	{ "description", 0, "TEXT", "What it is for", TO(settings), settings_description },
};

static const struct option_row network_rows[] = {
	{ "subnet", 0, "CIDR...", "Its prefix, one per family; none: no address; else free ones",
		TO(settings), settings_subnet },
	{ "gateway", 0, "ADDR...", "The host's address on it, or none; else the first of each",
		TO(settings), settings_gateway },
	{ "reach", 0, "nat|route|internal", "How far its namespaces get; nat by default",
		TO(settings), settings_reach },
	{ "isolated", 0, "yes|no", "Whether its namespaces are kept from each other", TO(settings),
		settings_isolated },
	{ "mtu", 0, "N", "Bytes of a packet; 0: as the uplink has it", TO(settings), settings_mtu },
	{ "dns", 0, "ADDR...", "Whom its name server asks; none: nobody", TO(settings),
		settings_dns },
	{ "domain", 0, "NAME", "Suffix of its namespaces' names", TO(settings), settings_domain },
	{ "persistent", 0, "yes|no", "Whether it comes back after a reboot", TO(settings),
		settings_persistent },
	{ "label", 0, "KEY=VALUE...", "A label (-KEY takes it away)", TO(settings),
		settings_label },
	{ "description", 0, "TEXT", "What it is for", TO(settings), settings_description },
};

static const struct option_row command_rows[] = {
	{ "pid", 0, NULL, "With PIDs of its own and a fresh /proc; all end with the command",
		TO(command.has_own_pids), NULL },
	{ "root", 0, NULL, "As the user 0 of a namespace that is one's own, with all powers there",
		TO(command.is_root), NULL },
	{ "chdir", 0, "DIR", "Run it in this directory", TO(command.directory), options_text },
	{ "env", 0, "KEY=VALUE", "Set a variable for it", TO(command.environment),
		exec_parse_environment },
};

static const struct option_row delete_rows[] = {
	{ "kill", 0, NULL, "End the programs inside first", TO(kills), NULL },
	{ "wait", 0, NULL, "Until they are gone to the last link", TO(waits), NULL },
	{ "file", 0, "FILE", "What is in FILE instead, as apply reads it; -: standard input",
		TO(file), options_text },
};

static const struct option_row list_rows[] = {
	{ "watch", 0, "[=SECONDS]", "Traffic of each, per second, as it goes on", TO(watch),
		watch_parse },
};

static const struct option_row apply_rows[] = {
	{ "dry-run", 0, NULL, "Only tell what would be done", TO(apply.is_rehearsal), NULL },
	{ "verbose", 'v', NULL, "With --dry-run: also the commands that would do it",
		TO(apply.is_verbose), NULL },
	{ "prune", 0, NULL, "Delete what else you have", TO(apply.prunes), NULL },
	{ "kill", 0, NULL, "With --prune: end the programs inside first", TO(kills), NULL },
};

static const struct option_row graph_rows[] = {
	{ "dot", 0, NULL, "In the language of Graphviz: nsnetctl graph --dot | dot -Tsvg",
		TO(is_dot), NULL },
};

static const struct option_row call_rows[] = {
	{ "more", 0, NULL, "Ask for all replies of a method that has several", TO(wants_more),
		NULL },
};

static const struct option_group global_options = { "Options everywhere", global_rows,
	lengthof(global_rows) };
static const struct option_group namespace_settings = {
	"Settings of a namespace (lists...: V replaces, +V adds, -V takes away)", namespace_rows,
	lengthof(namespace_rows)
};
static const struct option_group network_settings = {
	"Settings of a network (lists...: V replaces, +V adds, -V takes away)", network_rows,
	lengthof(network_rows)
};
static const struct option_group command_options = { "How the command runs", command_rows,
	lengthof(command_rows) };
static const struct option_group delete_options = { "Options", delete_rows, lengthof(delete_rows) };
static const struct option_group list_options = { "Options", list_rows, lengthof(list_rows) };
static const struct option_group apply_options = { "Options", apply_rows, lengthof(apply_rows) };
static const struct option_group graph_options = { "Options", graph_rows, lengthof(graph_rows) };
static const struct option_group call_options = { "Options", call_rows, lengthof(call_rows) };

#define GROUPS(...) \
	.groups = (const struct option_group *const[]){ __VA_ARGS__ }, \
	.n_groups = lengthof(((const struct option_group *const[]){ __VA_ARGS__ }))

static const struct verb network_verbs[] = {
	{ "create", "NAME... [SETTINGS]", "Make networks: bridges on this host", VERB_PLAIN, 1,
		MANY, network_create, GROUPS(&network_settings, &global_options) },
	{ "set", "NAME SETTINGS", "Change a network while it runs", VERB_PLAIN, 1, 1, network_set,
		GROUPS(&network_settings, &global_options), .words = VERB_WORDS_NETWORKS },
	{ "delete", "NAME...", "Take networks away that nothing is attached to", VERB_PLAIN, 1,
		MANY, network_delete, GROUPS(&global_options), .words = VERB_WORDS_NETWORKS },
	{ "list", "[PATTERN...]", "List networks", VERB_PLAIN, 0, MANY, network_list,
		GROUPS(&global_options), .words = VERB_WORDS_NETWORKS },
	{ "show", "[NAME...]", "Show all about networks", VERB_PLAIN, 0, MANY, network_show,
		GROUPS(&global_options), .words = VERB_WORDS_NETWORKS },
};

static const struct verb root_verbs[] = {
	{ "create", "NAME... [SETTINGS]", "Make namespaces, ready to use", VERB_PLAIN, 1, MANY,
		namespace_create, GROUPS(&namespace_settings, &global_options) },
	{ "set", "NAME SETTINGS", "Change a namespace while it runs", VERB_PLAIN, 1, 1,
		namespace_set, GROUPS(&namespace_settings, &global_options),
		.words = VERB_WORDS_NAMESPACES },
	{ "delete", "NAME...|--file FILE", "Take namespaces away", VERB_PLAIN, 0, MANY,
		namespace_delete, GROUPS(&delete_options, &global_options),
		.words = VERB_WORDS_NAMESPACES },
	{ "list", "[PATTERN...]", "List namespaces", VERB_PLAIN, 0, MANY, namespace_list,
		GROUPS(&list_options, &global_options), .words = VERB_WORDS_NAMESPACES },
	{ "show", "[NAME...]", "Show all about namespaces", VERB_PLAIN, 0, MANY, namespace_show,
		GROUPS(&global_options), .words = VERB_WORDS_NAMESPACES },
	{ "exec", "[OPTIONS] NAME [COMMAND...]", "Run a command, or a shell, in a namespace",
		VERB_COMMAND, 1, MANY, exec_enter, GROUPS(&command_options, &global_options),
		.words = VERB_WORDS_NAMESPACES },
	{ "run", "[SETTINGS] -- COMMAND...", "Run a command in a namespace that goes with it",
		VERB_COMMAND, 0, MANY, run_command,
		GROUPS(&namespace_settings, &command_options, &global_options) },
	{ "network", "create|set|delete|list|show", "The same for networks", VERB_NOUN, 0, 0, NULL,
		GROUPS(&global_options), network_verbs, lengthof(network_verbs) },
	{ "apply", "FILE...|- [OPTIONS]", "Bring all to what is in files", VERB_PLAIN, 1, MANY,
		apply_files, GROUPS(&apply_options, &global_options), .words = VERB_WORDS_FILES },
	{ "monitor", "[PATTERN...]", "Tell what there is, and what happens to it", VERB_PLAIN, 0,
		MANY, monitor_follow, GROUPS(&global_options), .words = VERB_WORDS_NAMESPACES },
	{ "graph", "[--dot]", "Draw networks and what is attached to them", VERB_PLAIN, 0, 0,
		graph_draw, GROUPS(&graph_options, &global_options) },
	{ "check", "[NAME...]", "Tell what keeps namespaces from the outside, and what mends it",
		VERB_PLAIN, 0, MANY, diagnose_check, GROUPS(&global_options),
		.words = VERB_WORDS_NAMESPACES },
	{ "call", "METHOD [JSON|-]", "Call a method of the interface by hand", VERB_PLAIN, 1, 2,
		describe_call, GROUPS(&call_options, &global_options),
		.words = VERB_WORDS_METHODS },
	{ "introspect", "[INTERFACE]", "Print the definition of the interface", VERB_PLAIN, 0, 1,
		describe_introspect, GROUPS(&global_options) },
	{ "inside", "", "Run what nsnetctl outside asks for, in a namespace that is lent",
		VERB_PLAIN, 0, 0, lent_inside_follow, GROUPS(&global_options), .is_hidden = true },
	{ "complete", "-- [WORD...] WORD", "Print what the last word can be, for shells",
		VERB_PLAIN, 1, MANY, complete_words, GROUPS(&global_options), .is_hidden = true },
};

const struct verb verbs_root = { "nsnetctl", "[OPTIONS] VERB ...",
	"Named network namespaces and the networks that join them", VERB_NOUN, 0, 0, NULL,
	GROUPS(&global_options), root_verbs, lengthof(root_verbs) };

/* What other programs call it. */
static const char *other_name(const char *word)
{
	static const struct {
		const char *word, *verb;
	} others[] = { { "ls", "list" }, { "add", "create" }, { "new", "create" },
		{ "rm", "delete" }, { "remove", "delete" }, { "destroy", "delete" },
		{ "change", "set" }, { "modify", "set" }, { "update", "set" }, { "status", "show" },
		{ "enter", "exec" }, { "net", "network" }, { "watch", "monitor" },
		{ "events", "monitor" } };

	for (size_t i = 0; i < lengthof(others); i++) {
		if (streq(others[i].word, word))
			return others[i].verb;
	}
	return NULL;
}

int verbs_find(
	const struct verb *noun, const char *word, const struct verb **ret, struct problem *problem)
{
	const char *names[32] = { "help" }, *nearest;
	const char *of =
		noun == &verbs_root ? "" : arena_printf(problem->arena, " of \"%s\"", noun->name);
	size_t n = 1;

	for (size_t i = 0; i < noun->n_verbs; i++) {
		if (streq(noun->verbs[i].name, word)) {
			*ret = &noun->verbs[i];
			return 0;
		}
		if (n < lengthof(names) && !noun->verbs[i].is_hidden)
			names[n++] = noun->verbs[i].name;
	}
	nearest = other_name(word);
	if (!nearest)
		nearest = suggest_nearest(word, names, n);
	if (nearest)
		return problem_set(problem, PROBLEM_USAGE,
			arena_printf(problem->arena, "nsnetctl %s%s%s",
				noun == &verbs_root ? "" : noun->name,
				noun == &verbs_root ? "" : " ", nearest),
			"no verb \"%s\"%s; is \"%s\" meant?", word, of, nearest);
	return problem_usage(problem, "no verb \"%s\"%s", word, of);
}

static void print_group(const struct option_group *group)
{
	(void)printf("\n%s:\n", group->title);
	for (size_t i = 0; i < group->n; i++) {
		const struct option_row *row = &group->rows[i];
		char left[64];

		(void)snprintf(left, sizeof(left), "%c%c%c --%s%s%s", row->letter ? '-' : ' ',
			row->letter ? row->letter : ' ', row->letter ? ',' : ' ', row->name,
			row->argument && !after(row->argument, "[=") ? " " : "",
			row->argument ? row->argument : "");
		/* A long option has its help below. */
		if (strlen(left) > 28)
			(void)printf("  %s\n%34s", left, "");
		else
			(void)printf("  %-30s  ", left);
		output_wrapped(row->help, 34, 34, WIDTH);
	}
}

void verbs_help(const struct verb *verb, const char *path)
{
	(void)printf("%s %s\n\n%s.\n", path, verb->arguments, verb->help);
	if (verb->n_verbs > 0)
		(void)printf("\nVerbs:\n");
	for (size_t i = 0; i < verb->n_verbs; i++) {
		char left[64];

		if (verb->verbs[i].is_hidden)
			continue;
		(void)snprintf(
			left, sizeof(left), "%s %s", verb->verbs[i].name, verb->verbs[i].arguments);
		(void)printf("  %-36s  ", left);
		output_wrapped(verb->verbs[i].help, 40, 40, WIDTH);
	}
	for (size_t i = 0; i < verb->n_groups; i++)
		print_group(verb->groups[i]);
	if (verb == &verbs_root)
		(void)printf(
			"\n\"nsnetctl help VERB\" tells a verb's own options; nsnetctl(1) tells all.\n");
}
