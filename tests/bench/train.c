/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * train - netlink messages one after the other, sent together
 */
#include "train.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>

#include "lap.h"

static struct {
	_Alignas(NLMSG_ALIGNTO) char bytes[16384];
	size_t length;
	struct nlmsghdr *last;
	uint32_t sequence;
} train;

void *train_put(size_t size)
{
	void *at = train.bytes + train.length;

	if (train.length + NLMSG_ALIGN(size) > sizeof(train.bytes)) {
		errno = EMSGSIZE;
		(void)lap_must(-1, "message");
	}
	memset(at, 0, NLMSG_ALIGN(size));
	train.length += NLMSG_ALIGN(size);
	train.last->nlmsg_len = (uint32_t)(train.bytes + train.length - (char *)train.last);
	return at;
}

void train_message(uint16_t type, uint16_t flags, const void *header, size_t size)
{
	train.last = (struct nlmsghdr *)(void *)(train.bytes + train.length);
	*(struct nlmsghdr *)train_put(sizeof(struct nlmsghdr)) = (struct nlmsghdr){
		.nlmsg_len = sizeof(struct nlmsghdr),
		.nlmsg_type = type,
		.nlmsg_flags = NLM_F_REQUEST | flags,
		.nlmsg_seq = ++train.sequence,
	};
	memcpy(train_put(size), header, size);
}

struct rtattr *train_attribute(uint16_t type, const void *value, size_t size)
{
	struct rtattr *a = train_put(RTA_LENGTH(size));

	*a = (struct rtattr){ .rta_len = (uint16_t)RTA_LENGTH(size), .rta_type = type };
	if (size > 0)
		memcpy(RTA_DATA(a), value, size);
	return a;
}

void train_attribute_u32(uint16_t type, uint32_t value)
{
	train_attribute(type, &value, sizeof(value));
}

void train_attribute_u8(uint16_t type, uint8_t value)
{
	train_attribute(type, &value, sizeof(value));
}

void train_attribute_text(uint16_t type, const char *text)
{
	train_attribute(type, text, strlen(text) + 1);
}

struct rtattr *train_nest(uint16_t type)
{
	return train_attribute((uint16_t)(type | NLA_F_NESTED), NULL, 0);
}

void train_end(struct rtattr *nested)
{
	nested->rta_len = (uint16_t)(train.bytes + train.length - (char *)nested);
}

/* Sends what was collected, and waits for the answer to its last message. An error is one of any of them; that of a link that is not
 * there is handed back. */
int train_send(int fd)
{
	static _Alignas(NLMSG_ALIGNTO) char answer[32768];
	bool is_over = false;
	int r = 0;

	train.last->nlmsg_flags |= train.last->nlmsg_type == RTM_GETLINK ? 0 : NLM_F_ACK;
	lap_must((int)send(fd, train.bytes, train.length, 0), "send");
	while (!is_over) {
		int n = lap_must((int)recv(fd, answer, sizeof(answer), 0), "recv");

		for (struct nlmsghdr *h = (void *)answer; NLMSG_OK(h, (unsigned)n);
			h = NLMSG_NEXT(h, n)) {
			const struct nlmsgerr *e = NLMSG_DATA(h);

			is_over = h->nlmsg_seq == train.last->nlmsg_seq;
			if (h->nlmsg_type != NLMSG_ERROR || e->error == 0)
				continue;
			errno = -e->error;
			r = -errno;
			if (r != -ENODEV)
				lap_must(-1, "the kernel refuses a message");
		}
	}
	train.length = 0;
	return r;
}

bool train_is_loaded(void)
{
	return train.length > 0;
}
