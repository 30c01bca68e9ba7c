/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * test_server - a service as its clients see it: order, replies, errors, descriptors, who calls
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "server_world.h"
#include "varlink_service.h"

#define NOTE       "{\"method\":\"alt.example.Note\"}"
#define FIRST_NOTE "{\"parameters\":{\"count\":1}}"

static void expect_note(struct client *client, unsigned count)
{
	char answer[64];

	(void)snprintf(answer, sizeof(answer), "{\"parameters\":{\"count\":%u}}", count);
	client_expect(client, answer);
}

static void test_tells_of_itself(void **state)
{
	cleanup(client_free) struct client *client = client_new(*state);
	autoarena struct arena arena = ARENA_INIT;
	struct codec_reply reply;
	struct varlink_service_get_interface_description_out out;
	const char *text, *field;

	client_ask(client, "{\"method\":\"org.varlink.service.GetInfo\"}",
		"{\"parameters\":{\"vendor\":\"Vendor\",\"product\":\"Product\",\"version\":\"1.2.3\","
		"\"url\":\"https://example.alt/\",\"interfaces\":[\"org.varlink.service\",\"alt.example\"]}}");
	client_say(client,
		"{\"method\":\"org.varlink.service.GetInterfaceDescription\",\"parameters\":{\"interface\":"
		"\"alt.example\"}}");
	text = client_hear(client);
	assert_non_null(text);
	assert_int_equal(codec_parse_reply(&arena, text, strlen(text), &reply), 0);
	assert_null(reply.error);
	assert_int_equal(codec_decode(varlink_service_interface
					      .methods[VARLINK_SERVICE_M_GET_INTERFACE_DESCRIPTION]
					      .out,
				 reply.parameters, CODEC_REFUSE_UNKNOWN, &arena, &out, &field),
		0);
	assert_string_equal(out.description, example_interface.description);
}

static void test_answers_a_thousand_in_order(void **state)
{
	enum { N = 1000 };
	cleanup(client_free) struct client *client = client_new(*state);
	autofree char *all = calloc(N, sizeof(NOTE));

	for (size_t i = 0; i < N; i++)
		memcpy(all + i * sizeof(NOTE), NOTE, sizeof(NOTE));
	client_send(client, all, N * sizeof(NOTE));
	for (unsigned i = 1; i <= N; i++)
		expect_note(client, i);
	world_settle(*state);
	assert_false(wire_in_is_partial(&client->in));
}

static void test_takes_a_request_byte_by_byte(void **state)
{
	cleanup(client_free) struct client *client = client_new(*state);

	for (unsigned round = 1; round <= 2; round++) {
		for (size_t i = 0; i < sizeof(NOTE); i++) {
			client_send(client, &NOTE[i], 1);
			world_settle(*state);
		}
		expect_note(client, round);
	}
}

static void test_half_closed_gets_all_replies(void **state)
{
	struct world *world = *state;
	cleanup(client_free) struct client *client = client_new(world);

	for (unsigned i = 0; i < 100; i++)
		client_say(client, NOTE);
	client_send(client, NOTE, sizeof(NOTE) - 1); /* without its end */
	client_shutdown(client);
	for (unsigned i = 1; i <= 100; i++)
		expect_note(client, i);
	client_expect_end(client);
	assert_int_equal(world->example.notes, 100);
	assert_int_equal(server_connections(world->server), 0);
}

static void test_half_closed_gets_more_than_a_socket_holds(void **state)
{
	cleanup(client_free) struct client *client = client_new(*state);

	for (unsigned i = 0; i < 40; i++)
		client_say(client,
			"{\"method\":\"alt.example.Fill\",\"parameters\":{\"size\":100000}}");
	client_shutdown(client);
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(strlen(client_hear(client)),
			100000 + strlen("{\"parameters\":{\"text\":\"\"}}"));
	client_expect_end(client);
}

static void test_carries_out_what_was_sent_before_closing(void **state)
{
	struct world *world = *state;
	struct client *client = client_new(world);

	/* The first answer finds nobody, and the others follow all the same. */
	for (unsigned i = 0; i < 50; i++)
		client_say(client, NOTE);
	for (unsigned i = 0; i < 50; i++)
		client_say(client, "{\"method\":\"alt.example.Note\",\"oneway\":true}");
	client_free(client);
	while (world->example.notes < 100)
		world_turn(world);
	world_wait_connections(world, 0);
	assert_int_equal(world->example.notes, 100);
}

static void test_survives_a_client_that_shuts_its_ears(void **state)
{
	struct world *world = *state;
	cleanup(client_free) struct client *client = client_new(world);

	assert_return_code(shutdown(client->fd, SHUT_RD), errno);
	for (unsigned i = 0; i < 100; i++)
		client_say(client,
			"{\"method\":\"alt.example.Fill\",\"parameters\":{\"size\":100000}}");
	world_settle(world);
	assert_int_equal(world->example.filled, 100);
	assert_int_equal(server_connections(world->server), 1);
	client_shutdown(client);
	world_wait_connections(world, 0);
}

static void test_oneway_is_never_answered(void **state)
{
	struct world *world = *state;
	cleanup(client_free) struct client *client = client_new(world);
	unsigned before;

	client_say(client, "{\"method\":\"alt.example.Note\",\"oneway\":true}");
	client_say(client,
		"{\"method\":\"alt.example.Refuse\",\"oneway\":true,\"parameters\":{\"word\":\"a\"}}");
	client_say(client, "{\"method\":\"alt.example.Refuse\",\"oneway\":true}");
	client_say(client, "{\"method\":\"alt.example.Nothing\",\"oneway\":true}");
	client_say(client, "{\"method\":\"alt.nothing.Nothing\",\"oneway\":true}");
	client_say(client, "{\"method\":\"alt.example.Note\",\"oneway\":true,\"upgrade\":true}");
	client_say(client,
		"{\"method\":\"alt.example.Fail\",\"oneway\":true,\"parameters\":{\"number\":12}}");
	client_say(client, "{\"method\":\"alt.example.Silence\",\"oneway\":true}");
	world_settle(world);
	before = count_fds();
	client_say(client,
		"{\"method\":\"alt.example.Open\",\"oneway\":true,\"parameters\":{\"text\":\"a\",\"count\":3}}");
	client_say(client, NOTE);
	expect_note(client, 2);
	assert_int_equal(count_fds(), before);
}

static void test_more(void **state)
{
	cleanup(client_free) struct client *client = client_new(*state);

	client_say(client,
		"{\"method\":\"alt.example.Count\",\"more\":true,\"parameters\":{\"to\":3}}");
	client_say(client, "{\"method\":\"alt.example.Count\",\"parameters\":{\"to\":3}}");
	client_expect(client, "{\"continues\":true,\"parameters\":{\"number\":1}}");
	client_expect(client, "{\"continues\":true,\"parameters\":{\"number\":2}}");
	client_expect(client, "{\"parameters\":{\"number\":3}}");
	client_expect(client, "{\"error\":\"org.varlink.service.ExpectedMore\",\"parameters\":{}}");
}

static void test_malformed_ends_after_earlier_replies(void **state)
{
	struct world *world = *state;
	cleanup(client_free) struct client *client = client_new(world);
	static const char frames[] = NOTE "\0" NOTE "\0{}\0" NOTE;

	client_send(client, frames, sizeof(frames));
	expect_note(client, 1);
	expect_note(client, 2);
	client_expect_end(client);
	assert_int_equal(world->example.notes, 2);
	assert_int_equal(server_connections(world->server), 0);
}

static void test_hands_out_descriptors(void **state)
{
	struct world *world = *state;
	cleanup(client_free) struct client *client = client_new(world);
	unsigned before;

	client_ask(client, NOTE, FIRST_NOTE);
	before = count_fds();
	client_ask(client,
		"{\"method\":\"alt.example.Open\",\"parameters\":{\"text\":\"hello\",\"count\":8}}",
		"{\"parameters\":{\"fileDescriptors\":[\"0\",\"1\",\"2\",\"3\",\"4\",\"5\",\"6\",\"7\"]}}");
	for (unsigned i = 0; i < 8; i++) {
		autoclose int fd = wire_in_take_fd(&client->in);
		char text[16] = { 0 };

		assert_int_equal(read(fd, text, sizeof(text)), 5);
		assert_string_equal(text, "hello");
	}
	assert_int_equal(wire_in_take_fd(&client->in), -EBADF);

	/* More than a reply may have; then none of them goes with the error, nor with the next reply. */
	client_ask(client,
		"{\"method\":\"alt.example.Open\",\"parameters\":{\"text\":\"hello\",\"count\":9}}",
		"{\"error\":\"io.systemd.System\",\"parameters\":{\"origin\":\"linux\",\"errno\":7,\"errnoName\":\"E2BIG\"}}");
	client_ask(client, "{\"method\":\"alt.example.OpenAndRefuse\"}",
		"{\"error\":\"org.varlink.service.PermissionDenied\",\"parameters\":{}}");
	client_say(client, NOTE);
	expect_note(client, 2);
	assert_int_equal(wire_in_take_fd(&client->in), -EBADF);
	assert_int_equal(count_fds(), before);
}

/* The same descriptor so often; the kernel lets no more than 253 go beside one message (SCM_MAX_FD). */
static void send_with_fds(struct client *client, const char *text, int fd, size_t n)
{
	union {
		struct cmsghdr header;
		char bytes[CMSG_SPACE(253 * sizeof(int))];
	} control = { 0 };
	struct iovec iov = { (void *)text, strlen(text) + 1 };
	struct msghdr message = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control.bytes,
		.msg_controllen = CMSG_SPACE(n * sizeof(int)) };

	control.header.cmsg_level = SOL_SOCKET;
	control.header.cmsg_type = SCM_RIGHTS;
	control.header.cmsg_len = CMSG_LEN(n * sizeof(int));
	for (size_t i = 0; i < n; i++)
		memcpy(CMSG_DATA(&control.header) + i * sizeof(int), &fd, sizeof(fd));
	assert_int_equal(sendmsg(client->fd, &message, MSG_NOSIGNAL), strlen(text) + 1);
}

static void test_keeps_no_descriptors_sent_to_it(void **state)
{
	struct world *world = *state;
	cleanup(client_free) struct client *client = client_new(world);
	int ends[2];
	char byte;

	assert_return_code(pipe2(ends, O_CLOEXEC | O_NONBLOCK), errno);
	client_ask(client, NOTE, FIRST_NOTE);
	for (unsigned i = 2; i < 200; i++) {
		unsigned before = count_fds();

		send_with_fds(client, NOTE, ends[1], i % (WIRE_FDS_MAX + 1));
		expect_note(client, i);
		/* A busy server may look for further requests in its next turn. */
		while (count_fds() != before)
			world_turn(world);
	}
	/* Nobody needs so many. */
	send_with_fds(client, NOTE, ends[1], 253);
	client_expect_end(client);
	/* Nobody, not even the socket's queue, has the pipe's other end any more. */
	(void)close_fd(ends[1]);
	assert_int_equal(read(ends[0], &byte, 1), 0);
	(void)close_fd(ends[0]);
}

/* What the server writes to stderr while a request is answered. The text is the caller's. */
static char *logged(struct client *client, const char *request, const char *answer)
{
	autoclose int kept = dup(STDERR_FILENO), file = memfd_create("stderr", MFD_CLOEXEC);
	char *text = calloc(1, 4096);

	assert_non_null(text);
	assert_return_code(file, errno);
	assert_return_code(dup2(file, STDERR_FILENO), errno);
	client_say(client, request);
	client_expect(client, answer);
	assert_return_code(dup2(kept, STDERR_FILENO), errno);
	assert_return_code(pread(file, text, 4095, 0), errno);
	return text;
}

static void test_tells_once_of_what_nobody_foresaw(void **state)
{
	cleanup(client_free) struct client *client = client_new(*state);
	autofree char *failed = NULL, *silent = NULL, *refused = NULL;
	char line[128];

	failed = logged(client, "{\"method\":\"alt.example.Fail\",\"parameters\":{\"number\":12}}",
		"{\"error\":\"io.systemd.System\",\"parameters\":{\"origin\":\"linux\",\"errno\":12,\"errnoName\":\"ENOMEM\"}}");
	(void)snprintf(
		line, sizeof(line), "test_server: alt.example.Fail: ENOMEM [uid=%u]\n", geteuid());
	assert_string_equal(failed, line);

	silent = logged(client, "{\"method\":\"alt.example.Silence\"}",
		"{\"error\":\"io.systemd.System\",\"parameters\":{\"origin\":\"linux\",\"errno\":71,\"errnoName\":\"EPROTO\"}}");
	(void)snprintf(line, sizeof(line),
		"test_server: alt.example.Silence: EPROTO: the handler did not answer [uid=%u]\n",
		geteuid());
	assert_string_equal(silent, line);

	/* An error that a method declares is no news. */
	refused = logged(client,
		"{\"method\":\"alt.example.Refuse\",\"parameters\":{\"word\":\"no\"}}",
		"{\"error\":\"alt.example.Refused\",\"parameters\":{\"word\":\"no\"}}");
	assert_string_equal(refused, "");
}

static void test_an_error_may_follow_replies(void **state)
{
	cleanup(client_free) struct client *client = client_new(*state);

	client_say(client,
		"{\"method\":\"alt.example.Fail\",\"more\":true,\"parameters\":{\"number\":5,\"after\":2}}");
	client_expect(client, "{\"continues\":true,\"parameters\":{\"number\":1}}");
	client_expect(client, "{\"continues\":true,\"parameters\":{\"number\":2}}");
	client_expect(client,
		"{\"error\":\"io.systemd.System\",\"parameters\":{\"origin\":\"linux\",\"errno\":5,\"errnoName\":\"EIO\"}}");
	client_ask(client, NOTE, FIRST_NOTE);
	/* A number that is none of the kernel's has no name. */
	client_ask(client, "{\"method\":\"alt.example.Fail\",\"parameters\":{\"number\":999}}",
		"{\"error\":\"io.systemd.System\",\"parameters\":{\"origin\":\"linux\",\"errno\":999}}");
}

/* A name that looks like credentials must not be read as any. */
static void test_a_name_gives_no_rights(void **state)
{
	struct world *world = *state;
	cleanup(client_free) struct client *client = client_new(world);
	struct sockaddr_un address = { .sun_family = AF_UNIX }, path = { .sun_family = AF_UNIX };
	const char name[] = "x;uid=0;";
	char answer[64];

	if (geteuid() != 0)
		skip(); /* seteuid() */
	(void)close_fd(client->fd);
	assert_return_code(seteuid(1001), errno);
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	(void)snprintf(address.sun_path + 1, sizeof(address.sun_path) - 1, "%s%d", name, getpid());
	(void)strcpy(path.sun_path, world->path);
	assert_return_code(bind(client->fd, (struct sockaddr *)&address, sizeof(address)), errno);
	assert_return_code(connect(client->fd, (struct sockaddr *)&path, sizeof(path)), errno);
	assert_return_code(seteuid(0), errno);
	client_say(client, "{\"method\":\"alt.example.Whoami\"}");
	(void)snprintf(answer, sizeof(answer), "{\"parameters\":{\"uid\":1001,");
	assert_memory_equal(client_hear(client), answer, strlen(answer));
}

static void test_knows_every_uid(void **state)
{
	static const uid_t uids[] = { 0, 1, 65534, 2147483647, 2147483648, 4294967294 };

	if (geteuid() != 0)
		skip(); /* seteuid() */
	for (size_t i = 0; i < lengthof(uids); i++) {
		cleanup(client_free) struct client *client = client_new_as(*state, uids[i]);
		char answer[64];

		client_say(client, "{\"method\":\"alt.example.Whoami\"}");
		(void)snprintf(answer, sizeof(answer), "{\"parameters\":{\"uid\":%u,", uids[i]);
		assert_memory_equal(client_hear(client), answer, strlen(answer));
	}
}

#define test(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		test(test_tells_of_itself),
		test(test_answers_a_thousand_in_order),
		test(test_takes_a_request_byte_by_byte),
		test(test_half_closed_gets_all_replies),
		test(test_half_closed_gets_more_than_a_socket_holds),
		test(test_carries_out_what_was_sent_before_closing),
		test(test_survives_a_client_that_shuts_its_ears),
		test(test_oneway_is_never_answered),
		test(test_more),
		test(test_malformed_ends_after_earlier_replies),
		test(test_hands_out_descriptors),
		test(test_keeps_no_descriptors_sent_to_it),
		test(test_tells_once_of_what_nobody_foresaw),
		test(test_an_error_may_follow_replies),
		test(test_a_name_gives_no_rights),
		test(test_knows_every_uid),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
