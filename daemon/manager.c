/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * manager - owns everything: the loop, the server, the kernel floor, the registry
 */
#include "manager.h"

#include <malloc.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <syslog.h>
#include <systemd/sd-daemon.h>

#include "bound.h"
#include "clear.h"
#include "deletion.h"
#include "execute.h"
#include "host.h"
#include "log.h"
#include "machine.h"
#include "methods.h"
#include "names.h"
#include "neighbours.h"
#include "refill.h"
#include "repair.h"
#include "server.h"
#include "services.h"
#include "start.h"
#include "turns.h"
#include "version.h"

#define DRAIN_USEC 2000000U
/* What is going is waited for so long, at the end. */
#define END_USEC 2000000
/* What changes mostly changes in a crowd: it is followed when that has passed. "ip netns del" takes a name away in two steps:
 * to come between them would keep it from the second. */
#define FOLLOW_USEC 50000U
/* Names are looked at all of them, so not so often. */
#define NAMES_USEC 250000U
/* What nobody names is a quarter of a second. */
#define TIMER_ACCURACY_USEC 10000U

/* So long after the last creation nobody seems to ask for one more at once. */
#define IDLE_USEC          5000U
#define IDLE_ACCURACY_USEC 1000U

struct manager {
	struct config config;
	const char *config_path;
	sd_event *event;
	sd_event_source *work; /* the next turn of what takes longer */
	sd_event_source *departures, *waiting_timer;
	sd_event_source *host_events, *host_timer, *names_timer, *all_timer;
	sd_event_source *idle_timer;   /* refill_work() */
	struct kernel_changes changes; /* not followed yet */
	struct start *start;
	struct server *server;
	struct kernel *kernel;
	struct names *names;       /* NULL: networks have no name servers */
	struct services *services; /* NULL: nobody runs programs for others */
	struct bound *bound;
	struct registry registry;
	struct nsnet_context context;
};

static const struct server_info info = {
	.vendor = "nsnet",
	.product = "nsnetd",
	.version = NSNET_VERSION,
	.url = NSNET_URL,
};

/* Namespaces that are gone to their last link. */
static int on_departures(
	unused sd_event_source *source, unused int fd, unused uint32_t events, void *userdata)
{
	struct manager *manager = userdata;

	deletions_follow(&manager->context);
	return 0;
}

static int on_waiting_timer(unused sd_event_source *source, unused uint64_t usec, void *userdata)
{
	struct manager *manager = userdata;

	deletions_expire(&manager->context);
	return 0;
}

static void start_idle_timer(struct manager *manager, uint64_t usec)
{
	(void)sd_event_source_set_time_relative(manager->idle_timer, usec);
	(void)sd_event_source_set_enabled(manager->idle_timer, SD_EVENT_ONESHOT);
}

/* Whatever else is due comes first. */
static int on_idle(sd_event_source *source, uint64_t usec, void *userdata)
{
	struct manager *manager = userdata;
	/* Not before it is known what there is. */
	uint64_t again = start_is_over(manager->start) ? refill_work(&manager->context) : IDLE_USEC;

	(void)source;
	(void)usec;
	if (again != REFILL_NEVER)
		start_idle_timer(manager, again);
	return 0;
}

static void on_pool(void *userdata)
{
	start_idle_timer(userdata, IDLE_USEC);
}

static int on_work_turn(sd_event_source *source, void *userdata);

/* Behind all that is due now: each turn takes an event source of its own (see connection.c of the server). */
static int queue_work(struct manager *manager)
{
	return manager->work
		       ? 0
		       : sd_event_add_defer(manager->event, &manager->work, on_work_turn, manager);
}

static int on_work_turn(sd_event_source *source, void *userdata)
{
	struct manager *manager = userdata;

	(void)source;
	manager->work = sd_event_source_unref(manager->work);
	return turns_work(&manager->context) ? queue_work(manager) : 0;
}

static void on_work(void *userdata)
{
	struct manager *manager = userdata;
	int r = queue_work(manager);

	if (r >= 0)
		return;
	log_line(LOG_ERR, "cannot wait for a further turn: %s", strerror(-r));
	turns_finish(&manager->context);
}

/* Our tables are restored at once, all else a moment later. */
static int on_host_timer(unused sd_event_source *source, unused uint64_t usec, void *userdata)
{
	struct manager *manager = userdata;
	struct kernel_changes *changes = &manager->changes;

	if (start_finish(manager->start) < 0)
		return 0;
	host_follow(&manager->context, changes->events);
	repair_touched(&manager->context, changes);
	changes->events = 0;
	changes->n = 0;
	return 0;
}

static int on_all_timer(unused sd_event_source *source, unused uint64_t usec, void *userdata)
{
	struct manager *manager = userdata;

	if (start_finish(manager->start) == 0)
		repair_all(&manager->context);
	return 0;
}

/* What happens meanwhile does not put it off. */
static int start_timer(sd_event_source *timer, uint64_t usec)
{
	int enabled, r = sd_event_source_get_enabled(timer, &enabled);

	if (r < 0 || enabled != SD_EVENT_OFF)
		return r;
	r = sd_event_source_set_time_relative(timer, usec);
	return r < 0 ? r : sd_event_source_set_enabled(timer, SD_EVENT_ONESHOT);
}

static int on_names_timer(unused sd_event_source *source, unused uint64_t usec, void *userdata)
{
	struct manager *manager = userdata;
	uint64_t again;

	if (start_finish(manager->start) < 0)
		return 0;
	again = repair_names(&manager->context);
	return again > 0 ? start_timer(manager->names_timer, again) : 0;
}

static void on_waiting(void *userdata, uint64_t usec)
{
	struct manager *manager = userdata;

	(void)start_timer(manager->waiting_timer, usec);
}

static void on_let_alone(void *userdata, uint64_t usec)
{
	struct manager *manager = userdata;

	(void)start_timer(manager->all_timer, usec);
}

static int on_host_event(sd_event_source *source, int fd, uint32_t events, void *userdata)
{
	struct manager *manager = userdata;
	struct kernel_changes *changes = &manager->changes;
	int r = kernel_read_events(manager->kernel, changes);

	(void)source;
	(void)fd;
	(void)events;
	if (r < 0)
		log_line(LOG_WARNING, "cannot read what changes on the host: %s", strerror(-r));
	r = 0;
	if (changes->events & KERNEL_EVENT_MOUNTS) {
		changes->events &= ~(unsigned)KERNEL_EVENT_MOUNTS;
		r = start_timer(manager->names_timer, NAMES_USEC);
	}
	if ((changes->events & KERNEL_EVENT_FIREWALL) && start_finish(manager->start) == 0) {
		host_follow(&manager->context, KERNEL_EVENT_FIREWALL);
		changes->events &= ~(unsigned)KERNEL_EVENT_FIREWALL;
	}
	if (r >= 0 && (changes->events != 0 || changes->n > 0))
		r = start_timer(manager->host_timer, FOLLOW_USEC);
	return r;
}

static int make_timer(
	struct manager *manager, sd_event_time_handler_t handler, sd_event_source **ret)
{
	int r = sd_event_add_time_relative(
		manager->event, ret, CLOCK_MONOTONIC, 0, TIMER_ACCURACY_USEC, handler, manager);

	return r < 0 ? r : sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
}

/* Where the kernel does not tell, what was set at the beginning holds. */
static int watch_host(struct manager *manager)
{
	int fd = kernel_events(manager->kernel);
	int r = make_timer(manager, on_host_timer, &manager->host_timer);

	if (r >= 0)
		r = make_timer(manager, on_names_timer, &manager->names_timer);
	if (r >= 0)
		r = make_timer(manager, on_all_timer, &manager->all_timer);
	if (r >= 0)
		r = fd < 0 ? fd
			   : sd_event_add_io(manager->event, &manager->host_events, fd, EPOLLIN,
				     on_host_event, manager);
	return r;
}

/* After each turn of the loop, once it is to stop. */
static int on_turn(sd_event_source *source, void *userdata)
{
	struct manager *manager = userdata;

	(void)source;
	return server_connections(manager->server) == 0 ? sd_event_exit(manager->event, 0) : 0;
}

/* Replies that wait still go out. */
static int on_stop(sd_event_source *source, const struct signalfd_siginfo *signal, void *userdata)
{
	struct manager *manager = userdata;
	int r;

	(void)signal;
	(void)sd_notify(0, "STOPPING=1");
	turns_finish(&manager->context);
	executions_leave(&manager->context);
	server_drain(manager->server, DRAIN_USEC);
	r = sd_event_add_post(manager->event, NULL, on_turn, manager);
	/* Where nobody is connected this is the last turn that anything happens in. */
	return r < 0 ? r : on_turn(source, manager);
}

/* What of the configuration the methods go by. */
static void use_config(struct manager *manager)
{
	const struct config *config = &manager->config;
	struct nsnet_context *context = &manager->context;

	log_set_level(config->log_level);
	context->administrators = config->administrator_gid;
	context->pool = config->pool;
	context->n_pool = config->n_pool;
	context->member_pool = config->member_pool;
	context->n_member_pool = config->n_member_pool;
	context->may_members_make_networks = config->may_members_make_networks;
	context->raises_neighbours = config->raises_neighbours;
	manager->registry.neighbours_next = 0;
	memcpy(context->may_members_reach, config->may_reach, sizeof(config->may_reach));
	context->members_lowest_port = config->lowest_port;
	context->first_port = config->first_port;
	context->last_port = config->last_port;
	context->may_programs_gain_privileges = config->may_programs_gain_privileges;
	context->spares.size = config->spares_each;
	context->spares.total = config->spares_total;
	pool_poke(context);
	context->is_owned_allowed =
		config->owned == CONFIG_OWNED_YES ||
		(config->owned == CONFIG_OWNED_AUTO && kernel_has(manager->kernel, "owned"));
}

/* What is there is kept, and what is over a lower limit too. */
static int on_reload(sd_event_source *source, const struct signalfd_siginfo *signal, void *userdata)
{
	struct manager *manager = userdata;
	struct config config;
	const char *wrong = NULL;

	(void)source;
	(void)signal;
	if (start_finish(manager->start) < 0)
		return 0;
	if (config_load(manager->config_path, &config, &wrong) < 0) {
		log_line(LOG_ERR, "%s: the configuration stays as it was", wrong);
		config_done(&config);
		return 0;
	}
	config_done(&manager->config);
	manager->config = config;
	use_config(manager);
	log_line(LOG_INFO, "configuration read again");
	return 0;
}

static int make_loop(struct manager *manager)
{
	static const struct {
		int signal;
		sd_event_signal_handler_t handler;
	} signals[] = { { SIGTERM, on_stop }, { SIGINT, on_stop }, { SIGHUP, on_reload } };
	int r = sd_event_new(&manager->event);

	for (size_t i = 0; r >= 0 && i < lengthof(signals); i++) {
		sigset_t set;

		if (sigemptyset(&set) < 0 || sigaddset(&set, signals[i].signal) < 0 ||
			sigprocmask(SIG_BLOCK, &set, NULL) < 0)
			return neg();
		r = sd_event_add_signal(
			manager->event, NULL, signals[i].signal, signals[i].handler, manager);
	}
	if (r >= 0)
		r = make_timer(manager, on_idle, &manager->idle_timer);
	if (r >= 0)
		r = sd_event_source_set_time_accuracy(manager->idle_timer, IDLE_ACCURACY_USEC);
	if (r >= 0)
		r = sd_event_source_set_priority(manager->idle_timer, SD_EVENT_PRIORITY_IDLE);
	if (r >= 0)
		r = make_timer(manager, on_waiting_timer, &manager->waiting_timer);
	if (r >= 0)
		r = sd_event_add_io(manager->event, &manager->departures,
			kernel_departures(manager->kernel), EPOLLIN, on_departures, manager);
	return r < 0 ? r : watch_host(manager);
}

static void limits_of(void *userdata, const struct peer *peer, struct quota_limits *ret)
{
	const struct manager *manager = userdata;

	config_limits_of(&manager->config, peer->uid, peer->groups, peer->n_groups, ret);
}

static unsigned limit_connections(void *userdata, const struct peer *peer)
{
	struct quota_limits limits;

	limits_of(userdata, peer, &limits);
	return limits.of[QUOTA_CONNECTIONS];
}

static unsigned count_connections(void *userdata, uid_t uid)
{
	const struct manager *manager = userdata;

	return server_connections_of(manager->server, uid);
}

static gid_t group_of(void *userdata, const struct peer *peer)
{
	const struct manager *manager = userdata;

	return config_group_of(&manager->config, peer->uid, peer->gid);
}

static void on_names(void *userdata, const char *network, bool is_there)
{
	struct manager *manager = userdata;

	if (manager->names)
		names_change(manager->names, network, is_there);
}

static void on_gone(void *userdata, const char *name)
{
	struct manager *manager = userdata;

	bound_gone(manager->bound, name);
}

/* Where there can be name servers; else names are in hosts files alone, and that is no error. */
static void make_names(struct manager *manager)
{
	if (names_are_possible() &&
		names_new(manager->event, &manager->registry, &manager->names) < 0)
		log_line(LOG_ERR, "networks have no name servers");
	manager->context.has_names = manager->names;
}

static void make_context(struct manager *manager, const struct kernel_paths *paths)
{
	manager->context = (struct nsnet_context){
		.registry = &manager->registry,
		.kernel = manager->kernel,
		.paths = paths,
		.version = NSNET_VERSION,
		.limits_of = limits_of,
		.connections_of = count_connections,
		.group_of = group_of,
		.on_names = on_names,
		.on_gone = on_gone,
		.on_pool = on_pool,
		.on_waiting = on_waiting,
		.on_let_alone = on_let_alone,
		.on_work = on_work,
		.userdata = manager,
	};
	list_init(&manager->context.monitors);
	list_init(&manager->context.applies);
	list_init(&manager->context.deletions);
	list_init(&manager->context.diagnoses);
	list_init(&manager->context.executions);
	machine_unique_local(manager->context.unique_local);
	use_config(manager);
}

static int make_kernel(struct manager *manager, const struct kernel_paths *paths)
{
	const char *what = "the kernel";
	int r = kernel_new(paths, &manager->kernel, &what);

	if (r < 0)
		log_line(LOG_ERR, "%s: %s", what, strerror(-r));
	return r;
}

/* Only now all there is is there. */
static void on_started(void *userdata, int r)
{
	struct manager *manager = userdata;

	if (r < 0) {
		log_line(LOG_ERR, "cannot read what is there: %s", strerror(-r));
		(void)sd_event_exit(manager->event, r);
		return;
	}
	neighbours_follow(&manager->context);
	if (manager->names)
		names_begin(manager->names);
	bound_begin(manager->bound);
	/* Where systemd waits for it (WatchdogSec=): a turn of the loop that does not end is the daemon's end. */
	r = sd_event_set_watchdog(manager->event, true);
	if (r < 0)
		log_line(LOG_WARNING, "nobody watches whether the daemon hangs: %s", strerror(-r));
	log_line(LOG_INFO, "ready: %zu namespaces, %zu networks", manager->registry.n_namespaces,
		manager->registry.n_networks);
	(void)sd_notifyf(0, "READY=1\nSTATUS=%zu namespaces, %zu networks at start",
		manager->registry.n_namespaces, manager->registry.n_networks);
	/* What the start took is not needed again. */
	(void)malloc_trim(0);
}

int manager_new(struct config *config, const char *config_path, const struct kernel_paths *paths,
	struct manager **ret)
{
	cleanup(manager_free) struct manager *manager = calloc(1, sizeof(*manager));
	int r;

	if (!manager)
		abort();
	manager->config = *config;
	*config = (struct config){ 0 };
	manager->config_path = config_path;
	registry_init(&manager->registry);
	r = make_kernel(manager, paths);
	if (r < 0)
		return r;
	r = make_loop(manager);
	if (r < 0) {
		log_line(LOG_ERR, "cannot make the event loop: %s", strerror(-r));
		return r;
	}
	make_context(manager, paths);
	make_names(manager);
	manager->services = services_new(manager->event);
	manager->context.programs = services_runner(manager->services);
	manager->bound = bound_new(manager->event, &manager->registry, paths->run);
	r = start_new(manager->event, &manager->context, on_started, manager, &manager->start);
	if (r < 0) {
		log_line(LOG_ERR, "cannot read what is there: %s", strerror(-r));
		return r;
	}
	r = server_new(manager->event, &info, NULL, &manager->server);
	if (r < 0) {
		log_line(LOG_ERR, "cannot make the server: %s", strerror(-r));
		return r;
	}
	server_add_interface(manager->server,
		&(struct server_interface){ &nsnet_interface, nsnet_handlers, &manager->context });
	server_set_before(manager->server, start_before_call, manager->start);
	server_set_quota(manager->server, limit_connections, manager);
	*ret = take(manager);
	return 0;
}

void manager_free(struct manager *manager)
{
	if (!manager)
		return;
	executions_leave(&manager->context);
	server_free(manager->server);
	services_free(manager->services);
	start_free(manager->start);
	names_free(manager->names);
	bound_free(manager->bound);
	pool_done(&manager->context.spares);
	left_done(&manager->context.left);
	registry_done(&manager->registry);
	kernel_free(manager->kernel);
	(void)sd_event_source_unref(manager->departures);
	(void)sd_event_source_unref(manager->waiting_timer);
	(void)sd_event_source_unref(manager->host_timer);
	(void)sd_event_source_unref(manager->names_timer);
	(void)sd_event_source_unref(manager->all_timer);
	(void)sd_event_source_unref(manager->work);
	(void)sd_event_source_unref(manager->idle_timer);
	(void)sd_event_source_unref(manager->host_events);
	(void)sd_event_unref(manager->event);
	config_done(&manager->config);
	free(manager);
}

int manager_listen(struct manager *manager, int fd)
{
	int r = server_listen(manager->server, fd);

	if (r < 0)
		log_line(LOG_ERR, "cannot listen on descriptor %d: %s", fd, strerror(-r));
	return r;
}

int manager_listen_path(struct manager *manager, const char *path)
{
	gid_t gid = manager->config.control_gid;
	int r = server_listen_path(manager->server, path, gid == (gid_t)-1 ? 0600 : 0660, gid);

	if (r < 0)
		log_line(LOG_ERR, "%s: %s", path, strerror(-r));
	else if (gid == (gid_t)-1)
		log_line(LOG_NOTICE, "no group \"%s\": %s is root's alone",
			manager->config.control_group, path);
	return r;
}

/* Nothing is left of it: not the links either, which the kernel would take away some time after the process. */
static void end_pool(struct manager *manager)
{
	int64_t end = methods_now().monotonic.value + END_USEC;

	refill_end(&manager->context);
	while (kernel_is_reaping(manager->kernel) && methods_now().monotonic.value < end) {
		(void)kernel_wait_departures(manager->kernel, END_USEC / 100);
		deletions_follow(&manager->context);
	}
}

int manager_run(struct manager *manager)
{
	int r = sd_event_loop(manager->event);
	end_pool(manager);
	if (r < 0)
		log_line(LOG_ERR, "event loop: %s", strerror(-r));
	return r;
}

int manager_clear(struct manager *manager)
{
	int r = start_finish(manager->start);

	return r < 0 ? r : clear_all(&manager->context);
}
