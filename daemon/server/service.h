/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * service - org.varlink.service: what every Varlink service tells of itself
 */
#pragma once

#include "dispatch.h"
#include "server.h"

/* The userdata of its handlers. */
struct varlink_service_context {
	const struct server_info *info;
	const struct dispatch *dispatch;
};

/* Adds the interface; the context must outlive the dispatch. */
void service_add(struct dispatch *dispatch, struct varlink_service_context *context);
