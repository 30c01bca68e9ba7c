/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_methods_execute - programs in namespaces that are lent: who may, what is asked for, and what is told of it
 */
#include "methods_world.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>

#include "execute.h"

/* Who would run programs, and what he was asked last. */
static struct {
	unsigned n_started, n_stopped, n_left;
	int refusal;
	struct program_listener listener;
	uid_t uid;
	gid_t gid;
	char arguments[256], environment[256], directory[64], path[64];
	mode_t mask;
	bool may_gain;
	int fds[3];
} runner;

static void join(const struct string_list *list, char *ret, size_t size)
{
	*ret = '\0';
	for (size_t i = 0; i < list->n; i++)
		(void)snprintf(ret + strlen(ret), size - strlen(ret), "[%s]", list->items[i]);
}

static int on_start(unused void *userdata, const struct program *program,
	const struct program_listener *listener, void **ret)
{
	if (runner.refusal < 0)
		return runner.refusal;
	runner.n_started++;
	runner.listener = *listener;
	runner.uid = program->uid;
	runner.gid = program->gid;
	runner.mask = program->mask;
	runner.may_gain = program->may_gain_privileges;
	join(&program->arguments, runner.arguments, sizeof(runner.arguments));
	join(&program->environment, runner.environment, sizeof(runner.environment));
	(void)snprintf(runner.directory, sizeof(runner.directory), "%s", program->directory);
	(void)snprintf(runner.path, sizeof(runner.path), "%s", program->path);
	for (size_t i = 0; i < 3; i++) {
		runner.fds[i] = program->fds[i];
		assert_return_code(fcntl(program->fds[i], F_GETFD), errno);
	}
	*ret = &runner;
	return 0;
}

static void on_stop(void *program)
{
	assert_ptr_equal(program, &runner);
	runner.n_stopped++;
}

static void on_leave(void *program)
{
	assert_ptr_equal(program, &runner);
	runner.n_left++;
}

static int open_world(void **state)
{
	struct world *world;

	if (world_open(state) < 0)
		return -1;
	world = *state;
	memset(&runner, 0, sizeof(runner));
	world->context.programs =
		(struct program_runner){ .start = on_start, .stop = on_stop, .leave = on_leave };
	(void)world_ask(world, "CreateNamespace",
		"{\"name\":\"vpn\",\"context\":{\"attachments\":[],\"allow\":[\"alice\"]}}");
	return 0;
}

static unsigned count_fds(void)
{
	unsigned n = 0;

	for (int fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

/* With n descriptors beside it. */
static const char *execute(struct world *world, uid_t uid, const char *parameters, size_t n)
{
	int fds[WIRE_FDS_MAX];

	for (size_t i = 0; i < n; i++) {
		fds[i] = open("/dev/null", O_RDWR | O_CLOEXEC);
		assert_return_code(fds[i], errno);
	}
	return world_keep_as(world, uid,
		arena_printf(&world->arena,
			"{\"method\":\"alt.nsnet.Execute\",\"more\":true,\"parameters\":%s}",
			parameters),
		fds, n);
}

#define FDS \
	"\"standardInputFileDescriptor\":0,\"standardOutputFileDescriptor\":1," \
	"\"standardErrorFileDescriptor\":1"
#define ID "{\"name\":\"vpn\",\"arguments\":[\"/usr/bin/id\",\"-u\"]," FDS "}"

static void end(enum program_way way, int number, const char *text)
{
	runner.listener.on_ended(
		runner.listener.userdata, &(struct program_end){ way, number, text });
}

static void test_told(void **state)
{
	struct world *world = *state;
	unsigned before = count_fds();

	assert_string_equal(execute(world, 1000, ID, 2), "");
	assert_int_equal(runner.uid, 1000);
	assert_int_equal(runner.gid, 1000);
	assert_int_equal(runner.mask, 0022);
	assert_false(runner.may_gain);
	assert_string_equal(runner.arguments, "[/usr/bin/id][-u]");
	assert_string_equal(runner.environment, "");
	assert_string_equal(runner.directory, "/");
	assert_string_equal(runner.path, "/run/netns/vpn");
	assert_int_equal(runner.fds[1], runner.fds[2]);
	/* Whoever runs it has duplicates. */
	assert_int_equal(count_fds(), before);
	runner.listener.on_started(runner.listener.userdata, 42);
	assert_string_equal(world_heard(world),
		"{\"continues\":true,\"parameters\":{\"processId\":{\"pid\":42}}}\n");
	end(PROGRAM_EXITED, 7, NULL);
	assert_string_equal(world_heard(world), "{\"parameters\":{\"exitStatus\":7}}\n");
	assert_true(list_is_empty(&world->context.executions));

	(void)execute(world, 1000, ID, 2);
	end(PROGRAM_KILLED, SIGTERM, NULL);
	assert_string_equal(world_heard(world), "{\"parameters\":{\"signalName\":\"SIGTERM\"}}\n");
	(void)execute(world, 1000, ID, 2);
	end(PROGRAM_KILLED, 40, NULL);
	assert_string_equal(world_heard(world), "{\"parameters\":{\"signalName\":\"SIGRT\"}}\n");
	(void)execute(world, 1000, ID, 2);
	end(PROGRAM_REFUSED, 0, "no");
	assert_has(world_heard(world), "ExecutionFailed\",\"parameters\":{\"message\":\"no\"}");
	assert_int_equal(runner.n_stopped, 0);
}

static void test_all_of_it(void **state)
{
	struct world *world = *state;

	world->context.may_programs_gain_privileges = true;
	(void)execute(world, 0,
		"{\"name\":\"vpn\",\"arguments\":[\"/bin/sh\",\"-c\",\"a\\n\\tb\",\"\"],\"environment\":[\"A=\",\"_b9=c d\"],"
		"\"workingDirectoryFileDescriptor\":3,\"fileModeCreationMask\":63,"
		"\"standardInputFileDescriptor\":2,\"standardOutputFileDescriptor\":0,"
		"\"standardErrorFileDescriptor\":1}",
		4);
	assert_int_equal(runner.n_started, 1);
	assert_string_equal(runner.arguments, "[/bin/sh][-c][a\n\tb][]");
	assert_string_equal(runner.environment, "[A=][_b9=c d]");
	assert_string_equal(runner.directory, "/home/alice");
	assert_int_equal(runner.mask, 077);
	assert_true(runner.may_gain);
	end(PROGRAM_EXITED, 0, NULL);
}

static void test_who(void **state)
{
	struct world *world = *state;

	assert_has(execute(world, 1001, ID, 2), "NoSuchNamespace");
	(void)world_ask(world, "SetNamespace", "{\"name\":\"vpn\",\"context\":{\"allow\":[]}}");
	assert_has(execute(world, 1000, ID, 2), "NoSuchNamespace");
	/* Its owner, where the host owns it: he does not get in by himself. */
	world->context.is_owned_allowed = false;
	(void)world_ask_as(world, 1000, 1000,
		"{\"method\":\"alt.nsnet.CreateNamespace\",\"parameters\":{\"name\":\"m\","
		"\"context\":{\"attachments\":[]}}}");
	assert_string_equal(
		execute(world, 1000, "{\"name\":\"m\",\"arguments\":[\"/bin/id\"]," FDS "}", 2),
		"");
	end(PROGRAM_EXITED, 0, NULL);
	(void)world_heard(world);
	world->context.programs.start = NULL;
	assert_has(execute(world, 0, ID, 2),
		"NotSupported\",\"parameters\":{\"feature\":\"execute\"}");
	assert_has_not(world_ask(world, "Describe", "{}"), "execute");
	assert_int_equal(runner.n_started, 1);
}

static void test_wrong(void **state)
{
	static const struct {
		const char *parameters, *field;
	} rows[] = {
		{ "\"arguments\":[]", "arguments" },
		{ "\"arguments\":[\"id\"]", "arguments[0]" },
		{ "\"arguments\":[\"\"]", "arguments[0]" },
		{ "\"arguments\":[\"/\"]", "arguments[0]" },
		{ "\"arguments\":[\"/bin/\"]", "arguments[0]" },
		{ "\"arguments\":[\"//bin\"]", "arguments[0]" },
		{ "\"arguments\":[\"/bin//id\"]", "arguments[0]" },
		{ "\"arguments\":[\"/bin/./id\"]", "arguments[0]" },
		{ "\"arguments\":[\"/bin/../id\"]", "arguments[0]" },
		{ "\"arguments\":[\"/bin/..\"]", "arguments[0]" },
		{ "\"arguments\":[\"/bin/id\\nUser=root\"]", "arguments[0]" },
		{ "\"arguments\":[\"/bin/id\",\"a\\u0001\"]", "arguments[1]" },
		{ "\"arguments\":[\"/bin/id\",\"\\u007f\"]", "arguments[1]" },
		{ "\"arguments\":[\"/bin/id\"],\"environment\":[\"A\"]", "environment[0]" },
		{ "\"arguments\":[\"/bin/id\"],\"environment\":[\"=A\"]", "environment[0]" },
		{ "\"arguments\":[\"/bin/id\"],\"environment\":[\"A=1\",\"9A=1\"]",
			"environment[1]" },
		{ "\"arguments\":[\"/bin/id\"],\"environment\":[\"A B=1\"]", "environment[0]" },
		{ "\"arguments\":[\"/bin/id\"],\"environment\":[\"A=1\\nUser=root\"]",
			"environment[0]" },
		{ "\"arguments\":[\"/bin/id\"],\"fileModeCreationMask\":-1",
			"fileModeCreationMask" },
		{ "\"arguments\":[\"/bin/id\"],\"fileModeCreationMask\":512",
			"fileModeCreationMask" },
		{ "\"arguments\":[\"/bin/id\"],\"workingDirectoryFileDescriptor\":4",
			"workingDirectoryFileDescriptor" },
		{ "\"arguments\":[\"/bin/id\"],\"workingDirectoryFileDescriptor\":-1",
			"workingDirectoryFileDescriptor" },
		/* There are not so many. */
		{ "\"arguments\":[\"/bin/id\"],\"workingDirectoryFileDescriptor\":2",
			"standardInputFileDescriptor" },
	};
	struct world *world = *state;
	unsigned before = count_fds();
	const char *much = "x";

	for (size_t i = 0; i < lengthof(rows); i++)
		assert_has(execute(world, 1000,
				   arena_printf(&world->arena, "{\"name\":\"vpn\"," FDS ",%s}",
					   rows[i].parameters),
				   2),
			arena_printf(&world->arena, "{\"parameter\":\"%s\"}", rows[i].field));
	while (strlen(much) < 128U * 1024U)
		much = arena_printf(&world->arena, "%s%s", much, much);
	assert_has(execute(world, 1000,
			   arena_printf(&world->arena,
				   "{\"name\":\"vpn\"," FDS ",\"arguments\":[\"/bin/id\",\"%s\"]}",
				   much),
			   2),
		"{\"parameter\":\"arguments\"}");
	assert_has(execute(world, 1000, ID, 0), "standardInputFileDescriptor");
	assert_has(world_ask_as(world, 1000, 1000,
			   "{\"method\":\"alt.nsnet.Execute\",\"parameters\":" ID "}"),
		"ExpectedMore");
	runner.refusal = -ENOTCONN;
	assert_has(execute(world, 1000, ID, 2), "ENOTCONN");
	assert_int_equal(runner.n_started, 0);
	assert_int_equal(count_fds(), before);
}

/* Whose client is gone is ended; where the daemon goes, not. */
static void test_gone(void **state)
{
	struct world *world = *state;

	(void)execute(world, 1000, ID, 2);
	subscription_done(&world->subscription);
	assert_int_equal(runner.n_stopped, 1);
	runner.listener.on_started(runner.listener.userdata, 42);
	end(PROGRAM_KILLED, SIGTERM, NULL);
	assert_string_equal(world_heard(world), "");
	assert_true(list_is_empty(&world->context.executions));

	(void)execute(world, 1000, ID, 2);
	executions_leave(&world->context);
	assert_has(world_heard(world), "nsnetd ends; the program goes on");
	assert_int_equal(runner.n_stopped, 1);
	assert_int_equal(runner.n_left, 1);
	assert_true(list_is_empty(&world->context.executions));
}

/* Those count that have not ended yet, whoever waits for them. */
static void test_limit(void **state)
{
	struct world *world = *state;
	struct program_listener first;

	world->limits.of[QUOTA_CONNECTIONS] = 2;
	(void)execute(world, 1000, ID, 2);
	first = runner.listener;
	subscription_done(&world->subscription);
	(void)execute(world, 1000, ID, 2);
	subscription_done(&world->subscription);
	assert_has(execute(world, 1000, ID, 2),
		"QuotaExceeded\",\"parameters\":{\"resource\":\"connections\",\"limit\":2}");
	first.on_ended(first.userdata, &(struct program_end){ PROGRAM_EXITED, 0, NULL });
	assert_string_equal(execute(world, 1000, ID, 2), "");
	executions_leave(&world->context);
}

int main(void)
{
#define test(function) cmocka_unit_test_setup_teardown(function, open_world, world_close)
	const struct CMUnitTest tests[] = { test(test_told), test(test_all_of_it), test(test_who),
		test(test_wrong), test(test_gone), test(test_limit) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
