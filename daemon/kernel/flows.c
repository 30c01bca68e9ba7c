/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * flows - connections that the kernel tracks (conntrack): those that came in by a port
 *
 * A connection is known by what it was sent to, which is the port of the host, and by who answers, which is the
 * namespace. The kernel is asked for those with the two ports alone (since 5.8; an older one tells all), and each one
 * told is looked at again. It is not asked for addresses: of IPv6 it tells all but what it is asked for (seen up to
 * 6.18).
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

/* Which parts of a tuple a filter goes by: the kernel has these numbers in no header for programs. */
#define FILTER_PROTOCOL         (1U << 3)
#define FILTER_SOURCE_PORT      (1U << 4)
#define FILTER_DESTINATION_PORT (1U << 5)

/* One direction of a connection. */
struct tuple {
	struct address source, destination;
	uint8_t protocol;
	uint16_t source_port, destination_port;
};

struct walk {
	struct kernel *kernel;
	int family;
	struct tuple original, reply; /* wanted */
	struct netlink_batch batch;   /* that ends them */
};

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

/* Puts the wanted protocol and ports of a tuple, those that are not zero; and the filter's flags for them. */
static int put_wanted(struct nl_msg *m, int type, const struct tuple *tuple, uint32_t *ret_flags)
{
	struct nlattr *nest = nla_nest_start(m, type | NLA_F_NESTED), *part;
	int r = 0;

	*ret_flags = FILTER_PROTOCOL;
	part = nla_nest_start(m, CTA_TUPLE_PROTO | NLA_F_NESTED);
	r |= nla_put_u8(m, CTA_PROTO_NUM, tuple->protocol);
	if (tuple->source_port) {
		r |= nla_put_u16(m, CTA_PROTO_SRC_PORT, htons(tuple->source_port));
		*ret_flags |= FILTER_SOURCE_PORT;
	}
	if (tuple->destination_port) {
		r |= nla_put_u16(m, CTA_PROTO_DST_PORT, htons(tuple->destination_port));
		*ret_flags |= FILTER_DESTINATION_PORT;
	}
	if (!nest || !part || r < 0)
		return -ENOMEM;
	(void)nla_nest_end(m, part);
	(void)nla_nest_end(m, nest);
	return 0;
}

static struct nl_msg *build_request(const struct walk *walk)
{
	cleanup(nlmsg_free) struct nl_msg *m =
		message_of(IPCTNL_MSG_CT_GET, NLM_F_DUMP, walk->family);
	uint32_t original, reply;
	struct nlattr *nest;
	int r = 0;

	if (!m || put_wanted(m, CTA_TUPLE_ORIG, &walk->original, &original) < 0 ||
		put_wanted(m, CTA_TUPLE_REPLY, &walk->reply, &reply) < 0)
		return NULL;
	nest = nla_nest_start(m, CTA_FILTER | NLA_F_NESTED);
	r |= nla_put_u32(m, CTA_FILTER_ORIG_FLAGS, original);
	r |= nla_put_u32(m, CTA_FILTER_REPLY_FLAGS, reply);
	if (!nest || r < 0)
		return NULL;
	(void)nla_nest_end(m, nest);
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

static bool is_wanted(const struct walk *walk, struct nlattr *const *attributes)
{
	const struct nlattr *status = attributes[CTA_STATUS];
	const struct address *host = &walk->original.destination;
	struct tuple original, reply;

	if (!status || nla_len(status) < 4 || !(ntohl(nla_get_u32(status)) & IPS_DST_NAT) ||
		!read_tuple(attributes[CTA_TUPLE_ORIG], &original) ||
		!read_tuple(attributes[CTA_TUPLE_REPLY], &reply))
		return false;
	return original.protocol == walk->original.protocol &&
	       original.destination_port == walk->original.destination_port &&
	       reply.source_port == walk->reply.source_port &&
	       address_is_equal(&reply.source, &walk->reply.source) &&
	       (!address_is_set(host) || address_is_equal(&original.destination, host));
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
	m = message_of(IPCTNL_MSG_CT_DELETE, 0, walk->family);
	for (size_t i = 0; m && i < lengthof(copied); i++) {
		const struct nlattr *a = attributes[copied[i]];

		if (a && nla_put(m, a->nla_type, nla_len(a), nla_data(a)) < 0)
			return -ENOMEM;
	}
	netlink_batch_add(&walk->batch, take(m));
	return walk->batch.n == NETLINK_BATCH_MAX || walk->batch.is_out_of_memory ? end_found(walk)
										  : 0;
}

int flows_delete(struct kernel *kernel, const struct step *step)
{
	const struct address any = { .family = step->port.target.family };
	uint8_t protocol = step->port.protocol == NSNET_PROTOCOL_TCP ? IPPROTO_TCP : IPPROTO_UDP;
	struct walk walk = {
		.kernel = kernel,
		.family = step->port.target.family,
		.original = { .protocol = protocol, .destination_port = step->port.host_port },
		.reply = { .source = step->port.target,
			.protocol = protocol,
			.source_port = step->port.namespace_port },
	};
	int r;

	if (!kernel->has_guards)
		return 0;
	if (!address_is_set(&any) || !step->port.host_port || !step->port.namespace_port ||
		step->port.protocol == NSNET_PROTOCOL_UNSET)
		return -EINVAL;
	if (!address_is_equal(&step->port.host, &any))
		walk.original.destination = step->port.host;
	r = netlink_dump(&kernel->netfilter, build_request(&walk), on_flow, &walk);
	if (r == 0)
		r = end_found(&walk);
	netlink_batch_done(&walk.batch);
	memcpy(kernel->host.words, kernel->netfilter.words, sizeof(kernel->host.words));
	return r;
}
