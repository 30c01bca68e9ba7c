/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dnsmasq - the files that a network's name server goes by
 *
 * All that dnsmasq(8) is to do stands in one file, dns/NETWORK.conf, and comes from checked values: no other file of its is read,
 * nothing of the host's but its name servers. Names it finds in the network's directory below hosts/, which it watches by
 * inotify(7): so a name is in the DNS some milliseconds after it was written there, and gone as soon.
 *
 * The process belongs to a unit, nsnet-dns@NETWORK.service: nobody is started here.
 */
#include "dnsmasq.h"

#include <stdio.h>

#include "file.h"

/* Those that systemd-resolved asks, where it runs: /etc/resolv.conf then names nobody but itself. */
#define RESOLVED_SERVERS "/run/systemd/resolve/resolv.conf"
#define HOST_SERVERS     "/etc/resolv.conf"

#define NAMES_KEPT 1000

static bool dns_is_valid(const struct dns *dns)
{
	struct address address;

	if (!dns || !dns->domain || !dns->bridge || !dns_domain_is_valid(dns->domain) ||
		!interface_name_is_valid(dns->bridge))
		return false;
	for (size_t i = 0; i < dns->servers.n; i++)
		if (!address_parse(dns->servers.items[i], &address))
			return false;
	return true;
}

/* Whom it asks for what it does not know. */
static const char *format_servers(struct arena *arena, const struct string_list *servers)
{
	const char *text = "no-resolv\n";

	if (!servers->items)
		return arena_printf(arena, "resolv-file=%s\n",
			access(RESOLVED_SERVERS, F_OK) == 0 ? RESOLVED_SERVERS : HOST_SERVERS);
	for (size_t i = 0; i < servers->n; i++) {
		char buffer[ADDRESS_TEXT_MAX];
		struct address address;

		if (!address_parse(servers->items[i], &address))
			abort();
		text = arena_printf(arena, "%sserver=%s\n", text, address_format(&address, buffer));
	}
	return text;
}

/* bind-dynamic with a bridge's name: sockets of its addresses alone, as they come, beside other name servers of the host's,
 * and no answer to what came in by another link; to the host itself there is one, through loopback. Where each namespace has a
 * link of its own, the addresses alone say what is meant, and the firewall lets none but their network's own ask (nft_rules.c). */
static const char *format_listening(struct arena *arena, const struct dns *dns)
{
	const char *text = "bind-interfaces\n";

	if (!dns->is_routed)
		return arena_printf(arena,
			"interface=%s\n"
			"except-interface=lo\n"
			"bind-dynamic\n",
			dns->bridge);
	for (size_t i = 0; i < FAMILIES; i++) {
		char address[ADDRESS_TEXT_MAX];

		if (address_is_set(&dns->gateways[i]))
			text = arena_printf(arena, "%slisten-address=%s\n", text,
				address_format(&dns->gateways[i], address));
	}
	return text;
}

static const char *format_configuration(struct arena *arena, const struct kernel *kernel,
	const char *network, const struct dns *dns)
{
	return arena_printf(arena,
		"# Written by nsnetd for the network %s.\n"
		"%s"
		"no-hosts\n"
		"hostsdir=%s/hosts/%s\n"
		"domain=%s\n"
		"local=/%s/\n"
		"expand-hosts\n"
		/* What has no meaning outside is not told outside. */
		"domain-needed\n"
		"bogus-priv\n"
		/* The host may ask us as well: its questions are not handed round in a circle. */
		"dns-loop-detect\n"
		"cache-size=%d\n"
		"pid-file=\n"
		"%s",
		network, format_listening(arena, dns), kernel->run, network, dns->domain,
		dns->domain, NAMES_KEPT, format_servers(arena, &dns->servers));
}

static void format_name(const char *network, char ret[NAME_SIZE + sizeof(".conf")])
{
	(void)snprintf(ret, NAME_SIZE + sizeof(".conf"), "%s.conf", network);
}

int dnsmasq_add(struct kernel *kernel, const struct step *step)
{
	autoarena struct arena arena = ARENA_INIT;
	const struct dns *dns = step->dns.after;
	char name[NAME_SIZE + sizeof(".conf")];
	const char *text;
	char *is;
	size_t n;

	if (!dns_is_valid(dns))
		return -EINVAL;
	text = format_configuration(&arena, kernel, step->dns.network, dns);
	format_name(step->dns.network, name);
	if (file_read(kernel->dns, name, strlen(text), &arena, &is, &n) == 0 && n == strlen(text) &&
		memcmp(is, text, n) == 0)
		return 0;
	return file_put(kernel->dns, name, 0644, text, strlen(text), FILE_REPLACE);
}

int dnsmasq_delete(struct kernel *kernel, const struct step *step)
{
	char name[NAME_SIZE + sizeof(".conf")];

	format_name(step->dns.network, name);
	return file_remove(kernel->dns, name);
}
