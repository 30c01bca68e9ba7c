/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * diagnose - looks at each link of the chain from inside a namespace to the outside, and tells what is not as it should be
 *
 * What there is to look at of a namespace, a network and the host are rows of tables: diagnose_namespace.c, diagnose_network.c,
 * diagnose_host.c. A look tells each fault that it finds; where it finds none, the row has the words for that.
 */
#pragma once

#include "methods.h"

struct diagnose;

/* One look at one thing. False: there is nothing to look at, and nothing is said. */
struct diagnose_row {
	const char *subject, *fine; /* what is said where nothing is wrong */
	bool (*look)(struct diagnose *diagnose);
};

struct diagnose {
	struct list link; /* nsnet_context.diagnoses */
	struct nsnet_context *context;
	struct call *call; /* kept, or its handler's */
	struct arena arena;
	struct string_list namespaces, networks; /* by name: they may go meanwhile */
	size_t networks_max;
	size_t next;                  /* of namespaces, then of networks, then the host */
	struct nsnet_finding pending; /* the last one, until it is known to be that */
	bool has_pending;
	unsigned n_wrong;

	struct diagnosis host;
	struct snapshot_routes routes;

	/* What is being looked at; what is only needed for that lives in "turn". */
	struct arena turn;
	const struct ns *ns;
	const struct network *network;
	struct nsnet_interface_list interfaces; /* inside */
	struct nsnet_route_list inside;
};

/* Tells one finding, about what is being looked at. remedy NULL: nobody knows one. */
void diagnose_tell(struct diagnose *diagnose, enum nsnet_severity severity, const char *subject,
	const char *remedy, const char *format, ...) attribute_printf(5, 6);
/* The same where something could not be looked at (-errno). */
void diagnose_fail(struct diagnose *diagnose, const char *subject, int error);
/* A text that lives as long as what is told. */
const char *diagnose_text(struct diagnose *diagnose, const char *format, ...)
	attribute_printf(2, 3);
/* All rows of a table. */
void diagnose_rows(struct diagnose *diagnose, const struct diagnose_row *rows, size_t n);

/* Whether the host forwards what comes in by an interface. */
void diagnose_forwarding(struct diagnose *diagnose, const char *interface, size_t family);

void diagnose_namespace(struct diagnose *diagnose);
void diagnose_network(struct diagnose *diagnose);
void diagnose_host(struct diagnose *diagnose);

/* Goes on with all that is being looked at, for a moment. Whether there is more to do. */
bool diagnose_work(struct nsnet_context *context);
/* Before the end: brings all of it to its own. */
void diagnose_finish(struct nsnet_context *context);
