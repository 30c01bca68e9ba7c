/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_methods - whatever is asked of alt.nsnet, by whomever: what there is agrees with the kernel, and nothing is left in the end
 *
 * The input is frames with a NUL between them; the first byte of each tells who sends it: "r" root, "m" a member, "o" another
 * member, "a" an administrator. Others are no frames: "f" or "F" and a number plants a fault at that step of the next plans, "b" makes
 * the namespaces busy, "l" gives a port of the host to somebody, "h" and a name is an interface of the host, "w" a member who
 * watches. The kernel floor is the fake one.
 */
#include <stdio.h>
#include <syslog.h>

#include "fake.h"
#include "frames.h"
#include "fuzz.h"
#include "log.h"
#include "methods.h"
#include "turns.h"

#define ADMINISTRATORS 77U

static struct prefix pool, member_pools[2];

static void limits_of(
	unused void *userdata, unused const struct peer *peer, struct quota_limits *ret)
{
	*ret = (struct quota_limits){ { 3, 2, 4, 4, 32 } };
}

static unsigned count_connections(unused void *userdata, unused uid_t uid)
{
	return 1;
}

static gid_t group_of(unused void *userdata, const struct peer *peer)
{
	return peer->gid;
}

static void on_names(unused void *userdata, const char *network, unused bool is_there)
{
	fuzz_check(name_is_valid(network));
}

/* The rest at once: replies are looked at when the request was. */
static void on_work(void *userdata)
{
	turns_finish(userdata);
}

static void on_let_alone(unused void *userdata, unused uint64_t usec)
{
}

static void on_waiting(unused void *userdata, uint64_t usec)
{
	fuzz_check(usec > 0);
}

/* What comes to be asked of systemd has been found good. */
static int on_start(unused void *userdata, const struct program *program,
	unused const struct program_listener *listener, unused void **ret)
{
	fuzz_check(program->arguments.n > 0 && program->arguments.items[0][0] == '/');
	fuzz_check(program->directory[0] == '/' && !strchr(program->directory, '\n'));
	for (size_t i = 0; i < program->environment.n; i++)
		fuzz_check(!strchr(program->environment.items[i], '\n'));
	return -ENOTCONN;
}

static struct nsnet_context make_context(struct registry *registry, struct kernel *kernel)
{
	struct nsnet_context context = {
		.registry = registry,
		.kernel = kernel,
		.paths = &kernel_paths_default,
		.version = "1.2.3",
		.administrators = ADMINISTRATORS,
		.pool = &pool,
		.n_pool = 1,
		.unique_local = { 0xfd, 1, 2, 3, 4, 5 },
		.member_pool = member_pools,
		.n_member_pool = lengthof(member_pools),
		.may_members_make_networks = true,
		.may_members_reach = { [NSNET_REACH_NAT] = true, [NSNET_REACH_INTERNAL] = true },
		.members_lowest_port = 1024,
		.first_port = 20000,
		.last_port = 20009,
		.has_names = true,
		.is_owned_allowed = true,
		.limits_of = limits_of,
		.connections_of = count_connections,
		.group_of = group_of,
		.on_names = on_names,
		.on_waiting = on_waiting,
		.on_let_alone = on_let_alone,
		.on_work = on_work,
		.programs = { .start = on_start },
	};

	return context;
}

static void ask(const struct dispatch *dispatch, uid_t uid, const char *text)
{
	const struct peer peer = { .uid = uid, .gid = uid, .pid = 1 };

	frames_check(dispatch, &peer, text, strlen(text));
}

/* What goes on beside the calls. */
struct beside {
	struct kernel *kernel;
	bool has_fault;
	struct peer watcher;
	struct subscription subscription;
	struct wire_out heard;
};

static void watch(const struct dispatch *dispatch, struct beside *beside)
{
	const char *text = "{\"method\":\"alt.nsnet.Monitor\",\"more\":true}";

	if (beside->subscription.is_open)
		return;
	beside->watcher = (struct peer){ .uid = 1000, .gid = 1000 };
	fuzz_check(dispatch_frame(dispatch,
			   &(struct dispatch_client){ .peer = &beside->watcher,
				   .out = &beside->heard,
				   .subscription = &beside->subscription },
			   text, strlen(text)) == 0);
}

/* False: it is a frame. */
static bool change(const struct dispatch *dispatch, struct beside *beside, const char *part)
{
	unsigned long number = strtoul(part + 1, NULL, 10);
	autoarena struct arena arena = ARENA_INIT;

	switch (*part) {
	case 'f':
	case 'F':
		fake_fail_at(beside->kernel, (enum step_type)(number % STEP_TYPES), 0,
			*part == 'f' ? ENOSPC : EEXIST, *part == 'f' ? "no room" : "");
		beside->has_fault = true;
		return true;
	case 'b':
		fake_set_processes(beside->kernel, number % 100);
		return true;
	case 'l':
		fake_listen(beside->kernel, (uint16_t)number);
		return true;
	case 'h':
		fake_plant(beside->kernel, arena_printf(&arena, "host %s", part + 1));
		return true;
	case 'w':
		watch(dispatch, beside);
		return true;
	default:
		return false;
	}
}

static void on_part(
	const struct dispatch *dispatch, struct beside *beside, const char *part, size_t n)
{
	gid_t group = ADMINISTRATORS;
	struct peer peer = { .pid = 1 };

	if (change(dispatch, beside, part))
		return;
	switch (*part) {
	case 'm':
		peer.uid = peer.gid = 1000;
		break;
	case 'o':
		peer.uid = peer.gid = 1001;
		break;
	case 'a':
		peer = (struct peer){ 1002, 1002, 1, &group, 1 };
		break;
	default:
		break;
	}
	frames_check(dispatch, &peer, part + 1, n - 1);
}

/* What the registry has, the kernel has, and as often. */
static void check_objects(
	const struct registry *registry, const struct kernel *kernel, struct arena *arena)
{
	struct network **networks = registry_networks(registry, arena);
	struct ns **all = registry_namespaces(registry, arena);
	const char *picture = fake_picture(kernel, arena);
	size_t n_pins = 0, n_bridges = 0;

	for (const char *p = picture; (p = strstr(p, "pin ")); p++)
		n_pins += p == picture || p[-1] == '\n';
	for (const char *p = picture; (p = strstr(p, "bridge ")); p++)
		n_bridges += p == picture || p[-1] == '\n';
	fuzz_check(n_pins == registry->n_namespaces);
	for (size_t i = 0; i < registry->n_namespaces; i++) {
		fuzz_check(fake_has(kernel, arena_printf(arena, "pin %s", all[i]->name)));
		fuzz_check(fake_has(
			kernel, arena_printf(arena, "record namespaces/%s", all[i]->name)));
	}
	for (size_t i = 0; i < registry->n_networks; i++) {
		fuzz_check(fake_has(kernel, arena_printf(arena, "link %s", networks[i]->bridge)) ||
			   n_bridges > 0);
		fuzz_check(fake_has(
			kernel, arena_printf(arena, "record networks/%s", networks[i]->name)));
	}
}

/* All goes, and with it all that the kernel was told to make. */
static void end(
	const struct dispatch *dispatch, const struct registry *registry, struct arena *arena)
{
	struct ns **all = registry_namespaces(registry, arena);
	struct network **networks = registry_networks(registry, arena);

	for (size_t i = registry->n_namespaces; i-- > 0;)
		ask(dispatch, 0,
			arena_printf(arena,
				"{\"method\":\"alt.nsnet.DeleteNamespaces\","
				"\"parameters\":{\"names\":[\"%s\"],\"kill\":true}}",
				all[i]->name));
	for (size_t i = registry->n_networks; i-- > 0;)
		ask(dispatch, 0,
			arena_printf(arena,
				"{\"method\":\"alt.nsnet.DeleteNetworks\","
				"\"parameters\":{\"names\":[\"%s\"]}}",
				networks[i]->name));
	fuzz_check(registry->n_namespaces == 0 && registry->n_networks == 0);
}

/* But for what stood beside. */
static void check_nothing_left(struct kernel *kernel, struct arena *arena)
{
	const char *picture = fake_picture(kernel, arena);

	for (const char *line = picture; *line; line = strchr(line, '\n') + 1)
		if (!after(line, "host ")) {
			(void)fprintf(stderr, "left:\n%s", picture);
			fuzz_check(false);
		}
}

static void run(const struct dispatch *dispatch, const struct registry *registry,
	struct kernel *kernel, const uint8_t *data, size_t n)
{
	autoarena struct arena arena = ARENA_INIT;
	struct beside beside = { .kernel = kernel };

	subscription_init(&beside.subscription, NULL, NULL);
	wire_out_init(&beside.heard);
	while (n > 0) {
		const uint8_t *behind = memchr(data, 0, n);
		size_t length = behind ? (size_t)(behind - data) : n;

		if (length > 0)
			on_part(dispatch, &beside,
				arena_strndup(&arena, (const char *)data, length), length);
		data += length + (behind != NULL);
		n -= length + (behind != NULL);
	}
	/* What is to go goes as far as it can, and what is left of it then is no longer known. */
	if (!beside.has_fault)
		check_objects(registry, kernel, &arena);
	fake_fail_at(kernel, STEP_TYPES, 0, 0, NULL);
	end(dispatch, registry, &arena);
	if (!beside.has_fault)
		check_nothing_left(kernel, &arena);
	frames_read(&beside.heard);
	subscription_done(&beside.subscription);
	wire_out_done(&beside.heard);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct dispatch dispatch = { 0 };
	struct nsnet_context context;
	struct registry registry;
	struct kernel *kernel;

	log_open(LOG_EMERG);
	fuzz_check(prefix_parse("10.203.0.0/16", &pool));
	fuzz_check(prefix_parse("10.0.0.0/8", &member_pools[0]));
	fuzz_check(prefix_parse("fd00::/8", &member_pools[1]));
	fuzz_check(kernel_new(&kernel_paths_default, &kernel, NULL) == 0);
	registry_init(&registry);
	context = make_context(&registry, kernel);
	context.userdata = &context;
	list_init(&context.monitors);
	list_init(&context.applies);
	list_init(&context.deletions);
	list_init(&context.diagnoses);
	list_init(&context.executions);
	dispatch_add(&dispatch,
		&(struct server_interface){ &nsnet_interface, nsnet_handlers, &context });
	run(&dispatch, &registry, kernel, data, n);
	registry_done(&registry);
	dispatch_done(&dispatch);
	kernel_free(kernel);
	return 0;
}
