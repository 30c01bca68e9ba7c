/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * explain - the daemon's errors, and the lack of a daemon, in words and with the command that mends them
 *
 * One row per error of the interface. sudo and the group are spoken of only where they are what is missing.
 */
#include "explain.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/stat.h>

#include "check.h"
#include "door.h"
#include "field.h"
#include "nsnet.h"
#include "settings.h"
#include "suggest.h"
#include "varlink_service.h"

#define mend(problem, ...) arena_printf((problem)->arena, __VA_ARGS__)

static const char *verb_of(const struct problem *problem)
{
	return problem->context && problem->context->verb ? problem->context->verb : "";
}

static bool is_of_network(const struct problem *problem)
{
	return after(verb_of(problem), "network") != NULL;
}

/* Appends a word so that a shell reads it as one. */
static char *quote_word(char *end, const char *word)
{
	static const char plain[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_@%+=:,./-";
	size_t length = strlen(word);

	if (length > 0 && strspn(word, plain) == length)
		return stpcpy(end, word);
	*end++ = '\'';
	for (const char *c = word; *c; c++) {
		if (*c == '\'')
			end = stpcpy(end, "'\\'");
		*end++ = *c;
	}
	*end++ = '\'';
	return end;
}

const char *explain_quote(struct arena *arena, const char *const *words, size_t n)
{
	size_t size = 1;
	char *text, *end;

	for (size_t i = 0; i < n; i++)
		size += 4 * strlen(words[i]) + 3;
	text = end = arena_alloc(arena, size);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			*end++ = ' ';
		end = quote_word(end, words[i]);
	}
	*end = '\0';
	return text;
}

/* A name that the caller may have meant: one of his own, or for root of anybody's. */
static bool is_candidate(struct problem *problem, const char *name)
{
	const struct explain_context *context = problem->context;

	return check_is_name(name) &&
	       ((context && context->is_root) || door_is_own(mend(problem, "/run/netns/%s", name)));
}

int explain_no_namespace(struct problem *problem, const char *name)
{
	const char *names[256], *nearest;
	size_t n = 0;
	DIR *directory = opendir("/run/netns");

	for (struct dirent *entry;
		directory && n < lengthof(names) && (entry = readdir(directory));) {
		if (!streq(entry->d_name, name) && is_candidate(problem, entry->d_name))
			names[n++] = arena_strdup(problem->arena, entry->d_name);
	}
	if (directory)
		(void)closedir(directory);
	nearest = suggest_nearest(name, names, n);
	if (!nearest)
		return problem_set(
			problem, PROBLEM_NO_OBJECT, "nsnetctl list", "no namespace \"%s\"", name);
	return problem_set(problem, PROBLEM_NO_OBJECT, "nsnetctl list",
		"no namespace \"%s\"; is \"%s\" meant?", name, nearest);
}

static int no_such_namespace(struct problem *problem, const void *parameters)
{
	const struct nsnet_no_such_namespace *p = parameters;

	if (!p->name)
		return problem_set(problem, PROBLEM_NO_OBJECT, "nsnetctl create NAME",
			"there is no namespace");
	return explain_no_namespace(problem, p->name);
}

static int namespace_exists(struct problem *problem, const void *parameters)
{
	const struct nsnet_namespace_exists *p = parameters;

	if (p->own)
		return problem_set(problem, PROBLEM_IN_USE,
			mend(problem, "nsnetctl delete %s, or take another name", p->name),
			"namespace \"%s\" exists already", p->name);
	return problem_set(problem, PROBLEM_IN_USE,
		problem->context && problem->context->is_root
			? mend(problem, "ip netns delete %s, or take another name", p->name)
			: "nsnetctl create OTHER-NAME",
		"namespace \"%s\" exists already, and is somebody else's", p->name);
}

const char *explain_process(struct arena *arena, int64_t pid)
{
	char name[64] = "";
	autofree char *path = NULL;
	FILE *file;

	if (asprintf(&path, "/proc/%lld/comm", (long long)pid) < 0)
		abort();
	file = fopen(path, "re");
	if (!file)
		return NULL;
	if (!fgets(name, sizeof(name), file))
		name[0] = '\0';
	(void)fclose(file);
	name[strcspn(name, "\n")] = '\0';
	return name[0] ? arena_strdup(arena, name) : NULL;
}

static int namespace_busy(struct problem *problem, const void *parameters)
{
	const struct nsnet_namespace_busy *p = parameters;
	const char *who = "";

	for (size_t i = 0; i < p->processes.n; i++) {
		const char *name = explain_process(problem->arena, p->processes.items[i].pid);

		who = arena_printf(problem->arena, "%s%s%lld%s%s", who, i == 0 ? ": " : ", ",
			(long long)p->processes.items[i].pid, name ? " " : "", name ? name : "");
	}
	return problem_set(problem, PROBLEM_IN_USE,
		mend(problem, "nsnetctl delete --kill %s", p->name),
		"programs run in namespace \"%s\"%s", p->name, who);
}

static int no_such_network(struct problem *problem, const void *parameters)
{
	const struct nsnet_no_such_network *p = parameters;
	bool is_wished = !is_of_network(problem);

	if (!p->name)
		return problem_set(problem, PROBLEM_NO_OBJECT, "nsnetctl network create NAME",
			"there is no network");
	return problem_set(problem, PROBLEM_NO_OBJECT,
		is_wished ? mend(problem, "nsnetctl network create %s", p->name)
			  : "nsnetctl network list",
		"no network \"%s\"", p->name);
}

static int network_exists(struct problem *problem, const void *parameters)
{
	const struct nsnet_network_exists *p = parameters;

	return problem_set(problem, PROBLEM_IN_USE,
		mend(problem, "nsnetctl network delete %s, or take another name", p->name),
		"network \"%s\" exists already", p->name);
}

static int network_busy(struct problem *problem, const void *parameters)
{
	const struct nsnet_network_busy *p = parameters;
	const struct explain_context *context = problem->context;

	if (context && context->settings && context->settings->of_network.persistent.is_set &&
		!context->settings->of_network.persistent.value)
		return problem_set(problem, PROBLEM_IN_USE,
			mend(problem,
				"nsnetctl network show %s, then nsnetctl set NAME --persistent no for each",
				p->name),
			"network \"%s\" has namespaces that come back after a reboot", p->name);
	if (streq(verb_of(problem), "network set"))
		return problem_set(problem, PROBLEM_IN_USE,
			mend(problem,
				"nsnetctl network show %s, then nsnetctl set NAME --network -%s for each",
				p->name, p->name),
			"network \"%s\" keeps its prefixes, gateways and domain while %lld namespace%s attached to it",
			p->name, (long long)p->attachments, p->attachments == 1 ? " is" : "s are");
	return problem_set(problem, PROBLEM_IN_USE, "nsnetctl list",
		"%lld namespace%s attached to network \"%s\"", (long long)p->attachments,
		p->attachments == 1 ? " is" : "s are", p->name);
}

static int network_not_persistent(struct problem *problem, const void *parameters)
{
	const struct nsnet_network_not_persistent *p = parameters;

	return problem_set(problem, PROBLEM_FAILED,
		mend(problem, "nsnetctl network set %s --persistent yes, then the same again",
			p->name),
		"network \"%s\" does not come back after a reboot, so no namespace on it can",
		p->name);
}

static int network_full(struct problem *problem, const void *parameters)
{
	const struct nsnet_network_full *p = parameters;

	return problem_set(problem, PROBLEM_FAILED,
		"nsnetctl network create OTHER-NAME --reach route, which holds 16384",
		"network \"%s\" is full: it holds %lld namespaces", p->name, (long long)p->limit);
}

static int address_unavailable(struct problem *problem, const void *parameters)
{
	const struct nsnet_address_unavailable *p = parameters;
	const char *look = mend(problem, "nsnetctl network show %s", p->network);

	if (!p->address)
		return problem_set(problem, PROBLEM_IN_USE,
			"nsnetctl network create OTHER-NAME, which has addresses of its own",
			"network \"%s\" has no free address left", p->network);
	return problem_set(problem, PROBLEM_IN_USE, look,
		"address %s is taken, or outside network \"%s\"", p->address, p->network);
}

static int prefix_conflict(struct problem *problem, const void *parameters)
{
	const struct nsnet_prefix_conflict *p = parameters;
	const char *where = p->interface_name ? mend(problem, " on %s", p->interface_name) : "";

	if (!p->prefix)
		return problem_set(problem, PROBLEM_IN_USE,
			"nsnetctl network create NAME --subnet PREFIX",
			"none of the prefixes to choose from is free on this host");
	return problem_set(problem, PROBLEM_IN_USE,
		"the same without --subnet: a free prefix is chosen",
		"prefix %s overlaps one in use%s", p->prefix, where);
}

static int prefix_not_allowed(struct problem *problem, const void *parameters)
{
	const struct nsnet_prefix_not_allowed *p = parameters;

	return problem_set(problem, PROBLEM_NOT_ALLOWED,
		"the same without --subnet: a prefix that is allowed is chosen",
		"networks of members may not have prefix %s", p->prefix);
}

static int quota_exceeded(struct problem *problem, const void *parameters)
{
	/* What is counted, and the commands by which there is less of it. */
	static const struct {
		const char *resource, *one, *many, *way;
	} resources[] = {
		{ "namespaces", "namespace", "namespaces",
			"nsnetctl list, then nsnetctl delete NAME" },
		{ "networks", "network", "networks",
			"nsnetctl network list, then nsnetctl network delete NAME" },
		{ "attachments", "attachment of a namespace to a network",
			"attachments of namespaces to networks",
			"nsnetctl list, then nsnetctl delete NAME" },
		{ "ports", "published port", "published ports",
			"nsnetctl list, then nsnetctl set NAME --publish -PORT" },
		{ "connections", "connection to nsnetd", "connections to nsnetd", NULL },
	};
	const struct nsnet_quota_exceeded *p = parameters;
	const char *what = p->resource, *way = NULL;

	for (size_t i = 0; i < lengthof(resources); i++) {
		if (streq(resources[i].resource, p->resource)) {
			what = p->limit == 1 ? resources[i].one : resources[i].many;
			way = resources[i].way;
		}
	}
	return problem_set(problem, PROBLEM_NOT_ALLOWED, way, "no more than %lld %s at a time",
		(long long)p->limit, what);
}

static int reach_not_allowed(struct problem *problem, const void *parameters)
{
	const struct nsnet_reach_not_allowed *p = parameters;
	const char *reach = "nat", *other = "internal";

	switch (p->reach) {
	case NSNET_REACH_UNSET:
	case NSNET_REACH_NAT:
		break;
	case NSNET_REACH_ROUTE:
		reach = "route";
		other = "nat";
		break;
	case NSNET_REACH_INTERNAL:
		reach = "internal";
		other = "nat";
		break;
	}
	return problem_set(problem, PROBLEM_NOT_ALLOWED,
		mend(problem, "the same with --reach %s", other),
		"networks of members may not have reach \"%s\"", reach);
}

static int port_unavailable(struct problem *problem, const void *parameters)
{
	const struct nsnet_port_unavailable *p = parameters;
	bool is_udp = p->protocol == NSNET_PROTOCOL_UDP;
	const char *address = "";

	if (!p->host_port.is_set)
		return problem_set(problem, PROBLEM_IN_USE,
			"the same with a port of your own choice: --publish PORT:NSPORT",
			"none of the %s ports to choose from is free on this host",
			is_udp ? "UDP" : "TCP");
	if (p->host_address)
		address = mend(
			problem, strchr(p->host_address, ':') ? "[%s]:" : "%s:", p->host_address);
	return problem_set(problem, PROBLEM_IN_USE,
		mend(problem,
			"the same with --publish :NSPORT, for a free one (who has it: nsnetctl list; ss -ln%cp sport = :%lld)",
			is_udp ? 'u' : 't', (long long)p->host_port.value),
		"port %s%lld/%s of this host is in use", address, (long long)p->host_port.value,
		is_udp ? "udp" : "tcp");
}

static int port_not_allowed(struct problem *problem, const void *parameters)
{
	const struct nsnet_port_not_allowed *p = parameters;

	return problem_set(problem, PROBLEM_NOT_ALLOWED,
		mend(problem, "the same with a port from %lld on, or :NSPORT for a free one",
			(long long)p->lowest),
		"members may not publish port %lld of this host", (long long)p->host_port);
}

static int link_unavailable(struct problem *problem, const void *parameters)
{
	const struct nsnet_link_unavailable *p = parameters;

	return problem_set(problem, PROBLEM_IN_USE,
		mend(problem, "ip -d link show dev %s", p->interface_name),
		"interface \"%s\" is not on this host, or not free: nsnetd's own, or a bridge's",
		p->interface_name);
}

static int changed(struct problem *problem, const void *parameters)
{
	const struct nsnet_changed *p = parameters;
	const struct explain_context *context = problem->context;

	return problem_set(problem, PROBLEM_IN_USE,
		context && context->typed ? context->typed : "the same again",
		"\"%s\" was changed by somebody else at the same time", p->name);
}

static int events_lost(struct problem *problem, const void *parameters unused)
{
	return problem_set(problem, PROBLEM_FAILED, "nsnetctl monitor",
		"some events were lost, because they were not read in time");
}

static int not_supported(struct problem *problem, const void *parameters)
{
	/* What is not there, and how it comes to be. Modules are looked for when nsnetd starts. */
	static const struct {
		const char *feature, *what, *way;
	} features[] = {
		{ "nat",
			"this kernel cannot lend namespaces the host's address (nftables, masquerade)",
			"modprobe nft_masq && systemctl restart nsnetd; or --reach internal" },
		{ "ports", "this kernel cannot lead ports into namespaces (nftables, dnat)",
			"modprobe nft_nat && systemctl restart nsnetd; or leave --publish out" },
		{ "rate", "this kernel cannot limit rates (tbf)",
			"modprobe sch_tbf && systemctl restart nsnetd; or leave --rate out" },
		{ "netem", "this kernel cannot delay or lose packets (netem)",
			"modprobe sch_netem && systemctl restart nsnetd; or leave --delay and --loss out" },
		{ "names", "there are no name servers for networks here: no dnsmasq, or no systemd",
			"apt install dnsmasq-base && systemctl restart nsnetd; or leave --dns and --domain out" },
		{ "guard",
			"this kernel cannot hold namespaces to their addresses (nftables, bridge)",
			"modprobe nf_tables && systemctl restart nsnetd" },
		{ "persistent",
			"nothing can be kept over a reboot here: /var/lib/nsnetd cannot be used",
			"ls -ld /var/lib/nsnetd, then systemctl restart nsnetd; or leave --persistent out" },
		{ "forwarding4", "this host cannot forward IPv4 by interface",
			"the same with --reach internal" },
		{ "forwarding6", "this host cannot forward IPv6 by interface",
			"the same with --reach internal" },
	};
	const struct nsnet_not_supported *p = parameters;

	for (size_t i = 0; i < lengthof(features); i++) {
		if (streq(features[i].feature, p->feature))
			return problem_set(
				problem, PROBLEM_FAILED, features[i].way, "%s", features[i].what);
	}
	return problem_set(problem, PROBLEM_FAILED, "nsnetctl call Describe",
		"this kernel has not what is needed: %s", p->feature);
}

static int execution_failed(struct problem *problem, const void *parameters)
{
	const struct nsnet_execution_failed *p = parameters;

	return problem_set(problem, PROBLEM_FAILED, "journalctl --pager-end --unit init.scope",
		"systemd could not start the program: %s", p->message);
}

static int kernel_error(struct problem *problem, const void *parameters)
{
	const struct nsnet_kernel_error *p = parameters;
	bool is_state = after(p->step, "touch state/");

	if (is_state || strstr(p->step, " /var/lib/nsnetd/"))
		return problem_set(problem, PROBLEM_FAILED,
			is_state ? "df /run/nsnetd" : "df /var/lib/nsnetd; ls -ld /var/lib/nsnetd",
			"nsnetd cannot write its files below %s (%s); nothing was done",
			is_state ? "/run/nsnetd" : "/var/lib/nsnetd", p->errno_name);
	return problem_set(problem, PROBLEM_FAILED, p->step,
		"the kernel refused with %s%s%s%s; all is undone", p->errno_name,
		p->message ? " (" : "", p->message ? p->message : "", p->message ? ")" : "");
}

static int invalid_parameter(struct problem *problem, const void *parameters)
{
	const struct varlink_service_invalid_parameter *p = parameters;
	const struct explain_context *context = problem->context;
	const char *value = NULL, *option = NULL;

	if (context && context->settings)
		option = field_option(context->settings, is_of_network(problem), p->parameter,
			problem->arena, &value);
	if (option && value)
		return problem_usage(problem, "%s: nsnetd does not take \"%s\"", option, value);
	if (option)
		return problem_usage(problem, "%s: nsnetd does not take its value", option);
	return problem_usage(problem, "nsnetd does not take what is given as \"%s\"", p->parameter);
}

static int permission_denied(struct problem *problem, const void *parameters unused)
{
	const struct explain_context *context = problem->context;
	const char *sudo = NULL;

	if (context && context->typed && !context->is_root)
		sudo = mend(problem, "sudo %s", context->typed);
	return problem_set(problem, PROBLEM_NOT_ALLOWED, sudo, "that is for administrators");
}

static int method_not_found(struct problem *problem, const void *parameters)
{
	const struct varlink_service_method_not_found *p = parameters;

	return problem_set(problem, PROBLEM_NO_OBJECT, "nsnetctl introspect",
		"nsnetd has no method %s", p->method);
}

static int method_not_implemented(struct problem *problem, const void *parameters)
{
	const struct varlink_service_method_not_implemented *p = parameters;

	return problem_set(
		problem, PROBLEM_FAILED, "nsnetctl introspect", "nsnetd does not do %s", p->method);
}

static int interface_not_found(struct problem *problem, const void *parameters)
{
	const struct varlink_service_interface_not_found *p = parameters;

	return problem_set(problem, PROBLEM_NO_OBJECT, "nsnetctl call org.varlink.service.GetInfo",
		"nsnetd has no interface %s", p->interface);
}

static int expected_more(struct problem *problem, const void *parameters unused)
{
	return problem_set(problem, PROBLEM_USAGE, "nsnetctl call --more METHOD",
		"there is more than one reply to this method");
}

static const struct explanation {
	const char *error;
	const struct codec_struct *type;
	int (*explain)(struct problem *problem, const void *parameters);
} explanations[] = {
	{ NSNET_ERROR_NO_SUCH_NAMESPACE, &nsnet_no_such_namespace_type, no_such_namespace },
	{ NSNET_ERROR_NAMESPACE_EXISTS, &nsnet_namespace_exists_type, namespace_exists },
	{ NSNET_ERROR_NAMESPACE_BUSY, &nsnet_namespace_busy_type, namespace_busy },
	{ NSNET_ERROR_NO_SUCH_NETWORK, &nsnet_no_such_network_type, no_such_network },
	{ NSNET_ERROR_NETWORK_EXISTS, &nsnet_network_exists_type, network_exists },
	{ NSNET_ERROR_NETWORK_BUSY, &nsnet_network_busy_type, network_busy },
	{ NSNET_ERROR_NETWORK_NOT_PERSISTENT, &nsnet_network_not_persistent_type,
		network_not_persistent },
	{ NSNET_ERROR_NETWORK_FULL, &nsnet_network_full_type, network_full },
	{ NSNET_ERROR_ADDRESS_UNAVAILABLE, &nsnet_address_unavailable_type, address_unavailable },
	{ NSNET_ERROR_PREFIX_CONFLICT, &nsnet_prefix_conflict_type, prefix_conflict },
	{ NSNET_ERROR_PREFIX_NOT_ALLOWED, &nsnet_prefix_not_allowed_type, prefix_not_allowed },
	{ NSNET_ERROR_REACH_NOT_ALLOWED, &nsnet_reach_not_allowed_type, reach_not_allowed },
	{ NSNET_ERROR_PORT_UNAVAILABLE, &nsnet_port_unavailable_type, port_unavailable },
	{ NSNET_ERROR_PORT_NOT_ALLOWED, &nsnet_port_not_allowed_type, port_not_allowed },
	{ NSNET_ERROR_LINK_UNAVAILABLE, &nsnet_link_unavailable_type, link_unavailable },
	{ NSNET_ERROR_CHANGED, &nsnet_changed_type, changed },
	{ NSNET_ERROR_EVENTS_LOST, &nsnet_events_lost_type, events_lost },
	{ NSNET_ERROR_QUOTA_EXCEEDED, &nsnet_quota_exceeded_type, quota_exceeded },
	{ NSNET_ERROR_NOT_SUPPORTED, &nsnet_not_supported_type, not_supported },
	{ NSNET_ERROR_EXECUTION_FAILED, &nsnet_execution_failed_type, execution_failed },
	{ NSNET_ERROR_KERNEL_ERROR, &nsnet_kernel_error_type, kernel_error },
	{ VARLINK_SERVICE_ERROR_INVALID_PARAMETER, &varlink_service_invalid_parameter_type,
		invalid_parameter },
	{ VARLINK_SERVICE_ERROR_PERMISSION_DENIED, &varlink_service_permission_denied_type,
		permission_denied },
	{ VARLINK_SERVICE_ERROR_METHOD_NOT_FOUND, &varlink_service_method_not_found_type,
		method_not_found },
	{ VARLINK_SERVICE_ERROR_METHOD_NOT_IMPLEMENTED,
		&varlink_service_method_not_implemented_type, method_not_implemented },
	{ VARLINK_SERVICE_ERROR_INTERFACE_NOT_FOUND, &varlink_service_interface_not_found_type,
		interface_not_found },
	{ VARLINK_SERVICE_ERROR_EXPECTED_MORE, &varlink_service_expected_more_type, expected_more },
};

/* An error of another version, or of another service that "call" reached: as it came. */
static int explain_raw(
	struct problem *problem, const char *error, const struct codec_value *parameters)
{
	const char *text = parameters ? codec_print(problem->arena, parameters, false) : "{}";

	return problem_set(problem, PROBLEM_FAILED, "nsnetctl introspect", "nsnetd answered %s %s",
		error, text);
}

int explain_error(struct problem *problem, const char *error, const struct codec_value *parameters)
{
	const struct explanation *row = NULL;
	const char *field;
	void *typed = NULL;
	int r;

	for (size_t i = 0; i < lengthof(explanations) && !row; i++) {
		if (streq(explanations[i].error, error))
			row = &explanations[i];
	}
	if (row)
		typed = arena_alloc(problem->arena, row->type->size);
	if (row && codec_decode(row->type, parameters, CODEC_IGNORE_UNKNOWN, problem->arena, typed,
			   &field) == 0)
		r = row->explain(problem, typed);
	else
		r = explain_raw(problem, error, parameters);
	problem->error = error;
	problem->parameters = parameters;
	return r;
}
