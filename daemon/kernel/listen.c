/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * listen - whether a program on the host has a port, asked of the kernel without a socket of that family
 */
/* Before the kernel's; and that one has a member of a name that base.h gives a meaning to. */
#include <netinet/in.h>
#include <netinet/tcp.h>

#include <linux/inet_diag.h>

#include "kernel.h"

#include <arpa/inet.h>
#include <linux/sock_diag.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "state.h"

struct question {
	const struct address *host;
	bool is_any; /* of the host's addresses */
	uint16_t port;
	bool is_taken;
};

static bool is_v6_only(struct nlmsghdr *header)
{
	const struct nlattr *only =
		nlmsg_find_attr(header, sizeof(struct inet_diag_msg), INET_DIAG_SKV6ONLY);

	return only && nla_len(only) >= 1 && nla_get_u8(only) != 0;
}

/* Whether a socket of one family that is bound to an address of it, or to all, gets what is sent to ours. */
static bool is_for(const struct question *question, int family, const void *bound)
{
	struct address address = { .family = family }, any = { .family = family };

	if (family != question->host->family)
		return false;
	memcpy(address.bytes, bound, address_bits(&address) / 8);
	return question->is_any || address_is_equal(&address, &any) ||
	       address_is_equal(&address, question->host);
}

static int on_socket(struct nlmsghdr *header, void *userdata)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	static const uint8_t any[16];
	struct question *question = userdata;
	const struct inet_diag_msg *about = nlmsg_data(header);
	const uint8_t *bound = (const uint8_t *)about->id.idiag_src;

	if (header->nlmsg_type != SOCK_DIAG_BY_FAMILY ||
		nlmsg_datalen(header) < (int)sizeof(*about))
		return -EBADMSG;
	if (about->id.idiag_sport != htons(question->port))
		return 0;
	if (about->idiag_family == AF_INET || about->idiag_family == AF_INET6)
		question->is_taken |= is_for(question, about->idiag_family, bound);
	/* One of IPv6 may be of both. */
	if (about->idiag_family == AF_INET6 && memcmp(bound, mapped, sizeof(mapped)) == 0)
		question->is_taken |= is_for(question, AF_INET, bound + sizeof(mapped));
	if (about->idiag_family == AF_INET6 && memcmp(bound, any, sizeof(any)) == 0 &&
		!is_v6_only(header))
		question->is_taken |= is_for(question, AF_INET, any);
	return 0;
}

static int ask(struct netlink *netlink, int family, int protocol, struct question *question)
{
	const struct inet_diag_req_v2 request = {
		.sdiag_family = (uint8_t)family,
		.sdiag_protocol = (uint8_t)protocol,
		/* What of UDP is connected has one peer alone. */
		.idiag_states = protocol == IPPROTO_TCP ? 1U << TCP_LISTEN : 1U << TCP_CLOSE,
		.id.idiag_sport = htons(question->port),
	};

	return netlink_dump(netlink,
		netlink_message(SOCK_DIAG_BY_FAMILY, NLM_F_DUMP, &request, sizeof(request)),
		on_socket, question);
}

int kernel_is_listening(struct kernel *kernel, enum nsnet_protocol protocol,
	const struct address *host, uint16_t port)
{
	const struct address any = { .family = host->family };
	struct question question = {
		.host = host,
		.is_any = address_is_equal(host, &any),
		.port = port,
	};
	int number = protocol == NSNET_PROTOCOL_TCP ? IPPROTO_TCP : IPPROTO_UDP, r;
	struct netlink netlink = NETLINK_INIT;

	if (!address_is_set(host) || protocol == NSNET_PROTOCOL_UNSET || port == 0)
		return -EINVAL;
	r = netlink_open_diag(&netlink);
	if (r == 0 && host->family == AF_INET)
		r = ask(&netlink, AF_INET, number, &question);
	if (r == 0 && kernel->has_ipv6)
		r = ask(&netlink, AF_INET6, number, &question);
	netlink_close(&netlink);
	return r < 0 ? r : question.is_taken;
}
