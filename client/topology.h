/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * topology - files that say which networks and namespaces there are to be
 *
 * {"networks":{"NAME":NetworkContext,...},"namespaces":{"NAME":NamespaceContext,...}}, and "$schema", which is for editors.
 */
#pragma once

#include "nsnet.h"
#include "problem.h"

struct topology_file {
	const char *path; /* as messages name it */
	const char *text;
	size_t n;
};

struct topology {
	struct topology_file *files;
	size_t n_files;
	/* All that is in them. */
	struct nsnet_network_context_map networks;
	struct nsnet_namespace_context_map namespaces;
};

/* Reads files, "-" being the standard input, and checks all that needs no daemon; lives in the problem's arena. 0, or a problem. */
int topology_read(
	const char *const *paths, size_t n, struct topology *ret, struct problem *problem);

/* "FILE:LINE", of the file that has the field or most of its path. */
const char *topology_place(const struct topology *topology, const char *field, struct arena *arena);

/* What mends a wrong file. */
#define TOPOLOGY_MANUAL "man 5 nsnet-topology"
