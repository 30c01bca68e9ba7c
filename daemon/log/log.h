/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * log - lines for the journal, with fields, or for stderr where that is not the journal
 *
 *     log_about(LOG_INFO, &(struct log_fields){ .namespace_name = "ns1", .uid = 1000 }, "namespace made");
 *     log_line(LOG_ERR, "%s: %m", path);
 */
#pragma once

#include <sys/types.h>
#include <syslog.h>

#include "base.h"

#define LOG_UID_NONE ((uid_t)UINT32_MAX)

struct log_fields {
	const char *namespace_name; /* NSNET_NAMESPACE= */
	const char *network_name;   /* NSNET_NETWORK= */
	uid_t uid;                  /* NSNET_UID=; LOG_UID_NONE for none */
};

/* Looks where stderr leads (by $JOURNAL_STREAM); lines above the level (LOG_DEBUG, …) are dropped. */
void log_open(int level);
void log_set_level(int level);

void log_line(int level, const char *format, ...) attribute_printf(2, 3);
void log_about(int level, const struct log_fields *fields, const char *format, ...)
	attribute_printf(3, 4);
