/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * order - what nsnetctl tells itself over the channel between its two ends: outside, and inside a namespace that is lent
 *
 * The channel is a pair of sockets that keep messages apart. The first message is the order, with the descriptors of enum
 * order_fd beside it; then signals go in, and reports come out. Whichever end sees the other one's end of file ends.
 */
#pragma once

#include <stdint.h>
#include <sys/resource.h>

#define ORDER_MAGIC 0x6e736e31U

enum order_fd {
	ORDER_TEXTS, /* a memory file: arguments, then variables, each with its NUL */
	ORDER_DIRECTORY,
	ORDER_INPUT,
	ORDER_OUTPUT,
	ORDER_ERROR,
	ORDER_FDS,
};

struct order {
	uint32_t magic;
	uint32_t n_arguments, n_variables;
	uint32_t mask;         /* of umask(2) */
	uint32_t has_terminal; /* the input is one of its own, which it is to have for itself */
	struct rlimit limits[RLIM_NLIMITS];
};

enum report_type {
	REPORT_NOT_FOUND, /* number: errno */
	REPORT_NOT_RUN,   /* number: errno; something else than the command */
	REPORT_STARTED,
	REPORT_EXITED, /* number: the status */
	REPORT_KILLED, /* number: of the signal */
};

struct report {
	uint32_t type; /* enum report_type */
	int32_t number;
};

/* Texts are no longer than the kernel would take them. */
#define ORDER_TEXTS_MAX (8U * 1024U * 1024U)
