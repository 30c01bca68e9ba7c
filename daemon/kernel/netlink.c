/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * netlink - a netlink socket with a reader of its own for answers
 */
#include "netlink.h"

#include <arpa/inet.h>
#include <linux/netfilter/nfnetlink.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>

define_cleanup(struct nl_msg *, nlmsg_free);

/* The most that the kernel puts into one datagram of a dump. */
#define DATAGRAM_MAX 32768U
/* What no message of ours is longer than: libnl would take, and clear, a page for each. */
#define MESSAGE_MAX 1000U
/* How often a dump is begun anew that somebody's change has spoiled. */
#define DUMP_TRIES 16
/* How often an answer is asked for that there was no memory to receive. */
#define RECEIVE_TRIES 16U

static int open_protocol(int protocol, struct netlink *ret)
{
	/* An answer is there when sendmsg() returns: this only keeps a lost one from being waited for for ever. */
	static const struct timeval patience = { .tv_sec = 10 };
	static const int on = 1;
	autoclose int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, protocol);

	if (fd < 0)
		return neg();
	if (setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on)) < 0 ||
		setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on)) < 0 ||
		setsockopt(fd, SOL_NETLINK, NETLINK_GET_STRICT_CHK, &on, sizeof(on)) < 0 ||
		setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) < 0)
		return neg();
	*ret = (struct netlink){ .fd = take_fd(&fd) };
	return 0;
}

int netlink_open(struct netlink *ret)
{
	return open_protocol(NETLINK_ROUTE, ret);
}

int netlink_open_netfilter(struct netlink *ret)
{
	return open_protocol(NETLINK_NETFILTER, ret);
}

int netlink_open_diag(struct netlink *ret)
{
	return open_protocol(NETLINK_SOCK_DIAG, ret);
}

void netlink_close(struct netlink *netlink)
{
	netlink->fd = close_fd(netlink->fd);
}

/* The interface ioctls work on a socket of any family. */
int netlink_index(const struct netlink *netlink, const char *name)
{
	struct ifreq request = { 0 };
	size_t n = strlen(name);

	if (n >= sizeof(request.ifr_name))
		return -ENODEV;
	memcpy(request.ifr_name, name, n);
	if (ioctl(netlink->fd, SIOCGIFINDEX, &request) < 0)
		return neg();
	return request.ifr_ifindex;
}

int netlink_name(const struct netlink *netlink, int index, char ret[INTERFACE_SIZE])
{
	struct ifreq request = { .ifr_ifindex = index };

	if (ioctl(netlink->fd, SIOCGIFNAME, &request) < 0)
		return neg();
	memcpy(ret, request.ifr_name, INTERFACE_SIZE - 1);
	ret[INTERFACE_SIZE - 1] = 0;
	return 0;
}

int netlink_mtu(const struct netlink *netlink, const char *name)
{
	struct ifreq request = { 0 };
	size_t n = strlen(name);

	if (n >= sizeof(request.ifr_name))
		return -ENODEV;
	memcpy(request.ifr_name, name, n);
	return ioctl(netlink->fd, SIOCGIFMTU, &request) < 0 ? neg() : request.ifr_mtu;
}

struct nl_msg *netlink_message(int type, int flags, const void *header, size_t n)
{
	cleanup(nlmsg_free) struct nl_msg *message = nlmsg_alloc_size(MESSAGE_MAX);

	if (!message || !nlmsg_put(message, 0, 0, type, 0, NLM_F_REQUEST | flags) ||
		nlmsg_append(message, (void *)header, n, NLMSG_ALIGNTO) < 0)
		return NULL;
	return take(message);
}

void netlink_batch_add(struct netlink_batch *batch, struct nl_msg *message)
{
	assert(batch->n < NETLINK_BATCH_MAX);
	if (message)
		batch->messages[batch->n++] = message;
	else
		batch->is_out_of_memory = true;
}

void netlink_batch_done(struct netlink_batch *batch)
{
	while (batch->n > 0)
		nlmsg_free(batch->messages[--batch->n]);
}

/* A transaction has a message before and one behind. */
#define MESSAGES_MAX (NETLINK_BATCH_MAX + 2)

static int send_all(
	const struct netlink *netlink, struct nl_msg *const *messages, size_t n_messages)
{
	struct sockaddr_nl kernel = { .nl_family = AF_NETLINK };
	struct iovec parts[MESSAGES_MAX];
	struct msghdr datagram = {
		.msg_name = &kernel,
		.msg_namelen = sizeof(kernel),
		.msg_iov = parts,
		.msg_iovlen = n_messages,
	};
	ssize_t n;

	for (size_t i = 0; i < n_messages; i++) {
		struct nlmsghdr *header = nlmsg_hdr(messages[i]);

		parts[i] = (struct iovec){ header, NLMSG_ALIGN(header->nlmsg_len) };
	}
	do
		n = sendmsg(netlink->fd, &datagram, 0);
	while (n < 0 && errno == EINTR);
	return n < 0 ? neg() : 0;
}

/* One datagram from the kernel: its length; others' are dropped. */
static ssize_t receive(const struct netlink *netlink, void *buffer, size_t size)
{
	for (unsigned tries = 0;;) {
		struct sockaddr_nl from = { 0 };
		socklen_t n_from = sizeof(from);
		ssize_t n = recvfrom(netlink->fd, buffer, size, MSG_TRUNC, (void *)&from, &n_from);

		if (n < 0 && errno == EINTR)
			continue;
		/* It is there still, and without it nobody knows what was done. */
		if (n < 0 && errno == ENOMEM && tries++ < RECEIVE_TRIES)
			continue;
		if (n < 0)
			return errno == EAGAIN ? -ETIMEDOUT : neg();
		if (n_from != sizeof(from) || from.nl_pid != 0)
			continue;
		if ((size_t)n > size)
			return -EMSGSIZE;
		return n;
	}
}

/* An errno as the kernel tells it: nothing else is one, and INT_MIN has no opposite. */
#define ERRNO_MAX 4095

static int told(int error)
{
	return error >= -ERRNO_MAX && error <= 0 ? error : -EBADMSG;
}

/* What an answer says: 0, or -errno; then the kernel's words as well. */
static int read_error(struct netlink *netlink, struct nlmsghdr *header)
{
	struct nlattr *attributes[NLMSGERR_ATTR_MAX + 1] = { NULL };
	const struct nlmsgerr *answer = nlmsg_data(header);
	size_t n = sizeof(*answer);

	netlink->words[0] = 0;
	if (nlmsg_datalen(header) < (int)sizeof(*answer))
		return -EBADMSG;
	if (answer->error == 0)
		return 0;
	if (!(header->nlmsg_flags & NLM_F_CAPPED))
		n += NLMSG_ALIGN(answer->msg.nlmsg_len) - sizeof(answer->msg);
	if (header->nlmsg_flags & NLM_F_ACK_TLVS && n <= (size_t)nlmsg_datalen(header) &&
		nlmsg_parse(header, (int)n, attributes, NLMSGERR_ATTR_MAX, NULL) == 0 &&
		attributes[NLMSGERR_ATTR_MSG])
		(void)nla_strlcpy(
			netlink->words, attributes[NLMSGERR_ATTR_MSG], sizeof(netlink->words));
	return told(answer->error);
}

/* Reads the answers to n messages that began with a sequence number: the last one is answered in any case, those before where
 * they failed. */
static int read_answers(struct netlink *netlink, struct netlink_batch *batch, uint32_t first)
{
	char buffer[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
	char words[NETLINK_WORDS_SIZE] = "";
	bool is_over = false;
	int result = 0;

	while (!is_over) {
		ssize_t received = receive(netlink, buffer, sizeof(buffer));
		int n = (int)received;

		if (received < 0)
			return (int)received;
		for (struct nlmsghdr *h = (void *)buffer; nlmsg_ok(h, n); h = nlmsg_next(h, &n)) {
			uint32_t i = h->nlmsg_seq - first;

			if (h->nlmsg_type != NLMSG_ERROR || i >= batch->n)
				continue;
			is_over |= i == batch->n - 1;
			batch->errors[i] = read_error(netlink, h);
			if (batch->errors[i] < 0 && result == 0) {
				result = batch->errors[i];
				memcpy(words, netlink->words, sizeof(words));
			}
		}
	}
	for (size_t i = 0; i < batch->n; i++)
		if (batch->errors[i] == -EINPROGRESS)
			batch->errors[i] = 0;
	memcpy(netlink->words, words, sizeof(words));
	return result;
}

int netlink_batch_send(struct netlink *netlink, struct netlink_batch *batch)
{
	uint32_t first = netlink->sequence + 1;
	bool is_answered = false;
	int r = -ENOMEM;

	netlink->words[0] = 0;
	if (batch->n == 0 && !batch->is_out_of_memory)
		return 0;
	if (!batch->is_out_of_memory) {
		for (size_t i = 0; i < batch->n; i++) {
			struct nlmsghdr *header = nlmsg_hdr(batch->messages[i]);

			header->nlmsg_seq = ++netlink->sequence;
			header->nlmsg_flags |= NLM_F_REQUEST;
			if (i == batch->n - 1)
				header->nlmsg_flags |= NLM_F_ACK;
			batch->errors[i] = -EINPROGRESS;
		}
		r = send_all(netlink, batch->messages, batch->n);
		if (r == 0)
			r = read_answers(netlink, batch, first);
		for (size_t i = 0; i < batch->n; i++)
			is_answered |= batch->errors[i] != -EINPROGRESS;
	}
	/* What has no answer was not done as far as we can know. */
	for (size_t i = 0; i < batch->n; i++)
		if (!is_answered || batch->errors[i] == -EINPROGRESS)
			batch->errors[i] = r;
	return r;
}

/* Reads until the last message of a transaction is answered, or the first one, which is only answered when it is refused. */
static int read_verdict(struct netlink *netlink, uint32_t first, uint32_t last)
{
	char buffer[8192] __attribute__((aligned(NLMSG_ALIGNTO)));
	char words[NETLINK_WORDS_SIZE] = "";
	bool is_over = false;
	int result = 0;

	while (!is_over) {
		ssize_t received = receive(netlink, buffer, sizeof(buffer));
		int n = (int)received;

		if (received < 0)
			return result < 0 ? result : (int)received;
		for (struct nlmsghdr *h = (void *)buffer; nlmsg_ok(h, n); h = nlmsg_next(h, &n)) {
			int r;

			if (h->nlmsg_type != NLMSG_ERROR || h->nlmsg_seq - first > last - first)
				continue;
			r = read_error(netlink, h);
			if (r < 0 && result == 0) {
				result = r;
				memcpy(words, netlink->words, sizeof(words));
			}
			is_over |= h->nlmsg_seq == last || h->nlmsg_seq == first;
		}
	}
	memcpy(netlink->words, words, sizeof(words));
	return result;
}

int netlink_transact(struct netlink *netlink, const struct netlink_batch *batch)
{
	const struct nfgenmsg header = {
		.nfgen_family = AF_UNSPEC,
		.version = NFNETLINK_V0,
		.res_id = htons(NFNL_SUBSYS_NFTABLES),
	};
	cleanup(nlmsg_free) struct nl_msg *begin =
		netlink_message(NFNL_MSG_BATCH_BEGIN, 0, &header, sizeof(header));
	cleanup(nlmsg_free) struct nl_msg *end =
		netlink_message(NFNL_MSG_BATCH_END, 0, &header, sizeof(header));
	struct nl_msg *messages[MESSAGES_MAX];
	uint32_t first = netlink->sequence + 1;
	int r;

	netlink->words[0] = 0;
	if (batch->is_out_of_memory || !begin || !end)
		return -ENOMEM;
	messages[0] = begin;
	for (size_t i = 0; i < batch->n; i++)
		messages[i + 1] = batch->messages[i];
	messages[batch->n + 1] = end;
	for (size_t i = 0; i < batch->n + 2; i++)
		nlmsg_hdr(messages[i])->nlmsg_seq = ++netlink->sequence;
	nlmsg_hdr(messages[batch->n])->nlmsg_flags |= NLM_F_ACK;
	r = send_all(netlink, messages, batch->n + 2);
	return r < 0 ? r : read_verdict(netlink, first, netlink->sequence - 1);
}

int netlink_send(struct netlink *netlink, struct nl_msg *message)
{
	__attribute__((__cleanup__(netlink_batch_done_p))) struct netlink_batch batch = { .n = 0 };

	netlink_batch_add(&batch, message);
	return netlink_batch_send(netlink, &batch);
}

static int send_request(struct netlink *netlink, struct nl_msg *request)
{
	netlink->words[0] = 0;
	nlmsg_hdr(request)->nlmsg_seq = ++netlink->sequence;
	return send_all(netlink, &request, 1);
}

int netlink_get(struct netlink *netlink, struct nl_msg *request, struct nlmsghdr **ret)
{
	cleanup(nlmsg_free) struct nl_msg *taken = request;
	char buffer[DATAGRAM_MAX] __attribute__((aligned(NLMSG_ALIGNTO)));
	int r;

	if (!taken)
		return -ENOMEM;
	r = send_request(netlink, taken);
	while (r == 0) {
		ssize_t received = receive(netlink, buffer, sizeof(buffer));
		struct nlmsghdr *header = (void *)buffer;

		if (received < 0)
			return (int)received;
		if (!nlmsg_ok(header, (int)received) || header->nlmsg_seq != netlink->sequence)
			continue;
		if (header->nlmsg_type == NLMSG_ERROR) {
			r = read_error(netlink, header);
			return r < 0 ? r : -EBADMSG;
		}
		*ret = malloc(header->nlmsg_len);
		if (!*ret)
			return -ENOMEM;
		memcpy(*ret, header, header->nlmsg_len);
		return 0;
	}
	return r;
}

/* The datagrams of a dump, one behind the other. */
struct collected {
	char *bytes;
	size_t n, allocated;
	bool is_whole, is_spoiled;
};

/* Looks whether the datagram at the end closes the dump. */
static int check_datagram(struct netlink *netlink, struct collected *collected, size_t n)
{
	int left = (int)n;

	for (struct nlmsghdr *h = (void *)(collected->bytes + collected->n); nlmsg_ok(h, left);
		h = nlmsg_next(h, &left)) {
		if (h->nlmsg_seq != netlink->sequence)
			return 0;
		collected->is_spoiled |= (h->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
		if (h->nlmsg_type == NLMSG_ERROR) {
			int r = read_error(netlink, h);

			return r < 0 ? r : -EBADMSG;
		}
		if (h->nlmsg_type == NLMSG_DONE) {
			const int *error = nlmsg_data(h);

			collected->is_whole = true;
			if (nlmsg_datalen(h) >= (int)sizeof(*error) && *error != 0)
				return told(*error);
		}
	}
	collected->n += NLMSG_ALIGN(n);
	return 0;
}

static int collect(struct netlink *netlink, struct collected *collected)
{
	collected->n = 0;
	collected->is_whole = collected->is_spoiled = false;
	while (!collected->is_whole) {
		ssize_t received;
		int r;

		if (collected->allocated - collected->n < DATAGRAM_MAX) {
			size_t allocated = 2 * collected->allocated + DATAGRAM_MAX;
			char *bytes = realloc(collected->bytes, allocated);

			if (!bytes)
				return -ENOMEM;
			collected->bytes = bytes;
			collected->allocated = allocated;
		}
		received = receive(netlink, collected->bytes + collected->n, DATAGRAM_MAX);
		if (received < 0)
			return (int)received;
		r = check_datagram(netlink, collected, (size_t)received);
		if (r < 0)
			return r;
		if (netlink->dump_max > 0 && collected->n > netlink->dump_max)
			return -E2BIG;
	}
	return 0;
}

int netlink_dump(struct netlink *netlink, struct nl_msg *request,
	int (*on_message)(struct nlmsghdr *header, void *userdata), void *userdata)
{
	cleanup(nlmsg_free) struct nl_msg *taken = request;
	struct collected collected = { .bytes = NULL };
	autofree char *bytes = NULL;
	int r = taken ? 0 : -ENOMEM, left;

	for (int tries = 0; r == 0 && (tries == 0 || collected.is_spoiled); tries++) {
		if (tries == DUMP_TRIES)
			r = -EAGAIN;
		if (r == 0)
			r = send_request(netlink, taken);
		if (r == 0)
			r = collect(netlink, &collected);
	}
	bytes = collected.bytes;
	left = (int)collected.n;
	for (struct nlmsghdr *h = (void *)bytes; r == 0 && h && nlmsg_ok(h, left);
		h = nlmsg_next(h, &left))
		if (h->nlmsg_type != NLMSG_DONE)
			r = on_message(h, userdata);
	return r;
}
