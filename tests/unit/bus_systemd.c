/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bus_systemd - what systemd, at the other end of the bus, tells of services
 */
#include "bus_systemd.h"

#include "base.h"

#define MANAGER_PATH "/org/freedesktop/systemd1"

void bus_systemd_answer(struct bus_world *world, size_t i, const char *error)
{
	assert_true(i < world->n_held && world->held[i]);
	if (error)
		assert_true(sd_bus_reply_method_errorf(world->held[i], error, "late") >= 0);
	else
		assert_true(sd_bus_reply_method_return(world->held[i], "o", "/j") >= 0);
	world->held[i] = sd_bus_message_unref(world->held[i]);
}

static void tell(struct bus_world *world, const char *path, const char *interface,
	const char *member, const char *types, va_list arguments)
{
	sd_bus_message *signal = NULL;

	assert_true(sd_bus_message_new_signal(world->peer, &signal, path, interface, member) >= 0);
	/* The bus says who it was by a name of that kind. */
	assert_true(sd_bus_message_set_sender(signal, ":1.0") >= 0);
	assert_true(sd_bus_message_appendv(signal, types, arguments) >= 0);
	assert_true(sd_bus_send(world->peer, signal, NULL) >= 0);
	(void)sd_bus_message_unref(signal);
}

void bus_systemd_tell_job(struct bus_world *world, const char *types, ...)
{
	va_list arguments;

	va_start(arguments, types);
	tell(world, MANAGER_PATH, "org.freedesktop.systemd1.Manager", "JobRemoved", types,
		arguments);
	va_end(arguments);
}

void bus_systemd_tell_change(struct bus_world *world, const char *unit, const char *types, ...)
{
	autofree char *path = NULL;
	va_list arguments;

	assert_true(sd_bus_path_encode(MANAGER_PATH "/unit", unit, &path) >= 0);
	va_start(arguments, types);
	tell(world, path, "org.freedesktop.DBus.Properties", "PropertiesChanged", types, arguments);
	va_end(arguments);
}
