/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * pager - long output on a terminal, page by page
 *
 * less ends by itself where all fits on the screen (F), leaves it there (X) and passes colours on (R). Where no pager can
 * be run, the child itself copies what comes, so that nothing is lost.
 */
#include "pager.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/wait.h>

static pid_t pager;

static void copy(void)
{
	char buffer[4096];
	ssize_t n;

	while ((n = read(STDIN_FILENO, buffer, sizeof(buffer))) > 0) {
		for (ssize_t sent = 0, m; sent < n; sent += m) {
			m = write(STDOUT_FILENO, buffer + sent, (size_t)(n - sent));
			if (m < 0)
				_exit(EXIT_FAILURE);
		}
	}
	_exit(n < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}

_Noreturn static void run_pager(int from)
{
	const char *chosen;

	if (dup2(from, STDIN_FILENO) < 0)
		_exit(EXIT_FAILURE);
	(void)setenv("LESS", "FRX", 0);
	chosen = getenv("PAGER");
	/* Neither waits for a key where all was shown. */
	if (chosen && *chosen) {
		(void)execl("/bin/sh", "sh", "-c", chosen, NULL);
	} else {
		(void)execlp("less", "less", NULL);
		(void)execlp("more", "more", "-e", NULL);
	}
	copy();
	_exit(EXIT_FAILURE);
}

void pager_start(const struct options *options)
{
	const char *chosen = getenv("PAGER");
	int ends[2];

	if (pager > 0 || options->has_no_pager || options->json != OPTIONS_JSON_OFF ||
		options->is_quiet || !options->is_terminal || (chosen && streq(chosen, "cat")))
		return;
	/* Without a pager the output is as good, only longer. */
	if (pipe2(ends, O_CLOEXEC) < 0)
		return;
	(void)fflush(stdout);
	pager = fork();
	if (pager == 0)
		run_pager(ends[0]);
	(void)close_fd(ends[0]);
	if (pager > 0 && dup2(ends[1], STDOUT_FILENO) < 0)
		abort();
	(void)close_fd(ends[1]);
}

void pager_end(void)
{
	if (pager <= 0)
		return;
	(void)fclose(stdout);
	while (waitpid(pager, NULL, 0) < 0 && errno == EINTR)
		continue;
	pager = 0;
}
