/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * sequence_model - what must become of a request, and what must be there after it, told without the daemon's own code
 *
 * It knows who may see what, which names, addresses and ports are taken, and what is allowed; it does not know which free
 * address, prefix or port will be chosen: that is learned from the daemon, and held against the rules.
 */
#include "sequence.h"

#define FIRST_PORT 20000 /* methods_world.c has ten from there on */
#define LAST_PORT  20009

const char *const model_networks[NETWORKS] = { "default", "a", "b", "c" };
const char *const model_namespaces[NAMESPACES] = { "n0", "n1", "n2", "n3", "n4", "n5" };

const char *const model_wrongs[WRONGS] = {
	[WRONG_NAMESPACE_EXISTS] = "NamespaceExists",
	[WRONG_NETWORK_EXISTS] = "NetworkExists",
	[WRONG_NO_NAMESPACE] = "NoSuchNamespace",
	[WRONG_NO_NETWORK] = "NoSuchNetwork",
	[WRONG_PARAMETER] = "InvalidParameter",
	[WRONG_ADDRESS] = "AddressUnavailable",
	[WRONG_PREFIX] = "PrefixConflict",
	[WRONG_PREFIX_POLICY] = "PrefixNotAllowed",
	[WRONG_REACH] = "ReachNotAllowed",
	[WRONG_PORT] = "PortUnavailable",
	[WRONG_PORT_POLICY] = "PortNotAllowed",
	[WRONG_QUOTA] = "QuotaExceeded",
	[WRONG_BUSY] = "NetworkBusy",
	[WRONG_CHANGED] = "Changed",
	[WRONG_PERMISSION] = "PermissionDenied",
	[WRONG_NOT_PERSISTENT] = "NetworkNotPersistent",
};

/* Of methods_world.c, by enum quota_resource. */
static const unsigned limits[] = { 3, 2, 4, 4 };

bool model_may_see_namespace(const struct model *model, uid_t uid, int index)
{
	const struct model_namespace *ns = &model->namespaces[index];

	return ns->is_there && (uid == 0 || uid == ns->uid);
}

bool model_may_see_network(const struct model *model, uid_t uid, int index)
{
	const struct model_network *network = &model->networks[index];

	return network->is_there && (uid == 0 || network->uid == 0 || uid == network->uid);
}

size_t model_attached(const struct model *model, int network)
{
	size_t n = 0;

	for (int i = 0; i < NAMESPACES; i++)
		for (size_t j = 0; j < model->namespaces[i].n_attachments; j++)
			n += model->namespaces[i].is_there &&
			     model->namespaces[i].attachments[j].network == network;
	return n;
}

void model_count(const struct model *model, uid_t uid, unsigned ret[4])
{
	memset(ret, 0, 4 * sizeof(*ret));
	for (int i = 0; i < NAMESPACES; i++) {
		const struct model_namespace *ns = &model->namespaces[i];

		if (!ns->is_there || ns->uid != uid)
			continue;
		ret[QUOTA_NAMESPACES]++;
		ret[QUOTA_ATTACHMENTS] += (unsigned)ns->n_attachments;
		ret[QUOTA_PORTS] += (unsigned)ns->n_ports;
	}
	for (int i = 0; i < NETWORKS; i++)
		ret[QUOTA_NETWORKS] += model->networks[i].is_there && model->networks[i].uid == uid;
}

/* Who on a network has an address, but for namespace "but". */
bool model_is_address_taken(
	const struct model *model, int network, const struct address *address, int but)
{
	const struct model_network *on = &model->networks[network];

	if (address_is_equal(&on->gateways[family_index(address->family)], address))
		return true;
	for (int i = 0; i < NAMESPACES; i++)
		for (size_t j = 0; i != but && j < model->namespaces[i].n_attachments; j++) {
			const struct model_attachment *attachment =
				&model->namespaces[i].attachments[j];

			if (model->namespaces[i].is_there && attachment->network == network &&
				address_is_equal(
					&attachment->addresses[family_index(address->family)],
					address))
				return true;
		}
	return false;
}

/* How many more IPv4 addresses can be had there; large prefixes are never full here. */
static uint64_t free_addresses(const struct model *model, int network, int but)
{
	const struct prefix *prefix = &model->networks[network].prefixes[0];
	uint64_t n = 0, size = prefix_size(prefix);

	if (size > 8)
		return size;
	for (uint64_t at = 1; at + 1 < size; at++) {
		struct address address;

		n += prefix_nth(prefix, at, &address) &&
		     !model_is_address_taken(model, network, &address, but);
	}
	return n;
}

static bool has_prefix(const struct model_network *network, size_t family)
{
	return address_is_set(&network->prefixes[family].address);
}

/* An address that is asked for by name. */
static void judge_address(const struct model *model, int index, const struct asked *asked, size_t i,
	struct verdict *verdict)
{
	const struct asked_attachment *wish = &asked->attachments[i];
	const struct model_network *network = &model->networks[wish->network];
	struct address address;
	const struct prefix *prefix;
	uint64_t at;

	if (!address_parse(wish->address, &address))
		abort();
	prefix = &network->prefixes[family_index(address.family)];
	at = has_prefix(network, family_index(address.family)) && prefix_contains(prefix, &address)
		     ? prefix_index(prefix, &address)
		     : 0;
	if (!network->is_there || at == 0 ||
		(address.family == AF_INET && at + 1 == prefix_size(prefix)) ||
		model_is_address_taken(model, wish->network, &address, index))
		verdict->must |= 1U << WRONG_ADDRESS;
	/* Another attachment of the request may get it or have it. */
	for (size_t j = 0; j < asked->n_attachments; j++)
		if (j != i && asked->attachments[j].network == wish->network) {
			verdict->may |= 1U << WRONG_ADDRESS;
			if (j < i && asked->attachments[j].address &&
				streq(asked->attachments[j].address, wish->address))
				verdict->must |= 1U << WRONG_ADDRESS;
		}
}

static void judge_attachments(
	const struct model *model, int index, const struct asked *asked, struct verdict *verdict)
{
	for (size_t i = 0; i < asked->n_attachments; i++) {
		const struct asked_attachment *wish = &asked->attachments[i];
		const struct model_network *network = &model->networks[wish->network];
		size_t others = 0;

		if (!network->is_there && wish->network == 0) {
			/* It comes with the namespace: nobody has any of it. */
			if (wish->address && *wish->address)
				verdict->must |= 1U << WRONG_ADDRESS;
			continue;
		}
		if (!model_may_see_network(model, asked->uid, wish->network)) {
			verdict->must |= 1U << WRONG_NO_NETWORK;
			continue;
		}
		for (size_t j = 0; j < asked->n_attachments; j++)
			others += j != i && asked->attachments[j].network == wish->network;
		if (wish->address && *wish->address)
			judge_address(model, index, asked, i, verdict);
		if (!has_prefix(network, 0) || (wish->address && !*wish->address))
			continue;
		if (free_addresses(model, wish->network, index) == 0)
			verdict->must |= wish->address ? 0 : 1U << WRONG_ADDRESS;
		if (free_addresses(model, wish->network, index) <= others || asked->is_change)
			verdict->may |= 1U << WRONG_ADDRESS;
	}
	if (asked->is_same_interface && asked->n_attachments > 1)
		verdict->must |= 1U << WRONG_PARAMETER;
}

/* In which families ports lead there. */
static void find_families(
	const struct model *model, int index, const struct asked *asked, bool ret[FAMILIES])
{
	const struct model_namespace *ns = &model->namespaces[index];

	memset(ret, 0, FAMILIES * sizeof(*ret));
	for (size_t family = 0; family < FAMILIES; family++) {
		for (size_t i = 0; asked->has_attachments && i < asked->n_attachments; i++) {
			const struct asked_attachment *wish = &asked->attachments[i];
			const struct model_network *network = &model->networks[wish->network];
			bool is_none = wish->address && !*wish->address;

			ret[family] |=
				!is_none &&
				(network->is_there ? address_is_set(&network->gateways[family])
						   : wish->network == 0);
		}
		for (size_t i = 0; !asked->has_attachments && i < ns->n_attachments; i++)
			ret[family] |= address_is_set(&ns->attachments[i].addresses[family]) &&
				       address_is_set(&model->networks[ns->attachments[i].network]
							       .gateways[family]);
	}
}

void model_families(const struct model *model, const struct model_namespace *ns, bool ret[FAMILIES])
{
	for (size_t family = 0; family < FAMILIES; family++) {
		ret[family] = false;
		for (size_t i = 0; i < ns->n_attachments; i++)
			ret[family] |= address_is_set(&ns->attachments[i].addresses[family]) &&
				       address_is_set(&model->networks[ns->attachments[i].network]
							       .gateways[family]);
	}
}

static bool is_formers_port(const struct model *model, int index, const struct asked *asked,
	const struct model_port *port)
{
	const struct model_namespace *ns = &model->namespaces[index];

	for (size_t i = 0; asked->is_change && i < ns->n_ports; i++)
		if (ns->ports[i].protocol == port->protocol && ns->ports[i].host == port->host)
			return true;
	return false;
}

bool model_is_port_taken(const struct model *model, int but, const struct model_port *port,
	const bool families[FAMILIES])
{
	for (int i = 0; i < NAMESPACES; i++) {
		const struct model_namespace *ns = &model->namespaces[i];
		bool theirs[FAMILIES];

		if (i == but || !ns->is_there)
			continue;
		model_families(model, ns, theirs);
		for (size_t j = 0; j < ns->n_ports; j++)
			if (ns->ports[j].protocol == port->protocol &&
				ns->ports[j].host == port->host &&
				((theirs[0] && families[0]) || (theirs[1] && families[1])))
				return true;
	}
	return false;
}

/* Whether an attachment that was there and is not told of addresses now may stay without some: then it is not told here where ports
 * can lead. */
static bool is_unsure(const struct model *model, int index, const struct asked *asked)
{
	const struct model_namespace *ns = &model->namespaces[index];

	for (size_t i = 0; asked->is_change && asked->has_attachments && i < asked->n_attachments;
		i++)
		for (size_t j = 0; j < ns->n_attachments; j++) {
			const struct model_attachment *former = &ns->attachments[j];
			const struct model_network *network = &model->networks[former->network];

			if (asked->attachments[i].address ||
				asked->attachments[i].network != former->network)
				continue;
			for (size_t family = 0; family < FAMILIES; family++)
				if (has_prefix(network, family) &&
					!address_is_set(&former->addresses[family]))
					return true;
		}
	return false;
}

static void judge_ports(
	const struct model *model, int index, const struct asked *asked, struct verdict *verdict)
{
	const struct model_port *ports =
		asked->has_ports ? asked->ports : model->namespaces[index].ports;
	size_t n = asked->has_ports   ? asked->n_ports
		   : asked->is_change ? model->namespaces[index].n_ports
				      : 0;
	bool families[FAMILIES];

	find_families(model, index, asked, families);
	for (size_t i = 0; i < n; i++) {
		if (!families[0] && !families[1])
			verdict->must |= 1U << WRONG_PARAMETER;
		if (ports[i].host == 0)
			continue;
		if (model_is_port_taken(model, index, &ports[i], families))
			verdict->must |= 1U << WRONG_PORT;
		if (asked->uid != 0 && ports[i].host < 1024 &&
			!is_formers_port(model, index, asked, &ports[i]))
			verdict->must |= 1U << WRONG_PORT_POLICY;
		for (size_t j = 0; j < i; j++)
			if (ports[j].protocol == ports[i].protocol &&
				ports[j].host == ports[i].host)
				verdict->must |= 1U << WRONG_PORT;
	}
}

static void judge_quota(
	const struct model *model, int index, const struct asked *asked, struct verdict *verdict)
{
	const struct model_namespace *ns = &model->namespaces[index];
	uid_t owner = asked->is_change ? ns->uid : asked->uid;
	unsigned used[4];
	size_t attachments = asked->has_attachments ? asked->n_attachments
			     : asked->is_change     ? ns->n_attachments
						    : 1;
	size_t ports = asked->has_ports ? asked->n_ports : asked->is_change ? ns->n_ports : 0;

	if (asked->uid == 0)
		return;
	model_count(model, owner, used);
	if (!asked->is_change && used[QUOTA_NAMESPACES] + 1 > limits[QUOTA_NAMESPACES])
		verdict->must |= 1U << WRONG_QUOTA;
	if (asked->is_change) {
		if (attachments > ns->n_attachments &&
			used[QUOTA_ATTACHMENTS] - ns->n_attachments + attachments >
				limits[QUOTA_ATTACHMENTS])
			verdict->must |= 1U << WRONG_QUOTA;
		if (ports > ns->n_ports &&
			used[QUOTA_PORTS] - ns->n_ports + ports > limits[QUOTA_PORTS])
			verdict->must |= 1U << WRONG_QUOTA;
	} else if ((attachments > 0 &&
			   used[QUOTA_ATTACHMENTS] + attachments > limits[QUOTA_ATTACHMENTS]) ||
		   (ports > 0 && used[QUOTA_PORTS] + ports > limits[QUOTA_PORTS]))
		verdict->must |= 1U << WRONG_QUOTA;
}

/* What comes back after a reboot hangs on nothing that does not, but for the network "default", which then does as well. */
static void judge_persistent(
	const struct model *model, int index, const struct asked *asked, struct verdict *verdict)
{
	const struct model_namespace *ns = &model->namespaces[index];
	size_t n = asked->has_attachments ? asked->n_attachments : ns->n_attachments;

	if (asked->has_persistent ? !asked->is_persistent : !asked->is_change || !ns->is_persistent)
		return;
	for (size_t i = 0; i < n; i++) {
		int network = asked->has_attachments ? asked->attachments[i].network
						     : ns->attachments[i].network;

		if (network != 0 && !model->networks[network].is_persistent)
			verdict->must |= 1U << WRONG_NOT_PERSISTENT;
	}
}

static bool has_persistent(const struct model *model, int network)
{
	for (int i = 0; i < NAMESPACES; i++)
		for (size_t j = 0; j < model->namespaces[i].n_attachments; j++)
			if (model->namespaces[i].is_there && model->namespaces[i].is_persistent &&
				model->namespaces[i].attachments[j].network == network)
				return true;
	return false;
}

struct verdict model_judge_namespace(
	const struct model *model, int index, const struct asked *asked)
{
	const struct model_namespace *ns = &model->namespaces[index];
	struct verdict verdict = { 0 }, ports = { 0 };

	if (asked->is_change && !model_may_see_namespace(model, asked->uid, index))
		return (struct verdict){ .must = 1U << WRONG_NO_NAMESPACE };
	if (!asked->is_change && ns->is_there)
		verdict.must |= 1U << WRONG_NAMESPACE_EXISTS;
	if (asked->is_change && asked->revision != 0 && asked->revision != ns->revision)
		verdict.must |= 1U << WRONG_CHANGED;
	if (asked->is_bad_setting)
		verdict.must |= 1U << WRONG_PARAMETER;
	if (asked->has_attachments)
		judge_attachments(model, asked->is_change ? index : -1, asked, &verdict);
	judge_ports(model, index, asked, &ports);
	if (is_unsure(model, index, asked))
		verdict.may |= ports.must | 1U << WRONG_PARAMETER | 1U << WRONG_PORT;
	else
		verdict.must |= ports.must;
	judge_quota(model, index, asked, &verdict);
	judge_persistent(model, index, asked, &verdict);
	return verdict;
}

static void judge_prefixes(
	const struct model *model, int index, const struct asked *asked, struct verdict *verdict)
{
	struct prefix host, pools[2];

	if (!prefix_parse("192.168.7.0/24", &host) || !prefix_parse("10.0.0.0/8", &pools[0]) ||
		!prefix_parse("fd00::/8", &pools[1]))
		abort();
	for (size_t i = 0; i < asked->n_prefixes; i++) {
		struct prefix prefix;
		const struct model_network *own = &model->networks[index];
		size_t family;

		if (!prefix_parse(asked->prefixes[i], &prefix))
			abort();
		family = family_index(prefix.address.family);
		if (own->is_there && prefix_is_equal(&own->prefixes[family], &prefix))
			continue;
		/* Its own, which the host has as well as another's. */
		if (own->is_there && has_prefix(own, family) &&
			prefix_overlaps(&prefix, &own->prefixes[family]))
			verdict->must |= 1U << WRONG_PREFIX;
		if (asked->uid != 0 && !prefix_contains(&pools[family], &prefix.address))
			verdict->must |= 1U << WRONG_PREFIX_POLICY;
		if (prefix_overlaps(&prefix, &host))
			verdict->must |= 1U << WRONG_PREFIX;
		for (int j = 0; j < NETWORKS; j++)
			if (j != index && model->networks[j].is_there &&
				has_prefix(&model->networks[j], family) &&
				prefix_overlaps(&prefix, &model->networks[j].prefixes[family]))
				verdict->must |= 1U << WRONG_PREFIX;
	}
}

struct verdict model_judge_network(const struct model *model, int index, const struct asked *asked)
{
	const struct model_network *network = &model->networks[index];
	struct verdict verdict = { 0 };
	enum nsnet_reach reach = asked->has_reach ? asked->reach : NSNET_REACH_UNSET;
	bool has_no_gateway = asked->has_no_gateway;
	bool has_no_prefix = asked->has_prefixes && asked->n_prefixes == 0;
	int64_t mtu = asked->mtu;
	unsigned used[4];

	if (asked->is_change) {
		if (!model_may_see_network(model, asked->uid, index))
			return (struct verdict){ .must = 1U << WRONG_NO_NETWORK };
		if (asked->uid != 0 && asked->uid != network->uid)
			return (struct verdict){ .must = 1U << WRONG_PERMISSION };
		if (asked->revision != 0 && asked->revision != network->revision)
			verdict.must |= 1U << WRONG_CHANGED;
		if (!asked->has_reach)
			reach = network->declared_reach;
		if (asked->has_persistent && !asked->is_persistent && has_persistent(model, index))
			verdict.must |= 1U << WRONG_BUSY;
		if (mtu == 0)
			mtu = network->mtu;
		has_no_gateway |= network->has_no_gateway;
		if (!asked->has_prefixes)
			has_no_prefix = !has_prefix(network, 0) && !has_prefix(network, 1);
		/* What was chosen stays, or another is chosen: it is not told here which. */
		if (asked->has_prefixes && model_attached(model, index) > 0)
			verdict.may |= 1U << WRONG_BUSY;
		if (asked->has_no_gateway && !network->has_no_gateway &&
			model_attached(model, index) > 0)
			verdict.may |= 1U << WRONG_BUSY;
		/* What has ports has them as long as they are used. */
		if ((reach == NSNET_REACH_ROUTE) != (network->reach == NSNET_REACH_ROUTE) &&
			model_attached(model, index) > 0)
			verdict.must |= 1U << WRONG_BUSY;
	} else {
		if (network->is_there)
			verdict.must |= 1U << WRONG_NETWORK_EXISTS;
		model_count(model, asked->uid, used);
		if (asked->uid != 0 && used[QUOTA_NETWORKS] + 1 > limits[QUOTA_NETWORKS])
			verdict.must |= 1U << WRONG_QUOTA;
	}
	if ((reach == NSNET_REACH_NAT || reach == NSNET_REACH_ROUTE) &&
		(has_no_gateway || has_no_prefix))
		verdict.must |= 1U << WRONG_PARAMETER;
	if (asked->uid != 0 && reach == NSNET_REACH_ROUTE &&
		!(asked->is_change && network->reach == NSNET_REACH_ROUTE))
		verdict.must |= 1U << WRONG_REACH;
	if (mtu != 0 && mtu < 1280)
		verdict.must |= 1U << WRONG_PARAMETER;
	if (asked->has_prefixes)
		judge_prefixes(model, index, asked, &verdict);
	return verdict;
}
