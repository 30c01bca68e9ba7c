/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * lap - how long each of many took, and a line of JSON about it
 */
#include "lap.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

static double *laps, started, spent;
static size_t n_laps, n_room, n_failed;
static char why[512];

int lap_must(int r, const char *what)
{
	if (r < 0) {
		fprintf(stderr, "%s: %s: %s\n", program_invocation_short_name, what,
			strerror(errno));
		exit(1);
	}
	return r;
}

double lap_now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static double cpu(void)
{
	struct rusage usage;

	getrusage(RUSAGE_SELF, &usage);
	return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 +
	       (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

void lap_start(void)
{
	n_laps = n_failed = 0;
	why[0] = '\0';
	started = lap_now();
	spent = cpu();
}

void lap_add(double us)
{
	if (n_laps == n_room) {
		n_room = n_room * 2 + 1024;
		laps = reallocarray(laps, n_room, sizeof(*laps));
		lap_must(laps ? 0 : -1, "memory");
	}
	laps[n_laps++] = us;
}

void lap_fail(const char *text)
{
	if (n_failed++ == 0)
		snprintf(why, sizeof(why), "%s", text);
}

void lap_report(void)
{
	double total = lap_now() - started;
	struct timespec t;

	spent = cpu() - spent;
	printf("{\"us\": [");
	for (size_t i = 0; i < n_laps; i++)
		printf("%s%.1f", i > 0 ? ", " : "", laps[i]);
	clock_gettime(CLOCK_REALTIME, &t);
	printf("], \"total\": %.1f, \"cpu\": %.0f, \"at\": %lld.%06ld, \"failed\": %zu, \"why\": \"",
		total, spent, (long long)t.tv_sec, t.tv_nsec / 1000, n_failed);
	for (const char *c = why; *c; c++)
		if (*c == '"' || *c == '\\')
			printf("\\%c", *c);
		else if (*c >= ' ')
			putchar(*c);
	printf("\"}\n");
	fflush(stdout);
}
