/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * child - a command as a child process, with this process as its stand-in towards whoever started it
 */
#pragma once

#include <signal.h>

#include "problem.h"

struct child {
	pid_t pid;    /* 0 in the child itself */
	bool is_init; /* the first process of a PID namespace */
	int64_t grace; /* microseconds a command gets to end after SIGTERM or SIGHUP; 0: as long as it takes */
	int proc;  /* the host's /proc */
	int guard; /* in the child: tells when the parent has ended */
	sigset_t watched;
	/* What the caller had. */
	sigset_t mask;
	struct sigaction on_child;
};

/* From here on signals wait until child_wait() takes them. */
void child_prepare(struct child *child);

/* The signal to end at that has come since; 0: none. */
int child_pending(const struct child *child);

/* Forks. In the child, signals are as the caller had them. 0, or a problem. */
int child_fork(struct child *child, struct problem *problem);

/* In the child: it dies with its parent from here on, at once if that has ended. Taking powers undoes it. */
void child_bind(struct child *child);

/* In the parent: passes signals on until the child has ended, or its grace is over; it stops where the child does. The exit status
 * to end with. */
int child_wait(struct child *child);
