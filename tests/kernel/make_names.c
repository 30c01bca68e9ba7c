/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * make_names - writes what a network's name server goes by, as the daemon does where there is systemd
 *
 *     make_names NETWORK BRIDGE[=GATEWAY…] DOMAIN host|none|SERVER…    with gateways: of a network without ports
 *     make_names NETWORK                                  takes it away
 */
#include <stdio.h>

#include "kernel.h"
#include "log.h"

static int fail(const char *what, const char *why)
{
	(void)fprintf(stderr, "make_names: %s: %s\n", what, why);
	return 1;
}

/* "nsnet0=10.7.0.1=fd07::1" */
static void read_bridge(char *text, struct dns *ret)
{
	const char *word;

	ret->bridge = strsep(&text, "=");
	while ((word = strsep(&text, "="))) {
		struct address address;

		if (!address_parse(word, &address))
			exit(fail("BRIDGE=GATEWAY", "no address"));
		ret->gateways[family_index(address.family)] = address;
		ret->is_routed = true;
	}
}

int main(int argc, char **argv)
{
	cleanup(kernel_free) struct kernel *kernel = NULL;
	autoarena struct arena arena = ARENA_INIT;
	struct plan plan = PLAN_INIT(&arena);
	struct step step = { .type = STEP_DNS_DELETE };
	struct kernel_error error = { 0 };
	const char *what = NULL;
	struct dns dns = { 0 };
	int r;

	if (argc != 2 && argc < 5)
		return fail("NETWORK BRIDGE[=GATEWAY…] DOMAIN host|none|SERVER…", "wrong words");
	log_open(LOG_ERR);
	step.dns.network = argv[1];
	if (argc > 2) {
		read_bridge(argv[2], &dns);
		dns.domain = argv[3];
		if (!streq(argv[4], "host"))
			dns.servers.items = (const char **)&argv[4];
		if (!streq(argv[4], "host") && !streq(argv[4], "none"))
			dns.servers.n = (size_t)argc - 4;
		step.type = STEP_DNS_ADD;
		step.dns.after = &dns;
	}
	plan_add(&plan, &step);
	r = kernel_new(&kernel_paths_default, &kernel, &what);
	if (r < 0)
		return fail(what, strerror(-r));
	if (kernel_apply(kernel, &plan, &error) != 0)
		return fail(argv[1], strerror(error.error));
	return 0;
}
