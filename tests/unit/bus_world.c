/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * bus_world - a system bus with systemd and its resolver at the other end, which write down what they are asked
 */
#include "bus_world.h"

#include <inttypes.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <syslog.h>

#include "base.h"
#include "log.h"

#define TURN_MAX (10U * 1000U * 1000U) /* µs */

static void write_down(struct bus_world *world, const char *text)
{
	world->asked = arena_printf(&world->arena, "%s%s", world->asked, text);
}

/* "(iay)" of SetLinkDNS. */
static void write_servers(struct bus_world *world, sd_bus_message *message)
{
	assert_true(sd_bus_message_enter_container(message, 'a', "(iay)") > 0);
	while (sd_bus_message_enter_container(message, 'r', "iay") > 0) {
		const uint8_t *bytes;
		const void *data;
		int32_t family;
		size_t n;

		assert_true(sd_bus_message_read(message, "i", &family) > 0);
		assert_true(sd_bus_message_read_array(message, 'y', &data, &n) > 0);
		write_down(world, arena_printf(&world->arena, " %d:", family));
		bytes = data;
		for (size_t i = 0; i < n; i++)
			write_down(world, arena_printf(&world->arena, "%02x", bytes[i]));
		assert_true(sd_bus_message_exit_container(message) > 0);
	}
}

/* By what it refers to. */
static void write_descriptor(struct bus_world *world, int fd)
{
	char target[128];
	ssize_t n = readlink(
		arena_printf(&world->arena, "/proc/self/fd/%d", fd), target, sizeof(target) - 1);

	assert_return_code(n, errno);
	target[n] = 0;
	write_down(world, arena_printf(&world->arena, " %s", target));
}

static void write_basic(struct bus_world *world, sd_bus_message *message, char type)
{
	union {
		const char *text;
		int number; /* of b, i, u and h */
		uint64_t large;
	} value = { 0 };

	assert_true(sd_bus_message_read_basic(message, type, &value) > 0);
	if (type == 'h')
		write_descriptor(world, value.number);
	else if (type == 'b')
		write_down(world, value.number ? " yes" : " no");
	else if (type == 's')
		write_down(world, arena_printf(&world->arena, " '%s'", value.text));
	else if (type == 't')
		write_down(world, arena_printf(&world->arena, " %" PRIu64, value.large));
	else if (type == 'u')
		write_down(world, arena_printf(&world->arena, " %u", (unsigned)value.number));
	else
		fail_msg("what is of type %c?", type);
}

/* Whatever follows up to the end of what it stands in: "'text' 42 yes [ ( of a structure ) ( of another ) ] s 'variant'". */
static void write_values(struct bus_world *world, sd_bus_message *message)
{
	const char *contents;
	char type;

	while (sd_bus_message_peek_type(message, &type, &contents) > 0) {
		if (!strchr("arv", type)) {
			write_basic(world, message, type);
			continue;
		}
		assert_true(sd_bus_message_enter_container(message, type, contents) > 0);
		if (type == 'v')
			write_down(world, arena_printf(&world->arena, " %s", contents));
		else
			write_down(world, type == 'a' ? " [" : " (");
		write_values(world, message);
		if (type != 'v')
			write_down(world, type == 'a' ? " ]" : " )");
		assert_true(sd_bus_message_exit_container(message) > 0);
	}
}

static void write_arguments(struct bus_world *world, sd_bus_message *message, const char *method)
{
	const char *a = NULL, *b = NULL;
	int index = 0, is = 0;

	if (streq(method, "StartTransientUnit") || streq(method, "Subscribe") ||
		streq(method, "AddMatch")) {
		write_values(world, message);
		return;
	}
	if (streq(method, "ListUnitsByPatterns")) {
		assert_true(sd_bus_message_read(message, "asas", 0, 1, &a) > 0);
		write_down(world, arena_printf(&world->arena, " %s", a));
		return;
	}
	if (!after(method, "SetLink") && !streq(method, "RevertLink")) {
		assert_true(sd_bus_message_read(message, "ss", &a, &b) > 0);
		write_down(world, arena_printf(&world->arena, " %s %s", a, b));
		return;
	}
	assert_false(sd_bus_message_get_auto_start(message));
	assert_true(sd_bus_message_read(message, "i", &index) > 0);
	write_down(world, arena_printf(&world->arena, " %d", index));
	if (streq(method, "SetLinkDefaultRoute")) {
		assert_true(sd_bus_message_read(message, "b", &is) > 0);
		write_down(world, is ? " yes" : " no");
	} else if (streq(method, "SetLinkDomains")) {
		assert_true(sd_bus_message_read(message, "a(sb)", 1, &a, &is) > 0);
		write_down(world, arena_printf(&world->arena, " %s %s", a, is ? "yes" : "no"));
	} else if (streq(method, "SetLinkDNS")) {
		write_servers(world, message);
	}
}

static void list_units(struct bus_world *world, sd_bus_message *message)
{
	sd_bus_message *reply = NULL;

	assert_true(sd_bus_message_new_method_return(message, &reply) >= 0);
	if (world->is_reply_odd) {
		assert_true(sd_bus_message_append(reply, "as", 1, "a") >= 0);
	} else {
		assert_true(sd_bus_message_open_container(reply, 'a', "(ssssssouso)") >= 0);
		for (size_t i = 0; world->units[i]; i++)
			assert_true(
				sd_bus_message_append(reply, "(ssssssouso)", world->units[i], "",
					"loaded", "active", "running", "", "/u", 0, "", "/j") >= 0);
		assert_true(sd_bus_message_close_container(reply) >= 0);
	}
	assert_true(sd_bus_send(NULL, reply, NULL) >= 0);
	(void)sd_bus_message_unref(reply);
}

static int on_message(sd_bus_message *message, void *userdata, unused sd_bus_error *reterr)
{
	struct bus_world *world = userdata;
	const char *method = sd_bus_message_get_member(message);

	if (!sd_bus_message_is_method_call(message, NULL, NULL))
		return 0;
	if (sd_bus_message_is_method_call(message, "org.freedesktop.DBus", "Hello"))
		return sd_bus_reply_method_return(message, "s", ":1.1");
	if (streq(method, "RemoveMatch")) {
		assert_true(world->n_matches-- > 0);
		return sd_bus_reply_method_return(message, NULL);
	}
	write_down(world, method);
	write_arguments(world, message, method);
	write_down(world, "\n");
	world->n_matches += streq(method, "AddMatch");
	if (world->is_silent)
		return 1;
	if (world->method && streq(world->method, method))
		return sd_bus_reply_method_error(
			message, &SD_BUS_ERROR_MAKE_CONST(world->error,
					 world->is_error_bare ? NULL : "as it is wished"));
	if (world->is_holding && streq(method, "StartTransientUnit")) {
		assert_true(world->n_held < lengthof(world->held));
		world->held[world->n_held++] = sd_bus_message_ref(message);
		return 1;
	}
	if (streq(method, "ListUnitsByPatterns")) {
		list_units(world, message);
		return 1;
	}
	if (streq(method, "StartTransientUnit") && world->is_reply_odd)
		return sd_bus_reply_method_return(message, "u", 1);
	return sd_bus_reply_method_return(message, after(method, "Start") ? "o" : NULL, "/j");
}

static int on_connection(
	unused sd_event_source *source, int listener, unused uint32_t events, void *userdata)
{
	struct bus_world *world = userdata;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	sd_id128_t id;

	assert_return_code(fd, errno);
	assert_return_code(sd_id128_randomize(&id), 0);
	world->peer = sd_bus_close_unref(world->peer);
	assert_true(sd_bus_new(&world->peer) >= 0);
	assert_true(sd_bus_set_fd(world->peer, fd, fd) >= 0);
	assert_true(sd_bus_set_server(world->peer, true, id) >= 0);
	assert_true(sd_bus_negotiate_fds(world->peer, !world->has_no_descriptors) >= 0);
	assert_true(sd_bus_add_filter(world->peer, NULL, on_message, world) >= 0);
	assert_true(sd_bus_start(world->peer) >= 0);
	assert_true(sd_bus_attach_event(world->peer, world->event, 0) >= 0);
	world->n_connections++;
	world->n_matches = 0;
	return 0;
}

static void capture(struct bus_world *world)
{
	world->stderr_kept = dup(STDERR_FILENO);
	world->stderr_file = memfd_create("stderr", MFD_CLOEXEC);
	assert_return_code(dup2(world->stderr_file, STDERR_FILENO), errno);
	assert_return_code(unsetenv("JOURNAL_STREAM"), errno);
	log_open(LOG_INFO);
}

int bus_world_open(void **state)
{
	struct bus_world *world = calloc(1, sizeof(*world));
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	if (!world)
		return -1;
	*state = world;
	world->asked = "";
	(void)snprintf(world->folder, sizeof(world->folder), "/tmp/nsnetd-bus-XXXXXX");
	if (!mkdtemp(world->folder))
		return -1;
	(void)snprintf(world->path, sizeof(world->path), "%s/bus", world->folder);
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", world->path);
	world->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (bind(world->listener, (void *)&address, sizeof(address)) < 0 ||
		listen(world->listener, 8) < 0 || sd_event_new(&world->event) < 0 ||
		sd_event_add_io(world->event, NULL, world->listener, 1, on_connection, world) < 0)
		return -1;
	(void)setenv("DBUS_SYSTEM_BUS_ADDRESS",
		arena_printf(&world->arena, "unix:path=%s", world->path), true);
	capture(world);
	return 0;
}

int bus_world_close(void **state)
{
	struct bus_world *world = *state;

	(void)dup2(world->stderr_kept, STDERR_FILENO);
	(void)close_fd(world->stderr_kept);
	(void)close_fd(world->stderr_file);
	for (size_t i = 0; i < world->n_held; i++)
		(void)sd_bus_message_unref(world->held[i]);
	(void)sd_bus_close_unref(world->peer);
	(void)sd_event_unref(world->event);
	(void)close_fd(world->listener);
	(void)unlink(world->path);
	(void)rmdir(world->folder);
	arena_done(&world->arena);
	free(world);
	return 0;
}

static unsigned lines(const char *text)
{
	unsigned n = 0;

	for (; *text; text++)
		n += *text == '\n';
	return n;
}

const char *bus_world_asked(struct bus_world *world, unsigned n_lines)
{
	const char *asked;

	while (lines(world->asked) < n_lines)
		if (sd_event_run(world->event, TURN_MAX) == 0)
			fail_msg("only this was asked: %s", world->asked);
	asked = world->asked;
	world->asked = "";
	return asked;
}

void bus_world_settle(struct bus_world *world)
{
	while (sd_event_run(world->event, 50U * 1000U) > 0)
		;
}

void bus_world_hang_up(struct bus_world *world)
{
	world->peer = sd_bus_close_unref(world->peer);
}

void bus_world_vanish(struct bus_world *world)
{
	assert_return_code(unlink(world->path), errno);
	bus_world_hang_up(world);
}

const char *bus_world_told(struct bus_world *world)
{
	ssize_t n = pread(world->stderr_file, world->told, sizeof(world->told) - 1, 0);

	assert_return_code(n, errno);
	world->told[n] = 0;
	return world->told;
}
