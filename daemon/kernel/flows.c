/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * flows - connections that the kernel tracks (conntrack): those that came in by a port
 *
 * A connection is known by what it was sent to, which is the port of the host, and by who answers, which is the
 * namespace. The kernel walks all that it tracks, 5 ms of it where there are hardly any; so one walk does for many ports.
 */
#include "flows.h"

/* Before the kernel's. */
#include <netinet/in.h>

#include <arpa/inet.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/netfilter/nfnetlink_conntrack.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

define_cleanup(struct nl_msg *, nlmsg_free);

/* One direction of a connection. */
struct tuple {
	struct address source, destination;
	uint8_t protocol;
	uint16_t source_port, destination_port;
};

struct walk {
	struct kernel *kernel;
	const struct step *steps; /* whose connections are to end */
	size_t n;
	uint64_t ports[(UINT16_MAX + 1) /
		       64]; /* of the host, among those: most connections are told by that alone */
	struct netlink_batch batch; /* that ends them */
};

static void add_port(struct walk *walk, uint16_t port)
{
	walk->ports[port / 64] |= UINT64_C(1) << (port % 64);
}

static bool has_port(const struct walk *walk, uint16_t port)
{
	return walk->ports[port / 64] >> (port % 64) & 1;
}

static uint8_t protocol_of(const struct step *step)
{
	return step->port.protocol == NSNET_PROTOCOL_TCP ? IPPROTO_TCP : IPPROTO_UDP;
}

static struct nl_msg *message_of(int type, int flags, int family)
{
	const struct nfgenmsg header = {
		.nfgen_family = (uint8_t)family,
		.version = NFNETLINK_V0,
	};

	return netlink_message(NFNL_SUBSYS_CTNETLINK << 8 | type, flags, &header, sizeof(header));
}

static bool read_address(
	struct nlattr *const *attributes, int type4, int type6, struct address *ret)
{
	for (size_t i = 0; i < FAMILIES; i++) {
		struct nlattr *a = attributes[family_of(i) == AF_INET ? type4 : type6];
		struct address address = { .family = family_of(i) };

		if (!a || nla_len(a) != (int)address_bits(&address) / 8)
			continue;
		memcpy(address.bytes, nla_data(a), (size_t)nla_len(a));
		*ret = address;
		return true;
	}
	return false;
}

static bool read_tuple(struct nlattr *nest, struct tuple *ret)
{
	struct nlattr *parts[CTA_TUPLE_MAX + 1], *ip[CTA_IP_MAX + 1], *proto[CTA_PROTO_MAX + 1];

	if (!nest || nla_parse_nested(parts, CTA_TUPLE_MAX, nest, NULL) < 0 ||
		!parts[CTA_TUPLE_IP] || !parts[CTA_TUPLE_PROTO] ||
		nla_parse_nested(ip, CTA_IP_MAX, parts[CTA_TUPLE_IP], NULL) < 0 ||
		nla_parse_nested(proto, CTA_PROTO_MAX, parts[CTA_TUPLE_PROTO], NULL) < 0)
		return false;
	if (!proto[CTA_PROTO_NUM] || nla_len(proto[CTA_PROTO_NUM]) < 1 ||
		!proto[CTA_PROTO_SRC_PORT] || nla_len(proto[CTA_PROTO_SRC_PORT]) < 2 ||
		!proto[CTA_PROTO_DST_PORT] || nla_len(proto[CTA_PROTO_DST_PORT]) < 2)
		return false;
	ret->protocol = nla_get_u8(proto[CTA_PROTO_NUM]);
	ret->source_port = ntohs(nla_get_u16(proto[CTA_PROTO_SRC_PORT]));
	ret->destination_port = ntohs(nla_get_u16(proto[CTA_PROTO_DST_PORT]));
	return read_address(ip, CTA_IP_V4_SRC, CTA_IP_V6_SRC, &ret->source) &&
	       read_address(ip, CTA_IP_V4_DST, CTA_IP_V6_DST, &ret->destination);
}

/* All that were sent to another address than they came to be answered by. Before 5.18 the kernel tells the others as well. */
static struct nl_msg *build_request(void)
{
	cleanup(nlmsg_free) struct nl_msg *m = message_of(IPCTNL_MSG_CT_GET, NLM_F_DUMP, AF_UNSPEC);

	if (!m || nla_put_u32(m, CTA_STATUS, htonl(IPS_DST_NAT)) < 0 ||
		nla_put_u32(m, CTA_STATUS_MASK, htonl(IPS_DST_NAT)) < 0)
		return NULL;
	return take(m);
}

/* Ends those that were found. One that is gone by now is none. */
static int end_found(struct walk *walk)
{
	int r = 0;

	if (walk->batch.is_out_of_memory)
		return -ENOMEM;
	if (walk->batch.n > 0)
		(void)netlink_batch_send(&walk->kernel->netfilter, &walk->batch);
	for (size_t i = 0; i < walk->batch.n && r == 0; i++)
		r = walk->batch.errors[i] == -ENOENT ? 0 : walk->batch.errors[i];
	netlink_batch_done(&walk->batch);
	return r;
}

static bool is_of(const struct step *step, const struct tuple *original, const struct tuple *reply)
{
	const struct address any = { .family = step->port.host.family };

	return original->protocol == protocol_of(step) &&
	       original->destination_port == step->port.host_port &&
	       reply->source_port == step->port.namespace_port &&
	       address_is_equal(&reply->source, &step->port.target) &&
	       (address_is_equal(&step->port.host, &any) ||
		       address_is_equal(&original->destination, &step->port.host));
}

static bool is_wanted(const struct walk *walk, struct nlattr *const *attributes)
{
	const struct nlattr *status = attributes[CTA_STATUS];
	struct tuple original, reply;

	if (!status || nla_len(status) < 4 || !(ntohl(nla_get_u32(status)) & IPS_DST_NAT) ||
		!read_tuple(attributes[CTA_TUPLE_ORIG], &original) ||
		!read_tuple(attributes[CTA_TUPLE_REPLY], &reply) ||
		!has_port(walk, original.destination_port))
		return false;
	for (size_t i = 0; i < walk->n; i++)
		if (is_of(&walk->steps[i], &original, &reply))
			return true;
	return false;
}

static int on_flow(struct nlmsghdr *header, void *userdata)
{
	static const int copied[] = { CTA_TUPLE_ORIG, CTA_ZONE, CTA_ID };
	cleanup(nlmsg_free) struct nl_msg *m = NULL;
	struct nlattr *attributes[CTA_MAX + 1];
	struct walk *walk = userdata;

	if (header->nlmsg_type != (NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_NEW) ||
		nlmsg_parse(header, sizeof(struct nfgenmsg), attributes, CTA_MAX, NULL) < 0)
		return -EBADMSG;
	if (!is_wanted(walk, attributes))
		return 0;
	m = message_of(IPCTNL_MSG_CT_DELETE, 0,
		((const struct nfgenmsg *)nlmsg_data(header))->nfgen_family);
	for (size_t i = 0; m && i < lengthof(copied); i++) {
		const struct nlattr *a = attributes[copied[i]];

		if (a && nla_put(m, a->nla_type, nla_len(a), nla_data(a)) < 0)
			return -ENOMEM;
	}
	netlink_batch_add(&walk->batch, take(m));
	return walk->batch.n == NETLINK_BATCH_MAX || walk->batch.is_out_of_memory ? end_found(walk)
										  : 0;
}

int flows_delete(struct kernel *kernel, const struct step *steps, size_t n)
{
	struct walk walk = { .kernel = kernel, .steps = steps, .n = n };
	int r;

	if (!kernel->has_guards)
		return 0;
	for (size_t i = 0; i < n; i++) {
		if (!address_is_set(&steps[i].port.target) || !steps[i].port.host_port ||
			!steps[i].port.namespace_port ||
			steps[i].port.protocol == NSNET_PROTOCOL_UNSET)
			return -EINVAL;
		add_port(&walk, steps[i].port.host_port);
	}
	r = netlink_dump(&kernel->netfilter, build_request(), on_flow, &walk);
	if (r == 0)
		r = end_found(&walk);
	netlink_batch_done(&walk.batch);
	memcpy(kernel->host.words, kernel->netfilter.words, sizeof(kernel->host.words));
	return r;
}
