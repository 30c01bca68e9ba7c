/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * program - a program that is to run in a namespace, by somebody else's hand
 *
 * Methods make one, all of it checked; a runner runs it.
 */
#pragma once

#include "kernel.h"

struct program {
	const char *name; /* of the namespace */
	const char *path; /* of it */
	uid_t uid;
	gid_t gid;
	const gid_t *groups;
	size_t n_groups;
	struct string_list arguments; /* the first: where it lies */
	struct string_list environment;
	const char *directory;
	mode_t mask;
	int fds[3]; /* standard input, output and error */
	const struct kernel_view *view;
	bool may_gain_privileges;
};

/* How it ended. */
enum program_way {
	PROGRAM_REFUSED, /* it was not started: text says why */
	PROGRAM_EXITED,  /* number: its status */
	PROGRAM_KILLED,  /* number: of the signal */
};
struct program_end {
	enum program_way way;
	int number;
	const char *text;
};

struct program_listener {
	void (*on_started)(void *userdata, pid_t pid);
	/* The last that is told. */
	void (*on_ended)(void *userdata, const struct program_end *end);
	void *userdata;
};

struct program_runner {
	/* 0, and what the others call it; or -errno: nothing will be told. NULL: there is nobody who would. */
	int (*start)(void *userdata, const struct program *program,
		const struct program_listener *listener, void **ret);
	void (*stop)(void *program);  /* its end is told when it has come */
	void (*leave)(void *program); /* it goes on, and nothing is told of it any more */
	void *userdata;
};
