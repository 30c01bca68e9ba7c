/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * traffic - how fast packets may go by a veth: tbf, and netem where the kernel has it
 *
 * What a namespace sends is shaped as it leaves the end inside, what it receives as it leaves the host's end. Which of the
 * three forms an end has is told by the handle of what is at its root:
 *
 *	1:  tbf                 a rate
 *	2:  netem               delay, jitter, loss
 *	3:  tbf, 4: netem       both: what is late already waits for its turn
 *
 * A form is put in place of another by one message and changed in place where it stays the same. netem is behind tbf and not
 * before it: tbf cuts large packets into small ones, which netem over it has long counted wrong until it stood still; and its
 * own rate lets them pass in one piece, 64 KiB at once however slow the link is.
 *
 * tbf counts what Ethernet carries. Its bucket is as large as what passes in 8 ms, so that a clock that is late by some costs
 * nothing, but takes any packet of 9000 bytes (one that does not fit is lost): a slow link does not begin with half a second
 * for nothing. The queue before it takes 50 ms at most speeds; a slow one has place for some packets.
 */
#include "traffic.h"

#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>

#include "link.h"
#include "log.h"
#include "netns.h"

define_cleanup(struct nl_msg *, nlmsg_free);

#define HANDLE_RATE  0x10000U
#define HANDLE_NETEM 0x20000U
#define HANDLE_BOTH  0x30000U
#define HANDLE_UNDER 0x40000U
#define CLASS_BOTH   (HANDLE_BOTH + 1)

/* Of the Ethernet header, and some tags. */
#define HEADER_MAX 32U
#define JUMBO_MTU  9216U
/* Packets under way, or before a slow link. More than that a namespace is not to make the kernel keep. */
#define NETEM_PACKETS_MAX 10000U
#define NETEM_PACKETS_MIN 64U
#define QUEUE_MIN         16384U
#define QUEUE_MAX         (16U * 1024U * 1024U)

/* One end of a veth, and what is to leave it: shape.send_rate and what comes after. */
struct end {
	struct netlink *netlink;
	const char *name;
	int index;
	struct shape before, after;
};

static bool is_shaped(const struct shape *shape)
{
	return shape->send_rate > 0 || shape_needs_netem(shape);
}

static struct nl_msg *message_of(int type, int flags, int index, uint32_t parent, uint32_t handle)
{
	const struct tcmsg header = {
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = index,
		.tcm_handle = handle,
		.tcm_parent = parent,
	};

	return netlink_message(type, flags, &header, sizeof(header));
}

static struct nl_msg *build(
	int index, uint32_t parent, uint32_t handle, const char *kind, struct nlattr **ret_options)
{
	cleanup(nlmsg_free) struct nl_msg *m =
		message_of(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_REPLACE, index, parent, handle);

	if (!m || nla_put_string(m, TCA_KIND, kind) < 0)
		return NULL;
	*ret_options = nla_nest_start(m, TCA_OPTIONS);
	return *ret_options ? take(m) : NULL;
}

/* bits per second, for a link of that MTU */
static struct nl_msg *build_rate(int index, uint32_t handle, uint64_t rate, unsigned mtu)
{
	uint64_t bytes = rate / 8, burst = bytes / 125, queue = bytes / 20;
	struct tc_tbf_qopt parameters = {
		/* The kernel reckons by itself, without a table of ours. */
		.rate.linklayer = TC_LINKLAYER_ETHERNET,
		.rate.rate = bytes > UINT32_MAX ? UINT32_MAX : (uint32_t)bytes,
	};
	struct nlattr *options = NULL;
	cleanup(nlmsg_free) struct nl_msg *m = build(index, TC_H_ROOT, handle, "tbf", &options);
	int r = 0;

	if (!m)
		return NULL;
	if (mtu < JUMBO_MTU)
		mtu = JUMBO_MTU;
	if (burst < mtu + HEADER_MAX)
		burst = mtu + HEADER_MAX;
	if (burst > UINT32_MAX / 4)
		burst = UINT32_MAX / 4;
	if (queue > QUEUE_MAX)
		queue = QUEUE_MAX;
	parameters.limit = (uint32_t)(queue + 2 * burst + QUEUE_MIN);
	r |= nla_put(m, TCA_TBF_PARMS, sizeof(parameters), &parameters);
	r |= nla_put_u32(m, TCA_TBF_BURST, (uint32_t)burst);
	if (bytes > UINT32_MAX)
		r |= nla_put_u64(m, TCA_TBF_RATE64, bytes);
	if (r < 0)
		return NULL;
	(void)nla_nest_end(m, options);
	return take(m);
}

/* How many packets it may hold: those under way, and before a slow link those that 100 ms take. */
static uint32_t netem_limit(const struct shape *shape)
{
	uint64_t usec = (uint64_t)shape->delay + shape->jitter + 100000;
	uint64_t packets = NETEM_PACKETS_MIN + shape->send_rate / 8 * usec / 1000000 / 500;

	return shape->send_rate == 0 || packets > NETEM_PACKETS_MAX ? NETEM_PACKETS_MAX
								    : (uint32_t)packets;
}

static struct nl_msg *build_netem(
	int index, uint32_t parent, uint32_t handle, const struct shape *shape)
{
	const struct tc_netem_qopt parameters = {
		.limit = netem_limit(shape),
		.loss = (uint32_t)((uint64_t)shape->loss * UINT32_MAX / SHAPE_LOSS_MAX),
	};
	struct nlattr *options = NULL;
	cleanup(nlmsg_free) struct nl_msg *m = build(index, parent, handle, "netem", &options);
	int r = 0;

	/* Its options have a struct before the attributes. In nanoseconds. */
	if (!m || nlmsg_append(m, (void *)&parameters, sizeof(parameters), NLMSG_ALIGNTO) < 0)
		return NULL;
	r |= nla_put_s64(m, TCA_NETEM_LATENCY64, (int64_t)shape->delay * 1000);
	r |= nla_put_s64(m, TCA_NETEM_JITTER64, (int64_t)shape->jitter * 1000);
	if (r < 0)
		return NULL;
	(void)nla_nest_end(m, options);
	return take(m);
}

/* Sends what is to be at the root of an end, and below. -ENOENT: the kernel does not know the kind. */
static int put(const struct end *end, const struct shape *shape)
{
	cleanup(netlink_batch_done) struct netlink_batch batch = { .n = 0 };
	int mtu = netlink_mtu(end->netlink, end->name), r;

	if (mtu < 0)
		return mtu;
	if (shape->send_rate == 0) {
		netlink_batch_add(&batch, build_netem(end->index, TC_H_ROOT, HANDLE_NETEM, shape));
	} else if (!shape_needs_netem(shape)) {
		netlink_batch_add(&batch,
			build_rate(end->index, HANDLE_RATE, shape->send_rate, (unsigned)mtu));
	} else {
		netlink_batch_add(&batch,
			build_rate(end->index, HANDLE_BOTH, shape->send_rate, (unsigned)mtu));
		netlink_batch_add(&batch, build_netem(end->index, CLASS_BOTH, HANDLE_UNDER, shape));
	}
	r = netlink_batch_send(end->netlink, &batch);
	return r == -ENOENT ? -EOPNOTSUPP : r;
}

static int clear(const struct end *end)
{
	int r = netlink_send(end->netlink, message_of(RTM_DELQDISC, 0, end->index, TC_H_ROOT, 0));

	/* Nothing but what every link has. */
	return r == -ENOENT ? 0 : r;
}

static int set(const struct end *end)
{
	if (is_shaped(&end->after))
		return end->index < 0 ? end->index : put(end, &end->after);
	/* With the link it is gone as well. What others have there stays. */
	if (!is_shaped(&end->before) || end->index == -ENODEV)
		return 0;
	return end->index < 0 ? end->index : clear(end);
}

static void put_back(const struct end *end)
{
	char words[NETLINK_WORDS_SIZE];
	int r;

	memcpy(words, end->netlink->words, sizeof(words));
	r = end->index < 0 ? 0 : is_shaped(&end->before) ? put(end, &end->before) : clear(end);
	if (r < 0)
		log_line(LOG_ERR, "cannot put back how %s is shaped: %s", end->name, strerror(-r));
	memcpy(end->netlink->words, words, sizeof(words));
}

static struct shape received(const struct shape *shape)
{
	return (struct shape){ .send_rate = shape->receive_rate };
}

int traffic_shape(struct kernel *kernel, const struct step *step)
{
	struct netns *netns = netns_find(kernel, step->netns);
	struct netlink *inside;
	int r = netns ? netns_inside(kernel, netns, &inside) : -ENOENT;

	if (r < 0)
		return r;
	const struct end ends[] = {
		{ inside, step->shape.peer, netlink_index(inside, step->shape.peer),
			step->shape.before, step->shape.after },
		{ &kernel->host, step->shape.port, link_find(kernel, step->shape.port),
			received(&step->shape.before), received(&step->shape.after) },
	};

	for (size_t i = 0; i < lengthof(ends); i++) {
		r = set(&ends[i]);
		if (r == 0)
			continue;
		for (size_t j = 0; j <= i; j++)
			put_back(&ends[j]);
		memcpy(kernel->host.words, ends[i].netlink->words, sizeof(kernel->host.words));
		break;
	}
	return r;
}

/* The kernel may load a module for it, so nobody asks before somebody wants to know. */
static void look(struct kernel *kernel)
{
	const struct shape late = { .delay = 1000 };
	struct netlink scratch;
	int r;

	if (kernel->has_tried_traffic)
		return;
	r = netns_open_scratch(kernel, &scratch);
	if (r < 0) {
		log_line(LOG_WARNING, "cannot try what traffic can be shaped with: %s",
			strerror(-r));
		return;
	}
	/* lo has index 1 in every namespace. A kind that the kernel has not is ENOENT. */
	r = netlink_send(&scratch, build_rate(1, HANDLE_RATE, 8000000, 1500));
	kernel->has_rate = r == 0;
	if (r == 0 || r == -ENOENT)
		r = netlink_send(&scratch, build_netem(1, TC_H_ROOT, HANDLE_NETEM, &late));
	kernel->has_netem = r == 0;
	kernel->has_tried_traffic = r == 0 || r == -ENOENT;
	netlink_close(&scratch);
}

bool traffic_has_rate(struct kernel *kernel)
{
	look(kernel);
	return kernel->has_rate;
}

bool traffic_has_netem(struct kernel *kernel)
{
	look(kernel);
	return kernel->has_netem;
}
