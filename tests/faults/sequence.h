/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sequence - what the tests by random sequences are made of: the kernel below, and the model beside the daemon
 */
#pragma once

#include "methods_world.h"

/* The kernel below: sequence_fake.c, sequence_real.c. */

/* What must be there, one thing a line, as the fake kernel names them: "netns n0", "link nsnet0", "address n0 eth0 10.1.0.2/24",
 * "port tcp 0.0.0.0 8080 10.1.0.2 80", "hosts a 0", "record networks/a", … */
struct sequence_things {
	const char *items[256];
	size_t n;
};

/* Of the machine: an uplink "uplink0", and 192.168.7.0/24 on "eth7". To be called first in main(). */
void sequence_enter(void);
int sequence_open(struct world **ret);
void sequence_close(struct world *world);
/* The next plan that has such a step fails at its n-th one; false: this kernel does not do that. */
bool sequence_fail_at(struct world *world, enum step_type type, unsigned n);
void sequence_fail_no_more(struct world *world);
/* The daemon's process ends; another one takes over what it left. */
void sequence_restart(struct world *world);
/* The same, after the machine has been started anew: only files of what is persistent were left. False: this kernel does not do
 * that, and nothing has happened. */
bool sequence_reboot(struct world *world);
/* What is there differs from what must be: says how, in the arena. NULL: it does not. */
const char *sequence_compare(struct world *world, const struct sequence_things *things);
/* A number for all there is: equal where nothing has changed. expected: what it should come to be; 0: nobody knows. */
uint64_t sequence_sum(struct world *world, uint64_t expected);
const char *sequence_picture(struct world *world);

/* The model: sequence_model.c. */

#define NETWORKS   4
#define NAMESPACES 6
#define ATTACHED   2 /* at most, of one namespace */
#define PUBLISHED  2

struct model_network {
	bool is_there, has_no_gateway, is_persistent; /* as declared */
	uid_t uid;
	struct prefix prefixes[FAMILIES];
	struct address gateways[FAMILIES];
	enum nsnet_reach reach, declared_reach;
	int64_t mtu; /* declared; 0: none */
	int64_t revision;
	uint64_t sum; /* of all that is told of it */
};

struct model_attachment {
	int network;
	struct address addresses[FAMILIES];
};

struct model_port {
	enum nsnet_protocol protocol;
	uint16_t host, inside;
};

struct model_namespace {
	bool is_there, is_persistent;
	uid_t uid;
	size_t n_attachments, n_ports;
	struct model_attachment attachments[ATTACHED];
	struct model_port ports[PUBLISHED]; /* host 0: it will be chosen */
	int64_t revision;
	uint64_t sum;
};

struct model {
	struct model_network networks[NETWORKS];
	struct model_namespace namespaces[NAMESPACES];
};

extern const char *const model_networks[NETWORKS], *const model_namespaces[NAMESPACES];

enum wrong {
	WRONG_NAMESPACE_EXISTS,
	WRONG_NETWORK_EXISTS,
	WRONG_NO_NAMESPACE,
	WRONG_NO_NETWORK,
	WRONG_PARAMETER,
	WRONG_ADDRESS,
	WRONG_PREFIX,
	WRONG_PREFIX_POLICY,
	WRONG_REACH,
	WRONG_PORT,
	WRONG_PORT_POLICY,
	WRONG_QUOTA,
	WRONG_BUSY,
	WRONG_CHANGED,
	WRONG_PERMISSION,
	WRONG_NOT_PERSISTENT,
	WRONGS,
};

/* The last part of an error's name: "NetworkExists". */
extern const char *const model_wrongs[WRONGS];

/* What is wrong with a request: each of "must" is reason enough, so that it must be refused for one of both; for one of "may"
 * alone it may be. Bits of enum wrong. */
struct verdict {
	unsigned must, may;
};

/* What is asked for, as it was drawn. */
struct asked_attachment {
	int network;
	const char *address; /* NULL: chosen; "": none at all */
};

struct asked {
	uid_t uid;
	bool is_change;
	int64_t revision; /* 0: none named */
	bool has_persistent, is_persistent;
	/* Of a namespace */
	bool has_attachments, has_ports, is_bad_setting, is_same_interface;
	size_t n_attachments, n_ports;
	struct asked_attachment attachments[ATTACHED];
	struct model_port ports[PUBLISHED]; /* host 0: chosen */
	/* Of a network */
	bool has_prefixes, has_no_gateway, has_reach;
	size_t n_prefixes;
	const char *prefixes[FAMILIES];
	enum nsnet_reach reach;
	int64_t mtu;
};

/* sequence_asked.c: a number below n, and parts of a request; the same from the same state. */
unsigned asked_draw(uint64_t *state, unsigned n);
void asked_attachments(uint64_t *state, struct asked *asked);
void asked_ports(uint64_t *state, struct asked *asked);
void asked_prefixes(uint64_t *state, struct asked *asked);

struct verdict model_judge_namespace(
	const struct model *model, int index, const struct asked *asked);
struct verdict model_judge_network(const struct model *model, int index, const struct asked *asked);
bool model_may_see_namespace(const struct model *model, uid_t uid, int index);
bool model_may_see_network(const struct model *model, uid_t uid, int index);
void model_count(const struct model *model, uid_t uid, unsigned ret[4]);
bool model_is_port_taken(const struct model *model, int but, const struct model_port *port,
	const bool families[FAMILIES]);
void model_families(
	const struct model *model, const struct model_namespace *ns, bool ret[FAMILIES]);
bool model_is_address_taken(
	const struct model *model, int network, const struct address *address, int but);
size_t model_attached(const struct model *model, int network);

/* sequence_learn.c */

/* What a step may have changed; -1: nothing; ALL: it was made anew. */
#define ALL (-2)
struct touched {
	int network, ns;
};

/* Takes over what the daemon chose, and says what of it cannot be, in the arena. NULL: all can. */
const char *model_learn(struct model *model, struct world *world, struct touched touched);
/* What must be there. */
void model_things(const struct model *model, struct world *world, struct sequence_things *ret);
