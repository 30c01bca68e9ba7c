/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * shape - how the traffic of one attachment is shaped, seen from its namespace
 */
#include "shape.h"

/* What is left out is 0: not at all. */
static bool read_value(const struct maybe_int *wish, int64_t least, int64_t most, int64_t *ret)
{
	*ret = wish->is_set ? wish->value : 0;
	return !wish->is_set || (wish->value >= least && wish->value <= most);
}

const char *shape_read(const struct nsnet_shaping *wish, struct shape *ret)
{
	int64_t send_rate, receive_rate, delay, jitter, loss;

	if (!wish) {
		*ret = (struct shape){ 0 };
		return NULL;
	}
	if (!read_value(&wish->send_rate, SHAPE_RATE_MIN, SHAPE_RATE_MAX, &send_rate))
		return "sendRate";
	if (!read_value(&wish->receive_rate, SHAPE_RATE_MIN, SHAPE_RATE_MAX, &receive_rate))
		return "receiveRate";
	if (!read_value(&wish->delay, 0, SHAPE_DELAY_MAX, &delay))
		return "delay";
	if (!read_value(&wish->jitter, 0, delay, &jitter))
		return "jitter";
	if (!read_value(&wish->loss, 0, SHAPE_LOSS_MAX, &loss))
		return "loss";
	*ret = (struct shape){
		.send_rate = (uint64_t)send_rate,
		.receive_rate = (uint64_t)receive_rate,
		.delay = (uint32_t)delay,
		.jitter = (uint32_t)jitter,
		.loss = (uint32_t)loss,
	};
	return NULL;
}
