/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * nft_watch - who else changes our tables
 *
 * Every change of nf_tables is told to all who listen, with the number of the socket that asked for it; at the end of
 * each transaction a message of its own says which process that was. What goes by our own socket is kept out by a
 * filter, so that nobody is woken by it and a thousand steps in a row fill no buffer. libnftables has a socket that we
 * do not know: it is told by its process, whose number, which may be another one here than in the kernel's eyes, is
 * learnt from a transaction of our own.
 */
#include "nft.h"

/* Before the kernel's, which then leave out what the two have in common. */
#include <netinet/in.h>

#include <arpa/inet.h>
#include <linux/filter.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/socket.h>

#define RECEIVE_BUFFER (1024 * 1024)
#define DATAGRAM_MAX   32768U

/* All kinds of messages name their table by the same attribute. */
static_assert(NFTA_TABLE_NAME == 1 && NFTA_CHAIN_TABLE == 1 && NFTA_RULE_TABLE == 1 &&
		      NFTA_SET_TABLE == 1 && NFTA_SET_ELEM_LIST_TABLE == 1 && NFTA_OBJ_TABLE == 1 &&
		      NFTA_FLOWTABLE_TABLE == 1,
	"on_message() counts on it");

static int port_of(const struct netlink *netlink, uint32_t *ret)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	socklen_t n = sizeof(address);

	if (getsockname(netlink->fd, (void *)&address, &n) < 0)
		return neg();
	*ret = address.nl_pid;
	return 0;
}

int nft_watch_others(struct kernel *kernel)
{
	uint32_t port;
	int r;

	if (kernel->nft_events < 0)
		return 0;
	r = port_of(&kernel->netfilter, &port);
	if (r == 0) {
		struct sock_filter steps[] = {
			BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct nlmsghdr, nlmsg_pid)),
			/* Filters read numbers in the network's order. */
			BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, htonl(port), 0, 1),
			BPF_STMT(BPF_RET | BPF_K, 0),
			BPF_STMT(BPF_RET | BPF_K, UINT32_MAX),
		};
		const struct sock_fprog program = { lengthof(steps), steps };

		if (setsockopt(kernel->nft_events, SOL_SOCKET, SO_ATTACH_FILTER, &program,
			    sizeof(program)) < 0)
			r = neg();
	}
	return r;
}

static bool is_of_ours(const struct nlmsghdr *header)
{
	const struct nfgenmsg *about = nlmsg_data(header);
	const struct nlattr *name =
		nlmsg_find_attr((struct nlmsghdr *)header, sizeof(*about), NFTA_TABLE_NAME);

	return (about->nfgen_family == NFPROTO_BRIDGE || about->nfgen_family == NFPROTO_INET) &&
	       name && nla_strcmp(name, NFT_TABLE) == 0;
}

static int64_t process_of(const struct nlmsghdr *header)
{
	const struct nlattr *process = nlmsg_find_attr(
		(struct nlmsghdr *)header, sizeof(struct nfgenmsg), NFTA_GEN_PROC_PID);

	return process && nla_len(process) == sizeof(uint32_t) ? ntohl(nla_get_u32(process)) : 0;
}

/* What a message tells; the end of a transaction says whose it was. */
struct finding {
	bool is_foreign; /* our tables were changed by another process */
	uint32_t port;   /* of our socket, to learn our number from; 0: not wanted */
	int64_t process; /* which is this */
};

static void on_message(
	struct kernel *kernel, const struct nlmsghdr *header, struct finding *finding)
{
	if (header->nlmsg_type >> 8 != NFNL_SUBSYS_NFTABLES ||
		nlmsg_datalen(header) < (int)sizeof(struct nfgenmsg))
		return;
	if ((header->nlmsg_type & 0xff) != NFT_MSG_NEWGEN) {
		kernel->is_nft_pending |= is_of_ours(header);
		return;
	}
	if (finding->port && header->nlmsg_pid == finding->port)
		finding->process = process_of(header);
	if (kernel->is_nft_pending && process_of(header) != kernel->nft_process)
		finding->is_foreign = true;
	kernel->is_nft_pending = false;
}

/* 0: nothing waits any more. -ENOBUFS: something got lost. */
static int read_all(struct kernel *kernel, struct finding *finding)
{
	char buffer[DATAGRAM_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
	bool is_lost = false;

	for (;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t n_from = sizeof(from);
		ssize_t n = recvfrom(kernel->nft_events, buffer, sizeof(buffer), MSG_TRUNC,
			(void *)&from, &n_from);
		int left = (int)n;

		if (n < 0 && errno == EAGAIN)
			return is_lost ? -ENOBUFS : 0;
		if (n < 0 && errno != EINTR && errno != ENOBUFS)
			return neg();
		if (n < 0) {
			is_lost |= errno == ENOBUFS;
			continue;
		}
		if (n_from != sizeof(from) || from.nl_pid != 0)
			continue;
		if ((size_t)n > sizeof(buffer)) {
			is_lost = true;
			continue;
		}
		for (struct nlmsghdr *h = (void *)buffer; nlmsg_ok(h, left);
			h = nlmsg_next(h, &left))
			on_message(kernel, h, finding);
	}
}

/* The number that our process goes by in the kernel's messages. */
static int learn_process(struct kernel *kernel)
{
	struct finding finding = { .process = 0 };
	int r = port_of(&kernel->netfilter, &finding.port);

	if (r == 0)
		r = nft_probe(kernel);
	if (r == 0)
		r = read_all(kernel, &finding);
	if (finding.process)
		kernel->nft_process = finding.process;
	return finding.process ? 0 : r < 0 ? r : -ENODATA;
}

int nft_watch(struct kernel *kernel, int *ret_fd)
{
	const int group = NFNLGRP_NFTABLES, size = RECEIVE_BUFFER;
	struct sockaddr_nl address = { .nl_family = AF_NETLINK };
	int r = 0;

	if (!kernel->has_guards)
		return -EOPNOTSUPP;
	if (kernel->nft_events < 0) {
		kernel->nft_events = socket(
			AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_NETFILTER);
		if (kernel->nft_events < 0)
			return neg();
		if (bind(kernel->nft_events, (void *)&address, sizeof(address)) < 0 ||
			setsockopt(kernel->nft_events, SOL_NETLINK, NETLINK_ADD_MEMBERSHIP, &group,
				sizeof(group)) < 0)
			r = neg();
		/* Not all may have that much; events that get lost are noticed. */
		(void)setsockopt(
			kernel->nft_events, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
		if (r == 0)
			r = learn_process(kernel);
		if (r == 0)
			r = nft_watch_others(kernel);
		if (r < 0)
			kernel->nft_events = close_fd(kernel->nft_events);
	}
	if (r == 0)
		*ret_fd = kernel->nft_events;
	return r;
}

bool nft_was_changed(struct kernel *kernel)
{
	struct finding finding = { .port = 0 };

	if (kernel->nft_events < 0)
		return false;
	/* What got lost may have been about our tables, where they are anybody's to change. */
	if (read_all(kernel, &finding) < 0) {
		kernel->is_nft_pending = false;
		finding.is_foreign |= kernel->n_owned < NFT_FAMILIES;
	}
	if (finding.is_foreign)
		kernel->are_guards_ready = false;
	return finding.is_foreign;
}
