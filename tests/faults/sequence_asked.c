/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sequence_asked - what is asked for is drawn from few enough choices that requests get into each other's way
 */
#include "sequence.h"

/* Steele, Lea and Flood's SplitMix64. */
static uint64_t next(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15U;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9U;
	z = (z ^ z >> 27) * 0x94d049bb133111ebU;
	return z ^ z >> 31;
}

unsigned asked_draw(uint64_t *state, unsigned n)
{
	return (unsigned)(next(state) % n);
}

void asked_attachments(uint64_t *state, struct asked *asked)
{
	static const char *const addresses[] = { NULL, NULL, NULL, NULL, "", "10.1.0.7",
		"10.1.0.130", "10.2.0.2", "10.2.0.5", "10.3.0.2", "10.1.0.1", "10.1.0.255",
		"fd00:2::9", "192.0.2.1" };

	asked->has_attachments = true;
	asked->n_attachments = asked_draw(state, ATTACHED + 1);
	for (size_t i = 0; i < asked->n_attachments; i++)
		asked->attachments[i] = (struct asked_attachment){ (int)asked_draw(state, NETWORKS),
			addresses[asked_draw(state, lengthof(addresses))] };
	asked->is_same_interface = asked_draw(state, 16) == 0;
}

void asked_ports(uint64_t *state, struct asked *asked)
{
	static const uint16_t hosts[] = { 0, 0, 8080, 8081, 80 };

	asked->has_ports = true;
	asked->n_ports = asked_draw(state, PUBLISHED + 1);
	for (size_t i = 0; i < asked->n_ports; i++)
		asked->ports[i] = (struct model_port){ asked_draw(state, 4) ? NSNET_PROTOCOL_TCP
									    : NSNET_PROTOCOL_UDP,
			hosts[asked_draw(state, lengthof(hosts))],
			(uint16_t)(80 + asked_draw(state, 2)) };
}

void asked_prefixes(uint64_t *state, struct asked *asked)
{
	static const struct {
		size_t n;
		const char *prefixes[FAMILIES];
	} choices[] = {
		{ 1, { "10.1.0.0/24" } },
		{ 1, { "10.1.0.128/25" } },
		{ 2, { "10.2.0.0/29", "fd00:2::/64" } },
		{ 1, { "10.3.0.0/30" } },
		{ 1, { "fd00:2::/48" } },
		{ 1, { "192.168.7.0/24" } },
		{ 1, { "172.16.9.0/24" } },
		{ 0, { NULL } },
	};
	size_t i = asked_draw(state, lengthof(choices));

	asked->has_prefixes = true;
	asked->n_prefixes = choices[i].n;
	memcpy(asked->prefixes, choices[i].prefixes, sizeof(asked->prefixes));
}
