/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * units - asks systemd for units of its, over D-Bus
 */
#include "units.h"

#include <limits.h>
#include <stdio.h>
#include <systemd/sd-daemon.h>

#include "log.h"

#define BUS_SOCKET "/run/dbus/system_bus_socket"

#define SYSTEMD       "org.freedesktop.systemd1"
#define MANAGER_PATH  "/org/freedesktop/systemd1"
#define MANAGER       "org.freedesktop.systemd1.Manager"
#define UNIT_NAME_MAX 256
/* A job that waits gives way to a later one. */
#define JOB_MODE "replace"

struct units {
	sd_event *event;
	sd_bus *bus;
};

/* What was asked for, until it is answered. */
struct question {
	const char *method; /* "StartUnit" */
	char unit[UNIT_NAME_MAX];
};

/* One for each unit that is listed. */
struct listing {
	void (*on_unit)(void *userdata, const char *unit);
	void *userdata;
};

bool units_has(const char *file, const char *program)
{
	/* As systemd.unit(5) has them. */
	static const char *const directories[] = { "/etc/systemd/system", "/run/systemd/system",
		"/usr/local/lib/systemd/system", "/usr/lib/systemd/system", "/lib/systemd/system" };

	if (sd_booted() <= 0 || access(BUS_SOCKET, F_OK) < 0 || access(program, X_OK) < 0)
		return false;
	for (size_t i = 0; i < lengthof(directories); i++) {
		char path[PATH_MAX];

		if (snprintf(path, sizeof(path), "%s/%s", directories[i], file) <
				(int)sizeof(path) &&
			access(path, R_OK) == 0)
			return true;
	}
	return false;
}

sd_bus *units_bus(struct units *units)
{
	int r;

	if (units->bus && sd_bus_is_open(units->bus) > 0)
		return units->bus;
	units->bus = sd_bus_close_unref(units->bus);
	r = sd_bus_open_system(&units->bus);
	/* Else the end of the loop would wait a minute and a half for a bus that does not answer. */
	if (r >= 0)
		r = sd_bus_set_close_on_exit(units->bus, false);
	if (r >= 0)
		r = sd_bus_attach_event(units->bus, units->event, SD_EVENT_PRIORITY_NORMAL);
	if (r >= 0)
		return units->bus;
	log_line(LOG_ERR,
		"cannot reach the system's message bus: %s; see \"systemctl status dbus\"",
		strerror(-r));
	units->bus = sd_bus_close_unref(units->bus);
	return NULL;
}

int units_new(sd_event *event, struct units **ret)
{
	cleanup(units_free) struct units *units = calloc(1, sizeof(*units));

	if (!units)
		return -ENOMEM;
	units->event = sd_event_ref(event);
	if (!units_bus(units))
		return -ENOTCONN;
	*ret = take(units);
	return 0;
}

void units_free(struct units *units)
{
	if (!units)
		return;
	/* One that has not answered yet may never do. */
	if (units->bus && sd_bus_is_ready(units->bus) > 0)
		(void)sd_bus_flush(units->bus);
	units->bus = sd_bus_close_unref(units->bus);
	units->event = sd_event_unref(units->event);
	free(units);
}

static int on_answer(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
	const sd_bus_error *error = sd_bus_message_get_error(message);
	const struct question *question = userdata;

	(void)reterr;
	if (!error)
		return 1;
	/* What is to stop may never have run. */
	if (streq(question->method, "StopUnit") &&
		sd_bus_error_has_name(error, "org.freedesktop.systemd1.NoSuchUnit"))
		return 1;
	log_line(LOG_ERR, "systemd refuses %s of %s: %s; see \"systemctl status '%s'\"",
		question->method, question->unit, error->message ? error->message : error->name,
		question->unit);
	return 1;
}

/* Sends a message and unreferences it; userdata, from malloc(3), is freed when the answer has come or never will. -errno. */
static int ask(
	sd_bus *bus, sd_bus_message *message, sd_bus_message_handler_t on_reply, void *userdata)
{
	sd_bus_slot *slot = NULL;
	int r = sd_bus_call_async(bus, &slot, message, on_reply, userdata, 0);

	(void)sd_bus_message_unref(message);
	if (r < 0) {
		free(userdata);
		return r;
	}
	(void)sd_bus_slot_set_destroy_callback(slot, free);
	(void)sd_bus_slot_set_floating(slot, true);
	(void)sd_bus_slot_unref(slot);
	return 0;
}

/* A message to systemd's manager; its arguments are to be appended. */
static int begin(sd_bus *bus, const char *method, sd_bus_message **ret)
{
	return sd_bus_message_new_method_call(bus, ret, SYSTEMD, MANAGER_PATH, MANAGER, method);
}

static void ask_for_job(struct units *units, const char *method, const char *unit)
{
	autofree struct question *question = calloc(1, sizeof(*question));
	sd_bus *bus = units_bus(units);
	sd_bus_message *message = NULL;
	int r = question ? 0 : -ENOMEM;

	if (!bus)
		return;
	if (r == 0) {
		question->method = method;
		(void)snprintf(question->unit, sizeof(question->unit), "%s", unit);
		r = begin(bus, method, &message);
	}
	if (r >= 0)
		r = sd_bus_message_append(message, "ss", unit, JOB_MODE);
	if (r >= 0)
		r = ask(bus, take(message), on_answer, take(question));
	(void)sd_bus_message_unref(message);
	if (r < 0)
		log_line(
			LOG_ERR, "cannot ask systemd for %s of %s: %s", method, unit, strerror(-r));
}

void units_start(struct units *units, const char *unit)
{
	ask_for_job(units, "StartUnit", unit);
}

void units_stop(struct units *units, const char *unit)
{
	ask_for_job(units, "StopUnit", unit);
}

void units_restart(struct units *units, const char *unit)
{
	ask_for_job(units, "RestartUnit", unit);
}

/* Name, description, load, active and sub state, followed unit, path, job's number, type and path. */
static int on_list(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
	const sd_bus_error *error = sd_bus_message_get_error(message);
	const struct listing *listing = userdata;
	const char *unit;
	int r = 0;

	(void)reterr;
	if (error) {
		log_line(LOG_ERR, "systemd does not list its units: %s",
			error->message ? error->message : error->name);
		return 1;
	}
	r = sd_bus_message_enter_container(message, 'a', "(ssssssouso)");
	while (r >= 0 && (r = sd_bus_message_read(message, "(ssssssouso)", &unit, NULL, NULL, NULL,
				  NULL, NULL, NULL, NULL, NULL, NULL)) > 0)
		listing->on_unit(listing->userdata, unit);
	if (r < 0)
		log_line(LOG_ERR, "cannot read systemd's list of units: %s", strerror(-r));
	return 1;
}

void units_list(struct units *units, const char *pattern,
	void (*on_unit)(void *userdata, const char *unit), void *userdata)
{
	sd_bus *bus = units_bus(units);
	autofree struct listing *listing = malloc(sizeof(*listing));
	sd_bus_message *message = NULL;
	int r = listing ? 0 : -ENOMEM;

	if (!bus)
		return;
	if (r == 0) {
		*listing = (struct listing){ on_unit, userdata };
		r = begin(bus, "ListUnitsByPatterns", &message);
	}
	if (r >= 0)
		r = sd_bus_message_append(message, "asas", 0, 1, pattern);
	if (r >= 0)
		r = ask(bus, take(message), on_list, take(listing));
	(void)sd_bus_message_unref(message);
	if (r < 0)
		log_line(LOG_ERR, "cannot ask systemd for its units: %s", strerror(-r));
}
