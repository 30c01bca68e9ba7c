/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * settings - what is wished of a namespace or a network, from the options of create, run and network create
 *
 * The parsers are for rows of options.h; their target is a struct settings. A value is wrong only where no daemon could
 * take it, and told in the words of the command line; everything else is the daemon's to judge.
 */
#pragma once

#include "nsnet.h"
#include "problem.h"

struct settings {
	/* The caller's own copy goes to the daemon: what was not named is absent in it. */
	struct nsnet_namespace_context of_namespace;
	struct nsnet_network_context of_network;
	bool has_address;    /* --network …:ip=A: not for several namespaces */
	bool is_unattached;  /* --network none */
	bool has_no_gateway; /* --gateway none */
	bool has_no_prefix;  /* --subnet none */
};

int settings_network(void *settings, const char *value, struct problem *problem);
int settings_route(void *settings, const char *value, struct problem *problem);
int settings_dns(void *settings, const char *value, struct problem *problem);
int settings_subnet(void *settings, const char *value, struct problem *problem);
int settings_gateway(void *settings, const char *value, struct problem *problem);
int settings_isolated(void *settings, const char *value, struct problem *problem);
int settings_mtu(void *settings, const char *value, struct problem *problem);
/* Of either. */
int settings_label(void *settings, const char *value, struct problem *problem);
int settings_description(void *settings, const char *value, struct problem *problem);
