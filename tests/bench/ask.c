/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ask - asks a service, or runs a program, so many times, and tells how long each took
 *
 *	ask [SOCKET]
 *
 * Reads commands on standard input and answers each with a line of JSON (lap.h). Each %u stands for FIRST, FIRST + 1, …
 *
 *	single N GAP FIRST MESSAGE	connects, sends, waits for the reply, closes; GAP microseconds between two
 *	kept N GAP FIRST MESSAGE…	on one connection, one at a time; several messages (a tab between them) are one lap
 *	piped N WINDOW FIRST MESSAGE	on one connection, WINDOW of them under way; how long each took is not told
 *	more 1 0 0 MESSAGE		one that has many replies, until the last of them
 *	spawn N GAP FIRST WORD…		runs a program to its end. Words before it: NAME=VALUE for its environment, <FILE for its
 *					standard input
 *	links N				waits until this network namespace has no more than N links; the lap is how many it has
 */
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lap.h"
#include "rpc.h"

#define WORDS_MAX 2048

static const char *service;

static void rest_for(unsigned gap)
{
	if (gap > 0)
		usleep(gap);
}

static void ask_single(unsigned n, unsigned gap, unsigned first, const char *message)
{
	for (unsigned i = 0; i < n; i++) {
		const char *text = rpc_fill(message, first + i);
		double start = lap_now();
		int fd = rpc_connect(service);

		rpc_send(fd, text);
		rpc_receive(fd);
		close(fd);
		lap_add(lap_now() - start);
		rest_for(gap);
	}
}

static void ask_kept(unsigned n, unsigned gap, unsigned first, const char *messages)
{
	int fd = rpc_connect(service);

	for (unsigned i = 0; i < n; i++) {
		char *rest = rpc_fill(messages, first + i), *text;
		double start = lap_now();

		while ((text = strsep(&rest, "\t"))) {
			rpc_send(fd, text);
			rpc_receive(fd);
		}
		lap_add(lap_now() - start);
		rest_for(gap);
	}
	close(fd);
}

static void ask_piped(unsigned n, unsigned window, unsigned first, const char *message)
{
	int fd = rpc_connect(service);
	unsigned sent = 0, received = 0;

	while (received < n) {
		while (sent < n && sent - received < (window ? window : 1))
			rpc_send(fd, rpc_fill(message, first + sent++));
		received += rpc_receive(fd);
	}
	close(fd);
}

static void ask_more(unsigned n, unsigned x, unsigned first, const char *message)
{
	int fd = rpc_connect(service);
	double start = lap_now();

	(void)n;
	(void)x;
	rpc_send(fd, rpc_fill(message, first));
	while (rpc_receive_more(fd))
		;
	lap_add(lap_now() - start);
	close(fd);
}

/* Not by netlink: that would wait for those who take links away, and they for it. */
static unsigned count_links(void)
{
	FILE *file = fopen("/proc/thread-self/net/dev", "re");
	unsigned n = 0;
	int c;

	lap_must(file ? 0 : -1, "/proc/thread-self/net/dev");
	while ((c = getc(file)) != EOF)
		n += c == '\n';
	fclose(file);
	/* Two lines of headings. */
	return n - 2;
}

static void wait_links(unsigned n)
{
	unsigned there;

	while ((there = count_links()) > n)
		usleep(1000);
	lap_add(there);
}

/* Takes it apart; what comes before the program is for others. */
static char **split(char *text, char *words[WORDS_MAX], int *ret_input)
{
	char *rest = NULL, *value;
	size_t n = 0;

	for (char *w = strtok_r(text, " ", &rest); w; w = strtok_r(NULL, " ", &rest)) {
		if (n == 0 && w[0] == '<') {
			*ret_input = lap_must(open(w + 1, O_RDONLY | O_CLOEXEC), w + 1);
		} else if (n == 0 && (value = strchr(w, '='))) {
			*value = '\0';
			lap_must(setenv(w, value + 1, 1), "setenv");
		} else if (n + 1 < WORDS_MAX) {
			words[n++] = w;
		} else {
			lap_fail("too many words");
		}
	}
	words[n] = NULL;
	return words;
}

static void spawn(unsigned n, unsigned gap, unsigned first, const char *command)
{
	for (unsigned i = 0; i < n; i++) {
		char *text = rpc_fill(command, first + i), *words[WORDS_MAX];
		posix_spawn_file_actions_t actions;
		int input = -1, status = 0;
		double start;
		pid_t pid = -1;

		split(text, words, &input);
		posix_spawn_file_actions_init(&actions);
		if (input >= 0)
			posix_spawn_file_actions_adddup2(&actions, input, 0);
		else
			posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
		posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
		start = lap_now();
		errno = words[0] ? posix_spawnp(&pid, words[0], &actions, NULL, words, environ)
				 : EINVAL;
		lap_must(errno == 0 ? 0 : -1, "posix_spawn");
		lap_must(waitpid(pid, &status, 0), "waitpid");
		lap_add(lap_now() - start);
		if (status != 0)
			lap_fail(words[0]);
		posix_spawn_file_actions_destroy(&actions);
		if (input >= 0)
			close(input);
		rest_for(gap);
	}
}

static const struct {
	const char *name;
	void (*run)(unsigned n, unsigned x, unsigned first, const char *text);
} commands[] = {
	{ "single", ask_single },
	{ "kept", ask_kept },
	{ "piped", ask_piped },
	{ "more", ask_more },
	{ "spawn", spawn },
};

static int run(const char *line)
{
	char name[16];
	unsigned n, x, first;
	int at = 0;

	if (sscanf(line, "links %u", &n) == 1) {
		lap_start();
		wait_links(n);
		lap_report();
		return 0;
	}
	if (sscanf(line, "%15s %u %u %u %n", name, &n, &x, &first, &at) < 4 || at == 0)
		return -1;
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++) {
		if (strcmp(name, commands[i].name) != 0)
			continue;
		lap_start();
		commands[i].run(n, x, first, line + at);
		lap_report();
		return 0;
	}
	return -1;
}

int main(int argc, char **argv)
{
	static char line[32768];

	service = argc > 1 ? argv[1] : "";
	while (fgets(line, sizeof(line), stdin)) {
		line[strcspn(line, "\n")] = '\0';
		if (run(line) < 0) {
			fprintf(stderr, "ask: cannot do: %s\n", line);
			return 2;
		}
	}
	return 0;
}
