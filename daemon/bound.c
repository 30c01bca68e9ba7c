/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bound - units that stand for namespaces: nsnet@NAME.service stops when NAME is gone
 */
#include "bound.h"

#include <dirent.h>
#include <stdio.h>

#include "log.h"
#include "name.h"
#include "units.h"

#define PREFIX "nsnet@"
#define SUFFIX ".service"

#define PATH_SIZE 256

struct bound {
	sd_event *event;
	const struct registry *registry;
	const char *run;
	struct units *units; /* NULL: nothing was asked yet */
};

define_cleanup(DIR *, closedir);

struct bound *bound_new(sd_event *event, const struct registry *registry, const char *run)
{
	struct bound *bound = calloc(1, sizeof(*bound));

	if (!bound)
		abort();
	bound->event = sd_event_ref(event);
	bound->registry = registry;
	bound->run = run;
	return bound;
}

void bound_free(struct bound *bound)
{
	if (!bound)
		return;
	units_free(bound->units);
	(void)sd_event_unref(bound->event);
	free(bound);
}

void bound_gone(struct bound *bound, const char *name)
{
	char path[PATH_SIZE], unit[sizeof(PREFIX SUFFIX) + NAME_SIZE];

	if (snprintf(path, sizeof(path), "%s/units/%s/mark", bound->run, name) >=
			(int)sizeof(path) ||
		unlink(path) < 0)
		return;
	if (!bound->units && units_new(bound->event, &bound->units) < 0)
		return;
	(void)snprintf(unit, sizeof(unit), PREFIX "%s" SUFFIX, name);
	log_about(LOG_INFO, &(struct log_fields){ .namespace_name = name, .uid = LOG_UID_NONE },
		"namespace \"%s\" is gone, so %s stops", name, unit);
	units_stop(bound->units, unit);
}

void bound_begin(struct bound *bound)
{
	char path[PATH_SIZE];
	cleanup(closedir) DIR *marks = NULL;
	const struct dirent *entry;

	if (snprintf(path, sizeof(path), "%s/units", bound->run) < (int)sizeof(path))
		marks = opendir(path);
	while (marks && (entry = readdir(marks)))
		if (name_is_valid(entry->d_name) &&
			!registry_find_namespace(bound->registry, entry->d_name))
			bound_gone(bound, entry->d_name);
}
