/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * server_world - a server and its clients in one process, on one event loop that only the test drives
 */
#include <dirent.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "server_world.h"

#define TURN_USEC (100U * 1000U)
#define REPLY_MAX (16U * 1024U * 1024U)

static const struct server_info world_info = {
	.vendor = "Vendor", .product = "Product", .version = "1.2.3", .url = "https://example.alt/"
};

struct world *world_new(const struct server_limits *limits)
{
	struct world *world = calloc(1, sizeof(*world));
	struct server_interface served;

	assert_non_null(world);
	(void)strcpy(world->directory, "/tmp/nsnet-test-XXXXXX");
	assert_non_null(mkdtemp(world->directory));
	/* Clients of other uids come in here. */
	assert_int_equal(chmod(world->directory, 0755), 0);
	(void)snprintf(world->path, sizeof(world->path), "%s/socket", world->directory);

	assert_return_code(sd_event_new(&world->event), 0);
	assert_int_equal(server_new(world->event, &world_info, limits, &world->server), 0);
	served = example_served(&world->example);
	server_add_interface(world->server, &served);
	assert_int_equal(server_listen_path(world->server, world->path, 0666, (gid_t)-1), 0);
	return world;
}

void world_free(struct world *world)
{
	if (world->server)
		server_free(world->server);
	(void)sd_event_unref(world->event);
	(void)unlink(world->path);
	assert_int_equal(rmdir(world->directory), 0);
	free(world);
}

int world_setup(void **state)
{
	*state = world_new(NULL);
	return 0;
}

int world_teardown(void **state)
{
	world_free(*state);
	return 0;
}

void world_turn(struct world *world)
{
	assert_return_code(sd_event_run(world->event, TURN_USEC), 0);
}

void world_settle(struct world *world)
{
	int rc;

	do {
		rc = sd_event_run(world->event, 0);
		assert_return_code(rc, 0);
	} while (rc > 0);
}

void world_wait_connections(struct world *world, unsigned n)
{
	while (server_connections(world->server) != n)
		world_turn(world);
}

struct client *client_new(struct world *world)
{
	struct client *client = calloc(1, sizeof(*client));
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	assert_non_null(client);
	(void)strcpy(address.sun_path, world->path);
	client->world = world;
	client->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	assert_return_code(client->fd, errno);
	assert_return_code(
		connect(client->fd, (struct sockaddr *)&address, sizeof(address)), errno);
	wire_in_init(&client->in, REPLY_MAX, 64);
	return client;
}

struct client *client_new_as(struct world *world, uid_t uid)
{
	struct client *client;

	assert_return_code(seteuid(uid), errno);
	client = client_new(world);
	assert_return_code(seteuid(0), errno);
	return client;
}

void client_free(struct client *client)
{
	wire_in_done(&client->in);
	(void)close_fd(client->fd);
	free(client);
}

bool client_try_send(struct client *client, const void *bytes, size_t n)
{
	const char *next = bytes;

	while (n > 0) {
		ssize_t sent = send(client->fd, next, n, MSG_NOSIGNAL | MSG_DONTWAIT);

		if (sent >= 0) {
			next += sent;
			n -= (size_t)sent;
		} else if (errno == EAGAIN) {
			world_turn(client->world);
		} else {
			assert_true(errno == EPIPE || errno == ECONNRESET);
			return false;
		}
	}
	return true;
}

void client_send(struct client *client, const void *bytes, size_t n)
{
	assert_true(client_try_send(client, bytes, n));
}

void client_say(struct client *client, const char *text)
{
	client_send(client, text, strlen(text) + 1);
}

void client_shutdown(struct client *client)
{
	assert_return_code(shutdown(client->fd, SHUT_WR), errno);
}

const char *client_hear(struct client *client)
{
	char *text;
	size_t length;

	while (!wire_in_next(&client->in, &text, &length)) {
		ssize_t n = wire_in_read(&client->in, client->fd);

		/* A server that closes with requests of ours unread resets the connection. */
		if (n == 0 || n == -ECONNRESET)
			return NULL;
		if (n == -EAGAIN)
			world_turn(client->world);
		else
			assert_return_code(n, (int)-n);
	}
	assert_int_equal(strlen(text), length);
	return text;
}

void client_expect(struct client *client, const char *answer)
{
	const char *is = client_hear(client);

	assert_non_null(is);
	assert_string_equal(is, answer);
}

void client_expect_end(struct client *client)
{
	const char *is = client_hear(client);

	if (is)
		fail_msg("an answer where none should be: %s", is);
	assert_false(wire_in_is_partial(&client->in));
}

void client_ask(struct client *client, const char *text, const char *answer)
{
	client_say(client, text);
	client_expect(client, answer);
}

unsigned count_fds(void)
{
	DIR *directory = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(directory);
	while (readdir(directory))
		n++;
	(void)closedir(directory);
	return n;
}
