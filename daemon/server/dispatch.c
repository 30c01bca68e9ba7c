/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * dispatch - from the text of one request to its handler, and from the handler to the texts of its replies
 */
#include "dispatch.h"
#include "log.h"
#include "varlink_service_handlers.h"

void dispatch_done(struct dispatch *dispatch)
{
	free(dispatch->interfaces);
	*dispatch = (struct dispatch){ 0 };
}

void dispatch_add(struct dispatch *dispatch, const struct server_interface *interface)
{
	struct server_interface *interfaces =
		reallocarray(dispatch->interfaces, dispatch->n + 1, sizeof(*interfaces));

	if (!interfaces)
		abort();
	interfaces[dispatch->n++] = *interface;
	dispatch->interfaces = interfaces;
}

const struct server_interface *dispatch_find(
	const struct dispatch *dispatch, const char *name, size_t n)
{
	for (size_t i = 0; i < dispatch->n; i++) {
		const char *is = dispatch->interfaces[i].interface->name;

		if (strlen(is) == n && memcmp(is, name, n) == 0)
			return &dispatch->interfaces[i];
	}
	return NULL;
}

/* "alt.nsnet.Describe" is Describe of alt.nsnet. Finds the method's door, or answers that there is none. */
static call_handler dispatch_route(
	const struct dispatch *dispatch, struct call *call, const char *method, void **ret_userdata)
{
	const char *dot = strrchr(method, '.');
	size_t n = dot ? (size_t)(dot - method) : strlen(method);
	const struct server_interface *served = dispatch_find(dispatch, method, n);

	if (!served) {
		(void)varlink_service_fail_interface_not_found(
			call, &(struct varlink_service_interface_not_found){
				      .interface = arena_strndup(&call->arena, method, n) });
		return NULL;
	}
	for (size_t i = 0; dot && i < served->interface->n_methods; i++) {
		if (!streq(served->interface->methods[i].name, dot + 1))
			continue;
		call->interface = served->interface;
		call->method = &served->interface->methods[i];
		*ret_userdata = served->userdata;
		return served->handlers[i];
	}
	(void)varlink_service_fail_method_not_found(
		call, &(struct varlink_service_method_not_found){ .method = method });
	return NULL;
}

/* Tells, once, of an error that nobody foresaw: the log, and the caller if he has not had his last reply. */
static void dispatch_fail(struct call *call, int error, const char *what)
{
	const char *name = strerrorname_np(error);

	log_about(LOG_ERR, &(struct log_fields){ .uid = call->peer->uid }, "%s.%s: %s%s%s",
		call->interface->name, call->method->name,
		name ? name : arena_printf(&call->arena, "error %d", error), what ? ": " : "",
		what ? what : "");
	call_fail_system(call, error);
}

static void dispatch_run(const struct dispatch *dispatch, struct call *call, call_handler handler,
	void *userdata, const struct codec_value *parameters)
{
	void *in = arena_alloc(&call->arena, call->method->in->size);
	const char *field = NULL;
	int rc = 0;

	if (codec_decode(call->method->in, parameters, CODEC_REFUSE_UNKNOWN, &call->arena, in,
		    &field) < 0) {
		(void)call_fail_parameter(call, field);
		return;
	}
	if (dispatch->before)
		rc = dispatch->before(dispatch->before_userdata, call->interface,
			(size_t)(call->method - call->interface->methods), in);
	if (rc == 0)
		rc = handler(userdata, call, in);
	if (rc < 0)
		dispatch_fail(call, -rc, NULL);
	else if (!call->is_answered)
		dispatch_fail(call, EPROTO, "the handler did not answer");
}

int dispatch_frame(const struct dispatch *dispatch, const struct dispatch_client *client,
	const char *text, size_t n)
{
	struct call call = {
		.arena = ARENA_INIT,
		.peer = client->peer,
		.out = client->out,
		.subscription = client->subscription,
		.in = client->in,
	};
	struct codec_call request = { 0 };
	void *userdata = NULL;
	call_handler handler;

	if (codec_parse_call(&call.arena, text, n, &request) < 0) {
		call_done(&call);
		return -EBADMSG;
	}
	call.is_more = request.more;
	call.is_oneway = request.oneway;
	call.is_followed = client->is_followed;
	handler = dispatch_route(dispatch, &call, request.method, &userdata);
	if (handler && request.upgrade)
		(void)varlink_service_fail_method_not_implemented(
			&call, &(struct varlink_service_method_not_implemented){
				       .method = request.method });
	else if (handler)
		dispatch_run(dispatch, &call, handler, userdata, request.parameters);
	call_done(&call);
	return 0;
}
