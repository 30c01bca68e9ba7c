/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * network - one network as it is wished: a bridge, its prefixes, its gateways, its ports
 */
#include "network.h"

#include <limits.h>
#include <stdio.h>

#include "departure.h"
#include "namespace.h"
#include "text_value.h"

#define MTU_DEFAULT 1500
#define MTU_MIN \
	1280 /* RFC 8200: with less the kernel has no IPv6 on a link, nor the setting that keeps it from making addresses */
#define MTU_MAX           65535
#define CHOSEN_IPV4_LEN   22U /* as many addresses as a bridge has ports */
#define CHOSEN_ROUTED_LEN 18U /* and as there are places without one */
#define CHOSEN_IPV6_LEN   64U
#define SERVERS_MAX       8U

struct maker {
	struct network *network;
	const struct network_host *host;
	struct arena *arena;
	struct fault *fault;
};

static int fault_parameter(const struct maker *maker, const char *field)
{
	return fault_set(maker->fault, &(struct fault){ .type = FAULT_PARAMETER, .field = field });
}

static const char *element(const struct maker *maker, const char *list, size_t i)
{
	return arena_printf(maker->arena, "context.%s[%zu]", list, i);
}

/* Prefixes that mean something else than a network of hosts. */
static bool is_reserved(const struct prefix *prefix)
{
	static const char *const reserved[] = { "0.0.0.0/8", "127.0.0.0/8", "224.0.0.0/3", "::/8",
		"fe80::/10", "ff00::/8" };

	for (size_t i = 0; i < lengthof(reserved); i++) {
		struct prefix other;

		if (prefix_parse(reserved[i], &other) && prefix_overlaps(prefix, &other))
			return true;
	}
	return false;
}

static bool is_usable(const struct prefix *prefix)
{
	bool is_ipv4 = prefix->address.family == AF_INET;

	return prefix_is_network(prefix) && !is_reserved(prefix) &&
	       prefix->length >= (is_ipv4 ? 8U : 32U) && prefix->length <= (is_ipv4 ? 30U : 126U);
}

/* What on the host a prefix overlaps, or NULL. */
static const struct snapshot_prefix *find_conflict(
	const struct network_host *host, const struct prefix *prefix)
{
	for (size_t i = 0; i < host->prefixes->n; i++)
		if (prefix_overlaps(&host->prefixes->items[i].prefix, prefix))
			return &host->prefixes->items[i];
	return NULL;
}

static bool is_allowed(const struct network_host *host, const struct prefix *prefix)
{
	for (size_t i = 0; i < host->n_allowed; i++)
		if (host->allowed[i].length <= prefix->length &&
			prefix_contains(&host->allowed[i], &prefix->address))
			return true;
	return !host->allowed;
}

/* What the network had before the change is its own. */
static bool is_formers(const struct maker *maker, const struct prefix *prefix)
{
	size_t family = family_index(prefix->address.family);
	const struct network *former = maker->host->former;

	return former && subnet_is_set(&former->subnets[family]) &&
	       prefix_is_equal(&former->subnets[family].prefix, prefix);
}

static int take_prefix(const struct maker *maker, const struct prefix *prefix, const char *field)
{
	struct subnet *subnet = &maker->network->subnets[family_index(prefix->address.family)];
	const struct snapshot_prefix *conflict = find_conflict(maker->host, prefix);
	char text[PREFIX_TEXT_MAX];

	if (subnet_is_set(subnet)) /* a second one of its family */
		return fault_parameter(maker, field);
	if (is_formers(maker, prefix)) {
		subnet_init(subnet, prefix);
		return 0;
	}
	if (!is_allowed(maker->host, prefix))
		return fault_set(maker->fault,
			&(struct fault){ .type = FAULT_PREFIX_POLICY,
				.text = arena_strdup(maker->arena, prefix_format(prefix, text)) });
	if (conflict)
		return fault_set(maker->fault,
			&(struct fault){ .type = FAULT_PREFIX,
				.text = arena_strdup(maker->arena, prefix_format(prefix, text)),
				.interface = *conflict->interface ? conflict->interface : NULL });
	subnet_init(subnet, prefix);
	return 0;
}

static int choose_ipv4_of(const struct maker *maker, unsigned length)
{
	const struct network_host *host = maker->host;

	for (size_t i = 0; i < host->n_pool; i++) {
		const struct prefix *pool = &host->pool[i];
		struct prefix prefix = *pool;
		uint64_t step;

		/* A large one takes no more than a quarter of a pool. */
		if (length < CHOSEN_IPV4_LEN && prefix.length + 2 > length)
			continue;
		if (prefix.length < length)
			prefix.length = length;
		step = prefix_size(&prefix);
		for (uint64_t at = 0; prefix_nth(pool, at, &prefix.address); at += step)
			if (!find_conflict(host, &prefix)) {
				subnet_init(&maker->network->subnets[0], &prefix);
				return 0;
			}
	}
	return fault_set(maker->fault, &(struct fault){ .type = FAULT_PREFIX });
}

static int choose_ipv4(const struct maker *maker)
{
	if (maker->network->told.context.reach == NSNET_REACH_ROUTE &&
		choose_ipv4_of(maker, CHOSEN_ROUTED_LEN) == 0)
		return 0;
	return choose_ipv4_of(maker, CHOSEN_IPV4_LEN);
}

/* A /64 of the host's /48; the bridge's number makes it the same again for the same network, most times. */
static int choose_ipv6(const struct maker *maker)
{
	struct prefix prefix = { .address.family = AF_INET6, .length = CHOSEN_IPV6_LEN };

	memcpy(prefix.address.bytes, maker->host->unique_local, sizeof(maker->host->unique_local));
	for (unsigned i = 0; i <= UINT16_MAX; i++) {
		unsigned id = (maker->network->number + i) & UINT16_MAX;

		prefix.address.bytes[6] = (uint8_t)(id >> 8);
		prefix.address.bytes[7] = (uint8_t)id;
		if (!find_conflict(maker->host, &prefix)) {
			subnet_init(&maker->network->subnets[1], &prefix);
			return 0;
		}
	}
	return fault_set(maker->fault, &(struct fault){ .type = FAULT_PREFIX });
}

static int make_prefixes(const struct maker *maker, const struct string_list *wish)
{
	const struct network *former = maker->host->former;
	struct network *network = maker->network;
	int r = 0;

	for (size_t i = 0; r == 0 && i < wish->n; i++) {
		struct prefix prefix;
		const char *field = element(maker, "prefixes", i);

		if (!prefix_parse(wish->items[i], &prefix) || !is_usable(&prefix))
			return fault_parameter(maker, field);
		r = take_prefix(maker, &prefix, field);
	}
	if (wish->items && wish->n == 0)
		return 0;
	/* What is left open stays as it was. */
	for (size_t i = 0; r == 0 && former && i < FAMILIES; i++)
		if (!subnet_is_set(&network->subnets[i]) && subnet_is_set(&former->subnets[i]))
			subnet_init(&network->subnets[i], &former->subnets[i].prefix);
	if (r == 0 && !subnet_is_set(&network->subnets[0]))
		r = choose_ipv4(maker);
	if (r == 0 && !subnet_is_set(&network->subnets[1]))
		r = choose_ipv6(maker);
	return r;
}

static int make_gateways(const struct maker *maker, const struct string_list *wish)
{
	struct network *network = maker->network;

	for (size_t i = 0; !wish->items && i < FAMILIES; i++)
		if (subnet_is_set(&network->subnets[i]) &&
			!subnet_pick(&network->subnets[i], 1, &network->gateways[i]))
			return fault_parameter(maker, "context.prefixes");
	for (size_t i = 0; wish->items && i < wish->n; i++) {
		struct address address;
		size_t family;

		if (!address_parse(wish->items[i], &address))
			return fault_parameter(maker, element(maker, "gateways", i));
		family = family_index(address.family);
		if (address_is_set(&network->gateways[family]) ||
			!subnet_take(&network->subnets[family], &address))
			return fault_parameter(maker, element(maker, "gateways", i));
		network->gateways[family] = address;
	}
	return 0;
}

unsigned network_follow_mtu(const struct network *network, unsigned uplink_mtu)
{
	if (!network->is_mtu_followed)
		return network->mtu;
	if (uplink_mtu == 0)
		return MTU_DEFAULT;
	if (uplink_mtu > MTU_MAX)
		return MTU_MAX;
	return uplink_mtu < MTU_MIN ? MTU_MIN : uplink_mtu;
}

void network_set_mtu(struct network *network, unsigned mtu)
{
	network->mtu = mtu;
	network->told.runtime.maximum_transmission_unit = mtu;
}

static int make_mtu(const struct maker *maker, const struct maybe_int *wish)
{
	struct network *network = maker->network;
	bool is_declared = wish->is_set && wish->value != 0;

	network->is_mtu_followed = !is_declared && network->reach != NSNET_REACH_INTERNAL;
	if (is_declared && (wish->value < MTU_MIN || wish->value > MTU_MAX))
		return fault_parameter(maker, "context.maximumTransmissionUnit");
	network->mtu = is_declared ? (unsigned)wish->value : MTU_DEFAULT;
	network->mtu = network_follow_mtu(network, maker->host->uplink_mtu);
	return 0;
}

static bool has_gateway(const struct network *network)
{
	return address_is_set(&network->gateways[0]) || address_is_set(&network->gateways[1]);
}

/* Without a gateway there is nowhere to get to, and nothing that the firewall would have to do. */
static int make_reach(const struct maker *maker, enum nsnet_reach wish)
{
	struct network *network = maker->network;
	const struct network_host *host = maker->host;

	network->reach = wish;
	if (wish == NSNET_REACH_UNSET)
		network->reach = has_gateway(network) ? NSNET_REACH_NAT : NSNET_REACH_INTERNAL;
	if (network->reach != NSNET_REACH_INTERNAL && !has_gateway(network))
		return fault_parameter(maker, "context.reach");
	/* Neighbours are behind the host: it must be there. */
	for (size_t i = 0; i < FAMILIES; i++)
		if (network_is_routed(network) && subnet_is_set(&network->subnets[i]) &&
			!address_is_set(&network->gateways[i]))
			return fault_parameter(maker, "context.gateways");
	if (!host->may_reach[network->reach])
		return fault_set(maker->fault,
			&(struct fault){ .type = FAULT_REACH, .number = network->reach });
	if (has_gateway(network) && !host->has_nat)
		return fault_set(maker->fault,
			&(struct fault){ .type = FAULT_NOT_SUPPORTED, .name = "nat" });
	for (size_t i = 0; i < FAMILIES; i++)
		network->is_forwarding[i] = host->is_forwarding[i] &&
					    network->reach != NSNET_REACH_INTERNAL &&
					    address_is_set(&network->gateways[i]);
	return 0;
}

/* Its group holds no larger number. */
static int make_ports(const struct maker *maker)
{
	struct network *network = maker->network;
	bool is_routed = network_is_routed(network);

	if (is_routed && (network->number & SNAPSHOT_POINT_MASK) != 0)
		return fault_parameter(maker, "context.reach");
	network->n_ports = is_routed ? NETWORK_POINTS : NETWORK_PORTS;
	network->ports = calloc((network->n_ports + 63) / 64, sizeof(*network->ports));
	if (!network->ports)
		abort();
	return 0;
}

/* "default.nsnet": always one level below "nsnet"; what a name may have and a label may not becomes a "-". */
static const char *default_domain(const struct maker *maker)
{
	char *domain = arena_strdup(&maker->network->arena,
		arena_printf(maker->arena, "%s.nsnet", maker->network->name));
	const char *dot = strrchr(domain, '.');

	for (char *p = domain; *p; p++)
		if (*p == '_' || (*p == '.' && p != dot))
			*p = '-';
	return domain;
}

static int make_dns(const struct maker *maker, const struct nsnet_network_context *context)
{
	struct network *network = maker->network;
	struct dns *dns = &network->dns;
	struct address address;

	if (context->name_servers.n > SERVERS_MAX)
		return fault_parameter(maker, "context.nameServers");
	for (size_t i = 0; i < context->name_servers.n; i++)
		if (!address_parse(context->name_servers.items[i], &address))
			return fault_parameter(maker, element(maker, "nameServers", i));
	if (context->domain && *context->domain && !dns_domain_is_valid(context->domain))
		return fault_parameter(maker, "context.domain");
	if (!maker->host->has_names || !has_gateway(network) ||
		(context->domain && !*context->domain))
		return 0;
	*dns = (struct dns){ .domain = context->domain
					       ? arena_strdup(&network->arena, context->domain)
					       : default_domain(maker),
		.bridge = network->bridge,
		.is_routed = network_is_routed(network),
		.servers = network->told.context.name_servers };
	memcpy(dns->gateways, network->gateways, sizeof(dns->gateways));
	if (!dns->servers.items && network->reach == NSNET_REACH_INTERNAL)
		dns->servers.items = arena_alloc(&network->arena, 1);
	return 0;
}

static int check_texts(const struct maker *maker, const struct nsnet_network_context *context)
{
	const char *wrong = text_value_check(maker->arena, context->description, &context->labels);

	return wrong ? fault_parameter(maker, wrong) : 0;
}

/* What the interface tells: all that was chosen. */
static void tell(struct network *network)
{
	struct nsnet_network_runtime *runtime = &network->told.runtime;
	struct arena *arena = &network->arena;
	char text[PREFIX_TEXT_MAX];

	runtime->bridge_name = network->bridge;
	runtime->reach = network->reach;
	runtime->maximum_transmission_unit = network->mtu;
	runtime->domain = network->dns.domain;
	runtime->prefixes.items = arena_array(arena, FAMILIES, sizeof(const char *));
	runtime->gateways.items = arena_array(arena, FAMILIES, sizeof(const char *));
	for (size_t i = 0; i < FAMILIES; i++) {
		if (subnet_is_set(&network->subnets[i]))
			runtime->prefixes.items[runtime->prefixes.n++] = arena_strdup(
				arena, prefix_format(&network->subnets[i].prefix, text));
		if (address_is_set(&network->gateways[i]))
			runtime->gateways.items[runtime->gateways.n++] =
				arena_strdup(arena, address_format(&network->gateways[i], text));
	}
}

static struct network *network_empty(const char *name, unsigned number)
{
	struct network *network = calloc(1, sizeof(*network));

	if (!network)
		abort();
	list_init(&network->attachments);
	list_init(&network->spares);
	list_init(&network->departed);
	(void)snprintf(network->name, sizeof(network->name), "%s", name);
	network->number = number;
	(void)snprintf(network->bridge, sizeof(network->bridge), "nsnet%u", number);
	(void)snprintf(network->anchor, sizeof(network->anchor), "nsnet%ua", number);
	network->alias = arena_printf(&network->arena, "nsnetd:@%s", name);
	network->mac = (struct mac){ { 0x02, 0x6e, 0x6e, (uint8_t)(number >> 16),
		(uint8_t)(number >> 8), (uint8_t)number } };
	return network;
}

/* What was chosen once stays where nothing else is wished. */
static const struct string_list *former_or(
	const struct string_list *former, const struct string_list *wish)
{
	return wish->items ? wish : former;
}

static bool has_formers_prefixes(const struct maker *maker)
{
	const struct network *former = maker->host->former;

	for (size_t i = 0; former && i < FAMILIES; i++)
		if (!prefix_is_equal(
			    &former->subnets[i].prefix, &maker->network->subnets[i].prefix))
			return false;
	return former;
}

int network_new(const char *name, uid_t uid, unsigned number,
	const struct nsnet_network_context *context, const struct network_host *host,
	struct arena *arena, struct network **ret, struct fault *reterr)
{
	cleanup(network_free) struct network *network = network_empty(name, number);
	const struct nsnet_network_runtime *former =
		host->former ? &host->former->told.runtime : &(struct nsnet_network_runtime){ 0 };
	struct maker maker = { network, host, arena, reterr };
	int r;

	codec_copy(&nsnet_network_context_type, context, &network->told.context, &network->arena);
	network->is_isolated = context->isolated.value;
	r = check_texts(&maker, context);
	if (r == 0 && context->persistent.value && !host->has_persistent)
		r = fault_set(reterr,
			&(struct fault){ .type = FAULT_NOT_SUPPORTED, .name = "persistent" });
	if (r == 0)
		r = make_prefixes(&maker, former_or(&former->prefixes, &context->prefixes));
	if (r == 0)
		r = make_gateways(&maker, has_formers_prefixes(&maker)
						  ? former_or(&former->gateways, &context->gateways)
						  : &context->gateways);
	if (r == 0)
		r = make_reach(&maker, context->reach);
	if (r == 0)
		r = make_ports(&maker);
	if (r == 0)
		r = make_mtu(&maker, &context->maximum_transmission_unit);
	if (r == 0)
		r = make_dns(&maker, context);
	if (r != 0)
		return r;
	network->told.name = network->name;
	network->uid = uid;
	network->told.runtime.uid = uid;
	network->told.runtime.revision = 1;
	tell(network);
	*ret = take(network);
	return 0;
}

void network_free(struct network *network)
{
	if (!network)
		return;
	assert(list_is_empty(&network->attachments) && list_is_empty(&network->spares));
	departure_forget(network);
	for (size_t i = 0; i < FAMILIES; i++)
		subnet_done(&network->subnets[i]);
	quota_give_back(&network->charge);
	arena_done(&network->arena);
	free(network->ports);
	free(network);
}

void network_settle(struct network *network, struct network *former)
{
	struct list departed;

	departure_part(former, &departed);
	list_foreach (&former->attachments, struct attachment, link, attachment) {
		list_remove(&attachment->link);
		list_append(&network->attachments, &attachment->link);
		attachment->network = network;
	}
	network->n_attachments = former->n_attachments;
	former->n_attachments = 0;
	/* Of another kind it is only where nothing is attached. */
	if (network->n_ports == former->n_ports) {
		free(network->ports);
		network->ports = take(former->ports);
		former->n_ports = 0;
	}
	for (size_t i = 0; i < FAMILIES; i++)
		if (prefix_is_equal(&network->subnets[i].prefix, &former->subnets[i].prefix)) {
			subnet_done(&network->subnets[i]);
			network->subnets[i] = former->subnets[i];
			former->subnets[i] = (struct subnet){ 0 };
		}
	departure_join(network, &departed);
	network->charge = former->charge;
	former->charge = (struct quota_charge){ 0 };
}

struct fence network_fence(const struct network *network)
{
	struct fence fence = { .is_set = has_gateway(network),
		.reach = network->reach,
		.is_isolated = network->is_isolated };

	memcpy(fence.gateways, network->gateways, sizeof(fence.gateways));
	if (network_is_routed(network))
		fence.group = SNAPSHOT_POINT_GROUP | network->number;
	return fence;
}

bool network_is_routed(const struct network *network)
{
	return network->reach == NSNET_REACH_ROUTE;
}

struct address network_router(const struct network *network, size_t family)
{
	/* The kernel answers neighbour discovery for the addresses of that very link alone. */
	return network_is_routed(network) && family_of(family) == AF_INET6
		       ? address_of_router()
		       : network->gateways[family];
}

unsigned network_take_port(struct network *network)
{
	for (unsigned port = 0; port < network->n_ports; port++) {
		uint64_t *word = &network->ports[port / 64];

		if (*word == UINT64_MAX) {
			port |= 63;
			continue;
		}
		if ((*word >> (port % 64) & 1) != 0)
			continue;
		*word |= UINT64_C(1) << (port % 64);
		return port;
	}
	return UINT_MAX;
}

void network_retake_ports(struct network *network)
{
	memset(network->ports, 0, (network->n_ports + 63) / 64 * sizeof(*network->ports));
	list_foreach (&network->attachments, struct attachment, link, attachment)
		network->ports[attachment->port / 64] |= UINT64_C(1) << (attachment->port % 64);
}

void network_give_port(struct network *network, unsigned port)
{
	if (port < network->n_ports)
		network->ports[port / 64] &= ~(UINT64_C(1) << (port % 64));
}
