/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * call - one method call as its handler sees it: the ways to answer
 *
 * A handler that answers twice, or sends several replies to a caller who takes one, has broken the protocol for all
 * replies that follow on that connection. That is a fault of the daemon alone, so it aborts.
 */
#include "dispatch.h"
#include "log.h"
#include "varlink_service_handlers.h"

const struct peer *call_peer(const struct call *call)
{
	return call->peer;
}

struct arena *call_arena(struct call *call)
{
	return &call->arena;
}

bool call_wants_more(const struct call *call)
{
	return call->is_more;
}

bool call_is_followed(const struct call *call)
{
	return call->is_followed;
}

/* Stays in release builds, unlike assert(). */
static void call_require(const struct call *call, bool condition, const char *what)
{
	if (condition)
		return;
	log_line(
		LOG_CRIT, "%s.%s: the handler %s", call->interface->name, call->method->name, what);
	abort();
}

static void call_drop_fds(struct call *call)
{
	for (size_t i = 0; i < call->n_fds; i++)
		(void)close_fd(call->fds[i]);
	call->n_fds = 0;
}

void call_done(struct call *call)
{
	call_drop_fds(call);
	arena_done(&call->arena);
}

static void call_send(struct call *call, const char *error, bool continues,
	const struct codec_struct *type, const void *data)
{
	autoarena struct arena scratch = ARENA_INIT;
	const char *parameters, *text;

	call_require(call, !call->is_answered, "answered twice");
	call->is_answered = !continues;
	if (error)
		call_drop_fds(call);
	if (call->is_oneway || !call_is_heard(call)) {
		call_drop_fds(call);
		return;
	}
	parameters = data ? codec_encode(type, data, &scratch) : "{}";
	text = codec_encode_reply(&scratch, error, continues, parameters);
	wire_out_push(call->out, text, strlen(text), call->fds, call->n_fds);
	call->n_fds = 0; /* they are the queue's now */
	if (call->is_kept)
		subscription_note(call->subscription, !continues);
}

int call_reply(struct call *call, const void *out)
{
	call_send(call, NULL, false, call->method->out, out);
	return 0;
}

int call_reply_more(struct call *call, const void *out)
{
	call_require(call, call->is_more, "sent several replies to a caller who takes one");
	call_send(call, NULL, true, call->method->out, out);
	return 0;
}

/* Opens the connection's subscription for a call. */
static void open_subscription(struct call *call, struct list *list)
{
	struct subscription *subscription = call->subscription;

	subscription->peer = call->peer;
	subscription->out = call->out;
	subscription->type = call->method->out;
	subscription->is_open = true;
	subscription->sent = 0;
	subscription->most = SIZE_MAX;
	list_append(list, &subscription->link);
	call->is_answered = true;
}

struct subscription *call_subscribe(struct call *call, struct list *list)
{
	struct subscription *subscription = call->subscription;

	call_require(call, !call->is_answered, "keeps open what it answered");
	call_require(call, call->is_more, "keeps open what takes one reply");
	if (!subscription)
		return NULL;
	open_subscription(call, list);
	return subscription;
}

struct call *call_keep(struct call *call)
{
	struct call *kept;

	call_require(call, !call->is_answered, "keeps what it answered");
	if (!call->subscription)
		return NULL;
	kept = malloc(sizeof(*kept));
	if (!kept)
		abort();
	*kept = *call;
	kept->is_kept = true;
	kept->in = NULL; /* what comes from now on is beside another call */
	list_init(&kept->audience);
	kept->kept_peer = *call->peer;
	kept->kept_peer.groups =
		arena_array(&kept->arena, call->peer->n_groups, sizeof(*call->peer->groups));
	if (call->peer->n_groups > 0)
		memcpy(kept->kept_peer.groups, call->peer->groups,
			call->peer->n_groups * sizeof(*call->peer->groups));
	kept->peer = &kept->kept_peer;
	/* Nobody waits for one way's answer, and it holds up nothing. */
	if (!call->is_oneway)
		open_subscription(call, &kept->audience);
	call->is_answered = true;
	call->arena = (struct arena)ARENA_INIT;
	call->n_fds = 0;
	return kept;
}

bool call_is_heard(const struct call *call)
{
	return !call->is_kept || call->is_oneway || !list_is_empty(&call->audience);
}

void call_free(struct call *call)
{
	if (!call)
		return;
	call_require(call, call->is_answered, "frees what it has not answered");
	call_done(call);
	free(call);
}

int call_attach_fd(struct call *call, int fd)
{
	if (call->n_fds == lengthof(call->fds)) {
		(void)close_fd(fd);
		return -E2BIG;
	}
	call->fds[call->n_fds] = fd;
	return (int)call->n_fds++;
}

bool call_take_fds(struct call *call, int *ret, size_t n)
{
	if (!call->in || call->in->n_fds < n)
		return false;
	for (size_t i = 0; i < n; i++)
		ret[i] = wire_in_take_fd(call->in);
	return true;
}

void call_on_gone(struct call *call, void (*on_gone)(void *userdata), void *userdata)
{
	if (!call_is_heard(call) || call->is_oneway)
		return;
	call->subscription->on_gone = on_gone;
	call->subscription->gone_userdata = userdata;
}

int call_fail(struct call *call, const struct codec_error *error, const void *parameters)
{
	call_send(call, error->name, false, error->parameters, parameters);
	return 0;
}

int call_fail_parameter(struct call *call, const char *field)
{
	return varlink_service_fail_invalid_parameter(
		call, &(struct varlink_service_invalid_parameter){ .parameter = field });
}

int call_fail_permission(struct call *call)
{
	return call_fail(
		call, &varlink_service_interface.errors[VARLINK_SERVICE_E_PERMISSION_DENIED], NULL);
}

int call_fail_expected_more(struct call *call)
{
	return call_fail(
		call, &varlink_service_interface.errors[VARLINK_SERVICE_E_EXPECTED_MORE], NULL);
}

struct call_system_error {
	const char *origin;
	int64_t number;
	const char *name;
};

/* systemd's interface io.systemd has no definition here; only this error of it is ever sent. */
static const struct codec_field call_system_error_fields[] = {
	{ .name = "origin",
		.offset = offsetof(struct call_system_error, origin),
		.kind = CODEC_STRING },
	{ .name = "errno",
		.offset = offsetof(struct call_system_error, number),
		.kind = CODEC_INT },
	{ .name = "errnoName",
		.offset = offsetof(struct call_system_error, name),
		.kind = CODEC_STRING,
		.is_optional = true },
};

static const struct codec_struct call_system_error_type = {
	.name = "System",
	.size = sizeof(struct call_system_error),
	.fields = call_system_error_fields,
	.n_fields = lengthof(call_system_error_fields),
};

static const struct codec_error call_system_error = { "io.systemd.System",
	&call_system_error_type };

void call_fail_system(struct call *call, int error)
{
	struct call_system_error parameters = {
		.origin = "linux", .number = error, .name = strerrorname_np(error)
	};

	if (!call->is_answered)
		(void)call_fail(call, &call_system_error, &parameters);
}
