/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * terminal - a terminal for a program elsewhere, whose other end is the one that nsnetctl has
 *
 * While it is relayed the own one is raw: each key goes to the other, where it means what it means. Only in the foreground: in the
 * background nothing is read and nothing is set. However this process ends, the terminal is put in order again.
 */
#pragma once

#include <termios.h>

#include "problem.h"

struct terminal {
	int fd;     /* the own one; negative: there is none, and the rest is of no use */
	int output; /* where what the program writes goes */
	int master, slave;
	int guard; /* whoever holds the other end waits for this process */
	pid_t guard_pid;
	struct termios before;
	bool is_raw;
	bool is_input_over;
	bool is_quiet;    /* nobody has the other one open at the moment */
	char typed[4096]; /* and not passed on yet */
	size_t n_typed;
};

/* Where the standard input is a terminal, makes another one like it; else there is none. 0, or a problem. */
int terminal_open(struct terminal *terminal, struct problem *problem);
/* Puts it in order. */
void terminal_close(struct terminal *terminal);

/* Raw where this process is in the foreground now. */
void terminal_take(struct terminal *terminal);
/* As it was before. */
void terminal_give(struct terminal *terminal);
/* The size of the own one is that of the other. */
void terminal_resize(const struct terminal *terminal);

/* What is to be waited for, by poll(2): two of them. */
#define TERMINAL_POLLS 2
struct pollfd;
void terminal_watch(const struct terminal *terminal, struct pollfd *ret);
/* Passes on what there is. False: the program's end is closed, and all that was written to it has been passed on. */
bool terminal_relay(struct terminal *terminal, const struct pollfd *polled);
