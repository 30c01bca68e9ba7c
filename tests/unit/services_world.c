/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * services_world - transient services over a bus of the test's own
 */
#include "services_world.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/random.h>

struct services_host services_host;

int __wrap_sd_booted(void);
int __wrap_sd_booted(void)
{
	return services_host.booted;
}

int __wrap_access(const char *path, int mode);
int __wrap_access(const char *path, unused int mode)
{
	assert_string_equal(path, "/run/dbus/system_bus_socket");
	return services_host.has_no_socket ? -1 : 0;
}

ssize_t __wrap_getrandom(void *ret, size_t n, unsigned flags);
ssize_t __wrap_getrandom(void *ret, size_t n, unused unsigned flags)
{
	assert_int_equal(n, sizeof(services_host.number));
	services_host.number++;
	memcpy(ret, &services_host.number, n);
	if (services_host.random < 0)
		errno = ENOSYS;
	return services_host.random ? services_host.random : (ssize_t)n;
}

unsigned services_world_descriptors(void)
{
	DIR *folder = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(folder);
	while (readdir(folder))
		n++;
	(void)closedir(folder);
	return n;
}

int services_world_open(void **state)
{
	static const char *const names[] = { "in", "out", "err" };
	static const char *arguments[] = { "/bin/true" };
	struct world *world = calloc(1, sizeof(*world));

	if (!world)
		return -1;
	*state = world;
	world->n_fds = services_world_descriptors();
	if (bus_world_open((void **)&world->bus) < 0)
		return -1;
	for (size_t i = 0; i < lengthof(world->fds); i++)
		world->fds[i] = memfd_create(names[i], MFD_CLOEXEC);
	services_host.booted = 1;
	services_host.has_no_socket = false;
	services_host.random = 0;
	services_host.number = 0;
	world->services = services_new(world->bus->event);
	world->runner = services_runner(world->services);
	world->program = (struct program){
		.name = "blue",
		.path = "/run/netns/blue",
		.uid = 1000,
		.gid = 100,
		.arguments = { arguments, lengthof(arguments) },
		.directory = "/",
		.fds = { world->fds[0], world->fds[1], world->fds[2] },
		.view = &world->view,
	};
	return world->services ? 0 : -1;
}

int services_world_close(void **state)
{
	struct world *world = *state;

	services_free(world->services);
	for (size_t i = 0; i < lengthof(world->fds); i++)
		(void)close_fd(world->fds[i]);
	(void)bus_world_close((void **)&world->bus);
	assert_int_equal(services_world_descriptors(), world->n_fds);
	free(world);
	return 0;
}

static void note(struct run *run, const char *what, const char *text)
{
	size_t n = strlen(run->told);

	(void)snprintf(run->told + n, sizeof(run->told) - n, "%s %s\n", what, text);
}

static void note_number(struct run *run, const char *what, int number)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", number);
	note(run, what, text);
}

static void on_started(void *userdata, pid_t pid)
{
	note_number(userdata, "started", pid);
}

static void on_ended(void *userdata, const struct program_end *end)
{
	struct run *run = userdata;

	run->program = NULL;
	switch (end->way) {
	case PROGRAM_REFUSED:
		note(run, "refused:", end->text);
		break;
	case PROGRAM_EXITED:
		note_number(run, "exited", end->number);
		break;
	case PROGRAM_KILLED:
		note_number(run, "killed", end->number);
		break;
	}
}

int services_world_begin(struct world *world, struct run *run)
{
	const struct program_listener listener = { on_started, on_ended, run };
	int r;

	*run = (struct run){ 0 };
	r = world->runner.start(world->runner.userdata, &world->program, &listener, &run->program);
	(void)snprintf(run->unit, sizeof(run->unit), "nsnet-exec-%s-%u-%016llx.service",
		world->program.name, world->program.uid, (unsigned long long)services_host.number);
	return r;
}

void services_world_ask(struct world *world, struct run *run)
{
	assert_int_equal(services_world_begin(world, run), 0);
	(void)bus_world_asked(world->bus, SERVICES_N_ASKED);
}

void services_world_must_tell(struct world *world, const struct run *run, const char *text)
{
	while (!streq(run->told, text))
		if (sd_event_run(world->bus->event, SERVICES_TURN_MAX) == 0)
			fail_msg("only this was told of %s: \"%s\", not \"%s\"", run->unit,
				run->told, text);
}

void services_world_tell_state(struct world *world, const struct run *run, const char *state)
{
	bus_systemd_tell_change(world->bus, run->unit, "sa{sv}as", SYSTEMD_UNIT, 2, "Description",
		"s", "whatever", "ActiveState", "s", state, 0);
}

void services_world_tell_job(struct world *world, const struct run *run, const char *result)
{
	bus_systemd_tell_job(world->bus, "uoss", 7, "/j/7", run->unit, result);
}

void services_world_tell_process(
	struct world *world, const struct run *run, unsigned pid, int code, int status)
{
	bus_systemd_tell_change(world->bus, run->unit, "sa{sv}as", SYSTEMD_SERVICE, 4,
		"ExecMainPID", "u", pid, "MainPID", "u", code ? 0U : pid, "ExecMainCode", "i", code,
		"ExecMainStatus", "i", status, 1, "ExecStart");
}

void services_world_run_well(struct world *world, struct run *run)
{
	services_world_ask(world, run);
	services_world_tell_process(world, run, 42, 0, 0);
	services_world_tell_job(world, run, "done");
	services_world_must_tell(world, run, "started 42\n");
	services_world_tell_process(world, run, 42, 1, 3);
	services_world_tell_state(world, run, "inactive");
	services_world_must_tell(world, run, "started 42\nexited 3\n");
}
