/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * netlink - a netlink socket with a reader of its own for answers
 *
 * libnl builds and takes apart messages. It does not send them: its error codes lose the kernel's, and it does not tell
 * which message of several failed. The kernel carries out several messages in one sendmsg(2) one by one, in order, and carries
 * on behind one that failed. It answers those that failed, and such as ask for it, with the sequence number of what it
 * answers: the last one asks.
 */
#pragma once

#include "base.h"
#include "name.h"

#define NETLINK_WORDS_SIZE 256
#define NETLINK_BATCH_MAX  64

struct nl_msg;
struct nlmsghdr;

struct netlink {
	int fd;
	uint32_t sequence;              /* of the last message */
	char words[NETLINK_WORDS_SIZE]; /* the kernel's, about the last error; "" */
	size_t dump_max;                /* bytes that a dump may have; 0: any number */
};

#define NETLINK_INIT \
	(struct netlink) \
	{ \
		.fd = -EBADF \
	}

/* A socket in the network namespace that the thread is in. */
int netlink_open(struct netlink *ret);
/* The same for netfilter: netlink_transact() is for what nf_tables is told. */
int netlink_open_netfilter(struct netlink *ret);
/* The same for what is known of sockets. */
int netlink_open_diag(struct netlink *ret);
void netlink_close(struct netlink *netlink);

/* The index of an interface in the socket's namespace, or -ENODEV. */
int netlink_index(const struct netlink *netlink, const char *name);
int netlink_name(const struct netlink *netlink, int index, char ret[INTERFACE_SIZE]);

int netlink_mtu(const struct netlink *netlink, const char *name);

/* A message that asks for something, with its family's header of n bytes; all of it is below a thousand bytes. NULL: memory is
 * out. */
struct nl_msg *netlink_message(int type, int flags, const void *header, size_t n);

/* Messages that go out together. */
struct netlink_batch {
	struct nl_msg *messages[NETLINK_BATCH_MAX];
	int errors[NETLINK_BATCH_MAX]; /* -errno of each, once sent */
	size_t n;
	bool is_out_of_memory;
};

/* Takes the message over. */
void netlink_batch_add(struct netlink_batch *batch, struct nl_msg *message);
void netlink_batch_done(struct netlink_batch *batch);
static inline unused void netlink_batch_done_p(struct netlink_batch *batch)
{
	netlink_batch_done(batch);
}

/* Sends all and waits for their answers. 0; or the first message's error that has one, with its words; or -errno of the
 * socket (then all errors are that). */
int netlink_batch_send(struct netlink *netlink, struct netlink_batch *batch);

/* Sends all to nf_tables as one transaction: all is done, or nothing. 0; or the first message's error that has one. */
int netlink_transact(struct netlink *netlink, const struct netlink_batch *batch);

/* One message alone, which is taken over (and may be NULL: memory is out). */
int netlink_send(struct netlink *netlink, struct nl_msg *message);

/* Sends a request, which is taken over, that has one message for an answer: to be freed. */
int netlink_get(struct netlink *netlink, struct nl_msg *request, struct nlmsghdr **ret);

/* Calls on_message with each message of a dump, once it is whole; it may return a negative errno to end that. The request is
 * taken over. -E2BIG: it has more than netlink->dump_max; the socket is to be closed then, since the rest is still to come. */
int netlink_dump(struct netlink *netlink, struct nl_msg *request,
	int (*on_message)(struct nlmsghdr *header, void *userdata), void *userdata);
