/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ports - ports of the host that lead into a namespace: [ADDR:]PORT[:NSPORT][/tcp|/udp]
 *
 * The host's port is left out (":80") where the daemon is to choose it, the namespace's ("80") where it is the same. An IPv6
 * address stands in brackets.
 */
#include "ports.h"

#include <sys/socket.h>

#include "check.h"
#include "settings.h"

/* Letters of a summary. */
enum { SUMMARY = 20 };

static bool read_port(const char *text, int64_t *ret)
{
	size_t n = strlen(text);
	int64_t port = 0;

	if (n == 0 || n > 5)
		return false;
	for (; *text; text++) {
		if (*text < '0' || *text > '9')
			return false;
		port = port * 10 + (*text - '0');
	}
	*ret = port;
	return port >= 1 && port <= 65535;
}

/* Cuts "/tcp" off. */
static int read_protocol(
	char *text, const char *value, struct nsnet_port *port, struct problem *problem)
{
	char *slash = strchr(text, '/');

	port->protocol = NSNET_PROTOCOL_TCP;
	if (!slash)
		return 0;
	*slash = '\0';
	if (streq(slash + 1, "udp"))
		port->protocol = NSNET_PROTOCOL_UDP;
	else if (!streq(slash + 1, "tcp"))
		return problem_usage(
			problem, "--publish: \"%s\" ends in neither /tcp nor /udp", value);
	return 0;
}

/* Cuts the address off, and moves *text to what is behind it. */
static int read_host(
	char **text, const char *value, struct nsnet_port *port, struct problem *problem)
{
	char *start = *text, *end = NULL;
	int family = AF_INET;

	if (*start == '[') {
		end = strchr(start++, ']');
		family = AF_INET6;
		if (!end || end[1] != ':')
			return problem_usage(
				problem, "--publish: \"%s\" is not [ADDRESS]:PORT", value);
		*end++ = '\0';
	} else if (strchr(start, '.')) {
		end = strchr(start, ':');
		if (!end)
			return problem_usage(problem, "--publish: \"%s\" has no port", value);
	} else {
		return 0;
	}
	*end = '\0';
	if (check_address(start) != family)
		return problem_usage(problem, "--publish: \"%s\" is no %s address", start,
			family == AF_INET ? "IPv4" : "IPv6");
	port->host_address = start;
	*text = end + 1;
	return 0;
}

/* PORT, PORT:NSPORT or :NSPORT; the port of a side that is not named stays 0. */
static int read_ports(
	char *text, const char *value, struct nsnet_port *port, struct problem *problem)
{
	char *colon = strchr(text, ':');

	if (colon && strchr(colon + 1, ':'))
		return problem_usage(problem,
			"--publish: \"%s\" has too many colons; an IPv6 address stands in brackets, as in [::1]:8080:80",
			value);
	if (colon)
		*colon = '\0';
	if (*text || !colon) {
		port->host_port = SOME_INT(0);
		if (!read_port(text, &port->host_port.value))
			return problem_usage(problem, "--publish: \"%s\" is no port", text);
	}
	if (colon && !read_port(colon + 1, &port->namespace_port))
		return problem_usage(problem, "--publish: \"%s\" is no port", colon + 1);
	return 0;
}

int ports_publish(void *target, const char *value, struct problem *problem)
{
	struct settings *settings = target;
	struct nsnet_port port = { 0 };
	enum edits_way way;
	char *text;
	int r = edits_begin(&settings->edits, EDITS_PORTS, &value, &way, problem);

	if (r != 0 || way == EDITS_EMPTY)
		return r;
	text = arena_strdup(problem->arena, value);
	r = read_protocol(text, value, &port, problem);
	if (r == 0)
		r = read_host(&text, value, &port, problem);
	if (r == 0)
		r = read_ports(text, value, &port, problem);
	if (r != 0)
		return r;
	/* What is taken away is taken wherever it leads. */
	if (way != EDITS_TAKE && port.namespace_port == 0)
		port.namespace_port = port.host_port.value;
	if (port.host_port.is_set)
		settings->one_only =
			"a port of the host leads into one namespace; leave it out, as in --publish :80, or create one by one";
	edits_put(&settings->edits, EDITS_PORTS, way, &port, value, problem->arena);
	return 0;
}

static const char *protocol_name(const struct nsnet_port *port)
{
	return port->protocol == NSNET_PROTOCOL_UDP ? "udp" : "tcp";
}

/* "8080", "192.0.2.1:8080", "[::1]:8080"; "?" for a port that is not known. */
static const char *host_text(struct arena *arena, const struct nsnet_port *port)
{
	const char *number = port->host_port.is_set
				     ? arena_printf(arena, "%lld", (long long)port->host_port.value)
				     : "?";

	if (!port->host_address)
		return number;
	return arena_printf(arena, strchr(port->host_address, ':') ? "[%s]:%s" : "%s:%s",
		port->host_address, number);
}

const char *ports_text(struct arena *arena, const struct nsnet_port *port)
{
	return arena_printf(arena, "%s/%s -> %lld", host_text(arena, port), protocol_name(port),
		(long long)port->namespace_port);
}

static const char *short_text(struct arena *arena, const struct nsnet_port *port)
{
	const char *text = host_text(arena, port);

	if (!port->host_port.is_set || port->host_port.value != port->namespace_port)
		text = arena_printf(arena, "%s:%lld", text, (long long)port->namespace_port);
	return port->protocol == NSNET_PROTOCOL_UDP ? arena_printf(arena, "%s/udp", text) : text;
}

const char *ports_summary(struct arena *arena, const struct nsnet_port_list *ports)
{
	const char *text = "";

	for (size_t i = 0; i < ports->n; i++) {
		const char *next = short_text(arena, &ports->items[i]);

		if (i > 0 && strlen(text) + strlen(next) > SUMMARY)
			return arena_printf(arena, "%s +%zu", text, ports->n - i);
		text = arena_printf(arena, "%s%s%s", text, i > 0 ? ", " : "", next);
	}
	return text;
}
