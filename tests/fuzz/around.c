/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * around - what is around the methods in fuzz_methods: the clock, who runs programs, what the kernel does not tell, and who may what
 */
#include "around.h"

#include <fcntl.h>
#include <time.h>

#include "fuzz.h"

#define PROGRAMS_MAX 8U

struct around_program {
	struct program_listener listener;
	bool is_there, is_stopped;
};

static struct {
	int64_t now, tick;
	const char *hushed;
	unsigned ports;
	struct around_program programs[PROGRAMS_MAX];
} around;

struct nsnet_timestamp __real_methods_now(void);
struct nsnet_timestamp __wrap_methods_now(void);

/* Not at the beginning of time: a time of 0 often means never, and none is that. */
void around_begin(void)
{
	memset(&around, 0, sizeof(around));
	fuzz_check(__real_methods_now().monotonic.value > 0);
	around.now = INT64_C(1000000000);
	around.tick = 1;
}

/* The clock. */

struct nsnet_timestamp __wrap_methods_now(void)
{
	around.now += around.tick;
	return (struct nsnet_timestamp){
		.realtime = SOME_INT(INT64_C(1800000000000000) + around.now),
		.monotonic = SOME_INT(around.now),
	};
}

int __wrap_nanosleep(const struct timespec *duration, struct timespec *rest);

/* Nobody sleeps: time passes. */
int __wrap_nanosleep(const struct timespec *duration, unused struct timespec *rest)
{
	around.now += (int64_t)duration->tv_sec * 1000000 + duration->tv_nsec / 1000;
	return 0;
}

void around_tick(uint64_t usec)
{
	around.tick = (int64_t)(usec % 1000000) + 1;
}

void around_pass(uint64_t usec)
{
	around.now += (int64_t)(usec % 1000000000);
}

/* What the kernel tells. */

int __real_kernel_uplinks(struct kernel *kernel, struct arena *arena, struct snapshot_uplinks *ret);
int __wrap_kernel_uplinks(struct kernel *kernel, struct arena *arena, struct snapshot_uplinks *ret);
int __real_kernel_prefixes(
	struct kernel *kernel, struct arena *arena, struct snapshot_prefixes *ret);
int __wrap_kernel_prefixes(
	struct kernel *kernel, struct arena *arena, struct snapshot_prefixes *ret);
int __real_kernel_kept(struct kernel *kernel, struct arena *arena, struct string_list *ret);
int __wrap_kernel_kept(struct kernel *kernel, struct arena *arena, struct string_list *ret);
int __real_kernel_inspect(struct kernel *kernel, const char *netns, struct arena *arena,
	struct nsnet_interface_list *ret_interfaces, struct nsnet_route_list *ret_routes);
int __wrap_kernel_inspect(struct kernel *kernel, const char *netns, struct arena *arena,
	struct nsnet_interface_list *ret_interfaces, struct nsnet_route_list *ret_routes);
int __real_kernel_processes(struct kernel *kernel, const char *const *names, size_t n,
	struct arena *arena, struct nsnet_process_id_list *ret);
int __wrap_kernel_processes(struct kernel *kernel, const char *const *names, size_t n,
	struct arena *arena, struct nsnet_process_id_list *ret);
int __real_kernel_open_netns(struct kernel *kernel, const char *netns);
int __wrap_kernel_open_netns(struct kernel *kernel, const char *netns);
int __real_kernel_open_users(
	struct kernel *kernel, const char *netns, int *ret_user, int *ret_root);
int __wrap_kernel_open_users(
	struct kernel *kernel, const char *netns, int *ret_user, int *ret_root);
int __real_kernel_is_listening(struct kernel *kernel, enum nsnet_protocol protocol,
	const struct address *host, uint16_t port);
int __wrap_kernel_is_listening(struct kernel *kernel, enum nsnet_protocol protocol,
	const struct address *host, uint16_t port);
int __real_kernel_look_setting(struct kernel *kernel, const char *key, int *ret);
int __wrap_kernel_look_setting(struct kernel *kernel, const char *key, int *ret);
int __real_kernel_look_routes(
	struct kernel *kernel, struct arena *arena, struct snapshot_routes *ret);
int __wrap_kernel_look_routes(
	struct kernel *kernel, struct arena *arena, struct snapshot_routes *ret);

void around_hush(const char *what)
{
	around.hushed = what;
}

static bool is_hushed(const char *what)
{
	return around.hushed && streq(around.hushed, what);
}

int __wrap_kernel_uplinks(struct kernel *kernel, struct arena *arena, struct snapshot_uplinks *ret)
{
	return is_hushed("uplinks") ? -EIO : __real_kernel_uplinks(kernel, arena, ret);
}

int __wrap_kernel_prefixes(
	struct kernel *kernel, struct arena *arena, struct snapshot_prefixes *ret)
{
	return is_hushed("prefixes") ? -EIO : __real_kernel_prefixes(kernel, arena, ret);
}

int __wrap_kernel_kept(struct kernel *kernel, struct arena *arena, struct string_list *ret)
{
	return is_hushed("kept") ? -EIO : __real_kernel_kept(kernel, arena, ret);
}

int __wrap_kernel_inspect(struct kernel *kernel, const char *netns, struct arena *arena,
	struct nsnet_interface_list *ret_interfaces, struct nsnet_route_list *ret_routes)
{
	return is_hushed("inspect")
		       ? -EIO
		       : __real_kernel_inspect(kernel, netns, arena, ret_interfaces, ret_routes);
}

int __wrap_kernel_processes(struct kernel *kernel, const char *const *names, size_t n,
	struct arena *arena, struct nsnet_process_id_list *ret)
{
	return is_hushed("processes") ? -EIO
				      : __real_kernel_processes(kernel, names, n, arena, ret);
}

int __wrap_kernel_open_netns(struct kernel *kernel, const char *netns)
{
	return is_hushed("netns") ? -EMFILE : __real_kernel_open_netns(kernel, netns);
}

/* "user": of the two of them it is the first that fails. */
int __wrap_kernel_open_users(struct kernel *kernel, const char *netns, int *ret_user, int *ret_root)
{
	int r = is_hushed("users") ? -EMFILE
				   : __real_kernel_open_users(kernel, netns, ret_user, ret_root);

	if (r == 0 && is_hushed("user")) {
		(void)close_fd(*ret_user);
		*ret_user = -EMFILE;
	}
	return r;
}

int __wrap_kernel_is_listening(struct kernel *kernel, enum nsnet_protocol protocol,
	const struct address *host, uint16_t port)
{
	return is_hushed("listening") ? -EIO
				      : __real_kernel_is_listening(kernel, protocol, host, port);
}

int __wrap_kernel_look_setting(struct kernel *kernel, const char *key, int *ret)
{
	return is_hushed("setting") ? -EIO : __real_kernel_look_setting(kernel, key, ret);
}

int __wrap_kernel_look_routes(
	struct kernel *kernel, struct arena *arena, struct snapshot_routes *ret)
{
	return is_hushed("routes") ? -EIO : __real_kernel_look_routes(kernel, arena, ret);
}

/* Ports. */

int __real_network_new(const char *name, uid_t uid, unsigned number,
	const struct nsnet_network_context *context, const struct network_host *host,
	struct arena *arena, struct network **ret, struct fault *reterr);
int __wrap_network_new(const char *name, uid_t uid, unsigned number,
	const struct nsnet_network_context *context, const struct network_host *host,
	struct arena *arena, struct network **ret, struct fault *reterr);

void around_limit_ports(unsigned most)
{
	around.ports = most;
}

/* A bridge that is changed keeps what it has. */
int __wrap_network_new(const char *name, uid_t uid, unsigned number,
	const struct nsnet_network_context *context, const struct network_host *host,
	struct arena *arena, struct network **ret, struct fault *reterr)
{
	int r = __real_network_new(name, uid, number, context, host, arena, ret, reterr);
	unsigned most = around.ports;

	if (r != 0 || network_is_routed(*ret))
		return r;
	if (host->former && !network_is_routed(host->former))
		most = host->former->n_ports;
	if (most > 0 && most < (*ret)->n_ports)
		(*ret)->n_ports = most;
	return 0;
}

/* Who may what. */

static bool is_account(const char *name, uint32_t id)
{
	static const char *const names[] = { "alice", "bob" };

	for (size_t i = 0; i < lengthof(names); i++)
		if (streq(name, names[i]))
			return id == 1000 + i;
	return *name && !name[strspn(name, "0123456789")] && strtoul(name, NULL, 10) == id;
}

static bool is_group(const char *name, const struct peer *peer)
{
	uint32_t id = streq(name, "staff") ? 50 : (uint32_t)strtoul(name, NULL, 10);

	if (!streq(name, "staff") && name[strspn(name, "0123456789")])
		return false;
	return peer_has_group(peer, id);
}

/* By what its wish says, and not by what was made of that. */
static bool is_lent(const struct ns *ns, const struct peer *peer)
{
	const struct string_list *allow = &ns->told.context.allow;

	for (size_t i = 0; i < allow->n; i++) {
		const char *text = allow->items[i];

		if (*text == '@' ? is_group(text + 1, peer) : is_account(text, peer->uid))
			return true;
	}
	return false;
}

void around_check_lending(const struct nsnet_context *context, const struct peer *peer)
{
	static const enum policy_verb owners[] = { MAY_OPEN_NAMESPACE, MAY_SET_NAMESPACE,
		MAY_DELETE_NAMESPACE, MAY_CHECK_NAMESPACE };
	struct policy_caller caller = methods_caller_of(context, peer);
	autoarena struct arena arena = ARENA_INIT;
	size_t n, n_seen = 0;
	struct ns **seen = methods_namespaces(context, &caller, &arena, &n);
	struct ns **all = registry_namespaces(context->registry, &arena);

	for (size_t i = 0; i < context->registry->n_namespaces; i++) {
		bool is_own = all[i]->uid == peer->uid, may_see = is_own || is_lent(all[i], peer);

		/* Both are by name. */
		if (may_see)
			fuzz_check(n_seen < n && seen[n_seen++] == all[i]);
		fuzz_check(methods_may(context, &caller, MAY_SEE_NAMESPACE, all[i]) == may_see);
		fuzz_check(methods_may(context, &caller, MAY_EXECUTE, all[i]) == may_see);
		for (size_t j = 0; j < lengthof(owners); j++)
			fuzz_check(methods_may(context, &caller, owners[j], all[i]) == is_own);
	}
	fuzz_check(n == n_seen);
}

static bool is_anothers(
	const struct nsnet_context *context, const struct peer *peer, const char *name)
{
	const struct ns *ns = registry_find_namespace(context->registry, name);

	return ns && ns->uid != peer->uid;
}

static bool names_anothers(const struct nsnet_context *context, const struct peer *peer,
	const struct codec_call *call, struct arena *arena)
{
	union {
		struct nsnet_open_namespace_in open;
		struct nsnet_set_namespace_in set;
		struct nsnet_delete_namespaces_in delete;
	} in;
	const char *field;

	if (streq(call->method, "alt.nsnet.OpenNamespace"))
		return codec_decode(&nsnet_open_namespace_in_type, call->parameters,
			       CODEC_REFUSE_UNKNOWN, arena, &in, &field) == 0 &&
		       is_anothers(context, peer, in.open.name);
	if (streq(call->method, "alt.nsnet.SetNamespace"))
		return codec_decode(&nsnet_set_namespace_in_type, call->parameters,
			       CODEC_REFUSE_UNKNOWN, arena, &in, &field) == 0 &&
		       is_anothers(context, peer, in.set.name);
	if (!streq(call->method, "alt.nsnet.DeleteNamespaces") ||
		codec_decode(&nsnet_delete_namespaces_in_type, call->parameters,
			CODEC_REFUSE_UNKNOWN, arena, &in, &field) < 0)
		return false;
	for (size_t i = 0; i < in.delete.names.n; i++)
		if (is_anothers(context, peer, in.delete.names.items[i]))
			return true;
	return false;
}

bool around_is_stranger(
	const struct nsnet_context *context, const struct peer *peer, const char *text, size_t n)
{
	autoarena struct arena arena = ARENA_INIT;
	struct codec_call call;

	return !methods_caller_of(context, peer).is_administrator &&
	       codec_parse_call(&arena, text, n, &call) == 0 &&
	       names_anothers(context, peer, &call, &arena);
}

/* Programs. */

static void check_program(const struct nsnet_context *context, const struct program *program)
{
	const struct peer peer = { .uid = program->uid,
		.gid = program->gid,
		.groups = (gid_t *)program->groups,
		.n_groups = program->n_groups };
	const struct ns *ns = registry_find_namespace(context->registry, program->name);

	fuzz_check(ns && streq(ns->told.runtime.path, program->path));
	fuzz_check(methods_caller_of(context, &peer).is_administrator || ns->uid == peer.uid ||
		   is_lent(ns, &peer));
	/* What comes to be asked of systemd has been found good. */
	fuzz_check(program->arguments.n > 0 && program->arguments.items[0][0] == '/');
	fuzz_check(program->directory[0] == '/' && !strchr(program->directory, '\n'));
	for (size_t i = 0; i < program->environment.n; i++)
		fuzz_check(!strchr(program->environment.items[i], '\n'));
	for (size_t i = 0; i < lengthof(program->fds); i++)
		fuzz_check(fcntl(program->fds[i], F_GETFD) >= 0);
}

static int on_start(void *userdata, const struct program *program,
	const struct program_listener *listener, void **ret)
{
	check_program(userdata, program);
	for (size_t i = 0; i < PROGRAMS_MAX; i++)
		if (!around.programs[i].is_there) {
			around.programs[i] = (struct around_program){ *listener, true, false };
			*ret = &around.programs[i];
			return 0;
		}
	return -ENOTCONN;
}

static void on_stop(void *userdata)
{
	struct around_program *program = userdata;

	fuzz_check(program->is_there && !program->is_stopped);
	program->is_stopped = true;
}

static void on_leave(void *userdata)
{
	struct around_program *program = userdata;

	fuzz_check(program->is_there);
	program->is_there = false;
}

const struct program_runner around_runner = {
	.start = on_start, .stop = on_stop, .leave = on_leave
};

static void end(struct around_program *program, enum program_way way)
{
	const struct program_end end = { way, 15, way == PROGRAM_REFUSED ? "no such program" : "" };

	program->is_there = false;
	program->listener.on_ended(program->listener.userdata, &end);
}

void around_program(unsigned what)
{
	static const enum program_way ways[] = { 0, PROGRAM_EXITED, PROGRAM_KILLED,
		PROGRAM_REFUSED };
	struct around_program *program = around.programs;

	while (program < around.programs + PROGRAMS_MAX && !program->is_there)
		program++;
	if (program == around.programs + PROGRAMS_MAX)
		return;
	what %= (unsigned)lengthof(ways);
	if (what == 0)
		program->listener.on_started(program->listener.userdata, 4711);
	else
		end(program, ways[what]);
}

unsigned around_stop(void)
{
	unsigned n = 0;

	for (size_t i = 0; i < PROGRAMS_MAX; i++) {
		struct around_program *program = &around.programs[i];

		if (program->is_there && program->is_stopped)
			end(program, PROGRAM_KILLED);
		n += program->is_there;
	}
	return n;
}
