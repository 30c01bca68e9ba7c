/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * execute - programs that run in namespaces which are lent
 *
 * What is asked for goes to systemd, so all of it is checked here, for what systemd would take for something else as well: it
 * writes down what it is asked, line by line, and reads that again.
 */
#include "execute.h"

#include <string.h>
#include <syslog.h>

#include "log.h"
#include "program.h"

#define ARGUMENTS_MAX   4096U
#define ENVIRONMENT_MAX 1024U
#define TEXTS_MAX       (128U * 1024U) /* bytes of all of them, with their NULs */
#define PATH_MAX_LENGTH 4095U
#define FDS             3U
#define MASK            0022

struct execution {
	struct list link; /* nsnet_context.executions */
	struct nsnet_context *context;
	struct call *call; /* kept */
	uid_t uid;
	void *program; /* the runner's */
};

/* No control character but those of a list. */
static bool is_printable(const char *text, const char *allowed)
{
	for (; *text; text++)
		if (((unsigned char)*text < ' ' || *text == 0x7f) && !strchr(allowed, *text))
			return false;
	return true;
}

/* Absolute, without "//", "." and "..", and nothing that ends a line. */
static bool is_path(const char *path)
{
	if (*path != '/' || strlen(path) > PATH_MAX_LENGTH || !is_printable(path, ""))
		return false;
	if (streq(path, "/"))
		return true;
	while (*path) {
		size_t n = strcspn(path + 1, "/");

		if (n == 0 || (n == 1 && path[1] == '.') || (n == 2 && after(path, "/..")))
			return false;
		path += 1 + n;
	}
	return true;
}

static bool is_variable(const char *text)
{
	size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

	return n > 0 && text[n] == '=' && !(*text >= '0' && *text <= '9') &&
	       is_printable(text, "\t");
}

static bool is_within(const struct string_list *list, size_t most)
{
	size_t bytes = 0;

	for (size_t i = 0; i < list->n && bytes <= TEXTS_MAX; i++)
		bytes += strlen(list->items[i]) + 1;
	return list->n <= most && bytes <= TEXTS_MAX;
}

/* NULL, or what is wrong. */
static const char *check_texts(const struct nsnet_execute_in *in, struct arena *arena)
{
	if (in->arguments.n == 0 || !is_within(&in->arguments, ARGUMENTS_MAX))
		return "arguments";
	if (!is_path(in->arguments.items[0]) || streq(in->arguments.items[0], "/"))
		return "arguments[0]";
	for (size_t i = 1; i < in->arguments.n; i++)
		if (!is_printable(in->arguments.items[i], "\t\n"))
			return arena_printf(arena, "arguments[%zu]", i);
	if (!is_within(&in->environment, ENVIRONMENT_MAX))
		return "environment";
	for (size_t i = 0; i < in->environment.n; i++)
		if (!is_variable(in->environment.items[i]))
			return arena_printf(arena, "environment[%zu]", i);
	if (in->file_mode_creation_mask.value < 0 || in->file_mode_creation_mask.value > 0777)
		return "fileModeCreationMask";
	return NULL;
}

/* The descriptors that a call names, of those that came beside it. */
struct descriptors {
	int fds[FDS + 1];
	size_t n;
	size_t of[FDS]; /* which is standard input, output and error */
	size_t directory;
};

static void close_descriptors(struct descriptors *descriptors)
{
	for (size_t i = 0; i < descriptors->n; i++)
		(void)close_fd(descriptors->fds[i]);
}

/* NULL, or what is wrong. */
static const char *take_descriptors(
	struct call *call, const struct nsnet_execute_in *in, struct descriptors *ret)
{
	const struct {
		int64_t index;
		const char *field;
		size_t *ret;
	} all[] = {
		{ in->standard_input_file_descriptor, "standardInputFileDescriptor", &ret->of[0] },
		{ in->standard_output_file_descriptor, "standardOutputFileDescriptor",
			&ret->of[1] },
		{ in->standard_error_file_descriptor, "standardErrorFileDescriptor", &ret->of[2] },
		{ in->working_directory_file_descriptor.value, "workingDirectoryFileDescriptor",
			&ret->directory },
	};
	size_t n_fields = lengthof(all) - !in->working_directory_file_descriptor.is_set;
	size_t n = 0;

	for (size_t i = 0; i < n_fields; i++) {
		if (all[i].index < 0 || all[i].index >= (int64_t)lengthof(ret->fds))
			return all[i].field;
		*all[i].ret = (size_t)all[i].index;
		if (*all[i].ret >= n)
			n = *all[i].ret + 1;
	}
	if (!call_take_fds(call, ret->fds, n))
		return all[0].field;
	ret->n = n;
	return NULL;
}

/* 0; 1: the field is wrong; -errno. */
static int find_directory(const struct nsnet_execute_in *in, const struct descriptors *descriptors,
	struct arena *arena, const char **ret)
{
	int r;

	*ret = "/";
	if (!in->working_directory_file_descriptor.is_set)
		return 0;
	r = kernel_find_directory(descriptors->fds[descriptors->directory], arena, ret);
	if (r == -ENOTDIR || r == -ENOENT || r == -ENAMETOOLONG || (r == 0 && !is_path(*ret)))
		return 1;
	return r;
}

/* What came of it. */

static void free_execution(struct execution *execution)
{
	list_remove(&execution->link);
	call_free(execution->call);
	free(execution);
}

static void on_started(void *userdata, pid_t pid)
{
	struct execution *execution = userdata;
	struct nsnet_process_id process = { .pid = pid };

	(void)nsnet_reply_more_execute(
		execution->call, &(struct nsnet_execute_out){ .process_id = &process });
}

static void on_ended(void *userdata, const struct program_end *end)
{
	struct execution *execution = userdata;
	struct nsnet_execute_out out = { 0 };

	call_on_gone(execution->call, NULL, NULL);
	switch (end->way) {
	case PROGRAM_REFUSED:
		(void)nsnet_fail_execution_failed(
			execution->call, &(struct nsnet_execution_failed){ .message = end->text });
		break;
	case PROGRAM_EXITED:
		out.exit_status = SOME_INT(end->number);
		(void)nsnet_reply_execute(execution->call, &out);
		break;
	case PROGRAM_KILLED:
		out.signal_name = sigabbrev_np(end->number);
		out.signal_name = arena_printf(call_arena(execution->call), "SIG%s",
			out.signal_name ? out.signal_name : "RT");
		(void)nsnet_reply_execute(execution->call, &out);
		break;
	}
	free_execution(execution);
}

static void on_gone(void *userdata)
{
	struct execution *execution = userdata;

	execution->context->programs.stop(execution->program);
}

void executions_leave(struct nsnet_context *context)
{
	/* A context that was never made. */
	if (!context->executions.next)
		return;
	list_foreach (&context->executions, struct execution, link, execution) {
		call_on_gone(execution->call, NULL, NULL);
		context->programs.leave(execution->program);
		(void)nsnet_fail_execution_failed(
			execution->call, &(struct nsnet_execution_failed){
						 .message = "nsnetd ends; the program goes on" });
		free_execution(execution);
	}
}

/* Those that his earlier calls were left by count until they have ended. */
static bool is_over_limit(
	const struct nsnet_context *context, const struct call *call, struct fault *reterr)
{
	const struct policy_caller caller = methods_caller(context, call);
	struct quota_limits limits;
	unsigned n = 0;

	methods_limits(context, &caller, call_peer(call), &limits);
	list_foreach (&context->executions, struct execution, link, execution)
		n += execution->uid == caller.uid;
	if (n < limits.of[QUOTA_CONNECTIONS])
		return false;
	return fault_set(reterr, &(struct fault){ .type = FAULT_QUOTA,
					 .name = quota_name(QUOTA_CONNECTIONS),
					 .number = limits.of[QUOTA_CONNECTIONS] });
}

static int start(struct nsnet_context *context, struct call *call, const struct program *program)
{
	struct execution *execution = calloc(1, sizeof(*execution));
	const struct program_listener listener = { on_started, on_ended, execution };
	int r;

	if (!execution)
		abort();
	list_init(&execution->link);
	execution->context = context;
	execution->uid = program->uid;
	r = context->programs.start(
		context->programs.userdata, program, &listener, &execution->program);
	if (r < 0) {
		free(execution);
		return r;
	}
	log_about(LOG_INFO,
		&(struct log_fields){ .namespace_name = program->name, .uid = program->uid },
		"a program is asked for in namespace \"%s\"", program->name);
	execution->call = call_keep(call);
	if (!execution->call) {
		context->programs.stop(execution->program);
		context->programs.leave(execution->program);
		free(execution);
		return -EOPNOTSUPP;
	}
	list_append(&context->executions, &execution->link);
	call_on_gone(execution->call, on_gone, execution);
	return 0;
}

static int run(struct nsnet_context *context, struct call *call, const struct nsnet_execute_in *in,
	const struct ns *ns, const struct descriptors *descriptors)
{
	const struct peer *peer = call_peer(call);
	struct kernel_view view;
	struct program program = {
		.name = ns->name,
		.path = ns->told.runtime.path,
		.uid = peer->uid,
		.gid = peer->gid,
		.groups = peer->groups,
		.n_groups = peer->n_groups,
		.arguments = in->arguments,
		.environment = in->environment,
		.mask = in->file_mode_creation_mask.is_set
				? (mode_t)in->file_mode_creation_mask.value
				: MASK,
		.view = &view,
		.may_gain_privileges = context->may_programs_gain_privileges,
	};
	int r = find_directory(in, descriptors, call_arena(call), &program.directory);

	if (r > 0)
		return call_fail_parameter(call, "workingDirectoryFileDescriptor");
	for (size_t i = 0; i < FDS; i++)
		program.fds[i] = descriptors->fds[descriptors->of[i]];
	if (r == 0)
		r = kernel_view(context->kernel, ns->name, call_arena(call), &view);
	return r < 0 ? r : start(context, call, &program);
}

int nsnet_on_execute(
	struct nsnet_context *context, struct call *call, const struct nsnet_execute_in *in)
{
	const struct policy_caller caller = methods_caller(context, call);
	const struct ns *ns = methods_find_namespace(context, &caller, in->name);
	struct descriptors descriptors = { 0 };
	const char *wrong;
	struct fault fault;
	int r;

	if (!ns)
		return methods_fail_no_namespace(call, in->name);
	if (!methods_may(context, &caller, MAY_EXECUTE, ns))
		return call_fail_permission(call);
	if (!context->programs.start)
		return nsnet_fail_not_supported(
			call, &(struct nsnet_not_supported){ .feature = "execute" });
	if (!call_wants_more(call))
		return call_fail_expected_more(call);
	wrong = check_texts(in, call_arena(call));
	if (!wrong)
		wrong = take_descriptors(call, in, &descriptors);
	if (wrong)
		return call_fail_parameter(call, wrong);
	if (is_over_limit(context, call, &fault))
		r = methods_fail_fault(call, &fault);
	else
		r = run(context, call, in, ns, &descriptors);
	close_descriptors(&descriptors);
	return r;
}
