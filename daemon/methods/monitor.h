/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * monitor - who wants to hear of what happens to objects, and what they hear
 */
#pragma once

#include "methods.h"

/* What happened: to a namespace, to a network, or to neither. A deleted one is told of before it is freed. */
struct monitor_event {
	enum nsnet_event_kind kind;
	const struct ns *ns;
	const struct network *network;
	const struct peer *by; /* whose doing it was; NULL: the message says it */
	const char *message;
};

/* Tells all who may know of the object; what is about none, everybody. */
void monitor_tell(struct nsnet_context *context, const struct monitor_event *event);
