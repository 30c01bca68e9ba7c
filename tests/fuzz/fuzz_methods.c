/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * fuzz_methods - whatever is asked of alt.nsnet, by whomever: what there is agrees with the kernel, and nothing is left in the end
 *
 * The input is frames with a NUL between them; the first byte of each tells who sends it: "r" root, "m" a member, "o" another
 * member, "s" one who is in the group staff, "a" an administrator, "R" root by a connection that can keep no call open. Others are no
 * frames: "f" or "F" and a number plants a fault at that step of the next plans, "b" makes the namespaces busy, "l" gives a port of the
 * host to somebody, "h" and a name is an interface of the host, "i" and a prefix is in use on the host, "d" and some words is something
 * that a diagnosis finds or that the system lacks (fake.h), "k" and a word is what the kernel does not tell (around.h), "w" is a member
 * who watches, "W" and a number says that he reads no more and how much may wait for him, "x" are descriptors beside the next
 * frame, "e" and a number is what becomes of a program, "n" and a number limits the ports of bridges, "q" is that members make no
 * networks, "p" and a number is how many namespaces are made ahead, and makes them.
 *
 * What takes long comes to its end within its call, until "t" and a number makes each look at the clock take so many microseconds: then
 * it goes on by a turn with each part, and its client waits; "g" is one who waits no more. "T" ends that; "c" and a number is time
 * that passes. The kernel floor is the fake one.
 */
#include <fcntl.h>
#include <stdio.h>
#include <syslog.h>

#include "around.h"
#include "execute.h"
#include "fake.h"
#include "frames.h"
#include "fuzz.h"
#include "log.h"
#include "methods.h"
#include "refill.h"
#include "turns.h"

#define ADMINISTRATORS 77U
#define STAFF          50U
#define OPEN_MAX       4U
#define FDS            4U
#define NOTES_MAX      64U

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

/* What goes on beside the calls. */
struct beside {
	struct nsnet_context context;
	struct registry registry;
	struct dispatch dispatch;
	struct kernel *kernel;
	struct arena arena;
	bool has_fault;
	bool goes_in_turns;
	struct peer watcher;
	struct subscription subscription;
	struct wire_out heard;
	struct frames_call *open[OPEN_MAX]; /* the oldest first; lists lead to what is in them */
	size_t n_open;
	bool has_fds;                 /* beside the next frame */
	const char *notes[NOTES_MAX]; /* that were planted */
	size_t n_notes, n_prefixes;
};

/* The rest at once: replies are looked at when the request was. */
static void on_work(void *userdata)
{
	struct beside *beside = userdata;

	if (!beside->goes_in_turns)
		turns_finish(&beside->context);
}

/* They are made when it is said. */
static void on_pool(unused void *userdata)
{
}

static void on_let_alone(unused void *userdata, unused uint64_t usec)
{
}

static void on_waiting(unused void *userdata, uint64_t usec)
{
	fuzz_check(usec > 0);
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
		.on_pool = on_pool,
		.programs = around_runner,
	};

	return context;
}

static void ask(struct beside *beside, const char *text)
{
	const struct peer peer = { .pid = 1 };

	frames_check(&beside->dispatch, &peer, text, strlen(text));
}

static void watch(struct beside *beside)
{
	const char *text = "{\"method\":\"alt.nsnet.Monitor\",\"more\":true}";

	if (beside->subscription.is_open)
		return;
	frames_read(&beside->heard);
	beside->watcher = (struct peer){ .uid = 1000, .gid = 1000 };
	fuzz_check(dispatch_frame(&beside->dispatch,
			   &(struct dispatch_client){ .peer = &beside->watcher,
				   .out = &beside->heard,
				   .subscription = &beside->subscription },
			   text, strlen(text)) == 0);
}

/* Nothing that a plan makes or takes away: the registry knows of none of these. */
static void note(struct beside *beside, const char *text)
{
	static const char *const kinds[] = { "lacks ", "off ", "table ", "legacy ip ",
		"legacy ip6 ", "resolver ", "drops ", "down ", "listens ", "cut ", "unrouted ",
		"neighbours" };

	for (size_t i = 0; i < lengthof(kinds) && beside->n_notes < NOTES_MAX; i++)
		if (after(text, kinds[i])) {
			fake_plant(beside->kernel, text);
			beside->notes[beside->n_notes++] = text;
			return;
		}
}

static void add_prefix(struct beside *beside, const char *text)
{
	struct prefix prefix;

	if (beside->n_prefixes < 8 && prefix_parse(text, &prefix)) {
		fake_add_prefix(beside->kernel, text, "eth7");
		beside->n_prefixes++;
	}
}

/* As long as there is something to be done. */
static void make_ahead(struct beside *beside, unsigned long number)
{
	struct pool *spares = &beside->context.spares;

	spares->size = (unsigned)(number % 5);
	spares->total = 6;
	for (int i = 0; i < 32 && refill_work(&beside->context) == 0; i++)
		;
	fuzz_check(spares->n <= spares->total);
}

static void end_call(struct frames_call *call)
{
	frames_end(call);
	free(call);
}

/* Whoever is answered by now is done with; is_first_gone: the oldest one waits no more. */
static void read_open(struct beside *beside, bool is_first_gone)
{
	size_t n = 0;

	for (size_t i = 0; i < beside->n_open; i++) {
		struct frames_call *call = beside->open[i];

		if (frames_go_on(call) && !(is_first_gone && i == 0))
			beside->open[n++] = call;
		else
			end_call(call);
	}
	beside->n_open = n;
}

static void finish(struct beside *beside)
{
	beside->goes_in_turns = false;
	around_tick(0);
	turns_finish(&beside->context);
}

/* What is around. False: it is something else. */
static bool change_host(struct beside *beside, const char *part, unsigned long number)
{
	switch (*part) {
	case 'b':
		fake_set_processes(beside->kernel, number % 100);
		return true;
	case 'l':
		fake_listen(beside->kernel, (uint16_t)number);
		return true;
	case 'h':
		fake_plant(beside->kernel, arena_printf(&beside->arena, "host %s", part + 1));
		return true;
	case 'i':
		add_prefix(beside, part + 1);
		return true;
	case 'd':
		note(beside, part + 1);
		return true;
	case 'n':
		around_limit_ports((unsigned)(number % 64));
		return true;
	default:
		return false;
	}
}

/* What goes wrong, or on. */
static bool change_course(struct beside *beside, const char *part, unsigned long number)
{
	switch (*part) {
	case 'f':
	case 'F':
		fake_fail_at(beside->kernel, (enum step_type)(number % STEP_TYPES), 0,
			*part == 'f' ? ENOSPC : EEXIST, *part == 'f' ? "no room" : "");
		beside->has_fault = true;
		return true;
	case 'k':
		around_hush(part + 1);
		beside->has_fault = true;
		return true;
	case 't':
		beside->goes_in_turns = true;
		around_tick(number);
		return true;
	case 'T':
		finish(beside);
		return true;
	case 'c':
		around_pass(number);
		return true;
	default:
		return false;
	}
}

/* What others do. False: it is a frame. */
static bool change(struct beside *beside, const char *part)
{
	unsigned long number = strtoul(part + 1, NULL, 10);

	switch (*part) {
	case 'w':
		watch(beside);
		return true;
	case 'W':
		beside->subscription.most = number;
		return true;
	case 'g':
		return true; /* see on_part() */
	case 'x':
		beside->has_fds = true;
		return true;
	case 'e':
		around_program((unsigned)number);
		return true;
	case 'q':
		beside->context.may_members_make_networks = false;
		return true;
	case 'p':
		make_ahead(beside, number);
		return true;
	default:
		return change_host(beside, part, number) || change_course(beside, part, number);
	}
}

static struct peer peer_of(char letter)
{
	static gid_t groups[] = { ADMINISTRATORS, STAFF };

	switch (letter) {
	case 'm':
		return (struct peer){ .uid = 1000, .gid = 1000, .pid = 1 };
	case 'o':
		return (struct peer){ .uid = 1001, .gid = 1001, .pid = 1 };
	case 'a':
		return (struct peer){ 1002, 1002, 1, &groups[0], 1 };
	case 's':
		return (struct peer){ 1003, 1003, 1, &groups[1], 1 };
	default:
		return (struct peer){ .pid = 1 };
	}
}

static void take_fds(struct beside *beside, struct wire_in *ret)
{
	wire_in_init(ret, 1, FDS);
	ret->fds = calloc(FDS, sizeof(*ret->fds));
	fuzz_check(ret->fds);
	for (; beside->has_fds && ret->n_fds < FDS; ret->n_fds++) {
		ret->fds[ret->n_fds] = open("/dev/null", O_RDWR | O_CLOEXEC);
		fuzz_check(ret->fds[ret->n_fds] >= 0);
	}
	beside->has_fds = false;
}

/* There is room for so many who wait: the oldest goes. */
static void on_frame(struct beside *beside, const char *part, size_t n)
{
	struct frames_call *call = calloc(1, sizeof(*call));
	const struct peer peer = peer_of(*part);
	bool is_stranger = around_is_stranger(&beside->context, &peer, part + 1, n - 1), is_open;
	struct wire_in fds;

	fuzz_check(call);
	if (beside->n_open == OPEN_MAX)
		read_open(beside, true);
	take_fds(beside, &fds);
	is_open = frames_begin(&beside->dispatch, &peer, &fds, *part == 'R', part + 1, n - 1, call);
	fuzz_check(!is_stranger || call->is_refused || call->is_oneway);
	if (is_open && beside->goes_in_turns)
		beside->open[beside->n_open++] = call;
	else
		end_call(call);
	wire_in_done(&fds);
}

static void check_lending(const struct beside *beside)
{
	static const char letters[] = { 'm', 'o', 's' };

	for (size_t i = 0; i < lengthof(letters); i++) {
		const struct peer peer = peer_of(letters[i]);

		around_check_lending(&beside->context, &peer);
	}
}

/* One that was made ahead is there, has no name, and is charged to nobody. */
static void check_spares(const struct beside *beside)
{
	const struct pool *spares = &beside->context.spares;
	autoarena struct arena arena = ARENA_INIT;

	for (size_t i = 0; i < spares->n; i++) {
		const struct ns *spare = spares->spares[i];

		fuzz_check(fake_has(beside->kernel, arena_printf(&arena, "netns %s", spare->name)));
		fuzz_check(!registry_find_namespace(&beside->registry, spare->name));
		fuzz_check(!spare->charge.user);
	}
}

static void on_part(struct beside *beside, const char *part, size_t n)
{
	struct subscription *watcher = &beside->subscription;
	bool is_full = watcher->is_open && !subscription_has_room(watcher);
	size_t pending = beside->heard.pending;

	if (!change(beside, part))
		on_frame(beside, part, n);
	(void)around_stop();
	if (beside->goes_in_turns)
		(void)turns_work(&beside->context);
	read_open(beside, *part == 'g');
	check_lending(beside);
	if (!beside->has_fault)
		check_spares(beside);
	/* Who does not read hears no more but that he has lost something. */
	fuzz_check(!is_full || !watcher->is_open || beside->heard.pending == pending);
}

static size_t count(const char *picture, const char *what)
{
	size_t n = 0;

	for (const char *p = picture; (p = strstr(p, what)); p++)
		n += p == picture || p[-1] == '\n';
	return n;
}

/* What the registry has, the kernel has, and as often. */
static void check_objects(const struct registry *registry, const struct pool *spares,
	const struct kernel *kernel, struct arena *arena)
{
	struct network **networks = registry_networks(registry, arena);
	struct ns **all = registry_namespaces(registry, arena);
	const char *picture = fake_picture(kernel, arena);
	size_t n_pins = count(picture, "pin "), n_bridges = count(picture, "bridge ");

	fuzz_check(n_pins == registry->n_namespaces);
	fuzz_check(count(picture, "netns ") == registry->n_namespaces + spares->n);
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
static void end(struct beside *beside)
{
	const struct registry *registry = &beside->registry;
	struct arena *arena = &beside->arena;
	struct ns **all = registry_namespaces(registry, arena);
	struct network **networks = registry_networks(registry, arena);

	for (size_t i = registry->n_namespaces; i-- > 0;)
		ask(beside, arena_printf(arena,
				    "{\"method\":\"alt.nsnet.DeleteNamespaces\","
				    "\"parameters\":{\"names\":[\"%s\"],\"kill\":true}}",
				    all[i]->name));
	for (size_t i = registry->n_networks; i-- > 0;)
		ask(beside, arena_printf(arena,
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

static void read_parts(struct beside *beside, const uint8_t *data, size_t n)
{
	while (n > 0) {
		const uint8_t *behind = memchr(data, 0, n);
		size_t length = behind ? (size_t)(behind - data) : n;

		if (length > 0)
			on_part(beside, arena_strndup(&beside->arena, (const char *)data, length),
				length);
		data += length + (behind != NULL);
		n -= length + (behind != NULL);
	}
}

/* What takes long comes to its end, and nobody waits any more but those who watch. */
static void settle(struct beside *beside)
{
	finish(beside);
	executions_leave(&beside->context);
	fuzz_check(around_stop() == 0 && list_is_empty(&beside->context.executions));
	fuzz_check(list_is_empty(&beside->context.applies) &&
		   list_is_empty(&beside->context.deletions) &&
		   list_is_empty(&beside->context.diagnoses));
	while (beside->n_open > 0)
		read_open(beside, true);
	around_hush(NULL);
}

static void run(struct beside *beside, const uint8_t *data, size_t n)
{
	const struct pool *spares = &beside->context.spares;
	struct arena *arena = &beside->arena;

	subscription_init(&beside->subscription, NULL, NULL);
	wire_out_init(&beside->heard);
	read_parts(beside, data, n);
	settle(beside);
	/* What is to go goes as far as it can, and what is left of it then is no longer known. */
	if (!beside->has_fault)
		check_objects(&beside->registry, spares, beside->kernel, arena);
	fake_fail_at(beside->kernel, STEP_TYPES, 0, 0, NULL);
	refill_end(&beside->context);
	fuzz_check(spares->n == 0 && spares->n_labels == 0);
	if (!beside->has_fault)
		check_objects(&beside->registry, spares, beside->kernel, arena);
	end(beside);
	for (size_t i = 0; i < beside->n_notes; i++)
		fake_remove(beside->kernel, beside->notes[i]);
	if (!beside->has_fault)
		check_nothing_left(beside->kernel, arena);
	frames_read(&beside->heard);
	subscription_done(&beside->subscription);
	wire_out_done(&beside->heard);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct beside beside = { .arena = ARENA_INIT };
	struct nsnet_context *context = &beside.context;

	log_open(LOG_EMERG);
	fuzz_check(prefix_parse("10.203.0.0/16", &pool));
	fuzz_check(prefix_parse("10.0.0.0/8", &member_pools[0]));
	fuzz_check(prefix_parse("fd00::/8", &member_pools[1]));
	fuzz_check(kernel_new(&kernel_paths_default, &beside.kernel, NULL) == 0);
	around_begin();
	registry_init(&beside.registry);
	*context = make_context(&beside.registry, beside.kernel);
	context->userdata = &beside;
	context->programs.userdata = context;
	list_init(&context->monitors);
	list_init(&context->applies);
	list_init(&context->deletions);
	list_init(&context->diagnoses);
	list_init(&context->executions);
	dispatch_add(&beside.dispatch,
		&(struct server_interface){ &nsnet_interface, nsnet_handlers, context });
	run(&beside, data, n);
	pool_done(&context->spares);
	registry_done(&beside.registry);
	dispatch_done(&beside.dispatch);
	kernel_free(beside.kernel);
	arena_done(&beside.arena);
	return 0;
}
