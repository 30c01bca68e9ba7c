/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * traffic - what has gone through the links of the host, as it counts
 */
#include "traffic.h"

#include <stdio.h>

#include "base.h"
#include "call.h"

/* What stands in a line of it behind the name. */
enum { RECEIVED_BYTES, RECEIVED_PACKETS, SENT_BYTES = 8, SENT_PACKETS, FIELDS };

/* "  nsv0:    360       4    0    0    0     0          0         0      450       5 ..." */
static bool read_line(const char *line, struct traffic_link *ret)
{
	const char *name = line + strspn(line, " "), *rest = strchr(name, ':');
	uint64_t fields[FIELDS];

	if (!rest || (size_t)(rest - name) >= sizeof(ret->name))
		return false;
	*ret = (struct traffic_link){ 0 };
	memcpy(ret->name, name, (size_t)(rest - name));
	rest++;
	for (size_t i = 0; i < FIELDS; i++) {
		char *end;

		fields[i] = strtoull(rest, &end, 10);
		if (end == rest)
			return false;
		rest = end;
	}
	ret->received_bytes = fields[RECEIVED_BYTES];
	ret->received_packets = fields[RECEIVED_PACKETS];
	ret->sent_bytes = fields[SENT_BYTES];
	ret->sent_packets = fields[SENT_PACKETS];
	return true;
}

static int compare(const void *a, const void *b)
{
	return strcmp(
		((const struct traffic_link *)a)->name, ((const struct traffic_link *)b)->name);
}

struct traffic traffic_look(struct arena *arena)
{
	struct traffic traffic = { .time = call_now() };
	FILE *file = fopen("/proc/self/net/dev", "re");
	struct traffic_link link;
	char line[512];

	while (file && fgets(line, sizeof(line), file)) {
		if (!read_line(line, &link))
			continue;
		traffic.links = arena_grow(arena, traffic.links, traffic.n, sizeof(*traffic.links));
		traffic.links[traffic.n++] = link;
	}
	if (file)
		(void)fclose(file);
	if (traffic.n > 0)
		qsort(traffic.links, traffic.n, sizeof(*traffic.links), compare);
	return traffic;
}

const struct traffic_link *traffic_find(const struct traffic *traffic, const char *name)
{
	struct traffic_link key = { .name = "" };

	if (!name || strlen(name) >= sizeof(key.name) || traffic->n == 0)
		return NULL;
	memcpy(key.name, name, strlen(name) + 1);
	return bsearch(&key, traffic->links, traffic->n, sizeof(key), compare);
}
