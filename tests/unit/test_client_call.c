/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_client_call - calls to a daemon that answers well, badly, late, or not at all
 *
 * The daemon is a child process that takes one connection, reads one frame, and sends what the test says.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include "call.h"

struct world {
	struct arena arena;
	struct problem problem;
	struct call call;
	char directory[32], path[64];
	pid_t daemon;
};

enum { SECONDS = 1000000 };

enum then {
	THEN_CLOSE,
	THEN_WAIT, /* until the client hangs up */
	THEN_SEND_DESCRIPTORS,
};

static void send_descriptors(int fd)
{
	char control[CMSG_SPACE(2 * sizeof(int))] = { 0 };
	struct iovec iov = {
		(void *)(uintptr_t) "{\"parameters\":{\"networkNamespaceFileDescriptor\":0}}", 52
	};
	struct msghdr message = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *header = CMSG_FIRSTHDR(&message);
	int fds[2] = { STDIN_FILENO, STDERR_FILENO };

	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fds));
	memcpy(CMSG_DATA(header), fds, sizeof(fds));
	if (sendmsg(fd, &message, MSG_NOSIGNAL) != 52)
		_exit(1);
}

/* Frames end by the NUL of each text; an empty one ends them all. */
_Noreturn static void serve(int listener, const char *const *frames, enum then then)
{
	int fd = accept(listener, NULL, NULL);
	char byte;

	do {
		if (fd < 0 || read(fd, &byte, 1) != 1)
			_exit(1);
	} while (byte);
	if (then == THEN_SEND_DESCRIPTORS)
		send_descriptors(fd);
	for (; *frames; frames++) {
		size_t length = strlen(*frames) + 1;

		if (send(fd, *frames, length, MSG_NOSIGNAL) != (ssize_t)length)
			_exit(1);
	}
	while (then == THEN_WAIT && read(fd, &byte, 1) > 0)
		continue;
	_exit(0);
}

static void begin(struct world *world, const char *const *frames, enum then then)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	*world = (struct world){ .arena = ARENA_INIT, .directory = "/tmp/test_client_call.XXXXXX" };
	world->problem.arena = &world->arena;
	assert_non_null(mkdtemp(world->directory));
	(void)snprintf(world->path, sizeof(world->path), "%s/socket", world->directory);
	memcpy(address.sun_path, world->path, sizeof(world->path));
	assert_int_equal(bind(listener, (struct sockaddr *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 1), 0);
	world->daemon = fork();
	assert_true(world->daemon >= 0);
	if (world->daemon == 0)
		serve(listener, frames, then);
	(void)close_fd(listener);
	call_init(&world->call, world->path, 20 * SECONDS, &world->problem);
}

#define BEGIN(world, then, ...) begin(world, (const char *const[]){ __VA_ARGS__, NULL }, then)

static void end(struct world *world)
{
	int status;

	call_close(&world->call);
	assert_int_equal(waitpid(world->daemon, &status, 0), world->daemon);
	assert_int_equal(status, 0);
	assert_int_equal(unlink(world->path), 0);
	assert_int_equal(rmdir(world->directory), 0);
	arena_done(&world->arena);
}

static const struct nsnet_delete_networks_in nothing;
static struct nsnet_delete_networks_out nothing_out;

static int call(struct world *world)
{
	return call_nsnet(&world->call, NSNET_M_DELETE_NETWORKS, &nothing, &nothing_out);
}

static void test_done(void **state unused)
{
	struct world world;

	BEGIN(&world, THEN_CLOSE, "{\"parameters\":{}}");
	assert_int_equal(call(&world), 0);
	end(&world);
	/* What a later daemon adds is not this client's to refuse. */
	BEGIN(&world, THEN_CLOSE, "{\"parameters\":{\"later\":[1]}}");
	assert_int_equal(call(&world), 0);
	end(&world);
}

static void test_error(void **state unused)
{
	struct world world;

	BEGIN(&world, THEN_CLOSE,
		"{\"error\":\"alt.nsnet.NetworkBusy\",\"parameters\":{\"name\":\"br1\",\"attachments\":2}}");
	assert_int_equal(call(&world), PROBLEM_IN_USE);
	assert_string_equal(world.problem.error, "alt.nsnet.NetworkBusy");
	assert_false(call_found_nothing(&world.problem, "alt.nsnet.NetworkBusy2"));
	end(&world);
}

static void test_no_answer(void **state unused)
{
	static const char *const none[] = { NULL };
	struct world world;

	begin(&world, none, THEN_CLOSE);
	assert_int_equal(call(&world), PROBLEM_FAILED);
	assert_string_equal(world.problem.what, "nsnetd closed the connection without an answer");
	end(&world);
}

static void test_too_slow(void **state unused)
{
	static const char *const none[] = { NULL };
	struct world world;

	begin(&world, none, THEN_WAIT);
	world.call.timeout = SECONDS / 100;
	assert_int_equal(call(&world), PROBLEM_TIMED_OUT);
	assert_string_equal(world.problem.what, "no answer from nsnetd within 0.01 s");
	/* So that a late answer is not taken for that to another call. */
	assert_false(world.call.is_open);
	end(&world);
}

static void test_junk(void **state unused)
{
	static const char *const junk[] = { "junk", "[]", "{\"parameters\":[]}",
		"{\"parameters\":{},\"continues\":1}", "{\"error\":7}", "{'parameters':{}}", "",
		"{\"parameters\":{}", "\xff" };

	for (size_t i = 0; i < lengthof(junk); i++) {
		struct world world;

		BEGIN(&world, THEN_CLOSE, junk[i]);
		assert_int_equal(call(&world), PROBLEM_FAILED);
		assert_non_null(strstr(world.problem.what, "is no Varlink reply"));
		end(&world);
	}
}

static void test_wrong_type(void **state unused)
{
	struct nsnet_describe_out out;
	struct world world;

	BEGIN(&world, THEN_CLOSE,
		"{\"parameters\":{\"version\":7,\"features\":[],\"uid\":0,\"administrator\":true}}");
	assert_int_equal(
		call_nsnet(&world.call, NSNET_M_DESCRIBE, &(struct nsnet_describe_in){ 0 }, &out),
		PROBLEM_FAILED);
	assert_string_equal(
		world.problem.what, "nsnetd's answer to Describe has a wrong \"version\"");
	end(&world);
}

enum { NAMES_MAX = 64 };

static int on_network(const void *out, void *userdata)
{
	const struct nsnet_list_networks_out *network = out;
	char *names = userdata;
	size_t n = strlen(names);

	(void)snprintf(names + n, NAMES_MAX - n, " %s", network->name);
	return streq(network->name, "stop") ? PROBLEM_FAILED : 0;
}

#define NETWORK(name, continues) \
	"{\"parameters\":{\"name\":\"" name \
	"\",\"context\":{},\"runtime\":{\"uid\":0,\"bridgeName\":\"b\",\"bridgeIndex\":2," \
	"\"prefixes\":[],\"gateways\":[],\"attachments\":0,\"created\":{},\"revision\":1}}" continues \
	"}"

static int list(struct world *world, char names[NAMES_MAX])
{
	return call_nsnet_each(&world->call, NSNET_M_LIST_NETWORKS,
		&(struct nsnet_list_networks_in){ 0 }, on_network, names);
}

static void test_more(void **state unused)
{
	char names[NAMES_MAX] = "";
	struct world world;

	BEGIN(&world, THEN_CLOSE, NETWORK("a", ",\"continues\":true"),
		NETWORK("b", ",\"continues\":true"), NETWORK("c", ""));
	assert_int_equal(list(&world, names), 0);
	assert_string_equal(names, " a b c");
	end(&world);

	names[0] = '\0';
	BEGIN(&world, THEN_CLOSE, NETWORK("a", ",\"continues\":true"),
		"{\"error\":\"alt.nsnet.NoSuchNetwork\"}");
	assert_int_equal(list(&world, names), PROBLEM_NO_OBJECT);
	assert_string_equal(names, " a");
	assert_true(call_found_nothing(&world.problem, "alt.nsnet.NoSuchNetwork"));
	end(&world);

	BEGIN(&world, THEN_CLOSE,
		"{\"error\":\"alt.nsnet.NoSuchNetwork\",\"parameters\":{\"name\":\"br1\"}}");
	assert_int_equal(list(&world, names), PROBLEM_NO_OBJECT);
	assert_false(call_found_nothing(&world.problem, "alt.nsnet.NoSuchNetwork"));
	end(&world);

	/* The callback has enough. */
	BEGIN(&world, THEN_WAIT, NETWORK("stop", ",\"continues\":true"));
	assert_int_equal(list(&world, names), PROBLEM_FAILED);
	assert_false(world.call.is_open);
	end(&world);

	/* The stream ends too early. */
	BEGIN(&world, THEN_CLOSE, NETWORK("a", ",\"continues\":true"));
	assert_int_equal(list(&world, names), PROBLEM_FAILED);
	end(&world);
}

/* Those that come though nobody asked for them are not kept. */
static void test_descriptors(void **state unused)
{
	struct codec_reply reply;
	struct world world;
	int before = dup(STDIN_FILENO), after_call;

	(void)close_fd(before);
	BEGIN(&world, THEN_SEND_DESCRIPTORS, "");
	assert_int_equal(call_start(&world.call, "alt.nsnet.OpenNamespace", false, NULL), 0);
	assert_int_equal(call_next(&world.call, &world.arena, &reply), 0);
	call_close(&world.call);
	after_call = dup(STDIN_FILENO);
	assert_int_equal(after_call, before);
	(void)close_fd(after_call);
	end(&world);
}

static void test_no_daemon(void **state unused)
{
	static const char *const none[] = { NULL };
	char path[200];
	struct world world;

	begin(&world, none, THEN_CLOSE);
	world.call.path = "/tmp/test_client_call.nowhere/socket";
	assert_int_equal(call(&world), PROBLEM_NO_DAEMON);
	memset(path, 'x', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	world.call.path = path;
	assert_int_equal(call(&world), PROBLEM_USAGE);
	/* For the daemon's sake. */
	world.call.path = world.path;
	assert_int_equal(call(&world), PROBLEM_FAILED);
	end(&world);
}

static void test_not_a_message(void **state unused)
{
	autofree char *large = calloc(1, TEXT_MESSAGE_MAX + 2);
	struct world world;

	BEGIN(&world, THEN_CLOSE, "{}");
	assert_int_equal(
		call_start(&world.call, "a.b", false, "{\"name\":\"\xff\"}"), PROBLEM_USAGE);
	assert_non_null(strstr(world.problem.what, "no message"));
	(void)memset(large, ' ', TEXT_MESSAGE_MAX);
	memcpy(large, "{}", 2);
	assert_int_equal(call_start(&world.call, "a.b", false, large), PROBLEM_USAGE);
	assert_int_equal(call(&world), 0);
	end(&world);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_done),
		cmocka_unit_test(test_error),
		cmocka_unit_test(test_no_answer),
		cmocka_unit_test(test_too_slow),
		cmocka_unit_test(test_junk),
		cmocka_unit_test(test_wrong_type),
		cmocka_unit_test(test_more),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_no_daemon),
		cmocka_unit_test(test_not_a_message),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
