/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * methods_world - the daemon's methods over the fake kernel, asked by frames
 */
#include "methods_world.h"

#include <sys/socket.h>

static void on_waiting(void *userdata, uint64_t usec)
{
	struct world *world = userdata;

	assert_true(usec > 0 && usec <= 30000000);
	world->waits++;
}

static void on_let_alone(void *userdata, uint64_t usec)
{
	struct world *world = userdata;

	assert_int_equal(usec, 10000000);
	world->let_alone++;
}

static void on_work(void *userdata)
{
	struct world *world = userdata;

	world->works++;
}

static void on_pool(void *userdata)
{
	struct world *world = userdata;

	world->pokes++;
}

static gid_t group_of(void *userdata, const struct peer *peer)
{
	(void)userdata;
	return peer->gid;
}

static void on_names(void *userdata, const char *network, bool is_there)
{
	struct world *world = userdata;

	world->names = arena_printf(&world->arena, "%s%s%s ", world->names ? world->names : "",
		is_there ? "+" : "-", network);
}

static void limits_of(void *userdata, const struct peer *peer, struct quota_limits *ret)
{
	const struct world *world = userdata;

	assert_int_not_equal(peer->uid, 0);
	*ret = world->limits;
}

static unsigned count_connections(void *userdata, uid_t uid)
{
	(void)userdata;
	(void)uid;
	return 1;
}

int world_open(void **state)
{
	struct world *world = calloc(1, sizeof(*world));

	if (!world || kernel_new(&kernel_paths_default, &world->kernel, NULL) < 0)
		return -1;
	registry_init(&world->registry);
	if (!prefix_parse("10.203.0.0/16", &world->pool[0]) ||
		!prefix_parse("10.0.0.0/8", &world->member_pool[0]) ||
		!prefix_parse("fd00::/8", &world->member_pool[1]))
		return -1;
	world->limits = (struct quota_limits){ { 3, 2, 4, 4, 32 } };
	world->context = (struct nsnet_context){
		.registry = &world->registry,
		.kernel = world->kernel,
		.paths = &kernel_paths_default,
		.version = "1.2.3",
		.administrators = WORLD_ADMINISTRATORS,
		.pool = world->pool,
		.n_pool = 1,
		.unique_local = { 0xfd, 1, 2, 3, 4, 5 },
		.member_pool = world->member_pool,
		.n_member_pool = 2,
		.may_members_make_networks = true,
		.may_members_reach = { [NSNET_REACH_NAT] = true, [NSNET_REACH_INTERNAL] = true },
		.members_lowest_port = 1024,
		.first_port = 20000,
		.last_port = 20009,
		.is_owned_allowed = true,
		.limits_of = limits_of,
		.connections_of = count_connections,
		.group_of = group_of,
		.on_names = on_names,
		.on_pool = on_pool,
		.on_waiting = on_waiting,
		.on_let_alone = on_let_alone,
		.userdata = world,
	};
	list_init(&world->context.monitors);
	list_init(&world->context.applies);
	list_init(&world->context.deletions);
	list_init(&world->context.diagnoses);
	list_init(&world->context.executions);
	world->context.on_work = on_work;
	subscription_init(&world->subscription, NULL, NULL);
	wire_out_init(&world->heard);
	dispatch_add(&world->dispatch,
		&(struct server_interface){ &nsnet_interface, nsnet_handlers, &world->context });
	*state = world;
	return 0;
}

int world_close(void **state)
{
	struct world *world = *state;

	subscription_done(&world->subscription);
	wire_out_done(&world->heard);
	pool_done(&world->context.spares);
	left_done(&world->context.left);
	registry_done(&world->registry);
	dispatch_done(&world->dispatch);
	kernel_free(world->kernel);
	arena_done(&world->arena);
	free(world);
	return 0;
}

/* What waits in out, through a socket: with NULs as line ends. */
static const char *drain(struct world *world, struct wire_out *out)
{
	const char *text = "";
	int pair[2], left = 1;

	assert_return_code(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), errno);
	while (left > 0) {
		char part[65536];
		ssize_t n;

		left = wire_out_flush(out, pair[0], NULL);
		assert_true(left >= 0);
		while ((n = recv(pair[1], part, sizeof(part), 0)) > 0) {
			for (ssize_t i = 0; i < n; i++)
				if (!part[i])
					part[i] = '\n';
			text = arena_printf(&world->arena, "%s%.*s", text, (int)n, part);
		}
	}
	close_fd(pair[0]);
	close_fd(pair[1]);
	return text;
}

const char *world_ask_as(struct world *world, uid_t uid, gid_t group, const char *frame)
{
	struct peer peer = { .uid = uid, .gid = uid, .groups = &group, .n_groups = 1 };
	const char *text = arena_strdup(&world->arena, frame);
	struct wire_out out;

	wire_out_init(&out);
	assert_int_equal(dispatch_frame(&world->dispatch,
				 &(struct dispatch_client){
					 .peer = &peer, .out = &out, .subscription = NULL },
				 text, strlen(text)),
		0);
	text = drain(world, &out);
	wire_out_done(&out);
	return text;
}

const char *world_ask(struct world *world, const char *method, const char *parameters)
{
	return world_ask_as(world, 0, 0,
		arena_printf(&world->arena,
			"{\"method\":\"alt.nsnet.%s\",\"parameters\":%s,\"more\":true}", method,
			parameters));
}

const char *world_keep_as(
	struct world *world, uid_t uid, const char *frame, const int *fds, size_t n)
{
	struct wire_in in = { 0 };

	world->watcher = (struct peer){ .uid = uid, .gid = uid };
	wire_in_init(&in, 1, WIRE_FDS_MAX);
	in.fds = calloc(WIRE_FDS_MAX, sizeof(int));
	assert_non_null(in.fds);
	for (size_t i = 0; i < n; i++)
		in.fds[in.n_fds++] = fds[i];
	assert_int_equal(dispatch_frame(&world->dispatch,
				 &(struct dispatch_client){ .peer = &world->watcher,
					 .out = &world->heard,
					 .subscription = &world->subscription,
					 .in = &in },
				 frame, strlen(frame)),
		0);
	wire_in_done(&in);
	return world_heard(world);
}

const char *world_watch_as(struct world *world, uid_t uid)
{
	const char *frame = "{\"method\":\"alt.nsnet.Monitor\",\"more\":true}";
	const char *text = arena_strdup(&world->arena, frame);

	subscription_done(&world->subscription);
	world->watcher = (struct peer){ .uid = uid, .gid = uid };
	assert_int_equal(dispatch_frame(&world->dispatch,
				 &(struct dispatch_client){ .peer = &world->watcher,
					 .out = &world->heard,
					 .subscription = &world->subscription },
				 text, strlen(text)),
		0);
	return world_heard(world);
}

const char *world_heard(struct world *world)
{
	return drain(world, &world->heard);
}
