/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * diagnose - looks at each link of the chain from inside a namespace to the outside, and tells what is not as it should be
 *
 * Object by object, and between them others are served. The host is read once, at the beginning.
 */
#include "diagnose.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* One turn. */
#define TURN_USEC 4000

static int64_t now_usec(void)
{
	return methods_now().monotonic.value;
}

/* What is told: */

/* All but the last are told at once: that it is the last is seen only at the end. */
static void send_pending(struct diagnose *diagnose)
{
	const struct nsnet_check_out out = { .finding = diagnose->pending };

	if (diagnose->has_pending && call_is_heard(diagnose->call))
		(void)nsnet_reply_more_check(diagnose->call, &out);
}

const char *diagnose_text(struct diagnose *diagnose, const char *format, ...)
{
	autofree char *text = NULL;
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (n < 0)
		abort();
	return arena_strdup(&diagnose->arena, text);
}

void diagnose_tell(struct diagnose *diagnose, enum nsnet_severity severity, const char *subject,
	const char *remedy, const char *format, ...)
{
	autofree char *message = NULL;
	va_list arguments;
	int n;

	va_start(arguments, format);
	n = vasprintf(&message, format, arguments);
	va_end(arguments);
	if (n < 0)
		abort();
	send_pending(diagnose);
	diagnose->n_wrong += severity != NSNET_SEVERITY_OK;
	diagnose->has_pending = true;
	diagnose->pending = (struct nsnet_finding){
		.severity = severity,
		.namespace =
			diagnose->ns ? arena_strdup(&diagnose->arena, diagnose->ns->name) : NULL,
		.network = diagnose->network
				   ? arena_strdup(&diagnose->arena, diagnose->network->name)
				   : NULL,
		.subject = arena_strdup(&diagnose->arena, subject),
		.message = arena_strdup(&diagnose->arena, message),
		.remedy = remedy ? arena_strdup(&diagnose->arena, remedy) : NULL,
	};
}

void diagnose_fail(struct diagnose *diagnose, const char *subject, int error)
{
	diagnose_tell(diagnose, NSNET_SEVERITY_WARNING, subject, NULL, "cannot be looked at: %s",
		strerror(-error));
}

void diagnose_rows(struct diagnose *diagnose, const struct diagnose_row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		unsigned n_wrong = diagnose->n_wrong;

		if (rows[i].look(diagnose) && diagnose->n_wrong == n_wrong)
			diagnose_tell(diagnose, NSNET_SEVERITY_OK, rows[i].subject, NULL, "%s",
				rows[i].fine);
	}
}

/* What is looked at: */

static void add_network(struct diagnose *diagnose, const char *name)
{
	struct string_list *list = &diagnose->networks;

	if (list->n < diagnose->networks_max && !string_list_has(list, name))
		list->items[list->n++] = arena_strdup(&diagnose->arena, name);
}

static void look_at_namespace(struct diagnose *diagnose, const char *name)
{
	const struct policy_caller caller = methods_caller(diagnose->context, diagnose->call);

	diagnose->ns = methods_find_namespace(diagnose->context, &caller, name);
	if (!diagnose->ns ||
		!methods_may(diagnose->context, &caller, MAY_CHECK_NAMESPACE, diagnose->ns))
		return; /* gone since */
	for (size_t i = 0; i < diagnose->ns->n_attachments; i++)
		add_network(diagnose, diagnose->ns->attachments[i].network->name);
	diagnose_namespace(diagnose);
}

static void look_at_network(struct diagnose *diagnose, const char *name)
{
	const struct policy_caller caller = methods_caller(diagnose->context, diagnose->call);

	diagnose->network = methods_find_network(diagnose->context, &caller, name);
	if (diagnose->network)
		diagnose_network(diagnose);
}

/* One object. Whether there is another one. */
static bool step(struct diagnose *diagnose)
{
	size_t i = diagnose->next++, n = diagnose->namespaces.n;
	bool is_last = false;

	if (!call_is_heard(diagnose->call))
		return false;
	if (i < n)
		look_at_namespace(diagnose, diagnose->namespaces.items[i]);
	else if (i - n < diagnose->networks.n)
		look_at_network(diagnose, diagnose->networks.items[i - n]);
	else
		is_last = true;
	diagnose->ns = NULL;
	diagnose->network = NULL;
	if (is_last)
		diagnose_host(diagnose);
	arena_done(&diagnose->turn);
	return !is_last;
}

static bool work(struct diagnose *diagnose, int64_t until)
{
	while (step(diagnose))
		if (now_usec() >= until)
			return true;
	return false;
}

static int answer(struct diagnose *diagnose)
{
	return nsnet_reply_check(
		diagnose->call, &(struct nsnet_check_out){ .finding = diagnose->pending });
}

static void diagnose_free(struct diagnose *diagnose)
{
	arena_done(&diagnose->turn);
	arena_done(&diagnose->arena);
	free(diagnose);
}

/* One whose handler has long come back. */
static void finish(struct diagnose *diagnose)
{
	struct call *call = diagnose->call;

	/* Also one whose client has gone: nothing is sent, and there is nothing more to say. */
	(void)answer(diagnose);
	list_remove(&diagnose->link);
	diagnose_free(diagnose);
	call_free(call);
}

bool diagnose_work(struct nsnet_context *context)
{
	list_foreach (&context->diagnoses, struct diagnose, link, diagnose)
		if (!work(diagnose, now_usec() + TURN_USEC))
			finish(diagnose);
	return !list_is_empty(&context->diagnoses);
}

void diagnose_finish(struct nsnet_context *context)
{
	list_foreach (&context->diagnoses, struct diagnose, link, diagnose) {
		(void)work(diagnose, INT64_MAX);
		finish(diagnose);
	}
}

/* Asked: */

static void add_all(struct diagnose *diagnose)
{
	const struct policy_caller caller = methods_caller(diagnose->context, diagnose->call);
	const struct registry *registry = diagnose->context->registry;
	struct ns **all = registry_namespaces(registry, &diagnose->arena);

	for (size_t i = 0; i < registry->n_namespaces; i++)
		if (methods_may(diagnose->context, &caller, MAY_CHECK_NAMESPACE, all[i]))
			diagnose->namespaces.items[diagnose->namespaces.n++] =
				arena_strdup(&diagnose->arena, all[i]->name);
}

static struct diagnose *diagnose_new(
	struct nsnet_context *context, struct call *call, const struct nsnet_check_in *in)
{
	const struct registry *registry = context->registry;
	struct diagnose *diagnose = calloc(1, sizeof(*diagnose));
	size_t n = registry->n_namespaces + in->names.n + 1;

	if (!diagnose)
		abort();
	*diagnose = (struct diagnose){ .context = context, .call = call };
	list_init(&diagnose->link);
	diagnose->namespaces.items = arena_array(&diagnose->arena, n, sizeof(const char *));
	/* Others may come while it goes on: so many are looked at. */
	diagnose->networks_max = registry->n_networks;
	diagnose->networks.items =
		arena_array(&diagnose->arena, registry->n_networks, sizeof(const char *));
	for (size_t i = 0; i < in->names.n; i++)
		diagnose->namespaces.items[diagnose->namespaces.n++] =
			arena_strdup(&diagnose->arena, in->names.items[i]);
	if (!in->names.items)
		add_all(diagnose);
	return diagnose;
}

static int look_at_host(struct diagnose *diagnose)
{
	struct nsnet_context *context = diagnose->context;
	int r = kernel_diagnose(context->kernel, &diagnose->arena, &diagnose->host);

	return r < 0 ? r : kernel_look_routes(context->kernel, &diagnose->arena, &diagnose->routes);
}

/* Whether it goes on in later turns. */
static bool begin(struct diagnose *diagnose)
{
	struct nsnet_context *context = diagnose->context;
	struct call *kept;

	if (!work(diagnose, now_usec() + TURN_USEC))
		return false;
	kept = call_keep(diagnose->call);
	if (!kept) {
		(void)work(diagnose, INT64_MAX);
		return false;
	}
	diagnose->call = kept;
	list_append(&context->diagnoses, &diagnose->link);
	context->on_work(context->userdata);
	return true;
}

int nsnet_on_check(
	struct nsnet_context *context, struct call *call, const struct nsnet_check_in *in)
{
	const struct policy_caller caller = methods_caller(context, call);
	struct diagnose *diagnose;
	int r;

	for (size_t i = 0; i < in->names.n; i++) {
		const struct ns *ns = methods_find_namespace(context, &caller, in->names.items[i]);

		if (!ns)
			return methods_fail_no_namespace(call, in->names.items[i]);
		if (!methods_may(context, &caller, MAY_CHECK_NAMESPACE, ns))
			return call_fail_permission(call);
	}
	if (!call_wants_more(call))
		return call_fail_expected_more(call);
	diagnose = diagnose_new(context, call, in);
	r = look_at_host(diagnose);
	if (r == 0 && begin(diagnose))
		return 0;
	if (r == 0)
		r = answer(diagnose);
	diagnose_free(diagnose);
	return r;
}
