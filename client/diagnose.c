/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * diagnose - what is wrong, from inside namespaces to the outside, and what mends it
 *
 * The daemon looks at what is on record and what the kernel says of it; what only a program inside can find out is asked here.
 */
#include <stdio.h>
#include <sys/socket.h>

#include "client.h"
#include "output.h"
#include "probe.h"

/* So many namespaces are entered at a time. */
#define CHILDREN_MAX 16U

/* Letters before what is told of a finding. */
enum { BEFORE = 9 };

#define GREEN  "\033[32m"
#define YELLOW "\033[1;33m"
#define RED    "\033[1;31m"
#define PLAIN  "\033[0m"

struct diagnosis {
	struct client *client;
	struct string_list names; /* of namespaces that something was told of */
	bool has_failure;
};

/* Output: */

static const char *colour_of(enum nsnet_severity severity)
{
	switch (severity) {
	case NSNET_SEVERITY_OK:
		return GREEN;
	case NSNET_SEVERITY_WARNING:
		return YELLOW;
	case NSNET_SEVERITY_FAILURE:
		return RED;
	case NSNET_SEVERITY_UNSET:
		break;
	}
	return "";
}

static void print_lines(
	const struct client *client, struct arena *arena, const struct nsnet_finding *finding)
{
	bool is_coloured = output_is_coloured(&client->options, client->options.is_terminal);
	const char *name = finding->namespace ? finding->namespace : finding->network;
	const char *about = !name                ? "host"
			    : finding->namespace ? name
						 : arena_printf(arena, "network %s", name);

	(void)printf("%s%-7s%s  ", is_coloured ? colour_of(finding->severity) : "",
		codec_enum_name(&nsnet_severity_enum, (int)finding->severity),
		is_coloured ? PLAIN : "");
	output_wrapped(
		arena_printf(arena, "%s %s: %s", output_safe(arena, about),
			output_safe(arena, finding->subject), output_safe(arena, finding->message)),
		BEFORE, BEFORE, client->options.width);
	/* It is there to be copied: never broken. */
	if (finding->remedy)
		(void)printf("           %s\n", output_safe(arena, finding->remedy));
}

static int print(struct diagnosis *diagnosis, const struct nsnet_finding *finding)
{
	struct client *client = diagnosis->client;
	autoarena struct arena arena = ARENA_INIT;
	struct options options = client->options;

	diagnosis->has_failure |= finding->severity == NSNET_SEVERITY_FAILURE;
	if (options.is_quiet && finding->severity == NSNET_SEVERITY_OK)
		return 0;
	/* One line each, on a terminal too. */
	if (options.json == OPTIONS_JSON_AUTO)
		options.json = OPTIONS_JSON_SHORT;
	if (options.json != OPTIONS_JSON_OFF)
		output_json(&options, &arena, codec_encode(&nsnet_finding_type, finding, &arena));
	else
		print_lines(client, &arena, finding);
	return output_end(&client->problem);
}

/* What was found inside: */

/* Of all sizes that were tried with the same router, the largest one that came through; 0: none. */
static unsigned largest_answered(const struct probe_list *list, const struct probe *like)
{
	unsigned bytes = 0;

	for (size_t i = 0; i < list->n; i++) {
		const struct probe *probe = &list->items[i];

		if (probe->kind == PROBE_UPLINK && streq(probe->address, like->address) &&
			streq(probe->interface, like->interface) &&
			probe->outcome == PROBE_ANSWERED && probe->bytes > bytes)
			bytes = probe->bytes;
	}
	return bytes;
}

static bool has_answer(const struct probe_list *list, int family)
{
	for (size_t i = 0; i < list->n; i++)
		if (list->items[i].family == family && list->items[i].kind != PROBE_GATEWAY &&
			list->items[i].outcome == PROBE_ANSWERED)
			return true;
	return false;
}

static const char *say_why(struct arena *arena, const struct probe *probe)
{
	switch (probe->outcome) {
	case PROBE_REFUSED:
		return "nobody listens there";
	case PROBE_TOO_BIG:
		return "what it is asked with is too big on the way";
	case PROBE_FAILED:
		return arena_strdup(arena, strerror(probe->error));
	case PROBE_SILENT:
	case PROBE_ANSWERED:
	case PROBE_NOT_ASKED:
		break;
	}
	return "no answer";
}

static struct nsnet_finding judge_gateway(struct arena *arena, const char *name,
	const struct probe_list *list, const struct probe *probe)
{
	struct nsnet_finding finding = {
		.subject = arena_printf(arena, "gateway %s", probe->address),
		.message = "answers",
	};

	if (probe->outcome == PROBE_ANSWERED)
		return finding;
	/* Who is asked by it and answers is the proof that it is only not to be talked to. */
	finding.severity =
		has_answer(list, probe->family) ? NSNET_SEVERITY_WARNING : NSNET_SEVERITY_FAILURE;
	finding.message = say_why(arena, probe);
	finding.remedy = arena_printf(arena, "nsnetctl exec %s ip%s neighbour flush dev %s", name,
		probe->family == AF_INET ? "" : " -6", probe->interface);
	return finding;
}

static struct nsnet_finding judge_server(
	struct arena *arena, const char *name, const struct probe *probe)
{
	struct nsnet_finding finding = {
		.subject = arena_printf(arena, "name server %s", probe->address),
		.message = "answers",
	};

	if (probe->outcome == PROBE_ANSWERED)
		return finding;
	finding.severity = NSNET_SEVERITY_FAILURE;
	finding.message = say_why(arena, probe);
	finding.remedy = arena_printf(arena, "nsnetctl set %s --dns ADDRESS", name);
	return finding;
}

/* False: nothing is known, since a router owes nobody an answer. */
static bool judge_uplink(struct arena *arena, const char *name, const struct probe_list *list,
	const struct probe *probe, struct nsnet_finding *ret)
{
	unsigned bytes = largest_answered(list, probe);

	if (bytes == 0)
		return false;
	*ret = (struct nsnet_finding){
		.subject = arena_printf(arena, "packets to %s", probe->address),
		.message = arena_printf(arena, "of %u bytes get through", bytes),
	};
	if (bytes == probe->bytes)
		return true;
	ret->severity = NSNET_SEVERITY_FAILURE;
	ret->message = arena_printf(
		arena, "of %u bytes do not get through, those of %u do", probe->bytes, bytes);
	ret->remedy = arena_printf(
		arena, "nsnetctl exec %s ip link set %s mtu %u", name, probe->interface, bytes);
	return true;
}

/* The first of several sizes is the interface's own. */
static bool is_first(const struct probe_list *list, size_t i)
{
	return i == 0 || list->items[i - 1].kind != PROBE_UPLINK ||
	       !streq(list->items[i - 1].address, list->items[i].address) ||
	       !streq(list->items[i - 1].interface, list->items[i].interface);
}

static int tell(struct diagnosis *diagnosis, const char *name, struct nsnet_finding *finding)
{
	finding->namespace = name;
	if (finding->severity == NSNET_SEVERITY_UNSET)
		finding->severity = NSNET_SEVERITY_OK;
	return print(diagnosis, finding);
}

static int tell_all(struct diagnosis *diagnosis, const char *name, const struct probe_list *list)
{
	autoarena struct arena arena = ARENA_INIT;
	size_t n_gateways = 0, n_servers = 0;
	int r = 0;

	for (size_t i = 0; r == 0 && i < list->n; i++) {
		const struct probe *probe = &list->items[i];
		struct nsnet_finding finding;
		bool is_known = true;

		switch (probe->kind) {
		case PROBE_GATEWAY:
			n_gateways++;
			is_known = probe->outcome != PROBE_NOT_ASKED;
			finding = judge_gateway(&arena, name, list, probe);
			break;
		case PROBE_SERVER:
			n_servers++;
			finding = judge_server(&arena, name, probe);
			break;
		case PROBE_UPLINK:
			is_known = is_first(list, i) &&
				   judge_uplink(&arena, name, list, probe, &finding);
			break;
		}
		if (is_known)
			r = tell(diagnosis, name, &finding);
	}
	if (r == 0 && n_gateways > 0 && n_servers == 0)
		r = tell(diagnosis, name,
			&(struct nsnet_finding){ .severity = NSNET_SEVERITY_WARNING,
				.subject = "name servers",
				.message = "programs inside have none",
				.remedy = arena_printf(
					&arena, "nsnetctl set %s --dns ADDRESS", name) });
	return r;
}

static int tell_trouble(struct diagnosis *diagnosis, const char *name)
{
	struct problem *problem = &diagnosis->client->problem;
	struct nsnet_finding finding = {
		.severity = NSNET_SEVERITY_WARNING,
		.subject = "inside",
		.message = problem->what,
		.remedy = problem->mend,
	};

	problem_clear(problem);
	return tell(diagnosis, name, &finding);
}

static int look_inside(struct diagnosis *diagnosis, const char *const *names, size_t n,
	const struct probe_list *uplinks)
{
	struct problem *problem = &diagnosis->client->problem;
	struct probe_child children[CHILDREN_MAX];
	int r = 0;

	for (size_t i = 0; i < n; i++)
		if (probe_begin(names[i], uplinks, &children[i], problem) != 0 && r == 0)
			r = tell_trouble(diagnosis, names[i]);
	for (size_t i = 0; i < n; i++) {
		if (!children[i].list)
			continue;
		if (probe_end(&children[i], problem) != 0)
			r = r == 0 ? tell_trouble(diagnosis, names[i]) : r;
		else if (r == 0)
			r = tell_all(diagnosis, names[i], children[i].list);
		probe_free(&children[i]);
	}
	return r;
}

/* All: */

static void add_name(struct diagnosis *diagnosis, const char *name)
{
	struct string_list *names = &diagnosis->names;
	struct arena *arena = &diagnosis->client->arena;

	/* The daemon tells one namespace after the other. */
	if (names->n > 0 && streq(names->items[names->n - 1], name))
		return;
	names->items = arena_grow(arena, names->items, names->n, sizeof(*names->items));
	names->items[names->n++] = name;
}

static int on_reply(const void *reply, void *userdata)
{
	const struct nsnet_check_out *out = reply;
	struct diagnosis *diagnosis = userdata;

	if (out->finding.namespace)
		add_name(diagnosis, out->finding.namespace);
	return print(diagnosis, &out->finding);
}

int diagnose_check(struct client *client)
{
	struct diagnosis diagnosis = { .client = client };
	const struct nsnet_check_in in = { .names = { client->n_words > 0 ? client->words : NULL,
						   client->n_words } };
	struct probe_list uplinks;
	int r = client_check_names(client, "namespace");

	if (r == 0)
		r = call_nsnet_each(&client->call, NSNET_M_CHECK, &in, on_reply, &diagnosis);
	probe_uplinks(&uplinks);
	for (size_t i = 0; r == 0 && i < diagnosis.names.n; i += CHILDREN_MAX) {
		size_t n = diagnosis.names.n - i;

		r = look_inside(&diagnosis, diagnosis.names.items + i,
			n < CHILDREN_MAX ? n : CHILDREN_MAX, &uplinks);
	}
	/* The problem is told, line by line. */
	return r == 0 && diagnosis.has_failure ? PROBLEM_FAILED : r;
}
