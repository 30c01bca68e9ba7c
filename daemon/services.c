/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * services - programs of users, as transient services that systemd is asked for over D-Bus
 *
 * What is listened for is asked for before the service is: the bus keeps that order. Of the service systemd then tells three things.
 * The end of the job that starts it says whether the program was there to be run; a change to "active", that it runs, with its
 * process; a change to "inactive" or "failed", that it has ended, and how. What happens quickly may be told by one change alone, and
 * the job's end before or after it.
 *
 * sd-bus waits for a bus that has not answered yet before it sends descriptors. Here nothing waits: on a connection that is new the
 * service is asked for when the first of what went before it is answered.
 */
#include "services.h"

#include <signal.h>
#include <stdio.h>
#include <sys/random.h>
#include <sys/wait.h>
#include <systemd/sd-daemon.h>

#include "list.h"
#include "log.h"
#include "units.h"

#define BUS_SOCKET "/run/dbus/system_bus_socket"

#define SYSTEMD      "org.freedesktop.systemd1"
#define MANAGER_PATH "/org/freedesktop/systemd1"
#define MANAGER      "org.freedesktop.systemd1.Manager"
#define SERVICE      "org.freedesktop.systemd1.Service"
#define UNIT         "org.freedesktop.systemd1.Unit"
#define PROPERTIES   "org.freedesktop.DBus.Properties"

/* All of them are below one slice, where an administrator can limit them together. */
#define SLICE "nsnet-exec.slice"

/* Of one program. */
#define TASKS_MAX 4096U
#define STOP_USEC (5U * 1000U * 1000U)

#define UNIT_SIZE (sizeof("nsnet-exec--4294967295-0123456789abcdef.service") + NAME_SIZE)

struct services {
	sd_event *event;
	struct units *units; /* the connection; made when it is needed first */
	struct list all;     /* of struct service */
};

struct service {
	struct list link; /* services.all */
	struct services *services;
	struct program_listener listener;
	char unit[UNIT_SIZE];
	sd_bus_slot *subscription, *changes, *jobs, *loss, *answer;
	sd_bus_message *question; /* until it can be sent */
	sd_event_source *later;   /* when the end is told */
	bool is_job_over, is_job_done;
	bool is_told; /* that it runs */
	bool is_over;
	uint32_t pid;
	int32_t code, status; /* of the program's end, as of waitid(2) */
	char failure[256];    /* why it was not started */
};

struct services *services_new(sd_event *event)
{
	struct services *services;

	if (sd_booted() <= 0 || access(BUS_SOCKET, F_OK) < 0)
		return NULL;
	services = calloc(1, sizeof(*services));
	if (!services)
		abort();
	services->event = sd_event_ref(event);
	list_init(&services->all);
	return services;
}

static void free_service(struct service *service)
{
	list_remove(&service->link);
	service->subscription = sd_bus_slot_unref(service->subscription);
	service->changes = sd_bus_slot_unref(service->changes);
	service->jobs = sd_bus_slot_unref(service->jobs);
	service->loss = sd_bus_slot_unref(service->loss);
	service->answer = sd_bus_slot_unref(service->answer);
	service->question = sd_bus_message_unref(service->question);
	service->later = sd_event_source_disable_unref(service->later);
	free(service);
}
define_cleanup(struct service *, free_service);

void services_free(struct services *services)
{
	if (!services)
		return;
	list_foreach (&services->all, struct service, link, service)
		free_service(service);
	units_free(services->units);
	services->event = sd_event_unref(services->event);
	free(services);
}

/* What becomes of it. */

static struct program_end end_of(const struct service *service)
{
	if (!service->is_job_done)
		return (struct program_end){ .way = PROGRAM_REFUSED, .text = service->failure };
	if (service->code == CLD_KILLED || service->code == CLD_DUMPED)
		return (struct program_end){ .way = PROGRAM_KILLED, .number = service->status };
	return (struct program_end){ .way = PROGRAM_EXITED, .number = service->status };
}

static int on_later(sd_event_source *source, void *userdata)
{
	cleanup(free_service) struct service *service = userdata;
	const struct program_end end = end_of(service);

	(void)source;
	service->listener.on_ended(service->listener.userdata, &end);
	return 0;
}

/* Not out of a message of the bus, whose slots go with the service. */
static void tell_end(struct service *service)
{
	if (!service->later && sd_event_add_defer(service->services->event, &service->later,
				       on_later, service) < 0)
		abort(); /* memory is out */
}

static void fail(struct service *service, const char *text)
{
	/* What it ended with holds. */
	if (service->later)
		return;
	if (!*service->failure)
		(void)snprintf(service->failure, sizeof(service->failure), "%s", text);
	service->is_job_done = false;
	tell_end(service);
}

static void follow(struct service *service)
{
	if (service->is_job_done && service->pid > 0 && !service->is_told) {
		service->is_told = true;
		service->listener.on_started(service->listener.userdata, (pid_t)service->pid);
	}
	/* Before it was started it was inactive as well. */
	if (!service->is_over || !service->is_job_over ||
		(service->is_job_done && service->code == 0))
		return;
	if (!service->is_job_done && !*service->failure)
		(void)snprintf(service->failure, sizeof(service->failure),
			"exit status %d while it was set up; \"journalctl -u %s\" has more",
			service->status, service->unit);
	tell_end(service);
}

static int read_state(struct service *service, sd_bus_message *message)
{
	const char *state;
	int r = sd_bus_message_read(message, "v", "s", &state);

	if (r >= 0)
		service->is_over = streq(state, "inactive") || streq(state, "failed");
	return r;
}

static int read_property(struct service *service, sd_bus_message *message, const char *name)
{
	/* "MainPID" is 0 again when it has ended. */
	if (streq(name, "ExecMainPID"))
		return sd_bus_message_read(message, "v", "u", &service->pid);
	if (streq(name, "ExecMainCode"))
		return sd_bus_message_read(message, "v", "i", &service->code);
	if (streq(name, "ExecMainStatus"))
		return sd_bus_message_read(message, "v", "i", &service->status);
	if (streq(name, "ActiveState"))
		return read_state(service, message);
	return sd_bus_message_skip(message, "v");
}

static int read_changes(struct service *service, sd_bus_message *message)
{
	const char *interface, *name;
	int r = sd_bus_message_read(message, "s", &interface);

	if (r < 0 || (!streq(interface, SERVICE) && !streq(interface, UNIT)))
		return r;
	r = sd_bus_message_enter_container(message, 'a', "{sv}");
	while (r >= 0 && (r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
		r = sd_bus_message_read(message, "s", &name);
		if (r >= 0)
			r = read_property(service, message, name);
		if (r >= 0)
			r = sd_bus_message_exit_container(message);
	}
	return r;
}

static int on_changes(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
	struct service *service = userdata;
	int r = read_changes(service, message);

	(void)reterr;
	if (r < 0)
		log_line(LOG_WARNING, "cannot read what systemd tells of %s: %s", service->unit,
			strerror(-r));
	else
		follow(service);
	return 0;
}

static int on_job(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
	struct service *service = userdata;
	const char *unit, *result;

	(void)reterr;
	if (service->is_job_over ||
		sd_bus_message_read(message, "uoss", NULL, NULL, &unit, &result) < 0 ||
		!streq(unit, service->unit))
		return 0;
	service->is_job_over = true;
	service->is_job_done = streq(result, "done");
	follow(service);
	return 0;
}

static bool is_connected(const struct service *service)
{
	return sd_bus_is_open(sd_bus_slot_get_bus(service->loss)) > 0;
}

static int on_loss(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
	(void)message;
	(void)reterr;
	fail(userdata, "the system's message bus went away; it may run on");
	return 0;
}

/* A connection that is made anew takes with it what the one before had still to tell. */
static void find_losses(struct services *services)
{
	list_foreach (&services->all, struct service, link, service)
		if (!is_connected(service))
			(void)on_loss(NULL, service, NULL);
}

static int on_answer(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
	const sd_bus_error *error = sd_bus_message_get_error(message);
	struct service *service = userdata;

	(void)reterr;
	/* Without a connection all is answered so, and the loss is told next. */
	if (!error || !is_connected(service))
		return 0;
	/* Not a refusal: it might be started yet, with nobody who waits for it. */
	if (sd_bus_error_has_name(error, SD_BUS_ERROR_NO_REPLY))
		units_stop(service->services->units, service->unit);
	fail(service, error->message ? error->message : error->name);
	return 0;
}

/* What is asked for. */

static int append_strings(sd_bus_message *message, const struct string_list *list)
{
	int r = sd_bus_message_open_container(message, 'a', "s");

	for (size_t i = 0; r >= 0 && i < list->n; i++)
		r = sd_bus_message_append(message, "s", list->items[i]);
	return r < 0 ? r : sd_bus_message_close_container(message);
}

/* As it is: systemd is to put nothing of the environment into it. */
static int append_command(sd_bus_message *message, const struct program *program)
{
	int r = sd_bus_message_open_container(message, 'a', "(sasas)");

	if (r >= 0)
		r = sd_bus_message_open_container(message, 'r', "sasas");
	if (r >= 0)
		r = sd_bus_message_append(message, "s", program->arguments.items[0]);
	if (r >= 0)
		r = append_strings(message, &program->arguments);
	if (r >= 0)
		r = sd_bus_message_append(message, "as", 1, "no-env-expand");
	if (r >= 0)
		r = sd_bus_message_close_container(message);
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_environment(sd_bus_message *message, const struct program *program)
{
	return append_strings(message, &program->environment);
}

static int append_groups(sd_bus_message *message, const struct program *program)
{
	int r = sd_bus_message_open_container(message, 'a', "s");

	for (size_t i = 0; r >= 0 && i < program->n_groups; i++) {
		char number[16];

		(void)snprintf(number, sizeof(number), "%u", program->groups[i]);
		r = sd_bus_message_append(message, "s", number);
	}
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_bindings(sd_bus_message *message, const struct program *program)
{
	const struct kernel_view *view = program->view;
	int r = sd_bus_message_open_container(message, 'a', "(ssbt)");

	for (size_t i = 0; r >= 0 && i < view->n; i++)
		r = sd_bus_message_append(message, "(ssbt)", view->bindings[i].source,
			view->bindings[i].target, false, (uint64_t)0);
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_hidden(sd_bus_message *message, const struct program *program)
{
	const struct string_list *hidden = &program->view->hidden;
	int r = sd_bus_message_open_container(message, 'a', "(ss)");

	for (size_t i = 0; r >= 0 && i < hidden->n; i++)
		r = sd_bus_message_append(message, "(ss)", hidden->items[i], "ro,mode=0755");
	return r < 0 ? r : sd_bus_message_close_container(message);
}

static int append_lists(sd_bus_message *message, const struct program *program)
{
	static const struct {
		const char *name, *type;
		int (*append)(sd_bus_message *message, const struct program *program);
	} lists[] = {
		{ "ExecStartEx", "a(sasas)", append_command },
		{ "Environment", "as", append_environment },
		{ "SupplementaryGroups", "as", append_groups },
		{ "TemporaryFileSystem", "a(ss)", append_hidden },
		{ "BindReadOnlyPaths", "a(ssbt)", append_bindings },
	};
	int r = 0;

	for (size_t i = 0; r >= 0 && i < lengthof(lists); i++) {
		r = sd_bus_message_open_container(message, 'r', "sv");
		if (r >= 0)
			r = sd_bus_message_append(message, "s", lists[i].name);
		if (r >= 0)
			r = sd_bus_message_open_container(message, 'v', lists[i].type);
		if (r >= 0)
			r = lists[i].append(message, program);
		if (r >= 0)
			r = sd_bus_message_close_container(message);
		if (r >= 0)
			r = sd_bus_message_close_container(message);
	}
	return r;
}

/* Whom it belongs to, and what it may. */
static int append_identity(sd_bus_message *message, const struct program *program)
{
	char user[16], group[16];

	(void)snprintf(user, sizeof(user), "%u", program->uid);
	(void)snprintf(group, sizeof(group), "%u", program->gid);
	return sd_bus_message_append(message, "(sv)(sv)(sv)(sv)(sv)(sv)", "User", "s", user,
		"Group", "s", group, "NoNewPrivileges", "b", !program->may_gain_privileges, "UMask",
		"u", (uint32_t)program->mask, "WorkingDirectory", "s", program->directory,
		"NetworkNamespacePath", "s", program->path);
}

/* How systemd has it: started when the program runs, over with it and all that it left, and nothing left of the unit. */
static int append_manner(sd_bus_message *message, const struct program *program)
{
	char description[64 + NAME_SIZE];

	(void)snprintf(description, sizeof(description), "Program of user %u in namespace %s",
		program->uid, program->name);
	return sd_bus_message_append(message, "(sv)(sv)(sv)(sv)(sv)(sv)(sv)(sv)", "Description",
		"s", description, "Type", "s", "exec", "Slice", "s", SLICE, "CollectMode", "s",
		"inactive-or-failed", "TasksMax", "t", (uint64_t)TASKS_MAX, "TimeoutStopUSec", "t",
		(uint64_t)STOP_USEC, "SendSIGHUP", "b", true, "IgnoreSIGPIPE", "b", false);
}

static int append_all(sd_bus_message *message, const struct program *program, const char *unit)
{
	int r = sd_bus_message_append(message, "ss", unit, "fail");

	if (r >= 0)
		r = sd_bus_message_open_container(message, 'a', "(sv)");
	if (r >= 0)
		r = append_manner(message, program);
	if (r >= 0)
		r = append_identity(message, program);
	if (r >= 0)
		r = append_lists(message, program);
	if (r >= 0)
		r = sd_bus_message_append(message, "(sv)(sv)(sv)", "StandardInputFileDescriptor",
			"h", program->fds[0], "StandardOutputFileDescriptor", "h", program->fds[1],
			"StandardErrorFileDescriptor", "h", program->fds[2]);
	if (r >= 0)
		r = sd_bus_message_close_container(message);
	/* No units beside it. */
	return r < 0 ? r : sd_bus_message_append(message, "a(sa(sv))", 0);
}

static int compose(struct service *service, sd_bus *bus, const struct program *program)
{
	int r = sd_bus_message_new_method_call(
		bus, &service->question, SYSTEMD, MANAGER_PATH, MANAGER, "StartTransientUnit");

	return r < 0 ? r : append_all(service->question, program, service->unit);
}

static int ask(struct service *service)
{
	sd_bus_message *question = take(service->question);
	int r = sd_bus_call_async(NULL, &service->answer, question, on_answer, service, 0);

	(void)sd_bus_message_unref(question);
	return r;
}

static int on_subscribed(sd_bus_message *message, void *userdata, sd_bus_error *reterr)
{
	struct service *service = userdata;
	int r = 0;

	(void)message;
	(void)reterr;
	/* That it was asked before is no harm. */
	if (service->question && is_connected(service))
		r = ask(service);
	if (r < 0)
		fail(service, strerror(-r));
	return 0;
}

static int listen_to(struct service *service, sd_bus *bus)
{
	autofree char *path = NULL;
	int r = sd_bus_call_method_async(bus, &service->subscription, SYSTEMD, MANAGER_PATH,
		MANAGER, "Subscribe", on_subscribed, service, NULL);

	if (r >= 0)
		r = sd_bus_path_encode(MANAGER_PATH "/unit", service->unit, &path);
	if (r >= 0)
		r = sd_bus_match_signal_async(bus, &service->changes, SYSTEMD, path, PROPERTIES,
			"PropertiesChanged", on_changes, NULL, service);
	/* Of all units: sd-bus compares no argument behind one that is a number. */
	if (r >= 0)
		r = sd_bus_match_signal_async(bus, &service->jobs, SYSTEMD, MANAGER_PATH, MANAGER,
			"JobRemoved", on_job, NULL, service);
	if (r >= 0)
		r = sd_bus_match_signal(bus, &service->loss, "org.freedesktop.DBus.Local",
			"/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local", "Disconnected",
			on_loss, service);
	return r;
}

/* A name that no unit had: what begins with the same numbers is in the same place of a list. */
static int name_unit(const struct program *program, char ret[UNIT_SIZE])
{
	uint64_t number;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return neg();
	(void)snprintf(ret, UNIT_SIZE, "nsnet-exec-%s-%u-%016llx.service", program->name,
		program->uid, (unsigned long long)number);
	return 0;
}

static sd_bus *bus_of(struct services *services)
{
	sd_bus *bus;

	if (!services->units && units_new(services->event, &services->units) < 0)
		return NULL;
	bus = units_bus(services->units);
	find_losses(services);
	return bus;
}

static int start(void *userdata, const struct program *program,
	const struct program_listener *listener, void **ret)
{
	struct services *services = userdata;
	cleanup(free_service) struct service *service = calloc(1, sizeof(*service));
	sd_bus *bus = bus_of(services);
	int r;

	if (!service)
		abort();
	list_init(&service->link);
	if (!bus)
		return -ENOTCONN;
	service->services = services;
	service->listener = *listener;
	r = name_unit(program, service->unit);
	if (r >= 0)
		r = listen_to(service, bus);
	if (r >= 0)
		r = compose(service, bus, program);
	if (r >= 0 && sd_bus_is_ready(bus) > 0)
		r = ask(service);
	if (r < 0)
		return r;
	list_append(&services->all, &service->link);
	*ret = take(service);
	return 0;
}

static void stop(void *program)
{
	struct service *service = program;

	if (service->question) {
		service->question = sd_bus_message_unref(service->question);
		fail(service, "it was stopped before it was asked for");
		return;
	}
	units_stop(service->services->units, service->unit);
	find_losses(service->services);
}

static void leave(void *program)
{
	free_service(program);
}

struct program_runner services_runner(struct services *services)
{
	return services ? (struct program_runner){ start, stop, leave, services }
			: (struct program_runner){ 0 };
}
